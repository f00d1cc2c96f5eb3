"""Samples that say little or nothing: the answer of every public function, or its refusal.

In the tables a list is the answer (estimates, statistics or values, NaN where one is missing), or
how it begins where the list ends in `...`; a text is what the `EstimationError` begins with.
"""

import re

import numpy as np
import pandas as pd
import pytest

from evalkit import survival
from evalkit.cohort.samples import StateHistory, TimeToEvent
from evalkit.errors import CohortError, EstimationError

NAN = np.nan
WORK = {"cause": "work"}
AT_5 = {"cause": "work", "horizon": 5}
BY_ARM = {"cause": "work", "by": "arm"}


def with_formula(name, **options):
    return lambda sample, formula: getattr(survival, name)(sample, formula, **options)


def in_each_arm(name, **options):
    return lambda sample, formula: getattr(survival, name)(sample, f"arm + {formula}", **options)


def without(name, *arguments, **options):
    return lambda sample, _: getattr(survival, name)(sample, *arguments, **options)


def of_risks(name, **options):
    return lambda sample, _: getattr(survival, name)(
        sample, np.linspace(0.1, 0.9, len(sample)), **options
    )


MODELS = {
    "additive_hazards": with_formula("additive_hazards", **WORK),
    "cause_specific": with_formula("cause_specific"),
    "concordance": with_formula("concordance", **WORK),
    "cox": with_formula("cox", **WORK),
    "discrete_time": with_formula("discrete_time", **WORK),
    "discrete_time, random": with_formula("discrete_time", random_intercept="place", **WORK),
    "effect_over_time": with_formula("effect_over_time", **WORK),
    "fine_gray": with_formula("fine_gray", **WORK),
    "flexible_survival": with_formula("flexible_survival", **WORK),
    "flexible_survival, pieces": with_formula("flexible_survival", model="piecewise", **WORK),
    "parametric_survival": with_formula("parametric_survival", **WORK),
    "proportional_hazards_test": with_formula("proportional_hazards_test", **WORK),
    "residuals": with_formula("residuals", **WORK),
    "standardised_curve": in_each_arm("standardised_curve", times=[3, 5], **WORK),
    "standardised_incidence": in_each_arm("standardised_incidence", **AT_5),
    "adjusted_months": with_formula("adjusted_months", quantity="time_lost", **AT_5),
}
OTHERS = {
    "brier_score": of_risks("brier_score", **AT_5),
    "calibration": of_risks("calibration", n_group=2, **AT_5),
    "collapse": without("collapse", ["arm"]),
    "competing_gap": without("competing_gap", **WORK),
    "concordance_index": of_risks("concordance_index", **AT_5),
    "confidence_bands": without("confidence_bands", cause="any"),
    "cumulative_incidence": without("cumulative_incidence"),
    "exit_rates": without("exit_rates", **WORK),
    "flexible_survival, cure": without("flexible_survival", "1", model="cure", **WORK),
    "follow_up_time": without("follow_up_time"),
    "gray_test": without("gray_test", **BY_ARM),
    "incidence_at": without("incidence_at", **AT_5),
    "kaplan_meier": without("kaplan_meier", cause="any"),
    "logrank_test": without("logrank_test", **BY_ARM),
    "max_combo_test": without("max_combo_test", **BY_ARM),
    "median_time": without("median_time", cause="any"),
    "nelson_aalen": without("nelson_aalen", **WORK),
    "pairwise_tests": without("pairwise_tests", **BY_ARM),
    "pseudo_observations": without("pseudo_observations", **AT_5),
    "recurrent_mean": without("recurrent_mean", **WORK),
    "recurrent_mean_at": without("recurrent_mean_at", **AT_5),
    "restricted_mean": without("restricted_mean", cause="any", horizon=5),
    "roc_area": of_risks("roc_area", **AT_5),
    "stacked_incidence": without("stacked_incidence"),
    "time_lost": without("time_lost", **AT_5),
    "trend_test": without("trend_test", **BY_ARM),
}
CALLS = MODELS | OTHERS
HISTORIES = {
    "exit_definitions": without("exit_definitions", horizons=[2], sustained_months=[1], **WORK),
    "expected_months": without("expected_months", horizon=2),
    "occupation": without("occupation"),
    "state_at": without("state_at", state="work", horizon=2),
    "state_sequences": without("state_sequences", horizon=2),
    "time_in_state": without("time_in_state", state="work", horizon=2),
}


