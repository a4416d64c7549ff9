"""How much of what was written was understood, and how: counts of headings and of the cells of each code set."""

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa

from careloom.engine import Engine
from careloom.ingest.recognise import CodeReader, Recognition

RECOGNITION = pa.schema(
    [
        *((name, pa.string()) for name in ("kind", "scope", "how")),
        ("is_used", pa.bool_()),
        ("texts", pa.int64()),
        ("rows", pa.int64()),
    ]
)
UNUSED_HEADINGS = ("proposed", "unclear", "unknown", "left aside")


def load_recognition(engine: Engine, headings: Iterable[Recognition], readers: Iterable[CodeReader]) -> None:
    """Make `recognition`: different texts and cells by kind, scope and how they were understood."""
    texts, rows = Counter[tuple[str, str, str, bool]](), Counter[tuple[str, str, str, bool]]()
    for heading in headings:
        how = "left aside" if heading.how == "confirmed" and not heading.means else heading.how
        key = (heading.kind, heading.scope, how, how not in UNUSED_HEADINGS)
        texts[key] += 1
        rows[key] += heading.times
    for reader in readers:
        for text, reading in reader.readings.items():
            how = "left aside" if reading.how == "confirmed" and reading.code is None else reading.how
            key = ("value", reader.scope, how, reading.code is not None)
            texts[key] += 1
            rows[key] += reader.times[text]
    counted = [dict(zip(RECOGNITION.names, (*key, texts[key], rows[key]), strict=True)) for key in sorted(texts)]
    engine.load("recognition", pa.Table.from_pylist(counted, RECOGNITION))
