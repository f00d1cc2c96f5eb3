"""What the pay-off refuses, and the shapes of input that it takes."""

import numpy as np
import pandas as pd
import pytest

from evalkit.economics import break_even_share, ledger, pay_off
from evalkit.errors import EstimationError, ParameterError


@pytest.fixture
def rows():
    rng = np.random.default_rng(3)
    persons = pd.DataFrame({"person_id": [f"p{i:03d}" for i in range(60)]})
    persons["arm"] = np.where(np.arange(60) < 30, "programme", "comparison")
    package = persons.assign(
        month=0, payer="municipality", payee="resources", kind="intervention",
        amount=np.where(persons["arm"] == "programme", 50.0, 10.0),
    )  # fmt: skip
    support = persons.merge(pd.DataFrame({"month": range(1, 25)}), how="cross").assign(
        payer="state", payee="individual", kind="transfer"
    )
    support["amount"] = rng.gamma(4, np.where(support["arm"] == "programme", 20, 25))
    work = support.assign(payer="production", payee="individual", kind="production")
    work["amount"] = rng.gamma(2, np.where(support["arm"] == "programme", 12, 10))
    rows = pd.concat([package, support, work], ignore_index=True)
    return rows.assign(item=rows["kind"], currency="SEK", price_year=2025)


def test_every_party_has_a_row_and_society_is_last(rows):
    result = pay_off(rows, n_bootstrap=50)

    assert result.tidy()["party"].tolist() == ["individual", "municipality", "state", "society"]
    assert result.support["n"].tolist() == [30] * 4
    glance = result.glance().iloc[0]
    assert glance[["n", "currency", "price_year", "label"]].tolist() == [
        60, "SEK", 2025, "description",
    ]  # fmt: skip
    assert glance["society"] == result.tidy()["net"].iloc[-1]


def test_support_of_a_party_counts_the_persons_with_a_flow_in_the_window(rows):
    arm = rows["person_id"].str[1:].astype(int) % 30  # 0 to 29 in either arm
    programme = rows["arm"] == "programme"
    state = rows["payer"] == "state"
    few = rows[~state | (arm < np.where(programme, 3, 7))]
    late = few["payer"] == "state"
    blank = late & (few["person_id"] == "p000")

    assert behind(pay_off(few, n_bootstrap=0))["state"] == 3
    assert behind(pay_off(few, n_bootstrap=0))["individual"] == 30
    assert behind(pay_off(few, n_bootstrap=0))["society"] == 30
    # Flows of nothing, and those after the months asked for, are none.
    nothing = few.assign(amount=few["amount"].where(~blank, 0.0))
    assert behind(pay_off(nothing, n_bootstrap=0))["state"] == 2
    after = few[~late | (few["month"] > 12)]
    assert behind(pay_off(after, months=12, n_bootstrap=0))["state"] == 0
    # The arm without a flow counts as nobody.
    one_arm = few[~late | (few["arm"] == "programme")]
    assert behind(pay_off(one_arm, n_bootstrap=0))["state"] == 0


def test_support_before_and_after_counts_both_sides_of_the_start(rows):
    of_two = rows["person_id"].isin(["p000", "p001"]) & (rows["month"] > 0)
    before = rows[of_two & (rows["payer"] == "state")].assign(
        month=lambda frame: -frame["month"], payer="region"
    )

    persons = behind(pay_off(pd.concat([rows, before]), design="before_after", n_bootstrap=0))

    assert persons.to_dict() == {
        "individual": 30, "municipality": 30, "region": 2, "state": 30, "society": 30,
    }  # fmt: skip


def test_support_of_flows_of_nobody_in_particular_is_the_arm(rows):
    budget = rows.assign(person_id=rows["person_id"].where(rows["kind"] != "intervention"))
    sizes = {"programme": 40, "comparison": 50}

    persons = behind(pay_off(budget, n_person=sizes, n_bootstrap=0))
    cases = behind(pay_off(rows.drop(columns="person_id"), n_person=sizes))

    assert persons.to_dict() == {
        "individual": 30, "municipality": 40, "state": 30, "society": 30,
    }  # fmt: skip
    assert set(cases) == {40}


def behind(result):
    """Persons behind each party."""
    return pd.Series(result.support["n"], result.tidy()["party"])


