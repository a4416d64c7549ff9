"""What tests of studies share: a study file that says no more than it must."""

from pathlib import Path

import pytest

STUDY = """
[study]
name = "Anyshire"
from = 2016-04-01
to = 2023-03-31
out = "results"

[[delivery]]
authority = "998"
files = ["none.csv"]
"""


@pytest.fixture
def anyshire(tmp_path: Path) -> Path:
    """The study file of Anyshire, in a folder of its own; its one file was not handed over."""
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path
