"""Builds the compiled kernel of latent class analysis when Careloom is installed, if there is a C compiler.

Without one, or when compiling fails, Careloom is installed all the same and NumPy does the work. The library is loaded by
ctypes, so it needs no Python headers and serves every version of Python: its wheel is py3-none-PLATFORM.
CC names another compiler.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from hashlib import sha256
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("src", "careloom", "stats", "latent_class", "model")
COMPILERS = ("cc", "gcc", "clang", "cl")


class KernelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before a wheel is made, an editable one too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        folder = Path(self.root) / FOLDER
        library = build(folder / "kernel.c", folder / ("_kernel.dll" if os.name == "nt" else "_kernel.so"))
        if library is None:
            self.app.display_warning(
                "no C compiler could build kernel.c: latent classes will be found by NumPy, more slowly"
            )
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["artifacts"].append(library.relative_to(self.root).as_posix())
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"


def build(source: Path, library: Path) -> Path | None:
    """The library made from the source, or None; one left from before is never kept."""
    library.unlink(missing_ok=True)
    found = shutil.which(os.environ.get("CC", "")) or next(filter(None, map(shutil.which, COMPILERS)), None)
    if found is None:
        return None
    made = library.with_name(f"{library.name}.{os.getpid()}")
    if not any(compiles(command(found, source, made, more)) for more in ([], ["PLAIN"])):
        made.unlink(missing_ok=True)
        return None
    made.replace(library)  # in one step: another process may be loading it
    return library


def compiles(words: list[str]) -> bool:
    try:
        return subprocess.run(words, capture_output=True, timeout=600).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def command(compiler: str, source: Path, library: Path, defined: list[str]) -> list[str]:
    """How to compile; the library says what it was made from, so that one that is out of date is not used."""
    digest = sha256(source.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    if Path(compiler).stem.lower() == "cl":
        told = [
            "/nologo",
            "/O2",
            "/LD",
            "/std:c11",
            f'/DSOURCE_DIGEST=\\"{digest}\\"',
            *(f"/D{name}" for name in defined),
        ]
        return [compiler, *told, str(source), f"/Fe:{library}", f"/Fo:{library}.obj"]
    told = ["-std=gnu99", "-O3", "-ffp-contract=fast", "-shared", "-fPIC", "-fvisibility=hidden"]
    told += [f'-DSOURCE_DIGEST="{digest}"', *(f"-D{name}" for name in defined)]
    return [compiler, *told, str(source), "-o", str(library), "-lm"]
