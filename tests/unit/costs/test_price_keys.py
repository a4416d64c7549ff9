"""What may change a price, as one number, and back again."""

import pyarrow as pa
import pytest

from careloom.core import RequestError
from careloom.costs.prices import PLACES_OF, ROOM, check_room, keys_of, price_key
from careloom.engine import Engine


def test_a_key_tells_the_numbers_that_it_is_made_of(engine: Engine) -> None:
    """Also where each is as large as its places allow: more than the engines' plain whole numbers hold."""
    rows = [(1, 1, 0, 0, 0), (2, 30, 4, 5, 34), (150, 9_999, 9_999, 9, 999), (900, 9_999, 9_999, 9, 999)]
    columns = dict(zip(PLACES_OF, zip(*rows, strict=True), strict=True))
    engine.load("said", pa.table({name: pa.array(list(values), pa.int32()) for name, values in columns.items()}))
    keys = f"SELECT {price_key(**{name: name for name in PLACES_OF})} AS price_key FROM said"
    found = engine.rows(f"SELECT {', '.join(PLACES_OF)} FROM ({keys_of(keys)}) AS told")
    assert sorted(found) == sorted(rows)


def test_more_than_a_key_has_room_for_is_refused(engine: Engine) -> None:
    engine.load("cost_need_group", pa.table({"need_no": [0]}))
    engine.load("cost_place", pa.table({"place_no": range(1, ROOM)}))
    check_room(engine)
    engine.load("cost_place", pa.table({"place_no": range(1, ROOM + 1)}))
    with pytest.raises(RequestError, match=r"10,000 kinds of placement .* 9,999 apart"):
        check_room(engine)
