"""`careloom pdf`: the report of a study's last run as a PDF."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.study import catalogue_of, read_study
from careloom.study.pdf import print_report

ABOUT = """Print the report of a study that was run into a PDF: the same pages, tables and figures, on A4 with page numbers. Very long
tables stay in the workbook. Edge, Chrome or Chromium does the printing, without a window and without a network."""


def add_pdf(commands: Any) -> None:
    """Add the command."""
    pdf = commands.add_parser("pdf", help="print the report into a PDF", description=ABOUT)
    pdf.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    pdf.add_argument("--out", type=Path, metavar="FILE.pdf", help="the new file (default STUDY.pdf, beside the study)")
    pdf.add_argument("--browser", type=Path, metavar="PROGRAM", help="the browser, where it is not found by itself")
    pdf.set_defaults(command=pdf_command, when_stopped="nothing was written")


def pdf_command(asked: argparse.Namespace, console: Console) -> int:
    study = read_study(asked.study, catalogue_of(asked.study))
    out = asked.out or asked.study.with_suffix(".pdf")
    with console.status("printing ..."):
        print_report(study, out, asked.browser)
    print(f"Report: {out}")
    return 0
