"""Two identifiers that cannot be one child, whatever key they share."""

from careloom.engine import Engine

SAME_CHILD = """
    (one.sex = two.sex OR one.sex = 'U' OR two.sex = 'U')
    AND (one.born_on IS NULL OR two.born_on IS NULL OR one.is_expected_birth OR two.is_expected_birth
         OR abs(days_between(one.born_on, two.born_on)) <= 31)"""
"""What may not contradict a shared identifier: sex, and dates of birth more than a month apart (method section 3)."""

CONFLICTS = {
    "two sexes": "one.sex <> two.sex AND one.sex <> 'U' AND two.sex <> 'U'",
    "births more than 31 days apart": """
        NOT one.is_expected_birth AND NOT two.is_expected_birth AND abs(days_between(one.born_on, two.born_on)) > 31""",
    "events before conception": """
        (NOT one.is_expected_birth AND (two.born_on IS NULL OR two.is_expected_birth) AND two.first_on < add_days(one.born_on, -294))
        OR (NOT two.is_expected_birth AND (one.born_on IS NULL OR one.is_expected_birth) AND one.first_on < add_days(two.born_on, -294))""",
}
"""What two descriptions of one child may not say. Blanks contradict nothing, an expected birth no date. A first of the month
written for a day that is not known is less than 31 days off. 294 days are 42 weeks, the longest pregnancy; whoever has a date
of birth of their own that agrees, and earlier events, has a wrong event, not a wrong link.
Source: study method section 3, specification 2 and 5; the days before birth are ours."""
IN_TWO_AUTHORITIES = "in care in two authorities at once"
NIGHTS = 7
"""Nights that care in two authorities may overlap: a handover is not always written down on its day."""


def make_apart(engine: Engine, component_of: str) -> None:
    """Make `apart`: pairs of identifiers of one component that cannot be one child (first_no, second_no, why).

    `component_of` is a table (identifier_no, person_no). Reads `identifier`, and `spell_row`, `event_row` and
    `care_episode_row` where they are there.
    """
    engine.make("identifier_begun", begun_select(engine))
    said = " UNION ALL ".join(
        f"SELECT '{why}' AS why, one.identifier_no AS first_no, two.identifier_no AS second_no FROM told AS one "
        f"JOIN told AS two ON two.person_no = one.person_no WHERE one.identifier_no < two.identifier_no AND ({when})"
        for why, when in CONFLICTS.items()
    )
    told = f"""
        SELECT c.person_no, i.identifier_no, i.sex, i.born_on, coalesce(i.is_expected_birth, FALSE) AS is_expected_birth,
               b.first_on
        FROM {component_of} AS c JOIN identifier AS i ON i.identifier_no = c.identifier_no
        JOIN (SELECT person_no FROM {component_of} GROUP BY person_no HAVING count(*) > 1) AS several
          ON several.person_no = c.person_no
        LEFT JOIN identifier_begun AS b ON b.identifier_no = i.identifier_no"""
    engine.make(
        "apart",
        f"""
        WITH told AS ({told})
        SELECT first_no, second_no, min(why) AS why
        FROM ({said} UNION ALL {two_authorities_select(engine, component_of)}) AS conflict
        GROUP BY first_no, second_no""",
    )


def begun_select(engine: Engine) -> str:
    """The first day on which anything happened to an identifier: (identifier_no, first_on)."""
    parts = [
        f"SELECT la, return_name, child_id, {day} AS on_day FROM {table}"
        for table, day in (("event_row", "happened_on"), ("spell_row", "starts_on"), ("care_episode_row", "starts_on"))
        if engine.columns(table)
    ]
    if not parts:
        return "SELECT identifier_no, CAST(NULL AS DATE) AS first_on FROM identifier WHERE FALSE"
    return f"""
        SELECT i.identifier_no, min(d.on_day) AS first_on
        FROM identifier AS i JOIN ({" UNION ALL ".join(parts)}) AS d
          ON d.la = i.la AND d.return_name = i.return_name AND d.child_id = i.child_id
        GROUP BY i.identifier_no"""


def two_authorities_select(engine: Engine, component_of: str) -> str:
    """Pairs of identifiers, of two authorities, whose care overlaps by more than a handover; open care is sure until its last return."""
    if not engine.columns("care_episode_row"):
        return f"SELECT '{IN_TWO_AUTHORITIES}' AS why, 0 AS first_no, 0 AS second_no WHERE FALSE"
    care = f"""
        SELECT c.person_no, i.identifier_no, i.la, e.starts_on, coalesce(e.ends_on, CAST(concat(CAST(e.collection_year AS VARCHAR), '-03-31') AS DATE)) AS ends_on
        FROM {component_of} AS c JOIN identifier AS i ON i.identifier_no = c.identifier_no
        JOIN care_episode_row AS e ON e.la = i.la AND e.return_name = i.return_name AND e.child_id = i.child_id
        JOIN (SELECT c.person_no FROM {component_of} AS c JOIN identifier AS i ON i.identifier_no = c.identifier_no
              GROUP BY c.person_no HAVING count(DISTINCT i.la) > 1) AS moved ON moved.person_no = c.person_no"""
    return f"""
        SELECT '{IN_TWO_AUTHORITIES}' AS why, one.identifier_no AS first_no, two.identifier_no AS second_no
        FROM ({care}) AS one JOIN ({care}) AS two ON two.person_no = one.person_no
        WHERE one.identifier_no < two.identifier_no AND one.la <> two.la
          AND days_between(greatest(one.starts_on, two.starts_on), least(one.ends_on, two.ends_on)) > {NIGHTS}"""
