"""The code blocks of a page, and what the page says of each: whether it is run, what file it is, what it shows.

A page says so in comments, which no reader sees:

    <!-- starts with: results -->   once: the folder in which the page's blocks are run (SETTINGS)
    <!-- not run: REASON -->        before a block: the tests pass it over, and the site says why
    <!-- file: ours.toml -->        before a block: it is written into this file; <!-- at the end of: FILE --> adds to one
    <!-- shows -->                  before a block: each of its lines is in what the block before it printed

Every other block of `sh` or `python` is run, in the order of the page: tests/functional/test_docs.py.
"""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

SETTINGS = {
    "nothing": "an empty folder",
    "records": "the records of a tiny made-up authority, and a study file for them, ours.toml",
    "results": "the same, after careloom run ours.toml",
    "clone": "a copy of the repository",
}
RUN = ("sh", "python")
KINDS = (*RUN, "toml", "sql", "csv", "r", "text", "words")
"""`words` are broken where the page ends, `text` never: it may be a table."""
KNOWN = re.compile(r"(starts with|not run|file|at the end of): .+|shows", re.DOTALL)
COMMENT = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block: its kind, its text, the line of its fence, and what the comment before it says, if any."""

    kind: str
    text: str
    line: int
    not_run: str = ""
    file: str = ""
    adds: bool = False
    shows: bool = False

    @property
    def is_run(self) -> bool:
        return self.kind in RUN and not self.not_run and not self.file


def reader() -> MarkdownIt:
    """The Markdown that pages are written in: CommonMark and tables, as on GitHub."""
    return MarkdownIt("commonmark").enable("table")


def blocks_of(text: str) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    found, said = [], ""
    for token in reader().parse(text):
        if token.type == "html_block":
            said = comment_of(token)
        elif token.type == "fence":
            found.append(block(token, said))
            said = ""
        elif token.content:
            said = ""
    return found


def comment_of(token: Token) -> str:
    match = COMMENT.fullmatch(token.content.strip())
    return match.group(1) if match else ""


def block(token: Token, said: str) -> Block:
    about, _, rest = said.partition(":")
    kind, line, rest = token.info.strip(), (token.map or [0])[0] + 1, " ".join(rest.split())
    if about == "not run":
        return Block(kind, token.content, line, not_run=rest)
    if about in ("file", "at the end of"):
        return Block(kind, token.content, line, file=rest, adds=about != "file")
    return Block(kind, token.content, line, shows=said == "shows")


def setting_of(text: str) -> str:
    """Return what a page starts with; without a word of it, nothing."""
    said = re.search(r"^<!-- starts with: (\w+) -->$", text, re.MULTILINE)
    return said.group(1) if said else "nothing"


def problems_of(text: str) -> list[str]:
    """Say what is wrong with a page's blocks and comments, each with its line."""
    found = [problem for block in blocks_of(text) if (problem := problem_of(block))]
    if setting_of(text) not in SETTINGS:
        found.append(f"starts with: {setting_of(text)} is none of {', '.join(SETTINGS)}")
    for token in reader().parse(text):
        line = (token.map or [0])[0] + 1
        if token.type == "html_block" and not KNOWN.fullmatch(comment_of(token)):
            found.append(f"line {line}: not a comment we know, or other HTML")
        if any(child.type == "html_inline" for child in token.children or []):
            found.append(f"line {line}: HTML; write Markdown, or put it between backticks")
    return found


def problem_of(block: Block) -> str:
    if block.kind not in KINDS:
        return f"line {block.line}: a code block should say what it is: {', '.join(KINDS)}"
    return ""
