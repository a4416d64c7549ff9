"""One cost line traced: family share, region, index, client hours, averages of fees, what was supplied by rule, and a changed sheet."""

import runpy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.core import NotFoundError, RequestError
from careloom.study import Asked, explain_cost

MADE = runpy.run_path(str(Path(__file__).with_name("kept.py")))
CATALOGUE = load_catalogue()
PERSON = "a" * 26
SHEET = """standing,price_year,process,element,unit,staff,hours,hours_basis,source
local,2022/23,CIN 1,referral,event,social worker,3,client hour,time use of our own
"""
STAFF = """staff,price_year,salary,employer_ni,superannuation,direct_overheads,indirect_overheads,capital,weeks_per_year,hours_per_week,leave_days,statutory_days,sick_days,training_days,client_share,source
social worker,2022/23,64000,0,0,0,0,0,50,40,50,0,0,0,0.8,our pay scale
"""
LINE = {
    "person_id": PERSON,
    "la": "998",
    "need_group": "EBD",
    "age_band": "5-10",
    "process": "CIN 1",
    "process_name": "Initial contact and referral",
    "element": "referral",
    "variation": "",
    "kind": "case_management",
    "perspective": "CSC",
    "component": "pay",
    "starts_on": date(2022, 5, 3),
    "ends_on": date(2022, 5, 4),
    "basis": "event",
    "quantity": Decimal(1),
    "is_imputed": False,
    "price_source": "sheet",
    "price_rows": "2",
    "trigger_id": "c1",
    "standing": "local",
    "price_year": "2023/24",
}
SPELL = {"spell_id": "c1", "person_id": PERSON, "la": "998", "kind": "cin_episode", "starts_on": date(2022, 5, 3), "code": "N1", "delivery_id": 1, "line": 17}  # fmt: skip


def study_of(folder: Path, unit_cost: str, **cells: Any) -> Path:
    """A study whose referral costs 3 client hours x 40 / 0.8 x 110/100 x 1.2 = 198, and a child with one cost line."""
    line = LINE | {"unit_cost": Decimal(unit_cost), "subtotal": Decimal(unit_cost)} | cells
    people = [{"person_id": PERSON, "birth_month": date(2014, 5, 1), "is_expected_birth": False}]
    study: Path = MADE["write_study"](folder, CATALOGUE, {"person": people, "spell": [SPELL], "cost": [line]})
    (folder / "prices").mkdir()
    for name, text in {
        "unit_costs": SHEET,
        "staff": STAFF,
        "regions": "region,component,multiplier,source\nLondon,pay,1.2,our guess\n",
        "indices": "component,price_year,index,source\npay,2022/23,100,an index\npay,2023/24,110,an index\n",
    }.items():
        (folder / "prices" / f"{name}.csv").write_text(text)
    asked = '\n[costs]\nprices = "prices"\nregion = "London"\nprice_year = "2023/24"\nfamily_share = 0.5\n'
    study.write_text(study.read_text() + asked)
    return study


def explain(study: Path, line: int | None = 1) -> str:
    """The words, wrapped lines drawn together again."""
    return " ".join(explain_cost(study, CATALOGUE, Asked(PERSON, "a test"), line).split())


def test_every_figure_of_a_price_is_traced(tmp_path: Path) -> None:
    """198 for the whole of it, of which this child of a family bears a half: 99."""
    words = explain(study_of(tmp_path, "99"))
    for said in (
        "£99.00 = 1 x £99",
        "cin episode from 3 May 2022, still open at the last return, N1 [1] line 17",
        "1 on 3 May 2022, a day of the cost window",
        "need group: EBD; age band: 5-10",
        "£198.00 per event x 0.5, what one child of a family bears",
        "Price sheet unit_costs: local prices of 2023/24",
        "line 2, social worker: 3 client hours x £66.00 = £198.00",
        "rate of staff.csv line 2, 2022/23: £64,000.00 / 1,600.00 hours",
        "per client hour: divided by the share of direct work, 0.8",
        "already times 1.10: prices of 2022/23 at those of 2023/24, index of pay",
        "indices.csv line 2 and indices.csv line 3: an index",
        "already times 1.20: region London (regions.csv line 2: our guess)",
        "source: time use of our own",
        "[1] cin 22.xml: cin_census 2022, authority 998",
    ):
        assert said in words
    assert "ILLUSTRATIVE" not in words


def test_another_unit_cost_than_the_runs_is_never_explained_away(tmp_path: Path) -> None:
    words = explain(study_of(tmp_path, "98.5"))
    assert (
        "£98.500000, from line 2 of the price sheet; the price sheet gives another unit cost now than in the run"
        in words
    )
    assert "social worker" not in words


def test_rows_that_have_moved_are_said_to_have_changed(tmp_path: Path) -> None:
    assert "it has been changed since" in explain(study_of(tmp_path, "99", price_rows="7"))


def test_what_was_supplied_by_rule_says_so(tmp_path: Path) -> None:
    assert "Supplied by rule: the record does not show it" in explain(study_of(tmp_path, "99", is_imputed=True))


@pytest.mark.parametrize(
    ("level", "by"), [(2, "type, provider, area and age band"), (3, "authority and type of placement")]
)
def test_an_average_of_fees_says_of_what(tmp_path: Path, level: int, by: str) -> None:
    fee = {"kind": "fee", "process": "LAC 3", "element": "placement fee", "basis": "night", "fee_level": level}
    words = explain(study_of(tmp_path, "99", **fee, price_source="average of recorded fees", price_rows=None))
    assert f"{by} (level {level}), each weighted by its nights, of at least 5 children" in words


def test_illustrative_lines_are_loud(tmp_path: Path) -> None:
    study = study_of(tmp_path, "99", standing="illustrative")
    for line in (None, 1):
        assert "ILLUSTRATIVE PRICES: not this authority's own" in explain(study, line)


def test_lines_and_children_that_are_not_there(tmp_path: Path) -> None:
    study = study_of(tmp_path, "99")
    with pytest.raises(RequestError, match="--line goes from 1 to 1"):
        explain(study, 2)
    with pytest.raises(NotFoundError, match="no child of that ID"):
        explain_cost(study, CATALOGUE, Asked("b" * 26, "a test"))


def test_a_child_without_costs_is_told_so(tmp_path: Path) -> None:
    study = study_of(tmp_path, "99", person_id="c" * 26)
    assert "Nothing is costed for this child" in explain(study, None)
    with pytest.raises(RequestError, match="has no cost line"):
        explain(study, 1)
