"""Three authorities find their categories of demand together, by messages in a folder, and no message tells of one of them."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from careloom.catalogue import Catalogue, load_catalogue
from careloom.catalogue.read_typologies import read_typology
from careloom.cli import federate as commands
from careloom.cli import main
from careloom.core import CatalogueError, NotFoundError, OutputError, RequestError
from careloom.govern.hidden_sums import BYTES, PARTS, ROOM
from careloom.govern.keys import open_key
from careloom.govern.messages import receive, send
from careloom.stats.latent_class import LatentClassFit, PatternTable, fit_latent_classes
from careloom.stats.latent_class.apart.federated import margins, sums
from careloom.stats.latent_class.apart.few_rounds import climb_in_few_looks
from careloom.stats.latent_class.fitting.search import by_share
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.study import read_study
from careloom.study.exchange import Exchange, WaitingError, open_exchange
from careloom.study.federate_answer import answer, kept_site, read_plan
from careloom.study.federate_lead import begin, lead
from careloom.typology.federated import Plan, by_items, make_plan, parameters_asked, plan_as_message, start_of
from careloom.typology.saved import Origin, make_saved, typology_text

CATALOGUE: Catalogue = load_catalogue()
SET = CATALOGUE.indicator_sets["assessment_factors_34"]
NAMES = ("anyshire", "borsham", "cudworth")
SIZES = (2500, 1200, 900)
CLASSES = 3
COMMON = 12
"""Items that classes differ in; the next few are rare, so that small authorities hold them back; the rest nobody records."""
STUDY = """
[study]
name = "{name}"
from = 2020-04-01
to = 2024-03-31
out = "results"

[[delivery]]
return = "cin_census"
authority = "{name}"
year = 2024
files = ["none.xml"]
"""


def planted(rows: int, seed: int) -> np.ndarray:
    """Assessments (n, 34) of three kinds of demand."""
    yes = np.zeros((CLASSES, len(SET.indicators)))
    yes[:, :COMMON] = np.random.default_rng(1).choice(
        [0.05, 0.1, 0.6, 0.8], size=(CLASSES, COMMON), p=[0.4, 0.3, 0.2, 0.1]
    )
    yes[:, COMMON : COMMON + 4] = 0.008
    random = np.random.default_rng(seed)
    kind = random.choice(CLASSES, size=rows, p=[0.5, 0.3, 0.2])
    return random.random((rows, yes.shape[1])) < yes[kind]


@dataclass(frozen=True)
class Authority:
    name: str
    file: Path


def make_authority(folder: Path, name: str, rows: np.ndarray) -> Authority:
    """A study as a run has left it: the tables that are looked in, and the manifest that says whose they are."""
    out = folder / "results"
    out.mkdir(parents=True)
    file = folder / f"{name}.toml"
    file.write_text(STUDY.format(name=name))
    key = open_key(folder / f"{name}.key")
    (out / "manifest.json").write_text(json.dumps({"study": name, "key_id": key.id}))
    codes = [item.codes[0] for item in SET.indicators]
    with duckdb.connect(str(out / "study.duckdb")) as database:
        database.execute(
            "CREATE TABLE assessment_seen (assessment_id VARCHAR, person_id VARCHAR, la VARCHAR, episode_id VARCHAR,"
            " assessed_on DATE, collection_year INTEGER, set_aside VARCHAR)"
        )
        database.execute(
            f"INSERT INTO assessment_seen SELECT 'a' || i, 'p' || i, '{name}', 'e' || i, DATE '2023-06-01', 2024, NULL"
            f" FROM range({len(rows)}) AS t(i)"
        )
        assessment, item = np.nonzero(rows)
        recorded = pa.table({"assessment_id": [f"a{i}" for i in assessment], "code": [codes[j] for j in item]})
        database.register("recorded", recorded)
        database.execute("CREATE TABLE factor AS SELECT * FROM recorded")
    return Authority(name, file)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    made = [
        make_authority(folder / n, n, planted(size, 20 + i))
        for i, (n, size) in enumerate(zip(NAMES, SIZES, strict=True))
    ]
    return {one.name: one for one in made}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A typology saved somewhere else, from other assessments of the same kinds: where the climb starts."""
    rows = planted(5000, 99)[:, :COMMON].astype(int)
    codes, weights = np.unique(rows, axis=0, return_counts=True)
    table = PatternTable(codes.astype(np.int32), weights.astype(float), tuple(np.array([0, 1]) for _ in range(COMMON)))
    fit = fit_latent_classes(table, classes=CLASSES, starts=6, threads=1)
    path = tmp_path_factory.mktemp("elsewhere") / "elsewhere.toml"
    saved = make_saved(
        "elsewhere",
        Origin("A test.", "careloom", dt.date(2026, 1, 1), "A test."),
        SET,
        items=[item.name for item in SET.indicators[:COMMON]],
        names=["One", "Two", "Three"],
        shares=fit.shares,
        probabilities=fit.yes,
        assessments=5000,
        least=10,
        base=5,
    )
    path.write_text(typology_text(saved))
    return path


