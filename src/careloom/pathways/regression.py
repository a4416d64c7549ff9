"""The pathway regression: how likely is each rung, by class, age, sex and ethnic group? Source: study method section 6.

Two small tables leave the engine, whatever the number of children: counts of each distinct pattern of covariates, and
for each two patterns that one child has episodes of, sums over children, from which the limits know that several
episodes of one child are not independent.
"""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from careloom.core import Ledger
from careloom.engine import Engine, count
from careloom.pathways.rung_model import CannotModelError, Counts, Row, Term, model_rung
from careloom.stats.binomial import ClusterSums

RUNGS = {
    "in_need": "w.rung IN ('cin_only', 'section_47', 'conference', 'cp_plan', 'looked_after')",
    "section_47": "w.rung IN ('section_47', 'conference', 'cp_plan', 'looked_after')",
    "conference": "w.rung IN ('conference', 'cp_plan', 'looked_after')",
    "cp_plan": "w.has_cp_plan",
    "looked_after": "w.has_care",
}
"""What is modelled. The first three are that rung of the ladder or a higher one; a plan and care are themselves, for
many children enter care without a plan, and the question is who receives which."""

DROPS = {
    "referred outside the study period": "w.starts_on < DATE '{first_day}' OR w.starts_on >= DATE '{end_day}'",
    "no assessment in it": "NOT w.has_assessment",
    "date of birth not known": "p.born_on IS NULL",
    "aged 18 or over at referral": "birthday(p.born_on, 18) <= w.starts_on",
}
"""Why an episode is not in the models; the first that holds is counted."""

TERMS = ("class_no", "age_band", "sex", "ethnic_group")
CROSSED = "sex_age_ethnicity"

NUMBER, WHOLE = pa.float64(), pa.int64()
KEYS = [("rung", pa.string()), ("term", pa.string()), ("level", pa.string())]
LIMITS = [("lower", NUMBER), ("upper", NUMBER)]
COUNTS = [("rows", WHOLE), ("reached", WHOLE)]
RUNG_MODEL = pa.schema(
    [*KEYS, ("reference", pa.string()), ("odds_ratio", NUMBER), *LIMITS, ("p_value", NUMBER), *COUNTS]
)
RUNG_PROBABILITY = pa.schema(
    [
        *KEYS,
        ("probability", NUMBER),
        *LIMITS,
        *((name, WHOLE) for name in ("rows", "rows_of_level", "reached", "children_reached", "children_not_reached")),
    ]
)


def model_pathways(engine: Engine, *, first_day: dt.date, end_day: dt.date, crosses: bool = False) -> Ledger:
    """Make `rung_model` (odds ratios) and `rung_probability` (marginal predictions), both with 95% limits.

    Reads `pathway`, `class_of` and `person`. One row is a CIN episode with an assessment, referred in
    [first_day, end_day); its class is that of its first assessment that has one, else `unclassed`. With `crosses`,
    sex, age and ethnic group are one term whose levels are their combinations. A model that cannot be fitted leaves
    no rows, and the ledger says why.
    """
    ledger = Ledger()
    choose_episodes(engine, first_day, end_day, ledger)
    engine.make("rung_pattern", patterns())
    engine.make("rung_child", children())
    engine.make("rung_pair", pairs())
    odds: list[Row] = []
    probabilities: list[Row] = []
    terms = read_terms(engine, crosses=crosses)
    for rung in RUNGS:
        counts = read_counts(engine, rung)
        episodes = int(counts.trials.sum())
        step, tables = f"model reaching {rung}", ("rung_episode", f"model of {rung}")
        try:
            found = model_rung(terms, counts)
        except CannotModelError as fault:
            ledger.note(step, *tables, episodes, 0, {f"no model: {fault}": episodes})
            continue
        odds += [{"rung": rung, **row} for row in found.odds]
        behind = read_children(engine, rung, [term.name for term in terms])
        probabilities += [
            {"rung": rung, **row, **behind[str(row["term"]), str(row["level"])]} for row in found.probabilities
        ]
        ledger.note(
            step, *tables, episodes, found.rows, {"of a level of which all or none reached it": episodes - found.rows}
        )
    engine.load("rung_model", pa.Table.from_pylist(odds, schema=RUNG_MODEL))
    engine.load("rung_probability", pa.Table.from_pylist(probabilities, schema=RUNG_PROBABILITY))
    return ledger


def choose_episodes(engine: Engine, first_day: dt.date, end_day: dt.date, ledger: Ledger) -> None:
    """Make `rung_episode`, one row per episode in the models; note those set aside, and why."""
    engine.make("rung_candidate", candidates(first_day, end_day))
    flags = ", ".join(RUNGS)
    engine.make(
        "rung_episode",
        f"SELECT person_id, {', '.join(TERMS)}, {flags} FROM rung_candidate WHERE reason_no IS NULL",
    )
    found = dict(engine.rows("SELECT reason_no, count(*) AS n FROM rung_candidate GROUP BY reason_no"))
    set_aside = {reason: int(found.get(number, 0)) for number, reason in enumerate(DROPS)}
    made = count(engine, "rung_episode")
    ledger.note("choose episodes to model", "pathway", "rung_episode", count(engine, "pathway"), made, set_aside)


