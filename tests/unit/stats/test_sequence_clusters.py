"""Groups around medoids: against every set of medoids on small data, and planted careers recovered."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import numpy as np
import pytest

from careloom.stats.class_agreement import adjusted_rand_index
from careloom.stats.sequence_clusters import (
    Groups,
    build,
    cluster_medoids,
    cluster_sequences,
    samples,
    silhouettes,
    swap,
    swap_gains,
)
from careloom.stats.sequences import (
    collapse,
    constant_costs,
    hamming_distances,
    matching_distances,
    transition_costs,
    transition_rates,
)

# Sums of some hundred distances of order 1: rounding is far below.
CLOSE = 1e-9
MONTHS = 24
CAREERS = (  # states 0 own foster, 1 kinship, 2 residential, 3 home, 4 adopted
    [(0, 24)],
    [(1, 6), (3, 18)],
    [(2, 24)],
    [(0, 12), (4, 12)],
)


def cost_of(distances: np.ndarray, weights: np.ndarray, rows: tuple[int, ...]) -> float:
    return float(sum(w * min(d[r] for r in rows) for w, d in zip(weights, distances, strict=True)))


def small(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Eleven points in a plane with weights 1 to 4."""
    chance = np.random.default_rng(seed)
    points = chance.normal(size=(11, 2))
    return np.linalg.norm(points[:, None] - points[None, :], axis=2), chance.integers(1, 5, 11).astype(float)


def test_medoids_are_the_best_of_all_sets_or_nearly() -> None:
    """PAM climbs: 300 small sets, against every set of medoids. It is never below, and seldom above."""
    exact, worst = 0, 1.0
    for seed in range(100):
        distances, weights = small(seed)
        for k in (2, 3, 4):
            found = cluster_medoids(distances, weights, k)
            best = min(cost_of(distances, weights, rows) for rows in combinations(range(11), k))
            assert found.cost == pytest.approx(cost_of(distances, weights, tuple(found.rows)), abs=CLOSE)
            assert found.cost >= best - CLOSE
            exact += found.cost <= best + CLOSE
            worst = max(worst, found.cost / best)
    # Measured on these clouds, which have no groups: 264 are best, the worst 13% off. Where there are groups, see below.
    assert exact >= 260
    assert worst < 1.14


def test_medoids_of_groups_that_stand_apart_are_the_best_of_all_sets() -> None:
    for seed in range(50):
        chance = np.random.default_rng(seed)
        points = np.repeat([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]], 4, axis=0) + chance.normal(size=(12, 2))
        distances = np.linalg.norm(points[:, None] - points[None, :], axis=2)
        weights = chance.integers(1, 5, 12).astype(float)
        best = min(cost_of(distances, weights, rows) for rows in combinations(range(12), 3))
        assert cluster_medoids(distances, weights, 3).cost == pytest.approx(best, abs=CLOSE)


def test_no_swap_would_gain_and_every_gain_is_what_it_is_said_to_be() -> None:
    for seed in range(20):
        distances, weights = small(seed)
        start = build(distances, weights, 3)
        to = distances[:, start]
        gains = swap_gains(distances, weights, to, to.argmin(axis=1))
        before = cost_of(distances, weights, tuple(start))
        for row in (r for r in range(11) if r not in start):
            for place in range(3):
                swapped = tuple(row if n == place else medoid for n, medoid in enumerate(start))
                assert gains[row, place] == pytest.approx(before - cost_of(distances, weights, swapped), abs=CLOSE)
        end = swap(distances, weights, start)
        to = distances[:, end.rows]
        assert swap_gains(distances, weights, to, end.labels).max() <= CLOSE


def test_one_medoid_is_the_row_nearest_to_all_and_as_many_as_rows_are_all() -> None:
    distances, weights = small(1)
    (one,) = cluster_medoids(distances, weights, 1).rows
    assert one == min(range(11), key=lambda row: cost_of(distances, weights, (row,)))
    assert cluster_medoids(distances, weights, 11).cost == 0
    with pytest.raises(ValueError, match="12 medoids"):
        cluster_medoids(distances, weights, 12)


def test_a_weight_is_so_many_identical_rows() -> None:
    distances, weights = small(7)
    repeated = np.repeat(np.arange(11), weights.astype(int))
    whole = distances[np.ix_(repeated, repeated)]
    few, many = cluster_medoids(distances, weights, 3), cluster_medoids(whole, np.ones(len(repeated)), 3)
    assert few.cost == pytest.approx(many.cost, abs=CLOSE)
    assert set(few.rows) == set(repeated[many.rows])
    labels = few.labels[repeated]
    widths = silhouettes(distances, weights, few.labels)
    assert widths[repeated] == pytest.approx(silhouettes(whole, np.ones(len(repeated)), labels), abs=CLOSE)
    assert widths[repeated] == pytest.approx(slow_silhouettes(whole, labels), abs=CLOSE)


def slow_silhouettes(distances: np.ndarray, labels: np.ndarray) -> list[float]:
    widths = []
    for i, mine in enumerate(labels):

        def mean(group: int, i: int = i) -> float:
            return float(np.mean([distances[i, j] for j in range(len(labels)) if labels[j] == group and j != i]))

        if (labels == mine).sum() == 1:
            widths.append(0.0)
            continue
        own, other = mean(mine), min(mean(group) for group in set(labels) - {mine})
        widths.append((other - own) / max(own, other))
    return widths


