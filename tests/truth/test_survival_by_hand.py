"""Survival estimates of ten persons or fewer, worked out as fractions.

Eight persons, two causes in one month:

    month  at risk  self-support  died  censored
        1        8             1     1         0
        2        6             0     0         1
        3        5             2     0         1
        5        2             0     1         0
        6        1             0     0         1
"""

from fractions import Fraction
from math import exp, log, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import StateHistory, TimeToEvent
from evalkit.survival import (
    cox,
    cumulative_incidence,
    incidence_at,
    kaplan_meier,
    logrank_test,
    occupation,
    restricted_mean,
    state_at,
    time_in_state,
    time_lost,
)
from evalkit.survival.model_rows import model_rows
from evalkit.survival.partial_likelihood import likelihood

EIGHT = pd.DataFrame(
    {
        "months": [1, 1, 2, 3, 3, 3, 5, 6],
        "exit": ["work", "died", "none", "work", "work", "none", "died", "none"],
    }
)
AFTER_1 = Fraction(6, 8)
AFTER_3 = AFTER_1 * Fraction(3, 5)
AFTER_5 = AFTER_3 * Fraction(1, 2)


def eight(**columns):
    return TimeToEvent.from_frame(
        EIGHT, duration="months", cause="exit", censored="none", **columns
    )


def exact(*fractions):
    return pytest.approx([float(value) for value in fractions], abs=1e-14)


def test_kaplan_meier_of_eight_persons():
    curve = kaplan_meier(eight(), cause="any").tidy()

    assert curve["time"].tolist() == [0, 1, 2, 3, 5, 6]
    assert curve["estimate"].tolist() == exact(1, AFTER_1, AFTER_1, AFTER_3, AFTER_5, AFTER_5)
    assert curve["n_at_risk"].tolist() == [8, 8, 6, 5, 2, 1]
    assert curve["n_event"].tolist() == [0, 2, 0, 2, 1, 0]
    assert curve["n_censored"].tolist() == [0, 0, 1, 1, 0, 1]


def test_greenwood_error_and_log_log_interval_of_eight_persons():
    row = kaplan_meier(eight(), cause="any").tidy().set_index("time").loc[3]

    variance = Fraction(2, 8 * 6) + Fraction(2, 5 * 3)
    survival, critical = float(AFTER_3), stats.norm.ppf(0.975)
    width = critical * sqrt(variance) / -log(survival)
    assert row["std_error"] == pytest.approx(survival * sqrt(variance), rel=1e-14)
    assert row["conf_low"] == pytest.approx(survival ** exp(width), rel=1e-13)
    assert row["conf_high"] == pytest.approx(survival ** exp(-width), rel=1e-13)


def test_two_causes_tied_in_one_month_share_its_risk_set():
    curves = cumulative_incidence(eight()).tidy().set_index(["cause", "time"])["estimate"]

    work_3 = Fraction(1, 8) + AFTER_1 * Fraction(2, 5)
    died_5 = Fraction(1, 8) + AFTER_3 * Fraction(1, 2)
    assert curves["work"].tolist() == exact(0, Fraction(1, 8), Fraction(1, 8), *[work_3] * 3)
    assert curves["died"].tolist() == exact(0, *[Fraction(1, 8)] * 3, *[died_5] * 2)


def test_incidence_error_is_binomial_before_the_first_censoring():
    rows = cumulative_incidence(eight()).tidy().set_index(["cause", "time"])

    binomial = sqrt(Fraction(1, 8) * Fraction(7, 8) / 8)
    assert rows.loc[("work", 1), "std_error"] == pytest.approx(binomial, rel=1e-14)


def test_incidence_at_counts_persons_and_events_by_the_horizon():
    result = incidence_at(eight(), cause="work", horizon=3)

    assert result.tidy()["estimate"].tolist() == exact(Fraction(1, 8) + AFTER_1 * Fraction(2, 5))
    support = {name: values.tolist() for name, values in result.support.items()}
    assert support == {"n": [8], "k": [3], "complement": [5], "at_horizon": [5]}


