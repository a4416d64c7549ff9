"""XML written in columns: an element is text for all its rows at once, and rows are then joined into their parents.

No row is ever a Python object. A null text is an element that the row does not have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from careloom.synth.days import Days
from careloom.synth.files.table import bytes_of, iso_text, word
from careloom.synth.world import Rows, Texts

Column: TypeAlias = pa.Array  # one text per row, or null
_NOTHING = pa.scalar(None, pa.string())
_SPECIAL = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))  # the ampersand first, for the others bring their own


def codes(values: Texts | NDArray[Any]) -> Column:
    """Codes and numbers as text that needs no escaping; "" becomes null."""
    return _or_null(pa.array(values).cast(pa.string()))


def escaped(values: Texts) -> Column:
    """Text in which anything may stand, such as a name; "" becomes null."""
    text = codes(values)
    for sign, reference in _SPECIAL:
        text = pc.replace_substring(text, sign, reference)
    return text


def dates(on: Days) -> Column:
    """Days as YYYY-MM-DD; NEVER becomes null."""
    return _or_null(iso_text(on))


def _or_null(text: Column) -> Column:
    return pc.if_else(pc.equal(text, word("")), _NOTHING, text)


def element(depth: int, name: str, text: Column) -> Column:
    """One line a row: <name>text</name>; null where the text is."""
    return pc.binary_join_element_wise(word(f"{'  ' * depth}<{name}>"), text, word(f"</{name}>\n"), word(""))


def together(*columns: Column | str) -> Column:
    """The columns of each row, one after the other, nulls left out."""
    texts = (word(column) if isinstance(column, str) else column for column in columns)
    return pc.binary_join_element_wise(*texts, word(""), null_handling="replace", null_replacement="")


def holding(depth: int, name: str, *inner: Column) -> Column:
    """An element around what the row has of `inner`; null where that is nothing."""
    indent, within = "  " * depth, _or_null(together(*inner))
    return pc.binary_join_element_wise(word(f"{indent}<{name}>\n"), within, word(f"{indent}</{name}>\n"), word(""))


def gathered(lines: Column, of: Rows, count: int) -> Column:
    """For each of `count` parents, the lines of the rows that are `of` it, in their order; "" where there are none."""
    order = np.argsort(of, kind="stable")
    upto = np.searchsorted(of[order], np.arange(count + 1)).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(upto, lines.take(order)), word(""))


def write_blocks(path: Path, head: str, blocks: Column, tail: str) -> None:
    """Write the head, every block and the tail."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(head.encode())
        if len(blocks):
            file.write(bytes_of(blocks))
        file.write(tail.encode())
