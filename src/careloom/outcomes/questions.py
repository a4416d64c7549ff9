"""Answer time-to-event questions: who was at risk and for how long, the curves, and the hazard ratios."""

import datetime as dt
from collections.abc import Sequence

from careloom.catalogue import Outcome
from careloom.core import Ledger
from careloom.engine import Engine
from careloom.outcomes.curves import curves_of
from careloom.outcomes.hazards import hazard_ratios_of
from careloom.outcomes.risk import all_outcomes, make_time_to_event


def time_outcomes(engine: Engine, outcomes: Sequence[Outcome], *, first_day: dt.date, end_day: dt.date) -> Ledger:
    """Follow every spell that ended in [first_day, end_day) until the event, or the end of what can be seen.

    Reads `spell`, `person`, `class_of` and `episode_class`. Makes `time_to_event`, `curve` (Kaplan-Meier, each class and all together)
    and `hazard_ratio` (Cox model: class, age, sex and ethnic group; Efron's ties; an own baseline for each authority
    when there are several; limits and p-values robust to several spells of one child). A model that cannot be fitted
    leaves no hazard ratios, and the ledger says why.
    """
    ledger = Ledger()
    for outcome in outcomes:
        make_time_to_event(engine, outcome, first_day=first_day, end_day=end_day, ledger=ledger)
    engine.make("time_to_event", all_outcomes(outcomes))
    engine.load("curve", curves_of(engine, outcomes))
    engine.load("hazard_ratio", hazard_ratios_of(engine, outcomes, ledger))
    return ledger
