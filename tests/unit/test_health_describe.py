"""Descriptions of EQ-5D answers: shapes, missing answers, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.health import (
    ceiling_share,
    dimension_table,
    frequent_profiles,
    health_change,
    health_profile_grid,
    level_sum_table,
    paretian_change,
    probability_of_superiority,
    shannon_indices,
    value_set_comparison,
)

DIMENSIONS = ["mo", "sc", "ua", "pd", "ad"]
FIVE = {"instrument": "EQ-5D-5L"}
BY_WAVE = (dimension_table, level_sum_table, frequent_profiles, ceiling_share, shannon_indices)
OF_CHANGE = (paretian_change, probability_of_superiority)


def answers(n=60, waves=(0, 6, 12), seed=4):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"id": np.repeat(np.arange(n), len(waves)), "wave": list(waves) * n})
    frame[DIMENSIONS] = rng.integers(1, 6, (len(frame), 5))
    frame["arm"] = np.where(frame["id"] % 2, "programme", "comparison")
    return frame.assign(index=rng.normal(size=len(frame)))


def panel(frame=None, **options):
    frame = answers() if frame is None else frame
    return HealthPanel.from_frame(
        frame, person="id", wave="wave", outcome="index", arm="arm", **options
    )


@pytest.mark.parametrize("describe", BY_WAVE)
def test_every_wave_and_stratum_is_described(describe):
    result = describe(panel(), by="arm", **FIVE)

    cells = set(zip(result.tidy()["stratum"], result.tidy()["wave"], strict=True))
    assert cells == {(a, w) for a in ("programme", "comparison") for w in (0, 6, 12)}
    assert result.summary["n"] == 60
    assert set(result.tidy()["n"]) == {30}
    assert result.summary["label"] == "description"


@pytest.mark.parametrize("describe", OF_CHANGE)
def test_every_later_wave_is_compared_with_the_first(describe):
    result = describe(panel(), **FIVE)

    assert set(result.tidy()["wave"]) == {6, 12}
    assert set(describe(panel(), before=6, after=12, **FIVE).tidy()["wave"]) == {12}


def test_shares_of_a_table_add_up_to_one():
    for result in (dimension_table(panel(), **FIVE), frequent_profiles(panel(), **FIVE),
                   paretian_change(panel(), **FIVE)):  # fmt: skip
        rows = result.tidy()
        sums = rows.groupby(["wave", "item"])[["share", "n_with"]].sum()
        np.testing.assert_allclose(sums["share"], 1.0)
        assert (sums["n_with"] == 60).all()


def test_columns_and_codes_give_the_same_description():
    frame = answers()
    frame["state"] = frame[DIMENSIONS].astype(str).agg("".join, axis=1)

    for describe in (*BY_WAVE, *OF_CHANGE):
        from_columns = describe(panel(frame), **FIVE).tidy()
        from_codes = describe(panel(frame), columns=["state"], **FIVE).tidy()
        pd.testing.assert_frame_equal(from_columns, from_codes)


def test_a_missing_answer_leaves_out_its_dimension_and_the_whole_profile():
    frame = answers().astype({"sc": float})
    frame.loc[frame["id"] == 0, "sc"] = np.nan

    table = dimension_table(panel(frame), **FIVE).tidy().set_index("item")
    profiles = ceiling_share(panel(frame), **FIVE).tidy()

    assert set(table.loc["sc", "n"]) == {59}
    assert set(table.loc["mo", "n"]) == {60}
    assert set(profiles["n"]) == {59}


@pytest.mark.parametrize("describe", (*BY_WAVE, *OF_CHANGE))
def test_a_level_six_is_refused_by_column_count_and_position(describe):
    frame = answers()
    frame.loc[[3, 5], "ua"] = 6

    with pytest.raises(EstimationError, match=r"^ua: 2 of 180 answers are not levels 1 to 5"):
        describe(panel(frame), **FIVE)


def test_two_instruments_in_one_column_are_refused():
    frame = answers().assign(instrument="EQ-5D-5L")
    frame.loc[frame["id"] == 1, "instrument"] = "EQ-5D-3L"

    with pytest.raises(EstimationError, match="instrument: 3 of 180 rows are not of EQ-5D-5L"):
        dimension_table(panel(frame), **FIVE)


@pytest.mark.parametrize("describe", (*BY_WAVE, *OF_CHANGE))
def test_an_unknown_instrument_is_refused(describe):
    with pytest.raises(ParameterError, match="EQ-5D-3L, EQ-5D-5L"):
        describe(panel(), instrument="SF-36")


def test_answers_that_are_all_missing_are_refused():
    frame = answers().astype(dict.fromkeys(DIMENSIONS, float))
    frame[DIMENSIONS] = np.nan

    with pytest.raises(EstimationError, match="no dimension is answered in 180 rows"):
        dimension_table(panel(frame), **FIVE)
    with pytest.raises(EstimationError, match="no profile is complete in 180 rows"):
        ceiling_share(panel(frame), **FIVE)
    with pytest.raises(EstimationError, match="wave 0: no complete answer in 180 rows"):
        paretian_change(panel(frame), **FIVE)


def test_one_wave_has_no_change():
    one = panel(answers(waves=(0,)))

    with pytest.raises(EstimationError, match="nobody of 60 who answered at wave 0"):
        paretian_change(one, **FIVE)
    with pytest.raises(EstimationError, match="wave 6: no complete answer in 60 rows; there are "
                                              "answers at waves 0"):  # fmt: skip
        health_change(one, after=6)
    with pytest.raises(ParameterError, match="not later"):
        health_change(panel(), before=6, after=0)


def test_a_change_that_nobody_has_two_scores_for_is_refused():
    frame = answers(waves=(0, 6))
    frame.loc[(frame["id"] % 2 == 0) & (frame["wave"] == 0), "index"] = np.nan
    frame.loc[(frame["id"] % 2 == 1) & (frame["wave"] == 6), "index"] = np.nan

    with pytest.raises(EstimationError, match="nobody of 30"):
        health_change(panel(frame))


def test_one_person_has_a_mean_without_an_error():
    row = health_change(panel(answers(1, (0, 6)))).tidy().iloc[0]

    assert row["n"] == 1
    assert np.isfinite(row["estimate"]) and np.isnan(row["std_error"])


def test_one_cluster_is_refused_by_name():
    frame = answers().assign(centre="a")

    with pytest.raises(EstimationError, match="cluster: one cluster only"):
        ceiling_share(panel(frame, cluster="centre"), **FIVE)


def test_a_constant_score_changes_by_nothing():
    rows = health_change(panel(answers().assign(index=0.5)), important=0.05).tidy()
    rows = rows.set_index(["quantity", "wave"])["estimate"]

    assert rows["mean_change", 6] == 0
    assert rows["share_between", 6] == 1


@pytest.mark.parametrize("size", [0, -0.1, float("nan")])
def test_an_important_size_is_above_zero(size):
    with pytest.raises(ParameterError, match="important: .* is not above 0"):
        health_change(panel(), important=size)


def test_options_out_of_range_are_refused():
    with pytest.raises(ParameterError, match="n_profile"):
        frequent_profiles(panel(), n_profile=0, **FIVE)
    with pytest.raises(ParameterError, match="n_band"):
        health_profile_grid(panel(), value_set="SE-2020-TTO", n_band=1)
    with pytest.raises(ParameterError, match="conf_level"):
        shannon_indices(panel(), conf_level=95, **FIVE)
    for sets in (["SE-2020-TTO"], ["SE-2020-TTO", "SE-2014-TTO"], []):
        with pytest.raises(ParameterError, match="at least two of one instrument"):
            value_set_comparison(panel(), value_sets=sets)


def test_bands_of_the_grid_hold_all_states_and_the_best_is_one():
    well, ill = ["11111"] * 3, ["55555"] * 3
    frame = pd.DataFrame({"id": [1, 2, 3] * 2, "wave": [0] * 3 + [6] * 3, "state": well + ill})
    sample = panel(frame.assign(index=0.0, arm="programme"))

    grid = health_profile_grid(sample, value_set="SE-2020-TTO", columns=["state"]).tidy()

    assert grid.loc[grid["n_with"] > 0, "level"].tolist() == ["1 > 5", "worsened"]
    assert len(grid) == 28


def test_the_same_answers_in_another_row_order_give_the_same_result():
    frame = answers()
    shuffled = frame.sample(frac=1, random_state=2)

    for describe in (*BY_WAVE, *OF_CHANGE):
        one, other = (describe(panel(f), by="arm", **FIVE) for f in (frame, shuffled))
        pd.testing.assert_frame_equal(one.tidy(), other.tidy())
