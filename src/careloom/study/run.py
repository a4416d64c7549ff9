"""The whole analysis, from files to report."""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

import careloom
from careloom.catalogue import Catalogue, says_own
from careloom.check import measure_availability, run_rules
from careloom.core import Ledger, NothingToRunError
from careloom.costs import cost_children, cost_classes
from careloom.engine import Engine, open_engine
from careloom.govern import open_key
from careloom.ingest import Decisions, check_given, ingest, load_nothing_read, say_in_common, take_given
from careloom.link import Pseudonym, link_persons
from careloom.outcomes import time_outcomes
from careloom.pathways import (
    choose_classes,
    describe,
    doubts,
    follow_careers,
    follow_flows,
    join_fees,
    make_lives,
    make_pathways,
    make_timeline,
    model_pathways,
    stack_cohorts,
    take_measures,
    weigh_plausibility,
)
from careloom.report import StudyWords, write_report
from careloom.study import agreements
from careloom.study.accounts import READING, TAKING, check_balance, refused, wait, waiting
from careloom.study.audit import noted_run
from careloom.study.checklists import checklist_table
from careloom.study.file import Study
from careloom.study.findings_of_children import name_findings
from careloom.study.in_turn import take_in_turn
from careloom.study.keeping import Keeping, begin
from careloom.study.kept_tables import write_kept
from careloom.study.manifest import about_run
from careloom.study.outputs import new_outputs, write_manifest
from careloom.study.reach import limits, within_returns
from careloom.study.residents import resident_table
from careloom.study.vault import identities, keep_identities, open_vault
from careloom.study.views import views
from careloom.typology import Search, find_classes, read_decisions

OnStep = Callable[[str, float], None]

SHARING = dict.fromkeys(
    ("report.html", "workbook.xlsx", "results.json", "for_review.csv", "tables/", "model/"), "released"
)
"""Only what has gone through disclosure control is `released`; the rest stays `inside` the authority."""


@dataclass(frozen=True)
class Finished:
    """What a run came to: where its outputs are, its ledger, files refused, what to know, and what to doubt.

    `taken` are the stages that were taken up as an earlier run made them, and when that was.
    """

    out: Path
    ledger: Ledger
    refused: tuple[str, ...]
    notes: tuple[str, ...]
    doubts: tuple[str, ...]
    taken: Mapping[str, dt.date] = field(default_factory=dict)


def run_study(
    study: Study,
    catalogue: Catalogue,
    *,
    accept: bool = False,
    on_step: OnStep = lambda step, share: None,
    command: str = "run",
    is_fresh: bool = False,
    is_kept: bool = True,
) -> Finished:
    """Run every stage and write the study's output folder, whole.

    What was not recognised exactly is written down in the study's recognised.csv, for a person to decide; with
    `accept`, every clear proposal counts as confirmed, and is written so. `on_step` hears what is being done and the share of stages already done, from 0 to 1.

    Parts of which nothing has changed are taken up from the run before, and every part is kept for the next; with `is_fresh`
    none is taken up, and without `is_kept` none is kept either.

    That it begins and how it ends is written into the study's audit log, as `command`.

    Raises NothingToRunError when no file could be read, OutputError, AuditError, and CareloomError when the ledger does not
    balance; the earlier outputs are then untouched.
    """
    is_new_key, vault_key = not study.key.exists(), open_vault(study.vault, study.name)
    with noted_run(study, command), new_outputs(study.out, study.name) as folder:
        key = (vault_key or open_key(study.key)) if is_kept else None
        begun = partial(begin, catalogue=catalogue, accept=accept, is_fresh=is_fresh, key=key)
        apart = keep_apart(study, catalogue, begun, folder, on_step=on_step) if study.governed.sensitive else None
        keeping = begun(study)
        with closing(open_engine(study.engine, study.scratch, study.cluster)) as engine:
            ledger = go_through(study, catalogue, engine, keeping, on_step=on_step)
            notes = to_know(study, catalogue, engine, ledger, is_new_key=is_new_key)
            notes += tuple(keeping.said)
            finished = Finished(study.out, ledger, refused(engine), notes, tuple(doubts(engine)), keeping.taken)
            kept, people = apart or keep_children(study, catalogue, engine, folder)
            write_outputs(study, catalogue, engine, folder, finished)
            about = about_run(study, catalogue, engine, folder, kept, accept=accept, taken=keeping.taken)
            write_manifest(folder, about, SHARING)
        if study.vault and vault_key:
            keep_identities(study.vault, study.name, people, vault_key)
    return finished


