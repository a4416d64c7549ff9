"""What people write around the name of a service, and the short forms that they write it in.

Two lists that are general, and short on purpose: whatever could mean two things is not in them (`PA`, `sup`, `prev`,
`int`, `FS`), and stands as it was written.
"""

import re
from dataclasses import dataclass

from careloom.ingest.recognise.words import spoken, tidy

LONG_FORMS = {
    # people and work
    "fsw": "family support worker",
    "fs worker": "family support worker",
    "fam": "family",
    "yp": "young person",
    "young persons": "young person",
    "young people": "young person",
    "cyp": "children and young person",
    "wkr": "worker",
    "wrkr": "worker",
    "keyworker": "key worker",
    "supp": "support",
    "indep": "independent",
    "co ordinator": "coordinator",
    "coord": "coordinator",
    "co ord": "coordinator",
    "couns": "counselling",
    "tx": "therapy",
    "occ": "occupational",
    "ot": "occupational therapy",
    "salt": "speech and language therapy",
    "assmt": "assessment",
    # what it is about
    "da": "domestic abuse",
    "dv": "domestic abuse",
    "dva": "domestic abuse",
    "dom abuse": "domestic abuse",
    "domestic violence": "domestic abuse",
    "perp": "perpetrator",
    "mh": "mental health",
    "d and a": "drug and alcohol",
    "subst": "substance",
    "subs misuse": "substance misuse",
    "cse": "child sexual exploitation",
    "cce": "child criminal exploitation",
    "csa": "child sexual abuse",
    "hsb": "harmful sexual behaviour",
    "sgo": "special guardianship order",
    "eoc": "edge of care",
    "yot": "youth justice service",
    "yos": "youth justice service",
    "yjs": "youth justice service",
    "youth offending team": "youth justice service",
    "youth offending service": "youth justice service",
    "s17": "section 17",
    "s 17": "section 17",
    "sec 17": "section 17",
    # how it is given
    "prog": "programme",
    "program": "programme",
    "grp": "group",
    "sess": "sessions",
    "conf": "conference",
    "svc": "service",
    "serv": "service",
    "pkg": "package",
    "pymt": "payment",
    "pmt": "payment",
    "pers": "personal",
    "hrs": "hours",
    "1 1": "one to one",
    "1 2 1": "one to one",
    "1 to 1": "one to one",
    "121": "one to one",
    # places
    "resi": "residential",
    "resid": "residential",
    "accom": "accommodation",
    "accomm": "accommodation",
    "agy": "agency",
}
"""Short forms of the sector, and old names that everybody still writes; each is one thing, wherever it stands."""

SHORT = re.compile(rf"\b(?:{'|'.join(sorted(LONG_FORMS, key=len, reverse=True))})\b")

