"""The typology's results as common tables."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.engine import Engine
from careloom.stats.latent_class.choosing.quality import classification_quality
from careloom.stats.latent_class.choosing.residuals import WORST, bivariate_residuals
from careloom.stats.latent_class.errors.standard_errors import standard_errors
from careloom.stats.latent_class.model.belonging import belonging
from careloom.typology.checklist import CHECKLIST, checklist_rows
from careloom.typology.found import Found
from careloom.typology.patterns import read_children
from careloom.typology.words import certificate_words, choice_rows, in_study_words

FEWEST_TOGETHER = 6
TEXT, WHOLE, NUMBER, FLAG = pa.string(), pa.int32(), pa.float64(), pa.bool_()


def schema(**kinds: pa.DataType) -> pa.Schema:
    return pa.schema(list(kinds.items()))


CRITERIA = ("aic", "aic3", "bic", "sabic", "caic", "icl", "relative_entropy", "entropy_r2", "smallest_share")
CLASS_FIT = schema(
    classes=WHOLE,
    log_likelihood=NUMBER,
    parameters=WHOLE,
    **dict.fromkeys(CRITERIA, NUMBER),
    least_posterior=NUMBER,
    share_certain=NUMBER,
    gain_per_assessment=NUMBER,
    split_half_gain=NUMBER,
    worst_residual=NUMBER,
    starts=WHOLE,
    starts_at_best=WHOLE,
    verdict=TEXT,
    not_met=TEXT,
    not_known=TEXT,
    is_chosen=FLAG,
)
TABLES: dict[str, pa.Schema] = {
    "class_fit": CLASS_FIT,
    "class_choice": schema(position=WHOLE, about=TEXT, is_met=TEXT, said=TEXT),
    "class_mode": schema(mode_no=WHOLE, log_likelihood=NUMBER, below_best=NUMBER, found=WHOLE, starts=TEXT, sizes=TEXT),
    "class_certificate": schema(
        classes=WHOLE, verdict=TEXT, gain_left=NUMBER, least_information=NUMBER, at_boundary=WHOLE, starts=WHOLE,
        starts_at_best=WHOLE, why=TEXT, said=TEXT,
    ),
    "demand_class": schema(class_no=WHOLE, name=TEXT, share=NUMBER, share_error=NUMBER, suggested=TEXT, name_version=WHOLE),
    "class_profile": schema(
        class_no=WHOLE, indicator=TEXT, label=TEXT, probability=NUMBER, probability_error=NUMBER, prevalence=NUMBER
    ),
    "class_quality": schema(placed_no=WHOLE, class_no=WHOLE, posterior=NUMBER, odds_of_correct=NUMBER),
    "class_residual": schema(position=WHOLE, label=TEXT, other_label=TEXT, children=WHOLE, observed=NUMBER, expected=NUMBER, residual=NUMBER, effect=NUMBER),
    "class_checklist": CHECKLIST,
}  # fmt: skip
WHEN_ASKED: dict[str, pa.Schema] = {
    "class_by_group": schema(
        grouped_by=TEXT, group_value=TEXT, assessments=WHOLE, children=WHOLE, class_no=WHOLE, congruence=NUMBER,
        of_deviations=NUMBER, likeness=TEXT, adjusted_rand=NUMBER, kappa=NUMBER,
    ),
    "scored_fit": schema(
        typology=TEXT, observed=NUMBER, expected=NUMBER, apart=NUMBER, gain=NUMBER, sure=NUMBER, said=TEXT
    ),
    "scored_class": schema(class_no=WHOLE, share_saved=TEXT, share_here=NUMBER),
    "scored_item": schema(
        position=WHOLE, label=TEXT, children=WHOLE, assessments=WHOLE, could=WHOLE, expected=NUMBER
    ),
}  # fmt: skip
"""Tables that are empty unless groups are looked at alone, or a saved typology is scored with."""
PATTERN_CLASS = schema(pattern=TEXT, pattern_no=WHOLE, class_no=WHOLE, probability=NUMBER)
PATTERN_MEMBERSHIP = schema(pattern_no=WHOLE, class_no=WHOLE, probability=NUMBER, assessments=NUMBER)
CLASS_OF = """
    SELECT a.assessment_id, a.person_id, a.la, a.episode_id, a.assessed_on, c.class_no, c.probability
    FROM assessment_indicator AS a JOIN pattern_class AS c ON c.pattern = a.pattern"""
ASSESSMENT_PATTERN = """
    SELECT a.assessment_id, c.pattern_no
    FROM assessment_indicator AS a JOIN pattern_class AS c ON c.pattern = a.pattern"""


def load_nothing(engine: Engine) -> None:
    """Make every table of the typology, empty."""
    for name, kinds in (TABLES | WHEN_ASKED).items():
        engine.load(name, kinds.empty_table())
    engine.load("pattern_class", PATTERN_CLASS.empty_table())
    engine.load("pattern_membership", PATTERN_MEMBERSHIP.empty_table())
    engine.make("class_of", CLASS_OF)
    engine.make("assessment_pattern", ASSESSMENT_PATTERN)


def load_found(engine: Engine, found: Found) -> None:
    """Make every table of the typology from what was found, and `class_of`."""
    for name, kinds in WHEN_ASKED.items():
        engine.load(name, kinds.empty_table())
    share_errors, errors = errors_of(engine, found)
    rows: dict[str, Iterable[Sequence[object]]] = {
        "class_fit": fit_rows(found),
        "class_choice": choice_rows(found),
        "class_mode": mode_rows(found),
        "class_certificate": certificate_rows(found),
        "demand_class": class_rows(found, share_errors),
        "class_profile": profile_rows(found, errors),
        "class_quality": quality_rows(found),
        "class_residual": residual_rows(engine, found),
        "class_checklist": checklist_rows(found),
    }
    for name, kinds in TABLES.items():
        engine.load(name, in_columns(list(rows[name]), kinds))
    engine.load("pattern_class", pattern_table(found))
    engine.load("pattern_membership", membership_table(found))
    engine.make("class_of", CLASS_OF)
    engine.make("assessment_pattern", ASSESSMENT_PATTERN)


def fit_rows(found: Found) -> Iterator[tuple[object, ...]]:
    if not (found.scan and found.choice):
        return
    for row, considered in zip(found.scan.rows, found.choice.considered, strict=True):
        yield (
            row.classes,
            row.loglik,
            row.parameters,
            *(getattr(row, name) for name in CRITERIA),
            known(row.least_posterior),
            row.share_certain,
            row.gain_per_row,
            row.split_half_gain,
            row.worst_residual,
            row.starts,
            row.starts_at_best,
            row.verdict,
            ", ".join(considered.broken),
            ", ".join(considered.unknown),
            row.classes == found.choice.chosen,
        )


def mode_rows(found: Found) -> Iterator[tuple[object, ...]]:
    """The tops that the starts of the chosen number of classes came to, highest first."""
    for number, mode in enumerate(found.fit.modes if found.fit else (), start=1):
        best = found.fit.modes[0].loglik if found.fit else mode.loglik
        kinds = ", ".join(f"{times} {kind}" for kind, times in mode.kinds)
        sizes = ", ".join(f"{share:.0%}" for share in mode.shares)
        yield number, mode.loglik, best - mode.loglik, mode.found, kinds, sizes


def certificate_rows(found: Found) -> Iterator[tuple[object, ...]]:
    if found.fit and found.choice:
        proof = found.fit.certificate
        counts = (found.fit.starts, found.fit.starts_at_best)
        yield (
            found.fit.classes, proof.verdict, proof.gain_left, proof.least_information, proof.at_boundary, *counts,
            in_study_words(found.choice.why), certificate_words(found.fit),
        )  # fmt: skip


def errors_of(engine: Engine, found: Found) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard errors of the shares (K,) and the probabilities (K, J), as the assessments of a child are alike.

    nan where nothing was fitted, and where there is none: at a probability of 0 or 1, or of what the data hardly tell.
    """
    errors = np.full((found.parameters.classes, len(found.items)), np.nan)
    if not found.fit:
        return errors[:, 0].copy(), errors
    children = read_children(engine, found.patterns, found.place)
    made = standard_errors(found.table, found.fit, kind="cluster" if children else "robust", clusters=children)
    errors[:, found.told] = np.column_stack([item[:, 1] for item in made.probabilities])
    return made.shares, errors


