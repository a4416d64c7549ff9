"""The SSDA903 files: shape, and episodes that join as the guide says."""

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

TABLES = {
    "header": ["CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"],
    "episodes": [
        *("CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC", "REASON_PLACE_CHANGE"),
        *("HOME_POST", "PL_POST", "URN"),
    ],
    "reviews": ["CHILD", "DOB", "REVIEW", "REVIEW_CODE"],
    "uasc": ["CHILD", "SEX", "DOB", "DUC"],
    "oc2": [
        *("CHILD", "DOB", "SDQ_SCORE", "SDQ_REASON", "CONVICTED", "HEALTH_CHECK", "IMMUNISATIONS", "TEETH_CHECK"),
        *("HEALTH_ASSESSMENT", "SUBSTANCE_MISUSE", "INTERVENTION_RECEIVED", "INTERVENTION_OFFERED"),
    ],
}


def dmy(text):
    return date(int(text[6:]), int(text[3:5]), int(text[:2])) if text else None


@pytest.mark.parametrize("name", TABLES)
def test_every_year_has_the_table_with_its_columns(written, name):
    for year in written.years:
        first = (written.folder / "ssda903" / str(year) / f"{name}.csv").read_text(encoding="utf-8").split("\n")[0]
        assert first.split(",") == TABLES[name]
        assert written.table(year, name), f"{name} {year} is empty"


def test_header_has_each_child_in_care_and_each_care_leaver_once(written):
    for year in written.years:
        header = [row["CHILD"] for row in written.table(year, "header")]
        assert len(header) == len(set(header))
        returned = {row["CHILD"] for name in ("episodes", "oc3") for row in written.table(year, name)}
        assert set(header) == returned
        for table in ("reviews", "uasc", "oc2", "oc3", "missing"):
            dobs = {row["CHILD"]: row["DOB"] for row in written.table(year, "header")}
            assert all(dobs[row["CHILD"]] == row["DOB"] for row in written.table(year, table))


def test_an_episode_belongs_to_the_year_and_is_paired(written):
    for year in written.years:
        opens, ends = date(year - 1, 4, 1), date(year, 3, 31)
        for e in written.table(year, "episodes"):
            assert bool(e["DEC"]) == bool(e["REC"])
            assert dmy(e["DECOM"]) <= ends
            assert not e["DEC"] or (opens <= dmy(e["DEC"]) <= ends and dmy(e["DEC"]) > dmy(e["DECOM"]))


