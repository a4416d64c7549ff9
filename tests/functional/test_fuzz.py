"""Whatever a file holds, a command does what was asked or says in a sentence why not: in bounded time, and telling no cell.

Every file that a person or another authority can hand over is spoilt by chance (`fuzzing`) and put through the command that
reads it. CARELOOM_FUZZ=20 tries twenty times as many. What deliveries become, row by row, is in tests/reference/test_ingest_fuzz.py.
"""

import csv
import datetime as dt
import io
import json
import os
import resource
import shutil
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
import xlsxwriter

from careloom.catalogue import load_catalogue, read_typologies
from careloom.cli import main
from careloom.govern import StudyKey, key_of_file, open_key, write_vault
from careloom.govern.hidden_sums import Member
from careloom.govern.messages import fingerprint, send, sign, written
from careloom.study import Study
from careloom.synth import make_england
from careloom.typology.federated import ask_margins, make_plan, plan_as_message
from careloom.typology.saved import Origin, make_saved, typology_text

sys.path.insert(0, str(Path(__file__).parent))
from fuzzing import (
    Change,
    bytes_changed,
    cells_changed,
    nodes_changed,
    other_node,
    parts_changed,
    spoilt,
    tags_changed,
    values_changed,
)

CASES = 12 * int(os.environ.get("CARELOOM_FUZZ", "1"))
"""Of each kind of file."""
MOST_SECONDS, MOST_MEMORY, MOST_SAID = 20, 1_500, 3_000
"""Of one case: seconds, with others at work on the machine; MB above what the first took; letters of what is said."""
CELL = "Zebedee"
"""Stands in every cell that is about a person, and never in what is said."""
NAMES = ("anyshire", "borsham", "cudworth")
STUDY = """
[study]
name = "Spoilt"
from = 2018-04-01
to = 2020-03-31
out = "results"
purpose = "A test"
disclosure = "suppress_and_round"
residents = "residents.csv"
vault = true
vault_key = "vault.key"

[[delivery]]
return = "ssda903"
authority = "501"
year = 2019
files = ["*.txt"]
mapping = "none.toml"

[link]
link_mode = "probabilistic"
threshold = 0.9
doubtful_from = 0.5

[repairs]

[typology]
indicators = "assessment_factors_34"
most_classes = 4
starts = 1
seed = 1

[profiles]
by = ["year"]

[pathways]
interactions = []

[outcomes]
questions = ["re_referral"]
split_below = 0.05
[[outcomes.mask]]
authority = "501"
year = 2019

[costs]
from = 2019-04-01
to = 2020-03-31
prices = "prices"
price_year = "2023/24"
region = "London"
family_share = 0.5
cin_review_days = 90
[costs.needs]
uasc = false

[report]
authorities = ["501"]
beside = "pooled.json"
"""
AGREEMENT = """
name = "Agreement 7"
owner = "501"
recipients = ["us"]
purposes = ["A test"]
lawful_basis = "public task"
starts_on = 2026-01-01
expires_on = 2099-12-31
keep_months = 12
smallest_number = 5
allowed = ["ssda903", "cin_census", "services"]
excluded = ["ssda903 header.ETHNIC"]
sensitive = ["service counselling"]
may_link_with = ["502"]
"""
DECIDED = f"one,two,decision,probability,who,when,why\n{CELL}a,{CELL}b,same,0.5,ann,2026-01-01,{CELL}\n{CELL}a,{CELL}c,different,0.5,bob,2026-01-01,\n"
RESIDENTS = "la,year,age,children\n501,2019,0,100\n501,2019,1,101.5\n501,2020,0,99\n"
PRICES = {
    "unit_costs.csv": "standing,price_year,process,element,unit,component,staff,hours,hours_low,hours_high,fixed,low,high,source\n"
    "local,2022/23,CIN 1,referral,event,pay,social worker,2.5,2,3,10,,,A survey\n"
    "local,2023/24,LAC 3,placement fee,week,fees,,,,,500,400,600,A ledger\n",
    "staff.csv": "staff,price_year,salary,employer_ni,superannuation,direct_overheads,indirect_overheads,capital,weeks_per_year,"
    "hours_per_week,leave_days,statutory_days,sick_days,training_days,client_share,source\n"
    "social worker,2022/23,40000,4000,5000,6000,6000,2000,52,37,30,8,5,5,0.6,Payroll\n",
    "regions.csv": "region,component,multiplier,source\nLondon,,1.2,A table\nLondon,pay,1.3,A table\n",
    "indices.csv": "price_year,component,index,source\n2022/23,,100,An index\n2023/24,,104,An index\n",
}
SURVEY = f"person,process,element,staff,direct_hours,indirect_hours\n{CELL}a,CIN 1,referral,social worker,2,0.5\n{CELL}b,CIN 1,referral,social worker,3,1\n"
DIARY = f"worker,day,case,process,element,staff,minutes,work\n{CELL}a,2024-03-31,{CELL}c,CIN 1,referral,social worker,90,direct\n{CELL}b,31/03/2024,{CELL}c,CIN 1,referral,manager,20,indirect\n"
OUTTURN = "la,year,line,amount,source\n501,2019-20,looked after,1000000,A return\n"
SCENARIO = """
title = "More hours"
why = "A test"
source = "Ours"
assumptions = ["None"]
[[change]]
what = "hours"
times = 1.1
low = 1.0
high = 1.2
of = { process = "LAC 3", kind = "case_management" }
[[change]]
what = "hours"
add = 2.5
per = "year"
of = { process = ["CIN 3", "LAC 3"] }
"""
HEADER = f"CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n{CELL}1,1,02/03/2010,WBRI,H801200001001,,\n{CELL}2,2,zz/05/2011,{CELL},UN1,1,17/09/2018\n"
FEES = f"Payment Ref,Child ID,First Name,Placement Type,From,To,Amount,Per\n{CELL}-1,{CELL}4,{CELL},IFA,01/04/2019,30/06/2019,1180.50,week\n{CELL}-2,{CELL}5,{CELL},{CELL},2019-07-01,,about 40,pw\n"
CENSUS = f"""<?xml version="1.0" encoding="utf-8"?>
<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2019</Year></CollectionDetails></Header>
<Children><Child><ChildIdentifiers><LAchildID>{CELL}1</LAchildID><UPN>H801200001001</UPN>
<PersonBirthDate>2010-03-02</PersonBirthDate><GenderCurrent>1</GenderCurrent></ChildIdentifiers>
<CINdetails><CINreferralDate>2018-05-01</CINreferralDate><ReferralSource>{CELL}</ReferralSource></CINdetails></Child>
</Children></Message>
"""
PEOPLE = f"ID,First Name,Surname,Date of Birth,Gender,Postcode\n{CELL}1,{CELL}a,{CELL}b,02/03/2010,Male,ZZ1 1AA\n{CELL}2,{CELL}c,{CELL}d,zz/03/2011,Female,ZZ1 1AB\n"
MAPPING = """
return = "finance"
table = "weekly_fees"
heading_line = 1
[columns]
payment_ref = "Payment Ref"
child_id = "Child ID"
placement_type = "Placement Type"
from_date = "From"
to_date = "To"
amount = "Amount"
per = "Per"
"""
POOLED = {
    "version": 1,
    "study": {"name": "The north"},
    "disclosure": {"rounded_to": 5},
    "numbers": {
        "local_demand": {
            "rows": [
                {"authority": "All", "category": "1", "assessments": 1200, "share": 0.4, "withheld": []},
                {
                    "authority": CELL,
                    "category": "2",
                    "assessments": None,
                    "share": None,
                    "withheld": ["assessments", "share"],
                },
            ]
        }
    },
}
RECOGNISED = f"kind,scope,written,times,means,meaning,how,score,or_else,decision\nheading,finance weekly_fees,{CELL} Ref,1,per,Per,proposed,80,,yes\nvalue,services,{CELL},3,counselling,Counselling,proposed,70,,no\n"


