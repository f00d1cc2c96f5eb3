import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError
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


def test_weights_are_refused():
    with pytest.raises(EstimationError, match="use cox with robust errors"):
        logrank_test(sample_of(weight="weight"), by="arm")


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
