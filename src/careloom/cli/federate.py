"""`careloom federate`: one analysis over several authorities, of which none sends a row: of demand, or of hazards."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.catalogue import Catalogue, Outcome, SavedTypology, find_typology, load_catalogue
from careloom.core import RequestError
from careloom.outcomes.federated import HazardPlan, fingerprint_of_typology, make_hazard_plan
from careloom.study import catalogue_of, read_study
from careloom.study.demand import USUAL
from careloom.study.exchange import Exchange, WaitingError, open_exchange
from careloom.study.federate_answer import answer, read_any_plan
from careloom.study.federate_lead import begin, how_found, lead
from careloom.study.lead_hazards import begin_hazards, lead_hazards
from careloom.typology.federated import Plan, given_by, make_plan

POLL = 2.0
"""Seconds between two looks into a shared folder."""
ABOUT = """Find categories of demand in the assessments of several authorities together, or compare with --outcome how soon something
happens between such categories, ages, sexes and ethnic groups, though no authority sends a row. One leads and asks questions;
all answer with sums, hidden so that only the total over all authorities can be read. Questions and answers are files in a
folder: a shared one, or one whose files go by e-mail. See docs/federated.md for what protects the children."""
EXAMPLES = """examples:
  careloom federate lead with_others --key with_others.key --name north_2024 --authorities anyshire,borsham,cudworth \\
      --from typologies/anyshire_2024.toml                  begin, at a saved typology: 8 to 25 rounds
  careloom federate answer with_others --study ours.toml --as anyshire --key with_others.key
  careloom federate lead with_others --key with_others.key  read the answers, ask the next question, or finish
  careloom federate lead hazards --key with_others.key --name again_2024 --authorities anyshire,borsham,cudworth \\
      --outcome re_referral --from north_2024               begin, about hazards by category: also about ten rounds