PLAIN = {
    "study.toml": STUDY,
    "none.txt": "",
    "none.toml": "",
    "agreements/seven.toml": AGREEMENT,
    "links_decided.csv": DECIDED,
    "residents.csv": RESIDENTS,
    "survey.csv": SURVEY,
    "diary.csv": DIARY,
    "map.toml": MAPPING,
    "recognised.csv": RECOGNISED,
    "pooled.json": json.dumps(POOLED),
    "header.csv": HEADER,
    "fees.csv": FEES,
    "census.xml": CENSUS,
    "people.csv": PEOPLE,
}
KEY = "5a" * 32
LOCK = StudyKey(bytes.fromhex(KEY))
SHOWS_CELLS = ("headings",)
"""Commands whose work it is to show headings, which here may be cells that came to stand among them."""
MESSAGES = {
    "plan": "plan.json",
    "joined": "joined/borsham.json",
    "own": "joined/anyshire.json",
    "question": "questions/0001.json",
}
WRITTEN = ("new.csv", "new.records.csv", "linked.csv", "rows.csv", "rows.csv", "out")
"""What commands write, which is never written over; `out` is a folder."""
CODES = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
"""Everything done, or one of the kinds of fault that a user can mend; 1 is a fault of ours."""


def signed(data: bytes, chance: Random) -> bytes:
    """A message with another body, signed by one who takes part."""
    try:
        body = other_node(json.loads(data)["body"], chance)
        return written({"format": "careloom message 1", "body": body, "signature": sign(body, LOCK)})
    except (ValueError, KeyError, TypeError):
        return data


