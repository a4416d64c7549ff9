"""What was done: each process asked of the record."""

from collections.abc import Sequence

from careloom.catalogue import Element, Process
from careloom.costs.numbers import number_all
from careloom.engine import Engine, with_names

# The names that an element's `select` may use beside the common tables. A legal status is new unless it already held in
# the first episode returned: one that began with a move of placement alone (P, T) says nothing of it.
NAMES = {
    "period_of_care": "SELECT * FROM costed_care WHERE kind = 'period_of_care' AND set_aside = ''",
    "placement": "SELECT * FROM costed_care WHERE kind = 'placement' AND set_aside = ''",
    "legal_status": "SELECT * FROM costed_care WHERE kind = 'legal_status' AND set_aside = ''",
    "new_legal_status": """
        SELECT l.*
        FROM legal_status AS l
        JOIN period_of_care AS p ON p.spell_id = l.period_id
        WHERE l.starts_on > p.starts_on OR coalesce(l.start_reason, '') NOT IN ('P', 'T')""",
    "placement_segment": "SELECT * FROM costed_segment",
    "review": "SELECT * FROM costed_review",
    "cin_episode": "SELECT * FROM spell WHERE kind = 'cin_episode'",
    "in_need": "SELECT * FROM cost_in_need",
    # What the study may do otherwise, in one row: see costing.CostChoices; end_day is the first day not costed.
    "choice": "SELECT * FROM cost_choice",
    "digit": " UNION ALL ".join(f"SELECT {n} AS digit" for n in range(10)),
    "whole_number": """
        SELECT 100 * hundreds.digit + 10 * tens.digit + ones.digit AS whole_number
        FROM digit AS hundreds CROSS JOIN digit AS tens CROSS JOIN digit AS ones""",
    # What happens so many `times`, up to 999, each with its number: joined on `times`, as engines loop over anything but "=".
    "repeated": """
        SELECT a.whole_number AS times, b.whole_number AS time_no
        FROM whole_number AS a JOIN whole_number AS b ON b.whole_number > 0 AND b.whole_number <= a.whole_number""",
}
# Days of an open case of a child who is not looked after, one case a day: of two open at once, the later.
IN_NEED_PARTS = {
    "day_in_need": """
        SELECT person_id, starts_on, ends_on,
               CASE WHEN is_cp_plan THEN 'CP plan' WHEN is_cin_plan THEN 'CIN plan' ELSE 'no plan' END AS phase
        FROM timeline WHERE is_open_case AND NOT is_looked_after""",
    "open_case": """
        SELECT spell_id, person_id, starts_on, coalesce(ends_on, DATE '9999-12-31') AS ends_on FROM spell WHERE kind = 'cin_episode'""",
    "with_two": """
        SELECT DISTINCT a.person_id
        FROM open_case AS a
        JOIN open_case AS b ON b.person_id = a.person_id AND b.spell_id > a.spell_id AND b.starts_on < a.ends_on AND a.starts_on < b.ends_on""",
}
IN_NEED = """
SELECT t.person_id, t.starts_on, t.ends_on, c.spell_id AS case_id, t.phase
FROM day_in_need AS t
JOIN open_case AS c ON c.person_id = t.person_id AND c.starts_on <= t.starts_on AND c.ends_on > t.starts_on
LEFT JOIN with_two AS w ON w.person_id = t.person_id
WHERE w.person_id IS NULL
UNION ALL
SELECT t.person_id, t.starts_on, t.ends_on, c.spell_id AS case_id, t.phase
FROM day_in_need AS t
JOIN with_two AS w ON w.person_id = t.person_id
JOIN open_case AS c ON c.person_id = t.person_id AND c.starts_on <= t.starts_on AND c.ends_on > t.starts_on
QUALIFY row_number() OVER (PARTITION BY t.person_id, t.starts_on ORDER BY c.starts_on DESC, c.spell_id DESC) = 1
"""
OPTIONAL = {"variation": "''", "is_imputed": "FALSE", "quantity": "1", "trigger_id": "CAST(NULL AS VARCHAR)"}
OF_STRETCH = """s.stretch_no, s.la_no, s.place_no, s.born_month, CASE WHEN s.is_paid * t.is_fee = 1 THEN -s.person_no ELSE s.person_no END AS child_no,
       s.is_told + s.is_paid * t.is_fee AS is_told, CASE WHEN s.of_care * t.is_event = 1 THEN s.stretch_no END AS period_no,
       CASE WHEN s.is_placed = 1 THEN s.stretch_no END AS placement_no"""
