"""The figures: drawn as SVG from released tables only, each with the words that say the same."""

from collections.abc import Callable
from dataclasses import replace

import altair as alt

from careloom.report.by_age import draw_by_age
from careloom.report.care_figures import draw_histories, draw_months
from careloom.report.cost_figures import draw_categories, draw_concentration
from careloom.report.drawing import (
    COLOURS,
    LINES,
    WIDTH,
    Figure,
    Rows,
    data,
    names_axis,
    order,
    svg,
    wrapped,
)
from careloom.report.flow_chart import draw_flow
from careloom.report.grid import write
from careloom.report.hazard_figures import draw_by_model, draw_by_period, draw_hazards, draw_tests
from careloom.report.local_figures import (
    draw_local_costs,
    draw_local_demand,
    draw_local_measures,
    draw_local_outcomes,
    draw_local_pathways,
)
from careloom.report.outcome_figures import draw_curves, draw_incidence
from careloom.report.question import Answer
from careloom.report.rungs import draw_rungs

ALL = ("All", "All children")
BLANK = "A blank square: withheld, or not asked."
MOST_SAID = 3
MOST_HEADS = 6
"""Names stand side by side over so many columns; over more there is room for their numbers only."""


def draw(name: str, answer: Answer, only: str | None = None) -> Figure | None:
    """Draw figure `name`; None when its table holds nothing that can be drawn."""
    make, value = FIGURES[name]
    rows = [row for row in answer.about(only) if row[value] is not None]
    return make(rows) if rows else None


def _bars(rows: Rows, label: str, value: str, form: str, about: str, axis: str) -> Figure:
    """Horizontal bars with the number at the end of each."""
    rows = [row for row in rows if row[label] not in ALL]
    shown = [{"label": wrapped(row[label]), "value": row[value], "text": write(row[value], form, 0)} for row in rows]
    base = alt.Chart(data(shown)).encode(
        y=alt.Y(
            "label:N",
            sort=order(shown, "label"),
            title=None,
            axis=names_axis(),
        ),
        x=alt.X("value:Q", title=axis, axis=alt.Axis(labels=False, ticks=False, grid=False, domain=False)),
    )
    bars, ends = (
        base.mark_bar(color=COLOURS[0], height=22),
        base.mark_text(align="left", dx=5, fontSize=12).encode(text="text:N"),
    )
    words = f"{about}: {'; '.join(f'{row[label]} {write(row[value], form, 0)}' for row in rows)}."
    return Figure(svg((bars + ends).properties(width=WIDTH - 240, height=alt.Step(44))), words)


