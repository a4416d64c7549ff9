"""The class of a CIN episode: that of one of its assessments. Source: study method section 2, units and class of an episode."""

from careloom.core import Ledger
from careloom.engine import Engine, count, value

RULES = {
    "first": "assessed_on, assessment_id",
    "last": "assessed_on DESC, assessment_id DESC",
    "highest_posterior": "probability DESC, assessed_on, assessment_id",
}
"""Which assessment with a class decides: the order in which they come, by the name that a study file gives it."""
EPISODE_CLASS_RULES = tuple(RULES)

OTHER_DECIDES = "another assessment of the episode decides"
NO_EPISODE = "the assessment lies in no episode"


def choose_classes(engine: Engine, rule: str = "first") -> Ledger:
    """Make `episode_class` from `class_of`: one row per CIN episode that has an assessment with a class.

    rule : one of RULES; of two assessments authorised on one day, or equally certain, the one that comes first in the
    order of their identifiers decides. Everything that speaks of the class of an episode reads this table.
    """
    made = engine.make(
        "episode_class",
        f"""SELECT episode_id, person_id, assessment_id, class_no FROM class_of WHERE episode_id IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY episode_id ORDER BY {RULES[rule]}) = 1""",
    )
    nowhere = int(value(engine, "SELECT count(*) AS n FROM class_of WHERE episode_id IS NULL"))
    read = count(engine, "class_of")
    aside = {OTHER_DECIDES: read - nowhere - made, NO_EPISODE: nowhere}
    ledger = Ledger()
    ledger.note(f"choose the class of each episode ({rule})", "class_of", "episode_class", read, made, aside)
    return ledger
