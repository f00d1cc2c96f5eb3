"""Designs: degenerate input, few clusters, what the door hides, and the drawn event study."""

import re

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import (
    CohortError,
    DisclosureError,
    EstimationError,
    ParameterError,
    SmallSampleWarning,
)
from evalkit.panel import (
    difference_in_differences,
    event_study,
    honest_bounds,
    pre_start_dip,
    pre_trend_test,
    regression_to_the_mean,
    staggered_effects,
)
from evalkit.panel.covariances import (
    cluster_covariance,
    driscoll_kraay_covariance,
    two_way_covariance,
)
from evalkit.release import release
from evalkit.report import figures
from evalkit.report.figures.event_study import draw_event_study
from evalkit.report.text import open_text

DESIGNS = [
    difference_in_differences,
    event_study,
    pre_trend_test,
    honest_bounds,
    pre_start_dip,
]


def frame_of(n=60, waves=(-12, -6, 0, 6), *, n_place=10, seed=6):
    rng = np.random.default_rng(seed)
    k = len(waves)
    return pd.DataFrame({
        "id": np.repeat(np.arange(n), k), "wave": np.tile(waves, n),
        "place": np.repeat(np.arange(n) % n_place, k),
        "arm": np.repeat(np.where(np.arange(n) < n // 2, "programme", "comparison"), k),
        "index": rng.normal(0.6, 0.1, n * k), "age": np.repeat(rng.normal(size=n), k),
    })  # fmt: skip


def panel_of(frame, **options):
    return HealthPanel.from_frame(
        frame, **{"person": "id", "wave": "wave", "outcome": "index", "arm": "arm"} | options
    )


def joining(frame=None, never=np.nan):
    frame = frame_of(waves=(1, 2, 3)) if frame is None else frame
    return frame.assign(joined=np.select([frame["id"] % 3 == 0, frame["id"] % 3 == 1],
                                         [2.0, 3.0], never))  # fmt: skip


@pytest.mark.parametrize("estimate", DESIGNS)
@pytest.mark.parametrize("vcov", ["cluster", "CR2", "CR3"])
def test_errors_by_cluster_take_every_correction(estimate, vcov):
    options = {"vcov": vcov}

    tidy = estimate(panel_of(frame_of(), cluster="place"), **options).tidy()

    numbers = tidy.select_dtypes("number").to_numpy(dtype=float)
    assert np.isfinite(numbers).any(axis=1).all()


@pytest.mark.parametrize("estimate", DESIGNS)
def test_below_six_clusters_errors_are_by_person_with_a_warning(estimate):
    frame = frame_of(n_place=4)

    with pytest.warns(SmallSampleWarning, match="4 clusters are too few"):
        few = estimate(panel_of(frame, cluster="place")).tidy()

    pd.testing.assert_frame_equal(few, estimate(panel_of(frame)).tidy())


@pytest.mark.parametrize("estimate", DESIGNS)
def test_one_cluster_is_refused(estimate):
    with pytest.raises(EstimationError, match="1 cluster"):
        estimate(panel_of(frame_of(n_place=1), cluster="place"))


@pytest.mark.parametrize("estimate", DESIGNS)
def test_one_wave_one_arm_and_a_constant_are_refused(estimate):
    frame = frame_of()
    with pytest.raises(EstimationError, match="wave"):
        estimate(panel_of(frame[frame["wave"] == 0]))
    with pytest.raises(EstimationError, match="arm"):
        estimate(panel_of(frame[frame["arm"] == "programme"]))
    with pytest.raises(EstimationError, match="index: constant"):
        estimate(panel_of(frame.assign(index=0.5)))


@pytest.mark.parametrize("estimate", DESIGNS)
def test_unknown_corrections_and_changing_arms_are_refused(estimate):
    frame = frame_of()
    with pytest.raises(ParameterError, match="vcov: 'HC3'"):
        estimate(panel_of(frame), vcov="HC3")

    frame.loc[frame["wave"] == 6, "arm"] = "comparison"
    with pytest.raises(CohortError, match="arm: changes between the rows of 30 persons"):
        panel_of(frame)
    with pytest.raises(EstimationError, match="arm: differs between the rows of 30 persons"):
        estimate(panel_of(frame, arm=None))


def test_a_wave_without_one_arm_is_missing_and_the_others_are_not():
    frame = frame_of(waves=(-6, 0, 6, 12))
    frame.loc[(frame["wave"] == 12) & (frame["arm"] == "programme"), "index"] = np.nan
    panel = panel_of(frame)

    tidy = event_study(panel).tidy().set_index("term")

    assert tidy["estimate"].isna().tolist() == [False, False, False, True]
    with pytest.raises(EstimationError, match="no answer of one arm at wave 12"):
        difference_in_differences(panel)
    assert np.isfinite(difference_in_differences(panel, after=[6]).tidy()["estimate"]).all()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda p: event_study(p, reference=7), "reference: 7"),
        (lambda p: difference_in_differences(p, method="other"), "method: 'other'"),
        (lambda p: difference_in_differences(p, before=[0], after=[0]), "none in both"),
        (lambda p: difference_in_differences(p, method="two_by_two", covariates=["age"]), "none"),
        (lambda p: honest_bounds(p, restriction="flat"), "restriction: 'flat'"),
        (lambda p: honest_bounds(p, restriction="smoothness"), "limits: name them"),
        (lambda p: honest_bounds(p, limits=[-1]), "limits"),
        (lambda p: honest_bounds(p, waves=[0]), "waves: must be among 6"),
        (lambda p: pre_start_dip(p, waves=[-6, 0, 5]), "waves: must be among"),
        (lambda p: regression_to_the_mean(p, wave=6), "missing: earlier"),
        (lambda p: regression_to_the_mean(p, wave=6, earlier=-6, cut_off=1.0), "not used: cut_off"),
        (lambda p: regression_to_the_mean(p, wave=-6, earlier=-12), "in the order"),
        (lambda p: regression_to_the_mean(p, wave=6, method="mean", population_mean=1.0,
                                          correlation=1.2), "correlation"),
        (lambda p: regression_to_the_mean(p, wave=7, earlier=-6), "no answers at 7"),
        (lambda p: staggered_effects(p, joined="nowhere"), "no such column"),
        (lambda p: staggered_effects(p, joined="arm"), "must be the number of a wave"),
        (lambda p: staggered_effects(p, joined="age", control="all"), "control: 'all'"),
        (lambda p: staggered_effects(p, joined="age", anticipation=-1), "anticipation"),
        (lambda p: staggered_effects(p, joined="age", n_draw=5), "n_draw: 5"),
    ],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(call, match):
    with pytest.raises(ParameterError, match=match):
        call(panel_of(frame_of()))


