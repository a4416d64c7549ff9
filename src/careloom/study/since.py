"""`careloom since`: what the released tables of two runs tell together that neither tells alone, for whoever lets them out."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from careloom.core import NotFoundError
from careloom.disclose import WITHHELD, Profile, profile_names, read_profile
from careloom.disclose.difference import told_between
from careloom.report.question import FOLDER
from careloom.study.file import Study
from careloom.study.listings import Listing
from careloom.study.look import check_results
from careloom.study.released import question_of

HEADING = ("table", "column", "numbers", "changed", "telling")


@dataclass(frozen=True)
class Since:
    """The columns that tell something by having changed, and the tables that could not be compared; `numbers` in all."""

    listing: Listing
    numbers: int
    telling: int
    not_compared: tuple[str, ...]


def since(earlier: Path, study: Study) -> Since:
    """Compare the released tables of an earlier run, in its folder or its tables/, with those of the study's last run.

    Raises NotFoundError when either is not there. What is told is numbers of numbers only.
    """
    check_results(study)
    folder = earlier / "tables" if (earlier / "tables").is_dir() else earlier
    before = {path.stem: path for path in folder.glob("*.parquet")}
    after = {path.stem: path for path in (study.out / "tables").glob("*.parquet")}
    if not before:
        raise NotFoundError(
            f"{folder}: there are no released tables (.parquet) here; name the results of an earlier run"
        )
    rows: list[tuple[object, ...]] = []
    not_compared = sorted(set(before) ^ set(after))
    numbers = telling = 0
    for name in sorted(set(before) & set(after)):
        tables = [read(path[name]) for path in (before, after)]
        profiles = tuple(filter(None, (rule_of(table.schema.metadata or {}) for table in tables)))
        is_known = (FOLDER / f"{name}.toml").is_file() and len(profiles) == len(tables)
        if not is_known or not tables[0].schema.equals(tables[1].schema) or WITHHELD not in tables[0].column_names:
            not_compared.append(name)
            continue
        for each in told_between(tables[0], tables[1], question_of(name).columns, (profiles[0], profiles[1])):
            numbers, telling = numbers + each.numbers, telling + each.telling
            if each.telling:
                rows.append((name, each.column, each.numbers, each.changed, each.telling))
    listing = Listing(f"What changed since {earlier.name}, and tells of few children", HEADING, tuple(rows))
    return Since(listing, numbers, telling, tuple(not_compared))


def read(path: Path) -> pa.Table:
    """A released table; an empty one where the file is none."""
    try:
        rows = pq.read_table(path)
        rows.validate(full=True)
        return rows
    except (OSError, pa.ArrowInvalid):
        return pa.table({})


def rule_of(said: dict[bytes, bytes]) -> Profile | None:
    """The rule that a table was released by, as the file says; None for one that is not known here."""
    title = said.get(b"disclosure", b"").decode("utf-8", "replace")
    return next((profile for profile in map(read_profile, profile_names()) if profile.name == title), None)
