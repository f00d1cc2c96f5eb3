"""What must hold of costs, effects and decisions whatever the numbers are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit.economics import (
    CostsAndEffects,
    StrategyDraws,
    acceptability,
    cost_utility,
    information_value,
    net_benefit,
)
from evalkit.economics.cost_utility import fieller
from evalkit.economics.two_outcomes import Joint

QUICK = settings(max_examples=40, deadline=None, derandomize=True)
SEEDS = st.integers(0, 10_000)


def sample(seed, n=24, shift=0.1, cluster=None, m=1):
    rng = np.random.default_rng(seed)
    in_programme = np.arange(n) < n // 2
    frame = pd.DataFrame({
        "id": np.arange(n), "arm": np.where(in_programme, "programme", "comparison"),
        "cost": rng.gamma(2, 500, n) + 300 * in_programme, "start": rng.normal(0.5, 0.1, n),
        "place": np.arange(n) % 8,
        **{f"q{k}": rng.normal(1.2, 0.2, n) + shift * in_programme for k in range(m)},
    })  # fmt: skip
    return CostsAndEffects.from_frame(
        frame, person="id", arm="arm", cost="cost", effect=[f"q{k}" for k in range(m)],
        baseline="start", cluster=cluster, currency="EUR",
    )  # fmt: skip


def ratio_of(result):
    return result.tidy().iloc[-1]


@QUICK
@given(seed=SEEDS)
def test_net_benefit_at_the_ratio_is_zero_and_at_fiellers_limits_just_unclear(seed):
    made = sample(seed, n=200, shift=0.3)
    row = ratio_of(cost_utility(made, n_bootstrap=0))
    assume(np.isfinite(row["conf_low"]) and row["conf_low"] > 0)

    prices = [row["conf_low"], row["estimate"], row["conf_high"]]
    table = net_benefit(made, willingness_to_pay=prices, n_bootstrap=0).tidy()

    scale = table["std_error"].max()
    assert table["estimate"][1] == pytest.approx(0, abs=1e-8 * scale)
    # At a limit of the ratio one end of the interval of the net benefit is 0.
    assert table["conf_high"][0] == pytest.approx(0, abs=1e-6 * scale)
    assert table["conf_low"][2] == pytest.approx(0, abs=1e-6 * scale)


@QUICK
@given(seed=SEEDS)
def test_net_benefit_is_a_straight_line_through_the_two_differences(seed):
    made = sample(seed)
    rows = cost_utility(made, n_bootstrap=0).tidy()
    rows = rows[(rows["adjustment"] == "adjusted") & (rows["scale"] == "difference")]

    table = net_benefit(made, willingness_to_pay=[0, 1000], n_bootstrap=0).tidy()

    cost, effect = rows["estimate"]
    assert table["estimate"].to_numpy() == pytest.approx([-cost, 1000 * effect - cost])


@QUICK
@given(seed=SEEDS)
def test_probabilities_add_up_and_end_where_only_health_counts(seed):
    rng = np.random.default_rng(seed)
    cost, effect = rng.gamma(2, 100, (50, 3)), rng.normal(1, 0.1, (50, 3))
    draws = StrategyDraws.from_arrays("abc", cost, effect, currency="EUR")

    table = acceptability(draws, willingness_to_pay=[0, 500, 1e12]).tidy()

    wide = table.pivot(index="willingness_to_pay", columns="strategy", values="probability")
    assert wide.sum(axis=1).to_numpy() == pytest.approx([1, 1, 1])
    most = np.bincount(effect.argmax(axis=1), minlength=3) / 50
    cheapest = np.bincount(cost.argmin(axis=1), minlength=3) / 50
    assert wide.loc[1e12].to_numpy() == pytest.approx(most)
    assert wide.loc[0].to_numpy() == pytest.approx(cheapest)
    assert (table.groupby("willingness_to_pay")["is_best"].sum() == 1).all()


@QUICK
@given(seed=SEEDS, price=st.floats(0, 1e6))
def test_information_is_never_worth_less_than_nothing(seed, price):
    rng = np.random.default_rng(seed)
    draws = StrategyDraws.from_arrays(
        "ab", rng.gamma(2, 100, (30, 2)), rng.normal(1, 0.1, (30, 2)), currency="EUR"
    )

    assert information_value(draws, willingness_to_pay=[price]).tidy()["estimate"][0] >= 0


def test_information_is_worth_nothing_without_uncertainty():
    draws = StrategyDraws.from_arrays("ab", [[5, 3]] * 9, [[0.4, 0.2]] * 9, currency="EUR")

    values = information_value(draws, willingness_to_pay=[0, 10, 1e6]).tidy()["estimate"]

    assert values.tolist() == [0.0, 0.0, 0.0]


def test_equal_imputed_sets_give_what_one_gives():
    one = sample(3)
    frame = one.covariates.assign(again=one.covariates["q0"])
    two = CostsAndEffects.from_frame(
        frame, person="id", arm="arm", cost="cost", effect=["q0", "again"], baseline="start",
        currency="EUR",
    )  # fmt: skip

    first, second = (cost_utility(each, n_bootstrap=0).tidy() for each in (one, two))

    pd.testing.assert_frame_equal(first, second)


def test_imputed_sets_that_differ_widen_the_interval_by_rubins_rules():
    made = sample(5, m=4)
    singles = [
        CostsAndEffects.from_frame(
            made.covariates, person="id", arm="arm", cost="cost", effect=f"q{k}", currency="EUR"
        )
        for k in range(4)
    ]

    def effect(each):
        table = cost_utility(each, n_bootstrap=0).tidy()
        rows = table[(table["measure"] == "effect") & (table["adjustment"] == "unadjusted")]
        return rows[rows["scale"] == "difference"].iloc[0]

    parts = [effect(each) for each in singles]
    within = np.mean([part["std_error"] ** 2 for part in parts])
    between = np.var([part["estimate"] for part in parts], ddof=1)
    pooled = effect(made)

    assert pooled["std_error"] ** 2 == pytest.approx(within + (1 + 1 / 4) * between)
    assert pooled["estimate"] == pytest.approx(np.mean([part["estimate"] for part in parts]))


def test_bootstrap_error_of_many_draws_is_near_the_analytic_one():
    made = sample(11, n=400)
    table = net_benefit(made, willingness_to_pay=[2000], n_bootstrap=4000).tidy()

    half = (table["boot_high"] - table["boot_low"])[0] / 2
    analytic = (table["conf_high"] - table["conf_low"])[0] / 2

    # 2.5 % points of 4000 draws: about 2 % Monte-Carlo error of the width; 3.5 of those.
    assert half == pytest.approx(analytic, rel=0.07)


def test_bootstrap_of_clusters_draws_whole_clusters():
    rng = np.random.default_rng(2)
    frame = sample(7, n=64).covariates
    shared = rng.normal(0, 0.5, 8)[frame["place"]]
    frame = frame.assign(q0=frame["q0"] + shared * (frame["arm"] == "programme"))
    made = [
        CostsAndEffects.from_frame(frame, person="id", arm="arm", cost="cost", effect="q0",
                                   cluster=cluster, currency="EUR")
        for cluster in (None, "place")
    ]  # fmt: skip

    tables = [net_benefit(each, willingness_to_pay=[1e5], n_bootstrap=999).tidy() for each in made]

    width = [(table["boot_high"] - table["boot_low"])[0] for table in tables]
    assert width[1] > 1.3 * width[0]


def test_fiellers_limits_have_the_degrees_of_freedom_that_imputation_leaves():
    """Of five sets; Barnard and Rubin's, of the cost less 200 times the effect."""
    cost, effect = np.diag([400.0, 0.0]), np.diag([0.0, 0.004])
    joint = Joint(np.array([100.0, 0.5]), cost + effect, cost / 4 + effect, 200.0, 5)
    within, between = 400 + 200**2 * 0.004, 100 + 200**2 * 0.004
    share = between / (within + between)
    observed = 201 / 203 * 200 * (1 - share)
    df = 1 / (share**2 / 4 + 1 / observed)

    low, high = fieller(joint, 0.95)

    reach = stats.t.ppf(0.975, df)
    for limit in (low, high):
        error = (500 + limit**2 * 0.008) ** 0.5
        assert abs(100 - 0.5 * limit) == pytest.approx(reach * error)
