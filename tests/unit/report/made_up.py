"""Small made-up working tables, as the rooms would leave them, with cells planted that must not be shown."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from careloom.engine import DuckDBEngine
from careloom.report import StudyWords

STUDY = StudyWords(
    title="Anyshire: demand, outcomes and cost",
    first_day=date(2018, 4, 1),
    last_day=date(2021, 3, 31),
    cost_first_day=date(2020, 4, 1),
    cost_last_day=date(2021, 3, 31),
    made_on=date(2026, 11, 22),
    prices_standing="illustrative",
    careloom_version="0.1.0",
    notes=("This is a made-up authority: no number here is about a real child.",),
    authorities=("Anyshire", "Shire 2"),
)
SECURE_COST = 777_777.0
"""What the 3 children in secure placements cost together: found nowhere in any output."""
DEAREST_COST = 1_234_567.0
"""What one child cost who is in supported accommodation, with others: found nowhere in any output."""
CHILD_IN_FILE_NAME = "Jo_Bloggs"
OVERLAPPING = 12
"""So many more children are looked after in two places at once, and have no cost."""
NAMES = (
    "Domestic abuse of a parent, emotional abuse and neglect",
    "Child's mental health, self-harm and education",
    "Parent's drug misuse, alcohol misuse and mental health",
    "Learning disability and physical disability",
)
FACTORS = (
    "Domestic abuse",
    "Emotional abuse",
    "Neglect",
    "Child's mental health",
    "Self-harm",
    "Parent's drug misuse",
    "Learning disability",
    "Gangs",
)
PLACES = ("la_foster", "ifa_foster", "childrens_home_agency", "kin_foster", "supported_accommodation")


def make_up(engine: DuckDBEngine, *, children: int = 600, seed: int = 4) -> None:
    """Load every working table that the report reads."""
    chance = np.random.default_rng(seed)
    class_no = chance.choice([1, 2, 3, 4], children, p=[0.45, 0.27, 0.2, 0.08])
    for name, rows in {**came_in(children), **demand(children, class_no, chance)}.items():
        engine.load(name, pa.Table.from_pylist(rows))
    for name, rows in who_came().items():
        engine.load(name, pa.Table.from_pylist(rows))
    engine.load("first_by_age", pa.Table.from_pylist(by_age()))
    for name, rows in links().items():
        engine.load(name, pa.Table.from_pylist(rows))
    for name, rows in rungs().items():
        engine.load(name, pa.Table.from_pylist(rows))
    for name, rows in care_histories().items():
        engine.load(name, pa.Table.from_pylist(rows))
    for name, rows in {**outcomes(children, class_no, chance), **costs(class_no, chance), **asked_of_costs()}.items():
        engine.load(name, pa.Table.from_pylist(rows))


def child(number: int) -> str:
    return f"PERSON{number:05d}"


Tables = dict[str, list[dict[str, Any]]]


def came_in(children: int) -> Tables:
    files = [
        ("ssda903", "episodes", 2020, "read", ""),
        ("ssda903", "header", 2020, "read", ""),
        ("cin_census", "all", 2021, "read", "read as cp1252"),
        ("cin_census", "all", 2020, "refused", "line 7: a tag is not closed"),
    ]
    delivery = [
        {
            "delivery_id": n,
            "return_name": r,
            "table_name": t,
            "la": "Anyshire",
            "collection_year": y,
            "file_name": f"{CHILD_IN_FILE_NAME}_{r}_{t}_{y}.csv",
            "rows_in": 100,
            "state": s,
            "message": m,
        }
        for n, (r, t, y, s, m) in enumerate(files, start=1)
    ]
    aside = [
        {
            "delivery_id": 1,
            "table_name": "episodes",
            "line": n,
            "column_name": "DECOM",
            "is_row": False,
            "is_used": False,
            "reason": "not a date",
        }
        for n in range(3)
    ]
    aside += [
        {
            "delivery_id": 3,
            "table_name": "CINdetails",
            "line": n,
            "column_name": None,
            "is_row": True,
            "is_used": False,
            "reason": "no child identifier",
        }
        for n in range(28)
    ]
    record = [
        {"la": "Anyshire", "return_name": "cin_census", "child_id": f"ID{n}", "collection_year": 2021}
        for n in range(children)
    ]
    record += [
        {"la": "Anyshire", "return_name": "ssda903", "child_id": f"ID{n}", "collection_year": 2020} for n in range(90)
    ]
    people = [
        {
            "person_id": child(int(r["child_id"][2:])),
            "la": r["la"],
            "return_name": r["return_name"],
            "child_id": r["child_id"],
        }
        for r in record
    ]
    people += [
        {"person_id": child(n + 300), "la": "Anyshire", "return_name": "early_help", "child_id": f"EH{n}"}
        for n in range(children // 2 + 40)
    ]
    rules = [
        {
            "rule": "ssda903 103",
            "message": "The ethnicity code is either not valid or has not been entered.",
            "state": "found",
            "why": None,
            "rows_checked": 90,
            "rows_found": 4,
        },
        {
            "rule": "cin_census 8510",
            "message": "More than one child record with the same LA Child ID.",
            "state": "clean",
            "why": None,
            "rows_checked": children,
            "rows_found": 0,
        },
        {
            "rule": "ssda903 577",
            "message": "Child ceased to be looked after but a missing episode has no end date.",
            "state": "could not run",
            "why": 'table "missing" was not supplied',
            "rows_checked": None,
            "rows_found": None,
        },
    ]
    items = [
        ("ssda903", "episodes", "PLACE_PROVIDER", 60),
        ("ssda903", "header", "UPN", 88),
        ("cin_census", "CINdetails", "PrimaryNeedCode", 97),
        ("cin_census", "Assessments", "AssessmentFactors", 71),
    ]
    availability = [
        {
            "return_name": r,
            "table_name": t,
            "column_name": c,
            "la": "Anyshire",
            "collection_year": y,
            "state": "coded",
            "rows_in": 400,
            "rows_recorded": 4 * full + y - 2019,
            "rows_usable": 4 * full - 40,
            "rows_as_coded": 4 * full - 80,
            "days_behind": None,
        }
        for r, t, c, full in items
        for y in (2019, 2020, 2021)
    ]
    ability = [
        {
            "position": position,
            "kind": kind,
            "question": title.lower(),
            "title": title,
            "la": "Anyshire",
            "state": state,
            "items_needed": 5,
            "items_there": 5 if state != "not possible" else 4,
            "years_asked": 3,
            "years_ready": {"ready": 3, "partly": 1, "not possible": 0}[state],
            "missing": missing,
        }
        for position, (kind, title, state, missing) in enumerate(
            [
                ("typology", "Categories of demand", "partly", "cin_census (the whole return) of 2019, 2020"),
                ("outcome", "In care again", "ready", ""),
                ("cost process", "6. Review", "not possible", "ssda903 reviews (the whole table)"),
            ],
            start=1,
        )
    ]
    unlock = [
        {
            "la": "Anyshire",
            "position": 1,
            "item": "ssda903 reviews (the whole table)",
            "questions_lacking": 1,
            "questions_lacking_only": 1,
        }
    ]
    figures = [
        ("referrals", "Referrals", 1, (412, 398, None), None),
        ("second_plan", "Plans that were a second or later one", 2, (4, 21, 19), (80, 84, 20)),
    ]
    measure = [
        {
            "measure": name,
            "title": title,
            "unit": "plans",
            "position": position,
            "la": "Anyshire",
            "year": 2019 + at,
            "numerator": number,
            "denominator": of[at] if of else None,
            "value": number / of[at] if of else float(number),
        }
        for name, title, position, numbers, of in figures
        for at, number in enumerate(numbers)
        if number is not None
    ]
    understood = [("exact", True, 420), ("spelling", True, 130), ("proposed", False, 3), ("unknown", False, 17)]
    recognition = [
        {"kind": "value", "scope": "ssda903 ethnicity", "how": how, "is_used": used, "texts": 3, "rows": rows}
        for how, used, rows in understood
    ]
    steps = [
        ("read files", "ssda903 episodes files", 210, 210, {}),
        ("read files", "cin_census CINdetails files", 628, 600, {"no child identifier": 28}),
        ("keep the latest return", "ssda903_episodes", 210, 130, {"an earlier return of the same row": 80}),
        ("check", "ssda903_header", 90, 4, {"keeps the rule": 86}),
        ("choose assessments", "assessment spells", 640, 600, {"not authorised": 40}),
    ]
    ledger = [
        {"step_no": no, "step": step, "reads": reads, "makes": step, "outcome": o, "reason": why, "rows": n}
        for no, (step, reads, rows_in, rows_out, aside) in enumerate(steps, start=1)
        for o, why, n in [("in", "", rows_in), ("out", "", rows_out), *(("set aside", *item) for item in aside.items())]
    ]
    return {
        "delivery": delivery,
        "set_aside": aside,
        "recognition": recognition,
        "record": record,
        "person_of": people,
        "rule_state": rules,
        "availability": availability,
        "ability": ability,
        "unlock": unlock,
        "measure": measure,
        "ledger": ledger,
        "repair": repairs(),
    }


def repairs() -> list[dict[str, Any]]:
    """Three repairs as they went: one much needed, one in too few rows to be told, one not at all."""
    went = [("overlapping_referrals", 8, 640, 41, 44), ("missing_plan_end", 9, 120, 3, 0), ("told_twice", 5, 640, 0, 0)]
    return [
        {
            "repair": name,
            "position": position,
            "title": f"What {name} mends",
            "la": "Anyshire",
            "is_on": True,
            "rows_in": rows,
            "rows_changed": changed,
            "rows_merged": merged,
        }
        for name, position, rows, changed, merged in went
    ]


def demand(children: int, class_no: np.ndarray, chance: np.random.Generator) -> Tables:
    shares = [float((class_no == k).mean()) for k in (1, 2, 3, 4)]
    profile = chance.uniform(0.02, 0.25, (4, len(FACTORS)))
    profile[[0, 0, 0, 1, 1, 2, 3], [0, 1, 2, 3, 4, 5, 6]] = [0.92, 0.61, 0.44, 0.83, 0.52, 0.87, 0.9]
    rungs = [
        "no_further_action",
        "closed_after_assessment",
        "cin_only",
        "section_47",
        "conference",
        "cp_plan",
        "looked_after",
    ]
    start = date(2019, 4, 1)
    return {
        **classes_found(shares, profile),
        "class_of": [
            {
                "assessment_id": f"A{n}",
                "person_id": child(n),
                "la": f"Shire {n % 6 + 1}",
                "episode_id": f"E{n}",
                "assessed_on": start + timedelta(days=n % 600),
                "class_no": int(k),
                "probability": 0.9,
            }
            for n, k in enumerate(class_no)
        ],
        "assessment_seen": [
            {
                "assessment_id": f"A{n}",
                "person_id": child(n),
                "la": f"Shire {n % 6 + 1}",
                "episode_id": f"E{n}",
                "assessed_on": start + timedelta(days=n % 600),
                "collection_year": 2020,
                "set_aside": None if n < children else ("no factors recorded" if n < children + 12 else "only code 21"),
            }
            for n in range(children + 15)
        ],
        "pathway": [
            {
                "episode_id": f"E{n}",
                "person_id": child(n),
                "la": "Anyshire",
                "rung": str(chance.choice(rungs, p=[0.05, 0.35, 0.3, 0.1, 0.02, 0.1, 0.08])),
            }
            for n in range(children)
        ],
        "person": [
            {
                "person_id": child(n),
                "sex": "U" if n < 2 else ("F" if n % 2 else "M"),
                "ethnic_group": ["White", "Mixed", "Asian", "Black", "Unknown"][min(4, int(chance.exponential(0.9)))],
                "born_on": date(2003, 5, 1) + timedelta(days=int(chance.integers(0, 6300))),
                "is_uasc": n % 40 == 0,
                "is_disabled": bool(class_no[n] == 4),
            }
            for n in range(children)
        ],
    }


def classes_found(shares: list[float], profile: np.ndarray) -> Tables:
    """What the typology leaves of its search, beside the class of each assessment."""
    fits = [
        {
            "classes": k,
            "log_likelihood": -9000.0 + 500 * k - 60 * k * k,
            "parameters": 9 * k - 1,
            **dict.fromkeys(("aic", "aic3", "bic", "sabic", "caic", "icl"), 18000.0 - 700 * k + 90 * k * k),
            "relative_entropy": 0.86,
            "entropy_r2": 0.85,
            "smallest_share": 0.08,
            "least_posterior": 0.81,
            "share_certain": 0.77,
            "gain_per_assessment": None if k == 1 else 0.3 / k,
            "split_half_gain": None,
            "worst_residual": 12.0,
            "starts": 20,
            "starts_at_best": 17,
            "verdict": "certified",
            "not_met": "a" if k < 4 else "",
            "not_known": "e, f",
            "is_chosen": k == 4,
        }
        for k in range(1, 7)
    ]
    return {
        "class_fit": fits,
        "class_choice": [{"position": 1, "about": "(a) BIC", "is_met": "yes", "said": "Further classes gain little."}],
        "class_certificate": [
            {
                "classes": 4,
                "verdict": "certified",
                "gain_left": 1e-12,
                "least_information": 0.03,
                "at_boundary": 0,
                "starts": 20,
                "starts_at_best": 17,
                "why": "4 categories are the fewest that the rule allows.",
                "said": "It is proved to be a maximum of the likelihood.",
            }
        ],
        "class_mode": [
            {
                "mode_no": n,
                "log_likelihood": -8000.0 - n,
                "below_best": float(n - 1),
                "found": 21 - n,
                "starts": f"{21 - n} uniform",
                "sizes": "45%, 27%, 20%, 8%",
            }
            for n in (1, 2)
        ],
        "demand_class": [
            {
                "class_no": k + 1,
                "name": NAMES[k],
                "share": shares[k],
                "share_error": 0.02,
                "suggested": NAMES[k],
                "name_version": None,
            }
            for k in range(4)
        ],
        "class_profile": [
            {
                "class_no": k + 1,
                "indicator": f"i{j}",
                "label": FACTORS[j],
                "probability": float(profile[k, j]),
                "probability_error": 0.01,
                "prevalence": float(np.dot(shares, profile[:, j])),
            }
            for k in range(4)
            for j in range(len(FACTORS))
        ],
        "class_quality": [
            {
                "placed_no": a,
                "class_no": b,
                "posterior": 0.85 if a == b else 0.05,
                "odds_of_correct": 9.0 if a == b else None,
            }
            for a in range(1, 5)
            for b in range(1, 5)
        ],
        "class_residual": [
            {
                "position": n,
                "label": FACTORS[n],
                "other_label": FACTORS[n + 1],
                "children": children,
                "observed": children + 1.0,
                "expected": 20.5,
                "residual": 30.0 - n,
                "effect": 0.08,
            }
            for n, children in enumerate((40, 3), start=1)
        ],
        "reporting_checklist": [
            {
                "checklist": "RECORD",
                "position": 101,
                "item": "1.1",
                "asked": "Which data?",
                "source": "A source",
                "said": "Returns.",
            }
        ],
        "class_checklist": [{"position": 1, "asked": "Which software?", "source": "GRoLTS", "said": "Careloom."}],
        "class_by_group": [
            {
                "grouped_by": "la",
                "group_value": "Shire 1",
                "assessments": 106,
                "children": 101,
                "class_no": k,
                "congruence": 0.97,
                "of_deviations": 0.93,
                "likeness": "same",
                "adjusted_rand": 0.8,
                "kappa": 0.9,
            }
            for k in range(1, 5)
        ],
        "scored_fit": [
            {
                "typology": "elsewhere",
                "observed": -7.4,
                "expected": -7.3,
                "apart": -4.2,
                "gain": 0.02,
                "sure": 0.77,
                "said": "The likelihood speaks neither for nor against the typology.",
            }
        ],
        "scored_class": [{"class_no": k, "share_saved": "25.0%", "share_here": 0.25} for k in range(1, 5)],
        "scored_item": [
            {
                "position": n,
                "label": FACTORS[n],
                "children": children,
                "assessments": children + 1,
                "could": 600,
                "expected": 0.1,
            }
            for n, children in enumerate((120, 3), start=1)
        ],
    }


def outcomes(children: int, class_no: np.ndarray, chance: np.random.Generator) -> Tables:
    stretches: list[dict[str, Any]] = []
    for outcome, rate in (("re_referral", 2000.0), ("repeat_plan", 5000.0)):
        wait = np.ceil(chance.exponential(rate / np.array([1.0, 1.4, 0.8, 2.0])[class_no - 1]))
        follow = chance.integers(200, 1000, children)
        for n in range(children):
            is_event = bool(wait[n] < follow[n])
            stretches.append(
                {
                    "outcome": outcome,
                    "unit_id": f"E{n}",
                    "person_id": child(n),
                    "la": f"Shire {n % 6 + 1}",
                    "starts_on": date(2020, 3, 1),
                    "days": float(min(wait[n], follow[n])),
                    "is_event": is_event,
                    "ended_by": "event" if is_event else "end_of_follow_up",
                    "class_no": int(class_no[n]),
                }
            )
    curve = [
        row
        for outcome in ("re_referral", "repeat_plan")
        for k in range(5)
        for row in kaplan_meier([s for s in stretches if s["outcome"] == outcome and k in (0, s["class_no"])], k)
    ]
    told = {"time_to_event": stretches, "curve": curve, "hazard_ratio": hazard_ratios()}
    return told | compared(stretches)


def hazard_ratios() -> list[dict[str, Any]]:
    """The primary model; beside it model M0, the mean of all, another method, and two periods, of the category alone."""
    levels = [
        ("class_no", "2", "1", 1.42, 60),
        ("class_no", "3", "1", 0.81, 40),
        ("class_no", "4", "1", 1.97, 20),
        ("sex", "M", "F", 1.04, 80),
        ("sex", "U", "F", 3.21, 2),
    ]
    fits = [("M2", "cause_specific", "all", ""), ("M0", "cause_specific", "all", ""), ("M2", "fine_gray", "all", "")]
    fits += [("M2", "cause_specific", "all", "mean of all")]
    fits += [("M2", "cause_specific", period, "") for period in ("first 12 months", "after 12 months")]
    return [
        {
            "outcome": outcome,
            "model": model,
            "method": method,
            "period": period,
            "term": term,
            "level": level,
            "reference": reference or compared_with,
            "hazard_ratio": ratio,
            "lower": ratio / 1.4,
            "upper": ratio * 1.4,
            "p_value": 0.03,
            "rows": 150,
            "events": events,
            "children": 140,
            "children_with_event": events,
        }
        for outcome in ("re_referral", "repeat_plan")
        for number, (model, method, period, reference) in enumerate(fits)
        for term, level, compared_with, ratio, events in (levels if number == 0 else levels[:3])
    ]


def compared(stretches: list[dict[str, Any]]) -> Tables:
    """Tests, read-offs, adjusted shares and flow that go with the stretches; the shares are made up."""
    outcomes = ("re_referral", "repeat_plan")
    tests = [
        {
            "outcome": outcome,
            "model": "M2",
            "term": term,
            "chi_square": 9.1,
            "degrees_of_freedom": 3,
            "p_value": 0.028,
            "children": 420,
            "children_with_event": 120,
        }
        for outcome in outcomes
        for term in ("class_no", "sex", "all together")
    ]
    read_offs, adjusted = [], []
    for outcome in outcomes:
        for class_no in range(5):
            mine = [s for s in stretches if s["outcome"] == outcome and class_no in (0, s["class_no"])]
            for day in (92, 184, 366, 731):
                counts = {
                    "children": len(mine),
                    "children_at_risk": sum(s["days"] > day for s in mine),
                    "children_with_event": sum(s["is_event"] and s["days"] <= day for s in mine),
                }
                shares = {"share": 0.2, "lower": 0.1, "upper": 0.3}
                both = {**shares, "incidence": 0.19, "incidence_lower": 0.09, "incidence_upper": 0.29}
                read_offs += [
                    {
                        "outcome": outcome,
                        "class_no": class_no,
                        "of_whom": whom,
                        "days": day,
                        "at_risk": 0,
                        **counts,
                        **both,
                    }
                    for whom in ("all children", "children too young to turn 18 before")
                ]
                counted = {"children": counts["children"], "children_with_event": counts["children_with_event"]}
                if class_no:
                    adjusted.append({"outcome": outcome, "class_no": str(class_no), "days": day, **counted, **shares})
    flow = [
        {
            "outcome": outcome,
            "position": position,
            "step": step,
            "la": None,
            "year": None,
            "rows_dropped": dropped,
            "rows_left": left,
            "children_left": left - 10,
            "children_dropped": dropped,
        }
        for outcome in outcomes
        for position, (step, dropped, left) in enumerate(
            [("cin_episode spells in the returns", 0, 470), ("still open", 40, 430), ("died by time zero", 3, 427)]
        )
    ]
    return {"ph_test": tests, "read_off": read_offs, "adjusted_curve": adjusted, "outcome_flow": flow}


def links() -> Tables:
    """How good the links are; 3 children of one group were found nowhere else."""
    items = [("Unique Pupil Number", 431), ("Date of birth", 600), ("Sex", 598)]
    reach = [("Sex", "Female", 300, 160), ("Sex", "Male", 298, 143), ("Ethnic group", "Black", 47, 44)]
    limits = dict.fromkeys(
        (f"{what}_{end}" for what in ("precision", "recall", "f1") for end in ("lower", "upper")), 0.91
    )
    shares = dict.fromkeys(("precision_share", "recall_share", "f1"), 0.95)
    return {
        "identifier_recorded": [
            {"la": "Anyshire", "return_name": "cin_census", "item": item, "children": 600, "known": known}
            for item, known in items
        ],
        "link_by_rule": [
            {"la": "Anyshire", "return_name": "early_help", "link_rule": rule, "identifiers": n}
            for rule, n in [("upn", 211), ("alike", 97), ("alone", 32)]
        ],
        "link_reach": [dict(zip(("about", "level", "children", "linked"), row, strict=True)) for row in reach],
        "link_broken": [{"link_rule": "upn", "why": "two sexes"} for _ in range(14)],
        "link_truth": [
            {"about": "All", "level": "All", "true_links": 310, "found_links": 301, **shares, **limits},
            {"about": "Sex", "level": "Male", "true_links": 3, "found_links": 2, **shares, **limits},
        ],
        "link_sweep": [
            {"threshold": name, "pairs": pairs, "told_pairs": pairs, "right_share": right}
            for name, pairs, right in [("0.50", 340, 0.91), ("0.95", 301, 0.97)]
        ],
        "link_sample": [
            dict(zip(("position", "about", "pairs", "judged", "same"), row, strict=True))
            for row in [(1, "joined", 290, 60, 58), (2, "not joined", 310, 41, 3), (3, "All", 600, 101, 61)]
        ],
        "link_judged": [
            {"position": 1, "measure": "Precision", "judged": 101, "share": 0.967, "lower": 0.91, "upper": 0.99},
            {"position": 2, "measure": "Recall", "judged": 101, "share": 0.92, "lower": 0.86, "upper": 0.96},
        ],
        "link_doubt": list(link_doubt()),
    }


def link_doubt() -> Iterator[dict[str, Any]]:
    """Each kind of result, linked by two modes and drawn; one category rests on 3 children with the event."""
    kinds = [
        ("hazard ratio", "re_referral", "class_no", "2", "1", 120, 1.4),
        ("hazard ratio", "re_referral", "class_no", "3", "1", 3, 2.8),
        ("share", "re_referral", "", "12", "", 120, 0.21),
        ("total cost", "all", "", "", "", 90, 981_000.0),
        ("mean cost", "all", "class_no", "0", "", 90, 10_900.0),
        ("mean cost", "all", "class_no", "2", "", 40, 11_900.0),
    ]
    drawn = {"share_of_doubt": 0.04, "missing_information": 0.05, "degrees_of_freedom": 93.0}
    blank = dict.fromkeys(("within_error", "between_error", *drawn))
    for way_no, way, sets in [(0, "within authority", 1), (1, "both", 1), (2, "drawn", 10)]:
        for kind, subject, term, level, reference, children, estimate in kinds:
            yield {
                "way_no": way_no, "way": way, "kind": kind, "subject": subject, "term": term, "level": level, "reference": reference,
                "sets": sets, "children": children if "cost" in kind else 130, "children_with_event": children,
                "estimate": estimate, "lower": 0.9 * estimate, "upper": 1.1 * estimate, **blank, **(drawn if sets > 1 else {}),
                "cost": 981_000.0, "largest": 20_000.0, "next_largest": 19_000.0,
            }  # fmt: skip


def rungs() -> Tables:
    """Two steps of the pathway regression; 2 children whose sex is not known reached the first, none the second."""
    levels = [("class_no", str(k), "1", 160 // k) for k in (1, 2, 3, 4)]
    levels += [("sex", "F", "M", 200), ("sex", "M", "M", 220), ("sex", "U", "M", 9)]
    levels += [("class_sex", "1, F", "1, M", 70), ("class_sex", "1, M", "1, M", 90), ("class_sex", "2, F", "2, F", 40)]
    model, probability = [], []
    for rung, part in (("in_need", 0.5), ("cp_plan", 0.2)):
        for term, level, reference, rows in levels:
            reached = int(part * rows) if level != "U" else {"in_need": 2, "cp_plan": 0}[rung]
            key = {"rung": rung, "term": term, "level": level}
            share = reached / rows
            limits = {"lower": 0.8 * share, "upper": 1.2 * share} if reached else {"lower": None, "upper": None}
            counts = {"rows": 429, "rows_of_level": rows, "reached": reached}
            counts |= {"children_reached": reached, "children_not_reached": rows - reached}
            probability.append({**key, "probability": share, **limits, **counts})
            is_compared = level != reference and reached > 0
            ratio = 1.0 if level == reference else 1.7 if reached else None
            limits = {"lower": 1.1 if is_compared else None, "upper": 2.6 if is_compared else None}
            p_value = 0.02 if is_compared else None
            about = {**key, "reference": reference, "odds_ratio": ratio, **limits, "p_value": p_value}
            model.append({**about, "rows": 429, "reached": int(429 * part)})
    return {"rung_model": model, "rung_probability": probability}


def by_age() -> list[dict[str, Any]]:
    """Two authorities and both together; in Othershire 3 children were ever looked after, all at 16."""
    rows = []
    for contact, each in (("referral", 40), ("assessment", 30), ("cp_plan", 12), ("care", 8)):
        many = {"Anyshire": [each] * 18, "Othershire": [each] * 18 if contact != "care" else [0] * 16 + [3, 0]}
        many[""] = [sum(both) for both in zip(many["Anyshire"], many["Othershire"], strict=True)]
        for la, contacts in many.items():
            child_years = 4000.0 if la else 8000.0
            for age, number in enumerate(contacts):
                share = 0.9 * sum(contacts[: age + 1]) / child_years
                rows.append(
                    {
                        "contact": contact,
                        "la": la,
                        "age": age,
                        "at_risk": child_years * (1 - share),
                        "contacts": number,
                        "first_contacts": 0.9 * number,
                        "cumulative": share,
                        "lower": 0.9 * share,
                        "upper": 1.1 * share,
                        "cumulative_unadjusted": share / 0.9,
                    }
                )
    return rows


def who_came() -> Tables:
    """Profiles of 3 categories and 2 years, one of them of 3 rows only; and a flow that drops 4 rows at one step."""
    profile: list[dict[str, Any]] = []
    groups = {
        "": {None: 400},
        "category": {f"1. {NAMES[0]}": 300, f"2. {NAMES[1]}": 97, "No factors recorded": 3},
        "year": {"2020": 180, "2021": 220},
        "la": {"Anyshire": 396, "Othershire": 4},
    }
    for name, title in (("assessments", "Sex"), ("episodes", "Highest rung reached")):
        for grouped_by, sizes in groups.items():
            for group, rows in sizes.items():
                about = {"profile": name, "grouped_by": grouped_by, "group_value": group, "is_all": not grouped_by}
                known = {"rows_known": rows, "rows_missing": 2, "rows_elsewhere": 400 - rows if grouped_by else None}
                known |= {f"children{name[4:]}": number for name, number in known.items()}
                for position, (level, of_level) in enumerate(
                    [("This", rows - rows // 3), ("That", rows // 3)], start=1001
                ):
                    profile.append(
                        {
                            **about,
                            **known,
                            "item": title.lower(),
                            "title": title,
                            "level": level,
                            "position": position,
                            "rows_of_level": of_level,
                            "children_of_level": of_level,
                            "share": of_level / rows,
                            "difference": -0.314 if grouped_by and level == "This" else None,
                            **dict.fromkeys(("mean", "median", "lower_quartile", "upper_quartile")),
                        }
                    )
                amount = {"mean": 61.25, "median": 40.0, "lower_quartile": 20.5, "upper_quartile": 90.0}
                more = {"item": "days", "title": f"Days, {name}", "level": "", "position": 2000, "difference": 0.52}
                profile.append(
                    {
                        **about,
                        **known,
                        **more,
                        **amount,
                        "rows_of_level": None,
                        "children_of_level": None,
                        "share": None,
                    }
                )
    steps = [("rows handed over", 0, 812, 400), ("told again", 250, 562, 400), ("too <old>", 4, 558, 396)]
    steps += [("out of period", 0, 558, 396), ("rows described", 0, 558, 396)]
    flow = [
        {
            "flow": title.lower(),
            "title": title,
            "position": position,
            "step": step,
            "la": la,
            "year": year,
            "rows_dropped": dropped,
            "rows_left": left,
            "children_left": children,
            "children_dropped": min(dropped, 200),
        }
        for title in ("Assessments", "CIN episodes")
        for la, year in ((None, None), ("Anyshire", 2021))
        for position, (step, dropped, left, children) in enumerate(steps)
    ]
    return {"profile": profile, "flow": flow}


def care_histories() -> Tables:
    """Two care careers; 3 children of the second end in a secure home, and 4 of the first go home early."""
    lived = [("K" * 6 + "h" * 18, 1, 30), ("K" * 7 + "h" * 17, 1, 12), ("K" * 5 + "h" * 19, 1, 4)]
    lived += [
        ("R" * 24, 2, 25),
        ("R" * 23 + "F", 2, 10),
        ("R" * 20 + "S" * 4, 2, 3),
        ("F" * 10, None, 40),
        ("SSSSS", None, 3),
    ]
    told = [(states, career) for states, career, n in lived for _ in range(n)]
    history = [
        {"period_id": f"P{n}", "person_id": child(n), "la": "Anyshire", "months": len(states), "states": states}
        | {"starts_on": date(2018, 5, 1), "career_no": career}
        for n, (states, career) in enumerate(told)
    ]
    careers = [(1, "Kinship foster care, then returned home", 46, 0.81), (2, "Residential care", 38, 0.74)]
    career = [
        {"career_no": k, "name": name, "histories": n, "children": n, "share": n / 84, "silhouette": width}
        for k, name, n, width in careers
    ]
    months = Counter(
        (k, n, state) for states, of in told if of for k in (0, of) for n, state in enumerate(states, start=1)
    )
    month = [
        {"career_no": k, "month": n, "state": state, "histories": number, "children": number}
        for (k, n, state), number in months.items()
    ]
    moves = Counter((a, b) for states, _ in told for a, b in pairwise(states))
    movers = Counter((a, b) for states, _ in told for a, b in set(pairwise(states)))
    transition = [
        {"from_state": a, "to_state": b, "months": n, "children": movers[a, b], "share": 0.0}
        for (a, b), n in moves.items()
    ]
    return {"care_history": history, "care_career": career, "care_month": month, "care_transition": transition}


def kaplan_meier(stretches: list[dict[str, Any]], class_no: int) -> list[dict[str, Any]]:
    """The product-limit curve, the slow way; limits are made up."""
    rows, survival = [], 1.0
    for day in sorted({s["days"] for s in stretches}):
        at_risk, events = (
            sum(s["days"] >= day for s in stretches),
            sum(s["days"] == day and s["is_event"] for s in stretches),
        )
        survival *= 1 - events / at_risk
        rows.append(
            {
                "outcome": stretches[0]["outcome"],
                "class_no": class_no,
                "days": day,
                "at_risk": at_risk,
                "events": events,
                "survival": survival,
                "lower": max(0.0, survival - 0.04),
                "upper": min(1.0, survival + 0.04),
            }
        )
    return rows


def costs(class_no: np.ndarray, chance: np.random.Generator) -> Tables:
    """90 looked-after children with a cost, 3 of them in a secure placement, one far dearer than all; others that have none."""
    lines: list[dict[str, Any]] = []
    spells: list[dict[str, Any]] = [
        {
            "spell_id": f"P{n}",
            "person_id": child(n),
            "la": "Anyshire",
            "kind": "period_of_care",
            "starts_on": date(2020, 4, 1),
            "ends_on": None,
        }
        for n in range(90 + OVERLAPPING)
    ]
    end_day = date(2021, 4, 1)
    for n in range(90):
        code = "secure" if n < 3 else PLACES[int(chance.choice(5, p=[0.4, 0.25, 0.12, 0.15, 0.08]))]
        code = "supported_accommodation" if n == 89 else code
        start = date(2020, 4, 1) + timedelta(days=int(chance.integers(0, 200)))
        nights = (end_day - start).days
        spells.append(
            {
                "spell_id": f"S{n}",
                "person_id": child(n),
                "la": "Anyshire",
                "kind": "placement_segment",
                "starts_on": start,
                "ends_on": end_day if n % 2 else None,
            }
        )
        fee = nights * (5000.0 if "home" in code else 600.0) / 7
        fee = SECURE_COST / 3 if code == "secure" else DEAREST_COST if n == 89 else fee
        level = 1 if n % 3 == 0 else 2 if n % 3 == 1 else 3
        common = {
            "person_id": child(n),
            "la": "Anyshire",
            "placement_id": f"S{n}",
            "placement_code": code,
            "need_group": "EBD" if n % 4 == 1 else "no additional needs",
            "age_band": ("5-10", "11-15", "16-17")[n % 3],
        }
        lines.append({**common, **night_line("LAC 3", "fee", start, end_day, fee), "fee_level": level})
        lines.append({**common, **event_line("LAC 6", "review", 900.0, start)})
        if n < 4:
            lines.append({**common, **event_line("LAC 8", "transition to leaving care", 1200.0, start)})
    for n in range(60, 400):
        around = {"person_id": child(n), "la": "Anyshire", "need_group": "no additional needs", "age_band": "5-10"}
        lines.append({**around, **event_line("CIN 5", "assessment", 480.0, date(2020, 6, 1))})
        if n % 5 == 0:
            camhs = event_line("SV 1", "mental health service", 150.0, date(2020, 9, 1))
            lines.append({**around, **camhs, "kind": "other_agency", "perspective": "NHS"})
    return {"spell": spells, "cost": lines, "event": later(), "class_cost": class_costs(class_no, lines)}


def event_line(process: str, name: str, amount: float, day: date) -> dict[str, Any]:
    return {
        "process": process,
        "process_name": name,
        "element": name,
        "kind": "case_management",
        "perspective": "CSC",
        "basis": "event",
        "starts_on": day,
        "ends_on": day + timedelta(days=1),
        "quantity": 1.0,
        "unit_cost": amount,
        "subtotal": amount,
        "is_imputed": False,
        "fee_level": None,
        "standing": "illustrative",
        "price_year": "2013/14",
    }


def night_line(process: str, kind: str, start: date, end_day: date, amount: float) -> dict[str, Any]:
    nights = (end_day - start).days
    line = event_line(process, "maintaining the placement", amount, start)
    stretch = {"basis": "night", "ends_on": end_day, "quantity": float(nights), "unit_cost": amount / nights}
    return {**line, "kind": kind, **stretch}


def later() -> list[dict[str, Any]]:
    """What was recorded of 30 care leavers after the period costed; 3 of them live where it is not suitable."""
    told = [
        (n, event, code)
        for n in range(40, 70)
        for event, code in (
            ("care_leaver_activity", ("F2", "G5")[n % 2]),
            ("care_leaver_accommodation", "U1" if n >= 43 else "V2"),
        )
    ]
    return [
        {"person_id": child(n), "la": "Anyshire", "event": event, "happened_on": date(2021, 6, 1), "code": code}
        for n, event, code in told
    ]


def class_costs(class_no: np.ndarray, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each child belongs to its own class with 0.85 and to each of the others with 0.05; limits are made up."""
    rows = []
    for costs_of in ("care", "all"):
        mine = [line for line in lines if costs_of == "all" or line["process"].startswith("LAC")]
        sums: dict[int, list[float]] = {}
        for line in mine:
            if (n := int(line["person_id"][6:])) >= len(class_no):
                continue
            both = sums.setdefault(n, [0.0, 0.0])
            both[0] += line["subtotal"]
            both[1] += line["quantity"] if line["basis"] == "night" else 0.0
        for k in (1, 2, 3, 4):
            weights = {n: 0.85 if class_no[n] == k else 0.05 for n in sums}
            parts = sorted((weights[n] * sums[n][0] for n in sums), reverse=True)
            whole = sorted((sums[n][0] for n in sums if class_no[n] == k), reverse=True)
            weight, mean = sum(weights.values()), sum(parts) / sum(weights.values())
            about = {"costs_of": costs_of, "class_no": k, "weight": weight, "cost": sum(parts)}
            about |= {"nights": sum(weights[n] * sums[n][1] for n in sums), "children": len(whole)}
            about |= {"largest": parts[0], "next_largest": parts[1], "modal_cost": sum(whole)}
            about |= {"modal_largest": max(whole, default=0.0), "modal_next": max(whole[1:], default=0.0)}
            rows.append({**about, "lower": 0.8 * mean, "upper": 1.3 * mean})
    return rows


