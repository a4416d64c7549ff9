"""`careloom link`: the study's records linked, and how good the links are; of made-up children also how right."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pyarrow as pa

from careloom.catalogue import Catalogue
from careloom.engine import Engine, open_engine, value
from careloom.govern import open_key
from careloom.link import WEIGHED
from careloom.report.asking import load_words
from careloom.stats.proportions import f_measure, wilson
from careloom.study.cost_tables import load_rows
from careloom.study.file import Study
from careloom.study.kept_demand import Told, answers_of, shown
from careloom.study.link_sample import load_sample, without_decisions
from careloom.study.run import OnStep, stages

QUESTIONS = (
    "link_identifiers", "link_rules", "link_impossible", "link_missed", "link_truth", "link_sweep",
    "link_sample", "link_judged",
)  # fmt: skip
IN_TRUTH = {
    "link_truth": (
        ("about", "level", "true_links", "found_links", "precision_share", "recall_share", "f1"),
        ("about", "level", "precision_lower", "precision_upper", "recall_lower", "recall_upper", "f1_lower", "f1_upper"),
    )
}  # fmt: skip
"""Tables too wide for a screen: which columns to show together."""
LINKING = "linking children"
NEEDED = ("reading the deliveries", "saying them in common terms", LINKING)
THRESHOLDS = ("0.50", "0.70", "0.80", "0.90", "0.95", "0.99", "0.999")
TRUTH, SWEEP = "link_truth", "link_sweep"
"""What the questions of these names read; only this command makes them."""
TRULY = "truly"
"""Who each identifier truly is, where that is known: (identifier_no, true_id)."""
KNOWN = f"""
    SELECT i.identifier_no, i.is_extract, i.return_name, t.true_id, p.person_id
    FROM {TRULY} AS t JOIN identifier AS i ON i.identifier_no = t.identifier_no
    JOIN identifier_person AS p ON p.identifier_no = i.identifier_no"""
RECORDS = f"""
    SELECT x.identifier_no, x.return_name, h.person_id AS home, j.person_id AS joined, r.person_id AS right_one,
           coalesce(h.person_id, x.person_id) AS told_of
    FROM ({KNOWN}) AS x
    LEFT JOIN (SELECT true_id, min(person_id) AS person_id FROM ({KNOWN}) AS k WHERE NOT is_extract GROUP BY true_id) AS h
      ON h.true_id = x.true_id
    LEFT JOIN (SELECT DISTINCT person_id FROM ({KNOWN}) AS k WHERE NOT is_extract) AS j ON j.person_id = x.person_id
    LEFT JOIN (SELECT DISTINCT person_id, true_id FROM ({KNOWN}) AS k WHERE NOT is_extract) AS r
      ON r.person_id = x.person_id AND r.true_id = x.true_id
    WHERE x.is_extract"""
"""Records of other systems: where their child is in the yearly returns, and with whom of these they were joined."""
FIRST = f"SELECT {{of}}, min(identifier_no) AS first_no FROM ({KNOWN}) AS k WHERE NOT is_extract GROUP BY {{of}}"
RETURNED = f"""
    SELECT x.identifier_no, x.return_name, h.true_id AS home, j.person_id AS joined, r.person_id AS right_one, x.person_id AS told_of
    FROM ({KNOWN}) AS x
    LEFT JOIN ({FIRST.format(of="true_id")}) AS h ON h.true_id = x.true_id AND h.first_no < x.identifier_no
    LEFT JOIN ({FIRST.format(of="person_id")}) AS j ON j.person_id = x.person_id AND j.first_no < x.identifier_no
    LEFT JOIN ({FIRST.format(of="person_id, true_id")}) AS r
      ON r.person_id = x.person_id AND r.true_id = x.true_id AND r.first_no < x.identifier_no
    WHERE NOT x.is_extract"""
"""Records of the yearly returns, in the same columns: each but a child's first should be joined to an earlier one."""
LEVELS = {
    "All": "'All'",
    "Record": "t.label",
    "Sex": "CASE p.sex WHEN 'F' THEN 'Female' WHEN 'M' THEN 'Male' ELSE 'Not known' END",
    "Ethnic group": "p.ethnic_group",
    "Born": "CASE WHEN year(p.born_on) < 2005 THEN 'Before 2005' WHEN year(p.born_on) < 2015 THEN '2005 to 2014' ELSE '2015 or later' END",
}
JUDGED = " UNION ALL ".join(
    f"""
    SELECT '{about}' AS about, {level} AS level, count(x.home) AS true_links, count(x.right_one) AS right_links,
           count(x.joined) AS found_links
    FROM ({RECORDS} UNION ALL {RETURNED}) AS x LEFT JOIN person AS p ON p.person_id = x.told_of
    LEFT JOIN report_label AS t ON t.kind = 'return' AND t.name = x.return_name GROUP BY {level}"""
    for about, level in LEVELS.items()
)
"""By group of the child that a record is truly of: links that are true, that were found and are right, and that were found."""


def look_at_links(study: Study, catalogue: Catalogue, *, truth: Path, on_step: OnStep) -> Told:
    """Link the study's records anew and tell how good the links are; nothing is written.

    `truth` is the folder in which the truth of made-up authorities would lie. Raises NothingToRunError when nothing could be read.
    """
    is_judged = study.links.mode == "probabilistic" and bool(study.links.likeness.decided)
    with linked(without_decisions(study) if is_judged else study, catalogue, on_step) as engine:
        if is_judged:
            load_sample(engine, catalogue, study)
            dict(stages(study, catalogue, engine))[LINKING]()
        load_words(engine, catalogue)
        load_judged(engine, catalogue, truth)
        answers = answers_of(engine, QUESTIONS, study.disclosure)
        parts: list[object] = [f"Linked in mode {study.links.mode}.", *to_know(engine, study)]
        for name in QUESTIONS:
            for columns in IN_TRUTH.get(name, ((),)):
                parts += shown(answers, name, columns) if answers[name].released else []
        if not answers["link_truth"].released and not answers["link_sample"].released:
            parts += [*shown(answers, "link_truth"), *shown(answers, "link_sample")]
    return Told(tuple(parts))  # type: ignore[arg-type]


