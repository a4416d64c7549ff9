"""One child's timeline: why it is looked at is asked first, and written down before anything is shown."""

from markupsafe import Markup

from careloom.app.words import Answered, Asked, Desk, Page
from careloom.report.child import draw_child, write_child
from careloom.study import Asked as AskedOfChild
from careloom.study.look import check_results, see_child


def child(desk: Desk, asked: Asked) -> Answered:
    """Ask whom and why; with the form sent, show the page, once the access is written down. A number is never repeated."""
    study = desk.study
    check_results(study)
    words = {
        "title": "One child",
        "authorities": sorted({delivery.la for delivery in study.deliveries}),
        "returns": {name: each.title for name, each in desk.catalogue.returns.items()},
        "command": desk.command("child"),
    }
    if not asked.is_sent:
        return Page("child.html", {**words, "drawing": None, "text": None})
    said = {name: value.strip() or None for name, value in asked.form.items()}
    whom = AskedOfChild(
        said.get("person_id"),
        said.get("purpose") or "",
        child_id=said.get("child_id"),
        authority=said.get("authority"),
        return_name=said.get("return_name"),
    )
    seen = see_child(desk.study_file, desk.catalogue, whom)
    words["command"] = desk.command("child", seen.page.person_id, "--purpose", whom.purpose)
    drawing = Markup(draw_child(seen.page, seen.by))  # every word in it was escaped when it was drawn
    text = write_child(seen.page, seen.by)
    shown = {"drawing": drawing, "text": text, "person_id": seen.page.person_id, "purpose": whom.purpose}
    return Page("child.html", {**words, **shown}, is_personal=True)
