"""Results that rest on who is one child, as they stand in an engine: each with its variance, to be combined with others like it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log

from careloom.engine import Engine
from careloom.stats.proportions import SURE
from careloom.stats.rubin import combine_sets

HAZARD, SHARE, TOTAL, MEAN = "hazard ratio", "share", "total cost", "mean cost"
TERMS = ("class_no", "age_band", "sex", "ethnic_group")
"""What hazard ratios are given of: the categories of demand, and those groups whose links go wrong more often than others'."""
MONTHS = {366: 12, 1827: 60}
"""By day, the months after which shares with the event are read off."""
HAZARDS = f"""
    SELECT outcome, term, level, reference, hazard_ratio, lower, upper, children, children_with_event
    FROM hazard_ratio
    WHERE model = 'M2' AND method = 'cause_specific' AND period = 'all' AND reference <> 'mean of all' AND level <> reference
      AND term IN ({", ".join(f"'{term}'" for term in TERMS)})"""
SHARES = f"""
    SELECT outcome, days, share, lower, upper, children, children_with_event FROM read_off
    WHERE class_no = 0 AND of_whom = 'all children' AND days IN ({", ".join(map(str, MONTHS))})"""
ONCE = "SELECT costs_of, 0 AS class_no, person_id, cost, CAST(1 AS DOUBLE) AS part, 1 AS in_it FROM cost_of_child"
PARTS = """
    SELECT costs_of, coalesce(class_no, -1) AS class_no, person_id, cost, CAST(probability AS DOUBLE) AS part,
           coalesce(is_modal, 1) AS in_it FROM cost_part"""
COSTS = f"""
    WITH part AS ({ONCE} UNION ALL {PARTS}),
    mean AS (SELECT costs_of, class_no, sum(part) AS weight, sum(part * cost) AS cost FROM part GROUP BY costs_of, class_no)
    SELECT p.costs_of, p.class_no, count(*) AS n, m.weight, m.cost,
           sum(p.part * p.part * (p.cost - m.cost / m.weight) * (p.cost - m.cost / m.weight)) AS squares,
           max(CASE WHEN p.place = 1 THEN p.part * p.cost END) AS largest, max(CASE WHEN p.place = 2 THEN p.part * p.cost END) AS next_largest,
           sum(p.in_it) AS children
    FROM (SELECT *, row_number() OVER (PARTITION BY costs_of, class_no ORDER BY part * cost DESC, person_id) AS place FROM part) AS p
    JOIN mean AS m ON m.costs_of = p.costs_of AND m.class_no = p.class_no
    WHERE m.weight > 0 GROUP BY p.costs_of, p.class_no, m.weight, m.cost"""
Key = tuple[str, str, str, str, str]
"""What a result is of: kind, subject (an outcome, or which costs), term, level, and the level it is compared with."""


@dataclass(frozen=True)
class Result:
    """One result on a scale on which it is about normal, its variance there, and whose it is.

    Hazard ratios and money are their logarithms, a share log(-log(1 - share)). `degrees` are the degrees of freedom it
    would have were no link in doubt. `cost`, `largest` and `next_largest` are of money: for disclosure control only.
    """

    value: float
    variance: float
    degrees: float
    children: int
    children_with_event: int
    cost: float = 0.0
    largest: float = 0.0
    next_largest: float = 0.0


Row = dict[str, object]
Results = Mapping[Key, Result]


def results_of(engine: Engine) -> Results:
    """Read every result of `hazard_ratio`, `read_off` and the costs of children; those without an estimate are left out."""
    found = {**dict(hazards(engine)), **dict(shares(engine)), **dict(costs(engine))}
    return {key: each for key, each in found.items() if isfinite(each.value) and 0 < each.variance < inf}


def hazards(engine: Engine) -> Iterator[tuple[Key, Result]]:
    """Degrees of freedom: children with the event at all levels of the term, less the levels."""
    rows = [row for row in engine.rows(HAZARDS) if None not in row]
    for outcome, term, level, reference, ratio, lower, upper, children, with_event in rows:
        events = [row[-1] for row in rows if row[:2] == (outcome, term)]
        degrees = max(float(sum(events) - len(events)), 1.0)
        error = (log(upper) - log(lower)) / (2 * SURE)
        yield (
            (HAZARD, outcome, term, level, reference),
            Result(log(ratio), error**2, degrees, int(children), int(with_event)),
        )


