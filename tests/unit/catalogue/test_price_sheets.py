"""Price sheets, staff sheets, regions and indices: what they come to, and what is said of each mistake."""

from decimal import Decimal
from pathlib import Path

import pytest

from careloom.catalogue import PriceSheet, read_price_base, read_prices
from careloom.catalogue.staff import STAFF_COLUMNS, read_staff
from careloom.core import CatalogueError

HEAD = "standing,price_year,process,element,need_group,unit,component,staff,hours,hours_low,hours_high,hours_basis,hourly_rate,fixed,low,high,source"


def sheet(folder: Path, *rows: str, price_year: str = "", region: str = "") -> PriceSheet:
    """Read rows of `name=cell` pairs; standing, year, process, element, unit and source have usual values."""
    usual = {
        "standing": "local",
        "price_year": "2022/23",
        "process": "LAC 6",
        "element": "review",
        "unit": "event",
        "source": "a test",
    }
    lines = [HEAD]
    for row in rows:
        cells = usual | dict(pair.split("=") for pair in row.split("; ") if pair)
        assert set(cells) <= set(HEAD.split(","))
        lines.append(",".join(cells.get(name, "") for name in HEAD.split(",")))
    path = folder / "unit_costs.csv"
    path.write_text("\n".join(lines) + "\n")
    return read_prices(path, read_price_base(folder, price_year, region))


def staff(folder: Path, **cells: str) -> Path:
    """A staff sheet of one social worker: 50,000 a year over 1,600 hours is 31.25 an hour."""
    usual = dict.fromkeys(STAFF_COLUMNS, "0") | {
        "staff": "social worker",
        "price_year": "2022/23",
        "salary": "40000",
        "employer_ni": "4000",
        "superannuation": "6000",
        "weeks_per_year": "52",
        "hours_per_week": "40",
        "leave_days": "30",
        "statutory_days": "8",
        "sick_days": "12",
        "training_days": "10",
        "source": "a test",
        "client_share": "",
    }
    row = usual | cells
    path = folder / "staff.csv"
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    return path


