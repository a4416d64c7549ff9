"""What was paid for placements, joined to persons."""

from careloom.core import Ledger
from careloom.engine import Engine, count
from careloom.pathways.lives import NOBODY, PERSON_JOIN


def join_fees(engine: Engine) -> Ledger:
    """Make `fee` from `fee_row` and `person_of`. A rate whose child has no record in its return belongs to nobody."""
    engine.make(
        "fee",
        f"""SELECT person_of.person_id, told.la, told.starts_on, told.ends_on, told.component, told.amount, told.per,
                   told.delivery_id, told.line
            FROM fee_row AS told {PERSON_JOIN}""",
    )
    rows, joined = count(engine, "fee_row"), count(engine, "fee")
    ledger = Ledger()
    ledger.note("join to persons", "fee_row", "fee", rows, joined, {NOBODY: rows - joined})
    return ledger
