"""[outcomes] of the study file: which questions, what is taken for missing, whom to leave out, and how to model."""

from dataclasses import dataclass

from careloom.catalogue import Catalogue, Outcome
from careloom.core import Keys, StudyError, nearest
from careloom.outcomes import METHODS, AskedOfModels, AskedOfOutcomes


@dataclass(frozen=True)
class Mask:
    """A year of an authority that the study takes for missing though it was handed over; of one return, or of all."""

    authority: str
    year: int
    return_name: str | None = None


def read_asked(keys: Keys, catalogue: Catalogue) -> tuple[AskedOfOutcomes, tuple[Mask, ...]]:
    """Read what [outcomes] asks beside its questions. Raises StudyError naming the key at fault."""
    switches = {
        name: switched(keys.table(name), outcome) for name, outcome in catalogue.outcomes.items() if name in keys.values
    }
    split_below = keys.number("split_below", 0.05)
    if not 0 <= split_below <= 1:
        raise StudyError(f'{keys.where}: "split_below" should be from 0 (never split) to 1 (always)')
    models = AskedOfModels(methods(keys), keys.flag("unclassed", True), split_below)
    masks = tuple(read_mask(each, catalogue) for each in keys.tables("mask", []))
    return AskedOfOutcomes(switches, models), masks


def methods(keys: Keys) -> tuple[str, ...]:
    asked = tuple(keys.texts("also", list(AskedOfModels().methods)))
    for name in asked:
        if name not in METHODS:
            raise StudyError(f'{keys.where}: also = "{name}" is not known{nearest(name, METHODS)}')
    return asked


def switched(keys: Keys, outcome: Outcome) -> dict[str, bool]:
    """The rules of one outcome that the study turns on or off."""
    known = [drop.switch for drop in outcome.drops if drop.switch]
    for name in keys.values:
        if name not in known:
            raise StudyError(f'{keys.where}: there is no key "{name}"{nearest(name, known)}')
    found = {name: keys.flag(name) for name in keys.values}
    keys.done()
    return found


def read_mask(keys: Keys, catalogue: Catalogue) -> Mask:
    mask = Mask(str(keys.text("authority")), int(keys.whole("year")), keys.text("return", None))
    keys.done()
    yearly = [name for name, each in catalogue.returns.items() if each.yearly]
    if mask.return_name is not None and mask.return_name not in yearly:
        raise StudyError(f'{keys.where}: return = "{mask.return_name}" is not known{nearest(mask.return_name, yearly)}')
    return mask
