"""Looking at one child: find them, write the access down, and only then show or write the page."""

import datetime as dt
import json
import os
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from careloom.catalogue import Catalogue
from careloom.core import CareloomError, NotFoundError, OutputError, RequestError, StudyError
from careloom.engine import Engine, open_kept, text
from careloom.govern import Access, note_access, open_key
from careloom.report.child import ChildPage, draw_child, write_child
from careloom.report.words import say_day
from careloom.study.agreements import check_in_force
from careloom.study.child import gather_child, plain
from careloom.study.file import Study, read_study
from careloom.study.outputs import check_outside

LOG = "access.jsonl"
"""The log of accesses, beside the study file: never in the outputs, which every run replaces."""
PSEUDONYM = re.compile("[a-z2-7]{26}")
"""What an ID looks like; see govern.keys."""
Found = TypeVar("Found")


@dataclass(frozen=True)
class Asked:
    """Whom to look at, why, and where to write. A child is asked for by `person_id`, or by `child_id` of `authority`.

    `return_name` is only needed where one number is two children in different returns.
    """

    person_id: str | None
    purpose: str
    child_id: str | None = None
    authority: str | None = None
    return_name: str | None = None
    svg: Path | None = None
    out: Path | None = None


@dataclass(frozen=True)
class Looked(Generic[Found]):
    """What was found about a child, the access as it was written down, and in which returns the child was found by number."""

    found: Found
    access: Access
    found_in: str


@dataclass(frozen=True)
class Seen:
    """One child's page, and the lines that say who looked at it, when and why."""

    page: ChildPage
    by: tuple[str, str]


def look_at_child(study_file: Path, catalogue: Catalogue, asked: Asked) -> str:
    """Return one child's page as text, having written the access down and the files that were asked for.

    A refused access is written down, too. Raises RequestError (no purpose, not an ID), NotFoundError (no such child, or
    no results to look in), OutputError, and AuditError when the access cannot be written down: nothing is shown then.
    """
    seen = see_child(study_file, catalogue, asked)
    return show(seen.page, seen.by, asked)


def see_child(study_file: Path, catalogue: Catalogue, asked: Asked) -> Seen:
    """The same, not yet laid out, and with no file written."""
    looked = look(
        study_file,
        catalogue,
        asked,
        "child",
        lambda engine, study, person_id: gather_child(engine, catalogue, study=study, person_id=person_id),
    )
    return Seen(looked.found, seen_by(looked.access, asked, looked.found_in))


def look(
    study_file: Path, catalogue: Catalogue, asked: Asked, command: str, gather: Callable[[Engine, Study, str], Found]
) -> Looked[Found]:
    """Find the child, gather what is asked about them, and write the access down, before anything of it is shown."""
    study = read_study(study_file, catalogue)
    log = log_of(study_file, study)
    by = "the authority's number" if asked.child_id else "ID"
    about = {"study": study.name, "command": command, "by": by, "purpose": asked.purpose.strip()}
    person_id = asked.person_id if asked.person_id and PSEUDONYM.fullmatch(asked.person_id) else None
    found_in = ""
    try:
        check_asked(asked, study)
        check_in_force(study.governed, dt.date.today())
        with closing(open_kept(study.out / "study.duckdb")) as engine:
            if not person_id:
                person_id, found_in = find_child(engine, study, catalogue, asked)
            found = gather(engine, study, person_id)
    except Exception as fault:
        why = str(fault) if isinstance(fault, CareloomError) else f"a fault in Careloom itself: {type(fault).__name__}"
        note_access(log, {**about, "person_id": person_id, "outcome": "refused", "why": why, "wrote": []})
        raise
    wrote = [str(path.resolve()) for path in (asked.out, asked.svg) if path]
    access = note_access(log, {**about, "person_id": person_id, "outcome": "shown", "wrote": wrote})
    return Looked(found, access, found_in)


def log_of(study_file: Path, study: Study) -> Path:
    log = study_file.resolve().with_name(LOG)
    if log.is_relative_to(study.out.resolve()):
        raise StudyError(
            f'{log}: the log of accesses would lie inside "out", which every run replaces; keep them apart'
        )
    return log


