"""From assessments and factors to yes/no items: which assessments can be classified, and what each records."""

import datetime as dt
from collections.abc import Iterable

from careloom.catalogue import Indicator, IndicatorSet
from careloom.core import Ledger
from careloom.engine import Engine, count, text, value, with_names

AGED_18 = "aged 18 or over at assessment"
OUTSIDE = ("not authorised", "authorised outside the study period", AGED_18)
"""Why an assessment is not of the population; the first that holds counts."""
NO_FACTORS = "no factors recorded"
COLUMNS = ("assessment_id", "person_id", "la", "episode_id", "assessed_on", "collection_year")


def make_population(engine: Engine, *, first_day: dt.date, end_day: dt.date, include_18plus: bool = False) -> None:
    """Make `assessment_asked`: every assessment, and in `outside` why it is not of the study's population, if so.

    Reads `spell` and `person`. The age at an unknown date of birth is not known, and such a child is not set aside.
    """
    outside = {
        OUTSIDE[0]: "s.assessed_on IS NULL",
        OUTSIDE[1]: f"s.assessed_on < DATE '{first_day}' OR s.assessed_on >= DATE '{end_day}'",
        OUTSIDE[2]: "s.age >= 18",
    }
    if include_18plus:
        del outside[AGED_18]
    assessments = """
        SELECT s.spell_id AS assessment_id, s.person_id, s.la, s.within_id AS episode_id,
               add_days(s.ends_on, -1) AS assessed_on, s.collection_year, age_on(p.born_on, add_days(s.ends_on, -1)) AS age
        FROM spell AS s LEFT JOIN person AS p ON p.person_id = s.person_id
        WHERE s.kind = 'assessment'"""
    select = f"SELECT {listed_columns('s')}, {first_reason(outside)} AS outside FROM assessments AS s"
    engine.make("assessment_asked", with_names({"assessments": assessments}, select))


def make_population_again(engine: Engine) -> None:
    """Make `assessment_asked` from the `assessment_seen` that a run has kept: as that run saw the population."""
    kept = f"CASE WHEN s.set_aside IN ({listed(OUTSIDE)}) THEN s.set_aside END"
    engine.make("assessment_asked", f"SELECT {listed_columns('s')}, {kept} AS outside FROM assessment_seen AS s")


def make_indicators(engine: Engine, indicators: IndicatorSet, ledger: Ledger) -> IndicatorSet:
    """Make `assessment_seen`, every assessment and why it is set aside, and `assessment_indicator`, those that are not.

    Reads `assessment_asked` and `factor`; makes the working table `known_factor` on the way. Each item is 1, 0, or
    missing before its first year. `pattern` says the same in one text, a letter an item in the order of the set: `1`,
    `0` or `-`. Returns the set as it was used: without the indicators that too few assessments record, if it says so.
    """
    used = indicators
    make_items(engine, used)
    if indicators.least_prevalence:
        used = common_ones(engine, indicators)
        make_items(engine, used)
    note_factors(engine, used, ledger)
    note_assessments(engine, used, ledger)
    return used


def make_items(engine: Engine, indicators: IndicatorSet) -> None:
    engine.make(
        "known_factor", f"SELECT DISTINCT assessment_id, code FROM factor WHERE code IN ({known_codes(indicators)})"
    )
    engine.make("assessment_seen", assessments_with_reason(indicators))
    engine.make("assessment_indicator", assessments_with_items(indicators))


def common_ones(engine: Engine, indicators: IndicatorSet) -> IndicatorSet:
    """The indicators that so many of the assessments record, of those that could, as the set asks for."""
    names = [item.name for item in indicators.indicators]
    shares = ", ".join(f'avg(CAST("{name}" AS DOUBLE)) AS "{name}"' for name in names)
    (recorded,) = engine.rows(f"SELECT {shares} FROM assessment_indicator")
    least = indicators.least_prevalence
    return indicators.only(name for name, share in zip(names, recorded, strict=True) if (share or 0.0) >= least)


