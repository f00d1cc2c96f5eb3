"""Costs and effects: the sample, the join, what is refused, clusters, draws, the checklist."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.economics import (
    CostsAndEffects,
    StrategyDraws,
    acceptability,
    cheers_checklist,
    cost_utility,
    cost_utility_sample,
    draw_parameters,
    information_value,
    net_benefit,
    probabilistic_sensitivity,
)
from evalkit.economics.cheers import ITEMS
from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning


def frame_of(n=40, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "id": np.arange(n), "arm": np.where(np.arange(n) % 2 == 0, "programme", "comparison"),
        "cost": rng.gamma(2, 500, n), "qaly": rng.normal(1.2, 0.2, n),
        "start": rng.normal(0.5, 0.1, n), "age": rng.integers(20, 60, n).astype(float),
        "place": np.arange(n) % 10, "sex": np.where(rng.random(n) < 0.5, "man", "woman"),
    })  # fmt: skip


def sample_of(frame, **options):
    names = {"person": "id", "arm": "arm", "cost": "cost", "effect": "qaly", "currency": "SEK"}
    return CostsAndEffects.from_frame(frame, **names | {"baseline": "start"} | options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost": np.nan}, r"cost: missing or infinite in 40 of 40 rows"),
        ({"qaly": "much"}, "qaly: must be numeric"),
        ({"id": 1}, "id: 39 of 40 rows repeat a person"),
        ({"arm": "treated"}, "arm: 40 of 40 rows are not programme or comparison"),
    ],
)
def test_a_frame_that_is_no_sample_is_refused_with_counts(change, message):
    with pytest.raises(EstimationError, match=message):
        sample_of(frame_of().assign(**change))


def test_a_missing_column_is_named():
    with pytest.raises(EstimationError, match="no such column: utility"):
        sample_of(frame_of(), effect="utility")


def test_arrays_of_a_sample_cannot_be_written_and_its_repr_has_no_person():
    sample = sample_of(frame_of())

    with pytest.raises(ValueError, match="read-only"):
        sample.cost[0] = 1.0
    assert repr(sample) == "<CostsAndEffects: 20 programme, 20 comparison, SEK>"


def test_a_covariate_missing_for_some_is_an_error_by_name_and_count():
    frame = frame_of()
    frame.loc[:2, "age"] = np.nan

    with pytest.raises(EstimationError, match="age: missing for 3 of 40 persons"):
        cost_utility(sample_of(frame), covariates=["age"])


def test_one_arm_alone_is_an_error():
    frame = frame_of()

    with pytest.raises(EstimationError, match="0 in the smaller arm"):
        cost_utility(sample_of(frame[frame["arm"] == "programme"]))


def test_strata_are_what_their_persons_give_alone_and_small_ones_have_a_reason():
    frame = frame_of(80).assign(area=lambda table: np.where(table["id"] < 77, "b", "a"))
    both = cost_utility(sample_of(frame), by="area", n_bootstrap=50).tidy()
    alone = cost_utility(sample_of(frame[frame["area"] == "b"]), n_bootstrap=50).tidy()

    part = both[both["stratum"] == "b"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.drop(columns="stratum"), alone.drop(columns="stratum"))
    small = both[both["stratum"] == "a"]
    assert set(small["reason"]) == {"too few persons"} and small["estimate"].isna().all()


def test_units_stand_in_a_column():
    units = cost_utility(sample_of(frame_of()), n_bootstrap=0).tidy().groupby("measure")["unit"]

    assert units.unique().map(list).to_dict() == {
        "cost": ["SEK per person"], "effect": ["QALYs per person"], "icer": ["SEK per QALY"],
    }  # fmt: skip


def test_limits_of_the_ratio_are_missing_where_the_effect_may_be_none():
    frame = frame_of().assign(
        cost=lambda table: table["cost"] + 2_000.0 * (table["arm"] == "programme"),
    )
    means = frame.groupby("arm")["qaly"].transform("mean")
    frame = frame.assign(
        qaly=frame["qaly"] - means + 1.2 + 0.01 * (frame["arm"] == "programme"),
        start=0.5 + 0.0 * frame["id"],
    )

    row = cost_utility(sample_of(frame), n_bootstrap=0).tidy().iloc[-1]

    assert np.isfinite(row["estimate"]) and np.isnan(row["conf_low"])
    assert row["reason"] == "interval without end: the effect may be none"


def test_the_seed_makes_the_draws():
    sample = sample_of(frame_of())
    options = {"willingness_to_pay": [1000], "n_bootstrap": 99}

    tables = [net_benefit(sample, seed=seed, **options).tidy() for seed in (1, 1, 2)]

    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert tables[0]["boot_low"][0] != tables[2]["boot_low"][0]


def test_clusters_make_the_errors_and_few_ones_a_warning():
    frame = frame_of()

    many = cost_utility(sample_of(frame, cluster="place"), n_bootstrap=0)
    with pytest.warns(SmallSampleWarning, match="2 are too few"):
        few = cost_utility(
            sample_of(frame.assign(place=frame["place"] % 2), cluster="place"), n_bootstrap=0
        )

    assert many.summary["df"] == 9.0 and few.summary["df"] == 37.0
    with pytest.raises(EstimationError, match="cluster: 1 in the sample"):
        cost_utility(sample_of(frame.assign(place=1), cluster="place"))


@pytest.mark.parametrize("grid", [[], [-1, 5], [np.nan]])
def test_a_grid_that_is_none_is_refused(grid):
    with pytest.raises(ParameterError, match="willingness_to_pay"):
        net_benefit(sample_of(frame_of()), willingness_to_pay=grid)


def test_there_is_no_default_willingness_to_pay():
    with pytest.raises(TypeError, match="willingness_to_pay"):
        net_benefit(sample_of(frame_of()))


def test_acceptability_without_draws_is_an_error():
    with pytest.raises(EstimationError, match="n_bootstrap"):
        acceptability(sample_of(frame_of()), willingness_to_pay=[1], n_bootstrap=0)


def test_acceptability_of_persons_rests_on_the_smaller_arm_and_of_draws_on_nobody():
    frame = frame_of()
    frame.loc[frame["arm"] == "comparison", "cost"] *= np.arange(20) < 7
    persons = acceptability(sample_of(frame), willingness_to_pay=[1], n_bootstrap=20)
    draws = acceptability(
        StrategyDraws.from_arrays("ab", [[1, 2]], [[1, 1]], currency="EUR"),
        willingness_to_pay=[1],
    )

    assert persons.support["n"].tolist() == [20, 20] and persons.support["k"].tolist() == [7, 7]
    assert np.isnan(draws.support["n"]).all() and np.isnan(draws.summary["n"])


def test_a_negative_population_is_refused():
    with pytest.raises(ParameterError, match="population"):
        information_value(sample_of(frame_of()), willingness_to_pay=[1], population=-5)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((["a"], [[1]], [[1]]), "at least two"),
        ((["a", "a"], [[1, 1]], [[1, 1]]), "different names"),
        ((["a", "b"], [[1, 1]], [[1]]), "one column for each of 2"),
        ((["a", "b"], [[1, np.nan]], [[1, 1]]), "1 of 1 are missing"),
    ],
)
def test_draws_that_are_none_are_refused(arrays, message):
    with pytest.raises(EstimationError, match=message):
        StrategyDraws.from_arrays(*arrays, currency="EUR")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"distribution": "cauchy"}, "price: distribution 'cauchy' is not one of"),
        ({"distribution": "gamma", "mean": 1}, "price: needs mean, std_error"),
        ({"distribution": "gamma", "mean": -1, "std_error": 1}, "price: the mean of a gamma"),
        ({"distribution": "beta", "mean": 1.2, "std_error": 0.1}, "also below 1"),
        ({"distribution": "beta", "mean": 0.5, "std_error": 0.6}, "no beta has such a large"),
        ({"distribution": "normal", "mean": 0, "std_error": -1}, "std_error must be 0 or more"),
        ({"distribution": "dirichlet", "counts": [1, 0]}, "two counts or more"),
        ({"distribution": "beta", "yes": 0, "no": 3}, "counts above 0"),
    ],
)
def test_parameters_that_cannot_be_drawn_are_refused_by_name(spec, message):
    with pytest.raises(ParameterError, match=message):
        draw_parameters({"price": spec}, n_draw=10, seed=1)


def test_a_further_parameter_changes_no_draw_of_the_others():
    price = {"distribution": "gamma", "mean": 5, "std_error": 1}

    alone = draw_parameters({"price": price}, n_draw=5, seed=3)
    both = draw_parameters(
        {"more": {"distribution": "fixed", "value": 2}, "price": price}, n_draw=5, seed=3
    )

    assert alone["price"].tolist() == both["price"].tolist() and set(both["more"]) == {2.0}


def test_a_model_of_another_shape_is_refused():
    parameters = {"price": {"distribution": "normal", "mean": 1, "std_error": 0}}

    with pytest.raises(ParameterError, match="model: new"):
        probabilistic_sensitivity(
            parameters, lambda draw: {"new": (np.ones(3), 1.0), "old": (0.0, 1.0)}, n_draw=10,
            currency="EUR",
        )  # fmt: skip
    with pytest.raises(ParameterError, match="give a cost and an effect"):
        probabilistic_sensitivity(
            parameters, lambda draw: {"new": (1.0,), "old": (0.0,)}, n_draw=10, currency="EUR"
        )


def health(n=24, **columns):
    frame = pd.DataFrame({
        "person_id": np.repeat([f"p{number}" for number in range(n)], 2),
        "wave": np.tile([0, 24], n), "score": 0.5,
        "arm": np.repeat(np.where(np.arange(n) % 2 == 0, "programme", "comparison"), 2),
        "index_month": np.repeat(np.where(np.arange(n) < n - 4, "2021-06", "2023-06"), 2),
        **columns,
    })  # fmt: skip
    return HealthPanel.from_frame(
        frame, person="person_id", wave="wave", outcome="score", arm="arm"
    )


def costs(**columns):
    return pd.DataFrame({
        "person_id": ["p0", "p1", "q9"], "month": "2021-07", "month_from_start": [1, 2, 3],
        "payer": "municipality", "payee": "resources", "item": "package", "kind": "intervention",
        "amount": [100.0, 50.0, 9.0], "currency": "SEK", "price_year": 2024, **columns,
    })  # fmt: skip


def test_who_has_no_row_cost_nothing_and_rows_of_others_are_left_out():
    sample = cost_utility_sample(health(), costs(), perspective="society")

    assert sample.cost[:3].tolist() == [100.0, 50.0, 0.0] and sample.cost.sum() == 150.0
    assert (sample.currency, sample.price_year, sample.perspective) == ("SEK", 2024, "society")


def test_persons_whose_records_end_too_early_are_no_part():
    every = cost_utility_sample(health(), costs(), perspective="society")
    followed = cost_utility_sample(health(), costs(), perspective="society", data_cut="2024-12")

    assert (len(every), len(followed), followed.n_left_out) == (24, 20, 0)


@pytest.mark.parametrize(("health_", "costs_"), [(None, costs()), (health(), None)])
def test_records_without_health_or_costs_give_nothing(health_, costs_):
    assert cost_utility_sample(health_, costs_, perspective="society") is None


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({"person_id": None}, {}, EstimationError, "3 of 3 rows belong to no person"),
        ({"payer": ""}, {}, EstimationError, "no payer"),
        ({"month_from_start": [1, np.nan, 2]}, {}, EstimationError, "missing in 1 of 2 rows"),
        ({}, {"perspective": ["region"]}, ParameterError, "no row names region"),
        ({}, {"perspective": []}, ParameterError, "the payers whose costs count"),
        ({}, {"kinds": ["salary"]}, ParameterError, "kinds: salary"),
        ({"price_year": [2023, 2024, 2024]}, {}, EstimationError, "no price index"),
    ],
)
def test_costs_that_cannot_be_joined_are_refused(change, options, error, message):
    with pytest.raises(error, match=message):
        cost_utility_sample(health(), costs(**change), **{"perspective": "society"} | options)


def test_a_place_with_few_answers_gives_a_sample_without_persons():
    few = health(6).covariates.assign(score=lambda table: table["score"].where(table["wave"] == 0))
    panel = HealthPanel.from_frame(few, person="person_id", wave="wave", outcome="score", arm="arm")

    sample = cost_utility_sample(panel, costs(), perspective="society", missing="complete")

    assert len(sample) == 0 and sample.n_left_out == 6
    with pytest.raises(EstimationError, match="0 persons"):
        cost_utility(sample)


def test_many_without_answers_are_an_error():
    many = health(40).covariates.assign(
        score=lambda table: table["score"].where(table["wave"] == 0)
    )
    more = pd.concat([many, many.assign(wave=many["wave"] + 1, score=0.4)])
    panel = HealthPanel.from_frame(
        more, person="person_id", wave="wave", outcome="score", arm="arm"
    )

    with pytest.raises(EstimationError, match="none of 40 persons"):
        cost_utility_sample(panel, costs(), perspective="society", missing="complete")


def test_the_checklist_has_28_items_and_leaves_open_what_nobody_knows():
    sample = cost_utility_sample(health(), costs(), perspective="society")
    result = cost_utility(sample.part(np.arange(24)), n_bootstrap=10)

    checklist = cheers_checklist(result, answers={"funding": "the municipality"})
    table = checklist.tidy().set_index("topic")

    assert len(ITEMS) == len(table) == 28 and table["item"].tolist() == list(range(1, 29))
    assert table.loc["horizon", ["status", "answer"]].tolist() == ["filled", "24"]
    assert table.loc["currency", "answer"] == "SEK 2024"
    assert table.loc["funding", ["answer", "origin"]].tolist() == ["the municipality", "given"]
    assert table.loc["engagement", "status"] == "open"
    assert checklist.summary["n_open"] == (table["status"] == "open").sum() > 0


@pytest.mark.parametrize("answers", [{"colour": "blue"}, {"funding": " "}])
def test_answers_to_nothing_and_empty_answers_are_refused(answers):
    result = cost_utility(sample_of(frame_of()), n_bootstrap=0)

    with pytest.raises(ParameterError, match="answers"):
        cheers_checklist(result, answers=answers)