def plan_from(elsewhere: Path, **changes: object) -> Plan:
    given = {"classes": CLASSES, "start_from": [read_typology(elsewhere)], "starts": 0, **changes}
    return make_plan("north", NAMES, SET, **given)  # type: ignore[arg-type]


def stop(what: str) -> None:
    raise WaitingError(what)


@dataclass(frozen=True)
class Finished:
    exchange: Exchange
    fit: LatentClassFit
    rounds: int
    path: Path
    said: tuple[str, ...]


def by_post(exchange: Exchange, authorities: dict[str, Authority]) -> Finished:
    """Lead and authorities take turns, each beginning anew every time, as by e-mail."""
    studies = {name: read_study(one.file, CATALOGUE) for name, one in authorities.items()}
    said: list[str] = []
    for _ in range(100):
        try:
            fit, rounds, path = lead(exchange, CATALOGUE, stop)
            return Finished(exchange, fit, rounds, path, tuple(said))
        except WaitingError:
            for name, study in studies.items():
                answer(exchange, study, CATALOGUE, name, said.append)
    raise AssertionError("it should have finished")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, authorities: dict[str, Authority], elsewhere: Path) -> Finished:
    folder = tmp_path_factory.mktemp("exchange")
    exchange = open_exchange(folder / "messages", folder / "all.key", make=True)
    begin(exchange, plan_from(elsewhere))
    return by_post(exchange, authorities)


# --- it is the fit of all together --------------------------------------------------------------------------------------------


def test_it_is_the_fit_of_all_assessments_together(finished: Finished, authorities: dict[str, Authority]) -> None:
    plan, _ = read_plan(finished.exchange, CATALOGUE)
    last = receive(finished.exchange.question_file(finished.rounds), finished.exchange.key)
    items, _ = parameters_asked(last, plan)
    sites = [
        by_items(kept_site(read_study(one.file, CATALOGUE), CATALOGUE, plan), items).table
        for one in authorities.values()
    ]
    together = PatternTable(
        np.vstack([site.codes for site in sites]), np.concatenate([site.weights for site in sites]), sites[0].levels
    )
    pooled = fit_latent_classes(together, classes=CLASSES, starts=9, threads=1)
    assert finished.fit.certificate.verdict == pooled.certificate.verdict
    assert finished.fit.loglik == pytest.approx(pooled.loglik, abs=1e-8)
    sharp, _ = climb_in_few_looks(PatternObjective(together), pooled.parameters)
    at = by_share(sharp.at)
    np.testing.assert_allclose(finished.fit.shares, at.shares, atol=1e-8, rtol=0)
    np.testing.assert_allclose(finished.fit.parameters.probabilities, at.probabilities, atol=1e-8, rtol=0)
    assert finished.fit.n == pooled.n
    assert finished.fit.entropy == pytest.approx(pooled.entropy, abs=1e-7)


def test_few_rounds_are_needed_from_a_saved_typology(finished: Finished) -> None:
    assert finished.rounds <= 12


def test_the_typology_is_saved_for_others_to_score_with(finished: Finished) -> None:
    saved = read_typology(finished.path)
    assert (saved.name, len(saved.classes)) == ("north", CLASSES)
    np.testing.assert_allclose(saved.shares, finished.fit.shares, atol=5 / sum(SIZES))  # written as rounded to 5
    assert "anyshire, borsham, cudworth" in saved.source
    assert saved.assessments % 5 == 0


def test_what_few_record_is_held_back_and_said(finished: Finished) -> None:
    """Items that some 10 in 1,200 record are held back by one authority and not by another; those of nobody by all."""
    plan, _ = read_plan(finished.exchange, CATALOGUE)
    rare = {item.name for item in SET.indicators[COMMON : COMMON + 4]}
    saved = set(read_typology(finished.path).items)
    assert {item.name for item in SET.indicators[:COMMON]} <= saved
    assert saved <= {item.name for item in SET.indicators[: COMMON + 4]}
    held = [line for line in finished.said if line.startswith("held back")]
    assert len(held) == 3
    assert any(name in line for line in held for name in rare)
    assert plan.least == 10


