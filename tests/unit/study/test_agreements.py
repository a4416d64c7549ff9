"""What a study's agreements open, bar, join and show."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.core import StudyError
from careloom.engine import DuckDBEngine, Engine
from careloom.ingest import Delivery, ingest
from careloom.study import read_study, show_agreements, write_new_agreement
from careloom.study.agreements import (
    MADE_UP,
    NONE_DECLARED,
    Governed,
    check_allowed,
    check_in_force,
    door_of,
    keep_apart,
    to_say,
    to_warn,
)
from careloom.study.file import Study

CATALOGUE = load_catalogue()
TODAY = dt.date(2026, 6, 1)
STUDY = """
[study]
name = "Test"
from = 2018-04-01
to = 2020-03-31
out = "results"
purpose = "What care costs"
[[delivery]]
return = "ssda903"
authority = "998"
year = 2019
files = ["*.csv"]
[[delivery]]
authority = "997"
files = ["*.csv"]
"""
HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\nZ1,1,02/03/2010,WBRI,A123456789012,,\nZ2,2,02/03/2011,,,,\n"
REVIEWS = "CHILD,DOB,REVIEW,REVIEW_CODE\nZ1,02/03/2010,01/06/2018,PN1\n"


def agreement(owner: str, authority: str, **more: object) -> str:
    said: dict[str, object] = {
        "name": f"Agreement of {owner}",
        "owner": owner,
        "authority": authority,
        "recipients": ["us"],
        "purposes": ["What care costs"],
        "lawful_basis": "public task",
        "allowed": ["ssda903"],
    }
    lines = [f"{key} = {value!r}" for key, value in (said | more).items()]
    return "\n".join([*lines, "starts_on = 2026-01-01", "expires_on = 2026-12-31", ""])


def study_of(folder: Path, *agreements: str, text: str = STUDY) -> Study:
    (folder / "header.csv").write_text(HEADER)
    (folder / "reviews.csv").write_text(REVIEWS)
    (folder / "study.toml").write_text(text)
    if agreements:
        (folder / "agreements").mkdir(exist_ok=True)
    for number, each in enumerate(agreements):
        (folder / "agreements" / f"{number}.toml").write_text(each)
    return read_study(folder / "study.toml", CATALOGUE)


def test_what_is_said_without_agreements(tmp_path: Path) -> None:
    nothing = study_of(tmp_path).governed
    assert (to_say(nothing), to_warn(nothing)) == ([NONE_DECLARED], [NONE_DECLARED])
    made_up = study_of(tmp_path, text=STUDY.replace("purpose", "synthetic = true\npurpose")).governed
    assert (to_say(made_up), to_warn(made_up)) == ([MADE_UP], [])
    assert door_of(nothing, TODAY).is_watched is False


def test_a_study_with_agreements_names_its_purpose_and_their_folder(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match='"purpose" is missing, and agreements/ allows "What care costs"'):
        study_of(tmp_path, agreement("998", "998"), text=STUDY.replace('purpose = "What care costs"', ""))
    with pytest.raises(StudyError, match="no such folder of agreements"):
        study_of(tmp_path, text=STUDY.replace("purpose", 'agreements = "elsewhere"\npurpose'))


def read(duck: DuckDBEngine, tmp_path: Path, governed: Governed) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """Read the files of 998 through the door: the state of each, and the cells that stayed out, by reason."""
    files = (tmp_path / "header.csv", tmp_path / "reviews.csv")
    deliveries = [Delivery("998", files, "ssda903", 2019)]
    ledger = ingest(duck, CATALOGUE, deliveries=deliveries, door=door_of(governed, TODAY)).ledger
    assert ledger.faults() == []
    aside = {
        why: rows for step in ledger.steps if step.step == "keep to the agreements" for why, rows in step.set_aside
    }
    return duck.rows("SELECT state, message FROM delivery ORDER BY delivery_id"), aside


def test_a_column_that_is_not_covered_is_counted_and_not_read(duck: DuckDBEngine, tmp_path: Path) -> None:
    governed = study_of(tmp_path, agreement("998", "998", excluded=["ssda903 *.UPN", "ssda903 header.ETHNIC"])).governed
    states, aside = read(duck, tmp_path, governed)
    assert [state for state, _ in states] == ["read", "read"]
    assert aside == {
        "UPN: no agreement covers it for the study's purpose": 1,
        "ETHNIC: no agreement covers it for the study's purpose": 1,
    }
    assert duck.rows('SELECT "CHILD", "UPN", "ETHNIC" FROM ssda903_header ORDER BY line') == [
        ("Z1", None, None),
        ("Z2", None, None),
    ]
    assert duck.rows("SELECT * FROM recognition WHERE kind = 'value' AND scope LIKE '%ethnic%'") == []


@pytest.mark.parametrize("barred", ["ssda903 reviews", "ssda903 reviews.CHILD"])
def test_rows_without_a_covered_key_are_set_aside_whole(barred: str, duck: DuckDBEngine, tmp_path: Path) -> None:
    read(duck, tmp_path, study_of(tmp_path, agreement("998", "998", excluded=[barred])).governed)
    assert duck.rows("SELECT count(*) FROM ssda903_header") == [(2,)]
    assert duck.rows("SELECT count(*) FROM ssda903_reviews") == [(0,)]
    [(line, is_row, reason)] = duck.rows("SELECT line, is_row, reason FROM set_aside WHERE table_name = 'reviews'")
    assert (line, is_row) == (2, True)
    assert reason.startswith("no agreement covers")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("2026-12-31", "2026-05-31"), "0.toml expired on 2026-05-31: the file was not opened"),
        (("2026-01-01", "2026-06-02"), "0.toml holds from 2026-06-02 only: the file was not opened"),
        (("What care costs", "Something else"), "0.toml is for another purpose: the file was not opened"),
        (
            ("authority = '998'", "authority = '997'"),
            "no agreement is about records of 998, so the file was not opened",
        ),
    ],
)
def test_a_file_under_no_agreement_that_holds_is_not_opened(
    change: tuple[str, str], why: str, duck: DuckDBEngine, tmp_path: Path
) -> None:
    governed = study_of(tmp_path, agreement("998", "998").replace(*change)).governed
    (tmp_path / "header.csv").unlink()  # it would be said that it is not there
    states, _ = read(duck, tmp_path, governed)
    assert states == [("refused", why), ("refused", why)]


BOTH = ("within_authority", "pupil_number", "both", "probabilistic")


def check(tmp_path: Path, one: str, two: str, mode: str) -> None:
    study = study_of(tmp_path, one, two)
    check_allowed(study.governed, study.deliveries, mode, TODAY)


@pytest.mark.parametrize("mode", BOTH)
def test_records_of_two_owners_are_linked_only_when_both_agree(mode: str, tmp_path: Path) -> None:
    agreed = agreement("A", "998", may_link_with=["B"]), agreement("B", "997", may_link_with=["A"])
    check(tmp_path, *agreed, mode)
    for one, two in ((agreed[0], agreement("B", "997")), (agreement("A", "998"), agreed[1])):
        if mode == "within_authority":
            check(tmp_path, one, two, mode)
        else:
            with pytest.raises(
                StudyError, match=r"does not allow records of .* to be linked with .*agree on it on both"
            ):
                check(tmp_path, one, two, mode)


@pytest.mark.parametrize("mode", BOTH)
def test_two_owners_of_records_of_one_authority_are_linked_by_every_mode(mode: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="leave the deliveries of one of them out"):
        check(tmp_path, agreement("A", "998"), agreement("Trust", "998"), mode)
    # an agreement of which nothing is delivered joins nothing
    check(tmp_path, agreement("A", "998"), agreement("Trust", "998", allowed=["health"]), mode)


def test_smaller_numbers_than_an_agreement_lets_be_shown_are_refused(tmp_path: Path) -> None:
    study = study_of(tmp_path, agreement("998", "998", smallest_number=11))
    with pytest.raises(
        StudyError, match="counts below 11 may not be shown, and this study's outputs withhold those below 6"
    ):
        check_allowed(study.governed, study.deliveries, "both", TODAY)
    check_allowed(study.governed, study.deliveries, "both", TODAY, smallest_shown=11)
    study = study_of(tmp_path, agreement("998", "998", smallest_number=6))
    check_allowed(study.governed, study.deliveries, "both", TODAY)


def test_the_template_holds_once_its_texts_are_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "agreements" / "ours.toml"
    write_new_agreement(path)
    text = path.read_text()
    with pytest.raises(StudyError, match="still to be filled in"):
        study_of(tmp_path, text)
    path.unlink()
    for line in text.splitlines():
        if '"<' in line:
            start, end = line.index("<"), line.index(">") + 1
            asked = "998" if line.startswith("authority") else "What care costs"
            text = text.replace(line, line[:start] + asked + line[end:])
    study = study_of(tmp_path, text)
    said = "\n".join(show_agreements(study, TODAY))
    assert "What care costs (0.toml): holds until 31 December 2027" in said
    assert "allows     ssda903, cin_census" in said
    assert "last run   has not used it" in said
    assert "does not hold: 0.toml expired on 2027-12-31" in "\n".join(show_agreements(study, dt.date(2028, 1, 1)))


def test_rows_of_sensitive_services_or_of_nobody_knows_which_are_kept_apart(engine: Engine, tmp_path: Path) -> None:
    kinds = ["camhs", None, "counselling", "counselling", "mentoring"]
    rows = [{"service": kind, "standing": "superseded" if at == 3 else "current"} for at, kind in enumerate(kinds)]
    engine.load("services_deliveries", pa.Table.from_pylist(rows))
    sensitive = study_of(tmp_path, agreement("998", "998", sensitive=["service counselling"])).governed
    assert keep_apart(sensitive, CATALOGUE, engine).steps == []
    assert engine.rows("SELECT count(*) AS n FROM services_deliveries") == [(5,)]
    ledger = keep_apart(sensitive.apart(), CATALOGUE, engine)
    assert engine.rows("SELECT service FROM services_deliveries ORDER BY service") == [("camhs",), ("mentoring",)]
    assert [(step.reads, step.rows_in, step.rows_out) for step in ledger.steps] == [
        ("services_deliveries", 5, 2),
        ("services_deliveries current", 4, 2),
    ]
    assert ledger.faults() == []


def test_a_child_is_looked_at_only_while_an_agreement_holds(tmp_path: Path) -> None:
    check_in_force(Governed(), TODAY)
    governed = study_of(tmp_path, agreement("998", "998"), agreement("997", "997")).governed
    check_in_force(governed, TODAY)
    with pytest.raises(
        StudyError, match=r"no agreement holds, so nothing is shown: 0.toml expired on 2026-12-31; 1.toml expired"
    ):
        check_in_force(governed, dt.date(2027, 1, 1))
