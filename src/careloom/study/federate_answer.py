"""`careloom federate answer`: join an exchange, and answer its newest question with sums that nobody can read alone."""

import hmac
from collections.abc import Callable
from typing import Any

from careloom.catalogue import Catalogue, read_typology
from careloom.catalogue.read_typologies import checksum
from careloom.core import NotFoundError, RequestError
from careloom.govern.hidden_sums import Member, fingerprint_of
from careloom.govern.keys import open_key
from careloom.govern.messages import fingerprint, is_whole, receive, send
from careloom.outcomes.federated import HAZARD_PLAN, HazardPlan
from careloom.stats.latent_class.apart.federated import Site, margins, sums
from careloom.study.audit import note
from careloom.study.exchange import Exchange, Part, WaitingError
from careloom.study.federate_hazards import hazard_part, read_hazard_plan
from careloom.study.file import Study
from careloom.study.kept_demand import kept, ready
from careloom.typology.federated import (
    MOST_ROUNDS,
    Plan,
    by_items,
    check_plan,
    parameters_asked,
    plan_of_message,
    site_of,
)


def read_plan(exchange: Exchange, catalogue: Catalogue) -> tuple[Plan, str]:
    """The plan, held against the catalogue, and its fingerprint. Raises NotFoundError and RequestError."""
    if not exchange.plan_file.exists():
        raise NotFoundError(f"{exchange.folder}: there is no plan.json here yet; careloom federate lead makes it")
    body = receive(exchange.plan_file, exchange.key)
    plan = plan_of_message(body)
    if plan.indicators not in catalogue.indicator_sets:
        raise RequestError(f"the indicator set {plan.indicators} is not here: all need the same Careloom")
    check_plan(plan, catalogue.indicator_sets[plan.indicators])
    return plan, fingerprint(body)


def answer(exchange: Exchange, study: Study, catalogue: Catalogue, name: str, say: Callable[[str], None]) -> str | None:
    """Join, or answer the newest question; say what was done. Returns what is waited for, None when all is over.

    Raises RequestError for what an authority must not answer, NotFoundError without results of a run.
    """
    plan, about = read_any_plan(exchange, catalogue)
    if name not in plan.authorities:
        raise RequestError(f"{name} is not in the plan; there are {', '.join(plan.authorities)}")
    if ended := exchange.finished(about):
        check_typology(exchange, plan, ended)
        return None
    member = Member(name, open_key(study.key), about)
    if not exchange.joined_file(name).exists():
        check_joins_once(exchange, study, plan, member)
        join(exchange, study, member, part_of(study, catalogue, plan), say)
    try:
        open_numbers = exchange.open_numbers(plan.authorities, about)
    except WaitingError as waiting:
        return str(waiting)
    number = exchange.last_question
    if number and not exchange.answer_file(number, name).exists():
        question = read_question(exchange, number, about)
        part = part_of(study, catalogue, plan)
        check_unchanged(exchange, member, part)
        which = fingerprint(question)
        hidden = member.hide(part.numbers(question), open_numbers, which)
        body = {"kind": "answer", "number": number, "question": which, "authority": name, "hidden": hidden}
        note(study, "federate answer", "sent", exchange=plan.name, question=which)
        send(exchange.answer_file(number, name), body, exchange.key)
        say(f"answered question {number}")
    left = [other for other in plan.authorities if number and not is_whole(exchange.answer_file(number, other))]
    if left:
        return f"question {number} is to be answered by {', '.join(left)}"
    return f"the lead is to ask {'the next' if number else 'the first'} question"


def check_typology(exchange: Exchange, plan: Plan | HazardPlan, ended: dict[str, Any]) -> None:
    """Is the typology in the folder, if it came along, the one that the lead signed? Raises RequestError, CatalogueError."""
    path = exchange.folder / f"{plan.name}.toml"
    if path.exists() and checksum(read_typology(path)) != ended.get("typology"):
        raise RequestError(f"{path}: this is not the typology that the lead found; ask for it again")


