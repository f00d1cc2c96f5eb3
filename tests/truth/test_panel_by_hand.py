"""Panel estimates of a handful of persons, as fractions."""

from fractions import Fraction as F

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import ancova, fixed_effects, wave_means

EXACT = 1e-12  # floating point only


def panel_of(frame, **options):
    return HealthPanel.from_frame(
        frame, person="id", wave="wave", outcome="score", arm="arm", **options
    )


@pytest.fixture
def two_waves():
    """Changes of the programme arm 2, 2, 3 tenths, of the comparison arm 1, 0, 1 tenths."""
    return pd.DataFrame(
        {
            "id": np.repeat(list("abcdef"), 2),
            "wave": [0, 6] * 6,
            "score": [0.5, 0.7, 0.6, 0.8, 0.4, 0.7, 0.5, 0.6, 0.6, 0.6, 0.4, 0.5],
            "arm": np.repeat(["programme", "comparison"], 6),
        }
    )


def test_two_waves_give_the_difference_of_the_mean_changes(two_waves):
    expected = F(2 + 2 + 3, 30) - F(1 + 0 + 1, 30)

    fit = fixed_effects(panel_of(two_waves), "arm:C(wave)", wave_effects=True).tidy()

    assert fit["term"].tolist() == ["arm[programme]:wave[6]"]
    assert fit["estimate"][0] == pytest.approx(float(expected), abs=EXACT)


def test_error_by_person_is_the_spread_of_the_changes_times_the_correction(two_waves):
    """Sums of squared deviations of changes: 6/900 in each arm; K = one term and two waves."""
    sandwich = (F(6, 900) + F(6, 900)) / 9
    correction = F(6, 5) * F(12 - 1, 12 - 3)

    result = fixed_effects(panel_of(two_waves), "arm:C(wave)", wave_effects=True)
    fit, glance = result.tidy().iloc[0], result.glance().iloc[0]

    error = float(sandwich * correction) ** 0.5
    margin = stats.t.ppf(0.975, 5) * error
    assert fit["std_error"] == pytest.approx(error, abs=EXACT)
    assert fit["conf_low"] == pytest.approx(1 / 6 - margin, abs=EXACT)
    assert glance[["n_person", "n_row", "n_cluster", "df", "n_singleton"]].tolist() == [
        6, 12, 6, 5, 0,
    ]  # fmt: skip


def test_unadjusted_error_counts_all_effects(two_waves):
    """Residuals are half the deviations of changes, twice: RSS 12/900 / 2; n - K = 12 - 8."""
    sigma_squared = F(12, 900) / 2 / (12 - (1 + 6 + 2 - 1))
    of_design = 1 / (12 * F(1, 4) ** 2)  # without effects the term is 1/4 up or down in 12 rows

    fit = fixed_effects(panel_of(two_waves), "arm:C(wave)", wave_effects=True, vcov="unadjusted")

    expected = float(sigma_squared * of_design) ** 0.5
    assert fit.tidy()["std_error"][0] == pytest.approx(expected, abs=EXACT)
    assert fit.glance()["df"][0] == 4


def test_ancova_with_equal_baselines_is_the_difference_of_means_with_hc3():
    """Baselines are 4 and 6 tenths in both arms, so the arm's share of a person is 1/4."""
    baseline = [F(4, 10), F(6, 10)] * 4
    follow_up = [F(n, 100) for n in (50, 70, 60, 66, 40, 52, 46, 58)]
    arm = ["programme"] * 4 + ["comparison"] * 4
    means = [sum(follow_up[:4]) / 4] * 4 + [sum(follow_up[4:]) / 4] * 4
    slope = sum((b - F(1, 2)) * y for b, y in zip(baseline, follow_up, strict=True)) / F(8, 100)
    residuals = [
        y - mean - slope * (b - F(1, 2))
        for y, mean, b in zip(follow_up, means, baseline, strict=True)
    ]
    leverage = F(1, 4) + F(1, 100) / F(8, 100)
    variance = sum((residual / 4 / (1 - leverage)) ** 2 for residual in residuals)
    frame = pd.DataFrame(
        {
            "id": list(range(8)) * 2,
            "wave": [0] * 8 + [6] * 8,
            "score": [float(value) for value in baseline + follow_up],
            "arm": arm * 2,
        }
    )

    result = ancova(panel_of(frame))
    fit, glance = result.tidy().iloc[0], result.glance().iloc[0]

    assert fit["term"] == "wave[6]"
    assert fit["estimate"] == pytest.approx(float(means[0] - means[4]), abs=EXACT)
    assert fit["std_error"] == pytest.approx(float(variance) ** 0.5, abs=EXACT)
    assert glance["df"] == 8 - 3
    assert glance["vcov"] == "HC3"


def test_means_by_wave_are_those_of_the_persons_who_answered():
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3, 1, 2, 3],
            "wave": [0, 0, 0, 6, 6, 6],
            "score": [0.2, 0.4, 0.9, 0.3, np.nan, 0.7],
            "arm": ["programme"] * 6,
        }
    )
    deviations = F(-3, 10) ** 2 + F(-1, 10) ** 2 + F(4, 10) ** 2

    rows = wave_means(panel_of(frame)).tidy()

    assert rows["estimate"].tolist() == pytest.approx([0.5, 0.5], abs=EXACT)
    assert rows["std_error"][0] == pytest.approx(float(deviations / 2 / 3) ** 0.5, abs=EXACT)
    assert rows["std_error"][1] == pytest.approx(float(F(2, 10) ** 2 * 2 / 1 / 2) ** 0.5, abs=EXACT)
    assert rows["n"].tolist() == [3, 2]


def test_weighted_mean_and_its_error():
    """Weights 1 and 3, scores 0 and 1: mean 3/4, deviations -3/4 and 3/4 after weighting."""
    frame = pd.DataFrame({"id": [1, 2], "wave": 0, "score": [0.0, 1.0], "arm": "a", "w": [1, 3]})
    variance = F(2, 1) * ((F(1) * F(-3, 4) / 4) ** 2 + (F(3) * F(1, 4) / 4) ** 2)

    rows = wave_means(panel_of(frame, weight="w")).tidy()

    assert rows["estimate"][0] == pytest.approx(0.75, abs=EXACT)
    assert rows["std_error"][0] == pytest.approx(float(variance) ** 0.5, abs=EXACT)


def test_mean_by_cluster_adds_up_deviations_within_clusters():
    """Six clusters of two persons with the scores g/10 twice: as if six persons."""
    frame = pd.DataFrame(
        {"id": range(12), "wave": 0, "score": np.repeat(np.arange(6) / 10, 2), "arm": "a"}
    ).assign(town=np.repeat(list("uvwxyz"), 2))
    deviations = [F(g, 10) - F(1, 4) for g in range(6)]
    variance = F(6, 5) * sum((deviation / 6) ** 2 for deviation in deviations)

    rows = wave_means(panel_of(frame, cluster="town")).tidy()

    assert rows["std_error"][0] == pytest.approx(float(variance) ** 0.5, abs=EXACT)
    margin = stats.t.ppf(0.975, 5) * float(variance) ** 0.5
    assert rows["conf_high"][0] == pytest.approx(0.25 + margin, abs=EXACT)
