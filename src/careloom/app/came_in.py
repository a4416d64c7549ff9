"""What came in, and what is enough for: the report's tables of deliveries and of availability."""

from careloom.app.words import Answered, Asked, Desk, Page
from careloom.study.released import released_answers

SECTIONS = (
    ("What was read", ("children_by_return", "rows_read", "deliveries")),
    ("What was set aside, and how words were understood", ("set_aside", "step_reasons", "understood")),
    ("What can be answered", ("can_answer", "cannot_answer", "unlock")),
    ("How completely items are recorded", ("source_recorded", "source_valid", "availability")),
)
DRAWN = ("availability",)


def came_in(desk: Desk, asked: Asked) -> Answered:
    """Show the released tables, section by section."""
    answers = released_answers(desk.study, [name for _, names in SECTIONS for name in names])
    sections = [(title, [answers[name] for name in names]) for title, names in SECTIONS]
    words = {"title": "What came in", "sections": sections, "drawn": DRAWN, "command": desk.command("availability")}
    return Page("came_in.html", words)
