"""Hours from focus groups and diaries: means and spread, direct and indirect apart, and no name that comes out."""

import csv
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue, read_price_base, read_prices
from careloom.cli import main
from careloom.core import RequestError
from careloom.costs import TimeUse, read_time_use
from careloom.costs.time_use import DIARY, SURVEY, spread

PROCESSES = load_catalogue().processes
STAFF = """staff,price_year,salary,employer_ni,superannuation,direct_overheads,indirect_overheads,capital,weeks_per_year,hours_per_week,leave_days,statutory_days,sick_days,training_days,client_share,source
social worker,2024/25,66000,0,0,0,0,0,50,40,50,0,0,0,0.5,made up
manager,2024/25,80000,0,0,0,0,0,50,40,50,0,0,0,0.5,made up
"""


def survey(folder: Path, *rows: str) -> TimeUse:
    path = folder / "asked.csv"
    path.write_text("\n".join([",".join(SURVEY), *rows]) + "\n")
    return read_time_use(path, PROCESSES)


def diary(folder: Path, *rows: str) -> TimeUse:
    path = folder / "diary.csv"
    path.write_text("\n".join([",".join(DIARY), *rows]) + "\n")
    return read_time_use(path, PROCESSES)


# --- spread ----------------------------------------------------------------------------------------------------------


def test_five_or_more_have_quartiles_as_r_has_them() -> None:
    """R: x <- c(3.5, 4, 4.25, 6, 9, 2.75, 5); mean(x); sd(x); quantile(x, c(.25, .75), type = 7)."""
    found = spread([3.5, 4, 4.25, 6, 9, 2.75, 5])
    assert (found.n, found.by) == (7, "quartiles")
    assert found.mean == pytest.approx(4.92857142857143, rel=1e-14)
    assert found.sd == pytest.approx(2.07522230593438, rel=1e-13)
    assert (found.low, found.high) == (3.75, 5.5)


def test_fewer_have_the_lowest_and_highest() -> None:
    found = spread([2, 5, 3, 4])
    assert (found.low, found.high, found.by) == (2, 5, "lowest and highest")


def test_limits_never_leave_the_mean_out() -> None:
    """R: mean(c(1, 1, 1, 1, 20)) is 4.8, and both quartiles are 1."""
    found = spread([1, 1, 1, 1, 20])
    assert (found.mean, found.low, found.high, found.by) == (4.8, 1, 20, "lowest and highest")


def test_one_answer_has_no_standard_deviation() -> None:
    assert spread([3]).sd is None


# --- a focus group ---------------------------------------------------------------------------------------------------


def test_a_focus_group_is_a_mean_of_answers_by_staff(tmp_path: Path) -> None:
    """Blank is no answer: of the manager only two were asked. 0 is an answer."""
    use = survey(
        tmp_path,
        "ann,LAC 6,review,social worker,4,1",
        "bob,LAC 6,review,social worker,6,2",
        "cy,LAC 6,review,social worker,2,",
        "ann,LAC 6,review,manager,1,0",
        "bob,LAC 6,review,manager,0,0",
    )
    worker, manager = use.rows
    assert (worker.direct.mean, worker.indirect.mean, worker.both.mean, worker.both.n) == (4, 1, 5, 3)
    assert (manager.both.mean, manager.both.n, manager.workers) == (0.5, 2, 2)
    assert use.how == "focus group, 3 asked"


def test_what_goes_by_time_is_per_week(tmp_path: Path) -> None:
    (row,) = survey(tmp_path, "ann,LAC 3,support once settled,social worker,2,0.5").rows
    assert row.unit == "week"


# --- a diary ---------------------------------------------------------------------------------------------------------


def test_a_diary_adds_up_by_case(tmp_path: Path) -> None:
    """Case 1: 90 + 30 minutes of two workers direct, 60 indirect. Case 2: 60 direct. So 1.5 direct and 0.5 indirect."""
    (row,) = diary(
        tmp_path,
        "w1,2024-03-04,1,LAC 6,review,social worker,90,direct",
        "w2,04/03/2024,1,LAC 6,review,social worker,30,Direct",
        "w1,2024-03-05,1,LAC 6,review,social worker,60,indirect",
        "w1,2024-03-06,2,LAC 6,review,social worker,60,direct",
    ).rows
    assert (row.direct.mean, row.indirect.mean, row.both.mean) == (1.5, 0.5, 2)
    assert (row.both.low, row.both.high, row.both.n, row.workers) == (1, 3, 2, 2)


def test_staff_who_spent_no_time_on_a_case_count_so_that_staff_add_up(tmp_path: Path) -> None:
    """Case 1 has 2 hours of both, case 2 one hour of the worker: 1.5 and 0.5, together the 2 hours of a case on average."""
    use = diary(
        tmp_path,
        "w,2024-03-04,1,LAC 6,review,social worker,120,direct",
        "m,2024-03-04,1,LAC 6,review,manager,60,direct",
        "w,2024-03-05,2,LAC 6,review,social worker,60,direct",
    )
    assert {row.staff: row.both.mean for row in use.rows} == {"social worker": 1.5, "manager": 0.5}


