"""What a run keeps of its parts, so that the next one, or one after a kill, need not make them again.

It lies in .careloom/ beside the study file, encrypted. Where the study keeps no vault, no name, number or postcode is in it, not even
encrypted: keyed hashes stand in their place; birth dates are, since ages are reckoned from them. Whatever cannot be read as it
was written is made again.
"""

import datetime as dt
import hmac
import re
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.core import Ledger, VaultError
from careloom.engine import Engine
from careloom.govern import StudyKey
from careloom.report.question import read_questions
from careloom.study.file import Study
from careloom.study.kept_files import UNFINISHED, Note, Place, lock_part, read_note, unlock_part
from careloom.study.parts import Part, because, key_of, made_from, parts_of

FOLDER = ".careloom"
ALL, APART = "all", "apart"
"""The two passes of a run, where agreements name sensitive services; otherwise there is but the first."""
NOT_KEPT = f"what was made could not be kept in {FOLDER} beside the study file: the next run makes it again"
FOR_AGES = ("person", "born_on")
WORD = re.compile(r"\w+")
WHY_SPARK = 'nothing is kept with engine = "spark", whose tables are spread over many machines'
WHY_SENSITIVE = "agreements name sensitive services, and nothing is kept of what tells of those"


@dataclass(frozen=True)
class Standing:
    """How a part stands: why it must be made, or, when that is blank, since when it is kept."""

    part: Part
    why: str
    made_from: Mapping[str, str]
    since: dt.date | None = None


@dataclass
class Keeping:
    """What one pass of a run takes up and keeps.

    `keys` are those of the parts that are there so far, `taken` the stages that were taken up and since when they are
    kept, `said` what the user should know. Without a `lock` nothing can be taken up or kept, but looked at.
    """

    study: Study
    catalogue: Catalogue
    accept: bool
    lock: StudyKey | None
    is_fresh: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    taken: dict[str, dt.date] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def look(self, part: Part) -> Standing:
        """Must this part be made, and why? The parts that it rests on have been looked at before."""
        if why := why_nothing(self.study):
            return Standing(part, why, {})  # so that nobody reads every file for its fingerprint
        made, below, note = self.made_from(part), self.below(part), read_note(home_of(self.study) / part.name)
        if self.is_fresh:
            return Standing(part, "--fresh was asked for", made)
        if note is None:
            return Standing(part, "nothing is kept of it", made)
        changed = because(note.made_from, made)
        others = [name for name, key in below.items() if note.below.get(name) != key]
        if changed or others or note.key != key_of(made, below):
            return Standing(part, changed or f"it rests on {' and '.join(others)}, made again", made)
        self.keys[part.name] = note.key
        return Standing(part, "", made, note.made_on)

    def take(self, standing: Standing, engine: Engine) -> Ledger | None:
        """Load the tables of a part that is kept, and return its ledger; None when it must be made."""
        if standing.since is None or self.lock is None:
            return None
        ledger = unlock_part(self.place(standing.part), engine)
        if ledger is None:
            self.said.append(f"what was kept of {standing.part.name} could not be read as it was written: made again")
            return None
        self.taken |= dict.fromkeys(standing.part.stages, standing.since)
        return ledger

    def put(self, standing: Standing, engine: Engine, tables: list[str], ledger: Ledger) -> None:
        """Keep what was made of a part, unless something that it was made from was changed meanwhile.

        Reading writes recognised.csv anew, and by what it says there the records were read.
        """
        part, own = standing.part, self.study.recognised.name
        if why_nothing(self.study):
            self.keys[part.name] = ""
            return
        made, below = self.made_from(part), self.below(part)
        is_same = not because(but(standing.made_from, own), but(made, own))
        self.keys[part.name] = key_of(made, below) if is_same else uuid.uuid4().hex
        if self.lock is None:
            return
        if not is_same:
            self.said.append(f"{part.name} are not kept: what they are made from was changed while they were made")
            return
        telling = worth_keeping(self.study, self.catalogue)
        hidden = {name: [] if self.study.vault else telling[name] for name in tables}
        note = Note(self.keys[part.name], made, below, dt.date.today())
        try:
            lock_part(self.place(part), engine, hidden, ledger, note)
        except (OSError, VaultError):
            shutil.rmtree(home_of(self.study) / f"{part.name}{UNFINISHED}", ignore_errors=True)
            if NOT_KEPT not in self.said:
                self.said.append(NOT_KEPT)

    def made_from(self, part: Part) -> dict[str, str]:
        return made_from(part, self.study, self.catalogue, accept=self.accept)

    def below(self, part: Part) -> dict[str, str]:
        return {name: self.keys.get(name, "") for name in part.rests_on}

    def place(self, part: Part) -> Place:
        assert self.lock is not None
        about = f"{self.study.name}|{part.name}|{self.keys[part.name]}"
        return Place(home_of(self.study) / part.name, self.lock, about)


