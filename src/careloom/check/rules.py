"""Rules run over the typed tables: every failing row is a finding, and every rule says how it went.

How a rule's `fails` is read:

- It is a SQL condition on one row of the rule's table. The row's columns stand as themselves; inside a subquery, where
  another table may have the same column, they are prefixed `t.`. A condition that is neither true nor false (a blank
  compared with something) is not a failure.
- Other tables of the return, and the named ideas in its `views/`, go by their bare names; so does the table `code`.
- A table holds every row of every return as handed over: also those that a later return repeats, for a return is
  checked as it was made, and those whose key comes twice, for rules look for them. So whoever looks at another row says
  which return it means: the same la and collection_year (both are the same when delivery_id is).
- A rule `across` years looks at the history as its years were stitched: there a table holds each row once, with the
  marks of its latest return, and `episodes_returned` stands for the rows of `episodes` as handed over. A row comes in the
  year of its latest return.
- Of a row, delivery_id and line leave this room: in CSV they name one row; in XML several rows may stand on one line. Whose
  row it is, `finding_row` says in working memory, until identifiers have become pseudonyms.
"""

import re
from dataclasses import dataclass

import pyarrow as pa

from careloom.catalogue import Catalogue, Return, Rule, RuleVersion
from careloom.core import Ledger, Years
from careloom.engine import Engine, text, value, with_names

NO_FINDING = """SELECT CAST(NULL AS VARCHAR) AS rule, CAST(NULL AS VARCHAR) AS table_name,
    CAST(NULL AS INTEGER) AS delivery_id, CAST(NULL AS INTEGER) AS line, CAST(NULL AS VARCHAR) AS la,
    CAST(NULL AS VARCHAR) AS return_name, CAST(NULL AS VARCHAR) AS child_id WHERE 1 = 0"""
JOINED, RETURNED = "_joined", "_returned"
STATES = pa.schema(
    [
        *((name, pa.string()) for name in ("rule", "message", "state", "why")),
        *((name, pa.int64()) for name in ("rows_checked", "rows_found")),
    ]
)


@dataclass(frozen=True)
class Looked:
    """Where a rule looked: rows of its table, those of its years, those it could check, and what kept it from more."""

    rule: Rule
    message: str
    absent: tuple[str, ...] = ()
    rows: int = 0
    of_years: int = 0
    checked: int = 0

    @property
    def why(self) -> str:
        """Why the rule could not run, or could not run everywhere; blank when it could."""
        if self.absent:
            return "; ".join(f'table "{name}" was not supplied' for name in self.absent)
        if not self.of_years:
            return f"no row of its years in {self.rule.table}"
        if self.checked < self.of_years:
            without = " or ".join(f'table "{name}"' for name in self.rule.needs)
            return f"{without} was not supplied with {'part' if self.checked else 'any'} of {self.rule.table}"
        return ""


def run_rules(engine: Engine, catalogue: Catalogue) -> Ledger:
    """Run every rule of every return; make `finding`, one row that breaks one rule (and `finding_row`, whose it is), and `rule_state`, one rule each.

    Needs the typed tables, the joined ones (for rules across years), `delivery` and `code`. A row is checked by the version of the rule that covers its
    collection year, where its authority supplied every table that the rule looks at for that year (a table with no rows
    counts as supplied). The state is found, clean, or could not run: a rule that checked no row is not clean.
    """
    looked, selects = [], [NO_FINDING]
    for return_ in catalogue.returns.values():
        for rule in return_.rules:
            looked.append(look(engine, return_, rule))
            if looked[-1].checked:
                selects += [select_failing(return_, rule, version) for version in rule.versions]
    engine.make("finding_row", " UNION ALL ".join(f"SELECT * FROM ({select}) AS failing" for select in selects))
    engine.make("finding", "SELECT rule, table_name, delivery_id, line FROM finding_row")
    found = dict(engine.rows("SELECT rule, count(*) AS n FROM finding GROUP BY rule"))
    rows = [state(each, found.get(each.rule.id, 0)) for each in looked]
    engine.load("rule_state", pa.Table.from_pylist(rows, STATES))
    return account(looked, found)


