"""Careloom as strangers get it: a wheel, and a source archive, each with the catalogue inside, installed and run without a network.

Both are built in a copy, so that what is built in the repository stays as it is.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from careloom.study.bundle import MADE_FROM

REPOSITORY = Path(__file__).resolve().parents[2]
NOT_SHIPPED = {"__pycache__", "_kernel.so", "_kernel.dll"}
NO_NETWORK = """
import socket

def refuse(self, address, *rest):
    raise RuntimeError("the network was asked for")

socket.socket.connect = socket.socket.connect_ex = refuse
"""


def done(words: list[str | Path], folder: Path, **environment: str) -> str:
    """Run a command, fail with what it said when it fails, and return what it printed."""
    plain = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    said = subprocess.run(
        [str(word) for word in words], cwd=folder, env={**plain, **environment}, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


def build(source: Path, kind: str, out: Path) -> Path:
    done([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", out], source)
    return next(out.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    for name in MADE_FROM:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns(*NOT_SHIPPED))
        else:
            shutil.copy2(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, "wheel", tmp_path_factory.mktemp("wheel"))


def inside(wheel: Path) -> set[str]:
    """The files of the package in a wheel, without a kernel that was compiled."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith("careloom/")]
    return {name for name in names if Path(name).name not in NOT_SHIPPED}


def test_the_wheel_holds_every_file_of_the_package(source: Path, wheel: Path) -> None:
    files = {path.relative_to(source / "src").as_posix() for path in (source / "src").rglob("*") if path.is_file()}
    assert inside(wheel) == {name for name in files if Path(name).name not in NOT_SHIPPED}
    assert len([name for name in files if name.startswith("careloom/catalogue/")]) > 300


def test_the_source_archive_makes_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    archive = build(source, "sdist", tmp_path)
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path / "unpacked", filter="data")
    again = build(next((tmp_path / "unpacked").iterdir()), "wheel", tmp_path / "again")
    assert inside(again) == inside(wheel)
    assert again.name == wheel.name


def test_without_a_compiler_the_wheel_serves_every_system(source: Path, tmp_path: Path) -> None:
    copied = tmp_path / "source"
    shutil.copytree(source, copied, ignore=shutil.ignore_patterns(*NOT_SHIPPED))
    done([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "pure"], copied, PATH="", CC="")
    assert [path.name.endswith("-py3-none-any.whl") for path in (tmp_path / "pure").iterdir()] == [True]


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it, the packages it needs beside it, and no way to a network."""
    folder = tmp_path_factory.mktemp("environment")
    done([sys.executable, "-m", "venv", "--without-pip", folder], folder)
    windows = os.name == "nt"
    python = folder / ("Scripts/python.exe" if windows else "bin/python")
    done([sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-index", "--no-deps", wheel], folder)
    site = Path(done([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder).strip())
    # A path file of a path file is not read, so the repository itself, installed for developers, is out of sight.
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\nimport no_network\n", encoding="utf-8")
    (site / "no_network.py").write_text(NO_NETWORK, encoding="utf-8")
    return python


def test_the_demonstration_runs_from_the_wheel_without_a_network(python: Path, tmp_path: Path) -> None:
    where = done([python, "-c", "import careloom; print(careloom.__file__)"], tmp_path).strip()
    assert Path(where).is_relative_to(python.parent.parent)
    tried = subprocess.run(
        [str(python), "-c", "import socket; socket.create_connection(('127.0.0.1', 9))"], capture_output=True, text=True
    )
    assert "the network was asked for" in tried.stderr
    careloom = python.with_name("careloom")
    done(
        [careloom, "synth", "--out", "demo", "--children", "120", "--years", "2020-2021"], tmp_path, OMP_NUM_THREADS="1"
    )
    done([careloom, "run", "demo/study.toml"], tmp_path, OMP_NUM_THREADS="1")
    assert (tmp_path / "demo" / "results" / "report.html").stat().st_size > 50_000
