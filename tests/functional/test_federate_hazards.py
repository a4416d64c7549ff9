"""Three authorities compare hazards together, by messages in a folder, and get what one would get from all rows in one table."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from careloom.catalogue import Catalogue, find_typology, load_catalogue
from careloom.cli import main
from careloom.core import RequestError
from careloom.govern.hidden_sums import BYTES, PARTS, ROOM
from careloom.govern.keys import open_key
from careloom.govern.messages import receive, send
from careloom.outcomes.federated import (
    CLASS,
    LEVELS,
    HazardPlan,
    Stretches,
    counts_of,
    hazard_plan_as_message,
    hazard_site,
    make_hazard_plan,
)
from careloom.stats.survival import fit_cox, kaplan_meier
from careloom.study import read_study
from careloom.study.exchange import Exchange, WaitingError, open_exchange
from careloom.study.federate_answer import answer
from careloom.study.federate_hazards import read_hazard_plan, read_stretches
from careloom.study.lead_hazards import Told, begin_hazards, lead_hazards

CATALOGUE: Catalogue = load_catalogue()
OUTCOME = CATALOGUE.outcomes["re_referral"]
TYPOLOGY = find_typology("made_up_england", [], CATALOGUE.typologies)
NAMES = ("anyshire", "borsham", "cudworth")
SIZES = (2500, 1200, 700)
STUDY = """
[study]
name = "{name}"
from = 2020-04-01
to = 2024-03-31
out = "results"

[typology]
{use}

