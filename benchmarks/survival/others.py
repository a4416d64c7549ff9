"""One tool of `run.py` on the plain case: prints seconds, version and coefficients as JSON. Runs where that tool is.

Each is given what it takes quickest: a matrix of 29 columns of 0 and 1, made before the clock starts.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from made_up import COLUMNS, FACTORS, patterns_of

CLOCK = time.process_time


def main() -> None:
    place, tool = Path(sys.argv[1]), sys.argv[2]
    columns = {name: np.fromfile(place / f"{name}.bin", dtype=np.int32) for name in (*FACTORS, "day", "event")}
    design, pattern = patterns_of(columns)
    x, day, event = design[pattern], columns["day"].astype(float), columns["event"].astype(bool)
    seconds, coefficients = {"lifelines": lifelines, "statsmodels": statsmodels, "sksurv": sksurv}[tool](x, day, event)
    package = {"sksurv": "scikit-survival"}.get(tool, tool)
    print(
        json.dumps({"seconds": seconds, "version": version(package), "coefficients": [float(b) for b in coefficients]})
    )


def lifelines(x, day, event):
    import pandas as pd
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(x, columns=list(COLUMNS)).assign(day=day, event=event)
    began = CLOCK()
    fit = CoxPHFitter().fit(frame, "day", "event")
    return CLOCK() - began, fit.params_[list(COLUMNS)]


def statsmodels(x, day, event):
    from statsmodels.duration.hazard_regression import PHReg

    began = CLOCK()
    fit = PHReg(day, x, status=event.astype(int), ties="efron").fit()
    return CLOCK() - began, fit.params


def sksurv(x, day, event):
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    response = Surv.from_arrays(event, day)
    began = CLOCK()
    fit = CoxPHSurvivalAnalysis(ties="efron", tol=1e-13).fit(x, response)
    return CLOCK() - began, fit.coef_


if __name__ == "__main__":
    main()
