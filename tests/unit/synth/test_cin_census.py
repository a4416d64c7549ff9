"""The CIN census files: the schema's order, what belongs to which year, and dates that make sense."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

ORDER = [
    "CINreferralDate",
    "ReferralSource",
    "PrimaryNeedCode",
    "CINclosureDate",
    "ReasonForClosure",
    "DateOfInitialCPC",
    "Assessments",
    "CINPlanDates",
    "Section47",
    "ReferralNFA",
    "ChildProtectionPlans",
]


def day(element, path):
    text = element.findtext(path)
    return date.fromisoformat(text) if text else None


def test_header_and_order_of_elements(written):
    for year in written.years:
        root = written.census(year)
        assert root.findtext("Header/CollectionDetails/Year") == str(year)
        assert root.findtext("Header/CollectionDetails/ReferenceDate") == f"{year}-03-31"
        assert root.findtext("Header/Source/LEA") == "501"
        for details in root.iter("CINdetails"):
            places = [ORDER.index(part.tag) for part in details]
            assert places == sorted(places)
            singles = Counter(part.tag for part in details)
            assert all(singles[tag] == 1 for tag in ("CINreferralDate", "ReferralSource", "ReferralNFA"))


def test_a_child_is_returned_once_with_every_case_of_the_year(written):
    several = 0
    for year in written.years:
        opens, ends = date(year - 1, 4, 1), date(year, 3, 31)
        children = list(written.census(year).iter("Child"))
        ids = [c.findtext("ChildIdentifiers/LAchildID") for c in children]
        assert len(ids) == len(set(ids))
        for child in children:
            cases = child.findall("CINdetails")
            several += len(cases) > 1
            for case in cases:
                closed = day(case, "CINclosureDate")
                assert day(case, "CINreferralDate") <= ends
                assert closed is None or opens <= closed <= ends
                assert (case.findtext("ReasonForClosure") is None) == (closed is None)
    assert several > 10


def test_an_open_case_comes_again_next_year(written):
    cases = written.cases()
    last = written.years[-1]
    for (_, referred), returned in cases.items():
        first_year = int(referred[:4]) + (referred[5:] >= "04-01")
        first_year = max(first_year, written.years[0])
        closed = day(returned[-1], "CINclosureDate")
        if returned[0].findtext("ReferralNFA") == "1":
            assert len(returned) == 1
        else:
            final = closed.year + ((closed.month, closed.day) >= (4, 1)) if closed else last
            assert len(returned) == final - first_year + 1
            assert all(day(r, "CINclosureDate") is None for r in returned[:-1])


def test_cases_of_a_child_do_not_overlap(written):
    by_child = {}
    for (child, referred), returned in sorted(written.cases().items()):
        nfa = returned[0].findtext("ReferralNFA") == "1"
        end = date.fromisoformat(referred) if nfa else day(returned[-1], "CINclosureDate")
        by_child.setdefault(child, []).append((date.fromisoformat(referred), end))
    repeated = [spells for spells in by_child.values() if len(spells) > 1]
    assert len(repeated) > 50
    for spells in repeated:
        assert all(end is not None and end < start for (_, end), (start, _) in pairwise(spells))


def test_parts_of_a_case_are_in_order_of_dates(written):
    for year in written.years:
        ends = date(year, 3, 31)
        for case in written.census(year).iter("CINdetails"):
            referred, closed = day(case, "CINreferralDate"), day(case, "CINclosureDate") or ends
            if case.findtext("ReferralNFA") == "1":
                assert {part.tag for part in case} == {"CINreferralDate", "ReferralSource", "ReferralNFA"}
            for a in case.iter("Assessments"):
                begun, done = day(a, "AssessmentActualStartDate"), day(a, "AssessmentAuthorisationDate")
                assert referred <= begun <= closed
                assert done is None or begun <= done <= closed
                assert done is not None or a.find("FactorsIdentifiedAtAssessment") is None
            for s in case.iter("Section47"):
                begun, held = day(s, "S47ActualStartDate"), day(s, "DateOfInitialCPC")
                assert referred <= begun <= closed
                assert held is None or begun <= held <= closed
                assert held is None or held.weekday() < 5
                assert s.findtext("ICPCnotRequired") == "0" or held is None
            for p in case.iter("ChildProtectionPlans"):
                begun, ended = day(p, "CPPstartDate"), day(p, "CPPendDate")
                assert referred <= begun < (ended or ends + timedelta(days=1)) <= closed + timedelta(days=ended is None)
                reviews = [date.fromisoformat(r.text) for r in p.iter("CPPreviewDate")]
                assert all(begun < r <= (ended or ends) for r in reviews)
                # first within three months, then within six
                assert not reviews or (reviews[0] - begun).days <= 92
                assert all((b - a).days <= 184 for a, b in pairwise(reviews))


def test_every_plan_follows_a_conference_and_a_classed_assessment(written):
    plans = 0
    for (_, referred), returned in written.cases().items():
        if referred < f"{written.years[0] - 1}-04-01":
            continue  # its first assessment may have been returned before the window opened
        held = {s.findtext("DateOfInitialCPC") for r in returned for s in r.iter("Section47")}
        done = [day(a, "AssessmentAuthorisationDate") for r in returned for a in r.iter("Assessments")]
        for begun in {day(p, "CPPstartDate") for r in returned for p in r.iter("ChildProtectionPlans")}:
            plans += 1
            assert begun.isoformat() in held
            assert any(d and 0 <= (begun - d).days <= 183 for d in done)
    assert plans > 50


def test_the_number_of_earlier_plans_counts_up(written):
    counts = {}
    for (child, _), returned in written.cases().items():
        for r in returned:
            for p in r.iter("ChildProtectionPlans"):
                counts.setdefault(child, {})[p.findtext("CPPstartDate")] = int(p.findtext("NumberOfPreviousCPP"))
    assert any(len(plans) > 1 for plans in counts.values())
    for plans in counts.values():
        in_order = [n for _, n in sorted(plans.items())]
        assert in_order == list(range(in_order[0], in_order[0] + len(in_order)))


def test_child_in_need_plans_came_in_2022_and_never_run_with_protection_plans(written):
    for year in written.years:
        found = list(written.census(year).iter("CINPlanDates"))
        assert bool(found) == (year >= 2022)
        ends = date(year, 3, 31)
        for case in written.census(year).iter("CINdetails"):
            spells = [(day(p, "CINPlanStartDate"), day(p, "CINPlanEndDate") or ends) for p in case.iter("CINPlanDates")]
            spells += [
                (day(p, "CPPstartDate"), day(p, "CPPendDate") or ends) for p in case.iter("ChildProtectionPlans")
            ]
            assert all(end < start for (_, end), (start, _) in pairwise(sorted(spells)))


def test_factors_are_those_of_the_year(written):
    for year in written.years:
        lists = [
            [f.text for f in block.iter("AssessmentFactors")]
            for block in written.census(year).iter("FactorsIdentifiedAtAssessment")
        ]
        codes = Counter(code for factors in lists for code in factors)
        assert all(len(set(factors)) == len(factors) > 0 for factors in lists)
        assert all(factors == ["21"] for factors in lists if "21" in factors)
        assert bool(codes["18B"] + codes["18C"]) == (year >= 2021)
        assert bool(codes["18A"]) == (year <= 2021) or year == 2022
        assert bool(codes["24A"]) == (year >= 2022)


def test_an_unborn_child_is_expected_and_born_later_under_the_same_identifier(written):
    expected = {}
    later_born = 0
    for year in written.years:
        sex = "Sex" if year >= 2025 else "GenderCurrent"
        for child in written.census(year).iter("Child"):
            who = child.find("ChildIdentifiers")
            born, due = who.findtext("PersonBirthDate"), who.findtext("ExpectedPersonBirthDate")
            assert (born is None) != (due is None)
            assert who.find(sex) is not None
            name = who.findtext("LAchildID")
            if due:
                assert who.findtext(sex) in ("0", "U")
                assert child.find("ChildCharacteristics/Disabilities") is None
                expected[name] = date.fromisoformat(due)
            elif name in expected:
                later_born += 1
                assert abs((date.fromisoformat(born) - expected[name]).days) <= 10
    assert later_born > 0
