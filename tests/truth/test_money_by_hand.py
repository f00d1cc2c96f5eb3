"""Present values, pay-off with relapse, tariffs and type cases, worked out by hand."""

from fractions import Fraction as F

import numpy as np
import pandas as pd
import pytest

from evalkit.economics import (
    break_even_by_horizon,
    dynamic_pay_off,
    net_present_value,
    pay_off,
    pay_off_curve,
    published_ratio,
    published_residual,
    tariff_amounts,
    tariff_template,
)
from evalkit.follow_up import type_cases

EXACT = 1e-9
ONE_EACH = {"programme": 1, "comparison": 1}


def flow(arm, month, payer, payee, kind, amount):
    return {
        "arm": arm, "month": month, "payer": payer, "payee": payee, "item": kind, "kind": kind,
        "amount": float(amount), "currency": "SEK", "price_year": 2008,
    }  # fmt: skip


# The published account that the project starts from: 13.6 million a year for 120 persons.
SPLIT = {
    "state": 5.0, "municipalities": 1.1, "county councils": 2.6, "social insurance": 4.0,
    "labour market board": -0.2,
}  # fmt: skip


def test_published_total_per_person_with_the_range_of_its_rounding():
    gain, low, high = published_ratio(13.6e6, 120, half_unit=0.05e6)

    assert round(gain) == 113_333
    assert (round(low), round(high)) == (112_917, 113_750)


def test_implied_cost_is_half_a_year_s_gain():
    cost = F(13_600_000, 120) / 12 * 6

    assert round(cost) == 56_667
    assert 12 * cost / F(13_600_000, 120) == 6


def test_published_split_leaves_a_residual_that_rounding_does_not_explain():
    found = published_residual(13.6, SPLIT, half_unit=0.05)

    assert found.residual == pytest.approx(1.1, abs=EXACT)
    assert found.residual - found.low == pytest.approx(0.3, abs=EXACT)
    assert found.high - found.residual == pytest.approx(0.3, abs=EXACT)
    assert not found.is_rounding


def test_a_residual_within_the_rounding_is_said_to_be():
    assert published_residual(12.6, SPLIT).is_rounding
    assert not published_residual(12.9, SPLIT).is_rounding


@pytest.fixture
def slow_start():
    """An outlay of 100 000, a year of 1 000 more a month, then 7 500 less a month."""
    outlay = [flow("programme", 0, "municipality", "resources", "intervention", 100_000)]
    dearer = [flow("programme", m, "municipality", "resources", "real_resource", 1_000)
              for m in range(1, 13)]  # fmt: skip
    spared = [flow("comparison", m, "municipality", "resources", "real_resource", 7_500)
              for m in range(13, 61)]  # fmt: skip
    return pd.DataFrame(outlay + dearer + spared)


