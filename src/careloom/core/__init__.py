"""The words every room shares: tables, codes, years, ledger, examples and errors. Standard library only."""

from careloom.core.errors import (
    AuditError,
    CareloomError,
    CatalogueError,
    DeliveryError,
    NotFoundError,
    NothingToRunError,
    OutputError,
    RequestError,
    StudyError,
    VaultError,
    fit_to_show,
    nearest,
)
from careloom.core.examples import ExampleTable, read_examples
from careloom.core.keys import Keys, read_toml
from careloom.core.ledger import Ledger, Step
from careloom.core.words import Code, CodeSet, Column, Source, Table, Years

__all__ = [
    "AuditError",
    "CareloomError",
    "CatalogueError",
    "Code",
    "CodeSet",
    "Column",
    "DeliveryError",
    "ExampleTable",
    "Keys",
    "Ledger",
    "NotFoundError",
    "NothingToRunError",
    "OutputError",
    "RequestError",
    "Source",
    "Step",
    "StudyError",
    "Table",
    "VaultError",
    "Years",
    "fit_to_show",
    "nearest",
    "read_examples",
    "read_toml",
]
