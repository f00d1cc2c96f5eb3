"""The wild cluster bootstrap: reproducible, and refused where it does not hold."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError
from evalkit.panel import wild_cluster_bootstrap

OPTIONS = {"term": "arm[programme]:post", "wave_effects": True, "n_draw": 299}


def frame_of(n_place=8, *, per_place=5):
    rng = np.random.default_rng(5)
    place = np.repeat(np.arange(n_place), per_place)
    n = len(place)
    return pd.DataFrame({
        "id": np.repeat(np.arange(n), 2), "wave": np.tile([0, 6], n), "place": np.repeat(place, 2),
        "arm": np.repeat(np.where(place % 2, "programme", "comparison"), 2),
        "index": rng.normal(0.6, 0.1, 2 * n),
    })  # fmt: skip


def panel_of(frame, cluster="place"):
    return HealthPanel.from_frame(
        frame, person="id", wave="wave", outcome="index", arm="arm", cluster=cluster
    )


def test_numbers_are_the_same_whatever_the_order_of_rows():
    frame = frame_of()

    one = wild_cluster_bootstrap(panel_of(frame), "arm:post", **OPTIONS)
    two = wild_cluster_bootstrap(panel_of(frame.sample(frac=1, random_state=3)), "arm:post",
                                 **OPTIONS)  # fmt: skip

    pd.testing.assert_frame_equal(one.tidy(), two.tidy())


def test_a_seed_gives_the_same_numbers_and_another_one_others():
    panel = panel_of(frame_of())

    first, again, other = (
        wild_cluster_bootstrap(panel, "arm:post", seed=seed, **OPTIONS).tidy() for seed in (1, 1, 2)
    )

    pd.testing.assert_frame_equal(first, again)
    assert first["conf_low"].item() != other["conf_low"].item()


@pytest.mark.parametrize(("n_place", "kind"), [(8, "webb"), (11, "webb"), (12, "rademacher")])
def test_weights_are_webbs_below_twelve_clusters(n_place, kind):
    fit = wild_cluster_bootstrap(panel_of(frame_of(n_place)), "arm:post", **OPTIONS)

    assert fit.glance()["vcov"].item() == f"wild cluster bootstrap, {kind}"


def test_few_signs_are_each_drawn_once_with_a_warning():
    panel = panel_of(frame_of(7))

    with pytest.warns(AssumptionWarning, match="7 clusters have 128 different draws"):
        fit = wild_cluster_bootstrap(panel, "arm:post", weights="rademacher", **OPTIONS).tidy()

    assert (fit["p_value"].item() * 128) % 1 == 0
    assert fit["p_value"].item() >= 2 / 128


def test_too_few_clusters_are_refused():
    with pytest.raises(EstimationError, match="cluster: 5 clusters are too few"):
        wild_cluster_bootstrap(panel_of(frame_of(5)), "arm:post", **OPTIONS)


def test_clusters_that_missing_answers_leave_are_what_counts():
    frame = frame_of(7)
    frame.loc[frame["place"].isin([5, 6]), "index"] = np.nan

    with pytest.raises(EstimationError, match="5 clusters"):
        wild_cluster_bootstrap(panel_of(frame), "arm:post", **OPTIONS)


def test_a_cluster_is_needed_and_one_for_each_person():
    frame = frame_of()
    with pytest.raises(EstimationError, match="names none"):
        wild_cluster_bootstrap(panel_of(frame, None), "arm:post", **OPTIONS)

    frame.loc[frame["wave"] == 6, "place"] = (frame["place"] + 1) % 8
    with pytest.raises(EstimationError, match="several clusters"):
        wild_cluster_bootstrap(panel_of(frame), "arm:post", **OPTIONS)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"term": "nothing"}, "term: 'nothing'"),
        ({"weights": "normal"}, "weights: 'normal'"),
        ({"n_draw": 10}, "n_draw: 10"),
        ({"conf_level": 1.0}, "conf_level"),
        ({"cluster": "nowhere"}, "no such column"),
    ],
)
def test_arguments_out_of_range_are_refused(options, match):
    with pytest.raises(ParameterError, match=match):
        wild_cluster_bootstrap(panel_of(frame_of()), "arm:post", **OPTIONS | options)


def test_a_model_without_effects_is_tested_too():
    fit = wild_cluster_bootstrap(
        panel_of(frame_of()), "arm", term="arm[programme]", person_effects=False, n_draw=299
    )

    assert np.isfinite(fit.tidy().drop(columns="term").to_numpy(dtype=float)).all()
