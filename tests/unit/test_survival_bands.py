"""Simultaneous bands: critical values against Kolmogorov's and simulated ones, and the formulas."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import confidence_bands, kaplan_meier
from evalkit.survival.bands import equal_precision_value, hall_wellner_value

KOLMOGOROV = {0.90: 1.2238, 0.95: 1.3581, 0.99: 1.6276}


def exits(n=80, seed=2, **columns):
    rng = np.random.default_rng(seed)
    time, end = rng.exponential(10.0, n), rng.uniform(5, 30, n)
    frame = pd.DataFrame({"time": np.minimum(time, end), "event": time <= end} | columns)
    return TimeToEvent.from_frame(
        frame, duration="time", event="event", **{name: name for name in columns}
    )


@pytest.mark.parametrize("level", KOLMOGOROV)
def test_over_the_whole_range_they_are_those_of_kolmogorov(level):
    found = hall_wellner_value(0.0, 1.0, level)

    np.testing.assert_allclose(found, stats.kstwobign.ppf(level), atol=1e-7)
    assert abs(found - KOLMOGOROV[level]) < 1e-4


@pytest.mark.parametrize("range_", [(0.05, 0.95), (0.1, 0.6), (0.02, 0.3)])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_equal_precision_values_agree_with_the_tail_formula(range_, level):
    """Miller and Siegmund's approximation of the tail, of relative error a few per cent."""
    low, high = range_

    c = equal_precision_value(low, high, level)

    odds = np.log(high * (1 - low) / (low * (1 - high)))
    tail = 4 * stats.norm.pdf(c) / c + stats.norm.pdf(c) * (c - 1 / c) * odds
    assert abs(tail - (1 - level)) < 0.04 * (1 - level)


def test_critical_values_agree_with_simulated_bridges():
    """5 000 bridges at 2 001 points, between which a little of the largest value is missed."""
    rng = np.random.default_rng(20261)
    at = np.linspace(0, 1, 2001)
    path = np.zeros((5000, 2001))
    np.cumsum(rng.normal(scale=np.sqrt(1 / 2000), size=(5000, 2000)), axis=1, out=path[:, 1:])
    inside = slice(200, 1801)
    bridge = np.abs(path - at * path[:, -1:])[:, inside]
    plain = bridge.max(axis=1)
    scaled = (bridge / np.sqrt(at * (1 - at))[inside]).max(axis=1)

    # 3.5 Monte-Carlo errors of a share of 0.95, and what the points between add to it.
    tolerance = 3.5 * np.sqrt(0.95 * 0.05 / 5000) + 0.006
    assert abs((plain < hall_wellner_value(0.1, 0.9, 0.95)).mean() - 0.95) < tolerance
    assert abs((scaled < equal_precision_value(0.1, 0.9, 0.95)).mean() - 0.95) < tolerance
    assert abs((scaled < 1.96).mean() - 0.95) > 10 * tolerance
    for end in (0.25, 0.5, 0.75):
        part = np.abs(path - at * path[:, -1:])[:, : int(2000 * end) + 1].max(axis=1)
        assert abs((part < hall_wellner_value(0.0, end, 0.95)).mean() - 0.95) < tolerance


def test_a_range_of_one_point_needs_the_normal_quantile():
    np.testing.assert_allclose(equal_precision_value(0.5, 0.5, 0.95), stats.norm.ppf(0.975))
    np.testing.assert_allclose(
        equal_precision_value(0.5, 0.503, 0.95), stats.norm.ppf(0.975), rtol=0.05
    )


def test_equal_precision_is_the_pointwise_interval_with_another_quantile():
    band = confidence_bands(exits(), conf_type="plain").tidy()
    curve = kaplan_meier(exits(), conf_type="plain").tidy()

    inside = band["conf_low"].gt(0) & band["conf_high"].lt(1)
    ratio = (band["conf_high"] - band["estimate"]) / (curve["conf_high"] - curve["estimate"])
    assert inside.sum() > 20
    np.testing.assert_allclose(ratio[inside], ratio[inside].iloc[0])
    assert 1.3 < ratio[inside].iloc[0] < 1.8


def test_hall_wellner_by_its_formula():
    """Linear scale: S +- k (1 + n s) S / sqrt(n)."""
    sample = exits()
    band = confidence_bands(sample, kind="hall_wellner", conf_type="plain", start=1, end=20).tidy()
    curve = kaplan_meier(sample).tidy()
    relative = (curve["std_error"] / curve["estimate"]) ** 2
    scaled = len(sample) * relative
    used = band["conf_low"].notna()
    share = (scaled / (1 + scaled))[used]
    k = hall_wellner_value(share.iloc[0], share.iloc[-1], 0.95)
    width = k * (1 + scaled) * curve["estimate"] / np.sqrt(len(sample))

    low = np.maximum(curve["estimate"] - width, 0.0)
    np.testing.assert_allclose(band["conf_low"][used], low[used])
    assert band["time"][used].between(1, 20).all()


def test_outside_its_range_a_band_is_missing():
    band = confidence_bands(exits(), start=5, end=10).tidy()

    outside = ~band["time"].between(5, 10)
    assert band.loc[outside, ["conf_low", "conf_high"]].isna().all(axis=None)
    assert band.loc[~outside, "conf_low"].notna().all()


@pytest.mark.parametrize(
    ("columns", "named"),
    [({"weight": np.full(80, 2.0)}, "weight"), ({"cluster": np.arange(80) % 10}, "cluster")],
)
def test_bands_are_for_independent_rows(columns, named):
    with pytest.raises(EstimationError, match=named):
        confidence_bands(exits(**columns))


def test_entry_before_the_first_exit_delays_nothing():
    sample = exits(entry=np.full(80, 1e-6))

    assert confidence_bands(sample, kind="hall_wellner").tidy()["conf_low"].notna().any()


def test_hall_wellner_refuses_delayed_entry():
    frame = pd.DataFrame({"t": [2, 3, 4, 5, 6], "e": [0, 0, 0, 3, 3], "x": [1] * 5})
    sample = TimeToEvent.from_frame(frame, duration="t", event="x", entry="e")

    with pytest.raises(EstimationError, match="entry"):
        confidence_bands(sample, kind="hall_wellner")


def test_fewer_than_two_times_of_exit_are_an_error():
    frame = pd.DataFrame({"t": [2, 3, 4], "x": [1, 0, 0]})
    sample = TimeToEvent.from_frame(frame, duration="t", event="x")

    with pytest.raises(EstimationError, match="fewer than two times of exit"):
        confidence_bands(sample)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ParameterError, match="kind 'pointwise'"):
        confidence_bands(exits(), kind="pointwise")