def test_alone_in_a_group_stands_neither_in_nor_out() -> None:
    distances = np.array([[0.0, 1.0, 5.0], [1.0, 0.0, 5.0], [5.0, 5.0, 0.0]])
    assert silhouettes(distances, np.ones(3), np.array([0, 0, 1]))[2] == 0


# --- careers ---------------------------------------------------------------------------------------------------------


def planted(n: int, seed: int, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Histories (n, 24) of four careers, their moves some months early or late and some months elsewhere; and which."""
    chance = np.random.default_rng(seed)
    truth = chance.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    rows = np.empty((n, MONTHS), dtype=int)
    for row, career in zip(rows, truth, strict=True):
        stays = CAREERS[career]
        states = np.repeat([state for state, _ in stays], [length for _, length in stays])
        row[:] = np.concatenate([states[:1].repeat(MONTHS), states, states[-1:].repeat(MONTHS)])[
            MONTHS + (shift := int(chance.integers(-3, 4))) : 2 * MONTHS + shift
        ]
        elsewhere = chance.random(MONTHS) < noise
        row[elsewhere] = chance.integers(0, 5, elsewhere.sum())
    return rows, truth


def grouped(rows: np.ndarray, **more: object) -> tuple[Groups, np.ndarray]:
    different = collapse(rows)
    costs = transition_costs(transition_rates(different.sequences, different.weights, 5))
    distance = partial(matching_distances, costs=costs)
    groups = cluster_sequences(different.sequences, different.weights, distance, **more)  # type: ignore[arg-type]
    assert groups is not None
    return groups, groups.labels[different.of]


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_planted_careers_are_found_and_so_is_their_number(noise: float) -> None:
    rows, truth = planted(600, seed=3, noise=noise)
    groups, labels = grouped(rows, fewest=10)
    assert len(groups.medoids) == 4
    assert not groups.sampled
    assert max(groups.tried, key=lambda k: groups.tried[k]) == 4
    # A career that moves half way and the one that never does share half of their months: a few are nearer to the other.
    assert adjusted_rand_index(labels, truth) >= 0.97
    sizes = np.bincount(labels)
    assert sizes.tolist() == sorted(sizes, reverse=True)


def test_planted_careers_are_found_from_samples() -> None:
    rows, truth = planted(3000, seed=4)
    groups, labels = grouped(rows, at_once=150, seed=1)
    assert groups.sampled
    assert len(groups.medoids) == 4
    assert adjusted_rand_index(labels, truth) >= 0.97
    whole, of_all = grouped(rows[:400])
    some, of_some = grouped(rows[:400], at_once=100, seed=1)
    assert some.sampled
    assert not whole.sampled
    assert adjusted_rand_index(of_all, of_some) >= 0.97


def test_hamming_finds_them_too() -> None:
    rows, truth = planted(400, seed=5)
    different = collapse(rows)
    groups = cluster_sequences(different.sequences, different.weights, hamming_distances)
    assert groups is not None
    assert adjusted_rand_index(groups.labels[different.of], truth) >= 0.9


@pytest.mark.parametrize("at_once", [80, 10_000])
def test_the_order_of_rows_does_not_matter_and_a_seed_decides(at_once: int) -> None:
    rows, _ = planted(300, seed=6)
    order = np.random.default_rng(0).permutation(300)
    one, labels = grouped(rows, seed=2, at_once=at_once)
    other, shuffled = grouped(rows[order], seed=2, at_once=at_once)
    assert (labels[order] == shuffled).all()
    assert (one.medoids == other.medoids).all()
    assert one.average == other.average


def test_groups_that_are_too_small_are_not_chosen_and_none_is_none() -> None:
    rows = np.array([[0, 0, 0]] * 30 + [[1, 1, 1]] * 30 + [[2, 2, 2]] * 5)
    groups, labels = grouped(rows)
    assert len(groups.medoids) == 3
    assert groups.silhouettes.tolist() == [1.0, 1.0, 1.0]
    groups, labels = grouped(rows, fewest=10)
    assert len(groups.medoids) == 2
    assert set(groups.tried) == {2}
    assert np.bincount(labels).min() >= 10
    different = collapse(rows)
    distance = partial(matching_distances, costs=constant_costs(3))
    assert cluster_sequences(different.sequences, different.weights, distance, fewest=40) is None
    assert cluster_sequences(different.sequences[:1], different.weights[:1], distance) is None


def test_a_sample_is_drawn_thing_by_thing() -> None:
    weights = np.array([1000.0, 500.0, *[1.0] * 500])
    assert [list(rows) for rows, _ in samples(weights, 502, seed=0)] == [list(range(502))]
    drawn = samples(weights, 100, seed=0)
    assert len(drawn) == 5
    for rows, counts in drawn:
        assert len(rows) == len(set(rows)) <= 100
        assert list(rows) == sorted(rows)
        # of things drawn, about two in three are the first: 3 standard errors of some 300 draws
        assert (rows[0], counts[0] / counts[1]) == (0, pytest.approx(2.0, rel=0.5))
        assert (counts[2:] == 1).all()
