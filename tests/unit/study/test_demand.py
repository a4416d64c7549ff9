"""What a study asks of the typology: keys, defaults, and what cannot be asked together."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from careloom.catalogue import load_catalogue
from careloom.core import CareloomError, Keys, StudyError
from careloom.study.demand import Demand, read_demand
from careloom.typology.saved import Origin, make_saved, typology_text

CATALOGUE = load_catalogue()


def read(home: Path, **keys: object) -> Demand:
    given = Keys(dict(keys), "study.toml [typology]", StudyError)
    demand = read_demand(given, home, CATALOGUE)
    given.done()
    return demand


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a saved typology of the set with 24A."""
    saved = make_saved(
        "later",
        Origin("Made up.", "careloom 0", dt.date(2024, 5, 1), "For tests."),
        CATALOGUE.indicator_sets["assessment_factors_35"],
        items=["gangs", "criminal_exploitation"],
        names=["A", "B"],
        shares=np.array([0.6, 0.4]),
        probabilities=np.array([[0.1, 0.2], [0.8, 0.7]]),
        assessments=1000,
        least=6,
        base=5,
    )
    (tmp_path / "typologies").mkdir()
    (tmp_path / "typologies" / "later.toml").write_text(typology_text(saved))
    return tmp_path


def test_the_defaults(tmp_path: Path) -> None:
    demand = read(tmp_path)
    assert (demand.indicators, demand.classes, demand.include_18plus, demand.saved) == (
        "assessment_factors_34", None, False, None,
    )  # fmt: skip
    assert (demand.names, demand.folder) == (tmp_path / "classes.csv", tmp_path / "typologies")


def test_what_is_asked(tmp_path: Path) -> None:
    demand = read(tmp_path, indicators="assessment_factors_22_anyone", classes=12, include_18plus=True)
    assert (demand.indicators, demand.classes, demand.include_18plus) == ("assessment_factors_22_anyone", 12, True)


@pytest.mark.parametrize("use", ["later", "typologies/later.toml"])
def test_a_saved_typology_brings_its_indicators(home: Path, use: str) -> None:
    demand = read(home, use=use)
    assert demand.saved is not None
    assert (demand.saved.name, demand.indicators) == ("later", "assessment_factors_35")


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"classes": 0}, '"classes" should be 1 to 30'),
        ({"indicators": "assessment_factors_36"}, 'indicators = "assessment_factors_36" is not known; did you mean'),
        ({"use": "later", "classes": 3}, '"classes" cannot be asked for'),
        ({"use": "latter"}, 'no saved typology "latter"; did you mean "later"'),
        ({"use": "typologies/none.toml"}, "no saved typology"),
        (
            {"use": "later", "indicators": "assessment_factors_34"},
            r'Write indicators = "assessment_factors_35" in \[typology\]',
        ),
        ({"include_18_plus": True}, 'no key "include_18_plus"; did you mean "include_18plus"'),
    ],
)
def test_what_is_wrong_is_named(home: Path, keys: dict[str, object], match: str) -> None:
    with pytest.raises(CareloomError, match=match) as raised:
        read(home, **keys)
    assert raised.value.exit_code == 3
