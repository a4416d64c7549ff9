"""`careloom findings`: what the validation rules found; and, for who mends the records, in which lines of which files."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.core import CareloomError, RequestError
from careloom.engine import Engine, text
from careloom.govern import note_access
from careloom.study.agreements import check_in_force
from careloom.study.file import Study, read_study
from careloom.study.kept_demand import Told, kept, whole
from careloom.study.listings import Listing
from careloom.study.look import log_of
from careloom.study.released import released_answers

MOST_PLACES = 1000
HEADING = ("table", "file no.", "file", "line")
INSIDE = "Each line is of one child: this stays inside the authority. What the lines hold is not shown: open the files to mend them."


@dataclass(frozen=True)
class RuleState:
    """A rule with its id, what it says, and its state: `found`, `clean` or `could not run`. No counts."""

    rule: str
    message: str
    state: str


def tell_rules(study: Study) -> Told:
    """Tell how each rule went, released. Raises NotFoundError without results."""
    answer = released_answers(study, ["rules"])["rules"]
    return Told((whole(answer) if answer.released else answer.question.otherwise,))


def rules_of(study: Study) -> tuple[RuleState, ...]:
    """Name the rules that the last run knew."""
    with kept(study, "rule_state") as engine:
        return tuple(
            RuleState(*row) for row in engine.rows("SELECT rule, message, state FROM rule_state ORDER BY rule")
        )


def find_places(study_file: Path, catalogue: Catalogue, *, rule: str, purpose: str) -> Told:
    """Tell in which lines of which files rows break a rule, having written the access down; never what they hold.

    A refused access is written down, too. Raises RequestError without a purpose or for no such rule, NotFoundError without
    results, and AuditError when the access cannot be written down: nothing is shown then.
    """
    study = read_study(study_file, catalogue)
    log, purpose = log_of(study_file, study), purpose.strip()
    about = {"study": study.name, "command": "findings", "purpose": purpose, "wrote": []}
    try:
        check_in_force(study.governed, dt.date.today())
        with kept(study, "finding") as engine:
            named = named_rule(engine, rule, purpose)
            places = [(*place, str(line)) for *place, line in engine.rows(select_places(named.rule))]
    except CareloomError as fault:
        note_access(log, {**about, "outcome": "refused", "why": str(fault)})
        raise
    note_access(log, {**about, "rule": named.rule, "outcome": "shown"})
    more = f" The first {MOST_PLACES:,} of {len(places):,}." if len(places) > MOST_PLACES else ""
    listing = Listing(f"Rows that break {named.rule}", HEADING, tuple(places[:MOST_PLACES]))
    said = "" if places else "No row breaks this rule, or it could not run."
    return Told(tuple(part for part in (f"{named.rule}: {named.message}", INSIDE + more, said, listing) if part))


def named_rule(engine: Engine, rule: str, purpose: str) -> RuleState:
    """The rule of that id. What was asked for is not repeated: it might be anything."""
    check_purpose(purpose)
    found = engine.rows(f"SELECT rule, message, state FROM rule_state WHERE rule = {text(rule)}")
    if not found:
        raise RequestError('there is no such rule; careloom findings without --rule lists them, such as "ssda903 101"')
    return RuleState(*found[0])


def check_purpose(purpose: str) -> None:
    if not purpose.strip():
        raise RequestError(
            'say why you look: --purpose "..."; it is written down with who you are and what you looked at'
        )


def select_places(rule: str) -> str:
    return f"""SELECT f.table_name, f.delivery_id, d.file_name, f.line FROM finding AS f
        LEFT JOIN delivery AS d ON d.delivery_id = f.delivery_id
        WHERE f.rule = {text(rule)} ORDER BY f.delivery_id, f.line, f.table_name"""
