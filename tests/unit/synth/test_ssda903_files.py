"""SSDA903 written for a whole authority: every module of the year, as known on 31 March, in CSV and in XML alike.

The episodes themselves are told in test_ssda903.py; here it is what stands beside them, and that both forms agree.
"""

import csv
from collections import Counter, defaultdict
from datetime import date, datetime
from hashlib import sha256
from itertools import pairwise
from statistics import mean, median

import numpy as np
import pyarrow as pa
import pytest
from lxml import etree

from careloom.catalogue import load_catalogue
from careloom.check import run_rules
from careloom.ingest import ingest
from careloom.ingest.deliveries import Delivery
from careloom.synth.chance import scatter
from careloom.synth.days import NEVER, day
from careloom.synth.files.care_records import draw_workers
from careloom.synth.files.ssda903 import write_ssda903
from careloom.synth.files.ssda903_xml import write_ssda903_xml
from careloom.synth.files.table import dmy_text, iso_text, write_csv
from careloom.synth.life.authorities import draw_authorities
from careloom.synth.life.england import make_world
from careloom.synth.who.identity import draw_homes, draw_identities

YEARS = (2016, 2025)  # holds every change the tables know: 2017, 2022, 2024, 2025
SEED = 11
TABLES = (
    *("header", "episodes", "reviews", "uasc", "oc2", "oc3", "ad1", "placed_for_adoption", "missing"),
    *("previous_permanence", "sw_episodes"),
)
FIRST_YEAR = {"previous_permanence": 2017, "sw_episodes": 2024}
RETURN_TABLE = {"placed_for_adoption": "placed_adoption", "previous_permanence": "prev_perm"}  # catalogue's own names
FEMALE = ("2", "F")


def dmy(text):
    return datetime.strptime(text, "%d/%m/%Y").date() if text else None