def test_waves_before_the_start_are_needed_for_what_rests_on_them():
    panel = panel_of(frame_of(waves=(0, 6, 12)))

    with pytest.raises(EstimationError, match="no wave before 0"):
        pre_trend_test(panel)
    with pytest.raises(EstimationError, match="no wave before 0"):
        honest_bounds(panel)
    with pytest.raises(EstimationError, match="1 waves before the start"):
        pre_start_dip(panel)
    with pytest.raises(EstimationError, match="no wave after 12"):
        honest_bounds(panel, reference=12)


def test_more_waves_than_clusters_cannot_be_tested_together():
    panel = panel_of(frame_of(waves=range(-36, 7, 6), n_place=6), cluster="place")

    with pytest.raises(EstimationError, match="6 clusters are too few to test 6 waves"):
        pre_trend_test(panel)


def test_regression_to_the_mean_is_of_one_arm_and_needs_two_persons():
    panel = panel_of(frame_of())
    options = {"wave": 6, "earlier": -6}

    assert (
        regression_to_the_mean(panel, arm="programme", **options).glance()["n_person"].item() == 30
    )
    with pytest.raises(EstimationError, match="0 persons answered"):
        regression_to_the_mean(panel, arm="third", **options)


@pytest.mark.parametrize(
    ("joined", "match"),
    [
        (lambda f: f.assign(joined=np.nan), "nobody of 60 joins"),
        (lambda f: f.assign(joined=1.0), "nobody of 60 joins"),
        (lambda f: f.assign(joined=2.0), "everybody joins"),
        (lambda f: f.assign(joined=f["wave"].astype(float)), "differs between the rows of 60"),
    ],
)
def test_joining_that_cannot_be_compared_is_refused(joined, match):
    with pytest.raises(EstimationError, match=match):
        staggered_effects(panel_of(joined(frame_of(waves=(1, 2, 3)))), joined="joined")


