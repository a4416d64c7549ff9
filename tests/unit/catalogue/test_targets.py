"""Published figures say where they are from and how near is near; a line that does not is refused, by its number."""

from pathlib import Path

import pytest

from careloom.catalogue.load import OURS
from careloom.catalogue.targets import HEADING, Tolerance, read_targets, read_tolerance
from careloom.core import CatalogueError

LINE = 'referrals,,2019,"per 10,000 children",553.7,5%,cin25,chance moves it by 2%'
NATIONAL = OURS / "national"


def write(folder: Path, *lines: str) -> Path:
    path = folder / "targets.csv"
    path.write_text("\n".join([",".join(HEADING), *lines]) + "\n", encoding="utf-8")
    return path


def test_a_target_is_read(tmp_path: Path) -> None:
    (target,) = read_targets(write(tmp_path, LINE))
    assert (target.statistic, target.group, target.year, target.value) == ("referrals", "", 2019, 553.7)
    assert (target.tolerance, target.scale) == (Tolerance(5, is_relative=True), 10_000)


def test_a_figure_that_nobody_published_has_neither_value_nor_tolerance(tmp_path: Path) -> None:
    (target,) = read_targets(write(tmp_path, "again,within 1 year,,% of cases,,,none found,shown only"))
    assert (target.year, target.value, target.tolerance, target.scale) == (None, None, None, 100)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("cin25", "", '"source" is blank'),
        ("chance moves it by 2%", "", '"note" is blank'),
        ("per 10,000 children", "per child", '"unit" should be'),
        ("5%", "5", '"tolerance" should be like'),
        ("5%", "0%", '"tolerance" should be like'),
        ("5%", "", "should both be there"),
        ("553.7", "", "should both be there"),
        ("5%", "2 points", "in points is for a share"),
        ("553.7", "many", "should be numbers or blank"),
        ("2019", "2018/19", "should be numbers or blank"),
    ],
)
def test_a_line_at_fault_is_refused_by_its_number(tmp_path: Path, old: str, new: str, says: str) -> None:
    earlier = LINE.replace("2019", "2018")
    with pytest.raises(CatalogueError, match=r"targets.csv line 3: .*") as refused:
        read_targets(write(tmp_path, earlier, LINE.replace(old, new)))
    assert says in str(refused.value)


def test_a_figure_stands_once(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="line 3: this statistic, group and year stand on an earlier line too"):
        read_targets(write(tmp_path, LINE, LINE))


def test_a_wrong_heading_or_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no such file of targets"):
        read_targets(tmp_path / "targets.csv")
    (tmp_path / "targets.csv").write_text("statistic,value\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="the heading should be statistic,group,year"):
        read_targets(tmp_path / "targets.csv")


@pytest.mark.parametrize(
    ("text", "target", "near", "far"),
    [
        ("10%", 50.0, 45.0, 44.9),
        ("10%", 50.0, 55.0, 55.1),
        ("2 points", 50.0, 48.0, 47.9),
        ("1.5 points", 3.0, 4.5, 4.6),
    ],
)
def test_a_tolerance_reaches_as_far_as_it_says(text: str, target: float, near: float, far: float) -> None:
    tolerance = read_tolerance(text, "here")
    assert str(tolerance) == text
    assert tolerance.allows(target, near)
    assert not tolerance.allows(target, far)
    assert not tolerance.allows(target, float("nan"))


def test_every_source_of_the_national_figures_is_named_in_their_readme() -> None:
    readme = (NATIONAL / "README.md").read_text(encoding="utf-8")
    assert [t.source for t in read_targets(NATIONAL / "targets.csv") if f"`{t.source}`" not in readme] == []


def test_rates_are_the_departments_own() -> None:
    """Referral rates as published in DfE's Local Authority Interactive Tool, computed by us from counts and estimates."""
    published = {2016: 536.0, 2017: 553.6, 2018: 559.6, 2019: 553.7, 2020: 545.3, 2021: 507.1, 2022: 552.8, 2023: 538.1}
    ours = {
        t.year: t.value for t in read_targets(NATIONAL / "targets.csv") if (t.statistic, t.group) == ("referrals", "")
    }
    assert {year: ours[year] for year in published} == published


def test_shares_that_make_up_a_whole_add_up_to_it() -> None:
    whole = ("source_of_referral", "length_of_open_episodes", "children_in_need_by_age", "assessments_by_working_days")
    figures = [t for t in read_targets(NATIONAL / "targets.csv") if t.statistic in whole and t.year == 2019]
    for statistic in whole:
        total = sum(t.value or 0 for t in figures if t.statistic == statistic)
        assert total == pytest.approx(100, abs=0.3)  # eleven shares written to a tenth of a point
