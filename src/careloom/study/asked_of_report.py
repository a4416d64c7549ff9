"""[report] of the study file: which authorities have a profile of their own, and what pooled picture stands beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from careloom.core import Keys, StudyError, nearest
from careloom.disclose import Profile
from careloom.report.beside import Pooled, read_pooled


@dataclass(frozen=True)
class AskedOfReport:
    """Authorities named for a profile (none: all, where they are few), and a pooled study's released numbers, if any."""

    authorities: tuple[str, ...]
    pooled: Pooled | None


def read_asked_of_report(keys: Keys, home: Path) -> AskedOfReport:
    """Read [report]. Raises StudyError naming the key, or the file, at fault."""
    authorities = tuple(map(str, keys.texts("authorities", [])))
    pooled = read_pooled(home / keys.text("beside")) if "beside" in keys.values else None
    keys.done()
    return AskedOfReport(authorities, pooled)


def check_report(asked: AskedOfReport, known: Sequence[str], disclosure: Profile, where: str) -> None:
    """Raise StudyError when nothing was handed over of an authority, or when neither study rounds.

    Exact numbers of one authority, taken from exact numbers of all, would leave those of the others.
    """
    for name in asked.authorities:
        if name not in known:
            raise StudyError(f'{where}: authorities under [report]: no delivery is of "{name}"{nearest(name, known)}')
    if asked.pooled and not asked.pooled.is_rounded and disclosure.base == 1:
        raise StudyError(
            f"{where}: beside under [report] needs rounded numbers in this study or in the other: exact ones of both would tell of other authorities"
        )