def people(**changes):
    """24 persons: every month of 1 to 8 is the last of two who leave and one who is followed."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({
        "months": np.tile(np.arange(1.0, 9.0), 3),
        "exit": ["work", "died", "work", "none"] * 6,
        "arm": rng.permutation(["programme", "comparison"] * 12),
        "x": rng.integers(0, 3, 24),
        "place": np.arange(24) % 6,
        "person": np.arange(24),
    })  # fmt: skip
    return frame.assign(**changes)


def sample_of(frame, **columns):
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", causes=["work", "died"],
        arm="arm", person="person", **columns,
    )  # fmt: skip


def leading(answer):
    """The estimates of a result, its statistics if it has none, or the values about persons."""
    if hasattr(answer, "tidy"):
        rows = answer.tidy()
        return rows["estimate" if "estimate" in rows else "statistic"].to_numpy(dtype=float)
    return answer.duration if isinstance(answer, TimeToEvent) else answer.values


def assert_as_said(call, sample, formula, said):
    if isinstance(said, str):
        with pytest.raises(EstimationError, match=f"^{re.escape(said)}"):
            call(sample, formula)
    else:
        found = leading(call(sample, formula))
        if said[-1] is ...:
            said = said[:-1]
            assert len(found) > len(said)
            found = found[: len(said)]
        assert np.shape(found) == np.shape(said)
        np.testing.assert_allclose(found, said, atol=1e-12)


def everywhere(said, names=CALLS, **exceptions):
    return dict.fromkeys(names, said) | {
        name.replace("__", ", "): other for name, other in exceptions.items()
    }


def test_every_public_function_is_in_a_table():
    assert {name.split(",")[0] for name in [*CALLS, *HISTORIES]} == set(survival.__all__)


# No rows


@pytest.mark.parametrize("name", CALLS)
def test_no_rows(name):
    assert_as_said(CALLS[name], sample_of(people()[:0]), "x", "the sample has no rows")


# Nobody exits: curves are flat, models have nothing to be estimated from.

NO_RATIO = "no events among 24 rows: no hazard ratio can be estimated"
NO_HAZARD = "no events among 24 rows: no hazard can be modelled"
NO_TIME = "no events among 24 rows: no time can be modelled"
NOTHING = "no events among 24 rows, nothing to compare"
NO_EVENTS = {
    "additive_hazards": NO_HAZARD,
    "adjusted_months": [0.0],
    "brier_score": [np.mean(np.linspace(0.1, 0.9, 24)[people()["months"] > 5] ** 2), 0.0, NAN],
    "calibration": [0.0, 0.0],
    "cause_specific": f"work: {NO_RATIO}",
    "collapse": people().groupby(["arm", "months"]).size().index.get_level_values("months"),
    "competing_gap": [0.0] * 27,
    "concordance": NO_RATIO,
    "concordance_index": [NAN],
    "confidence_bands": "sample: fewer than two times of exit",
    "cox": NO_RATIO,
    "cumulative_incidence": [0.0] * 18,
    "discrete_time": NO_HAZARD,
    "discrete_time, random": NO_HAZARD,
    "effect_over_time": NO_RATIO,
    "exit_rates": [0.0] * 8,
    "fine_gray": NO_RATIO,
    "flexible_survival": NO_HAZARD,
    "flexible_survival, pieces": NO_HAZARD,
    "flexible_survival, cure": NO_TIME,
    "follow_up_time": [4.5],
    "gray_test": "cause 'work': no exits among 24 rows",
    "incidence_at": [0.0],
    "kaplan_meier": [1.0] * 9,
    "logrank_test": NOTHING,
    "max_combo_test": NOTHING,
    "median_time": [NAN],
    "nelson_aalen": [0.0] * 9,
    "pairwise_tests": NOTHING,
    "parametric_survival": NO_TIME,
    "proportional_hazards_test": NO_RATIO,
    "pseudo_observations": [0.0] * 24,
    "recurrent_mean": [0.0] * 9,
    "recurrent_mean_at": [0.0],
    "residuals": NO_RATIO,
    "restricted_mean": [5.0],
    "roc_area": [NAN],
    "stacked_incidence": [0.0] * 18 + [1.0] * 9,
    "standardised_curve": f"cause 'work': {NO_RATIO}",
    "standardised_incidence": f"cause 'work': {NO_RATIO}",
    "time_lost": [0.0],
    "trend_test": NOTHING,
}


@pytest.mark.parametrize("name", CALLS)
def test_no_events(name):
    assert_as_said(CALLS[name], sample_of(people(exit="none")), "x", NO_EVENTS[name])


# Everybody has left at time 0: one risk set, from which all exit.

AT_ZERO = "duration: 24 events are at time 0"
NOT_BOTH = "by: at no exit were two groups at risk"
TIME_ZERO = {
    "additive_hazards": AT_ZERO,
    "adjusted_months": [0.0],
    "brier_score": [NAN] * 3,
    "calibration": [1.0, 1.0],
    "cause_specific": "died: no events among 24 rows",
    "collapse": [0.0, 0.0],
    "competing_gap": [1.0, 1.0, 0.0],
    "concordance": "duration: no exit has anybody at risk who stays longer",
    "concordance_index": [NAN],
    "confidence_bands": "sample: fewer than two times of exit",
    "cox": [0.0],
    "cumulative_incidence": [1.0, 0.0],
    "discrete_time": AT_ZERO,
    "discrete_time, random": AT_ZERO,
    "effect_over_time": "duration: exits at 1 distinct times, fewer than the 4 columns",
    "exit_rates": "duration: nobody was under observation for any time",
    "fine_gray": [0.0],
    "flexible_survival": AT_ZERO,
    "flexible_survival, pieces": AT_ZERO,
    "flexible_survival, cure": "duration: 24 of 24 rows are 0",
    "follow_up_time": [NAN],
    "gray_test": NOT_BOTH,
    "incidence_at": [1.0],
    "kaplan_meier": [0.0],
    "logrank_test": NOT_BOTH,
    "max_combo_test": NOT_BOTH,
    "median_time": [0.0],
    "nelson_aalen": [1.0],
    "pairwise_tests": "by: none of 1 pairs can be compared",
    "parametric_survival": "duration: 24 of 24 rows are 0, where log time is undefined",
    "proportional_hazards_test": "duration: all exits are at the same time",
    "pseudo_observations": [1.0] * 24,
    "recurrent_mean": [1.0],
    "recurrent_mean_at": [NAN],
    "residuals": None,
    "restricted_mean": [0.0],
    "roc_area": [NAN],
    "stacked_incidence": [1.0, 0.0, 0.0],
    "standardised_curve": [0.0, 0.0],
    "standardised_incidence": [1.0, 1.0, 0.0, 1.0],
    "time_lost": [5.0],
    "trend_test": NOT_BOTH,
}


@pytest.mark.parametrize("name", [name for name, said in TIME_ZERO.items() if said is not None])
def test_all_events_at_time_zero(name):
    sample = sample_of(people(months=0.0, exit="work"))

    assert_as_said(CALLS[name], sample, "x", TIME_ZERO[name])


def test_martingale_residuals_of_one_risk_set_add_up_to_zero():
    found = survival.residuals(sample_of(people(months=0.0, exit="work")), "x", **WORK)

    assert found.values.sum() == pytest.approx(0.0, abs=1e-12)


# One person, who exits in month 1

ONE_TERM = "x: does not vary in the sample"
ONE_GROUP = "by: 1 group, nothing to compare"
ONE_PERSON = everywhere(ONE_TERM, MODELS) | {
    "adjusted_months": "1 groups of one person, who cannot be left out",
    "brier_score": [NAN] * 3,
    "cause_specific": f"work: {ONE_TERM}",
    "collapse": [1.0],
    "competing_gap": [0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
    "concordance_index": [NAN],
    "confidence_bands": "sample: fewer than two times of exit",
    "cumulative_incidence": [0.0, 1.0, 0.0, 0.0],
    "exit_rates": [1.0],
    "flexible_survival, cure": "1 rows are too few for the 3 parameters of a cure model",
    "follow_up_time": [NAN],
    "gray_test": ONE_GROUP,
    "incidence_at": [1.0],
    "kaplan_meier": [1.0, 0.0],
    "logrank_test": ONE_GROUP,
    "max_combo_test": ONE_GROUP,
    "median_time": [1.0],
    "nelson_aalen": [0.0, 1.0],
    "pairwise_tests": ONE_GROUP,
    "pseudo_observations": "1 groups of one person, who cannot be left out",
    "recurrent_mean": [0.0, 1.0],
    "recurrent_mean_at": [NAN],
    "restricted_mean": [1.0],
    "roc_area": [NAN],
    "stacked_incidence": [0.0, 1.0, 0.0, 0.0, 1.0, 0.0],
    "standardised_curve": "arm: 1 arm, nothing to compare",
    "standardised_incidence": "arm: 1 arm, nothing to compare",
    "time_lost": [4.0],
    "trend_test": ONE_GROUP,
}


@pytest.mark.parametrize("name", ONE_PERSON)
def test_one_person(name):
    assert_as_said(CALLS[name], sample_of(people()[:1]), "x", ONE_PERSON[name])


# Weights of 0 throughout

ALL_ROWS, ALL_GROUPS = "weight: all 24 rows have weight 0", "weight: 1 of 1 groups have weight 0"
WEIGHTLESS = everywhere(ALL_ROWS, MODELS) | everywhere(ALL_GROUPS, OTHERS) | {
    "brier_score": ALL_ROWS,
    "calibration": ALL_ROWS,
    "cause_specific": f"work: {ALL_ROWS}",
    "collapse": ALL_ROWS,
    "concordance_index": ALL_ROWS,
    "flexible_survival, cure": "weight, cluster: cure models have neither here",
    "gray_test": "weight: Gray's test is not defined with weights",
    "logrank_test": "weight: 0 in all of 24 rows",
    "max_combo_test": "weight: 0 in all of 24 rows",
    "pairwise_tests": "weight: 0 in all of 24 rows",
    "pseudo_observations": "weight: leaving one out has no meaning with weights",
    "roc_area": ALL_ROWS,
    "standardised_curve": "weight: 2 of 2 groups have weight 0",
    "standardised_incidence": "weight: 2 of 2 groups have weight 0",
    "trend_test": "weight: 0 in all of 24 rows",
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_weights_of_zero_throughout(name):
    sample = sample_of(people(weight=0.0), weight="weight")

    assert_as_said(CALLS[name], sample, "x", WEIGHTLESS[name])


# A term that parts those who exit from the others

SEPARATED = everywhere("x: no finite hazard ratio", MODELS) | {
    "adjusted_months": [1.5],
    "additive_hazards": [0.0, ...],
    "cause_specific": "work: x: no finite hazard ratio",
    "discrete_time": "x: no finite ratio",
    "discrete_time, random": "x: no finite ratio",
    "flexible_survival": "x: no finite ratio",
    "flexible_survival, pieces": "x: no finite ratio",
    "parametric_survival": "x: no finite time ratio",
    "standardised_curve": "cause 'work': x: no finite hazard ratio",
    "standardised_incidence": "cause 'work': x: no finite hazard ratio",
}


@pytest.mark.parametrize("name", MODELS)
def test_perfect_separation(name):
    sample = sample_of(people(x=(people()["exit"] == "work") * 1.0))

    assert_as_said(MODELS[name], sample, "x", SEPARATED[name])


# Terms that are combinations of others

TWIN = "y: does not vary among those at risk, or is a combination of the terms before it"
COLLINEAR = everywhere(TWIN, MODELS) | {
    "cause_specific": f"work: {TWIN}",
    "standardised_curve": f"cause 'work': {TWIN}",
    "standardised_incidence": f"cause 'work': {TWIN}",
}


@pytest.mark.parametrize("name", MODELS)
def test_collinear_terms(name):
    sample = sample_of(people(y=2.0 * people()["x"] + 1.0))

    assert_as_said(MODELS[name], sample, "x + y", COLLINEAR[name])


# Times that are none: no sample comes of them, so no function meets them.


@pytest.mark.parametrize("bad", [-1.0, NAN, np.inf])
@pytest.mark.parametrize("column", ["months", "start", "weight"])
def test_negative_or_missing_times_and_weights_make_no_sample(column, bad):
    frame = people(start=0.0, weight=1.0)
    frame.loc[[2, 7], column] = bad

    with pytest.raises(CohortError, match=rf"^{column}: 2 of 24 rows"):
        sample_of(frame, entry="start", weight="weight")


# Histories of states


def history(*rows):
    matrix = np.array(rows).reshape(len(rows), -1) if rows else np.zeros((0, 4), dtype=int)
    return StateHistory.from_matrix(
        matrix, ["support", "work"], pd.DataFrame({"person_id": np.arange(len(rows))})
    )


EMPTY = everywhere("the sample has no rows", HISTORIES)
NOBODY = everywhere("state: nobody is observed in 1 of 1 groups", HISTORIES) | {
    "exit_definitions": "sustained_months: nobody is observed for 1 months after month 0",
    "state_sequences": "horizon: in 1 of 1 groups nobody is observed for 2 months",
}
NO_MOVES = {
    "exit_definitions": [0.0],
    "expected_months": [2.0, 0.0],
    "occupation": [1.0] * 4 + [0.0] * 4,
    "state_at": [0.0],
    "state_sequences": [2.0, 0.0, ...],
    "time_in_state": [0.0],
}
ONE_MOVE = {
    "exit_definitions": [1.0],
    "expected_months": [1.0, 1.0],
    "occupation": [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0],
    "state_at": [1.0],
    "state_sequences": [1.0, 1.0, ...],
    "time_in_state": [1.0],
}


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize(
    ("data", "table"),
    [
        (history(), EMPTY),
        (history([-1] * 4, [-1] * 4), NOBODY),
        (history([0] * 4, [0] * 4), NO_MOVES),
        (history([0, 1, 1, 1]), ONE_MOVE),
    ],
    ids=["no rows", "nobody observed", "no moves", "one person"],
)
def test_histories_that_say_little(name, data, table):
    assert_as_said(HISTORIES[name], data, None, table[name])