def test_an_open_episode_comes_again_next_year(written):
    fixed = ("RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "HOME_POST", "PL_POST", "URN")
    for year, after in pairwise(written.years):
        later = {(e["CHILD"], e["DECOM"]): e for e in written.table(after, "episodes")}
        still_open = [e for e in written.table(year, "episodes") if not e["DEC"]]
        assert still_open
        for e in still_open:
            assert all(later[e["CHILD"], e["DECOM"]][column] == e[column] for column in fixed)


def test_episodes_chain_without_gap_or_overlap_inside_a_period_of_care(written):
    new_periods = 0
    for history in written.histories():
        for this, after in pairwise(history):
            joined = this["DEC"] == after["DECOM"]
            assert this["DEC"], "only the last episode may be open"
            assert dmy(this["DEC"]) <= dmy(after["DECOM"])
            assert (this["REC"] == "X1") == joined
            assert (after["RNE"] == "S") == (not joined)
            new_periods += not joined
        assert history[-1]["REC"] != "X1"
    assert new_periods > 10  # children who came back, or the last assertion but one says little


def test_the_reason_for_a_new_episode_tells_what_changed(written):
    seen = Counter()
    for history in written.histories():
        for this, after in pairwise(history):
            if after["RNE"] != "S":
                seen[after["RNE"]] += 1
                assert (this["LS"] != after["LS"]) == (after["RNE"] in "LBU")
                assert (this["PL_POST"] != after["PL_POST"]) == (after["RNE"] in "PB")
                assert (this["PLACE"] != after["PLACE"]) or after["RNE"] not in "TU"
                temporary = "T" in this["PLACE"] + after["PLACE"]
                assert bool(this["REASON_PLACE_CHANGE"]) == (after["RNE"] in "PTBU" and not temporary)
    assert set(seen) == set("LPTBU")


def test_a_temporary_placement_has_no_provider_and_returns_to_the_same_carer(written):
    stays = 0
    for history in written.histories():
        for before, there in pairwise(history):
            if there["PLACE"].startswith("T"):
                assert there["PLACE_PROVIDER"] == there["URN"] == ""
                assert before["REC"] == "X1"
        for before, there, back in zip(history, history[1:], history[2:], strict=False):
            if there["PLACE"].startswith("T"):
                stays += 1
                assert (back["PLACE"], back["PL_POST"]) == (before["PLACE"], before["PL_POST"])
                if there["PLACE"] == "T4":
                    assert (dmy(there["DEC"]) - dmy(there["DECOM"])).days <= 7
        assert not history[0]["PLACE"].startswith("T")
    assert stays > 10


def test_adoption_follows_a_placement_order_and_a_placement(written):
    adopted = [h for h in written.histories() if any(e["REC"] in ("E11", "E12") for e in h)]
    assert adopted
    for history in adopted:
        last = history[-1]
        assert (last["LS"], last["PLACE"]) in {
            ("E1", "A5"),
            ("E1", "A6"),
            ("V2", "A3"),
            ("V2", "A4"),
        }  # by an order, or with consent
        assert last["REC"] in ("E11", "E12"), "nothing comes after adoption"


def test_supported_accommodation_changes_its_code_and_is_for_16_and_over(written):
    births = {row["CHILD"]: dmy(row["DOB"]) for year in written.years for row in written.table(year, "header")}
    independent = [e for h in written.histories() for e in h if e["PLACE"] in ("H5", "K3")]
    assert {e["PLACE"] for e in independent} == {"H5", "K3"}
    for e in independent:
        born, begun = births[e["CHILD"]], dmy(e["DECOM"])
        assert (begun.year - born.year) - ((begun.month, begun.day) < (born.month, born.day)) >= 16
        assert (e["PLACE"] == "K3") == (begun >= date(2023, 10, 28))


def test_reviews_keep_the_statutory_intervals(written):
    held = {}
    for year in written.years:
        for row in written.table(year, "reviews"):
            assert date(year - 1, 4, 1) <= dmy(row["REVIEW"]) <= date(year, 3, 31)
            held.setdefault(row["CHILD"], []).append(dmy(row["REVIEW"]))
    first_day = date(written.years[0] - 1, 4, 1)
    for history in written.histories():
        starts = [dmy(e["DECOM"]) for e in history if e["RNE"] == "S"]
        ends = [dmy(e["DEC"]) or date(written.years[-1], 3, 31) for e in history if e["REC"] != "X1"]
        for start, end in zip(starts, ends, strict=bool(history[0]["RNE"] == "S")):
            days = sorted(d for d in held.get(history[0]["CHILD"], []) if start <= d <= end)
            if start >= first_day and (end - start).days > 28:
                # 20 working days; then 3 months (92 days at most); then 6 months (184 at most)
                assert (days[0] - start).days <= 28
                limits = [92, *[184] * len(days)]
                assert all((b - a).days <= limit for (a, b), limit in zip(pairwise(days), limits, strict=False))
                assert ((end - days[-1]).days) <= 184


def test_outcomes_are_asked_only_of_children_in_care_all_year(written):
    for year in written.years:
        in_care = {}
        for e in written.table(year, "episodes"):
            in_care.setdefault(e["CHILD"], []).append(e)
        for row in written.table(year, "oc2"):
            mine = sorted(in_care[row["CHILD"]], key=lambda e: dmy(e["DECOM"]))
            assert dmy(mine[0]["DECOM"]) <= date(year - 1, 3, 31)
            assert mine[-1]["DEC"] == ""
            assert all(e["REC"] in ("X1", "") for e in mine)
            born = dmy(row["DOB"])
            at_end = year - born.year - ((born.month, born.day) > (3, 31))
            assert bool(row["CONVICTED"]) == (at_end >= 10)
            assert bool(row["HEALTH_CHECK"]) == (at_end < 5)
            assert not (row["SDQ_SCORE"] and row["SDQ_REASON"])
            assert bool(row["SDQ_SCORE"] or row["SDQ_REASON"]) or at_end < 4 or at_end >= 17


def test_unaccompanied_children_keep_their_status_until_18(written):
    for year in written.years:
        for row in written.table(year, "uasc"):
            born = dmy(row["DOB"])
            turns_18 = date(born.year + 18, born.month, born.day)
            assert dmy(row["DUC"]) == (turns_18 if turns_18 <= date(year, 3, 31) else None)
