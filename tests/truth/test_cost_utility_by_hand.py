"""QALYs, ratios, net benefit, acceptability and the value of information, in fractions."""

from fractions import Fraction as F

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel, StateHistory
from evalkit.economics import (
    CostsAndEffects,
    StrategyDraws,
    acceptability,
    cost_utility,
    cost_utility_sample,
    information_value,
    net_benefit,
    qaly,
)

RATE = F(3, 100)


def one_person(scores, waves=(0, 6, 12, 18, 24), **columns):
    """The area under one person's curve: the same person twice in each arm."""
    frame = pd.DataFrame({"wave": waves, "score": scores, **columns}).dropna(subset="score")
    rows = [
        frame.assign(person=f"{arm}{number}", arm=arm)
        for arm in ("programme", "comparison")
        for number in (0, 1)
    ]
    return HealthPanel.from_frame(
        pd.concat(rows), person="person", wave="wave", outcome="score", arm="arm"
    )


def area_of(panel, **options):
    result = qaly(panel, **{"discount_rate": 0.03, "missing": "complete"} | options)
    return result.tidy()["estimate"][0]


def test_trapezoid_with_the_second_year_discounted():
    first = F(1, 2) * (F(4, 10) + F(5, 10)) / 2 + F(1, 2) * (F(5, 10) + F(6, 10)) / 2
    second = F(1, 2) * (F(6, 10) + F(6, 10)) / 2 + F(1, 2) * (F(6, 10) + F(8, 10)) / 2

    area = area_of(one_person([0.4, 0.5, 0.6, 0.6, 0.8]))

    assert area == pytest.approx(float(first + second / (1 + RATE)), rel=1e-12)


def test_a_piece_that_crosses_the_year_is_cut_there():
    # One line from 0.2 to 0.8 over two years: 0.5 at one year.
    first, second = (F(2, 10) + F(5, 10)) / 2, (F(5, 10) + F(8, 10)) / 2

    area = area_of(one_person([0.2, 0.8], waves=(0, 24)))

    assert area == pytest.approx(float(first + second / (1 + RATE)), rel=1e-12)


def test_from_a_later_wave_the_area_begins_there_and_ends_at_the_horizon():
    # Half a year from 0.6 at month 6 to 0.8 at month 12, and nothing after month 12.
    panel = one_person([0.4, 0.6, 0.8], waves=(0, 6, 12))

    assert area_of(panel, baseline=6, horizon_months=12) == pytest.approx(0.35, rel=1e-12)


def test_from_a_later_wave_death_is_as_late_as_it_was():
    # From 0.6 at month 6 to 0 at death in month 9: a quarter of a year at 0.3 on average.
    panel = one_person([0.4, 0.6, 0.8], waves=(0, 6, 12), gone=9)

    area = area_of(panel, baseline=6, horizon_months=12, died="gone")

    assert area == pytest.approx(0.25 * 0.3, rel=1e-12)


def test_death_at_nine_months_is_a_line_to_zero_and_nothing_after_it():
    panel = one_person([0.4, 0.6, None, None, None], died=9)

    area = area_of_dead(panel)

    expected = F(1, 2) * (F(4, 10) + F(6, 10)) / 2 + F(1, 4) * F(6, 10) / 2
    assert area == pytest.approx(float(expected), rel=1e-12)


def area_of_dead(panel):
    """Waves 12 to 24 are in the panel through two others, who are alive."""
    alive = one_person([0.5] * 5).covariates.assign(person=lambda frame: "x" + frame["person"])
    both = pd.concat([panel.covariates, alive])
    whole = HealthPanel.from_frame(both, person="person", wave="wave", outcome="score", arm="arm")
    mean = qaly(whole, missing="complete", died="died", discount_rate=0.0).tidy()["estimate"][0]
    return 2 * mean - 2 * 0.5


