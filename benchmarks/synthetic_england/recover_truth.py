"""Make a country, run the whole analysis over its returns, and print how much of the truth the run finds again.

    python benchmarks/synthetic_england/recover_truth.py [--authorities 10] [--children 20000] [--years 2016-2021]
        [--seed 2] [--starts 10]

--children is for each authority. The run is that of a study, but that classes are not scanned: as many as there are
planted kinds are fitted, from --starts random starts, to all authorities together. Printed are

links      pairs of identifiers, of one authority or two, that are one child: how many are found, and how many are right
classes    agreement with the planted kinds (adjusted Rand index) beside the best there can be: each assessment given to
           the kind most probable by the planted probabilities, those of its own authority, or those of the typical one
outcomes   hazards against the planted law, by the true kind of each case and by the class found
care       nights of care costed against those of the true periods of care

Years to 2021 only: 24A, which came in 2022, is not in the set of indicators, and the best there can be would be off.
What is written goes to a temporary folder (TMPDIR says where) and is removed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray
from scipy.stats import chi2

from careloom.catalogue import Catalogue, Population, load_catalogue
from careloom.engine import DuckDBEngine, Engine, count, value
from careloom.stats import adjusted_rand_index, collapse, fit_cox, fit_latent_classes, match_classes, posterior
from careloom.stats.latent_class import Parameters, PatternTable, from_yes
from careloom.stats.latent_class.fitting.climb import climb_to_end
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.study import Study, read_study
from careloom.study.run import stages
from careloom.synth import make_england
from careloom.synth.chance import shifted
from careloom.synth.life.authorities import draw_authorities
from careloom.synth.life.factors import chances

Floats = NDArray[np.float64]
Texts = NDArray[np.str_]

RETURNS = ("ssda903", "cin_census")
TRUTH = ("person", "referral", "assessment", "plan", "care")  # kept by authority
LAST_YEAR = 2021
ITEM = {"0": 0, "1": 1, "-": -1}
AGES = {"under 1": "<1", "1-4": "1-4", "5-9": "5-9", "10-15": "10-15", "16-17": "16-17"}
ENDS = {"re_referral": "referral closes_on", "repeat_plan": "plan ends_on", "re_entry": "care ends_on"}  # time zero
FEWEST_EVENTS = 20  # a level with fewer is not compared on its own; its planted ratio still counts
INSIDE = (0.0005, 0.9995)  # a climb cannot leave 0 or 1
SURE = 1.959964  # standard errors on either side of an interval of 95%


def main() -> None:
    asked = arguments()
    with tempfile.TemporaryDirectory() as out, closing(DuckDBEngine()) as engine:
        recover(asked, Path(out), engine)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How much of the planted truth a run finds again.")
    parser.add_argument("--authorities", type=int, default=10)
    parser.add_argument("--children", type=int, default=20_000, help="in the returns of each authority, about")
    parser.add_argument("--years", default="2016-2021")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--starts", type=int, default=10)
    asked = parser.parse_args()
    if int(asked.years[-4:]) > LAST_YEAR:
        parser.error(f"--years: {LAST_YEAR} is the last that can be asked for")
    return asked


def recover(asked: argparse.Namespace, out: Path, engine: Engine) -> None:
    """Make, run, and print each section as soon as it is known."""
    catalogue, first, last = load_catalogue(), int(asked.years[:4]), int(asked.years[-4:])
    print(f"{asked.authorities} authorities of {asked.children:,} children each, {asked.years}, seed {asked.seed}")
    many, size = asked.authorities, asked.children * asked.authorities
    made = make_england(out, authorities=many, children=size, years=(first, last), seed=asked.seed, systems=RETURNS)
    assert made.study is not None
    load_truth(engine, out / "truth")
    study = replace(read_study(made.study, catalogue), most_classes=1, starts=1)
    kinds: list[str] = []
    for stage, work in stages(study, catalogue, engine):
        with timed(stage):
            assert work().faults() == []
        if stage == "linking children":
            show_links(engine)
        if stage == "finding categories of demand":
            kinds = show_classes(engine, catalogue, asked)
    for outcome in ENDS:
        show_outcome(engine, outcome, kinds)
    show_care(engine, study)


@contextmanager
def timed(step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    if (seconds := time.perf_counter() - started) >= 1:
        print(f"  [{step}: {seconds:.0f} s]", flush=True)


def load_truth(engine: Engine, aside: Path) -> None:
    """Lay the truth beside the run's tables, which never see it: `truth_person` and so on, all authorities together."""
    engine.load("truth_hazards", texts_of(aside / "hazards.csv"))
    authorities = texts_of(aside / "authorities.csv")["authority"].to_pylist()
    for name in TRUTH:
        parts = {la: texts_of(aside / la / f"{name}.csv") for la in authorities}
        told = [part.append_column("la", pa.array([la] * part.num_rows, pa.string())) for la, part in parts.items()]
        engine.load(f"truth_{name}", pa.concat_tables(told))