def check_joins_once(exchange: Exchange, study: Study, plan: Plan | HazardPlan, member: Member) -> None:
    """Refuse a study that takes part under another name already: its assessments would count twice."""
    for other in plan.authorities:
        if is_whole(exchange.joined_file(other)):
            own = f"{Member(other, open_key(study.key), member.about).open_number:x}"
            if exchange.joined(other, member.about)["open_number"] == own:
                raise RequestError(
                    f'the study "{study.name}" takes part as {other} already: as {member.name} it would count twice'
                )


def read_any_plan(exchange: Exchange, catalogue: Catalogue) -> tuple[Plan | HazardPlan, str]:
    """The plan of an exchange about categories of demand, or about hazards."""
    is_there = exchange.plan_file.exists()
    if is_there and receive(exchange.plan_file, exchange.key).get("kind") == HAZARD_PLAN:
        return read_hazard_plan(exchange, catalogue)
    return read_plan(exchange, catalogue)


def part_of(study: Study, catalogue: Catalogue, plan: Plan | HazardPlan) -> Part:
    """What the last run of a study has kept, as it takes part."""
    if isinstance(plan, HazardPlan):
        return hazard_part(study, plan)
    site = kept_site(study, catalogue, plan)
    names = ", ".join(plan.items[place] for place in site.held)
    held = f"held back, as fewer than {plan.least} assessments record it, or fewer do not: {names}" if names else ""
    data = site.table.codes.tobytes() + site.table.weights.tobytes()
    return Part(data, held, lambda question: numbers_for(question, plan, site))


def join(exchange: Exchange, study: Study, member: Member, part: Part, say: Callable[[str], None]) -> None:
    """Tell the open number, and what the data are by a fingerprint that nobody else can make."""
    open_number, data = f"{member.open_number:x}", fingerprint_of_data(member, part)
    body = {"kind": "joined", "plan": member.about, "authority": member.name, "open_number": open_number, "data": data}
    send(exchange.joined_file(member.name), body, exchange.key)
    say(f'joined as {member.name} with the study "{study.name}"; fingerprint {fingerprint_of(member.open_number)}')
    if part.held:
        say(part.held)


def check_unchanged(exchange: Exchange, member: Member, part: Part) -> None:
    """Refuse to answer with other data than before: two totals would differ by just the children that changed."""
    own = exchange.joined(member.name, member.about)
    if (own["data"], own["open_number"]) != (fingerprint_of_data(member, part), f"{member.open_number:x}"):
        raise RequestError(
            "the data, or the key of the study, are not what they were when you joined: begin a new exchange"
        )


def fingerprint_of_data(member: Member, part: Part) -> str:
    return hmac.digest(member.secret_number.to_bytes(64, "big"), part.data, "sha256").hex()


def read_question(exchange: Exchange, number: int, about: str) -> dict[str, Any]:
    question = receive(exchange.question_file(number), exchange.key)
    if (question.get("kind"), question.get("plan"), question.get("number")) != ("question", about, number):
        raise RequestError(f"{exchange.question_file(number)}: this is a question of another exchange")
    if number > MOST_ROUNDS:
        raise RequestError(
            f"more than {MOST_ROUNDS} questions are not answered: so many could be meant to find children out"
        )
    return question


def numbers_for(question: dict[str, Any], plan: Plan, site: Site) -> list[float]:
    if question.get("asks") == "margins":
        return [float(one) for one in margins(site)]
    items, at = parameters_asked(question, plan)
    return [float(one) for one in sums(by_items(site, items), at)]


def kept_site(study: Study, catalogue: Catalogue, plan: Plan) -> Site:
    """The assessments that the study's last run has kept, as they take part."""
    with kept(study, "assessment_seen") as engine:
        _, patterns = ready(engine, study, catalogue.indicator_sets[plan.indicators], to_score=True)
    return site_of(patterns, plan)