def test_a_hand_made_ledger_pays_off_in_27_months(slow_start):
    """112 000 to recover at 7 500 a month from month 13: after 15 months, in month 27."""
    options = {"n_person": ONE_EACH, "horizon_years": 5}
    needed = F(100_000 + 12 * 1_000, 7_500)

    row = pay_off(slow_start, **options, discount_rate=0).tidy().set_index("party").loc["society"]
    curve = pay_off_curve(slow_start, **options, discount_rate=0).tidy()

    assert 12 + -(-needed.numerator // needed.denominator) == 27
    assert row["dynamic_months"] == row["first_crossing"] == 27
    society = curve[curve["party"] == "society"].set_index("month")
    assert society["pay_off_months"].eq(27).all()
    assert society["cumulative"][26] == pytest.approx(-100_000 - 12_000 + 14 * 7_500, abs=1e-6)
    assert society["cumulative"][27] == pytest.approx(500, abs=1e-6)
    # Even gains would have taken 100 000 / (348 000 / 60) = 17 months: why the static one misleads.
    assert row["pay_off_months"] == pytest.approx(float(F(100_000 * 60, 348_000)), abs=1e-6)


def test_discounted_curve_is_the_sum_of_discounted_months(slow_start):
    rate, total, month = 0.03, -100_000.0, 0
    while total < 0:
        month += 1
        total += (-1_000 if month <= 12 else 7_500) * (1 + rate) ** (-month / 12)

    curve = pay_off_curve(slow_start, n_person=ONE_EACH, discount_rate=rate).tidy()

    society = curve[curve["party"] == "society"]
    assert society["pay_off_months"].iloc[0] == month > 27


def test_present_values_at_two_rates_and_horizons():
    """Outlay 100 at once, 60 saved at the end of each of two years."""
    rows = pd.DataFrame([
        flow("programme", 0, "region", "resources", "intervention", 100),
        flow("comparison", 12, "region", "resources", "real_resource", 60),
        flow("comparison", 24, "region", "resources", "real_resource", 60),
    ])  # fmt: skip

    table = net_present_value(
        rows, n_person=ONE_EACH, horizons=(1, 2), discount_rates=(0, 0.05)
    ).tidy().set_index(["party", "horizon_years", "discount_rate"])  # fmt: skip

    row = table.loc[("region", 2.0, 0.05)]
    gain = F(60) / F(21, 20) + F(60) / F(21, 20) ** 2
    factor = F(1, 20) / (1 - 1 / F(21, 20) ** 2)
    assert row["gain"] == pytest.approx(float(gain), abs=EXACT)
    assert row["net"] == pytest.approx(float(gain - 100), abs=EXACT)
    assert row["benefit_cost"] == pytest.approx(float(gain / 100), abs=EXACT)
    assert row["annuity"] == pytest.approx(float((gain - 100) * factor), abs=EXACT)
    assert row["break_even_share"] == pytest.approx(float(100 / gain), abs=EXACT)
    assert table.loc[("region", 2.0, 0.0), "annuity"] == pytest.approx(10, abs=EXACT)
    short = table.loc[("region", 1.0, 0.0)]
    assert short["net"] == pytest.approx(-40, abs=EXACT)
    assert short["reason"] == "not within 1 year"


def test_writing_off_over_three_years_bears_a_third_in_the_first():
    rows = pd.DataFrame([
        flow("programme", 0, "region", "resources", "intervention", 36),
        flow("comparison", 12, "region", "resources", "real_resource", 20),
    ])  # fmt: skip
    options = {"n_person": ONE_EACH, "discount_rates": (0,), "horizons": (1, 3)}

    cash = net_present_value(rows, **options).tidy().query("party == 'region'")
    spread = net_present_value(rows, **options, write_off_years=3).tidy()
    spread = spread.query("party == 'region'")

    assert cash["cost"].tolist() == [36, 36]
    assert spread["cost"].tolist() == pytest.approx([12, 36], abs=EXACT)
    assert spread["net"].tolist() == pytest.approx([8, -16], abs=EXACT)


def test_break_even_shares_of_the_published_account():
    """Cost half a year's gain: half of the change over one year, a quarter over two."""
    months = [*range(-12, 0), *range(1, 13)]
    rows = [flow("programme", m, "state", "individual", "transfer", 1_000 if m < 0 else 0)
            for m in months]  # fmt: skip
    rows.append(flow("programme", 0, "state", "resources", "intervention", 6_000))

    table = break_even_by_horizon(
        pd.DataFrame(rows), horizons=(0.25, 1, 2), n_person={"programme": 1}
    ).tidy().set_index(["party", "horizon_years"])  # fmt: skip

    assert table.loc["state", "break_even_share"].tolist() == pytest.approx(
        [2.0, 0.50, 0.25], abs=EXACT
    )
    assert table.loc[("state", 0.25), "reason"] == "not within 0.25 years"
    assert table.loc[("society", 1.0), "reason"] == "never"  # a benefit less is no gain for all
    assert table.loc[("individual", 1.0), "reason"] == "no outlay"
    assert table.loc[("public", 1.0), "break_even_share"] == pytest.approx(0.50, abs=EXACT)


def share_curve(values):
    return pd.DataFrame({"month": range(len(values)), "probability": [float(v) for v in values]})


def test_relapse_takes_the_gain_of_a_month_back():
    """Half support themselves in months 1 to 6, a quarter after: 10 and 5 a month against 75."""
    curve = share_curve([0] + [F(1, 2)] * 6 + [F(1, 4)] * 18)
    options = {"gain_per_month": {"municipality": 20}, "n_person": 400, "horizon_years": 2,
               "discount_rate": 0, "currency": "SEK", "price_year": 2025}  # fmt: skip

    found = dynamic_pay_off(curve, cost={"municipality": 75}, **options).tidy()
    late = dynamic_pay_off(curve, cost={"municipality": 151}, **options).tidy()

    assert found["pay_off_months"][0] == 6 + (75 - 60) // 5
    assert found["cumulative"].iloc[24] == pytest.approx(60 + 18 * 5 - 75, abs=EXACT)
    assert late["reason"][0] == "not within 2 years" and late["pay_off_months"][0] == np.inf


def test_the_comparison_s_share_is_taken_off():
    curve = pd.concat([
        share_curve([0] + [F(1, 2)] * 24).assign(arm="programme"),
        share_curve([0] + [F(3, 8)] * 24).assign(arm="comparison"),
    ])  # fmt: skip
    options = {"gain_per_month": {"state": 40}, "cost": {"state": 60}, "n_person": 100,
               "horizon_years": 2, "discount_rate": 0, "currency": "SEK",
               "price_year": 2025}  # fmt: skip

    contrast = dynamic_pay_off(curve, **options)
    alone = dynamic_pay_off(curve, **options, comparison=False)

    assert contrast.tidy()["pay_off_months"][0] == 60 / (40 * F(1, 8))
    assert alone.tidy()["pay_off_months"][0] == 60 / (40 * F(1, 2))
    assert contrast.summary["method"].startswith("contrast")
    assert alone.summary["method"].startswith("no comparison")


def test_a_step_of_the_tariff_within_a_month_is_paid_on_its_days():
    """Of 31 days from the 290th: 11 by the state, 20 by halves; at 310 a month."""
    tariffs = tariff_template("FI").assign(amount=310, price_year=2024)
    rows = pd.DataFrame({
        "benefit": "labour_market_subsidy", "date": ["2024-01-01", "2024-01-01"], "days": 31,
        "benefit_day": [290, 995], "degree": [100, 50],
    })  # fmt: skip

    found = tariff_amounts(rows, tariffs).set_index(["row", "payer"])["amount"]

    assert found[0, "state"] == float(F(310 * 11, 31) + F(310 * 20, 31) / 2)
    assert found[0, "municipality"] == float(F(310 * 20, 31) / 2)
    half = F(310, 31) / 2  # half benefit; days 995-1000 by halves, 25 days by 70 per cent
    assert found[1, "municipality"] == pytest.approx(float(half * (3 + F(7, 10) * 25)), abs=0.005)
    assert found[1].sum() == 155.0


def test_dirichlet_weights_have_the_mean_and_spread_of_theory():
    cases = pd.DataFrame({
        "type_case": ["a", "b", "c"], "party": "state", "cost": [10.0, 10.0, 10.0],
        "gain": [0.0, 60.0, 300.0], "weight": [5, 3, 2],
    })  # fmt: skip
    weight, gain, concentration = np.array([0.5, 0.3, 0.2]), cases["gain"].to_numpy(), 40

    found = type_cases(cases, concentration=concentration, n_person=50, n_draw=200_000).tidy()

    row = found.set_index("party").loc["state"]
    mean = weight @ gain
    spread = np.sqrt((weight @ gain**2 - mean**2) / (concentration + 1))
    assert row["gain"] == pytest.approx(mean, abs=EXACT)
    assert row["total_gain"] == pytest.approx(50 * mean, abs=EXACT)
    # Nearly normal at this concentration: the middle 95 % is about 2 x 1.96 of the spread wide.
    assert row["gain_high"] - row["gain_low"] == pytest.approx(2 * 1.96 * spread, rel=0.02)
    assert row["pay_off_months"] == pytest.approx(12 * 10 / mean, abs=EXACT)


def test_two_type_cases_follow_the_beta_distribution():
    """The weight of the second of two cases is beta(w c, (1 - w) c): R's qbeta(p, 6, 18)."""
    cases = pd.DataFrame({
        "type_case": ["a", "b"], "party": "state", "cost": 1.0, "gain": [0.0, 1.0],
        "weight": [3, 1],
    })  # fmt: skip

    row = type_cases(cases, concentration=24, n_person=24, n_draw=200_000).tidy().iloc[0]

    assert row["gain_low"] == pytest.approx(QBETA[0], abs=0.002)
    assert row["gain_high"] == pytest.approx(QBETA[1], abs=0.002)


QBETA = (0.1022861339, 0.4370307262)
