"""Are the classes the same in every authority, or year? Each with assessments enough gets classes of its own."""

from collections.abc import Iterator, Sequence

from careloom.engine import Engine
from careloom.stats.latent_class.groups.groups import GroupFit, fit_groups
from careloom.stats.latent_class.rows.grouped_patterns import group_weights
from careloom.typology.found import Found
from careloom.typology.patterns import read_groups
from careloom.typology.tables import WHEN_ASKED, in_columns, known

LEAST = {"la": 2000, "year": 500}
"""Assessments from which an authority, or a year, is looked at alone: with fewer, chance makes other classes."""
WHAT = {"la": "authorities", "year": "years"}
ONE = {"la": "authority", "year": "year"}
CHILDREN = {
    "la": "SELECT la AS group_name, count(DISTINCT person_id) AS n FROM assessment_indicator GROUP BY la",
    "year": "SELECT CAST(year_ending(assessed_on) AS VARCHAR) AS group_name, count(DISTINCT person_id) AS n FROM assessment_indicator GROUP BY year_ending(assessed_on)",
}


def load_groups(engine: Engine, found: Found, by: Sequence[str], *, starts: int, seed: int) -> list[str]:
    """Make `class_by_group` for `la`, `year` or both; return in words how many groups were too small for it.

    In each group as many classes are fitted as all assessments together have, from those and from `starts` random
    starts; of the two the better is kept.
    """
    rows: list[tuple[object, ...]] = []
    said = []
    for each in by:
        names, weights = read_groups(engine, found.patterns, found.place, each)
        if len(names) == 1:
            said.append(f"All assessments are of one {ONE[each]}: there is nothing to compare.")
            continue
        large = int((weights.sum(axis=1) >= LEAST[each]).sum())
        said.append(
            f"{large} of {len(names)} {WHAT[each]} have {LEAST[each]:,} assessments or more, and were looked at alone."
        )
        if not large:
            continue
        grouped = group_weights(found.table, weights)
        fits = fit_groups(grouped, found.parameters, starts=starts, least=LEAST[each], seed=seed)
        children = dict(engine.rows(CHILDREN[each]))
        for fit in fits.fits:
            name = names[fit.group]
            rows += [(each, name, *row) for row in group_rows(fit, int(children[name]))]
    engine.load("class_by_group", in_columns(rows, WHEN_ASKED["class_by_group"]))
    return said


def group_rows(fit: GroupFit, children: int) -> Iterator[tuple[object, ...]]:
    own = fit.best
    for number, (congruence, deviations, likeness) in enumerate(
        zip(own.matched.congruence, own.matched.of_deviations, own.matched.likeness, strict=True), start=1
    ):
        yield (
            round(fit.n), children, number, known(congruence), known(deviations), likeness, own.adjusted_rand, own.kappa,
        )  # fmt: skip
