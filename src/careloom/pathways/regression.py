"""The pathway regression: how likely is each rung, by class, age, sex and ethnic group? Source: study method section 6.

Two small tables leave the engine, whatever the number of children: counts of each distinct pattern of covariates, and
for each two patterns that one child has episodes of, sums over children, from which the limits know that several
episodes of one child are not independent.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.core import Ledger
from careloom.engine import Engine, count
from careloom.pathways.rung_model import CannotModelError, Counts, Row, RungModel, Term, model_rung
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

CLASS = "class_no"
TERMS = (CLASS, "age_band", "sex", "ethnic_group")
CROSSED = "sex_age_ethnicity"
WITHIN = {term: f"class_{term}" for term in TERMS if term != CLASS}
SETTLED = "of a level of which all or none reached it"
INTERACTIONS = (CROSSED, "class")
"""What can be asked for beside the terms themselves: sex, age and ethnic group together as one term; each within a class."""

Levels = dict[str, NDArray[np.str_]]
"""The level of every pattern, by term."""

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


def model_pathways(engine: Engine, *, first_day: dt.date, end_day: dt.date, interactions: Sequence[str] = ()) -> Ledger:
    """Make `rung_model` (odds ratios) and `rung_probability` (marginal predictions), both with 95% limits.

    Reads `pathway`, `episode_class` and `person`. One row is a CIN episode with an assessment, referred in
    [first_day, end_day); without a class it is `unclassed`. A model that cannot be fitted leaves no rows, and the ledger
    says why. `interactions`, of INTERACTIONS:
    with "sex_age_ethnicity", sex, age and ethnic group are one term whose levels are their combinations;
    with "class", everything is crossed with class besides: a model within each class, whose predictions are means over
    the episodes of that class. That is the one model of class x (sex, age, ethnic group), of which a part that cannot be
    fitted does not stop the others.
    """
    ledger = Ledger()
    choose_episodes(engine, first_day, end_day, ledger)
    engine.make("rung_pattern", patterns())
    engine.make("rung_child", children())
    engine.make("rung_pair", pairs())
    levels = read_levels(engine)
    odds, probabilities = list[Row](), list[Row]()
    for rung in RUNGS:
        counts = read_counts(engine, rung)
        models = fit_all(rung, crossed(levels) if CROSSED in interactions else levels, counts, ledger)
        if "class" in interactions:
            models += fit_within_classes(rung, levels, counts, ledger)
        behind = read_children(engine, rung) if models else {}
        odds += [{"rung": rung, **row} for found in models for row in found.odds]
        probabilities += [
            {"rung": rung, **row, **behind[str(row["term"]), str(row["level"])]}
            for found in models
            for row in found.probabilities
        ]
    engine.load("rung_model", pa.Table.from_pylist(odds, schema=RUNG_MODEL))
    engine.load("rung_probability", pa.Table.from_pylist(probabilities, schema=RUNG_PROBABILITY))
    return ledger


def fit_all(rung: str, levels: Levels, counts: Counts, ledger: Ledger) -> list[RungModel]:
    """Fit one model to all episodes; none, and the ledger says why, where that cannot be."""
    step, tables = f"model reaching {rung}", ("rung_episode", f"model of {rung}")
    episodes = int(counts.trials.sum())
    try:
        found = model_rung(terms_of(levels), counts)
    except CannotModelError as fault:
        ledger.note(step, *tables, episodes, 0, {f"no model: {fault}": episodes})
        return []
    ledger.note(step, *tables, episodes, found.rows, {SETTLED: episodes - found.rows})
    return [found]


def fit_within_classes(rung: str, levels: Levels, counts: Counts, ledger: Ledger) -> list[RungModel]:
    """Fit a model to the episodes of each class; the ledger says of which classes there is none, and why."""
    models = list[RungModel]()
    aside = Counter({SETTLED: 0})
    for class_no in map(str, np.unique(levels[CLASS])):
        mine = levels[CLASS] == class_no
        part = counts.of(mine)
        episodes = int(part.trials.sum())
        try:
            found = model_rung(terms_of({term: levels[term][mine] for term in WITHIN}), part)
        except CannotModelError as fault:
            aside[f"class {class_no}: no model: {fault}"] += episodes
            continue
        aside[SETTLED] += episodes - found.rows
        odds, probabilities = (
            tuple(within(class_no, row) for row in rows) for rows in (found.odds, found.probabilities)
        )
        models.append(RungModel(odds, probabilities, found.rows))
    fitted = sum(found.rows for found in models)
    step, tables = f"model reaching {rung} within each class", ("rung_episode", f"models of {rung} within a class")
    ledger.note(step, *tables, int(counts.trials.sum()), fitted, aside)
    return models


def within(class_no: str, row: Row) -> Row:
    """Say of a row of one class's model which class that is."""
    named = {name: f"{class_no}, {row[name]}" for name in ("level", "reference") if row.get(name) is not None}
    return {**row, "term": WITHIN[str(row["term"])], **named}


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
        LEFT JOIN episode_class AS c ON c.episode_id = w.episode_id"""


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


def read_levels(engine: Engine) -> Levels:
    """Read the level of every pattern, term by term."""
    table = engine.arrow(f"SELECT {', '.join(TERMS)} FROM rung_pattern ORDER BY pattern_no")
    return {name: np.array(table[name].to_pylist(), dtype=str) for name in TERMS}


def crossed(levels: Levels) -> Levels:
    """Make sex, age and ethnic group one term."""
    cells = zip(levels["sex"], levels["age_band"], levels["ethnic_group"], strict=True)
    return {CLASS: levels[CLASS], CROSSED: np.array([", ".join(cell) for cell in cells], dtype=str)}


def terms_of(levels: Levels) -> list[Term]:
    """Return the terms of some patterns; a term with one level says nothing and is left out."""
    terms = []
    for name, values in levels.items():
        distinct, level_of = np.unique(values, return_inverse=True)
        if distinct.size > 1:
            terms.append(Term(name, tuple(map(str, distinct)), level_of))
    return terms


def read_children(engine: Engine, rung: str) -> dict[tuple[str, str], dict[str, int]]:
    """Count, for each level of each term, the different children with an episode that reached the rung, and with one that did not."""
    levels = {term: term for term in TERMS} | {CROSSED: "concat(sex, ', ', age_band, ', ', ethnic_group)"}
    levels |= {name: f"concat({CLASS}, ', ', {term})" for term, name in WITHIN.items()}
    counts = ", ".join(f"count(DISTINCT CASE WHEN {rung} = {flag} THEN person_id END) AS n{flag}" for flag in (1, 0))
    select = " UNION ALL ".join(
        f"SELECT '{term}' AS term, {level} AS level, {counts} FROM rung_episode GROUP BY {level}"
        for term, level in levels.items()
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
