"""Do these records behave like those of real children? Signs that say no are counted, so that a report can say so."""

from collections.abc import Sequence

import pyarrow as pa

from careloom.catalogue import Sign
from careloom.core import Ledger
from careloom.engine import Engine

DOUBTFUL_SHARE = 0.2
"""Beyond one row in five, a sign is taken to say that the records are not of real children. Our choice, not measured on
real returns: the demonstration authority shows no sign in more than 2 rows of 100, files of random dates three in 55 to 84."""


def weigh_plausibility(engine: Engine, signs: Sequence[Sign]) -> Ledger:
    """Make `plausibility`: for each sign, the rows looked at in the common tables and how many show it."""
    found = [
        engine.rows(
            f"SELECT count(*) AS n, coalesce(sum(CASE WHEN is_implausible THEN 1 ELSE 0 END), 0) AS k FROM ({sign.select}) AS looked"
        )[0]
        for sign in signs
    ]
    engine.load(
        "plausibility",
        pa.table(
            {
                "sign": pa.array([sign.name for sign in signs], pa.string()),
                "meaning": pa.array([sign.meaning for sign in signs], pa.string()),
                "rows_in": pa.array([int(n) for n, _ in found], pa.int64()),
                "rows_implausible": pa.array([int(k) for _, k in found], pa.int64()),
            }
        ),
    )
    return Ledger()


def doubts(engine: Engine) -> list[str]:
    """Return, in words, the signs that more than one row in five shows."""
    shown = f"SELECT meaning FROM plausibility WHERE rows_implausible > {DOUBTFUL_SHARE} * rows_in ORDER BY sign"
    return [str(meaning) for (meaning,) in engine.rows(shown)]
