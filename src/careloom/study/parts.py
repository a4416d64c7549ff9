"""The parts of a run whose tables are kept, and what each is made from: a part is made again when any of that has changed.

Whatever is not known to be read by one part only counts for all of them: a part is rather made once too often.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from operator import attrgetter
from pathlib import Path

import careloom
from careloom.catalogue import Catalogue
from careloom.engine import files_below
from careloom.govern import open_key
from careloom.study.file import Study
from careloom.study.fingerprints import fingerprint_file, fingerprint_files
from careloom.study.manifest import path_from, versions

WINDOW = ("first_day", "end_day")


@dataclass(frozen=True)
class Part:
    """Stages whose tables are kept together, and the parts whose tables they read.

    `asked` names fields of the study, `declared` files and folders of the catalogue, that these stages read.
    """

    name: str
    stages: tuple[str, ...]
    rests_on: tuple[str, ...]
    asked: tuple[str, ...]
    declared: tuple[str, ...]


RECORDS = Part(
    "records",
    (
        "reading the deliveries",
        "checking them against the rules",
        "measuring what is recorded",
        "saying them in common terms",
    ),
    (),
    ("governed", "deliveries", "common"),
    ("returns", "services"),
)
HISTORIES = Part(
    "histories",
    (
        "linking children",
        "building their histories",
        "drawing the timeline",
        "following pathways",
        "reading placement histories",
        "taking the official measures",
    ),
    ("records",),
    ("name", "links", "repairs_off", "pathways.distance", "seed", *WINDOW),
    ("repairs", "spells", "care_states.csv", "measures"),
)
LATER = (
    Part(
        "cohorts",
        ("stacking birth cohorts", "weighing plausibility"),
        ("records", "histories"),
        ("residents", *WINDOW),
        ("plausibility",),
    ),
    Part(
        "categories",
        ("finding categories of demand", "choosing the category of each episode"),
        ("records", "histories"),
        ("demand", "most_classes", "starts", "seed", "pathways.episode_class", *WINDOW),
        ("indicators", "typologies"),
    ),
    Part(
        "descriptions",
        ("modelling pathways", "describing who came"),
        ("records", "histories", "categories"),
        ("pathways.interactions", "profiles_by", *WINDOW),
        ("profiles", "flows"),
    ),
    Part(
        "outcomes",
        ("timing outcomes",),
        ("records", "histories", "categories"),
        ("outcomes", "asked_of_outcomes", "masks", *WINDOW),
        ("outcomes",),
    ),
    Part(
        "costs",
        ("costing care",),
        ("records", "histories", "categories"),
        ("prices", "cost_choices", "cost_first_day", "cost_end_day", "is_cost_window_asked", "seed", *WINDOW),
        ("processes", "needs", "prices", "placement_codes.csv"),
    ),
)
NOT_ASKED = {
    "file",
    "vault",
    "out",
    "key",
    "recognised",
    "scratch",
    "engine",
    "cluster",
    "kept_as",
    "disclosure",
    "with_cost_lines",
    "report",
}
"""Fields of the study that say where things are, or what is written at the end: no stage makes other tables by them."""
NO_STAGE_USES = {"app", "cli", "report", "synth"}
"""Rooms on higher floors than the stages, and the one that makes up children: their code changes no table."""
NOT_DECLARED = {"pages", "checklists", "national", "names", "phrases", "populations", "recording", "scenarios"}
"""Folders of the catalogue that no stage reads: pages and checklists are filled at the end, the others make up children."""
WORDS = {
    "governed": "purpose and agreements",
    "deliveries": "which files are handed over",
    "common": "where the common tables are",
    "name": "the study's name",
    "links": "how children are linked",
    "repairs_off": "which repairs are off",
    "first_day": "the first day",
    "end_day": "the last day",
    "residents": "the numbers of residents",
    "demand": "how categories are sought",
    "prices": "the prices",
    "cost_choices": "the conventions of costing",
    "cost_first_day": "the first day of costs",
    "cost_end_day": "the last day of costs",
    "is_cost_window_asked": "whether costs have days of their own",
    "seed": "the seed",
    "most_classes": "the most categories that are sought",
    "starts": "the number of starts",
    "pathways.distance": "how far histories lie apart",
    "pathways.episode_class": "which assessment decides an episode's category",
    "pathways.interactions": "what is crossed in the models of pathways",
    "profiles_by": "what profiles are by",
    "asked_of_outcomes": "what is asked of outcomes",
    "outcomes": "which outcomes are asked",
    "masks": "which years are masked",
}
"""What a field of the study is called where its own name says too little."""


def parts_of(study: Study) -> tuple[Part, ...]:
    """The parts of this study's run, in order.

    What was read from files identifies children until they are linked, and is kept apart only in a study that keeps a
    vault; in others reading and linking are one part, made again together.
    """
    if study.vault:
        return RECORDS, HISTORIES, *LATER
    first = Part(
        HISTORIES.name,
        RECORDS.stages + HISTORIES.stages,
        (),
        RECORDS.asked + HISTORIES.asked,
        RECORDS.declared + HISTORIES.declared,
    )
    return first, *(replace(part, rests_on=part.rests_on[1:]) for part in LATER)


def made_from(part: Part, study: Study, catalogue: Catalogue, *, accept: bool) -> dict[str, str]:
    """Everything a part is made from beside the parts that it rests on: what it is called, and its fingerprint."""
    return {
        **about_careloom(),
        **of_study(part, study),
        **of_catalogue(part, catalogue),
        **files_of(part, study),
        **({"whether --accept was given": str(accept)} if not part.rests_on else {}),
    }


def key_of(made: Mapping[str, str], below: Mapping[str, str]) -> str:
    """One fingerprint of all that a part is made from, and of the keys of the parts that it rests on."""
    return hashlib.sha256(json.dumps([dict(made), dict(below)], sort_keys=True).encode()).hexdigest()


def because(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say what has changed between two accounts of what a part is made from; blank when nothing has."""
    others = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    if not others:
        return ""
    more = f" and {len(others) - 2} more" if len(others) > 2 else ""
    return f"changed: {', '.join(others[:2])}{more}"


