"""A unit cost built from the bottom, each step worked out by hand beside it; figures are round ones, made up for the sums.

The steps are those that the Cost Calculator for Children's Services tells of on its public pages: time by staff and process, times an
hourly rate of pay, National Insurance, superannuation, holiday and sick leave, and overheads.

Social worker, 2022/23
  a year costs   36,000 salary + 4,200 National Insurance + 7,800 superannuation + 9,000 direct overheads
                 + 6,600 indirect overheads + 2,400 capital                                               = 66,000
  hours worked   52 weeks x 37.5 hours                                                                    =  1,950
                 less 27 leave + 8 public holidays + 9 sick + 6 training = 50 days of 7.5 hours           =    375
                                                                                                          =  1,575
  an hour        66,000 / 1,575                                                                           = 41.904761904761...
  of direct work 0.7 of it is                       41.904761904761... / 0.7                              = 59.863945578231...
Team manager, 2022/23
  a year costs   48,000 + 5,600 + 10,400 + 10,000 + 7,000 + 3,000                                         = 84,000
  hours worked   52 x 37 = 1,924, less 50 days of 7.4 hours = 370                                         =  1,554
  an hour        84,000 / 1,554                                                                           = 54.054054054054...

A review takes 6 hours of the social worker and 1.5 of the manager, and the chair's fee is 85:
  6 x 66,000/1,575 + 1.5 x 84,000/1,554 + 85 = 251.428571... + 81.081081... + 85                          = 417.509652...
In London (pay x 1.1, all else x 1.05) and at the prices of 2023/24 (pay 108/100; all else 103/100):
  social worker  251.428571... x 1.08 x 1.1                                                               = 298.697142...
  manager         81.081081... x 1.08 x 1.1                                                               =  96.324324...
  fee             85 x 1.03 x 1.05                                                                        =  91.9275
                                                                                                          = 486.948967...
Support once settled takes 2 hours of the social worker a week: a night is
  2 x 41.904761904761... / 7 = 11.972789115...                                                            ~ 11.972789
"""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from careloom.catalogue import Element, PriceSheet, read_price_base, read_prices
from careloom.catalogue.staff import read_staff
from careloom.costs.prices import choose_price, per_unit

STAFF = """staff,price_year,salary,employer_ni,superannuation,direct_overheads,indirect_overheads,capital,weeks_per_year,hours_per_week,leave_days,statutory_days,sick_days,training_days,client_share,source
social worker,2022/23,36000,4200,7800,9000,6600,2400,52,37.5,27,8,9,6,0.7,made up
team manager,2022/23,48000,5600,10400,10000,7000,3000,52,37,27,8,9,6,,made up
"""
SHEET = """standing,price_year,process,element,unit,component,staff,hours,fixed,source
local,2022/23,LAC 6,review,event,pay,social worker,6,,made up
local,2022/23,LAC 6,review,event,pay,team manager,1.5,,made up
local,2022/23,LAC 6,review,event,other,,,85,made up
local,2022/23,LAC 3,support once settled,week,pay,social worker,2,,made up
"""
REGIONS = "region,component,multiplier,source\nLondon,pay,1.1,made up\nLondon,,1.05,made up\n"
INDICES = """component,price_year,index,source
pay,2022/23,100,made up
pay,2023/24,108,made up
,2022/23,100,made up
,2023/24,103,made up
"""
AN_HOUR, AN_HOUR_OF_MANAGER = Fraction(66000, 1575), Fraction(84000, 1554)
CLOSE = Fraction(1, 10**20)  # Decimals hold 28 digits, and these amounts have three before the point


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"staff": STAFF, "unit_costs": SHEET, "regions": REGIONS, "indices": INDICES}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def review(sheet: PriceSheet) -> Fraction:
    return Fraction(choose_price(sheet, "LAC 6", "review", {}).amount)


def test_the_rate_of_an_hour(folder: Path) -> None:
    worker = read_staff(folder / "staff.csv")["social worker"]
    assert (worker.yearly_cost, worker.hours_worked) == (Decimal(66000), Decimal(1575))
    assert abs(Fraction(worker.rate("working hour") or 0) - AN_HOUR) < CLOSE
    assert abs(Fraction(worker.rate("client hour") or 0) - AN_HOUR / Fraction(7, 10)) < CLOSE
    assert read_staff(folder / "staff.csv")["team manager"].hours_worked == Decimal(1554)


def test_a_process_is_its_staff_and_what_is_fixed(folder: Path) -> None:
    sheet = read_prices(folder / "unit_costs.csv", read_price_base(folder))
    assert abs(review(sheet) - (6 * AN_HOUR + Fraction(3, 2) * AN_HOUR_OF_MANAGER + 85)) < CLOSE
    assert round(float(review(sheet)), 6) == 417.509653


def test_another_region_and_year(folder: Path) -> None:
    sheet = read_prices(folder / "unit_costs.csv", read_price_base(folder, "2023/24", "London"))
    pay = Fraction(108, 100) * Fraction(11, 10)
    by_hand = (6 * AN_HOUR + Fraction(3, 2) * AN_HOUR_OF_MANAGER) * pay + 85 * Fraction(103, 100) * Fraction(105, 100)
    assert abs(review(sheet) - by_hand) < CLOSE
    assert round(float(review(sheet)), 6) == 486.948967


def test_a_night_of_support_is_rounded_once_to_six_decimals(folder: Path) -> None:
    sheet = read_prices(folder / "unit_costs.csv", read_price_base(folder))
    price = choose_price(sheet, "LAC 3", "support once settled", {})
    element = Element("support once settled", "case_management", "night", "")
    assert per_unit(sheet, element, price, price.amount) == Decimal("11.972789")
