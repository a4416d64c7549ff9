"""Which of the children's lives an authority knows: its own until they move away, and those who moved here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.synth.days import NEVER, Days, Flags
from careloom.synth.life.cases import NFA, Cases, Lives, Spells
from careloom.synth.life.children import Children
from careloom.synth.world import Rows, Texts

OWN, ARRIVED, ADOPTED = "own", "arrived", "adopted"


@dataclass(frozen=True)
class Known:
    """The cases an authority knows, of children seen in its returns; row numbers are of `child`.

    child : row in `lives.children` of each child known; one adopted here, and seen again, is known twice
    identity : OWN, ARRIVED or ADOPTED
    moved, died : of each case, whether the child moved away, or died, as it closed
    """

    lives: Lives
    child: Rows
    identity: Texts
    cases: Cases
    plans: Spells
    care: Spells
    moved: Flags
    died: Flags


def know(own: Lives, there: Lives | None, first_day: int) -> Known:
    """The cases of own children until they move, and of children from `there` since, of all seen since `first_day`."""
    lives = own if there is None else _both(own, there)
    cases = lives.cases
    is_from_there = np.arange(len(lives.children)) >= len(own.children)
    mine = (cases.starts_on > lives.moves_on[cases.child]) == is_from_there[cases.child]
    adopted = cases.starts_on > lives.adopted_on[cases.child]
    key = 2 * cases.child + adopted  # a child under one name
    seen = mine & (cases.closes_on >= first_day) & ~((cases.path == NFA) & (cases.starts_on < first_day))
    kept = np.flatnonzero(mine & np.isin(key, key[seen]))
    kept = kept[np.lexsort((cases.starts_on[kept], key[kept]))]
    rows, row_of_case = np.unique(key[kept], return_inverse=True)
    new_case = np.full(cases.child.size, -1)
    new_case[kept] = np.arange(kept.size)
    child, is_adopted = rows // 2, rows % 2 == 1
    on = cases.closes_on[kept]
    return Known(
        lives=lives,
        child=child,
        identity=np.where(is_adopted, ADOPTED, np.where(is_from_there[child], ARRIVED, OWN)),
        cases=Cases(**{name: column[kept] for name, column in vars(cases).items()} | {"child": row_of_case}),
        plans=_spells(lives.plans, new_case, row_of_case),
        care=_spells(lives.care, new_case, row_of_case),
        moved=lives.moves_on[cases.child[kept]] == on,
        died=lives.dies_on[cases.child[kept]] == on,
    )


def _spells(spells: Spells, new_case: Rows, row_of_case: Rows) -> Spells:
    """The spells that lie in a case still there, by child and day."""
    case = new_case[spells.case]
    kept = np.flatnonzero(case >= 0)
    child = row_of_case[case[kept]]
    order = np.lexsort((spells.starts_on[kept], child))
    kept, child = kept[order], child[order]
    return Spells(child, case[kept], spells.starts_on[kept], spells.ends_on[kept], spells.exit[kept])


def _both(own: Lives, there: Lives) -> Lives:
    """Two authorities' lives as one; of the other only those who move, as nobody else can be known here."""
    moves = there.moves_on < NEVER
    children, cases = len(own.children), own.cases.child.size
    new_child = np.where(moves, children + np.cumsum(moves) - 1, -1)
    kept_case = moves[there.cases.child]
    new_case = np.where(kept_case, cases + np.cumsum(kept_case) - 1, -1)
    twins = there.children.twin_of
    came = {name: column[moves] for name, column in vars(there.children).items()}
    came["twin_of"] = np.where(twins >= 0, new_child[twins], -1)[moves]
    their_cases = {name: column[kept_case] for name, column in vars(there.cases).items()}
    their_cases["child"] = new_child[their_cases["child"]]
    return Lives(
        children=Children(**_joined(vars(own.children), came)),
        cases=Cases(**_joined(vars(own.cases), their_cases)),
        plans=Spells(**_joined(vars(own.plans), _moved(there.plans, new_child, new_case))),
        care=Spells(**_joined(vars(own.care), _moved(there.care, new_child, new_case))),
        **{
            name: np.concatenate([getattr(own, name), getattr(there, name)[moves]])
            for name in ("is_disabled", "moves_on", "adopted_on", "dies_on")
        },
    )


def _moved(spells: Spells, new_child: Rows, new_case: Rows) -> dict[str, Days]:
    kept = new_case[spells.case] >= 0
    columns = {name: column[kept] for name, column in vars(spells).items()}
    return columns | {"child": new_child[columns["child"]], "case": new_case[columns["case"]]}


def _joined(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([first[name], second[name]]) for name in first}