def write(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n")


def amount(prices: PriceSheet) -> Decimal:
    (price,) = prices.prices
    return price.amount


# --- amounts ---------------------------------------------------------------------------------------------------------


def test_hours_at_their_rate_and_what_is_fixed_add_up_over_kinds_of_staff(tmp_path: Path) -> None:
    """3 x 40 + 5 = 125, and 0.5 x 60 = 30."""
    prices = sheet(
        tmp_path, "staff=social worker; hours=3; hourly_rate=40; fixed=5", "staff=manager; hours=0.5; hourly_rate=60"
    )
    assert amount(prices) == Decimal(155)


def test_limits_are_of_the_amount_or_of_the_hours(tmp_path: Path) -> None:
    """Hours of 2 to 5 at 40 and 10 fixed are 90 to 210; the other row says its own."""
    prices = sheet(
        tmp_path,
        "staff=a; hours=3; hours_low=2; hours_high=5; hourly_rate=40; fixed=10",
        "staff=b; fixed=100; low=80; high=130",
    )
    (price,) = prices.prices
    assert (price.low, price.amount, price.high) == (Decimal(170), Decimal(230), Decimal(340))


def test_nothing_is_free_unless_it_says_so(tmp_path: Path) -> None:
    assert amount(sheet(tmp_path, "fixed=0")) == 0
    with pytest.raises(CatalogueError, match="rows are not filled in"):
        sheet(tmp_path, "")


def test_rows_not_filled_in_are_named_with_what_to_write(tmp_path: Path) -> None:
    rows = [f"need_group={n}" for n in "abcdefg"]
    with pytest.raises(CatalogueError) as fault:
        sheet(tmp_path, "fixed=1", *rows)
    said = str(fault.value)
    for word in (
        "line 3: LAC 6 review (need_group a)",
        "2 more, lines 3-9",
        '"hours"',
        '"hourly_rate"',
        '"fixed"',
        "0 where",
    ):
        assert word in said


# --- staff -----------------------------------------------------------------------------------------------------------


def test_a_row_takes_the_rate_of_its_staff(tmp_path: Path) -> None:
    staff(tmp_path)
    (price,) = sheet(tmp_path, "staff=social worker; hours=4").prices
    assert price.amount == Decimal(125)
    assert price.rows[0].paid is not None


def test_an_hour_with_clients_bears_the_other_hours_as_well(tmp_path: Path) -> None:
    """31.25 / 0.625 = 50; published hours of a social worker stand so, at GBP 40 and 55."""
    staff(tmp_path, client_share="0.625")
    assert amount(sheet(tmp_path, "staff=social worker; hours=4; hours_basis=client hour")) == Decimal(200)


def test_the_two_kinds_of_hours_are_never_mixed(tmp_path: Path) -> None:
    staff(tmp_path, client_share="0.625")
    with pytest.raises(CatalogueError, match="line 3 is of client hours and line 2 is of working hours"):
        sheet(
            tmp_path,
            "staff=social worker; hours=4",
            "need_group=EBD; staff=social worker; hours=4; hours_basis=client hour",
        )


@pytest.mark.parametrize(
    ("cells", "row", "message"),
    [
        ({}, "staff=social wroker; hours=4", 'staff.csv, beside the sheet, is filled in; did you mean "social worker"'),
        ({}, "hours=4", '"hours" need an "hourly_rate", or a "staff"'),
        ({}, "staff=social worker; hours=4; hourly_rate=30", "the staff sheet has this staff, too"),
        ({}, "staff=social worker; hours=4; hours_basis=client hour", "staff.csv line 2 does not say their share"),
        (
            {"price_year": "2021/22"},
            "staff=social worker; hours=4",
            "staff.csv line 2 is of 2021/22, and the row of 2022/23",
        ),
        ({"client_share": "1.2"}, "fixed=1", 'staff.csv line 2: "client_share" should be above 0 and at most 1'),
        ({"salary": ""}, "fixed=1", 'staff.csv line 2: "salary" is blank'),
        ({"salary": "-4"}, "fixed=1", 'staff.csv line 2: "salary" should be 0 or more'),
        (
            {"salary": "£40000"},
            "fixed=1",
            'staff.csv line 2: "salary" should be a number',
        ),
        ({"leave_days": "300"}, "fixed=1", "staff.csv line 2: with so many days off no hour"),
        ({"source": ""}, "fixed=1", 'staff.csv line 2: "source" is blank; say where'),
        (
            {"salry": "1"},
            "fixed=1",
            'staff.csv line 1: there is no column "salry" in a staff sheet; did you mean "salary"',
        ),
    ],
)
def test_a_staff_sheet_that_cannot_be(tmp_path: Path, cells: dict[str, str], row: str, message: str) -> None:
    staff(tmp_path, **cells)
    with pytest.raises(CatalogueError) as fault:
        sheet(tmp_path, row)
    assert message in str(fault.value)


def test_the_same_staff_twice_is_refused_and_an_empty_row_is_no_staff(tmp_path: Path) -> None:
    path = staff(tmp_path)
    head, row = path.read_text().splitlines()
    write(path, head, row, "manager" + "," * head.count(","))
    assert list(read_staff(path)) == ["social worker"]
    write(path, head, row, row)
    with pytest.raises(CatalogueError, match="lines 2 and 3: the same staff"):
        read_staff(path)


# --- regions and years -----------------------------------------------------------------------------------------------

INDICES = (
    "component,price_year,index,source",
    "pay,2022/23,104,ours",
    "pay,2023/24,117,ours",
    ",2022/23,100,theirs",
    ",2023/24,105,theirs",
)


def test_a_price_is_brought_to_another_year_by_the_index_of_its_component(tmp_path: Path) -> None:
    """Pay: 80 x 117 / 104 = 90 exactly; a fee by the index of all: 200 x 1.05 = 210. Limits go along."""
    write(tmp_path / "indices.csv", *INDICES)
    prices = sheet(
        tmp_path, "hours=2; hourly_rate=40; low=52; high=104", "need_group=EBD; fixed=200", price_year="2023/24"
    )
    pay, fee = prices.prices
    assert (pay.low, pay.amount, pay.high, fee.amount) == (Decimal("58.5"), Decimal(90), Decimal(117), Decimal(210))
    assert prices.price_year == "2023/24"
    assert [f.where for f in pay.rows[0].factors] == ["indices.csv line 2 and indices.csv line 3"]
    assert "index of all components" in fee.rows[0].factors[0].why


def test_an_index_ratio_is_not_rounded(tmp_path: Path) -> None:
    """100 x 101 / 99 x 99 / 101 would drift if ratios were cut to pence: 28 digits are kept."""
    write(tmp_path / "indices.csv", INDICES[0], ",2022/23,99,x", ",2023/24,101,x")
    assert str(amount(sheet(tmp_path, "fixed=100", price_year="2023/24"))).startswith("102.0202020202020202020202")


def test_a_region_multiplies_its_components(tmp_path: Path) -> None:
    write(
        tmp_path / "regions.csv",
        "region,component,multiplier,source",
        "London,pay,1.2,x",
        "London,,1.1,x",
        "North,pay,1,x",
    )
    rows = ("hours=2; hourly_rate=40", "need_group=EBD; fixed=200")
    assert [each.amount for each in sheet(tmp_path, *rows, region="London").prices] == [Decimal(96), Decimal(220)]
    assert [each.amount for each in sheet(tmp_path, *rows).prices] == [Decimal(80), Decimal(200)]
    with pytest.raises(CatalogueError, match=r'line 3: regions\.csv holds no multiplier of "fees" for North'):
        sheet(tmp_path, *rows, region="North")
    with pytest.raises(CatalogueError, match='there is no region "Lodnon"; did you mean "London"'):
        sheet(tmp_path, *rows, region="Lodnon")


def test_mixed_price_years_are_refused_unless_they_are_brought_to_one(tmp_path: Path) -> None:
    rows = ("fixed=100", "need_group=EBD; price_year=2023/24; fixed=100")
    with pytest.raises(CatalogueError) as fault:
        sheet(tmp_path, *rows)
    for word in ('line 2 has "2022/23" and line 3 has "2023/24"', "indices.csv", "[costs]"):
        assert word in str(fault.value)
    with pytest.raises(CatalogueError, match='no index of "fees" for 2022/23'):
        sheet(tmp_path, *rows, price_year="2023/24")
    write(tmp_path / "indices.csv", *INDICES)
    assert [each.amount for each in sheet(tmp_path, *rows, price_year="2023/24").prices] == [Decimal(105), Decimal(100)]


def test_illustrative_rows_never_hide_in_a_local_sheet(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match='line 2 has "local" and line 3 has "illustrative"'):
        sheet(tmp_path, "fixed=1", "need_group=EBD; standing=illustrative; fixed=2")


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("regions.csv", ("region,component,multiplier,source", "London,pay,0,x"), '"multiplier" should be above 0'),
        ("regions.csv", ("region,component,multiplier,source", "London,wages,1,x"), '"component" should be one of'),
        ("indices.csv", ("component,price_year,index,source", "pay,2023,1,x"), "financial year such as 2023/24"),
        ("indices.csv", ("component,price_year,index,source", "pay,2023/25,1,x"), "financial year such as 2023/24"),
        ("indices.csv", ("component,price_year,index,source", "pay,2023/24,1,"), '"source" is blank'),
        (
            "indices.csv",
            ("component,price_year,index,source", "pay,2023/24,1,x", "pay,2023/24,2,x"),
            "stand there twice",
        ),
        ("indices.csv", ("component,price_year,index", "pay,2023/24,1"), 'line 1: the column "source" is missing'),
    ],
)
def test_what_stands_beside_a_sheet_is_read_strictly(
    tmp_path: Path, name: str, lines: tuple[str, ...], message: str
) -> None:
    write(tmp_path / name, *lines)
    with pytest.raises(CatalogueError, match=message) as fault:
        sheet(tmp_path, "fixed=1", region="London" if name == "regions.csv" else "")
    assert str(fault.value).startswith(f"{name} line ")


