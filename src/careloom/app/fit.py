"""A model of one's own: choose an outcome, what to adjust for and a stratum; it is fitted anew, as `careloom outcomes` does it."""

from careloom.app.fitting import Fitting
from careloom.app.words import Answered, Asked, Desk, GoTo, Page
from careloom.study.fit_anew import AskedOfFit, check_asked, covariates_of
from careloom.study.look import check_results

AGAIN_SECONDS = 2
ADJUST = "adjust:"
"""What the name of a box begins with that adjusts for something."""
USUAL = ("category", "age_band", "sex", "ethnic_group", "disability")


def fit(desk: Desk, asked: Asked, fitting: Fitting) -> Answered:
    """Show the form, how far a fit is, or what it tells; a form starts or stops one."""
    if asked.is_sent:
        return start_or_stop(desk, asked, fitting)
    study, now = desk.study, fitting.now
    check_results(study)
    shown = "outcome" not in asked.query and now is not None
    chosen = now.asked if shown and now else AskedOfFit(outcome_in(asked, study.outcomes), USUAL)
    is_watched = "again" in asked.query and now is not None and now.is_going_on
    words = {
        "title": "A model of your own",
        "outcomes": {name: desk.catalogue.outcomes[name].title for name in study.outcomes},
        "chosen": chosen,
        "covariates": covariates_of(desk.catalogue.outcomes[chosen.outcome]) if chosen.outcome else {},
        "now": now if shown else None,
        "is_watched": is_watched,
        "command": desk.command("outcomes", *words_of(chosen)) if chosen.outcome else "",
    }
    return Page("fit.html", words, again=AGAIN_SECONDS if is_watched else None)


def outcome_in(asked: Asked, known: tuple[str, ...]) -> str:
    """The outcome that the address names, if the study asks about it, or the first that it asks about; blank for none."""
    name = asked.query.get("outcome", "")
    return name if name in known else next(iter(known), "")


def start_or_stop(desk: Desk, asked: Asked, fitting: Fitting) -> GoTo:
    if asked.form.get("do") == "stop":
        fitting.cancel()
        return GoTo("/outcomes/fit")
    stratum = asked.form.get("stratum") or None
    ticked = [name.removeprefix(ADJUST) for name in asked.form if name.startswith(ADJUST)]
    wanted = AskedOfFit(asked.form.get("outcome", ""), tuple(name for name in ticked if name != stratum), stratum)
    check_asked(desk.study, desk.catalogue, wanted)
    fitting.start(wanted)
    return GoTo("/outcomes/fit?again=yes")


def words_of(asked: AskedOfFit) -> list[str]:
    """The words of the command line that fits the same."""
    words = ["--of", asked.outcome]
    words += ["--adjust-for", ",".join(asked.adjust_for)] if asked.adjust_for else []
    return words + (["--stratum", asked.stratum] if asked.stratum else [])
