"""The documentation can be built as a site, with no warning; and what should be warned of is."""

import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import Catalogue, load_catalogue
from careloom.cli import parser

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "docs"))  # not a package that is installed: it is how the site is made
from website.build import Site, make_site, write_site  # noqa: E402
from website.gallery import make_gallery  # noqa: E402
from website.pages import Page, made_page  # noqa: E402

MAKE = runpy.run_path(str(REPOSITORY / "docs" / "make_site.py"))
TOGETHER = {"services", "plausibility", "scenarios", "switches", "pages", "names", "national", "calendar", "phrases"}
"""Folders of the catalogue whose files share a page, or are no declarations."""


@pytest.fixture(scope="module")
def site() -> Site:
    return make_site(MAKE["all_pages"](), {})


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_the_site_is_built_without_a_warning(site: Site) -> None:
    assert site.warnings == []
    assert len(site.rendered) > 400


def test_every_declaration_has_its_page(site: Site, catalogue: Catalogue) -> None:
    """By the files of the catalogue, not by what the makers of pages were told."""
    folder = catalogue.folder
    declared = [path.relative_to(folder) for path in folder.rglob("*") if path.suffix in (".toml", ".csv")]
    alone = [path for path in declared if len(path.parts) > 1 and path.parts[0] not in {*TOGETHER, "services_spoken"}]
    missing = []
    for path in alone:
        name = path.with_suffix("").as_posix().replace("recording/", "recordings/")
        if path.parts[0] == "processes":
            name = "/".join((path.parts[0], "_".join(path.stem.split("_")[:2])))
        if path.name in ("return.toml", "tables.toml"):
            name = path.parent.as_posix()
        if f"reference/{name}.md" not in site.pages:
            missing.append(path.as_posix())
    assert missing == []
    assert len(alone) > 150


def test_the_page_of_a_rule_has_its_reason_source_and_examples(site: Site, catalogue: Catalogue) -> None:
    rule = next(rule for rule in catalogue.returns["ssda903"].rules if rule.code == "101")
    shown = site.pages["reference/returns/ssda903/rules/101.md"].text
    assert rule.why in shown
    assert rule.source in shown
    assert rule.versions[0].examples.strip().splitlines()[-1] in shown


def test_every_command_has_a_page_with_its_options(site: Site) -> None:
    helped = parser().format_help()
    commands = re.findall(
        r"^    ([a-z][a-z-]+)\b", helped.partition("COMMAND\n")[2].partition("exit codes")[0], re.MULTILINE
    )
    assert {"run", "synth", "cost"} <= set(commands)
    assert [name for name in commands if f"reference/commands/careloom_{name}.md" not in site.pages] == []
    assert "`--accept`" in site.pages["reference/commands/careloom_run.md"].text
    assert "reference/commands/careloom_new_prices.md" in site.pages


def test_every_room_has_a_page_of_its_names(site: Site) -> None:
    rooms = [path.parent.name for path in (REPOSITORY / "src" / "careloom").glob("*/__init__.py")]
    assert [room for room in rooms if f"reference/code/{room}.md" not in site.pages] == []
    assert "kaplan_meier(" in site.pages["reference/code/stats.md"].text


def test_every_page_is_in_the_contents_and_every_heading_in_the_index(site: Site) -> None:
    listed, index = site.rendered["index.md"].links, site.rendered["index_of_words.md"].links
    assert sorted(set(site.pages) - set(listed) - {"index.md", "index_of_words.md"}) == []
    assert "reference/outcomes/re_referral.md" in index
    assert "GLOSSARY.md" in index


def test_the_site_is_written_with_links_that_lead_to_files(site: Site, tmp_path: Path) -> None:
    """By the files themselves: a browser finds each of them, with no network and no script."""
    (tmp_path / "old.html").write_text("of another build")
    (tmp_path / "style.css").write_text("of another build")
    assert write_site(site, tmp_path) == len([path for path in tmp_path.rglob("*") if path.is_file()])
    for path in [tmp_path / "index.html", tmp_path / "README.html", *(tmp_path / "docs").rglob("*.html")]:
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "<!--" not in text
        for link in re.findall(r'(?:href|src)="([^"#]+)', text):
            if not re.match(r"[a-z]+:", link):
                assert (path.parent / link).is_file(), f"{path.name}: {link}"


def test_the_gallery_shows_the_figures_of_a_report(recording: Any) -> None:
    report = (recording.out / "report.html").read_text(encoding="utf-8")
    page, files = make_gallery(report, 120)
    assert report.count("<figure>") == len(files) - 1 == page.text.count("![")
    made = make_site([page], {f"reference/gallery/{name}": text for name, text in files.items()})
    assert made.warnings == []
    assert all(text.startswith("<svg") and "</svg>" in text for name, text in files.items() if name.endswith(".svg"))


WRONG = {
    "a [link](nowhere.md)": "dead link: nowhere.md",
    "a [link](../../outside.md)": "dead link: ../../outside.md",
    "a [link](a.md#nothing)": "no such heading: a.md#nothing",
    "![figure](none.svg)": "dead link: none.svg",
    "### Too deep": "heading skipped before: Too deep",
    "# Another title": "a second title: Another title",
    "```\nx\n```": "a code block should say what it is",
    "<!-- note -->\n\nx": "not a comment we know",
    "<b>raw</b>": "HTML",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_warned_of(wrong: str) -> None:
    site = make_site([Page("docs/a.md", "In depth", f"# A\n\n{wrong}\n")], {})
    assert [warning for warning in site.warnings if WRONG[wrong] in warning], site.warnings


def test_a_page_of_nothing_is_warned_of() -> None:
    assert make_site([Page("docs/a.md", "In depth", "no heading\n")], {}).warnings == ["docs/a.md: no title"]


def test_a_good_page_is_not_warned_of() -> None:
    text = "# A\n\n[to b](#b-2), [LICENSE](../LICENSE), [out](https://www.gov.uk)\n\n## B (2)\n\n```text\nx\n```\n"
    site = make_site([Page("docs/a.md", "In depth", text)], {})
    assert site.warnings == []
    assert site.files["LICENSE"] == (REPOSITORY / "LICENSE").read_bytes()


def test_headings_are_raised_so_that_none_is_skipped() -> None:
    page = made_page(
        "x", "Rules", ["#### A", "###### B", "text", "```sql", "# no heading", "```", "###### C", "##### D"]
    )
    assert page.text.splitlines() == ["# A", "## B", "text", "```sql", "# no heading", "```", "## C", "## D"]