def test_months_until_exit_and_months_lost_add_up_to_the_horizon():
    until = restricted_mean(eight(), horizon=5, cause="any").tidy()["estimate"]
    work = time_lost(eight(), cause="work", horizon=5).tidy()["estimate"]
    died = time_lost(eight(), cause="died", horizon=5).tidy()["estimate"]

    assert until.tolist() == exact(1 + 2 * AFTER_1 + 2 * AFTER_3)
    assert work.tolist() == exact(4 * Fraction(1, 8) + 2 * AFTER_1 * Fraction(2, 5))
    assert died.tolist() == exact(4 * Fraction(1, 8))


def test_error_of_the_restricted_mean_is_the_area_form_of_greenwood():
    result = restricted_mean(eight(), horizon=5, cause="any").tidy()

    left_1, left_3 = 2 * AFTER_1 + 2 * AFTER_3, 2 * AFTER_3
    variance = left_1**2 * Fraction(2, 8 * 6) + left_3**2 * Fraction(2, 5 * 3)
    assert result["std_error"].tolist() == pytest.approx([sqrt(variance)], rel=1e-14)


def test_left_truncation_counts_only_those_who_entered_before():
    """At risk at 2: persons 1, 2, 5; at 3: 2, 3, 4, 5; at 4: 2, 4, 5; at 5: 4."""
    frame = pd.DataFrame(
        {
            "entry": [0, 0, 2, 2, 1],
            "months": [2, 4, 3, 5, 4],
            "exited": [True, True, True, False, False],
        }
    )
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited", entry="entry")

    curve = kaplan_meier(sample).tidy()

    after_2 = Fraction(2, 3)
    after_3 = after_2 * Fraction(3, 4)
    after_4 = after_3 * Fraction(2, 3)
    assert curve["time"].tolist() == [0, 2, 3, 4, 5]
    assert curve["n_at_risk"].tolist() == [3, 3, 4, 3, 1]
    assert curve["estimate"].tolist() == exact(1, after_2, after_3, after_4, after_4)


def test_a_cause_that_nobody_reached_has_incidence_zero_without_an_interval():
    frame = pd.DataFrame({"months": [1, 2], "exit": ["work", "none"]})
    sample = TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", causes=["died", "work"]
    )

    died = cumulative_incidence(sample).tidy().query("cause == 'died'")

    assert died["estimate"].tolist() == [0, 0, 0]
    assert died["std_error"].tolist() == [0, 0, 0]
    assert died["conf_high"].tolist() == pytest.approx([0, np.nan, np.nan], nan_ok=True)


def test_difference_and_ratio_of_two_arms():
    """Programme: 1 of 2 by month 2; comparison: 1 of 4. Nobody is censored before."""
    frame = pd.DataFrame(
        {
            "months": [1, 3, 2, 3, 3, 3],
            "exited": [True, False, True, False, False, False],
            "arm": ["programme"] * 2 + ["comparison"] * 4,
        }
    )
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")

    result = incidence_at(sample, by="arm", cause="event", horizon=2).tidy()

    one, two = Fraction(1, 2), Fraction(1, 4)
    error_one, error_two = one * (1 - one) / 2, two * (1 - two) / 4
    log_variance = error_one / one**2 + error_two / two**2
    assert result["term"].tolist() == [
        "programme",
        "comparison",
        "programme - comparison",
        "programme / comparison",
    ]
    assert result["scale"].tolist() == ["arm", "arm", "difference", "ratio"]
    assert result["estimate"].tolist() == exact(one, two, one - two, one / two)
    assert result["std_error"].tolist() == pytest.approx(
        [sqrt(error_one), sqrt(error_two), sqrt(error_one + error_two), sqrt(log_variance)]
    )
    assert result["conf_low"][3] == pytest.approx(
        2 * exp(-stats.norm.ppf(0.975) * sqrt(log_variance))
    )


def test_logrank_of_four_persons():
    """Months 1, 2 in a and 3, 4 in b: expected in a 1/2 + 1/3, variance 1/4 + 2/9."""
    frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True] * 4, "group": list("aabb")})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")

    result = logrank_test(sample, by="group").tidy()

    excess = 2 - Fraction(1, 2) - Fraction(1, 3)
    statistic = excess**2 / (Fraction(1, 4) + Fraction(2, 9))
    assert result["statistic"].tolist() == exact(statistic)
    assert result["p_value"].tolist() == pytest.approx([stats.chi2.sf(float(statistic), 1)])


