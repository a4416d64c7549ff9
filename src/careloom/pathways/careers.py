"""Care careers: placement histories that are alike, grouped, counted and named."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.catalogue import CareState
from careloom.core import Ledger
from careloom.engine import Engine, count
from careloom.pathways.care_months import counted, follow_months
from careloom.stats import (
    Groups,
    cluster_sequences,
    hamming_distances,
    matching_distances,
    transition_costs,
    transition_rates,
)
from careloom.stats.sequence_clusters import Distance

HORIZON = 24
"""Months followed: two years, as Matthews and others 2026 (CYSR 180:108680) follow children in Scotland."""
MOST_CAREERS = 8
FEWEST_HISTORIES = 50
FEWEST_IN_CAREER = 10
"""A career of fewer would tell of the few children in it."""
DISTANCES = ("optimal_matching", "hamming")
"""How far two histories lie apart: the least cost of turning one into the other, or the months in which they differ."""
MOST_IN_NAME, LEAST_MONTHS = 3, 3
"""A name has at most three parts, each of a stretch of three months or more, where there is one."""
THEN = ", then "
LEFT = "Left care"
MIXED = ("Various placements", LEFT)
"""What a career is called in months in which no one state is that of more than half."""

TOO_FEW = f"fewer than {FEWEST_HISTORIES} could be followed to the end"
ALIKE = f"they fall into no groups of at least {FEWEST_IN_CAREER} each"

HISTORY = """
SELECT f.period_id, f.person_id, f.la, f.starts_on, f.months, f.states, c.career_no
FROM care_followed AS f
LEFT JOIN career_of_states AS c ON c.states = CASE WHEN f.cut_short = '' THEN f.states END
"""

CAREER = """
SELECT n.career_no, n.name, h.histories, h.children, CAST(h.histories AS DOUBLE) / w.histories AS share, n.silhouette
FROM career_name AS n
JOIN (SELECT career_no, count(*) AS histories, count(DISTINCT person_id) AS children
      FROM care_history WHERE career_no IS NOT NULL GROUP BY career_no) AS h ON h.career_no = n.career_no
CROSS JOIN (SELECT count(*) AS histories FROM care_history WHERE career_no IS NOT NULL) AS w
"""

MONTH = """
SELECT CAST(s.career_no AS INTEGER) AS career_no, s.month, s.state, count(*) AS histories, count(DISTINCT s.person_id) AS children
FROM (
  SELECT 0 AS career_no, m.month, m.state, m.person_id
  FROM care_seen AS m JOIN care_followed AS f ON f.period_id = m.period_id WHERE f.cut_short = ''
  UNION ALL
  SELECT h.career_no, m.month, m.state, m.person_id
  FROM care_seen AS m JOIN care_history AS h ON h.period_id = m.period_id WHERE h.career_no IS NOT NULL) AS s
GROUP BY s.career_no, s.month, s.state
"""

TRANSITION = """
SELECT t.from_state, t.to_state, t.months, t.children, CAST(t.months AS DOUBLE) / w.months AS share
FROM (
  SELECT from_state, to_state, count(*) AS months, count(DISTINCT person_id) AS children
  FROM (SELECT person_id, state AS from_state, lead(state) OVER (PARTITION BY period_id ORDER BY month) AS to_state
        FROM care_seen) AS pair
  WHERE to_state IS NOT NULL GROUP BY from_state, to_state) AS t
JOIN (
  SELECT from_state, count(*) AS months
  FROM (SELECT state AS from_state, lead(state) OVER (PARTITION BY period_id ORDER BY month) AS to_state
        FROM care_seen) AS pair
  WHERE to_state IS NOT NULL GROUP BY from_state) AS w ON w.from_state = t.from_state
