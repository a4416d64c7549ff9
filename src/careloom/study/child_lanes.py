"""The lanes of one child's page: which kinds of spell and event stand in which, and what their codes are codes of."""

from dataclasses import dataclass

from careloom.catalogue import Catalogue
from careloom.core import CodeSet

Spoken = tuple[str, str, str]
"""A column, how it is said (`ended: {}`), and the code set of the return that its label is looked up in; blank if none."""


@dataclass(frozen=True)
class Kind:
    """What one kind of spell or event is called, and which of its columns are said, the first as its label.

    Where `is_birthday`, the day was worked out from the date of birth: only its month is shown.
    """

    title: str
    spoken: tuple[Spoken, ...] = ()
    is_birthday: bool = False


CODED: tuple[Spoken, ...] = (
    ("code", "{}", ""),
    ("detail", "{}", ""),
    ("start_reason", "began: {}", ""),
    ("end_reason", "ended: {}", ""),
)
"""For kinds not named here: the codes as they are."""

SPELLS = {
    "early_help": Kind("Early help", (("code", "{}", "need"), ("detail", "{}", "assessment_type"), ("start_reason", "referred by: {}", "referral_source"), ("end_reason", "ended: {}", "closure_reason"))),
    "cin_episode": Kind("Case open", (("code", "{}", "primary_need"), ("start_reason", "referred by: {}", "referral_source"), ("end_reason", "closed: {}", "reason_for_closure"))),
    "assessment": Kind("Assessments"),
    "cin_plan": Kind("Child in need plan"),
    "cp_plan": Kind("Child protection plan", (("code", "{}", "category_of_abuse"), ("detail", "latest category: {}", "category_of_abuse"), ("start_reason", "plans before, as returned: {}", ""))),
    "pre_proceedings": Kind("Pre-proceedings", (("code", "outcome: {}", ""),)),
    "period_of_care": Kind("Looked after", (("code", "{}", "category_of_need"), ("start_reason", "began: {}", "reason_new_episode"), ("end_reason", "ended: {}", "reason_episode_ceased"))),
    "placement_segment": Kind("Placements", (("code", "{}", "placement_type"), ("detail", "{}", "placement_provider"))),
    "legal_status": Kind("Legal status", (("code", "{}", "legal_status"),)),
    "uasc": Kind("Unaccompanied asylum-seeking child"),
    "placed_for_adoption": Kind("To be adopted", (("end_reason", "ended: {}", "reason_placed_ceased"),)),
    "deprivation_of_liberty": Kind("Deprived of liberty"),
    "short_break": Kind("Short breaks", (("code", "{}", "legal_status"), ("detail", "{}", "placement_type"))),
    "missing": Kind("Missing", (("code", "{}", "missing"),)),
    "school": Kind("School", (("code", "{}", "sen_provision"), ("detail", "school number {}", ""), ("start_reason", "enrolled: {}", "enrol_status"))),
    "camhs": Kind("CAMHS", (("code", "{}", "referral_reason"), ("start_reason", "referred by: {}", "referral_source"))),
    "youth_justice_intervention": Kind("Youth justice", (("code", "{}", "intervention_type"), ("end_reason", "ended: {}", "intervention_outcome"))),
    "service": Kind("Services", (("code", "{}", "services"),)),
    "social_worker": Kind("Social worker", (("code", "{}", "social_worker_reason"),)),
}  # fmt: skip
"""In the order of the page. Kinds not named here stand below, under their own names."""

NOT_SHOWN = ("placement",)
"""Its segments tell the same, and type and provider besides."""

EVENTS = {
    "contact": Kind("Contacts", (("code", "from: {}", "source"),)),
    "early_help_assessment": Kind("Early help assessed", (("code", "{}", "assessment_type"),)),
    "referral": Kind("Referrals", (("code", "from: {}", "referral_source"),)),
    "section_47": Kind("Section 47 enquiries"),
    "conference": Kind("Conferences"),
    "cp_review": Kind("CP plan reviews"),
    "review": Kind("Reviews of care", (("code", "{}", "review_participation"),)),
    "placed_where": Kind("Where placed", (("code", "{}", ""),)),
    "visit": Kind("Visits and other work", (("code", "{}", "visit_type"),)),
    "sdq": Kind("SDQ, year to this day", (("code", "score {}", ""),)),
    "convicted": Kind("Convicted or cautioned in the year to this day"),
    "exclusion": Kind("Excluded from school", (("code", "{}", "exclusion_category"),)),
    "health_assessment": Kind("Health assessments", (("code", "{}", "assessment_type"),)),
    "camhs_first_seen": Kind("First seen by CAMHS", (("code", "contacts kept: {}", ""),)),
    "youth_justice_disposal": Kind("Disposals", (("code", "{}", "disposal"),)),
    "previous_permanence": Kind("Earlier permanence", (("code", "{}", "previous_permanence"),)),
    "adoption_decision": Kind("Adoption decided"),
    "matched": Kind("Matched with adopters"),
    "care_leaver": Kind("Care leaver: contact", (("code", "{}", "activity"),)),
    "leaving_care": Kind("Care leaver: in touch", (("code", "{}", "in_touch"),), is_birthday=True),
    "care_leaver_activity": Kind("Care leaver: activity", (("code", "{}", "activity"),), is_birthday=True),
    "care_leaver_accommodation": Kind("Care leaver: home", (("code", "{}", "accommodation"),), is_birthday=True),
}

FLAGS = {
    ("cin_episode", "detail", "1"): "the referral led to no further action",
    ("section_47", "code", "1"): "a conference was not required",
    ("matched", "code", "1"): "with adopters who had fostered the child",
}
"""What one value of a column of one kind means, where it is no code of a set."""

RUNGS = {
    "no_further_action": "no further action",
    "closed_after_assessment": "closed after assessment",
    "cin_only": "child in need only",
    "section_47": "section 47 enquiry, without conference",
    "conference": "conference, without plan",
    "cp_plan": "child protection plan",
    "looked_after": "looked after",
}
STATES = {
    "period_of_care": "looked after",
    "cp_plan": "on a child protection plan",
    "cin_plan": "on a child in need plan",
    "cin_episode": "case open, no plan",
    "early_help": "early help",
    "missing": "missing",
}
"""Kinds of spell that are a state, the highest first, as on the timeline, and what a child in it is."""


def speak(name: str) -> str:
    """Say the name of a declaration as words.

    >>> speak("respite_stay")
    'Respite stay'
    """
    return name.replace("_", " ").capitalize()


def kind_of(name: str, known: dict[str, Kind]) -> Kind:
    return known.get(name, Kind(speak(name), CODED))


def label(catalogue: Catalogue, return_name: str, code_set: str, code: str, year: int | None) -> str:
    """Say a code in words with the code behind, as its return has it in that year; the code alone where it is no code of it.

    Code sets that the return lacks are looked for in no other: the same name there might mean another set.
    """
    returned = catalogue.returns.get(return_name)
    found = returned.codes.get(code_set) if returned else None
    words = meaning(found, code, year) if found else ""
    return f"{words} [{code}]" if words else code


def meaning(codes: CodeSet, code: str, year: int | None) -> str:
    """The label of a code in a year; in any year where it is not valid in that one; blank when there is no such code."""
    same = [known for known in codes.codes if known.code == code]
    valid = [known for known in same if year is None or year in known.years]
    return (valid or same)[0].label if same else ""
