"""Costs and QALYs against R: tests/truth/r/cost_utility.R wrote tests/truth/r/cost_utility*.csv.

The data, the index lists of the bootstrap and the draws of the strategies are R's, so that both
sides compute from the same numbers.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.economics import (
    CostsAndEffects,
    StrategyDraws,
    acceptability,
    cost_utility,
    information_value,
    net_benefit,
    qaly,
)
from evalkit.economics.cost_effect_draws import Differences, differences
from evalkit.economics.two_outcomes import design_of
from evalkit.economics.utility_curves import Clock, person_qalys

FOLDER = Path(__file__).parent / "r"
R = pd.read_csv(FOLDER / "cost_utility.csv").set_index("name")["value"]
PEOPLE = pd.read_csv(FOLDER / "cost_utility_people.csv")
LISTS = pd.read_csv(FOLDER / "cost_utility_lists.csv", header=None).to_numpy() - 1
DRAWS = pd.read_csv(FOLDER / "cost_utility_draws.csv")
PANEL = pd.read_csv(FOLDER / "cost_utility_panel.csv")
CLOSED, ERRORS = 1e-8, 1e-6  # statistics by closed formulas; R prints 16 digits
PRICES = (0, 100_000, 400_000)


def people(cluster=None) -> CostsAndEffects:
    return CostsAndEffects.from_frame(
        PEOPLE, person="person", arm="arm", cost="cost", effect="effect", baseline="baseline",
        cluster=cluster, currency="SEK",
    )  # fmt: skip


def row_of(result, adjustment, measure):
    table = result.tidy().set_index(["adjustment", "measure", "term"])
    return table.loc[(adjustment, measure, "programme - comparison")]


@pytest.mark.parametrize(
    ("name", "adjustment", "cluster"),
    [
        ("plain", "unadjusted", None),
        ("adjusted", "adjusted", None),
        ("cluster", "adjusted", "cluster"),
    ],
)
@pytest.mark.parametrize("measure", ["cost", "effect"])
def test_differences_and_their_errors(name, adjustment, cluster, measure):
    result = cost_utility(people(cluster), covariates=["age", "sex"], n_bootstrap=0)

    row = row_of(result, adjustment, measure)

    assert row["estimate"] == pytest.approx(R[f"{name}_{measure}"], rel=CLOSED)
    assert row["std_error"] == pytest.approx(R[f"{name}_{measure}_error"], rel=ERRORS)


@pytest.mark.parametrize(("name", "cluster"), [("adjusted", None), ("cluster", "cluster")])
def test_the_correlation_of_the_two_errors_and_the_t_interval(name, cluster):
    result = cost_utility(people(cluster), covariates=["age", "sex"], n_bootstrap=0)

    assert result.summary["correlation"] == pytest.approx(R[f"{name}_correlation"], rel=ERRORS)
    low = row_of(result, "adjusted", "cost")["conf_low"]
    assert low == pytest.approx(R[f"{name}_cost_low"], rel=ERRORS)


def test_the_plain_error_is_welchs():
    row = row_of(cost_utility(people(), n_bootstrap=0), "unadjusted", "effect")

    assert row["std_error"] == pytest.approx(R["welch_effect_error"], rel=CLOSED)


def test_the_ratio_and_fiellers_limits():
    row = row_of(cost_utility(people(), covariates=["age", "sex"]), "adjusted", "icer")

    expected = R[["icer", "icer_low", "icer_high"]].to_numpy()
    assert row[["estimate", "conf_low", "conf_high"]].to_numpy(float) == pytest.approx(
        expected, rel=ERRORS
    )


def test_net_benefit_is_the_net_benefit_regression_with_its_own_residuals():
    table = net_benefit(
        people(), willingness_to_pay=PRICES, covariates=["age", "sex"], n_bootstrap=0
    ).tidy()

    assert table["estimate"].to_numpy() == pytest.approx(
        R[[f"benefit_{price}" for price in PRICES]].to_numpy(), rel=CLOSED
    )
    assert table["std_error"].to_numpy() == pytest.approx(
        R[[f"benefit_error_{price}" for price in PRICES]].to_numpy(), rel=ERRORS
    )


def listed_draws() -> Differences:
    sample = people()
    x = design_of(sample.in_programme, sample.covariates, sample.baseline, ["age"])
    times = np.array([np.bincount(rows, minlength=len(sample)) for rows in LISTS])
    both = differences(x, sample.cost, sample.effect, times, np.zeros(len(LISTS), dtype=int))
    return Differences(both[:, 0], both[:, 1])


@pytest.mark.parametrize("row", [1, 2, 40])
def test_differences_of_listed_draws(row):
    drawn = listed_draws()

    assert drawn.cost[row - 1] == pytest.approx(R[f"draw_cost_{row}"], rel=CLOSED)
    assert drawn.effect[row - 1] == pytest.approx(R[f"draw_effect_{row}"], rel=CLOSED)


def listed_strategies() -> StrategyDraws:
    drawn, nothing = listed_draws(), np.zeros(len(LISTS))
    return StrategyDraws.from_arrays(
        ["programme", "comparison"], np.column_stack([drawn.cost, nothing]),
        np.column_stack([drawn.effect, nothing]), currency="SEK", source="bootstrap",
    )  # fmt: skip


@pytest.mark.parametrize("price", PRICES)
def test_acceptability_and_information_of_listed_draws(price):
    draws = listed_strategies()

    accepted = acceptability(draws, willingness_to_pay=[price]).tidy()["probability"][0]
    value = information_value(draws, willingness_to_pay=[price]).tidy()["estimate"][0]
    low = np.quantile(listed_draws().net_benefit(np.array([price])), 0.025)

    assert accepted == pytest.approx(R[f"accepted_{price}"], abs=1e-12)
    assert value == pytest.approx(R[f"information_{price}"], rel=CLOSED, abs=1e-6)
    assert low == pytest.approx(R[f"boot_low_{price}"], rel=CLOSED)


@pytest.mark.parametrize("price", [20_000, 60_000, 150_000])
def test_three_strategies_from_draws_of_parameters(price):
    draws = StrategyDraws.from_arrays(
        ["a", "b", "c"], DRAWS[["cost_a", "cost_b", "cost_c"]],
        DRAWS[["effect_a", "effect_b", "effect_c"]], currency="SEK",
    )  # fmt: skip

    table = acceptability(draws, willingness_to_pay=[price]).tidy()
    value = information_value(draws, willingness_to_pay=[price]).tidy()["estimate"][0]

    expected = R[[f"best_{name}_{price}" for name in "abc"]].to_numpy()
    assert table["probability"].to_numpy() == pytest.approx(expected, abs=1e-12)
    frontier = table.loc[table["is_best"], "probability"].tolist()
    assert frontier == pytest.approx([R[f"frontier_{price}"]], abs=1e-12)
    assert value == pytest.approx(R[f"evpi_{price}"], rel=CLOSED, abs=1e-6)


def panel() -> HealthPanel:
    frame = PANEL.assign(
        date=pd.Timestamp("2021-03-01") + pd.to_timedelta(PANEL["days"], unit="D"),
        start=pd.Timestamp("2021-03-01"),
        arm=np.where(PANEL["person"] <= 7, "programme", "comparison"),
    )
    return HealthPanel.from_frame(frame, person="person", wave="wave", outcome="score", arm="arm")


def test_areas_with_dates_gaps_deaths_and_discounting():
    found = person_qalys(
        panel(), horizon_months=24, baseline=0, missing="interpolate", imputed=None, died="died",
        clock=Clock(2.0, 365.25, 0.03, "date", "start"),
    )  # fmt: skip

    expected = R[[f"qaly_{person}" for person in range(1, 16)]].to_numpy()
    assert found.qaly[0] == pytest.approx(expected, rel=CLOSED, abs=1e-10)


def test_complete_cases_are_those_of_r_without_the_two_gaps():
    result = qaly(panel(), missing="complete", died="died", date="date", start="start")

    people_kept = [person for person in range(1, 16) if person not in (13, 14)]
    kept = R[[f"qaly_{person}" for person in people_kept]].to_numpy()
    table = result.tidy().set_index(["adjustment", "term"])["estimate"]
    assert table["unadjusted", "programme"] == pytest.approx(kept[:7].mean(), rel=CLOSED)
    assert table["unadjusted", "comparison"] == pytest.approx(kept[7:].mean(), rel=CLOSED)
    assert result.summary["n_left_out"] == 2
