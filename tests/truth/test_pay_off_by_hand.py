"""Pay-off of hand-made ledgers, and the published one that the project starts from."""

from fractions import Fraction as F

import numpy as np
import pandas as pd
import pytest

from evalkit.economics import break_even_by_horizon, break_even_share, pay_off, pay_off_curve

EXACT = 1e-9


def flow(arm, month, payer, payee, kind, amount, person_id=None):
    return {
        "arm": arm, "month": month, "payer": payer, "payee": payee, "item": kind, "kind": kind,
        "amount": float(amount), "currency": "SEK", "price_year": 2000, "person_id": person_id,
    }  # fmt: skip


def table(*flows):
    return pd.DataFrame(flows).dropna(axis=1, how="all")


def by_party(result):
    return result.tidy().set_index("party")


ONE_EACH = {"programme": 1, "comparison": 1}

# FRISAM 2001: 120 persons, 13.6 million a year in all, paid back in six months.
PERSONS = 120
GAIN = F(13_600_000)
COST = GAIN / 2 / PERSONS
SPLIT = {
    "state": F(5_000_000), "municipalities": F(1_100_000), "county councils": F(2_600_000),
    "social insurance": F(4_000_000), "labour market board": F(-200_000),
}  # fmt: skip


@pytest.fixture
def frisam():
    """Each authority pays less in every month after the start than before; one pays more."""
    flows = [flow("programme", 0, "state", "resources", "intervention", COST * PERSONS / 2),
             flow("programme", 0, "labour market board", "resources", "intervention",
                  COST * PERSONS / 2)]  # fmt: skip
    for party, yearly in SPLIT.items():
        for month in range(-12, 0):
            flows.append(flow("programme", month, party, "individual", "transfer", 500_000))
        for month in range(1, 13):
            paid = 500_000 - yearly / 12
            flows.append(flow("programme", month, party, "individual", "transfer", paid))
    for month in range(1, 13):
        residual = (GAIN - sum(SPLIT.values())) / 12
        lost_by_individual = sum(SPLIT.values()) / 12
        flows.append(flow("programme", month, "production", "individual", "production",
                          residual + lost_by_individual))  # fmt: skip
    return table(*flows)


def test_published_gain_is_113_333_a_person_and_comes_back_in_six_months(frisam):
    result = pay_off(
        frisam, design="before_after", n_person={"programme": PERSONS}, horizon_years=1,
        discount_rate=0,
    )  # fmt: skip

    society = by_party(result).loc["society"]

    assert society["gain"] == pytest.approx(113_333, abs=0.5)
    assert society["cost"] == pytest.approx(56_667, abs=0.5)
    assert society["pay_off_months"] == pytest.approx(6.0, abs=EXACT)
    assert society["dynamic_months"] == 6
    assert society["break_even_share"] == pytest.approx(0.50, abs=EXACT)
    assert society["net"] == pytest.approx(float(GAIN / PERSONS - COST), abs=1e-6)


def test_break_even_share_of_the_published_gain_over_one_and_two_years():
    gain = float(GAIN / PERSONS)

    assert break_even_share(56_667, gain, 1) == pytest.approx(0.50, abs=1e-5)
    assert break_even_share(56_667, gain, 2) == pytest.approx(0.25, abs=1e-5)


def test_published_split_leaves_a_residual_that_is_not_forced(frisam):
    result = pay_off(frisam, design="before_after", n_person={"programme": PERSONS})

    parties = by_party(result)
    named = parties.loc[list(SPLIT), "gain"].sum() * PERSONS

    assert named == pytest.approx(12_500_000, abs=1e-3)
    assert parties.loc["society", "gain"] * PERSONS - named == pytest.approx(1_100_000, abs=1e-3)
    assert parties.loc["individual", "gain"] * PERSONS == pytest.approx(1_100_000, abs=1e-3)


def test_an_authority_whose_payments_rose_never_gets_its_outlay_back(frisam):
    parties = by_party(pay_off(frisam, design="before_after", n_person={"programme": PERSONS}))

    board, councils = parties.loc["labour market board"], parties.loc["county councils"]

    assert board["gain"] * PERSONS == pytest.approx(-200_000, abs=1e-3)
    assert board["reason"] == "never"
    assert board[["pay_off_months", "dynamic_months", "break_even_share"]].tolist() == [np.inf] * 3
    assert councils["reason"] == "no outlay"
    assert councils[["pay_off_months", "dynamic_months", "break_even_share"]].isna().all()


