"""The door on results about drop-out."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import (
    ancova,
    attrition_weights,
    pooled,
    tipping_point,
    weight_diagnostics,
    weighted_ancova,
)
from evalkit.provenance import provenance
from evalkit.release import release
from evalkit.results import Bounds, PooledFit, ResponseTable, TippingCurve, WeightDiagnostics

SAMPLE = "0" * 16


def answers(cells, expected=None):
    """From (due, answered) by (stratum, wave)."""
    n, k = np.array(list(cells.values())).T
    return ResponseTable(
        rows={
            "stratum": [stratum for stratum, _ in cells], "wave": [wave for _, wave in cells],
            "estimate": k / n, "n": n, "n_answered": k, "n_expected": n if expected is None else
            expected,
        },
        summary={"n": int(n.max())}, support={"n": n, "k": k, "complement": n - k},
        provenance=provenance("response_table", SAMPLE),
    )  # fmt: skip


def hidden(released, *keys):
    frame = released.tidy()
    return [tuple(row) for row in frame.loc[frame["suppressed"], list(keys)].to_numpy()]


def test_shares_that_rest_on_few_or_on_all_but_few_are_hidden():
    table = answers({("a", 0): (100, 85), ("a", 6): (100, 95), ("a", 12): (100, 60)})

    assert hidden(release(table, "strict10"), "wave") == [(6,)]
    assert hidden(release(table, "internal"), "wave") == []


def test_everybody_answers_a_first_wave_that_makes_the_sample():
    table = answers({("a", 0): (100, 100), ("a", 6): (100, 80)})

    assert hidden(release(table, "strict10"), "wave") == []


def test_a_wave_between_which_and_a_shown_one_few_left_is_hidden():
    table = answers({("a", 0): (100, 100), ("a", 6): (100, 73), ("a", 12): (100, 70)})

    assert hidden(release(table, "strict10"), "wave") == [(6,)]


def test_the_only_hidden_stratum_of_a_wave_takes_another_with_it():
    cells = {(arm, 0): (50, 50) for arm in "abc"}
    cells |= {("a", 6): (50, 45), ("b", 6): (50, 30), ("c", 6): (50, 25)}

    assert hidden(release(answers(cells), "strict10"), "stratum", "wave") == [("a", 6), ("c", 6)]


def test_few_who_are_no_longer_due_hide_the_wave():
    table = answers({("a", 0): (100, 100), ("a", 6): (97, 60)}, expected=[100, 100])

    assert hidden(release(table, "strict10"), "wave") == [(6,)]


def test_counts_of_answers_are_rounded():
    frame = release(answers({("a", 0): (103, 103), ("a", 6): (103, 71)}), "strict10").tidy()

    assert frame["n"].tolist() == [105, 105]
    assert frame["n_answered"].tolist() == [105, 70]


def test_weights_of_single_persons_are_never_shown():
    table = WeightDiagnostics(
        rows={"stratum": ["", ""], "wave": [0, 6], "n": [60, 8], "n_unused": [3, 0],
              "mean": [1.2, 1.2], "smallest": [1.0, 1.0], "largest": [7.0, 7.0],
              "largest_share": [0.1, 0.1], "effective_n": [50, 5.0]},
        summary={"n": 60}, support={"n": [60, 8]},
        provenance=provenance("weight_diagnostics", SAMPLE),
    )  # fmt: skip

    frame = release(table, "strict10").tidy()

    assert frame["suppressed"].tolist() == [False, True]
    assert frame[["smallest", "largest", "largest_share", "n_unused"]].isna().all(axis=None)
    assert frame["effective_n"][0] == 50
    assert release(table, "internal").tidy()["largest"].tolist() == [7, 7]


def tipping(n_imputed, n_arm=60):
    return TippingCurve(
        rows={"term": ["wave[12]"] * 3, "delta": [-0.1, 0.0, 0.1], "estimate": [0.0, 0.02, 0.04]},
        summary={"n": 120, "n_imputed": n_imputed, "wave": 12, "tipping_estimate": -0.1,
                 "tipping_interval": np.nan, "is_clear": False},
        support={"n": [n_arm] * 3, "k": [n_imputed] * 3, "complement": [n_arm - n_imputed] * 3},
        provenance=provenance("tipping_point", SAMPLE),
    )  # fmt: skip


@pytest.mark.parametrize(("n_imputed", "is_hidden"), [(20, False), (6, True), (55, True)])
def test_a_tipping_curve_is_hidden_where_few_were_moved_or_not(n_imputed, is_hidden):
    released = release(tipping(n_imputed), "strict10")

    assert released.is_withheld == is_hidden
    assert np.isnan(released.summary["tipping_estimate"]) == is_hidden
    assert np.isnan(released.summary["n_imputed"]) == is_hidden


def panel_missing(**missing):
    """60 persons an arm, all with a baseline; `missing` of an arm did not answer at wave 6."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({
        "id": np.repeat(np.arange(120), 2), "wave": np.tile([0, 6], 120),
        "score": rng.normal(0.5, 0.1, 240).round(3),
        "arm": np.repeat(["programme", "comparison"], 120),
    })  # fmt: skip
    for arm, count in missing.items():
        gone = (frame["arm"] == arm) & (frame["wave"] == 6)
        frame.loc[frame.index[gone][:count], "score"] = np.nan
    return HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score", arm="arm")