def candidates(first_day: dt.date, end_day: dt.date) -> str:
    """SQL for every episode: its terms, 1 or 0 for each rung, and the number of the first drop that holds."""
    drops = " ".join(
        f"WHEN {when.format(first_day=first_day, end_day=end_day)} THEN {number}"
        for number, when in enumerate(DROPS.values())
    )
    flags = ", ".join(f"CASE WHEN {when} THEN 1 ELSE 0 END AS {rung}" for rung, when in RUNGS.items())
    return f"""
        SELECT w.episode_id, w.person_id, coalesce(CAST(c.class_no AS VARCHAR), 'unclassed') AS class_no,
               CASE WHEN w.starts_on < p.born_on THEN 'unborn' WHEN age_on(p.born_on, w.starts_on) < 1 THEN 'under 1'
                    WHEN age_on(p.born_on, w.starts_on) < 5 THEN '1-4' WHEN age_on(p.born_on, w.starts_on) < 10 THEN '5-9'
                    WHEN age_on(p.born_on, w.starts_on) < 16 THEN '10-15' ELSE '16-17' END AS age_band,
               coalesce(p.sex, 'U') AS sex, coalesce(p.ethnic_group, 'Unknown') AS ethnic_group, {flags},
               CASE {drops} END AS reason_no
        FROM pathway AS w
        LEFT JOIN person AS p ON p.person_id = w.person_id
        LEFT JOIN (
          SELECT episode_id, class_no FROM class_of
          QUALIFY row_number() OVER (PARTITION BY episode_id ORDER BY assessed_on, assessment_id) = 1
        ) AS c ON c.episode_id = w.episode_id"""


def patterns() -> str:
    """SQL for the distinct patterns of covariates, numbered from 0, with their counts."""
    terms = ", ".join(TERMS)
    sums = ", ".join(f"CAST(sum({rung}) AS BIGINT) AS {rung}" for rung in RUNGS)
    return f"""
        SELECT row_number() OVER (ORDER BY {terms}) - 1 AS pattern_no, {terms}, episodes, {", ".join(RUNGS)}
        FROM (SELECT {terms}, count(*) AS episodes, {sums} FROM rung_episode GROUP BY {terms}) AS counted"""


def children() -> str:
    """SQL for each child's counts by pattern."""
    same = " AND ".join(f"n.{term} = e.{term}" for term in TERMS)
    sums = ", ".join(f"sum(e.{rung}) AS {rung}" for rung in RUNGS)
    return f"""
        SELECT e.person_id, n.pattern_no, count(*) AS episodes, {sums}
        FROM rung_episode AS e JOIN rung_pattern AS n ON {same} GROUP BY e.person_id, n.pattern_no"""


def pairs() -> str:
    """SQL for every two patterns of one child: sums over children of products of their counts (see ClusterSums)."""
    sums = ", ".join(
        f"CAST(sum(a.{rung} * b.episodes) AS BIGINT) AS {rung}_episodes, CAST(sum(a.{rung} * b.{rung}) AS BIGINT) AS {rung}_{rung}"
        for rung in RUNGS
    )
    return f"""
        SELECT a.pattern_no AS pattern_no, b.pattern_no AS other_no,
               CAST(sum(a.episodes * b.episodes) AS BIGINT) AS episodes_episodes, {sums}
        FROM rung_child AS a JOIN rung_child AS b ON b.person_id = a.person_id GROUP BY a.pattern_no, b.pattern_no"""


def read_terms(engine: Engine, *, crosses: bool) -> list[Term]:
    """Read the level of every pattern, term by term; a term with one level says nothing and is left out."""
    table = engine.arrow(f"SELECT {', '.join(TERMS)} FROM rung_pattern ORDER BY pattern_no")
    levels = {name: np.array(table[name].to_pylist(), dtype=str) for name in TERMS}
    if crosses:
        crossed = zip(levels.pop("sex"), levels.pop("age_band"), levels.pop("ethnic_group"), strict=True)
        levels[CROSSED] = np.array([", ".join(cell) for cell in crossed], dtype=str)
    terms = []
    for name, values in levels.items():
        distinct, level_of = np.unique(values, return_inverse=True)
        if distinct.size > 1:
            terms.append(Term(name, tuple(map(str, distinct)), level_of))
    return terms


def read_children(engine: Engine, rung: str, terms: Sequence[str]) -> dict[tuple[str, str], dict[str, int]]:
    """Count, for each level of each term, the different children with an episode that reached the rung, and with one that did not."""
    levels = {term: term for term in TERMS} | {CROSSED: "concat(sex, ', ', age_band, ', ', ethnic_group)"}
    counts = ", ".join(f"count(DISTINCT CASE WHEN {rung} = {flag} THEN person_id END) AS n{flag}" for flag in (1, 0))
    select = " UNION ALL ".join(
        f"SELECT '{term}' AS term, {levels[term]} AS level, {counts} FROM rung_episode GROUP BY {levels[term]}"
        for term in terms
    )
    return {
        (term, level): {"children_reached": reached, "children_not_reached": not_reached}
        for term, level, reached, not_reached in engine.rows(select)
    }


def read_counts(engine: Engine, rung: str) -> Counts:
    """Read one rung's counts by pattern, and its sums over children."""
    by_pattern = engine.arrow(f"SELECT episodes, {rung} FROM rung_pattern ORDER BY pattern_no")
    trials, successes = (np.array(column.to_pylist(), dtype=float) for column in by_pattern.columns)
    read = f"SELECT pattern_no, other_no, episodes_episodes, {rung}_episodes, {rung}_{rung} FROM rung_pair ORDER BY pattern_no, other_no"
    pattern, other, nn, yn, yy = (np.array(column.to_pylist()) for column in engine.arrow(read).columns)
    sums = ClusterSums(pattern.astype(int), other.astype(int), nn.astype(float), yn.astype(float), yy.astype(float))
    return Counts(trials, successes, sums)
