"""Recovery and coverage under three ways to drop out: the right method passes, others do not.

`python tests/truth/test_panel_coverage.py` prints the table of `docs/coverage-panel.md`.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from drop_out import (
    FALL,
    MECHANISMS,
    STUDY_WAVES,
    draw,
    draw_study,
    panel_of,
    study_delta,
    study_truth,
    truth_of,
)

from evalkit.panel import ancova, pattern_mixture, weighted_ancova

REPLICATIONS, SETS = 2_000, 20
PLANTED = 200  # replications with a planted bias
ALLOWED = 3.5  # Monte-Carlo errors
N = {"light": 600, "light by town": 1_000, "study": 600}
TOWNS = 50
NAMES = {
    "complete": "answers alone",
    "weighted": "inverse-probability weights",
    "imputed": "multiple imputation",
    "shifted": "imputation, true shift",
}
# Which methods are right where; all others must fail.
RIGHT = {
    "at_random_entirely": {"complete", "weighted", "imputed"},
    "given_previous": {"weighted", "imputed"},
    "unseen": {"shifted"},
}
CASES = [
    (process, mechanism)
    for process in N
    for mechanism in (MECHANISMS if process != "light by town" else ["given_previous"])
]


def method_of(name, process, seed):
    delta = FALL if process.startswith("light") else study_delta() if name == "shifted" else None
    history = () if process.startswith("light") else ("levels",)
    return {
        "complete": lambda panel: ancova(ends_of(panel)),
        "weighted": lambda panel: weighted_ancova(panel, history=history),
        "imputed": lambda panel: pattern_mixture(panel, delta=0.0, m=SETS, seed=seed),
        "shifted": lambda panel: pattern_mixture(panel, delta=delta, m=SETS, seed=seed),
    }[name]


def ends_of(panel):
    """Baseline and last wave, all that `ancova` looks at for the last one."""
    kept = np.isin(panel.wave, [panel.wave.min(), panel.wave.max()])
    arrays = {name: getattr(panel, name)[kept] for name in ("person", "wave", "outcome", "weight")}
    cluster = None if panel.cluster is None else panel.cluster[kept]
    covariates = panel.covariates[kept].reset_index(drop=True)
    return replace(panel, **arrays, cluster=cluster, covariates=covariates)


def panel_drawn(rng, process, mechanism):
    if process == "study":
        seen, _, levels, programme = draw_study(rng, mechanism, N[process])
        return panel_of(seen, programme, waves=STUDY_WAVES, levels=levels.astype(float))
    clusters = TOWNS if process == "light by town" else None
    (seen,), _, (programme,) = draw(rng, mechanism, n=N[process], clusters=clusters)
    return panel_of(seen, programme, clusters=clusters)


def raised(panel, by):
    """Points added to the programme's scores at the last wave, after all have left who leave."""
    moved = (panel.wave == panel.wave.max()) & (panel.covariates["arm"] == "programme").to_numpy()
    outcome = panel.outcome + by * moved
    return replace(panel, outcome=outcome, covariates=panel.covariates.assign(outcome=outcome))


def methods_of(process, mechanism):
    """The right ones, and the one that is commonly used in their place."""
    wrong = {"given_previous": {"complete"}, "unseen": {"complete", "weighted", "imputed"}}
    return [name for name in NAMES if name in RIGHT[mechanism] | wrong.get(mechanism, set())]


@cache
def replicated(process, mechanism, times=REPLICATIONS, seed=20271, bias=0.0):
    """Estimate, error and limits at the last wave, by method and replication.

    With a bias the right methods alone, on scores that it was added to.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(times):
        panel = raised(panel_drawn(rng, process, mechanism), bias)
        for name in sorted(RIGHT[mechanism]) if bias else methods_of(process, mechanism):
            last = method_of(name, process, number)(panel).tidy().iloc[-1]
            numbers = last[["estimate", "std_error", "conf_low", "conf_high"]]
            rows.append({"method": name, **numbers})
    return pd.DataFrame(rows)


def stated(process, mechanism):
    return study_truth()[0] if process == "study" else truth_of(mechanism)


def coverage_tolerance(process, times):
    # 0.5 points for approximations at n = 2 000 and 1.5 at n = 200, between them by 1/sqrt(n).
    return ALLOWED * np.sqrt(0.95 * 0.05 / times) + 0.015 * np.sqrt(200 / N[process])


def covered(rows, truth):
    return float(((rows["conf_low"] <= truth) & (truth <= rows["conf_high"])).mean())


def recovery_tolerance(rows, process):
    error = study_truth()[1] if process == "study" else 0.0
    return ALLOWED * np.hypot(rows["estimate"].std() / np.sqrt(len(rows)), error)


@pytest.mark.slow
@pytest.mark.parametrize(("process", "mechanism"), CASES)
def test_the_right_methods_cover_and_recover_and_the_others_do_not(process, mechanism):
    found, truth = replicated(process, mechanism), stated(process, mechanism)
    for name, rows in found.groupby("method"):
        allowed = recovery_tolerance(rows, process)
        off = abs(rows["estimate"].mean() - truth)
        misses = abs(covered(rows, truth) - 0.95)
        if name in RIGHT[mechanism]:
            assert misses <= coverage_tolerance(process, len(rows)), name
            assert off <= allowed <= 0.1 * truth, name
        else:
            assert misses > coverage_tolerance(process, len(rows)), name
            assert off > allowed, name


@pytest.mark.slow
@pytest.mark.parametrize(("process", "mechanism"), CASES)
def test_a_bias_planted_in_the_scores_passes_neither_test(process, mechanism):
    found, truth = replicated(process, mechanism), stated(process, mechanism)
    by_method = found[found["method"].isin(RIGHT[mechanism])].groupby("method")
    few = by_method.head(PLANTED).groupby("method")
    twice = max(2 * recovery_tolerance(rows, process) for _, rows in few)
    of_error = 2 * by_method["std_error"].mean().max()
    for name, rows in replicated(process, mechanism, PLANTED, 20273, twice).groupby("method"):
        assert abs(rows["estimate"].mean() - truth) > recovery_tolerance(rows, process), name
    for name, rows in replicated(process, mechanism, PLANTED, 20273, of_error).groupby("method"):
        assert abs(covered(rows, truth) - 0.95) > coverage_tolerance(process, len(rows)), name


def main() -> None:
    """Print the table of the document."""
    print("| records | drop-out | method | bias | spread | mean error | covered |")
    print("|---|---|---|---|---|---|---|")
    for process, mechanism in CASES:
        truth = stated(process, mechanism)
        for name, rows in replicated(process, mechanism).groupby("method", sort=False):
            print(
                f"| {process} | {mechanism} | {NAMES[name]} "
                f"| {rows['estimate'].mean() - truth:+.4f} | {rows['estimate'].std():.4f} "
                f"| {rows['std_error'].mean():.4f} | {100 * covered(rows, truth):.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
