"""A folder to carry to a machine without internet: Careloom, every package it needs, and how to install them.

Packages are fetched by pip, each checked against the fingerprints of a lock file. It is the only thing here that uses a
network, it reads no records, and with a folder of packages at hand it needs none either.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from careloom.core import OutputError, RequestError
from careloom.study.lock_file import SYSTEMS, Target, entries_for

CLONE = Path(__file__).resolve().parents[3]
"""Where the lock files and the source lie when Careloom runs from its repository."""
WHEELS, ASKED, SUMS, HOW = "wheels", "requirements.txt", "SHA256SUMS", "INSTALL.txt"
MADE_FROM = ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py", "src")
INSTALL = """Careloom {version}, for Python {python} on {system}
{line}

This folder needs no internet. It holds {packages} packages; {sums} has the fingerprint of each file.

1. Check that all of it arrived:

       {check}

2. Make an environment and install into it:

       {python_word} -m venv careloom-env
       {pip} install --no-index --find-links {wheels} --require-hashes -r {asked}
       {pip} install --no-index --no-deps {wheel}

3. Try it on children who do not exist:

       {careloom} synth --out demo
       {careloom} run demo{slash}study.toml

pip is told to use this folder only (--no-index) and refuses a package whose fingerprint is not the lock file's.
"""


def make_bundle(
    out: Path, *, target: Target, lock: Path | None = None, wheel: Path | None = None, packages: Path | None = None
) -> int:
    """Fill a new folder with wheels, their fingerprints and INSTALL.txt; return how many packages there are.

    lock : a lock file with hashes; by default the repository's requirements/core.lock
    wheel : of Careloom itself; by default one is made from the repository, for another system without the compiled kernel
    packages : a folder of wheels to take instead of fetching them

    Raises RequestError when lock or wheel are nowhere or pip fails, and OutputError when the folder cannot be used.
    """
    check_can(target)
    lock = lock or CLONE / "requirements" / "core.lock"
    if not lock.is_file():
        raise RequestError(f"{lock}: there is no such lock file; name one with --lock")
    with tempfile.TemporaryDirectory() as scratch:
        made = wheel or own_wheel(Path(scratch), target)
        (Path(scratch) / WHEELS).mkdir()
        asked = Path(scratch) / ASKED
        asked.write_text("\n".join(entries_for(lock, target)) + "\n", encoding="utf-8", newline="\n")
        fetch(asked, Path(scratch) / WHEELS, target, packages)
        shutil.copy2(made, Path(scratch) / WHEELS)
        count = sum(1 for _ in (Path(scratch) / WHEELS).iterdir())
        write_words(Path(scratch), made.name, target, count)
        put_in_place(Path(scratch), out)
    return count


def check_can(target: Target) -> None:
    if target.python and not re.fullmatch(r"3\.\d+", target.python):
        raise RequestError(f'"{target.python}" is no version of Python; write it as 3.12')
    if importlib.util.find_spec("pip") is None:
        raise RequestError(
            "pip, which fetches the packages, is not installed beside Careloom; try: python -m ensurepip"
        )


# --- fetching and making ---------------------------------------------------------------------------------------------


def fetch(asked: Path, into: Path, target: Target, packages: Path | None) -> None:
    """Have pip fetch exactly what is asked for; it checks every fingerprint itself."""
    words = [
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "--no-deps",
        "--only-binary",
        ":all:",
    ]
    words += ["--dest", str(into), "-r", str(asked)]
    if packages:
        words += ["--no-index", "--find-links", str(packages)]
    if not target.is_here:
        words += ["--python-version", target.version, "--implementation", "cp"]
        words += [word for name in SYSTEMS.get(target.system, ("", ()))[1] for word in ("--platform", name)]
    run([sys.executable, "-m", "pip", *words], "pip could not fetch the packages")


def own_wheel(scratch: Path, target: Target) -> Path:
    """Make a wheel of the repository, in a copy, so that what a developer built there stays.

    Without a search path no C compiler is found, and the wheel serves every system; NumPy does the kernel's work then.
    """
    if not (CLONE / "pyproject.toml").is_file():
        raise RequestError("this Careloom was not installed from its repository; name its own wheel with --wheel")
    source = scratch / "source"
    source.mkdir()
    for name in MADE_FROM:
        copy = shutil.copytree if (CLONE / name).is_dir() else shutil.copy2
        copy(CLONE / name, source / name)
    environment = dict(os.environ) if target.is_here else {**os.environ, "PATH": "", "CC": ""}
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(scratch / "own")]
    run(words, "the wheel of Careloom could not be made", source, environment)
    return next((scratch / "own").glob("*.whl"))


def run(
    words: Sequence[str], fault: str, folder: Path | None = None, environment: dict[str, str] | None = None
) -> None:
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise RequestError(f"{fault}:\n  " + "\n  ".join(said[-5:]))


# --- what is written -------------------------------------------------------------------------------------------------


def write_words(folder: Path, wheel: str, target: Target, packages: int) -> None:
    """Write INSTALL.txt, then the fingerprint of every file, in the form that sha256sum reads."""
    windows = target.platform == "win32"
    slash, place = ("\\", "careloom-env\\Scripts\\") if windows else ("/", "careloom-env/bin/")
    head = f"Careloom {wheel.split('-')[1]}, for Python {target.version} on {target.system or sys.platform}"
    text = INSTALL.format(
        version=wheel.split("-")[1],
        python=target.version,
        system=target.system or sys.platform,
        line="=" * len(head),
        packages=packages,
        sums=SUMS,
        check=f"certutil -hashfile {WHEELS}\\FILE SHA256, and compare" if windows else f"sha256sum --check {SUMS}",
        python_word=f"py -{target.version}" if windows else f"python{target.version}",
        pip=f"{place}python -m pip",
        wheels=WHEELS,
        asked=ASKED,
        wheel=f"{WHEELS}{slash}{wheel}",
        careloom=f"{place}careloom",
        slash=slash,
    )
    (folder / HOW).write_text(text, encoding="utf-8", newline="\r\n" if windows else "\n")
    files = sorted([folder / ASKED, folder / HOW, *(folder / WHEELS).iterdir()])
    lines = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.relative_to(folder).as_posix()}\n" for f in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def put_in_place(made: Path, out: Path) -> None:
    """Move what was made into a new folder, or an empty one; nothing is written over."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise OutputError(f"{out}: this folder is not empty, and nothing is written over; name another")
        for name in (WHEELS, ASKED, SUMS, HOW):
            shutil.move(made / name, out / name)
    except OSError as fault:
        raise OutputError(f"{out}: the bundle cannot be written there ({fault.strerror})") from None
