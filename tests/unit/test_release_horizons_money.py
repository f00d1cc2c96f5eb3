"""Money of one arm or of a few months at the door: curves from month 0, horizons that end early."""

import numpy as np
import pandas as pd
import pytest

from evalkit import economics
from evalkit.release import load_profile, release
from evalkit.release.money_rows import enough_between

PERSONS, MONTHS = 40, 24
COUNT = {"n_person": {"programme": PERSONS, "comparison": PERSONS}, "months": MONTHS}


def paid(arm, n, month, payer, kind="real_resource", first=0, amount=90.0):
    """Ledger rows of so many persons of an arm, one each."""
    return [
        {"person_id": f"{arm}{person}", "arm": arm, "month": month, "payer": payer,
         "payee": "resources", "item": "x", "kind": kind, "amount": amount, "currency": "SEK",
         "price_year": 2025}
        for person in range(first, first + n)
    ]  # fmt: skip


def both(n, months, payer):
    """Rows of so many persons of each arm in each of these months."""
    return [row for month in months for arm in ("programme", "comparison")
            for row in paid(arm, n, month, payer)]  # fmt: skip


def everybody(*more, until=MONTHS):
    """Two who pay every month until one, the region also a package for all at the start."""
    rows = both(PERSONS, range(1, MONTHS + 1), "state") + both(PERSONS, range(1, until + 1), "x")
    rows += paid("programme", PERSONS, 0, "region", "intervention", amount=500.0)
    rows += both(PERSONS, range(1, MONTHS + 1), "region")
    return pd.DataFrame([*rows, *(row for own in more for row in own)])


def months_shown(frame, party, **options):
    found = release(
        economics.pay_off_curve(frame, horizon_years=2, discount_rate=0, **COUNT | options),
        "strict10",
    ).tidy()  # fmt: skip
    own = found[(found["party"] == party) & ~found["suppressed"]]
    return own["month"].astype(int).tolist()


def horizons_shown(frame, profile="strict10"):
    found = release(
        economics.net_present_value(frame, horizons=(1, 2), discount_rates=(0,), **COUNT), profile
    ).tidy()
    return {
        party: own["horizon_years"].tolist()
        for party, own in found[~found["suppressed"]].groupby("party")
    }


def outlays(at_start):
    """Forty outlays of one more payer, so many in month 0 and the others in month 1."""
    return [
        *paid("programme", at_start, 0, "municipality", "intervention"),
        *paid("programme", PERSONS - at_start, 1, "municipality", "intervention", at_start),
        *both(PERSONS, range(1, MONTHS + 1), "municipality"),
    ]


@pytest.mark.parametrize(("at_start", "first"), [(3, 6), (12, 0)])
def test_the_outlays_of_few_in_month_0_are_not_those_of_nobody(at_start, first):
    """Nobody in the comparison arm has an outlay, so of two arms the smaller number is 0."""
    assert months_shown(everybody(outlays(at_start)), "municipality")[0] == first


@pytest.mark.parametrize(("others", "first"), [(4, 6), (12, 0)])
def test_what_few_else_had_in_month_0_does_not_follow_from_the_cost(others, first):
    frame = everybody(paid("programme", others, 0, "region"), both(PERSONS, [0], "state"))

    assert months_shown(frame, "region")[0] == first


@pytest.mark.parametrize(
    ("n", "shown"), [(3, [0, 6, 12]), (12, [0, 6, 12, 18]), (0, [0, 6, 12, 18])]
)
def test_flows_of_few_in_one_arm_after_the_last_shown_month(n, shown):
    """Of the two arms one has nobody then; the table less the month before would tell the few."""
    k = np.where(np.arange(MONTHS + 1) <= 18, PERSONS, 0.0)[None]
    larger = np.where(np.arange(MONTHS + 1) == 20, n, k)

    assert enough_between(k, [0, 6, 12, 18, 24], load_profile("strict10"), larger) == shown


@pytest.mark.parametrize("before", [3, 12])
def test_a_month_of_nobody_rests_on_those_who_had_flows_before_the_start(before):
    """Every month after the start takes off a mean of the time before it."""
    frame = everybody(paid("programme", before, -5, "x"), until=18)
    curve = economics.pay_off_curve(
        frame[frame["arm"] == "programme"], design="before_after", horizon_years=2, **COUNT
    )
    own = (curve.rows["party"] == "x") & (curve.rows["month"].astype(int) > 18)

    assert set(curve.support["k"][own]) == {0.0}
    assert set(curve.support["k_most"][own]) == {before}


@pytest.mark.parametrize("n", [4, 12])
def test_the_second_year_of_few_does_not_follow_from_two_horizons(n):
    frame = everybody(both(PERSONS, range(1, 13), "employer"), both(n, [20], "employer"))

    for horizons in horizons_shown(frame).values():
        assert horizons == ([2.0] if n < 10 else [1.0, 2.0])


@pytest.mark.parametrize("n", [4, 12])
def test_outlays_of_few_in_the_second_year_do_not_follow_beside_gains_of_many(n):
    frame = everybody(paid("programme", n, 20, "region", "intervention"))

    assert horizons_shown(frame)["region"] == ([2.0] if n < 10 else [1.0, 2.0])


@pytest.mark.parametrize("address", ["pay_off/curve/12", "pay_off/curve/state", "pay_off/curve"])
def test_a_plan_that_hides_some_of_the_curve_hides_early_horizons(address):
    plan = pd.DataFrame({"level": ["unit"], "code": ["a"], "block": [address]})
    profile = load_profile("strict10").for_unit(plan, "unit", "a")

    assert set(map(tuple, horizons_shown(everybody(), profile).values())) == {(2.0,)}
    assert set(map(tuple, horizons_shown(everybody()).values())) == {(1.0, 2.0)}


def test_support_of_a_horizon_that_takes_in_all_months_is_missing():
    value = economics.net_present_value(everybody(), horizons=(1, 2, 9), **COUNT)
    k = pd.Series(value.support["k"]).groupby(value.rows["horizon_years"]).min()

    assert k[1.0] == PERSONS and np.isnan(k[2.0]) and np.isnan(k[9.0])