def class_rows(found: Found, errors: NDArray[np.float64]) -> Iterator[tuple[object, ...]]:
    """Estimated shares; scored with a saved typology, the mean of the posteriors of these assessments."""
    shares = found.fit.shares if found.fit else mean_posterior(found)
    for number, (called, share, error) in enumerate(zip(found.called, shares, errors, strict=True), start=1):
        version = called.decision.version if called.decision else None
        yield number, called.name, float(share), known(error), called.suggested, version


def mean_posterior(found: Found) -> NDArray[np.float64]:
    sums = np.zeros(found.parameters.classes)
    for some, _, belongs in belonging(found.table, found.parameters):
        sums += found.table.weights[some] @ belongs
    return sums / found.table.total


def profile_rows(found: Found, errors: NDArray[np.float64]) -> Iterator[tuple[object, ...]]:
    for number, (row, error) in enumerate(zip(found.probabilities, errors, strict=True), start=1):
        for item, p, e, overall in zip(found.items, row, error, found.patterns.prevalence, strict=True):
            yield number, item.name, item.label, known(p), known(e), known(overall)


def quality_rows(found: Found) -> Iterator[tuple[object, ...]]:
    """For each class, the mean probability of every class among the assessments placed in it."""
    quality = classification_quality(found.table, found.parameters)
    for placed, row in enumerate(quality.average_posterior, start=1):
        odds = float(quality.odds_of_correct[placed - 1])
        for number, posterior in enumerate(row, start=1):
            yield placed, number, known(posterior), odds if placed == number and np.isfinite(odds) else None


