"""Scores of predictions: identities, and errors against numerical derivatives."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import (
    brier_score,
    calibration,
    concordance_index,
    cumulative_incidence,
    incidence_at,
    roc_area,
)

CAUSES = np.array(["censored", "self_support", "died"])


def frame_of(n, seed=5, *, monthly=True):
    rng = np.random.default_rng(seed)
    times = rng.exponential(1 / np.array([0.03, 0.05, 0.02]), (n, 3))
    first = times.min(axis=1)
    return pd.DataFrame({
        "time": np.ceil(first) if monthly else first,
        "cause": CAUSES[times.argmin(axis=1)],
        "weight": rng.uniform(0.5, 2.0, n),
        "cluster": rng.integers(0, 10, n),
        "risk": np.round(rng.uniform(0.1, 0.8, n), 2),
    })  # fmt: skip


def sample_of(frame, **columns):
    return TimeToEvent.from_frame(
        frame,
        duration="time",
        cause="cause",
        censored="censored",
        causes=list(CAUSES[1:]),
        **columns,
    )


def value_of(function, frame, horizon=15):
    result = function(
        sample_of(frame, weight="weight"), frame["risk"], horizon=horizon, cause="self_support"
    )
    return result.tidy()["estimate"].iloc[0]


@pytest.mark.parametrize("function", [brier_score, roc_area, concordance_index])
@pytest.mark.parametrize("monthly", [True, False])
def test_errors_are_those_of_the_infinitesimal_jackknife(function, monthly):
    frame = frame_of(60, monthly=monthly)
    result = function(
        sample_of(frame, weight="weight"), frame["risk"], horizon=15, cause="self_support"
    )
    derivatives, step = [], 1e-5
    for person in range(len(frame)):
        moved = [frame.assign(weight=frame["weight"]) for _ in range(2)]
        for part, sign in zip(moved, (1, -1), strict=True):
            part.loc[person, "weight"] *= 1 + sign * step
        upper, lower = (value_of(function, part) for part in moved)
        derivatives.append((upper - lower) / (2 * step))

    expected = np.sqrt(np.sum(np.square(derivatives)) * len(frame) / (len(frame) - 1))
    assert result.tidy()["std_error"].iloc[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("function", [brier_score, roc_area, concordance_index])
def test_whole_weights_are_repeated_persons(function):
    frame = frame_of(80)
    frame["weight"] = np.arange(80) % 3 + 1.0
    repeated = frame.loc[frame.index.repeat(frame["weight"].astype(int))].assign(weight=1.0)

    assert value_of(function, frame) == pytest.approx(
        value_of(function, repeated.reset_index(drop=True)), rel=1e-12
    )


def test_without_censoring_scores_are_plain_means():
    frame = frame_of(200).assign(cause=lambda rows: rows["cause"].replace("censored", "died"))
    came = ((frame["time"] <= 15) & (frame["cause"] == "self_support")).to_numpy()
    risk = frame["risk"].to_numpy()
    sample = sample_of(frame)

    brier = brier_score(sample, risk, horizon=15, cause="self_support").tidy()
    area = roc_area(sample, risk, horizon=15, cause="self_support").tidy()

    assert brier["estimate"][0] == pytest.approx(np.mean((came - risk) ** 2), rel=1e-12)
    assert brier["estimate"][1] == pytest.approx(came.mean() * (1 - came.mean()), rel=1e-12)
    higher = risk[came][:, None] - risk[~came]
    pairs = np.mean((higher > 0) + 0.5 * (higher == 0))
    assert area["estimate"][0] == pytest.approx(pairs, rel=1e-12)


def test_concordance_of_four_persons_by_hand():
    """Cases at 1 and 2; who died at 1 is compared with both, who is followed to 3 with both.

    Pairs (case, other): (a, b) right, (a, c) right, (a, d) right; (b, c) wrong, (b, d) right.
    """
    frame = pd.DataFrame({
        "time": [1, 2, 1, 3], "cause": ["self_support", "self_support", "died", "censored"],
        "risk": [0.9, 0.4, 0.5, 0.1],
    })  # fmt: skip

    result = concordance_index(sample_of(frame), frame["risk"], horizon=2, cause="self_support")

    assert result.tidy()["estimate"].iloc[0] == pytest.approx(float(Fraction(4, 5)))


def test_risk_that_falls_with_time_is_perfect():
    frame = pd.DataFrame({"time": [1, 2, 3, 4], "cause": "self_support"})

    for sign, expected in ((-1, 1.0), (1, 0.0)):
        result = concordance_index(
            sample_of(frame), sign * frame["time"], horizon=4, cause="self_support"
        )
        assert result.tidy()["estimate"].iloc[0] == expected


def test_the_risk_without_covariates_is_the_incidence():
    frame = frame_of(300)
    sample = sample_of(frame)
    curve = cumulative_incidence(sample).tidy()
    curve = curve[(curve["cause"] == "self_support") & (curve["time"] <= 12)]
    common = curve["estimate"].iloc[-1]

    scores = brier_score(sample, np.full(300, common), horizon=12, cause="self_support").tidy()

    assert scores["estimate"][0] == pytest.approx(scores["estimate"][1], rel=1e-12)
    assert scores["estimate"][2] == pytest.approx(0.0, abs=1e-12)


def test_one_group_of_a_calibration_is_the_incidence_of_its_persons():
    frame = frame_of(300)
    low = frame[frame["risk"] <= frame["risk"].quantile(0.5)]

    found = calibration(
        sample_of(frame), frame["risk"], horizon=12, cause="self_support", n_group=2
    ).tidy()

    alone = incidence_at(sample_of(low), cause="self_support", horizon=12).tidy()
    assert found["n"][0] == len(low)
    assert found["predicted"][0] == pytest.approx(low["risk"].mean())
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        assert found[column][0] == pytest.approx(alone[column][0], rel=1e-12)
