"""Files spoilt by chance: what a broken transfer, a careless hand or somebody with bad intentions makes of a good file.

Every change follows from a seed, so that a case can be had again. Nothing here knows what the files are for.
"""

import csv
import io
import json
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

LONG, DEEP, MANY_DIGITS = 300_000, 3_000, "9" * 1_000_000
"""Longer than a cell of Python's csv may be, deeper than a reader in Python can go, more digits than int() takes."""
BYTES = (
    *(b"\0", b'"', b"'", b"\r", b"\n", b",", b";", b"\xff\xfe", b"\xef\xbb\xbf", b"\x85", b"\xed\xa0\x80", b"\x1b[31m"),
    *(b"<", b"&", b"[", b"]", b"{", b"=", b"\x1a", b"x" * LONG, b"[" * DEEP, b'{"a":' * DEEP, b"9" * 5_000),
)
CELLS = (
    *("", " ", "NaN", "nan", "inf", "-inf", "Infinity", "1e400", "1E+999999", "1E-999999", "-1", "-0", "0", "00", "1.5"),
    *("9" * 400, MANY_DIGITS, "0001-01-01", "9999-12-31", "31/02/2019", "2019-13-45", "=1+1", "=cmd|' /C calc'!A0"),
    *("@SUM(A1)", "\0", "\ufeff", "\ud7ff", "٣", "²", "x" * LONG, "../../../etc/passwd", "/", "a\nb", 'a"b', "<b>", "\x1b[31m"),
)  # fmt: skip
TOML = (
    *("inf", "-inf", "nan", "-1", "0", "1", "1.5", "1e400", "9" * 400, "9" * 5_000, "true", '""', '" "', "[]", "[[]]", "{}"),
    *("[1]", '[""]', "[{}]", '{ "a" = 1 }', "9999-12-31", "0001-01-01", "1979-05-27T07:32:00Z", "07:32:00", '"\\u0000"'),
    *('"x"', f'"{"x" * LONG}"', "[" * DEEP + "]" * DEEP, '"/"', '"."', '"../.."', '"**/*"', '"[!"', '"\\u001b[31m"', "'''"),
)  # fmt: skip
JSON = (
    *(None, True, -1, 0, 1.5, 10**400, float("nan"), float("inf"), "", "x", "\0", "ä", "\ud800", "x" * LONG),
    *([], {}, [[]], [None], {"": None}, "../../etc/passwd", "\x1b[31m", -(2**63), "0" * 64),
)
BOMB = (
    "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1 or str()};' * 10}'>" for n in range(1, 12))
    + "]>"
)
TAGS = (
    *(BOMB, '<!DOCTYPE x SYSTEM "file:///etc/passwd">', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;", "&a11;"),
    *("<a>" * DEEP, "<a " + "b='c' " * 500 + "/>", "<!-- x -->", "<?x y?>", "<![CDATA[<x>]]>", "x" * LONG, MANY_DIGITS, "&#0;", "&#xD800;"),
    *('<?xml version="1.0" encoding="utf-7"?>', "<x:y/>", "<a xmlns='http://x'>", "\0", "\ufeff"),
)  # fmt: skip
ODD_PARTS = (
    "../../out.txt",
    "/etc/out",
    "xl/worksheets/sheet1.xml",
    "xl/externalLinks/externalLink1.xml",
    "a" * 200,
    "xl/vbaProject.bin",
)
Change = Callable[[bytes, Random], bytes]


def spoilt(data: bytes, chance: Random, changes: Sequence[Change]) -> bytes:
    """One to three changes, of those that suit the kind of file and of those that suit any."""
    for _ in range(chance.randint(1, 3)):
        data = chance.choice((*changes, *changes, bytes_changed))(data, chance)
    return data


def bytes_changed(data: bytes, chance: Random) -> bytes:
    """Cut, drop, double, flip, insert; or the whole file in another encoding, or nothing at all."""
    at, few = chance.randint(0, len(data)), chance.randint(1, 60)
    match chance.choice(("cut", "cut above", "drop", "double", "flip", "insert", "insert", "encode", "empty")):
        case "cut":
            return data[:at]
        case "cut above":
            return data[at:]
        case "drop":
            return data[:at] + data[at + few :]
        case "double":
            return data[:at] + data[max(0, at - few) :]
        case "flip":
            return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        case "insert":
            return data[:at] + chance.choice(BYTES) + data[at:]
        case "encode":
            return data.decode("utf-8", "replace").encode(
                chance.choice(("utf-16", "utf-16-le", "cp1252", "utf-32")), "replace"
            )
        case _:
            return b""


def cells_changed(data: bytes, chance: Random) -> bytes:
    """A CSV with cells put in others' places, or odd ones; rows and columns dropped, doubled, or of another length."""
    rows = (
        list(csv.reader(io.StringIO(data.decode("utf-8", "replace").replace("\0", ""), newline="")))
        if len(data) < LONG
        else []
    )
    rows = [row for row in rows if row]
    if not rows:
        return data
    row, other = chance.choice(rows), chance.choice(rows)
    at = chance.randrange(len(row))
    match chance.choice(("odd", "odd", "odd", "odd", "swap", "drop", "double", "more", "fewer", "column")):
        case "odd":
            row[at] = chance.choice(CELLS)
        case "swap" if at < len(other):
            row[at], other[at] = other[at], row[at]
        case "drop":
            rows.remove(row)
        case "double":
            rows.insert(chance.randint(0, len(rows)), list(row))
        case "more":
            row += [chance.choice(CELLS)] * chance.randint(1, 3)
        case "fewer":
            del row[at]
        case "column":
            rows = [[*each[:at], *each[at + 1 :]] for each in rows]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def values_changed(data: bytes, chance: Random) -> bytes:
    """A TOML file with odd values, or with lines dropped, doubled or in another's place."""
    lines = data.decode("utf-8", "replace").split("\n")
    at = chance.randrange(len(lines))
    match chance.choice(("odd", "odd", "odd", "odd", "odd", "drop", "double", "swap")):
        case "odd":
            keyed = [n for n, line in enumerate(lines) if re.match(r"\s*[\w\"-]+ *=", line)]
            at = chance.choice(keyed) if keyed else at
            lines[at] = f"{lines[at].partition('=')[0]}= {chance.choice(TOML)}"
        case "drop":
            del lines[at]
        case "double":
            lines.insert(at, lines[at])
        case "swap":
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines).encode("utf-8", "replace")


