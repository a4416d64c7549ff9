"""Made-up authorities whose truth is known: returns in the real formats, and what was planted, kept aside."""

from careloom.synth.authority import AuthorityMade, make_authority

__all__ = ["AuthorityMade", "make_authority"]