def turned(born, age):
    """The birthday; 29 February counts as 1 March in other years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def ends(year):
    return date(year, 3, 31)


class Written:
    """What one authority returned, read back plainly."""

    def __init__(self, folder, world):
        self.folder, self.world, self.years = folder, world, range(YEARS[0], YEARS[1] + 1)
        self._read = {}

    def path(self, year, name):
        return self.folder / "ssda903" / str(year) / f"{name}.csv"

    def table(self, year, name):
        if (year, name) not in self._read:
            with self.path(year, name).open(encoding="utf-8", newline="") as file:
                self._read[year, name] = list(csv.DictReader(file))
        return self._read[year, name]

    def every(self, name):
        return [(y, row) for y in self.years if y >= FIRST_YEAR.get(name, 0) for row in self.table(y, name)]

    def in_care_at_end(self, year):
        return {e["CHILD"] for e in self.table(year, "episodes") if not e["DEC"]}


@pytest.fixture(scope="module")
def usual():
    catalogue = load_catalogue()
    return catalogue.populations["england"], catalogue.recordings["usual"]


@pytest.fixture(scope="module")
def world(usual):
    authority = draw_authorities(usual[0], 1, SEED)[0]
    return make_world(usual[0], authority, years=YEARS, births=2500, seed=SEED)


@pytest.fixture(scope="module")
def written(world, usual, tmp_path_factory):
    folder = tmp_path_factory.mktemp("returns")
    known = draw_identities(world.people, world.authority, SEED), draw_homes(world.people, YEARS, SEED), usual[1], SEED
    write_ssda903(folder, world, *known)
    write_ssda903_xml(folder, world, *known)
    return Written(folder, world)


NOT_IN_CSV = {"UASC", "PL_LA", "PL_LOCATION", "PL_DISTANCE"}
"""In the XML form, or worked out by DfE and given back."""


def test_every_year_has_exactly_the_tables_and_columns_of_the_catalogue(written):
    tables = load_catalogue().returns["ssda903"].tables
    for year in written.years:
        present = {name for name in TABLES if year >= FIRST_YEAR.get(name, 0)}
        assert {p.stem for p in (written.folder / "ssda903" / str(year)).glob("*")} == present
        for name in present:
            first = written.path(year, name).read_text(encoding="utf-8").split("\n")[0]
            columns = [c.name for c in tables[RETURN_TABLE.get(name, name)].columns]
            assert first.split(",") == [name for name in columns if name not in NOT_IN_CSV]
    for name in TABLES:
        assert any(written.table(y, name) for y in written.years if y >= FIRST_YEAR.get(name, 0)), name


def test_our_own_reading_and_rules_find_nothing(written, duck):
    """No cell set aside, every code in the code set of its year, and no rule broken but by slips of recording."""
    files = [(y, tuple(sorted((written.folder / "ssda903" / str(y)).glob("*.csv")))) for y in written.years]
    catalogue = load_catalogue()
    ingest(duck, catalogue, deliveries=[Delivery("501", paths, "ssda903", year) for year, paths in files])
    run_rules(duck, catalogue)
    assert duck.rows("SELECT count(*) AS n FROM delivery WHERE state = 'read'")[0][0] == sum(len(p) for _, p in files)
    assert duck.rows("SELECT * FROM set_aside LIMIT 3") == []
    assert duck.rows("SELECT DISTINCT rule FROM finding") in (
        [],
        [("ssda903 J4",)],
    )  # dates of birth keyed wrongly once
    assert duck.rows("SELECT rule FROM rule_state WHERE rule LIKE '%601' AND rows_checked > 0")


def test_every_code_is_one_of_its_year(written):
    catalogue = load_catalogue().returns["ssda903"]
    checked = 0
    for name in TABLES:
        for column in catalogue.tables[RETURN_TABLE.get(name, name)].columns:
            if column.type != "code" or column.name in NOT_IN_CSV:
                continue
            valid = {year: catalogue.codes[column.codes].valid_in(year) | {""} for year in written.years}
            for year, row in written.every(name):
                assert row[column.name] in valid[year], (name, column.name, year)
                checked += 1
    assert checked > 10_000


def test_nothing_is_dated_after_31_march(written):
    dated = 0
    for name in TABLES:
        for year, row in written.every(name):
            for cell in row.values():
                if len(cell) == 10 and cell[2] == "/":
                    dated += 1
                    assert dmy(cell) <= ends(year), (name, year)
    assert dated > 10_000


def test_header_has_each_child_once_and_all_of_them(written):
    for year in written.years:
        header = {row["CHILD"]: row for row in written.table(year, "header")}
        assert len(header) == len(written.table(year, "header"))
        in_care = {e["CHILD"] for e in written.table(year, "episodes")}
        leavers = {row["CHILD"] for row in written.table(year, "oc3")}
        assert header.keys() == in_care | leavers
        for name in TABLES[1:]:
            if year < FIRST_YEAR.get(name, 0):
                continue
            for row in written.table(year, name):
                assert row.get("DOB", header[row["CHILD"]]["DOB"]) == header[row["CHILD"]]["DOB"]
                assert row["CHILD"] in in_care or name == "oc3"
        assert {r["SEX"] for r in header.values()} == ({"M", "F"} if year >= 2025 else {"1", "2"})
        assert all(r["UPN"] in ("UN1", "UN2", "UN5") or len(r["UPN"]) == 13 for r in header.values())


def test_episodes_of_a_child_join_and_only_the_last_is_open(written):
    joined = 0
    for year in written.years:
        by_child = defaultdict(list)
        for row in written.table(year, "episodes"):
            by_child[row["CHILD"]].append(row)
        for mine in by_child.values():
            for this, after in pairwise(mine):
                assert dmy(this["DECOM"]) < dmy(this["DEC"]) <= dmy(after["DECOM"])
                assert (this["REC"] == "X1") == (this["DEC"] == after["DECOM"]) == (after["RNE"] != "S")
                joined += this["REC"] == "X1"
            assert bool(mine[-1]["DEC"]) == bool(mine[-1]["REC"])
            assert mine[-1]["REC"] != "X1" or dmy(mine[-1]["DEC"]) == ends(year)
    assert joined > 500


def test_who_was_in_care_on_31_march_comes_again_with_the_same_open_episode(written):
    for year, after in pairwise(written.years):
        still_open = {(e["CHILD"], e["DECOM"]) for e in written.table(year, "episodes") if not e["DEC"]}
        assert still_open <= {(e["CHILD"], e["DECOM"]) for e in written.table(after, "episodes")}


def test_outcomes_are_of_children_in_care_for_twelve_months_and_asked_by_age(written):
    for year in written.years:
        mine = defaultdict(list)
        for e in written.table(year, "episodes"):
            mine[e["CHILD"]].append(e)
        throughout = {
            child
            for child, told in mine.items()
            if not told[-1]["DEC"]
            and dmy(told[0]["DECOM"]) <= ends(year - 1)
            and all(e["REC"] in ("X1", "") for e in told)
        }
        assert {row["CHILD"] for row in written.table(year, "oc2")} == throughout
        for row in written.table(year, "oc2"):
            born = dmy(row["DOB"])
            asked = turned(born, 4) <= ends(year) and turned(born, 17) > date(year - 1, 4, 1)
            assert (row["SDQ_SCORE"] != "") + (row["SDQ_REASON"] != "") == asked
            assert bool(row["CONVICTED"]) == (turned(born, 10) <= ends(year))
            assert bool(row["HEALTH_CHECK"]) == (turned(born, 5) > ends(year))
            assert bool(row["INTERVENTION_RECEIVED"]) == (row["SUBSTANCE_MISUSE"] == "1")
            assert bool(row["INTERVENTION_OFFERED"]) == (row["INTERVENTION_RECEIVED"] == "0")


def test_outcomes_tell_the_kind_of_need(written):
    """Children in care for their own mental health score higher, and exploited ones are convicted more than others."""
    world, kinds = written.world, [k.key for k in written.world.population.kinds]
    ids = draw_identities(world.people, world.authority, SEED).child_id
    kind = {str(ids[c]): kinds[k] for c, k in zip(world.care.child, world.care.kind, strict=True)}  # of the last period
    score, convicted = defaultdict(list), defaultdict(list)
    for _, row in written.every("oc2"):
        if row["SDQ_SCORE"]:
            score[kind[row["CHILD"]]].append(int(row["SDQ_SCORE"]))
        if row["CONVICTED"]:
            convicted[kind[row["CHILD"]]].append(int(row["CONVICTED"]))
    troubled = score.pop("child_mental_health")
    assert mean(troubled) > mean(s for each in score.values() for s in each) + 4  # planted: 7 more than most kinds
    exploited = convicted.pop("exploitation")
    assert mean(exploited) > 1.5 * mean(
        s for each in convicted.values() for s in each
    )  # planted: five times most kinds


def test_care_leavers_have_left_and_have_a_birthday_in_the_year(written):
    died = set()
    for year in written.years:
        in_care = written.in_care_at_end(year)
        for row in written.table(year, "oc3"):
            born = dmy(row["DOB"])
            on = [turned(born, age) for age in range(17, 22) if date(year - 1, 4, 1) <= turned(born, age) <= ends(year)]
            assert len(on) == 1
            assert row["CHILD"] not in died
            episodes = [e for e in written.table(year, "episodes") if e["CHILD"] == row["CHILD"]]
            assert not any(dmy(e["DECOM"]) <= on[0] and (not e["DEC"] or dmy(e["DEC"]) > on[0]) for e in episodes)
            assert row["CHILD"] not in in_care or any(dmy(e["DECOM"]) > on[0] for e in episodes)
            assert (row["ACTIV"] == "0") == (row["ACCOM"] == "0") == (row["IN_TOUCH"] != "YES")
            assert not (row["ACCOM"][0] in "ZT" and on[0] == turned(born, 17))
            assert not (row["ACTIV"] == "G6" and _is_male(written, year, row["CHILD"]))
        died |= {row["CHILD"] for row in written.table(year, "oc3") if row["IN_TOUCH"] == "DIED"}
    assert len(written.every("oc3")) > 200


def _is_male(written, year, child):
    return any(r["SEX"] in ("1", "M") for r in written.table(year, "header") if r["CHILD"] == child)


def test_adoption_comes_in_order_and_with_its_details(written):
    seen = 0
    for year in written.years:
        plans = {row["CHILD"]: row for row in written.table(year, "placed_for_adoption")}
        details = {row["CHILD"]: row for row in written.table(year, "ad1")}
        adopted = {e["CHILD"]: e for e in written.table(year, "episodes") if e["REC"] in ("E11", "E12")}
        assert details.keys() == adopted.keys()
        for child, row in details.items():
            decided, matched, ended = dmy(row["DATE_INT"]), dmy(row["DATE_MATCH"]), dmy(adopted[child]["DEC"])
            assert decided <= matched < ended
            assert plans[child]["DATE_PLACED"] == row["DATE_INT"]
            assert plans[child]["DATE_PLACED_CEASED"] == ""
            assert (row["NB_ADOPTR"] == "1") == (row["LS_ADOPTR"] == "L0") == (row["SEX_ADOPTR"] in ("M1", "F1"))
            assert (row["FOSTER_CARE"] == "1") == (adopted[child]["PLACE"] in ("A3", "A5"))
            seen += 1
        for e in written.table(year, "episodes"):
            if e["PLACE"] in ("A3", "A4", "A5", "A6") or e["LS"] == "E1":
                assert e["CHILD"] in plans
                assert dmy(plans[e["CHILD"]]["DATE_PLACED"]) <= dmy(e["DECOM"])
        for row in plans.values():
            assert bool(row["DATE_PLACED_CEASED"]) == bool(row["REASON_PLACED_CEASED"])
    assert seen > 20
    assert any(row["DATE_PLACED_CEASED"] for _, row in written.every("placed_for_adoption"))


def test_missing_incidents_never_overlap_and_one_open_comes_again(written):
    for year in written.years:
        mine = defaultdict(list)
        for row in written.table(year, "missing"):
            mine[row["CHILD"]].append(row)
        for told in mine.values():
            for this, after in pairwise(told):
                assert dmy(this["MIS_START"]) <= dmy(this["MIS_END"]) < dmy(after["MIS_START"])
        if year < YEARS[1]:
            still_gone = {(r["CHILD"], r["MIS_START"]) for r in written.table(year, "missing") if not r["MIS_END"]}
            assert still_gone <= {(r["CHILD"], r["MIS_START"]) for r in written.table(year + 1, "missing")}


def test_as_many_go_missing_as_in_england(written):
    """DfE, 2018 to 2020: 11% of children looked after in the year, 6.1 to 6.5 incidents each, a median of one day."""
    shares, each = [], []
    for year in written.years:
        went = Counter(r["CHILD"] for r in written.table(year, "missing") if r["MISSING"] == "M")
        shares.append(len(went) / len({e["CHILD"] for e in written.table(year, "episodes")}))
        each.extend(went.values())
    days = [(dmy(r["MIS_END"]) - dmy(r["MIS_START"])).days for _, r in written.every("missing") if r["MIS_END"]]
    assert 0.08 < mean(shares) < 0.14  # about 400 children a year, so 1.5 points is one standard error of a year
    assert 4 < mean(each) < 9  # heavy-tailed: the standard error over ten years is about 0.5
    assert median(days) == 1
    born = {r["CHILD"]: dmy(r["DOB"]) for _, r in written.every("missing")}
    older = [dmy(r["MIS_START"]) >= turned(born[r["CHILD"]], 10) for _, r in written.every("missing")]
    assert mean(older) > 0.9


def test_incidents_lie_inside_their_period_of_care(world):
    found = world.missing
    assert found.care.size > 100
    assert np.all(found.starts_on >= world.care.starts_on[found.care])
    assert np.all(found.ends_on < world.care.ends_on[found.care])


def test_every_child_in_care_on_31_march_has_a_social_worker_then_and_one_at_a_time(written):
    for year in range(FIRST_YEAR["sw_episodes"], YEARS[1] + 1):
        mine = defaultdict(list)
        for row in written.table(year, "sw_episodes"):
            mine[row["CHILD"]].append(row)
        assert mine.keys() == written.in_care_at_end(year)
        for told in mine.values():
            for this, after in pairwise(told):
                assert dmy(this["SW_DECOM"]) < dmy(this["SW_DEC"]) <= dmy(after["SW_DECOM"])
                assert this["SW_ID"] != after["SW_ID"] or this["SW_DEC"] != after["SW_DECOM"]
            assert told[-1]["SW_DEC"] == ""
            assert all(dmy(row["SW_DEC"]) >= date(year - 1, 4, 1) for row in told[:-1])
            assert all(row["SW_ID"].startswith("SW") for row in told)


def test_a_case_has_its_first_social_worker_once(world):
    found = draw_workers(world, SEED)
    cases = np.unique(world.care.referral)
    assert np.count_nonzero(found.reason == "FCONTA") == cases.size
    assert np.all(found.ends_on > found.starts_on)


def test_permanence_is_asked_of_those_who_came_since_april_2016(written):
    for _, row in written.every("previous_permanence"):
        assert bool(row["DATE_PERM"]) == bool(row["LA_PERM"]) == (row["PREV_PERM"] in ("P1", "P2", "P3"))
        assert not row["DATE_PERM"] or dmy(row["DOB"]) < dmy(row["DATE_PERM"])
    asked = {row["CHILD"] for row in written.table(2017, "previous_permanence")}
    began = defaultdict(list)
    for e in written.table(2017, "episodes"):
        began[e["CHILD"]].append((dmy(e["DECOM"]) >= date(2016, 4, 1), e["RNE"] == "S"))
    assert asked == {child for child, told in began.items() if (True, True) in told}


def test_a_mother_is_a_girl_and_her_child_is_born(written):
    mothers = 0
    for year in written.years:
        in_care = {e["CHILD"] for e in written.table(year, "episodes")}
        for row in written.table(year, "header"):
            assert bool(row["MOTHER"]) == (row["SEX"] in FEMALE and row["CHILD"] in in_care)
            assert bool(row["MC_DOB"]) == (row["MOTHER"] == "1")
            if row["MC_DOB"]:
                mothers += 1
                assert dmy(row["MC_DOB"]) >= turned(dmy(row["DOB"]), 15)
    assert mothers


def test_reviews_of_small_children_say_so(written):
    for _, row in written.every("reviews"):
        assert (row["REVIEW_CODE"] == "PN0") == (dmy(row["REVIEW"]) < turned(dmy(row["DOB"]), 4))


# The XML form


def test_xml_says_the_same_as_csv(written):
    """Every cell of every table but the social workers, which the XML form does not have; and nothing else."""
    single = {"ad1": "DATE_INT", "oc3": "IN_TOUCH"}
    blocks = {
        "missing": "AMISSING",
        "reviews": "AREVIEW",
        "oc2": "OC2",
        "placed_for_adoption": "AD_PLACED",
        "previous_permanence": "PERMANENCE",
    }
    for year in (YEARS[0], 2022, YEARS[1]):
        expected, found = Counter(), Counter()
        for name in TABLES[:-1]:
            if year >= FIRST_YEAR.get(name, 0):
                for row in written.table(year, name):
                    repeated = ("CHILD", "DOB", "SEX") if name != "header" else ("CHILD",)
                    cells = {k: v for k, v in row.items() if v and k not in repeated}
                    expected[name, row["CHILD"], tuple(sorted(cells.items()))] += 1
        for child in etree.parse(written.folder / "ssda903_xml" / f"ssda903_{year}.xml").getroot():
            header = child.find("HEADER")
            who = header.findtext("CHILDID")

            def add(name, cells, who=who, found=found):
                found[name, who, tuple(sorted((k, v) for k, v in cells.items() if v))] += 1

            add("header", {k: header.findtext(k) for k in ("SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")})
            if header.findtext("UASC") == "1":
                add("uasc", {"DUC": header.findtext("DUC")})
            for name, first in single.items():
                if header.findtext(first):
                    add(name, {k: header.findtext(k) for k in list(written.table(year, name)[0])[2:]})
            for name, tag in blocks.items():
                for block in header.findall(tag):
                    add(name, {e.tag: e.text for e in block})
            for block in child.findall("EPISODE"):
                add("episodes", {"PLACE" if e.tag == "PL" else e.tag: e.text for e in block})
        assert found == expected


def test_xml_keeps_the_order_of_the_schema(written):
    order = (
        *(
            "CHILDID",
            "UPN",
            "SEX",
            "DOB",
            "ETHNIC",
            "UASC",
            "DUC",
            "DATE_INT",
            "DATE_MATCH",
            "FOSTER_CARE",
            "NB_ADOPTR",
        ),
        *("SEX_ADOPTR", "LS_ADOPTR", "IN_TOUCH", "ACTIV", "ACCOM", "AMISSING", "AREVIEW", "MOTHER", "MC_DOB"),
        *("PERMANENCE", "OC2", "AD_PLACED"),
    )
    episode = (
        *("DECOM", "RNE", "LS", "CIN", "PL", "PL_POST", "HOME_POST", "URN", "PLACE_PROVIDER", "DEC", "REC"),
        "REASON_PLACE_CHANGE",
    )
    root = etree.parse(written.folder / "ssda903_xml" / f"ssda903_{YEARS[1]}.xml").getroot()
    assert root.tag == "EXPSSDA903"
    for child in root:
        assert [e.tag for e in child] == ["HEADER", *["EPISODE"] * (len(child) - 1)]
        at = [order.index(e.tag) for e in child[0]]
        assert at == sorted(at)
        for told in child[1:]:
            at = [episode.index(e.tag) for e in told]
            assert at == sorted(set(at))
            assert {"DEC", "REC"} <= {e.tag for e in told}  # they stand even when empty


def test_same_seed_same_bytes_in_either_order_and_another_seed_others(world, usual, written, tmp_path):
    def digests(folder, seed, *writers):
        known = draw_identities(world.people, world.authority, SEED), draw_homes(world.people, YEARS, SEED)
        for write in writers:
            write(folder, world, *known, usual[1], seed)
        return {p.relative_to(folder): sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*.*"))}

    first = {p.relative_to(written.folder): sha256(p.read_bytes()).hexdigest() for p in written.folder.rglob("*.*")}
    assert digests(tmp_path / "again", SEED, write_ssda903_xml, write_ssda903) == first
    other = digests(tmp_path / "other", SEED + 1, write_ssda903)
    assert all(other[path] != first[path] for path in other if path.stem in ("oc2", "reviews"))


# Tables as CSV


def test_cells_are_quoted_only_where_needed_and_blank_where_there_is_nothing(tmp_path):
    columns = {
        "plain": ["a b", "", None],
        "a,b": ["x,y", 'say "so"', "two\nlines"],
        "number": np.array([1.5, np.nan, 12.0]),
        "on": dmy_text(np.array([0, NEVER, day(2024, 2, 29)])),
        "nothing": pa.array([None, 3, None]),
    }
    write_csv(tmp_path / "t.csv", columns)
    text = 'plain,"a,b",number,on,nothing\na b,"x,y",1.5,01/01/1970,\n,"say ""so""",,,3\n,"two\nlines",12,29/02/2024,\n'
    assert (tmp_path / "t.csv").read_bytes() == text.encode()


