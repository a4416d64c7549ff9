"""How much it matters that groups differ: effects a reader can weigh, each beside what chance alone would show.

With a million rows every test of "the same everywhere" rejects. What is asked instead: of how many rows would the class
change, how far does a probability truly shift, how alike are the classes, what is lost on rows that no model has seen?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from careloom.stats.latent_class.groups.by_group import ClassesByGroup
from careloom.stats.latent_class.groups.groups import GroupFits, fit_groups
from careloom.stats.latent_class.groups.groups_alike import draw_alike
from careloom.stats.latent_class.groups.held_out_groups import HeldOut
from careloom.stats.latent_class.groups.shifts import Shifts, find_shifts
from careloom.stats.latent_class.model.belonging import modal_classes
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns
from careloom.stats.latent_class.rows.patterns import Floats


@dataclass(frozen=True, eq=False)
class Effects:
    """How much it matters that groups differ.

    ``moved`` (G,): share of each group's rows whose likeliest class changes when the group's own probabilities are
    used, with the noise taken out, in place of the common ones (the sizes being the group's own in both).
    ``as_fitted`` and ``by_chance``: what the groups' own fits show as they come out, and what they would show if the
    classes were truly the same everywhere (rows drawn from the common classes, as many, and fitted alike).
    ``weights`` (G,): rows. ``shifts`` hold every shift; ``held_out`` what unseen rows say.
    """

    moved: Floats
    as_fitted: OwnFits
    by_chance: OwnFits
    weights: Floats
    shifts: Shifts
    held_out: HeldOut | None

    @property
    def moved_overall(self) -> float:
        return float(self.weights @ self.moved / self.weights.sum())


@dataclass(frozen=True, eq=False)
class OwnFits:
    """Fits of the groups from the common classes, beside these.

    ``moved`` (G,): share of each group's rows whose likeliest class is another. ``matching``: mean congruence of the
    classes with the common ones, each weighted by its size in the group. ``found_in`` (K,): share of the groups in
    which each class is the same or similar.
    """

    moved: Floats
    moved_overall: float
    matching: float
    found_in: Floats


def measure_effects(
    grouped: GroupedPatterns,
    fit: ClassesByGroup,
    own: GroupFits,
    held_out: HeldOut | None,
    seed: int,
    threads: int | None,
) -> Effects:
    shifts = find_shifts(grouped, fit)
    alike = draw_alike(grouped, fit, seed)
    alike_own = fit_groups(alike, fit.common, starts=0, least=0, shares=fit.shares, threads=threads)
    shifted = [with_cells(fit.in_group(group), shifts.probabilities(group)) for group in range(grouped.groups)]
    return Effects(
        moved=moved_rows(grouped, fit, shifted),
        as_fitted=sum_up(grouped, fit, own),
        by_chance=sum_up(alike, fit, alike_own),
        weights=grouped.sizes,
        shifts=shifts,
        held_out=held_out,
    )


def moved_rows(grouped: GroupedPatterns, fit: ClassesByGroup, others: Sequence[Parameters]) -> Floats:
    """Share of each group's rows whose likeliest class is another with the other parameters (G,)."""
    moved = np.zeros(grouped.groups)
    for group, other in enumerate(others):
        table = grouped.table_of(group)
        weights = np.where(table.observed, table.weights, 0.0)
        changes = modal_classes(table, fit.in_group(group)) != modal_classes(table, other)
        moved[group] = weights @ changes / weights.sum()
    return moved


def sum_up(grouped: GroupedPatterns, fit: ClassesByGroup, own: GroupFits) -> OwnFits:
    moved = moved_rows(grouped, fit, [one.near.parameters for one in own.fits])
    members = fit.shares * grouped.sizes[:, None]
    return OwnFits(
        moved=moved,
        moved_overall=float(grouped.sizes @ moved / grouped.sizes.sum()),
        matching=float((own.congruence(near=True) * members).sum() / members.sum()),
        found_in=own.found_in(near=True),
    )


def with_cells(at: Parameters, probabilities: Floats) -> Parameters:
    with np.errstate(divide="ignore"):
        return at.like(np.concatenate([at.log_shares, np.log(probabilities).ravel()]))


def say_effects(effects: Effects, *, item: str = "item {}", group: str = "group {}") -> list[str]:
    """A sentence for each effect, the numbers of items and groups (from 1) put into the words given."""
    shifts, fitted, chance = effects.shifts, effects.as_fitted, effects.by_chance
    where, cell, k = shifts.largest()
    common, shift = shifts.common.probabilities[cell, k], shifts.shrunken[where, cell, k]
    as_seen = np.clip(common + shifts.seen[where, cell, k], 0.0, 1.0)
    place = item.format(int(shifts.common.item_of_cell[cell]) + 1)
    said = [
        f"Using each group's own probabilities, with chance taken out, would change the likeliest class of "
        f"{effects.moved_overall:.1%} of rows ({effects.moved.max():.1%} in the group most affected).",
        f"The largest shift is of {place} in class {k + 1} of {group.format(where + 1)}: "
        f"{np.clip(common + shift, 0.0, 1.0):.2f} in place of {common:.2f} "
        f"({as_seen:.2f} before chance is taken out).",
        f"The groups' own classes have an average congruence of {fitted.matching:.3f} with the common ones (from 0.95 "
        f"they count as the same); chance alone would make it {chance.matching:.3f}. Used as they are, they change the "
        f"likeliest class of {fitted.moved_overall:.1%} of rows; chance alone would change that of {chance.moved_overall:.1%}.",
    ]
    if not shifts.shrunken.any():
        said[1] = "No probability varies between groups by more than chance would make it."
    if effects.held_out is not None:
        same, sizes = effects.held_out.lost
        said.append(
            f"On rows not seen before, the classes of other groups are worth {abs(same):.4f} log-likelihood a row "
            f"{'less' if same > 0 else 'more'} than the group's own, and with the sizes its own {abs(sizes):.4f} "
            f"{'less' if sizes > 0 else 'more'}."
        )
    return said
