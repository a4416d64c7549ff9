"""`careloom typology`: the categories of demand of a study that was run, sought from many starts and looked at closely."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import careloom
from careloom.catalogue import Catalogue
from careloom.core import OutputError, RequestError
from careloom.engine import Engine, count
from careloom.govern import os_user
from careloom.report.classes_said import as_rows, say_fit
from careloom.report.question import Answer
from careloom.report.words import say_day
from careloom.stats.latent_class.groups.congruence import SAME
from careloom.study.class_names import profiles
from careloom.study.file import Study
from careloom.study.kept_demand import Told, answers_of, indicators_of, kept, number_of, ready, shown
from careloom.study.listings import Listing
from careloom.typology.classes import MOST_CLASSES, Search, search_classes
from careloom.typology.consistency import WHAT, load_groups
from careloom.typology.decisions import congruence, read_decisions
from careloom.typology.found import Found
from careloom.typology.saved import Origin, make_saved, typology_text
from careloom.typology.tables import load_found
from careloom.typology.words import in_study_words

STARTS, GROUP_STARTS = 100, 5
"""Random starts for each number of classes, and for each authority or year."""
ASKED = (
    "assessments_chosen",
    "class_fit",
    "class_choice",
    "class_certificate",
    "class_mode",
    "categories",
    "profile",
    "class_quality",
    "class_residual",
    "class_by_group",
    "class_groups",
)
CRITERIA = ("classes", "chosen", "parameters", "log_likelihood", "aic", "aic3", "bic", "sabic", "caic", "icl", "starts")
QUALITY = (
    "classes", "gain_per_assessment", "split_half_gain", "relative_entropy", "smallest_share", "least_posterior",
    "share_certain", "verdict", "not_met",
)  # fmt: skip
MODE_COLUMNS = ("mode_no", "log_likelihood", "below_best", "found", "starts", "sizes")
NO_FACTORS = (
    "No factors recorded: assessments that record none, and those that record only the code for none, taken together; "
    "the table of assessments chosen (--all) counts them apart."
)
REST = (
    "With --all: why so many, condition by condition; which assessments were set aside; every number of categories with "
    "its criteria; where the starts ended; how surely assessments are placed; what the categories do not explain."
)
NAME = re.compile("[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class AskedOfTypology:
    """What is asked of the search: how many classes (by the rule when not said), starts, groups, and a name to save as.

    `whole` tells all that is known, and not only what was concluded.
    """

    classes: int | None = None
    starts: int = STARTS
    by: tuple[str, ...] = ()
    save: str | None = None
    whole: bool = False


def look_at_typology(study: Study, catalogue: Catalogue, asked: AskedOfTypology) -> Told:
    """Seek the classes again among the assessments that a run has kept, and tell all that is known of them.

    The results of the run stay as they are. Raises RequestError, NotFoundError, and OutputError for what cannot be saved.
    """
    check(asked)
    path = place_to_save(study, asked.save) if asked.save else None
    with kept(study, "assessment_seen") as engine:
        used, patterns = ready(engine, study, indicators_of(study, catalogue))
        classes = asked.classes or study.demand.classes
        search = Search(study.most_classes, asked.starts, study.seed, classes, halves=True)
        found = search_classes(patterns, used, search, read_decisions(study.demand.names))
        other = other_than_kept(engine, study, found)  # before the kept tables make way for these
        load_found(engine, found)
        said = load_groups(engine, found, asked.by, starts=GROUP_STARTS, seed=study.seed) if asked.by else []
        answers = answers_of(engine, ASKED, study.disclosure)
        parts = [*other, *told(answers, asked, said)]
        if path:
            parts.append(save(path, study, catalogue, found))
    return Told(tuple(parts))


def check(asked: AskedOfTypology) -> None:
    if asked.starts < 1:
        raise RequestError("--starts should be 1 or more")
    if asked.classes is not None and not 1 <= asked.classes <= MOST_CLASSES:
        raise RequestError(f"--classes should be 1 to {MOST_CLASSES}: more categories nobody can tell apart")
    if any(by not in WHAT for by in asked.by):
        raise RequestError(f"--by can be {' or '.join(WHAT)}")


def told(answers: dict[str, Answer], asked: AskedOfTypology, said: Sequence[str]) -> list[str | Listing]:
    """All that is shown, in order: the conclusion, the categories, and with `whole` what they rest on."""
    marks = Listing(
        "What marks each category out",
        ("category", "factor", "here", "at all assessments", "times"),
        tuple(as_rows(answers)),
    )
    groups = [
        *said,
        *(shown(answers, "class_by_group") if answers["class_by_group"].released else []),
        *found_again(answers["class_by_group"]),
        *(shown(answers, "class_groups") if answers["class_groups"].released else []),
    ]
    concluded = [*say_fit(answers), *shown(answers, "categories"), *notes_on(answers["categories"]), marks]
    if not asked.whole:
        return [*concluded, *(groups if asked.by else []), REST]
    return [
        *concluded,
        *shown(answers, "class_choice"),
        *shown(answers, "assessments_chosen"),
        *shown(answers, "class_fit", CRITERIA),
        *shown(answers, "class_fit", QUALITY, title="and how well they tell the assessments apart"),
        *shown(answers, "class_mode", MODE_COLUMNS),
        *shown(answers, "class_quality"),
        *shown(answers, "class_residual"),
        *(groups if asked.by else []),
    ]


def notes_on(categories: Answer) -> list[str]:
    """What must be known to read the table of categories."""
    has_none_recorded = any(row["category"] == "No factors recorded" for row in categories.rows)
    return [categories.question.note, *([NO_FACTORS] if has_none_recorded else [])]


def other_than_kept(engine: Engine, study: Study, found: Found) -> list[str]:
    """A warning where the categories, by number, are not those that the last run has kept, and the report shows."""
    if not engine.columns("class_profile") or not count(engine, "class_profile"):
        return []
    items, kept_ones = profiles(engine, study)
    names = [item.name for item in found.items]
    both = [name for name in items if name in names]
    own = found.probabilities[:, [names.index(name) for name in both]]
    theirs = kept_ones[:, [items.index(name) for name in both]]
    if len(own) == len(theirs) and (np.diag(congruence(own, theirs)) >= SAME).all():
        return []
    many = f"{len(kept_ones)} categories" if len(kept_ones) > 1 else "one category"
    return [
        f"Note: these are not the categories of the last run, which kept {many}: the numbers below are not those of its "
        "report, nor those that careloom classes name goes by. To make these the study's, write starts = "
        f"{found.fit.starts if found.fit else STARTS} and classes = {len(own)} in [typology], and run it again."
    ]


def found_again(by_group: Answer) -> list[str]:
    """In how many of the groups each category is found, the same or similar: a sentence for each way of grouping."""
    sentences = []
    for way in dict.fromkeys(row["grouped_by"] for row in by_group.rows):
        rows = [row for row in by_group.rows if row["grouped_by"] == way]
        groups = len({row["group_value"] for row in rows})
        again = {
            category: sum(row["likeness"] != "different" for row in rows if row["category"] == category)
            for category in dict.fromkeys(row["category"] for row in rows)
        }
        counts = "; ".join(f"{number_of(category)}: {number} of {groups}" for category, number in again.items())
        sentences.append(f"By {way.lower()}, categories found again (congruence of 0.85 or more): {counts}.")
    return sentences


# --- to be saved -----------------------------------------------------------------------------------------------------


def place_to_save(study: Study, name: str) -> Path:
    """Where a typology of this name goes. Raises RequestError for another name, OutputError when there is one already."""
    if not NAME.fullmatch(name):
        raise RequestError("--save needs a name of small letters, digits and _, such as anyshire_2024")
    path = study.demand.folder / f"{name}.toml"
    if path.exists():
        raise OutputError(f"{path}: this is there already; a saved typology is never changed, so take another name")
    return path


def save(path: Path, study: Study, catalogue: Catalogue, found: Found) -> str:
    """Write the parameters of the classes, and say where. Raises RequestError when there are too few for that."""
    # Items that nobody records, or everybody, are written, too: left out, they would tell that there is nobody.
    could = np.isfinite(found.patterns.prevalence)
    last = study.end_day - dt.timedelta(days=1)
    origin = Origin(
        source=f"Latent class analysis of the assessments of {study.name}, {say_day(study.first_day)} to {say_day(last)}.",
        made_by=f"careloom {careloom.__version__}, by {os_user()}",
        made_on=dt.date.today(),
        why=in_study_words(found.choice.why) if found.choice else "",
    )
    saved = make_saved(
        path.stem,
        origin,
        indicators_of(study, catalogue),
        items=[item.name for item, is_known in zip(found.items, could, strict=True) if is_known],
        names=[called.name for called in found.called],
        shares=found.parameters.shares,
        probabilities=found.probabilities[:, could],
        assessments=found.table.total,
        least=study.disclosure.threshold,
        base=study.disclosure.base,
    )
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(typology_text(saved))
    except OSError as fault:
        raise OutputError(f"{path}: the typology cannot be written there ({fault.strerror})") from None
    return f"Typology: {path}"
