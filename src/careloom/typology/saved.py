"""Save the parameters of classes as a file that carries no child, for others to score their own assessments with."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue import IndicatorSet, SavedClass, SavedTypology
from careloom.catalogue.read_typologies import checksum
from careloom.core import RequestError
from careloom.stats.latent_class import posterior
from careloom.typology.scoring import parameters_of

ABOUT = """# Classes of demand that were found once: the parameters of a latent class model, and nothing of any child. Made by
# careloom typology --save. Every number stands for a count that was rounded as in a report; where too few of a class
# record a factor, the classes in which that is so share one value. A file that was changed is not read (checksum).
"""
TYPICAL, MARKED, TIMES = 0.5, 0.25, 2.0
"""An indicator that half of a class record, or a quarter when that is twice as many as of all, is on its example."""
FEWEST_ASSESSMENTS, FEWEST_OF_CLASS = 500, 50
"""Of fewer than these nothing is saved: rounded to 5, a class of fewer than 50 would be told in steps of more than a
tenth, and a share of fewer than 500 in steps of more than a hundredth. Our choices."""


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

    There must be 500 of the `assessments`, and each class must be expected to hold 50 of them (RequestError). What is
    written stands for counts rounded to `base`, see `coarsened`, so it tells no more than a report does. `indicators`
    is the whole set, as declared.
    """
    check_enough(assessments, shares)
    sizes = np.array([rounded(size, least, base) for size in assessments * shares])
    told = np.round(coarsened(probabilities, assessments * shares, sizes, least, base), 4)
    made = SavedTypology(
        name=name,
        version=1,
        why=origin.why,
        source=origin.source,
        made_by=origin.made_by,
        made_on=origin.made_on,
        assessments=rounded(assessments, least, base),
        indicators=indicators.name,
        indicators_version=indicators.version,
        indicators_fingerprint=indicators.fingerprint,
        items=tuple(items),
        classes=tuple(
            SavedClass(called, round(float(share), 4), tuple(map(float, row)))
            for called, share, row in zip(names, sizes / sizes.sum(), told, strict=True)
        ),
        examples="",
    )
    return replace(made, examples=typical_records(made))


def check_enough(assessments: float, shares: NDArray[np.float64]) -> None:
    """Refuse to save what so few assessments would tell. Raises RequestError."""
    if assessments < FEWEST_ASSESSMENTS:
        raise RequestError(
            f"parameters of fewer than {FEWEST_ASSESSMENTS} assessments could tell of children: nothing was saved"
        )
    few = [str(number) for number, size in enumerate(assessments * shares, start=1) if size < FEWEST_OF_CLASS]
    if few:
        raise RequestError(
            f"category {', '.join(few)} would hold fewer than {FEWEST_OF_CLASS} assessments, and parameters of so few "
            "could tell of children: nothing was saved. Ask for fewer categories with --classes"
        )


def rounded(number: float, least: int, base: int) -> int:
    """A number of assessments as a report shows it: rounded to `base`, and none that would be shown below `least`."""
    return int(max(base * np.ceil(least / base), base * np.floor(number / base + 0.5)))


def coarsened(
    probabilities: NDArray[np.float64],
    weights: NDArray[np.float64],
    sizes: NDArray[np.float64],
    least: int,
    base: int,
) -> NDArray[np.float64]:
    """Probabilities (K, J) as they may be told: each the rounded number of a class that record the item, over its size.

    ``weights`` (K,) are the expected sizes of the classes, ``sizes`` (K,) the same rounded. Where fewer than ``least``
    of some classes record an item, or do not, these classes share one probability: their rounded number together, over
    all of them; and half of ``least``, when together they are fewer than that, were it none at all. So a 0 is not told
    from a 5, and an item that nobody records not from one that few do.
    """
    yes = shared_by_few(probabilities * weights[:, None], sizes, least, base)
    no = shared_by_few((1.0 - probabilities) * weights[:, None], sizes, least, base)
    told = np.array([[rounded(number, least, base) for number in row] for row in probabilities * weights[:, None]])
    plain = np.minimum(told / sizes[:, None], 1.0 - least / 2 / sizes[:, None])
    return np.asarray(np.where(np.isfinite(yes), yes, np.where(np.isfinite(no), 1.0 - no, plain)))


def shared_by_few(
    counts: NDArray[np.float64], sizes: NDArray[np.float64], least: int, base: int
) -> NDArray[np.float64]:
    """For each item the probability (K, J) that classes with fewer than `least` share; nan in classes with more."""
    shared = np.full(counts.shape, np.nan)
    for item, column in enumerate(counts.T):
        few = column < least
        if few.any():
            together = float(column[few].sum())
            number = rounded(together, least, base) if together >= least else least / 2
            shared[few, item] = number / sizes[few].sum()
    return shared


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
    lines += [f"checksum = {quoted(checksum(saved))}"]
    lines += ['probabilities = """', *table, '"""', 'examples = """', f'{saved.examples}"""']
    for each in saved.classes:
        lines += ["", "[[class]]", f"name = {quoted(each.name)}", f"share = {each.share:.4f}"]
    return ABOUT + "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
