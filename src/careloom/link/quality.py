"""How good the links are, as far as the records themselves can tell: GUILD and RECORD ask every linkage for this.

Source: Gilbert et al. (2018), GUILD: guidance for information about linking data sets, J Public Health 40:191; Benchimol et al.
(2015), the RECORD statement, PLoS Med 12:e1001885, items 12.1 to 12.3. Completeness of identifiers, what was linked by which
rule, and who is linked and who is not, as whom linkage misses is rarely a matter of chance.
"""

from careloom.engine import Engine
from careloom.link.keys import NO_PUPIL_NUMBER

ITEMS = {
    "Unique Pupil Number": f"upn IS NOT NULL AND NOT ({NO_PUPIL_NUMBER})",
    "Date of birth": "born_on IS NOT NULL AND NOT coalesce(is_expected_birth, FALSE)",
    "Sex": "coalesce(sex, 'U') <> 'U'",
    "Ethnic group": "ethnicity IS NOT NULL AND ethnicity NOT IN ('NOBT', 'REFU')",
}
"""What is known of a child by which two records can be joined, or a join be judged; once in any of its records counts."""
NEWEST = "SELECT max(collection_year) AS year FROM record"
AGE = f"age_on(p.born_on, CAST(concat(CAST((SELECT n.year FROM ({NEWEST}) AS n) AS VARCHAR), '-03-31') AS DATE))"
GROUPS = {
    "Authority": "y.la",
    "Sex": "CASE p.sex WHEN 'F' THEN 'Female' WHEN 'M' THEN 'Male' ELSE 'Not known' END",
    "Ethnic group": "p.ethnic_group",
    "Age at the newest return": f"""
        CASE WHEN p.born_on IS NULL OR p.is_expected_birth THEN 'Not known' WHEN {AGE} < 5 THEN 'Under 5'
             WHEN {AGE} < 11 THEN '5 to 10' WHEN {AGE} < 18 THEN '11 to 17' ELSE '18 and over' END""",
}


def describe_links(engine: Engine) -> None:
    """Make `identifier_recorded`, `link_by_rule` and `link_reach` from `record`, `identifier`, `person_of` and `person`."""
    filled = " UNION ALL ".join(
        f"SELECT la, return_name, '{item}' AS item, child_id, max(CASE WHEN {when} THEN 1 ELSE 0 END) AS is_known "
        "FROM record GROUP BY la, return_name, child_id"
        for item, when in ITEMS.items()
    )
    engine.make(
        "identifier_recorded",
        "SELECT la, return_name, item, count(*) AS children, CAST(sum(is_known) AS BIGINT) AS known "
        f"FROM ({filled}) AS told GROUP BY la, return_name, item",
    )
    engine.make(
        "link_by_rule",
        "SELECT la, return_name, link_rule, count(*) AS identifiers FROM person_of GROUP BY la, return_name, link_rule",
    )
    several = """
        SELECT k.person_id, min(CASE WHEN i.is_extract THEN NULL ELSE k.la END) AS la,
               count(DISTINCT concat(k.la, '|', k.return_name)) AS records
        FROM person_of AS k JOIN identifier AS i ON i.la = k.la AND i.return_name = k.return_name AND i.child_id = k.child_id
        GROUP BY k.person_id"""
    by_group = " UNION ALL ".join(
        f"SELECT '{about}' AS about, {level} AS level, y.records AS records FROM ({several}) AS y "
        "JOIN person AS p ON p.person_id = y.person_id WHERE y.la IS NOT NULL"
        for about, level in GROUPS.items()
    )
    engine.make(
        "link_reach",
        "SELECT about, level, count(*) AS children, count(CASE WHEN records > 1 THEN 1 END) AS linked "
        f"FROM ({by_group}) AS told GROUP BY about, level",
    )
