"""What a reader of latent classes should be told: the items of GRoLTS and SMART-LCA, filled from the run.

Sources: van de Schoot, Sijbrandij, Winter, Depaoli and Vermunt (2017), The GRoLTS-checklist, Structural Equation Modeling
24:451, of whose items those on growth do not apply to classes at one point in time; van Lissa, Garnier-Villarreal and
Anadria (2024, online 2023), Recommended practices in latent class analysis using the open-source R-package tidySEM,
Structural Equation Modeling 31:526 (SMART-LCA).
"""

from collections.abc import Iterator

import pyarrow as pa

from careloom.stats.latent_class.choosing.quality import classification_quality
from careloom.typology.found import Found
from careloom.typology.words import certificate_words, in_study_words

CHECKLIST = pa.schema(
    [("position", pa.int32()), ("asked", pa.string()), ("source", pa.string()), ("said", pa.string())]
)
BOTH, GROLTS, SMART = "GRoLTS, SMART-LCA", "GRoLTS", "SMART-LCA"


def checklist_rows(found: Found) -> Iterator[tuple[object, ...]]:
    """One row an item: what is asked, by which list, and what this run says. No count of children or assessments."""
    items = [*what_was_used(found), *what_was_done(found)]
    yield from ((position, *item) for position, item in enumerate(items, start=1))


def what_was_used(found: Found) -> Iterator[tuple[str, str, str]]:
    used, missing = found.indicators, [i for i in found.items if i.first_year]
    told = sum(map(bool, found.told))
    yield (
        "What are the indicators, and how are they coded?",
        BOTH,
        f"Indicator set {used.name}, version {used.version} (fingerprint {used.fingerprint}): {len(used.indicators)} factors, "
        f"yes or no; {told} of them vary and tell classes apart.",
    )
    years = "; ".join(f"{item.label} before {item.first_year}" for item in missing) or "none"
    yield (
        "What of missing answers?",
        BOTH,
        f"A factor whose code was not yet in force is missing, not no ({years}); the likelihood is that of what could be "
        "recorded (full information, missing at random). A factor in force that is not recorded is a no.",
    )
    yield (
        "How are assessments chosen?",
        SMART,
        "Assessments completed in the study period; those that record no factor of the set are set aside and counted, "
        "with the reasons, in the table of assessments chosen.",
    )
    yield (
        "What is the model?",
        BOTH,
        "Latent classes of yes/no items, independent within a class; no covariates; nothing held equal between classes.",
    )
    yield ("Which software?", BOTH, "Careloom; its version stands at the foot of the report.")


def what_was_done(found: Found) -> Iterator[tuple[str, str, str]]:
    quality = classification_quality(found.table, found.parameters)
    if found.fit and found.choice and found.scan:
        row = found.scan.rows[found.choice.chosen - 1]
        yield ("How was it fitted, from how many starts?", BOTH, fitted_words(found.fit.starts))
        yield ("Did it converge, and to a global maximum?", BOTH, certificate_words(found.fit))
        tried = f"1 to {len(found.scan.fits)}"
        yield (
            "How many classes were tried, one among them?",
            BOTH,
            f"{tried}; all are in the table of fits, with log-likelihood, parameters, six criteria and entropy.",
        )
        yield ("How was their number chosen?", BOTH, in_study_words(found.choice.why))
        yield (
            "Is local independence looked at?",
            SMART,
            f"Yes: the worst bivariate residual is {row.worst_residual:,.0f} for its degree of freedom."
            if row.worst_residual is not None
            else "It cannot be: only one indicator varies.",
        )
    else:
        said = "Nothing was fitted: assessments were scored with the parameters of a saved typology."
        yield ("How was it fitted, from how many starts?", BOTH, said)
    yield (
        "How surely are assessments placed?",
        BOTH,
        f"{quality.share_certain:.0%} belong to their class with a probability of 0.7 or more; the lowest average of a "
        f"class is {quality.least_posterior:.2f}.",
    )
    yield ("Are sizes and profiles of all classes shown?", GROLTS, "Yes, as a figure, in tables and in sentences.")
    yield (
        "Are there standard errors?",
        SMART,
        "Yes, in the workbook: robust, with the assessments of one child taken together." if found.fit else "No.",
    )
    yield ("Can others use the classes?", SMART, "Yes: careloom typology --save writes the parameters, careloom classify uses them.")  # fmt: skip


def fitted_words(starts: int) -> str:
    return (
        f"Maximum likelihood, no prior; {starts} random starts of three kinds, each by EM, L-BFGS and Newton's method to the "
        "end; the seed stands in the study file, and the same seed gives the same classes."
    )
