"""What else must be withheld so that a withheld number cannot be worked out from a total and its parts.

Counts are withheld below 6 and rounded to 5, parts and total each from their unrounded value. Measured by linear
programming on tables of 8 x 5 to 152 x 8 cells: withholding alone let 62 of 254 cells be found exactly, withholding and
rounding none. It can still fail when a total says that many withheld cells are all as small as can be (a total of 17
and parts of 13, 1, 1, 1, 1 are shown as 15 and 15: the four can only be 1); then the total is withheld.
Money is not rounded coarsely enough for that argument, so a small group's money is hidden among another's.
What several tables say together, and one child's dominance of a group's money, are not looked at here.
"""

from collections.abc import Mapping, Sequence

from careloom.disclose.profile import Profile


def is_pinned(parts: Sequence[int | None], total: int | None, profile: Profile) -> bool:
    """Do the shown parts and total leave only one value for the withheld parts? (`None` is withheld.)"""
    hidden = sum(part is None for part in parts)
    if not hidden or total is None:
        return False
    shown = [profile.could_be(part) for part in parts if part is not None]
    least, greatest = profile.could_be(total)
    least, greatest = least - sum(high for _, high in shown), greatest - sum(low for low, _ in shown)
    others_least, others_greatest = hidden - 1, (hidden - 1) * (profile.threshold - 1)
    low, high = max(1, least - others_greatest), min(profile.threshold - 1, greatest - others_least)
    return low == high


def also_withheld(counts: Mapping[int, int], profile: Profile) -> list[int]:
    """Name the parts whose amount must be withheld beside the small ones.

    `counts` gives the count behind each part, in the order in which parts are to be taken. A small part's amount is
    the total less the other parts, so the parts withheld must be two or more and rest on enough children together.
    """
    hidden = [part for part, count in counts.items() if profile.is_small(count)]
    if not hidden:
        return []
    behind, extra = sum(counts[part] for part in hidden), list[int]()
    for part in (part for part, count in counts.items() if count and part not in hidden):
        if len(hidden) + len(extra) > 1 and behind >= profile.threshold:
            break
        extra.append(part)
        behind += counts[part]
    return extra


def can_hide(counts: Mapping[int, int], profile: Profile) -> bool:
    """Can small parts be hidden among the others at all? If not, the total's amount must go."""
    hidden = [count for count in counts.values() if profile.is_small(count)]
    several = sum(1 for count in counts.values() if count) > 1
    return not hidden or (several and sum(counts.values()) >= profile.threshold)
