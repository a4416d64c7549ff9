"""Names of classes say what marks them out."""

import numpy as np

from careloom.typology.names import in_words, name_class, name_classes

LABELS = ["Neglect", "Parent's drug misuse", "Gangs", "Self-harm"]
PREVALENCE = np.array([0.5, 0.1, 0.02, 0.1])


def test_what_is_far_above_the_whole_comes_first() -> None:
    assert name_class(LABELS, np.array([0.6, 0.7, 0.3, 0.1]), PREVALENCE) == "Gangs, parent's drug misuse and neglect"


def test_what_few_of_the_class_have_does_not_name_it() -> None:
    assert name_class(LABELS, np.array([0.9, 0.1, 0.2, 0.1]), PREVALENCE) == "Neglect"


def test_a_class_like_the_whole_has_no_mark() -> None:
    assert name_class(LABELS, PREVALENCE, PREVALENCE) == "No factor stands out"


def test_an_item_never_observed_or_always_recorded_names_nothing() -> None:
    probability = np.array([np.nan, 1.0, 0.5, 0.0])
    assert name_class(LABELS, probability, np.array([np.nan, 1.0, 0.1, 0.0])) == "Gangs"


def test_names_are_distinct() -> None:
    twice = np.array([[0.9, 0.1, 0.0, 0.1], [0.8, 0.1, 0.0, 0.1], [0.1, 0.9, 0.0, 0.1]])
    assert name_classes(LABELS, twice, PREVALENCE) == ["Neglect (1)", "Neglect (2)", "Parent's drug misuse"]


def test_words() -> None:
    assert in_words(["Gangs"]) == "Gangs"
    assert in_words(["Gangs", "Self-harm", "Neglect"]) == "Gangs, self-harm and neglect"
