"""The study: one TOML file, and the whole analysis in ten lines that read aloud."""

from careloom.study.accounts import wait
from careloom.study.file import Study, read_study
from careloom.study.listings import Listing
from careloom.study.look import Asked, check_accesses, look_at_child
from careloom.study.profile import Described, describe_by, list_described, list_profiles, write_described
from careloom.study.run import Finished, run_study
from careloom.study.stock import HandedOver, Stock, find_handed_over, take_stock, write_stock

__all__ = [
    "Asked",
    "Described",
    "Finished",
    "HandedOver",
    "Listing",
    "Stock",
    "Study",
    "check_accesses",
    "describe_by",
    "find_handed_over",
    "list_described",
    "list_profiles",
    "look_at_child",
    "read_study",
    "run_study",
    "take_stock",
    "wait",
    "write_described",
    "write_stock",
]
