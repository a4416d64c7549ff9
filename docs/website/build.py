"""Builds the site: every page as HTML under one folder, and every warning a reason to fail."""

import posixpath
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from website.markdown import Rendered, render
from website.pages import HOME, Page
from website.words import PATH as WORDS
from website.words import word_page

HERE = Path(__file__).parent
ELSEWHERE = re.compile(r"[a-z]+:")
CONTENTS = "index.md"
FIRST = (
    "Start here",
    "How to",
    "Explained",
    "In depth",
    "The project",
    "Decisions",
    "Benchmarks",
    "Gallery",
    "Commands",
)
"""Parts of the contents that come first, in this order; the reference follows."""
INTRODUCTION = """# Careloom

What kinds of need come to children's services, what becomes of the children, and what does it cost: from the returns that
English authorities already make. This site was built without a network, from the pages, the catalogue and the code of one version.

Begin with [the tutorial](docs/tutorial.md), look a word up in the [index](index_of_words.md), or choose below.
"""


@dataclass
class Site:
    """What is to be written, by path: pages as rendered, and other files as they are. `warnings` name page and fault."""

    pages: dict[str, Page]
    rendered: dict[str, Rendered] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def make_site(pages: Iterable[Page], files: Mapping[str, str], home: Path = HOME) -> Site:
    """Render pages with their contents and index, and say what is wrong: dead links, skipped headings, untold blocks.

    `files` are made for the pages (figures), by path; files of the repository that a page links to are taken along.
    """
    site = Site({page.path: page for page in pages})
    site.files |= {path: text.encode() for path, text in files.items()}
    for path, page in site.pages.items():
        site.rendered[path] = render(page.text, turned(path))
    add(site, contents(site))
    headings = {path: of.headings for path, of in site.rendered.items() if path != CONTENTS}
    glossary = site.pages.get("GLOSSARY.md", Page("", "", "")).text
    add(site, word_page(headings, {path: of.title for path, of in site.rendered.items()}, glossary))
    for path, of in site.rendered.items():
        site.warnings += [f"{path}: {problem}" for problem in of.problems]
        for link in of.links:
            check(site, path, link, home)
    return site


def add(site: Site, page: Page) -> None:
    site.pages[page.path] = page
    site.rendered[page.path] = render(page.text, turned(page.path))


def turned(path: str) -> Callable[[str], str]:
    """Say how a link of this page is called in the site: pages end .html, all else stays."""
    return lambda link: link if ELSEWHERE.match(link) else re.sub(r"\.md(?=#|$)", ".html", link)


def check(site: Site, path: str, link: str, home: Path) -> None:
    """Note a link that leads nowhere; take along a file of the repository that is linked to."""
    if ELSEWHERE.match(link):
        return
    name, _, anchor = link.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else path
    if target in site.rendered:
        if anchor and anchor not in {heading.anchor for heading in site.rendered[target].headings}:
            site.warnings.append(f"{path}: no such heading: {link}")
    elif target not in site.files:
        if target.startswith("..") or not (home / target).is_file():
            site.warnings.append(f"{path}: dead link: {link}")
        else:
            site.files[target] = (home / target).read_bytes()


def contents(site: Site) -> Page:
    """Make the first page: every page of the site, part by part."""
    parts: dict[str, list[str]] = {part: [] for part in FIRST}
    for path, page in site.pages.items():
        parts.setdefault(page.part, []).append(f"- [{site.rendered[path].title or path}]({path})")
    lines = [INTRODUCTION]
    for part, links in parts.items():
        if links:
            lines += [f"## {part}", "", *sorted(links, key=str.lower), ""]
    return Page(CONTENTS, "Start here", "\n".join(lines))


# --- writing ---------------------------------------------------------------------------------------------------------


def write_site(site: Site, out: Path) -> int:
    """Write every page and file under `out`, and return how many there are. What lay there of another build goes."""
    env = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = env.get_template("page.html")
    written = {"style.css": (HERE / "style.css").read_bytes(), **site.files}
    for path, of in site.rendered.items():
        depth = len(PurePosixPath(path).parts) - 1
        shown = template.render(page=of, part=site.pages[path].part, up="../" * depth, words=turned("")(WORDS))
        written[turned("")(path)] = shown.encode()
    if (out / "style.css").is_file():  # a build of ours; another folder is not ours to empty
        shutil.rmtree(out)
    for name, content in written.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    return len(written)