def texts_of(path: Path) -> pa.Table:
    names = path.open(encoding="utf-8").readline().strip().split(",")
    options = pyarrow.csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False)
    return pyarrow.csv.read_csv(path, convert_options=options)


# --- links -----------------------------------------------------------------------------------------------------------

CHILDREN = """
    SELECT k.la, k.child_id, min(k.person_id) AS person_id, count(DISTINCT k.person_id) AS persons,
           t.person_id AS true_id, t.identity, CAST(t.born_on AS DATE) AS born_on,
           (SELECT max(collection_year) FROM record AS r WHERE r.la = k.la AND r.child_id = k.child_id) AS last_year
    FROM person_of AS k JOIN truth_person AS t ON t.la = k.la AND t.child_id = k.child_id
    GROUP BY k.la, k.child_id, t.person_id, t.identity, t.born_on"""
TRUE_PAIRS = """
    SELECT one.person_id = two.person_id AS is_found,
           CASE WHEN 'adopted' IN (one.identity, two.identity) THEN 'adopted' ELSE 'moved' END AS what,
           age_on(one.born_on, make_date(CASE WHEN one.identity = 'own' THEN one.last_year ELSE two.last_year END, 3, 31)) AS age
    FROM truth_child AS one JOIN truth_child AS two ON one.true_id = two.true_id
    WHERE one.la || one.child_id < two.la || two.child_id"""
FALSE_PAIRS = """
    SELECT count(*) AS n FROM truth_child AS one JOIN truth_child AS two ON one.person_id = two.person_id
    WHERE one.la || one.child_id < two.la || two.child_id AND one.true_id <> two.true_id"""
GROUPS = """
    SELECT what || CASE WHEN what = 'adopted' THEN '' WHEN age < 4 THEN ', last returned under 4'
                        WHEN age < 5 THEN ', last returned at 4' ELSE ', last returned at 5 or over' END AS who,
           count(*) FILTER (WHERE is_found) AS found, count(*) AS n
    FROM true_pair GROUP BY who ORDER BY who"""


def show_links(engine: Engine) -> None:
    children = engine.make("truth_child", CHILDREN)
    split = count(engine, "truth_child WHERE persons > 1")
    pairs = engine.make("true_pair", TRUE_PAIRS)
    found, wrong = count(engine, "true_pair WHERE is_found"), value(engine, FALSE_PAIRS)
    print(f"links: {children:,} children of one authority each, {split} of them taken for two")
    print(f"  of {pairs:,} pairs of identifiers of one child {found:,} are found; {wrong} are found that are not")
    for who, n, of in engine.rows(GROUPS):
        print(f"  {who}: {n:,} of {of:,} found ({n / of:.3f})")


# --- classes ---------------------------------------------------------------------------------------------------------

SEEN = """
    SELECT a.la, a.pattern, t.class AS kind, count(*) AS n
    FROM assessment_indicator AS a
    JOIN spell AS s ON s.spell_id = a.assessment_id
    JOIN truth_child AS k ON k.la = a.la AND k.person_id = a.person_id
    JOIN truth_assessment AS t ON t.la = k.la AND t.child_id = k.child_id AND CAST(t.assessment_starts_on AS DATE) = s.starts_on
    GROUP BY a.la, a.pattern, t.class ORDER BY a.la, a.pattern, t.class"""
CLASS_OF = """
    SELECT a.assessment_id, a.person_id, a.la, a.episode_id, a.assessed_on, c.class_no, c.probability
    FROM assessment_indicator AS a JOIN pattern_class AS c ON c.pattern = a.pattern"""


