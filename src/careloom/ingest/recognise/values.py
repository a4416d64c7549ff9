"""Codes as people write them: `1.0`, `01`, `RC7 - label`, `a) WBRI`, the label itself, misspelt, or under an old name."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from careloom.core import Code, CodeSet
from careloom.ingest.recognise.decisions import SHARED, VALUE, Decisions, Recognition
from careloom.ingest.recognise.scores import Scorer
from careloom.ingest.recognise.shorthand import bare, core, in_full, is_another, is_not_given, singular, without_more
from careloom.ingest.recognise.words import (
    LIKE_A_CODE,
    code_and_label,
    code_form,
    fold,
    labels_beside_codes,
    squeeze,
    tidy,
)

KEPT = "kept as written"
MOST_TEXTS = 5_000
"""Beyond so many different texts a column is not of codes: the rest is looked up, but neither scored nor listed."""
LONGEST = 200
"""A longer text is prose in the wrong column: it is not searched for codes, nor scored."""


@dataclass(frozen=True)
class Reading:
    """What a text was read as. `code` is None when it is not used.

    `how` is exact, normalised, spelling, confirmed (a person said so, or to leave it aside), kept as written (like an
    old or local code), proposed, unclear or unknown. For one not used, `means` is the code it may be and `or_else` the next.
    """

    code: str | None
    how: str
    means: str = ""
    score: int = 0
    or_else: str = ""


class CodeReader:
    """Reads the codes of one set, each distinct text once, and keeps count of what was not exact.

    With `accept`, what would be proposed is taken as confirmed and will be written so.
    """

    def __init__(self, code_set: CodeSet, scope: str, decisions: Decisions, accept: bool = False) -> None:
        self.code_set, self.scope, self.decisions, self.accept = code_set, scope, decisions, accept
        self.labels = {code.code: code.label for code in code_set.codes}
        self.exact = {fold(code.code): code.code for code in code_set.codes}
        self.codes = gathered((form, code.code) for code in code_set.codes for form in forms_of_code(code))
        self.names = gathered((code_form(code.label), code.code) for code in code_set.codes)
        self.spellings = gathered((form, code.code) for code in code_set.codes for form in forms_of_spellings(code))
        self.as_spelt = gathered((fold(way), code.code) for code in code_set.codes for way in code.also)
        ways = [(code.code, way) for code in code_set.codes for way in (code.label, *code.also)]
        of_services = ways if scope == SHARED else []  # of which more is written than their names
        self.in_full = gathered((squeeze(in_full(way)), code) for code, way in of_services)
        self.cores = gathered((core(way), code) for code, way in of_services if is_enough(way))
        self.scorer = Scorer((code, in_full(way)) for code, way in ways)
        self.readings: dict[str, Reading] = {}
        self.times: Counter[str] = Counter()

    def read(self, text: str) -> Reading:
        """Return what a cell's text means. Never guesses between two near candidates."""
        if text not in self.readings:
            if len(self.readings) >= MOST_TEXTS:
                return Reading(None, "unknown") if fold(text) not in self.exact else self._read(tidy(text))
            self.readings[text] = self._read(tidy(text))
        return self.readings[text]

    def count(self, text: str, times: int) -> None:
        """Say how often a text that was read occurs."""
        self.times[text] += times

    def recognitions(self) -> list[Recognition]:
        """Return every text read that is not exactly a code of the set, with how often it was counted."""
        return [
            self._recognition(text, reading)
            for text, reading in self.readings.items()
            if reading.how != "exact" and text.strip()
        ]

    def _read(self, text: str) -> Reading:
        if code := self.exact.get(fold(text)):
            return Reading(code, "exact")
        if decided := self.decisions.get(VALUE, self.scope, text):
            return Reading(decided.means, "confirmed", decided.means or "")
        if reading := self._as_written(text):
            return reading
        if len(text) > LONGEST:
            return Reading(None, "unknown")
        if reading := self._glued(text) or self._kept(text):
            return reading
        return self._service(text) if self.scope == SHARED else self._scored(text)

    def _as_written(self, text: str) -> Reading | None:
        """Read a code, a label or a spelling that differs only in how it is put. A label or spelling as the catalogue
        has it is a spelling. Where two codes have one label, the one that declares the text is meant."""
        form = code_form(text)
        declared = self.as_spelt.get(fold(text), set())
        direct = self.codes.get(form, set()) | self.names.get(form, set())
        if len(declared) == 1 and (not direct or declared <= direct):
            return one_of(declared, "spelling")
        codes = direct | declared | self.spellings.get(form, set())
        is_label = any(fold(text) == fold(self.labels[code]) for code in codes)
        return one_of(codes, "normalised" if direct and not is_label else "spelling")

    def _glued(self, text: str) -> Reading | None:
        """Read a code with words beside it. They must not say another code; and where the code is a word itself, or
        nothing parts it from them, they must say the same one."""
        if (cut := code_and_label(text)) and (code := self._only_code(cut[0])):
            said = self._said_by(cut[1])
            if said and code not in said:
                return one_of({code} | said, "unclear")
            if said or any(mark.isdigit() for mark in code):
                return Reading(code, "normalised", code)
            return Reading(None, "unclear", code) if is_another(cut[1]) else self._proposed(code, 100)
        for head, label in labels_beside_codes(text):
            code = self._only_code(head)
            if code and (said := self._said_by(label)):
                return one_of({code} if code in said else {code} | said, "normalised")
        return None

    def _only_code(self, head: str) -> str | None:
        """Return the one code that a head such as `RC7` is written for."""
        codes = self.codes.get(code_form(head), set()) if head else set()
        return next(iter(codes)) if len(codes) == 1 else None

    def _said_by(self, label: str) -> set[str]:
        """Return the codes that the words beside a code say: by label, by spelling, or as codes among the words."""
        form = code_form(label)
        said = self.names.get(form, set()) | self.spellings.get(form, set())
        for word in label.replace("/", " ").replace(",", " ").split():
            if any(mark.isdigit() for mark in word):
                said = said | self.codes.get(code_form(word), set())
        return said

    def _kept(self, text: str) -> Reading | None:
        code = text.upper()
        is_kept = self.scope != SHARED and LIKE_A_CODE.fullmatch(code)  # a service has no old or local codes
        return Reading(code, KEPT, code) if is_kept else None

    def _service(self, text: str) -> Reading:
        """Read the name of a service among the other things that are written with it."""
        if reading := self._around(text):
            return reading
        plain = bare(text).text
        near = self._about(plain) or self._scored(plain)
        if near.how != "unknown":
            return Reading(None, "unclear", near.means, near.score, near.or_else) if is_not_given(plain) else near
        cut = without_more(plain)
        head = self._scored(bare(cut[0]).text) if cut else near
        return near if head.how == "unknown" else head

    def _around(self, text: str) -> Reading | None:
        """Read a service with its quantity, its days or how far it has got behind it; None when it is not known.

        Where the writer was in doubt, or more is said (who gives it, mostly), it is only proposed; and where that is
        another service, it is unclear.
        """
        plain = bare(text)
        if known := self._named(plain.text):
            return self._proposed(known.code, 100) if known.code and plain.is_doubtful else known
        if not (cut := without_more(plain.text)):
            return None
        before, beside = self._around(cut[0]), self._named(bare(cut[1]).text)
        said = {code for known in (before, beside) if known for code in (known.means, known.or_else) if code}
        return self._proposed(said.pop(), 100) if len(said) == 1 else one_of(said, "unclear")

    def _named(self, text: str) -> Reading | None:
        """Read a code, label or spelling, also where one of them has short forms that the other writes out."""
        known = self._as_written(text) or one_of(self.in_full.get(squeeze(in_full(text)), set()), "normalised")
        return Reading(known.code, "normalised", known.means) if known and known.code else known

    def _about(self, text: str) -> Reading | None:
        """Propose what has the same words in another order, or with others that go with any service (`team`)."""
        near = one_of(self.cores.get(core(text), set()), "proposed")
        return self._proposed(near.code, 100) if near and near.code else near

    def _scored(self, text: str) -> Reading:
        best = self.scorer.best(in_full(text))
        if best.how == "proposed":
            return self._proposed(best.name, best.score, best.or_else)
        if best.how == "unknown":  # the nearest is no proposal: who writes yes all the way down would confirm nonsense
            return Reading(None, "unknown", "", best.score, best.name)
        return Reading(None, best.how, best.name, best.score, best.or_else)

    def _proposed(self, code: str, score: int, or_else: str = "") -> Reading:
        if self.accept:
            return Reading(code, "confirmed", code, score, or_else)
        return Reading(None, "proposed", code, score, or_else)

    def _recognition(self, text: str, reading: Reading) -> Recognition:
        is_accepted = self.accept and reading.how == "confirmed"
        return Recognition(
            kind=VALUE,
            scope=self.scope,
            written=tidy(text),
            times=self.times[text],
            means=reading.means,
            meaning=self.labels.get(reading.means, ""),
            how=reading.how,
            score=reading.score,
            or_else=reading.or_else,
            decision=reading.means if is_accepted and not self.decisions.get(VALUE, self.scope, text) else "",
        )


def gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Return the codes that each form may stand for. A blank form stands for none."""
    codes: dict[str, set[str]] = defaultdict(set)
    for form, code in pairs:
        if form:
            codes[form].add(code)
    return dict(codes)


def is_enough(way: str) -> bool:
    """Whether what a way is about is still said without the words that go with any service."""
    words = core(way).split()
    return len(words) > 1 or words == [singular(word) for word in in_full(way).split()]


def forms_of_code(code: Code) -> list[str]:
    """Return the forms of a code; one that the catalogue glues to its label goes by its beginning too."""
    glued = code_and_label(code.code)
    return [code_form(code.code), *([code_form(glued[0])] if glued else [])]


def forms_of_spellings(code: Code) -> list[str]:
    """Return the forms of a code's declared spellings, and the codes that begin them (`n) 5A: label`), but no words."""
    heads = [glued[0] for way in code.also if (glued := code_and_label(way))]
    heads = [head for head in heads if any(map(str.isdigit, head)) or fold(head) == fold(code.code)]
    return [code_form(way) for way in (*code.also, *heads)]


def one_of(codes: set[str], how: str) -> Reading | None:
    """Return the reading of a text that may stand for these codes: used when there is but one, never between two."""
    if not codes:
        return None
    first, *others = sorted(codes)
    return Reading(None, "unclear", first, 0, others[0]) if others else Reading(first, how, first)
