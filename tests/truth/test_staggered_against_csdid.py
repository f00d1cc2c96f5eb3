"""Staggered joining against csdid (peers/staggered.py) and the published numbers of R's did."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import staggered_effects

PEERS = Path(__file__).parent / "peers"
ESTIMATE = 1e-8  # times the larger of the value and its error
STD_ERROR = 1e-6  # relative
METHODS = {"dr": "doubly_robust", "reg": "outcome", "ipw": "weighting"}
CONTROLS = {"nevertreated": "never", "notyettreated": "not_yet"}
REFERENCE = pd.read_csv(PEERS / "staggered.csv")
KEY = ["aggregation", "joined", "wave"]


@pytest.fixture(scope="module")
def data():
    frame = pd.read_csv(PEERS / "staggered_data.csv")
    return frame.assign(since=frame["joined"].replace(0, np.nan))


@pytest.mark.parametrize("model", REFERENCE["model"].unique())
def test_effects_and_errors_agree_with_csdid(data, model):
    control, formula, method, base, cluster, weight, anticipation = (
        None if part == "None" else part for part in model.split("|")
    )
    panel = HealthPanel.from_frame(
        data, person="person", wave="year", outcome="score", weight=weight, cluster=cluster
    )

    result = staggered_effects(
        panel, joined="since", control=CONTROLS[control], method=METHODS[method], base=base,
        covariates=["age"] if formula.endswith("age") else [], anticipation=int(anticipation),
        n_draw=99,
    )  # fmt: skip

    theirs = REFERENCE[REFERENCE["model"] == model].set_index(KEY)[["estimate", "std_error"]]
    both = theirs.join(result.tidy().set_index(KEY)[["estimate", "std_error"]], rsuffix="_ours")
    assert len(both) == len(theirs)
    allowed = ESTIMATE * np.fmax(both["estimate"].abs(), both["std_error"])
    assert ((both["estimate_ours"] - both["estimate"]).abs() <= allowed.fillna(1e-12)).all()
    # Ours has the factor G/(G - 1) of 24 clusters.
    factor = np.sqrt(24 / 23) if cluster else 1.0
    np.testing.assert_allclose(
        both["std_error_ours"], both["std_error"] * factor, rtol=STD_ERROR, equal_nan=True
    )


@pytest.mark.skipif(
    "EVALKIT_MPDTA" not in os.environ,
    reason="EVALKIT_MPDTA names no copy of the data, which the package moderndid brings",
)
def test_effects_of_minimum_wages_are_reproduced():
    frame = pd.read_csv(os.environ["EVALKIT_MPDTA"])
    frame = frame.assign(since=frame["first.treat"].replace(0, np.nan))
    panel = HealthPanel.from_frame(frame, person="countyreal", wave="year", outcome="lemp")

    shown = staggered_effects(panel, joined="since").tidy().round(4)

    # Published in the introduction to R's did: the simple mean, and the cell of 2004 and 2006.
    # The other numbers are csdid's on the same data.
    cells = shown[shown["aggregation"] == "group_time"].groupby("joined")["estimate"].agg(list)
    assert cells[2004] == [-0.0105, -0.0704, -0.1373, -0.1008]
    assert cells[2006] == [0.0065, -0.0028, -0.0046, -0.0412]
    assert cells[2007] == [0.0305, -0.0027, -0.0311, -0.0261]
    overall = shown.set_index("aggregation")[["estimate", "std_error"]]
    assert overall.loc["simple"].tolist() == [-0.04, 0.012]
    assert overall.loc["group mean"].tolist() == [-0.031, 0.0124]
    assert overall.loc["dynamic mean"].tolist() == [-0.0772, 0.02]
