"""Short assessment narratives: what the worker saw, which is not all that was coded, and some that was not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.catalogue import Population
from careloom.catalogue.recordings import Recording
from careloom.synth import draws
from careloom.synth.aside import Aside, Trace
from careloom.synth.days import Flags, year_ends, year_starts
from careloom.synth.files.spoken import Vocabulary, Words, rows_of, vocabulary, words_of
from careloom.synth.files.table import iso_text, write_csv
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.world import Floats, Rows, Texts, World

SHARE, AT_MOST = 0.10, 2_000  # of an authority's assessments that come with their text
MENTIONED = 0.80  # chance that an identified factor is in the text
UNCODED = 0.15  # of what a kind of need tends to show: seen and written about, but not identified at the end
RULED_OUT = 0.035  # chance that the text rules a factor out, times the weight of the words for it
LONGEST = 4  # sentences about factors, between an opening and a closing one


@dataclass(frozen=True)
class Told:
    """What each text tells: assessment x factor, present or ruled out; no factor is both."""

    present: Flags
    absent: Flags


def write_narratives(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> Aside:
    """Write narratives/assessments.csv: the texts of a sample of the assessments authorised in the years of the world.

    Aside: the factors each says are there and those it rules out, parted by ";", and the kind of need.
    """
    rng = draws.generator(seed, world.authority.position, "narratives")
    chosen = sample(world, rng)
    referral = world.assessments.referral[chosen]
    child, kind = world.referrals.child[referral], world.referrals.kind[referral]
    names = list(world.population.background)
    identified = world.assessments.factors[chosen] & ~world.assessments.is_none[chosen, None]
    found = tell(identified, kind, world.population, rng)
    number = pa.array(rng.permutation(chosen.size) + 1).cast(pa.string())
    reference = pc.binary_join_element_wise("N", pc.utf8_lpad(number, 5, "0"), "")
    columns = {
        "assessment_ref": reference,
        "child_id": identities.child_id[child],
        "authorised_on": iso_text(world.assessments.ends_on[chosen]),
        "text": texts(found, names, rng),
    }
    write_csv(folder / "narratives" / "assessments.csv", columns)
    ids, keys = as_texts(reference), np.array([each.key for each in world.population.kinds])
    trace = Trace("narratives", ids, world.people.person[child])
    told = {"mentioned": listed(found.present, names), "negated": listed(found.absent, names), "class": keys[kind]}
    return Aside((trace,), {"narrative": {"assessment_ref": ids} | told})


def sample(world: World, rng: np.random.Generator) -> Rows:
    """Rows of the assessments whose texts are handed over, in no order."""
    ends = world.assessments.ends_on
    able = np.flatnonzero((ends >= year_starts(world.years[0])) & (ends <= year_ends(world.years[1])))
    chosen: Rows = rng.choice(able, size=min(round(SHARE * able.size), AT_MOST), replace=False)
    return chosen


def tell(identified: Flags, kind: Rows, population: Population, rng: np.random.Generator) -> Told:
    """Draw what each text says is there and what it rules out, no more than a text holds."""
    names = list(population.background)
    tends = np.array(
        [[each.factors.get(name, population.background[name]) for name in names] for each in population.kinds]
    )
    seen = ~identified & (rng.random(identified.shape) < UNCODED * tends[kind])
    present = (readiness("present", names) > 0) & (seen | (identified & (rng.random(identified.shape) < MENTIONED)))
    near = (identified | seen) @ same_topic(names)  # nothing is ruled out next to what is there
    absent = ~near & (rng.random(identified.shape) < RULED_OUT * readiness("absent", names))
    order = rng.random(identified.shape) + ~(present | absent)
    kept = np.argsort(np.argsort(order, axis=1), axis=1) < LONGEST
    return Told(present & kept, absent & kept)


def same_topic(names: list[str]) -> Flags:
    """Factor x factor: of one topic, whoever in the family it is about; alcohol and drugs are one."""
    topics = np.array([name.rstrip("ABCDEF") for name in names])
    topics[topics == "1"] = "2"
    same: Flags = topics[:, None] == topics[None, :]
    return same


def readiness(stance: str, names: list[str]) -> Floats:
    """How readily one speaks of each factor as present or absent: the weight of the words there are for it, 0 for none."""
    weights = dict.fromkeys(names, 0.0)
    for key, weight, _ in phrases(stance):
        weights[key] = weights.get(key, 0.0) + weight
    return np.array([weights[name] for name in names])


# --- sentences -------------------------------------------------------------------------------------------------------


def texts(told: Told, names: list[str], rng: np.random.Generator) -> pa.StringArray:
    """The narratives: an opening, a sentence for each factor told in any order, and a closing."""
    many = len(told.present)
    opening, closing = (framing(frame).say(np.zeros(many, int), rng.random(many)) for frame in ("opening", "closing"))
    of, sentence = [np.arange(many), np.arange(many)], [opening, closing]
    for stance, flags in (("present", told.present), ("absent", told.absent)):
        row, factor = np.nonzero(flags)
        things = [name for name in names if name in spoken_of(stance)]
        position = np.array([things.index(name) if name in things else -1 for name in names])
        of.append(row)
        sentence.append(sentences(stance, tuple(things)).say(position[factor], rng.random(row.size)))
    place = rng.random(sum(map(len, of)))
    place[:many], place[many : 2 * many] = -1, 2  # the opening first, the closing last
    return joined(pa.concat_arrays(sentence), np.concatenate(of), place, many)


def joined(sentence: pa.StringArray, of: Rows, place: Floats, many: int) -> pa.StringArray:
    """Join the sentences of each text in the order of their places."""
    order = np.lexsort((place, of))
    upto = np.searchsorted(of[order], np.arange(many + 1)).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(upto, sentence.take(pa.array(order))), " ")


@cache
def sentences(stance: str, things: tuple[str, ...]) -> Vocabulary:
    """Every phrase about each factor in every frame of its stance."""
    frames = [(weight, text) for key, weight, text in frame_words() if key == stance]
    every = [(key, w * v, sentence(frame, text)) for key, w, text in phrases(stance) for v, frame in frames]
    return vocabulary(every, things)


@cache
def framing(frame: str) -> Vocabulary:
    """The sentences that open or close a text."""
    return vocabulary([(key, weight, sentence("{}", text)) for key, weight, text in frame_words()], [frame])


def sentence(frame: str, phrase: str) -> str:
    words = frame.replace("{}", phrase)
    return f"{words[0].upper()}{words[1:]}."


def phrases(stance: str) -> Words:
    return words_of(rows_of("phrases", stance), "factor", "phrase")


def spoken_of(stance: str) -> set[str]:
    return {key for key, _, _ in phrases(stance)}


def frame_words() -> Words:
    return words_of(rows_of("phrases", "frames"), "frame", "phrase")


# --- truth -----------------------------------------------------------------------------------------------------------


def listed(flags: Flags, names: list[str]) -> Texts:
    """The names of the factors of each row, parted by ";"."""
    row, factor = np.nonzero(flags)
    return as_texts(joined_names(pa.array(names).take(pa.array(factor)), row, len(flags)))


def joined_names(name: pa.StringArray, of: Rows, many: int) -> pa.StringArray:
    upto = np.searchsorted(of, np.arange(many + 1)).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(upto, name), ";")


def as_texts(values: pa.StringArray) -> Texts:
    return np.array(values.to_pylist(), dtype=str)
