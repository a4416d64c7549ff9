"""The floors hold, and the rooms keep the house style: `make test` alone notices a broken one."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "careloom"
MODULES = sorted(SOURCE.rglob("*.py"))
ROOMS = sorted(path for path in SOURCE.rglob("__init__.py") if path.parent != SOURCE)
LONGEST_FILE, LONGEST_FUNCTION = 400, 40
"""Lines. House style: typically 150 and 10."""

LONG_FOR_A_REASON: dict[str, str] = {}
"""Functions or files that may be longer, as `file.py` or `file.py function`, and why."""
MORE_THAN_NAMES: dict[str, str] = {
    "stats": "LatentClassModel is imported when asked for: scikit-learn takes a second, and no command needs it"
}
"""Rooms whose __init__ does more than hand names on, and why."""


def named(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def lint(config: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """Check import contracts as `lint-imports` does."""
    command = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    arguments = ["--config", str(config), "--cache-dir", str(cache)]
    return subprocess.run([sys.executable, "-c", command, *arguments], cwd=REPOSITORY, capture_output=True, text=True)


def test_the_import_contracts_are_kept(tmp_path: Path) -> None:
    checked = lint(REPOSITORY / "pyproject.toml", tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert " 0 broken" in checked.stdout


def test_a_broken_contract_would_be_noticed(tmp_path: Path) -> None:
    """The rooms of floor 4 do import core: a contract that forbids it is broken, and says so."""
    settings = tmp_path / "broken.toml"
    settings.write_text(
        """[tool.importlinter]
root_package = "careloom"

[[tool.importlinter.contracts]]
name = "upside down"
type = "layers"
containers = ["careloom"]
layers = ["core", "ingest"]
"""
    )
    checked = lint(settings, tmp_path / "cache")
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "BROKEN" in checked.stdout


def test_every_room_is_on_a_floor_and_every_folder_is_a_room() -> None:
    folders = {path.parent for path in MODULES} - {SOURCE}
    assert folders == {path.parent for path in ROOMS}
    assert len(ROOMS) > 10


def code_after_docstring(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node) is not None else node.body


@pytest.mark.parametrize("path", ROOMS, ids=named)
def test_an_init_only_hands_names_on(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert len((ast.get_docstring(tree) or "").splitlines()) == 1, "one line that says what the room is for"
    others = [
        node
        for node in code_after_docstring(tree)
        if not isinstance(node, ast.Import | ast.ImportFrom) and ast.unparse(node).partition(" =")[0] != "__all__"
    ]
    if path.parent.name in MORE_THAN_NAMES:
        assert others, f"{path.parent.name} needs no exception any more"
    else:
        assert [ast.unparse(node) for node in others] == []


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = code_after_docstring(function)
    return int(body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def long_ones(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [f"{named(path)} {f.name}" for f in functions if length(f) > LONGEST_FUNCTION]
    return [*([named(path)] if len(text.splitlines()) > LONGEST_FILE else []), *long]


def test_files_and_functions_are_short_or_say_why_not() -> None:
    long = {where for path in MODULES for where in long_ones(path)}
    assert long - set(LONG_FOR_A_REASON) == set(), "cut it, or say why not in LONG_FOR_A_REASON"
    assert set(LONG_FOR_A_REASON) - long == set(), "no longer long: take the exception away"


def test_a_function_of_forty_one_lines_would_be_noticed() -> None:
    long = ast.parse("def f():\n    '''Docstrings are free.'''\n" + "    pass\n" * (LONGEST_FUNCTION + 1)).body[0]
    assert isinstance(long, ast.FunctionDef)
    assert length(long) == LONGEST_FUNCTION + 1


def test_no_module_is_called_utils() -> None:
    names = {part for path in MODULES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert names & {"utils", "util", "helpers", "common_utils", "misc"} == set()


def prints(path: Path) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return [f"{named(path)}:{c.lineno}" for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


def imports(path: Path, package: str) -> bool:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    froms = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return any(name.partition(".")[0] == package for name in [*froms, *plain])


def test_only_the_command_line_prints_and_knows_rich() -> None:
    cli = [path for path in MODULES if path.parent == SOURCE / "cli"]
    others = [path for path in MODULES if path not in cli]
    assert [place for path in others for place in prints(path)] == []
    assert [named(path) for path in others if imports(path, "rich")] == []
    assert any(prints(path) for path in cli)  # or nothing would be looked for
    assert any(imports(path, "rich") for path in cli)
