import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, SmallSampleWarning
from evalkit.survival import incidence_at, kaplan_meier
from evalkit.survival.grouped import dense_codes, group


def clustered(n_cluster, n=60):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "months": rng.integers(1, 20, n),
            "exited": rng.random(n) < 0.7,
            "arm": np.where(np.arange(n) % 2 == 0, "programme", "comparison"),
            "place": np.arange(n) // 2 % n_cluster,
        }
    )
    return frame, TimeToEvent.from_frame(
        frame, duration="months", event="exited", arm="arm", cluster="place"
    )


def test_one_cluster_in_a_group_is_an_error_that_names_the_column():
    _, sample = clustered(1)

    with pytest.raises(EstimationError, match="cluster: a group has rows of one cluster only"):
        kaplan_meier(sample, by="arm")


@pytest.mark.parametrize("n_cluster", [2, 5])
def test_few_clusters_give_intervals_for_persons_and_a_warning(n_cluster):
    frame, sample = clustered(n_cluster)
    persons = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")

    with pytest.warns(SmallSampleWarning, match=f"cluster: {n_cluster} clusters in a group"):
        curve = kaplan_meier(sample, by="arm").tidy()

    pd.testing.assert_frame_equal(curve, kaplan_meier(persons, by="arm").tidy())


def test_six_clusters_give_t_intervals_without_a_warning():
    _, sample = clustered(6)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = incidence_at(sample, by="arm", cause="event", horizon=10)

    row = result.tidy().iloc[2]
    critical = stats.t.ppf(0.975, 5)
    assert row["conf_high"] - row["estimate"] == pytest.approx(critical * row["std_error"])
    assert result.glance()[["n_cluster", "df"]].iloc[0].tolist() == [6, 5]


def test_intervals_of_one_person_are_joined_unless_there_is_a_gap():
    frame = pd.DataFrame(
        {
            "person": ["a", "a", "b", "b"],
            "entry": [0, 3, 0, 5],
            "months": [3, 6, 4, 7],
            "exited": [False, True, False, True],
        }
    )
    sample = TimeToEvent.from_frame(
        frame, duration="months", event="exited", entry="entry", person="person"
    )

    groups = group(sample, None, (sample.code > 0).astype(int), 1)

    assert groups.sets.time.tolist() == [4, 6, 7]
    assert groups.sets.n_at_risk.tolist() == [2, 2, 1]
    assert groups.n_person.tolist() == [2]


def test_rows_of_weight_zero_change_nothing():
    frame, _ = clustered(6)
    frame = frame.assign(weight=1.0)
    ghost = frame.assign(weight=0.0, months=30)
    both = pd.concat([frame, ghost], ignore_index=True)

    with_ghosts = kaplan_meier(
        TimeToEvent.from_frame(both, duration="months", event="exited", weight="weight")
    )

    alone = kaplan_meier(
        TimeToEvent.from_frame(frame, duration="months", event="exited", weight="weight")
    )
    pd.testing.assert_frame_equal(with_ghosts.tidy(), alone.tidy())


def test_a_group_of_weight_zero_is_an_error():
    frame, _ = clustered(6)
    frame = frame.assign(weight=(frame["arm"] == "programme").astype(float))
    sample = TimeToEvent.from_frame(
        frame, duration="months", event="exited", weight="weight", arm="arm"
    )

    with pytest.raises(EstimationError, match="1 of 2 groups have weight 0"):
        kaplan_meier(sample, by="arm")


def test_rows_are_persons_where_a_sample_has_clusters_but_no_person():
    frame = pd.DataFrame(
        {"months": [1, 2, 3, 4] * 3, "exited": [True, False] * 6, "site": list("abcdef") * 2}
    )
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited", cluster="site")

    assert group(sample, None, sample.code, 1).n_person.tolist() == [12]


@pytest.mark.parametrize("values", [[3, 1, 3, 0], [10**9, 5, 10**9], [-1, 2, -1]])
def test_dense_codes_are_positions_among_the_sorted_values(values):
    found, codes = dense_codes(np.array(values))

    expected = np.unique(values, return_inverse=True)
    np.testing.assert_array_equal(found, expected[0])
    np.testing.assert_array_equal(codes, expected[1])
