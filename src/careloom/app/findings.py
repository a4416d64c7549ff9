"""Findings: how each validation rule went, released; and the lines that break one rule, for who mends the records."""

from careloom.app.words import Answered, Asked, Desk, Page
from careloom.study.findings import find_places, rules_of
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
