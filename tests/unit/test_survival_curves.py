import warnings

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError
from evalkit.survival import kaplan_meier


def sample_of(months, exited, **columns):
    frame = pd.DataFrame({"months": months, "exited": exited, **columns})
    return TimeToEvent.from_frame(frame, duration="months", event="exited")


@pytest.fixture
def competing():
    frame = pd.DataFrame({"months": [1, 2, 3, 4], "exit": ["work", "died", "none", "work"]})
    return TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")


def test_several_causes_need_one_to_be_named(competing):
    with pytest.raises(EstimationError, match=r"cause: the sample has 2 causes \(died, work\)"):
        kaplan_meier(competing)


def test_one_of_several_causes_is_refused_unless_hypothetical(competing):
    with pytest.raises(EstimationError, match="hypothetical=True"):
        kaplan_meier(competing, cause="work")


def test_hypothetical_counts_the_other_causes_as_censoring(competing):
    curve = kaplan_meier(competing, cause="work", hypothetical=True).tidy()

    assert curve["n_event"].tolist() == [0, 1, 0, 0, 1]
    assert curve["n_censored"].tolist() == [0, 0, 1, 1, 0]


def test_an_unknown_cause_is_refused_with_those_known(competing):
    with pytest.raises(ParameterError, match="the sample has died, work"):
        kaplan_meier(competing, cause="wrk", hypothetical=True)


@pytest.mark.parametrize("cause", [None, "any", "event"])
def test_the_only_cause_need_not_be_named(cause):
    curve = kaplan_meier(sample_of([1, 2], [True, False]), cause=cause).tidy()

    assert curve["estimate"].tolist() == [1.0, 0.5, 0.5]


def test_a_sample_without_events_has_a_flat_curve_without_an_interval():
    curve = kaplan_meier(sample_of([3, 5], [False, False])).tidy()

    assert curve["estimate"].tolist() == [1, 1, 1]
    assert curve["std_error"].tolist() == [0, 0, 0]
    assert curve["conf_low"].tolist() == pytest.approx([1, np.nan, np.nan], nan_ok=True)


def test_one_person_who_exits_has_a_curve_without_an_error_at_zero():
    result = kaplan_meier(sample_of([3], [True]))

    assert result.tidy()["estimate"].tolist() == [1, 0]
    assert result.tidy()["std_error"].tolist() == pytest.approx([0, np.nan], nan_ok=True)
    assert result.glance()["n"][0] == 1


def test_an_empty_sample_is_an_error():
    frame = pd.DataFrame({"months": pd.Series(dtype=float), "exited": pd.Series(dtype=bool)})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")

    with pytest.raises(EstimationError, match="no rows"):
        kaplan_meier(sample)


def test_an_exit_at_time_zero_takes_the_place_of_the_first_row():
    curve = kaplan_meier(sample_of([0, 2], [True, True])).tidy()

    assert curve["time"].tolist() == [0, 2]
    assert curve["estimate"].tolist() == [0.5, 0]
    assert curve["n_at_risk"].tolist() == [2, 1]


def test_each_stratum_starts_at_time_zero_with_all_its_persons():
    sample = sample_of(
        [1, 2, 3, 4], [True] * 4, arm=["comparison", "programme", "comparison", "programme"],
        place=["b", "a", "a", "b"],
    )  # fmt: skip

    curve = kaplan_meier(sample, by=["place", "arm"]).tidy()

    starts = curve[curve["time"] == 0]
    assert starts["stratum"].tolist() == [
        "a, programme", "a, comparison", "b, programme", "b, comparison",
    ]  # fmt: skip
    assert starts["estimate"].tolist() == [1, 1, 1, 1]
    assert starts["n_at_risk"].tolist() == [1, 1, 1, 1]


def test_persons_at_risk_stand_behind_each_row():
    result = kaplan_meier(sample_of([1, 2, 2], [True, True, False]))

    assert result.support["n"].tolist() == result.tidy()["n_at_risk"].tolist() == [3, 3, 2]
    assert np.isnan(result.support["k"]).all()


def test_counts_are_of_persons_in_a_weighted_sample():
    frame = pd.DataFrame({"months": [1, 2], "exited": [True, True], "weight": [0.5, 2.5]})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited", weight="weight")

    curve = kaplan_meier(sample).tidy()

    assert curve["n_at_risk"].tolist() == [2, 2, 1]
    assert curve["estimate"].tolist() == pytest.approx([1, 1 - 0.5 / 3, 0])


def test_a_curve_that_ends_before_others_enter_brings_a_warning():
    frame = pd.DataFrame({"entry": [0, 3], "months": [2, 5], "exited": [True, True]})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited", entry="entry")

    with pytest.warns(AssumptionWarning, match="entry: at 1 times all at risk exited"):
        curve = kaplan_meier(sample).tidy()

    assert curve["estimate"].tolist() == [1, 0, 0]


def test_a_curve_that_ends_with_the_last_person_brings_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kaplan_meier(sample_of([1, 2], [True, True]))


def test_provenance_tells_calls_apart():
    sample = sample_of([1, 2], [True, False])

    ids = {kaplan_meier(sample, conf_level=level).provenance.id for level in (0.9, 0.95)}

    assert len(ids) == 2
    assert kaplan_meier(sample).provenance.sample == sample.digest