Both go on by themselves with --watch. Everyone needs the key; it must not go the way the messages go.
"""


def add_federate(commands: Any) -> None:
    """Add the command."""
    federate = commands.add_parser(
        "federate",
        help="find categories of demand over several authorities, of which none sends a row",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = federate.add_subparsers(title="parts", required=True, metavar="PART")
    add_lead(parts)
    add_answer(parts)


def add_lead(parts: Any) -> None:
    command = parts.add_parser("lead", help="make the plan, ask, add up the answers, and finish")
    add_common(command)
    plan = command.add_argument_group("to begin, when there is no plan yet")
    plan.add_argument("--name", metavar="NAME", help="what the typology will be called")
    plan.add_argument("--authorities", metavar="A,B,C", help="who takes part, three at least")
    plan.add_argument("--classes", type=int, metavar="K", help="how many categories")
    plan.add_argument(
        "--from", dest="start_from", action="append", default=[], metavar="TYPOLOGY",
        help="a saved typology to start from: a file, or a name in the catalogue; can be given again",
    )  # fmt: skip
    plan.add_argument("--outcome", metavar="OUTCOME", help="compare hazards of this, by the classes of --from TYPOLOGY")
    plan.add_argument("--starts", type=int, metavar="N", help="random starts, some 20 to 40 rounds each (default 0)")
    plan.add_argument("--indicators", metavar="SET", help=f"(default {USUAL})")
    plan.add_argument("--prior", type=float, metavar="ROWS", help="rows added to every answer (default 0)")
    command.set_defaults(command=lead_command, when_stopped="go on with the same command: the folder knows all")


def add_answer(parts: Any) -> None:
    command = parts.add_parser("answer", help="join, and answer the newest question")
    add_common(command)
    command.add_argument(
        "--study", type=Path, required=True, metavar="STUDY.toml", help="the study, once it has been run"
    )
    command.add_argument("--as", dest="name", required=True, metavar="NAME", help="your name in the plan")
    command.set_defaults(command=answer_command, when_stopped="go on with the same command: the folder knows all")


def add_common(command: Any) -> None:
    command.add_argument("folder", type=Path, metavar="FOLDER", help="where the messages are")
    command.add_argument(
        "--key", type=Path, required=True, metavar="FILE.key", help="the key that all share; not in FOLDER"
    )
    command.add_argument("--watch", action="store_true", help="go on until it is finished, looking again and again")


def lead_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = load_catalogue()
    exchange = open_planned(asked, catalogue) if (asked.folder / "plan.json").exists() else plan_it(asked, catalogue)
    try:
        if isinstance(read_any_plan(exchange, catalogue)[0], HazardPlan):
            told = lead_hazards(exchange, catalogue, waiting(asked.watch, console))
            print(f"Finished after {told.rounds} rounds. Released: {', '.join(map(str, told.files))}")
            return 0
        fit, rounds, path = lead(exchange, catalogue, waiting(asked.watch, console))
    except WaitingError as why:
        print(f"For now: {why}.")
        return 0
    print(f"Finished after {rounds} rounds: {how_found(fit)}.")
    print(f"Typology: {path}")
    return 0


def plan_it(asked: argparse.Namespace, catalogue: Catalogue) -> Exchange:
    """Make the plan and only then the key, so that nothing is left behind by a plan that is refused."""
    if not (asked.name and asked.authorities):
        raise RequestError(
            f"{asked.folder}: there is no plan yet; to make it give --name, --authorities, and --from TYPOLOGY, or "
            "--classes K and --starts N"
        )
    if asked.outcome:
        outcome, typology = hazards_asked(asked, catalogue)
        make_hazard_plan(asked.name, parties(asked), outcome, typology)
        exchange = open_exchange(asked.folder, asked.key, make=True)
        begin_hazards(exchange, asked.name, parties(asked), outcome, typology)
    else:
        plan = demand_asked(asked, catalogue)
        exchange = open_exchange(asked.folder, asked.key, make=True)
        begin(exchange, plan)
    print(f"Plan: {exchange.plan_file}. All who take part need {asked.key}: give it to them, but not by this folder.")
    return exchange


def parties(asked: argparse.Namespace) -> list[str]:
    return [name.strip() for name in asked.authorities.split(",")]


def demand_asked(asked: argparse.Namespace, catalogue: Catalogue) -> Plan:
    """The plan about categories of demand that was asked for. Raises RequestError."""
    name = asked.indicators or USUAL
    if name not in catalogue.indicator_sets:
        raise RequestError(f"--indicators can be {', '.join(catalogue.indicator_sets)}")
    return make_plan(
        asked.name,
        parties(asked),
        catalogue.indicator_sets[name],
        classes=asked.classes,
        start_from=typologies(asked, catalogue),
        starts=asked.starts or 0,
        prior=asked.prior or 0.0,
    )


def hazards_asked(asked: argparse.Namespace, catalogue: Catalogue) -> tuple[Outcome, SavedTypology]:
    """The outcome and the typology whose classes are to be compared. Raises RequestError."""
    if asked.outcome not in catalogue.outcomes:
        raise RequestError(f"--outcome can be {', '.join(catalogue.outcomes)}")
    if len(asked.start_from) != 1:
        raise RequestError("say with one --from TYPOLOGY whose classes are to be compared; all must have run with it")
    return catalogue.outcomes[asked.outcome], typologies(asked, catalogue)[0]


def typologies(asked: argparse.Namespace, catalogue: Catalogue) -> list[SavedTypology]:
    return [find_typology(name, [], catalogue.typologies) for name in asked.start_from]


def open_planned(asked: argparse.Namespace, catalogue: Catalogue) -> Exchange:
    """Open an exchange that is planned. Raises RequestError for options that the plan says otherwise: it cannot be changed."""
    exchange = open_exchange(asked.folder, asked.key)
    plan, _ = read_any_plan(exchange, catalogue)
    stands: dict[str, object] = {"--name": plan.name, "--authorities": list(plan.authorities)}
    said = {
        "--name": asked.name,
        "--authorities": parties(asked) if asked.authorities else None,
        "--outcome": asked.outcome,
        **{f"--{name}": getattr(asked, name) for name in ("classes", "starts", "indicators", "prior")},
    }
    if isinstance(plan, HazardPlan):
        said["--from"] = [fingerprint_of_typology(each) for each in typologies(asked, catalogue)] or None
        stands |= {"--outcome": plan.outcome, "--from": [plan.typology_fingerprint]}
    else:
        said["--from"] = [given_by(each) for each in typologies(asked, catalogue)] or None
        stands |= {"--from": list(plan.given), "--indicators": plan.indicators}
        stands |= {"--classes": plan.classes, "--starts": plan.starts, "--prior": plan.prior}
    other = [option for option, value in said.items() if value is not None and value != stands.get(option)]
    if other:
        raise RequestError(
            f"{asked.folder}: the plan stands, and does not say what {', '.join(other)} says; leave it out to go on, or "
            "begin anew in another folder"
        )
    return exchange


def waiting(watch: bool, console: Console) -> Callable[[str], None]:
    """What to do when the next message is another's: look again after a while, or stop and say so."""
    last = ""

    def wait(what: str) -> None:
        nonlocal last
        if not watch:
            raise WaitingError(what)
        if what != last:
            console.print(what, markup=False, soft_wrap=True)
        last = what
        time.sleep(POLL)

    return wait


def answer_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    study = read_study(asked.study, catalogue)
    exchange = open_exchange(asked.folder, asked.key)
    wait = waiting(asked.watch, console)
    try:
        while what := answer(exchange, study, catalogue, asked.name, print):
            wait(what)
    except WaitingError as why:
        print(f"For now: {why}.")
        return 0
    print(f"Finished: the lead has what was asked for; what came of it is in {asked.folder}")
    return 0
