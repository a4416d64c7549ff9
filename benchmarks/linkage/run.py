"""Link two made-up lists of so many persons: how right, how fast, how large; Careloom's settings, and Splink's own of the shelf.

The second list tells of nine in ten of the first's persons, with errors, and of as many strangers as are missing: slips in names,
short forms, days turned or off, moved homes, blanks, first name and surname in each other's columns, at the rates below. Families share surname and postcode, and one birth in
sixty is of twins. Names come from the catalogue's lists, by their weights. No number is shared: names, births, sex and postcodes only.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from careloom.catalogue.name_lists import read_name_lists
from careloom.engine import DuckDBEngine, splink_backend
from careloom.link.likeness import read_model, weigh
from careloom.link.overlap import Lists, weigh_by_overlap
from careloom.link.parts import parts_of, parts_table
from careloom.link.unite import Link, unite

ERRORS = {"first_slip": 0.03, "short": 0.03, "surname_slip": 0.03, "surname_new": 0.03, "turned": 0.01, "day_off": 0.02,
          "moved": 0.25, "no_postcode": 0.03, "no_sex": 0.02, "exchanged": 0.003}  # fmt: skip
STRANGERS = 0.1
AT_ONCE = 20_000
MEMORY = "2GB"
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--how", choices=("careloom", "splink"), default="careloom")
    parser.add_argument("--threshold", type=float, default=0.95)
    asked = parser.parse_args()
    one, two, truth = make_lists(asked.persons, asked.seed)
    lists_gb = peak_gb()
    started = time.perf_counter()
    link = with_careloom if asked.how == "careloom" else with_splink
    found, parts = link(one, two, asked.threshold)
    seconds = time.perf_counter() - started
    right = len(found & truth)
    precision, recall = right / max(len(found), 1), right / len(truth)
    told = {
        "how": asked.how, "persons": asked.persons, "precision": round(precision, 4), "recall": round(recall, 4),
        "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 4), "seconds": round(seconds, 1), **parts,
        "lists_gb": lists_gb, "peak_gb": peak_gb(),
    }  # fmt: skip
    print(json.dumps(told))


def peak_gb() -> float:
    """The most memory that this program has held so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def make_lists(persons: int, seed: int) -> tuple[list[Row], list[Row], set[tuple[int, int]]]:
    """Two lists, and which row of the one is which of the other."""
    chance = np.random.default_rng(seed)
    everyone = families(int(persons * (1 + STRANGERS)) + 4, chance)
    one = everyone[:persons]
    kept = chance.random(persons) >= STRANGERS
    others = everyone[persons:][: int((~kept).sum())]
    known = np.flatnonzero(kept)
    two = [wrong(one[n], chance, persons) for n in known] + [wrong(row, chance, persons) for row in others]
    order = chance.permutation(len(two))
    place = np.empty(len(two), dtype=np.int64)
    place[order] = np.arange(len(two))
    return one, [two[n] for n in order], {(int(n), int(place[at])) for at, n in enumerate(known)}


def families(persons: int, chance: np.random.Generator) -> list[Row]:
    """Children in families of one to four, with a surname and a home; now and then twins."""
    lists = read_name_lists()
    groups = list(lists.surnames)
    weight = np.array([sum(s.get(g, 0.0) for s in lists.groups_of.values()) for g in groups])
    rows: list[Row] = []
    first_day = np.datetime64("2004-01-01")
    while len(rows) < persons:
        group = groups[chance.choice(len(groups), p=weight / weight.sum())]
        surname, home = pick(lists.surnames[group], chance), home_of(persons, chance)
        day = int(chance.integers(0, 365 * 14))
        for _ in range(int(chance.integers(1, 5))):
            sex = "MF"[int(chance.integers(2))]
            born = (first_day + np.timedelta64(day, "D")).astype(object)
            rows.append({"first_name": pick(lists.first_names[group, sex], chance), "surname": surname, "born_on": born,
                         "sex": sex, "postcode": home})  # fmt: skip
            day += 0 if chance.random() < 1 / 60 else int(chance.integers(330, 1500))
    return rows[:persons]


