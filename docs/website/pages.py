"""What the site is made of: each page is Markdown with the path it has, or would have, in the repository."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
WRITTEN = (
    "*.md",
    "docs/**/*.md",
    "benchmarks/**/*.md",
    "src/careloom/catalogue/*/README.md",
    "src/careloom/catalogue/returns/*/README.md",
)

CATALOGUE = "docs/catalogue.md"


@dataclass(frozen=True)
class Page:
    """A page: its path from the root of the repository (posix, ends .md), its part of the contents, and its text."""

    path: str
    part: str
    text: str


PARTS = {
    "README.md": "Start here",
    "docs/tutorial.md": "Start here",
    "docs/how_to/": "How to",
    "docs/explained/": "Explained",
    "docs/decisions/": "Decisions",
    "docs/": "In depth",
    "benchmarks/": "Benchmarks",
    "src/": "Traps of each return",
    "": "The project",
}
"""The part of the contents by how a path begins, the first that fits; pages made from the catalogue come with theirs."""


def written_pages(home: Path = HOME) -> list[Page]:
    """Read every page of the repository that a person wrote, or that a `make` renews in place."""
    paths = sorted({path for pattern in WRITTEN for path in home.glob(pattern)}, key=lambda path: path.as_posix())
    texts = {path.relative_to(home).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    if CATALOGUE in texts:  # made for one long page; headings of its parts differ in depth
        texts[CATALOGUE] = "\n".join(raised(texts[CATALOGUE].splitlines()))
    return [page(path, text) for path, text in texts.items()]


def page(path: str, text: str) -> Page:
    return Page(path, next(part for start, part in PARTS.items() if path.startswith(start)), text)


def made_page(path: str, part: str, lines: Iterable[str]) -> Page:
    """A page made from lines of Markdown, its highest heading made the title and the others raised alike."""
    return Page(f"reference/{path}.md", part, "\n".join(raised(list(lines))).rstrip() + "\n")


def raised(lines: list[str]) -> list[str]:
    """Raise headings so that the first is of level 1 and none is skipped."""
    levels: list[int] = []  # those open, outermost first, as they were written
    raised_lines, in_block = [], False
    for line in lines:
        in_block ^= line.startswith("```")
        marks, space, text = line.partition(" ")
        if in_block or not space or set(marks) != {"#"}:
            raised_lines.append(line)
            continue
        while levels and levels[-1] >= len(marks):
            levels.pop()
        levels.append(len(marks))
        raised_lines.append(f"{'#' * len(levels)} {text}")
    return raised_lines
