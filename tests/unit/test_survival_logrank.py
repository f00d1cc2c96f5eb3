import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError
from evalkit.survival import logrank_test

FRAME = pd.DataFrame(
    {
        "months": [1, 2, 3, 4, 5, 6],
        "exited": [True, True, False, True, True, False],
        "arm": ["programme", "comparison"] * 3,
        "weight": [1.0, 2.0] * 3,
        "place": [0, 1, 2] * 2,
    }
)


def sample_of(frame=FRAME, **columns):
    return TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm", **columns)


def test_one_row_with_the_smallest_group_behind_it():
    result = logrank_test(sample_of(FRAME[:5]), by="arm")

    assert result.tidy()["term"].tolist() == ["difference between groups"]
    assert result.glance().iloc[0].tolist() == ["log-rank", 5, 4, "chi-squared"]
    assert result.support["n"].tolist() == [2]


def test_weights_of_fleming_and_harrington_stand_in_the_name_of_the_test():
    assert logrank_test(sample_of(), by="arm", rho=1).glance()["test"][0] == (
        "Fleming-Harrington (1, 0)"
    )


def test_one_group_is_an_error():
    with pytest.raises(EstimationError, match="by: 1 group, nothing to compare"):
        logrank_test(sample_of(FRAME.query("arm == 'programme'")), by="arm")


def test_no_events_is_an_error():
    with pytest.raises(EstimationError, match="no events among 6 rows"):
        logrank_test(sample_of(FRAME.assign(exited=False)), by="arm")


def test_the_model_error_is_refused_with_weights():
    with pytest.raises(EstimationError, match="weight: the model error of a rank test is wrong"):
        logrank_test(sample_of(weight="weight"), by="arm", vcov="model")


def test_weights_bring_robust_errors_whatever_their_unit():
    weighted = logrank_test(sample_of(weight="weight"), by="arm")
    doubled = FRAME.assign(weight=2 * FRAME["weight"])

    pd.testing.assert_frame_equal(
        logrank_test(sample_of(doubled, weight="weight"), by="arm").tidy(), weighted.tidy()
    )


def test_equal_weights_are_the_robust_test_without_weights():
    equal = logrank_test(sample_of(FRAME.assign(weight=3.0), weight="weight"), by="arm")

    robust = logrank_test(sample_of(), by="arm", vcov="robust")

    pd.testing.assert_frame_equal(equal.tidy(), robust.tidy())


def test_rows_of_weight_zero_are_left_out():
    more = pd.concat([FRAME, FRAME.assign(weight=0.0)], ignore_index=True)

    found = logrank_test(sample_of(more, weight="weight"), by="arm")

    expected = logrank_test(sample_of(weight="weight"), by="arm")
    pd.testing.assert_frame_equal(found.tidy(), expected.tidy())
    pd.testing.assert_frame_equal(found.glance(), expected.glance())


def test_all_weights_zero_is_an_error():
    with pytest.raises(EstimationError, match="weight: 0 in all of 6 rows"):
        logrank_test(sample_of(FRAME.assign(weight=0.0), weight="weight"), by="arm")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "wilcoxon"}, "weights 'wilcoxon': must be one of logrank, gehan"),
        ({"weights": "gehan", "rho": 1}, "rho and gamma belong to the tests of Fleming"),
        ({"vcov": "hc3"}, "vcov 'hc3': must be one of model, robust"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        logrank_test(sample_of(), by="arm", **options)


@pytest.mark.parametrize("weights", ["gehan", "tarone_ware", "peto_peto"])
def test_the_weights_stand_in_the_name_of_the_test(weights):
    name = logrank_test(sample_of(), by="arm", weights=weights).glance()["test"][0]

    assert name.lower().replace("-", "_") == weights


def test_all_exits_at_time_zero_and_one_person_cannot_be_compared():
    at_zero = sample_of(FRAME.assign(months=0, exited=True))
    with pytest.raises(EstimationError, match="at no exit were two groups at risk"):
        logrank_test(at_zero, by="arm")

    with pytest.raises(EstimationError, match="by: 1 group"):
        logrank_test(sample_of(FRAME[:1]), by="arm")


def test_persons_in_several_rows_are_counted_once():
    rows = pd.DataFrame(
        {
            "id": [1, 1, 2, 3],
            "entry": [0, 2, 0, 0],
            "months": [2, 4, 3, 1],
            "exited": [False, True, True, True],
            "arm": ["programme", "programme", "comparison", "comparison"],
        }
    )

    split = logrank_test(sample_of(rows, entry="entry", person="id"), by="arm")
    joined = logrank_test(sample_of(rows[1:].assign(entry=0)), by="arm")

    assert split.support["n"].tolist() == [1]
    assert split.glance()["n"][0] == 3
    pd.testing.assert_frame_equal(split.tidy(), joined.tidy())


def test_a_cluster_brings_a_warning_and_the_same_number():
    with pytest.warns(AssumptionWarning, match="takes rows as independent"):
        clustered = logrank_test(sample_of(cluster="place"), by="arm")

    pd.testing.assert_frame_equal(clustered.tidy(), logrank_test(sample_of(), by="arm").tidy())


def test_groups_that_are_never_at_risk_together_cannot_be_compared():
    frame = pd.DataFrame(
        {
            "entry": [0, 0, 5, 5],
            "months": [1, 2, 6, 7],
            "exited": [True] * 4,
            "arm": ["programme", "programme", "comparison", "comparison"],
        }
    )

    with pytest.raises(EstimationError, match="at no exit were two groups at risk"):
        logrank_test(sample_of(frame, entry="entry"), by="arm")
