"""What a run keeps is enough: no part, and no output, reads a table of an earlier part that is not kept."""

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

from careloom.catalogue import load_catalogue
from careloom.study import Study, read_study
from careloom.study.keeping import worth_keeping
from careloom.study.parts import parts_of
from careloom.study.vault import IDENTITIES, AskedOfVault

CATALOGUE = load_catalogue()
TINY = runpy.run_path(str(Path(__file__).resolve().parents[2] / "docs" / "recorded_run.py"))
OUTPUTS = "writing the outputs"


def lacking(recording: Any, study: Study) -> dict[str, set[str]]:
    """By part, the tables that it reads, that an earlier part made, and that are not kept."""
    kept, made, found = set(worth_keeping(study, CATALOGUE)), set[str](), {}
    parts = [(part.name, part.stages) for part in parts_of(study)]
    for name, stages in [*parts, (OUTPUTS, (OUTPUTS,))]:
        own = {table for stage in stages for table in recording.made(stage)}
        read = {table for stage in stages for table in recording.read(stage)}
        found[name] = (read & made) - own - kept
        made |= own
    return found


def test_no_part_makes_a_table_of_an_earlier_one_again(recording: Any, bare_recording: Any, authority: Path) -> None:
    """It would be kept with the earlier part, as that made it."""
    study = read_study(authority, CATALOGUE)
    kept = set(worth_keeping(study, CATALOGUE))
    for said in (recording, bare_recording):
        made = [{t for stage in part.stages for t in said.made(stage)} & kept for part in parts_of(study)]
        assert sum(map(len, made)) == len(set().union(*made)) > 40


def with_vault(study: Study) -> Study:
    return replace(study, vault=AskedOfVault(Path("x.vault"), "vault.key", Path()))


def test_what_is_kept_is_all_that_later_parts_and_outputs_read(
    recording: Any, bare_recording: Any, authority: Path
) -> None:
    study = read_study(authority, CATALOGUE)
    for each in (study, with_vault(study)):
        for said in (recording, bare_recording):
            found = lacking(said, each)
            assert len(found) == len(parts_of(each)) + 1
            assert {name: tables for name, tables in found.items() if tables} == {}


def test_a_table_that_is_not_kept_would_be_noticed(recording: Any, authority: Path, monkeypatch: Any) -> None:
    less = dict(worth_keeping(read_study(authority, CATALOGUE), CATALOGUE))
    del less["spell"], less["record"]
    monkeypatch.setattr(f"{__name__}.worth_keeping", lambda study, catalogue: less)
    found = lacking(recording, read_study(authority, CATALOGUE))
    assert "spell" in found["outcomes"]
    assert "record" in found[OUTPUTS]


def test_with_a_vault_also_what_it_is_written_from_is_kept(authority: Path) -> None:
    study = with_vault(read_study(authority, CATALOGUE))
    assert TINY["tables_in"](IDENTITIES) <= set(worth_keeping(study, CATALOGUE))


def test_without_a_vault_a_table_that_identifies_is_kept_only_for_who_reads_it(authority: Path) -> None:
    """Under pseudonyms, and with dates left out; of whoever else tells who a child is only birth dates of `person` are kept."""
    kept = worth_keeping(read_study(authority, CATALOGUE), CATALOGUE)
    assert {name for name, telling in kept.items() if telling} == {
        "cin_census_Assessments",
        "cin_census_CINdetails",
        "person_of",
        "record",
        "spell_row",
    }
