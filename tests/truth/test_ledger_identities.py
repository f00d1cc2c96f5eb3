"""The ledger's identity on random double-entry rows, and what breaks it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.economics import ledger, pay_off
from evalkit.economics.entries import RESOURCES, balances, entries, society
from evalkit.errors import EstimationError

PARTIES = np.array(["individual", "employer", "municipality", "region", "state", "insurer"])
ROWS = 10_000
ROUNDING = 1e-9  # of the gross flow

seeds = st.integers(0, 2**32 - 1)


def random_rows(seed, n=ROWS):
    """Valid rows of all kinds between six parties, amounts of very different size."""
    rng = np.random.default_rng(seed)
    payer = rng.integers(0, len(PARTIES), n)
    payee = (payer + rng.integers(1, len(PARTIES), n)) % len(PARTIES)
    kind = rng.choice(["transfer", "real_resource", "production", "tax", "intervention"], n)
    return pd.DataFrame(
        {
            "person_id": rng.integers(0, 300, n),
            "arm": rng.choice(["programme", "comparison"], n),
            "month": rng.integers(0, 25, n),
            "payer": np.where(kind == "production", "production", PARTIES[payer]),
            "payee": np.where(
                np.isin(kind, ["real_resource", "intervention"]), "resources", PARTIES[payee]
            ),
            "item": "flow",
            "kind": kind,
            "amount": np.exp(rng.normal(6, 3, n)),
            "currency": "SEK",
            "price_year": 2025,
        }
    )


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=seeds)
def test_society_is_production_less_resources_and_the_sum_over_all_parties(seed):
    rows = random_rows(seed)
    gross = rows["amount"].sum()
    by_kind = rows.groupby("kind")["amount"].sum()
    received = rows[rows["payee"].isin(PARTIES)]["amount"].sum()
    paid = rows[rows["payer"].isin(PARTIES)]["amount"].sum()

    total = ledger(rows).glance()["society"][0]

    produced = by_kind["production"] - by_kind["real_resource"] - by_kind["intervention"]
    assert total == pytest.approx(produced, abs=ROUNDING * gross)
    assert total == pytest.approx(received - paid, abs=ROUNDING * gross)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=seeds, dropped=st.integers(0, 2 * ROWS - 1))
def test_dropping_one_side_of_one_row_is_detected(seed, dropped):
    sides = entries(random_rows(seed))

    with pytest.raises(EstimationError, match="1 of 10000 rows have one side only"):
        balances(sides.drop(index=dropped))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=seeds, lost=st.integers(0, ROWS - 1))
def test_balances_that_lost_one_receipt_do_not_add_up_to_society(seed, lost):
    rows = random_rows(seed)
    rows.loc[lost, ["payer", "payee", "kind", "amount"]] = ["state", "region", "transfer", 5e6]
    balance = balances(entries(rows))

    assert society(balance) == pytest.approx(society(balances(entries(rows.drop(index=lost)))))
    with pytest.raises(EstimationError, match="do not add up"):
        society(balance - pd.Series({"region": 5e6}).reindex(balance.index, fill_value=0.0))


@settings(max_examples=5, deadline=None, derandomize=True)
@given(seed=seeds)
def test_pay_off_of_the_parties_adds_up_to_society_s(seed):
    rows = random_rows(seed, n=2_000)
    options = {"n_person": {"programme": 300, "comparison": 320}, "n_bootstrap": 0}

    result = pay_off(rows, **options).tidy().set_index("party")

    parties, total = result.drop(index="society"), result.loc["society"]
    gross = rows["amount"].sum()
    for column in ("cost", "gain", "net"):
        assert parties[column].sum() == pytest.approx(total[column], abs=ROUNDING * gross)
    kinds = rows.groupby(["arm", "kind"])["amount"].sum()
    per_person = {"programme": kinds["programme"] / 300, "comparison": -kinds["comparison"] / 320}
    difference = per_person["programme"] + per_person["comparison"]
    yearly = (difference["production"] - difference["real_resource"]) / 2
    assert total["gain"] == pytest.approx(yearly, abs=ROUNDING * gross)
    assert total["cost"] == pytest.approx(difference["intervention"], abs=ROUNDING * gross)


def test_transfers_and_taxes_alone_leave_society_at_zero():
    rows = random_rows(1)
    rows = rows[rows["kind"].isin(["transfer", "tax"])]

    total = ledger(rows).glance()["society"][0]

    assert total == pytest.approx(0, abs=ROUNDING * rows["amount"].sum())
    assert RESOURCES not in set(rows["payee"])
