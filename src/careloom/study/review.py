"""`careloom review`: pairs of records that may be one child, side by side, for a person to decide; and how far two agree.

Personal data is shown here and nowhere else: only to who holds the study's key, and every view is written into the log of
accesses before it is shown. What was decided is kept by pseudonym, and holds in every later run.
"""

import csv
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.core import NotFoundError, OutputError, RequestError
from careloom.engine import Engine
from careloom.govern import note_access, open_key, os_user
from careloom.link import DOUBTFUL
from careloom.stats.class_agreement import cohens_kappa
from careloom.study.asked_of_links import COLUMNS, DIFFERENT, SAME, Decision, read_decisions
from careloom.study.file import Study
from careloom.study.link_sample import weights, without_decisions
from careloom.study.links import linked
from careloom.study.look import log_of
from careloom.study.run import OnStep

FIELDS = ("first_name", "surname", "full_name", "born_on", "is_expected_birth", "sex", "postcode", "nhs_number", "upn")
"""What is shown of each record, in order; of several descriptions of one record the newest."""
WORDS = {"s": SAME, "d": DIFFERENT}
HOW = "[s]ame child, [d]ifferent children, s[k]ip, [u]ndo the last, [q]uit: "
SAMPLED = "one of a random sample"
"""Whether such a pair was joined, and how probable it is, is not shown: it would sway who judges."""
WIDTH = 34


@dataclass(frozen=True)
class Pair:
    """Two records that may be one child: their pseudonyms, how probable it is, why a person is asked, and what each says."""

    one: str
    two: str
    probability: float
    doubt: str
    said: tuple[dict[str, object], dict[str, object]]


@dataclass(frozen=True)
class Talk:
    """How to speak with the reviewer: `ask` puts a question and returns the answer, `show` shows a page."""

    ask: Callable[[str], str]
    show: Callable[[str], None]


def review_links(
    study: Study, catalogue: Catalogue, *, study_file: Path, purpose: str, talk: Talk, on_step: OnStep, sample: int = 0
) -> int:
    """Go through the pairs in doubt that this person has not decided yet; return how many were decided.

    With `sample`, through the first so many pairs of the random sample of all that were weighed (see `link_sample`). Nobody sees what another reviewer decided. Raises RequestError without a purpose, or in another link mode; NotFoundError
    without the study's key; AuditError when a view cannot be written down; OutputError.
    """
    if not purpose.strip():
        raise RequestError(
            'say why you look: --purpose "..."; it is written down with who you are and which records you saw'
        )
    if sample < 0:
        raise RequestError("--sample should be a number of pairs, 1 or more")
    if study.links.mode != "probabilistic":
        raise RequestError(
            'there is nothing to review: only link_mode = "probabilistic" in [link] leaves pairs in doubt'
        )
    if not study.key.exists():
        raise NotFoundError(f"{study.key}: there is no such key, and names are shown only to who holds the study's key")
    who = os_user()
    mine = {(each.one, each.two) for each in read_decisions(study.links.decided) if each.who == who}
    blind = replace(without_decisions(study), governed=study.governed.apart())
    with linked(blind, catalogue, on_step) as engine:
        found = sampled_pairs(engine, study, sample) if sample else doubtful_pairs(engine, study)
        pairs = [pair for pair in found if (pair.one, pair.two) not in mine]
        made = go_through(pairs, study, study_file, purpose, who, talk)
    return len(made)


def doubtful_pairs(engine: Engine, study: Study) -> Iterator[Pair]:
    """The pairs in doubt, most likely first, with what the newest description of each says."""
    pseudonym = open_key(study.key).pseudonymise(f"person|{study.name}")
    rows = engine.rows(
        f"SELECT one_no, two_no, probability, doubt FROM {DOUBTFUL} ORDER BY probability DESC, one_no, two_no"
    )
    for one, two, probability, doubt in rows:
        said = tuple(describe(engine, number) for number in (one, two))
        names = pseudonym([f"{each['la']}|{each['return_name']}|{each['child_id']}" for each in said])
        (first, told), (second, also) = sorted(zip(names, said, strict=True), key=lambda named: named[0])
        yield Pair(first, second, probability, doubt, (told, also))


def sampled_pairs(engine: Engine, study: Study, many: int) -> Iterator[Pair]:
    """The first so many pairs of the random sample, with what the newest description of each says."""
    for each in islice(weights(engine, study), many):
        said = describe(engine, each.one_no), describe(engine, each.two_no)
        yield Pair(each.one, each.two, each.probability, SAMPLED, said)


