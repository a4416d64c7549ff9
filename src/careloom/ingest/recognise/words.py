"""Words as people write them, brought to one way of writing, so that only a difference in meaning is a difference."""

import re
import unicodedata
from functools import lru_cache

LIKE_A_CODE = re.compile(r"[A-Z]{0,3}\d{1,3}[A-Z]?")
"""Old and local codes look like this, and are kept as written where a set does not hold them."""

MOJIBAKE = {"â€™": "'", "â€˜": "'", "â€“": "-", "â€”": "-", "â€œ": '"', "â€\x9d": '"', "Â\xa0": " ", "Â£": "£"}  # noqa: RUF001 - as UTF-8 looks when it was read as Windows-1252
QUOTES = re.compile("['\"`´‘’‚‛“”„ʼ′″\ufffd]")  # noqa: RUF001 - these are the quotes that word processors write
NO_LETTER = re.compile(r"[\W_]+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
LIST_MARK = re.compile(r"^\s*(?:\(?[A-Za-z]{1,2}\)|[a-z]\.\s)\s*(?=\S)")
WHOLE_AS_FRACTION = re.compile(r"([A-Za-z]*\d+)\.0+")
LEADING_ZEROS = re.compile(r"0+(?=\d)")
SIGN_BEFORE_CODE = re.compile(r"[?<>~%£$]|^\s*[-\u2013]\s*\d|\d\s*\+")
MARK = r"\s*(?:[-\u2013\u2014:=.,/)\]]\s*)+"
CODE = r"(?=[A-Za-z0-9])[A-Za-z_]{0,40}\d{0,3}[A-Za-z]?"
CODE_THEN_LABEL = re.compile(rf"[(\[]?({CODE}){MARK}(.*[A-Za-z]{{2}}.*)")
CODE_SPACE_LABEL = re.compile(rf"({CODE})\s+(.*[A-Za-z]{{2}}.*)")
LABEL_THEN_CODE = re.compile(rf"(.*[A-Za-z]{{2}}.*?)(?:\s*[(\[]\s*|{MARK})({CODE})\s*[)\]]?")


def tidy(text: str) -> str:
    """Return the text with every run of blanks, non-breaking ones too, as one space."""
    return " ".join(text.split())


@lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """Return the text as compared for "equal after trimming, in any case"."""
    return tidy(text).casefold()


def normalise(text: str) -> str:
    """Return lower-case words parted by single spaces: no punctuation, no quotes, no accents, `&` as "and"."""
    for wrong, right in MOJIBAKE.items():
        text = text.replace(wrong, right)
    for _ in range(2):  # lower case can bring new accents to take apart, and those new capitals
        text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(mark for mark in text if not unicodedata.combining(mark))
    text = QUOTES.sub("", text).replace("&", " and ")
    return tidy(NO_LETTER.sub(" ", text))


@lru_cache(maxsize=50_000)
def squeeze(text: str) -> str:
    """Return the normalised text without spaces, save between two digits: `1 1` is not eleven."""
    return re.sub(r"(?<!\d) | (?!\d)", "", normalise(text))


def spoken(heading: str) -> str:
    """Return the words of a heading, with those that camelCase runs together taken apart."""
    return normalise(CAMEL.sub(" ", heading))


def letters(text: str) -> int:
    return sum(mark.isalpha() for mark in text)


def without_list_mark(text: str) -> str:
    """Return the text without the letter that begins an entry of a list: `a) WBRI`, `(b) Female`."""
    return LIST_MARK.sub("", text, count=1)


def code_form(text: str) -> str:
    """Return a code or label as compared: `01`, `1.0` and `a) 1` are `1`, `rc 7` is `rc7`. Blank when there is none.

    A sign before or after a number says another thing than the number, so such a text has no form.
    """
    text = without_list_mark(tidy(text))
    if SIGN_BEFORE_CODE.search(text):
        return ""
    whole = WHOLE_AS_FRACTION.fullmatch(text)
    form = squeeze(whole[1] if whole else text)
    return LEADING_ZEROS.sub("", form, count=1) if form.isdigit() else form


def code_and_label(text: str) -> tuple[str, str] | None:
    """Cut `RC7 - label`, `RC7: label`, `n) 5A: label` into code and label; None when the text is not so written."""
    cut = CODE_THEN_LABEL.fullmatch(without_list_mark(tidy(text)))
    return (cut[1], cut[2]) if cut else None


def labels_beside_codes(text: str) -> list[tuple[str, str]]:
    """Cut `RC7 label`, `label (RC7)` or `label - RC7` into code and label: so loose that the two must agree."""
    text = without_list_mark(tidy(text))
    before, after = CODE_SPACE_LABEL.fullmatch(text), LABEL_THEN_CODE.fullmatch(text)
    cuts = [(before[1], before[2])] if before else []
    return cuts + ([(after[2], after[1])] if after else [])