def test_a_region_without_its_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"regions\.csv: there is no such file, and a region is asked for"):
        sheet(tmp_path, "fixed=1", region="London")


# --- rows that cannot be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("fixed=-1", 'line 2: "fixed" should be 0 or more: it is never negative'),
        ("fixed=nan", 'line 2: "fixed" should be 0 or more'),
        ("fixed=a lot", 'line 2: "fixed" should be a number'),
        ("fixed=1; standing=Illustrative", 'line 2: "standing" should be one of illustrative, local'),
        ("fixed=1; unit=fortnight", 'line 2: "unit" should be one of event, night'),
        ("fixed=1; component=wages", 'line 2: "component" should be one of pay'),
        ("fixed=1; source=", 'line 2: "source" is blank; say where the figure comes from'),
        ("fixed=1; price_year=", 'line 2: "price_year" is blank'),
        ("fixed=1; price_year=2023", 'line 2: "price_year" should be a financial year'),
        ("fixed=1; low=2", 'line 2: the amount should lie from "low" to "high"'),
        ("fixed=1; high=0.5", 'line 2: the amount should lie from "low" to "high"'),
        ("fixed=1; hourly_rate=40", 'line 2: there is an "hourly_rate" and no "hours"'),
        ("fixed=1; hours_low=1", 'line 2: there are "hours_low" and no "hours"'),
        ("hours=2; hours_low=1; low=1; hourly_rate=40", 'line 2: fill in "low" (GBP) or "hours_low", not both'),
        (
            "hours=2; hourly_rate=40; hours_basis=day",
            'line 2: "hours_basis" should be one of working hour, client hour',
        ),
    ],
)
def test_a_row_that_cannot_be_is_named_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(CatalogueError) as fault:
        sheet(tmp_path, row)
    assert message in str(fault.value)
    assert str(fault.value).startswith("unit_costs.csv")