"""


@dataclass(frozen=True, eq=False)
class Histories:
    """The different histories that reach the horizon: their texts (U,), states as numbers (U, T), and how many of each."""

    texts: tuple[str, ...]
    states: NDArray[np.intp]
    weights: NDArray[np.float64]


def follow_careers(
    engine: Engine,
    states: Sequence[CareState],
    *,
    first_day: dt.date,
    end_day: dt.date,
    seed: int,
    horizon: int = HORIZON,
    distance: str = DISTANCES[0],
) -> Ledger:
    """Make `care_history`, `care_career`, `care_month` and `care_transition` from `spell` and `person`.

    Every period of care that starts in [first_day, end_day) has a history of up to `horizon` months (see care_months).
    Only those followed to the end are compared, and counted in `care_month`: a history that stops short is like none
    that goes on. The others are in `care_history` without a career, in `care_transition` for the months that were seen,
    and in the ledger by why they stop. Careers are groups around medoids of a distance: `optimal_matching`, with
    substitution costs from transition rates and an indel of 1, by which two histories that differ by a month's delay
    are near; or `hamming`, the number of months in which they differ, by which timing tells.
    With fewer than 50 histories, or no groups of at least 10, there are no careers. The same seed finds the same ones.
    Source: study method section 9; Mc Grath-Lone and others 2020 (CAN 109:104689).
    """
    ledger = follow_months(engine, states, first_day=first_day, end_day=end_day, horizon=horizon)
    histories = read_histories(engine, states)
    groups = find_groups(histories, distance, seed=seed)
    load_careers(engine, states, histories, groups)
    engine.make("care_history", HISTORY)
    engine.make("care_career", CAREER)
    engine.make("care_month", MONTH)
    engine.make("care_transition", TRANSITION)
    note_careers(engine, ledger, int(histories.weights.sum()), groups)
    return ledger


def note_careers(engine: Engine, ledger: Ledger, complete: int, groups: Groups | None) -> None:
    short = (
        "SELECT cut_short, count(*) AS n FROM care_followed WHERE cut_short <> '' GROUP BY cut_short ORDER BY cut_short"
    )
    aside = dict(counted(engine.rows(short)))
    if groups is None:
        aside[TOO_FEW if complete < FEWEST_HISTORIES else ALIKE] = complete
    made = 0 if groups is None else complete
    ledger.note(
        "find care careers", "care_history", "histories in a care career", count(engine, "care_history"), made, aside
    )


def letters(states: Sequence[CareState]) -> dict[str, str]:
    """The label of each state, in the order in which the catalogue names them first."""
    return {state.state: state.label for state in states}


def read_histories(engine: Engine, states: Sequence[CareState]) -> Histories:
    """Collapse the histories that reach the horizon in the engine: only the different ones and their counts come out."""
    told = "SELECT states, count(*) AS n FROM care_followed WHERE cut_short = '' GROUP BY states"
    rows = sorted((str(text), int(n)) for text, n in engine.rows(told))
    number = {letter: n for n, letter in enumerate(letters(states))}
    codes = [[number[letter] for letter in text] for text, _ in rows]
    array = np.array(codes, dtype=np.intp).reshape(len(rows), len(rows[0][0]) if rows else 0)
    return Histories(tuple(text for text, _ in rows), array, np.array([n for _, n in rows], dtype=np.float64))


def find_groups(histories: Histories, distance: str, *, seed: int) -> Groups | None:
    """Group the histories; None when they are too few, or fall into no groups that are large enough."""
    if histories.weights.sum() < FEWEST_HISTORIES:
        return None
    apart = hamming_distances if distance == "hamming" else matching(histories)
    weights = histories.weights
    return cluster_sequences(histories.states, weights, apart, most=MOST_CAREERS, fewest=FEWEST_IN_CAREER, seed=seed)


def matching(histories: Histories) -> Distance:
    """The optimal matching distance with the costs that these histories give."""
    rates = transition_rates(histories.states, histories.weights, int(histories.states.max()) + 1)
    return partial(matching_distances, costs=transition_costs(rates))


def load_careers(engine: Engine, states: Sequence[CareState], histories: Histories, groups: Groups | None) -> None:
    """Load which career each different history belongs to, and what careers are called; empty tables from no groups."""
    of = (groups.labels + 1).tolist() if groups else []
    texts = list(histories.texts) if groups else []
    career_of = {"states": pa.array(texts, pa.string()), "career_no": pa.array(of, pa.int32())}
    engine.load("career_of_states", pa.table(career_of))
    names = name_groups(states, histories, groups) if groups else []
    widths = groups.silhouettes.tolist() if groups else []
    named = {
        "career_no": pa.array(range(1, len(names) + 1), pa.int32()),
        "name": pa.array(names, pa.string()),
        "silhouette": pa.array(widths, pa.float64()),
    }
    engine.load("career_name", pa.table(named))


def name_groups(states: Sequence[CareState], histories: Histories, groups: Groups) -> list[str]:
    known = letters(states)
    typical = typical_states(histories, groups, [letter.isupper() for letter in known])
    return name_careers(typical, [*known.values(), *MIXED])


def typical_states(histories: Histories, groups: Groups, is_in_care: Sequence[bool]) -> NDArray[np.intp]:
    """The state of more than half of each career in each month, (K, T); S, or S + 1, where no state is.

    S (the number of states) says that more than half are in care, in different places; S + 1, that they are not.
    is_in_care: (S,). The medoid would tell more, but is the very history of some child.
    """
    careers, months, states = len(groups.medoids), histories.states.shape[1], len(is_in_care)
    counts = np.zeros((careers, months, states))
    at = (groups.labels[:, None], np.arange(months)[None, :], histories.states)
    np.add.at(counts, at, histories.weights[:, None])
    half = counts.sum(axis=2) / 2.0
    mixed = np.where(counts[:, :, list(is_in_care)].sum(axis=2) > half, states, states + 1)
    return np.where(counts.max(axis=2) > half, counts.argmax(axis=2), mixed)


def name_careers(typical: NDArray[np.intp], labels: Sequence[str]) -> list[str]:
    """Name careers after their typical states (K, T) in order, such as `Kinship foster care, then returned home`.

    Careers with the same states are told apart by the month from which the last one holds; failing that, by number.
    """
    names = [name_career(runs(row), labels) for row in typical]
    from_months = [sum(length for _, length in runs(row)[:-1]) + 1 for row in typical]
    dated = [
        name if names.count(name) == 1 or THEN not in name else f"{name} from month {month}"
        for name, month in zip(names, from_months, strict=True)
    ]
    return [name if dated.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(dated, start=1)]


def name_career(typical: Sequence[tuple[int, int]], labels: Sequence[str]) -> str:
    """Put the longest runs of (state, months) into words, in their order."""
    by_length = sorted(range(len(typical)), key=lambda n: (-typical[n][1], n))
    longest = [n for n in by_length if typical[n][1] >= LEAST_MONTHS][:MOST_IN_NAME] or by_length[:1]
    told = [labels[typical[n][0]] for n in sorted(longest)]
    # "left care, then left care another way" is said as the shorter of the two
    alike = groupby(told, lambda label: LEFT if label.startswith(LEFT) else label)
    shown = [min(same, key=len) for _, same in alike]
    if len(shown) == 1:
        return shown[0]
    return THEN.join([shown[0], *(label[:1].lower() + label[1:] for label in shown[1:])])


def runs(states: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Stretches of one state: (state, months)."""
    return [(state, len(list(same))) for state, same in groupby(states.tolist())]