@dataclass(frozen=True, eq=False)
class Seen:
    """Assessments by authority, pattern and true kind: row for row its authority, pattern and kind, and how many."""

    authorities: list[str]
    patterns: list[str]
    la: NDArray[np.int64]
    pattern: NDArray[np.int64]
    kind: NDArray[np.int64]
    n: NDArray[np.int64]

    @property
    def items(self) -> NDArray[np.int8]:
        return np.array([[ITEM[letter] for letter in pattern] for pattern in self.patterns], dtype=np.int8)

    def agreement(self, label: NDArray[np.int64]) -> float:
        """Adjusted Rand index of labels, one a row, with the true kinds."""
        return adjusted_rand_index(np.repeat(label, self.n), np.repeat(self.kind, self.n))


def show_classes(engine: Engine, catalogue: Catalogue, asked: argparse.Namespace) -> list[str]:
    """Fit the classes, put them in place of the run's, and compare; returns the kind that each class is, by its number."""
    population = catalogue.populations["england"]
    keys = [kind.key for kind in population.kinds]
    seen = read_seen(engine, keys)
    items = seen.items
    data, row = collapse(items, np.bincount(seen.pattern, seen.n), [(0, 1)] * items.shape[1])
    with timed(f"fitting {len(keys)} classes to {len(seen.patterns):,} patterns"):
        fit = fit_latent_classes(data, classes=len(keys), starts=asked.starts, seed=1)
    member = posterior(fit.parameters, data.codes)[row]
    found = member.argmax(axis=1)
    table = {"pattern": seen.patterns, "class_no": found + 1, "probability": member.max(axis=1)}
    engine.load("pattern_class", pa.table(table))
    engine.make("class_of", CLASS_OF)
    by_kind = np.zeros((len(keys), items.shape[0]))
    np.add.at(by_kind, (seen.kind, seen.pattern), seen.n)
    profile = (by_kind @ (items == 1)) / np.maximum(by_kind @ (items >= 0), 1)
    share = by_kind.sum(axis=1) / seen.n.sum()
    order = match_classes(profile, fit.yes)  # class order[k] is kind k
    print(f"classes: {seen.n.sum():,} assessments; {fit.starts_at_best} of {fit.starts} starts found the best solution")
    show_agreement(seen, found, population, catalogue, asked)
    show_climb(seen, data, row, from_yes(share, profile.clip(*INSIDE)), fit.loglik)
    show_profiles(keys, profile, share, fit.yes[order], fit.shares[order])
    return [keys[int(np.flatnonzero(order == number)[0])] for number in range(len(keys))]


def show_climb(seen: Seen, data: PatternTable, row: NDArray[np.intp], kinds: Parameters, found: float) -> None:
    """Climb the likelihood from the true profiles: is a kind not found for want of starts, or is another fit likelier?"""
    top = climb_to_end(PatternObjective(data), kinds).point
    agreement = seen.agreement(posterior(top.at, data.codes).argmax(axis=1)[row][seen.pattern])
    print(
        f"  log-likelihood {top.loglik - found:+,.1f} against it, and index {agreement:.3f}, climbing from the kinds themselves"
    )


def read_seen(engine: Engine, keys: list[str]) -> Seen:
    table = engine.arrow(SEEN)
    la, pattern, kind = (np.array(table[name].to_pylist()) for name in ("la", "pattern", "kind"))
    authorities, la_at = np.unique(la, return_inverse=True)
    patterns, pattern_at = np.unique(pattern, return_inverse=True)
    kind_at = np.array([keys.index(key) for key in kind])
    n = np.array(table["n"].to_pylist(), dtype=np.int64)
    assert n.sum() == count(engine, "assessment_indicator"), "an assessment has no truth, or two"
    return Seen(authorities.tolist(), patterns.tolist(), la_at, pattern_at, kind_at, n)


def show_agreement(
    seen: Seen, found: NDArray[np.int64], population: Population, catalogue: Catalogue, asked: argparse.Namespace
) -> None:
    country = draw_authorities(population, asked.authorities, asked.seed)
    items = catalogue.indicator_sets["assessment_factors_34"].indicators
    codes = [item.codes[0] if len(item.codes) == 1 else item.codes[0][:-1] for item in items]  # 18A, 18B, 18C: 18
    column = [list(population.background).index(code) for code in codes]
    own, typical = np.empty_like(seen.kind), np.empty_like(seen.kind)
    for at, la in enumerate(seen.authorities):
        mine = np.flatnonzero(seen.la == at)
        share = np.bincount(seen.kind[mine], seen.n[mine], len(population.kinds)).astype(float)
        authority = next(each for each in country if each.code == la)
        habits = shifted(chances(population), authority.factors)[:, column]
        own[mine] = most_probable(habits, share, seen.items[seen.pattern[mine]])
        typical[mine] = most_probable(chances(population)[:, column], share, seen.items[seen.pattern[mine]])
    reached, by_own, by_typical = map(seen.agreement, (found[seen.pattern], own, typical))
    best = f"{by_own:.3f} by each authority's own habits, {by_typical:.3f} by typical ones"
    print(f"  adjusted Rand index with the planted kinds: {reached:.3f}; the best there can be: {best}")


