"""The catalogue's words for services and factors: what they answer, drawn by weight, and the slips in writing them."""

import numpy as np
import pytest

from careloom.catalogue import load_catalogue
from careloom.core import CatalogueError
from careloom.synth.files import narratives
from careloom.synth.files.deliveries import answered
from careloom.synth.files.spoken import rows_of, slips_of, vocabulary

POPULATION = load_catalogue().populations["england"]


def test_words_are_drawn_by_their_weight() -> None:
    words = vocabulary([("a", 3, "one"), ("b", 1, "only"), ("a", 1, "other")], ["a", "b"])
    said = words.say(np.array([0, 0, 0, 1, 1]), np.array([0.0, 0.7499, 0.75, 0.0, 0.9999])).to_pylist()
    assert said == ["one", "one", "other", "only", "only"]


def test_a_thing_without_a_word_is_an_error() -> None:
    with pytest.raises(CatalogueError, match='no word for "b"'):
        vocabulary([("a", 1, "one")], ["a", "b"])


def test_a_slip_changes_a_letter_but_never_the_first_and_spares_initials() -> None:
    assert slips_of("SALT") == ["SALT"]
    slips = slips_of("Respite")
    assert "Repsite" in slips
    assert "Resite" in slips
    assert all(slip[0] == "R" and len(slip) in (6, 7) for slip in slips)


def test_a_service_for_all_answers_every_kind_and_others_their_factors() -> None:
    services = rows_of("services_spoken", "services")
    needs = answered(POPULATION)
    assert needs[:, [row["service"] for row in services].index("advocacy")].tolist() == [1.0] * len(POPULATION.kinds)
    missing = [kind.factors.get("10A", POPULATION.background["10A"]) for kind in POPULATION.kinds]
    assert needs[:, [row["service"] for row in services].index("missing_interview")] == pytest.approx(missing)
    known = set(POPULATION.background)
    assert all(set(row["answers"].split(";")) <= known for row in services if row["answers"])


def test_every_factor_of_the_population_can_be_mentioned() -> None:
    spoken = {row["factor"] for row in rows_of("phrases", "present")}
    assert spoken == set(POPULATION.background)
    assert {row["factor"] for row in rows_of("phrases", "absent")} <= spoken


def test_nothing_is_ruled_out_next_to_what_is_there() -> None:
    """Domestic abuse of anyone keeps it from being ruled out of the family; alcohol and drugs are one topic."""
    names, many = list(POPULATION.background), 30_000
    identified = np.zeros((many, len(names)), dtype=bool)
    identified[:, [names.index("3A"), names.index("1C")]] = True
    told = narratives.tell(identified, np.zeros(many, dtype=np.int64), POPULATION, np.random.default_rng(8))
    near = [names.index(code) for code in ("3A", "3B", "3C", "1A", "1B", "1C", "2A", "2B", "2C")]
    assert not told.absent[:, near].any()
    weight = sum(float(row["weight"]) for row in rows_of("phrases", "absent") if row["factor"] == "18")
    seen = 1 - narratives.UNCODED * POPULATION.kinds[0].factors["18"]
    # At most four sentences fit: a little is cut.
    assert (
        0.9 * seen * narratives.RULED_OUT * weight
        < told.absent[:, names.index("18")].mean()
        < 1.05 * narratives.RULED_OUT * weight
    )
