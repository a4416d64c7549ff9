"""The command line: thin commands that print and set the exit code; no logic of their own."""

from careloom.cli.main import main, parser

__all__ = ["main", "parser"]
