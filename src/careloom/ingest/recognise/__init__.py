"""Headings and values are recognised as what the catalogue calls them; what is not sure is asked, and remembered."""

from careloom.ingest.recognise.decisions import Decision, Decisions, Recognition, scope_of
from careloom.ingest.recognise.mapping import Mapping, read_mapping
from careloom.ingest.recognise.propose import propose_mapping
from careloom.ingest.recognise.tables import Found, HeadingError, UnknownHeadingError, find_table
from careloom.ingest.recognise.values import CodeReader, Reading

__all__ = [
    "CodeReader",
    "Decision",
    "Decisions",
    "Found",
    "HeadingError",
    "Mapping",
    "Reading",
    "Recognition",
    "UnknownHeadingError",
    "find_table",
    "propose_mapping",
    "read_mapping",
    "scope_of",
]
