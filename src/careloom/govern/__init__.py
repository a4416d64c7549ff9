"""Agreements, purposes, pseudonyms, keys and audit; so far, pseudonyms and their key, and the log of accesses."""

from careloom.govern.audit import Access, CheckedLog, check_log, note_access, os_user
from careloom.govern.keys import StudyKey, open_key

__all__ = ["Access", "CheckedLog", "StudyKey", "check_log", "note_access", "open_key", "os_user"]
