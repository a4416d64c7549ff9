"""What a stranger clones: no path of a machine, complete lock files, scripts that parse, and a README that is true."""

import argparse
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import careloom
from careloom.cli import parser

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((REPOSITORY / "requirements").glob("*.lock"))
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|farm|home/\w+|Users/\w+|mnt/\w)/|[A-Z]:\\Users\\")
PAGES = ("README.md", "CONTRIBUTING.md")
COMMANDED = (*PAGES, "docs/ingest.md")
"""Pages whose commands are to be those of careloom."""
LARGEST = 1_000_000  # bytes: made-up data is made, not kept


def test_no_file_holds_a_path_of_a_machine(files: list[Path]) -> None:
    texts = {path: path.read_bytes().decode("utf-8", "replace") for path in files}
    found = {str(path.relative_to(REPOSITORY)): MACHINE_PATH.search(text) for path, text in texts.items()}
    assert {name: match.group() for name, match in found.items() if match} == {}


@pytest.mark.parametrize("path", ["/ho" + "me/ann/x", "cd /wo" + "rk/main", "C:" + "\\Users\\ann", "'/ro" + "ot/x'"])
def test_a_path_of_a_machine_would_be_noticed(path: str) -> None:
    assert MACHINE_PATH.search(path)


def test_no_file_is_large(files: list[Path]) -> None:
    assert [path.name for path in files if path.stat().st_size > LARGEST] == []


def test_what_a_run_makes_is_not_part_of_the_repository(files: list[Path]) -> None:
    made = (".duckdb", ".parquet", ".xlsx", ".key", ".pyc")
    assert [path.name for path in files if path.suffix in made] == []


# --- lock files ------------------------------------------------------------------------------------------------------


def locked(lock: Path) -> dict[str, str]:
    """Return the version of each package; raises when a line is neither a pinned package nor a hash of one."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    versions = {}
    for entry in entries:
        name, equals, version = entry[0].partition("==")
        hashes = [word for word in entry if word.startswith("--hash=")]
        assert equals, f"{lock.name}: {entry[0]} is not pinned"
        assert hashes, f"{lock.name}: {entry[0]} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", word) for word in hashes), f"{lock.name}: {entry[0]}"
        versions[canonicalize_name(name.partition("[")[0])] = version
    return versions


def wanted(lock: str) -> list[Requirement]:
    """Return what pyproject.toml asks for in one lock file."""
    groups = PROJECT["dependency-groups"]
    more = {
        "core": groups["build"],
        "dev": groups["dev"] + groups["build"],
        "spark": groups["build"] + PROJECT["project"]["optional-dependencies"]["spark"],
        "acro": groups["build"] + PROJECT["project"]["optional-dependencies"]["acro"],
    }
    return [Requirement(r) for r in PROJECT["project"]["dependencies"] + more[lock] if isinstance(r, str)]


def test_the_lock_files_are_those_that_make_uses() -> None:
    assert [lock.stem for lock in LOCKS] == ["acro", "core", "dev", "spark"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_is_pinned_hashed_without_address_and_covers_the_project(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"https?:|--index-url|--find-links|file:|git\+", text)
    versions = locked(lock)
    for requirement in wanted(lock.stem):
        assert requirement.name in versions, f"{lock.name} lacks {requirement.name}: make lock"
        assert requirement.specifier.contains(versions[requirement.name]), f"{lock.name}: {requirement}: make lock"


@pytest.mark.parametrize("line", ["numpy>=2\n", "numpy==2.0\n", "numpy==2.0 \\\n    --hash=md5:abc\n"])
def test_a_line_that_is_not_pinned_and_hashed_would_be_noticed(line: str, tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(line)
    with pytest.raises(AssertionError):
        locked(lock)


# --- scripts ---------------------------------------------------------------------------------------------------------


def syntax(path: Path) -> subprocess.CompletedProcess[str]:
    """Have the shell that a script asks for read it, without running it."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    shell = "bash" if first.startswith("#!") and "bash" in first else "sh"
    found = shutil.which(shell)
    assert found, f"no {shell} to read {path.name} with"
    return subprocess.run([found, "-n", str(path)], capture_output=True, text=True)


def test_every_shell_script_parses(files: list[Path]) -> None:
    scripts = [path for path in files if path.suffix == ".sh" or path == REPOSITORY / ".ci" / "run"]
    assert len(scripts) >= 3
    assert {path.name: said.stderr for path in scripts if (said := syntax(path)).returncode} == {}


def test_a_script_that_does_not_parse_would_be_noticed(tmp_path: Path) -> None:
    script = tmp_path / "bad.sh"
    script.write_text("if true; then\n")
    assert syntax(script).returncode


# --- words -----------------------------------------------------------------------------------------------------------


def test_the_licence_is_mit() -> None:
    text = (REPOSITORY / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License")
    assert "without restriction" in text
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in text
    assert PROJECT["project"]["license"] == "MIT"


def test_the_version_is_said_once_and_is_in_the_changelog() -> None:
    assert PROJECT["project"]["version"] == careloom.__version__
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## .*\b{re.escape(careloom.__version__)}\b", changelog, re.MULTILINE)


def commands(page: str) -> list[list[str]]:
    """Return the commands of a page's code blocks, word by word, each step of a line of its own."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:sh|shell|bash|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [shlex.split(step, comments=True) for line in lines for step in line.split("&&") if step.strip()]


def shown(page: str, program: str) -> list[list[str]]:
    """Return what follows the name of a program in the code blocks of a page."""
    return [words[1:] for words in commands(page) if words and Path(words[0]).name == program]


def spoken_of(page: str, program: str) -> list[str]:
    """Return the word that follows the name of a program between backticks, in the prose and tables of a page."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(rf"`(?:[\w./]+/)?{program} ([^`\s]+)", prose)


@pytest.mark.parametrize("page", PAGES)
def test_every_make_of_a_page_is_a_target(page: str) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    words = [*spoken_of(page, "make"), *(word for words in shown(page, "make") for word in words)]
    asked = [word for word in words if "=" not in word and not word.startswith("-")]
    assert asked
    assert [word for word in asked if word not in targets and not word.startswith(".venv/")] == []


def test_the_readme_shows_the_two_commands() -> None:
    asked = shown("README.md", "make")
    assert ["demo"] in asked
    assert ["test"] in asked
    assert {"ingest", "availability", "run"} <= {words[0] for words in shown("README.md", "careloom")}


@pytest.mark.parametrize("page", COMMANDED)
def test_every_careloom_of_a_page_is_a_command_that_the_parser_takes(page: str) -> None:
    known = next(set(action.choices) for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert known
    for word in spoken_of(page, "careloom"):
        assert word in known or word.startswith("-"), f"{page}: careloom {word}"
    for words in shown(page, "careloom"):
        assert is_taken(words), f"{page}: careloom {' '.join(words)}"


def is_taken(words: list[str]) -> bool:
    """Say whether the command line takes these words; --help and --version leave at once, with 0."""
    try:
        parser().parse_args(words)
    except SystemExit as left:
        return left.code == 0
    return True


def test_a_command_that_the_parser_does_not_take_would_be_noticed() -> None:
    assert is_taken(["run", "a.toml"])
    assert is_taken(["--version"])
    assert not is_taken(["run"])
    assert not is_taken(["runn", "a.toml"])


def test_the_makefile_explains_each_target_that_a_person_types() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)
    targets = {word for line in phony for word in line.split()}
    assert targets == set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