@dataclass(frozen=True)
class Target:
    """A kind of file: where it lies, how it is spoilt, and the words of the command that reads it (`{}` is the folder).

    `home` says which folder it lies in: of a study never run, or of one that was. With `is_changed` the command writes, so
    that each case has a folder of its own.
    """

    name: str
    file: str
    changes: tuple[Change, ...]
    words: str
    home: str = "plain"
    is_changed: bool = False


AGREED, RUN, AIRLOCK = "agreements {}/study.toml", "run", "airlock {}/study.toml {}/out"
TABLE = "tables/flow.parquet"
OURS = (
    Target("study", "study.toml", (values_changed,), AGREED),
    Target("agreement", "agreements/seven.toml", (values_changed,), AGREED),
    Target("decided links", "links_decided.csv", (cells_changed,), AGREED),
    Target("residents", "residents.csv", (cells_changed,), AGREED),
    Target("pooled results", "pooled.json", (nodes_changed,), AGREED),
    *(Target(name, f"prices/{name}", (cells_changed,), AGREED) for name in PRICES),
    Target("survey", "survey.csv", (cells_changed,), "time-use {}/survey.csv --out {}/rows.csv --price-year 2023/24"),
    Target("diary", "diary.csv", (cells_changed,), "time-use {}/diary.csv"),
    Target(
        "mapping", "map.toml", (values_changed,), "ingest {}/fees.csv --mapping {}/map.toml --recognised {}/new.csv"
    ),
    Target(
        "recognised",
        "recognised.csv",
        (cells_changed,),
        "ingest {}/fees.csv --recognised {}/recognised.csv",
        is_changed=True,
    ),
    Target("own names", "classes.csv", (cells_changed,), "classes list {}/study.toml", RUN),
    Target("scenario", "if.toml", (values_changed,), "cost {}/study.toml --scenario {}/if.toml", RUN),
    Target("spending", "outturn.csv", (cells_changed,), "cost {}/study.toml --outturn {}/outturn.csv", RUN),
    Target("typology", "own.toml", (values_changed,), "classify {}/study.toml --with {}/own.toml", RUN),
    Target("manifest", "results/manifest.json", (nodes_changed,), "rerun {}/results", RUN),
    Target("manifest of what must go", "results/manifest.json", (nodes_changed,), "expire {}/study.toml", RUN),
    Target("manifest of what was used", "results/manifest.json", (nodes_changed,), AGREED, RUN),
    Target("manifest of results", "results/manifest.json", (nodes_changed,), "cost {}/study.toml", RUN),
    Target("manifest of what is released", "results/manifest.json", (nodes_changed,), AIRLOCK, RUN),
    Target("released table", f"results/{TABLE}", (bytes_changed,), AIRLOCK, RUN),
    Target("table of this release", f"results/{TABLE}", (bytes_changed,), "since {}/study.toml {}/earlier", RUN),
    Target("table of an earlier release", f"earlier/{TABLE}", (bytes_changed,), "since {}/study.toml {}/earlier", RUN),
    Target("database", "results/study.duckdb", (bytes_changed,), "cost {}/study.toml", RUN),
    Target("log", "access.jsonl", (nodes_changed,), "audit show {}/study.toml", RUN),
    Target("key", "study.key", (cells_changed,), "vault rotate {}/study.toml", is_changed=True),
    Target("vault", "study.vault", (bytes_changed,), "vault rotate {}/study.toml", is_changed=True),
    Target("heading of the vault", "study.vault", (nodes_changed,), "vault rotate {}/study.toml", is_changed=True),
    Target("key of the vault", "vault.key", (cells_changed,), "vault rotate {}/study.toml", is_changed=True),
)
ANSWER = "federate answer {}/messages --study {run}/study.toml --as anyshire --key {}/all.key"
READ = "--recognised {}/new.csv"
THEIRS = (
    Target("care returns", "header.csv", (cells_changed,), f"ingest {{}}/header.csv --return ssda903 --year 2019 {READ}"),
    Target("lists of fees", "fees.csv", (cells_changed,), f"ingest {{}}/fees.csv {READ}"),
    Target("headings", "fees.csv", (cells_changed,), "map {}/fees.csv"),
    Target("census", "census.xml", (tags_changed,), f"ingest {{}}/census.xml {READ}"),
    Target("workbook", "book.xlsx", (parts_changed,), f"ingest {{}}/book.xlsx {READ}"),
    Target("list of people", "people.csv", (cells_changed,), "encode {}/people.csv --id ID --key {}/all.key --out {}/new.csv"),
    Target("encoded", "one.csv", (cells_changed,), "encode --link {}/one.csv {}/two.csv --out {}/linked.csv"),
    *(
        Target(f"{kind} {how}", f"messages/{file}", changes, ANSWER, "exchange", is_changed=True)
        for how, changes in (("changed", (nodes_changed,)), ("signed", (signed,)))
        for kind, file in MESSAGES.items()
    ),
)  # fmt: skip


