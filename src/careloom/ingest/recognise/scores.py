"""How like two texts are, and when one candidate is so much nearer than the others that it may be proposed.

A text is scored by the letters it shares, in order, with a way of writing (RapidFuzz ratio, with the words sorted or
run together; 0 to 100). Scores that reward a part for the whole (token_set_ratio, WRatio) took "male" for "male and
female" in trials with misspelt labels; these did not.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz

from careloom.ingest.recognise.shorthand import is_of_others
from careloom.ingest.recognise.words import letters, spoken

CLEAR = 88.0
"""From this score on a candidate may be proposed; below, a text is unknown."""
LEAD = 5.0
"""And it must be so much nearer than the next, or the two are unclear."""
WORTH_SAYING = 60.0
"""A candidate below this is not even named."""
FEWEST_LETTERS = 4
"""Shorter texts are codes or abbreviations, of which any two look alike."""
NEGATIONS = {"not", "no", "non", "never", "without", "neither", "nor"}


@dataclass(frozen=True)
class Best:
    """The nearest candidate and the one after it, blank where there is none: proposed, unclear or unknown."""

    how: str
    name: str = ""
    score: int = 0
    or_else: str = ""


NONE = Best("unknown")


class Scorer:
    """Ways in which some names (columns, codes) are written; each is prepared once."""

    def __init__(self, ways: Iterable[tuple[str, str]]) -> None:
        prepared = dict.fromkeys((name, spoken(way)) for name, way in ways)
        self.ways = [(name, Words(words)) for name, words in prepared if letters(words) >= FEWEST_LETTERS]

    def best(self, text: str) -> Best:
        """Return the name that the text is most like, and whether it may be proposed."""
        words = Words(spoken(text))
        if letters(words.plain) < FEWEST_LETTERS:
            return NONE
        scores: dict[str, tuple[float, str]] = {}
        for name, way in self.ways:
            if score := likeness(words, way):
                scores[name] = max(scores.get(name, (0.0, "")), (score, way.plain))
        if not scores:
            return NONE
        ranked = sorted(scores.items(), key=lambda scored: (-scored[1][0], scored[0]))
        name, (score, like) = ranked[0]
        second, (next_score, _) = ranked[1] if len(ranked) > 1 else ("", (0.0, ""))
        return Best(verdict(score, next_score, is_opposed(words.plain, like)), name, round(score), second)


class Words:
    """A normalised text, ready to be compared: as it is, with its words sorted, and run together."""

    def __init__(self, plain: str) -> None:
        self.plain, self.sorted, self.joined = plain, " ".join(sorted(plain.split())), plain.replace(" ", "")


def likeness(words: Words, way: Words) -> float:
    """Return how like two texts are, up to 100, whatever the order of words and the spaces between them.

    0 is less than is worth saying: so unlike that comparing them stopped early.
    """
    return max(
        fuzz.ratio(words.sorted, way.sorted, score_cutoff=WORTH_SAYING),
        fuzz.ratio(words.joined, way.joined, score_cutoff=WORTH_SAYING),
    )


def verdict(score: float, next_score: float, opposed: bool) -> str:
    if score < CLEAR:
        return "unknown"
    return "unclear" if opposed or score - next_score < LEAD else "proposed"


def is_opposed(words: str, way: str) -> bool:
    """Whether one says "not", another number, or whom it is for where the other does not: alike in letters, not in meaning."""
    ours, theirs = set(words.split()), set(way.split())
    says_not = bool(ours & NEGATIONS) != bool(theirs & NEGATIONS)
    undone = any(f"un{word}" in theirs for word in ours - theirs) or any(f"un{word}" in ours for word in theirs - ours)
    return says_not or undone or digits(words) != digits(way) or is_of_others(words, way)


def digits(words: str) -> str:
    return " ".join("".join(mark if mark.isdigit() else " " for mark in words).split())
