"""Deliveries become the typed tables of their returns. What one file does wrong does not stop the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from careloom.catalogue import Catalogue
from careloom.core import Ledger
from careloom.engine import Engine
from careloom.ingest.door import Door
from careloom.ingest.load import load_codes, load_deliveries, load_returns, load_set_aside
from careloom.ingest.parts import Delivery, File
from careloom.ingest.reading import Reading
from careloom.ingest.recognise import Decisions, Recognition
from careloom.ingest.side_by_side import read_all
from careloom.ingest.stitch import stitch_all
from careloom.ingest.understood import load_recognition
from careloom.ingest.years import settle

NOTHING_DECIDED = Decisions()


@dataclass(frozen=True)
class Ingested:
    """The account of every row, and all that was not recognised exactly, for a person to confirm or overrule."""

    ledger: Ledger
    recognitions: tuple[Recognition, ...]


def ingest(
    engine: Engine,
    catalogue: Catalogue,
    *,
    deliveries: Sequence[Delivery],
    decisions: Decisions = NOTHING_DECIDED,
    accept: bool = False,
    door: Door | None = None,
    on_file: Callable[[int, int], None] = lambda number, of: None,
) -> Ingested:
    """Read every delivered file into `{return}_{table}`; say how it went in `delivery`, `set_aside` and `recognition`.

    Each typed row carries delivery_id, la, collection_year, line and standing: `current`, `superseded` by a later
    return of the same authority, or `duplicate` of a key in the same return. `{return}_{table}_joined` holds one row a
    key, the latest return winning field by field, and `override` each field that did. Loads all code sets as `code`.

    `decisions` are what a person said of headings and values before; with `accept`, every clear proposal counts as
    confirmed. `door` keeps out what no agreement covers; without one all is read. `on_file` hears which file is being read, and of how many.
    """
    paths = [(delivery, path) for delivery in deliveries for path in delivery.files]
    files = [File(delivery, path) for delivery, path in paths]
    door = door or Door()
    reading = Reading(engine, catalogue.returns, decisions, accept=accept, door=door)
    read_all(reading, files, on_file)
    settle(files)
    load_deliveries(engine, files)
    load_codes(engine, catalogue)
    ledger = door.ledger()
    ledger.extend(load_returns(engine, catalogue, files))
    load_set_aside(engine)
    load_recognition(engine, reading.headings, reading.readers.values())
    ledger.extend(stitch_all(engine, catalogue))
    return Ingested(ledger, tuple(reading.recognitions))
