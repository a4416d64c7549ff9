"""A small made-up authority, written once, and plain readers of what it wrote."""

import csv
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

import pytest

from careloom.synth import Made, make_england

YEARS = (2019, 2025)  # 2019 to 2025 holds every change of code the writers know: 2021, 2022, 2023, 2024 and 2025


def dmy(text: str) -> date | None:
    return datetime.strptime(text, "%d/%m/%Y").date() if text else None


@dataclass(frozen=True)
class Written:
    made: Made

    @property
    def folder(self) -> Path:
        """The only authority's own."""
        return self.made.study.parent / "501"

    @property
    def years(self) -> range:
        return range(YEARS[0], YEARS[1] + 1)

    def table(self, year: int, name: str) -> list[dict[str, str]]:
        with (self.folder / "ssda903" / str(year) / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def census(self, year: int) -> ElementTree.Element:
        return ElementTree.parse(self.folder / "cin_census" / f"cin_{year}.xml").getroot()

    def histories(self) -> list[list[dict[str, str]]]:
        """Every child's episodes in order, each as last returned."""
        latest = {(e["CHILD"], dmy(e["DECOM"])): e for year in self.years for e in self.table(year, "episodes")}
        ordered = sorted(latest.items())
        return [[e for _, e in group] for _, group in groupby(ordered, key=lambda item: item[0][0])]

    def cases(self) -> dict[tuple[str, str], list[ElementTree.Element]]:
        """CINdetails by child and referral date, one for each year it was returned, in order of year."""
        found: dict[tuple[str, str], list[ElementTree.Element]] = {}
        for year in self.years:
            for child in self.census(year).iter("Child"):
                for details in child.iter("CINdetails"):
                    key = (child.findtext("ChildIdentifiers/LAchildID", ""), details.findtext("CINreferralDate", ""))
                    found.setdefault(key, []).append(details)
        return found

    def truth(self, name: str) -> list[dict[str, str]]:
        with (self.made.study.parent / "truth" / "501" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    out: Path = tmp_path_factory.mktemp("authority")
    return Written(make_england(out, children=2500, years=YEARS, seed=5, systems=("ssda903", "cin_census")))
