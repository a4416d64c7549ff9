"""Declarations of one's own laid over Careloom's: added or in place of, and told of where they lie."""

import shutil
from pathlib import Path

import pytest

from careloom.catalogue import in_place_of_ours, lay_over, load_catalogue, says_own
from careloom.catalogue.load import OURS
from careloom.core import CatalogueError

RULE = OURS / "returns" / "ssda903" / "rules" / "148.toml"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a rule of its own, a copy of one of Careloom's by another code."""
    path = tmp_path / "ours" / "returns" / "ssda903" / "rules" / "X1.toml"
    path.parent.mkdir(parents=True)
    path.write_text(RULE.read_text(encoding="utf-8").replace('code = "148"', 'code = "X1"'), encoding="utf-8")
    return tmp_path / "ours"


def codes(catalogue: object) -> list[str]:
    return [rule.code for rule in catalogue.returns["ssda903"].rules]  # type: ignore[attr-defined]


def test_what_is_new_is_added_and_ours_stays_as_it_is(own: Path) -> None:
    before = load_catalogue()
    both = lay_over(own)
    assert sorted(codes(both)) == sorted([*codes(before), "X1"])
    assert (both.own, both.own_files) == (own, ("returns/ssda903/rules/X1.toml",))
    assert both.outcomes == before.outcomes
    assert load_catalogue() is before
    assert "X1" not in codes(before)
    assert says_own(before) == []
    assert says_own(both) == ["this run used 1 declaration of the study's own beside Careloom's"]


def test_a_file_with_the_name_of_one_of_ours_takes_its_place(own: Path) -> None:
    instead = own / "returns" / "ssda903" / "rules" / "148.toml"
    instead.write_text(RULE.read_text(encoding="utf-8").replace("why = ", 'why = "Our own." #'), encoding="utf-8")
    both = lay_over(own)
    (rule,) = (rule for rule in both.returns["ssda903"].rules if rule.code == "148")
    assert rule.why == "Our own."
    assert in_place_of_ours(both) == ["returns/ssda903/rules/148.toml"]
    assert "in place of Careloom's: returns/ssda903/rules/148.toml" in says_own(both)[0]


def test_a_change_is_seen_in_the_same_process(own: Path) -> None:
    first = lay_over(own)
    assert lay_over(own).folder == first.folder  # laid together once
    path = own / "returns" / "ssda903" / "rules" / "X1.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("why = ", 'why = "Changed." #'), encoding="utf-8")
    again = lay_over(own)
    assert [rule.why for rule in again.returns["ssda903"].rules if rule.code == "X1"] == ["Changed."]
    path.unlink()
    with pytest.raises(CatalogueError, match="no declarations"):
        lay_over(own)


def test_what_people_keep_beside_is_no_declaration(own: Path) -> None:
    (own / "README.md").write_text("Ours.")
    (own / ".DS_Store").write_text("")
    assert lay_over(own).own_files == ("returns/ssda903/rules/X1.toml",)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ruls/X2.toml", 'no "ruls"'),
        ("pages/01_x.csv", 'no "pages"'),
        ("tables.toml", 'no "tables.toml"'),
        ("prices/mine.csv", 'no "prices"'),
        ("outcomes/x.py", "is a .toml, .csv or .sql file"),
    ],
)
def test_what_may_not_be_declared_is_refused(own: Path, name: str, says: str) -> None:
    (own / name).parent.mkdir(exist_ok=True)
    (own / name).write_text("")
    with pytest.raises(CatalogueError, match=says) as told:
        lay_over(own)
    assert str(own / name) in str(told.value)


def test_a_fault_is_told_of_in_the_folder_where_people_find_it(own: Path) -> None:
    (own / "returns" / "ssda903" / "rules" / "X1.toml").write_text("code = ")
    with pytest.raises(CatalogueError) as told:
        lay_over(own)
    assert "X1.toml" in str(told.value)
    assert "catalogue-" not in str(told.value)
    shutil.rmtree(own)
    with pytest.raises(CatalogueError, match="is not there"):
        lay_over(own)