def asked_of_costs() -> Tables:
    """What `careloom cost` would add: ranges, a scenario, what moves it, and spending; a placement of 3 children in each."""
    groups = {
        "Process": [("LAC 3 Maintaining the placement: fee", 90, 900_000.0), ("LAC 6 Review: case management", 90, 81_000.0)],
        "Placement": [("la_foster", 60, 200_000.0), ("ifa_foster", 27, 3_223.0), ("secure", 3, SECURE_COST)],
    }  # fmt: skip
    sure: list[dict[str, Any]] = []
    change: list[dict[str, Any]] = []
    nobody = {"largest": 0.0, "next_largest": 0.0}
    for grouped_by, parts in groups.items():
        whole = ("All", 90, sum(cost for *_, cost in parts))
        for group_value, children, cost in [*parts, whole]:
            about = {"grouped_by": grouped_by, "group_value": group_value, "children": children, **nobody}
            for no, (what, times) in enumerate(
                (("cost", 1.0), ("lowest prices", 0.8), ("highest prices", 1.2)), start=1
            ):
                sure.append(about | {"what_no": no, "what": what, "cost": times * cost})
            for no, (what, times) in enumerate((("difference", -0.1), ("from", -0.12), ("to", -0.08)), start=1):
                change.append(about | {"what_no": no, "what": what, "cost": times * cost})
    bars = [("Prices: fees and allowances", 90, 180_000.0), ("Settling in: 28 nights, not 91", 3, SECURE_COST)]
    tornado = [
        {"bar": bar, "side_no": no, "side": side, "children": children, "cost": sign * cost, **nobody}
        for bar, children, cost in bars
        for no, side, sign in ((1, "lowest", -1.0), (2, "highest", 1.0))
    ]
    lines = [("Fostering", 87, 1_000_000.0, 900_000.0), ("Residential care", 3, 900_000.0, SECURE_COST)]
    reconciled = [
        {
            "la": "Anyshire", "year": "2020-21", "line": line, "not_in": "Nothing.", "divided_by": "Children on 31 March",
            "counted_children": children, "denominator": 5 * round(children / 5), "spent": spent, "cost": cost,
            "children": children, "remainder": spent - cost, "spent_weekly": 220.0, "costed_weekly": 200.0, **nobody,
        }
        for line, children, spent, cost in lines
    ]  # fmt: skip
    nominal = [
        {"grouped_by": "Year", "group_value": year, "what_no": no, "what": what, "children": children, "cost": cost * times, **nobody}
        for year, children, cost in (("2019-20", 87, 400_000.0), ("2020-21", 90, 581_000.0), ("All", 90, 981_000.0))
        for no, what, times in ((1, "at prices of 2013/14", 1.0), (2, "at each year's own prices", 1.25))
    ]  # fmt: skip
    return {
        "cost_sure": sure,
        "cost_change": change,
        "cost_tornado": tornado,
        "cost_reconciled": reconciled,
        "cost_nominal": nominal,
    }