def look(engine: Engine, return_: Return, rule: Rule) -> Looked:
    """Say what a rule has to look at, before it looks."""
    names = tables_of(return_, rule)
    absent = tuple(name for name in names if not engine.columns(table_of(rule, name)))
    rows_of = f"SELECT count(*) AS n FROM {table_of(rule, rule.table)} AS t"
    rows = value(engine, rows_of) if rule.table not in absent else 0
    if absent or not rows:
        return Looked(rule, rule.versions[-1].message, absent, rows)
    of_years = [value(engine, f"{rows_of} WHERE {in_years(v.years)}") for v in rule.versions]
    checked = [value(engine, f"{rows_of} WHERE {in_years(v.years)} AND {supplied(rule)}") for v in rule.versions]
    latest = max((i for i, n in enumerate(of_years) if n), default=-1)
    return Looked(rule, rule.versions[latest].message, (), rows, sum(of_years), sum(checked))


def select_failing(return_: Return, rule: Rule, version: RuleVersion) -> str:
    """SQL of the rows that break one version of a rule."""
    select = f"""SELECT {text(rule.id)} AS rule, {text(rule.table)} AS table_name, t.delivery_id, t.line,
            t.la, {text(return_.name)} AS return_name, {child_of(return_, rule.table)} AS child_id
        FROM {rule.table} AS t
        WHERE {in_years(version.years)} AND {supplied(rule)} AND ({version.fails}
        )"""
    return with_names(names_in(return_, f"{rule.table} {version.fails}", across=rule.across), select)


def child_of(return_: Return, table: str) -> str:
    """SQL of the authority's identifier of the child that a row is about; blank where the table has none."""
    found = [c.name for c in return_.tables[table].columns if c.key and c.privacy == "identifier"]
    return f't."{found[0]}"' if found else "CAST(NULL AS VARCHAR)"


def table_of(rule: Rule, name: str) -> str:
    """Return the name by which the engine knows a table as the rule looks at it."""
    return f"{rule.return_name}_{name}{JOINED if rule.across else ''}"


def names_in(return_: Return, sql: str, *, across: bool = False) -> dict[str, str]:
    """Return the tables and views of a return that a piece of SQL names, each after those it uses itself."""
    names: dict[str, str] = {}
    for word in re.findall(r"\w+", re.sub(r"--.*|'[^']*'", " ", sql)):
        if word in return_.views:
            names |= names_in(return_, return_.views[word], across=across) | {word: return_.views[word]}
        elif word in return_.tables:
            names[word] = f"SELECT * FROM {return_.name}_{word}{JOINED if across else ''}"
        elif (table := word.removesuffix(RETURNED)) in return_.tables:
            names[word] = f"SELECT * FROM {return_.name}_{table}"
    return names


def tables_of(return_: Return, rule: Rule) -> tuple[str, ...]:
    """Return the tables that a rule looks at: its own, those it says it needs, and those it names."""
    named = (name.removesuffix(RETURNED) for version in rule.versions for name in names_in(return_, version.fails))
    return tuple(dict.fromkeys([rule.table, *rule.needs, *(name for name in named if name in return_.tables)]))


def in_years(years: Years) -> str:
    return f"t.collection_year BETWEEN {years.first or 0} AND {years.last or 9999}"


def supplied(rule: Rule) -> str:
    """SQL condition: every needed table was delivered by the row's authority for the row's year."""
    delivered = """EXISTS (SELECT 1 FROM delivery d WHERE d.return_name = {} AND d.table_name IN ({}, 'all')
        AND d.la = t.la AND d.collection_year = t.collection_year AND d.state = 'read')"""
    return " AND ".join(["1 = 1", *(delivered.format(text(rule.return_name), text(name)) for name in rule.needs)])


def state(looked: Looked, found: int) -> dict[str, str | int]:
    """One row of `rule_state`."""
    could_run = looked.checked > 0
    return {
        "rule": looked.rule.id,
        "message": looked.message,
        "state": ("found" if found else "clean") if could_run else "could not run",
        "why": looked.why,
        "rows_checked": looked.checked,
        "rows_found": found,
    }


def account(looked: list[Looked], found: dict[str, int]) -> Ledger:
    """One step a rule: the rows of its table, those found, and why each other row is not."""
    ledger = Ledger()
    for each in (each for each in looked if each.rows):
        rule, n = each.rule, found.get(each.rule.id, 0)
        aside = {
            "a table the rule needs was not supplied": each.rows if each.absent else each.of_years - each.checked,
            "a year the rule does not cover": 0 if each.absent else each.rows - each.of_years,
            "keeps the rule": each.checked - n,
        }
        ledger.note("check", table_of(rule, rule.table), f"finding of {rule.id}", each.rows, n, aside)
    return ledger
