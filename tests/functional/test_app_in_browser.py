"""The app in a real browser: every page opened and every control used, nothing asked of anybody else, and axe finds nothing serious."""

import hashlib
import json
import re
import runpy
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from careloom.cli import main
from careloom.engine import open_kept
from careloom.report.grid import MARK, NOTHING
from careloom.synth import make_england

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
VISITING = runpy.run_path(str(Path(__file__).with_name("visiting.py")))
DESK, TELEPHONE = VISITING["DESK"], {"width": 360, "height": 800}


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up authority, not yet run; its study asks about re-referral alone, and tries three numbers of classes."""
    folder = tmp_path_factory.mktemp("app")
    make_england(
        folder,
        children=900,
        population="five_kinds",
        years=(2018, 2024),
        systems=("ssda903", "cin_census"),
        defects=True,
    )
    study = folder / "study.toml"
    text = re.sub("questions = .*", 'questions = ["re_referral"]', study.read_text())
    study.write_text(text.replace("most_classes = 12", "most_classes = 3").replace("starts = 10", "starts = 2"))
    return study


@pytest.fixture(scope="module")
def visit(study_file: Path, chromium: str) -> Iterator[Any]:
    """A visit that began with running the study, which the page followed by itself."""
    with VISITING["visiting"](study_file, chromium) as visit:
        assert visit.axe() == []
        assert "make them with careloom run" in visit.text
        visit.send("Run the study")
        assert "The run goes on" in visit.text
        visit.page.get_by_role("heading", name="The run is done").wait_for(timeout=300_000)
        assert visit.page.get_by_role("heading", name="The run goes on").count() == 0
        yield visit
        assert len(visit.asked) > 20


PAGES = ("/", "/came-in", "/findings", "/classes", "/outcomes", "/costs", "/child", "/review")
BELOW = ("/findings/children", "/outcomes/fit", "/costs/what-if")
"""Pages that another page leads to."""


@pytest.mark.parametrize("path", PAGES + BELOW)
def test_every_page_is_fit_for_everyone(visit: Any, path: str) -> None:
    """One heading of the first rank, no sideways scrolling on a telephone, a way past the list of pages, and axe content."""
    visit.open(path)
    assert visit.page.locator("h1").count() == 1
    assert visit.page.locator("nav [aria-current='page']").count() == 1
    assert visit.page.locator("script").count() == 0
    assert visit.axe() == []
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.className") == "skip"
    visit.page.set_viewport_size(TELEPHONE)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
    visit.page.set_viewport_size(DESK)


def test_the_list_of_pages_leads_to_every_page(visit: Any) -> None:
    visit.open("/")
    links = [link.get_attribute("href") for link in visit.page.locator("nav a").all()]
    assert tuple(links) == PAGES
    for path in PAGES:
        visit.follow(visit.page.locator(f"nav a[href='{path}']"))
        assert visit.page.url == visit.home + path.lstrip("/")


def test_a_run_is_stopped_and_earlier_results_stay(visit: Any, study_file: Path) -> None:
    before = (study_file.parent / "results" / "manifest.json").read_bytes()
    visit.open("/")
    visit.page.get_by_label("Let the page show by itself how far it is").uncheck()
    visit.send("Run the study")
    assert visit.page.url == visit.home
    visit.follow("let the page ask again by itself")
    visit.page.get_by_text(re.compile("Now: (?!starting)")).wait_for(timeout=60_000)
    visit.follow("Stop asking")
    visit.follow("Look again")
    assert visit.axe() == []
    visit.page.locator("summary", has_text="Steps so far").click()
    assert "reading the deliveries" in visit.text
    visit.send("Stop the run")
    assert "The run was stopped" in visit.text
    assert "Earlier results are untouched" in visit.text
    assert visit.axe() == []
    assert (study_file.parent / "results" / "manifest.json").read_bytes() == before
    assert [path.name for path in study_file.parent.glob(".results.*") if path.is_dir()] == []


def test_the_report_can_be_opened(visit: Any) -> None:
    visit.open("/")
    visit.follow("report.html")
    assert "In this report" in visit.page.locator("body").inner_text()
    visit.page.go_back()


def test_what_came_in_is_as_the_report_has_it(visit: Any, study_file: Path) -> None:
    visit.open("/came-in")
    assert "Files handed over" in visit.page.locator("caption, summary").all_inner_texts().__str__()
    visit.page.locator("details:has(table) summary").first.click()
    assert visit.page.locator("details[open] table").first.is_visible()
    assert visit.page.locator(".drawing svg").count() == 1


def test_lines_that_break_a_rule_are_shown_once_written_down(visit: Any, study_file: Path) -> None:
    visit.open("/findings")
    visit.page.get_by_label("Rule", exact=True).select_option("cin_census J4")
    visit.page.get_by_role("button", name="Show the lines").click()
    assert visit.page.evaluate("document.activeElement.id") == "purpose"  # the browser itself asks for it
    visit.page.get_by_label("Why you look").fill("mend the census")
    visit.send("Show the lines")
    assert "Rows that break cin_census J4" in visit.text
    assert re.search(r"ChildIdentifiers\s+\d+\s+cin_\d{4}\.xml\s+\d+", visit.text)
    assert visit.axe() == []
    logged = (study_file.parent / "access.jsonl").read_text().splitlines()[-1]
    assert '"command": "findings"' in logged
    assert '"mend the census"' in logged


def test_children_with_most_findings_lead_to_their_findings_and_timelines(visit: Any, study_file: Path) -> None:
    visit.open("/findings")
    visit.follow("Child by child")
    visit.page.get_by_label("Why you look").fill("mend the returns")
    visit.send("Show the children with most findings")
    assert visit.axe() == []
    counts = [int(each) for each in visit.page.locator("tbody tr td:nth-child(2)").all_inner_texts()]
    assert counts == sorted(counts, reverse=True)
    assert visit.page.get_by_role("button", name="Page before").count() == 0
    first = visit.page.locator("tbody th").all_inner_texts()
    visit.send("Next page")
    assert not set(first) & set(visit.page.locator("tbody th").all_inner_texts())
    visit.send("Page before")
    assert visit.page.locator("tbody th").all_inner_texts() == first
    visit.send(f"Findings of {first[0]}")
    assert visit.axe() == []
    assert visit.page.locator("tbody tr").count() == counts[0]
    visit.send("Timeline of this child")
    assert visit.page.locator(".drawn svg title").first.inner_html() == f"Timeline of child {first[0]}"
    visit.send("Findings of this child")
    assert visit.page.locator("tbody tr").count() == counts[0]
    visit.send("Children with most findings")
    visit.send(f"Timeline of {first[1]}")
    assert visit.page.locator(".drawn svg title").first.inner_html() == f"Timeline of child {first[1]}"
    log = [json.loads(line) for line in (study_file.parent / "access.jsonl").read_text().splitlines()]
    looked = [line for line in log if line.get("purpose") == "mend the returns"]
    assert [line.get("person_id") for line in looked if line.get("person_id")] == [first[0]] * 3 + [first[1]]
    assert looked[0]["records"] == first


def test_findings_of_children_are_of_the_rule_that_is_chosen(visit: Any) -> None:
    visit.open("/findings/children")
    visit.page.get_by_label("Rule", exact=True).select_option("ssda903 101")
    visit.page.get_by_label("Why you look").fill("mend the returns")
    visit.send("Show the children with most findings")
    assert visit.page.get_by_label("Rule", exact=True).input_value() == "ssda903 101"
    assert "of rule ssda903 101" in visit.text
    first = visit.page.locator("tbody th").first.inner_text()
    visit.send(f"Findings of {first}")
    assert set(visit.page.locator("tbody th").all_inner_texts()) == {"ssda903 101"}


def test_a_category_is_named_and_the_decision_kept(visit: Any, study_file: Path) -> None:
    visit.open("/classes")
    visit.page.locator("#name-1").fill("Settled together, first")
    visit.send("Settle name 1")
    assert "Settled as “Settled together, first”, version 1" in visit.text
    visit.page.locator("#name-1").fill("Settled again")
    visit.send("Settle name 1")
    assert "Settled as “Settled again”, version 2" in visit.text
    kept = (study_file.parent / "classes.csv").read_text()
    assert "Settled together, first" in kept  # no decision is taken away
    assert visit.page.locator("#decisions ~ .scroll tbody tr").count() == 2
    visit.page.locator("#name-1").fill("<script>alert(1)</script>")
    visit.send("Settle name 1")
    assert "a name has no < or > in it" in visit.text


# --- outcomes and costs ----------------------------------------------------------------------------------------------


def choose(visit: Any, label: str, option: str) -> None:
    visit.page.get_by_label(label, exact=True).select_option(label=option)


def test_outcomes_are_chosen_and_are_those_of_the_command(
    visit: Any, study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visit.open("/outcomes")
    options = visit.page.get_by_label("Category of demand").locator("option").all_inner_texts()
    assert len(options) > 2
    assert visit.page.locator(".drawing svg").count() == 2
    curves = visit.page.get_by_role("region", name="month by month")
    visit.page.locator("summary", has_text="month by month").click()
    whole = curves.locator("tbody tr").count()
    choose(visit, "Category of demand", options[1])
    choose(visit, "Adjusted for", "M0: category alone")
    visit.send("Show")
    visit.page.locator("summary", has_text="month by month").click()
    assert 0 < curves.locator("tbody tr").count() < whole
    assert "choose “M2”" in visit.text
    choose(visit, "Adjusted for", "M2: and what came before")
    choose(visit, "Hazard ratios of", "Sex")
    visit.send("Show")
    assert visit.axe() == []
    assert main(["outcomes", str(study_file), "--of", "re_referral"]) == 0
    said = capsys.readouterr().out
    ratios = visit.page.locator("table", has_text="Adjusted hazard ratios").locator("tbody tr").all_inner_texts()
    shown = [row.split("\t") for row in ratios]
    assert {row[0] for row in shown} == {"Sex"}
    for _, _, _, ratio, lower, upper, *_ in shown:
        if not {MARK, NOTHING} & {ratio, lower, upper}:  # withheld, or what the others are compared with
            assert f"{ratio} ({lower}-{upper})" in said


def test_what_is_not_known_is_as_if_it_was_not_asked(visit: Any) -> None:
    visit.open("/outcomes?outcome=%3Cscript%3E&category=none&model=M9&term=x")
    assert "<script>" not in visit.text
    assert visit.page.get_by_label("Outcome", exact=True).input_value() == "Referred again after the case was closed"


def test_a_model_is_fitted_anew_and_is_that_of_the_command(
    visit: Any, study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visit.open("/outcomes")
    visit.follow("fit a model of your own")
    choose(visit, "Stratum", "Sex")  # whose box stays ticked
    visit.page.get_by_label("Year", exact=True).check()
    visit.page.get_by_label("Ethnic group", exact=True).uncheck()
    visit.send("Fit the model")
    visit.page.get_by_role("heading", name="What the model says").wait_for(timeout=120_000)
    assert visit.axe() == []
    assert "--adjust-for category,age_band,disability,year --stratum sex" in visit.text
    assert visit.page.get_by_label("Sex", exact=True).is_checked() is False
    asked = ["--of", "re_referral", "--adjust-for", "category,age_band,disability,year", "--stratum", "sex"]
    assert main(["outcomes", str(study_file), *asked]) == 0
    said = capsys.readouterr().out
    shown = visit.page.locator("td").all_inner_texts()
    numbers = [cell for cell in shown if re.match(r"\d+\.\d+%? \(", cell)]
    assert len(numbers) > 15
    assert all(number in said for number in numbers)


def test_a_fit_is_stopped(visit: Any) -> None:
    visit.open("/outcomes/fit?outcome=re_referral")
    visit.send("Fit the model")
    visit.open("/outcomes/fit")  # which does not ask for itself again
    visit.send("Stop the fit")
    assert "The fit was stopped" in visit.text
    assert visit.axe() == []


def test_how_sure_costs_are_is_told_when_asked(visit: Any) -> None:
    visit.open("/costs")
    visit.follow("How sure are they")
    assert visit.page.locator("h1").inner_text() == "How sure the costs are"
    assert "£" in visit.text
    assert visit.axe() == []


def test_a_what_if_that_is_written_down_is_asked(visit: Any) -> None:
    visit.open("/costs")
    choose(visit, "What-if", "Social workers visit every month, not every six weeks")
    visit.send("Ask it")
    assert "Taken for granted" in visit.text
    assert "--scenario monthly_visits" in visit.text


def test_a_what_if_is_put_together_and_the_command_gives_the_same(
    visit: Any, study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visit.open("/costs")
    page = visit.page
    page.get_by_label("What it is called").fill("Fees a tenth more")
    page.get_by_label("Why it is asked").fill("A new framework")
    page.get_by_label("Nights moved, %").press("ArrowRight")
    choose(visit, "From", "Foster care, through an agency")
    choose(visit, "To", "Foster care, the authority's own")
    page.get_by_label("Fewer come back into care").press("PageUp")
    for legend in ("Placement fees", "How long the work takes", "How often the work is done"):
        page.locator("summary", has_text=legend).click()
    for start, key, change in (("fee", "ifa_foster", "3.5"), ("hours", "CIN 3", "-5"), ("often", "LAC 6", "20")):
        page.locator(f"[name='{start}:{key}']").fill(change)
    visit.send("Show the numbers")
    assert list(study_file.parent.glob("what_if_*")) == []
    assert visit.axe() == []
    assert page.locator(".set").all_inner_texts() == ["set to 5%", "set to 10%", "set to -5%", "set to +20%"]
    page.get_by_label("Fewer come back into care").press("Home")  # so few do here that nothing would be told
    visit.send("Write it down, and ask it")
    changes = page.locator("section[aria-labelledby='set'] li").all_inner_texts()
    assert "Placement fees, Foster care, through an agency: +3.5%" in changes
    assert "Moved: 5% from Foster care, through an agency to Foster care, the authority's own" in changes
    assert len(changes) == 4
    assert page.locator("h1").inner_text() == "Fees a tenth more"
    assert visit.axe() == []
    path = study_file.parent / "what_if_fees_a_tenth_more.toml"
    assert f"--scenario {path}" in visit.text
    assert main(["cost", str(study_file), "--scenario", str(path)]) == 0
    said = capsys.readouterr().out
    amounts = re.findall(r"£-?[\d,]+", visit.text)
    assert len(amounts) > 5
    assert amounts == re.findall(r"£-?[\d,]+", said)
    visit.open("/costs")
    assert "Fees a tenth more" in page.get_by_label("What-if").locator("option").all_inner_texts()[0]


def test_a_what_if_that_cannot_be_written_keeps_what_was_filled_in(visit: Any, study_file: Path) -> None:
    visit.open("/costs")
    visit.page.get_by_label("What it is called").fill("Half told")
    visit.page.get_by_label("Why it is asked").fill("To see")
    visit.page.get_by_label("Nights moved, %").press("End")
    visit.send("Write it down, and ask it")
    assert "Nothing was written: of nights, 0 to 100% can be moved, from one kind of placement to another" in visit.text
    assert visit.axe() == []
    assert visit.page.get_by_label("What it is called").input_value() == "Half told"
    assert visit.page.get_by_label("Nights moved, %").input_value() == "100"
    assert not (study_file.parent / "what_if_half_told.toml").exists()


def test_a_slider_is_one_for_everyone(visit: Any) -> None:
    """It has a name, is large enough to be hit, moves by the step of its scale, and its ends are what is printed under it."""
    visit.open("/costs")
    for details in visit.page.locator("details summary").all():
        details.click()
    for slider in visit.page.locator("input[type=range]").all():
        marks = slider.locator("xpath=following-sibling::div").locator("span").all_inner_texts()
        assert [slider.get_attribute("min"), slider.get_attribute("max")] == [marks[0], marks[-1]]
        assert slider.evaluate("e => e.labels.length") == 1
        assert slider.bounding_box()["height"] >= 24
        before = float(slider.input_value())
        slider.press("ArrowRight")
        assert float(slider.input_value()) == before + 5


# --- one child and the review ----------------------------------------------------------------------------------------


def some_child(study_file: Path) -> str:
    with closing(open_kept(study_file.parent / "results" / "study.duckdb")) as engine:
        ((person,),) = engine.rows(
            "SELECT person_id FROM spell WHERE kind = 'period_of_care' AND person_id IS NOT NULL ORDER BY person_id LIMIT 1"
        )
    return str(person)


def test_one_child_is_shown_once_written_down(visit: Any, study_file: Path) -> None:
    visit.open("/child")
    person = some_child(study_file)
    visit.page.get_by_label("Why you look").fill("case audit")
    visit.page.get_by_label("ID", exact=True).fill(person)
    visit.send("Write the access down, and show the record")
    assert visit.page.locator(".drawn svg title").first.inner_html() == f"Timeline of child {person}"
    assert "READ FROM" in visit.text
    assert visit.axe() == []
    logged = (study_file.parent / "access.jsonl").read_text().splitlines()[-1]
    assert f'"person_id": "{person}"' in logged
    assert '"case audit"' in logged
    fingerprint = hashlib.sha256(logged.encode()).hexdigest()[:16]
    assert fingerprint in visit.text  # what is shown names its line of the log
    visit.follow("Put it away")
    assert person not in visit.page.content()


def test_one_child_is_found_by_number_and_the_number_is_not_repeated(visit: Any, study_file: Path) -> None:
    number = (study_file.parent / "truth" / "501" / "care.csv").read_text().splitlines()[1].partition(",")[0]
    visit.open("/child")
    visit.page.get_by_label("Why you look").fill("complaint 17")
    visit.page.get_by_label("Number of the child").fill(number)
    choose(visit, "Whose number it is", "501")
    choose(visit, "In which return, if it is two children", "any")
    visit.send("Write the access down, and show the record")
    assert number not in visit.page.content()
    assert number not in (study_file.parent / "access.jsonl").read_text()
