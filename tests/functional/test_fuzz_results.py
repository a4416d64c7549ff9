"""Results that were spoilt, as they may come from elsewhere: what reads them gives them, or says in a sentence why not.

As test_fuzz does with commands, for what a run, the app and a notebook read. CARELOOM_FUZZ=20 tries twenty times as many.
"""

import datetime as dt
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

import careloom
from careloom.catalogue import load_catalogue
from careloom.cli import main
from careloom.core import CareloomError, Ledger
from careloom.engine import DuckDBEngine
from careloom.govern import StudyKey
from careloom.report.beside import LOCAL, read_pooled, set_beside
from careloom.study import read_study
from careloom.study.kept_files import Note, Place, lock_part, read_note, unlock_part
from careloom.study.released import released_answers
from careloom.synth import make_england

sys.path.insert(0, str(Path(__file__).parent))
from fuzzing import DEEP, Change, bytes_changed, nodes_changed, spoilt

CASES = 12 * int(os.environ.get("CARELOOM_FUZZ", "1"))
MOST_SAID = 3_000
TABLE = "tables/local_demand.parquet"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up authority with results."""
    folder = tmp_path_factory.mktemp("made")
    make_england(folder, children=150, years=(2019, 2020), systems=("ssda903", "cin_census"))
    study = folder / "study.toml"
    text = study.read_text().replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 1")
    study.write_text(text.replace('["re_referral", "repeat_plan", "re_entry"]', '["re_referral"]'))
    assert main(["run", str(study)]) == 0
    shutil.copytree(folder / "results", folder / "other")
    return folder


def beside(home: Path) -> None:
    """The results of another study set beside those of this one, as a run does."""
    answers = released_answers(read_study(home / "study.toml", load_catalogue()), LOCAL)
    set_beside(answers, read_pooled(home / "other" / "results.json"))


def in_a_notebook(home: Path) -> None:
    results = careloom.open_results(home / "other")
    for name in [name for name in results if name in LOCAL]:
        assert results[name]._repr_html_()
    assert repr(results)
    assert results._repr_html_()
    assert results.headlines


def in_the_app(home: Path) -> None:
    released_answers(read_study(home / "study.toml", load_catalogue()), LOCAL)


def faults_of(read: Callable[[], object]) -> Iterator[str]:
    try:
        read()
    except CareloomError as fault:
        if not str(fault).isprintable() or not 0 < len(str(fault)) <= MOST_SAID:
            yield f"it would upset a screen: {str(fault)[:MOST_SAID]!a}"
    except Exception as fault:
        yield f"{type(fault).__name__}: {str(fault)[:200]!a}"


@pytest.mark.parametrize(
    ("read", "file", "change"),
    [
        (beside, "other/results.json", nodes_changed),
        (in_a_notebook, "other/results.json", nodes_changed),
        (in_a_notebook, f"other/{TABLE}", bytes_changed),
        (in_the_app, f"results/{TABLE}", bytes_changed),
        (in_the_app, "results/manifest.json", nodes_changed),
    ],
    ids=lambda told: getattr(told, "__name__", told),
)
def test_spoilt_results_are_read_or_refused_in_words(
    read: Callable[[Path], None], file: str, change: Change, made: Path
) -> None:
    read(made)
    whole, faults = (made / file).read_bytes(), []
    for number in range(CASES):
        (made / file).write_bytes(spoilt(whole, Random(f"{read.__name__} {file} {number}"), (change,)))
        faults += [f"case {number}: {fault}" for fault in faults_of(lambda: read(made))]
    (made / file).write_bytes(whole)
    assert faults == []


@pytest.mark.parametrize(
    ("read", "file"),
    [(beside, "other/results.json"), (in_a_notebook, "other/results.json"), (in_the_app, "results/manifest.json")],
    ids=lambda told: getattr(told, "__name__", told),
)
def test_what_is_deeper_than_any_reader_goes_is_refused(read: Callable[[Path], None], file: str, made: Path) -> None:
    whole = (made / file).read_bytes()
    (made / file).write_bytes(b"[" * DEEP)
    try:
        with pytest.raises(CareloomError):
            read(made)
    finally:
        (made / file).write_bytes(whole)


def test_what_was_kept_and_spoilt_is_not_taken_up(tmp_path: Path, duck: DuckDBEngine) -> None:
    """It is sealed: whatever was changed, the part is made again, and no table of it stays loaded."""
    place = Place(tmp_path / "part", StudyKey(bytes(range(32))), "s|histories|k1")
    rows = pa.table({"one": list(range(1000)), "when": [dt.date(2020, 1, 1)] * 1000})
    duck.load("event", rows)
    lock_part(place, duck, {"event": ()}, Ledger(), Note("k1", {"prices": "1"}, {}, dt.date(2026, 11, 23)))
    duck.drop("event")
    assert read_note(place.folder)
    assert unlock_part(place, duck) == Ledger()
    duck.drop("event")
    for path in sorted(place.folder.iterdir()):
        whole = path.read_bytes()
        for number in range(CASES):
            changed = spoilt(whole, Random(f"{path.name} {number}"), (nodes_changed, bytes_changed))
            path.write_bytes(changed)
            read_note(place.folder)
            if path.name != "kept.json" and changed != whole:
                assert unlock_part(place, duck) is None, f"{path.name}, case {number}"
                assert not duck.columns("event")
        path.write_bytes(whole)
