"""What was found, in sentences: why so many classes, and what is known of the fit for certain."""

from collections.abc import Iterator

from careloom.stats.latent_class import LatentClassFit
from careloom.typology.found import Found

RULE = {
    "a": "Further classes hardly lower BIC",
    "b": "The best likelihood was found more than once, and is proved to be a maximum",
    "c": "The smallest class is 1% of the assessments or more",
    "d": "Assessments placed in a class belong there with a probability of 0.70 or more, on average",
    "e": "The classes are found again across authorities and years",
    "f": "A reader who knows the field can name them",
}
"""The conditions of the study's rule, by the letters that `stats.latent_class.decision` knows them by."""
VERDICTS = {
    "certified": "It is proved to be a maximum of the likelihood: no small change of any parameter improves it",
    "boundary-fixed": (
        "It is proved to be a maximum of the likelihood, with {n} at 0 or 1: no assessment of the class records the "
        "factor, or all do, so these have no standard error"
    ),
    "weakly identified": (
        "The records hardly tell some of the parameters: other classes, not quite like these, would fit as well. "
        "Fewer classes would be safer"
    ),
    "not converged": "It is not proved to be a maximum: do not rely on these classes, and try fewer or more starts",
}


def certificate_words(fit: LatentClassFit) -> str:
    """What is proved of the fit, and how often its likelihood was found."""
    said = VERDICTS[fit.certificate.verdict].format(n=many(fit.certificate.at_boundary, "probability", "probabilities"))
    return f"{said}. {starts_words(fit)}"


def starts_words(fit: LatentClassFit) -> str:
    if fit.starts == 1:
        return "One class has one solution only."
    times = f"{fit.starts_at_best} of {fit.starts} random starts ended there"
    if fit.starts_at_best > 1:
        return f"{times[0].upper()}{times[1:]}; none found a better one."
    return (
        f"Only 1 of {fit.starts} random starts ended there, and none found a better one: take more starts before you "
        "rely on it, for there may be a better one still."
    )


def choice_rows(found: Found) -> Iterator[tuple[object, ...]]:
    """The conditions of the rule for the number of classes chosen: what is asked, whether it is met, and why."""
    if not found.choice:
        return
    answers = {True: "yes", False: "no", None: "not known"}
    considered = found.choice.considered[found.choice.chosen - 1]
    for position, condition in enumerate(considered.conditions, start=1):
        yield position, f"({condition.letter}) {RULE[condition.letter]}", answers[condition.is_met], condition.sentence


def many(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