UNIT = r"(?:hours?|hrs?|sessions?|sess|visits?|weeks?|wks?|appointments?|appts?|units?)"
OFTEN = r"(?:p\.?/?w|(?:per|a|each|/)\s?(?:week|wk|fortnight|month)|weekly|wkly|fortnightly|monthly)"
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DAY = rf"(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}|(?:\d{{1,2}}\s)?{MONTH}\s(?:20)?\d{{2}}|20\d{{2}}[/-](?:20)?\d{{2}})"
NUMBER = r"\d{1,3}(?:\.\d+)?"
ASIDE = (
    rf"x\s?{NUMBER}(?:\s?{UNIT})?(?:\s?{OFTEN})?",
    rf"{NUMBER}\s?{UNIT}(?:\s?{OFTEN})?",
    rf"(?:{NUMBER}\s?)?(?:x\s?)?{OFTEN}",
    rf"(?:(?:from|since|until|till|w\.?e\.?f|w/c|start(?:ed|ing|s)?)\s)?{DAY}(?:\s?(?:-|\u2013|to|until)\s?{DAY})?",
    r"on-?\s?going|continuing|see notes|ref'?d|referred|(?:agreed|approved)(?:\s(?:at|by)\spanel)?",
    r"(?:\d(?:st|nd|rd|th)|first|second|third|further)\sblock|block\s\d",
)
"""How much, when, and how far it has got: it says nothing of what the service is. Nights and days do, and stay."""
OF_US = r"in-?\s?house|internal|l\.?a\.?|local authority|council"
DOUBT = r"\?+|\b(?:tbc|tba|to be (?:confirmed|agreed))"
PARTED, AFTER_MARK = r"[\s\-\u2013(\[,;/]+", r"\s*[-\u2013(\[]\s*"
ENDS = re.compile(
    rf"(?:{PARTED}(?:{'|'.join(ASIDE)})|{AFTER_MARK}(?:{OF_US})|\s*[-\u2013(\[]?\s*(?P<doubt>{DOUBT}))[\s)\].,;]*$",
    re.IGNORECASE,
)
MORE_SAID = re.compile(r"(.*\S)(?:\s+[-\u2013]\s+|\s*[(\[])([^()\[\]]+?)[)\]]?")
PARENT = {"mum", "mums", "mother", "mothers", "dad", "dads", "father", "fathers", "parent", "parents", "parental", "adult", "adults"}  # fmt: skip
CHILD = {"child", "childs", "children", "childrens", "young", "youth", "yp", "cyp", "teen", "teenage", "adolescent"}
NOT_GIVEN = {"not", "no", "never", "declined", "refused", "cancelled", "ended", "closed", "stopped", "waiting", "dna"}
FILLERS = {"worker", "work", "practitioner", "key", "visit", "session", "hours", "appointment", "service", "team", "support", "one", "to", "the", "a", "of", "for", "with", "and"}  # fmt: skip
"""Words that go with the name of any service."""


@dataclass(frozen=True)
class Bare:
    """A text without what was written behind the name of the service. `is_doubtful` when that was a "?" or "tbc"."""

    text: str
    is_doubtful: bool


def bare(text: str) -> Bare:
    """Take from the end of a text what only says how much, when, or how far it has got: `FSW x6 (ongoing)` is `FSW`."""
    text, is_doubtful = tidy(text), False
    while (end := ENDS.search(text)) and end.start() > 0:
        is_doubtful = is_doubtful or end["doubt"] is not None
        text = text[: end.start()].rstrip()
    return Bare(text, is_doubtful)


def in_full(text: str) -> str:
    """Return the words of a text with short forms written out: `Fam supp wkr` is `family support worker`."""
    return SHORT.sub(lambda short: LONG_FORMS[short[0]], spoken(text))


def without_more(text: str) -> tuple[str, str] | None:
    """Cut `Triple P - Harbour Trust` or `Triple P (Harbour Trust)` before what is said beside; None when nothing is.

    Nor is it cut where that says for whom, or that it was not given: it is then another thing, or none.
    """
    cut = MORE_SAID.fullmatch(text)
    return (cut[1], cut[2]) if cut and not is_another(cut[2]) else None


def is_another(beside: str) -> bool:
    """Whether words beside a name make it another thing: they say for whom, or that it was not given."""
    return bool(set(spoken(beside).split()) & (PARENT | CHILD | NOT_GIVEN))


def core(text: str) -> str:
    """Return what a text is about: its words in full, each once, sorted, a parent always as `parent`; no plural, no filler."""
    words = {"parent" if word in PARENT else singular(word) for word in in_full(text).split()}
    return " ".join(sorted(words - FILLERS))


def singular(word: str) -> str:
    if word in ("children", "childrens"):
        return "child"
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word


def is_not_given(text: str) -> bool:
    """Whether a text says that the service was declined, has ended or is waited for: a person should look."""
    return bool(set(spoken(text).split()) & NOT_GIVEN)


def is_of_others(words: str, way: str) -> bool:
    """Whether one is for the parent and the other for the child, or says nothing of the parent."""
    ours, theirs = set(words.split()), set(way.split())
    of_parent, of_child = bool(ours & PARENT), bool(ours & CHILD)
    return (of_parent and not theirs & PARENT) or (of_child and bool(theirs & PARENT) and not of_parent)
