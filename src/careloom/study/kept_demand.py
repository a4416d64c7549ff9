"""The assessments of a finished run, made ready to seek classes among them again, and released tables to show."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from careloom.catalogue import Catalogue, IndicatorSet
from careloom.core import Ledger, NotFoundError
from careloom.disclose import Profile
from careloom.engine import Engine, open_kept
from careloom.report.grid import lay_out, show
from careloom.report.question import Answer, ask_all, read_questions, told_together
from careloom.study.file import Study
from careloom.study.listings import Listing
from careloom.study.look import check_results
from careloom.typology.assessments import make_indicators, make_population_again
from careloom.typology.classes import why_no_classes
from careloom.typology.patterns import Patterns, read_patterns

MOST_HEADS = 5
"""Categories stand by name across so many columns; over more by their numbers, which the rows of other tables explain."""


@dataclass(frozen=True)
class Told:
    """What a command shows: sentences and listings, in order; all of it released."""

    parts: tuple[str | Listing, ...]


@contextmanager
def kept(study: Study, table: str) -> Iterator[Engine]:
    """Open what a run of this study has kept. Raises NotFoundError without it, or without the table that is looked in."""
    check_results(study)
    with closing(open_kept(study.out / "study.duckdb")) as engine:
        if not engine.columns(table):
            raise NotFoundError(
                f"{study.out}: an earlier Careloom made these results; run the study again with careloom run"
            )
        yield engine


def ready(
    engine: Engine, study: Study, indicators: IndicatorSet, *, to_score: bool = False
) -> tuple[IndicatorSet, Patterns]:
    """Return the indicators as used and the patterns of the assessments. Raises NotFoundError when there is nothing to classify."""
    make_population_again(engine)
    used = make_indicators(engine, indicators, Ledger())
    patterns = read_patterns(engine, len(used.indicators))
    if why_not := why_no_classes(patterns, to_score=to_score):
        raise NotFoundError(f"{study.out}: there are no classes to find: {why_not}")
    return used, patterns


def answers_of(engine: Engine, names: Sequence[str], disclosure: Profile) -> dict[str, Answer]:
    """Ask these questions of the report, of the tables as they stand now; all goes through disclosure control.

    Those that tell the same numbers are asked with them, so that what the report withholds is withheld here too.
    """
    questions = read_questions()
    answers = ask_all(engine, told_together(questions, names), disclosure)
    return {name: answers[name] for name in names}


def shown(
    answers: Mapping[str, Answer], name: str, columns: Sequence[str] = (), title: str = ""
) -> list[str | Listing]:
    """One table of the answers, whole or some of its columns, or the sentence that says why there is none."""
    answer = answers[name]
    if not answer.released:
        return [answer.question.otherwise]
    return [some_columns(answer, columns, title) if columns else whole(answer)]


def whole(answer: Answer) -> Listing:
    """A released table as it is laid out on the page; categories across are their numbers, for want of room."""
    grid = lay_out(answer)
    wide = len(grid.headings) - grid.heads > MOST_HEADS
    heading = tuple(
        number_of(name) if wide and place >= grid.heads else name for place, name in enumerate(grid.headings)
    )
    return Listing(answer.question.title, heading, tuple(tuple(cell.text for cell in row) for row in grid.rows))


def number_of(heading: str) -> str:
    number, dot, _ = heading.partition(". ")
    return number if dot and number.isdigit() else heading


def some_columns(answer: Answer, columns: Sequence[str], title: str) -> Listing:
    named = {column.name: column for column in answer.question.columns}
    heading = tuple(answer.question.headings[name].title for name in columns)
    rows = tuple(tuple(show(answer, row, named[name]).text for name in columns) for row in answer.rows)
    return Listing(title or answer.question.title, heading, rows)


def indicators_of(study: Study, catalogue: Catalogue) -> IndicatorSet:
    return catalogue.indicator_sets[study.indicators]
