"""The cost lines of one child, numbered, and where any one of them comes from; every access is written down first."""

import textwrap
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.core import NotFoundError, RequestError
from careloom.engine import Engine, text
from careloom.study.child import check_tables, plain, rows_of
from careloom.study.file import Study
from careloom.study.look import Asked, look, seen_by
from careloom.study.trace_cost import Row, Traced, headed, money, number, say, trace_line

WIDTH = 100
ORDER = "starts_on, process, element, variation, placement_id, ends_on, trigger_id, unit_cost, quantity"
INSIDE = "FOR INSIDE THE AUTHORITY ONLY. One child's costs."
LOUD = "ILLUSTRATIVE PRICES: not this authority's own, and no evidence of what anything costs."


def explain_cost(study_file: Path, catalogue: Catalogue, asked: Asked, line: int | None = None) -> str:
    """Return the child's cost lines as text, or one of them with every figure traced, having written the access down.

    Raises as look_at_child does, and RequestError when there is no such line.
    """
    looked = look(
        study_file,
        catalogue,
        asked,
        "explain cost",
        lambda engine, study, person_id: told(engine, study, catalogue, person_id, line),
    )
    lines = [INSIDE, *seen_by(looked.access, asked, looked.found_in), *looked.found]
    return "\n".join(part for said in lines for part in wrapped(said)) + "\n"


def told(engine: Engine, study: Study, catalogue: Catalogue, person_id: str, line: int | None) -> list[str]:
    check_tables(engine, catalogue)
    if not engine.rows(f"SELECT 1 AS one FROM person WHERE person_id = {text(person_id)}"):
        raise NotFoundError("this study holds no child of that ID; IDs are those of person_id in study.duckdb")
    rows = rows_of(engine, f"SELECT * FROM cost WHERE person_id = {text(person_id)} ORDER BY {ORDER}")
    if line is None:
        return [*listed(rows, study, person_id)]
    if not 1 <= line <= len(rows):
        raise RequestError(
            f"--line goes from 1 to {len(rows)} for this child" if rows else "this child has no cost line"
        )
    return [*traced(Traced(engine, study, catalogue), rows[line - 1], line, len(rows))]


def listed(rows: list[Row], study: Study, person_id: str) -> Iterator[str]:
    """Every line of the child, then the sum; (a) unit cost, (b) number, (a) x (b), as the published layout has them."""
    yield from ("", f"Child {person_id}", f"Study: {plain(study.name)}")
    if not rows:
        yield "Nothing is costed for this child in the study's cost window."
        return
    yield from loud(rows)
    yield f"Prices: {plain('; '.join(sorted({'{standing}, {price_year}'.format(**row) for row in rows})))}"
    yield ""
    yield f"{'line':>4}  {'first day':<11}  {'process and element':<42}{'(b) number':>11}{'(a) £':>12}{'(a)x(b) £':>14}"
    for number_, row in enumerate(rows, start=1):
        yield one_line(number_, row)
    total = sum((row["subtotal"] for row in rows), Decimal(0))
    yield f"{'':>4}  {'':<11}  {'all lines':<42}{'':>11}{'':>12}{total:>14,.2f}"
    yield "i: supplied by rule. Each figure of a line is traced with --line N. Unit costs are shown to the penny, and kept to six decimals."


def one_line(number_: int, row: Row) -> str:
    what = f"{row['process']} {plain(row['element'])}{' (i)' if row['is_imputed'] else ''}"
    return (
        f"{number_:>4}  {say(row['starts_on']):<11}  {textwrap.shorten(what, 41, placeholder='...'):<42}"
        f"{number(row['quantity']):>11}{row['unit_cost']:>12,.2f}{row['subtotal']:>14,.2f}"
    )


def traced(of: Traced, row: Row, line: int, lines: int) -> Iterator[str]:
    yield ""
    yield f"Child {row['person_id']}, cost line {line} of {lines}: {row['process']} {plain(row['process_name'])}, {plain(row['element'])}"
    yield from loud([row])
    nights = " nights" if row["basis"] == "night" else ""
    yield f"£{money(row['subtotal'])} = {number(row['quantity'])}{nights} x £{row['unit_cost']}"
    yield f"Borne by {plain(row['perspective'])}; {row['kind'].replace('_', ' ')}; {row['component']}."
    yield from headed([*trace_line(of, row)])


def loud(rows: list[Row]) -> Iterator[str]:
    if any(row["standing"] == "illustrative" for row in rows):
        yield LOUD


def wrapped(line: str) -> list[str]:
    """Lines of 100 characters at most; what is carried over stands further in."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False) or [""]