def most_probable(chance: Floats, share: Floats, items: NDArray[np.int8]) -> NDArray[np.int64]:
    """The kind to which each row of items most probably belongs; an assessment that shows nothing was drawn again."""
    chance = chance.clip(1e-12, 1 - 1e-12)
    with np.errstate(divide="ignore"):
        prior = np.log(share) - np.log1p(-np.prod(1 - chance, axis=1))
    logs: Floats = prior + (items == 1) @ np.log(chance).T + (items == 0) @ np.log1p(-chance).T
    return np.asarray(logs.argmax(axis=1))


def show_profiles(keys: list[str], profile: Floats, share: Floats, found: Floats, found_share: Floats) -> None:
    """Each class beside the assessments of its kind: size, and how far its probabilities are off."""
    off = found - profile
    print(f"  class probabilities off by {np.sqrt(np.mean(off**2)):.4f} (root mean square over kinds and indicators)")
    print(f"  {'kind':34}{'true share':>12}{'found':>8}{'RMSE':>8}{'worst':>8}")
    for at, key in enumerate(keys):
        rmse, worst = np.sqrt(np.mean(off[at] ** 2)), np.abs(off[at]).max()
        print(f"  {key:34}{share[at]:12.3f}{found_share[at]:8.3f}{rmse:8.3f}{worst:8.3f}")


# --- outcomes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Followed:
    """Stretches at risk: one element each, `levels` by term of the law."""

    person: Texts
    days: Floats
    is_event: NDArray[np.bool_]
    levels: dict[str, Texts]

    def where(self, kept: NDArray[np.bool_]) -> Followed:
        levels = {term: level[kept] for term, level in self.levels.items()}
        return Followed(self.person[kept], self.days[kept], self.is_event[kept], levels)


def show_outcome(engine: Engine, outcome: str, kinds: list[str]) -> None:
    followed, found, is_elsewhere = read_followed(engine, outcome, kinds)
    planted = f"SELECT term, level, log_hazard_ratio FROM truth_hazards WHERE outcome = '{outcome}'"
    law = {(term, level): float(ratio) for term, level, ratio in engine.rows(planted)}
    print(f"{outcome}: {followed.days.size:,} stretches, {int(followed.is_event.sum()):,} events")
    print(f"  by the true kind, of children who did not move: {distance(followed.where(~is_elsewhere), law)}")
    print(f"  by the true kind, of all whom the run follows: {distance(followed, law)}")
    by_class = replace(followed, levels=followed.levels | {"class": found}).where(~is_elsewhere & (found != ""))
    print(f"  by the class found, of children who did not move: {distance(by_class, law)}")


def read_followed(engine: Engine, outcome: str, kinds: list[str]) -> tuple[Followed, Texts, NDArray[np.bool_]]:
    """What the run follows, the kind that the class found is, and whether a move keeps the law from being seen.

    A child keeps the hazards of the authority that knew her first, and after she has moved away (RC5) she is seen again
    only where she could be linked.
    """
    table, ended = ENDS[outcome].split()
    assessed = "AND t.path <> 'no_further_action'" if table == "referral" else ""
    rows = engine.arrow(f"""
        SELECT e.person_id, e.days, e.is_event, e.la, e.age_band, e.sex, e.class_no, t.class AS kind,
               CAST(year_ending(e.starts_on) AS VARCHAR) AS year,
               k.identity = 'arrived' OR coalesce(s.end_reason, '') = 'RC5' AS is_elsewhere
        FROM time_to_event AS e
        JOIN spell AS s ON s.spell_id = e.unit_id
        JOIN truth_child AS k ON k.la = e.la AND k.person_id = e.person_id
        JOIN truth_{table} AS t ON t.la = k.la AND t.child_id = k.child_id AND CAST(t.{ended} AS DATE) = e.starts_on {assessed}
        WHERE e.outcome = '{outcome}' AND e.sex <> 'U' ORDER BY e.unit_id""").to_pydict()
    levels = {
        "class": np.array(rows["kind"]),
        "age_band": np.array([AGES[age] for age in rows["age_band"]]),
        "sex": np.where(np.array(rows["sex"]) == "M", "male", "female"),
        "year": np.array(rows["year"]),
        "authority": np.array(rows["la"]),
    }
    found = np.array([kinds[number - 1] if number else "" for number in rows["class_no"]])
    person, days, is_event = (np.array(rows[name]) for name in ("person_id", "days", "is_event"))
    return Followed(person, days.astype(float), is_event, levels), found, np.array(rows["is_elsewhere"])


