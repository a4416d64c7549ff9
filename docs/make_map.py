"""Make MAP.md, and docs/catalogue.md beside it, from the code and the catalogue: python docs/make_map.py.

Floors come from the import contract, rooms from their docstrings, the stages from study/run.py, and what a stage reads
and makes from the SQL and the calls of the functions that it runs.
"""

import ast
import re
import runpy
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

from careloom.catalogue import Catalogue, Return, load_catalogue
from careloom.core import Table

HOME = Path(__file__).resolve().parents[1]
SOURCE = HOME / "src" / "careloom"
READ = re.compile(r'\b(?:FROM|JOIN)\s+"?(\w+)', re.IGNORECASE)
Symbol = tuple[str, str]  # a module, such as pathways.lives, and a name in it

HEAD = """# Map

Made by `make map` from the code and the catalogue; do not edit. A test fails when it is out of date.

The catalogue is what we say about children's social care; the rooms are what we do with it. Rooms never import each
other: they speak in the named tables below. What is declared, with worked examples: [docs/catalogue.md](docs/catalogue.md).
"""


def main() -> None:
    """Write both pages."""
    runpy.run_path(str(HOME / "docs" / "make_catalogue.py"))["main"]()
    (HOME / "MAP.md").write_text(make_map(), encoding="utf-8", newline="\n")


def make_map() -> str:
    """Return the text of MAP.md."""
    catalogue = load_catalogue()
    return "\n".join([HEAD, *floors(), *run(catalogue), *common_tables(catalogue), *declared(catalogue)])


def table(heading: str, rows: list[tuple[str, ...]]) -> list[str]:
    """Return a Markdown table; a bar inside a cell would end it."""
    ruling = "|".join(" --- " for _ in heading.split("|"))
    lines = (" | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in row) for row in rows)
    return [f"| {heading} |", f"|{ruling}|", *(f"| {line} |" for line in lines), ""]


def code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- floors ----------------------------------------------------------------------------------------------------------


def floors() -> list[str]:
    """The layers of the import contract, the top one first, and each room's own line."""
    settings = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    layers = [layer.split(" | ") for layer in contract["layers"]]
    rows = [(str(len(layers) - at), f"`{room}`", first_line(room)) for at, layer in enumerate(layers) for room in layer]
    return [
        "## Floors and rooms",
        "",
        "A room imports only from lower floors; rooms of one floor never meet.",
        "",
        *table("floor | room | what it does", rows),
    ]


def first_line(module: str) -> str:
    return (ast.get_docstring(parse(module)) or "").partition("\n")[0]


# --- the run ---------------------------------------------------------------------------------------------------------


def run(catalogue: Catalogue) -> list[str]:
    rows = [
        (str(number), stage, code(functions), code(reads), code(makes))
        for number, (stage, functions, reads, makes) in enumerate(stages(catalogue), start=1)
    ]
    note = "Common tables only: those of the returns come in by stage 1, and each room has more of its own on the way."
    return ["## A run, stage by stage", "", note, "", *table("no | stage | done by | reads | makes", rows)]


def stages(catalogue: Catalogue) -> Iterator[tuple[str, list[str], list[str], list[str]]]:
    """Yield each stage of a run: its name, the rooms' functions it calls, the common tables it reads and it makes."""
    named = next(node for node in ast.walk(top("study.run", "stages")) if isinstance(node, ast.List))
    for pair in named.elts:
        assert isinstance(pair, ast.Tuple)
        stage, work = pair.elts
        assert isinstance(stage, ast.Constant)
        within = reach("study.run", work)
        rooms = sorted({called for called in within if called[0].partition(".")[0] not in ("study", "engine")})
        direct = called_from_study(within)
        reads, makes = set[str](), set[str]()
        for symbol in [symbol for symbol in rooms if symbol[0] not in ("catalogue", "core")]:
            reads |= set(tables_read(symbol)) & set(catalogue.tables)
            makes |= set(tables_made(symbol)) & set(catalogue.tables)
            reads |= set(tables_named(catalogue.returns, "fails")) if mentions_attribute(symbol, "fails") else set()
        for symbol in within:
            reads |= (
                set(tables_read(symbol)) & set(catalogue.tables) if symbol[0] in ("study.run", "study.reach") else set()
            )
        for asked in catalogue_parts(work):
            reads |= set(tables_named(getattr(catalogue, asked), "select"))
        order = list(catalogue.tables)
        yield str(stage.value), direct, *([t for t in order if t in found] for found in (reads - makes, makes))


def catalogue_parts(work: ast.AST) -> list[str]:
    """Return the parts of the catalogue that a stage hands to its room: catalogue.signs, catalogue.processes ..."""
    named = [work, *(top(*symbol) for symbol in mentions("study.run", work) if symbol[0] == "study.run")]
    attributes = [n for part in named for n in ast.walk(part) if isinstance(n, ast.Attribute)]
    return [n.attr for n in attributes if isinstance(n.value, ast.Name) and n.value.id == "catalogue"]


def mentions_attribute(symbol: Symbol, name: str) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(top(*symbol)))


def tables_named(declared: object, key: str) -> Iterator[str]:
    """Yield the tables that the SQL under one key of any declarations names."""
    if isinstance(declared, dict):
        declared = tuple(declared.values())
    if isinstance(declared, tuple):
        for each in declared:
            yield from tables_named(each, key)
    elif is_dataclass(declared):
        for part in fields(declared):
            value = getattr(declared, part.name)
            yield from READ.findall(str(value)) if part.name == key else tables_named(value, key)