def test_death_from_the_states_is_the_same_as_from_the_column():
    panel = one_person([0.4, 0.6, None, None, None], died=9)
    alive = one_person([0.5] * 5).covariates.assign(person=lambda frame: "x" + frame["person"])
    both = pd.concat([panel.covariates, alive]).assign(person_id=lambda frame: frame["person"])
    whole = HealthPanel.from_frame(both, person="person", wave="wave", outcome="score", arm="arm")
    ids = both["person_id"].unique()
    state = np.zeros((len(ids), 25), dtype=int)
    state[:4, 9:] = 1
    history = StateHistory.from_matrix(state, ("support", "died"), pd.DataFrame({"person_id": ids}))

    by_column = qaly(whole, missing="complete", died="died").tidy()
    by_state = qaly(whole, missing="complete", died=history).tidy()

    pd.testing.assert_frame_equal(by_column, by_state)


def test_dates_move_the_answers_and_days_make_the_years():
    dates = pd.to_datetime(["2021-01-11", "2022-01-01", "2023-01-01"])
    panel = one_person([0.4, 0.6, 0.8], waves=(0, 12, 24), date=dates, start="2021-01-01")
    # Level for ten days, then lines; all within 730 days, which are two years of 365.
    first = F(10, 365) * F(4, 10) + F(355, 365) * (F(4, 10) + F(6, 10)) / 2
    second = (F(6, 10) + F(8, 10)) / 2

    area = area_of(panel, date="date", start="start", days_in_year=365, discount_rate=0.0)

    assert area == pytest.approx(float(first + second), rel=1e-12)


def test_a_gap_is_bridged_only_where_said_and_never_at_the_end():
    bridged = one_person([0.4, None, 0.6, None, 0.8]).covariates
    full = one_person([0.5] * 5).covariates.assign(person=lambda frame: "x" + frame["person"])
    short = one_person([0.9, 0.9, 0.9, 0.9, None]).covariates.assign(
        person=lambda frame: "y" + frame["person"]
    )
    panel = HealthPanel.from_frame(
        pd.concat([bridged, full, short]), person="person", wave="wave", outcome="score", arm="arm"
    )

    complete = qaly(panel, missing="complete", discount_rate=0.0)
    lines = qaly(panel, missing="interpolate", discount_rate=0.0)

    assert complete.tidy()["estimate"][0] == pytest.approx(1.0, rel=1e-12)
    mean = (F(1) + (F(4, 10) + F(6, 10)) / 2 + (F(6, 10) + F(8, 10)) / 2) / 2
    assert lines.tidy()["estimate"][0] == pytest.approx(float(mean), rel=1e-12)
    assert (complete.summary["n_left_out"], lines.summary["n_left_out"]) == (8, 4)


def four(cost=(90, 110, 50, 70), effect=(1.5, 1.7, 1.2, 1.4)):
    frame = pd.DataFrame({
        "id": range(4), "arm": ["programme"] * 2 + ["comparison"] * 2,
        "cost": np.array(cost, float), "qaly": effect,
    })  # fmt: skip
    return CostsAndEffects.from_frame(
        frame, person="id", arm="arm", cost="cost", effect="qaly", currency="SEK"
    )


def test_differences_errors_and_ratio_of_four_persons():
    table = cost_utility(four(), n_bootstrap=0).tidy().set_index(["adjustment", "measure", "term"])

    cost = table.loc[("unadjusted", "cost", "programme - comparison")]
    effect = table.loc[("unadjusted", "effect", "programme - comparison")]
    assert cost["estimate"] == pytest.approx(40)
    assert effect["estimate"] == pytest.approx(float(F(3, 10)))
    # s^2 of each pair is half the squared distance; Welch: sum of s^2 / n.
    assert cost["std_error"] ** 2 == pytest.approx(float(F(400, 2) / 2 * 2))
    assert effect["std_error"] ** 2 == pytest.approx(float(F(4, 100) / 2 / 2 * 2))
    icer = table.loc[("adjusted", "icer", "programme - comparison")]
    assert icer["estimate"] == pytest.approx(float(F(40) / F(3, 10)))


def test_net_benefit_at_the_ratio_is_nothing():
    table = net_benefit(four(), willingness_to_pay=[0, 400 / 3, 200], n_bootstrap=0).tidy()

    assert table["estimate"].to_numpy() == pytest.approx([-40, 0, 20], abs=1e-9)


