"""Common rows become events, spells and episodes of care of persons: joined, mended, and spells of care made from episodes."""

from collections.abc import Collection, Sequence

from careloom.catalogue import Declaration, Repair
from careloom.core import Ledger
from careloom.engine import Engine, count, text, with_names
from careloom.pathways.repairs import mend_all, mended_kinds, names_as_mended

PERSON_JOIN = "JOIN person_of ON person_of.la = told.la AND person_of.return_name = told.return_name AND person_of.child_id = told.child_id"
CARE_COLUMNS = """told.la, told.starts_on, told.ends_on, told.start_reason, told.end_reason, told.legal_status, told.category_of_need,
    told.placement_type, told.placement_provider, told.change_reason"""
NOBODY = "the child, or the assessment, has no row in that return"
TOLD_AGAIN = "the same event of the same day, told again under another identifier of the child or by another return"
WORKING = (
    "event_joined",
    "spell_numbered",
    "factor_joined",
    "spell_told",
    "spell_mended",
    "care_mended",
    "merged",
    "mending",
)
SPELL = (
    "spell_id",
    "person_id",
    "la",
    "kind",
    "starts_on",
    "ends_on",
    "start_reason",
    "end_reason",
    "code",
    "detail",
    "within_id",
    "collection_year",
    "repairs",
    "delivery_id",
    "line",
)


def make_lives(
    engine: Engine, repairs: Sequence[Repair], spells: Sequence[Declaration], *, off: Collection[str] = ()
) -> Ledger:
    """Make `event`, `care_episode`, `spell`, `factor` and `repair` from the common rows and `person_of`.

    A row whose child has no record in its return belongs to nobody and is set aside. Then each of the `repairs` is made,
    person by person and authority by authority, unless it is among those switched `off`; and from the episodes of care
    the `spells` that the catalogue declares. spell_id is person, kind and number; within_id is the spell it is part of. A factor belongs to the assessment that its own became part of.
    """
    ledger = Ledger()
    join_persons(engine, ledger, mended_kinds(repairs))
    ledger.extend(mend_all(engine, repairs, off=off))
    engine.make("care_episode", "SELECT * FROM care_mended")
    made = make_spells_of_care(engine, spells, [repair.name for repair in repairs], ledger)
    told = with_names(names_as_mended(engine), f"SELECT {', '.join(SPELL)} FROM spell")
    engine.make("spell", " UNION ALL ".join([told, *made]))
    engine.make("factor", factor_select())
    for working in (*WORKING, *(f"{spell.name}_made" for spell in spells)):
        engine.drop(working)
    return ledger


def join_persons(engine: Engine, ledger: Ledger, kinds: Sequence[str]) -> None:
    """Make `event`, and the working tables `care_mended`, `spell_mended` (the kinds named) and `spell_told` (the rest)."""
    engine.make("event_joined", event_joined_select())
    engine.make(
        "event", "SELECT person_id, la, event, happened_on, code, delivery_id, line FROM event_joined WHERE teller = 1"
    )
    engine.make("care_mended", care_select())
    engine.make("spell_numbered", numbered_select())
    mended = f"kind IN ({', '.join(text(kind) for kind in kinds)})" if kinds else "1 = 0"
    for table, condition in (("spell_mended", mended), ("spell_told", f"NOT ({mended})")):
        engine.make(table, spell_select(condition))
    engine.make("factor_joined", factor_joined_select())
    for rows, made in (
        ("event_row", "event_joined"),
        ("care_episode_row", "care_mended"),
        ("spell_row", "spell_numbered"),
        ("factor_row", "factor_joined"),
    ):
        rows_in, rows_out = count(engine, rows), count(engine, made)
        ledger.note("join to persons", rows, made, rows_in, rows_out, {NOBODY: rows_in - rows_out})
    joined, kept = count(engine, "event_joined"), count(engine, "event")
    ledger.note("keep each event once", "event_joined", "event", joined, kept, {TOLD_AGAIN: joined - kept})


def event_joined_select() -> str:
    """SQL of the events of persons, and which of the identifiers that tell of one on a day tells it: the first keeps it."""
    return f"""
        SELECT person_id, told.la, event, happened_on, code, delivery_id, line,
               dense_rank() OVER (PARTITION BY person_id, told.la, event, happened_on ORDER BY told.return_name, told.child_id) AS teller
        FROM event_row AS told {PERSON_JOIN}"""


