"""`careloom link --doubt`: what doubt about links does to results: every link mode side by side, and links drawn many times over.

The deliveries are read once. Then children are linked in each way, and their histories, outcomes and costs worked out anew,
with the categories of demand that the last run found. Nothing is written.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from textwrap import fill

import careloom
from careloom.catalogue import Catalogue, SavedClass, SavedTypology
from careloom.core import RequestError, StudyError
from careloom.engine import Engine, open_engine
from careloom.link import LINK_MODES
from careloom.report.asking import load_words
from careloom.report.grid import lay_out
from careloom.report.question import Answer
from careloom.study import agreements
from careloom.study.asked_of_links import AskedOfLinks
from careloom.study.cost_tables import load_rows
from careloom.study.file import Study
from careloom.study.kept_demand import Told, answers_of, kept
from careloom.study.link_results import Results, results_of, said_rows
from careloom.study.listings import Listing
from careloom.study.outcome_tables import across, legend, short
from careloom.study.outcomes import WIDTH
from careloom.study.run import OnStep, stages

SETS = 10
"""Sets of links that are drawn, unless told otherwise."""
MOST_SETS = 200
READ = ("reading the deliveries", "saying them in common terms")
AGAIN = (
    "linking children",
    "building their histories",
    "drawing the timeline",
    "following pathways",
    "finding categories of demand",
    "choosing the category of each episode",
    "timing outcomes",
    "costing care",
)
"""The stages of a run that are needed once, and anew for each way of linking."""
QUESTIONS = ("link_doubt_shares", "link_doubt_hazards", "link_doubt_costs", "link_doubt_sets")
NO_DRAWS = (
    'Links are drawn only in the link mode probabilistic, which says how probable each is: write link_mode = "probabilistic" '
    "in [link] and deliver records that hold names."
)
DRAWN = (
    "Drawn: {sets} sets of links, each pair joined as often as it is probable, one to one, and the results combined by Rubin's "
    "rules. The probabilities are those of the model that comes with Careloom; twins, and children who may have been renamed, "
    "are joined in no set."
)

LEFT_OUT = "Not shown, as no agreement allows records to be linked so: {ways}."


@dataclass(frozen=True)
class Way:
    """One way of linking: what it is called, and what is asked of the links, once or for each set that is drawn."""

    title: str
    links: tuple[AskedOfLinks, ...]


def look_at_doubt(study: Study, catalogue: Catalogue, *, sets: int = SETS, on_step: OnStep) -> Told:
    """Tell the outcomes and costs of a study under each way of linking, all of it released.

    Raises RequestError for a number of sets that is not from 2 to 200, NotFoundError without the results of a run, whose
    categories are held, and NothingToRunError when nothing could be read.
    """
    if not 2 <= sets <= MOST_SETS:
        raise RequestError(f"--sets should be from 2 to {MOST_SETS}")
    study = quicker(study, held_categories(study, catalogue))
    ways = ways_of(study.links, sets)
    allowed = [way for way in ways if is_allowed(study, way)]
    with closing(open_engine(study.engine, study.scratch, study.cluster)) as engine:
        rows = []
        for number, (way, found) in enumerate(
            zip(allowed, linked_anew(study, catalogue, engine, allowed, on_step), strict=True)
        ):
            rows += [{"way_no": number, "way": way.title, **row} for row in said_rows(found)]
        load_rows(engine, catalogue, "link_doubt", rows)
        load_words(engine, catalogue)
        answers = answers_of(engine, QUESTIONS, study.disclosure)
        left_out = [way.title for way in ways if way not in allowed]
        parts = [LEFT_OUT.format(ways=", ".join(left_out))] if left_out else []
        return Told((*parts, *told(answers, sets if study.links.mode == "probabilistic" else 0)))


def told(answers: Mapping[str, Answer], sets: int) -> Iterator[str | Listing]:
    """What is shown, in order: shares, hazard ratios and costs by way of linking, and what part of their doubt is the links'."""
    yield fill(DRAWN.format(sets=sets) if sets else NO_DRAWS, WIDTH)
    yield legend([answers["link_doubt_hazards"]])
    for name in QUESTIONS[:-1]:
        answer = answers[name]
        if not answer.released:
            yield answer.question.otherwise
        for about in dict.fromkeys(row[answer.question.columns[0].name] for row in answer.rows):
            yield from across(answer, about)
    if sets and answers[QUESTIONS[-1]].released:
        grid = lay_out(answers[QUESTIONS[-1]])
        rows = tuple(tuple(short(cell.text) for cell in row) for row in grid.rows)
        yield Listing(answers[QUESTIONS[-1]].question.title, grid.headings, rows)


