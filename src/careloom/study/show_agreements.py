"""What each agreement of a study allows, whether it holds today, and what the last run used, in words."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from careloom.govern import Agreement
from careloom.report.words import say_day
from careloom.study.agreements import MADE_UP, NONE_DECLARED, Governed
from careloom.study.file import Study
from careloom.study.outputs import MANIFEST


def show_agreements(study: Study, today: dt.date) -> list[str]:
    """Lines to show: the purpose, each agreement, and what the last run used under it."""
    governed = study.governed
    if not governed.agreements:
        return [sentence(MADE_UP if governed.is_synthetic else NONE_DECLARED)]
    last = last_account(study)
    said = [f"Purpose: {governed.purpose}", *asked_otherwise(governed, last)]
    for each in governed.agreements:
        said += ["", *lines_of(each, governed, used(each, last), today)]
    return said


def sentence(said: str) -> str:
    return f"{said[0].upper()}{said[1:]}."


def last_account(study: Study) -> Mapping[str, Any] | None:
    """What the last run's manifest says of agreements; None without one."""
    try:
        told = json.loads((study.out / MANIFEST).read_text(encoding="utf-8"))["agreements"]
        is_whole = isinstance(told["purpose"], str) and all(
            isinstance(each[name], str) and all(isinstance(item, str) for item in (*each["read"], *each["left_out"]))
            for each in told["agreements"]
            for name in ("file", "sha256")
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return told if is_whole else None


def asked_otherwise(governed: Governed, last: Mapping[str, Any] | None) -> list[str]:
    if last and last["purpose"] != governed.purpose:
        return [f"The last run was for another purpose: {last['purpose'] or 'none was named'}"]
    return []


def used(agreement: Agreement, last: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What the last run used under this agreement, by its file; None when there is no run or it did not know the file."""
    return next((each for each in (last or {}).get("agreements", []) if each["file"] == agreement.file), None)


def lines_of(each: Agreement, governed: Governed, used: Mapping[str, Any] | None, today: dt.date) -> list[str]:
    """One agreement, a line for each thing it says."""
    why_not = each.why_not(governed.purpose, today)
    holds = f"does not hold: {why_not}" if why_not else f"holds until {say_day(each.expires_on)}"
    told = {
        "owner": each.owner if each.owner == each.authority else f"{each.owner}, for records of {each.authority}",
        "for": "; ".join(each.purposes),
        "to": "; ".join(each.recipients),
        "basis": each.lawful_basis,
        "allows": listed(each.allowed),
        "but not": listed(each.excluded),
        "sensitive": listed(each.sensitive),
        "links with": listed(each.may_link_with) or "no other owner's records",
        "keep until": say_day(each.keep_until),
        "shows from": f"{each.smallest_number:,}" if each.smallest_number > 1 else "",
        "last run": said_of(used, each),
        "left out": listed(used["left_out"]) if used else "",
    }
    return [f"{each.name} ({each.file}): {holds}", *(f"  {what:<11}{words}" for what, words in told.items() if words)]


def said_of(used: Mapping[str, Any] | None, agreement: Agreement) -> str:
    if used is None:
        return "has not used it"
    changed = "" if used["sha256"] == agreement.sha256 else "; the file has changed since"
    return f"{listed(used['read']) or 'read nothing under it'}{changed}"


def listed(names: Sequence[str]) -> str:
    return ", ".join(names)
