"""What is known of children to link by, which rules linked them, and who is found, counted by hand."""

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.engine import Engine
from careloom.link import link_persons

RECORDS = """record
la | return_name | child_id | collection_year | upn | born_on    | is_expected_birth | sex | ethnicity | delivery_id | line
A  | cin         | 1        | 2018            |     | 2014-05-01 | false             | F   | NOBT      | 1 | 1
A  | cin         | 1        | 2019            | U1  | 2014-05-01 | false             | F   | WBRI      | 1 | 2
A  | cin         | 2        | 2019            | UN1 | 2019-05-01 | true              | U   |           | 1 | 3
A  | cin         | 3        | 2019            |     | 2001-05-01 | false             | M   | ABAN      | 1 | 4
A  | s903        | 3        | 2019            |     | 2001-05-01 | false             | M   | ABAN      | 1 | 5
B  | school      | upn U1   | 2019            | U1  | 2014-05-01 | false             | F   |           | 1 | 6
B  | school      | upn U7   | 2019            | U7  | 2014-05-01 | false             | M   |           | 1 | 7
"""


COUNTED = {
    "SELECT return_name, item, children, known FROM identifier_recorded WHERE la = 'A'": """
        cin  | Date of birth       | 3 | 2
        cin  | Ethnic group        | 3 | 2
        cin  | Sex                 | 3 | 2
        cin  | Unique Pupil Number | 3 | 1
        s903 | Date of birth       | 1 | 1
        s903 | Ethnic group        | 1 | 1
        s903 | Sex                 | 1 | 1
        s903 | Unique Pupil Number | 1 | 0""",
    "SELECT la, return_name, link_rule, identifiers FROM link_by_rule": """
        A | cin    | alone       | 1
        A | cin    | la_child_id | 1
        A | cin    | upn         | 1
        A | s903   | la_child_id | 1
        B | school | alone       | 1
        B | school | upn         | 1""",
    "SELECT about, level, children, linked FROM link_reach": """
        Age at the newest return | 11 to 17  | 1 | 1
        Age at the newest return | Not known | 1 | 0
        Age at the newest return | Under 5   | 1 | 1
        Authority                | A         | 3 | 2
        Ethnic group             | Asian     | 1 | 1
        Ethnic group             | Unknown   | 1 | 0
        Ethnic group             | White     | 1 | 1
        Sex                      | Female    | 1 | 1
        Sex                      | Male      | 1 | 1
        Sex                      | Not known | 1 | 0""",
}


def test_counted_by_hand(engine: Engine) -> None:
    tables = load_examples(RECORDS, "record", year=2019, common=load_catalogue().tables).tables
    engine.load("record", tables["record"])
    link_persons(engine, list, extracts=["school"])
    for select, expected in COUNTED.items():
        drawn = [[cell.strip() for cell in line.split("|")] for line in expected.strip().splitlines()]
        assert sorted([*map(str, row)] for row in engine.rows(select)) == drawn, select