def ways_of(links: AskedOfLinks, sets: int) -> list[Way]:
    """The modes by key, and where the study asks for likeness, that too: as it links, and drawn."""
    modes = [mode for mode in LINK_MODES if mode != "probabilistic" or links.mode == mode]
    ways = [Way(mode.replace("_", " "), (replace(links, mode=mode),)) for mode in modes]
    if links.mode == "probabilistic":
        drawn = (replace(links, likeness=replace(links.likeness, draw=number)) for number in range(1, sets + 1))
        ways.append(Way("drawn", tuple(drawn)))
    return ways


def is_allowed(study: Study, way: Way) -> bool:
    """May the study's records be linked so, as its agreements have it? Its own mode is checked as the deliveries are read."""
    try:
        least = study.disclosure.threshold
        mode, today = way.links[0].mode, dt.date.today()
        agreements.check_allowed(study.governed, study.deliveries, mode, today, smallest_shown=least)
    except StudyError:
        return way.links[0].mode == study.links.mode
    return True


def linked_anew(
    study: Study, catalogue: Catalogue, engine: Engine, ways: list[Way], on_step: OnStep
) -> list[list[Results]]:
    """The results of each way, once or for each set that is drawn."""
    works = dict(stages(study, catalogue, engine))
    for step in READ:
        on_step(step, 0.0)
        works[step]()
    all_of = sum(len(way.links) for way in ways)
    found: list[list[Results]] = []
    for way in ways:
        found.append([])
        for number, links in enumerate(way.links, start=1):
            done = sum(map(len, found)) / all_of
            on_step(f"linking: {way.title}{f' {number}' if len(way.links) > 1 else ''}", done)
            run_again(dict(stages(replace(study, links=links), catalogue, engine)))
            found[-1].append(results_of(engine))
    return found


def run_again(works: dict[str, Callable[[], object]]) -> None:
    for step in AGAIN:
        works[step]()


def quicker(study: Study, held: SavedTypology | None) -> Study:
    """The study with its categories held, and without the models that are not shown."""
    asked = study.asked_of_outcomes
    models = replace(asked.models, methods=(), split_below=0.0)
    demand = replace(study.demand, saved=held, classes=None if held else study.demand.classes)
    return replace(study, demand=demand, asked_of_outcomes=replace(asked, models=models))


def held_categories(study: Study, catalogue: Catalogue) -> SavedTypology | None:
    """The categories of the last run, for assessments to be scored with; None when it found none.

    Categories hardly depend on links, and found anew in each set they could trade places.
    """
    with kept(study, "class_profile") as engine:
        classes = engine.rows("SELECT class_no, name, share FROM demand_class ORDER BY class_no")
        told = engine.rows(
            "SELECT class_no, indicator, probability FROM class_profile WHERE probability IS NOT NULL ORDER BY class_no, indicator"
        )
    if study.demand.saved or not classes:
        return study.demand.saved
    indicators = catalogue.indicator_sets[study.indicators]
    items = tuple(name for number, name, _ in told if number == classes[0][0])
    return SavedTypology(
        name="the last run",
        version=1,
        why="categories held while links differ",
        source=study.name,
        made_by=f"careloom {careloom.__version__}",
        made_on=dt.date.today(),
        assessments=0,
        indicators=indicators.name,
        indicators_version=indicators.version,
        indicators_fingerprint=indicators.fingerprint,
        items=items,
        classes=tuple(
            SavedClass(name, share, tuple(p for number, _, p in told if number == class_no))
            for class_no, name, share in classes
        ),
        examples="",
    )
