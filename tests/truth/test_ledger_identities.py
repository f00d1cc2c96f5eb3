"""The ledger's identity on random double-entry rows, and what breaks it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.economics import ledger, ledger_balances, pay_off, split_amount
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
    # Flows of months 0 to 24 are those of 25 months.
    yearly = (difference["production"] - difference["real_resource"]) * 12 / 25
    assert total["gain"] == pytest.approx(yearly, abs=ROUNDING * gross)
    assert total["cost"] == pytest.approx(difference["intervention"], abs=ROUNDING * gross)


def test_transfers_and_taxes_alone_leave_society_at_zero():
    rows = random_rows(1)
    rows = rows[rows["kind"].isin(["transfer", "tax"])]

    total = ledger(rows).glance()["society"][0]

    assert total == pytest.approx(0, abs=ROUNDING * rows["amount"].sum())
    assert RESOURCES not in set(rows["payee"])


MANY = 10_000
EACH = 8  # rows of each random ledger
AT_ONCE = 2_500


def random_ledgers(seed, n):
    """Rows of n random ledgers; the parties and accounts of each bear its number."""
    rows = random_rows(seed, n=n * EACH)
    number = np.repeat(np.arange(n), EACH).astype(str)
    of_ledger = np.char.add(np.char.add(number, ":"), rows["payer"].to_numpy(dtype=str))
    to_ledger = np.char.add(np.char.add(number, ":"), rows["payee"].to_numpy(dtype=str))
    return rows.assign(payer=of_ledger, payee=to_ledger, ledger=np.repeat(np.arange(n), EACH))


def by_ledger(balance):
    """Balances as a table of ledgers by party; a party without flows has 0."""
    names = balance.index.str.split(":", expand=True)
    table = pd.Series(balance.to_numpy(), names).unstack(fill_value=0.0)
    return table.sort_index(key=lambda number: number.astype(int))


@settings(max_examples=MANY // AT_ONCE, deadline=None, derandomize=True)
@given(seed=seeds)
def test_society_is_the_sum_over_all_parties_in_each_of_many_ledgers(seed):
    rows = random_ledgers(seed, AT_ONCE)
    gross = rows.groupby("ledger")["amount"].sum().to_numpy()

    table = by_ledger(balances(entries(rows)))

    assert len(table) == AT_ONCE
    produced = -table["production"] - table["resources"]
    parties = table.drop(columns=["production", "resources"]).sum(axis=1)
    assert (np.abs(produced - parties) <= ROUNDING * gross).all()
    for number in range(0, AT_ONCE, 250):
        assert society(table.iloc[number]) == pytest.approx(
            parties.iloc[number], rel=1e-6, abs=1e-6
        )


@settings(max_examples=MANY // AT_ONCE, deadline=None, derandomize=True)
@given(seed=seeds)
def test_one_side_dropped_in_each_of_many_ledgers_is_detected_in_each(seed):
    rows = random_ledgers(seed, AT_ONCE)
    rng = np.random.default_rng(seed)
    row = np.arange(AT_ONCE) * EACH + rng.integers(0, EACH, AT_ONCE)
    side = row + len(rows) * rng.integers(0, 2, AT_ONCE)

    with pytest.raises(EstimationError, match=f"{AT_ONCE} of {len(rows)} rows have one side only"):
        balances(entries(rows).drop(index=side))


@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=seeds)
def test_perspectives_are_sums_over_the_same_flows(seed):
    rows = random_rows(seed, n=500)
    public = ("municipality", "region", "state")
    gross = rows["amount"].sum()

    table = ledger_balances(rows, public=public).tidy().set_index(["kind", "party"])["balance"]

    whole = table.loc["all"]
    assert whole["public"] == pytest.approx(whole[list(public)].sum(), abs=ROUNDING * gross)
    assert whole["society"] == pytest.approx(whole[PARTIES].sum(), abs=ROUNDING * gross)
    assert abs(table.get(("transfer", "society"), 0.0)) <= ROUNDING * gross
    assert abs(table.get(("tax", "society"), 0.0)) <= ROUNDING * gross
    assert whole["society"] == pytest.approx(
        ledger(rows).glance()["society"][0], abs=ROUNDING * gross
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    units=st.integers(0, 10**12),
    weights=st.lists(st.integers(0, 10_000), min_size=1, max_size=7).filter(sum),
)
def test_splitting_an_amount_never_loses_an_ore(units, weights):
    shares = {f"p{place}": weight / sum(weights) for place, weight in enumerate(weights)}

    parts = split_amount(units / 100, shares).to_numpy()[0]

    whole = np.rint(parts * 100).astype(int)
    assert np.abs(parts * 100 - whole).max() <= 1e-3  # whole öre, as floats can hold them
    assert whole.sum() == units
    ideal = np.array(list(shares.values())) * units
    assert (np.abs(whole - ideal) < 1 + 1e-3).all()


def test_rounding_each_part_on_its_own_would_lose_an_ore():
    """What the largest remainder is for: three thirds of 100 come to 99.99."""
    assert 3 * round(100 / 3, 2) == pytest.approx(99.99)
    assert split_amount(100, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}).sum(axis=1)[0] == 100
