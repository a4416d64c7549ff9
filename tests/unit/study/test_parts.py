"""What a part of a run is made from: a change of each kind makes exactly the parts stale that read it, and those that rest on them."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pytest

from careloom.catalogue import Catalogue, load_catalogue
from careloom.engine import DuckDBEngine
from careloom.govern import open_key
from careloom.study import Study, read_study
from careloom.study import parts as parts_module
from careloom.study.parts import because, key_of, made_from, parts_of
from careloom.study.run import stages

CATALOGUE = load_catalogue()
STUDY = """
[study]
name = "s"
from = 2017-04-01
to = 2020-03-31
out = "out"
residents = "residents.csv"
purpose = "A test"
[[delivery]]
authority = "A"
files = ["handed.csv"]
"""
MORE = '[link]\nlink_mode = "pupil_number"\n'
AGREEMENT = """
name = "Agreement 7"
owner = "A"
recipients = ["us"]
purposes = ["A test"]
lawful_basis = "public task"
starts_on = 2020-01-01
expires_on = {until}
allowed = ["ssda903"]
"""
FIRST = {"histories", "cohorts", "categories", "descriptions", "outcomes", "costs"}
ALL = {"records", *FIRST}
OF_CLASSES = {"categories", "descriptions", "outcomes", "costs"}


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "study.toml", STUDY)
    write(tmp_path, "residents.csv", "la,year,age,children\nA,2020,0,10\n")
    write(tmp_path, "handed.csv", "CHILD\n1\n")
    write(tmp_path, "agreements/seven.toml", AGREEMENT.format(until="2099-12-31"))
    open_key(tmp_path / "study.key")
    return tmp_path


def keys(study: Study, catalogue: Catalogue = CATALOGUE, *, accept: bool = False) -> dict[str, str]:
    """The key of every part."""
    found: dict[str, str] = {}
    for part in parts_of(study):
        made = made_from(part, study, catalogue, accept=accept)
        found[part.name] = key_of(made, {name: found[name] for name in part.rests_on})
    return found


def stale(before: dict[str, str], now: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != now[name]}


def asked(old: str, new: str = "") -> Callable[[Path], None]:
    """A change of the study file: one text for another, or one more."""

    def change(folder: Path) -> None:
        text = (folder / "study.toml").read_text()
        assert not new or old in text
        (folder / "study.toml").write_text(text.replace(old, new) if new else text + old)

    return change


def file(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: write(folder, name, text)


CHANGES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "a file handed over": (file("handed.csv", "CHILD\n2\n"), ALL),
    "what people said of headings": (file("recognised.csv", "x\n"), ALL),
    "one more delivery": (asked('[[delivery]]\nauthority = "B"\nfiles = ["handed.csv"]\n'), ALL),
    "an agreement": (file("agreements/seven.toml", AGREEMENT.format(until="2098-12-31")), ALL),
    "the purpose": (asked('"A test"', '"Another"'), ALL),
    "how children are linked": (asked(MORE), FIRST),
    "a decision on links": (
        file("links_decided.csv", "one,two,decision,probability,who,when,why\np,q,same,0.9,me,2026-01-01,x\n"),
        FIRST,
    ),
    "a repair": (asked("[repairs]\ntold_twice = false\n"), FIRST),
    "the study's name": (asked('"s"', '"t"'), FIRST),
    "the first day": (asked("from = 2017", "from = 2016"), FIRST),
    "how far histories lie apart": (asked('[pathways]\ndistance = "hamming"\n'), FIRST),
    "the seed": (asked("[typology]\nseed = 2\n"), FIRST),
    "the numbers of residents": (file("residents.csv", "la,year,age,children\nA,2020,0,11\n"), {"cohorts"}),
    "the most categories": (asked("[typology]\nmost_classes = 3\n"), OF_CLASSES),
    "the name of a category": (file("classes.csv", "x\n"), OF_CLASSES),
    "which assessment counts": (asked('[pathways]\nepisode_class = "last"\n'), OF_CLASSES),
    "what is crossed": (asked('[pathways]\ninteractions = ["class"]\n'), {"descriptions"}),
    "what profiles are by": (asked('[profiles]\nby = ["la"]\n'), {"descriptions"}),
    "the outcomes asked": (asked('[outcomes]\nquestions = ["re_entry"]\n'), {"outcomes"}),
    "the window of costs": (asked("[costs]\nfrom = 2018-04-01\nto = 2019-03-31\n"), {"costs"}),
    "a convention of costing": (asked("[costs]\nfamily_share = 0.5\n"), {"costs"}),
    "where the results go": (asked('"out"', '"results"'), set()),
    "how small numbers are": (asked('out = "out"', 'out = "out"\ndisclosure = "nhs"'), set()),
    "a file that nobody reads": (file("notes.txt", "x"), set()),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("has_vault", [False, True])
def test_a_change_makes_exactly_the_parts_stale_that_read_it(what: str, has_vault: bool, folder: Path) -> None:
    change, expected = CHANGES[what]
    if has_vault:
        asked("[study]", '[study]\nvault = true\nvault_key = "vault.key"')(folder)
    before = keys(read_study(folder / "study.toml", CATALOGUE))
    assert keys(read_study(folder / "study.toml", CATALOGUE)) == before
    change(folder)
    now = keys(read_study(folder / "study.toml", CATALOGUE))
    assert stale(before, now) == (expected if has_vault else expected - {"records"})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("returns/ssda903/rules/x.toml", ALL),
        ("tables.toml", ALL),
        ("something_new.csv", ALL),
        ("repairs/x.toml", FIRST),
        ("measures/x.toml", FIRST),
        ("plausibility/x.toml", {"cohorts"}),
        ("indicators/x.toml", OF_CLASSES),
        ("profiles/x.toml", {"descriptions"}),
        ("outcomes/x.toml", {"outcomes"}),
        ("prices/x.csv", {"costs"}),
        ("processes/x.toml", {"costs"}),
        ("pages/x.md", set()),
        ("checklists/x.toml", set()),
    ],
)
def test_a_declaration_counts_for_who_reads_it(entry: str, expected: set[str], folder: Path, tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("before", "after")]
    for place in places:
        for path in CATALOGUE.folder.iterdir():
            if path.suffix != ".py":
                (place / path.name).mkdir(parents=True) if path.is_dir() else write(place, path.name, "x")
    after = places[1] / entry
    after.parent.mkdir(parents=True, exist_ok=True)
    after.write_text("changed")
    asked("[study]", '[study]\nvault = true\nvault_key = "vault.key"')(folder)
    study = read_study(folder / "study.toml", CATALOGUE)
    before, now = (keys(study, replace(CATALOGUE, folder=place)) for place in places)
    assert stale(before, now) == expected


def test_accept_counts_for_what_is_read(folder: Path) -> None:
    study = read_study(folder / "study.toml", CATALOGUE)
    assert stale(keys(study), keys(study, accept=True)) == FIRST


def test_another_key_of_pseudonyms_another_code_or_another_library_makes_all_stale(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = read_study(folder / "study.toml", CATALOGUE)
    before = keys(study)
    (folder / "study.key").unlink()
    open_key(folder / "study.key")
    other = keys(study)
    assert stale(before, other) == FIRST
    told = parts_module.about_careloom()
    for name in ("Careloom's code", "the version of duckdb"):
        monkeypatch.setattr(parts_module, "about_careloom", lambda name=name: {**told, name: "another"})
        assert stale(other, keys(study)) == FIRST


def test_an_agreement_that_ends_makes_what_was_read_stale(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = read_study(folder / "study.toml", CATALOGUE)
    before = keys(study)

    class Tomorrow(dt.date):
        @classmethod
        def today(cls) -> dt.date:  # type: ignore[override]
            return dt.date(2100, 1, 1)

    monkeypatch.setattr(parts_module.dt, "date", Tomorrow)
    assert stale(before, keys(study)) == FIRST


def test_a_study_that_was_moved_with_its_files_is_the_same(folder: Path, tmp_path: Path) -> None:
    before = keys(read_study(folder / "study.toml", CATALOGUE))
    new = tmp_path / "moved"
    new.mkdir()
    for path in [*folder.glob("*.*"), folder / "agreements"]:
        path.rename(new / path.name)
    assert keys(read_study(new / "study.toml", CATALOGUE)) == before


@dataclass(frozen=True)
class Later(Study):
    """A study file that can ask one thing more than today's."""

    more: str


def test_a_field_that_no_part_names_counts_for_all(folder: Path) -> None:
    study = read_study(folder / "study.toml", CATALOGUE)
    told = {field.name: getattr(study, field.name) for field in fields(study)}
    assert stale(keys(Later(**told, more="a")), keys(Later(**told, more="b"))) == FIRST


def test_the_parts_hold_every_stage_once_and_in_order(folder: Path, duck: DuckDBEngine) -> None:
    study = read_study(folder / "study.toml", CATALOGUE)
    names = [name for name, _ in stages(study, CATALOGUE, duck)]
    asked("[study]", '[study]\nvault = true\nvault_key = "vault.key"')(folder)
    for each in (study, read_study(folder / "study.toml", CATALOGUE)):
        assert [stage for part in parts_of(each) for stage in part.stages] == names
        known = [part.name for part in parts_of(each)]
        for at, part in enumerate(parts_of(each)):
            assert set(part.rests_on) <= set(known[:at])


def test_what_changed_is_said_in_few_words() -> None:
    before = {"prices": "1", "a": "1", "b": "1"}
    assert because(before, before) == ""
    assert because(before, {**before, "prices": "2"}) == "changed: prices"
    assert because(before, {"c": "1"}) == "changed: a, b and 2 more"
