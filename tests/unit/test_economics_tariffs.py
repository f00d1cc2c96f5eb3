"""Dated tariffs: what they cover, what they refuse, and the ledger that they make of spells."""

import numpy as np
import pandas as pd
import pytest

from evalkit.economics import (
    ledger,
    ledger_from_spells,
    pay_off,
    split_amount,
    tariff_amounts,
    tariff_template,
)
from evalkit.errors import EstimationError, ParameterError


def tariff(**columns):
    rows = {
        "item": ["support"], "actor": ["municipality"], "valid_from": ["2024-01-01"],
        "valid_to": [""], "day_from": [""], "day_to": [""], "share": [1.0], "amount": [3_100.0],
        "currency": ["SEK"], "price_year": [2024], "source": ["test"],
    }  # fmt: skip
    n = max([len(values) for values in columns.values()] or [1])
    return pd.DataFrame({**{name: values * n for name, values in rows.items()}, **columns})


def days(date="2024-01-01", days=31, **more):
    return pd.DataFrame({"item": ["support"], "date": [date], "days": [days], **more})


def paid(*args, **options):
    return tariff_amounts(*args, **options)["amount"].tolist()


def test_a_month_s_amount_is_shared_out_by_days_and_degree():
    assert paid(days(), tariff()) == [3_100]
    assert paid(days(days=10), tariff()) == [1_000]
    assert paid(days(days=10, degree=[25]), tariff()) == [250]
    # 31 days of January and 15 of the 29 of February.
    assert paid(days(days=46), tariff()) == [round(3_100 + 3_100 * 15 / 29, 2)]
    assert paid(days(days=46), tariff(), unit="day") == [3_100 * 46]


def test_the_tariff_of_each_day_counts():
    two = tariff(valid_from=["2024-01-01", "2024-01-21"], valid_to=["2024-01-20", ""],
                 amount=[3_100.0, 6_200.0])  # fmt: skip

    assert paid(days(), two) == [100 * 20 + 200 * 11]


def test_payers_share_to_the_smallest_unit():
    legal = tariff(actor=["state", "region", "municipality"], share=[0.5, 0.25, 0.25],
                   amount=[0.03] * 3)  # fmt: skip

    found = tariff_amounts(days(), legal).set_index("payer")["amount"]

    assert found.to_dict() == {"municipality": 0.01, "region": 0.01, "state": 0.01}
    whole = tariff_amounts(days(), legal.assign(amount=1_001), decimals=0)
    assert whole["amount"].sum() == 1_001


def test_the_legal_share_is_of_the_total():
    shares = tariff_template("SE").set_index("actor")["share"].astype(float)

    parts = split_amount(678.0, shares.to_dict())

    assert parts.iloc[0].to_dict() == {"state": 339.0, "region": 169.5, "municipality": 169.5}


def test_benefit_days_of_five_a_week_pass_a_step_later():
    steps = tariff(actor=["state", "municipality"], day_from=["", "101"], day_to=["100", ""],
                   amount=[31.0] * 2)  # fmt: skip
    rows = days(benefit_day=[91])

    calendar = tariff_amounts(rows, steps).set_index("payer")["amount"]
    weekdays = tariff_amounts(rows, steps, days_per_week={"support": 5}).set_index("payer")

    assert calendar.to_dict() == {"municipality": 21.0, "state": 10.0}
    assert weekdays["amount"].to_dict() == {"municipality": 17.0, "state": 14.0}


def test_a_date_without_tariff_is_an_error_that_names_benefit_and_date():
    rows = pd.concat([days(), days(date="2023-12-20"), days(date="2023-11-01", days=2)])

    with pytest.raises(EstimationError, match="support on 2023-11-01 .benefit day 1.") as caught:
        tariff_amounts(rows, tariff())
    assert "nor are 2 rows" in str(caught.value)
    ended = tariff(valid_to=["2024-01-15"])
    with pytest.raises(EstimationError, match="support on 2024-01-16"):
        tariff_amounts(days(), ended)
    with pytest.raises(EstimationError, match="no rows of other; 1 need them"):
        tariff_amounts(days().assign(item="other"), tariff())


def test_a_benefit_day_without_tariff_is_an_error_too():
    steps = tariff(day_to=["300"])

    assert paid(days(benefit_day=[270]), steps) == [3_100]
    with pytest.raises(EstimationError, match="support on 2024-01-31 .benefit day 301."):
        tariff_amounts(days(benefit_day=[271]), steps)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"actor": ["state", "region"], "share": [0.5, 0.4]}, "add up to 0.9, not to 1 .*2024-01"),
        ({"actor": ["state", "region"], "share": [0.5, 0.6]}, "add up to 1.1"),
        ({"valid_from": ["2024-01-01", "2024-02-01"]}, "2 rows overlap .*2024-02-01"),
        ({"day_from": ["1", "50"], "day_to": ["60", ""]}, "2 rows overlap .*benefit day 50"),
        ({"actor": ["state", "region"], "share": [0.5, 0.5], "amount": [1.0, 2.0]},
         "amount differs between the 2 actors"),
        ({"valid_to": ["2023-12-31"]}, "1 of 1 rows end before they begin"),
        ({"share": [1.5]}, "1 have a share outside"),
        ({"amount": [-1.0]}, "a negative amount"),
        ({"valid_from": ["soon"]}, "valid_from is no date in 1 of 1"),
        ({"valid_from": [""]}, "valid_from is missing in 1 rows"),
    ],
)  # fmt: skip
def test_a_tariff_that_contradicts_itself_is_refused(columns, message):
    with pytest.raises(EstimationError, match=message):
        tariff_amounts(days(), tariff(**columns))


