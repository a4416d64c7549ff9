"""Save the parameters of classes as a file that carries no child, for others to score their own assessments with."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue import IndicatorSet, SavedClass, SavedTypology
from careloom.core import RequestError
from careloom.stats.latent_class import posterior
from careloom.typology.scoring import parameters_of

ABOUT = """# Classes of demand that were found once: the parameters of a latent class model, and nothing of any child. Made by
# careloom typology --save. Probabilities are rounded; those that rest on too few assessments share one value, their mean.
"""
TYPICAL, MARKED, TIMES = 0.5, 0.25, 2.0
"""An indicator that half of a class record, or a quarter when that is twice as many as of all, is on its example."""


@dataclass(frozen=True)
class Origin:
    """Where a typology comes from: in words, by which software, on which day, and why it is kept."""

    source: str
    made_by: str
    made_on: dt.date
    why: str


def make_saved(
    name: str,
    origin: Origin,
    indicators: IndicatorSet,
    *,
    items: Sequence[str],
    names: Sequence[str],
    shares: NDArray[np.float64],
    probabilities: NDArray[np.float64],
    assessments: float,
    least: int,
    base: int,
) -> SavedTypology:
    """Make a typology that may leave the authority from shares (K,) and probabilities (K, J) of `items`.

    No class may be expected to hold fewer than `least` of the `assessments` (RequestError), whose number is rounded to
    `base`. A probability by which fewer than `least` of a class would record an item, or would not, is not told: all
    such share their weighted mean. `indicators` is the whole set, as declared.
    """
    weights = assessments * shares
    few = [str(number) for number, weight in enumerate(weights, start=1) if weight < least]
    if few:
        raise RequestError(
            f"class {', '.join(few)} would hold fewer than {least} assessments, and parameters of so few could tell of "
            "children: nothing was saved. Ask for fewer classes with --classes"
        )
    told = np.round(coarsened(probabilities, weights, least), 4)
    made = SavedTypology(
        name=name,
        version=1,
        why=origin.why,
        source=origin.source,
        made_by=origin.made_by,
        made_on=origin.made_on,
        assessments=base * round(assessments / base),
        indicators=indicators.name,
        indicators_version=indicators.version,
        indicators_fingerprint=indicators.fingerprint,
        items=tuple(items),
        classes=tuple(
            SavedClass(called, round(float(share), 4), tuple(map(float, row)))
            for called, share, row in zip(names, shares, told, strict=True)
        ),
        examples="",
    )
    return replace(made, examples=typical_records(made))


def coarsened(probabilities: NDArray[np.float64], weights: NDArray[np.float64], least: int) -> NDArray[np.float64]:
    """Probabilities (K, J) with all that rest on fewer than `least` of a class replaced by their mean.

    ``weights`` (K,) are the expected sizes of the classes.
    """
    by_cell = np.broadcast_to(weights[:, None], probabilities.shape)
    told = probabilities.copy()
    for small in (probabilities * by_cell < least, (1.0 - probabilities) * by_cell < least):
        if small.any():
            told[small] = np.average(probabilities[small], weights=by_cell[small])
    return told


def typical_records(saved: SavedTypology) -> str:
    """For each class a record of what most of it record, with the class it belongs to and how surely, as a text table."""
    probabilities = np.array([each.probabilities for each in saved.classes])
    overall = np.array(saved.shares) @ probabilities
    recorded = (probabilities >= TYPICAL) | ((probabilities >= MARKED) & (probabilities >= TIMES * overall))
    recorded[np.arange(len(recorded)), probabilities.argmax(axis=1)] = True
    memberships = posterior(parameters_of(saved), recorded.astype(np.int8))
    rows = [
        f"{' '.join(name for name, is_on in zip(saved.items, row, strict=True) if is_on)} | {own.argmax() + 1} | {own.max():.4f}"
        for row, own in zip(recorded, memberships, strict=True)
    ]
    return "\n".join(["recorded | class_no | probability", *dict.fromkeys(rows)]) + "\n"


def typology_text(saved: SavedTypology) -> str:
    """Write a typology as the TOML that `read_typology` reads."""
    texts = {key: getattr(saved, key) for key in ("why", "source", "made_by")}
    lines = [f"version = {saved.version}", *(f"{key} = {quoted(text)}" for key, text in texts.items())]
    lines += [f"made_on = {saved.made_on.isoformat()}", f"assessments = {saved.assessments} # rounded"]
    lines += [f"indicators = {quoted(saved.indicators)}", f"indicators_version = {saved.indicators_version}"]
    lines += [f"indicators_fingerprint = {quoted(saved.indicators_fingerprint)}"]
    numbers = [str(number) for number in range(1, len(saved.classes) + 1)]
    table = [" | ".join(["indicator", *numbers])]
    for place, item in enumerate(saved.items):
        table.append(" | ".join([item, *(f"{each.probabilities[place]:.4f}" for each in saved.classes)]))
    lines += ['probabilities = """', *table, '"""', 'examples = """', f'{saved.examples}"""']
    for each in saved.classes:
        lines += ["", "[[class]]", f"name = {quoted(each.name)}", f"share = {each.share:.4f}"]
    return ABOUT + "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
