"""A saved typology: what is written is read, no class or cell of few children leaves, and another set is refused."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from careloom.catalogue import IndicatorSet, SavedTypology, find_typology, load_catalogue, read_typology, set_of
from careloom.core import CatalogueError, RequestError, StudyError
from careloom.stats.latent_class import posterior
from careloom.typology.saved import Origin, coarsened, make_saved, typology_text
from careloom.typology.scoring import parameters_of

SET = load_catalogue().indicator_sets["assessment_factors_34"]
ITEMS = ["parent_alcohol", "neglect", "gangs"]
SHARES = np.array([0.7, 0.3])
YES = np.array([[0.61234567, 0.3, 0.00001], [0.1, 0.9999, 0.4]])
ORIGIN = Origin('Made "up".', "careloom 0, by Jo", dt.date(2024, 5, 1), "For tests.")


def saved(assessments: float = 10_003.0, shares: np.ndarray = SHARES, yes: np.ndarray = YES) -> SavedTypology:
    return make_saved(
        "ours", ORIGIN, SET, items=ITEMS, names=["Drink", "Neglect, and gangs"], shares=shares, probabilities=yes,
        assessments=assessments, least=6, base=5,
    )  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(typology_text(saved()))
    assert read_typology(path) == saved()
    assert read_typology(path).assessments == 10_005
    assert set_of(read_typology(path), {SET.name: SET}) == SET


def test_a_class_of_few_is_refused_and_nothing_is_saved() -> None:
    with pytest.raises(RequestError, match=r"category 2 would hold fewer than 50 assessments.*fewer categories"):
        saved(assessments=1000.0, shares=np.array([0.955, 0.045]))
    with pytest.raises(RequestError, match="fewer than 500 assessments could tell of children"):
        saved(assessments=499.0)
    assert len(saved(assessments=500.0).classes) == 2


def test_what_rests_on_few_is_shared() -> None:
    """Of 102 and 51 (shown as 100 and 50): 2% and 4% are 2 and 2 assessments, 4 together, as good as none: 3 of 150.

    10% of 51 is 5, the one class with few: 3 of 50. 99% leaves 1 and 1: 3 of 150 without.
    """
    yes = np.array([[0.02, 0.5, 0.99], [0.04, 0.1, 0.99]])
    told = coarsened(yes, np.array([102.0, 51.0]), np.array([100.0, 50.0]), least=6, base=5)
    assert told == pytest.approx(np.array([[3 / 150, 0.5, 1 - 3 / 150], [3 / 150, 3 / 50, 1 - 3 / 150]]))


def test_a_nought_is_not_told_from_a_few() -> None:
    """Nobody, one and five of a class, and what nobody anywhere records, are all written alike."""
    weights, sizes = np.array([300.0, 200.0]), np.array([300.0, 200.0])
    of_one = [coarsened(np.array([[n / 300], [0.5]]), weights, sizes, least=6, base=5)[0, 0] for n in (0, 1, 5)]
    assert of_one == [3 / 300] * 3
    nobody = [coarsened(np.array([[n / 300], [n / 300]]), weights, sizes, least=6, base=5).tolist() for n in (0, 3)]
    assert nobody == [[[3 / 500], [3 / 500]]] * 2


@pytest.mark.parametrize("n", [503, 907, 4999])
def test_no_exact_count_can_be_read_from_the_file(n: int) -> None:
    """One class, where parameters are shares of counts: what is read back is a number that a report would show."""
    counts = np.arange(6, n - 6, max(n // 60, 1))
    made = make_saved(
        "ours", ORIGIN, SET, items=[f"i{k}" for k in range(len(counts))], names=["All"], shares=np.ones(1),
        probabilities=(counts / n)[None], assessments=float(n), least=6, base=5,
    )  # fmt: skip
    read = np.array(made.classes[0].probabilities) * made.assessments
    whole = 5 * np.round(read / 5)
    assert np.abs(read - whole).max() <= 0.5e-4 * made.assessments + 1e-9  # the fourth decimal
    assert np.abs(whole - counts).max() <= 4 + 2.5  # a report's own rounding, and that of the whole
    other = make_saved(
        "ours", ORIGIN, SET, items=[f"i{k}" for k in range(len(counts))], names=["All"], shares=np.ones(1),
        probabilities=(5 * np.round(counts / 5) / n)[None], assessments=float(n), least=6, base=5,
    )  # fmt: skip
    assert other.classes[0].probabilities[3:] == made.classes[0].probabilities[3:]


def test_cells_of_many_are_close_to_what_they_were() -> None:
    random = np.random.default_rng(3)
    yes = random.beta(0.3, 3.0, (4, 30))
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    weights = 2000 * shares
    told = coarsened(yes, weights, weights, least=6, base=5)
    many = np.minimum(yes, 1 - yes) * weights[:, None] >= 8  # 6 and 7 are shown as 10
    assert many.sum() > 40
    assert np.abs((told - yes) * weights[:, None])[many].max() <= 2.5


def test_a_probability_written_as_nought_never_rules_a_class_out() -> None:
    made = replace(
        saved(),
        classes=tuple(replace(c, probabilities=(0.5, 0.0, 1.0)) for c in saved().classes[:1]) + saved().classes[1:],
    )
    memberships = posterior(parameters_of(made), np.array([[1, 1, 0]]))
    assert (memberships > 0).all()
    assert memberships.sum() == pytest.approx(1.0)


def test_examples_are_what_the_parameters_say() -> None:
    made = saved()
    rows = [line.split(" | ") for line in made.examples.splitlines()[1:]]
    assert [row[1] for row in rows] == ["1", "2"]
    for recorded, number, probability in rows:
        codes = np.array([[int(item in recorded.split()) for item in made.items]])
        own = posterior(parameters_of(made), codes)[0]
        assert own[int(number) - 1] == pytest.approx(float(probability), abs=5e-5)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"name": "other"}, "which is not here"),
        ({"version": 2}, r"was found from assessment_factors_34 version 1 .* here that is version 2"),
        ({"ignored": ("20",)}, "factors are not read alike"),
    ],
)
def test_another_set_is_refused(changed: dict[str, object], match: str) -> None:
    other: IndicatorSet = replace(SET, **changed)  # type: ignore[arg-type]
    with pytest.raises(CatalogueError, match=match):
        set_of(saved(), {other.name: other})


def test_an_unknown_indicator_is_named() -> None:
    with pytest.raises(CatalogueError, match='the indicator "drink" is not in assessment_factors_34'):
        set_of(replace(saved(), items=("drink", "neglect", "gangs")), {SET.name: SET})


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("share = 0.7000", "share = 0.6000", '"share" of all .* should add up to 1'),
        ("0.3000", "1.3000", "should lie between 0 and 1"),
        ("neglect | ", "gangs | ", "stands there twice"),
        ("| 2\n", "\n", 'should be a table|"probabilities"'),
        ("made_on", "made", '"made_on" is missing'),
        ("gangs | 0", "other_sex | 0", "was changed since it was saved"),
        ("assessments = 10005", "assessments = 10010", "was changed since it was saved"),
        ("probabilities =", "profiles =", "this is another file, not a typology"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, old: str, new: str, match: str) -> None:
    path = tmp_path / "ours.toml"
    text = typology_text(saved())
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogueError, match=match):
        read_typology(path)


def test_a_typology_is_found_by_file_by_name_and_in_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(typology_text(saved()))
    assert find_typology("ours", [tmp_path], {}) == find_typology(str(path), [], {}) == saved()
    assert find_typology("other", [tmp_path], {"other": saved()}) == saved()
    with pytest.raises(StudyError, match=r'no saved typology "our"; did you mean "ours"'):
        find_typology("our", [tmp_path], {})
