"""One page of Markdown as HTML, with its headings and links, and what is wrong with it."""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from website.blocks import comment_of, problems_of, reader


@dataclass(frozen=True)
class Heading:
    """A heading: its level from 1, its text, and the anchor that a link may name after #."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Rendered:
    """A page as HTML. `links` are as written; `problems` are what should be mended."""

    title: str
    html: str
    headings: tuple[Heading, ...]
    links: tuple[str, ...]
    problems: tuple[str, ...] = field(default=())


def render(text: str, href: Callable[[str], str]) -> Rendered:
    """Render a page; `href` says what a link as written is called in the site."""
    tokens = reader().parse(text)
    headings, problems = mark_headings(tokens)
    links = turn_links(tokens, href)
    shown = RendererHTML().render(without_comments(tokens), reader().options, {})
    title = headings[0].text if headings else ""
    return Rendered(title, shown, tuple(headings), tuple(links), (*problems, *problems_of(text)))


def mark_headings(tokens: Sequence[Token]) -> tuple[list[Heading], list[str]]:
    """Give each heading its anchor; say where a level is skipped, or the first is not the one title."""
    found: list[Heading] = []
    problems, before = [], 0
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        level, text = int(opening.tag[1]), plain(inline)
        if level > before + 1:
            problems.append(f"heading skipped before: {text}")
        if level == 1 and found:
            problems.append(f"a second title: {text}")
        found.append(Heading(level, text, anchor(text, [heading.anchor for heading in found])))
        opening.attrSet("id", found[-1].anchor)
        before = level
    return found, problems if found else ["no title"]


def plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [] if child.type in ("text", "code_inline"))


def anchor(text: str, taken: Sequence[str]) -> str:
    """Return the anchor that GitHub gives a heading, so that links hold in both places."""
    name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
    number = sum(re.fullmatch(rf"{re.escape(name)}(-\d+)?", other) is not None for other in taken)
    return f"{name}-{number}" if number else name


def turn_links(tokens: Sequence[Token], href: Callable[[str], str]) -> list[str]:
    """Turn every link and image into the site's; return them as they were written."""
    found = []
    for child in (child for token in tokens for child in token.children or []):
        name = {"link_open": "href", "image": "src"}.get(child.type)
        if name:
            found.append(str(child.attrs[name]))
            child.attrSet(name, href(found[-1]))
    return found


def without_comments(tokens: Sequence[Token]) -> list[Token]:
    """Take out comments; of a block that is not run, say so beneath it."""
    kept, why = [], ""
    for token in tokens:
        if token.type == "html_block":
            said = comment_of(token)
            why = said.removeprefix("not run:").strip() if said.startswith("not run:") else ""
            continue
        kept.append(token)
        if token.type == "fence" and why:
            kept.append(
                Token("html_block", "", 0, content=f'<p class="aside">Not run in the tests: {html.escape(why)}.</p>\n')
            )
            why = ""
    return kept
