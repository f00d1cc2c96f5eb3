"""Financing, services, their link with outcomes, recommendations: shapes and refusals."""

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning
from evalkit.follow_up import (
    financing,
    implied_funds,
    recommendations,
    service_gaps,
    service_index,
    service_outcome_link,
    service_profile,
)

MONEY = pd.DataFrame({
    "federation": "F", "year": 2024, "currency": "SEK",
    "financier": ["social_insurance", "region", "municipality", "federation", "federation",
                  "federation"],
    "kind": ["funds", "funds", "funds", "own_capital", "administration", "package"],
    "budget": [60.0, 20, 20, 10, 18, 82], "outcome": [60.0, 20, 20, 10, 20, 60],
})  # fmt: skip


def rows_of(result, *keys):
    return result.tidy().set_index(list(keys))


def test_administration_is_a_part_of_spending_and_own_capital_of_nothing():
    rows = rows_of(financing(MONEY, country="SE"), "kind", "financier")

    assert rows.loc[("administration", "all"), "share_percent"] == 25
    assert rows.loc[("package", "federation"), "used_percent"] == pytest.approx(6000 / 82)
    assert np.isnan(rows.loc[("own_capital", "all"), "share_percent"])
    assert np.isnan(rows.loc[("package", "all"), "legal_share_percent"])


def test_budgets_count_where_one_outcome_is_missing():
    given = MONEY.assign(outcome=[60.0, np.nan, 20, 10, 20, 60], budget=[50.0, 25, 25, 10, 18, 82])

    rows = rows_of(financing(given, country="SE"), "kind", "financier")

    assert rows.loc[("funds", "social_insurance"), "share_percent"] == 50
    assert np.isnan(rows.loc[("funds", "all"), "outcome"])


def test_a_financier_that_the_law_does_not_name_has_no_share_there():
    given = MONEY.assign(
        financier=["social_insurance", "region", "foundation"] + ["federation"] * 3
    )

    rows = rows_of(financing(given, country="SE"), "kind", "financier")

    assert rows.loc[("funds", "foundation"), "legal_share_percent"] == 0
    assert rows.loc[("funds", "municipality"), "reason"] == "not_recorded"
    # One of the law's financiers is not recorded: nothing deviates by a known amount.
    assert rows["deviation_points"].isna().all()


def test_no_law_is_known_for_finland_and_given_shares_count():
    assert financing(MONEY, country="FI").summary["law"] == "none known"
    assert financing(MONEY, country="FI").tidy()["legal_share_percent"].isna().all()
    legal = {"social_insurance": 0.6, "region": 0.2, "municipality": 0.2}
    assert financing(MONEY, legal=legal).tidy()["deviation_points"].abs().max() == 0


def test_refusals_of_financing():
    with pytest.raises(ParameterError, match="no column kind"):
        financing(MONEY.drop(columns="kind"))
    with pytest.raises(EstimationError, match="no row"):
        financing(MONEY[:0])
    with pytest.raises(EstimationError, match="6 of 12 rows repeat"):
        financing(pd.concat([MONEY, MONEY]))
    with pytest.raises(EstimationError, match="currency: 1 federations"):
        financing(MONEY.assign(currency=["SEK"] * 5 + ["EUR"]))
    with pytest.raises(ParameterError, match="add up to 1"):
        financing(MONEY, legal={"region": 0.9})
    with pytest.raises(ParameterError, match="no shares of the law are known for `FI`"):
        implied_funds(1.0, country="FI")
    with pytest.raises(ParameterError, match="positive"):
        implied_funds(0.0)


SERVICES = pd.DataFrame(
    [
        ("007", "job_coaching", "disabled", "yes", "joint_work"),
        ("007", "escort", "disabled", "no", None),
        ("007", "escort", "substance_use", "no", None),
        ("023", "job_coaching", "disabled", "no", None),
        ("023", "escort", "disabled", "unknown", None),
        ("023", "escort", "substance_use", "yes", ""),
    ],
    columns=["municipality", "service", "target_group", "availability", "coordination"],
)


def test_coordination_of_what_does_not_exist_is_missing():
    given = SERVICES.assign(coordination="coordination")

    rows = rows_of(service_profile(given), "municipality", "service", "target_group")

    assert rows.loc[("007", "job_coaching", "disabled"), "level"] == 2
    assert np.isnan(rows.loc[("007", "escort", "disabled"), "level"])


def test_a_gap_is_known_unclear_or_none():
    gaps = rows_of(service_gaps(service_profile(SERVICES)), "municipality", "target_group")["gap"]

    assert gaps["007", "disabled"] == "no"
    assert gaps["007", "substance_use"] == "yes"
    assert gaps["023", "disabled"] == "unknown"