# --- what the messages tell ----------------------------------------------------------------------------------------------------


def read_as_plain(hidden: str) -> np.ndarray:
    """The numbers of an answer, as they would be without noise."""
    sent = bytes.fromhex(hidden)
    whole = [int.from_bytes(sent[place : place + BYTES], "big") for place in range(0, len(sent), BYTES)]
    return np.array([(one - ROOM if one >= ROOM // 2 else one) / PARTS for one in whole])


def test_no_answer_can_be_read_alone_nor_two_together(finished: Finished, authorities: dict[str, Authority]) -> None:
    """Read as they are, numbers of one or two authorities have nothing to do with the truth; all three add up to it."""
    plan, _ = read_plan(finished.exchange, CATALOGUE)
    sites = {name: kept_site(read_study(one.file, CATALOGUE), CATALOGUE, plan) for name, one in authorities.items()}
    for number in range(1, finished.rounds + 1):
        question = receive(finished.exchange.question_file(number), finished.exchange.key)
        plain = {
            name: read_as_plain(
                str(receive(finished.exchange.answer_file(number, name), finished.exchange.key)["hidden"])
            )
            for name in NAMES
        }
        if number == 1:
            true = {name: margins(site) for name, site in sites.items()}
        else:
            items, at = parameters_asked(question, plan)
            true = {name: sums(by_items(site, items), at) for name, site in sites.items()}
        for some in (NAMES[:1], NAMES[1:2], NAMES[2:], NAMES[:2], NAMES[1:], NAMES[::2]):
            told, truth = sum(plain[name] for name in some), sum(true[name] for name in some)
            # Noise fills 2^44: that one of some hundreds of numbers comes within 1,000 has a chance of 1 in 100,000.
            assert np.abs(told - truth).min() > 1e3


def test_messages_hold_nothing_but_what_is_declared(finished: Finished) -> None:
    """The folder, whole: its files, and the keys of every message. No identifier, no pattern, no row."""
    folder = finished.exchange.folder
    allowed = {
        "plan": set(plan_as_message(read_plan(finished.exchange, CATALOGUE)[0])),
        "joined": {"kind", "plan", "authority", "open_number", "data"},
        "question": {"kind", "number", "plan", "asks", "items", "parameters"},
        "answer": {"kind", "number", "question", "authority", "hidden"},
        "finished": {
            "kind",
            "plan",
            "rounds",
            "log_likelihood",
            "verdict",
            "gain_left",
            "starts",
            "starts_at_best",
            "typology",
        },
    }
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 1 + 3 + finished.rounds * 4 + 1 + 1
    for path in files:
        if path.suffix == ".json":
            body = receive(path, finished.exchange.key)
            assert set(body) <= allowed[body["kind"]]
        else:
            assert path == finished.path


def test_the_same_noise_is_never_used_twice(finished: Finished) -> None:
    hidden = [
        str(receive(path, finished.exchange.key)["hidden"])[:48]
        for path in (finished.exchange.folder / "answers").iterdir()
    ]
    assert len(set(hidden)) == len(hidden) == 3 * finished.rounds


# --- it goes on where it stopped -----------------------------------------------------------------------------------------------


def test_the_lead_can_come_back_at_any_time(finished: Finished, tmp_path: Path) -> None:
    """A copy of the folder without the last answers: the lead asks nothing new, and waits for just these."""
    copy = tmp_path / "copy"
    shutil.copytree(finished.exchange.folder, copy)
    (copy / "finished.json").unlink()
    (copy / "north.toml").unlink()
    for name in NAMES[1:]:
        (copy / "answers" / f"{finished.rounds:04}_{name}.json").unlink()
    again = Exchange(copy, finished.exchange.key)
    with pytest.raises(WaitingError, match=f"question {finished.rounds} is to be answered by borsham, cudworth"):
        lead(again, CATALOGUE, stop)
    for name in NAMES[1:]:
        shutil.copy(finished.exchange.answer_file(finished.rounds, name), again.answer_file(finished.rounds, name))
    fit, rounds, path = lead(again, CATALOGUE, stop)
    assert (fit.loglik, rounds) == (finished.fit.loglik, finished.rounds)
    assert read_typology(path).shares == read_typology(finished.path).shares


def test_nothing_is_answered_twice_and_who_answers_is_told_when_it_is_over(
    finished: Finished, authorities: dict[str, Authority]
) -> None:
    study = read_study(authorities["borsham"].file, CATALOGUE)
    assert answer(finished.exchange, study, CATALOGUE, "borsham", stop) is None
    with pytest.raises(OutputError, match="never written twice"):
        send(finished.exchange.answer_file(1, "borsham"), {}, finished.exchange.key)


def test_everybody_can_watch(
    tmp_path: Path,
    authorities: dict[str, Authority],
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    finished: Finished,
) -> None:
    """By the commands, all at once, each waiting for the others; the result is the same."""
    monkeypatch.setattr(commands, "POLL", 0.05)
    folder, key = str(tmp_path / "messages"), str(tmp_path / "all.key")
    begun = ["--name", "north", "--authorities", ",".join(NAMES), "--classes", "3", "--from", str(elsewhere)]
    assert main(["federate", "lead", folder, "--key", key, *begun]) == 0
    codes: dict[str, int] = {}

    def go(who: str, *arguments: str) -> None:
        codes[who] = main(["federate", *arguments, "--key", key, "--watch"])

    threads = [threading.Thread(target=go, args=("lead", "lead", folder))]
    for one in authorities.values():
        threads.append(
            threading.Thread(target=go, args=(one.name, "answer", folder, "--study", str(one.file), "--as", one.name))
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert codes == {"lead": 0, **dict.fromkeys(NAMES, 0)}
    assert read_typology(Path(folder) / "north.toml").shares == read_typology(finished.path).shares


# --- what is refused -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(tmp_path: Path, authorities: dict[str, Authority], elsewhere: Path) -> Exchange:
    """An exchange in which all have joined and the first question stands."""
    exchange = open_exchange(tmp_path / "messages", tmp_path / "all.key", make=True)
    begin(exchange, plan_from(elsewhere))
    for name, one in authorities.items():
        answer(exchange, read_study(one.file, CATALOGUE), CATALOGUE, name, str)
    with pytest.raises(WaitingError, match="question 1 is to be answered by anyshire, borsham, cudworth"):
        lead(exchange, CATALOGUE, stop)
    return exchange


def test_a_changed_message_is_noticed(asked: Exchange, authorities: dict[str, Authority]) -> None:
    study = read_study(authorities["anyshire"].file, CATALOGUE)
    path = asked.question_file(1)
    path.write_text(path.read_text().replace('"margins"', '"sums"'))
    with pytest.raises(RequestError, match="signature is wrong"):
        answer(asked, study, CATALOGUE, "anyshire", str)


def test_another_key_is_noticed(asked: Exchange, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="signature is wrong"):
        read_plan(open_exchange(asked.folder, tmp_path / "other.key", make=True), CATALOGUE)


def test_a_question_made_to_find_children_out_is_not_answered(
    asked: Exchange, authorities: dict[str, Authority]
) -> None:
    """Signed with the right key, but not what the plan says: not probabilities, not its items, not its classes."""
    study = read_study(authorities["anyshire"].file, CATALOGUE)
    plan, _ = read_plan(asked, CATALOGUE)
    first = receive(asked.question_file(1), asked.key)
    at = start_of(plan.given[0], plan.items[:2], np.full(2, 0.5))
    right = {"shares": at.log_shares.tolist(), "cells": at.log_probabilities.tolist()}
    for number, (said, wrong) in enumerate(
        {
            "no probabilities": {"items": list(plan.items[:2]), "parameters": {**right, "shares": [-50.0, 0.0, -50.0]}},
            "not about the items": {"items": ["child_id", "name"], "parameters": right},
            "not the shape": {"items": list(plan.items[:3]), "parameters": right},
            "shape": {"items": [plan.items[0]] * 2, "parameters": right},
        }.items(),
        start=2,
    ):
        send(asked.question_file(number), {**first, "number": number, "asks": "sums", **wrong}, asked.key)
        with pytest.raises(RequestError, match=said):
            answer(asked, study, CATALOGUE, "anyshire", str)
        assert not asked.answer_file(number, "anyshire").exists()
    send(asked.question_file(401), {**first, "number": 401}, asked.key)
    with pytest.raises(RequestError, match="find children out"):
        answer(asked, study, CATALOGUE, "anyshire", str)
    send(asked.question_file(402), {**first, "number": 402, "plan": "another"}, asked.key)
    with pytest.raises(RequestError, match="another exchange"):
        answer(asked, study, CATALOGUE, "anyshire", str)


def test_an_answer_to_another_question_is_not_added(asked: Exchange, authorities: dict[str, Authority]) -> None:
    for name, one in authorities.items():
        answer(asked, read_study(one.file, CATALOGUE), CATALOGUE, name, str)
    path = asked.answer_file(1, "borsham")
    body = receive(path, asked.key)
    for change in ({"question": "0"}, {"authority": "anyshire"}, {"hidden": body["hidden"][:-48]}):
        path.unlink()
        send(path, {**body, **change}, asked.key)
        with pytest.raises(RequestError, match=r"another question|where \d+ were asked"):
            lead(asked, CATALOGUE, stop)


def test_assessments_that_changed_after_joining_are_noticed(
    tmp_path: Path, asked: Exchange, authorities: dict[str, Authority]
) -> None:
    """Two answers to like questions with other assessments in them would differ by just those assessments."""
    changed = tmp_path / "changed"
    shutil.copytree(authorities["anyshire"].file.parent, changed)
    with duckdb.connect(str(changed / "results" / "study.duckdb")) as database:
        database.execute("DELETE FROM factor WHERE assessment_id = 'a7'")
    with pytest.raises(RequestError, match="not what they were when you joined"):
        answer(asked, read_study(changed / "anyshire.toml", CATALOGUE), CATALOGUE, "anyshire", str)


def test_an_authority_with_too_few_assessments_takes_no_part(tmp_path: Path, elsewhere: Path) -> None:
    small = make_authority(tmp_path / "small", "borsham", planted(90, 3))
    exchange = open_exchange(tmp_path / "messages", tmp_path / "all.key", make=True)
    begin(exchange, plan_from(elsewhere))
    with pytest.raises(RequestError, match="fewer than 100"):
        answer(exchange, read_study(small.file, CATALOGUE), CATALOGUE, "borsham", str)
    assert not exchange.joined_file("borsham").exists()


def test_who_is_not_in_the_plan_takes_no_part(asked: Exchange, authorities: dict[str, Authority]) -> None:
    with pytest.raises(RequestError, match="dunham is not in the plan"):
        answer(asked, read_study(authorities["anyshire"].file, CATALOGUE), CATALOGUE, "dunham", str)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"authorities": NAMES[:2]}, "at least 3 authorities"),
        ({"authorities": (*NAMES[:2], NAMES[0])}, "named once"),
        ({"authorities": (*NAMES[:2], "../up")}, "letters, digits"),
        ({"least": 3}, "least counts"),
        ({"least_rows": 10}, "least counts"),
        ({"indicators_fingerprint": "0"}, "the same Careloom"),
        ({"version": 2}, "version 1"),
        ({"given": (), "starts": 0}, "one start"),
        ({"classes": 31}, "1 to 30 categories"),
    ],
)
def test_a_plan_that_is_not_safe_is_not_taken_part_in(
    tmp_path: Path, elsewhere: Path, change: dict[str, object], said: str
) -> None:
    exchange = open_exchange(tmp_path / "messages", tmp_path / "all.key", make=True)
    begin(exchange, replace(plan_from(elsewhere), **change))  # type: ignore[arg-type]
    with pytest.raises(RequestError, match=said):
        read_plan(exchange, CATALOGUE)