def assessments_with_reason(indicators: IndicatorSet) -> str:
    """Every assessment, with the reason why it is set aside, if it is: the first that holds."""
    recorded = f"""
        SELECT assessment_id, count(code) AS recorded,
               count(*) FILTER (WHERE code IN ({listed(indicators.ignored)})) AS ignored,
               count(*) FILTER (WHERE code IN ({known_codes(indicators)})) AS known
        FROM factor GROUP BY assessment_id"""
    assessments = """
        SELECT a.*, coalesce(f.recorded, 0) AS recorded, coalesce(f.ignored, 0) AS ignored, coalesce(f.known, 0) AS known
        FROM assessment_asked AS a LEFT JOIN recorded AS f ON f.assessment_id = a.assessment_id"""
    reason = f"coalesce(s.outside, {first_reason(saying_nothing(indicators))})"
    return with_names(
        {"recorded": recorded, "assessments": assessments},
        f"SELECT {listed_columns('s')}, {reason} AS set_aside FROM assessments AS s",
    )


def saying_nothing(indicators: IndicatorSet) -> dict[str, str]:
    """Why an assessment of the population says nothing that classes could be found from, with the condition."""
    return {
        NO_FACTORS: "s.recorded = 0",
        f"only code {' or '.join(indicators.ignored)}": "s.recorded = s.ignored",
        "no factor of the indicator set": "s.known = 0",
    }


def assessments_with_items(indicators: IndicatorSet) -> str:
    """Assessments that can be classified, a column an item, and the pattern that the items make."""
    items = ", ".join(f'{item_value(item)} AS "{item.name}"' for item in indicators.indicators)
    wide = f"""
        SELECT {listed_columns("s")}, {items}
        FROM assessment_seen AS s JOIN known_factor AS f ON f.assessment_id = s.assessment_id
        WHERE s.set_aside IS NULL
        GROUP BY {listed_columns("s")}"""
    letters = " || ".join(f"coalesce(CAST(w.\"{item.name}\" AS VARCHAR), '-')" for item in indicators.indicators)
    return with_names({"wide": wide}, f"SELECT w.*, {letters} AS pattern FROM wide AS w")


def item_value(item: Indicator) -> str:
    """1 when any code of the item is recorded, else 0; missing before the item's first year."""
    recorded = f"count(*) FILTER (WHERE f.code IN ({listed(item.codes)})) > 0"
    before = f"WHEN s.collection_year < {item.first_year} THEN NULL " if item.first_year else ""
    return f"CASE {before}WHEN {recorded} THEN 1 ELSE 0 END"


# --- the account -----------------------------------------------------------------------------------------------------


def note_factors(engine: Engine, indicators: IndicatorSet, ledger: Ledger) -> None:
    rows, kept = count(engine, "factor"), count(engine, "known_factor")
    known = int(value(engine, f"SELECT count(*) FROM factor WHERE code IN ({known_codes(indicators)})"))
    ignored = int(value(engine, f"SELECT count(*) FROM factor WHERE code IN ({listed(indicators.ignored)})"))
    set_aside = {
        f"code {' or '.join(indicators.ignored)}: says that there are no factors": ignored,
        "code is not in the indicator set": rows - known - ignored,
        "the same code again at the same assessment": known - kept,
    }
    ledger.note("keep factors of the indicator set", "factor", "known_factor", rows, kept, set_aside)


def note_assessments(engine: Engine, indicators: IndicatorSet, ledger: Ledger) -> None:
    seen, usable = count(engine, "assessment_seen"), count(engine, "assessment_indicator")
    asked = "SELECT set_aside, count(*) AS n FROM assessment_seen WHERE set_aside IS NOT NULL GROUP BY set_aside"
    found = dict(engine.rows(asked))
    reasons = [*OUTSIDE, *saying_nothing(indicators)]
    set_aside = {reason: int(found.get(reason, 0)) for reason in reasons}
    ledger.note("choose assessments", "assessment spells", "assessment_indicator", seen, usable, set_aside)


# --- pieces of SQL ---------------------------------------------------------------------------------------------------


def first_reason(reasons: dict[str, str]) -> str:
    """The first reason whose condition holds; missing when none does."""
    cases = " ".join(f"WHEN {condition} THEN {text(reason)}" for reason, condition in reasons.items())
    return f"CASE {cases} END"


def listed_columns(of: str) -> str:
    return ", ".join(f"{of}.{name}" for name in COLUMNS)


def known_codes(indicators: IndicatorSet) -> str:
    return listed(code for item in indicators.indicators for code in item.codes)


def listed(codes: Iterable[str]) -> str:
    """Codes as a SQL list; of no codes, a list that nothing is in."""
    return ", ".join(map(text, codes)) or "NULL"
