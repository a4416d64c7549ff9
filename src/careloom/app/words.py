"""What pages are asked and what they answer: plain values, so that a page knows nothing of the web."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from careloom.catalogue import Catalogue
from careloom.study import Study, read_study


@dataclass(frozen=True)
class Desk:
    """What is worked on: the study file, which is read anew for every page, as people change it, and the catalogue."""

    study_file: Path
    catalogue: Catalogue

    @property
    def study(self) -> Study:
        return read_study(self.study_file, self.catalogue)

    def command(self, *words: str) -> str:
        """The command line that does the same as the page; a word with a blank is put in quotation marks.

        >>> Desk(Path("ours.toml"), None).command("outcomes", "--of", "re entry")
        'careloom outcomes ours.toml --of "re entry"'
        """
        quoted = [f'"{word}"' if " " in word or not word else word for word in (str(self.study_file), *words[1:])]
        return " ".join(["careloom", words[0], *quoted])


@dataclass(frozen=True)
class Asked:
    """What a page is asked: its path, the words of its address, and of its form if one was sent (`is_sent`)."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    is_sent: bool = False


@dataclass(frozen=True)
class Page:
    """A page to be shown: its template, what is put into it, and the seconds after which it should be asked for again.

    One that `is_personal` tells of single children: it does not stay on the screen once the app would lock.
    """

    template: str
    words: Mapping[str, Any]
    status: int = 200
    again: int | None = None
    is_personal: bool = False


@dataclass(frozen=True)
class GoTo:
    """Another page to go to, as after a form was sent and done."""

    path: str


@dataclass(frozen=True)
class Given:
    """A file of the results that may be shared, as it is."""

    path: Path


@dataclass(frozen=True)
class Entry:
    """A page as the list of pages names it."""

    path: str
    title: str


ENTRIES = (
    Entry("/", "Study"),
    Entry("/came-in", "What came in"),
    Entry("/findings", "Findings"),
    Entry("/classes", "Categories"),
    Entry("/outcomes", "Outcomes"),
    Entry("/costs", "Costs"),
    Entry("/child", "One child"),
    Entry("/review", "Linkage review"),
)
"""The pages, in the order of the work."""
Answered = Page | GoTo | Given
Handler = Callable[[Desk, Asked], Answered]
