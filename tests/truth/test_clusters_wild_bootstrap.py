"""The wild cluster bootstrap: against wildboottest, against refitting each draw, and recovery."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import fixed_effects, wild_cluster_bootstrap
from evalkit.panel.wild_bootstrap import _drawn, _prepared, _statistics

HERE = Path(__file__).parent
REFERENCE = pd.read_csv(HERE / "peers" / "wild_bootstrap.csv")
FORMULA = "arm:C(wave) + income"
TERMS = {"p12": "arm[programme]:wave[12]", "income": "income"}
DRAWS = 99_999  # of the reference


def panel_of(places=12, weight=None):
    frame = pd.read_csv(HERE / "r" / "panel_data.csv")
    # Places are numbered as in the script, among persons with two rows.
    used = frame.groupby("person")["wave"].transform("size") > 1
    number = pd.factorize(frame["municipality"].where(used), sort=True)[0]
    frame = frame.assign(place=number % places)[used]
    return HealthPanel.from_frame(
        frame, person="person", wave="wave", outcome="score", arm="arm", cluster="place",
        weight=weight,
    )  # fmt: skip


@pytest.mark.parametrize("row", REFERENCE.index)
def test_p_values_agree_with_wildboottest(row):
    theirs = REFERENCE.loc[row]
    # There the weighted model is without effects of its own: columns times the root of the weight.
    panel = panel_of(theirs["clusters"], "weight" if theirs["weighted"] else None)
    is_sign = theirs["weights"] == "rademacher"
    few = theirs["clusters"] < 12 and is_sign
    with pytest.warns(UserWarning, match="coarse") if few else nullcontext():
        fit = wild_cluster_bootstrap(
            panel, FORMULA, term=TERMS[theirs["term"]], wave_effects=True,
            weights=theirs["weights"], seed=1,
        ).tidy()  # fmt: skip

    # Each draw once: ours counts the sample itself and its mirror image too. Else Monte Carlo.
    p = theirs["p_value"]
    error = np.sqrt(p * (1 - p) * (1 / 9_999 + 1 / DRAWS))
    allowed = 2.01 / 2 ** theirs["clusters"] if is_sign else 3.5 * error
    assert abs(fit["p_value"].item() - p) <= allowed


def test_error_and_estimate_are_those_of_fixed_effects():
    panel = panel_of(weight="weight")
    boot = wild_cluster_bootstrap(
        panel, "arm:post + income", term="arm[programme]:post", wave_effects=True, n_draw=99
    ).tidy()
    plain = fixed_effects(panel, "arm:post + income", wave_effects=True).tidy().iloc[:1]

    columns = ["estimate", "std_error", "statistic"]
    np.testing.assert_allclose(boot[columns], plain[columns], rtol=1e-9)


@pytest.mark.parametrize("null", [0.0, 0.09])
def test_statistics_are_those_of_refitting_every_draw(null):
    panel = panel_of()
    frame = panel.covariates
    x = np.column_stack(
        [((frame["arm"] == "programme") & (frame["wave"] == w)).astype(float) for w in (6, 12, 24)]
        + [frame["income"]]
        + [(frame["wave"] == w).astype(float) for w in (6, 12, 24)]
        + [pd.get_dummies(frame["person"]).to_numpy(dtype=float)]
    )
    y, place, bread = panel.outcome, panel.cluster, np.linalg.inv(x.T @ x)
    factor = 12 / 11 * (len(y) - 1) / (len(y) - 8)

    def statistic(values):
        b = bread @ x.T @ values
        parts = pd.DataFrame(x * (values - x @ b)[:, None]).groupby(place).sum() @ bread
        return (b[1] - null) / np.sqrt(factor * (parts[1] ** 2).sum())

    others = np.delete(x, 1, axis=1)
    shifted = y - null * x[:, 1]
    fitted = others @ np.linalg.lstsq(others, shifted, rcond=None)[0] + null * x[:, 1]
    draws = next(_drawn("webb", 12, 25, 3))
    theirs = [statistic(fitted + draw[place] * (y - fitted)) for draw in draws]

    regression, contrast, _ = _prepared(panel, FORMULA, TERMS["p12"], True, True, None)
    found, estimate, _ = _statistics(regression, contrast, [draws])

    np.testing.assert_allclose(np.sqrt(found.squared(estimate - null)), np.abs(theirs), rtol=1e-8)


def test_hypotheses_at_the_ends_of_the_interval_have_the_level_as_p_value():
    panel = panel_of()
    options = {"term": TERMS["p12"], "wave_effects": True, "weights": "webb"}
    fit = wild_cluster_bootstrap(panel, FORMULA, **options).tidy().iloc[0]
    width = fit["conf_high"] - fit["conf_low"]

    at = {
        (end, side): wild_cluster_bootstrap(
            panel, FORMULA, null=fit[end] + side * 1e-4 * width, **options
        ).tidy()["p_value"].item()
        for end in ("conf_low", "conf_high")
        for side in (-1, 1)
    }  # fmt: skip

    assert at["conf_low", -1] <= 0.05 < at["conf_low", 1]
    assert at["conf_high", 1] <= 0.05 < at["conf_high", -1]


def few_cluster_sample(rng, *, n_place=8, effect=0.0):
    place = np.repeat(np.arange(n_place), 12)
    change = rng.normal(0, 0.1, len(place)) + rng.normal(0, 0.08, n_place)[place]
    change = change + effect * (place < n_place // 2)
    return pd.DataFrame({
        "id": np.repeat(np.arange(len(place)), 2), "wave": np.tile([0, 6], len(place)),
        "place": np.repeat(place, 2),
        "arm": np.repeat(np.where(place < n_place // 2, "programme", "comparison"), 2),
        "index": np.column_stack([np.zeros(len(place)), change]).ravel(),
    })  # fmt: skip


@pytest.mark.slow
def test_it_holds_its_level_with_eight_clusters_where_the_normal_interval_does_not():
    rng = np.random.default_rng(20266)
    n_sample, rejected, normal = 1_000, 0, 0
    for _ in range(n_sample):
        panel = HealthPanel.from_frame(
            few_cluster_sample(rng), person="id", wave="wave", outcome="index", arm="arm",
            cluster="place",
        )  # fmt: skip
        fit = wild_cluster_bootstrap(
            panel, "arm:post", term="arm[programme]:post", wave_effects=True, n_draw=399
        ).tidy()
        rejected += fit["p_value"].item() <= 0.05
        normal += abs(fit["statistic"].item()) > 1.96

    allowed = 3.5 * np.sqrt(0.05 * 0.95 / n_sample) + 0.015
    assert abs(rejected / n_sample - 0.05) <= allowed
    assert normal / n_sample - 0.05 > allowed