TOLD = "t.element_no, t.is_event, t.variation, t.is_imputed, t.quantity, t.found_as, t.starts_on, t.ends_on"
# What belongs to a spell is known by that; what belongs to none, by the child and the authority.
TRIGGERS = f"""
SELECT {OF_STRETCH}, {TOLD}
FROM ({{of_spells}}) AS t JOIN cost_stretch AS s ON s.spell_id = t.spell_id
UNION ALL
SELECT {OF_STRETCH}, {TOLD}
FROM cost_own AS t
JOIN (
  SELECT c.*, a.la FROM cost_stretch AS c JOIN cost_la AS a ON a.la_no = c.la_no
  WHERE c.spell_id = '') AS s ON s.person_id = t.person_id AND s.la = coalesce(t.la, '')
"""
NOTHING = """
SELECT CAST(NULL AS VARCHAR) AS {key}, 0 AS element_no, 0 AS is_event, 0 AS is_fee, '' AS variation, FALSE AS is_imputed,
       CAST(1 AS DECIMAL(18, 6)) AS quantity, CAST(NULL AS VARCHAR) AS found_as, CAST(NULL AS DATE) AS starts_on, CAST(NULL AS DATE) AS ends_on
FROM (SELECT 1 AS one) AS none WHERE one = 0
"""


def elements_of(processes: Sequence[Process]) -> list[tuple[Process, Element]]:
    """All elements in order: their places, from 0, are the numbers that triggers and lines know them by."""
    return [(process, element) for process in processes for element in process.elements]


def find_triggers(engine: Engine, processes: Sequence[Process]) -> None:
    """Let `cost_trigger` stand for one event or stretch of nights that an element counts, whenever it was; and number all it is for."""
    engine.view("cost_in_need", with_names(IN_NEED_PARTS, IN_NEED))
    of_spells, own = [NOTHING.format(key="spell_id")], [NOTHING.format(key="person_id, CAST(NULL AS VARCHAR) AS la")]
    for number, (_, element) in enumerate(elements_of(processes)):
        asked = with_names(NAMES, element.select)
        engine.view("cost_heading", asked)
        given = engine.columns("cost_heading")
        engine.drop("cost_heading")
        spell = next((name for name in ("placement_id", "case_id") if name in given), "")
        (of_spells if spell else own).append(found(number, element, asked, given, spell))
    engine.make("cost_own", " UNION ALL ".join(own))
    number_all(engine)
    engine.view("cost_trigger", TRIGGERS.format(of_spells=" UNION ALL ".join(of_spells)))


def found(number: int, element: Element, asked: str, given: Sequence[str], spell: str) -> str:
    """Return the SELECT of all that an element finds, with the `spell` it is done for, or the child and authority."""
    said = {name: name if name in given else nothing for name, nothing in OPTIONAL.items()}
    is_event = element.basis == "event"
    return f"""
        SELECT {f"{spell} AS spell_id" if spell else "person_id, la"}, {number} AS element_no, {int(is_event)} AS is_event,
               {int(element.kind == "fee")} AS is_fee, coalesce({said["variation"]}, '') AS variation, {said["is_imputed"]} AS is_imputed,
               CAST({said["quantity"]} AS DECIMAL(18, 6)) AS quantity, {said["trigger_id"]} AS found_as,
               {"happened_on" if is_event else "starts_on"} AS starts_on,
               {"add_days(happened_on, 1)" if is_event else "ends_on"} AS ends_on
        FROM ({asked}) AS asked WHERE {"happened_on IS NOT NULL" if is_event else "ends_on IS NULL OR starts_on < ends_on"}"""
