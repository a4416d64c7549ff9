"""Write what Careloom is made of, as CycloneDX 1.6 JSON, from a lock file: python requirements/make_sbom.py [--lock FILE] [--out FILE].

Each package has its version, and the fingerprint of every file that the lock file would accept for it.
"""

import argparse
import datetime as dt
import json
import re
import tomllib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[1]
ENTRY = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)(?:\s*;\s*(.*?))?((?:\s+--hash=sha256:[0-9a-f]{64})+)$"
)


def main(arguments: Sequence[str] | None = None) -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--lock", type=Path, default=HOME / "requirements" / "core.lock", metavar="FILE")
    words.add_argument("--out", type=Path, default=HOME / "dist" / "sbom.cdx.json", metavar="FILE")
    asked = words.parse_args(arguments)
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made = make_sbom(asked.lock.read_text(encoding="utf-8"), project)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(made['components'])} packages: {asked.out}")


def make_sbom(lock: str, project: dict[str, Any]) -> dict[str, Any]:
    """Return the bill of materials of a project with these locked packages. Raises ValueError for a line that is no entry."""
    packages = [component(line) for line in lock.replace("\\\n", " ").splitlines() if line.strip() and line[0] != "#"]
    ours = f"pkg:pypi/{project['name']}@{project['version']}"
    named = {normal(re.split(r"[^A-Za-z0-9._-]", wanted, maxsplit=1)[0]) for wanted in project["dependencies"]}
    direct = [each["bom-ref"] for each in packages if each["name"] in named]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # The same lock file and version make the same number, so that two builds can be compared.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, ours + lock)}",
        "version": 1,
        "metadata": {
            "timestamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": ours,
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
                "purl": ours,
            },
        },
        "components": packages,
        "dependencies": [{"ref": ours, "dependsOn": sorted(direct)}],
    }


def component(line: str) -> dict[str, Any]:
    """One package of a lock file; where it is for some machines only, `properties` say which."""
    match = ENTRY.fullmatch(line.strip())
    if not match:
        raise ValueError(f"not a pinned package with its hashes: {line.strip()[:60]}")
    name, version, marker, hashes = match.groups()
    purl = f"pkg:pypi/{normal(name)}@{version}"
    files = [{"alg": "SHA-256", "content": digest} for digest in re.findall(r"sha256:([0-9a-f]{64})", hashes)]
    found: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": normal(name), "version": version, "purl": purl}
    found["externalReferences"] = [
        {"type": "distribution", "url": f"https://pypi.org/project/{normal(name)}/{version}/#files", "hashes": files}
    ]
    if marker:
        found["properties"] = [{"name": "careloom:only-where", "value": marker}]
    return found


def normal(name: str) -> str:
    """A package's name as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
