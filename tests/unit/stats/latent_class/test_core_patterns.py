"""Rows collapsed to patterns: nothing is lost, and what cannot be understood is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from careloom.stats.latent_class import PatternTable, collapse, fit_latent_classes, posterior

GOOD = [[0, 1], [1, 1], [1, 0]]


def test_rows_come_back_from_their_patterns() -> None:
    random = np.random.default_rng(0)
    rows = random.integers(-1, 3, (500, 6))
    weights = random.random(500)
    table, pattern_of = collapse(rows, weights)
    assert (table.codes[pattern_of] == rows).all()
    assert len(np.unique(table.codes, axis=0)) == len(table.codes)
    assert table.weights == pytest.approx([weights[pattern_of == p].sum() for p in range(len(table.codes))])


def test_sixty_items_are_told_apart() -> None:
    """Sixty answers do not fit into one whole number of 64 bits."""
    rows = np.tile(np.random.default_rng(1).integers(0, 2, (40, 60)), (3, 1))
    table, pattern_of = collapse(rows)
    assert len(table.codes) == 40
    assert (table.codes[pattern_of] == rows).all()


@pytest.mark.parametrize(
    ("rows", "items", "levels"),
    [(3000, 40, 2), (3000, 6, 2000), (5, 3, 3)],
    ids=["many items", "many levels", "few rows"],
)
def test_patterns_are_the_sorted_distinct_rows(rows: int, items: int, levels: int) -> None:
    random = np.random.default_rng(3)
    some = random.integers(-1, levels, (max(rows // 4, 1), items))[random.integers(0, max(rows // 4, 1), rows)]
    given = [np.arange(levels)] * items
    table, pattern_of = collapse(some, levels=given)
    expected, number, counts = np.unique(some, axis=0, return_inverse=True, return_counts=True)
    assert (table.codes == expected).all()
    assert (pattern_of == number.ravel()).all()
    assert (table.weights == counts).all()


@pytest.mark.parametrize("kind", ["bool", "int8", "int64", "uint8", "float32", "object"])
def test_the_kind_of_number_does_not_matter(kind: str) -> None:
    rows = np.random.default_rng(4).integers(0, 2, (200, 5))
    expected, expected_of = collapse(rows.tolist())
    table, pattern_of = collapse(rows.astype(kind))
    assert (table.codes == expected.codes).all()
    assert (pattern_of == expected_of).all()
    assert [levels.tolist() for levels in table.levels] == [[0, 1]] * 5


def test_answers_that_are_not_whole_are_told_apart() -> None:
    table, pattern_of = collapse([[0.5, 1e9], [np.nan, -4], [0.25, 1e9], [0.5, 1e9]])
    assert [levels.tolist() for levels in table.levels] == [[0.25, 0.5], [-4, 1e9]]
    assert table.codes.tolist() == [[-1, 0], [0, 1], [1, 1]]
    assert pattern_of.tolist() == [2, 0, 1, 2]


def test_all_rows_with_an_unknown_answer_are_counted() -> None:
    with pytest.raises(ValueError, match=r"item 1 .* 3 answers that are not among"):
        collapse([[0, 2], [0, 2], [1, 2], [1, 0], [0, 1]], levels=[[0, 1], [0, 1]])


def test_gaps_may_be_nan_or_minus_one() -> None:
    table, _ = collapse([[0, np.nan], [1, 5], [0, -1]])
    assert table.codes.tolist() == [[0, -1], [1, 0]]
    assert [level.tolist() for level in table.levels] == [[0, 1], [5]]


def test_counts_of_cells() -> None:
    table, _ = collapse([[0, 2], [1, -1], [1, 4], [-1, -1]], [1, 2, 4, 8], levels=[[0, 1], [2, 3, 4]])
    assert table.counts.tolist() == [1, 6, 1, 0, 4]
    assert table.seen.tolist() == [7, 5]
    assert table.prevalence == pytest.approx([1 / 7, 6 / 7, 0.2, 0, 0.8])
    assert (table.total, table.total_unobserved) == (15, 8)


@pytest.mark.parametrize(
    ("rows", "weights", "levels", "says"),
    [
        ([0, 1, 1], None, None, "rows must be"),
        (np.zeros((0, 3)), None, None, "not empty"),
        (GOOD, [1, 1], None, "one weight a row"),
        (GOOD, [1, -1, 1], None, "not negative"),
        (GOOD, [1, np.nan, 1], None, "finite"),
        (GOOD, [0, 0, 0], None, "not all zero"),
        ([["a", "b"]], None, None, "code them first"),
        ([[0, 1], [1, 2], [1, 0]], None, [[0, 1], [0, 1]], "item 1 .* 1 answers that are not among its 2 levels"),
        ([[0, 1], [1, np.inf], [1, 0]], None, [[0, 1], [0, 1]], "not among"),
        (GOOD, None, [[0, 1]], "levels are given for 1 items"),
        ([[0, -1], [1, -1], [1, -1]], None, None, "item 1 .* never observed"),
        (GOOD, None, [[0, 1], [0, 1, 1]], "item 1 .* its levels must differ"),
        (GOOD, None, [[-1, 0, 1], [0, 1]], "item 0 .* mean missing"),
        (GOOD, None, [[0, 1], [0, 1, np.nan]], "item 1 .* mean missing"),
    ],
)
def test_bad_rows_are_refused(rows: object, weights: object, levels: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        collapse(rows, weights, levels)


def test_a_message_holds_no_answer() -> None:
    with pytest.raises(ValueError, match="not among") as caught:
        collapse([[0], [83741]], levels=[[0, 1]])
    assert "83741" not in str(caught.value)


@pytest.mark.parametrize(("classes", "starts", "prior"), [(0, 3, 0), (2, 0, 0), (2, 3, -1), (2, 3, np.inf)])
def test_impossible_requests_are_refused(classes: int, starts: int, prior: float) -> None:
    with pytest.raises(ValueError, match=r"at least one|must be a number"):
        fit_latent_classes(collapse(GOOD)[0], classes=classes, starts=starts, prior=prior)


def test_an_item_never_observed_is_refused() -> None:
    codes = np.array([[0, -1], [1, -1]], dtype=np.int32)
    table = PatternTable(codes, np.ones(2), (np.arange(2), np.arange(2)))
    with pytest.raises(ValueError, match=r"positions \[1\]"):
        fit_latent_classes(table, classes=1)


def test_posterior_of_other_items_is_refused() -> None:
    fit = fit_latent_classes(collapse(GOOD)[0], classes=1)
    with pytest.raises(ValueError, match="2 items"):
        posterior(fit.parameters, [[0, 1, 1]])
    with pytest.raises(ValueError, match="not among"):
        posterior(fit.parameters, [[0, 2]])