def describe(engine: Engine, number: int) -> dict[str, object]:
    columns = ("la", "return_name", "child_id", *FIELDS)
    found = engine.rows(
        f"SELECT {', '.join(f't.{name}' for name in columns)} FROM identity_row AS t JOIN identifier AS i "
        "ON i.la = t.la AND i.return_name = t.return_name AND i.child_id = t.child_id "
        f"WHERE i.identifier_no = {number} ORDER BY t.delivery_id DESC, t.line DESC LIMIT 1"
    )
    return dict(zip(columns, found[0], strict=True))


def go_through(
    pairs: Sequence[Pair], study: Study, study_file: Path, purpose: str, who: str, talk: Talk
) -> list[Decision]:
    """Ask about each pair; a step back is possible. Every view is written down before it is shown, each decision kept at once."""
    made: list[Decision] = []
    shown: list[int] = []
    at = 0
    while at < len(pairs):
        pair = pairs[at]
        about = {"study": study.name, "command": "review", "purpose": purpose.strip(), "records": [pair.one, pair.two]}
        note_access(log_of(study_file, study), {**about, "outcome": "shown", "wrote": []})
        talk.show(page(pair, at + 1, len(pairs)))
        answer = talk.ask(HOW).strip().lower()[:1]
        if answer == "q":
            break
        if answer == "u" and shown:
            at = shown.pop()
            made = [each for each in made if (each.one, each.two) != (pairs[at].one, pairs[at].two)]
            keep(study.links.decided, who, pairs, made)
        elif answer in WORDS or answer == "k":
            shown.append(at)
            at += 1
            if answer in WORDS:
                now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                why = talk.ask("why (no names): ").strip() or "as shown"
                made.append(Decision(pair.one, pair.two, WORDS[answer], f"{pair.probability:.4f}", who, now, why))
                keep(study.links.decided, who, pairs, made)
    return made


def page(pair: Pair, number: int, of: int) -> str:
    """Both records side by side; = marks what is equal, a blank what one of them does not tell."""
    one, two = pair.said
    likely = "" if pair.doubt == SAMPLED else f"; {pair.probability:.1%} likely to be one child"
    lines = [f"{number} of {of}: {pair.doubt}{likely}", ""]
    lines.append(f"{'':20}{one['return_name']!s:{WIDTH}}  {two['return_name']}")
    for name in FIELDS:
        left, right = ("" if each[name] is None else str(each[name]) for each in (one, two))
        mark = "=" if left and left == right else ("#" if left and right else " ")
        if left or right:
            lines.append(f"{name.replace('_', ' '):20}{left:{WIDTH}}{mark} {right}")
    return "\n".join(lines) + "\n"


def keep(path: Path, who: str, pairs: Sequence[Pair], made: Sequence[Decision]) -> None:
    """Keep what this sitting decided, beside all that others have decided meanwhile."""
    sitting = {(pair.one, pair.two) for pair in pairs}
    others = [each for each in read_decisions(path) if each.who != who or (each.one, each.two) not in sitting]
    save_decisions(path, [*others, *made])


def save_decisions(path: Path, decisions: Sequence[Decision]) -> None:
    """Write the whole file anew, in a place beside it first. Raises OutputError."""
    unfinished = path.with_name(f".{path.name}.new")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(vars(each) for each in decisions)
        unfinished.replace(path)
    except OSError as fault:
        raise OutputError(f"{path}: the decisions cannot be written ({fault.strerror})") from None


def agreement(study: Study) -> str:
    """How far the two who reviewed most pairs agree on those both decided. Raises NotFoundError when no two reviewed the same."""
    last: dict[str, dict[tuple[str, str], str]] = {}
    for each in read_decisions(study.links.decided):
        last.setdefault(each.who, {})[each.one, each.two] = each.decision
    most = sorted(last, key=lambda who: (-len(last[who]), who))[:2]
    both = sorted(set.intersection(*(set(last[who]) for who in most))) if len(most) == 2 else []
    if not both:
        raise NotFoundError(f"{study.links.decided}: no two reviewers have decided the same pair yet")
    first, second = ([last[who][pair] for pair in both] for who in most)
    alike = sum(one == two for one, two in zip(first, second, strict=True))
    kappa = cohens_kappa(first, second)
    return f"Two reviewers decided {len(both)} pairs both, and {alike} of them alike: Cohen's kappa {kappa:.2f}."
