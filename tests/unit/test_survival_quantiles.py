"""Quantiles of the time to exit and of the follow-up."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import follow_up_time, median_time


def sample(months, exited, **columns):
    frame = pd.DataFrame({"months": months, "exited": exited} | columns)
    return TimeToEvent.from_frame(
        frame, duration="months", event="exited", **{name: name for name in columns}
    )


def estimates(result):
    return result.tidy()["estimate"].tolist()


def test_the_first_time_at_which_the_share_is_passed():
    assert estimates(median_time(sample([1, 2, 3], [1, 1, 1]))) == [2.0]


def test_a_flat_part_at_the_share_gives_its_middle():
    assert estimates(median_time(sample([1, 2, 5, 6], [1] * 4))) == [3.5]


def test_a_curve_that_ends_at_the_share_counts_up_to_the_last_time():
    assert estimates(median_time(sample([1, 2, 5, 9], [1, 1, 0, 0]))) == [5.5]


def test_a_share_that_is_not_reached_is_missing_and_says_why():
    row = median_time(sample([1, 2, 3], [1, 0, 0])).tidy().iloc[0]

    assert np.isnan(row["estimate"])
    assert row["reason"] == "not reached within the follow-up"


def test_without_exits_nothing_is_reached():
    assert np.isnan(estimates(median_time(sample([1, 2], [0, 0])))).all()


def test_all_exits_at_time_zero_have_median_zero():
    assert estimates(median_time(sample([0, 0, 0], [1, 1, 1]))) == [0.0]


def test_one_person_has_a_median_without_limits():
    row = median_time(sample([4], [1])).tidy().iloc[0]

    assert row["estimate"] == 4.0
    assert np.isnan(row["conf_low"])


def test_support_counts_those_who_had_exited_by_then():
    result = median_time(sample([1, 2, 3, 4, 5], [1] * 5), q=[0.3, 0.5])

    assert result.support["k"].tolist() == [2, 3]
    assert result.support["complement"].tolist() == [3, 2]


def test_several_shares_come_by_group():
    made = median_time(
        TimeToEvent.from_frame(
            pd.DataFrame({"months": [1, 2, 3, 4], "exited": [1] * 4, "site": list("aabb")}),
            duration="months", event="exited",
        ), by="site", q=[0.4, 0.9],
    ).tidy()  # fmt: skip

    assert made[["stratum", "quantile", "estimate"]].values.tolist() == [
        ["a", 0.4, 1.0], ["a", 0.9, 2.0], ["b", 0.4, 3.0], ["b", 0.9, 4.0],
    ]  # fmt: skip


@pytest.mark.parametrize("q", [0.0, 1.0, [0.5, 2.0], np.nan])
def test_a_share_outside_0_and_1_is_refused(q):
    with pytest.raises(ParameterError, match="q: shares"):
        median_time(sample([1, 2], [1, 1]), q=q)


def test_one_of_several_causes_has_no_median_in_this_world():
    frame = pd.DataFrame({"months": [1, 2, 3], "exit": ["work", "died", "none"]})
    rows = TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")

    with pytest.raises(EstimationError, match="undefined for those who exit by another"):
        median_time(rows, cause="work")
    assert median_time(rows, cause="work", hypothetical=True).tidy()["estimate"].isna().all()


def test_follow_up_without_exits_is_the_median_of_the_times():
    assert estimates(follow_up_time(sample([2, 4, 9], [0, 0, 0]))) == [4.0]


def test_follow_up_is_longer_than_the_median_of_the_observed_times():
    months, exited = [1, 1, 1, 10, 12], [1, 1, 1, 0, 0]

    assert np.median(months) == 1
    assert estimates(follow_up_time(sample(months, exited))) == [11.0]
