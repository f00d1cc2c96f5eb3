import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.release import release
from evalkit.survival import (
    cumulative_incidence,
    incidence_at,
    recurrent_mean,
    recurrent_mean_at,
)

ROWS = pd.DataFrame(
    {
        "id": [1, 1, 2, 2, 3],
        "start": [0, 2, 0, 3, 0],
        "stop": [2, 5, 3, 4, 5],
        "event": ["relapse", "none", "relapse", "died", "none"],
        "arm": ["programme", "programme", "comparison", "comparison", "comparison"],
    }
)


def sample_of(frame=ROWS, **columns):
    return TimeToEvent.from_frame(
        frame, duration="stop", entry="start", cause="event", censored="none",
        causes=("relapse", "died"), **{"person": "id", **columns},
    )  # fmt: skip


def single_events(n=80):
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "start": 0,
            "stop": rng.integers(1, 12, n),
            "event": rng.choice(["relapse", "died", "none"], n),
            "arm": rng.choice(["programme", "comparison"], n),
            "place": rng.integers(0, 9, n),
        }
    )


def test_without_death_it_is_the_sum_of_events_over_those_at_risk():
    frame = single_events().replace({"event": {"died": "none"}})

    found = recurrent_mean(sample_of(frame), cause="relapse").tidy()[1:]

    at_risk = np.array([(frame["stop"] >= time).sum() for time in found["time"]])
    events = frame[frame["event"] == "relapse"].groupby("stop").size()
    expected = (events.reindex(found["time"], fill_value=0).to_numpy() / at_risk).cumsum()
    np.testing.assert_allclose(found["estimate"], expected, rtol=1e-12)


def test_without_death_and_with_full_follow_up_it_is_the_mean_number():
    rng = np.random.default_rng(8)
    counts = rng.poisson(1.2, 50)
    rows = [
        {"id": person, "start": step, "stop": step + 1 if step < count else 30,
         "event": "relapse" if step < count else "none"}
        for person, count in enumerate(counts)
        for step in range(count + 1)
    ]  # fmt: skip

    found = recurrent_mean_at(sample_of(pd.DataFrame(rows)), cause="relapse", horizon=30).tidy()

    assert found["estimate"][0] == pytest.approx(counts.mean())
    assert found["std_error"][0] == pytest.approx(counts.std() / np.sqrt(50))


def test_the_dead_have_no_more_events_but_count():
    found = recurrent_mean(sample_of(), cause="relapse").tidy()

    assert found["estimate"].round(10).tolist() == [0, round(1 / 3, 10), *[round(2 / 3, 10)] * 3]
    assert found["n_event"].tolist() == [0, 1, 1, 0, 0]
    assert found["n_at_risk"].tolist() == [3, 3, 3, 3, 2]


def test_a_second_event_of_a_person_is_no_second_person():
    frame = pd.concat(
        [ROWS[:1], pd.DataFrame({"id": [1, 1], "start": [2, 3], "stop": [3, 5],
                                 "event": ["relapse", "none"], "arm": "programme"}), ROWS[2:]]
    )  # fmt: skip

    result = recurrent_mean(sample_of(frame), cause="relapse")

    assert result.tidy()["n_event"].tolist() == [0, 1, 1, 0, 0]
    assert result.glance()["n_event"][0] == 2
    assert result.glance()["n"][0] == 3
    assert result.tidy()["estimate"].iloc[-1] == pytest.approx(1.0)


def test_no_event_is_a_mean_of_zero_without_interval():
    found = recurrent_mean(sample_of(ROWS.assign(event="none")), cause="relapse").tidy()

    assert found["estimate"].tolist() == [0.0] * len(found)
    assert found["std_error"].tolist() == [0.0] * len(found)
    assert found["conf_low"].isna().tolist() == [False, *[True] * (len(found) - 1)]


def test_after_everybody_has_died_the_mean_stands_still():
    frame = pd.DataFrame(
        {"id": [1, 1, 2], "start": [0, 1, 0], "stop": [1, 2, 2],
         "event": ["relapse", "died", "died"]}
    )  # fmt: skip

    found = recurrent_mean_at(sample_of(frame), cause="relapse", horizon=10).tidy()

    assert found["estimate"][0] == pytest.approx(0.5)
    assert found["reason"][0] == ""


def test_a_horizon_after_the_last_follow_up_is_missing():
    found = recurrent_mean_at(sample_of(), cause="relapse", horizon=6).tidy()

    assert np.isnan(found["estimate"][0])
    assert found["reason"][0] == "nobody under observation at the horizon"


@pytest.mark.parametrize(
    ("frame", "columns", "message"),
    [
        (ROWS, {"person": None}, "person: rows of one person cannot be told"),
        (ROWS.assign(start=0), {}, "person: 2 rows overlap"),
        (ROWS.replace({"event": {"relapse": "died"}}), {}, "person: 2 rows go on after a terminal"),
        (ROWS[:0], {}, "the sample has no rows"),
    ],
)
def test_rows_that_make_no_history_are_refused(frame, columns, message):
    with pytest.raises(EstimationError, match=message):
        recurrent_mean(sample_of(frame, **columns), cause="relapse")


def test_unknown_arguments_are_refused():
    with pytest.raises(ParameterError, match="cause 'moved'"):
        recurrent_mean(sample_of(), cause="moved")
    with pytest.raises(ParameterError, match="horizon: must be a positive time"):
        recurrent_mean_at(sample_of(), cause="relapse", horizon=0)


def test_the_door_counts_persons_with_a_first_event():
    frame = single_events(400)
    many = recurrent_mean(sample_of(frame), cause="relapse")
    few = recurrent_mean(sample_of(frame[:12]), cause="relapse")

    assert many.support["k"].sum() == 0
    shown = release(many, "dk5").tidy()
    hidden = release(few, "dk5").tidy()

    assert (~shown["suppressed"]).sum() > 3
    since = shown.loc[~shown["suppressed"] & (shown["time"] > 0), "n_event"]
    assert (since >= 5).all()
    assert hidden["suppressed"].all()
    # That nobody has a second event is a secret there.
    assert release(many, "strict10").tidy()["suppressed"].all()


def test_incidence_is_below_the_mean_where_events_come_again():
    frame = single_events()
    again = frame[frame["event"] == "relapse"].assign(start=lambda rows: rows["stop"])
    again = again.assign(stop=again["start"] + 3, event="relapse")
    twice = sample_of(pd.concat([frame, again]))

    mean = recurrent_mean_at(twice, cause="relapse", horizon=10).tidy()["estimate"][0]

    once = sample_of(frame, person=None)
    assert mean > incidence_at(once, cause="relapse", horizon=10).tidy()["estimate"][0]
    assert cumulative_incidence(once).glance()["n"][0] == 80
