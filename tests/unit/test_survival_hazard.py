"""Cumulative hazard and exit rates: by hand, identities, degenerate samples."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import exit_rates, nelson_aalen


def sample(months, exited, **columns):
    frame = pd.DataFrame({"months": months, "exited": exited} | columns)
    return TimeToEvent.from_frame(
        frame, duration="months", event="exited", **{name: name for name in columns}
    )


def drawn(n, seed=1):
    rng = np.random.default_rng(seed)
    months = rng.integers(1, 13, n).astype(float)
    entry = np.where(rng.random(n) < 0.5, np.floor(months * rng.random(n)), 0.0)
    return pd.DataFrame(
        {"months": months, "entry": entry, "exited": rng.random(n) < 0.5,
         "weight": rng.uniform(0.5, 2.0, n), "cluster": rng.integers(0, 8, n)}
    )  # fmt: skip


def test_cumulative_hazard_by_hand():
    """At risk 5, 3 (one exit and one censoring in month 1), 2; exits 1, 1, 1."""
    table = nelson_aalen(sample([1, 1, 2, 4, 4], [1, 0, 1, 1, 0])).tidy()

    expected = [
        0,
        Fraction(1, 5),
        Fraction(1, 5) + Fraction(1, 3),
        Fraction(8, 15) + Fraction(1, 2),
    ]
    np.testing.assert_allclose(table["estimate"], [float(value) for value in expected])
    variance = [
        0,
        Fraction(1, 25),
        Fraction(1, 25) + Fraction(1, 9),
        Fraction(34, 225) + Fraction(1, 4),
    ]
    np.testing.assert_allclose(table["std_error"] ** 2, [float(value) for value in variance])


def test_limits_on_the_log_scale_and_plain():
    log, plain = (
        nelson_aalen(sample([1, 2, 3, 3], [1, 1, 0, 0]), conf_type=kind).tidy().iloc[-1]
        for kind in ("log", "plain")
    )

    width = 1.959963984540054 * log["std_error"]
    np.testing.assert_allclose(log["conf_high"], log["estimate"] * np.exp(width / log["estimate"]))
    np.testing.assert_allclose(plain["conf_high"], plain["estimate"] + width)
    assert plain["conf_low"] == 0.0


def test_an_unknown_scale_is_refused():
    with pytest.raises(ParameterError, match="conf_type 'probit'"):
        nelson_aalen(sample([1, 2], [1, 0]), conf_type="probit")


def test_without_exits_the_hazard_is_zero_and_its_limits_missing():
    table = nelson_aalen(sample([1, 2], [0, 0])).tidy()

    assert table["estimate"].tolist() == [0.0, 0.0, 0.0]
    assert table["conf_low"].iloc[1:].isna().all()


def test_all_exits_at_time_zero():
    table = nelson_aalen(sample([0, 0, 0], [1, 1, 1])).tidy()

    assert table[["time", "estimate", "n_event"]].values.tolist() == [[0.0, 1.0, 3.0]]


def test_exit_rates_by_hand():
    """Months observed in (0, 2]: 2 + 2 + 1.5 + 1; in (2, 4]: 1 + 2."""
    made = exit_rates(sample([3.0, 4.0, 1.5, 1.0], [1, 1, 0, 1]), width=2).tidy()

    np.testing.assert_allclose(made["exposure"], [6.5, 3.0])
    np.testing.assert_allclose(made["estimate"], [float(Fraction(2, 13)), float(Fraction(2, 3))])
    assert made["n_event"].tolist() == [1, 2]
    assert made["n_censored"].tolist() == [1, 0]
    assert made["n_at_risk"].tolist() == [4, 2]


def test_delayed_entry_shortens_the_first_interval():
    made = exit_rates(sample([3.0, 3.0], [1, 0], entry=[0.5, 1.0])).tidy()

    np.testing.assert_allclose(made["exposure"], [0.5, 2.0, 2.0])
    assert made["n_at_risk"].tolist() == [0, 2, 2]


def test_time_and_exits_of_all_intervals_are_those_of_the_sample():
    frame = drawn(300)
    rows = TimeToEvent.from_frame(
        frame, duration="months", event="exited", entry="entry", weight="weight"
    )
    made = exit_rates(rows, width=5).tidy()

    total = ((frame["months"] - frame["entry"]) * frame["weight"]).sum()
    np.testing.assert_allclose(made["exposure"].sum(), total)
    assert made["n_event"].sum() == frame["exited"].sum()
    assert (made["n_event"] + made["n_censored"]).sum() == len(frame)


@pytest.mark.parametrize("options", [{}, {"entry": "entry"}])
def test_clusters_of_one_person_give_the_error_of_weighted_persons(options):
    """The closed form for persons, and the table of units by intervals, are two ways to one sum."""
    frame = drawn(200).assign(cluster=np.arange(200), person=np.arange(200) // 1)
    base = {"duration": "months", "event": "exited", "weight": "weight"} | options
    persons = TimeToEvent.from_frame(frame, **base)
    units = TimeToEvent.from_frame(frame, cluster="cluster", **base)

    np.testing.assert_allclose(
        exit_rates(persons, width=3).tidy()["std_error"],
        exit_rates(units, width=3).tidy()["std_error"],
        rtol=1e-10,
    )


def test_exact_poisson_limits_without_exits_start_at_zero():
    made = exit_rates(sample([1.0] * 10, [0] * 10)).tidy()

    # The upper limit of no events: -log(0.025) over ten months.
    np.testing.assert_allclose(made["conf_high"], [-np.log(0.025) / 10])
    assert made["conf_low"].tolist() == [0.0]


@pytest.mark.parametrize("width", [0.0, -1.0, np.inf])
def test_a_width_that_is_no_time_is_refused(width):
    with pytest.raises(ParameterError, match="width"):
        exit_rates(sample([1, 2], [1, 0]), width=width)


def test_too_many_intervals_are_refused():
    with pytest.raises(ParameterError, match="make them wider"):
        exit_rates(sample([1.0, 2.0], [1, 0]), width=1e-6)


def test_nobody_observed_for_any_time_is_an_error():
    with pytest.raises(EstimationError, match="nobody was under observation"):
        exit_rates(sample([0, 0], [1, 1]))


def test_weights_of_zero_throughout_are_an_error():
    with pytest.raises(EstimationError, match="weight"):
        nelson_aalen(sample([1, 2], [1, 0], weight=[0.0, 0.0]))
