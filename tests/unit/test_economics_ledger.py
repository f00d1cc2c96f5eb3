"""What a ledger refuses, and how it sums."""

import numpy as np
import pandas as pd
import pytest

from evalkit.economics import ledger
from evalkit.errors import EstimationError


@pytest.fixture
def rows():
    return pd.DataFrame(
        {
            "person_id": ["a", "a", "b", "b", "b"],
            "month": [1, 1, 1, 2, 2],
            "payer": ["state", "production", "state", "employer", "region"],
            "payee": ["individual", "employer", "individual", "individual", "resources"],
            "item": ["benefit", "output", "benefit", "wage", "care"],
            "kind": ["transfer", "production", "transfer", "transfer", "real_resource"],
            "amount": [100.0, 50.0, 40.0, 45.0, 10.0],
            "currency": "SEK",
            "price_year": 2025,
        }
    )


def test_flows_are_summed_over_persons_and_counted(rows):
    result = ledger(rows)

    table, glance = result.tidy(), result.glance().iloc[0]

    benefit = table[table["item"] == "benefit"]
    assert benefit["amount"].tolist() == [140.0]
    assert result.support["n"][benefit.index[0]] == 2
    assert glance.tolist() == [2, 5, "SEK", 2025, 40.0]


def test_without_persons_the_support_is_unknown(rows):
    result = ledger(rows.drop(columns="person_id"))

    assert np.isnan(result.support["n"]).all()
    assert np.isnan(result.glance()["n"][0])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("payee", None, "1 of 5 rows: no payer or no payee"),
        ("payer", "  ", "1 of 5 rows: no payer or no payee"),
        ("payee", "state", "payer and payee are the same"),
        ("kind", "gift", "kind is not one of transfer, real_resource"),
        ("kind", "tax benefit", "kind is not one of"),
        ("kind", "real_resource", "payee must be `resources`"),
        ("kind", "intervention", "payee must be `resources`"),
        ("kind", "production", "payer must be `production`"),
        ("payee", "resources", "payee is `resources` for a kind that uses none"),
        ("payer", "production", "payer is `production` for another kind"),
        ("payer", "resources", "`resources` pays or `production` receives"),
        ("payee", "production", "`resources` pays or `production` receives"),
        ("amount", -1.0, "amount is missing or below 0"),
        ("amount", np.nan, "amount is missing or below 0"),
        ("amount", np.inf, "amount is missing or below 0"),
        ("currency", "EUR", "2 currencies"),
        ("price_year", 2020, "2 different years and no price index"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(rows, column, value, message):
    rows.loc[0, column] = value

    with pytest.raises(EstimationError, match=message):
        ledger(rows)


def test_the_rows_themselves_break_no_rule(rows):
    assert len(ledger(rows).tidy()) == 4


def test_all_faults_are_reported_at_once_by_position_and_never_by_value(rows):
    rows.loc[[0, 2], "amount"] = -7_777.0
    rows.loc[4, "payer"] = ""

    with pytest.raises(EstimationError) as caught:
        ledger(rows)

    message = str(caught.value)
    assert "1 of 5 rows: no payer or no payee" in message
    assert "2 of 5 rows: amount is missing or below 0" in message
    assert "(positions 0, 2)" in message
    assert "7777" not in message


def test_missing_columns_and_an_empty_table_are_refused(rows):
    with pytest.raises(EstimationError, match="no such column: payee, kind"):
        ledger(rows.drop(columns=["payee", "kind"]))
    with pytest.raises(EstimationError, match="no rows"):
        ledger(rows.iloc[:0])


def test_prices_of_several_years_are_brought_to_one(rows):
    rows.loc[0, "price_year"] = 2020
    index = pd.DataFrame({"year": [2020, 2025], "index": [80.0, 100.0]})

    latest = ledger(rows, price_index=index)
    earlier = ledger(rows, price_index=index, price_year=2020)

    assert latest.glance()["price_year"][0] == 2025
    assert latest.tidy()["amount"].sum() == pytest.approx(100 / 0.8 + 145)
    assert earlier.tidy()["amount"].sum() == pytest.approx(100 + 145 * 0.8)


def test_a_price_year_outside_the_index_is_refused(rows):
    index = pd.DataFrame({"year": [2025], "index": [100.0]})

    with pytest.raises(EstimationError, match="1 of 2 price years not in it"):
        ledger(rows, price_index=index, price_year=2024)


@pytest.mark.parametrize("level", [np.nan, 0.0, -80.0])
def test_a_year_without_an_index_is_refused_and_not_an_amount_of_nothing(rows, level):
    rows.loc[0, "price_year"] = 2020
    index = pd.DataFrame({"year": [2020, 2025], "index": [level, 100.0]})

    with pytest.raises(EstimationError, match="1 rows have no index above 0"):
        ledger(rows, price_index=index)


def test_a_year_that_stands_twice_in_the_index_is_refused(rows):
    rows.loc[0, "price_year"] = 2020
    index = pd.DataFrame({"year": [2020, 2025, 2025], "index": [80.0, 100.0, 101.0]})

    with pytest.raises(EstimationError, match="1 stand in two rows"):
        ledger(rows, price_index=index)
