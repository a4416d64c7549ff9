"""Look at a file once, in little memory: its fingerprint, and what it is by its content, never by its name."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from careloom.core import DeliveryError
from careloom.ingest.csv_file import CsvGrid
from careloom.ingest.raw import Grid
from careloom.ingest.workbook import check_package, sheets

CHUNK = 1 << 20
HEAD = 4096
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"
LOCKED = "EncryptedPackage".encode("utf-16-le")
NOT_TEXT = (
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format", "a database"),
)
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MARKUP = re.compile(r"\s*<[?!A-Za-z_]")
WEB_PAGE = re.compile(r"\s*<(!doctype\s+html|html|head|body|table)\b", re.IGNORECASE)
DECLARED = re.compile(r"""\s*<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


@dataclass(frozen=True)
class Survey:
    """What one look at a file told: `kind` is `xml`, `workbook` or `text`; a workbook has no encoding."""

    sha256: str
    kind: str
    bytes: int
    encoding: str


def survey(path: Path) -> Survey:
    """Look at a file. Raises DeliveryError for one that is empty, or is neither text, XML nor an .xlsx workbook."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    check_start(path, head)
    look = Look(head)
    fingerprint = hashlib.sha256()
    for data in chunks(path):
        fingerprint.update(data)
        look.take(data)
    if not look.holds_text:
        raise DeliveryError(f"{path.name}: the file is empty")
    if head.startswith(OLE):
        raise DeliveryError(f"{path.name}: {old_workbook(look.is_locked)}")
    if head.startswith(ZIP):
        check_package(path)
        return Survey(fingerprint.hexdigest(), "workbook", look.bytes, "")
    encoding, start = look.encoding(), decoded(head)
    if MARKUP.match(start):
        if WEB_PAGE.match(start):
            raise DeliveryError(
                f"{path.name}: this is a web page, whatever its name says; open it in Excel and save it as .xlsx"
            )
        declared = DECLARED.match(start)
        encoding = declared[1].lower() if declared else encoding or "utf-8"
        return Survey(fingerprint.hexdigest(), "xml", look.bytes, encoding)
    if not encoding:
        raise DeliveryError(
            f"{path.name}: this is not text in UTF-8, UTF-16 or Windows-1252; save it as CSV UTF-8 or as .xlsx"
        )
    return Survey(fingerprint.hexdigest(), "text", look.bytes, encoding)


def open_grids(path: Path, surveyed: Survey) -> list[Grid]:
    """Return the grid of a CSV file, or one for each sheet of a workbook that is not empty."""
    if surveyed.kind == "workbook":
        return [*sheets(path)]
    return [CsvGrid(path, surveyed.encoding)]


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            yield data


def check_start(path: Path, head: bytes) -> None:
    for mark, what in NOT_TEXT:
        if head.startswith(mark):
            raise DeliveryError(f"{path.name}: this is {what}, not CSV; export the table as CSV and name that file")


def old_workbook(is_locked: bool) -> str:
    if is_locked:
        return "this is a workbook protected by a password; save it without one"
    return "this is an old Excel workbook, not CSV; save it as .xlsx, or export the table as CSV and name that file"


class Look:
    """Takes a file chunk by chunk and keeps only what tells its encoding."""

    def __init__(self, head: bytes) -> None:
        self.bytes = 0
        self.holds_text = False
        self.is_locked = False
        self.is_no_text = False
        self.last = b""
        # The encodings that the bytes so far may be in; Windows-1252 knows every byte, so it is the last resort.
        self.utf_8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self.wide = wide_encoding(head)
        self.utf_16 = codecs.getincrementaldecoder(self.wide)() if self.wide else None
        self.has_mark = head.startswith(codecs.BOM_UTF8)

    def take(self, data: bytes) -> None:
        self.bytes += len(data)
        self.is_no_text = self.is_no_text or b"\0" in data
        self.is_locked = self.is_locked or LOCKED in self.last + data
        self.last = data[-len(LOCKED) :]
        if self.utf_16:
            self._take_utf_16(data)
            return
        self.holds_text = self.holds_text or bool(data.removeprefix(codecs.BOM_UTF8).strip())
        if self.utf_8 and not (data.isascii() and not self.utf_8.getstate()[0]):
            try:
                self.utf_8.decode(data)
            except UnicodeDecodeError:
                self.utf_8 = None

    def _take_utf_16(self, data: bytes) -> None:
        assert self.utf_16 is not None
        try:
            text = self.utf_16.decode(data)
        except UnicodeDecodeError:
            self.wide, self.utf_16, self.is_no_text, self.holds_text = "", None, True, True
            return
        self.holds_text = self.holds_text or bool(text.strip("\ufeff \r\n\t"))
        if "\0" in text:
            self.wide = ""

    def encoding(self) -> str:
        """Return the encoding of the whole file, blank when it is no text we know."""
        if self.utf_16:
            return self.wide if not self.utf_16.getstate()[0] else ""
        if self.is_no_text:
            return ""
        if self.utf_8 and not self.utf_8.getstate()[0]:
            return "utf-8-sig" if self.has_mark else "utf-8"
        return "cp1252"


def wide_encoding(head: bytes) -> str:
    """Return the UTF-16 that a file starts in, by its mark or by every second byte being zero, as in English text."""
    if head.startswith(UTF_16):
        return "utf-16"
    zeros = (head[0::2].count(0), head[1::2].count(0))
    few, many = len(head) // 20, len(head) // 4
    if zeros[0] <= few and zeros[1] > many:
        return "utf-16-le"
    if zeros[1] <= few and zeros[0] > many:
        return "utf-16-be"
    return ""


def decoded(head: bytes) -> str:
    """Return the first characters, as far as they tell whether a file is XML."""
    encoding = wide_encoding(head)
    return head.decode(encoding or "utf-8-sig", "replace").lstrip("\ufeff")