def check_asked(asked: Asked, study: Study) -> None:
    """Refuse what may not, or cannot, be answered. No message repeats what was asked for: it might be a child's number."""
    if not asked.purpose.strip():
        raise RequestError(
            'say why you look: --purpose "..."; it is written down with who you are and whom you looked at'
        )
    if bool(asked.person_id) == bool(asked.child_id):
        raise RequestError("name one child: by ID, or with --child-id and --authority")
    if asked.person_id and not PSEUDONYM.fullmatch(asked.person_id):
        what = "an ID is 26 small letters and digits, the person_id of study.duckdb"
        raise RequestError(f"this is not the ID of a child: {what}; for the authority's own number use --child-id")
    if asked.child_id and not asked.authority:
        raise RequestError("--child-id needs --authority: whose number it is, as the study names the authority")
    for path in (asked.out, asked.svg):
        if path and path.exists():
            raise OutputError(f"{path}: this is there already; name another file")
        if path:
            check_outside(path, study.out)
        if path and not path.resolve().parent.is_dir():
            raise OutputError(f"{path}: there is no such folder to write into")
    if asked.out and asked.svg and asked.out.resolve() == asked.svg.resolve():
        raise OutputError(f"{asked.out}: text and drawing cannot be one file; name two")
    check_results(study)


def check_results(study: Study) -> str:
    """Return the fingerprint of the key that the results were made with. Raises NotFoundError when they are not this study's."""
    try:
        manifest = json.loads((study.out / "manifest.json").read_text(encoding="utf-8"))
        name, key_id = manifest["study"], str(manifest["key_id"])
    except PermissionError:
        why = "only who ran the study can read these results"
        raise NotFoundError(f"{study.out}: {why}; ask them, or run it yourself into another folder") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise NotFoundError(f"{study.out}: there are no results of a run here; make them with careloom run") from None
    if name != study.name:
        raise NotFoundError(f"{study.out}: these are the results of another study; run this one first")
    return key_id


def find_child(engine: Engine, study: Study, catalogue: Catalogue, asked: Asked) -> tuple[str, str]:
    """Find the pseudonym of an authority's own number, which needs the study's key and is kept nowhere; and in which returns.

    A person is named after the first of their identifiers, in order of authority, return and number: a child is found by
    that one, and by no other. Raises NotFoundError, and RequestError when the number is another child in another return.
    """
    if not study.key.exists() or open_key(study.key).id != check_results(study):
        why = "this is not the key that the results were made with, and without it no number can be looked up"
        raise NotFoundError(f"{study.key}: {why}")
    names = [asked.return_name] if asked.return_name else list(catalogue.returns)
    pseudonym = open_key(study.key).pseudonymise(f"person|{study.name}")
    named = dict(zip(names, pseudonym([f"{asked.authority}|{name}|{asked.child_id}" for name in names]), strict=True))
    known = engine.rows(f"SELECT person_id FROM person WHERE person_id IN ({', '.join(map(text, named.values()))})")
    found = {name: person for name, person in named.items() if (person,) in known}
    if len(found) > 1:
        why = "this number is more than one child, as sex, date of birth or the system differs"
        raise RequestError(f"{why}; say which with --return: {', '.join(found)}")
    if not found:
        why = "no child of this study is known first by this number in this authority"
        raise NotFoundError(f"{why}; one who came under another number, or elsewhere, before is found by ID only")
    (name, person), *_ = found.items()
    return person, name


def seen_by(access: Access, asked: Asked, found_in: str) -> tuple[str, str]:
    """Say who looked, when and why, and which line of the log it is."""
    found = f"; found by the number in {found_in}" if found_in else ""
    return (
        f"Looked at on {say_day(access.at.date())}, {access.at:%H:%M} UTC, by {plain(access.user)}: {plain(asked.purpose.strip())}",
        f"Access {access.number} of {access.log}, fingerprint {access.fingerprint[:16]}{found}",
    )


def show(page: ChildPage, seen: tuple[str, str], asked: Asked) -> str:
    """Lay the page out, and write the files that were asked for. Raises OutputError."""
    words = write_child(page, seen)
    if asked.out:
        write_inside(asked.out, words)
    if asked.svg:
        write_inside(asked.svg, draw_child(page, seen))
    return words


def write_inside(path: Path, words: str) -> None:
    """Write a new file that only its owner can read. Raises OutputError."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(words)
    except OSError as fault:
        raise OutputError(
            f"{path}: this cannot be written ({fault.strerror}); the access is written down all the same"
        ) from None
