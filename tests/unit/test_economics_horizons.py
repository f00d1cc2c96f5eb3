"""Break-even shares, present values, curves and sensitivity: options, intervals, refusals."""

import numpy as np
import pandas as pd
import pytest
from made_results import SAMPLE

from evalkit import results
from evalkit.economics import (
    break_even_by_horizon,
    dynamic_pay_off,
    ledger,
    ledger_balances,
    net_present_value,
    pay_off,
    pay_off_curve,
    person_draws,
    sensitivity,
)
from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning
from evalkit.provenance import provenance

N = 60


def made(n=N, n_cluster=10, spread=0.0):
    """Two arms; the programme costs 50 a person and saves the state 5 a month from month 1."""
    rng = np.random.default_rng(4)
    person = pd.DataFrame({"person_id": [f"p{place:03d}" for place in range(2 * n)]})
    person["arm"] = np.where(np.arange(2 * n) < n, "programme", "comparison")
    person["federation"] = np.arange(2 * n) % n_cluster
    package = person.assign(
        month=0,
        payer="municipality",
        payee="resources",
        kind="intervention",
        item="package",
        amount=np.where(person["arm"] == "programme", 50, 0.0),
    )
    support = person.merge(pd.DataFrame({"month": range(1, 25)}), how="cross").assign(
        payer="state", payee="individual", kind="transfer", item="support"
    )
    level = rng.normal(0, spread, n_cluster)[support["federation"]] if spread else 0.0
    programme = support["arm"] == "programme"
    support["amount"] = 20 - 5 * programme + level * programme + rng.uniform(0, 2, len(support))
    care = support.assign(
        payer="municipality",
        payee="resources",
        kind="real_resource",
        item="care",
        amount=np.where(programme, 4.0, 9.0),
    )
    rows = pd.concat([package, support, care], ignore_index=True)
    return rows.assign(currency="SEK", price_year=2025)


def by_party(result, **where):
    frame = result.tidy()
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return frame.set_index("party")


def test_public_finance_is_the_sum_over_public_parties_and_not_society():
    value = net_present_value(made(), horizons=(2,), discount_rates=(0,))

    rows = by_party(value)
    assert rows.index.tolist() == ["individual", "municipality", "state", "public", "society"]
    assert rows.loc["public", "net"] == pytest.approx(
        rows.loc[["municipality", "state"], "net"].sum()
    )
    assert rows.loc["society", "net"] == pytest.approx(
        rows.loc[["individual", "municipality", "state"], "net"].sum()
    )
    assert rows.loc["public", "net"] - rows.loc["society", "net"] > 100
    assert value.glance()["public"][0] == "municipality, state"


def test_what_is_public_is_an_argument_and_may_be_nothing():
    own = net_present_value(made(), horizons=(1,), public=("state",))
    none = net_present_value(made(), horizons=(1,), public=())

    assert own.summary["public"] == "state"
    rows = by_party(own, discount_rate=0.0)
    assert rows.loc["public", "net"] == pytest.approx(rows.loc["state", "net"])
    assert "public" not in set(none.tidy()["party"])


def test_present_value_agrees_with_the_pay_off_at_its_horizon_and_rate():
    rows = made()
    for beyond in ("stop", "hold"):
        value = net_present_value(rows, horizons=(5,), discount_rates=(0.03,), beyond=beyond)
        money = pay_off(rows, horizon_years=5, beyond=beyond, n_bootstrap=0)

        ours, theirs = by_party(value), by_party(money)
        for party in theirs.index:
            assert ours.loc[party, "net"] == pytest.approx(theirs.loc[party, "net"])
    assert value.summary["label"] == "assumed"


def test_the_curve_ends_at_the_net_and_has_the_month_of_the_pay_off():
    rows = made()
    curve = pay_off_curve(rows, horizon_years=2, discount_rate=0.05)
    money = pay_off(rows, horizon_years=2, discount_rate=0.05, n_bootstrap=0)

    last = by_party(curve, month=24)
    for party, row in by_party(money).iterrows():
        assert last.loc[party, "cumulative"] == pytest.approx(row["net"])
        for name, other in (("pay_off_months", "dynamic_months"), ("first_crossing",) * 2):
            np.testing.assert_equal(last.loc[party, name], row[other])
        assert last.loc[party, "reason"] == row["reason"]