@pytest.mark.parametrize(
    ("cost", "effect", "quadrant", "has_ratio"),
    [
        ((90, 110, 50, 70), (1.5, 1.7, 1.2, 1.4), "more_effect_more_cost", True),
        ((50, 70, 90, 110), (1.5, 1.7, 1.2, 1.4), "more_effect_less_cost", False),
        ((90, 110, 50, 70), (1.2, 1.4, 1.5, 1.7), "less_effect_more_cost", False),
        ((50, 70, 90, 110), (1.2, 1.4, 1.5, 1.7), "less_effect_less_cost", True),
        ((50, 70, 50, 70), (1.2, 1.4, 1.5, 1.7), "no_difference", False),
    ],
)
def test_a_ratio_is_given_only_where_both_go_the_same_way(cost, effect, quadrant, has_ratio):
    result = cost_utility(four(cost, effect), n_bootstrap=0)

    row = result.tidy().iloc[-1]
    assert result.summary["quadrant"] == quadrant
    assert np.isfinite(row["estimate"]) == has_ratio
    assert has_ratio or row["reason"] == quadrant


def test_acceptability_frontier_and_information_of_four_draws():
    draws = StrategyDraws.from_arrays(
        ["new", "old"], [[30, 0]] * 4, [[0.5, 0.0], [0.4, 0.0], [0.2, 0.0], [0.1, 0.0]],
        currency="EUR",
    )  # fmt: skip
    # At 100: 20, 10, -10, -20; the mean is 0, and the first of equals is chosen.
    table = acceptability(draws, willingness_to_pay=[50, 100, 200]).tidy()
    value = information_value(draws, willingness_to_pay=[50, 100, 200], population=10).tidy()

    new = table[table["strategy"] == "new"]
    assert new["probability"].tolist() == [float(F(0)), float(F(2, 4)), float(F(3, 4))]
    # At 200: 70, 50, 10, -10: 30 on average; perfect knowledge avoids the loss of 10 in one of 4.
    expected = [F(0), F(20 + 10, 4), F(10, 4)]
    assert value["estimate"].to_numpy() == pytest.approx([float(x) for x in expected], abs=1e-9)
    assert value["population_value"][2] == pytest.approx(float(10 * expected[2]))


def test_strategies_that_tie_share_the_draw():
    draws = StrategyDraws.from_arrays(["a", "b"], [[1, 1]], [[0.5, 0.5]], currency="EUR")

    table = acceptability(draws, willingness_to_pay=[10]).tidy()

    assert table["probability"].tolist() == [0.5, 0.5]


COSTS = pd.DataFrame(
    [
        # month, payer, payee, kind, amount
        (-1, "region", "resources", "intervention", 100.0),
        (3, "municipality", "individual", "transfer", 40.0),
        (13, "municipality", "individual", "transfer", 103.0),
        (13, "production", "individual", "production", 206.0),
        (14, "individual", "municipality", "tax", 51.5),
        (24, "municipality", "individual", "transfer", 999.0),
    ],
    columns=["month_from_start", "payer", "payee", "kind", "amount"],
)


@pytest.mark.parametrize(
    ("perspective", "kinds", "expected"),
    [
        ("society", None, F(100) - F(206) / (1 + RATE)),
        ("society", ["intervention"], F(100)),
        (["municipality"], None, F(40) + (F(103) - F(103, 2)) / (1 + RATE)),
        (["municipality"], ["transfer"], F(40) + F(103) / (1 + RATE)),
        (["municipality", "region"], None, F(140) + F(103, 2) / (1 + RATE)),
        (["individual"], None, -F(40) - (F(103) + F(206) - F(103, 2)) / (1 + RATE)),
    ],
)
def test_costs_by_perspective_with_the_second_year_discounted(perspective, kinds, expected):
    health = one_person([0.5] * 5)
    frame = health.covariates.assign(person_id=health.covariates["person"])
    panel = HealthPanel.from_frame(
        frame, person="person_id", wave="wave", outcome="score", arm="arm"
    )
    costs = COSTS.assign(person_id="programme0", month="2024-01", item="x", currency="SEK",
                         price_year=2024)  # fmt: skip

    sample = cost_utility_sample(panel, costs, perspective=perspective, kinds=kinds)

    spent = dict(zip(sample.covariates["person_id"], sample.cost, strict=True))
    assert spent["programme0"] == pytest.approx(float(expected), rel=1e-12)
    assert spent["programme1"] == spent["comparison0"] == 0.0