# --- good files ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders with good files: of a study never run, of one that was, and of an exchange in which it takes part."""
    found = {name: tmp_path_factory.mktemp(name) for name in ("plain", "run", "exchange")}
    for make in (make_plain, make_run):
        make(found)
    make_exchange(found)
    return found


def make_plain(homes: dict[str, Path]) -> None:
    home = homes["plain"]
    files = {f"prices/{name}": text for name, text in PRICES.items()} | PLAIN
    for name, text in files.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    (home / "all.key").write_text(KEY)
    (home / "all.key").chmod(0o600)
    with xlsxwriter.Workbook(home / "book.xlsx") as book:
        for number, row in enumerate(csv.reader(FEES.splitlines())):
            book.get_worksheet_by_name("Fees") or book.add_worksheet("Fees")
            book.get_worksheet_by_name("Fees").write_row(number, 0, row)
    key = open_key(home / "study.key")
    children = [("501", "ssda903", f"{CELL}{n}") for n in range(3)]
    names = key.pseudonymise("person|Spoilt")(["|".join(child) for child in children])
    people = [
        dict(zip(("person_id", "la", "return_name", "child_id"), (name, *child), strict=True))
        for name, child in zip(names, children, strict=True)
    ]
    lock = key_of_file(home / "vault.key", may_make=True)
    write_vault(home / "study.vault", {"identity": pa.Table.from_pylist(people)}, lock, "Spoilt")
    for name in ("one", "two"):
        assert (
            main(
                [
                    "encode",
                    str(home / "people.csv"),
                    "--id",
                    "ID",
                    "--key",
                    str(home / "all.key"),
                    "--out",
                    str(home / f"{name}.csv"),
                ]
            )
            == 0
        )


def make_run(homes: dict[str, Path]) -> None:
    home = homes["run"]
    make_england(home, children=150, years=(2019, 2020), systems=("ssda903", "cin_census"))
    study = home / "study.toml"
    text = study.read_text().replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 1")
    study.write_text(text.replace('["re_referral", "repeat_plan", "re_entry"]', '["re_referral"]'))
    assert main(["run", str(study)]) == 0
    assert main(["classes", "name", str(study), "1", "First"]) == 0
    indicators = load_catalogue().indicator_sets["assessment_factors_34"]
    items = [item.name for item in indicators.indicators[:4]]
    yes = np.array([[0.8, 0.1, 0.5, 0.2], [0.1, 0.7, 0.2, 0.3]])
    origin = Origin("A test.", "careloom", dt.date(2026, 1, 1), "A test.")
    saved = make_saved(
        "own",
        origin,
        indicators,
        items=items,
        names=["One", "Two"],
        shares=np.array([0.6, 0.4]),
        probabilities=yes,
        assessments=5000,
        least=10,
        base=5,
    )
    (home / "own.toml").write_text(typology_text(saved))
    (home / "if.toml").write_text(SCENARIO)
    (home / "outturn.csv").write_text(OUTTURN)
    shutil.copytree(home / "results", home / "earlier")


