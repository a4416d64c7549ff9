"""What a study asks of its engine: where Spark runs, what is kept as what, and where common tables come from."""

from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.core import StudyError
from careloom.engine import Cluster
from careloom.study import Study, read_study

GOOD = """
[study]
name = "Test"
from = 2018-04-01
to = 2020-03-31
out = "results"
engine = "spark"
common = "common"
"""
AGREEMENT = """
name = "Agreement 7"
owner = "501"
recipients = ["us"]
purposes = ["A test"]
lawful_basis = "public task"
starts_on = 2020-01-01
expires_on = 2099-12-31
keep_until = 2099-12-31
allowed = ["ssda903"]
"""


def read(folder: Path, words: str) -> Study:
    (folder / "study.toml").write_text(words)
    return read_study(folder / "study.toml", load_catalogue())


def test_spark_is_this_machine_unless_a_master_is_named(tmp_path: Path) -> None:
    study = read(tmp_path, GOOD)
    assert study.cluster == Cluster("local[*]", {})
    assert (study.kept_as, study.common, study.deliveries) == ("duckdb", tmp_path / "common", ())
    asked = '[spark]\nmaster = "spark://leader:7077"\n[spark.settings]\n"spark.executor.memory" = "8g"\n'
    cluster = read(tmp_path, GOOD + asked).cluster
    assert cluster == Cluster("spark://leader:7077", {"spark.executor.memory": "8g"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (GOOD + '[spark]\nmastre = "yarn"\n', 'there is no key "mastre"; did you mean "master"'),
        (GOOD + '[spark.settings]\n"executor.memory" = "8g"\n', '"executor.memory" is no setting of Spark'),
        (GOOD + '[spark.settings]\n"spark.executor.cores" = 8\n', '"spark.executor.cores" should be text in quotes'),
        (GOOD.replace('"spark"', '"duckdb"') + '[spark]\nmaster = "yarn"\n', 'for studies with engine = "spark"'),
        (GOOD + '[[delivery]]\nauthority = "1"\nfiles = ["study.toml"]\n', "stands in place of deliveries"),
        (GOOD.replace('common = "common"', ""), r"there is no \[\[delivery\]\]"),
        (GOOD.replace('"common"', '"results/common"'), '"common" lies inside "out"'),
        (
            GOOD.replace("[study]", '[study]\nkept_as = "parket"'),
            'kept_as = "parket" is not known; did you mean "parquet"',
        ),
    ],
)
def test_what_is_wrong_is_named(words: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=said):
        read(tmp_path, words)


def test_common_tables_are_refused_beside_agreements(tmp_path: Path) -> None:
    (tmp_path / "agreements").mkdir()
    (tmp_path / "agreements" / "seven.toml").write_text(AGREEMENT)
    with pytest.raises(StudyError, match='"common" cannot stand beside agreements'):
        read(tmp_path, GOOD.replace("[study]", '[study]\npurpose = "A test"'))
