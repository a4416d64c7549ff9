"""Every code block of the documentation works: pages are run as a reader would, block by block, on a tiny study.

A page says in comments what it starts with, and which blocks cannot be run and why: see docs/website/blocks.py.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from careloom.synth import make_england

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "docs"))  # not a package that is installed: it is how the site is made
from website.blocks import SETTINGS, Block, blocks_of, setting_of  # noqa: E402

LONGEST = 900  # seconds that one block may take: minutes, where many tests run beside each other
LEAST = 12  # characters of a reason why a block is not run: "no" is none
STUDY = """
[study]
name = "Careloom-on-Sea"
from = 2018-04-01
to = 2021-03-31
out = "results"

[[delivery]]
return = "ssda903"
authority = "501"
files = ["501/ssda903/*/*.csv"]

[[delivery]]
return = "cin_census"
authority = "501"
files = ["501/cin_census/*.xml"]

[typology]
classes = 3
most_classes = 3
starts = 2
"""


def pages() -> list[str]:
    found = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
    return sorted(path.relative_to(REPOSITORY).as_posix() for path in found)


def text_of(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


SHOWN = {page: blocks_of(text_of(page)) for page in pages()}
RUN = [page for page, blocks in SHOWN.items() if any(b.is_run or b.file for b in blocks)]


# --- the folders that pages start with -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny made-up authority with all its systems, and a study file for its two yearly returns."""
    folder = tmp_path_factory.mktemp("records")
    make_england(folder, children=150, years=(2019, 2021), seed=1)
    (folder / "study.toml").unlink()
    (folder / "ours.toml").write_text(STUDY, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def results(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "all"
    shutil.copytree(records, folder)
    run("careloom run ours.toml", "sh", folder)
    return folder


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would hand a stranger, with nothing that was built or run here."""
    folder = tmp_path_factory.mktemp("clone")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, check=True).stdout.decode().split("\0")
    for name in names:
        if name and (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Return a copy of the folder that a page starts with, with the installed commands where the page looks for them."""

    def make(setting: str) -> Path:
        folder = tmp_path / "here"
        if setting == "nothing":
            folder.mkdir()
        else:
            shutil.copytree(request.getfixturevalue(setting), folder)
        (folder / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        return folder

    return make


# --- running ---------------------------------------------------------------------------------------------------------


def run(text: str, kind: str, folder: Path) -> str:
    """Run one block and return what it printed; fail with it when the block does."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "200",
        "OMP_NUM_THREADS": "1",
    }
    if (folder / "src" / "careloom").is_dir():  # a clone: its own code, not that which is installed
        environment["PYTHONPATH"] = str(folder / "src")
    words = ["bash", "-euo", "pipefail", "-c", text] if kind == "sh" else [sys.executable, "-c", text]
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=LONGEST, stdin=subprocess.DEVNULL
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, f"exit code {done.returncode}:\n{text}\n{printed}"
    return printed


def perform(blocks: list[Block], folder: Path) -> None:
    """Do what a page says, in order."""
    printed = ""
    for block in blocks:
        if block.file:
            write(block, folder)
        elif block.is_run:
            printed = run(block.text, block.kind, folder)
        elif block.shows:
            found = " ".join(printed.split())
            lines = [" ".join(line.split()) for line in block.text.splitlines()]
            missing = [line for line in lines if line not in ("", "...") and line not in found]
            assert not missing, f"line {block.line}: not shown: {missing}\n{printed}"


def write(block: Block, folder: Path) -> None:
    path = folder / block.file
    assert path.resolve().is_relative_to(folder.resolve()), f"{block.file} lies elsewhere"
    path.parent.mkdir(parents=True, exist_ok=True)
    assert block.adds == path.exists(), f"line {block.line}: {block.file} is {'not ' * block.adds}there already"
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(block.text)


@pytest.mark.parametrize("page", RUN)
def test_a_page_does_what_it_says(page: str, place: Callable[[str], Path]) -> None:
    perform(SHOWN[page], place(setting_of(text_of(page))))


# --- what pages must say ---------------------------------------------------------------------------------------------


def test_there_are_pages_to_run() -> None:
    assert len(RUN) >= 10
    assert {"CONTRIBUTING.md", "docs/tutorial.md"} <= set(RUN)


@pytest.mark.parametrize("page", list(SHOWN))
def test_a_page_starts_with_a_folder_we_know_and_gives_reasons(page: str) -> None:
    assert setting_of(text_of(page)) in SETTINGS
    weak = [b.line for b in SHOWN[page] if "not run" in comment_before(page, b) and len(b.not_run) < LEAST]
    assert weak == [], "a block that is not run needs a reason"


def comment_before(page: str, block: Block) -> str:
    """The line before a block's fence."""
    lines = text_of(page).splitlines()
    return lines[block.line - 2] if block.line >= 2 else ""


@pytest.mark.parametrize("page", [page for page, blocks in SHOWN.items() if any(b.kind == "toml" for b in blocks)])
def test_toml_of_a_page_is_toml(page: str) -> None:
    for block in SHOWN[page]:
        if block.kind == "toml":
            tomllib.loads(block.text)


# --- the walk of the first hour --------------------------------------------------------------------------------------


def test_the_first_hour_adds_a_rule_an_outcome_and_a_process_in_one_file_each() -> None:
    """The walk itself is performed above, as CONTRIBUTING.md writes it."""
    written = [block for block in SHOWN["CONTRIBUTING.md"] if block.file]
    new = [block.file for block in written if not block.adds]
    kinds = [re.sub(r"^src/careloom/catalogue/(?:returns/\w+/)?(\w+)/.*", r"\1", path) for path in new]
    assert kinds == ["rules", "outcomes", "processes"]
    assert [block.file for block in written if block.adds] == ["src/careloom/catalogue/prices/illustrative.csv"]
    assert setting_of(text_of("CONTRIBUTING.md")) == "clone"


# --- the runner itself -----------------------------------------------------------------------------------------------

SAMPLE = """# A page

<!-- not run: it needs a person -->
```sh
false
```

<!-- file: some.toml -->
```toml
a = 1
```

```sh
cat some.toml
```

<!-- shows -->
```text
a  =  1
```
"""


def test_a_block_is_read_with_what_is_said_of_it() -> None:
    found = [(b.kind, b.not_run, b.file, b.is_run, b.shows) for b in blocks_of(SAMPLE)]
    assert found == [
        ("sh", "it needs a person", "", False, False),
        ("toml", "", "some.toml", False, False),
        ("sh", "", "", True, False),
        ("text", "", "", False, True),
    ]


def test_a_page_is_performed(tmp_path: Path) -> None:
    perform(blocks_of(SAMPLE), tmp_path)


@pytest.mark.parametrize(
    "spoilt",
    [
        ("cat some", "cat none"),
        ("a  =  1", "a = 2"),
        ("<!-- not run: it needs a person -->", ""),
        ("some.toml -->", "../x -->"),
    ],
)
def test_what_does_not_work_would_be_noticed(spoilt: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        perform(blocks_of(SAMPLE.replace(*spoilt)), tmp_path)


def test_python_runs_too(tmp_path: Path) -> None:
    assert run("print(1 + 1)", "python", tmp_path) == "2\n"


def test_the_copy_of_the_repository_runs_its_own_code(clone: Path) -> None:
    said: Any = run("import careloom; print(careloom.__file__)", "python", clone)
    assert said.startswith(str(clone))
