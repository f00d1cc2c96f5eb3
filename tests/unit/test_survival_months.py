import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import restricted_mean, time_lost


def sample_of(months, exits, **columns):
    frame = pd.DataFrame({"months": months, "exit": exits, **columns})
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", causes=["died", "work"]
    )


@pytest.mark.parametrize("cause", [None, "work"])
def test_restricted_mean_refuses_one_of_several_causes(cause):
    with pytest.raises(EstimationError, match='Use cause="any"'):
        restricted_mean(sample_of([1, 2], ["work", "died"]), horizon=2, cause=cause)


def test_restricted_mean_refuses_an_unknown_cause():
    with pytest.raises(ParameterError, match="the sample has died, work"):
        restricted_mean(sample_of([1, 2], ["work", "died"]), horizon=2, cause="wrk")


def test_months_are_never_extrapolated_beyond_the_last_observation():
    sample = sample_of([2, 6], ["work", "none"])

    until = restricted_mean(sample, horizon=7, cause="any").tidy()
    lost = time_lost(sample, cause="work", horizon=7).tidy()

    assert until["estimate"].isna().all()
    assert lost["estimate"].isna().all()
    assert lost["reason"].tolist() == ["nobody under observation at the horizon"]


def test_months_are_known_at_any_horizon_once_everyone_has_exited():
    sample = sample_of([2, 6], ["work", "died"])

    until = restricted_mean(sample, horizon=10, cause="any").tidy()
    lost = time_lost(sample, cause="work", horizon=10).tidy()

    assert until["estimate"].tolist() == [4]
    assert lost["estimate"].tolist() == [4]


def test_differences_are_programme_minus_comparison_and_ratios_logarithmic():
    sample = sample_of(
        [1, 9, 9, 5, 9, 9], ["work", "none", "none"] * 2, arm=["programme"] * 3 + ["comparison"] * 3
    )

    result = time_lost(sample, by="arm", cause="work", horizon=9).tidy()

    assert result["estimate"].tolist() == pytest.approx([8 / 3, 4 / 3, 4 / 3, 2])
    ratio = result.iloc[3]
    assert ratio["conf_low"] * ratio["conf_high"] == pytest.approx(ratio["estimate"] ** 2)


def test_months_without_events_are_the_whole_horizon_and_none():
    sample = sample_of([9, 9], ["none", "none"])

    until = restricted_mean(sample, horizon=6, cause="any")
    lost = time_lost(sample, cause="work", horizon=6)

    assert until.tidy()[["estimate", "std_error"]].iloc[0].tolist() == [6, 0]
    assert lost.tidy()[["estimate", "std_error"]].iloc[0].tolist() == [0, 0]
    assert until.glance()[["quantity", "unit"]].iloc[0].tolist() == ["restricted_mean", "months"]


def test_months_of_one_person_have_no_spread():
    result = time_lost(sample_of([3], ["work"]), cause="work", horizon=5).tidy()

    assert result[["estimate", "std_error"]].iloc[0].tolist() == [2, 0]
