"""Quirks of what files say: true, or as records are, and a trap for who does not know it. Nothing here is against a rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from careloom.synth.defects.breaches import (
    ADOPTED,
    Note,
    check_letter,
    has_upn,
    is_last,
    other_letter,
    read_day,
    write_day,
)
from careloom.synth.defects.delivered import Child, CsvFile, Delivered, Row, XmlFile

_SHARED = "K000000001"  # the same in every authority
_TEMPORARY_DAYS, _SHORTEST_STAY, _SHORTER_BY = 5, 40, 3
_NO_NEED = ("RC8", "RC9")
_AGES = (4, 15)  # at which a child goes to short breaks
_RESPITE = {"RNE": "S", "CIN": "N2", "PLACE": "U6", "PLACE_PROVIDER": "PR1", "REC": "E4A"}


def ids_as_text(files: Delivered, many: int, note: Note) -> None:
    """Identifiers that look like numbers and are none."""
    for what in ("zeros in front", "like a number with an exponent"):
        for file, row in files.rows("header", lambda file, row: True, many):
            was, number = row["CHILD"], int(files.rng.integers(10**4, 10**5))
            new = f"000{number}" if what == "zeros in front" else f"{number}E02"
            if new not in files.used:
                files.rename(was, new)
                note(file, row, "CHILD", was, f"{what}, in every file")


def upns(files: Delivered, many: int, note: Note) -> None:
    """Pupil numbers that are wrong in a way no rule looks for, or odd and right."""
    for file, row in files.rows("header", lambda file, row: has_upn(row["UPN"]), many):
        was = row["UPN"]
        row["UPN"] = other_letter(was) + was[1:]
        note(file, row, "UPN", was, "another first letter")
    for census, child in files.children(lambda file, child: has_upn(child.value("UPN")), many):
        was = child.value("UPN")
        rest = f"{was[1:-1]}B"
        child.put("UPN", check_letter(rest) + rest)
        note(census, child, "UPN", was, "temporary: a last letter, and the first that fits it")
    for census, child in files.children(lambda file, child: child.value("UPNunknown") != "", many):
        was = child.value("UPNunknown")
        child.add_after("UPNunknown", f"<UPN>{was}</UPN>")
        child.take_out("UPNunknown")
        note(census, child, "UPN", was, "the reason stands where the number should")


def shared_identifier(files: Delivered, many: int, note: Note) -> None:
    """An identifier that other authorities use for other children."""
    for file, row in files.rows("header", lambda file, row: True, min(many, 1)):
        was = row["CHILD"]
        files.rename(was, _SHARED)
        note(file, row, "CHILD", was, "an identifier that every authority with planted defects gives some child")


def unborn_then_born(files: Delivered, many: int, note: Note) -> None:
    """Children returned unborn, and born in a later year; the files have them anyway, and nothing is changed."""
    born = {
        child.identifier: file.year for file in files.censuses for child in file.rows if child.value("PersonBirthDate")
    }

    def fits(file: XmlFile, child: Child) -> bool:
        return child.value("ExpectedPersonBirthDate") != "" and born.get(child.identifier, 0) > file.year

    for file, child in files.children(fits, many):
        note(file, child, "ExpectedPersonBirthDate", "", f"born by the census of {born[child.identifier]}")


def episode_sent_again(files: Delivered, many: int, note: Note) -> None:
    """Episodes that had ended are returned a year later with another end; the latest return counts."""
    later = {file.year - 1: file for file in files.of("episodes")}

    def fits(file: CsvFile, row: Row) -> bool:
        return (
            file.year in later
            and row["REC"][:2] in ("E4", "E8")
            and length(row) > _SHORTEST_STAY
            and is_last(file, row)
        )

    for file, row in files.rows("episodes", fits, many):
        copy = dict(row, DEC=write_day(read_day(row["DEC"]) - timedelta(days=_SHORTER_BY)))
        later[file.year].rows.append(copy)
        later[file.year].is_changed = True
        note(later[file.year], copy, "DEC", row["DEC"], "ended already in the return before, on another day")


def contradictions(files: Delivered, many: int, note: Note) -> None:
    """The same child told differently in two years."""
    years: dict[str, list[str]] = {}
    for file in files.of("header"):
        for row in file.rows:
            years.setdefault(row["CHILD"], []).append(row["ETHNIC"])

    def is_told_alike(file: CsvFile, row: Row) -> bool:
        told = years[row["CHILD"]]
        return len(told) > 1 and set(told) == {"WBRI"}

    for file, row in files.rows("header", is_told_alike, many):
        row["ETHNIC"] = "MWBC"
        note(file, row, "ETHNIC", "WBRI", "another ethnic group than in other years")
    seen: dict[str, int] = {}
    for child in (child for census in files.censuses for child in census.rows):
        seen[child.identifier] = seen.get(child.identifier, 0) + 1
    flipped = {"1": "2", "2": "1"}

    def is_known_longer(file: XmlFile, child: Child) -> bool:
        return seen[child.identifier] > 1 and child.value("GenderCurrent") in flipped

    for census, child in files.children(is_known_longer, many):
        was = child.value("GenderCurrent")
        child.put("GenderCurrent", flipped[was])
        note(census, child, "GenderCurrent", was, "another sex than in other years")


def closures_left_out(files: Delivered, many: int, note: Note) -> None:
    """Cases that were closed, and whose closure no census tells: the reason alone says so, or that no later one has them.

    Of children with that one case in the census, and in no later one; cases found not in need are left as they are.
    """
    last_seen = {child.identifier: file.year for file in sorted(files.censuses, key=by_year) for child in file.rows}
    last_year = max((file.year for file in files.censuses), default=0)

    def was_last_closed(file: XmlFile, child: Child) -> bool:
        is_one = child.text.count("<CINreferralDate>") == child.text.count("<CINclosureDate>") == 1
        return is_one and file.year == last_seen[child.identifier] and child.value("ReasonForClosure") not in _NO_NEED

    def was_closed_before_the_last(file: XmlFile, child: Child) -> bool:
        return file.year < last_year and was_last_closed(file, child)

    for file, child in files.children(was_closed_before_the_last, many):
        _leave_out_closure(file, child, note, "closed, though no census says so: returned open, and never again")
        child.take_out("ReasonForClosure")
    for file, child in files.children(was_last_closed, many):
        _leave_out_closure(file, child, note, "closed for a reason, on no day")


def by_year(file: XmlFile) -> int:
    return file.year


def _leave_out_closure(file: XmlFile, child: Child, note: Note, what: str) -> None:
    was = child.value("CINclosureDate")
    below = child.lines_to("CINdetails", child.before("CINclosureDate"))
    child.take_out("CINclosureDate")
    note(file, child, "CINclosureDate", was, what, below=below, table="CINdetails")


def short_breaks(files: Delivered, many: int, note: Note) -> None:
    """Respite that is not care, and temporary moves that are no change of placement."""
    headers_of, episodes_of = ({file.year: file for file in files.of(name)} for name in ("header", "episodes"))
    looked_after = {row["CHILD"] for file in headers_of.values() for row in file.rows}

    def fits(file: XmlFile, child: Child) -> bool:
        born = child.value("PersonBirthDate")
        is_of_age = born != "" and _AGES[0] <= file.year - int(born[:4]) <= _AGES[1]
        return is_of_age and file.year in headers_of and child.identifier not in looked_after

    for what, status, starts, days in (
        ("single nights of short breaks", "V3", (30, 60, 90), 1),
        ("an agreement of short breaks", "V4", (30,), 120),
    ):
        for file, child in files.children(fits, many):
            header, episodes = headers_of[file.year], episodes_of[file.year]
            header.rows.append(as_header(child, header))
            header.is_changed = episodes.is_changed = True
            for start in starts:
                begins = date(file.year - 1, 4, 1) + timedelta(days=start)
                episode = dict.fromkeys(episodes.heading, "") | _RESPITE | {"CHILD": child.identifier, "LS": status}
                episode |= {"DECOM": write_day(begins), "DEC": write_day(begins + timedelta(days=days))}
                episodes.rows.append(episode)
                note(episodes, episode, "LS", "", what)
    for episodes, row in files.rows("episodes", is_long_stay, many):
        left = read_day(row["DECOM"]) + timedelta(days=_SHORTEST_STAY // 2)
        back = left + timedelta(days=_TEMPORARY_DAYS)
        away = {"DECOM": write_day(left), "DEC": write_day(back), "RNE": "P", "PLACE": "T0", "PLACE_PROVIDER": ""}
        ends = {"REC": "X1", "REASON_PLACE_CHANGE": ""}
        after = dict(row, DECOM=write_day(back), RNE="P")
        row |= ends | {"DEC": write_day(left)}
        place = next(i for i, each in enumerate(episodes.rows) if each is row) + 1
        episodes.rows[place:place] = [dict(row) | away, after]
        note(episodes, episodes.rows[place], "PLACE", "", "a temporary move, from and to the same placement")


def as_header(child: Child, header: CsvFile) -> Row:
    """The header of a child in need who comes into the other return."""
    known = {
        "CHILD": child.identifier,
        "SEX": child.value("Sex") or child.value("GenderCurrent"),
        "DOB": write_day(date.fromisoformat(child.value("PersonBirthDate"))),
        "ETHNIC": child.value("Ethnicity"),
    }
    return dict.fromkeys(header.heading, "") | known


def is_long_stay(file: CsvFile, row: Row) -> bool:
    """Whether an episode lies wholly within the year and is long enough for a move and the way back."""
    begins = read_day(row["DECOM"])
    in_year = begins >= date(file.year - 1, 4, 1) and row["DEC"] != ""
    return in_year and row["REC"] not in ADOPTED and row["PLACE"][:1] != "T" and length(row) > _SHORTEST_STAY


def length(row: Row) -> int:
    return (read_day(row["DEC"]) - read_day(row["DECOM"])).days


RECORD_QUIRKS: dict[str, Callable[[Delivered, int, Note], None]] = {
    "ids as text": ids_as_text,
    "UPN": upns,
    "identifier of one authority": shared_identifier,
    "unborn, then born": unborn_then_born,
    "episode sent again": episode_sent_again,
    "contradictions": contradictions,
    "short breaks and temporary placements": short_breaks,
    "closures left out": closures_left_out,
}