def shares(engine: Engine) -> Iterator[tuple[Key, Result]]:
    """Shares with the event on the scale of their limits; degrees of freedom: children with the event, less one."""
    for outcome, day, share, lower, upper, children, with_event in engine.rows(SHARES):
        if None in (share, lower, upper) or not 0 < lower <= share <= upper < 1:
            continue
        error = (log_log(upper) - log_log(lower)) / (2 * SURE)
        counts = (max(float(with_event - 1), 1.0), int(children), int(with_event))
        yield (SHARE, outcome, "", str(MONTHS[day]), ""), Result(log_log(share), error**2, *counts)


def log_log(share: float) -> float:
    """log(-log(1 - share)): the scale on which limits of a survival curve are about even.

    Source: Marshall, Altman, Holder and Royston (2009), BMC Medical Research Methodology 9:57, who combine survival there.
    """
    return log(-log(1 - share))


def costs(engine: Engine) -> Iterator[tuple[Key, Result]]:
    """What children cost together, and on average by class, as other children like them might have.

    Of a mean sum p C / sum p the variance is sum p^2 (C - mean)^2 / (sum p)^2, of a total n times that of one child's cost;
    of the logarithm, that over the square of what it is of. Source: Cochran (1977), Sampling Techniques, section 6.3 (the
    ratio of two totals); costs are skewed, and limits from the logarithm are nearer to those of children drawn again.
    """
    for costs_of, class_no, n, *sums, children in engine.rows(COSTS):
        weight, cost, squares, largest, second = (float(each or 0) for each in sums)
        if cost <= 0:
            continue
        whose = (max(n - 1.0, 1.0), int(children), int(children), cost, largest, second)
        variance = squares / cost**2
        if class_no == 0:
            yield (TOTAL, costs_of, "", "", ""), Result(log(cost), variance * n / max(n - 1, 1), *whose)
        yield (MEAN, costs_of, "class_no", str(class_no), ""), Result(log(cost / weight), variance, *whose)


def said_rows(sets: Sequence[Results]) -> Iterator[Row]:
    """One row for each result: as one way of linking has it, or as several sets of drawn links have it together.

    Of several sets, those that have the result count; where only one has it there is no row. Whom it rests on is said of
    the set with the fewest children, and of money that in which one child is the largest part of it.
    """
    for key in sorted({key for each in sets for key in each}):
        found = [each[key] for each in sets if key in each]
        if len(sets) > 1 and len(found) < 2:
            continue
        lone = max(found, key=lambda each: each.largest / each.cost if each.cost else 0.0)
        yield {
            **dict(zip(("kind", "subject", "term", "level", "reference"), key, strict=True)),
            "sets": len(found),
            "children": min(each.children for each in found),
            "children_with_event": min(each.children_with_event for each in found),
            **{name: getattr(lone, name) for name in ("cost", "largest", "next_largest")},
            **(one_row(key[0], found[0]) if len(sets) == 1 else combined_row(key[0], found)),
        }


def one_row(kind: str, only: Result) -> Row:
    reach = SURE * only.variance**0.5
    return limits_row(kind, only.value, only.value - reach, only.value + reach)


def combined_row(kind: str, found: Sequence[Result]) -> Row:
    """By Rubin's rules; the degrees of freedom of complete data are those of the set that has the fewest."""
    both = combine_sets(
        [each.value for each in found],
        [each.variance for each in found],
        min(each.degrees for each in found),
    )
    lower, upper = both.limits()
    return {
        **limits_row(kind, float(both.estimates), float(lower), float(upper)),
        "within_error": float(both.within) ** 0.5,
        "between_error": float(both.between) ** 0.5,
        "share_of_doubt": float(both.share_of_doubt),
        "degrees_of_freedom": float(both.degrees_of_freedom),
        "missing_information": float(both.missing_information),
    }


def limits_row(kind: str, value: float, lower: float, upper: float) -> Row:
    return {name: as_read(kind, each) for name, each in (("estimate", value), ("lower", lower), ("upper", upper))}


def as_read(kind: str, value: float) -> float:
    """Back from the scale on which a result is about normal to the one on which it is read."""
    return 1 - exp(-exp(value)) if kind == SHARE else exp(value)
