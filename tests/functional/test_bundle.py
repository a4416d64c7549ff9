"""`careloom bundle`: what is carried to a machine without internet, made here from wheels at hand."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from careloom.cli import main
from careloom.core import RequestError
from careloom.study.bundle import make_bundle
from careloom.study.lock_file import Target, entries_for, holds

REPOSITORY = Path(__file__).resolve().parents[2]


def make_wheel(folder: Path, name: str, version: str) -> str:
    """Write a wheel with nothing in it, and return its entry of a lock file."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return f"{name}=={version}{{}} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def at_hand(tmp_path: Path) -> Path:
    """A folder with three wheels, a lock file that asks for two of them on any one machine, and Careloom's own wheel."""
    folder = tmp_path / "at_hand"
    folder.mkdir()
    entries = [
        make_wheel(folder, "plain", "1.0").format(""),
        make_wheel(folder, "by_year", "1.0").format(" ; python_full_version < '3.12'"),
        make_wheel(folder, "by_year", "2.0").format(" ; python_full_version >= '3.12'"),
        make_wheel(folder, "for_windows", "1.0").format(" ; sys_platform == 'win32'"),
    ]
    (folder / "some.lock").write_text("".join(entries), encoding="utf-8")
    make_wheel(folder, "careloom", "9.9.9")
    return folder


def bundled(at_hand: Path, out: Path, *more: str) -> int:
    words = ["bundle", "--out", str(out), "--from", str(at_hand), "--lock", str(at_hand / "some.lock")]
    return main([*words, "--wheel", str(at_hand / "careloom-9.9.9-py3-none-any.whl"), *more])


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (("--python", "3.11", "--system", "linux"), {"plain-1.0", "by_year-1.0"}),
        (("--python", "3.13", "--system", "linux"), {"plain-1.0", "by_year-2.0"}),
        (("--python", "3.12", "--system", "windows"), {"plain-1.0", "by_year-2.0", "for_windows-1.0"}),
    ],
)
def test_a_bundle_is_what_its_machine_needs(
    at_hand: Path, tmp_path: Path, more: tuple[str, ...], wanted: set[str]
) -> None:
    out = tmp_path / "to_carry"
    assert bundled(at_hand, out, *more) == 0
    wheels = {path.name.removesuffix("-py3-none-any.whl") for path in (out / "wheels").iterdir()}
    assert wheels == {*wanted, "careloom-9.9.9"}
    asked = (out / "requirements.txt").read_text(encoding="utf-8")
    assert {entry.split()[0].replace("==", "-") for entry in asked.splitlines()} == wanted
    assert ";" not in asked


def test_every_file_has_its_fingerprint_and_how_to_install_is_said(at_hand: Path, tmp_path: Path) -> None:
    out = tmp_path / "to_carry"
    assert bundled(at_hand, out, "--python", "3.12", "--system", "windows") == 0
    lines = [line.split("  ") for line in (out / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    listed = {name: digest for digest, name in lines}
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    assert set(listed) == set(files) - {"SHA256SUMS"}
    assert all(hashlib.sha256(files[name].read_bytes()).hexdigest() == digest for name, digest in listed.items())
    said = (out / "INSTALL.txt").read_text(encoding="utf-8")
    assert "py -3.12 -m venv" in said
    assert "--no-index --no-deps wheels\\careloom-9.9.9-py3-none-any.whl" in said


def test_a_package_that_is_not_the_one_locked_is_refused(
    at_hand: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(at_hand, "plain", "1.0")
    with zipfile.ZipFile(at_hand / "plain-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("plain.py", "print('not what was locked')")
    assert bundled(at_hand, tmp_path / "to_carry") == 2
    assert "could not fetch" in capsys.readouterr().err
    assert not (tmp_path / "to_carry").exists()


def test_a_folder_that_holds_something_is_left_alone(
    at_hand: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "to_carry"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert bundled(at_hand, out) == 6
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    assert "not empty" in capsys.readouterr().err


def test_what_cannot_be_asked_for_is_said(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"write it as 3\.12"):
        make_bundle(tmp_path / "x", target=Target(python="12"))
    with pytest.raises(RequestError, match="no such lock file"):
        make_bundle(tmp_path / "x", target=Target(), lock=tmp_path / "none.lock")
    with pytest.raises(RequestError, match="not understood"):
        holds("os_name == 'nt'", Target())


def test_markers_are_of_the_machine_that_it_is_for() -> None:
    old, new = Target("3.11", "linux"), Target("3.12", "windows")
    assert [holds("python_full_version >= '3.12' and sys_platform == 'win32'", each) for each in (old, new)] == [
        False,
        True,
    ]
    assert [holds("python_full_version != '3.12'", each) for each in (old, new)] == [True, False]
    assert [holds("platform_python_implementation != 'PyPy'", each) for each in (old, new)] == [True, True]
    assert holds("", old)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("lock", ["core", "spark"])
def test_the_lock_files_of_the_project_ask_for_each_package_once(python: str, lock: str) -> None:
    asked = list(entries_for(REPOSITORY / "requirements" / f"{lock}.lock", Target(python, "windows")))
    names = [entry.split("==")[0] for entry in asked]
    assert len(names) == len(set(names)) > 30
    assert {"numpy", "duckdb"} <= set(names)
    assert all("--hash=sha256:" in entry for entry in asked)
