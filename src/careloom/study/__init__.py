"""The study: one TOML file, and the whole analysis in ten lines that read aloud."""

from careloom.study.accounts import wait
from careloom.study.audit import lines_of_log, verify_log
from careloom.study.class_names import list_classes, name_class
from careloom.study.classify import classify_assessments
from careloom.study.cost import AskedOfCost, look_at_cost
from careloom.study.encode import encode_file, link_encoded
from careloom.study.expire import expire
from careloom.study.explain_cost import explain_cost
from careloom.study.explain_run import explain_run
from careloom.study.file import Study, read_study
from careloom.study.kept_demand import Told
from careloom.study.linkage_doubt import SETS, look_at_doubt
from careloom.study.links import look_at_links
from careloom.study.listings import Listing
from careloom.study.look import Asked, look_at_child
from careloom.study.new_agreement import write_new_agreement
from careloom.study.new_prices import write_new_prices, write_price_rows
from careloom.study.outcomes import look_at_outcomes
from careloom.study.own_catalogue import catalogue_of, list_own
from careloom.study.profile import Described, describe_by, list_described, list_profiles, write_described
from careloom.study.rerun import rerun
from careloom.study.review import Talk, agreement, review_links
from careloom.study.run import Finished, run_study
from careloom.study.show_agreements import show_agreements
from careloom.study.stock import HandedOver, Stock, find_handed_over, take_stock, write_stock
from careloom.study.turn_keys import rekey_vault, rotate_key
from careloom.study.typology import STARTS, AskedOfTypology, look_at_typology

__all__ = [
    "SETS",
    "STARTS",
    "Asked",
    "AskedOfCost",
    "AskedOfTypology",
    "Described",
    "Finished",
    "HandedOver",
    "Listing",
    "Stock",
    "Study",
    "Talk",
    "Told",
    "agreement",
    "catalogue_of",
    "classify_assessments",
    "describe_by",
    "encode_file",
    "expire",
    "explain_cost",
    "explain_run",
    "find_handed_over",
    "lines_of_log",
    "link_encoded",
    "list_classes",
    "list_described",
    "list_own",
    "list_profiles",
    "look_at_child",
    "look_at_cost",
    "look_at_doubt",
    "look_at_links",
    "look_at_outcomes",
    "look_at_typology",
    "name_class",
    "read_study",
    "rekey_vault",
    "rerun",
    "review_links",
    "rotate_key",
    "run_study",
    "show_agreements",
    "take_stock",
    "verify_log",
    "wait",
    "write_described",
    "write_new_agreement",
    "write_new_prices",
    "write_price_rows",
    "write_stock",
]