def test_the_same_staff_for_the_same_work_twice_is_a_slip(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="lines 2 and 3: the same process, element, keys and staff"):
        sheet(tmp_path, "fixed=1", "fixed=2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'line 1: the column "standing" is missing'),
        (HEAD + "\n", "there is no row below the heading"),
        (
            HEAD.replace("hours,", "ours,", 1) + "\n",
            'line 1: there is no column "ours" in a price sheet; did you mean "hours"',
        ),
        (HEAD + ",unit\n", 'the column "unit" stands there twice'),
        (HEAD + "\na,b\n", "line 2: it has 2 cells, and the heading 17"),
    ],
)
def test_a_file_that_is_no_price_sheet(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "ours.csv"
    path.write_text(text)
    with pytest.raises(CatalogueError) as fault:
        read_prices(path)
    assert message in str(fault.value)


def test_a_workbook_or_another_alphabet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_bytes(HEAD.encode() + b"\n\xa3\n")
    with pytest.raises(CatalogueError, match="save the price sheet as CSV UTF-8"):
        read_prices(path)
    with pytest.raises(CatalogueError, match="there is no such price sheet"):
        read_prices(tmp_path / "none.csv")


def test_lines_that_excel_leaves_empty_are_passed_over_and_lines_counted_on(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    row = "local,2022/23,LAC 6,review,,event,,,,,,,,5,,,a test"
    path.write_text("\n".join([HEAD, "," * 16, row, "," * 16, ""]))
    (price,) = read_prices(path).prices
    assert price.rows[0].line == 3
