"""The numbers printed in docs/conventions.md for conventions of panel models."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linearmodels.panel import PanelOLS, RandomEffects

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import first_difference, fixed_effects, random_effects

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "conventions.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def frame():
    return pd.read_csv(HERE / "r" / "panel_data.csv")


@pytest.fixture(scope="module")
def panel(frame):
    return HealthPanel.from_frame(frame, person="person", wave="wave", outcome="score")


def cells(start):
    """Cells of the first line of the page that starts so, without the first."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def clustered(frame, **options):
    indexed = frame.set_index(["person", "wave"])
    model = PanelOLS(indexed["score"], indexed[["income"]], entity_effects=True, time_effects=True)
    fit = model.fit(cov_type="clustered", cluster_entity=True, **options)
    return [f"{fit.std_errors.iloc[0]:.6f}"]


def test_degrees_of_freedom_with_two_effects(frame, panel):
    used = frame[frame.groupby("person")["wave"].transform("size") > 1]
    uncounted = {"auto_df": False, "count_effects": False}

    ours = fixed_effects(panel, "income", wave_effects=True)

    assert cells("`fixed_effects`; fixest") == [f"{ours.tidy()['std_error'][0]:.6f}"]
    mended = uncounted | {"group_debias": True}
    assert cells("linearmodels, `auto_df=False") == clustered(used, **mended)
    assert cells("the same with singletons kept") == clustered(frame, **mended)
    assert cells("sandwich alone") == clustered(used, debiased=False, **uncounted)
    assert cells("linearmodels' default: every") == clustered(frame)
    assert "402 rows, 138 persons, gaps, 9\npersons with one row" in PAGE
    assert (len(frame), frame["person"].nunique(), ours.summary["n_singleton"]) == (402, 138, 9)


def test_variance_components(frame, panel):
    indexed = frame.set_index(["person", "wave"])
    other = RandomEffects(indexed["score"], indexed[["income"]].assign(constant=1.0)).fit()
    parts = np.sqrt(other.variance_decomposition[["Effects", "Residual"]])
    of_r = pd.read_csv(HERE / "r" / "panel_models.csv").set_index(["model", "term"])["estimate"]

    ours = random_effects(panel, "income").tidy()["estimate"].tolist()

    assert cells("`random_effects`; plm `swar`") == printed(ours[0], *ours[2:])
    assert cells("linearmodels' default |") == printed(other.params["income"], *parts)
    assert cells("plm `amemiya`") == printed(*of_r["components amemiya"])
    assert cells("plm `walhus`") == printed(*of_r["components walhus"])
    assert cells("plm `nerlove`") == printed(*of_r["components nerlove"])


def printed(estimate, *deviations):
    return [f"{estimate:.6f}", *(f"{value:.5f}" for value in deviations)]


@pytest.mark.parametrize("over_gaps", [True, False])
def test_first_differences_over_gaps(panel, over_gaps):
    fit = first_difference(panel, "income", over_gaps=over_gaps)
    row = fit.tidy().iloc[0]

    assert cells(f"`over_gaps={over_gaps}`") == [
        str(fit.summary["n_row"]), f"{row['estimate']:.6f}", f"{row['std_error']:.6f}",
    ]  # fmt: skip
