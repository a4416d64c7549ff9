"""Everything that a program may want to read of a run, in one JSON file: headlines, the tables behind them, method, versions."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from careloom.catalogue import Catalogue
from careloom.disclose import WITHHELD, Account
from careloom.report.beside import LOCAL, VERSION
from careloom.report.headlines import headlines
from careloom.report.question import Answer
from careloom.report.words import StudyWords

HEADLINE_TABLES = (
    "children_linked",
    "categories",
    "followed",
    "read_offs",
    "hazard_ratios",
    "measures",
    "measure_shares",
    "cost_by_placement",
    "cost_by_process",
    "cost_by_category",
    *LOCAL,
)


def write_results(
    path: Path, answers: Mapping[str, Answer], catalogue: Catalogue, study: StudyWords, accounts: Sequence[Account]
) -> None:
    """Write `results.json`: only released numbers; one that is withheld is null, and its name stands under `withheld`."""
    made = {name: answer for name, answer in answers.items() if answer.released}
    told = {
        "version": VERSION,
        "study": {"name": study.title, "period": study.period, "cost_period": study.cost_period},
        "made_by": f"careloom {study.careloom_version}",
        "made_on": study.made_on.isoformat(),
        "prices": study.prices_standing,
        "notes": list(study.notes),
        "headlines": headlines(answers, study),
        "numbers": {name: of(made[name]) for name in HEADLINE_TABLES if name in made},
        "tables": {name: f"tables/{name}.parquet" for name in made},
        "disclosure": {
            "profile": study.disclosure.name,
            "threshold": study.disclosure.threshold,
            "rounded_to": study.disclosure.base,
            "cells": sum(account.cells for account in accounts),
            "withheld": sum(account.withheld for account in accounts),
        },
        "method": {
            "outcomes": {
                each.name: {"title": each.title, "source": each.source} for each in catalogue.outcomes.values()
            },
            "measures": {each.name: each.source for each in catalogue.measures},
            "processes": {each.key: {"name": each.name, "source": each.source} for each in catalogue.processes},
        },
    }
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def of(answer: Answer) -> dict[str, Any]:
    """A released table with its title and what its columns are called."""
    question = answer.question
    return {
        "title": question.title,
        "note": question.note,
        "columns": {name: heading.title for name, heading in question.headings.items()},
        "rows": [
            {name: value for name, value in row.items() if name != WITHHELD}
            | {"withheld": [name for name in (row[WITHHELD] or "").split(",") if name]}
            for row in answer.rows
        ],
    }