def test_the_interval_holds_the_estimate_and_repeats_with_the_seed(rows):
    first = pay_off(rows, n_bootstrap=200).tidy().set_index("party").loc["society"]
    again = pay_off(rows, n_bootstrap=200).tidy().set_index("party").loc["society"]
    other = pay_off(rows, n_bootstrap=200, seed=1).tidy().set_index("party").loc["society"]

    assert first["pay_off_low"] < first["pay_off_months"] < first["pay_off_high"]
    assert first["net_low"] < first["net"] < first["net_high"]
    pd.testing.assert_series_equal(first, again)
    assert other["pay_off_low"] != first["pay_off_low"]


def test_a_party_without_outlay_has_no_interval(rows):
    state = pay_off(rows, n_bootstrap=50).tidy().set_index("party").loc["state"]

    assert state[["pay_off_months", "pay_off_low", "pay_off_high", "dynamic_low"]].isna().all()
    assert state["reason"] == "no outlay"
    assert state["net_low"] < state["net"] < state["net_high"]


def test_type_cases_have_no_interval(rows):
    cases = rows.drop(columns="person_id").assign(n_person=30)

    result = pay_off(cases)

    persons = pay_off(rows, n_bootstrap=0)
    assert result.tidy()[["pay_off_low", "pay_off_high"]].isna().all(axis=None)
    assert result.tidy()[["net_low", "net_high"]].isna().all(axis=None)
    np.testing.assert_allclose(result.tidy()["gain"], persons.tidy()["gain"])
    assert result.glance()["method"][0].endswith("bootstrap 0")


def test_shared_costs_are_spread_over_the_arm_and_do_not_vary(rows):
    shared = rows["kind"] == "intervention"
    budget = (
        rows[shared]
        .groupby("arm", as_index=False)
        .agg(
            {name: "first" for name in ("month", "payer", "payee", "kind", "item")}
            | {"amount": "sum"}
        )
    )
    budget = budget.assign(currency="SEK", price_year=2025, person_id=None)
    mixed = pd.concat([rows[~shared], budget], ignore_index=True)

    ours = pay_off(mixed, n_bootstrap=50).tidy()

    expected = pay_off(rows, n_bootstrap=50).tidy()
    pd.testing.assert_frame_equal(ours, expected)


def test_months_are_counted_from_start_where_the_column_is_there(rows):
    calendar = rows.rename(columns={"month": "month_from_start"}).assign(month="2024-05")

    pd.testing.assert_frame_equal(
        pay_off(calendar, n_bootstrap=0).tidy(), pay_off(rows, n_bootstrap=0).tidy()
    )


def test_yearly_rows_in_arrears_give_the_same_yearly_gain(rows):
    late = rows.assign(month=np.where(rows["month"] > 0, 12 * np.ceil(rows["month"] / 12), 0))

    monthly, yearly = pay_off(rows, n_bootstrap=0).tidy(), pay_off(late, n_bootstrap=0).tidy()

    np.testing.assert_allclose(monthly["gain"], yearly["gain"])
    np.testing.assert_allclose(monthly["pay_off_months"], yearly["pay_off_months"])


def test_fewer_months_than_the_rows_hold_can_be_asked_for(rows):
    first_year = pay_off(rows, months=12, n_bootstrap=0).tidy()

    expected = pay_off(rows[rows["month"] <= 12], n_bootstrap=0).tidy()
    pd.testing.assert_frame_equal(first_year, expected)


def cost(rows, **options):
    return pay_off(rows, n_bootstrap=0, **options).tidy()["cost"].to_numpy()


def test_rows_that_were_changed_in_place_are_opened_anew(rows):
    first = cost(rows)

    rows["amount"] *= 2

    np.testing.assert_allclose(cost(rows), 2 * first)


def test_other_persons_are_not_those_of_the_last_call(rows):
    first = cost(rows)

    of_more = cost(rows, n_person={"programme": 60, "comparison": 60})

    np.testing.assert_allclose(of_more, first / 2)


def test_prices_that_were_changed_in_place_are_read_anew(rows):
    first = cost(rows)
    prices = pd.DataFrame({"year": [2025, 2026], "index": [100.0, 110.0]})
    dearer = cost(rows, price_index=prices, price_year=2026)

    prices["index"] = [100.0, 120.0]

    np.testing.assert_allclose(dearer, 1.1 * first)
    np.testing.assert_allclose(cost(rows, price_index=prices, price_year=2026), 1.2 * first)