def called_from_study(within: list[Symbol]) -> list[str]:
    """Return the functions of rooms that study/run.py itself names, as room.function."""
    named = {name for module, name in within if module == "study.run"} | {"stages"}
    seen = []
    for symbol in within:
        room = symbol[0].partition(".")[0]
        used = any(symbol == target for name in named for target in mentions("study.run", top("study.run", name)))
        if used and room not in ("study", "engine", "core", "catalogue") and isinstance(top(*symbol), ast.FunctionDef):
            seen.append(f"{room}.{symbol[1]}")
    return seen


def reach(module: str, node: ast.AST) -> list[Symbol]:
    """Return every symbol of Careloom that a piece of code comes to, directly or through others, the nearest first."""
    found: list[Symbol] = []
    todo = list(mentions(module, node))
    while todo:
        symbol = todo.pop(0)
        if symbol not in found:
            found.append(symbol)
            todo += mentions(symbol[0], top(*symbol))
    return found


def mentions(module: str, node: ast.AST) -> list[Symbol]:
    """Return the module-level symbols that a piece of code names, where they are defined."""
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    return list(dict.fromkeys(symbol for name in names if (symbol := home_of(module, name))))


@cache
def home_of(module: str, name: str) -> Symbol | None:
    """Return where a module-level name of a module is defined; None when it is not ours."""
    if name in definitions(module):
        return module, name
    for node in parse(module).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("careloom."):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return home_of(str(node.module).removeprefix("careloom."), alias.name)
    return None


def top(module: str, name: str) -> ast.stmt:
    return definitions(module)[name]


@cache
def definitions(module: str) -> dict[str, ast.stmt]:
    """Return the functions, classes and constants of a module by name."""
    found: dict[str, ast.stmt] = {}
    for node in parse(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update({target.id: node for target in targets if isinstance(target, ast.Name)})
    return found


@cache
def parse(module: str) -> ast.Module:
    path = SOURCE / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


def tables_read(symbol: Symbol) -> Iterator[str]:
    """Yield the tables that the SQL of one symbol names after FROM or JOIN, and those it counts."""
    for node in ast.walk(top(*symbol)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from READ.findall(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "count":
            yield from possible(symbol, node.args[1])


def tables_made(symbol: Symbol) -> Iterator[str]:
    """Yield the tables that one symbol makes or loads."""
    for node in ast.walk(top(*symbol)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("make", "load"):
            yield from possible(symbol, node.args[0])


def possible(symbol: Symbol, argument: ast.expr) -> list[str]:
    """Return what an argument may be: a text itself, or, for the variable of a loop, the texts looped over."""
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    if not isinstance(argument, ast.Name):
        return []
    loops = [node for node in ast.walk(top(*symbol)) if isinstance(node, ast.For)]
    for loop in loops:
        if argument.id in {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}:
            over = [loop.iter, *(top(*named) for named in mentions(symbol[0], loop.iter))]
            return [n.value for part in over for n in texts(part)]
    return []


def texts(node: ast.AST) -> list[ast.Constant]:
    """Return the texts that a loop yields: the values of a dictionary, or all texts of a tuple or list."""
    dictionaries = [n for n in ast.walk(node) if isinstance(n, ast.Dict)]
    parts = [value for d in dictionaries for value in d.values] if dictionaries else [node]
    return [n for part in parts for n in ast.walk(part) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


# --- tables and declarations -----------------------------------------------------------------------------------------


def common_tables(catalogue: Catalogue) -> list[str]:
    def columns(of: Table, privacy: str) -> str:
        return code([column.name for column in of.columns if column.privacy == privacy])

    makers = {name: stage for stage, _, _, makes in stages(catalogue) for name in makes}
    rows = [
        (
            f"`{t.name}`",
            t.row,
            makers.get(t.name, "at the end"),
            "no" if t.working else "yes",
            *(columns(t, privacy) for privacy in ("identifier", "personal", "open")),
        )
        for t in catalogue.tables.values()
    ]
    heading = "table | one row is | made while | kept in `study.duckdb` | identifier: never kept | personal: stays inside | open"
    return ["## Common tables", "", *table(heading, rows)]


def declared(catalogue: Catalogue) -> list[str]:
    """What the catalogue holds, by name; its page has the rest."""
    rows = [row for return_ in catalogue.returns.values() for row in contents_of(return_)]
    rows += [
        ("indicator sets", code(list(catalogue.indicator_sets))),
        ("outcomes", code(list(catalogue.outcomes))),
        ("processes", ", ".join(f"{process.number} {process.name}" for process in catalogue.processes)),
        ("official measures", code([measure.name for measure in catalogue.measures])),
        ("price sheets", ", ".join(f"`{s.name}` ({s.standing})" for s in catalogue.price_sheets.values())),
        ("signs that records are not real", code([sign.name for sign in catalogue.signs])),
        ("made-up populations", code(list(catalogue.populations))),
        ("how systems record who a child is", code(list(catalogue.recordings))),
        ("national figures", f"{len(catalogue.targets)} of {len({t.statistic for t in catalogue.targets})} statistics"),
        ("pages of the report", ", ".join(page.title for page in catalogue.pages)),
    ]
    return ["## What is declared", "", *table("what | names", rows)]


def contents_of(return_: Return) -> list[tuple[str, str]]:
    kinds = {
        "tables": list(return_.tables),
        "code sets": list(return_.codes),
        "views": list(return_.views),
        "rules": [rule.code for rule in return_.rules],
        "said in the common tables": [said.name for said in return_.declarations],
    }
    return [(f"{return_.name}: {kind}", code(names)) for kind, names in kinds.items() if names]


if __name__ == "__main__":
    main()