def test_contrast_takes_the_comparison_arm_s_flows_and_outlay_off():
    """Support 10 less in each of 12 months, package 60 dearer: 60 / 10 = 6 months."""
    months = range(1, 13)
    frame = table(
        flow("programme", 0, "municipality", "resources", "intervention", 100),
        flow("comparison", 0, "municipality", "resources", "intervention", 40),
        *[flow("programme", m, "municipality", "individual", "transfer", 70) for m in months],
        *[flow("comparison", m, "municipality", "individual", "transfer", 80) for m in months],
    )

    parties = by_party(pay_off(frame, n_person=ONE_EACH, horizon_years=1, discount_rate=0))

    row = parties.loc["municipality"]
    assert row[
        ["cost", "gain", "net", "pay_off_months", "dynamic_months"]
    ].tolist() == pytest.approx([60, 120, 60, 6, 6], abs=EXACT)
    assert parties.loc["individual", "gain"] == pytest.approx(-120, abs=EXACT)
    assert parties.loc["society", ["gain", "net"]].tolist() == pytest.approx([0, -60], abs=EXACT)
    assert parties.loc["society", "reason"] == "never"


def test_persons_without_a_flow_count():
    frame = table(
        flow("programme", 0, "region", "resources", "intervention", 100),
        flow("programme", 12, "region", "resources", "real_resource", 300),
        flow("comparison", 12, "region", "resources", "real_resource", 900),
    )

    row = by_party(pay_off(frame, n_person={"programme": 10, "comparison": 20})).loc["region"]

    assert row["cost"] == pytest.approx(100 / 10, abs=EXACT)
    assert row["gain"] == pytest.approx(float(F(900, 20) - F(300, 10)), abs=EXACT)


def test_discounting_moves_the_pay_off_back():
    """100 now against 100 in month 12: even without a rate, and never with one."""
    frame = table(
        flow("programme", 0, "region", "resources", "intervention", 100),
        flow("programme", 12, "region", "resources", "real_resource", 0),
        flow("comparison", 12, "region", "resources", "real_resource", 100),
    )
    free = by_party(pay_off(frame, n_person=ONE_EACH, discount_rate=0)).loc["region"]
    rated = by_party(pay_off(frame, n_person=ONE_EACH, discount_rate=0.05)).loc["region"]

    assert free["dynamic_months"] == 12
    assert rated["net"] == pytest.approx(float(F(100) / F(105, 100) - 100), abs=EXACT)
    assert rated["dynamic_months"] == np.inf
    assert rated["reason"] == "not within 2 years"
    assert rated["pay_off_months"] == pytest.approx(12, abs=EXACT)


@pytest.fixture
def relapse():
    """Outlay 100, gain 60 in months 6 and 12, loss 50 in month 15, gain 40 in month 20."""
    return table(
        flow("programme", 0, "region", "resources", "intervention", 100),
        flow("comparison", 6, "region", "resources", "real_resource", 60),
        flow("comparison", 12, "region", "resources", "real_resource", 60),
        flow("programme", 15, "region", "resources", "real_resource", 50),
        flow("comparison", 20, "region", "resources", "real_resource", 40),
        flow("comparison", 24, "region", "resources", "real_resource", 0),
    )


def test_a_first_crossing_that_does_not_last_is_reported_beside_the_one_that_does(relapse):
    options = {"n_person": ONE_EACH, "discount_rate": 0}
    row = by_party(pay_off(relapse, **options)).loc["region"]
    shorter = by_party(pay_off(relapse, **options, horizon_years=1.5)).loc["region"]
    shortest = by_party(pay_off(relapse, **options, horizon_years=1)).loc["region"]

    assert row[["first_crossing", "dynamic_months"]].tolist() == [12, 20]
    assert shorter[["first_crossing", "dynamic_months"]].tolist() == [12, np.inf]
    assert shorter["reason"] == "not within 1.5 years"
    assert shortest[["first_crossing", "dynamic_months"]].tolist() == [12, 12]


def test_gains_after_the_months_followed_stop_or_hold(frisam):
    options = {"design": "before_after", "n_person": {"programme": PERSONS}, "discount_rate": 0}
    gain, cost = float(GAIN / PERSONS), float(COST)

    stop = by_party(pay_off(frisam, **options, horizon_years=5)).loc["society"]
    hold = by_party(pay_off(frisam, **options, horizon_years=5, beyond="hold")).loc["society"]

    assert stop["net"] == pytest.approx(gain - cost, abs=1e-6)
    assert hold["net"] == pytest.approx(5 * gain - cost, abs=1e-6)
    assert stop["gain"] == hold["gain"] == pytest.approx(gain, abs=1e-6)


