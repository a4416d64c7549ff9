"""The rule for the number of classes: each condition by itself, the choice, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from careloom.stats.latent_class.choosing.decision import Condition, Decision, decide, elbow
from careloom.stats.latent_class.choosing.scan import ScanRow

FINE = ScanRow(
    classes=1, loglik=-1.0, parameters=1, aic=0.0, aic3=0.0, bic=0.0, sabic=0.0, caic=0.0, icl=0.0,
    relative_entropy=0.8, entropy_r2=0.8, smallest_share=0.05, least_posterior=0.85, share_certain=0.9,
    starts=100, starts_at_best=30, verdict="certified", worst_residual=1.0, worst_effect=0.01, gain_per_row=None,
    split_half_per_row=None, split_half_gain=None, split_half_agreement=None, held_out_per_row=None, held_out_gain=None,
    groups_gaining=None, bootstrap_p=None, seconds=0.1,
)  # fmt: skip
# Gains: 1000, 400, 100, 40, 30, -5. Less than 5% of the first from the fourth class on.
BICS = (9000.0, 8000.0, 7600.0, 7500.0, 7460.0, 7430.0, 7435.0)


def rows(*bics: float, **changed: dict[str, object]) -> list[ScanRow]:
    """A fine row for each BIC; ``k4={...}`` changes that of four classes."""
    made = [replace(FINE, classes=k, bic=bic) for k, bic in enumerate(bics, start=1)]
    return [replace(row, **changed.get(f"k{row.classes}", {})) for row in made]


def condition(decision: Decision, classes: int, letter: str) -> Condition:
    (found,) = (one for one in decision.considered[classes - 1].conditions if one.letter == letter)
    return found


def test_the_fewest_classes_after_which_bic_hardly_falls() -> None:
    decision = decide(rows(*BICS))
    assert [condition(decision, k, "a").is_met for k in range(1, 8)] == [False, False, False, True, True, True, None]
    assert (decision.chosen, decision.by_rule, decision.is_overruled) == (4, 4, False)
    assert decision.why == (
        "4 classes are the fewest that the rule allows. It would also allow 5, 6. Not known yet: (e), (f). "
        "BIC is lowest with 6."
    )
    assert condition(decision, 3, "a").sentence == (
        "A further class still lowers BIC by 100.0, 10.0% of what the second did."
    )
    assert (
        condition(decision, 4, "a").sentence
        == "A further class lowers BIC by 40.0 at most, 4.0% of what the second did."
    )
    assert condition(decision, 6, "a").sentence == "A further class does not lower BIC."
    assert "not known" in condition(decision, 7, "a").sentence


def test_a_small_gain_followed_by_a_large_one_is_not_the_end() -> None:
    decision = decide(rows(9000.0, 8000.0, 7990.0, 7500.0, 7495.0, 7494.0))
    assert condition(decision, 2, "a").is_met is False
    assert decision.chosen == 4


@pytest.mark.parametrize(
    ("letter", "changed", "sentence"),
    [
        ("b", {"starts_at_best": 1}, "The best likelihood was found from 1 of 100 starts."),
        ("b", {"verdict": "not converged"}, "The best fit is not proved to be a maximum."),
        ("c", {"smallest_share": 0.0099}, "The smallest class has 0.99% of the rows."),
        ("d", {"least_posterior": 0.699}, "The lowest average posterior of a class is 0.699."),
        ("d", {"least_posterior": float("nan")}, "No row is assigned to some class: it is nobody's likeliest."),
    ],
)
def test_each_condition_can_be_broken(letter: str, changed: dict[str, object], sentence: str) -> None:
    decision = decide(rows(*BICS, k4=changed))
    assert decision.considered[3].broken == (letter,)
    assert condition(decision, 4, letter) == Condition(letter, False, sentence)
    assert decision.chosen == 5
    assert ("With 4 classes only (b) is not met" in decision.why) is (letter == "b")


@pytest.mark.parametrize(
    "changed",
    [{"starts_at_best": 2}, {"smallest_share": 0.01}, {"least_posterior": 0.70}, {"verdict": "boundary-fixed"}],
)
def test_the_bounds_themselves_are_met(changed: dict[str, object]) -> None:
    assert decide(rows(*BICS, k4=changed)).chosen == 4


def test_weak_identification_is_said_and_breaks_nothing() -> None:
    decision = decide(rows(*BICS, k4={"verdict": "weakly identified"}))
    assert decision.chosen == 4
    assert condition(decision, 4, "b").sentence.endswith("The data hardly tell some of its parameters.")


def test_what_others_say_counts_and_may_be_missing() -> None:
    decision = decide(rows(*BICS), consistent={4: False, 5: True}, named={5: True})
    assert decision.chosen == 5
    assert decision.considered[3].broken == ("e",)
    assert decision.considered[4].unknown == ()
    assert "Not known yet" not in decision.why
    assert condition(decision, 4, "e").sentence == "The classes are not found again across authorities and years."
    assert condition(decision, 5, "f").sentence == "The classes are named by a reader who knows the field."
    assert condition(decision, 6, "f").is_met is None


def test_the_reader_may_overrule_the_rule_and_it_is_said() -> None:
    decision = decide(rows(*BICS), chosen=6)
    assert (decision.chosen, decision.by_rule, decision.is_overruled) == (6, 4, True)
    assert decision.why.startswith(
        "6 classes were chosen by the reader, who overruled the rule. By the rule: 4 classes are the fewest"
    )
    agreed = decide(rows(*BICS), chosen=4)
    assert not agreed.is_overruled
    assert agreed.why == decide(rows(*BICS)).why


def test_the_elbow_where_every_class_still_gains() -> None:
    """Gains 1000, 900, 200, 190, 180: none below 50; the line from the ends is farthest above the curve at three."""
    still = rows(9000.0, 8000.0, 7100.0, 6900.0, 6710.0, 6530.0)
    assert elbow(still) == 3
    decision = decide(still)
    assert decision.chosen == 3
    assert condition(decision, 3, "a").sentence == (
        "Every class tried lowers BIC by 5% of the second or more; here it bends."
    )
    assert condition(decision, 4, "a").is_met is False


def test_a_straight_line_has_no_elbow() -> None:
    assert elbow(rows(9000.0, 8000.0, 7000.0)) is None


def test_when_none_meets_the_rule_the_nearest_is_taken_and_it_is_said() -> None:
    low = {"least_posterior": 0.5}
    decision = decide(rows(*BICS, k4=low, k5=low, k6=low | {"smallest_share": 0.001}, k7=low))
    # One condition is broken by 1 to 3 (a), by 4 and 5 (d), and by 7, which is lowest of them in BIC.
    assert decision.chosen == 7
    assert decision.why.startswith("No number of classes tried meets the whole rule. 7 classes are the nearest")
    assert "Broken: (d); not known: (a), (e), (f)." in decision.why


def test_no_second_class() -> None:
    decision = decide(rows(9000.0, 9010.0, 9030.0))
    assert decision.chosen == 1
    assert decision.why.startswith("1 class is the fewest")
    assert condition(decision, 1, "b").is_met


def test_one_class_tried_is_all_there_is() -> None:
    decision = decide(rows(9000.0))
    assert decision.chosen == 1
    assert "not known: (a)" in decision.why


def test_what_the_rule_cannot_judge_is_refused() -> None:
    with pytest.raises(ValueError, match="a scan of 1, 2, 3"):
        decide(rows(*BICS)[1:])
    with pytest.raises(ValueError, match="a scan of 1, 2, 3"):
        decide([])
    with pytest.raises(ValueError, match="9 classes were chosen, but only 1 to 7"):
        decide(rows(*BICS), chosen=9)
