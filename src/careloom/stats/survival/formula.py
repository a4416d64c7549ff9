"""A Cox model said as a formula: `Surv(entry, time, event) ~ need + age + strata(la) + cluster(child)`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

LEFT = re.compile(r"^\s*Surv\(\s*([^(),]+?)\s*,\s*([^(),]+?)\s*(?:,\s*([^(),]+?)\s*)?\)\s*$")
SPECIAL = re.compile(r"\b(strata|cluster|offset)\(\s*([^()]+?)\s*\)")


@dataclass(frozen=True)
class Read:
    """What a formula asks for: the columns of the design, the response, and the rest, None where it asks for none."""

    columns: pd.DataFrame
    terms: dict[str, list[str]]
    time: NDArray[np.float64]
    event: NDArray[np.float64]
    entry: NDArray[np.float64] | None
    strata: NDArray[np.generic] | None
    cluster: NDArray[np.generic] | None
    offset: NDArray[np.float64] | None
    weights: NDArray[np.float64] | None


def read_formula(formula: str, data: pd.DataFrame, weights: str | None) -> Read:
    """Read a formula against a frame; ValueError says what is wrong with either."""
    from formulaic import Formula

    left, tilde, right = formula.partition("~")
    surv = LEFT.match(left)
    if not tilde or surv is None:
        raise ValueError(
            "a formula begins with Surv(time, event) ~ or Surv(entry, time, event) ~, with names of columns"
        )
    *entry, time, event = [name for name in surv.groups() if name is not None]
    special = {kind: [name for found, name in SPECIAL.findall(right) if found == kind] for kind in SPECIALS}
    many = [kind for kind, names in special.items() if len(names) > 1]
    if many:
        raise ValueError(f"{many[0]}() stands more than once: join the columns into one first")
    rest = [term for term in re.split(r"\+(?![^()]*\))", SPECIAL.sub("", right)) if term.strip()]
    asked = Formula(" + ".join(["1", *rest]))
    others = [name for names in special.values() for name in names]
    named = [*entry, time, event, *others, *([weights] if weights else [])]
    check_columns(data, [*named, *sorted(map(str, asked.required_variables))])
    matrix = asked.get_model_matrix(data, na_action="raise")
    terms = {
        str(term): [str(matrix.columns[place]) for place in places]
        for term, places in matrix.model_spec.term_indices.items()
        if str(term) != "1"
    }
    one = {kind: data[names[0]].to_numpy() if names else None for kind, names in special.items()}
    return Read(
        columns=matrix.drop(columns="Intercept"),
        terms=terms,
        time=data[time].to_numpy(dtype=float),
        event=data[event].to_numpy(dtype=float),
        entry=data[entry[0]].to_numpy(dtype=float) if entry else None,
        weights=data[weights].to_numpy(dtype=float) if weights else None,
        strata=one["strata"],
        cluster=one["cluster"],
        offset=one["offset"],
    )


SPECIALS = ("strata", "cluster", "offset")


def check_columns(data: pd.DataFrame, names: list[str]) -> None:
    """Refuse columns that the frame has not, and columns with missing values, with how many."""
    unknown = [name for name in names if name not in data.columns]
    if unknown:
        raise ValueError(f"the data have no column {', '.join(unknown)}; they have {', '.join(map(str, data.columns))}")
    missing = {name: int(data[name].isna().sum()) for name in names}
    told = ", ".join(f"{name} ({n} rows)" for name, n in missing.items() if n)
    if told:
        raise ValueError(f"missing values in {told}: leave those rows out, or give them a level of their own")
