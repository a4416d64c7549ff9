"""New keys for a study: of its pseudonyms, and of its vault; each written into the audit log."""

from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.core import VaultError
from careloom.study.asked_of_links import read_decisions
from careloom.study.audit import note
from careloom.study.file import Study, read_study
from careloom.study.keeping import forget
from careloom.study.review import save_decisions
from careloom.study.vault import AskedOfVault, Rotated, rekey, rotate


def rotate_key(study_file: Path, catalogue: Catalogue) -> Rotated:
    """Give the study a new key of pseudonyms. Raises VaultError without a vault, AuditError when it cannot be written down."""
    study = read_study(study_file, catalogue)
    asked = vault_of(study)
    note(study, "vault rotate", "begun")
    forget(study)  # it is locked with the key that goes
    rotated, decisions = rotate(asked, study.name, study.key, read_decisions(study.links.decided))
    if decisions:
        save_decisions(study.links.decided, decisions)
    note(study, "vault rotate", "finished", key_id=rotated.key_id)
    return rotated


def rekey_vault(study_file: Path, catalogue: Catalogue, new_file: Path) -> str:
    """Lock the study's vault with the key of another file; return the key's fingerprint. Raises as `rotate_key`."""
    study = read_study(study_file, catalogue)
    asked = vault_of(study)
    note(study, "vault rekey", "begun")
    forget(study)
    key_id = rekey(asked, study.name, new_file)
    note(study, "vault rekey", "finished", vault_key_id=key_id)
    return key_id


def vault_of(study: Study) -> AskedOfVault:
    if study.vault is None:
        raise VaultError(
            f"{study.file.name}: this study keeps no vault, and so no name or number of a child; vault = true in [study] asks for one"
        )
    return study.vault
