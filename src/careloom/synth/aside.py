"""Which true person each record of a system is of: kept aside with the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from careloom.synth.files.table import Column
from careloom.synth.world import Rows, Texts


@dataclass(frozen=True)
class Trace:
    """One row per record: the system's own identifier of the record, and the number of the true person."""

    system: str
    record_id: Texts
    person: Rows


@dataclass(frozen=True)
class Aside:
    """What a writer knows that its files do not say: whose each record is, and tables of the truth by their name."""

    traces: tuple[Trace, ...] = ()
    tables: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)
