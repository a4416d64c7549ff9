"""The report: questions answered as released tables, written as one HTML file, one workbook and Parquet."""

from careloom.report.words import StudyWords
from careloom.report.write import Report, write_report

__all__ = ["Report", "StudyWords", "write_report"]