def make_exchange(homes: dict[str, Path]) -> None:
    """A plan, three who joined, and the first question; ours is the study that was run."""
    home = homes["exchange"]
    (home / "all.key").write_text(KEY)
    (home / "all.key").chmod(0o600)
    catalogue = load_catalogue()
    plan = make_plan(
        "north", NAMES, catalogue.indicator_sets["assessment_factors_34"], classes=2, start_from=[], starts=1
    )
    body = plan_as_message(plan)
    about = fingerprint(body)
    send(home / "messages" / "plan.json", body, LOCK)
    for name in NAMES[1:]:
        member = Member(name, open_key(home / f"{name}.key"), about)
        joined = {
            "kind": "joined",
            "plan": about,
            "authority": name,
            "open_number": f"{member.open_number:x}",
            "data": "0" * 64,
        }
        send(home / "messages" / "joined" / f"{name}.json", joined, LOCK)
    assert said_by(ANSWER, home, homes)[0] == 0
    send(home / "messages" / "questions" / "0001.json", ask_margins(1, about), LOCK)


# --- what must be so ----------------------------------------------------------------------------------------------------


def said_by(words: str, home: Path, homes: dict[str, Path]) -> tuple[int, str]:
    """The exit code of a command, and all that it said."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = main([word.replace("{}", str(home)).replace("{run}", str(homes["run"])) for word in words.split()])
    return code, said.getvalue()


def clear(home: Path) -> None:
    """Take away what a command wrote."""
    for path in (home / name for name in WRITTEN):
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is over at once, a fault of our own that is raised, and a checksum that whoever changes a file made right."""
    monkeypatch.setenv("CARELOOM_DEBUG", "1")
    monkeypatch.delenv("CARELOOM_VAULT_KEY", raising=False)
    monkeypatch.setattr(read_typologies, "checksum", lambda saved: AnyText())

    def not_run(study: Study, *args: object, **more: object) -> None:
        study.out.mkdir(parents=True)
        shutil.copy(study.file.parent / "results" / "manifest.json", study.out)

    monkeypatch.setattr(sys.modules["careloom.study.rerun"], "run_study", not_run)


class AnyText(str):
    """Equal to every text."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("target", [*OURS, *THEIRS], ids=lambda target: target.name)
def test_a_good_file_is_read(target: Target, homes: dict[str, Path], tmp_path: Path) -> None:
    home = Path(shutil.copytree(homes[target.home], tmp_path / "home")) if target.home != "run" else homes["run"]
    clear(home)
    code, said = said_by(target.words, home, homes)
    assert code == 0, said


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("target", [*OURS, *THEIRS], ids=lambda target: target.name)
def test_a_spoilt_file_is_read_or_refused_in_words(target: Target, homes: dict[str, Path], tmp_path: Path) -> None:
    good = homes[target.home]
    home = good if target.home == "run" else Path(shutil.copytree(good, tmp_path / "home"))
    whole, memory = (home / target.file).read_bytes(), used()
    faults = []
    for number in range(CASES):
        if target.is_changed:
            shutil.rmtree(home)
            shutil.copytree(good, home)
        clear(home)
        (home / target.file).write_bytes(spoilt(whole, Random(f"{target.name} {number}"), target.changes))
        faults += [f"{target.name}, case {number}: {fault}" for fault in faults_of(target, home, homes)]
        (home / target.file).write_bytes(whole)
    assert faults == []
    assert used() - memory < MOST_MEMORY


def faults_of(target: Target, home: Path, homes: dict[str, Path]) -> Iterator[str]:
    """What is wrong with how a command took a file."""
    started = time.monotonic()
    try:
        code, said = said_by(target.words, home, homes)
    except Exception as fault:
        place = traceback.extract_tb(fault.__traceback__)[-1]
        yield f"{type(fault).__name__} at {Path(place.filename).name} line {place.lineno}"
        return
    if time.monotonic() - started > MOST_SECONDS:
        yield f"it took {time.monotonic() - started:.0f} seconds"
    if code not in CODES or (code and not said.strip()):
        yield f"exit code {code}, and said: {said[:MOST_SAID]}"
    if CELL in said and not (code == 0 and target.name in SHOWS_CELLS):
        yield f"a cell is told: {said[:MOST_SAID]}"
    if "\x1b" in said or (code and len(said) > MOST_SAID):
        yield f"it would upset a screen: {len(said)} letters, {said[:MOST_SAID]!a}"
    log = home / "access.jsonl"
    if log.exists() and CELL in log.read_text(errors="replace"):
        yield "a cell is in the log"


def used() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
