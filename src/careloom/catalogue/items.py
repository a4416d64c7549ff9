"""The items of returns that a question needs: `cin_census Assessments.AssessmentActualStartDate`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from careloom.catalogue.nouns import Return
from careloom.core import CatalogueError, nearest

OR = "|"


@dataclass(frozen=True, order=True)
class Item:
    """One column of one table of one return."""

    return_name: str
    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.return_name} {self.table}.{self.column}"


def read_item(text: str) -> tuple[Item, ...]:
    """Return one entry of `items` as its alternatives, of which any one will do.

    Raises ValueError for what is not `return table.column`.

    >>> [str(item) for item in read_item("cin_census ChildIdentifiers.Sex | cin_census ChildIdentifiers.GenderCurrent")]
    ['cin_census ChildIdentifiers.Sex', 'cin_census ChildIdentifiers.GenderCurrent']
    """
    return tuple(one_item(part.strip()) for part in text.split(OR))


def one_item(text: str) -> Item:
    return_name, space, where = text.partition(" ")
    table, dot, column = where.strip().partition(".")
    if not (return_name and space and table and dot and column):
        raise ValueError(f'"{text}" is not an item; write it like "ssda903 episodes.DECOM"')
    return Item(return_name, table, column)


def check_items(where: str, items: Sequence[str], returns: Mapping[str, Return]) -> None:
    """Raise CatalogueError, naming the file `where`, unless there are items and every one is a declared column."""
    if not items:
        raise CatalogueError(f'{where}: "items" is empty; name what it needs, such as "ssda903 episodes.DECOM"')
    for text in items:
        try:
            alternatives = read_item(text)
        except ValueError as fault:
            raise CatalogueError(f'{where}: "items": {fault}') from None
        for item in alternatives:
            check_item(f'{where}: "items" names "{item}"', item, returns)


def check_item(what: str, item: Item, returns: Mapping[str, Return]) -> None:
    """Raise CatalogueError, beginning with `what`, unless the item is a column that is measured where it stands."""
    if item.return_name not in returns:
        raise CatalogueError(f'{what}: there is no return "{item.return_name}"{nearest(item.return_name, returns)}')
    tables = returns[item.return_name].tables
    if item.table not in tables:
        raise CatalogueError(f'{what}: there is no table "{item.table}"{nearest(item.table, tables)}')
    names = tables[item.table].column_names
    if item.column not in names:
        raise CatalogueError(f'{what}: there is no column "{item.column}"{nearest(item.column, names)}')
    if tables[item.table].column(item.column).of:
        raise CatalogueError(f"{what}: it is taken from an enclosing element; name it in that element's own table")
