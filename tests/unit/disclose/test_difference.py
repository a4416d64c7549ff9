"""What two releases of a table tell together: by hand, and held against every number that it could have been."""

from itertools import product

import pyarrow as pa
import pytest

from careloom.disclose import DEFAULT, Amount, Count, Label, profile_names, read_profile, release
from careloom.disclose.difference import Told, told_between

COLUMNS = (Label("place"), Count("children"), Amount("cost", "children", 100))
EXACT = read_profile("dfe_exact")


def table(rows: dict[str, tuple[int | None, float | None]], profile=DEFAULT) -> pa.Table:  # type: ignore[no-untyped-def]
    told = [{"place": place, "children": n, "cost": cost} for place, (n, cost) in rows.items()]
    schema = pa.schema([("place", pa.string()), ("children", pa.int64()), ("cost", pa.float64())])
    return release(pa.Table.from_pylist(told, schema), COLUMNS, name="t", profile=profile).rows


def test_one_child_more_tells_by_exact_numbers_and_its_money_by_any() -> None:
    before, after = {"a": (30, 30_000.0), "b": (50, 50_000.0)}, {"a": (31, 38_000.0), "b": (50, 50_000.0)}
    exact = told_between(table(before, EXACT), table(after, EXACT), COLUMNS, (EXACT, EXACT))
    assert exact == [Told("children", 2, 1, 1), Told("cost", 2, 1, 1)]
    rounded = told_between(table(before), table(after), COLUMNS, (DEFAULT, DEFAULT))
    assert rounded == [Told("children", 2, 0, 0), Told("cost", 2, 1, 1)]


def test_many_children_more_tell_of_no_few() -> None:
    before, after = {"a": (30, 30_000.0)}, {"a": (60, 61_000.0)}
    for profile in (EXACT, DEFAULT):
        found = told_between(table(before, profile), table(after, profile), COLUMNS, (profile, profile))
        assert [each.telling for each in found] == [0, 0]
        assert [each.changed for each in found] == [1, 1]


def test_rows_of_one_release_count_as_nought_in_the_other_and_blanks_say_nothing() -> None:
    before, after = {"a": (30, None)}, {"a": (30, None), "b": (3, 900.0)}
    found = told_between(table(before), table(after), COLUMNS, (DEFAULT, DEFAULT))
    assert found == [Told("children", 2, 1, 1), Told("cost", 1, 1, 1)]  # b was nobody, and is now few
    assert told_between(table(after), table(before), COLUMNS, (DEFAULT, DEFAULT)) == found


@pytest.mark.parametrize("name", profile_names())
def test_a_change_is_named_just_when_every_number_it_could_be_is_of_few(name: str) -> None:
    profile = read_profile(name)
    could_be = {n: [m for m in range(80) if profile.shown(m) == profile.shown(n)] for n in range(40)}
    for n, m in product(range(40), repeat=2):
        pair = [table({"a": (each, None)}, profile) for each in (n, m)]
        (told, _) = told_between(*pair, COLUMNS, (profile, profile))
        changes = [after - before for before in could_be[n] for after in could_be[m]]
        few = range(1, profile.threshold)
        is_told = all(each in few for each in changes) or all(-each in few for each in changes)
        assert told.telling == int(is_told), (n, m)