@pytest.mark.parametrize("beyond", ["stop", "hold"])
def test_the_interval_of_the_curve_ends_at_that_of_the_net(beyond):
    rows, options = made(), {"horizon_years": 3, "beyond": beyond, "n_bootstrap": 200}
    last = by_party(pay_off_curve(rows, **options), month=36)

    money = by_party(pay_off(rows, **options))

    assert money["net_low"].notna().sum() > 1
    np.testing.assert_allclose(last.loc[money.index, "cumulative_low"], money["net_low"])
    np.testing.assert_allclose(last.loc[money.index, "cumulative_high"], money["net_high"])
    assert last.loc["public", "cumulative_low"] < last.loc["public", "cumulative"]


def test_the_curve_has_no_interval_where_nothing_varies_or_nobody_is_named():
    rows = made()
    start = by_party(pay_off_curve(rows, n_bootstrap=50), month=0)
    nobody = pay_off_curve(rows.drop(columns="person_id"), n_person={"programme": N,
                                                                     "comparison": N})  # fmt: skip

    limits = ["cumulative_low", "cumulative_high"]
    # Both arms pay the same in every month: what is left is rounding of amounts that cancel.
    alike = pd.concat([rows, rows[rows["month"] > 0].assign(
        payer="fund", amount=100 / 3, item="grant")])  # fmt: skip
    fund = by_party(pay_off_curve(alike, n_bootstrap=50)).loc["fund"]
    assert fund["cumulative"].abs().max() < 1e-9
    assert fund[limits].isna().all(axis=None)
    assert start[limits].isna().all(axis=None)  # all pay the same at the start
    assert nobody.tidy()[limits].isna().all(axis=None)
    assert nobody.glance()["method"][0].endswith("bootstrap 0")


def test_draws_that_are_kept_are_those_of_the_same_flows_seed_and_number():
    rows, other = made(), made(n=40)
    kept = break_even_by_horizon(rows, design="contrast", n_bootstrap=60).tidy()

    for changed in ({"seed": 1}, {"n_bootstrap": 61}):
        options = {"n_bootstrap": 60, **changed}
        again = break_even_by_horizon(rows, design="contrast", **options).tidy()
        assert (kept["conf_low"] - again["conf_low"]).abs().max() > 0
    pay_off(other, n_bootstrap=60)
    by_cluster = break_even_by_horizon(rows, design="contrast", n_bootstrap=60,
                                       cluster="federation")  # fmt: skip
    assert (kept["conf_low"] - by_cluster.tidy()["conf_low"]).abs().max() > 0
    pd.testing.assert_frame_equal(
        kept, break_even_by_horizon(rows, design="contrast", n_bootstrap=60).tidy()
    )


def test_draws_of_the_same_flows_are_made_once():
    rows, options = made(), {"n_bootstrap": 60, "seed": 5}
    before = person_draws._drawn.cache_info()

    pay_off(rows, **options)
    pay_off_curve(rows, **options)
    break_even_by_horizon(rows, design="contrast", **options)

    after = person_draws._drawn.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)


def test_too_few_clusters_are_told_of_each_time():
    rows = made(n_cluster=3)
    for estimator in (pay_off, pay_off_curve, pay_off):
        with pytest.warns(SmallSampleWarning, match="3 clusters are too few to draw"):
            estimator(rows, cluster="federation", n_bootstrap=20)


def test_support_of_the_curve_counts_persons_with_a_flow_in_the_month():
    rows = made()
    few = rows[(rows["payer"] != "state") | (rows["month"] != 7) | (rows["person_id"] < "p004")]

    curve = pay_off_curve(few, horizon_years=3)

    table = curve.tidy()[["party", "month"]].assign(k=curve.support["k"])
    state = table[table["party"] == "state"].set_index("month")["k"]
    assert state[6] == N and state[0] == 0
    assert state[7] == 0  # nobody of the comparison arm is left in that month
    assert np.isnan(state[25])
    society = table[table["party"] == "society"].set_index("month")["k"]
    assert society[7] == N  # care goes on


def test_break_even_shares_fall_with_the_horizon_and_have_an_interval():
    result = break_even_by_horizon(made(), design="contrast", horizons=(1, 2), n_bootstrap=200)

    rows = by_party(result).loc["society"]
    assert rows["break_even_share"].iloc[0] == pytest.approx(2 * rows["break_even_share"].iloc[1])
    assert (rows["conf_low"] <= rows["break_even_share"] + 1e-9).all()
    assert rows["break_even_share"].iloc[0] == pytest.approx(50 / (5 * 12))
    assert by_party(result).loc["state", "break_even_share"].isna().all()
    assert (
        break_even_by_horizon(made(), design="contrast", n_bootstrap=0)
        .tidy()[["conf_low", "conf_high"]]
        .isna()
        .all(axis=None)
    )


