"""Faults planted in finished files on request, each listed so that checks can be scored."""
