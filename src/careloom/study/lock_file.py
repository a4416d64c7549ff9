"""Lock files, and which of their entries one machine needs."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from careloom.core import RequestError

SYSTEMS = {
    "windows": ("win32", ("win_amd64",)),
    "linux": (
        "linux",
        (*(f"manylinux_2_{n}_x86_64" for n in range(35, 4, -1)), "manylinux2014_x86_64", "manylinux1_x86_64"),
    ),
    "mac": ("darwin", tuple(f"macosx_{n}_0_{kind}" for n in range(14, 10, -1) for kind in ("arm64", "universal2"))),
}
"""For each kind of machine what Python calls it, and which wheels it can use: Windows and Linux of Intel kind, Macs of Apple's."""
MARKER = re.compile(r"(python_full_version|sys_platform|platform_python_implementation) (<|>=|==|!=) '([\w.]+)'")


@dataclass(frozen=True)
class Target:
    """The machine that a bundle is for: its Python, as 3.12, and its system, a key of SYSTEMS. Both blank: this machine."""

    python: str = ""
    system: str = ""

    @property
    def is_here(self) -> bool:
        return not self.python and not self.system

    @property
    def version(self) -> str:
        return self.python or f"{sys.version_info.major}.{sys.version_info.minor}"

    @property
    def platform(self) -> str:
        return SYSTEMS[self.system][0] if self.system else sys.platform


def entries_for(lock: Path, target: Target) -> Iterator[str]:
    """Yield the entries of a lock file that are for this machine, without what they say of machines.

    pip would ask the machine that it runs on, not the one that the packages are for.
    """
    for entry in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        words = entry.split("--hash=")
        name, _, marker = words[0].partition(";")
        if name.strip() and not name.startswith("#") and holds(marker.strip(), target):
            yield " ".join([name.strip(), *(f"--hash={word.strip()}" for word in words[1:])])


def holds(marker: str, target: Target) -> bool:
    """Say whether a marker of a lock file holds on the target. Raises RequestError for one that is not understood."""
    return all(holds_alone(part.strip("() "), target) for part in marker.split(" and ")) if marker else True


def holds_alone(marker: str, target: Target) -> bool:
    match = MARKER.fullmatch(marker)
    if not match:
        raise RequestError(f"the lock file says {marker!r}, which is not understood here")
    name, sign, wanted = match.groups()
    if name == "python_full_version":
        there, limit = numbers(target.version), numbers(wanted)
        return {"<": there < limit, ">=": there >= limit, "==": there == limit, "!=": there != limit}[sign]
    is_it = wanted == (target.platform if name == "sys_platform" else "CPython")
    return is_it if sign == "==" else not is_it


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
