"""One look at a file tells what it is by its content, whatever its name says."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from careloom.core import DeliveryError
from careloom.ingest import survey as module
from careloom.ingest.survey import Survey, survey

CSV = "CHILD,NAME\r\nA1,Zoë\r\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def look(folder: Path, data: bytes) -> Survey:
    path = folder / "misleading.docx"
    path.write_bytes(data)
    return survey(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_text_is_known_with_its_encoding(encoding: str, tmp_path: Path) -> None:
    data = CSV.encode(encoding)
    assert look(tmp_path, data) == Survey(hashlib.sha256(data).hexdigest(), "text", len(data), encoding)


def test_the_encoding_is_told_from_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 7)  # cuts letters in two
    plain = b"CHILD,NAME\n" + b"1,plain\n" * 2000
    assert look(tmp_path, plain).encoding == "utf-8"
    assert look(tmp_path, plain + "2,Zoë €\n".encode() * 9).encoding == "utf-8"
    assert look(tmp_path, plain + b"2,Zo\xeb\n").encoding == "cp1252"
    assert look(tmp_path, plain + "2,Zoë".encode()[:-1]).encoding == "cp1252"


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("<Message/>", "utf-8", "utf-8"),
        ("\n  <?xml version='1.0'?><Message/>", "utf-8-sig", "utf-8-sig"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><Message>Zoë</Message>', "latin-1", "iso-8859-1"),
        ('<?xml version="1.0"?><Message>' + "x" * 200 + "</Message>", "utf-16", "utf-16"),
    ],
)
def test_xml_is_known_by_its_start(text: str, encoding: str, declared: str, tmp_path: Path) -> None:
    surveyed = look(tmp_path, text.encode(encoding))
    assert (surveyed.kind, surveyed.encoding) == ("xml", declared)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "the file is empty"),
        (b" \r\n\n\t", "the file is empty"),
        (b"\xef\xbb\xbf\r\n", "the file is empty"),
        ("\r\n".encode("utf-16"), "the file is empty"),
        (b"\xff\xfe", "the file is empty"),
        (b"%PDF-1.7\n", "this is a PDF, not CSV; export the table as CSV"),
        (b"\x1f\x8b\x08rest", "a compressed file"),
        (OLE, "an old Excel workbook"),
        (OLE + "EncryptedPackage".encode("utf-16-le") + bytes(99), "protected by a password"),
        (b"<html><body><table>", "this is a web page"),
        (b"<!DOCTYPE html>\n<html>", "this is a web page"),
        (b"\x00\x01\x02\x03\x81\x8d" * 9, "not text in UTF-8, UTF-16 or Windows-1252"),
        (CSV.encode() + b"\0", "not text"),
        (b"\xff\xfea\0b\0\0\0", "not text"),
        (b"\xff\xfea\0\x00\xd8a\0", "not text"),
        (b"PK\x03\x04rest of a workbook", "damaged"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, expected: str, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=expected) as caught:
        look(tmp_path, data)
    assert str(caught.value).startswith("misleading.docx: ")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("word/document.xml", "a zip file, not an Excel workbook"),
        ("episodes.csv", "a zip file, not an Excel workbook"),
        ("content.xml", "another kind than .xlsx"),
        ("xl/workbook.bin", "another kind than .xlsx"),
    ],
)
def test_a_zip_that_is_no_workbook_is_said(part: str, expected: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as package:
        package.writestr(part, "x")
    with pytest.raises(DeliveryError, match=expected):
        survey(tmp_path / "book.xlsx")


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        survey(tmp_path / "gone.csv")
