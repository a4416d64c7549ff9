"""`careloom profile`: who came, by any column, from the results of a run; it goes through the one door, as a report does."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from careloom.catalogue import Catalogue, Profile
from careloom.core import NotFoundError, OutputError, RequestError
from careloom.disclose import Column, Count, Estimate, Label, Parts, Ratio, Released, Total, release
from careloom.disclose import Profile as Disclosure
from careloom.engine import open_kept
from careloom.pathways import Grouping, groupings, profile_rows
from careloom.study.file import Study
from careloom.study.listings import Listing
from careloom.study.outputs import check_outside

ALL, UNKNOWN = "All together", "Not known"
WITHHELD, NOTHING = "c", "\u2013"
"""What stands in a withheld cell, and where there is no number."""
ENOUGH = 25
"""A median or a quartile is one row's own value: it is given of so many rows or more, as a share is."""
APART = 0.2
"""A standardised difference from which groups are said to stand apart: Cohen's small effect."""
ALIAS = {"class": "category", "class_no": "category", "authority": "la"}
LABELS = (Label("about"), Label("level"), Label("group"))
COUNTS = (
    Count("children_known"),
    Count("children_missing"),
    Count("rows_known", on="children_known"),
    Count("rows_missing", on="children_missing"),
)
OF_LEVELS: tuple[Column, ...] = (
    *LABELS,
    Count("children_of_level"),
    Count("rows_of_level", on="children_of_level"),
    *COUNTS,
    Ratio("share", "rows_of_level", "rows_known", digits=2, at_least=ENOUGH),
    Estimate("difference", ("children_of_level", "children_known"), digits=1),
)
STATISTICS = ("mean", "lower_quartile", "median", "upper_quartile")
OF_AMOUNTS: tuple[Column, ...] = (
    *LABELS,
    *COUNTS,
    *(Estimate(name, ("children_known",), digits=1) for name in STATISTICS),
    Estimate("difference", ("children_known",), digits=1),
)
TOTAL = Total("group", ALL, within=("about", "level"))
ADDING = (
    Parts("rows_of_level", "rows_known", within=("about", "group")),
    Parts("children_of_level", "children_known", within=("about", "group")),
)


@dataclass(frozen=True)
class Described:
    """A profile as it may be shown: its levels and its amounts, released, and its groups in order."""

    profile: Profile
    by: Grouping | None
    groups: tuple[str, ...]
    levels: Released
    amounts: Released


def describe_by(study: Study, catalogue: Catalogue, *, of: str, by: str | None = None) -> Described:
    """Return a profile by a column, from the results of the study's last run.

    Raises RequestError, naming what there is, for a profile or column that is not there, and NotFoundError without results.
    """
    if of not in catalogue.profiles:
        raise RequestError(f'there is no profile "{of}"; there are {", ".join(catalogue.profiles)}')
    profile = catalogue.profiles[of]
    grouping = choose(by, groupings(profile, catalogue.tables)) if by else None
    with closing(open_kept(study.out / "study.duckdb")) as engine:
        if not engine.columns(profile.table.name):
            raise NotFoundError(
                f"{study.out}: the last run did not describe {profile.title}; run it again with careloom run"
            )
        rows = [
            named(row, study.disclosure)
            for each in dict.fromkeys((None, grouping))
            for row in profile_rows(engine, profile, each)
        ]
    if not rows:
        raise NotFoundError(f"{study.out}: the last run found no {profile.title} to describe")
    groups = in_order(dict.fromkeys(str(row["group"]) for row in rows), profile, grouping)
    amounts = {item.title for item in profile.items if item.kind == "amount"}
    parts = (
        (OF_LEVELS, [row for row in rows if row["about"] not in amounts]),
        (OF_AMOUNTS, [row for row in rows if row["about"] in amounts]),
    )
    return Described(
        profile, grouping, groups, *(let_out(columns, part, of, study.disclosure) for columns, part in parts)
    )


def in_order(groups: Iterable[str], profile: Profile, grouping: Grouping | None) -> tuple[str, ...]:
    """Order the groups: all together, levels as the profile declares them, categories by number, the rest by name."""
    declared = next((item.levels for item in profile.items if grouping and item.name == grouping.name), ())

    def place(group: str) -> tuple[int, int, str]:
        if group in (ALL, UNKNOWN):
            return (0 if group == ALL else 3), 0, ""
        if group in declared:
            return 1, declared.index(group), ""
        number = group.partition(". ")[0]
        return 2, int(number) if number.isdigit() else 0, group

    return tuple(sorted(groups, key=place))


def choose(by: str, known: Mapping[str, Grouping]) -> Grouping:
    name = ALIAS.get(by, by)
    if name not in known:
        raise RequestError(f'there is no column "{by}" to tell groups apart by; there are {", ".join(known)}')
    return known[name]


