"""What a column of a table that asks to be released may be. A column that is none of these does not get out."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Label:
    """What a row is about: a category, a year, a rule. Shown as it is."""

    name: str


@dataclass(frozen=True)
class Count:
    """A number of children, spells or rows: withheld when small, otherwise rounded.

    `on` names the count of different children behind a count of rows. The rule protects children: six assessments of
    one child are withheld with the child. Two counts tied like this are shown or withheld together.
    """

    name: str
    on: str | None = None


@dataclass(frozen=True)
class Amount:
    """A sum over children, such as nights or GBP: withheld with the count it rests on, rounded to the nearest `to`.

    `largest` names the two columns that hold what the one child who adds most adds, and the next: they are read and never
    shown. An amount that one child dominates is withheld: see `is_dominated`.
    """

    name: str
    on: str
    to: int
    largest: tuple[str, str] | None = None


@dataclass(frozen=True)
class Ratio:
    """`times` x `of` / `out_of`, worked out from the released numbers, so that it says no more than they do.

    Blank where `out_of` is shown as less than `at_least`: rounding to 5 changes a count of 8 by a quarter.
    """

    name: str
    of: str
    out_of: str
    times: float = 1.0
    digits: int = 1
    at_least: int = 1


@dataclass(frozen=True)
class Share:
    """What share of its total row an amount or count `of` is, from the released numbers; blank when either is withheld."""

    name: str
    of: str
    digits: int = 3


@dataclass(frozen=True)
class Estimate:
    """A statistic such as a hazard ratio: withheld when any count it rests `on` is small or nought.

    It may rest `on` an amount too: it is withheld when that is. `largest` names three columns that are read and never
    shown, of a mean of money: the total it is of, and what the one child who adds most to it adds, and the next.
    `is_share`: it is a share of its first count; withheld too when share x count would be a small count.
    `is_mean`: it is a sum divided by its first count. `log_times`: it holds the logarithm of that count, and `log_plus` more,
    as many times as this label says, as an information criterion does. Both are told as of the count that is shown, since
    they would tell the exact one.
    """

    name: str
    on: tuple[str, ...]
    digits: int
    is_share: bool = False
    largest: tuple[str, str, str] | None = None
    is_mean: bool = False
    log_times: str = ""
    log_plus: int = 0


Column = Label | Count | Amount | Ratio | Share | Estimate


@dataclass(frozen=True)
class Total:
    """Rows whose label `column` holds `value` are the totals of the other rows that share the labels `within`."""

    column: str
    value: str
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parts:
    """The counts `of` of the rows that share the labels `within` add up to the count `whole`, which each of them repeats."""

    of: str
    whole: str
    within: tuple[str, ...]


@dataclass(frozen=True)
class Steps:
    """The rows that share the labels `within` are steps in order: each leaves what the last one `left`, less what it `dropped`."""

    dropped: str
    left: str
    within: tuple[str, ...]


@dataclass(frozen=True)
class Again:
    """The counts `of` of the rows that share the labels `within` add up to a number that is not shown, and again to the same
    one in other rows that share the labels `once`: the levels of each term of a model are the children of the model.
    """

    of: str
    within: tuple[str, ...]
    once: tuple[str, ...]


@dataclass(frozen=True)
class Same:
    """Numbers of a table that `table` tells too, so that what is withheld in one is not worked out from the other.

    The rows here that hold the labels `here`, and the rows there that hold the labels `there`, tell the same where their
    labels `by` agree; `counts` says which column there is which here. `is_sum`: those there add up to the one here.
    """

    table: str
    by: tuple[str, ...]
    counts: Mapping[str, str]
    here: Mapping[str, str] = field(default_factory=dict)
    there: Mapping[str, str] = field(default_factory=dict)
    is_sum: bool = False
