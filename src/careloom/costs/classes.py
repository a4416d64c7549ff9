"""What the children of each category of demand cost: each child counts in every class by how surely it belongs there."""

import numpy as np
import pyarrow as pa

from careloom.core import Ledger
from careloom.engine import Engine
from careloom.stats.weighted_means import bootstrap_means

# The child's latest assessment with factors; of one pattern of factors, all assessments belong to the classes alike.
BELONGING = """
SELECT k.person_id, m.class_no, m.probability, CASE WHEN m.class_no = k.class_no THEN 1 ELSE 0 END AS is_modal
FROM (
  SELECT person_id, assessment_id, class_no FROM class_of
  QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY assessed_on DESC, assessment_id DESC) = 1) AS k
JOIN assessment_pattern AS a ON a.assessment_id = k.assessment_id
JOIN pattern_membership AS m ON m.pattern_no = a.pattern_no
"""
# Costs of looking after a child, and of everything; a night in care is one for which a placement has a fee, if only of nothing.
COSTS = """
SELECT costs_of, person_id, sum(cost) AS cost, sum(nights) AS nights
FROM (
  SELECT 'care' AS costs_of, person_id, CAST(subtotal AS DOUBLE) AS cost,
         CASE WHEN process = 'LAC 3' AND kind = 'fee' THEN CAST(quantity AS DOUBLE) ELSE 0 END AS nights
  FROM cost WHERE process LIKE 'LAC %'
  UNION ALL
  SELECT 'all' AS costs_of, person_id, CAST(subtotal AS DOUBLE) AS cost, 0 AS nights FROM cost) AS line
GROUP BY costs_of, person_id
"""
PARTS = """
SELECT c.costs_of, c.person_id, c.cost, c.nights, b.class_no, coalesce(b.probability, 1) AS probability, b.is_modal
FROM cost_of_child AS c LEFT JOIN class_belonging AS b ON b.person_id = c.person_id
"""
# The two children who add most to a class, with each way of counting, for disclosure control; they are never shown.
SUMS = """
SELECT costs_of, class_no, sum(probability) AS weight, sum(probability * nights) AS nights, sum(probability * cost) AS cost,
       sum(CASE WHEN place = 1 THEN probability * cost ELSE 0 END) AS largest,
       sum(CASE WHEN place = 2 THEN probability * cost ELSE 0 END) AS next_largest,
       sum(in_it) AS children, sum(in_it * cost) AS modal_cost,
       sum(CASE WHEN modal_place = 1 THEN in_it * cost ELSE 0 END) AS modal_largest,
       sum(CASE WHEN modal_place = 2 THEN in_it * cost ELSE 0 END) AS modal_next
FROM (
  SELECT *, row_number() OVER (PARTITION BY costs_of, class_no ORDER BY probability * cost DESC, person_id) AS place,
         row_number() OVER (PARTITION BY costs_of, class_no ORDER BY in_it * cost DESC, person_id) AS modal_place
  FROM (SELECT *, coalesce(is_modal, 1) AS in_it FROM cost_part) AS part) AS placed
GROUP BY costs_of, class_no
"""
CLASS_COST = """
SELECT s.*, l.lower, l.upper FROM class_cost_sum AS s
LEFT JOIN class_cost_limit AS l ON l.costs_of = s.costs_of AND l.class_no = coalesce(s.class_no, -1)
"""
LIMITS = pa.schema(
    [("costs_of", pa.string()), ("class_no", pa.int32()), ("lower", pa.float64()), ("upper", pa.float64())]
)
NO_CLASS = -1


def cost_classes(engine: Engine, *, seed: int) -> Ledger:
    """Make `class_cost` from `cost` and the posteriors of the typology: sums, and limits of the mean cost of a child.

    The mean of class c is sum p_ic C_i / sum p_ic over children; limits come from drawing children again, with `seed`. Brothers
    and sisters are drawn apart: families are not known, so the limits are somewhat too narrow where they cost alike.
    Source: proportional assignment, as in Vermunt 2010, Latent class modeling with covariates, section 2; not corrected for
    errors of classification, which draw the means of classes together.
    """
    engine.make("class_belonging", BELONGING)
    children = engine.make("cost_of_child", COSTS)
    parts = engine.make("cost_part", PARTS)
    engine.make("class_cost_sum", SUMS)
    engine.load("class_cost_limit", limits(engine, seed))
    engine.make("class_cost", CLASS_COST)
    ledger = Ledger()
    ledger.note("add up costs by class", "children costed", "costed in care, and in all", children, children)
    ledger.note("share children out to classes", "parts of children", "class_cost", parts, parts)
    return ledger


def limits(engine: Engine, seed: int) -> pa.Table:
    """Return the limits of the mean cost of a child of each class, and of the children of none (NO_CLASS)."""
    rows = engine.arrow(
        f"""SELECT costs_of, person_id, cost, coalesce(class_no, {NO_CLASS}) AS class_no, probability FROM cost_part
            ORDER BY costs_of, person_id, class_no"""
    )
    of, people, class_no = (rows[name].to_numpy(zero_copy_only=False) for name in ("costs_of", "person_id", "class_no"))
    cost, probability = (rows[name].to_numpy().astype(float) for name in ("cost", "probability"))
    found = []
    for name in sorted(set(of.tolist())):
        mine = of == name
        classes, column = np.unique(class_no[mine], return_inverse=True)
        _, first, row = np.unique(people[mine], return_index=True, return_inverse=True)
        weights = np.zeros((len(first), len(classes)))
        weights[row, column] = probability[mine]
        lower, upper = bootstrap_means(cost[mine][first], weights, seed=seed)
        found += [
            {"costs_of": name, "class_no": int(c), "lower": low, "upper": high}
            for c, low, high in zip(classes, lower.tolist(), upper.tolist(), strict=True)
        ]
    return pa.Table.from_pylist(found, schema=LIMITS)
