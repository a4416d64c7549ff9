"""The harmonised set of factors agrees with the census's code set."""

from careloom.catalogue import load_catalogue

CATALOGUE = load_catalogue()
FACTORS = CATALOGUE.indicator_sets["assessment_factors_34"]
CENSUS = {code.code for code in CATALOGUE.returns["cin_census"].codes["assessment_factors"].codes}


def test_thirty_four_items_with_names_of_their_own() -> None:
    assert len({item.name for item in FACTORS.indicators}) == len(FACTORS.indicators) == 34
    assert len({item.label for item in FACTORS.indicators}) == 34


def test_every_code_is_in_one_item() -> None:
    codes = [code for item in FACTORS.indicators for code in item.codes] + list(FACTORS.ignored)
    assert len(codes) == len(set(codes))
    # 24A came after the period the set spans.
    assert set(codes) == CENSUS - {"24A"}
