"""Files become typed tables, and those the common rows; what does not fit is set aside with a reason, never dropped."""

from careloom.ingest.common import say_in_common
from careloom.ingest.deliveries import Ingested, ingest
from careloom.ingest.door import Door
from careloom.ingest.given import check_given, load_nothing_read, take_given
from careloom.ingest.parts import Delivery
from careloom.ingest.propose import propose_map
from careloom.ingest.recognise import Decisions
from careloom.ingest.years import UNSTATED

__all__ = [
    "UNSTATED",
    "Decisions",
    "Delivery",
    "Door",
    "Ingested",
    "check_given",
    "ingest",
    "load_nothing_read",
    "propose_map",
    "say_in_common",
    "take_given",
]
