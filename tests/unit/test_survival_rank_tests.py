import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError
from evalkit.survival import (
    gray_test,
    logrank_test,
    max_combo_test,
    pairwise_tests,
    trend_test,
)

RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "months": RNG.integers(1, 9, 60),
        "exit": RNG.choice(["work", "died", "none"], 60),
        "arm": RNG.choice(["programme", "comparison"], 60),
        "region": RNG.choice(["north", "middle", "south"], 60),
        "one": "all",
        "weight": RNG.uniform(0.5, 2, 60),
        "place": RNG.integers(0, 8, 60),
    }
)


def sample_of(frame=FRAME, **columns):
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", causes=("work", "died"),
        **columns,
    )  # fmt: skip


def test_a_trend_over_two_groups_is_the_log_rank_test():
    found = trend_test(sample_of(), by="arm", cause="work", rho=1)

    expected = logrank_test(sample_of(), by="arm", cause="work", rho=1)
    np.testing.assert_allclose(
        found.tidy()[["statistic", "p_value"]], expected.tidy()[["statistic", "p_value"]]
    )


def test_a_trend_does_not_depend_on_the_unit_of_its_scores():
    scores = {"middle": 0.0, "north": 5.0, "south": 10.0}

    found = trend_test(sample_of(), by="region", cause="work", scores=scores)

    expected = trend_test(sample_of(), by="region", cause="work")
    np.testing.assert_allclose(found.tidy()["statistic"], expected.tidy()["statistic"])


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"north": 1.0}, "must name the groups middle, north, south"),
        ({"middle": 1.0, "north": 1.0, "south": 1.0}, "not all the same"),
        ({"middle": 1.0, "north": np.inf, "south": 1.0}, "must be finite"),
    ],
)
def test_scores_that_make_no_trend_are_refused(scores, message):
    with pytest.raises(ParameterError, match=message):
        trend_test(sample_of(), by="region", cause="work", scores=scores)


@pytest.mark.parametrize("test", [logrank_test, trend_test, max_combo_test])
def test_one_stratum_changes_nothing(test):
    plain = test(sample_of(), by="arm", cause="work")

    stratified = test(sample_of(), by="arm", cause="work", strata="one")

    pd.testing.assert_frame_equal(stratified.tidy(), plain.tidy())


def test_gray_with_one_stratum_is_gray_without():
    plain = gray_test(sample_of(), by="region", cause="work")

    stratified = gray_test(sample_of(), by="region", cause="work", strata="one")

    pd.testing.assert_frame_equal(stratified.tidy(), plain.tidy())


def test_a_pair_that_cannot_be_compared_is_missing_and_not_counted():
    frame = FRAME.copy()
    quiet = frame["region"] != "north"
    frame.loc[quiet, "exit"] = frame.loc[quiet, "exit"].replace("work", "none")

    found = pairwise_tests(sample_of(frame), by="region", cause="work")

    rows = found.tidy().set_index("term")
    assert np.isnan(rows.loc["middle - south", "p_value"])
    alone = pairwise_tests(sample_of(frame), by="region", cause="work", adjust="none").tidy()
    smallest = alone["p_value"].min()
    assert rows["p_value"].min() == pytest.approx(min(2 * smallest, 1))
    sizes = frame["region"].value_counts()
    assert found.support["n"][0] == min(sizes["middle"], sizes["north"])


def test_no_pair_that_can_be_compared_is_an_error():
    frame = FRAME.assign(months=0, exit="work")

    with pytest.raises(EstimationError, match="none of 3 pairs can be compared"):
        pairwise_tests(sample_of(frame), by="region", cause="work")


def test_an_unknown_adjustment_is_refused():
    with pytest.raises(ParameterError, match="adjust 'fdr': must be one of holm"):
        pairwise_tests(sample_of(), by="region", cause="work", adjust="fdr")


def test_max_combo_of_one_component_is_the_log_rank_test():
    found = max_combo_test(sample_of(), by="arm", cause="work", components=[(0, 0)]).tidy()

    expected = logrank_test(sample_of(), by="arm", cause="work").tidy()
    assert found["statistic"][0] ** 2 == pytest.approx(expected["statistic"][0])
    assert found["p_value"][0] == pytest.approx(expected["p_value"][0], rel=1e-12)
    assert found["p_value"][1] == pytest.approx(expected["p_value"][0], rel=1e-12)


def test_max_combo_gives_the_same_number_again_and_lies_between_its_bounds():
    sample = sample_of(weight="weight", cluster="place")

    first, again = (max_combo_test(sample, by="arm", cause="work") for _ in range(2))

    pd.testing.assert_frame_equal(first.tidy(), again.tidy())
    joint, *single = first.tidy()["p_value"]
    assert min(single) <= joint <= 4 * min(single)


def test_a_component_without_weight_at_the_only_exit_is_missing():
    frame = FRAME.assign(exit="none")
    frame.loc[frame["months"].idxmin(), "exit"] = "work"

    found = max_combo_test(sample_of(frame), by="arm", cause="work").tidy()

    assert found["statistic"].isna().tolist() == [False, False, False, True, True]


def test_max_combo_compares_two_groups():
    with pytest.raises(EstimationError, match="by: 3 groups; max-combo compares two"):
        max_combo_test(sample_of(), by="region", cause="work")


@pytest.mark.parametrize("components", [[], [(0, np.nan)]])
def test_components_must_be_pairs_of_numbers(components):
    with pytest.raises(ParameterError, match="components: must be pairs"):
        max_combo_test(sample_of(), by="arm", cause="work", components=components)


def test_gray_refuses_what_it_is_not_defined_for():
    with pytest.raises(EstimationError, match="weight: Gray's test is not defined with weights"):
        gray_test(sample_of(weight="weight"), by="arm", cause="work")
    late = FRAME.assign(entry=np.minimum(FRAME["months"] - 1, 1), months=FRAME["months"] + 1)
    with pytest.raises(EstimationError, match="entry: Gray's test is not defined with delayed"):
        gray_test(sample_of(late, entry="entry"), by="arm", cause="work")


def test_gray_warns_of_clusters():
    with pytest.warns(AssumptionWarning, match="takes rows as independent"):
        found = gray_test(sample_of(cluster="place"), by="arm", cause="work")

    expected = gray_test(sample_of(), by="arm", cause="work")
    pd.testing.assert_frame_equal(found.tidy(), expected.tidy())


@pytest.mark.parametrize(
    ("frame", "by", "message"),
    [
        (FRAME.assign(exit="died"), "arm", "cause 'work': no exits among 60 rows"),
        (FRAME, "one", "by: 1 group, nothing to compare"),
        (FRAME[:0], "arm", "the sample has no rows"),
        (FRAME[:1], "arm", "by: 1 group"),
    ],
)
def test_gray_names_what_is_missing(frame, by, message):
    with pytest.raises(EstimationError, match=message):
        gray_test(sample_of(frame), by=by, cause="work")


def test_exits_of_all_at_once_cannot_be_compared_by_gray():
    frame = pd.DataFrame(
        {"months": [1, 1, 2, 2], "exit": ["died", "died", "work", "none"], "arm": list("aabb")}
    )

    with pytest.raises(EstimationError, match="at no exit were two groups at risk"):
        gray_test(sample_of(frame), by="arm", cause="work")


def test_gray_of_an_unknown_cause_is_refused():
    with pytest.raises(ParameterError, match="cause 'moved': the sample has work, died"):
        gray_test(sample_of(), by="arm", cause="moved")