def test_what_goes_by_time_is_divided_by_the_weeks_of_the_diary(tmp_path: Path) -> None:
    """4 to 17 March are two weeks: 6 hours of one case are 3 a week."""
    (row,) = diary(
        tmp_path,
        "w,2024-03-04,1,LAC 3,support once settled,social worker,180,direct",
        "w,2024-03-17,1,LAC 3,support once settled,social worker,180,direct",
    ).rows
    assert (row.both.mean, row.unit) == (3, "week")


# --- what cannot be --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("zoe,LAC 66,review,social worker,1,1", 'line 2: there is no such process; did you mean "LAC 6"'),
        ("zoe,LAC 6,revue,social worker,1,1", 'line 2: LAC 6 has no such element; did you mean "review"'),
        ("zoe,LAC 6,review,social worker,,", "line 2: there are no hours; write 0 for none"),
        ("zoe,LAC 6,review,social worker,-1,", 'line 2: "direct_hours" should be 0 or more'),
        ("zoe,LAC 6,review,social worker,an hour,", 'line 2: "direct_hours" should be a number'),
        ("zoe,LAC 6,review,,1,1", 'line 2: "staff" is blank'),
        (",LAC 6,review,social worker,1,1", 'line 2: "person" is blank'),
        ("zoe,LAC 6,review,social worker,1", "line 2: it has 5 cells, and the heading 6"),
        ("zoe,LAC 6,review,manager,1,1\nzoe,LAC 6,review,manager,1,1", "lines 2 and 3: the same person answers"),
    ],
)
def test_a_survey_that_cannot_be(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(RequestError) as fault:
        survey(tmp_path, *row.split("\n"))
    assert message in str(fault.value)
    assert "zoe" not in str(fault.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("zoe,4 March,c9,LAC 6,review,social worker,60,direct", 'line 2: "day" should be a date'),
        ("zoe,2024-03-04,c9,LAC 6,review,social worker,0,direct", 'line 2: "minutes" should be above 0'),
        ("zoe,2024-03-04,c9,LAC 6,review,social worker,1441,direct", "at most 1440"),
        ("zoe,2024-03-04,c9,LAC 6,review,social worker,60,travel", 'line 2: "work" should be direct or indirect'),
        ("zoe,2024-03-04,,LAC 6,review,social worker,60,direct", 'line 2: "case" is blank'),
        (
            "zoe,2024-03-04,c9,LAC 6,review,manager,1000,direct\nzoe,2024-03-04,c8,LAC 6,review,manager,500,direct",
            "line 3: with it the worker has more than 24 hours on that day",
        ),
    ],
)
def test_a_diary_that_cannot_be(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(RequestError) as fault:
        diary(tmp_path, *row.split("\n"))
    assert message in str(fault.value)
    assert not {"zoe", "c9"} & set(str(fault.value).replace(",", " ").split())


def test_a_file_that_is_neither_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(RequestError, match="line 1: what stands above column 1 is no column of a survey of time"):
        read_time_use(path, PROCESSES)
    with pytest.raises(RequestError, match="there is no such survey of time"):
        read_time_use(tmp_path / "none.csv", PROCESSES)


# --- the command -----------------------------------------------------------------------------------------------------

ROWS = (
    "Worker Wanda,LAC 6,review,social worker,4,1",
    "Worker Bob,LAC 6,review,social worker,6,1",
    "Worker Wanda,LAC 6,review,manager,1,0",
)


def test_the_command_shows_hours_and_no_names_and_says_when_few_were_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    survey(tmp_path, *ROWS)
    assert main(["time-use", str(tmp_path / "asked.csv")]) == 0
    said = capsys.readouterr()
    assert "LAC 6 review" in said.out
    assert "6.00" in said.out
    assert "2 of 2 rows rest on fewer than 5 people" in said.err
    assert "Wanda" not in said.out + said.err
    assert max(map(len, said.out.splitlines())) <= 100


def test_its_rows_are_a_price_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An hour of the worker is 66,000 / (2,000 - 400) = 41.25, of the manager 50: 6 x 41.25 + 1 x 50 = 297.50."""
    survey(tmp_path, *ROWS)
    (tmp_path / "staff.csv").write_text(STAFF)
    for basis, by_hand in (("working", 6 * 41.25 + 50), ("client", 5 * 82.5 + 100)):
        out = tmp_path / f"{basis}.csv"
        asked = [
            "time-use",
            str(tmp_path / "asked.csv"),
            "--out",
            str(out),
            "--price-year",
            "2024/25",
            "--basis",
            basis,
        ]
        assert main(asked) == 0
        assert "Wanda" not in out.read_text()
        (price,) = read_prices(out, read_price_base(tmp_path)).prices
        assert float(price.amount) == by_hand
        assert price.low < price.amount < price.high
        assert main(asked) == 6  # it never writes over
    with (tmp_path / "working.csv").open(encoding="utf-8-sig", newline="") as file:
        sources = {row["source"] for row in csv.DictReader(file)}
    assert "focus group, 2 asked (asked.csv); one of the answers" in sources  # the manager's, which has no limits
    assert "focus group, 2 asked (asked.csv); mean of 2 of the answers, limits: lowest and highest" in sources


def test_direct_work_alone_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    survey(tmp_path, "a,LAC 6,review,social worker,4,0")
    assert main(["time-use", str(tmp_path / "asked.csv")]) == 0
    assert "no indirect work is recorded" in capsys.readouterr().err