def test_weights_that_differ_within_a_person_are_refused():
    frame = joining().assign(size=1.0)
    staggered_effects(panel_of(frame, weight="size"), joined="joined", n_draw=99)

    frame.loc[frame["wave"] == 3, "size"] = 2.0
    with pytest.raises(EstimationError, match="weight: differs between the rows of 60 persons"):
        staggered_effects(panel_of(frame, weight="size"), joined="joined")


def test_those_who_joined_first_are_left_out_and_counted():
    frame = joining(never=np.nan)
    frame.loc[frame["id"] < 6, "joined"] = 1.0

    glance = staggered_effects(panel_of(frame), joined="joined", n_draw=99).glance()

    assert glance["n_left_out"].item() == 6
    assert glance["n_person"].item() == 54


def test_without_never_joined_the_last_group_has_no_comparison_at_its_wave():
    frame = joining(never=3.0)

    tidy = staggered_effects(panel_of(frame), joined="joined", control="not_yet", n_draw=99).tidy()

    missing = tidy[(tidy["aggregation"] == "group_time") & tidy["estimate"].isna()]
    assert missing[["joined", "wave"]].to_numpy().tolist() == [[2, 3], [3, 2], [3, 3]]
    assert (missing["reason"] == "nobody to compare with").all()
    simple = tidy[tidy["aggregation"] == "simple"].iloc[0]
    assert simple["reason"] == "left out: cells without an estimate (2)"
    assert np.isfinite(simple["estimate"])


def test_covariates_that_tell_who_joined_make_a_cell_missing():
    frame = joining()
    frame["tells"] = frame["joined"].eq(2.0) * 1.0

    tidy = staggered_effects(
        panel_of(frame), joined="joined", covariates=["tells"], method="weighting", n_draw=99
    ).tidy()

    cells = tidy[(tidy["aggregation"] == "group_time") & (tidy["joined"] == 2.0)]
    assert cells["estimate"].isna().all()
    assert (cells["reason"] == "covariates tell who joined").all()
    others = tidy[(tidy["aggregation"] == "group_time") & (tidy["joined"] == 3.0)]
    assert others["estimate"].notna().all()


def test_bands_are_the_same_for_a_seed_whatever_the_order_of_rows():
    frame = joining()

    one = staggered_effects(panel_of(frame), joined="joined", n_draw=299, seed=4).tidy()
    two = staggered_effects(
        panel_of(frame.sample(frac=1, random_state=1)), joined="joined", n_draw=299, seed=4
    ).tidy()

    pd.testing.assert_frame_equal(one, two)
    assert (one["band_high"] >= one["conf_high"]).all()


def test_staggered_errors_by_few_clusters_are_by_person():
    frame = joining()
    with pytest.warns(SmallSampleWarning, match="4 clusters"):
        few = staggered_effects(
            panel_of(frame.assign(place=frame["id"] % 4), cluster="place"), joined="joined",
            n_draw=99,
        )  # fmt: skip

    plain = staggered_effects(panel_of(frame), joined="joined", n_draw=99)
    pd.testing.assert_frame_equal(few.tidy(), plain.tidy())


def test_one_cluster_or_one_wave_has_no_covariance():
    x, residual, bread = np.ones((4, 1)), np.array([1.0, -1, 2, -2]), np.array([[0.25]])
    same, other = np.zeros(4, dtype=int), np.arange(4)

    with pytest.raises(EstimationError, match="1 cluster"):
        cluster_covariance(x, residual, bread, same, n_counted=1)
    with pytest.raises(EstimationError, match="one cluster"):
        two_way_covariance(x, residual, bread, same, other, n_counted=1)
    with pytest.raises(EstimationError, match="one wave"):
        driscoll_kraay_covariance(x, residual, bread, same)
    with pytest.raises(ParameterError, match="kind: 'CR4'"):
        cluster_covariance(x, residual, bread, other, kind="CR4", n_counted=1)
    with pytest.raises(ParameterError, match="max_lag: must be 0 to 3"):
        driscoll_kraay_covariance(x, residual, bread, other, max_lag=4)
    with pytest.raises(EstimationError, match="leave nothing over"):
        cluster_covariance(x, residual, bread, other, n_counted=4)


