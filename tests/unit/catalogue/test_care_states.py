"""Which placement, or reason for leaving care, is which state of a placement history."""

from pathlib import Path

import pytest

from careloom.catalogue import OUT_OF_SIGHT, load_catalogue
from careloom.catalogue.care_states import COLUMNS, read_care_states
from careloom.core import CatalogueError

CATALOGUE = load_catalogue()
HEAD = ",".join(COLUMNS) + "\n"
REST = "placement,,,O,Other,ours\nleaving,,,l,Left,ours\n"


def test_codes_are_those_of_the_return_and_letters_follow_the_groups_of_costs() -> None:
    states, codes = CATALOGUE.care_states, CATALOGUE.returns["ssda903"].codes
    sets = {"placement": codes["placement_type"], "leaving": codes["reason_episode_ceased"]}
    for kind, known in sets.items():
        assert {s.code for s in states if s.kind == kind and s.code} <= {code.code for code in known.codes}
    assert {s.provider for s in states if s.provider} <= {code.code for code in codes["placement_provider"].codes}
    cost = {(place, provider): code for place, provider, code in CATALOGUE.placement_codes.rows}
    letters: dict[str, set[str]] = {}
    for state in states:
        if state.kind == "placement" and state.code:
            code = cost.get((state.code, state.provider)) or cost.get((state.code, ""), "childrens_home")
            letters.setdefault(code, set()).add(state.state)
    assert {code for code, of in letters.items() if len(of) > 1} == set()


def test_every_reason_for_leaving_is_placed_on_purpose() -> None:
    """The others, by name: a new code must be thought about."""
    known = {s.code for s in CATALOGUE.care_states if s.kind == "leaving"}
    others = {code.code for code in CATALOGUE.returns["ssda903"].codes["reason_episode_ceased"].codes} - known
    assert others == {"X1", "E13", "E5", "E6", "E7", "E9", "E14", "E17", "E8"}
    assert {s.code for s in CATALOGUE.care_states if s.state == OUT_OF_SIGHT} == {"E2", "E3", "E15", "E16"}


def test_every_row_says_where_it_comes_from() -> None:
    assert all(len(state.source) > 10 for state in CATALOGUE.care_states)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (REST + "placement,K2,,R,Home,ours\nplacement,K2,,S,Secure,ours\n", "each code stands once"),
        ("placement,,,O,Other,ours\n", "each code stands once"),
        (REST + "placement,K2,,O,Home,ours\n", "each letter has one label"),
        (REST + "placement,K2,,R,Other,ours\n", "each letter has one label"),
        (REST + "place,K2,,R,Home,ours\n", 'line 4: "kind"'),
        (REST + "placement,K2,,r,Home,ours\n", 'line 4: "state"'),
        (REST + "leaving,E8,,Rr,Home,ours\n", 'line 4: "state"'),
        (REST + "placement,K2,,R,Home,\n", 'line 4: "label" or "source"'),
        (REST + "placement,K2,,R\n", "line 4: the columns"),
    ],
)
def test_what_is_not_whole_is_refused(tmp_path: Path, rows: str, complaint: str) -> None:
    path = tmp_path / "care_states.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(CatalogueError, match=complaint):
        read_care_states(path)
