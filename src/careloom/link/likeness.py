"""How alike two descriptions are, weighed by Splink: the model of Fellegi and Sunter (1969, JASA 64:1183) on shared parts.

Every question compares parts for equality, or lists of parts for one in common, so it is the same for hashed parts. What
each answer weighs is in model.json, learnt from made-up children whose true identity is known (benchmarks/linkage/train.py).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from careloom.engine import Engine, splink_backend

MODEL = Path(__file__).with_name("model.json")
OVERLAP = {"duckdb": "list_has_any({0}_l, {1}_r)", "spark": "arrays_overlap({0}_l, {1}_r)"}
EQUAL = "{0}_l = {0}_r"
EXCHANGED = "?first_near ?surname_near"
QUESTIONS: dict[str, tuple[str, ...]] = {
    "first_name": (EQUAL.format("first_name"), EXCHANGED, "?first_called", "?first_near", EQUAL.format("first_three")),
    "surname": (EQUAL.format("surname"), "?surname_near", EQUAL.format("surname_sound")),
    "born": (
        EQUAL.format("born_on"), "born_on_l = born_turned_r", "?born_months",
        EQUAL.format("born_month_day"), EQUAL.format("born_year_day"),
    ),
    "sex": (EQUAL.format("sex"),),
    "postcode": (EQUAL.format("postcode"), EQUAL.format("sector"), EQUAL.format("district")),
    "nhs_number": (EQUAL.format("nhs_number"),),
    "upn": (EQUAL.format("upn"),),
}  # fmt: skip
"""By comparison: its levels, closest first; `?x` asks whether the lists x share anything, `?x ?y` whether x of each shares
anything with y of the other: both names, in each other's column. Below them all: nothing is shared."""
TOLD_ELSEWHERE = {"surname": EXCHANGED}
"""What another comparison weighs already for this one, too, so that it is not weighed twice."""
TOLD_BY = {"born": "born_months"}
"""The part that says whether anything is told at all, where it has another name than the comparison."""
RARE = ("first_name", "surname")
"""Comparisons in which an equal rare value weighs more than an equal common one."""
BLOCKS = (
    ("nhs_number",),
    ("born_on", "first_three"),
    ("born_on", "surname_three"),
    ("both_names", "born_year"),
    ("postcode", "first_three"),
    ("postcode", "surname"),
    ("born_on", "sector"),
)
"""Pairs are weighed at all when they are equal in every part of one of these."""


@dataclass(frozen=True)
class Model:
    """Shares of pairs at each level of each comparison: `m` among pairs of one child, `u` among pairs of two."""

    m: dict[str, tuple[float, ...]]
    u: dict[str, tuple[float, ...]]


def read_model(path: Path = MODEL) -> Model:
    told = json.loads(path.read_text(encoding="utf-8"))
    return Model(*({name: tuple(shares) for name, shares in told[which].items()} for which in ("m", "u")))


def settings_of(model: Model, engine: Engine, prior: float, where: str, *, with_rarity: bool = True) -> dict[str, Any]:
    """Splink's settings. `prior` is the chance that two descriptions taken at random are of one child.

    `where` is a condition on l and r that each pair must also meet. Without `with_rarity` nobody learns which values are rare.
    """
    comparisons = [
        comparison(name, engine, model.m[name], model.u[name], is_rare=with_rarity and name in RARE)
        for name in QUESTIONS
    ]
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [
            " AND ".join([*(f"l.{part} = r.{part}" for part in block), where]) for block in BLOCKS
        ],
        "probability_two_random_records_match": prior,
        "additional_columns_to_retain": ["unit_no"],
        "retain_matching_columns": True,  # else the levels do not come back
        "retain_intermediate_calculation_columns": False,
    }


def comparison(
    name: str, engine: Engine, m: tuple[float, ...], u: tuple[float, ...], *, is_rare: bool
) -> dict[str, Any]:
    """One comparison as Splink has it: nothing told, the levels of QUESTIONS, and nothing shared."""
    part = TOLD_BY.get(name, name)
    asked = [condition(level, engine) for level in QUESTIONS[name]]
    levels: list[dict[str, Any]] = [
        {"sql_condition": words, "label_for_charts": words, "m_probability": in_one, "u_probability": in_two}
        for words, in_one, in_two in zip([*asked, "ELSE"], m, u, strict=True)
    ]
    if is_rare:
        levels[0] |= {"tf_adjustment_column": name, "tf_adjustment_weight": 1.0}
    untold = [f"{part}_l IS NULL OR {part}_r IS NULL"]
    untold += [condition(TOLD_ELSEWHERE[name], engine)] if name in TOLD_ELSEWHERE else []
    blanks = [{"sql_condition": words, "label_for_charts": "not told", "is_null_level": True} for words in untold]
    return {"output_column_name": name, "comparison_levels": [blanks[0], levels[0], *blanks[1:], *levels[1:]]}


def condition(level: str, engine: Engine) -> str:
    """A level of QUESTIONS in the engine's SQL."""
    if not level.startswith("?"):
        return level
    one, *other = (name.lstrip("?") for name in level.split())
    pairs = [(one, other[0]), (other[0], one)] if other else [(one, one)]
    return " AND ".join(OVERLAP[engine.name].format(*pair) for pair in pairs)


def weigh(
    engine: Engine, parts: pa.Table, model: Model, *, prior: float, least: float, where: str, with_rarity: bool = True
) -> pa.Table:
    """Weigh pairs of descriptions: (one, two, one_unit, two_unit, probability, and a level by comparison).

    `parts` has unique_id, unit_no and PARTS, one row a description. Only pairs of at least the probability `least` come
    back. A level is Splink's: the highest number is the closest, 0 nothing shared, -1 not told.
    """
    from splink import Linker  # a second to import, which only this mode takes

    backend = splink_backend(engine)
    table = backend.register(parts if engine.name == "duckdb" else _spark_frame(backend, parts))
    settings = settings_of(model, engine, prior, where, with_rarity=with_rarity)
    linker = Linker(table, settings, log_level="ERROR", validate_settings=False)
    predicted = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
    ends = {"one": "unique_id_l", "two": "unique_id_r", "one_unit": "unit_no_l", "two_unit": "unit_no_r"}
    wanted = {**ends, "probability": "match_probability"} | {name: f"gamma_{name}" for name in QUESTIONS}
    columns = ", ".join(f"{old} AS {new}" for new, old in wanted.items())
    # The parts of both come back, too: of a million pairs they take gigabytes, so they stay where they are.
    scored = linker.misc.query_sql(f"SELECT {columns} FROM {predicted.physical_name}")  # type: ignore[no-untyped-call]
    found: pa.Table = scored.as_pyarrow_table()
    return found


def _spark_frame(backend: Any, parts: pa.Table) -> Any:
    return backend.spark.createDataFrame(parts.combine_chunks())
