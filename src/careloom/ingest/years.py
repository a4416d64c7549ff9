"""Which collection year, and which authority, each part is of; a part that contradicts the study is refused."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from careloom.ingest.parts import WHOLE, File, Part

UNSTATED = "unstated"
"""The authority of files that name none, when the study names none either."""


def settle(files: Sequence[File]) -> None:
    """Give each part its year and authority, and refuse those of which they cannot be told or that say otherwise."""
    name_authorities(files)
    for together in sets_of(files):
        settle_set(together)
    for file in files:
        if not file.fault and file.parts and not file.read:
            file.refuse(file.parts[0].fault)
    refuse_twice(files)


def name_authorities(files: Sequence[File]) -> None:
    """Name each part's authority: as the study does, else as its file does, else as the files nearest to it do.

    Nearest are those of its folder, then those of the folder around it, and so on. Where they name several, nobody can
    say whose the file is, and it is refused.
    """
    for delivery in {id(file.delivery): file.delivery for file in files}.values():
        of_it = [file for file in files if file.delivery is delivery]
        said = [(file.path, part.about.la) for file in of_it for part in file.parts if part.about.la]
        for file in of_it:
            near = nearest_said(file.path, said)
            for part in file.parts:
                part.la = delivery.la or part.about.la or (near[0] if len(near) == 1 else UNSTATED)
                if part.la == UNSTATED and near and not part.says_la:
                    part.fault = "files of several authorities lie around it, and it does not say whose it is; hand each authority's over by itself"


def nearest_said(path: Path, said: Sequence[tuple[Path, str]]) -> list[str]:
    """Return the authorities that the files in the nearest folder around a path name, where any does."""
    for folder in path.parents:
        if found := sorted({la for other, la in said if other.is_relative_to(folder)}):
            return found
    return []


def sets_of(files: Sequence[File]) -> list[list[tuple[File, Part]]]:
    """Parts of one collection: of one delivery and return, and of one workbook or XML file, or else of one folder."""
    sets: dict[tuple[int, str, Path | None], list[tuple[File, Part]]] = {}
    for file in files:
        for part in file.read:
            is_alone = file.is_workbook or part.table == WHOLE or not part.return_.yearly
            place = None if file.delivery.year else file.path if is_alone else file.path.parent
            sets.setdefault((id(file.delivery), part.return_.name, place), []).append((file, part))
    return list(sets.values())


def settle_set(together: list[tuple[File, Part]]) -> None:
    """Give the parts of one collection their year, and say when some of their dates lie after it."""
    told = told_year(sum((part.years for _, part in together), Counter()))
    tables = [part.table for _, part in together]
    for file, part in together:
        part.year = file.delivery.year or part.about.year or told
        part.fault = part.fault or why_not(file, part, is_alone=tables.count(part.table) == 1)
        later = sum(dates for year, dates in part.years.items() if part.year and year > part.year)
        if later and not (part.about.year or part.says_year):
            dates = "1 date" if later == 1 else f"{later:,} dates"
            part.about.remarks.append(f"it is read as of {part.year}, and holds {dates} after 31 March {part.year}")


def told_year(years: Counter[int]) -> int | None:
    """Return the collection year that dates tell: the newest that is not the slip of a few.

    Of ten dates or more, at least two, and one in a hundred, must lie in it.
    """
    dates = years.total()
    enough = max(2 if dates >= 10 else 1, dates // 100)
    return max((year for year, n in years.items() if n >= enough), default=None)


def why_not(file: File, part: Part, *, is_alone: bool) -> str:
    """Say why a part cannot be used as of its year and authority; blank when it can."""
    stated, said, return_ = file.delivery.year, part.about.year, part.return_
    if part.says_year:
        return ""
    if part.year is None and return_.yearly:
        return "the collection year cannot be told from the file; write year = in its [[delivery]], or --year"
    if part.year is not None and part.year not in return_.years:
        return f"{part.year} is not a collection year of the {return_.title} known here; write year = in its [[delivery]] if that is wrong"
    if stated and said and stated != said:
        return f"the file says it is of {said}, the study says year = {stated}"
    if return_.yearly and not stated and not said and not is_alone:
        return f"there are several files of {part.table} in this folder, so the year cannot be told; write one [[delivery]] with year = for each year"
    if differs(file.delivery.la, part.about.la):
        return f'the file says it is of another authority than authority = "{file.delivery.la}"'
    return ""


def differs(stated: str, said: str | None) -> bool:
    """Do two DfE numbers differ? A study may also name its authorities in words, which cannot be compared."""
    return bool(said) and stated.isdigit() and len(stated) == 3 and said != stated


def refuse_twice(files: Sequence[File]) -> None:
    """Refuse a file with the same bytes as one before it of the same authority, whose parts are of the same years.

    In two years the same bytes can be right: a module without rows, or with the same few children.
    """
    seen: dict[tuple[object, ...], int] = {}
    for number, file in enumerate(files, start=1):
        parts = file.read
        if not parts:
            continue
        whose = tuple((part.return_.name, part.table, part.la, part.year) for part in parts)
        first = seen.setdefault((file.sha256, whose), number)
        if first != number:
            file.refuse(f"it is the same, byte for byte, as file {first}")
