"""How right links by likeness are, where no truth is known: a random sample of all pairs weighed, for people to judge.

Pairs are of four kinds, by whether they were joined and how probable they are. Within a kind their order is that of a hash of
both pseudonyms: a random order that is the same in every run, so that the sample is its start, however often people come
back to it. Nothing else is kept than what they decided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import zip_longest

from careloom.catalogue import Catalogue
from careloom.engine import Engine
from careloom.govern import open_key
from careloom.link import WEIGHED
from careloom.link.weighed import UNLIKELY
from careloom.stats.judged import Stratum, judged_quality
from careloom.study.cost_tables import load_rows
from careloom.study.file import Study

CERTAIN = 0.999
KINDS = ("joined, all but certain", "joined, less probable", "not joined, in doubt", "not joined, unlikely")
JOINED = frozenset(KINDS[:2])
LEFT_OPEN = 0.1
"""Of the start of the order that counts as the sample, the share that may have been left open: nobody could tell."""
MEASURES = ("Precision", "Recall", "F1")


@dataclass(frozen=True)
class Weight:
    """A pair of identifiers that was weighed, in the order of their pseudonyms: how probable it is, and of which kind."""

    one_no: int
    two_no: int
    one: str
    two: str
    probability: float
    kind: str


def without_decisions(study: Study) -> Study:
    """The study as it would be linked had nobody decided anything."""
    return replace(study, links=replace(study.links, likeness=replace(study.links.likeness, decided={})))


def weights(engine: Engine, study: Study) -> Iterator[Weight]:
    """Every pair weighed, in the order of the sample: the first of each kind, then the second of each, and so on."""
    names = named(engine, study)
    pairs = engine.rows(
        f"SELECT w.one_no, w.two_no, w.probability, w.doubt, one.person_id = two.person_id AS is_joined FROM {WEIGHED} AS w "
        "JOIN identifier_person AS one ON one.identifier_no = w.one_no "
        "JOIN identifier_person AS two ON two.identifier_no = w.two_no"
    )
    found = []
    for one_no, two_no, probability, doubt, is_joined in pairs:
        (one, one_no), (two, two_no) = sorted(((names[one_no], one_no), (names[two_no], two_no)))
        found.append(Weight(one_no, two_no, one, two, probability, kind(probability, doubt, is_joined)))
    ordered = {name: sorted((each for each in found if each.kind == name), key=place) for name in KINDS}
    for turn in zip_longest(*ordered.values()):
        yield from (each for each in turn if each)


def named(engine: Engine, study: Study) -> dict[int, str]:
    """The pseudonym of each identifier, by its number."""
    rows = engine.rows("SELECT identifier_no, la, return_name, child_id FROM identifier")
    pseudonyms = open_key(study.key).pseudonymise(f"person|{study.name}")(["|".join(row[1:]) for row in rows])
    return {row[0]: name for row, name in zip(rows, pseudonyms, strict=True)}


def kind(probability: float, doubt: str, is_joined: bool) -> str:
    if is_joined:
        return KINDS[0] if probability >= CERTAIN else KINDS[1]
    return KINDS[3] if doubt == UNLIKELY else KINDS[2]


def place(of: Weight) -> bytes:
    return sha256(f"sample|{of.one}|{of.two}".encode()).digest()


def strata(pairs: Sequence[Weight], decided: Mapping[tuple[str, str], bool]) -> dict[str, Stratum]:
    """Each kind with what people judged in its sample: the longest start of its order in which nine of ten are decided."""
    found = {}
    for name in KINDS:
        words = [decided.get((each.one, each.two)) for each in pairs if each.kind == name]
        many = judged = told = 0
        for number, word in enumerate(words, start=1):
            told += word is not None
            if number - told <= LEFT_OPEN * number:
                many, judged = number, told
        same = sum(word is True for word in words[:many])
        found[name] = Stratum(len(words), judged, same, name in JOINED)
    return found


def load_sample(engine: Engine, catalogue: Catalogue, study: Study) -> None:
    """Load `link_sample` and `link_judged` where people judged anything of the sample.

    The study must have been linked in the engine without what people decided: a wrong link that they found is mended since.
    """
    found = strata(list(weights(engine, study)), study.links.likeness.decided)
    if not any(of.judged for of in found.values()):
        return
    counts = [{"about": name, "pairs": of.pairs, "judged": of.judged, "same": of.same} for name, of in found.items()]
    in_all = {"pairs": sum(of.pairs for of in found.values()), "judged": sum(of.judged for of in found.values())}
    counts.append({"about": "All", **in_all, "same": sum(of.same for of in found.values())})
    kinds = [{"position": number, **row} for number, row in enumerate(counts, start=1)]
    load_rows(engine, catalogue, "link_sample", kinds)
    told = zip(MEASURES, judged_quality(list(found.values())), strict=True)
    measures = [
        {
            "position": number,
            "measure": name,
            "judged": in_all["judged"],
            "share": share,
            "lower": lower,
            "upper": upper,
        }
        for number, (name, (share, lower, upper)) in enumerate(told, start=1)
    ]
    load_rows(engine, catalogue, "link_judged", measures)
