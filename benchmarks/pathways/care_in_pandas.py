"""SSDA903 episodes to periods of care, placements, segments and legal statuses: Careloom beside the same in pandas.

    python benchmarks/pathways/care_in_pandas.py [--children 1000000]

Both start from the same common rows, in memory, and must come to the same spells, or this stops. The pandas is what a careful analyst
writes: no loop over rows, `groupby` with shifts and running sums. It leaves out what Careloom does besides: which repair was made to
which row, counts by authority, the ledger, spell identifiers and what is part of what.
"""

import argparse
import os
import time
from contextlib import closing

import pandas as pd
from make_rows import CATALOGUE, make_rows

from careloom.engine import DuckDBEngine
from careloom.pathways import make_lives

TEMPORARY = ["T0", "T1", "T2", "T3", "T4"]
KINDS = {
    "period_of_care": "period_no",
    "placement": "placement_no",
    "placement_segment": "segment_no",
    "legal_status": "status_no",
}
ROWS = ("event_row", "spell_row", "factor_row")


def main() -> None:
    parser = argparse.ArgumentParser(description="Care in Careloom and in pandas.")
    parser.add_argument("--children", type=int, default=1_000_000)
    children = parser.parse_args().children
    with closing(DuckDBEngine()) as engine:
        make_rows(engine, children)
        for table in ROWS:
            engine.make(table, f"SELECT * FROM {table} WHERE 1 = 0")
        told = "SELECT person_id, told.* FROM care_episode_row AS told JOIN person_of USING (la, return_name, child_id)"
        episodes = engine.arrow(told).to_pandas(date_as_object=False)
        print(
            f"{len(episodes):,} episodes of {children:,} children; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        )
        began = time.perf_counter()
        make_lives(engine, CATALOGUE.repairs, CATALOGUE.spells)
        ours = time.perf_counter() - began
        began = time.perf_counter()
        spells = spells_of_care(episodes)
        theirs = time.perf_counter() - began
        for kind, found in spells.items():
            made = engine.arrow(f"SELECT person_id, starts_on, ends_on FROM spell WHERE kind = '{kind}'").to_pandas(
                date_as_object=False
            )
            compare(kind, made, found)
    print(f"careloom {ours:.1f} s, pandas {theirs:.1f} s: {ours / theirs:.2f} of pandas' time, and the same spells")


def spells_of_care(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Mend and chain the episodes; return first and last day of each spell by kind."""
    rows = rows.sort_values(["collection_year", "ends_on"], ascending=[False, False], na_position="first")
    rows = rows.drop_duplicates(["person_id", "la", "starts_on"]).sort_values(["person_id", "la", "starts_on"])
    whose = rows.groupby(["person_id", "la"], sort=False)
    following, reason = whose["starts_on"].shift(-1), whose["start_reason"].shift(-1)
    year = rows["collection_year"]
    until = pd.to_datetime((year + (reason != "S")).astype(str) + "-04-01")
    rows["ends_on"] = rows["ends_on"].where(rows["ends_on"].notna() | (following > until), following)
    rows["ends_on"] = rows["ends_on"].where(~(rows["ends_on"] > following), following)
    lost = rows["ends_on"].isna() & (year < rows.groupby("la")["collection_year"].transform("max"))
    rows.loc[lost, "ends_on"] = pd.to_datetime(year[lost].astype(str) + "-04-01")
    number(rows)
    return {kind: ends(rows, no) for kind, no in KINDS.items()}


def number(rows: pd.DataFrame) -> None:
    """Number the periods, placements, segments and statuses of each person and authority."""
    whose = rows.groupby(["person_id", "la"], sort=False)
    last_end, last_reason = whose["ends_on"].shift(), whose["end_reason"].shift()
    goes_on = (last_end == rows["starts_on"]) & (
        (last_reason == "X1") | (last_reason.isna() & (rows["start_reason"] != "S"))
    )
    rows["period_no"] = (~goes_on).cumsum()
    within = rows.groupby("period_no", sort=False)
    first = within.cumcount() == 0
    temporary = rows["placement_type"].isin(TEMPORARY)
    was_temporary = temporary.groupby(rows["period_no"], sort=False).shift(fill_value=False)
    lasting = (rows["placement_type"].fillna("") + " " + rows["placement_provider"].fillna("")).where(~temporary)
    settled = lasting.groupby(rows["period_no"], sort=False).ffill()
    last_lasting = settled.groupby(rows["period_no"], sort=False).shift()
    moved = rows["start_reason"].isin(["S", "P", "B"]) & ~temporary
    back = was_temporary & last_lasting.notna() & ~temporary
    moved = first | moved.where(~back, lasting != last_lasting)
    new_type = ~temporary & (lasting != last_lasting)
    rows["placement_no"] = moved.cumsum()
    rows["segment_no"] = (moved | new_type).cumsum()
    rows["status_no"] = (first | (rows["legal_status"] != within["legal_status"].shift())).cumsum()


def ends(rows: pd.DataFrame, no: str) -> pd.DataFrame:
    spells = rows.groupby(no, sort=False)
    made = spells.agg(person_id=("person_id", "first"), starts_on=("starts_on", "min"), ends_on=("ends_on", "max"))
    made["ends_on"] = made["ends_on"].where(spells["ends_on"].count() == spells.size())
    return made.reset_index(drop=True)


def compare(kind: str, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    order = ["person_id", "starts_on", "ends_on"]
    tidy = [frame[order].sort_values(order).astype(str).reset_index(drop=True) for frame in (ours, theirs)]
    if not tidy[0].equals(tidy[1]):
        raise SystemExit(f"{kind}: {len(ours):,} spells against {len(theirs):,}, and not the same")
    print(f"{len(ours):>10,} {kind}")


if __name__ == "__main__":
    main()