def test_a_direction_that_one_cluster_fits_alone_adds_nothing():
    x = np.column_stack([np.ones(6), [1.0, 0, 0, 0, 0, 0]])
    y = np.array([9.0, 1, 2, 3, 4, 5])
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ (bread @ x.T @ y)

    three = cluster_covariance(x, residual, bread, np.arange(6), kind="CR3", n_counted=2)

    # The mean of the other five: leaving one out moves it by e/(1 - 1/5) / 5.
    expected = 5 / 6 * np.sum((residual[1:] / (4 / 5) / 5) ** 2)
    assert three.matrix[0, 0] == pytest.approx(expected, rel=1e-10)


# What the door hides.


def test_a_wave_with_few_of_one_arm_is_hidden_also_before_the_start():
    frame = frame_of()
    few = (frame["wave"] == -12) & (frame["id"] >= 5) & (frame["arm"] == "programme")
    frame.loc[few, "index"] = np.nan

    shown = release(event_study(panel_of(frame)), "strict10").tidy()

    assert shown["suppressed"].tolist() == [True, False, False, False]
    assert shown.loc[0, ["estimate", "std_error", "conf_low"]].isna().all()


def test_bounds_of_few_persons_are_hidden_and_others_are_exact():
    result = honest_bounds(panel_of(frame_of()))

    shown = release(result, "strict10").tidy()
    few = release(honest_bounds(panel_of(frame_of(n=16))), "strict10").tidy()

    pd.testing.assert_frame_equal(shown.drop(columns="suppressed"), result.tidy())
    assert few["suppressed"].all() and few[["low", "conf_low"]].isna().all(axis=None)


def grouped(sizes, never=40):
    """Persons who join at 2, 3, ... in groups of the given sizes, waves 1 to 4."""
    n = sum(sizes) + never
    frame = frame_of(n=n, waves=(1, 2, 3, 4))
    start = np.repeat([*(2.0 + np.arange(len(sizes))), np.nan], [*sizes, never])
    return panel_of(frame.assign(joined=start[frame["id"]]))


def test_one_small_group_hides_its_cells_and_every_mean_it_is_part_of():
    result = staggered_effects(grouped([40, 5, 30]), joined="joined", n_draw=99)

    shown = release(result, "strict10").tidy().set_index("aggregation")

    cells = shown.loc["group_time"]
    assert (cells["suppressed"] == (cells["joined"] == 3.0)).all()
    for name in ("simple", "group mean", "dynamic mean", "calendar mean"):
        assert shown.loc[name, "suppressed"], name
    by_wave = shown.loc["calendar"].set_index("wave")["suppressed"]
    assert by_wave.to_dict() == {2.0: False, 3.0: True, 4.0: True}
    assert shown.loc["group"].set_index("joined")["suppressed"].to_dict() == {
        2.0: False, 3.0: True, 4.0: False,
    }  # fmt: skip
    assert shown.loc[shown["suppressed"], ["estimate", "band_low", "n"]].isna().all(axis=None)


def test_two_small_groups_that_are_large_enough_together_hide_in_the_mean():
    result = staggered_effects(grouped([40, 7, 8]), joined="joined", n_draw=99)

    shown = release(result, "strict10").tidy().set_index("aggregation")

    assert not shown.loc["simple", "suppressed"]
    # At waves 3 and 4 they are in the mean.
    by_wave = shown.loc["calendar"].set_index("wave")["suppressed"]
    assert by_wave.to_dict() == {2.0: False, 3.0: True, 4.0: True}


