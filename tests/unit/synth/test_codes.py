"""Every code written is valid in its year: by the catalogue, and by the facts it was made from where at hand."""

import csv
import re
from importlib.resources import files

SSDA903 = {
    "header": {"SEX": "sex", "ETHNIC": "ethnicity", "MOTHER": "yes_no_01"},
    "episodes": {
        "RNE": "reason_new_episode",
        "LS": "legal_status",
        "CIN": "category_of_need",
        "PLACE": "placement_type",
        "PLACE_PROVIDER": "placement_provider",
        "REC": "reason_episode_ceased",
        "REASON_PLACE_CHANGE": "reason_place_change",
    },
    "reviews": {"REVIEW_CODE": "review_participation"},
    "oc2": {"SDQ_REASON": "sdq_reason", "CONVICTED": "yes_no_01"},
}
CIN_CENSUS = {
    "Sex": "sex",
    "GenderCurrent": "gender_current",
    "Ethnicity": "ethnicity",
    "Disability": "disability",
    "UPNunknown": "upn_unknown",
    "ReferralSource": "referral_source",
    "PrimaryNeedCode": "primary_need",
    "ReasonForClosure": "reason_for_closure",
    "ReferralNFA": "boolean",
    "ICPCnotRequired": "boolean",
    "AssessmentFactors": "assessment_factors",
    "InitialCategoryOfAbuse": "category_of_abuse",
    "LatestCategoryOfAbuse": "category_of_abuse",
}


def from_catalogue(standard, code_set):
    path = files("careloom.catalogue") / "returns" / standard / "codes" / f"{code_set}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(r["code"], int(r["from_year"] or 0), int(r["to_year"] or 9999)) for r in csv.DictReader(file)]
    years = {code: [row[1:] for row in rows if row[0] == code] for code, _, _ in rows}  # one relabelled has two rows
    return {code: (min(first for first, _ in of), max(last for _, last in of)) for code, of in years.items()}


def from_facts(text, code_set):
    """The code sets of a standard's YAML, read by their indentation alone."""
    block = re.search(rf"^code_sets:.*?^  {code_set}:\n(.*?)(?=^  \w|^\w|\Z)", text, re.S | re.M).group(1)
    codes = {}
    for entry in re.split(r"^    - code: ", block, flags=re.M)[1:]:
        years = {k: int(v) for k, v in re.findall(r"^      (valid_from|valid_to): (\d{4})$", entry, re.M)}
        codes[entry.split("\n")[0].strip("'")] = (years.get("valid_from", 0), years.get("valid_to", 9999))
    return codes


def codes_written(written, year):
    for table, columns in SSDA903.items():
        for column, code_set in columns.items():
            yield "ssda903", code_set, {row[column] for row in written.table(year, table)} - {""}
    root = written.census(year)
    for tag, code_set in CIN_CENSUS.items():
        yield "cin_census", code_set, {element.text for element in root.iter(tag)}


def wrong(written, lookup):
    bad = []
    for year in written.years:
        for standard, code_set, used in codes_written(written, year):
            valid = lookup(standard, code_set)
            bad += [
                (year, code_set, c) for c in used if not valid.get(c, (9999, 0))[0] <= year <= valid.get(c, (0, 0))[1]
            ]
    return bad


def test_codes_are_in_the_catalogue_for_their_year(written):
    assert wrong(written, from_catalogue) == []


def test_codes_are_in_the_standards_for_their_year(written, shared):
    text = {s: (shared / "standards" / f"{s}.yaml").read_text(encoding="utf-8") for s in ("ssda903", "cin_census")}
    assert from_facts(text["ssda903"], "placement_type")["K3"] == (2024, 9999)  # the reader reads
    assert wrong(written, lambda standard, code_set: from_facts(text[standard], code_set)) == []
