"""Make MAP.md, and docs/catalogue.md beside it, from the code and the catalogue: python docs/make_map.py.

Floors come from the import contract, rooms from their docstrings, and the stages from a tiny run that is listened to.
"""

import ast
import runpy
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

from careloom.catalogue import Catalogue, Return, load_catalogue
from careloom.core import Table

HOME = Path(__file__).resolve().parents[1]
SOURCE = HOME / "src" / "careloom"
Stage = tuple[str, list[str], list[str], list[str]]  # its name, the rooms' functions, the common tables read, and made

HEAD = """# Map

Made by `make map` from the code, the catalogue and a tiny run; do not edit. A test fails when it is out of date.

The catalogue is what we say about children's social care; the rooms are what we do with it. Rooms never import each
other: they speak in the named tables below. What is declared, with worked examples: [docs/catalogue.md](docs/catalogue.md).
"""


def main() -> None:
    """Write both pages."""
    runpy.run_path(str(HOME / "docs" / "make_catalogue.py"))["main"]()
    tiny = runpy.run_path(str(HOME / "docs" / "recorded_run.py"))
    with tempfile.TemporaryDirectory() as folder:
        stages = tiny["record"](tiny["make_authority"](Path(folder))).stages()
    (HOME / "MAP.md").write_text(make_map(stages), encoding="utf-8", newline="\n")


def make_map(stages: list[Stage]) -> str:
    """Return the text of MAP.md, given what each stage of a run did."""
    catalogue = load_catalogue()
    return "\n".join([HEAD, *floors(), *run(stages), *common_tables(catalogue, stages), *declared(catalogue)])


def table(heading: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
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


def first_line(room: str) -> str:
    path = SOURCE / room
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]


# --- the run ---------------------------------------------------------------------------------------------------------


def run(stages: list[Stage]) -> list[str]:
    rows = [
        (str(number), stage, code(functions), code(reads), code(makes))
        for number, (stage, functions, reads, makes) in enumerate(stages, start=1)
    ]
    note = "Common tables only: those of the returns come in by stage 1, and each room has more of its own on the way."
    return ["## A run, stage by stage", "", note, "", *table("no | stage | done by | reads | makes", rows)]


# --- tables and declarations -----------------------------------------------------------------------------------------


def common_tables(catalogue: Catalogue, stages: list[Stage]) -> list[str]:
    def columns(of: Table, privacy: str) -> str:
        return code([column.name for column in of.columns if column.privacy == privacy])

    makers = {name: stage for stage, _, _, makes in stages for name in makes}
    rows = [
        (
            f"`{t.name}`",
            t.row,
            makers.get(t.name, "a command" if "made by careloom" in t.row else "at the end"),
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
        ("repairs, in their order", code([repair.name for repair in catalogue.repairs])),
        ("spells made of episodes of care", code([spell.name for spell in catalogue.spells if spell.makes == "spell"])),
        ("indicator sets", code(list(catalogue.indicator_sets))),
        ("outcomes", code(list(catalogue.outcomes))),
        ("processes", ", ".join(f"{process.number} {process.name}" for process in catalogue.processes)),
        ("profiles", code(list(catalogue.profiles))),
        ("checklists", code([checklist.name for checklist in catalogue.checklists])),
        ("flows", code([flow.name for flow in catalogue.flows])),
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
