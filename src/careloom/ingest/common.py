"""Each return's rows said in the common tables, as the catalogue declares; here the name of a return is left behind."""

from careloom.catalogue import Catalogue, Declaration, Return
from careloom.catalogue.kinds import SQL
from careloom.catalogue.scope import names_in_scope
from careloom.core import Ledger
from careloom.engine import Engine, count, text, with_names

MADE = {
    "record": "record",
    "identity": "identity_row",
    "former_upn": "former_upn_row",
    "event": "event_row",
    "spell": "spell_row",
    "factor": "factor_row",
    "care_episode": "care_episode_row",
    "fee": "fee_row",
}
OF_EVERY_YEAR = ("record", "identity", "former_upn")
NAME_COLUMN = {"event": "event", "spell": "kind"}


def say_in_common(engine: Engine, catalogue: Catalogue) -> Ledger:
    """Make `record`, `event_row`, `spell_row`, `factor_row`, `care_episode_row` and `fee_row` from the typed tables of every return delivered.

    A declaration runs when the tables it reads were delivered; each drops the rows it declares, with the reason.
    Records and identities are said from every year's return, everything else from the rows as their years were stitched.
    """
    ledger, parts = Ledger(), dict[str, list[str]]()
    for return_ in catalogue.returns.values():
        names = [f"{return_.name}_{table}{how}" for table in return_.tables for how in ("", "_joined")]
        supplied = {name for name in names if engine.columns(name)}
        every_year = names_in_scope(return_, supplied)
        scope = names_in_scope(return_, supplied, joined=True)
        for declaration in sorted(return_.declarations, key=lambda d: d.makes != "step"):
            if not is_supplied(declaration, return_, supplied, scope):
                continue
            made = say(
                engine, return_, declaration, every_year if declaration.makes in OF_EVERY_YEAR else scope, ledger
            )
            if declaration.makes == "step":
                scope[declaration.name] = f"SELECT * FROM {made}"
            else:
                parts.setdefault(declaration.makes, []).append(common_select(catalogue, return_, declaration, made))
    for makes, table in MADE.items():
        columns = ", ".join(f"CAST(NULL AS {SQL[c.type]}) AS {c.name}" for c in catalogue.tables[table].columns)
        engine.make(table, " UNION ALL ".join(parts.get(makes, [])) or f"SELECT {columns} WHERE FALSE")
    return ledger


def is_supplied(declaration: Declaration, return_: Return, supplied: set[str], scope: dict[str, str]) -> bool:
    """Say whether anything that the declaration reads was delivered: the table, or a view or step upon one."""
    if declaration.reads in return_.tables:
        return f"{return_.name}_{declaration.reads}" in supplied
    return declaration.reads in scope and bool(supplied)


def say(engine: Engine, return_: Return, declaration: Declaration, scope: dict[str, str], ledger: Ledger) -> str:
    """Run one declaration: number the first reason to drop each row, count, and select from the rows kept."""
    reasons = {number: drop.reason for number, drop in enumerate(declaration.drops, start=1)}
    cases = " ".join(f"WHEN {drop.when} THEN {number}" for number, drop in enumerate(declaration.drops, start=1))
    judged = (
        f"SELECT kept.*, {f'CASE {cases} ELSE 0 END' if cases else '0'} AS dropped_for FROM {declaration.reads} AS kept"
    )
    made = f"{return_.name}_{declaration.name}_said"
    engine.make("judged", with_names(scope, judged))
    select = with_names({**scope, "kept": "SELECT * FROM judged WHERE dropped_for = 0"}, declaration.select)
    engine.make(made, select)
    found = dict(engine.rows("SELECT dropped_for, count(*) AS n FROM judged GROUP BY dropped_for"))
    aside = {reason: found.get(number, 0) for number, reason in reasons.items()}
    reads = f"{return_.name}_{declaration.reads}"
    if declaration.reads in return_.tables and declaration.makes not in OF_EVERY_YEAR:
        reads += "_joined" if engine.columns(f"{reads}_joined") else " current"
    makes = (
        f"{return_.name}_{declaration.name}"
        if declaration.makes == "step"
        else f"{return_.name} rows used for {declaration.name}"
    )
    ledger.note(f"say as {declaration.name}", reads, makes, count(engine, "judged"), found.get(0, 0), aside)
    return made


def common_select(catalogue: Catalogue, return_: Return, declaration: Declaration, made: str) -> str:
    """SQL that gives a declaration's rows the columns of its common table, in order and typed."""
    fixed = {"return_name": text(return_.name), NAME_COLUMN.get(declaration.makes, ""): text(declaration.name)}
    columns = (
        f"{fixed[c.name]} AS {c.name}" if c.name in fixed else f"CAST({c.name} AS {SQL[c.type]}) AS {c.name}"
        for c in catalogue.tables[MADE[declaration.makes]].columns
    )
    return f"SELECT {', '.join(columns)} FROM {made}"
