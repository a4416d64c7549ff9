"""The index: every heading of the site and every word of the glossary, in order of the alphabet, as one plain page."""

import re
from collections.abc import Iterable, Mapping

from website.markdown import Heading
from website.pages import Page

PATH = "index_of_words.md"


def word_page(headings: Mapping[str, Iterable[Heading]], titles: Mapping[str, str], glossary: str) -> Page:
    """Make the index of pages by path, given their headings and titles. A browser's own search finds a word in it."""
    found = {entry for path, of in headings.items() for entry in entries(path, of, titles[path])}
    found |= {
        (plain(word), "the glossary", "GLOSSARY.md")
        for word in re.findall(r"^\| ([^|]+?) \|", glossary, re.MULTILINE)[2:]
    }
    lines = ["# Index of words", "", "Look for a word with your browser's own search (Ctrl-F)."]
    letter = ""
    for word, where, link in sorted(found, key=order):
        if initial(word) != letter:
            letter = initial(word)
            lines += ["", f"## {letter}", ""]
        lines.append(f"- [{word}]({link})" + (f", in {where}" if where else ""))
    return Page(PATH, "Start here", "\n".join(lines) + "\n")


def entries(path: str, headings: Iterable[Heading], title: str) -> Iterable[tuple[str, str, str]]:
    """The title of a page, and each heading of it with the page it is in."""
    for heading in headings:
        is_title = heading.level == 1
        link = path if is_title else f"{path}#{heading.anchor}"
        yield plain(heading.text), "" if is_title else plain(title), link


def plain(text: str) -> str:
    """Text that is no Markdown: brackets would end a link, stars and underscores would slant it."""
    return "".join(f"\\{letter}" if letter in "[]*_<>`\\" else letter for letter in text)


def initial(word: str) -> str:
    first = word.lstrip("\\`'\"([")[:1].upper()
    return first if first.isalpha() else "0-9"


def order(entry: tuple[str, str, str]) -> tuple[str, str, str]:
    word, _where, link = entry
    return (initial(word), word.lower(), link)
