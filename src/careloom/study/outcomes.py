"""`careloom outcomes`: what became of the children of a study that was run; and, if they were made up, what was planted."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.core import RequestError, nearest
from careloom.report.asking import load_words
from careloom.report.grid import lay_out
from careloom.report.question import Answer
from careloom.study.file import Study
from careloom.study.kept_demand import Told, answers_of, indicators_of, kept
from careloom.study.listings import Listing
from careloom.study.planted import read_truth, side_by_side

FIRST = ("followed",)
OF_EACH = (
    "outcome_flow",
    "incidence",
    "hazard_ratios",
    "hazard_by_model",
    "hazard_by_method",
    "ph_tests",
    "hazard_by_period",
    "adjusted_curves",
)


def look_at_outcomes(study: Study, catalogue: Catalogue, *, of: str | None = None, truth: Path) -> Told:
    """Tell what the last run of a study found of its outcomes, of all or of one; all of it released.

    `truth` is the folder in which a made-up authority's truth would lie. Raises RequestError for an outcome that the
    study does not ask about, and NotFoundError when there are no results.
    """
    if of is not None and of not in study.outcomes:
        raise RequestError(f'the study does not ask about "{of}"{nearest(of, study.outcomes)}')
    with kept(study, "read_off") as engine:
        load_words(engine, catalogue)
        answers = answers_of(engine, (*FIRST, *OF_EACH))
        parts = list(tables(answers, [catalogue.outcomes[of].title] if of else None))
        planted = read_truth(truth, engine, indicators_of(study, catalogue))
        if planted and answers["hazard_ratios"].released:
            parts += side_by_side(planted, answers["hazard_ratios"], catalogue)
    return Told(tuple(parts))


def tables(answers: dict[str, Answer], only: Sequence[str] | None) -> Iterator[str | Listing]:
    """The tables of all outcomes together, then those of each."""
    followed = answers[FIRST[0]]
    if not followed.released:
        yield followed.question.otherwise
        return
    yield listing(followed, followed.question.title, None)
    titles = list(dict.fromkeys(row["outcome"] for row in followed.rows))
    for outcome in titles:
        if only is None or outcome in only:
            for name in OF_EACH:
                if any(row["outcome"] == outcome for row in answers[name].rows):
                    yield listing(answers[name], f"{outcome}: {answers[name].question.title}", outcome)


def listing(answer: Answer, title: str, only: str | None) -> Listing:
    grid = lay_out(answer, only)
    return Listing(title, grid.headings, tuple(tuple(cell.text for cell in row) for row in grid.rows))
