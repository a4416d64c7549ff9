"""What a study is governed by: its purpose, the agreements beside its file, and what they let in, join, keep and show."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.core import Keys, Ledger, StudyError, Table
from careloom.disclose import DEFAULT
from careloom.engine import Engine, count, text
from careloom.govern import Agreement, is_among, item_of, read_agreements
from careloom.ingest import Delivery, Door

FOLDER = "agreements"
NONE_DECLARED = (
    "no agreement is declared: nothing was checked of whether these records may be used so; "
    "careloom new agreement writes one to fill in"
)
MADE_UP = "the records are made up, so no agreement is needed"
APART = "keep sensitive services apart"


@dataclass(frozen=True)
class Governed:
    """The study's purpose and agreements. `is_synthetic` says that the records are made up.

    With `is_apart`, what is sensitive stays out, too: so are tables made that tell of single children.
    """

    purpose: str = ""
    is_synthetic: bool = False
    agreements: tuple[Agreement, ...] = ()
    is_apart: bool = False

    @property
    def state(self) -> str:
        return "declared" if self.agreements else ("synthetic" if self.is_synthetic else "none declared")

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Everything that may reach aggregate outputs only."""
        return tuple(dict.fromkeys(entry for each in self.agreements for entry in each.sensitive))

    def apart(self) -> "Governed":
        """The same with what is sensitive kept out."""
        return replace(self, is_apart=True)


def read_governed(keys: Keys, home: Path, catalogue: Catalogue) -> Governed:
    """Read purpose, synthetic and agreements of [study]. Raises StudyError naming the key or the agreement at fault."""
    named = keys.text("agreements", None)
    folder = home / (named or FOLDER)
    if named and not folder.is_dir():
        raise StudyError(f"{folder}: there is no such folder of agreements")
    agreements = read_agreements(folder, catalogue.returns, tuple(each.name for each in catalogue.services))
    governed = Governed(keys.text("purpose", ""), keys.flag("synthetic"), agreements)
    if agreements and not governed.purpose.strip():
        purposes = " or ".join(f'"{name}"' for name in dict.fromkeys(p for each in agreements for p in each.purposes))
        raise StudyError(f'{keys.where}: "purpose" is missing, and {folder.name}/ allows {purposes}')
    return governed


# --- the door ---------------------------------------------------------------------------------------------------------


def door_of(governed: Governed, today: dt.date) -> Door:
    """The door that these agreements hold open today. Without any, all is read."""
    if not governed.agreements:
        return Door()

    def closed_to(la: str) -> str:
        return why_closed(governed, la, today)

    def barred(la: str, return_name: str, table: Table) -> Collection[str]:
        return barred_columns(governed, la, return_name, table, today)

    return Door(closed_to, barred, is_watched=True)


def in_force(governed: Governed, la: str, today: dt.date) -> list[Agreement]:
    """The agreements about an authority's records that hold today for the study's purpose."""
    return [e for e in governed.agreements if e.authority == la and not e.why_not(governed.purpose, today)]


def why_closed(governed: Governed, la: str, today: dt.date) -> str:
    """Why no file of this authority may be opened; blank when an agreement about it holds."""
    if in_force(governed, la, today):
        return ""
    about = [each for each in governed.agreements if each.authority == la]
    if not about:
        return f"no agreement is about records of {la}, so the file was not opened"
    return "; ".join(each.why_not(governed.purpose, today) for each in about) + ": the file was not opened"


def barred_columns(governed: Governed, la: str, return_name: str, table: Table, today: dt.date) -> frozenset[str]:
    """The columns of a table that no agreement in force covers; where what is sensitive is kept apart, those too.

    An ordinal says where a row stands in its file, and no more: it is never barred.
    """
    holding = in_force(governed, la, today)
    apart = tuple(entry for each in holding for entry in each.sensitive) if governed.is_apart else ()
    barred = set()
    for column in table.columns:
        item = item_of(return_name, table.name, column.name)
        if column.type != "ordinal" and (is_among(item, apart) or not any(each.covers(item) for each in holding)):
            barred.add(column.name)
    return frozenset(barred)


def keep_apart(governed: Governed, catalogue: Catalogue, engine: Engine) -> Ledger:
    """Take rows about sensitive kinds of service out of every table that names one, and rows of which the kind is not known.

    Nothing is done unless what is sensitive is kept apart.
    """
    ledger = Ledger()
    kinds = dict.fromkeys(kind for each in governed.agreements for kind in each.sensitive_services)
    if not (governed.is_apart and kinds):
        return ledger
    for return_ in catalogue.returns.values():
        for table in return_.tables.values():
            name = f"{return_.name}_{table.name}"
            for column in (c.name for c in table.columns if c.codes == "services" and engine.columns(name)):
                before = rows_of(engine, name)
                engine.make("told", f'SELECT * FROM {name} WHERE "{column}" NOT IN ({", ".join(map(text, kinds))})')
                engine.make(name, "SELECT * FROM told")
                engine.drop("told")
                for what, rows in rows_of(engine, name).items():
                    why = {"of a sensitive service, or it is not known of which": before[what] - rows}
                    ledger.note(APART, what, what, before[what], rows, why)
    return ledger


