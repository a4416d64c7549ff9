"""What tests of studies share: a study file that says no more than it must."""

import runpy
from pathlib import Path

import pytest

STUDY: str = runpy.run_path(str(Path(__file__).with_name("kept.py")))["STUDY"]


@pytest.fixture
def anyshire(tmp_path: Path) -> Path:
    """The study file of Anyshire, in a folder of its own; its one file was not handed over."""
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path
