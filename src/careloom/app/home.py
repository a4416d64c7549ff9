"""The first page: what the study is, what its last run left, and running it."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from careloom.app.running import Running
from careloom.app.words import Answered, Asked, Desk, Given, GoTo, Page
from careloom.core import NotFoundError
from careloom.report.words import say_day
from careloom.study import Study
from careloom.study.look import check_results
from careloom.study.released import released_answers

AGAIN_SECONDS = 2
"""After which a page that watches a run asks for itself again."""
FOR_READERS = ("report.html", "workbook.xlsx", "results.json")
"""What is named on the first page of the files that may be shared; tables/ and model/ lie beside them."""


def home(desk: Desk, asked: Asked, running: Running) -> Answered:
    """Say what the study is and what there is of it; a form starts or stops a run."""
    if asked.is_sent:
        return start_or_stop(asked, running)
    study, heard = desk.study, running.heard
    is_watched = "again" in asked.query and heard is not None and heard.is_going_on
    words = {
        "title": study.name,
        "study": study,
        "period": f"{say_day(study.first_day)} to {say_day(study.end_day - dt.timedelta(days=1))}",
        "heard": heard,
        "results": results_of(desk, study),
        "is_watched": is_watched,
        "command": desk.command("run"),
    }
    return Page("home.html", words, again=AGAIN_SECONDS if is_watched else None)


def start_or_stop(asked: Asked, running: Running) -> GoTo:
    if asked.form.get("do") == "stop":
        running.cancel()
        return GoTo("/")
    running.start()
    return GoTo("/?again=yes" if asked.form.get("watch") else "/")


def results_of(desk: Desk, study: Study) -> dict[str, Any]:
    """What the last run left: when and by what, files that may be shared, steps; or why there is nothing."""
    try:
        check_results(study)
        steps = released_answers(study, ["steps"])["steps"]
    except NotFoundError as fault:
        return {"why_not": str(fault)}
    manifest = read_manifest(study)
    return {
        "why_not": "",
        "made_by": manifest["made_by"],
        "made_on": say_day(dt.date.fromisoformat(manifest["made_on"])),
        "files": [name for name in FOR_READERS if name in shared(manifest)],
        "is_older": desk.study_file.stat().st_mtime > (study.out / "manifest.json").stat().st_mtime,
        "steps": steps,
    }


def read_manifest(study: Study) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((study.out / "manifest.json").read_text(encoding="utf-8"))
    return found


def shared(manifest: dict[str, Any]) -> dict[str, str]:
    """The files of the results that may be shared."""
    return {file["file"]: file["sharing"] for file in manifest["files"] if file["sharing"] == "released"}


def result(desk: Desk, asked: Asked) -> Answered:
    """One file of the results: only one that the manifest names, and calls released. No path is ever put together."""
    study = desk.study
    check_results(study)
    if asked.path not in shared(read_manifest(study)):
        raise NotFoundError("There is no such file among those of the last run that may be shared.")
    return Given(study.out.joinpath(*Path(asked.path).parts))