def test_the_key_does_not_lie_with_the_messages(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="keep it elsewhere"):
        open_exchange(tmp_path, tmp_path / "all.key", make=True)
    with pytest.raises(NotFoundError, match="no such key"):
        open_exchange(tmp_path / "messages", tmp_path / "none.key")


def test_the_commands_say_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], authorities: dict[str, Authority], elsewhere: Path
) -> None:
    folder, key = str(tmp_path / "messages"), str(tmp_path / "all.key")
    assert main(["federate", "lead", folder, "--key", key]) == RequestError.exit_code
    assert not Path(key).exists()
    begun = ["--name", "north", "--authorities", ",".join(NAMES), "--from", str(elsewhere)]
    assert main(["federate", "lead", folder, "--key", key, *begun]) == 0
    assert "still to join: anyshire, borsham, cudworth" in capsys.readouterr().out
    one = authorities["borsham"]
    asked = ["federate", "answer", folder, "--study", str(one.file), "--as", "borsham", "--key", key]
    assert main(asked) == 0
    told = capsys.readouterr().out
    assert 'joined as borsham with the study "borsham"; fingerprint' in told
    assert "still to join: anyshire, cudworth" in told
    assert main([*asked[:-1], str(tmp_path / "none.key")]) == NotFoundError.exit_code


