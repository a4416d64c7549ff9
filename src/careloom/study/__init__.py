"""The study: one TOML file, and the whole analysis in ten lines that read aloud."""

from careloom.study.file import Study, read_study
from careloom.study.run import Finished, run_study

__all__ = ["Finished", "Study", "read_study", "run_study"]