def care_select() -> str:
    return f"""
        SELECT concat(person_id, ':care_episode:', CAST(row_number() OVER (
                   PARTITION BY person_id ORDER BY told.starts_on, told.la, told.return_name, told.child_id) AS VARCHAR)) AS episode_id,
               person_id, {CARE_COLUMNS}, CAST(NULL AS VARCHAR) AS repairs, collection_year, delivery_id, line
        FROM care_episode_row AS told {PERSON_JOIN}"""


def numbered_select() -> str:
    return f"""
        SELECT told.*, person_of.person_id,
               concat(person_of.person_id, ':', told.kind, ':', CAST(row_number() OVER (
                   PARTITION BY person_of.person_id, told.kind ORDER BY told.starts_on, told.la, told.return_name, told.source_key) AS VARCHAR)) AS spell_id
        FROM spell_row AS told {PERSON_JOIN}"""


def spell_select(condition: str) -> str:
    return f"""
        SELECT part.spell_id, part.person_id, part.la, part.kind, part.starts_on, part.ends_on, part.start_reason, part.end_reason,
               part.code, part.detail, whole.spell_id AS within_id, part.collection_year, CAST(NULL AS VARCHAR) AS repairs, part.delivery_id, part.line
        FROM (SELECT * FROM spell_numbered WHERE {condition}) AS part
        LEFT JOIN (SELECT return_name, source_key, spell_id FROM spell_numbered) AS whole
          ON whole.return_name = part.return_name AND whole.source_key = part.within_key"""


def factor_joined_select() -> str:
    return """
        SELECT assessment.spell_id, assessment.person_id, told.code
        FROM factor_row AS told
        JOIN spell_numbered AS assessment
          ON assessment.kind = 'assessment' AND assessment.return_name = told.return_name AND assessment.source_key = told.source_key"""


def factor_select() -> str:
    """SQL of the factors of each assessment as it stands, each once."""
    return """
        SELECT DISTINCT coalesce(merged.into_id, told.spell_id) AS assessment_id, told.person_id, told.code
        FROM factor_joined AS told LEFT JOIN merged ON merged.row_id = told.spell_id"""


def make_spells_of_care(
    engine: Engine, spells: Sequence[Declaration], repairs: Sequence[str], ledger: Ledger
) -> list[str]:
    """Make what the catalogue declares from episodes of care; return the SQL of each kind of spell, as rows of `spell`."""
    scope: dict[str, str] = {"care_episode": "SELECT * FROM care_mended"}
    kinds = [spell.name for spell in spells if spell.makes == "spell"]
    for spell in sorted(spells, key=lambda s: s.makes != "step"):
        engine.make(
            f"{spell.name}_made",
            with_names({**scope, "kept": f"SELECT * FROM {spell.reads}"}, spell.select),
        )
        if spell.makes == "step":
            scope[spell.name] = f"SELECT * FROM {spell.name}_made"
    for kind in kinds:
        rows = count(engine, "care_mended")
        ledger.note(f"make {kind}", "told as care_episode", f"episodes of care in a {kind}", rows, rows)
    return [care_spell_select(kind, repairs) for kind in kinds]


def care_spell_select(kind: str, repairs: Sequence[str]) -> str:
    """SQL of one kind as rows of `spell`: its keys, which hold kind, authority and number, are told apart by person."""
    columns = {column: column for column in SPELL}
    columns |= {
        "spell_id": "concat(person_id, ':', source_key)",
        "kind": text(kind),
        "within_id": "CASE WHEN within_key IS NOT NULL THEN concat(person_id, ':', within_key) END",
        "repairs": f"CASE WHEN repairs IS NOT NULL THEN {each_once('repairs', repairs)} END",
    }
    return f"SELECT {', '.join(f'{what} AS {column}' for column, what in columns.items())} FROM {kind}_made"


def each_once(names: str, known: Sequence[str]) -> str:
    """SQL of a text of names parted by spaces, each once, in the order of the alphabet; missing when there is none."""
    found = ", ".join(
        f"CASE WHEN strpos(concat(' ', {names}, ' '), {text(f' {name} ')}) > 0 THEN {text(name)} END"
        for name in sorted(known)
    )
    return f"nullif(concat_ws(' ', {found}), '')" if known else "CAST(NULL AS VARCHAR)"
