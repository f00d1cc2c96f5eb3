"""Models of person-time, additive hazards and flexible baselines at their edges."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning
from evalkit.survival import (
    additive_hazards,
    cox,
    discrete_time,
    effect_over_time,
    flexible_survival,
)
from evalkit.survival.person_time import CELLS


def piecewise(sample, formula, **options):
    return flexible_survival(sample, formula, model="piecewise", **options)


def spline(sample, formula, **options):
    return flexible_survival(sample, formula, model="spline", **options)


MODELS = [discrete_time, additive_hazards, piecewise, spline, effect_over_time]
RATIOS = [discrete_time, piecewise, spline]


def frame_of(n=60, seed=8):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "time": rng.integers(1, 13, n).astype(float), "exited": rng.random(n) < 0.7,
        "age": rng.normal(size=n), "group": rng.integers(0, 2, n),
        "weight": rng.integers(1, 4, n).astype(float), "cluster": np.arange(n) % 8,
    })  # fmt: skip


def sample_of(frame, **columns):
    return TimeToEvent.from_frame(frame, duration="time", event="exited", **columns)


@pytest.mark.parametrize("model", MODELS)
def test_no_events_is_an_error(model):
    with pytest.raises(EstimationError, match="no events among 60 rows"):
        model(sample_of(frame_of().assign(exited=False)), "age")


@pytest.mark.parametrize("model", MODELS[:-1])
def test_events_at_time_0_are_an_error(model):
    frame = frame_of().assign(time=0.0, exited=True)

    with pytest.raises(EstimationError, match="duration: 60 events are at time 0"):
        model(sample_of(frame), "age")


@pytest.mark.parametrize("model", MODELS)
def test_an_empty_sample_is_an_error(model):
    with pytest.raises(EstimationError, match="no rows"):
        model(sample_of(frame_of().iloc[:0]), "age")


@pytest.mark.parametrize("model", MODELS)
def test_weights_of_0_throughout_are_an_error(model):
    with pytest.raises(EstimationError, match="weight: all 60 rows have weight 0"):
        model(sample_of(frame_of().assign(weight=0.0), weight="weight"), "age")


@pytest.mark.parametrize("model", MODELS)
def test_one_person_is_an_error_that_names_the_term(model):
    frame = frame_of().iloc[:1].assign(exited=True)

    with pytest.raises(EstimationError, match="age: does not vary"):
        model(sample_of(frame), "age")


@pytest.mark.parametrize("model", MODELS)
def test_a_combination_of_other_terms_is_named(model):
    frame = frame_of().assign(double=lambda rows: 2 * rows["age"] + 1)

    with pytest.raises(EstimationError, match="double"):
        model(sample_of(frame), "age + double")


@pytest.mark.parametrize("model", RATIOS)
def test_separation_names_the_term(model):
    frame = frame_of()
    frame["exited"] = frame["group"] == 1

    with pytest.raises(EstimationError, match=r"^group: no finite ratio"):
        model(sample_of(frame), "group + age")


@pytest.mark.parametrize("model", MODELS)
def test_an_unknown_column_is_an_error(model):
    with pytest.raises(EstimationError, match="formula 'height'"):
        model(sample_of(frame_of()), "height")


def test_parts_of_months_are_refused():
    frame = frame_of().assign(time=lambda rows: rows["time"] + 0.5)

    with pytest.raises(EstimationError, match="duration: 60 of 60 rows are not whole months"):
        discrete_time(sample_of(frame), "age")


def test_months_in_which_all_exit_leave_nothing_to_compare():
    frame = frame_of().assign(time=3.0, exited=True)

    with pytest.raises(EstimationError, match="in every month none or all"):
        discrete_time(sample_of(frame), "age")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"link": "probit"}, "link 'probit'"),
        ({"baseline": "free"}, "baseline 'free'"),
        ({"vcov": "hc1"}, "vcov 'hc1'"),
        ({"interval": "t"}, "needs clustered errors"),
        ({"conf_level": 1.5}, "conf_level"),
    ],
)
def test_arguments_that_are_not_allowed_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        discrete_time(sample_of(frame_of()), "age", **options)


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_whole_weights_are_repeated_persons(link):
    frame = frame_of()
    repeated = frame.loc[frame.index.repeat(frame["weight"].astype(int))]

    weighted = discrete_time(
        sample_of(frame, weight="weight"), "age + group", link=link, vcov="model"
    )
    plain = discrete_time(sample_of(repeated.reset_index(drop=True)), "age + group", link=link)

    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(weighted.rows[column], plain.rows[column], rtol=1e-9)


@pytest.mark.parametrize("model", RATIOS)
def test_rows_of_a_person_that_follow_on_each_other_are_one(model):
    frame = frame_of().assign(entry=0.0, person=np.arange(60))
    late = frame[frame["time"] > 4]
    split = pd.concat([
        frame[frame["time"] <= 4], late.assign(time=4.0, exited=False), late.assign(entry=4.0),
    ])  # fmt: skip

    once = model(sample_of(frame), "age + group")
    twice = model(
        sample_of(split.reset_index(drop=True), entry="entry", person="person"), "age + group"
    )

    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(twice.rows[column], once.rows[column], rtol=1e-8)
    assert twice.summary["n_person"] == 60


def test_blocks_of_cells_change_nothing(monkeypatch):
    sample = sample_of(frame_of())
    whole = discrete_time(sample, "age")

    monkeypatch.setattr("evalkit.survival.person_time.CELLS", 7)
    monkeypatch.setattr("evalkit.survival.person_time.KEPT", 0)
    parts = discrete_time(sample, "age")

    assert CELLS > 7
    np.testing.assert_allclose(parts.rows["estimate"], whole.rows["estimate"], rtol=1e-10)


@pytest.mark.parametrize("model", RATIOS)
def test_clusters_give_t_intervals_and_few_of_them_a_warning(model):
    fit = model(sample_of(frame_of(), cluster="cluster"), "age")

    assert (fit.summary["df"], fit.summary["interval"], fit.summary["vcov"]) == (7.0, "t", "robust")
    few = frame_of().assign(cluster=lambda rows: rows["cluster"] % 3)
    with pytest.warns(SmallSampleWarning, match="3 clusters"):
        assert model(sample_of(few, cluster="cluster"), "age").summary["interval"] == "z"


def test_a_spline_with_few_times_of_exits_is_refused():
    frame = frame_of().assign(time=lambda rows: np.where(rows["group"] == 1, 2.0, 3.0))

    with pytest.raises(EstimationError, match="2 distinct times"):
        effect_over_time(sample_of(frame), "age")
    frame["time"] = np.where(frame["exited"], 2.0, frame["time"])
    with pytest.raises(EstimationError, match="1 distinct times are too few"):
        spline(sample_of(frame), "age")


def test_many_pieces_come_near_the_partial_likelihood():
    frame = frame_of(400)
    frame["time"] += np.random.default_rng(1).random(400) - frame["age"] / 10
    sample = sample_of(frame)
    at_once = cox(sample, "age")
    near = 0.1 * at_once.rows["std_error"][0]

    few = piecewise(sample, "age", breaks=[6])
    many = piecewise(sample, "age", breaks=np.arange(1, 13, 0.1))

    assert many.rows["estimate"][0] == pytest.approx(at_once.rows["estimate"][0], abs=near)
    assert few.rows["estimate"][0] != pytest.approx(at_once.rows["estimate"][0], abs=near)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"formula": "age"}, ParameterError, "no terms"),
        ({"breaks": [3]}, ParameterError, "no breaks"),
        ({"vcov": "robust"}, ParameterError, "errors from the model"),
        ({"columns": {"weight": "weight"}}, EstimationError, "weight, cluster"),
        ({"columns": {"cluster": "cluster"}}, EstimationError, "weight, cluster"),
        ({"frame": {"exited": False}}, EstimationError, "no events"),
        ({"frame": {"time": 0.0}}, EstimationError, "60 of 60 rows are 0"),
    ],
)
def test_a_cure_model_refuses_what_it_does_not_have(options, error, message):
    frame = frame_of().assign(**options.pop("frame", {}))
    sample = sample_of(frame, **options.pop("columns", {}))

    with pytest.raises(error, match=message):
        flexible_survival(sample, options.pop("formula", "1"), model="cure", **options)


def test_a_cure_model_without_a_flat_end_is_refused():
    rng = np.random.default_rng(1)
    time, end = rng.exponential(20, 300), rng.uniform(5, 20, 300)
    frame = pd.DataFrame({"time": np.minimum(time, end), "exited": time <= end})

    with pytest.raises(EstimationError, match="cure"):
        flexible_survival(sample_of(frame), "1", model="cure")


def test_additive_hazards_of_two_groups_are_differences_of_cumulative_hazards():
    """With one indicator the intercept is the cumulative hazard of those with 0."""
    frame = frame_of(80)
    rows = additive_hazards(sample_of(frame), "group").tidy()
    hazard = {}
    for group in (0, 1):
        part = frame[frame["group"] == group]
        hazard[group] = sum(
            (part["exited"] & (part["time"] == month)).sum() / (part["time"] >= month).sum()
            for month in range(1, 9)
        )

    at = rows[rows["time"] == 8].set_index("term")["estimate"]
    assert at["intercept"] == pytest.approx(hazard[0], rel=1e-12)
    assert at["group"] == pytest.approx(hazard[1] - hazard[0], rel=1e-10)


@pytest.mark.parametrize("times", [[], [0.0], [np.nan]])
def test_times_of_additive_hazards_are_above_0(times):
    with pytest.raises(ParameterError, match="times"):
        additive_hazards(sample_of(frame_of()), "age", times=times)


def test_additive_curves_end_where_as_many_are_left_as_there_are_terms():
    frame = frame_of()
    result = additive_hazards(sample_of(frame), "age + group")

    last = result.summary["last_time"]
    assert (frame["time"] >= last).sum() > 3
    assert np.isfinite(result.rows["std_error"]).all()
