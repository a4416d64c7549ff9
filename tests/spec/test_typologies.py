"""Each saved typology of the catalogue scores the records drawn in it as it says, with the indicators of today."""

import numpy as np
import pytest

from careloom.catalogue import SavedTypology, load_catalogue, set_of
from careloom.core import read_examples
from careloom.stats.latent_class import posterior
from careloom.typology.scoring import parameters_of

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("saved", CATALOGUE.typologies.values(), ids=lambda t: t.name)
def test_the_examples_hold(saved: SavedTypology) -> None:
    drawn = read_examples(saved.examples, "record")["record"].rows
    assert len(drawn) >= 2
    for row in drawn:
        recorded = (row["recorded"] or "").split()
        assert set(recorded) <= set(saved.items)
        codes = np.array([[int(item in recorded) for item in saved.items]])
        own = posterior(parameters_of(saved), codes)[0]
        assert own.argmax() + 1 == int(row["class_no"] or 0)
        assert own.max() == pytest.approx(float(row["probability"] or 0), abs=5e-5)  # four decimals


@pytest.mark.parametrize("saved", CATALOGUE.typologies.values(), ids=lambda t: t.name)
def test_it_reads_an_indicator_set_of_today(saved: SavedTypology) -> None:
    assert set_of(saved, CATALOGUE.indicator_sets).name == saved.indicators


def test_there_is_one_to_try() -> None:
    assert "made_up_england" in CATALOGUE.typologies
