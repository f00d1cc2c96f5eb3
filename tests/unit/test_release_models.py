"""Models at the door: a coefficient of two groups tells how many of each exited."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.release import release
from evalkit.survival import (
    adjusted_months,
    cause_specific,
    concordance,
    cox,
    discrete_time,
    fine_gray,
    flexible_survival,
    parametric_survival,
)

N = 600
MODELS = {
    "cox": lambda sample, formula: cox(sample, formula, cause="work"),
    "cause_specific": lambda sample, formula: cause_specific(sample, formula)["work"],
    "fine_gray": lambda sample, formula: fine_gray(sample, formula, cause="work"),
    "discrete_time": lambda sample, formula: discrete_time(sample, formula, cause="work"),
    "flexible_survival": lambda sample, formula: flexible_survival(sample, formula, cause="work"),
    "parametric_survival": lambda sample, formula: parametric_survival(
        sample, formula, cause="work"
    ),
    "adjusted_months": lambda sample, formula: adjusted_months(
        sample, formula, cause="work", horizon=24, quantity="time_lost"
    ),
}


def sample_of(exits, *, column="arm"):
    """A sample in which so many of each group leave for work; some die, the others stay."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({
        "arm": np.where(np.arange(N) % 2, "programme", "comparison"),
        "education": np.array(["basic", "higher", "upper"])[np.arange(N) // 2 % 3],
        "sex": 1 + np.arange(N) // 2 % 2, "age": rng.normal(40, 8, N),
        "months": 36.0, "exit": "none",
    })  # fmt: skip
    for group, number in exits.items():
        inside = rng.permutation(np.flatnonzero(frame[column] == group))
        leave, die = inside[:number], inside[number : number + 20]
        frame.loc[leave, "exit"], frame.loc[die, "exit"] = "work", "died"
        frame.loc[leave, "months"] = rng.integers(1, 24, number).astype(float)
        frame.loc[die, "months"] = rng.integers(1, 24, len(die)).astype(float)
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", arm="arm"
    )


def hidden(result, profile="strict10"):
    frame = release(result, profile).tidy()
    return dict(zip(frame["term"], frame["suppressed"], strict=True))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("few", [{"programme": 4, "comparison": 80},
                                 {"programme": 80, "comparison": 4}])  # fmt: skip
def test_the_coefficient_of_an_arm_with_few_exits_is_hidden_and_others_are_not(model, few):
    result = MODELS[model](sample_of(few), "arm + age")

    found = hidden(result)

    assert found.pop("arm[programme]")
    assert found.pop("intercept", True)
    assert not any(found.values())
    assert np.isnan(release(result, "strict10").summary["log_likelihood"])


@pytest.mark.parametrize("model", MODELS)
def test_the_coefficient_of_arms_with_enough_exits_is_shown(model):
    result = MODELS[model](sample_of({"programme": 70, "comparison": 60}), "arm + age")

    assert not any(hidden(result).values())
    assert release(result, "strict10").summary["log_likelihood"] == pytest.approx(
        result.summary["log_likelihood"], nan_ok=True
    )


@pytest.mark.parametrize("model", MODELS)
def test_few_exits_of_the_reference_level_hide_the_other_levels(model):
    few = sample_of({"basic": 4, "higher": 60, "upper": 60}, column="education")

    found = hidden(MODELS[model](few, "education + age"))

    assert found["education[higher]"]
    assert found["education[upper]"]
    assert not found["age"]


def test_few_exits_of_one_level_hide_that_level_only():
    sample = sample_of({"basic": 60, "higher": 4, "upper": 60}, column="education")

    found = hidden(cox(sample, "education", cause="work"))

    assert found == {"education[higher]": True, "education[upper]": False}


def test_two_values_that_are_not_0_and_1_are_groups_too():
    few, enough = sample_of({1: 60, 2: 4}, column="sex"), sample_of({1: 60, 2: 50}, column="sex")

    assert hidden(cox(few, "sex + age", cause="work")) == {"sex": True, "age": False}
    assert hidden(cox(enough, "sex + age", cause="work")) == {"sex": False, "age": False}


def test_terms_that_are_multiplied_need_exits_in_every_combination():
    sample = sample_of({"programme": 60, "comparison": 60})
    is_few = (sample.covariates["arm"] == "programme") & (sample.covariates["sex"] == 2)
    code = sample.code.copy()
    code[np.flatnonzero(is_few & (code == sample.causes.index("work") + 1))[4:]] = 0
    frame = sample.covariates.assign(
        months=sample.duration, exit=np.array(["none", *sample.causes])[code]
    )
    thinned = TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")

    assert not any(hidden(cox(thinned, "arm + sex", cause="work")).values())
    assert all(hidden(cox(thinned, "arm * sex", cause="work")).values())
    by_age = hidden(cox(thinned, "arm * age", cause="work"))
    assert not any(by_age.values())


def test_no_exits_are_hidden_where_zero_is_a_secret_and_few_always():
    nobody = sample_of({"programme": 0, "comparison": 80})
    model = MODELS["adjusted_months"]

    assert hidden(model(nobody, "arm"))["arm[programme]"]
    assert not hidden(model(nobody, "arm"), "dk5")["arm[programme]"]
    few = model(sample_of({"programme": 0, "comparison": 3}), "arm")
    assert hidden(few, "dk5")["arm[programme]"]


def test_adjusted_months_need_persons_without_an_exit_in_either_arm():
    sample = sample_of({"programme": 297, "comparison": 100})

    assert hidden(MODELS["adjusted_months"](sample, "arm"))["arm[programme]"]
    assert not hidden(cox(sample, "arm", cause="work"))["arm[programme]"]


def test_a_cure_model_needs_persons_who_have_not_exited():
    frame = pd.DataFrame({"months": np.random.default_rng(1).weibull(1.2, 200) * 10 + 0.1})
    frame["exited"] = np.arange(200) >= 6
    frame.loc[~frame["exited"], "months"] = 200.0
    few = TimeToEvent.from_frame(frame, duration="months", event="exited")
    frame["exited"] = np.arange(200) >= 60
    frame.loc[~frame["exited"], "months"] = 200.0
    enough = TimeToEvent.from_frame(frame, duration="months", event="exited")

    assert all(hidden(flexible_survival(few, "1", model="cure")).values())
    assert not any(hidden(flexible_survival(enough, "1", model="cure")).values())


def test_the_concordance_of_a_model_of_arms_needs_exits_in_both():
    few, enough = (
        sample_of({"programme": 4, "comparison": 80}),
        sample_of({"programme": 60, "comparison": 80}),
    )

    assert hidden(concordance(few, "arm", cause="work")) == {"concordance": True}
    assert hidden(concordance(enough, "arm", cause="work")) == {"concordance": False}