def width(result, party="public"):
    row = by_party(result).loc[party]
    return float((row["conf_high"] - row["conf_low"]).iloc[0])


def test_clusters_that_differ_widen_the_interval():
    rows = made(spread=2.0)
    options = {"design": "contrast", "horizons": (1, 2), "n_bootstrap": 400}

    persons = break_even_by_horizon(rows, **options)
    clusters = break_even_by_horizon(rows, **options, cluster="federation")

    assert width(clusters) > 1.5 * width(persons)
    assert clusters.summary["n_cluster"] == 10
    np.testing.assert_array_equal(
        clusters.rows["break_even_share"], persons.rows["break_even_share"]
    )


def test_clusters_that_are_all_alike_leave_no_interval():
    rows = made()
    rows.loc[rows["item"] == "support", "amount"] = 20.0
    options = {"design": "contrast", "horizons": (1, 2), "n_bootstrap": 50}

    result = break_even_by_horizon(rows, **options, cluster="federation")

    assert width(result, "municipality") == pytest.approx(0, abs=1e-9)


def test_few_clusters_draw_persons_and_warn():
    rows = made(n_cluster=5)
    options = {"design": "contrast", "n_bootstrap": 100}

    with pytest.warns(SmallSampleWarning, match="5 clusters are too few"):
        few = break_even_by_horizon(rows, **options, cluster="federation")

    persons = break_even_by_horizon(rows, **options)
    np.testing.assert_array_equal(few.rows["conf_low"], persons.rows["conf_low"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="federation"), "federation: no such column"),
        (lambda rows: rows.assign(federation=1), "federation: 1 cluster"),
        (lambda rows: rows.assign(federation=np.arange(len(rows))), "of 120 persons have none"),
        (lambda rows: rows.assign(federation=rows["federation"].where(rows["person_id"] > "p001")),
         "federation: 2 of 120 persons have none"),
        (lambda rows: rows.replace({"payer": {"state": "public"}}), "'public' is a sum"),
    ],
)  # fmt: skip
def test_clusters_and_sums_that_are_none_are_refused(change, message):
    with pytest.raises(EstimationError, match=message):
        break_even_by_horizon(change(made()), design="contrast", cluster="federation")


def test_a_ledger_can_be_read_from_every_perspective():
    rows = made()
    whole = ledger_balances(rows)
    from_result = ledger_balances(ledger(rows))

    pd.testing.assert_frame_equal(whole.tidy(), from_result.tidy())
    support = pd.Series(
        whole.support["n"], pd.MultiIndex.from_frame(whole.tidy()[["party", "kind"]])
    )
    assert support["municipality", "intervention"] == N
    assert support["society", "all"] == 2 * N
    kinds = whole.tidy().set_index(["party", "kind"])["balance"]
    assert kinds["society", "transfer"] == 0
    assert kinds["society", "all"] == pytest.approx(whole.summary["society"])


def test_shared_flows_have_no_person_behind_a_balance():
    rows = made().drop(columns="person_id")

    assert np.isnan(ledger_balances(rows).support["n"]).all()


def test_sensitivity_moves_one_assumption_and_puts_the_widest_first():
    found = sensitivity(
        made(), horizon_years=2, party="society",
        ranges={"package": (0.9, 1.1), "horizon_years": (1, 4), "share_due": (0.5, 1.0),
                "discount_rate": (0, 0.1), "support": (0.5, 2.0)},
    )  # fmt: skip

    table = found.tidy().set_index("parameter")
    base = found.summary["base"]
    assert base == pytest.approx(50 / 120)
    assert found.tidy()["parameter"][0] == "horizon_years"
    assert table.loc["package", ["at_low", "at_high"]].tolist() == pytest.approx(
        [0.9 * base, 1.1 * base]
    )
    assert table.loc["share_due", ["at_low", "at_high"]].tolist() == pytest.approx([2 * base, base])
    # A benefit less is no gain for all, and an undiscounted share knows no rate.
    assert table.loc[["support", "discount_rate"], ["at_low", "at_high"]].eq(base).all(axis=None)
    assert table["unit"].to_dict() == {
        "package": "factor", "horizon_years": "years", "share_due": "share",
        "discount_rate": "share", "support": "factor",
    }  # fmt: skip
    assert found.summary["label"] == "assumed"