def to_know(engine: Engine, study: Study) -> Iterator[str]:
    """What kept records from being linked, in sentences without a number of any child."""
    used = value(engine, "SELECT count(*) AS n FROM identifier_upn")
    if value(engine, "SELECT count(*) AS n FROM upn_told") and not used:
        yield "No pupil number told can be a key: each stands for none, or more identifiers carry it than one child can have. Nobody is joined by one."
    elif not used and study.links.mode == "pupil_number":
        yield "No record tells a pupil number, and the link mode pupil_number joins by nothing else: every record is alone."
    if study.links.mode != "probabilistic":
        return
    if not value(engine, "SELECT count(*) AS n FROM identity_row"):
        yield "No record delivered holds names: there is no likeness to weigh, and children are linked by key alone."
    decided = study.links.likeness.decided
    known = set(open_key(study.key).pseudonymise(f"person|{study.name}")(identifiers(engine)))
    strange = sum(not set(pair) <= known for pair in decided)
    if strange:
        yield f"{strange} of {len(decided)} decisions in {study.links.decided.name} are of records that are not here: of another delivery, or made with another key than {study.key.name}. They join and part nobody."


def identifiers(engine: Engine) -> list[str]:
    """Each identifier in the words of which its pseudonym is made."""
    return ["|".join(row) for row in engine.rows("SELECT la, return_name, child_id FROM identifier")]


@contextmanager
def linked(study: Study, catalogue: Catalogue, on_step: OnStep) -> Iterator[Engine]:
    """An engine in which the study's records were read and linked; they are gone with it."""
    with closing(open_engine(study.engine, study.scratch, study.cluster)) as engine:
        todo = [(name, work) for name, work in stages(study, catalogue, engine) if name in NEEDED]
        for number, (name, work) in enumerate(todo):
            on_step(name, number / len(todo))
            work()
        yield engine


def load_judged(engine: Engine, catalogue: Catalogue, truth: Path) -> None:
    """Load `link_truth` and `link_sweep`, as far as there is a truth of children who were made up, and anything weighed.

    Where the truth knows nobody of those delivered, `link_truth` is not made.
    """
    known = read_truth(truth)
    told = engine.rows("SELECT identifier_no, la, return_name, child_id FROM identifier")
    truly = {number: true_of(known, la, name, child) for number, la, name, child in told}
    rows = [{"identifier_no": number, "true_id": who} for number, who in truly.items() if who]
    if rows:
        engine.load(TRULY, pa.Table.from_pylist(rows))
        judged = engine.rows(f"SELECT about, level, true_links, right_links, found_links FROM ({JUDGED}) AS judged")
        load_rows(engine, catalogue, TRUTH, [measures(*row) for row in judged])
    if engine.columns(WEIGHED):
        load_rows(engine, catalogue, SWEEP, sweep(engine, truly))


def true_of(known: dict[tuple[str, str, str], str], la: str, return_name: str, child_id: str) -> str | None:
    """Who an identifier truly is: as the system numbers its records, with or without a word before, or the authority's own."""
    for key in ((return_name, child_id), (return_name, child_id.rpartition(" ")[2]), ("", child_id)):
        if (la, *key) in known:
            return known[la, *key]
    return None


def read_truth(folder: Path) -> dict[tuple[str, str, str], str]:
    """Who each record truly is: by authority, record system (blank for the authority's own number) and number."""
    people = {}
    for path in sorted(folder.glob("*/person.csv")):
        people.update({(path.parent.name, "", row["child_id"]): row["person_id"] for row in rows_of(path)})
    for path in sorted(folder.glob("*/records/*.csv")):
        la = path.parent.parent.name
        people.update({(la, path.stem, row["record"]): row["person_id"] for row in rows_of(path)})
    return people


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def measures(about: str, level: str, true_links: int, right: int, found: int) -> dict[str, object]:
    """One row of `link_truth`: precision, recall and F1, each with its limits."""
    of = {
        "precision": wilson(right, found),
        "recall": wilson(right, true_links),
        "f1": f_measure(right, found - right, true_links - right),
    }
    named = {("f1" if what == "f1" else f"{what}_share"): share for what, (share, _, _) in of.items()}
    for what, (_, lower, upper) in of.items():
        named |= {f"{what}_lower": lower, f"{what}_upper": upper}
    return {"about": about, "level": level, "true_links": true_links, "found_links": found, **named}


def sweep(engine: Engine, truly: Mapping[int, str | None]) -> list[dict[str, object]]:
    """How many pairs each threshold would join, and what share of those whose truth is known is right."""
    pairs = engine.rows(f"SELECT one_no, two_no, probability FROM {WEIGHED}")
    rows = []
    for name in THRESHOLDS:
        joined = [(truly[one], truly[two]) for one, two, probability in pairs if probability >= float(name)]
        told = [one == two for one, two in joined if one and two]
        share = sum(told) / len(told) if told else float("nan")
        rows.append({"threshold": name, "pairs": len(joined), "told_pairs": len(told), "right_share": share})
    return rows