def test_shares_that_add_up_after_a_change_of_one_actor_s_rows_are_fine():
    """The region's share changes in February, so the state's row must be cut there too."""
    rows = tariff(actor=["state", "region", "region"], share=[0.5, 0.5, 0.4],
                  valid_from=["2024-01-01", "2024-01-01", "2024-02-01"],
                  valid_to=["", "2024-01-31", ""])  # fmt: skip

    with pytest.raises(EstimationError, match="add up to 0.9.*2024-02-01"):
        tariff_amounts(days(), rows)
    assert sum(paid(days(), rows.assign(share=[0.5, 0.5, 0.5]))) == 3_100


def test_partial_shares_are_for_items_that_are_named():
    taxes = tariff(actor=["state", "region"], share=[0.2, 0.1])

    found = tariff_amounts(days(), taxes, partial=("support",)).set_index("payer")["amount"]

    assert found.to_dict() == {"region": 310.0, "state": 620.0}


def test_the_steps_from_2025_are_left_to_the_user():
    template = tariff_template("FI").assign(amount=31.0, price_year=2025)
    rows = days(date="2025-01-01").assign(item="labour_market_subsidy")

    early = tariff_amounts(rows, template).set_index("payer")["amount"]
    with pytest.raises(EstimationError, match="labour_market_subsidy is empty.*day 101.*fill in"):
        tariff_amounts(rows.assign(benefit_day=101), template)
    filled = template.assign(share=template["share"].where(template["share"] != "", "0.5"))
    late = tariff_amounts(rows.assign(benefit_day=101), filled).set_index("payer")["amount"]

    assert early.to_dict() == {"state": 31.0}
    assert late.to_dict() == {"municipality": 15.5, "state": 15.5}


def test_rehabilitation_benefit_has_no_municipal_share():
    template = tariff_template("FI").assign(amount=31.0, price_year=2025)
    rows = days(date="2025-01-01", benefit_day=[400])

    for item in ("rehabilitation_allowance", "sickness_allowance"):
        assert tariff_amounts(rows.assign(item=item), template)["payer"].tolist() == ["kela"]


def test_templates_ship_no_amounts_and_say_where_shares_come_from():
    for country in ("SE", "FI"):
        template = tariff_template(country)
        assert (template["amount"] == "").all() and (template["source"] != "").all()
    with pytest.raises(EstimationError, match="share or amount of financing is empty"):
        tariff_amounts(days().assign(item="financing"), tariff_template("SE"))
    with pytest.raises(ParameterError, match="country"):
        tariff_template("NO")


@pytest.mark.parametrize(
    "rows", [days(days=0), days(degree=[120]), days(date=""), days(benefit_day=[0])]
)
def test_rows_without_days_are_refused_by_count(rows):
    with pytest.raises(EstimationError, match="1 of 1 have no date"):
        tariff_amounts(rows, tariff())


def test_an_unknown_unit_is_refused():
    with pytest.raises(ParameterError, match="unit"):
        tariff_amounts(days(), tariff(), unit="week")


@pytest.fixture
def spells():
    return pd.DataFrame({
        "person_id": ["a", "a", "a", "b"], "benefit": "support",
        "start": ["2024-01-01", "2024-02-01", "2024-03-20", "2024-01-11"],
        "end": ["2024-01-31", "2024-02-29", "", "2024-01-20"], "degree": [100, 50, 100, 100],
    })  # fmt: skip


def test_spells_and_a_tariff_make_a_ledger(spells):
    rows = ledger_from_spells(spells, tariff(), data_cut="2024-03")

    table = rows.set_index(["person_id", "month"])["amount"]
    assert table.to_dict() == {
        ("a", "2024-01"): 3_100.0, ("a", "2024-02"): 1_550.0, ("a", "2024-03"): 1_200.0,
        ("b", "2024-01"): 1_000.0,
    }  # fmt: skip
    assert ledger(rows).glance()["society"][0] == 0
    with pytest.raises(EstimationError, match="1 of 4 rows have no end; give `data_cut`"):
        ledger_from_spells(spells, tariff())