def test_a_group_that_nobody_lists_is_unclear_everywhere():
    gaps = service_gaps(service_profile(SERVICES), target_groups=["long_term_unemployed"])

    assert gaps.tidy()["gap"].tolist() == ["unknown", "unknown"]
    assert gaps.summary["n_unclear"] == 2


def test_the_index_has_a_range_for_what_is_not_known():
    """023: one yes, one no, one unknown; coordination of the yes is not known."""
    rows = rows_of(service_index(service_profile(SERVICES)), "municipality", "quantity")

    low_high = ["estimate", "low", "high"]
    assert rows.loc[("023", "availability"), low_high].tolist() == pytest.approx(
        [50, 100 / 3, 200 / 3]
    )
    assert rows.loc[("023", "coordination"), ["low", "high"]].tolist() == [0, 100]
    assert np.isnan(rows.loc[("023", "coordination"), "estimate"])
    assert rows.loc[("007", "coordination"), low_high].tolist() == [100, 100, 100]


def test_refusals_of_services():
    with pytest.raises(ParameterError, match="no column target_group"):
        service_profile(SERVICES.drop(columns="target_group"))
    with pytest.raises(EstimationError, match="no row"):
        service_profile(SERVICES[:0])
    with pytest.raises(EstimationError, match="6 of 12 rows repeat"):
        service_profile(pd.concat([SERVICES, SERVICES]))
    with pytest.raises(EstimationError, match="availability: 6 of 6 rows have an unknown code"):
        service_profile(SERVICES.assign(availability="perhaps"))
    with pytest.raises(EstimationError, match="coordination: 6 of 6"):
        service_profile(SERVICES.assign(coordination="tight"))


def index(n=12):
    rows = [(f"{place:03}", f"s{number}", "yes" if number <= place else "no")
            for place in range(n) for number in range(n)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["municipality", "service", "availability"])
    return service_index(service_profile(frame.assign(target_group="all", coordination=None)))


def outcomes(n=12):
    return pd.DataFrame({
        "municipality": [f"{place:03}" for place in range(n)], "estimate": np.arange(n) / 2.0,
        "n": 40, "k": [12] * (n - 1) + [11], "complement": 28,
    })  # fmt: skip


def test_municipalities_without_a_number_are_left_out():
    given = outcomes().assign(estimate=lambda table: table["estimate"].mask(table.index < 2))

    link = service_outcome_link(index(), given, outcome="self-support")

    assert link.summary["n_left_out"] == 2
    assert link.summary["n"] == 400
    assert link.support["k"].tolist() == [11, 11]
    assert link.summary["label"] == "description"


def test_nothing_is_a_sign_of_nothing():
    rng = np.random.default_rng(3)

    link = service_outcome_link(index(20), outcomes(20).assign(estimate=rng.permutation(20)))

    assert link.tidy()["p_value"].min() > 0.05


def test_few_municipalities_are_warned_of():
    with pytest.warns(SmallSampleWarning, match="5 municipalities only"):
        service_outcome_link(index(5), outcomes(5))


def test_refusals_of_the_link():
    with pytest.raises(EstimationError, match="3 of 12 municipalities have both"):
        service_outcome_link(index(), outcomes(3))
    with pytest.raises(EstimationError, match="the estimate is the same everywhere"):
        service_outcome_link(index(), outcomes().assign(estimate=1.0))
    with pytest.raises(ParameterError, match="quantity"):
        service_outcome_link(index(), outcomes(), quantity="joy")
    with pytest.raises(ParameterError, match="no column estimate"):
        service_outcome_link(index(), outcomes().drop(columns="estimate"))


def test_what_is_not_answered_is_open():
    status = pd.DataFrame({"recommendation": ["clients", "strategy"], "status": ["", "partly"],
                           "source": [None, "plan 2024"]})  # fmt: skip

    found = recommendations(status)

    assert found.tidy()["status"].tolist() == ["partly", "open", "open", "open", "open"]
    assert found.summary["n_open"] == 4
    assert found.tidy()["source"].tolist() == ["plan 2024", "", "", "", ""]


def test_refusals_of_recommendations():
    known = pd.DataFrame({"recommendation": ["clients"], "status": ["done"]})

    with pytest.raises(ParameterError, match="no list of recommendations for `SE`"):
        recommendations(known, country="SE")
    with pytest.raises(ParameterError, match="no column status"):
        recommendations(known.drop(columns="status"))
    with pytest.raises(ParameterError, match="1 of 1 are none of done"):
        recommendations(known.assign(status="nearly"))
    with pytest.raises(EstimationError, match="1 of 1 are unknown"):
        recommendations(known.assign(recommendation="joy"))
    with pytest.raises(EstimationError, match="1 of 2 have two rows"):
        recommendations(pd.concat([known, known]))