def distance(followed: Followed, law: dict[tuple[str, str], float]) -> str:
    """How far the hazards are from a law, in words.

    The law enters the Cox model as a known part of the hazard; each level with enough events may depart from it. The
    last number is the planted log hazard ratio as the only covariate: 1 when differences are as large as planted.
    """
    known, columns, names = np.zeros(followed.days.size), [], []
    for term, level in followed.levels.items():
        values, at = np.unique(level, return_inverse=True)
        ratio = np.array([law.get((term, value), 0.0) for value in values.tolist()])
        known += ratio[at]
        events = np.bincount(at, followed.is_event)
        # Those with enough events, but the one with most: the others depart against it.
        compared = [i for i in np.argsort(-events)[1:].tolist() if events[i] >= FEWEST_EVENTS]
        columns += [at == i for i in compared]
        names += [f"{term} {values[i]}" for i in compared]
    slope = fitted(followed, known[:, None], ["planted"], np.zeros(known.size))
    error = float(np.sqrt(slope.robust_covariance[0, 0]))
    said = f"slope {slope.coefficients[0]:.3f} (standard error {error:.3f})"
    if not names:
        return f"too few events by level; {said}"
    fit = fitted(followed, np.column_stack(columns).astype(float), names, known)
    errors = np.sqrt(np.diag(fit.robust_covariance))
    joint = float(fit.coefficients @ np.linalg.solve(fit.robust_covariance, fit.coefficients))
    inside = int(np.sum(np.abs(fit.coefficients) < SURE * errors))
    return (
        f"{inside} of {len(names)} intervals hold the planted ratio, joint p {chi2.sf(joint, len(names)):.3f}; {said}"
    )


def fitted(followed: Followed, design: Floats, names: list[str], offset: Floats) -> Any:
    patterns, pattern = np.unique(np.column_stack([design, offset]), axis=0, return_inverse=True)
    x, known = patterns[:, :-1], patterns[:, -1]
    days, is_event, person = followed.days, followed.is_event, followed.person
    return fit_cox(x, pattern.ravel(), days, is_event, names=names, offset=known, cluster=person)


# --- care ------------------------------------------------------------------------------------------------------------


def show_care(engine: Engine, study: Study) -> None:
    """Nights of each child in the window of the costs, as costed and as they were."""
    first, end = study.cost_first_day, study.cost_end_day
    compared = engine.rows(f"""
        WITH true_night AS (
          SELECT la, child_id, sum(greatest(date_diff('day', greatest(CAST(starts_on AS DATE), DATE '{first}'),
                                                      least(CAST(ends_on AS DATE), DATE '{end}')), 0)) AS nights
          FROM truth_care GROUP BY la, child_id),
        costed AS (
          SELECT k.la, k.child_id, sum(c.quantity) AS nights
          FROM cost_line AS c JOIN truth_child AS k ON k.la = c.la AND k.person_id = c.person_id
          WHERE c.kind = 'fee' GROUP BY k.la, k.child_id)
        SELECT sum(coalesce(t.nights, 0)) AS true_nights, sum(coalesce(c.nights, 0)) AS costed_nights,
               count(*) FILTER (WHERE coalesce(t.nights, 0) <> coalesce(c.nights, 0)) AS differ,
               count(*) FILTER (WHERE coalesce(t.nights, 0) > 0) AS children
        FROM true_night AS t FULL JOIN costed AS c ON c.la = t.la AND c.child_id = t.child_id""")
    true, costed, differ, children = map(int, compared[0])
    print(f"care: {true:,} true nights of {children:,} children, {costed:,} costed; {differ} children differ")


if __name__ == "__main__":
    main()