def residual_rows(engine: Engine, found: Found) -> Iterator[tuple[object, ...]]:
    """The pairs of indicators that the classes explain worst: how many record both, and how many would by the classes.

    Not those that fewer than 6 assessments record together: they could not be shown, and even their place among the
    others would tell of them.
    """
    told = [item for item, is_told in zip(found.items, found.told, strict=True) if is_told]
    every = bivariate_residuals(found.table, found.parameters) if len(told) > 1 else []
    pairs = [pair for pair in every if pair.observed[1, 1] >= FEWEST_TOGETHER][:WORST]
    children = children_with(engine, [(told[pair.first].name, told[pair.second].name) for pair in pairs])
    for position, (pair, of) in enumerate(zip(pairs, children, strict=True), start=1):
        labels = (told[pair.first].label, told[pair.second].label)
        both, expected = float(pair.observed[1, 1]), float(pair.expected[1, 1])
        yield position, *labels, of, both, expected, pair.residual, pair.effect


def children_with(engine: Engine, sets: Sequence[Sequence[str]]) -> list[int]:
    """How many different children have an assessment that records all indicators of each set."""
    if not sets:
        return []
    counted = [
        f"count(DISTINCT CASE WHEN {' AND '.join(f'{quoted} = 1' for quoted in map(in_quotes, names))} THEN person_id END) AS n{place}"
        for place, names in enumerate(sets)
    ]
    (found,) = engine.rows(f"SELECT {', '.join(counted)} FROM assessment_indicator")
    return [int(n) for n in found]


def in_quotes(name: str) -> str:
    return f'"{name}"'


def pattern_table(found: Found) -> pa.Table:
    """The most probable class of each pattern; of equals the larger class, for classes come by descending share."""
    modal = np.empty(len(found.table.weights), dtype=np.int64)
    highest = np.empty(len(found.table.weights))
    for some, _, belongs in belonging(found.table, found.parameters):
        modal[some], highest[some] = belongs.argmax(axis=1), belongs.max(axis=1)
    columns = [list(found.patterns.texts), found.place, modal[found.place] + 1, highest[found.place]]
    return pa.table(columns, schema=PATTERN_CLASS)


def membership_table(found: Found) -> pa.Table:
    """How surely each pattern belongs to each class, for those who compare classes afterwards."""
    table, classes = found.table, found.parameters.classes
    belongs = np.concatenate([some for _, _, some in belonging(table, found.parameters)])
    columns = [
        np.repeat(np.arange(len(belongs)), classes),
        np.tile(np.arange(1, classes + 1), len(belongs)),
        belongs.ravel(),
        np.repeat(table.weights, classes),
    ]
    return pa.table(columns, schema=PATTERN_MEMBERSHIP)


def known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def in_columns(rows: Sequence[Sequence[object]], kinds: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in kinds)
    return pa.table([list(column) for column in columns], schema=kinds)
