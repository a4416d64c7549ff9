"""Agreements, purposes, pseudonyms, keys and audit; so far, pseudonyms and their key."""

from careloom.govern.keys import StudyKey, open_key

__all__ = ["StudyKey", "open_key"]
