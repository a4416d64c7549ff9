"""The study: one TOML file, and the whole analysis in ten lines that read aloud."""

from careloom.study.accounts import wait
from careloom.study.file import Study, read_study
from careloom.study.listings import Listing
from careloom.study.run import Finished, run_study
from careloom.study.stock import HandedOver, Stock, find_handed_over, take_stock, write_stock

__all__ = [
    "Finished",
    "HandedOver",
    "Listing",
    "Stock",
    "Study",
    "find_handed_over",
    "read_study",
    "run_study",
    "take_stock",
    "wait",
    "write_stock",
]
