"""What was found, in sentences: why so many categories, and what is known of the fit for certain.

The statistics speak of classes and rows; the study, and all that its readers see, of categories and assessments.
"""

import re
from collections.abc import Iterator

from careloom.stats.latent_class import LatentClassFit
from careloom.typology.found import Found

RULE = {
    "a": "Further categories hardly lower BIC",
    "b": "The best likelihood was found more than once, and is proved to be a maximum",
    "c": "The smallest category is 1% of the assessments or more",
    "d": "Assessments placed in a category belong there with a probability of 0.70 or more, on average",
    "e": "The categories are found again across authorities and years",
    "f": "A reader who knows the field can name them",
}
"""The conditions of the study's rule, by the letters that `stats.latent_class.decision` knows them by."""
VERDICTS = {
    "certified": "It is proved to be a maximum of the likelihood: no small change of any parameter improves it",
    "boundary-fixed": (
        "It is proved to be a maximum of the likelihood, with {n} at 0 or 1: no assessment of the category records the "
        "factor, or all do, so these have no standard error"
    ),
    "weakly identified": (
        "The records hardly tell some of the parameters: other categories, not quite like these, would fit as well. "
        "Fewer categories would be safer"
    ),
    "not converged": "It is not proved to be a maximum: do not rely on these categories, and try fewer or more starts",
}


def certificate_words(fit: LatentClassFit) -> str:
    """What is proved of the fit, and how often its likelihood was found."""
    said = VERDICTS[fit.certificate.verdict].format(n=many(fit.certificate.at_boundary, "probability", "probabilities"))
    return f"{said}. {starts_words(fit)}"


def starts_words(fit: LatentClassFit) -> str:
    if fit.starts == 1:
        return "One category has one solution only."
    times = f"{fit.starts_at_best} of {fit.starts} random starts ended there"
    if fit.starts_at_best > 1:
        return f"{times[0].upper()}{times[1:]}; none found a better one."
    return (
        f"Only 1 of {fit.starts} random starts ended there, and none found a better one: take more starts before you "
        "rely on it, for there may be a better one still."
    )


def choice_rows(found: Found) -> Iterator[tuple[object, ...]]:
    """The conditions of the rule for the number of categories chosen: what is asked, whether it is met, and why."""
    if not found.choice:
        return
    answers = {True: "yes", False: "no", None: "not known"}
    others = {
        "e": "Yours to judge, by the tables of careloom typology --by la --by year.",
        "f": "Not every one has a settled name.",
    }
    considered = found.choice.considered[found.choice.chosen - 1]
    for position, condition in enumerate(considered.conditions, start=1):
        said = others.get(condition.letter) if condition.is_met is None else None
        asked = f"({condition.letter}) {RULE[condition.letter]}"
        yield position, asked, answers[condition.is_met], said or in_study_words(condition.sentence)


STUDY_WORDS = {"class": "category", "classes": "categories", "row": "assessment", "rows": "assessments"}


def in_study_words(sentence: str) -> str:
    """A sentence of the statistics in the study's words."""
    return re.sub(r"\b(class|classes|row|rows)\b", lambda word: STUDY_WORDS[word[0]], sentence)


def many(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
