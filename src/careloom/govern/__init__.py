"""Agreements, purposes, pseudonyms, keys, the vault and audit."""

from careloom.govern.agreements import Agreement, is_among, item_of, read_agreements
from careloom.govern.audit import Access, CheckedLog, check_log, note_access, os_user
from careloom.govern.keys import StudyKey, open_key
from careloom.govern.vault import key_id_of, read_vault, write_vault
from careloom.govern.vault_key import key_of_file, make_key_file, open_vault_key

__all__ = [
    "Access",
    "Agreement",
    "CheckedLog",
    "StudyKey",
    "check_log",
    "is_among",
    "item_of",
    "key_id_of",
    "key_of_file",
    "make_key_file",
    "note_access",
    "open_key",
    "open_vault_key",
    "os_user",
    "read_agreements",
    "read_vault",
    "write_vault",
]
