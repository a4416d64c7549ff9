"""A mapping file proposed for a file that is not recognised, or to be read otherwise than it was."""

from collections.abc import Mapping
from pathlib import Path

from careloom.catalogue import Return
from careloom.core import DeliveryError, RequestError
from careloom.ingest.recognise import Decisions, propose_mapping
from careloom.ingest.survey import open_grids, survey


def propose_map(path: Path, returns: Mapping[str, Return]) -> str:
    """Return a mapping file (TOML) for a CSV file, or for the first sheet of a workbook.

    Raises DeliveryError when the file is neither, or has no heading at all.
    """
    try:
        surveyed = survey(path)
    except OSError as fault:
        raise RequestError(f"{path}: the file cannot be opened ({fault.strerror})") from None
    if surveyed.kind == "xml":
        raise DeliveryError(f"{path.name}: this is XML, which needs no mapping: it is read as the return it is")
    candidates = [
        (each, table) for each in returns.values() if "table" in each.layouts for table in each.tables.values()
    ]
    grids = open_grids(path, surveyed)
    if not grids:
        raise DeliveryError(f"{path.name}: it holds no sheet with anything in it")
    return propose_mapping(grids[0].top(), candidates, Decisions(), path.name)
