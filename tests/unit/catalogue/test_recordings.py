"""Recordings and lists of names: what is read, and what is refused."""

from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.load import OURS
from careloom.catalogue.name_lists import read_name_lists
from careloom.catalogue.recordings import CIRCUMSTANCES, ERRORS, PARTS, SYSTEMS, read_recording
from careloom.core import CatalogueError

USUAL = OURS / "recording" / "usual.toml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = USUAL.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "changed.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_usual_recording_has_a_rate_for_every_error_of_every_system() -> None:
    recording = read_recording(USUAL)
    assert set(recording.rates) == set(ERRORS)
    assert all(tuple(rates) == SYSTEMS for rates in recording.rates.values())
    assert tuple(recording.differs) == CIRCUMSTANCES
    assert all(tuple(times) == PARTS for times in recording.differs.values())
    assert set(ERRORS.values()) == set(PARTS)


def test_scaling_multiplies_the_level_and_leaves_the_rest() -> None:
    recording = read_recording(USUAL)
    assert recording.level == 1
    assert recording.scaled(3).scaled(0.5).level == 1.5
    assert recording.scaled(0).level == 0
    assert recording.scaled(2).rates == recording.rates


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("early_help = 0.03", "early_help = 1.03", '"early_help" should be between 0 and 1'),
        ("early_help = 0.03", "early_hlep = 0.03", "early_help"),
        ("[error.nickname]", "[error.nicknames]", "nickname"),
        ("[differs.adopted]", "[differs.adoptd]", "adopted"),
        ("neighbouring_key = 0.35", "neighbouring_key = 0.45", "add up to 1"),
        ("name = 2.0", "name = -2.0", "less than 0"),
        ("name = 2.0", "names = 2.0", 'no key "names"'),
        ('why = "Names are keyed', 'why = ""\nwhy_not = "Names are keyed', "why"),
    ],
)
def test_a_recording_that_does_not_fit_is_refused_by_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        read_recording(changed(tmp_path, old, new))


def test_names_are_many_and_of_every_main_group() -> None:
    lists = read_name_lists()
    for sex in "MF":
        assert len({name for (_, of), (names, _) in lists.first_names.items() if of == sex for name in names}) > 150
    assert len({name for names, _ in lists.surnames.values() for name in names}) > 300
    assert {group.split()[0] for group in lists.surnames} == {"White", "Asian", "Black", "Other"}
    assert sum(len(short) for short in lists.nicknames.values()) > 150
    known = {name for names, _ in lists.first_names.values() for name in names}
    assert set(lists.nicknames) <= known
    assert not any(name in short for name, short in lists.nicknames.items())


def test_common_names_are_common_and_most_are_not() -> None:
    """A long tail: half of the children have one of a few names, and most names are rare."""
    for names, weights in (*read_name_lists().first_names.values(), *read_name_lists().surnames.values()):
        assert len(set(names)) == len(names)
        assert min(weights) > 0
        if len(names) > 100:
            half = sorted(weights, reverse=True)[: len(names) // 4]
            assert sum(half) > 0.4 * sum(weights)


def test_every_ethnicity_code_of_the_returns_has_names() -> None:
    codes = {code.code for code in load_catalogue().returns["ssda903"].codes["ethnicity"].codes}
    assert set(read_name_lists().groups_of) == codes - {"REFU", "NOBT"}