[[delivery]]
return = "cin_census"
authority = "{name}"
year = 2024
files = ["none.xml"]
"""


def stretches(name: str, size: int, seed: int) -> Stretches:
    """Stretches of children, some with several, whose hazard differs by class, age and authority; some classes are rare here."""
    random = np.random.default_rng(seed)
    shares = 1.0 / np.arange(1, len(TYPOLOGY.classes) + 1) ** 1.5
    class_no = random.choice(len(shares), size, p=shares / shares.sum())
    age = random.integers(0, 5, size)
    person = np.array([f"{name}{number}" for number in np.sort(random.integers(0, size * 3 // 4, size))])
    rate = np.exp(0.25 * (class_no % 3) - 0.3 * (age == 4)) / (500.0 + 40 * seed)
    time, end = np.ceil(random.exponential(1 / rate)), random.integers(30, 1800, size)
    days = np.where(time <= 1, 0.5, np.minimum(time, end))
    return Stretches(
        la=np.full(size, name),
        person=person,
        days=days,
        is_event=time <= end,
        levels={
            CLASS: (class_no + 1).astype(str),
            "age_band": np.array(["under 1", "1-4", "5-9", "10-15", "16-17"])[age],
            "sex": random.choice(["F", "M", "U"], size, p=[0.48, 0.515, 0.005]),
            "ethnic_group": random.choice(["White", "Mixed", "Asian", "Black"], size, p=[0.7, 0.12, 0.1, 0.08]),
        },
    )


def make_authority(folder: Path, name: str, own: Stretches, use: str = 'use = "made_up_england"') -> Path:
    """A study as a run has left it: its stretches at risk, and the manifest that says whose they are."""
    out = folder / "results"
    out.mkdir(parents=True)
    file = folder / f"{name}.toml"
    file.write_text(STUDY.format(name=name, use=use))
    (out / "manifest.json").write_text(json.dumps({"study": name, "key_id": open_key(folder / f"{name}.key").id}))
    n = own.days.size
    columns = {
        "outcome": ["re_referral"] * n,
        "unit_id": [f"{name}{number:06}" for number in range(n)],
        "person_id": own.person,
        "la": own.la,
        "days": own.days,
        "is_event": own.is_event,
        **{term: values if term != CLASS else values.astype(int) for term, values in own.levels.items()},
    }
    table = pa.table(columns)
    with duckdb.connect(str(out / "study.duckdb")) as database:
        database.register("made", table)
        database.execute("CREATE TABLE time_to_event AS SELECT * FROM made")
        # What has no class, and what is of another outcome, takes no part.
        database.execute("INSERT INTO time_to_event BY NAME SELECT * REPLACE (NULL AS class_no) FROM made LIMIT 40")
        database.execute(
            "INSERT INTO time_to_event BY NAME SELECT * REPLACE ('repeat_plan' AS outcome) FROM made LIMIT 40"
        )
    return file


@pytest.fixture(scope="module")
def all_stretches() -> dict[str, Stretches]:
    return {name: stretches(name, size, seed) for seed, (name, size) in enumerate(zip(NAMES, SIZES, strict=True))}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, all_stretches: dict[str, Stretches]) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("authorities")
    return {name: make_authority(folder / name, name, own) for name, own in all_stretches.items()}


def stop(what: str) -> None:
    raise WaitingError(what)


@dataclass(frozen=True)
class Finished:
    exchange: Exchange
    plan: HazardPlan
    told: Told
    said: tuple[str, ...]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, files: dict[str, Path]) -> Finished:
    """Lead and authorities take turns, each beginning anew every time, as by e-mail."""
    folder = tmp_path_factory.mktemp("exchange")
    exchange = open_exchange(folder / "messages", folder / "all.key", make=True)
    begin_hazards(exchange, "again", list(NAMES), OUTCOME, TYPOLOGY)
    said: list[str] = []
    for _ in range(40):
        try:
            told = lead_hazards(exchange, CATALOGUE, stop)
            return Finished(exchange, read_hazard_plan(exchange, CATALOGUE)[0], told, tuple(said))
        except WaitingError:
            for name, file in files.items():
                answer(exchange, read_study(file, CATALOGUE), CATALOGUE, name, said.append)
    raise AssertionError("it should have finished")


@pytest.fixture(scope="module")
def together(finished: Finished, all_stretches: dict[str, Stretches]) -> Stretches:
    """All rows that take part in one table, as nobody has it."""
    own = [hazard_site(each, finished.plan).stretches for each in all_stretches.values()]

    def column(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(each, name) for each in own])

    levels = {term: np.concatenate([each.levels[term] for each in own]) for term in own[0].levels}
    return Stretches(column("la"), column("person"), column("days"), column("is_event"), levels)  # type: ignore[arg-type]


# --- it is the fit of all together --------------------------------------------------------------------------------------------


def test_it_is_the_stratified_fit_of_all_rows_with_errors_robust_to_children(
    finished: Finished, together: Stretches
) -> None:
    names = finished.told.fit.names
    design = np.column_stack(
        [together.levels[term] == level for term, level in (name.split(" ", 1) for name in names)]
    ).astype(float)
    pooled = fit_cox(
        design, np.arange(len(design)), together.days, together.is_event,
        names=names, stratum=together.la, cluster=together.person,
    )  # fmt: skip
    assert len(names) > 10
    np.testing.assert_allclose(finished.told.fit.coefficients, pooled.coefficients, rtol=0, atol=1e-10)
    np.testing.assert_allclose(finished.told.fit.covariance, pooled.covariance, rtol=1e-9)
    assert finished.told.fit.robust_covariance is not None
    assert pooled.robust_covariance is not None
    np.testing.assert_allclose(finished.told.fit.robust_covariance, pooled.robust_covariance, rtol=1e-9, atol=1e-14)
    assert finished.told.fit.loglik == pytest.approx(pooled.loglik, rel=1e-12)
    # A robust error differs from the model's, or nothing would be seen of the last round.
    assert np.abs(pooled.robust_covariance / pooled.covariance - 1).max() > 0.01


def test_about_ten_rounds_are_needed(finished: Finished) -> None:
    """Counts, some six of the climb, the spread and the curves."""
    assert finished.told.rounds <= 10


def test_curves_are_those_of_all_rows_with_days_rounded_up(finished: Finished, together: Stretches) -> None:
    rows = list(csv.DictReader(finished.told.files[1].open(encoding="utf-8")))
    last = finished.plan.curve_days[-1]
    rounded = np.ceil(together.days / 30) * 30
    is_event = together.is_event & (rounded <= last)
    shown = 0
    for row in rows:
        mine = np.full(rounded.shape, True) if row["class_no"] == "all" else together.levels[CLASS] == row["class_no"]
        curve = kaplan_meier(rounded[mine], is_event[mine])
        assert float(row["survival"]) == pytest.approx(float(curve.survival_at([int(row["days"])])[0]), abs=6e-4)
        assert int(row["at_risk"]) == pytest.approx((rounded[mine] > int(row["days"])).sum(), abs=4)
        shown += 1
    assert shown > 100
    assert {row["class_no"] for row in rows} > {"all", "1", "2"}


def test_what_is_written_is_released(finished: Finished) -> None:
    """Counts are rounded, and small ones are not there."""
    ratios, curves = (list(csv.DictReader(path.open(encoding="utf-8"))) for path in finished.told.files)
    counts = [row[name] for row in ratios for name in ("stretches", "events", "children", "children_with_event")]
    counts += [row["at_risk"] for row in curves]
    assert all(count == "" or int(count) % 5 == 0 for count in counts)
    references = {row["term"]: row["reference"] for row in ratios}
    assert references["ethnic_group"] == "White"
    assert all(row["hazard_ratio"] in ("1", "1.0") for row in ratios if row["level"] == row["reference"])


# --- what the messages tell ---------------------------------------------------------------------------------------------------


def read_as_plain(hidden: str) -> NDArray[np.float64]:
    sent = bytes.fromhex(hidden)
    whole = [int.from_bytes(sent[place : place + BYTES], "big") for place in range(0, len(sent), BYTES)]
    return np.array([(one - ROOM if one >= ROOM // 2 else one) / PARTS for one in whole])


def test_no_answer_can_be_read_alone(finished: Finished, all_stretches: dict[str, Stretches]) -> None:
    exchange, plan = finished.exchange, finished.plan
    for name, own in all_stretches.items():
        body = receive(exchange.answer_file(1, name), exchange.key)
        plain, true = read_as_plain(str(body["hidden"])), counts_of(hazard_site(own, plan), plan)
        # Noise fills 2^44: that one of some hundred numbers comes within 1,000 has a chance of 1 in 100,000.
        assert plain.shape == true.shape
        assert np.abs(plain - true).min() > 1e3


def test_messages_hold_nothing_but_what_is_declared(finished: Finished) -> None:
    allowed = {
        "hazard plan": set(hazard_plan_as_message(finished.plan)),
        "joined": {"kind", "plan", "authority", "open_number", "data"},
        "question": {"kind", "number", "plan", "asks", "columns", "beta"},
        "answer": {"kind", "number", "question", "authority", "hidden"},
        "finished": {"kind", "plan", "rounds", "log_likelihood", "log_likelihood_without"},
    }
    paths = [path for path in finished.exchange.folder.rglob("*") if path.is_file()]
    assert len(paths) == 1 + 3 + finished.told.rounds * 4 + 1 + 2
    for path in paths:
        if path.suffix == ".json":
            body = receive(path, finished.exchange.key)
            assert set(body) <= allowed[body["kind"]]
        else:
            assert path in finished.told.files


def test_levels_with_few_children_are_held_back_and_said(
    finished: Finished, all_stretches: dict[str, Stretches]
) -> None:
    """The smallest authority has too few with sex U; the rows are left out, so that no other level tells of them."""
    own = hazard_site(all_stretches["cudworth"], finished.plan)
    assert ("sex", "U") in own.held
    assert "U" not in set(own.stretches.levels["sex"])
    for term, level in finished.plan.levels:
        mine = own.stretches.levels[term] == level
        with_event = np.unique(own.stretches.person[mine & own.stretches.is_event]).size
        assert with_event >= 10 or not mine.any()
    assert sum("sex U" in line for line in finished.said if line.startswith("held back")) >= 1


# --- what is refused ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(tmp_path: Path, files: dict[str, Path]) -> Exchange:
    """An exchange in which all have joined and the first question stands."""
    exchange = open_exchange(tmp_path / "messages", tmp_path / "all.key", make=True)
    begin_hazards(exchange, "again", list(NAMES), OUTCOME, TYPOLOGY)
    for name, file in files.items():
        answer(exchange, read_study(file, CATALOGUE), CATALOGUE, name, str)
    with pytest.raises(WaitingError, match="question 1 is to be answered by anyshire, borsham, cudworth"):
        lead_hazards(exchange, CATALOGUE, stop)
    return exchange


def test_a_question_made_to_find_children_out_is_not_answered(asked: Exchange, files: dict[str, Path]) -> None:
    study = read_study(files["anyshire"], CATALOGUE)
    first = receive(asked.question_file(1), asked.key)
    wrong: list[tuple[str, dict[str, object]]] = [
        ("not answered", {"asks": "rows", "columns": [["sex", "F"]], "beta": [0.0]}),
        ("not about a model", {"asks": "sums"}),
        ("not about levels of the plan", {"asks": "sums", "columns": [["person_id", "x"]], "beta": [0.0]}),
        ("not about levels of the plan", {"asks": "spread", "columns": [["sex", "F"]] * 2, "beta": [0.0, 0.0]}),
        ("not about levels of the plan", {"asks": "sums", "columns": [["sex", "F"]], "beta": []}),
        ("beyond 20,000", {"asks": "sums", "columns": [["sex", "F"]], "beta": [30.0]}),
    ]
    for number, (said, change) in enumerate(wrong, start=2):
        send(asked.question_file(number), {**first, "number": number, **change}, asked.key)
        with pytest.raises(RequestError, match=said):
            answer(asked, study, CATALOGUE, "anyshire", str)
        assert not asked.answer_file(number, "anyshire").exists()
    send(asked.question_file(44), {**first, "number": 44}, asked.key)
    with pytest.raises(RequestError, match="more than 43 questions"):
        answer(asked, study, CATALOGUE, "anyshire", str)


def test_children_that_changed_after_joining_are_noticed(
    tmp_path: Path, asked: Exchange, files: dict[str, Path], all_stretches: dict[str, Stretches]
) -> None:
    own = all_stretches["anyshire"]
    file = make_authority(tmp_path / "changed", "anyshire", own.of(np.arange(own.days.size) > 0))
    key = files["anyshire"].parent / "anyshire.key"
    (file.parent / "anyshire.key").write_text(key.read_text())
    (file.parent / "anyshire.key").chmod(0o600)
    with pytest.raises(RequestError, match="not what they were when you joined"):
        answer(asked, read_study(file, CATALOGUE), CATALOGUE, "anyshire", str)


def test_who_has_other_classes_or_too_few_children_takes_no_part(
    tmp_path: Path, all_stretches: dict[str, Stretches]
) -> None:
    exchange = open_exchange(tmp_path / "messages", tmp_path / "all.key", make=True)
    begin_hazards(exchange, "again", list(NAMES), OUTCOME, TYPOLOGY)
    own = all_stretches["borsham"]
    others = {
        "name it in": make_authority(tmp_path / "a", "borsham", own, use="classes = 3"),
        "fewer than 100 stretches": make_authority(tmp_path / "b", "borsham", own.of(np.arange(own.days.size) < 90)),
    }
    for said, file in others.items():
        with pytest.raises(RequestError, match=said):
            answer(exchange, read_study(file, CATALOGUE), CATALOGUE, "borsham", str)
    assert not exchange.joined_file("borsham").exists()


def test_a_level_that_the_plan_does_not_know_is_told_by_its_number_only(all_stretches: dict[str, Stretches]) -> None:
    own = all_stretches["borsham"]
    odd = np.where(np.arange(own.days.size) < 7, "Martian", own.levels["ethnic_group"])
    plan = make_hazard_plan("again", NAMES, OUTCOME, TYPOLOGY)
    with pytest.raises(RequestError, match="7 stretches have a ethnic_group") as fault:
        hazard_site(replace(own, levels={**own.levels, "ethnic_group": odd}), plan)
    assert "Martian" not in str(fault.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"authorities": NAMES[:2]}, "at least 3 authorities"),
        ({"least": 3}, "least counts"),
        ({"least_rows": 10}, "least counts"),
        ({"outcome_fingerprint": "0"}, "declared otherwise"),
        ({"version": 2}, "version 1"),
        ({"curve_days": (1, 2, 3)}, "less than so many days"),
        ({"levels": (("sex", "F"),)}, "lacks levels"),
    ],
)
def test_a_plan_that_is_not_safe_is_not_taken_part_in(tmp_path: Path, change: dict[str, object], said: str) -> None:
    exchange = open_exchange(tmp_path / "messages", tmp_path / "all.key", make=True)
    plan = replace(make_hazard_plan("again", NAMES, OUTCOME, TYPOLOGY), **change)  # type: ignore[arg-type]
    send(exchange.plan_file, hazard_plan_as_message(plan), exchange.key)
    with pytest.raises(RequestError, match=said):
        read_hazard_plan(exchange, CATALOGUE)


def test_stretches_without_a_class_and_of_other_outcomes_take_no_part(
    finished: Finished, files: dict[str, Path], all_stretches: dict[str, Stretches]
) -> None:
    found = read_stretches(read_study(files["cudworth"], CATALOGUE), finished.plan)
    assert np.array_equal(found.days, all_stretches["cudworth"].days)
    assert np.array_equal(found.person, all_stretches["cudworth"].person)


def test_a_run_keeps_what_is_read_here_and_no_other_levels(
    demonstration: Any, all_stretches: dict[str, Stretches], files: dict[str, Path]
) -> None:
    """The stretches of these tests were written by hand: a run's own table has the same columns, and levels of the plan."""
    with duckdb.connect(str(files["anyshire"].parent / "results" / "study.duckdb"), read_only=True) as database:
        by_hand = {row[0] for row in database.execute("DESCRIBE time_to_event").fetchall()}
    assert by_hand <= {column.name for column in CATALOGUE.tables["time_to_event"].columns}
    for term, levels in LEVELS.items():
        of_run = {row[0] for row in demonstration.engine.rows(f"SELECT DISTINCT {term} FROM time_to_event")}
        assert len(of_run) > 1
        assert of_run <= set(levels)


def test_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, Path], finished: Finished
) -> None:
    folder, key = str(tmp_path / "messages"), str(tmp_path / "all.key")
    begun = ["federate", "lead", folder, "--key", key, "--name", "again", "--authorities", ",".join(NAMES)]
    assert main([*begun, "--outcome", "re_referral"]) == RequestError.exit_code
    assert main([*begun, "--outcome", "nothing", "--from", "made_up_england"]) == RequestError.exit_code
    assert main([*begun, "--outcome", "re_referral", "--from", "made_up_england"]) == 0
    assert "still to join: anyshire, borsham, cudworth" in capsys.readouterr().out
    assert main(["federate", "answer", folder, "--study", str(files["borsham"]), "--as", "borsham", "--key", key]) == 0
    assert "joined as borsham with the study" in capsys.readouterr().out
    at_end = str(finished.exchange.folder)
    assert main(["federate", "lead", at_end, "--key", str(finished.exchange.folder.parent / "all.key")]) == 0
    assert f"Finished after {finished.told.rounds} rounds. Released: " in capsys.readouterr().out