def go_through(study: Study, catalogue: Catalogue, engine: Engine, keeping: Keeping, *, on_step: OnStep) -> Ledger:
    """Take every stage in turn, and return their account, which is also loaded. Raises CareloomError when it does not balance."""
    least = study.disclosure.threshold  # what is taken up needs its agreements as much as what is read
    agreements.check_allowed(study.governed, study.deliveries, study.links.mode, dt.date.today(), smallest_shown=least)
    ledger = take_in_turn(stages(study, catalogue, engine, accept=keeping.accept), engine, keeping, on_step=on_step)
    check_balance(ledger)
    engine.load("ledger", ledger_table(ledger))
    engine.load("reporting_checklist", checklist_table(study, catalogue, engine))
    return ledger


def keep_apart(
    study: Study, catalogue: Catalogue, begun: Callable[[Study], Keeping], folder: Path, *, on_step: OnStep
) -> tuple[dict[str, str], pa.Table]:
    """Keep what may be kept about single children where services are sensitive: that of a run that never saw those."""
    apart = replace(study, governed=study.governed.apart())
    with closing(open_engine(study.engine, study.scratch, study.cluster)) as engine:
        go_through(apart, catalogue, engine, begun(apart), on_step=on_step)
        return keep_children(apart, catalogue, engine, folder)


def keep_children(study: Study, catalogue: Catalogue, engine: Engine, folder: Path) -> tuple[dict[str, str], pa.Table]:
    """Write what is kept about single children; return its fingerprints and, where the study has a vault, who they are (else nobody)."""
    kept = write_kept(engine, catalogue, folder, with_cost_lines=study.with_cost_lines, kept_as=study.kept_as)
    return kept, identities(engine) if study.vault else pa.table({})


def stages(
    study: Study, catalogue: Catalogue, engine: Engine, *, accept: bool = False
) -> list[tuple[str, Callable[[], Ledger]]]:
    """Return the stages in order: what each is called, and the work."""
    pseudonym = open_key(study.key).pseudonymise(f"person|{study.name}")
    return [
        ("reading the deliveries", lambda: read_deliveries(study, catalogue, engine, accept=accept)),
        ("checking them against the rules", lambda: run_rules(engine, catalogue)),
        ("measuring what is recorded", lambda: measure_availability(engine, catalogue)),
        ("saying them in common terms", lambda: say_or_take(study, catalogue, engine)),
        ("linking children", lambda: link_children(study, catalogue, engine, pseudonym)),
        ("building their histories", lambda: make_histories(study, catalogue, engine)),
        ("drawing the timeline", lambda: draw_timeline(study, catalogue, engine)),
        ("following pathways", lambda: make_pathways(engine)),
        ("reading placement histories", lambda: read_histories(study, catalogue, engine)),
        ("taking the official measures", lambda: measure_years(study, catalogue, engine)),
        ("stacking birth cohorts", lambda: stack_births(study, catalogue, engine)),
        ("weighing plausibility", lambda: weigh_plausibility(engine, catalogue.signs)),
        ("finding categories of demand", lambda: find_demand(study, catalogue, engine)),
        ("choosing the category of each episode", lambda: choose_classes(engine, study.pathways.episode_class)),
        ("modelling pathways", lambda: model_rungs(study, catalogue, engine)),
        ("describing who came", lambda: describe_children(study, catalogue, engine)),
        ("timing outcomes", lambda: time_questions(study, catalogue, engine)),
        ("costing care", lambda: cost_care(study, catalogue, engine)),
    ]


