"""`careloom classify`: score the assessments of a study with a saved typology, without fitting, and say how well it fits."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from careloom.catalogue import Catalogue, find_typology
from careloom.core import OutputError
from careloom.engine import Engine
from careloom.report.question import Answer
from careloom.study.demand import check_set
from careloom.study.file import Study
from careloom.study.kept_demand import Told, answers_of, kept, ready, shown
from careloom.study.listings import Listing
from careloom.study.outputs import OWNER_ONLY, check_outside
from careloom.typology.classes import score_with
from careloom.typology.decisions import read_decisions
from careloom.typology.scoring import load_scored, score
from careloom.typology.tables import load_found

ASKED = ("assessments_chosen", "scored_fit", "scored_sizes", "scored_items", "categories")
FAR = 3
"""Standard errors; of 34 factors hardly one lies so far by chance."""
CLASS_OF = """
    SELECT k.assessment_id, k.person_id, k.la, k.episode_id, k.assessed_on, k.class_no, d.name AS category, round(k.probability, 4) AS probability
    FROM class_of AS k JOIN demand_class AS d ON d.class_no = k.class_no ORDER BY k.assessment_id"""
COLUMNS = ("assessment_id", "person_id", "la", "episode_id", "assessed_on", "class_no", "category", "probability")


def classify_assessments(
    study: Study, catalogue: Catalogue, *, using: str, out: Path | None = None
) -> tuple[Told, Path]:
    """Score the assessments that a run has kept; return what may be shown, and the file of each assessment's class.

    That file stays inside the authority and is its owner's alone. Raises StudyError for another indicator set or an
    unknown typology, NotFoundError without results, and OutputError when the file is there already.
    """
    saved = find_typology(using, [study.demand.folder], catalogue.typologies)
    indicators = check_set(saved, study.indicators, catalogue)
    path = out or study.demand.folder.parent / f"class_of_{saved.name}.csv"
    check_outside(path, study.out)
    if path.exists():
        raise OutputError(f"{path}: this is there already; name another file with --out")
    with kept(study, "assessment_seen") as engine:
        used, patterns = ready(engine, study, indicators, to_score=True)
        found = score_with(patterns, used, saved, read_decisions(study.demand.names))
        load_found(engine, found)
        load_scored(engine, found, saved, score(patterns, found.parameters, found.told, seed=study.seed))
        answers = answers_of(engine, ASKED, study.disclosure)
        write_classes(path, engine)
    return Told(tuple(told(answers))), path


def told(answers: dict[str, Answer]) -> list[str | Listing]:
    """What may be shown: what the fit comes to, the categories, and how sizes and factors differ."""
    items = answers["scored_items"].rows
    far = sum(row["apart"] is not None and abs(row["apart"]) >= FAR for row in items)
    return [
        *(row["said"] for row in answers["scored_fit"].rows),
        f"{far} of {len(items)} factors lie {FAR} standard errors or more from what the typology expects.",
        *shown(answers, "categories"),
        *shown(answers, "scored_sizes"),
        *shown(answers, "scored_fit", ("typology", "observed", "expected", "apart", "gain", "sure")),
        *shown(answers, "scored_items"),
        answers["scored_items"].question.note,
        *shown(answers, "assessments_chosen"),
        answers["assessments_chosen"].question.note,
    ]


def write_classes(path: Path, engine: Engine) -> None:
    """Write the class of each assessment into a new file that only its owner can read. Raises OutputError."""
    try:
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w", encoding="utf-8", newline=""
        ) as file:
            csv.writer(file).writerow(COLUMNS)
            csv.writer(file).writerows(rows_of(engine))
    except OSError as fault:
        raise OutputError(f"{path}: the classes cannot be written there ({fault.strerror})") from None


def rows_of(engine: Engine) -> Iterator[tuple[Any, ...]]:
    yield from engine.rows(CLASS_OF)
