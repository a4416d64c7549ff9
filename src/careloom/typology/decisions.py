"""Names of classes that people settled: `classes.csv` beside the study, to which decisions are added and never taken away."""

import csv
import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from careloom.core import OutputError, StudyError
from careloom.stats.latent_class.groups.congruence import SAME, tucker_congruence

HEADING = ("version", "name", "by", "on", "fingerprint", "profile")


@dataclass(frozen=True)
class Decision:
    """A name that somebody gave to a class: which version of its name, who, when, and the profile it was given to.

    `profile` holds the probability of each indicator by name, rounded to 4 decimals.
    """

    version: int
    name: str
    by: str
    on: dt.date
    profile: Mapping[str, float]

    @property
    def fingerprint(self) -> str:
        """Of the whole line: a name, or who gave it, cannot be changed by hand unnoticed either."""
        said = [str(self.version), self.name, self.by, self.on.isoformat(), write_profile(self.profile)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def write_profile(profile: Mapping[str, float]) -> str:
    return " ".join(f"{name}={probability:.4f}" for name, probability in profile.items())


def read_decisions(path: Path) -> list[Decision]:
    """Read the decisions in the order they were taken; none when there is no file.

    Raises StudyError, naming the line, for what is not a decision or was changed since it was taken.
    """
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [read_decision(path, line, row) for line, row in enumerate(csv.DictReader(file), start=2)]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise StudyError(f"{path}: the names of classes cannot be read; it should be a CSV file in UTF-8") from None


def read_decision(path: Path, line: int, row: Mapping[str, str]) -> Decision:
    try:
        profile = {name: float(p) for name, p in (each.split("=") for each in row["profile"].split())}
        made = Decision(int(row["version"]), row["name"], row["by"], dt.date.fromisoformat(row["on"]), profile)
        fingerprint = row["fingerprint"]
    except (KeyError, ValueError, AttributeError, TypeError):
        raise StudyError(
            f"{path} line {line}: this is not a decision: {', '.join(HEADING)} are expected. Names are given with "
            "careloom classes name"
        ) from None
    if made.fingerprint != fingerprint or not made.name.strip():
        raise StudyError(
            f"{path} line {line}: this was changed by hand since it was decided; take the line out, and decide with "
            "careloom classes name"
        )
    return made


def add_decision(path: Path, decision: Decision) -> None:
    """Write one decision after the others. Raises OutputError when it cannot be."""
    is_new = not path.exists()
    row = (decision.version, decision.name, decision.by, decision.on.isoformat(), decision.fingerprint)
    try:
        with path.open("a", encoding="utf-8", newline="") as file:
            if is_new:
                path.chmod(0o600)  # it holds probabilities to 4 decimals, and names of those who decided
                csv.writer(file).writerow(HEADING)
            csv.writer(file).writerow([*row, write_profile(decision.profile)])
    except OSError as fault:
        raise OutputError(f"{path}: the decision cannot be written there ({fault.strerror})") from None


def settled(
    decisions: Sequence[Decision], items: Sequence[str], probabilities: NDArray[np.float64]
) -> list[Decision | None]:
    """For each class (K, J), the decision that names it: the one whose profile it is congruent with, .95 or more.

    A profile has one name, given last; each name goes to one class, so that all together are most congruent.
    """
    standing = latest(decisions, items)
    found: list[Decision | None] = [None] * len(probabilities)
    if standing and len(probabilities):
        alike = congruence(probabilities, np.array([in_order(each, items) for each in standing]))
        for k, d in zip(*linear_sum_assignment(-alike), strict=True):
            if alike[k, d] >= SAME:
                found[int(k)] = standing[int(d)]
    return found


def latest(decisions: Iterable[Decision], items: Sequence[str]) -> list[Decision]:
    """The decisions that stand: of those about the same profile, and of those that give the same name, the last one."""
    standing: list[Decision] = []
    for decision in decisions:
        own = in_order(decision, items)
        standing = [
            other
            for other in standing
            if other.name != decision.name and congruence(own[None], in_order(other, items)[None])[0, 0] < SAME
        ]
        standing.append(decision)
    return standing


def versions_of(decisions: Iterable[Decision], items: Sequence[str], profile: NDArray[np.float64]) -> list[int]:
    """The versions of the names that were given to a profile (J,), or one congruent with it."""
    return [each.version for each in decisions if congruence(profile[None], in_order(each, items)[None])[0, 0] >= SAME]


def in_order(decision: Decision, items: Sequence[str]) -> NDArray[np.float64]:
    """The profile by these items (J,); an item it does not know, of another set, is taken as not recorded."""
    return np.array([decision.profile.get(name, 0.0) for name in items])


def congruence(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tucker's coefficient of congruence of each profile of a (K, J) with each of b (L, J); 0 where one is all 0."""
    first, second = np.nan_to_num(a), np.nan_to_num(b)
    pairs = [tucker_congruence(np.tile(row[:, None], (1, len(second))), second.T) for row in first]
    return np.nan_to_num(np.array(pairs))