def pick(weighed: tuple[tuple[str, ...], tuple[float, ...]], chance: np.random.Generator) -> str:
    names, weights = weighed
    key = id(weighed)
    if key not in CUMULATED:
        CUMULATED[key] = np.cumsum(weights) / sum(weights)
    return names[int(np.searchsorted(CUMULATED[key], chance.random()))]


CUMULATED: dict[int, NDArray[np.float64]] = {}


def home_of(persons: int, chance: np.random.Generator) -> str:
    """A postcode: about fifteen children each, in sectors of some three thousand."""
    sectors = max(persons // 3000, 10)
    sector, unit = int(chance.integers(sectors)), int(chance.integers(200))
    return f"ZZ{sector // 10} {sector % 10}{chr(65 + unit // 20)}{chr(65 + unit % 20)}"


def wrong(row: Row, chance: np.random.Generator, persons: int) -> Row:
    """The same child as another hand writes it down; `persons` are so many as share the homes there are."""
    draw = dict(zip(ERRORS, chance.random(len(ERRORS)) < list(ERRORS.values()), strict=True))
    new, lists = dict(row), read_name_lists()
    if draw["short"] and row["first_name"] in lists.nicknames:
        new["first_name"] = lists.nicknames[row["first_name"]][0]
    for name in ("first", "surname"):
        if draw[f"{name}_slip"]:
            column = "first_name" if name == "first" else "surname"
            at = int(chance.integers(len(new[column])))
            new[column] = new[column][:at] + str(chance.choice(LETTERS)) + new[column][at + 1 :]
    if draw["surname_new"]:
        group = list(lists.surnames)[int(chance.integers(len(lists.surnames)))]
        new["surname"] = pick(lists.surnames[group], chance)
    born = row["born_on"]
    if draw["turned"] and born.day <= 12:
        new["born_on"] = born.replace(month=born.day, day=born.month)
    elif draw["day_off"]:
        new["born_on"] = born.replace(day=1 + int(chance.integers(28)))
    if draw["moved"]:
        new["postcode"] = home_of(persons, chance)
    if draw["exchanged"]:
        new["first_name"], new["surname"] = new["surname"], new["first_name"]
    return {**new, **({"postcode": None} if draw["no_postcode"] else {}), **({"sex": "U"} if draw["no_sex"] else {})}


Found = tuple[set[tuple[int, int]], dict[str, float]]


def with_careloom(one: list[Row], two: list[Row], threshold: float) -> Found:
    began = time.perf_counter()
    first, size = len(one), len(one) + len(two)
    table = pa.concat_tables(cut_up(rows, whose, at) for whose, at, rows in ((0, 0, one), (1, first, two)))
    cut = time.perf_counter()
    with on_disk() as engine:
        prior, numbers = 0.5 / first, np.arange(size)
        pairs = weigh(engine, table, read_model(), prior=prior, least=threshold / 100, where="l.whose <> r.whose")
    del table
    pairs = weigh_by_overlap(pairs, Lists((numbers >= first).astype(np.int64), numbers), prior)
    pairs = pairs.filter(pc.greater_equal(pairs["probability"], threshold))
    pairs = pairs.sort_by([("probability", "descending"), ("one", "ascending"), ("two", "ascending")])
    weighed = time.perf_counter()
    ends = zip(pairs["one"].to_pylist(), pairs["two"].to_pylist(), strict=True)
    links = [Link(min(pair), max(pair), "alike", is_guess=True) for pair in ends]
    held = unite(links, {}, knows_once={n: ("two",) if n >= first else ("one",) for n in range(size)}).held
    done = time.perf_counter()
    seconds = {"cutting": cut - began, "weighing": weighed - cut, "one_to_one": done - weighed}
    return {(x.first, x.second - first) for x in held}, {name: round(s, 1) for name, s in seconds.items()}


def cut_up(rows: list[Row], whose: int, at: int) -> pa.Table:
    """The parts of many rows, some at a time, as Python's lists are large; `at` is the number of the first. The rows are let go."""
    tables = []
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        rows[start : start + AT_ONCE] = [{}] * len(some)
        numbers = pa.array(range(at + start, at + start + len(some)), pa.int64())
        owner = pa.array([whose] * len(some), pa.int64())
        tables.append(parts_table([parts_of(row) for row in some], unique_id=numbers, unit_no=numbers, whose=owner))
    rows.clear()
    return pa.concat_tables(tables)


@contextmanager
def on_disk() -> Iterator[DuckDBEngine]:
    """DuckDB as a study with a scratch folder has it: what MEMORY does not hold lies in a file."""
    with (
        TemporaryDirectory() as folder,
        closing(DuckDBEngine(place=Path(folder) / "scratch.duckdb", memory=MEMORY)) as engine,
    ):
        yield engine


def with_splink(one: list[Row], two: list[Row], threshold: float) -> Found:
    """Splink as its handbook has it: its comparisons of names, dates and postcodes, trained on the lists, clustered one to one."""
    began = time.perf_counter()
    with on_disk() as engine:
        return splink_alone(splink_backend(engine), one, two, threshold, began)


def splink_alone(backend: Any, one: list[Row], two: list[Row], threshold: float, began: float) -> Found:
    """Train, predict and cluster on one backend; `began` is when the work began."""
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on

    tables = [backend.register(plain(rows), dataset_display_name=name) for name, rows in (("one", one), ("two", two))]
    blocks = [
        block_on("born_on", "substr(first_name, 1, 3)"), block_on("born_on", "substr(surname, 1, 3)"),
        block_on("first_name", "surname", "substr(born_on, 1, 4)"), block_on("postcode", "substr(first_name, 1, 3)"),
        block_on("postcode", "surname"), block_on("born_on", "substr(postcode, 1, 5)"),
    ]  # fmt: skip
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"), cl.DateOfBirthComparison("born_on", input_is_string=True),
            cl.PostcodeComparison("postcode"), cl.ExactMatch("sex"),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )  # fmt: skip
    linker = Linker(tables, settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(
        [block_on("born_on", "first_name", "surname")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in (block_on("born_on"), block_on("first_name", "surname")):
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    trained = time.perf_counter()
    scored = linker.inference.predict(threshold_match_probability=threshold)
    clusters = linker.clustering.cluster_using_single_best_links(
        scored, duplicate_free_datasets=["one", "two"],
        threshold_match_probability=threshold, ties_method="lowest_id",
    ).as_pyarrow_table()  # fmt: skip
    of: dict[str, dict[str, int]] = {}
    for cluster, source, number in zip(
        *(clusters[name].to_pylist() for name in ("cluster_id", "source_dataset", "unique_id")), strict=True
    ):
        of.setdefault(cluster, {})[source] = number
    seconds = {"training": trained - began, "linking": time.perf_counter() - trained}
    found = {(pair["one"], pair["two"]) for pair in of.values() if len(pair) == 2}
    return found, {name: round(s, 1) for name, s in seconds.items()}


def plain(rows: list[Row]) -> pa.Table:
    """Rows as Splink's handbook would have them: capital letters, dates as text, and nothing where nothing is told. They are let go."""
    text = pa.string()
    names = ("first_name", "surname", "born_on", "sex", "postcode")
    schema = pa.schema({**dict.fromkeys(names, text), "unique_id": pa.int64()})
    tables = []
    for start in range(0, len(rows), AT_ONCE):
        told = [
            {**row, "unique_id": n, "first_name": row["first_name"].upper() or None, "surname": row["surname"].upper() or None,
             "born_on": row["born_on"].isoformat() if row["born_on"] else None, "sex": None if row["sex"] == "U" else row["sex"]}
            for n, row in enumerate(rows[start : start + AT_ONCE], start=start)
        ]  # fmt: skip
        tables.append(pa.Table.from_pylist(told, schema=schema))
        rows[start : start + AT_ONCE] = [{}] * len(told)
    rows.clear()
    return pa.concat_tables(tables)


if __name__ == "__main__":
    main()