def read_deliveries(study: Study, catalogue: Catalogue, engine: Engine, *, accept: bool) -> Ledger:
    """Ingest, write down what was not recognised exactly, and stop when nothing could be read.

    Of common tables that somebody else has made, only look whether all is there: what is recorded in the returns is not known then.
    """
    if study.common:
        check_given(study.common, catalogue)
        load_nothing_read(engine, catalogue)
        return Ledger()
    today = dt.date.today()
    least = study.disclosure.threshold
    agreements.check_allowed(study.governed, study.deliveries, study.links.mode, today, smallest_shown=least)
    decisions = Decisions.load(study.recognised, catalogue.returns)
    door = agreements.door_of(study.governed, today)
    ingested = ingest(engine, catalogue, deliveries=study.deliveries, decisions=decisions, accept=accept, door=door)
    if ingested.recognitions or study.recognised.exists():
        decisions.save(study.recognised, ingested.recognitions)
    if not engine.rows("SELECT 1 AS one FROM delivery WHERE state = 'read' LIMIT 1"):
        raise NothingToRunError("no delivered file could be read:\n  " + "\n  ".join(refused(engine)))
    ingested.ledger.extend(agreements.keep_apart(study.governed, catalogue, engine))
    return ingested.ledger


def say_or_take(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    """Say what was read in common terms, or take what somebody else has said so."""
    return take_given(engine, catalogue, study.common) if study.common else say_in_common(engine, catalogue)


def link_children(study: Study, catalogue: Catalogue, engine: Engine, pseudonym: Pseudonym) -> Ledger:
    """Link by the study's mode; the extracts are all returns that do not come every year."""
    extracts = [name for name, return_ in catalogue.returns.items() if not return_.yearly]
    ledger = link_persons(engine, pseudonym, extracts=extracts, mode=study.links.mode, likeness=study.links.likeness)
    name_findings(engine)
    return ledger


def make_histories(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    ledger = make_lives(engine, catalogue.repairs, catalogue.spells, off=study.repairs_off)
    ledger.extend(join_fees(engine))
    return ledger


def measure_years(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    return take_measures(engine, catalogue.measures, first_day=study.first_day, end_day=study.end_day)


def stack_births(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    study = within_returns(study, catalogue, engine)
    engine.load("resident", resident_table(study.residents))
    return stack_cohorts(engine, first_day=study.first_day, end_day=study.end_day)


def draw_timeline(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    return make_timeline(engine, end_day=within_returns(study, catalogue, engine).end_day)


def read_histories(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    study = within_returns(study, catalogue, engine)
    return follow_careers(
        engine,
        catalogue.care_states,
        first_day=study.first_day,
        end_day=study.end_day,
        seed=study.seed,
        distance=study.pathways.distance,
    )


def find_demand(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    study, demand = within_returns(study, catalogue, engine), study.demand
    return find_classes(
        engine,
        catalogue.indicator_sets[demand.indicators],
        first_day=study.first_day,
        end_day=study.end_day,
        search=Search(study.most_classes, study.starts, study.seed, demand.classes),
        include_18plus=demand.include_18plus,
        saved=demand.saved,
        decisions=read_decisions(demand.names),
    )


def describe_children(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    within = within_returns(study, catalogue, engine)
    window = {"first_day": within.first_day, "end_day": within.end_day}
    ledger = follow_flows(engine, catalogue.flows, **window)
    ledger.extend(describe(engine, catalogue.profiles, catalogue.tables, by=study.profiles_by, **window))
    return ledger


def model_rungs(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    within = within_returns(study, catalogue, engine)
    window = {"first_day": within.first_day, "end_day": within.end_day}
    return model_pathways(engine, **window, interactions=study.pathways.interactions)


def time_questions(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    engine.load("in_view", views(catalogue, engine, study.masks))
    return time_outcomes(
        engine,
        [catalogue.outcomes[name] for name in study.outcomes],
        first_day=study.first_day,
        end_day=study.end_day,
        asked=study.asked_of_outcomes,
    )


def cost_care(study: Study, catalogue: Catalogue, engine: Engine) -> Ledger:
    study = within_returns(study, catalogue, engine)
    ledger = cost_children(
        engine,
        catalogue.processes,
        needs=catalogue.needs,
        sheet=study.prices,
        placement_codes=catalogue.placement_codes,
        first_day=study.cost_first_day,
        end_day=study.cost_end_day,
        choices=study.cost_choices,
    )
    ledger.extend(cost_classes(engine, seed=study.seed))
    return ledger


def to_know(study: Study, catalogue: Catalogue, engine: Engine, ledger: Ledger, *, is_new_key: bool) -> tuple[str, ...]:
    """Return what the user should know though nothing failed: rows set aside, odd files, windows cut, a new key."""
    notes = (
        [f"a new key was made, {study.key}: keep it, for with another the same child has another pseudonym"]
        if is_new_key
        else []
    )
    notes += agreements.to_warn(study.governed)
    if texts := waiting(engine):
        notes.append(wait(texts, study.recognised))
    told = "SELECT file_name, message FROM delivery WHERE state = 'read' AND message <> '' AND (rows_in = 0 OR encoding = 'cp1252') ORDER BY delivery_id"
    notes += [f"{name}: {message}" for name, message in engine.rows(told)]
    for step in ledger.steps:
        if step.step in (READING, TAKING):
            notes += [
                f"{step.makes}: {rows:,} of {step.rows_in:,} rows set aside: {why}" for why, rows in step.set_aside
            ]
    return (*notes, *limits(study, catalogue, engine))


def write_outputs(study: Study, catalogue: Catalogue, engine: Engine, folder: Path, finished: Finished) -> None:
    """Write the ledger (inside), then report, workbook and tables (released)."""
    pyarrow.csv.write_csv(engine.arrow("SELECT * FROM ledger"), folder / "ledger.csv")
    write_report(engine, catalogue, folder=folder, study=study_words(study, finished, catalogue, engine))


def study_words(asked: Study, finished: Finished, catalogue: Catalogue, engine: Engine) -> StudyWords:
    study, last = within_returns(asked, catalogue, engine), dt.timedelta(days=1)
    return StudyWords(
        title=study.name,
        first_day=study.first_day,
        last_day=study.end_day - last,
        cost_first_day=study.cost_first_day,
        cost_last_day=study.cost_end_day - last,
        made_on=dt.date.today(),
        prices_standing=study.prices.standing,
        careloom_version=careloom.__version__,
        disclosure=study.disclosure,
        authorities=study.report.authorities,
        pooled=study.report.pooled,
        notes=(
            *doubtful(finished),
            *map(
                sentence, [*agreements.to_say(asked.governed), *limits(asked, catalogue, engine), *says_own(catalogue)]
            ),
        ),
    )


def sentence(said: str) -> str:
    return f"{said[0].upper()}{said[1:]}."


def doubtful(finished: Finished) -> list[str]:
    """Say plainly when the records do not behave like those of real children."""
    if not finished.doubts:
        return []
    signs = "; ".join(finished.doubts)
    return [
        f"These records do not behave like those of real children, as made-up files with random dates and codes do (so may returns with a year missing). More than one in five of each of these: {signs}. Do not read the figures as fact."
    ]


def ledger_table(ledger: Ledger) -> pa.Table:
    """The ledger as rows: for each step its rows in, rows out, rows set aside by reason, and rows out that were changed."""
    rows = []
    for number, step in enumerate(ledger.steps, start=1):
        accounts = [
            ("in", "", step.rows_in),
            ("out", "", step.rows_out),
            *(("set aside", why, n) for why, n in step.set_aside),
            *(("changed", why, n) for why, n in step.changed),
        ]
        rows += [(number, step.step, step.reads, step.makes, outcome, why, n) for outcome, why, n in accounts]
    kinds = {
        "step_no": pa.int32(),
        "step": pa.string(),
        "reads": pa.string(),
        "makes": pa.string(),
        "outcome": pa.string(),
        "reason": pa.string(),
        "rows": pa.int64(),
    }
    return pa.table({name: pa.array([row[i] for row in rows], kind) for i, (name, kind) in enumerate(kinds.items())})
