"""What goes with the code: names that Windows takes, a bill of materials, a citation, and a container that needs no network."""

import json
import re
import runpy
import tomllib
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SBOM = runpy.run_path(str(REPOSITORY / "requirements" / "make_sbom.py"))
LONGEST = 150  # characters of a path in the repository; Windows takes 260 with the folder before it
FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]')
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


# --- names that Windows takes ----------------------------------------------------------------------------------------


def why_not(name: str) -> str:
    """Say why Windows does not take a path (posix), or nothing."""
    for part in PurePosixPath(name).parts:
        if FORBIDDEN.search(part) or part != part.rstrip(". "):
            return "a sign that Windows does not take"
        if DEVICES.fullmatch(part):
            return "the name of a device"
    return "too long" if len(name) > LONGEST else ""


def twins(names: list[str]) -> list[str]:
    """Names that are one on Windows, where large and small letters are the same."""
    return [name for name, times in Counter(map(str.lower, names)).items() if times > 1]


def test_windows_takes_every_name_of_the_repository(files: list[Path]) -> None:
    names = [path.relative_to(REPOSITORY).as_posix() for path in files]
    assert {name: why for name in names if (why := why_not(name))} == {}
    assert twins(names) == []


def test_windows_takes_every_name_that_a_run_writes_and_the_manifest_has_no_backslash(recording: Any) -> None:
    names = [path.relative_to(recording.out).as_posix() for path in Path(recording.out).rglob("*")]
    assert len(names) > 50
    assert {name: why for name in names if (why := why_not(name))} == {}
    assert twins(names) == []
    listed = [file["file"] for file in json.loads((recording.out / "manifest.json").read_text("utf-8"))["files"]]
    assert sorted(listed) == sorted(
        name for name in names if (recording.out / name).is_file() and name != "manifest.json"
    )


@pytest.mark.parametrize("name", ["a:b", "a/con", "aux.toml", "a ", "a/b.", "what?", "a\\b", "x" * 200])
def test_a_name_that_windows_does_not_take_would_be_noticed(name: str) -> None:
    assert why_not(name)
    assert not why_not("docs/console.md")
    assert twins(["a/B", "A/b", "c"]) == ["a/b"]


# --- the bill of materials -------------------------------------------------------------------------------------------


def test_the_bill_of_materials_names_every_package_of_the_lock_file_with_its_fingerprints() -> None:
    lock = (REPOSITORY / "requirements" / "core.lock").read_text(encoding="utf-8")
    made = SBOM["make_sbom"](lock, PROJECT)
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", made["serialNumber"])
    pinned = re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)
    assert [(each["name"], each["version"]) for each in made["components"]] == pinned
    refs = [each["bom-ref"] for each in made["components"]]
    assert len(refs) == len(set(refs)) > 30
    written = [h["content"] for each in made["components"] for h in each["externalReferences"][0]["hashes"]]
    assert sorted(written) == sorted(re.findall(r"sha256:([0-9a-f]{64})", lock))


def test_the_bill_of_materials_says_what_careloom_itself_asks_for() -> None:
    made = SBOM["make_sbom"]((REPOSITORY / "requirements" / "core.lock").read_text(encoding="utf-8"), PROJECT)
    (direct,) = made["dependencies"]
    assert direct["ref"] == made["metadata"]["component"]["bom-ref"] == f"pkg:pypi/careloom@{PROJECT['version']}"
    named = {ref.split("/")[1].split("@")[0] for ref in direct["dependsOn"]}
    assert named == {re.split(r"[<>=]", wanted)[0].strip() for wanted in PROJECT["dependencies"]}


def test_the_same_lock_file_makes_the_same_bill() -> None:
    lock = "some==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "0" * 64 + "\n"
    first, second = (SBOM["make_sbom"](lock, PROJECT) for _ in range(2))
    assert first["serialNumber"] == second["serialNumber"]
    assert first["components"][0]["properties"][0]["value"] == "sys_platform == 'win32'"
    assert SBOM["make_sbom"](lock.replace("1.0", "1.1"), PROJECT)["serialNumber"] != first["serialNumber"]
    with pytest.raises(ValueError, match="not a pinned package"):
        SBOM["make_sbom"]("some>=1.0\n", PROJECT)


# --- citation and container ------------------------------------------------------------------------------------------


def test_the_citation_is_valid_and_of_this_version() -> None:
    """What CFF 1.2.0 asks for, and what is said elsewhere too."""
    cited = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["cff-version"] == "1.2.0"
    assert str(cited["version"]) == PROJECT["version"]
    assert cited["license"] == PROJECT["license"]
    assert cited["type"] == "software"
    for each in [cited, *cited["references"]]:
        assert each["authors"]
        assert all(set(author) <= {"name", "family-names", "given-names"} for author in each["authors"])
    assert all({"type", "title", "authors"} <= set(each) for each in cited["references"])


def test_the_container_is_built_from_the_bundle_alone_and_runs_without_rights() -> None:
    text = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")
    told = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    pips = [step for line in told for step in line.split("&&") if " pip " in step]
    assert len(pips) == 2
    assert all("--no-index" in step for step in pips)
    assert "--require-hashes" in pips[0]
    assert not re.search(r"\b(apt|apt-get|curl|wget|git|npm)\b|https?:", "\n".join(told))
    order = [line.split()[0] for line in told]
    assert order.index("USER") < order.index("ENTRYPOINT")
    assert re.search(r"^USER (?!root|0)", text, re.MULTILINE)
