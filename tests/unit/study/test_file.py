"""A study file is read strictly: what is wrong is named, with the nearest right thing."""

import datetime as dt
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.core import CatalogueError, StudyError
from careloom.engine import Scratch
from careloom.study import read_study

GOOD = """
[study]
name = "Test"
from = 2018-04-01
to = 2020-03-31
out = "results"
[[delivery]]
return = "ssda903"
authority = "998"
year = 2019
files = ["*.csv"]
[costs]
prices = "illustrative"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "a.csv").write_text("x")
    (folder / "study.toml").write_text(text)
    return folder / "study.toml"


def test_a_study_is_read_with_its_defaults(tmp_path: Path) -> None:
    study = read_study(write(tmp_path, GOOD), load_catalogue())
    assert (study.first_day, study.end_day) == (dt.date(2018, 4, 1), dt.date(2020, 4, 1))
    assert (study.cost_first_day, study.cost_end_day) == (dt.date(2019, 4, 1), dt.date(2020, 4, 1))
    assert study.out == tmp_path / "results"
    assert study.key == tmp_path / "study.key"
    assert [file.name for file in study.deliveries[0].files] == ["a.csv"]
    assert study.outcomes == tuple(load_catalogue().outcomes)


def test_a_study_may_say_where_to_work_and_in_how_much_memory(tmp_path: Path) -> None:
    for asked, memory in (("", "500MB"), ('memory = "8 GB"\n', "8 GB")):
        path = write(tmp_path, GOOD.replace("[study]\n", f'[study]\nscratch = "working"\n{asked}', 1))
        assert read_study(path, load_catalogue()).scratch == Scratch(tmp_path / "working", memory)
    assert read_study(write(tmp_path, GOOD), load_catalogue()).scratch is None


def test_interactions_are_asked_for(tmp_path: Path) -> None:
    assert read_study(write(tmp_path, GOOD), load_catalogue()).pathways.interactions == ()
    asked = GOOD + '[pathways]\ninteractions = ["class", "sex_age_ethnicity"]\n'
    assert read_study(write(tmp_path, asked), load_catalogue()).pathways.interactions == ("class", "sex_age_ethnicity")


def test_which_assessment_decides_the_class_of_an_episode_may_be_chosen(tmp_path: Path) -> None:
    assert read_study(write(tmp_path, GOOD), load_catalogue()).pathways.episode_class == "first"
    for rule in ("first", "last", "highest_posterior"):
        asked = GOOD + f'[pathways]\nepisode_class = "{rule}"\n'
        assert read_study(write(tmp_path, asked), load_catalogue()).pathways.episode_class == rule


def test_how_far_histories_lie_apart_may_be_chosen(tmp_path: Path) -> None:
    assert read_study(write(tmp_path, GOOD), load_catalogue()).pathways.distance == "optimal_matching"
    asked = GOOD + '[pathways]\ndistance = "hamming"\n'
    assert read_study(write(tmp_path, asked), load_catalogue()).pathways.distance == "hamming"


def test_every_key_of_the_example_is_known(tmp_path: Path) -> None:
    example = (Path(__file__).parents[3] / "examples" / "study.toml").read_text()
    for name in ("903/2024/a.csv", "cin/a.xml", "annex_a/a.xlsx", "camhs/a.csv"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    (tmp_path / "residents.csv").write_text("la,year,age,children\n998,2018,0,3100\n")
    assert read_study(write(tmp_path, example), load_catalogue()).name == "Our authority, 2018 to 2024"


WRONG = {
    "a key of [study]": (("name =", "nmae ="), r'"name" is missing'),
    "an unknown key": (('out = "results"', 'out = "results"\nperoid = 1'), r'no key "peroid"'),
    "an unknown table": (("[costs]", "[cost]"), r'no key "cost"; did you mean "costs"\?'),
    "an unknown return": (('"ssda903"', '"ssda930"'), r'return = "ssda930" is not known; did you mean "ssda903"\?'),
    "an unknown price sheet": (
        ('"illustrative"', '"ilustrative"'),
        r'no price sheet "ilustrative"; did you mean "illustrative"\?',
    ),
    "an unknown outcome": (
        ("[costs]", '[outcomes]\nquestions = ["re_refferal"]\n[costs]'),
        r'no outcome "re_refferal"; did you mean "re_referral"\?',
    ),
    "an unknown column of profiles": (
        ("[costs]", '[profiles]\nby = ["etnic_group"]\n[costs]'),
        r'profiles cannot be by "etnic_group"; did you mean "ethnic_group"\?',
    ),
    "an unknown distance": (
        ("[costs]", '[pathways]\ndistance = "haming"\n[costs]'),
        r'distance = "haming" is not known; did you mean "hamming"\?',
    ),
    "an unknown interaction": (
        ("[costs]", '[pathways]\ninteractions = ["clas"]\n[costs]'),
        r'there is no interaction "clas"; did you mean "class"\?',
    ),
    "interactions that are no list": (
        ("[costs]", "[pathways]\ninteractions = true\n[costs]"),
        '"interactions" should be a list',
    ),
    "an unknown class of an episode": (
        ("[costs]", '[pathways]\nepisode_class = "latest"\n[costs]'),
        'episode_class = "latest" is not known',
    ),
    "an unknown key of [pathways]": (
        ("[costs]", "[pathways]\ninteraction = true\n[costs]"),
        r'no key "interaction"; did you mean "interactions"\?',
    ),
    "a text for a date": (("2018-04-01", '"2018-04-01"'), r'"from" should be a date such as 2021-03-31'),
    "a window backwards": (("2020-03-31", "2017-03-31"), r'"to" is before "from"'),
    "no file matches": (("*.csv", "*.tsv"), r'no file matches files = "\*.tsv"'),
    "no classes": (("[costs]", "[typology]\nmost_classes = 0\n[costs]"), r'"most_classes" should be 1 to 30'),
    "memory of no size": (
        ("[study]", '[study]\nscratch = "s"\nmemory = "8"'),
        '"memory" should be like "8 GB" or "500 MB"',
    ),
    "memory without a scratch folder": (("[study]", '[study]\nmemory = "8 GB"'), 'add scratch = "scratch"'),
    "not TOML": (("[study]", "[study"), "not valid TOML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case: str, tmp_path: Path) -> None:
    (old, new), message = WRONG[case]
    with pytest.raises(StudyError, match=message):
        read_study(write(tmp_path, GOOD.replace(old, new)), load_catalogue())


def test_a_key_misspelt_is_named_with_the_right_one_and_a_key_file_may_not_lie_in_the_outputs(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r'"authority" is missing.*there is "autority"'):
        read_study(write(tmp_path, GOOD.replace("authority", "autority")), load_catalogue())
    with pytest.raises(StudyError, match='"key" lies inside "out"'):
        read_study(write(tmp_path, GOOD.replace('"results"', '"results"\nkey = "results/k.key"')), load_catalogue())


def test_a_study_needs_a_delivery_and_must_exist(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r'"delivery" is missing|no \[\[delivery\]\]'):
        read_study(write(tmp_path, GOOD[: GOOD.index("[[delivery]]")]), load_catalogue())
    with pytest.raises(StudyError, match="no such file"):
        read_study(tmp_path / "none.toml", load_catalogue())


def test_an_authority_may_bring_its_own_prices(tmp_path: Path) -> None:
    ours = GOOD.replace('"illustrative"', '"ours.csv"')
    with pytest.raises(CatalogueError, match="no such price sheet"):
        read_study(write(tmp_path, ours), load_catalogue())
    head = "standing,price_year,process,element,placement_code,variation,unit,hours,hourly_rate,fixed,source\n"
    (tmp_path / "ours.csv").write_text(head + "local,2023/24,LAC 6,review,,,event,2,40,10,our finance team\n")
    sheet = read_study(write(tmp_path, ours), load_catalogue()).prices
    assert (sheet.standing, sheet.price_year, sheet.prices[0].amount) == ("local", "2023/24", 90.0)
    (tmp_path / "ours.csv").write_text(head + "local,2023/24,LAC 6,review,,,event,2,forty,10,our finance team\n")
    with pytest.raises(CatalogueError, match=r"ours.csv line 2: .* should be a number"):
        read_study(write(tmp_path, ours), load_catalogue())