def _grid(rows: Rows, down: str, across: str, value: str, words: str) -> Figure:
    """A heat map with the percentage in each square; `value` is a share. The heads of many columns are their numbers."""
    names = [str(name) for name in order(rows, across)]
    heads = {name: wrapped(name, 15, 5) if len(names) <= MOST_HEADS else name.partition(". ")[0] for name in names}
    shown = [
        {
            "down": row[down],
            "across": heads[str(row[across])],
            "value": 100 * row[value],
            "text": f"{100 * row[value]:.0f}",
            "ink": "#ffffff" if row[value] > 0.45 else "#0b0c0c",
        }
        for row in rows
    ]
    # Vega lets a label of several lines grow downwards, into the squares: lift it by its extra lines
    lift = 4 + 14 * max(row["across"].count("|") for row in shown)
    axis = alt.Axis(orient="top", labelAngle=0, labelExpr=LINES, labelPadding=lift, ticks=False, domain=False)
    base = alt.Chart(data(shown)).encode(
        y=alt.Y("down:N", sort=order(shown, "down"), title=None, axis=alt.Axis(ticks=False, domain=False)),
        x=alt.X("across:N", sort=order(shown, "across"), title=None, axis=axis),
    )
    colour = alt.Color("value:Q", legend=None, scale=alt.Scale(domain=[0, 100], range=["#f3f6fa", COLOURS[0]]))
    squares = base.mark_rect(stroke="#ffffff").encode(color=colour)
    texts = base.mark_text(fontSize=12).encode(text="text:N", color=alt.Color("ink:N", scale=None))
    lines, columns = len(order(shown, "down")), len(names)
    both = (squares + texts).resolve_scale(color="independent")
    drawn = svg(both.properties(width=alt.Step(max(40, min(112, 560 // columns))), height=alt.Step(24)))
    key = [name for name in names if heads[name] != name] if columns > MOST_HEADS else []
    said = [f"Columns: {'; '.join(key)}."] if key else []
    return Figure(drawn, words, note=" ".join(said + [BLANK] * (len(shown) < columns * lines)))


def _profile(rows: Rows) -> Figure:
    said = _highest(rows, "category", "label", "probability", MOST_SAID)
    about = f"How likely each factor is to be recorded in each category; the {MOST_SAID} likeliest of each"
    return _grid(rows, "label", "category", "probability", f"{about}: {said}.")


def _highest(rows: Rows, of_each: str, what: str, value: str, most: int) -> str:
    """Of each group the highest shares, in words: 1. Neglect: neglect 98%, emotional abuse 41%; ..."""
    said = []
    for group in order(rows, of_each):
        mine = sorted((row for row in rows if row[of_each] == group), key=lambda row: -row[value])
        shares = (f"{row[what]} {write(row[value], 'share', 0)}" for row in mine[:most])
        said.append(f"{group}: {', '.join(shares)}")
    return "; ".join(said)


def _availability(rows: Rows, most: int = 25, complete: float = 0.99) -> Figure | None:
    """The items least completely recorded in their worst year; a full grid would be too tall to read."""
    worst: dict[str, float] = {}
    named = [row | {"item": f"{row['column_name']} ({row['table_name']})"} for row in rows]
    for row in named:
        worst[row["item"]] = min(worst.get(row["item"], 1.0), row["recorded"])
    items = sorted((i for i in worst if worst[i] < complete), key=lambda item: (worst[item], item))[:most]
    if not items:
        return None
    kept = sorted(
        (r for r in named if r["item"] in items), key=lambda r: (items.index(r["item"]), r["collection_year"])
    )
    title = f"The {len(items)} items least completely recorded, by year: percentage of rows"
    said = "; ".join(f"{item} {_lowest([row for row in kept if row['item'] == item])}" for item in items)
    words = f"{title}; the lowest of each: {said}."
    return replace(_grid(kept, "item", "collection_year", "recorded", words), title=title)


def _lowest(rows: Rows) -> str:
    """The worst year of an item; the first of them, if several are as bad."""
    worst = min(rows, key=lambda row: row["recorded"])
    return f"{100 * worst['recorded']:.0f}% in {worst['collection_year']}"


def _pathway(rows: Rows) -> Figure:
    """One bar a category, cut by the highest step reached."""
    steps = order(sorted(rows, key=lambda r: STEPS.index(r["rung"]) if r["rung"] in STEPS else 99), "rung")
    shown = [
        {"label": wrapped(r["category"]), "step": r["rung"], "no": steps.index(r["rung"]), "value": 100 * r["share"]}
        for r in rows
    ]
    blues = ["#d5dce4", "#a9bccd", "#6f9fc4", "#3f7cac", "#28608f", "#12436d", "#801650"]
    chart = (
        alt.Chart(data(shown))
        .mark_bar(height=26, stroke="#ffffff")
        .encode(
            y=alt.Y(
                "label:N",
                sort=order(shown, "label"),
                title=None,
                axis=names_axis(),
            ),
            x=alt.X(
                "value:Q", title="Percentage of the category's children", scale=alt.Scale(domain=[0, 100], clamp=True)
            ),
            color=alt.Color(
                "step:N",
                sort=steps,
                title=None,
                scale=alt.Scale(domain=steps, range=blues),
                legend=alt.Legend(orient="top", columns=4),
            ),
            order="no:O",
        )
    )
    said = _highest(rows, "category", "rung", "share", 1)
    words = f"The highest step that children reached; the most common one of each category: {said}."
    return Figure(svg(chart.properties(width=WIDTH - 240, height=alt.Step(44))), words)


STEPS = [
    "No further action",
    "Closed after assessment",
    "Child in need only",
    "Section 47 without conference",
    "Conference without plan",
    "Child protection plan",
    "Looked after",
]


def _categories(rows: Rows) -> Figure:
    return _bars(rows, "category", "share", "share", "Categories of recorded demand", "Share of assessments")


def _placements(rows: Rows) -> Figure:
    return _bars(rows, "placement", "cost", "pounds", "Cost by placement type", "Cost")


FIGURES: dict[str, tuple[Callable[[Rows], Figure | None], str]] = {
    "availability": (_availability, "recorded"),
    "categories": (_categories, "share"),
    "profile": (_profile, "probability"),
    "pathway_by_category": (_pathway, "share"),
    "care_months": (draw_months, "career"),
    "care_histories": (draw_histories, "history"),
    "rung_probabilities": (draw_rungs, "probability"),
    "curves": (draw_curves, "share"),
    "incidence": (draw_incidence, "incidence"),
    "hazard_ratios": (draw_hazards, "level"),
    "hazard_by_model": (draw_by_model, "level"),
    "hazard_by_period": (draw_by_period, "level"),
    "ph_tests": (draw_tests, "p_value"),
    "cost_by_placement": (_placements, "cost"),
    "cost_by_category": (draw_categories, "category"),
    "cost_concentration": (draw_concentration, "band"),
    "first_by_age": (draw_by_age, "share"),
    "flow": (draw_flow, "step"),
    "local_demand": (draw_local_demand, "share"),
    "local_pathways": (draw_local_pathways, "share"),
    "local_outcomes": (draw_local_outcomes, "share"),
    "local_costs": (draw_local_costs, "per_child"),
    "local_measures": (draw_local_measures, "share"),
}
"""What each figure is drawn by, and the column without which a row cannot be drawn. Its name is its table's."""