def test_ids_of_unlike_types_that_read_alike_are_not_taken_for_each_other():
    def packages(ids):
        return pd.DataFrame({
            "person_id": pd.Series(ids, dtype=object), "month": [0, 0, 12],
            "payer": "municipality", "payee": ["resources", "resources", "individual"],
            "item": "package", "kind": ["intervention", "intervention", "transfer"],
            "amount": [20.0, 30.0, 1.0], "currency": "SEK", "price_year": 2025,
        })  # fmt: skip

    three, two = (
        cost(packages(ids), design="before_after") for ids in ([1, "1", 2], ["1", "1", "2"])
    )

    np.testing.assert_allclose(two, 1.5 * three)


def test_who_passes_on_what_comes_in_has_no_interval_of_rounding(rows):
    paid = rows[rows["kind"] == "transfer"]
    parts = [paid.assign(payer="fund", amount=share * paid["amount"]) for share in (0.1, 0.7)]
    whole = paid.assign(payee="fund", amount=(0.1 + 0.7) * paid["amount"])
    passed = pd.concat([rows, whole, *parts])

    fund = pay_off(passed, n_bootstrap=50).tidy().set_index("party").loc["fund"]

    assert abs(fund["net"]) < 1e-9
    assert fund[["net_low", "net_high"]].isna().all()


def test_a_ledger_result_is_taken_before_and_after(rows):
    before = rows[rows["kind"] != "intervention"].assign(month=lambda frame: -frame["month"])
    both = pd.concat([rows, before])
    both = both[both["arm"] == "programme"]

    from_ledger = pay_off(ledger(both), design="before_after", n_person={"programme": 30})
    from_rows = pay_off(both, design="before_after", n_bootstrap=0)

    # The first months of either side make up the twelve months before.
    np.testing.assert_allclose(from_ledger.tidy()["gain"], from_rows.tidy()["gain"])
    assert from_ledger.support["n"].tolist() == [30] * 4


def test_an_outlay_before_the_start_is_not_lost(rows):
    early = rows.assign(month=np.where(rows["kind"] == "intervention", -2, rows["month"]))

    pd.testing.assert_frame_equal(
        pay_off(early, n_bootstrap=0).tidy(), pay_off(rows, n_bootstrap=0).tidy()
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="arm"), "arm: no such column"),
        (lambda rows: rows[rows["arm"] == "programme"], "arm: no rows of comparison"),
        (lambda rows: rows.assign(arm="other"), "arm: no rows of programme, comparison"),
        (lambda rows: rows.assign(month="2024-01"), "month: 1500 of 2940 .*|month: 2940 of 2940"),
        (lambda rows: rows.assign(month=rows["month"] + 0.5), "are not whole months"),
        (lambda rows: rows.assign(month=0), "no rows after the start"),
        (lambda rows: rows.assign(n_person=range(len(rows))), "not one number for all rows"),
        (lambda rows: rows.assign(n_person=7), "7 persons given for programme, 30 in its rows"),
        (lambda rows: rows.replace("state", "society"), "'society' is a sum"),
        (lambda rows: rows.assign(payee=None), "no payer or no payee"),
    ],
)
def test_rows_that_make_no_pay_off_say_why(rows, change, message):
    with pytest.raises(EstimationError, match=message):
        pay_off(change(rows))


def test_persons_must_be_known_for_each_arm(rows):
    with pytest.raises(EstimationError, match="no number for comparison"):
        pay_off(rows, n_person={"programme": 30})
    with pytest.raises(EstimationError, match="0 persons given for programme"):
        pay_off(rows.drop(columns="person_id"))


@pytest.mark.parametrize(
    "options",
    [{"design": "cross"}, {"beyond": "grow"}, {"horizon_years": 0}, {"discount_rate": -1}],
)
def test_unknown_options_are_parameter_errors(rows, options):
    with pytest.raises(ParameterError):
        pay_off(rows, **options)


def test_break_even_share_at_its_edges():
    assert break_even_share(0, -5, 1) == 0
    assert break_even_share(10, 0, 1) == np.inf
    assert break_even_share(10, -1, 1) == np.inf
    assert break_even_share(30, 10, 2) == 1.5
    with pytest.raises(ParameterError):
        break_even_share(-1, 10, 1)
    with pytest.raises(ParameterError):
        break_even_share(1, 10, 0)
