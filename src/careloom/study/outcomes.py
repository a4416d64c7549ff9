"""`careloom outcomes`: what became of the children of a study that was run; and, if they were made up, what was planted."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import fill

from careloom.catalogue import Catalogue
from careloom.core import RequestError, nearest
from careloom.report.asking import load_words, longest
from careloom.report.local_share import MONTH, load_local_share
from careloom.report.question import Answer
from careloom.study.file import Study
from careloom.study.kept_demand import Told, answers_of, indicators_of, kept
from careloom.study.listings import Listing
from careloom.study.outcome_tables import across, endings, flow, legend, ratios, shares, tests
from careloom.study.outcomes_in_brief import followed, in_brief
from careloom.study.planted import how_many_hold, listings, read_truth, side_by_side

WIDTH = 96
OF_EACH: dict[str, Callable[[Answer, str], Iterator[Listing]]] = {
    "followed": endings,
    "outcome_flow": flow,
    "incidence": shares,
    "hazard_ratios": ratios,
    "hazard_by_model": across,
    "hazard_by_method": across,
    "ph_tests": tests,
    "hazard_by_period": across,
    "adjusted_curves": across,
}


def look_at_outcomes(
    study: Study, catalogue: Catalogue, *, of: str | None = None, whole: bool = False, truth: Path
) -> Told:
    """Tell what the last run of a study found of its outcomes: in brief, or all that is known of one, or of all.

    `truth` is the folder in which a made-up authority's truth would lie. Raises RequestError for an outcome that the
    study does not ask about, and NotFoundError when there are no results.
    """
    if of is not None and of not in study.outcomes:
        raise RequestError(f'the study does not ask about "{of}"{nearest(of, study.outcomes)}')
    with kept(study, "read_off") as engine:
        load_words(engine, catalogue)
        load_local_share(engine, longest(MONTH))  # asked with the read-offs, which tell the same of all children
        answers = answers_of(engine, tuple(OF_EACH), study.disclosure)
        if not answers["followed"].released:
            return Told((answers["followed"].question.otherwise,))
        planted = read_truth(truth, engine, indicators_of(study, catalogue))
        comparisons = side_by_side(planted, answers["hazard_ratios"], catalogue) if planted else []
        parts: list[str | Listing] = [legend([answers[name] for name in ("incidence", "hazard_ratios")])]
        if of is None and not whole:
            parts += in_brief(answers, comparisons)
        else:
            parts += in_whole(answers, catalogue.outcomes[of].title if of else None)
            parts += listings([c for c in comparisons if of is None or c.outcome == catalogue.outcomes[of].title])
        if planted:
            parts.append(how_many_hold(comparisons))
    return Told(tuple(fill(part, WIDTH) if isinstance(part, str) else part for part in parts))


def in_whole(answers: Mapping[str, Answer], only: str | None) -> Iterator[Listing]:
    """The table of all outcomes together, then all tables of each, or of one."""
    if only is None:
        yield followed(answers["followed"])
    for outcome in dict.fromkeys(row["outcome"] for row in answers["followed"].rows):
        if only in (None, outcome):
            for name, lay in OF_EACH.items():
                if any(row["outcome"] == outcome for row in answers[name].rows):
                    yield from lay(answers[name], outcome)