def named(row: dict[str, Any], disclosure: Disclosure) -> dict[str, Any]:
    """Say of a row what it is about and of which group in words; leave out what so few children have that it is theirs.

    A difference compares a group with all others, and a level with all others: there must be enough of these too.
    """
    group = ALL if row["is_all"] else row["group_value"] or UNKNOWN
    few = {} if row["children_known"] >= ENOUGH else dict.fromkeys(STATISTICS)
    of_others = row["children_known"] - row.get("children_of_level", 0)
    if min(row["children_elsewhere"] or 0, of_others) < disclosure.threshold:
        few["difference"] = None
    return {**row, **few, "about": row["title"], "group": group}


def let_out(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], name: str, disclosure: Disclosure
) -> Released:
    asked = {column.name: kind_of(column) for column in columns if not isinstance(column, Ratio)}
    schema = pa.schema(list(asked.items()))
    table = pa.Table.from_pylist([{key: row.get(key) for key in asked} for row in rows], schema)
    adding = ADDING if columns is OF_LEVELS else ()
    return release(table, columns, name=name, total=TOTAL, adding=adding, profile=disclosure)


def kind_of(column: Column) -> pa.DataType:
    return {Label: pa.string(), Count: pa.int64()}.get(type(column), pa.float64())


# --- to be shown -----------------------------------------------------------------------------------------------------


def list_profiles(catalogue: Catalogue) -> list[Listing]:
    """List what can be asked: each profile, and the columns by which its groups can be told apart."""
    return [
        Listing(
            f"--of {name}: {profile.title}. One row is one {profile.unit}.",
            ("--by", "what it is"),
            tuple((each.name, each.title) for each in groupings(profile, catalogue.tables).values()),
        )
        for name, profile in catalogue.profiles.items()
    ]


def list_described(told: Described) -> list[Listing]:
    """List shares of levels and statistics of amounts, a column a group, and what sets groups apart."""
    by = f", by {told.by.name}" if told.by else ""
    shares = across(told, told.levels, {"": "share"}, lambda share: f"{share:.0%}")
    statistics = {name.replace("_", " "): name for name in STATISTICS}
    amounts = across(told, told.amounts, statistics, lambda value: f"{value:,.1f}")
    return [
        Listing(f"{told.profile.title}{by}: share of the rows known", ("about", "level", *told.groups), shares),
        Listing(f"{told.profile.title}{by}: amounts", ("about", "statistic", *told.groups), amounts),
        Listing(
            f"What sets a group apart: standardised difference from all others of {APART} or more",
            ("group", "about", "level", "difference"),
            apart(told),
        ),
    ]


def across(told: Described, table: Released, shown: Mapping[str, str], write: Any) -> tuple[tuple[object, ...], ...]:
    """Lay released rows out with a column a group: c where withheld, a dash where there is nothing."""
    laid: dict[tuple[str, str], dict[str, str]] = {}
    for row in table.rows.to_pylist():
        for name, column in shown.items():
            blank = WITHHELD if table.is_withheld(row, column) else NOTHING
            cell = blank if row[column] is None else write(row[column])
            laid.setdefault((row["about"], name or row["level"]), {})[row["group"]] = cell
    return tuple((*key, *(cells.get(group, NOTHING) for group in told.groups)) for key, cells in laid.items())


def apart(told: Described) -> tuple[tuple[object, ...], ...]:
    """The released rows that stand apart, group by group, the furthest first; of yes and no, yes says it all."""
    rows = [*told.levels.rows.to_pylist(), *told.amounts.rows.to_pylist()]
    yes_or_no = {item.title for item in told.profile.items if set(item.levels) == {"Yes", "No"}}
    rows = [row for row in rows if not (row["about"] in yes_or_no and row["level"] == "No")]
    far = [row for row in rows if row["difference"] is not None and abs(row["difference"]) >= APART]
    far.sort(key=lambda row: (told.groups.index(row["group"]), -abs(row["difference"])))
    return tuple((row["group"], row["about"], row["level"], f"{row['difference']:+.1f}") for row in far)


def write_described(told: Described, out: Path, study: Study) -> None:
    """Write the released rows as a CSV file that is not there yet. Raises OutputError when it cannot, or in the results."""
    check_outside(out, study.out)
    both = pa.concat_tables([told.levels.rows, told.amounts.rows], promote_options="default")
    try:
        with out.open("xb") as file:
            pyarrow.csv.write_csv(both, file)
    except FileExistsError:
        raise OutputError(f"{out}: this is there already; name another file") from None
    except OSError as fault:
        raise OutputError(f"{out}: the profile cannot be written there ({fault.strerror})") from None
