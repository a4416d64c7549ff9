"""`careloom classes`: which classes a run found, what they are called, and names that people settle."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.core import NotFoundError, RequestError
from careloom.engine import Engine
from careloom.govern import os_user
from careloom.study.audit import note
from careloom.study.file import Study
from careloom.study.kept_demand import answers_of, kept
from careloom.study.listings import Listing
from careloom.typology.decisions import Decision, add_decision, read_decisions, settled, versions_of

LONGEST = 120
FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet would take for the beginning of a formula."""
MARKUP = ("<", ">")
RESERVED = ("all", "all children", "no category", "no factors recorded", "not known")
"""What rows of the report are called that are no category."""


@dataclass(frozen=True)
class Named:
    """A name that was settled, and of which category: the name it had, and its share of assessments, "c" if withheld."""

    decision: Decision
    before: str
    size: str


def list_classes(study: Study) -> Listing:
    """List the classes of the last run, as the next will call them."""
    with kept(study, "class_profile") as engine:
        items, probabilities = profiles(engine, study)
        named = settled(read_decisions(study.demand.names), items, probabilities)
        shares = {
            row["category"]: row["share"]
            for row in answers_of(engine, ["categories"], study.disclosure)["categories"].rows
        }
        classes = engine.rows("SELECT class_no, name, suggested FROM demand_class ORDER BY class_no")
    rows = []
    for (number, name, suggested), decision in zip(classes, named, strict=True):
        share = shares.get(f"{number}. {name}")
        size = "c" if share is None else f"{share:.0%}"
        by = (decision.name, decision.version, decision.by, decision.on.isoformat()) if decision else ("", None, "", "")
        rows.append((number, size, suggested, *by))
    heading = ("category", "share of assessments", "suggested name", "settled name", "version", "by", "on")
    return Listing(f"Categories of demand of {study.name}", heading, tuple(rows))


def name_class(study: Study, number: int, name: str) -> Named:
    """Settle the name of a class of the last run. Raises RequestError for no such class, or a name that cannot be."""
    name = fit_to_be_a_name(name)
    with kept(study, "class_profile") as engine:
        items, probabilities = profiles(engine, study)
    if not 1 <= number <= len(probabilities):
        raise RequestError(f"there is no category {number}; the last run found 1 to {len(probabilities)}")
    _, size, suggested, settled_name, *_ = list_classes(study).rows[number - 1]
    decisions = read_decisions(study.demand.names)
    others = [each for k, each in enumerate(settled(decisions, items, probabilities), start=1) if k != number]
    if any(other and other.name == name for other in others):
        raise RequestError(f'another category is called "{name}" already; give that one another name first')
    row = probabilities[number - 1]
    profile = {item: round(float(p), 4) for item, p in zip(items, row, strict=True) if not np.isnan(p)}
    version = max(versions_of(decisions, items, row), default=0) + 1
    decision = Decision(version, name, os_user(), dt.date.today(), profile)
    note(study, "classes", "named", category=number, name=name, version=version)
    add_decision(study.demand.names, decision)
    return Named(decision, str(settled_name or suggested), str(size))


def fit_to_be_a_name(name: str) -> str:
    """The name with its blanks made single. Raises RequestError for one that would be taken for something else."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST or not name.isprintable() or name.startswith(FORMULA):
        raise RequestError(f"a name has 1 to {LONGEST} letters, and does not begin with {' '.join(FORMULA)}")
    if any(mark in name for mark in MARKUP):
        raise RequestError(f"a name has no {' or '.join(MARKUP)} in it")
    if name.casefold() in RESERVED:
        raise RequestError("the report calls other rows so: give the category another name")
    return name


def profiles(engine: Engine, study: Study) -> tuple[list[str], NDArray[np.float64]]:
    """The indicators (J,) and their probabilities (K, J) in the classes of the last run. Raises NotFoundError without any."""
    rows = engine.rows("SELECT class_no, indicator, probability FROM class_profile ORDER BY class_no, indicator")
    if not rows:
        raise NotFoundError(f"{study.out}: the last run found no categories; its report says why")
    items = [indicator for number, indicator, _ in rows if number == 1]
    values = [np.nan if p is None else p for _, _, p in rows]
    return items, np.array(values).reshape(-1, len(items))