# --- what it is made from ---------------------------------------------------------------------------------------------


@cache
def about_careloom() -> dict[str, str]:
    """Careloom's code, and the libraries: looked at once in a process, which goes on with the code it began with."""
    whole, home = hashlib.sha256(), Path(careloom.__file__).parent
    for room in sorted(path for path in home.iterdir() if path.is_dir() and path.name not in NO_STAGE_USES):
        whole.update(f"{room.name} {fingerprint_files(room, {'.py', '.c'})}\n".encode())
    return {
        "Careloom's code": whole.hexdigest(),
        **{f"the version of {name}": said for name, said in versions().items()},
    }


def of_study(part: Part, study: Study) -> dict[str, str]:
    """What the study file asks of a part, and of all: a field that no part names counts for each of them."""
    named = {name.partition(".")[0] for each in (RECORDS, HISTORIES, *LATER) for name in each.asked}
    for_all = [field.name for field in fields(study) if field.name not in named | NOT_ASKED]
    home = str(study.file.parent)
    told = {"the key of pseudonyms": open_key(study.key).id if study.key.exists() else ""}
    for name in (*part.asked, *for_all):
        said = repr(attrgetter(name)(study)).replace(home, ".")
        told[WORDS.get(name, name)] = hashlib.sha256(said.encode()).hexdigest()[:16]
    if "governed" in part.asked:
        told["which agreements hold today"] = in_force_today(study)
    return told


def in_force_today(study: Study) -> str:
    """Which of the agreements do not hold today, and why."""
    today, governed = dt.date.today(), study.governed
    return json.dumps({each.file: each.why_not(governed.purpose, today) for each in governed.agreements})


def of_catalogue(part: Part, catalogue: Catalogue) -> dict[str, str]:
    """Fingerprints of what the catalogue declares for a part, and of what it declares for all."""
    named = {name for each in (RECORDS, HISTORIES, *LATER) for name in each.declared}
    entries = sorted(path.name for path in catalogue.folder.iterdir() if path.suffix not in (".py", ".md"))
    mine = [name for name in entries if name in part.declared or name not in named | NOT_DECLARED]
    return {f"the catalogue's {name}": of_entry(catalogue.folder / name) for name in mine if name != "__pycache__"}


@cache
def of_entry(path: Path) -> str:
    """The fingerprint of one file or folder of the catalogue, which is read once in a process, too."""
    return fingerprint_files(path, {".toml", ".csv", ".sql"}) if path.is_dir() else fingerprint_file(path)


def files_of(part: Part, study: Study) -> dict[str, str]:
    """The SHA-256 of the files that a part reads, by their path from the study file; blank where there is none."""
    paths = [study.demand.names] if part.name == "categories" else []
    if RECORDS.stages[0] in part.stages:
        paths = [path for delivery in study.deliveries for path in delivery.files]
        paths += files_below(study.common) if study.common else []
        paths += [delivery.mapping for delivery in study.deliveries if delivery.mapping] + [study.recognised]
    return {path_from(path, study.file.parent): fingerprint_file(path) for path in paths}