def begin(study: Study, catalogue: Catalogue, *, accept: bool, is_fresh: bool, key: StudyKey | None) -> Keeping:
    """Make ready to keep the parts of a pass, and remove what may not, or need not, be kept any more.

    What is kept is locked with a key made from `key`, the vault's or that of pseudonyms; without it nothing is taken up
    or kept, and nothing removed.
    """
    if key is None:
        return Keeping(study, catalogue, accept, None, is_fresh=True)
    names = set() if why_nothing(study) else {part.name for part in parts_of(study)}
    home = home_of(study)
    for left in [each for each in home.iterdir() if each.name not in names] if home.is_dir() else []:
        shutil.rmtree(left, ignore_errors=True)
    lock = StudyKey(hmac.digest(key.secret, f"careloom kept|{study.name}".encode(), "sha256"))
    return Keeping(study, catalogue, accept, lock, is_fresh)


def kept_home(study: Study) -> Path:
    """The folder of all that runs of this study keep to be quicker."""
    return study.file.parent / FOLDER / study.file.stem


def home_of(study: Study) -> Path:
    return kept_home(study) / (APART if study.governed.is_apart else ALL)


def forget(study: Study) -> None:
    """Remove all that is kept. It is only ever made again: nothing is lost."""
    shutil.rmtree(kept_home(study), ignore_errors=True)


def why_nothing(study: Study) -> str:
    """Why nothing may be kept of this pass; blank when it may."""
    if study.engine != "duckdb":
        return WHY_SPARK
    return WHY_SENSITIVE if study.governed.sensitive and not study.governed.is_apart else ""


def worth_keeping(study: Study, catalogue: Catalogue) -> dict[str, list[str]]:
    """The tables that later parts or the outputs may read, and of each the columns that identify a child.

    Rooms speak in the common tables; only flows also read tables of a return. In a study without a vault, a table that
    identifies children is kept only if a flow or a question of the report reads it. The birth dates of `person` are not
    counted here: ages are reckoned from them.
    """
    of_returns = {f"{r.name}_{t.name}": t for r in catalogue.returns.values() for t in r.tables.values()}
    asked = {*read_by_flows(catalogue), *read_by_report()}
    found = {}
    for name, table in {**catalogue.tables, **of_returns}.items():
        identifiers = [column.name for column in table.columns if column.privacy == "identifier"]
        telling = [column for column in identifiers if (name, column) != FOR_AGES]
        is_common = name in catalogue.tables and (study.vault is not None or not telling)
        if is_common or name in asked:
            found[name] = telling
    return found


def read_by_flows(catalogue: Catalogue) -> set[str]:
    """Every word of the flows' SQL, their tables among them."""
    return {word for flow in catalogue.flows for word in (*flow.needs, *WORD.findall(flow.select))}


@cache
def read_by_report() -> frozenset[str]:
    """Every table that a question of the report needs."""
    return frozenset(name for question in read_questions().values() for name in question.needs)


def but(made: Mapping[str, str], file: str) -> dict[str, str]:
    """What a part is made from but one file."""
    return {name: said for name, said in made.items() if Path(name).name != file}
