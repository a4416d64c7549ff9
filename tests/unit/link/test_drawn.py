"""Links are drawn as often as they are probable, one to one, against all ways counted by hand."""

from collections import Counter
from dataclasses import replace
from itertools import product

import pytest

from careloom.link import drawn
from careloom.link.drawn import Chance, draw_chances

DRAWS = 4000
FOUR_ERRORS = 4 * 0.5 / DRAWS**0.5
"""Four standard errors of a share of so many draws, at most."""
ONE, TWO, TOM, TIM = 10, 11, 1, 2


def shares(chances: list[Chance], knows: dict[int, frozenset[str]]) -> dict[frozenset[tuple[int, int]], float]:
    """How often each set of links is drawn: of so many families alike, with numbers of their own."""
    many = [
        replace(each, record=each.record + 100 * copy, child=each.child + 100 * copy)
        for copy in range(DRAWS)
        for each in chances
    ]
    known = {record + 100 * copy: systems for copy in range(DRAWS) for record, systems in knows.items()}
    links: list[set[tuple[int, int]]] = [set() for _ in range(DRAWS)]
    for each in draw_chances(many, known, seed=1):
        links[each.record // 100].add((each.record % 100, each.child % 100))
    return {kind: times / DRAWS for kind, times in Counter(map(frozenset, links)).items()}


def of_one_system(*records: int) -> dict[int, frozenset[str]]:
    return dict.fromkeys(records, frozenset({"A|health"}))


@pytest.mark.parametrize("probability", [0.05, 0.6, 0.97])
def test_a_link_alone_is_drawn_as_often_as_it_is_probable(probability: float) -> None:
    found = shares([Chance(ONE, TOM, probability)], of_one_system(ONE))
    assert found[frozenset({(ONE, TOM)})] == pytest.approx(probability, abs=FOUR_ERRORS)


def test_of_two_children_a_record_has_one_or_neither() -> None:
    """Odds of 3 and 1 against 1 for neither: 3, 1 and 1 of 5."""
    found = shares([Chance(ONE, TOM, 0.75), Chance(ONE, TIM, 0.5)], of_one_system(ONE))
    assert set(found) == {frozenset({(ONE, TOM)}), frozenset({(ONE, TIM)}), frozenset()}
    assert found[frozenset({(ONE, TOM)})] == pytest.approx(0.6, abs=FOUR_ERRORS)
    assert found[frozenset({(ONE, TIM)})] == pytest.approx(0.2, abs=FOUR_ERRORS)


def test_a_child_has_one_record_of_a_system_and_may_have_another_of_another() -> None:
    chances = [Chance(ONE, TOM, 0.9), Chance(TWO, TOM, 0.9)]
    assert not [links for links in shares(chances, of_one_system(ONE, TWO)) if len(links) == 2]
    apart = {ONE: frozenset({"A|health"}), TWO: frozenset({"A|school"})}
    assert shares(chances, apart)[frozenset({(ONE, TOM), (TWO, TOM)})] == pytest.approx(0.81, abs=FOUR_ERRORS)


CROSSED = [Chance(ONE, TOM, 0.8), Chance(ONE, TIM, 0.6), Chance(TWO, TOM, 0.7), Chance(TWO, TIM, 0.4)]


def by_hand() -> dict[frozenset[tuple[int, int]], float]:
    """All 16 sets of the four links, those that are not one to one left out, by the product of their odds."""
    weights: dict[frozenset[tuple[int, int]], float] = {}
    for chosen in product([False, True], repeat=4):
        links = [each for each, is_in in zip(CROSSED, chosen, strict=True) if is_in]
        records, children = {each.record for each in links}, {each.child for each in links}
        if len(records) == len(children) == len(links):
            weight = 1.0
            for each in links:
                weight *= each.probability / (1 - each.probability)
            weights[frozenset((each.record, each.child) for each in links)] = weight
    return {links: weight / sum(weights.values()) for links, weight in weights.items()}


def test_two_records_and_two_children_are_drawn_as_all_ways_together_say() -> None:
    found, expected = shares(CROSSED, of_one_system(ONE, TWO)), by_hand()
    assert len(expected) == 7
    for links, share in expected.items():
        assert found.get(links, 0.0) == pytest.approx(share, abs=FOUR_ERRORS), links


def test_a_cluster_of_too_many_ways_is_drawn_in_turn_and_still_one_to_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "MOST_WAYS", 3)
    found = shares(CROSSED, of_one_system(ONE, TWO))
    assert set(found) <= set(by_hand())
    assert len(found) == 7


def test_the_same_seed_draws_the_same_and_certainty_is_no_fault() -> None:
    chances = [*CROSSED, Chance(20, 3, 1.0), Chance(21, 4, 1.0)]
    knows = of_one_system(ONE, TWO, 20, 21)
    assert draw_chances(chances, knows, 7) == draw_chances(chances, knows, 7)
    assert {(20, 3), (21, 4)} <= {(each.record, each.child) for each in draw_chances(chances, knows, 7)}
    assert draw_chances([], {}, 1) == []
