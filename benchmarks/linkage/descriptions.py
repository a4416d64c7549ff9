"""Children as four systems of made-up authorities describe them, and who each truly is: what linkage is taught and judged by."""

import datetime as dt
import tempfile
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine, Engine
from careloom.ingest import ingest
from careloom.link.parts import Parts, parts_of
from careloom.study import read_study
from careloom.synth import make_england

N = "CAST(NULL AS VARCHAR)"
TOLD = "first_name, surname, birth_date AS born_on, FALSE AS is_expected_birth, coalesce(sex, 'U') AS sex, postcode"
SYSTEMS = {
    "case_system": """
        SELECT la, child_id AS record, first_name, surname, coalesce(birth_date, expected_birth_date) AS born_on,
               birth_date IS NULL AS is_expected_birth, coalesce(sex, 'U') AS sex, postcode, nhs_number, upn, line
        FROM case_system_people""",
    "education": f"SELECT la, student_id AS record, {TOLD}, {N} AS nhs_number, upn, collection_year AS line FROM education_pupil_roll",
    "health": f"SELECT la, patient_id AS record, {TOLD}, nhs_number, {N} AS upn, line FROM health_camhs_referrals",
    "early_help": f"SELECT la, case_number AS record, {TOLD}, nhs_number, upn, line FROM early_help_assessments",
}
"""By system: its records, the latest row of each. `record` is what the truth calls them."""


def make_descriptions(authorities: int, children: int, seed: int, years: tuple[int, int] = (2016, 2021)) -> list[Parts]:
    """Make authorities and read what four systems say of each child; also `system`, `la`, and `truly`: who it is."""
    with tempfile.TemporaryDirectory() as out, closing(DuckDBEngine()) as engine:
        systems = ("ssda903", "cin_census", *SYSTEMS)
        made = make_england(
            Path(out), authorities=authorities, children=children, years=years, seed=seed, systems=systems
        )
        assert made.study is not None
        catalogue = load_catalogue()
        study = read_study(with_all(made.study, authorities), catalogue)
        extracts = [each for each in study.deliveries if each.return_name is None]
        ingest(engine, catalogue, deliveries=extracts, accept=True)
        return described(engine, Path(out) / "truth")


def with_all(study_file: Path, authorities: int) -> Path:
    """Add a delivery of the four systems of each authority to a study file."""
    text = study_file.read_text(encoding="utf-8")
    for folder in sorted(path for path in study_file.parent.iterdir() if path.is_dir() and path.name.isdigit()):
        files = ", ".join(f'"{folder.name}/{system}/*.csv"' for system in SYSTEMS)
        text += f'\n[[delivery]]\nauthority = "{folder.name}"\nfiles = [{files}]\n'
    study_file.write_text(text, encoding="utf-8")
    return study_file


def described(engine: Engine, truth: Path) -> list[Parts]:
    found = []
    for system, select in SYSTEMS.items():
        newest = f"""
            SELECT * FROM ({select}) AS told
            QUALIFY row_number() OVER (PARTITION BY la, record ORDER BY line DESC) = 1"""
        truly = read_truth(truth, system)
        for row in engine.arrow(newest).to_pylist():
            parts: dict[str, object] = dict(parts_of(row))
            found.append({**parts, "system": system, "la": row["la"], "truly": truly[row["la"], row["record"]]})
    return found  # type: ignore[return-value]


def read_truth(truth: Path, system: str) -> dict[tuple[str, str], int]:
    people = {}
    for folder in sorted(path for path in truth.iterdir() if path.is_dir()):
        lines = (folder / "records" / f"{system}.csv").read_text(encoding="utf-8").splitlines()[1:]
        people |= {(folder.name, record): int(person) for record, person in (line.split(",") for line in lines)}
    return people


def today() -> str:
    return dt.date.today().isoformat()


def column(rows: list[Parts], name: str) -> pa.Array:
    return pa.array([row[name] for row in rows])
