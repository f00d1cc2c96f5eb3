import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import cumulative_incidence, incidence_at

FRAME = pd.DataFrame(
    {
        "months": [1, 4, 9, 9, 2, 3, 6, 7],
        "exit": ["work", "died", "none", "work", "work", "died", "none", "none"],
        "arm": ["programme"] * 4 + ["comparison"] * 4,
        "place": ["a", "b"] * 4,
    }
)


@pytest.fixture
def sample():
    return TimeToEvent.from_frame(
        FRAME, duration="months", cause="exit", censored="none", arm="arm"
    )


def test_rows_are_ordered_by_stratum_then_cause_then_time(sample):
    rows = cumulative_incidence(sample, by="arm").tidy()

    blocks = rows.drop_duplicates(["stratum", "cause"])
    assert blocks[["stratum", "cause"]].to_numpy().tolist() == [
        ["programme", "died"],
        ["programme", "work"],
        ["comparison", "died"],
        ["comparison", "work"],
    ]
    assert (blocks["time"] == 0).all()


def test_glance_counts_persons_events_strata_and_causes(sample):
    glance = cumulative_incidence(sample, by="arm").glance().iloc[0]

    assert glance[["n", "n_event", "n_stratum", "n_cause", "last_time"]].tolist() == [8, 5, 2, 2, 9]
    assert glance[["method", "time_unit"]].tolist() == ["Aalen-Johansen", "months"]


def test_a_horizon_that_nobody_of_an_arm_reached_is_missing_with_the_reason(sample):
    result = incidence_at(sample, by="arm", cause="work", horizon=8).tidy()

    reason = "nobody under observation at the horizon"
    assert result["reason"].tolist() == ["", reason, reason, reason]
    assert result["estimate"].isna().tolist() == [False, True, True, True]
    assert result.loc[1, ["std_error", "conf_low", "conf_high"]].isna().all()


def test_the_last_time_under_observation_is_still_estimable(sample):
    result = incidence_at(sample, by="arm", cause="work", horizon=7).tidy()

    assert result["reason"].tolist() == ["", "", "", ""]
    assert result["estimate"].notna().all()


def test_the_ratio_of_a_zero_is_missing_with_the_reason(sample):
    result = incidence_at(sample, by="arm", cause="died", horizon=2).tidy()

    assert result["estimate"].tolist() == pytest.approx([0, 0, 0, np.nan], nan_ok=True)
    assert result["reason"].tolist() == ["", "", "", "the ratio of a zero is undefined"]
    assert result["p_value"].isna().all()


def test_support_of_a_difference_is_the_smaller_arm(sample):
    result = incidence_at(sample, by="arm", cause="work", horizon=7)

    assert result.support["n"].tolist() == [4, 4, 4, 4]
    assert result.support["k"].tolist() == [1, 1, 1, 1]
    assert result.support["complement"].tolist() == [3, 3, 3, 3]


def test_arms_are_compared_within_the_levels_of_other_columns(sample):
    result = incidence_at(sample, by=["place", "arm"], cause="any", horizon=2).tidy()

    assert result.query("scale == 'difference'")["term"].tolist() == [
        "a, programme - a, comparison",
        "b, programme - b, comparison",
    ]


def test_more_than_two_levels_are_each_compared_with_the_last():
    frame = FRAME.assign(size=["large", "middle", "small", "large"] * 2)
    sample = TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")

    result = incidence_at(sample, by="size", cause="any", horizon=2).tidy()

    assert result.query("scale == 'ratio'")["term"].tolist() == ["large / small", "middle / small"]


def test_a_level_without_a_partner_has_no_difference():
    frame = FRAME.assign(place=["a"] * 4 + ["b"] * 2 + ["a"] * 2)
    sample = TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", arm="arm"
    )

    result = incidence_at(sample, by=["place", "arm"], cause="any", horizon=2).tidy()

    assert result.query("scale == 'difference'")["term"].tolist() == [
        "a, programme - a, comparison"
    ]


def test_without_by_there_is_one_number(sample):
    result = incidence_at(sample, cause="work", horizon=3)

    assert result.tidy()["scale"].tolist() == ["arm"]
    glance = result.glance().iloc[0]
    assert glance[["quantity", "unit", "label"]].tolist() == ["incidence", "share", "description"]


@pytest.mark.parametrize("horizon", [0, -3, np.inf, np.nan])
def test_a_horizon_that_is_no_time_is_refused(sample, horizon):
    with pytest.raises(ParameterError, match="horizon: must be a positive time"):
        incidence_at(sample, cause="work", horizon=horizon)


def test_an_unknown_cause_is_refused(sample):
    with pytest.raises(ParameterError, match="the sample has died, work"):
        incidence_at(sample, cause="moved", horizon=3)


def test_all_censored_gives_zero_without_an_interval():
    frame = FRAME.assign(exit="none")
    sample = TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", causes=["died", "work"]
    )

    result = incidence_at(sample, cause="work", horizon=5).tidy()

    assert result["estimate"].tolist() == [0]
    assert result["conf_high"].isna().all()


def test_an_empty_sample_is_an_error():
    sample = TimeToEvent.from_frame(
        FRAME[:0], duration="months", cause="exit", censored="none", causes=["work"]
    )

    with pytest.raises(EstimationError, match="no rows"):
        cumulative_incidence(sample)
