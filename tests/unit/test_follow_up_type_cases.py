"""Type cases: weights, ranges, refusals."""

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up import type_cases


@pytest.fixture
def cases():
    return pd.DataFrame({
        "type_case": ["a", "a", "b", "c"], "party": ["state", "region", "state", "state"],
        "cost": [10.0, 20.0, 10.0, 10.0], "gain": [100.0, -5.0, 0.0, 40.0],
        "weight": [2, 2, 1, 1],
    })  # fmt: skip


def rows(cases, **options):
    options = {"concentration": 20, "n_person": 24, "n_draw": 500, **options}
    return type_cases(cases, **options).tidy().set_index("party")


def test_parties_add_up_to_society_and_a_party_without_a_row_has_nothing(cases):
    table = rows(cases)

    assert table.loc["state", ["cost", "gain"]].tolist() == [10, 60]
    assert table.loc["region", ["cost", "gain"]].tolist() == [10, -2.5]
    for name in ("cost", "gain", "net", "total_cost", "total_gain"):
        assert table.loc["society", name] == pytest.approx(
            table.loc[["state", "region"], name].sum()
        )
    assert table["reason"].to_dict() == {"region": "never", "state": "", "society": ""}
    assert table.loc["region", "pay_off_months"] == np.inf


def test_weights_may_be_numbers_or_shares(cases):
    shares = cases.assign(weight=cases["weight"] / 4)

    pd.testing.assert_frame_equal(rows(cases), rows(shares))


def test_more_knowledge_narrows_the_range_and_the_mean_stays(cases):
    wide, narrow = rows(cases, concentration=5), rows(cases, concentration=500)

    def width(table):
        return table.loc["state", "gain_high"] - table.loc["state", "gain_low"]

    assert width(narrow) < width(wide) / 5
    assert narrow.loc["state", "gain"] == wide.loc["state", "gain"]
    assert wide.loc["state", "cost_low"] == pytest.approx(10)  # all cases cost the same


def test_a_case_of_no_weight_and_no_draws(cases):
    none = cases.assign(weight=[2, 2, 1, 0])

    assert rows(none).loc["state", "gain"] == pytest.approx(200 / 3)
    assert rows(cases, n_draw=0)[["gain_low", "gain_high"]].isna().all(axis=None)


def test_who_has_no_outlay_has_no_pay_off(cases):
    table = rows(cases.assign(cost=[0.0, 20, 0, 0]))

    assert table.loc["state", "reason"] == "no outlay"
    assert np.isnan(table.loc["state", ["pay_off_months", "pay_off_low", "break_even_share"]]
                    .astype(float)).all()  # fmt: skip


def test_a_range_can_reach_never(cases):
    table = rows(cases.assign(gain=[60.0, 0, -60, -20]), concentration=4)

    assert table.loc["state", "pay_off_months"] < np.inf == table.loc["state", "pay_off_high"]


def test_the_label_is_assumed_and_the_seed_repeats(cases):
    options = {"concentration": 20, "n_person": 24, "n_draw": 100}
    first, again = (type_cases(cases, **options) for _ in range(2))

    assert first.summary["label"] == "assumed"
    assert first.summary["n_case"] == 3 and np.isnan(first.summary["n"])
    pd.testing.assert_frame_equal(first.tidy(), again.tidy())
    described = type_cases(cases, **options, n_described=5)
    assert set(described.support["n"]) == {5}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cases: cases.drop(columns="weight"), "no such column: weight"),
        (lambda cases: cases.iloc[:0], "no rows"),
        (lambda cases: cases.assign(weight=[2, 3, 1, 1]), "1 cases have several weights"),
        (lambda cases: cases.assign(weight=0), "none of 3 cases has a weight"),
        (lambda cases: pd.concat([cases, cases.iloc[[0]]]), "1 repeat a case and party"),
        (lambda cases: cases.assign(cost=-1.0), "of 4 rows 4 lack"),
        (lambda cases: cases.assign(gain=np.nan), "of 4 rows 4 lack"),
        (lambda cases: cases.assign(party="society"), "is the sum"),
    ],
)
def test_cases_that_make_no_account_say_why(cases, change, message):
    with pytest.raises(EstimationError, match=message):
        rows(change(cases))


@pytest.mark.parametrize(
    "options", [{"concentration": 0}, {"n_person": 0}, {"n_draw": -1}, {"conf_level": 1}]
)
def test_options_out_of_range_are_parameter_errors(cases, options):
    with pytest.raises(ParameterError):
        rows(cases, **options)