def test_benefit_days_are_counted_over_a_person_s_spells_once(spells):
    """31 days, then 29 beside an overlapping spell of 20, then 12: the step comes on day 61."""
    beside = spells.iloc[[1]].assign(start="2024-02-10", degree=25)
    steps = tariff(actor=["state", "municipality"], day_from=["", "61"], day_to=["60", ""],
                   amount=[3_100.0] * 2)  # fmt: skip

    rows = ledger_from_spells(pd.concat([spells, beside]), steps, data_cut="2024-03")

    march = rows[rows["month"] == "2024-03"]
    assert march[["payer", "amount"]].to_numpy().tolist() == [["municipality", 1_200.0]]
    assert set(rows.loc[rows["month"] < "2024-03", "payer"]) == {"state"}


def test_months_are_counted_from_the_start_and_others_left_out(spells):
    starts = pd.DataFrame({"person_id": ["a"], "index_month": ["2024-02"], "arm": ["programme"]})

    rows = ledger_from_spells(spells, tariff(), starts=starts, data_cut="2024-03")
    inside = ledger_from_spells(spells, tariff(), starts=starts, data_cut="2024-03", window=(0, 0))

    assert rows["month_from_start"].tolist() == [-1, 0, 1]
    assert set(rows["person_id"]) == {"a"} and set(rows["arm"]) == {"programme"}
    assert inside["month"].tolist() == ["2024-02"]
    with pytest.raises(EstimationError, match="1 of 2 rows repeat a person"):
        ledger_from_spells(spells, tariff(), starts=pd.concat([starts, starts]),
                           data_cut="2024-03")  # fmt: skip


def test_packages_and_work_complete_the_ledger(spells):
    tariffs = pd.concat([
        tariff(),
        tariff(item=["package"] * 2, actor=["state", "region"], share=[0.5, 0.5],
               amount=[500.0] * 2),
        tariff(item=["work"] * 2, actor=["state", "region"], share=[0.2, 0.1],
               amount=[40_000.0] * 2),
    ])  # fmt: skip
    package = pd.DataFrame({"person_id": ["a"], "item": "package", "start": ["2024-01-01"],
                            "end": ["2024-01-31"]})  # fmt: skip
    work = pd.DataFrame({"person_id": ["b"], "start": ["2024-02-01"], "end": ["2024-02-29"],
                         "degree": [50]})  # fmt: skip

    rows = ledger_from_spells(spells, tariffs, packages=package, work=work, data_cut="2024-03")

    by_kind = rows.groupby("kind")["amount"].sum()
    assert by_kind.to_dict() == {
        "intervention": 500.0, "production": 20_000.0, "tax": 6_000.0, "transfer": 6_850.0,
    }  # fmt: skip
    assert ledger(rows).glance()["society"][0] == 20_000 - 500


def test_the_ledger_of_spells_feeds_the_pay_off():
    rng = np.random.default_rng(2)
    n = 40
    person = [f"p{place:02d}" for place in range(n)]
    start = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    length = pd.to_timedelta(rng.integers(200, 700, n), unit="D")
    spells = pd.DataFrame({"person_id": person, "benefit": "support", "start": start,
                           "end": start + length, "degree": 100})  # fmt: skip
    starts = pd.DataFrame(
        {
            "person_id": person,
            "index_month": "2024-01",
            "arm": np.where(np.arange(n) % 2, "programme", "comparison"),
        }
    )
    tariffs = tariff(valid_from=["2022-01-01"])

    rows = ledger_from_spells(spells, tariffs, starts=starts, window=(-12, 12))
    result = pay_off(rows, n_person={"programme": 20, "comparison": 20}, n_bootstrap=0)

    after = rows[rows["month_from_start"].between(0, 12)]
    mean = after.groupby("arm")["amount"].sum() / 20
    gain = result.tidy().set_index("party").loc["municipality", "gain"]
    n_month = after["month_from_start"].nunique()  # months 0 to 12: a month more than the last
    assert n_month == 13
    assert gain == pytest.approx((mean["comparison"] - mean["programme"]) * 12 / n_month)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda spells: spells.drop(columns="start"), "no such column: start"),
        (lambda spells: spells.assign(end="2023-01-01"), "4 of 4 rows have no start, or end"),
        (lambda spells: spells.assign(degree=0), "a degree is missing"),
        (lambda spells: spells.assign(benefit_day=0), "benefit_day is missing or below 1"),
    ],
)
def test_spells_that_make_no_ledger_say_why(spells, change, message):
    with pytest.raises(EstimationError, match=message):
        ledger_from_spells(change(spells), tariff(), data_cut="2024-03")


@pytest.mark.parametrize(
    ("amount", "shares"),
    [
        (1.0, {}), (1.0, {"a": 0.5}), (1.0, {"a": 1.5, "b": -0.5}),
        (-1.0, {"a": 1}), (np.nan, {"a": 1}), (1e20, {"a": 1}),
    ],
)  # fmt: skip
def test_amounts_and_shares_out_of_range_are_refused(amount, shares):
    with pytest.raises(ParameterError):
        split_amount(amount, shares)
