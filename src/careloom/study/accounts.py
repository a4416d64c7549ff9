"""What every run and stock-taking owes its user: each row accounted for, and each file that could not be read named."""

from pathlib import Path

from careloom.core import CareloomError, Ledger
from careloom.engine import Engine

READING, LATEST, TAKING = "read files", "keep the latest return", "take the common tables"


def check_balance(ledger: Ledger) -> None:
    """Raise CareloomError when rows were lost on the way, which would be a fault of Careloom."""
    if faults := ledger.faults():
        raise CareloomError("rows were lost on the way, a fault in Careloom itself:\n  " + "\n  ".join(faults))


def refused(engine: Engine) -> tuple[str, ...]:
    """Name each refused file and say why. The name is kept from what is released: a file may be named after a child."""
    told = "SELECT file_name, message FROM delivery WHERE state = 'refused' ORDER BY delivery_id"
    return tuple(f"{name}: {message}" for name, message in engine.rows(told))


def waiting(engine: Engine) -> int:
    """Return how many headings and texts are not sure, and so not used until a person decides in recognised.csv."""
    asked = """SELECT sum(texts) AS n FROM recognition
        WHERE how IN ('proposed', 'unclear') OR (how = 'unknown' AND kind = 'value')"""
    return int(engine.rows(asked)[0][0] or 0)


def wait(texts: int, recognised: Path) -> str:
    """Say that they wait, and where."""
    what = "1 heading or text waits" if texts == 1 else f"{texts:,} headings and texts wait"
    return f"{what} for your decision in {recognised}, and what they say is set aside until then"