def test_an_outlay_later_than_the_first_gain_is_paid_back_after_it():
    frame = table(
        flow("comparison", 1, "region", "resources", "real_resource", 30),
        flow("programme", 6, "region", "resources", "intervention", 50),
        flow("comparison", 12, "region", "resources", "real_resource", 40),
    )

    row = by_party(pay_off(frame, n_person=ONE_EACH, discount_rate=0)).loc["region"]

    assert row[["first_crossing", "dynamic_months"]].tolist() == [12, 12]


def test_interval_of_two_kinds_of_persons_goes_from_a_number_to_never():
    """Half of eight persons gain 480 in a year, half lose 400; the outlay is 10 each."""
    flows = [flow("comparison", 12, "region", "resources", "real_resource", 500, f"c{i}")
             for i in range(8)]  # fmt: skip
    for i in range(8):
        flows.append(flow("programme", 0, "region", "resources", "intervention", 10, f"p{i}"))
        used = 20 if i % 2 else 900
        flows.append(flow("programme", 12, "region", "resources", "real_resource", used, f"p{i}"))

    row = by_party(pay_off(table(*flows))).loc["region"]

    mean_gain = F(480 - 400, 2)
    assert row["pay_off_months"] == pytest.approx(float(12 * 10 / mean_gain), abs=EXACT)
    # With 7 or 8 of eight drawn among those who gain, the mean gain is 370 or 480.
    assert row["pay_off_low"] == pytest.approx(12 * 10 / 370, abs=EXACT)
    assert row["pay_off_high"] == np.inf
    # With 1 or 7 of eight: a gain of 500 less (20 + 7 x 900) / 8, or of 370, a year after the cost.
    assert row["net_low"] == pytest.approx(-290 / 1.03 - 10, abs=1e-9)
    assert row["net_high"] == pytest.approx(370 / 1.03 - 10, abs=1e-9)
    curve = pay_off_curve(table(*flows), horizon_years=2).tidy()
    curve = curve[curve["party"] == "region"].set_index("month")
    assert curve["cumulative_low"][:12].isna().all()  # nobody's outlay differs
    for month in (12, 24):
        assert curve["cumulative_low"][month] == pytest.approx(row["net_low"], abs=1e-9)
        assert curve["cumulative_high"][month] == pytest.approx(row["net_high"], abs=1e-9)


def monthly(arm, months, amount):
    return [flow(arm, m, "municipality", "individual", "transfer", amount) for m in months]


PACKAGE = flow("programme", 0, "municipality", "resources", "intervention", 60)


def test_payments_that_never_change_are_no_gain_and_no_loss_in_the_month_of_the_start_either():
    """15 in each of the twelve months before, in month 0, and in the twelve after."""
    frame = table(PACKAGE, *monthly("programme", range(-12, 13), 15))
    options = {"design": "before_after", "n_person": {"programme": 1}}

    row = by_party(pay_off(frame, **options, discount_rate=0)).loc["municipality"]
    shares = break_even_by_horizon(frame, **options, horizons=(1,)).tidy()

    assert row[["cost", "gain", "net"]].tolist() == pytest.approx([60, 0, -60], abs=EXACT)
    assert row["reason"] == "never"
    assert shares["gain"].tolist() == pytest.approx([0] * len(shares), abs=EXACT)


def test_thirteen_months_of_ten_less_are_a_yearly_gain_of_120_and_not_130():
    """Months 0 to 12 are thirteen months: 12 x 130 / 13."""
    frame = table(
        PACKAGE, *monthly("programme", range(13), 5), *monthly("comparison", range(13), 15)
    )

    row = by_party(pay_off(frame, n_person=ONE_EACH, discount_rate=0)).loc["municipality"]

    assert row["gain"] == pytest.approx(float(F(12 * 130, 13)), abs=EXACT)
    assert row["pay_off_months"] == pytest.approx(6, abs=EXACT)


def test_the_month_of_the_start_is_a_month_before_and_after_like_the_others():
    """15 a month before, 5 from month 0 to 11: a gain of 10 in each of twelve months."""
    frame = table(
        PACKAGE, *monthly("programme", range(-12, 0), 15), *monthly("programme", range(12), 5)
    )
    options = {"design": "before_after", "n_person": {"programme": 1}, "discount_rate": 0}

    row = by_party(pay_off(frame, **options)).loc["municipality"]

    assert row[["gain", "net", "pay_off_months"]].tolist() == pytest.approx([120, 60, 6], abs=EXACT)
