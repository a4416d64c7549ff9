"""`careloom outcomes --adjust-for`: a model that the run was not asked for, of the children whom the run followed.

What may be chosen is what is adjusted for, and by what curves and baselines are apart; never of whom. All fits of an outcome are of
the very children of the report, whole, so that no difference between two fits is a few of them:

- A level's ratio rests on the same children whatever else is adjusted for. It is withheld where few are behind it, and where
  the report withholds it. No counts are told but in the report.
- Curves by a covariate are of groups that are all large enough, small levels put together, and at months that may be shown of
  every group: nothing is withheld that all less the others would tell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import fill

from careloom.catalogue import Catalogue, Outcome
from careloom.core import RequestError, nearest
from careloom.ingest.load import load_codes
from careloom.outcomes.again import make_stretches_again
from careloom.outcomes.risk_table import CLASS, RiskTable, read_risk_table, terms_of
from careloom.study.file import Study
from careloom.study.fit_tables import FitTables, read_words, withheld_in_report
from careloom.study.kept_demand import Told, kept
from careloom.study.listings import Listing

CATEGORY = "category"
"""What the class is called where people name covariates."""
COMMON = {
    CLASS: "Category of demand",
    "age_band": "Age",
    "sex": "Sex",
    "ethnic_group": "Ethnic group",
    "disability": "Disability recorded",
    "year": "Year",
}
WIDTH = 96
HOW = (
    "Limits are of 95%, those of ratios robust to several stretches of a child; c: withheld. Nothing of this is in the report: "
    "it was not asked for when the run was planned, and of many models that are tried some say much by chance."
)
OnStep = Callable[[str, float], None]


@dataclass(frozen=True)
class AskedOfFit:
    """An outcome of the study by name, what to adjust for, and by what curves and baselines are apart, if by anything.

    Covariates are named as `covariates_of` names them.
    """

    outcome: str
    adjust_for: tuple[str, ...] = ()
    stratum: str | None = None


def covariates_of(outcome: Outcome) -> dict[str, str]:
    """What may be adjusted for, or be the stratum: titles by the names that people give."""
    titles = COMMON | {covariate.name: covariate.title for covariate in outcome.covariates}
    return {CATEGORY if term == CLASS else term: titles[term] for term in terms_of(outcome)}


def fit_anew(
    study: Study, catalogue: Catalogue, asked: AskedOfFit, *, on_step: OnStep = lambda step, share: None
) -> Told:
    """Fit what is asked, of the children whom the last run followed, and tell it; all of it released.

    `on_step` hears what is being done and the share already done. Raises RequestError for an outcome that the study does not
    ask about, or a covariate that it has not, and NotFoundError without results.
    """
    outcome = check_asked(study, catalogue, asked)
    titles, terms = covariates_of(outcome), tuple(map(term_of, asked.adjust_for))
    stratum = term_of(asked.stratum) if asked.stratum else None
    with kept(study, "time_to_event") as engine:
        on_step("describing the children followed", 0.0)
        load_codes(engine, catalogue)
        make_stretches_again(engine, outcome, first_day=study.first_day, end_day=study.end_day)
        on_step("counting those who are alike", 0.2)
        risk = read_risk_table(engine, outcome, unclassed=study.asked_of_outcomes.models.unclassed)
        if not risk.days.size:
            return Told((f"{outcome.title}: nobody was followed.",))
        withheld = withheld_in_report(engine, catalogue, outcome, study.disclosure) if terms else frozenset()
        tables = FitTables(outcome, risk, study.disclosure, read_words(engine, catalogue), withheld)
    parts: list[str | Listing] = [opening(outcome, asked, titles, risk), *tables.legend({*terms, stratum})]
    if terms:
        on_step("fitting the model", 0.4)
        parts += tables.of_fit(terms, stratum)
    on_step("reading off the curves", 0.9)
    parts += [*tables.of_shares(stratum), HOW]
    return Told(tuple(fill(part, WIDTH) if isinstance(part, str) else part for part in parts))


def check_asked(study: Study, catalogue: Catalogue, asked: AskedOfFit) -> Outcome:
    if not asked.outcome:
        raise RequestError(f"name one outcome: {', '.join(study.outcomes)}")
    if asked.outcome not in study.outcomes:
        raise RequestError(f'the study does not ask about "{asked.outcome}"{nearest(asked.outcome, study.outcomes)}')
    outcome = catalogue.outcomes[asked.outcome]
    known = covariates_of(outcome)
    for name in (*asked.adjust_for, *([asked.stratum] if asked.stratum else [])):
        if name not in known:
            raise RequestError(f'"{name}" is no covariate of {asked.outcome}; there are {", ".join(known)}')
    if asked.stratum in asked.adjust_for:
        raise RequestError(f'"{asked.stratum}" cannot be adjusted for and be the stratum, too: choose one')
    if not asked.adjust_for and not asked.stratum:
        raise RequestError("name something to adjust for, or a stratum")
    return outcome


def term_of(name: str) -> str:
    return CLASS if name == CATEGORY else name


def opening(outcome: Outcome, asked: AskedOfFit, titles: Mapping[str, str], risk: RiskTable) -> str:
    """One sentence on what was fitted."""
    bases = ["each authority"] if risk.authorities > 1 else []
    bases += [f"each level of {titles[asked.stratum].lower()}"] if asked.stratum else []
    if not asked.adjust_for:
        return f"{outcome.title}: shares with the event, nothing adjusted for."
    own = f", with a baseline for {' and '.join(bases)}" if bases else ""
    adjusted = ", ".join(titles[name].lower() for name in asked.adjust_for)
    return f"{outcome.title}: Cox's model with {adjusted}{own}, of all whom the last run followed."
