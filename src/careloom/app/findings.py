"""Findings: how each validation rule went, released; the lines that break one rule; and the findings of children, one by one."""

from typing import Any

from careloom.app.words import Answered, Asked, Desk, Page
from careloom.core import RequestError
from careloom.study import Asked as AskedOfChild
from careloom.study.findings import find_places, rules_of
from careloom.study.findings_of_children import OF_CHILDREN, OF_ONE, find_children, find_of_child
from careloom.study.released import released_answers


def findings(desk: Desk, asked: Asked) -> Answered:
    """Show the rules; with a form sent, the lines that break one of them, once the access is written down."""
    study = desk.study
    rule = asked.form.get("rule", "")
    told, command = None, desk.command("findings")
    if asked.is_sent:
        purpose = asked.form.get("purpose", "")
        told = find_places(desk.study_file, desk.catalogue, rule=rule, purpose=purpose)
        command = desk.command("findings", "--rule", rule, "--purpose", purpose)
    words = {
        "title": "Findings",
        "rules": [each for each in rules_of(study) if each.state == "found"],
        "answer": released_answers(study, ["rules"])["rules"],
        "told": told,
        "rule": rule,
        "command": command,
    }
    return Page("findings.html", words, is_personal=told is not None)


def children(desk: Desk, asked: Asked) -> Answered:
    """Ask why; with the form sent, the children with most findings, or those of one child (`person_id`), once written down."""
    study = desk.study
    rule, purpose = asked.form.get("rule", ""), asked.form.get("purpose", "").strip()
    words: dict[str, Any] = {
        "title": "Findings by child",
        "rules": [each for each in rules_of(study) if each.state == "found"],
        "rule": rule,
        "purpose": purpose,
        "found": None,
        "of_one": None,
        "headings": OF_CHILDREN,
        "headings_of_one": OF_ONE,
        "command": desk.command("findings", "--by", "child", "--purpose", "..."),
    }
    if not asked.is_sent:
        return Page("findings_children.html", words)
    of_rule = ["--rule", rule] if rule else []
    if person_id := asked.form.get("person_id", "").strip():
        whom = AskedOfChild(person_id, purpose)
        words["of_one"] = one = find_of_child(desk.study_file, desk.catalogue, whom, rule=rule)
        words["command"] = desk.command("findings", "--child", one.person_id, *of_rule, "--purpose", purpose)
    else:
        page = page_in(asked)
        words["found"] = find_children(desk.study_file, desk.catalogue, purpose=purpose, rule=rule, page=page)
        words["command"] = desk.command(
            "findings", "--by", "child", *of_rule, "--page", str(page), "--purpose", purpose
        )
    return Page("findings_children.html", words, is_personal=True)


def page_in(asked: Asked) -> int:
    """The number of the page that a form asks for, the first for none. Raises RequestError for what is no number."""
    said = asked.form.get("page", "") or "1"
    if not (said.isascii() and said.isdigit() and len(said) < 7):
        raise RequestError("say which page: its number")
    return int(said)