def test_a_table_without_rows_is_its_heading(tmp_path):
    write_csv(tmp_path / "t.csv", {"A": np.array([], dtype=np.str_), "B": dmy_text(np.array([], dtype=np.int64))})
    assert (tmp_path / "t.csv").read_bytes() == b"A,B\n"


def test_days_as_text_agree_with_the_calendar():
    days = np.array([day(1931, 1, 1), -1, 0, day(2000, 2, 29), day(2100, 12, 31)])
    plain = [date.fromordinal(int(d) + date(1970, 1, 1).toordinal()) for d in days]
    assert iso_text(days).to_pylist() == [d.isoformat() for d in plain]
    assert dmy_text(days).to_pylist() == [d.strftime("%d/%m/%Y") for d in plain]


def test_scatter_keeps_days_inside_in_order_and_once():
    count, from_on, until_on = np.array([50, 0, 3]), np.array([10, 10, 20]), np.array([20, 10, 21])
    of, on = scatter(np.random.default_rng(1), count, from_on, until_on)
    assert list(of) == sorted(of)
    assert set(of) == {0, 2}
    assert np.all(np.diff(on[of == 0]) > 0)
    assert set(on[of == 0]) == set(range(10, 20))  # 50 draws of 10 days miss one with a chance of about 5%; seed fixed
    assert list(on[of == 2]) == [20]
