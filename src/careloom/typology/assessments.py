"""From assessments and factors to yes/no items: which assessments can be classified, and what each records."""

import datetime as dt
from collections.abc import Iterable

from careloom.catalogue import Indicator, IndicatorSet
from careloom.core import Ledger
from careloom.engine import Engine, count, text, value, with_names


def make_indicators(
    engine: Engine, indicators: IndicatorSet, *, first_day: dt.date, end_day: dt.date, ledger: Ledger
) -> int:
    """Make `assessment_indicator`, one row per assessment that can be classified; return the number of rows.

    Reads `spell`, `person` and `factor`; makes the working tables `known_factor` and `assessment_seen` on the way.
    Each item is 1, 0, or missing before its first year. `pattern` says the same in one text, a letter an item in the
    order of the set: `1`, `0` or `-`.
    """
    keep_known_factors(engine, indicators, ledger)
    reasons = reasons_to_set_aside(indicators, first_day, end_day)
    seen = engine.make("assessment_seen", assessments_with_reason(indicators, reasons))
    usable = engine.make("assessment_indicator", assessments_with_items(indicators))
    found = dict(engine.rows("SELECT reason, count(*) AS n FROM assessment_seen WHERE reason <> '' GROUP BY reason"))
    set_aside = {reason: int(found.get(reason, 0)) for reason in reasons}
    ledger.note("choose assessments", "assessment spells", "assessment_indicator", seen, usable, set_aside)
    return usable


def keep_known_factors(engine: Engine, indicators: IndicatorSet, ledger: Ledger) -> None:
    """Make `known_factor`: each factor of the set once per assessment. The rest is accounted for."""
    rows = count(engine, "factor")
    known = int(value(engine, f"SELECT count(*) FROM factor WHERE code IN ({known_codes(indicators)})"))
    ignored = int(value(engine, f"SELECT count(*) FROM factor WHERE code IN ({listed(indicators.ignored)})"))
    kept = engine.make(
        "known_factor", f"SELECT DISTINCT assessment_id, code FROM factor WHERE code IN ({known_codes(indicators)})"
    )
    set_aside = {
        f"code {' or '.join(indicators.ignored)}: says that there are no factors": ignored,
        "code is not in the indicator set": rows - known - ignored,
        "the same code again at the same assessment": known - kept,
    }
    ledger.note("keep factors of the indicator set", "factor", "known_factor", rows, kept, set_aside)


def reasons_to_set_aside(indicators: IndicatorSet, first_day: dt.date, end_day: dt.date) -> dict[str, str]:
    """Why an assessment is not classified, with the condition that finds it; the first that holds counts."""
    outside = f"s.assessed_on < DATE '{first_day}' OR s.assessed_on >= DATE '{end_day}'"
    return {
        "not authorised": "s.assessed_on IS NULL",
        "authorised outside the study period": outside,
        "aged 18 or over at assessment": "s.age >= 18",
        "no factors recorded": "s.recorded = 0",
        f"only code {' or '.join(indicators.ignored)}": "s.recorded = s.ignored",
        "no factor of the indicator set": "s.known = 0",
    }


def assessments_with_reason(indicators: IndicatorSet, reasons: dict[str, str]) -> str:
    """Every assessment, with the reason why it is set aside; a blank reason when it is not."""
    recorded = f"""
        SELECT assessment_id, count(code) AS recorded,
               count(*) FILTER (WHERE code IN ({listed(indicators.ignored)})) AS ignored,
               count(*) FILTER (WHERE code IN ({known_codes(indicators)})) AS known
        FROM factor GROUP BY assessment_id"""
    assessments = """
        SELECT s.spell_id AS assessment_id, s.person_id, s.la, s.within_id AS episode_id, s.collection_year,
               add_days(s.ends_on, -1) AS assessed_on, age_on(p.born_on, add_days(s.ends_on, -1)) AS age,
               coalesce(f.recorded, 0) AS recorded, coalesce(f.ignored, 0) AS ignored, coalesce(f.known, 0) AS known
        FROM spell AS s
        LEFT JOIN person AS p ON p.person_id = s.person_id
        LEFT JOIN recorded AS f ON f.assessment_id = s.spell_id
        WHERE s.kind = 'assessment'"""
    cases = " ".join(f"WHEN {condition} THEN {text(reason)}" for reason, condition in reasons.items())
    return with_names(
        {"recorded": recorded, "assessments": assessments},
        f"SELECT s.*, CASE {cases} ELSE '' END AS reason FROM assessments AS s",
    )


def assessments_with_items(indicators: IndicatorSet) -> str:
    """Assessments that can be classified, a column an item, and the pattern that the items make."""
    items = ", ".join(f'{item_value(item)} AS "{item.name}"' for item in indicators.indicators)
    wide = f"""
        SELECT s.assessment_id, s.person_id, s.la, s.episode_id, s.assessed_on, {items}
        FROM assessment_seen AS s JOIN known_factor AS f ON f.assessment_id = s.assessment_id
        WHERE s.reason = ''
        GROUP BY s.assessment_id, s.person_id, s.la, s.episode_id, s.assessed_on, s.collection_year"""
    letters = " || ".join(f"coalesce(CAST(w.\"{item.name}\" AS VARCHAR), '-')" for item in indicators.indicators)
    return with_names({"wide": wide}, f"SELECT w.*, {letters} AS pattern FROM wide AS w")


def item_value(item: Indicator) -> str:
    """1 when any code of the item is recorded, else 0; missing before the item's first year."""
    recorded = f"count(*) FILTER (WHERE f.code IN ({listed(item.codes)})) > 0"
    before = f"WHEN s.collection_year < {item.first_year} THEN NULL " if item.first_year else ""
    return f"CASE {before}WHEN {recorded} THEN 1 ELSE 0 END"


def known_codes(indicators: IndicatorSet) -> str:
    return listed(code for item in indicators.indicators for code in item.codes)


def listed(codes: Iterable[str]) -> str:
    """Codes as a SQL list; of no codes, a list that nothing is in."""
    return ", ".join(map(text, codes)) or "NULL"
