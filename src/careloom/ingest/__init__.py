"""Files become typed tables, and those the common rows; what does not fit is set aside with a reason, never dropped."""

from careloom.ingest.common import say_in_common
from careloom.ingest.deliveries import Delivery, ingest

__all__ = ["Delivery", "ingest", "say_in_common"]