def test_fleming_harrington_weights_use_the_curve_just_before_each_time():
    """Pooled survival before months 1, 2: 1, 3/4; gamma = 1 weights them 0, 1/4."""
    frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True] * 4, "group": list("aabb")})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")

    late = logrank_test(sample, by="group", gamma=1).tidy()
    early = logrank_test(sample, by="group", rho=1).tidy()

    excess_late = Fraction(1, 4) * (1 - Fraction(1, 3))
    excess_early = (1 - Fraction(1, 2)) + Fraction(3, 4) * (1 - Fraction(1, 3))
    variance_early = Fraction(1, 4) + Fraction(9, 16) * Fraction(2, 9)
    assert late["statistic"].tolist() == exact(excess_late**2 / (Fraction(1, 16) * Fraction(2, 9)))
    assert early["statistic"].tolist() == exact(excess_early**2 / variance_early)


def five():
    """Five at risk, three with x = 1, on the scale of the model's rows."""
    frame = pd.DataFrame(
        {
            "months": [1, 1, 2, 2, 2],
            "exited": [True, True, False, False, False],
            "x": [1, 1, 1, 0, 0],
        }
    )
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    return model_rows(sample, "x", cause=None, strata=None)


def test_efron_score_and_information_at_zero():
    """Five at risk, three with x = 1; two of these three exit together.

    Efron's shares of x = 1 are 3/5 for the first and (3 - 1)/(5 - 1) for the second exit.
    """
    rows = five()

    fit = likelihood(np.zeros(1), rows, ties="efron")

    first, second = Fraction(3, 5), Fraction(2, 4)
    assert fit.value == pytest.approx(-log(5 * 4))
    assert (fit.score * rows.scale).tolist() == exact(2 - first - second)
    information = first * (1 - first) + second * (1 - second)
    assert (fit.information[0] * rows.scale**2).tolist() == exact(information)


def test_breslow_score_and_information_at_zero():
    rows = five()

    fit = likelihood(np.zeros(1), rows, ties="breslow")

    share = Fraction(3, 5)
    assert fit.value == pytest.approx(-log(5 * 5))
    assert (fit.score * rows.scale).tolist() == exact(2 - 2 * share)
    assert (fit.information[0] * rows.scale**2).tolist() == exact(2 * share * (1 - share))


def test_cox_of_three_persons_has_a_closed_form():
    """Exits x = 0, 1, 0 with r = exp(beta): L = 1/(2 + r) r/(r + 1), so r^2 = 2."""
    frame = pd.DataFrame({"months": [1, 2, 3], "exited": [True] * 3, "x": [0, 1, 0]})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")

    fit = cox(sample, "x")

    assert fit.tidy()["estimate"].tolist() == pytest.approx([log(2) / 2], rel=1e-12)
    ratio = sqrt(2)
    assert fit.glance()["log_likelihood"][0] == pytest.approx(
        log(ratio / ((2 + ratio) * (ratio + 1)))
    )


def test_occupation_of_four_persons_with_a_relapse_and_a_censoring():
    """Support to work by month 1: 2 of 4. Then work stays 1 of 2, support moves 1 of 1 observed."""
    months = np.array([[0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, -1]])
    people = pd.DataFrame({"person_id": list("abcd")})
    history = StateHistory.from_matrix(months, ["support", "work"], people)

    result = occupation(history)

    work_2 = Fraction(1, 2) * Fraction(1, 2) + Fraction(1, 2) * 1
    work = result.tidy().query("state == 'work'")
    assert work["estimate"].tolist() == exact(0, Fraction(1, 2), work_2)
    assert work["n_observed"].tolist() == [4, 4, 3]
    assert work["std_error"].tolist()[1] == pytest.approx(sqrt(Fraction(1, 4) / 4))
    assert result.support["k"].tolist() == [4, 2, 1, 0, 2, 2]


def test_state_at_and_time_in_state_of_four_persons():
    months = np.array([[0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, -1]])
    people = pd.DataFrame({"person_id": list("abcd")})
    history = StateHistory.from_matrix(months, ["support", "work"], people)

    share = state_at(history, state="work", horizon=2)
    time = time_in_state(history, state="work", horizon=2)

    assert share.tidy()["estimate"].tolist() == exact(Fraction(3, 4))
    assert {name: values.tolist() for name, values in share.support.items()} == {
        "n": [3],
        "k": [2],
        "complement": [1],
    }
    assert time.tidy()["estimate"].tolist() == exact(Fraction(1, 2))