def nodes_changed(data: bytes, chance: Random) -> bytes:
    """JSON, whole or line by line, with one of its values another."""
    lines = data.split(b"\n")
    at = chance.randrange(len(lines)) if len(lines) < 20 else 0
    try:
        whole = json.loads(data if len(lines) >= 20 else lines[at])
    except (ValueError, RecursionError):
        try:
            whole = json.loads(data)
        except (ValueError, RecursionError):
            return data
        lines, at = [data], 0
    if len(lines) >= 20:
        lines, at = [data], 0
    lines[at] = json.dumps(other_node(whole, chance)).encode()
    return b"\n".join(lines)


def other_node(node: Any, chance: Random) -> Any:
    """The same with one value, at some depth, put in another's place, dropped or odd."""
    if not isinstance(node, list | dict) or not node or chance.random() < 0.1:
        return chance.choice(JSON)
    place = chance.choice(range(len(node)) if isinstance(node, list) else list(node))
    if chance.random() < 0.1:
        del node[place]
    else:
        node[place] = other_node(node[place], chance)
    return node


def tags_changed(data: bytes, chance: Random) -> bytes:
    """XML with tags dropped, doubled or in each other's place; or with a DOCTYPE, an entity that grows, and worse."""
    parts = re.findall(r"<[^>]*>|[^<]+", data.decode("utf-8", "replace")) or [""]
    at, other = (chance.randrange(len(parts)) for _ in range(2))
    match chance.choice(("odd", "odd", "first", "text", "drop", "double", "swap")):
        case "odd":
            parts.insert(at, chance.choice(TAGS))
        case "first":
            parts.insert(chance.randint(0, 1), chance.choice(TAGS))
        case "text" if not parts[at].startswith("<"):
            parts[at] = chance.choice(CELLS)
        case "drop":
            del parts[at]
        case "double":
            parts.insert(at, parts[at])
        case "swap":
            parts[at], parts[other] = parts[other], parts[at]
    return "".join(parts).encode("utf-8", "replace")


def parts_changed(data: bytes, chance: Random) -> bytes:
    """A workbook with one of its parts spoilt, dropped, doubled, or one more: of an odd name, or of nothing for a long way."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = [(name, package.read(name)) for name in package.namelist()]
    except Exception:  # it was spoilt already, in one of many ways
        return data
    at = chance.randrange(len(parts))
    name, part = parts[at]
    match chance.choice(("tags", "tags", "tags", "bytes", "drop", "double", "odd", "bomb")):
        case "tags":
            parts[at] = (name, tags_changed(part, chance))
        case "bytes":
            parts[at] = (name, bytes_changed(part, chance))
        case "drop":
            del parts[at]
        case "double":
            parts.append(parts[at])
        case "odd":
            parts.append((chance.choice(ODD_PARTS), part))
        case "bomb":
            parts.append(("xl/media/nothing.png", bytes(120_000_000)))
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        warnings.simplefilter("ignore")  # a name may stand there twice
        for name, part in parts:
            package.writestr(name, part)
    return file.getvalue()
