"""The checklists of the catalogue, filled from what a study is and what its run read. No count of children is in them."""

import datetime as dt
from collections.abc import Mapping

import pyarrow as pa

import careloom
from careloom.catalogue import Catalogue
from careloom.engine import Engine
from careloom.report.words import say_day
from careloom.study.file import Study

TABLE = "reporting_checklist"
FEW = 5
BY = {
    "within_authority": "within each authority by its own number",
    "pupil_number": "by the Unique Pupil Number",
    "both": "by the authority's own number and the Unique Pupil Number",
    "probabilistic": "by number and, where there is none, by how alike names, births and postcodes are (Splink)",
}
AGREEMENTS = {
    "declared": "What no agreement covers was not read past the door; careloom agreements shows what each allows.",
    "synthetic": "The records are made up, so no agreement is needed.",
    "none declared": "No agreement is declared in the study, so nothing was checked of what may be used.",
}


def checklist_table(study: Study, catalogue: Catalogue, engine: Engine) -> pa.Table:
    """One row an item, in order: checklist, position, item, asked, source and said, as table `reporting_checklist` has them."""
    told = facts(study, catalogue, engine)
    rows = [
        {
            "checklist": checklist.title,
            "position": 100 * checklist.position + number,
            "item": item.item,
            "asked": item.asked,
            "source": checklist.source,
            "said": item.said.format_map(told),
        }
        for checklist in catalogue.checklists
        for number, item in enumerate(checklist.items, start=1)
    ]
    texts = [(name, pa.string()) for name in ("item", "asked", "source", "said")]
    return pa.Table.from_pylist(rows, pa.schema([("checklist", pa.string()), ("position", pa.int32()), *texts]))


def facts(study: Study, catalogue: Catalogue, engine: Engine) -> Mapping[str, str]:
    """What an answer may name: careloom.catalogue.checklists.FACTS."""
    read = engine.rows("SELECT return_name, la, collection_year FROM delivery WHERE state = 'read'")
    returns = sorted({catalogue.returns[name].title for name, _, _ in read})
    authorities = sorted({str(la) for _, la, _ in read})
    years = sorted({int(year) for _, _, year in read if year is not None})
    here = f"authority {authorities[0]}" if len(authorities) == 1 else f"authorities {', '.join(authorities)}"
    return {
        "agreements": AGREEMENTS[study.governed.state],
        "authorities": here if len(authorities) <= FEW else f"{len(authorities)} authorities",
        "disclosure": f"All tables passed one door together. {study.disclosure.in_words}",
        "indicators": study.demand.indicators,
        "link_mode": BY[study.links.mode],
        "masks": "years of which a return is missing are masked for outcomes."
        if study.masks
        else "years of which a return could not be read are not followed for outcomes.",
        "outcomes": "; ".join(catalogue.outcomes[name].title for name in study.outcomes) or "none was asked",
        "period": f"{say_day(study.first_day)} to {say_day(study.end_day - dt.timedelta(days=1))}",
        "repairs": f"{len(catalogue.repairs) - len(study.repairs_off)} of {len(catalogue.repairs)}",
        "returns": ", ".join(returns),
        "rules": str(sum(len(catalogue.returns[name].rules) for name in {name for name, _, _ in read})),
        "seed": str(study.seed),
        "vault": "a vault of them was kept, encrypted and apart" if study.vault else "none of them was kept",
        "version": careloom.__version__,
        "years": f"{years[0]} to {years[-1]}" if years else "no year that is known",
    }