def equations(shown, unknown):
    """What shown means say of hidden cells: a row an equation, a column a cell."""
    rows = []
    for kind, row in shown[~shown["suppressed"]].iterrows():
        inside = {
            "group": unknown["joined"] == row["joined"],
            "calendar": unknown["wave"] == row["wave"],
            "dynamic": unknown["wave"] - unknown["joined"] == row["wave"],
        }.get(kind, kind != "group_time")
        rows.append(np.where(unknown["after"] & inside, unknown["n"], 0.0))
    return np.array(rows)


@pytest.mark.parametrize("sizes", [[6, 6], [7, 8, 9], [6, 40, 6], [40, 7, 8]])
def test_shown_means_together_are_no_system_that_gives_a_hidden_effect(sizes):
    result = staggered_effects(grouped(sizes), joined="joined", n_draw=99)

    shown = release(result, "strict10").tidy()

    cells = shown["aggregation"] == "group_time"
    unknown = shown[cells & shown["suppressed"]].assign(
        n=result.tidy()["n"], after=lambda table: table["wave"] >= table["joined"]
    )
    system = equations(shown.set_index("aggregation"), unknown[unknown["after"]])
    assert np.linalg.matrix_rank(system) == 1
    assert (np.count_nonzero(system, axis=1) != 1).all()
    assert not shown.set_index("aggregation")["suppressed"]["simple"]


def test_one_hidden_group_alone_hides_the_simple_mean_too():
    result = staggered_effects(grouped([40, 6]), joined="joined", n_draw=99)

    shown = release(result, "strict10").tidy().set_index("aggregation")

    assert shown.loc["simple", "suppressed"]


def test_effects_on_enough_persons_pass_as_they_are():
    result = staggered_effects(grouped([40, 30, 30]), joined="joined", n_draw=99)

    shown = release(result, "strict10").tidy()

    assert not shown["suppressed"].any()
    pd.testing.assert_frame_equal(
        shown.drop(columns=["suppressed", "n"]), result.tidy().drop(columns="n")
    )


def test_arms_with_few_persons_hide_their_difference():
    frame = frame_of(n=60)
    frame = frame[(frame["id"] < 5) | (frame["id"] >= 30)]

    shown = release(difference_in_differences(panel_of(frame)), "strict10").tidy()
    dips = release(pre_start_dip(panel_of(frame)), "strict10").tidy()

    assert shown["suppressed"].tolist() == dips["suppressed"].tolist() == [False, True, True]


# The event study as a figure.


def speak(language="en", **options):
    return open_text(hand.labels(level="study", **options), language)


def drawn():
    return release(event_study(panel_of(frame_of(waves=(-12, -6, 0, 6, 12)))), "strict10")


def test_dots_are_the_released_differences_and_the_reference_is_hollow():
    shown = drawn()
    (axes,) = draw_event_study(shown, speak()).axes

    lines = {line.get_label(): line for line in axes.lines}
    tidy = shown.tidy()
    np.testing.assert_array_equal(lines["difference"].get_xdata(), [-12, -6, 6, 12])
    np.testing.assert_array_equal(lines["difference"].get_ydata(), tidy["estimate"][[0, 1, 3, 4]])
    assert lines["reference"].get_xdata().tolist() == [0]
    assert lines["reference"].get_markerfacecolor() == "white"


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_the_part_has_a_picture_words_and_a_table_in_each_language(language):
    part = figures.event_study(drawn(), speak(language))

    assert list(part.images) == ["fig-event-study.png"]
    assert len(re.findall(r"^\|", part.markdown, re.M)) >= 7
    word = {"sv": "före starten", "fi": "Ennen aloitusta", "en": "Before the start"}[language]
    assert word in part.markdown


def test_a_hidden_wave_is_no_dot_and_unreleased_results_are_refused():
    frame = frame_of(waves=(-6, 0, 6))
    frame.loc[(frame["wave"] == -6) & (frame["id"] >= 5) & (frame["id"] < 30), "index"] = np.nan
    result = event_study(panel_of(frame))

    (axes,) = draw_event_study(release(result, "strict10"), speak()).axes

    dots = next(line for line in axes.lines if line.get_label() == "difference")
    assert dots.get_xdata().tolist() == [6]
    with pytest.raises(DisclosureError):
        figures.event_study(result, speak())