def rows_of(engine: Engine, name: str) -> dict[str, int]:
    """How many rows a typed table has, and how many of them are current, as the ledger calls both."""
    current = f"(SELECT 1 AS one FROM {name} WHERE standing = 'current') AS current_rows"
    return {name: count(engine, name), f"{name} current": count(engine, current)}


# --- what may be joined and shown --------------------------------------------------------------------------------------


def check_allowed(
    governed: Governed,
    deliveries: Sequence[Delivery],
    link_mode: str,
    today: dt.date,
    *,
    smallest_shown: int = DEFAULT.threshold,
) -> None:
    """Refuse joins that the owners did not both agree to, and numbers smaller than an agreement lets be shown.

    Raises StudyError. `smallest_shown` is the smallest count that the outputs do not withhold.
    """
    used = in_use(governed, deliveries, today)
    for each in used:
        if each.smallest_number > smallest_shown:
            raise StudyError(
                f"{FOLDER}/{each.file}: counts below {each.smallest_number} may not be shown, and this study's outputs "
                f"withhold those below {smallest_shown} only"
            )
    for one in used:
        for two in used:
            if one.owner != two.owner and is_joined(one, two, link_mode) and two.owner not in one.may_link_with:
                raise StudyError(
                    f'{FOLDER}/{one.file}: it does not allow records of "{one.owner}" to be linked with those of "{two.owner}", '
                    f'and link_mode = "{link_mode}" would; {instead(one, two)}'
                )


def check_in_force(governed: Governed, today: dt.date) -> None:
    """Refuse to look at single children once no agreement holds any more. Raises StudyError; nothing without agreements."""
    if governed.agreements and not any(not each.why_not(governed.purpose, today) for each in governed.agreements):
        why = "; ".join(each.why_not(governed.purpose, today) for each in governed.agreements)
        raise StudyError(f"{FOLDER}: no agreement holds, so nothing is shown: {why}")


def is_joined(one: Agreement, two: Agreement, link_mode: str) -> bool:
    """Would children in the records of both be linked? Only within one authority, or by every mode that joins authorities."""
    return one.authority == two.authority or link_mode != "within_authority"


def instead(one: Agreement, two: Agreement) -> str:
    if one.authority == two.authority:
        return "leave the deliveries of one of them out"
    return 'agree on it on both sides (may_link_with), or write link_mode = "within_authority" in [link]'


def in_use(governed: Governed, deliveries: Sequence[Delivery], today: dt.date) -> list[Agreement]:
    """The agreements in force under which any of these deliveries may be read."""
    return [
        each
        for each in governed.agreements
        if not each.why_not(governed.purpose, today)
        and any(d.la == each.authority and each.gives_of(d.return_name) for d in deliveries)
    ]


# --- the account ------------------------------------------------------------------------------------------------------


def to_say(governed: Governed) -> list[str]:
    """What the report says of agreements, as sentences without a full stop."""
    if not governed.agreements:
        return [MADE_UP if governed.is_synthetic else NONE_DECLARED]
    names = ", ".join(each.name for each in governed.agreements)
    said = [f"read under {names}, for {governed.purpose}; what they do not cover was counted and not read"]
    if governed.sensitive:
        said.append(
            "sensitive services count in these figures, and in nothing that Careloom keeps about single children"
        )
    return said


def to_warn(governed: Governed) -> list[str]:
    """What a run tells its user: only that nothing was checked."""
    return [] if governed.agreements or governed.is_synthetic else [NONE_DECLARED]


def account(governed: Governed, catalogue: Catalogue, engine: Engine, today: dt.date) -> dict[str, object]:
    """What a run used under which agreement, for its manifest: names of items, no numbers."""
    read = "SELECT DISTINCT la, return_name, table_name FROM delivery WHERE state = 'read' ORDER BY la, return_name, table_name"
    tables = [row for found in engine.rows(read) for row in tables_of(found, catalogue)] if governed.agreements else []
    return {
        "state": governed.state,
        "purpose": governed.purpose,
        "agreements": [
            {
                "name": each.name,
                "file": each.file,
                "sha256": each.sha256,
                **used_under(each, governed, tables, catalogue, today),
            }
            for each in governed.agreements
        ],
    }


def tables_of(found: tuple[str, str, str], catalogue: Catalogue) -> list[tuple[str, str, str]]:
    """The tables that a delivery gave: of XML, every one of the return."""
    la, return_name, table = found
    known = catalogue.returns[return_name].tables
    return [(la, return_name, name) for name in known if table in (name, "all")]


def used_under(
    agreement: Agreement,
    governed: Governed,
    tables: Sequence[tuple[str, str, str]],
    catalogue: Catalogue,
    today: dt.date,
) -> Mapping[str, list[str]]:
    """Which tables were read under an agreement, and which columns of them stayed out."""
    used, out = [], []
    if not agreement.why_not(governed.purpose, today):
        for la, return_name, name in tables:
            table = catalogue.returns[return_name].tables[name]
            covered = [c for c in table.column_names if agreement.covers(item_of(return_name, name, c))]
            if la == agreement.authority and covered:
                used.append(f"{return_name} {name}")
                barred = barred_columns(governed, la, return_name, table, today)
                out += [item_of(return_name, name, column) for column in table.column_names if column in barred]
    return {"read": used, "left_out": out}