def test_sensitivity_of_the_net_and_of_a_share_that_is_never_enough():
    net = sensitivity(made(), ranges={"package": (1, 2)}, quantity="net", discount_rate=0)
    never = sensitivity(made(), ranges={"share_due": (0, 1)})

    assert net.tidy()["at_low"][0] - net.tidy()["at_high"][0] == pytest.approx(50)
    assert never.tidy()["at_low"][0] == np.inf


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"ranges": {}}, ParameterError),
        ({"ranges": {"package": (2, 1)}}, ParameterError),
        ({"ranges": {"package": (-1, 1)}}, ParameterError),
        ({"ranges": {"horizon_years": (0, 1)}}, ParameterError),
        ({"ranges": {"package": (1, 2)}, "quantity": "gain"}, ParameterError),
        ({"ranges": {"nothing": (1, 2)}}, EstimationError),
        ({"ranges": {"package": (1, 2)}, "party": "region"}, EstimationError),
    ],
)
def test_sensitivity_refuses_what_it_does_not_know(options, error):
    with pytest.raises(error):
        sensitivity(made(), **options)


@pytest.mark.parametrize(
    "options",
    [{"horizons": ()}, {"horizons": (0,)}, {"discount_rates": (-1,)}, {"write_off_years": 0},
     {"beyond": "grow"}],
)  # fmt: skip
def test_present_values_out_of_range_are_parameter_errors(options):
    with pytest.raises(ParameterError):
        net_present_value(made(), **options)


AMOUNTS = {"gain_per_month": {"state": 10.0}, "cost": {"region": 20.0}, "currency": "SEK",
           "price_year": 2025}  # fmt: skip


def occupation(share, n=200):
    month = np.arange(len(share))
    return results.OccupationCurve(
        rows={"stratum": ["programme"] * 2 * len(share),
              "state": ["self_support"] * len(share) + ["support"] * len(share),
              "time": [*month, *month], "estimate": [*share, *(1 - np.array(share))],
              "n_observed": [n] * 2 * len(share)},
        summary={"n": n}, support={"n": [n] * 2 * len(share)},
        provenance=provenance("occupation", SAMPLE),
    )  # fmt: skip


def test_an_occupation_result_says_its_own_persons():
    share = [0.0, 0.2, 0.4, 0.4]

    from_result = dynamic_pay_off(occupation(share), **AMOUNTS)
    frame = pd.DataFrame({"month": range(4), "probability": share})
    from_frame = dynamic_pay_off(frame, **AMOUNTS, n_person=200)

    pd.testing.assert_frame_equal(from_result.tidy(), from_frame.tidy())
    assert from_result.support["k"][:5].tolist()[:4] == [0, 40, 80, 80]
    assert from_result.support["complement"][:4].tolist() == [200, 160, 120, 120]
    rows = by_party(from_result, month=0)
    assert rows.loc["region", "reason"] == "never"
    assert rows.loc["state", "reason"] == "no outlay"
    assert rows.index.tolist() == ["region", "state", "public", "society"]


def test_after_the_last_month_the_share_stops_or_stays():
    share = [0.0] + [0.5] * 12
    options = {**AMOUNTS, "cost": {"state": 100.0}, "discount_rate": 0, "horizon_years": 3}

    stop = dynamic_pay_off(occupation(share), **options)
    hold = dynamic_pay_off(occupation(share), **options, beyond="hold")

    assert by_party(stop, month=36).loc["state", "cumulative"] == -40
    assert by_party(stop, month=0).loc["state", "reason"] == "not within 3 years"
    assert by_party(hold, month=0).loc["state", "pay_off_months"] == 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="month"), "no such column: month"),
        (lambda frame: frame.iloc[1:], "not 0, 1, 2"),
        (lambda frame: frame.assign(probability=1.5), "3 of 3 are missing or outside"),
        (lambda frame: frame.assign(probability=np.nan), "3 of 3 are missing or outside"),
        (lambda frame: pd.concat([frame.assign(arm="a"), frame.assign(arm="b")]), "2 groups"),
    ],
)
def test_curves_that_are_none_say_why(change, message):
    frame = pd.DataFrame({"month": range(3), "probability": [0.0, 0.1, 0.2]})

    with pytest.raises(EstimationError, match=message):
        dynamic_pay_off(change(frame), **AMOUNTS, n_person=50)


def test_a_frame_needs_its_persons_and_a_curve_its_state():
    frame = pd.DataFrame({"month": range(3), "probability": [0.0, 0.1, 0.2]})

    with pytest.raises(EstimationError, match="n_person"):
        dynamic_pay_off(frame, **AMOUNTS)
    with pytest.raises(EstimationError, match="no rows of work"):
        dynamic_pay_off(occupation([0, 0.1]), **AMOUNTS, state="work")
    with pytest.raises(EstimationError, match="1 amounts are missing, or costs below 0"):
        dynamic_pay_off(frame, **{**AMOUNTS, "cost": {"region": -1.0}}, n_person=50)