def test_nothing_is_left_of_a_plan_that_is_refused(
    tmp_path: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, key = tmp_path / "messages", tmp_path / "all.key"
    begun = ["federate", "lead", str(folder), "--key", str(key), "--name", "north", "--authorities", ",".join(NAMES)]
    for wrong, said in (
        ([], "--classes K"),
        (["--classes", "3"], "--from TYPOLOGY, or --starts N"),
        (["--from", str(elsewhere), "--classes", "4"], "as many as every typology"),
    ):
        assert main([*begun, *wrong]) == RequestError.exit_code
        assert said in " ".join(capsys.readouterr().err.split())
        assert not key.exists()
        assert not folder.exists()


def test_a_plan_that_stands_is_not_changed(tmp_path: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is said again is taken when it is the same, and refused, not ignored, when it is not."""
    again = ["federate", "lead", str(tmp_path / "messages"), "--key", str(tmp_path / "all.key")]
    begun = [*again, "--name", "north", "--authorities", ",".join(NAMES), "--from", str(elsewhere)]
    assert main(begun) == main(begun) == main(again) == 0
    for changed in (
        ["--classes", "4"], ["--starts", "9"], ["--prior", "0.5"], ["--indicators", "assessment_factors_35"],
        ["--name", "south"], ["--authorities", "a,b,c"], ["--from", "made_up_england"], ["--outcome", "re_referral"],
    ):  # fmt: skip
        capsys.readouterr()
        assert main([*again, *changed]) == RequestError.exit_code, changed
        assert f"does not say what {changed[0]} says" in " ".join(capsys.readouterr().err.split())


def test_who_answered_is_told_whom_it_waits_for(asked: Exchange, authorities: dict[str, Authority]) -> None:
    said = [answer(asked, read_study(one.file, CATALOGUE), CATALOGUE, name, str) for name, one in authorities.items()]
    assert said == [
        "question 1 is to be answered by borsham, cudworth",
        "question 1 is to be answered by cudworth",
        "the lead is to ask the next question",
    ]


def test_a_study_does_not_take_part_twice(tmp_path: Path, authorities: dict[str, Authority], elsewhere: Path) -> None:
    exchange = open_exchange(tmp_path / "messages", tmp_path / "all.key", make=True)
    begin(exchange, plan_from(elsewhere))
    study = read_study(authorities["borsham"].file, CATALOGUE)
    assert answer(exchange, study, CATALOGUE, "borsham", str)
    with pytest.raises(RequestError, match='the study "borsham" takes part as borsham already'):
        answer(exchange, study, CATALOGUE, "cudworth", str)
    assert not exchange.joined_file("cudworth").exists()


def test_an_end_that_the_lead_did_not_write_is_noticed(
    finished: Finished, tmp_path: Path, authorities: dict[str, Authority]
) -> None:
    study = read_study(authorities["borsham"].file, CATALOGUE)
    copy = tmp_path / "copy"
    shutil.copytree(finished.exchange.folder, copy)
    again = Exchange(copy, finished.exchange.key)
    assert answer(again, study, CATALOGUE, "borsham", str) is None
    end, typology = again.finished_file.read_text(), (copy / "north.toml").read_text()
    again.finished_file.write_text(end.replace('"rounds":', '"round":'))
    with pytest.raises(RequestError, match="signature is wrong"):
        answer(again, study, CATALOGUE, "borsham", str)
    again.finished_file.unlink()
    send(again.finished_file, {**json.loads(end)["body"], "plan": "another"}, again.key)
    for part in (lambda: answer(again, study, CATALOGUE, "borsham", str), lambda: lead(again, CATALOGUE, stop)):
        with pytest.raises(RequestError, match="end of another exchange"):
            part()
    again.finished_file.write_text(end)
    (copy / "north.toml").write_text(typology.replace("share = 0.", "share = 0.0", 1))
    with pytest.raises(CatalogueError, match=r"add up to 1|was changed"):
        answer(again, study, CATALOGUE, "borsham", str)
    # another typology that is whole in itself
    shutil.copy(next(Path(read_typology.__code__.co_filename).parent.glob("typologies/*.toml")), copy / "north.toml")
    for part in (lambda: answer(again, study, CATALOGUE, "borsham", str), lambda: lead(again, CATALOGUE, stop)):
        with pytest.raises(RequestError, match="not the typology that"):
            part()
