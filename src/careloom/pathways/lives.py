"""Common rows become events and spells of persons."""

from careloom.core import Ledger
from careloom.engine import Engine, count

PERSON_JOIN = "JOIN person_of ON person_of.la = told.la AND person_of.return_name = told.return_name AND person_of.child_id = told.child_id"


def make_lives(engine: Engine) -> Ledger:
    """Make `event`, `spell` and `factor` from the common rows and `person_of`.

    A row whose child has no record in its return belongs to nobody and is set aside. spell_id is person, kind and
    order of start; within_id is the spell whose source_key the row names.
    """
    ledger = Ledger()
    engine.make(
        "event",
        f"SELECT person_id, told.la, event, happened_on, code, delivery_id, line FROM event_row AS told {PERSON_JOIN}",
    )
    engine.make("spell_numbered", numbered_select())
    engine.make("spell", spell_select())
    engine.make("factor", factor_select())
    for rows, made in (("event_row", "event"), ("spell_row", "spell"), ("factor_row", "factor")):
        rows_in, rows_out = count(engine, rows), count(engine, made)
        ledger.note(
            "join to persons",
            rows,
            made,
            rows_in,
            rows_out,
            {"the child, or the assessment, has no row in that return": rows_in - rows_out},
        )
    return ledger


def numbered_select() -> str:
    return f"""
        SELECT told.*, person_of.person_id,
               concat(person_of.person_id, ':', told.kind, ':', CAST(row_number() OVER (
                   PARTITION BY person_of.person_id, told.kind ORDER BY told.starts_on, told.la, told.return_name, told.source_key) AS VARCHAR)) AS spell_id
        FROM spell_row AS told {PERSON_JOIN}"""


def spell_select() -> str:
    return """
        SELECT part.spell_id, part.person_id, part.la, part.kind, part.starts_on, part.ends_on, part.start_reason, part.end_reason,
               part.code, part.detail, whole.spell_id AS within_id, part.collection_year, part.is_repaired, part.delivery_id, part.line
        FROM spell_numbered AS part
        LEFT JOIN spell_numbered AS whole ON whole.return_name = part.return_name AND whole.source_key = part.within_key"""


def factor_select() -> str:
    return """
        SELECT assessment.spell_id AS assessment_id, assessment.person_id, told.code
        FROM factor_row AS told
        JOIN spell_numbered AS assessment
          ON assessment.kind = 'assessment' AND assessment.return_name = told.return_name AND assessment.source_key = told.source_key"""