@pytest.mark.parametrize(("shifted", "is_hidden"), [("both", True), ("programme", False)])
def test_few_moved_in_one_of_both_arms_hide_the_curve_and_how_many(shifted, is_hidden):
    panel = panel_missing(programme=12, comparison=2)
    curve = tipping_point(panel, wave=6, m=3, deltas=[-0.1, 0.1], shifted=shifted)

    released = release(curve, "strict10")

    assert released.is_withheld == is_hidden
    assert np.isnan(released.summary["n_imputed"]) == is_hidden
    both = tipping_point(panel_missing(programme=12, comparison=15), wave=6, m=3,
                         deltas=[-0.1, 0.1], shifted="both")  # fmt: skip
    assert (both.support["k"][0], both.support["complement"][0]) == (12, 45)
    assert release(both, "strict10").summary["n_imputed"] == 27


@pytest.mark.parametrize("estimate", [lambda panel: pooled(panel, "arm"), ancova, weighted_ancova])
def test_rows_and_degrees_of_freedom_do_not_tell_how_many_are_missing(estimate):
    exact = estimate(panel_missing(programme=2))
    shown = release(exact, "strict10").summary

    assert exact.summary["n_row"] % 5 and not shown["n_row"] % 5
    assert shown["n_row"] == pytest.approx(exact.summary["n_row"], abs=2.5)
    assert np.isfinite(exact.summary["n_cluster"]) or not shown["df"] % 5
    assert release(exact, "internal").summary["n_row"] == exact.summary["n_row"]


@pytest.mark.parametrize(("missing", "expected"), [(2, [(6,)]), (15, [])])
def test_weights_tell_nothing_where_few_did_not_answer(missing, expected):
    weighted = attrition_weights(panel_missing(programme=missing, comparison=3 * (missing > 9)),
                                 by_arm=False)  # fmt: skip
    table = weight_diagnostics(weighted)
    assert table.support["complement"].tolist() == [0, missing + 3 * (missing > 9)]

    released = release(table, "strict10")

    assert hidden(released, "wave") == expected
    frame = released.tidy()
    assert frame["effective_n"][0] == 120 and not (frame["effective_n"].dropna() % 5).any()
    assert frame.loc[frame["suppressed"], ["mean", "effective_n", "n"]].isna().all(axis=None)


def bounds(missing):
    missing = np.array(missing)
    return Bounds(
        rows={"term": ["comparison", "programme", "programme - comparison"],
              "scale": ["arm", "arm", "difference"], "low": [0.3] * 3, "high": [0.6] * 3,
              "n": [50, 50, 100], "n_answered": [*(50 - missing), 100 - missing.sum()]},
        summary={"n": 100, "wave": 12},
        support={"n": [50, 50, 50], "k": [*(50 - missing), (50 - missing).min()],
                 "complement": [*missing, missing.min()]},
        provenance=provenance("manski_bounds", SAMPLE),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("missing", "expected"),
    [((20, 15), []), ((20, 4), [("programme",), ("programme - comparison",)])],
)
def test_bounds_of_few_missing_are_hidden_with_their_difference(missing, expected):
    assert hidden(release(bounds(missing), "strict10"), "term") == expected


@pytest.mark.parametrize(("n", "withheld"), [(100, False), (9, True)])
def test_a_pooled_model_on_few_persons_is_hidden(n, withheld):
    fit = PooledFit(
        rows={"term": ["wave[6]"], "estimate": [0.1]}, summary={"n_person": n, "m": 20},
        support={"n": [n]}, provenance=provenance("pool", SAMPLE),
    )  # fmt: skip

    assert release(fit, "strict10").is_withheld == withheld
