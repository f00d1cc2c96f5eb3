"""Made-up panels that lose persons by a known rule, for tests of recovery and coverage.

A light process of its own, so that thousands of panels take seconds. Scores are normal, more is
better; arms are drawn by lot; after the baseline persons leave and do not come back:

- `at_random_entirely`: one in six at each wave of the programme, one in twelve of the comparison.
- `given_previous`: in the programme whoever scored low at the wave before leaves, in the comparison
  whoever scored high.
- `unseen`: as one in five at each wave, but whoever leaves the programme has scores 0.08 lower from
  then on, and whoever leaves the comparison 0.04 lower: nothing in the answers tells.
"""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
from scipy.special import expit

from evalkit.cohort.samples import HealthPanel
from evalkit.panel.grid import build_grid
from evalkit.panel.imputation import draw_scores
from evalkit.synthetic import answers
from evalkit.synthetic.countries import SWEDEN
from evalkit.synthetic.countries import WAVES as STUDY_WAVES
from evalkit.synthetic.scenario import make_scenario

WAVES = np.array([0, 6, 12])
EFFECT = np.array([0.0, 0.05, 0.08])
FALL = {"comparison": -0.04, "programme": -0.08}  # of unanswered scores, `unseen`
MECHANISMS = ("at_random_entirely", "given_previous", "unseen")


def draw(rng, mechanism, *, n=300, clusters=None, sets=1):
    """Scores (sets, n, 3) with NaN where not answered, those had all answered, and arms (sets, n).

    Unanswered scores of the full set are lower by `FALL` where the mechanism says so.
    """
    level = rng.normal(0.5, 0.1, (sets, n, 1))
    score = level + rng.normal(0, 0.1, (sets, n, len(WAVES))) + 0.002 * WAVES
    programme = rng.permuted(np.tile(np.arange(n) % 2 == 0, (sets, 1)), axis=1)
    if clusters is not None:
        member = np.arange(n) * clusters // n
        programme = np.repeat(rng.permuted(np.tile(np.arange(clusters) % 2 == 0, (sets, 1)),
                                           axis=1), n // clusters, axis=1)  # fmt: skip
        score = score + rng.normal(0, 0.02, (sets, clusters, len(WAVES)))[:, member]
    score = score + programme[..., None] * EFFECT
    leaves = {
        "at_random_entirely": np.where(programme, 1 / 6, 1 / 12)[..., None],
        "given_previous": expit(
            -1.3 + np.where(programme, -8, 8)[..., None] * (score[..., :-1] - 0.52)
        ),
        "unseen": np.full((1, 1, 1), 0.2),
    }[mechanism]
    lost = np.zeros(score.shape, dtype=bool)
    lost[..., 1:] = rng.random((sets, n, len(WAVES) - 1)) < leaves
    lost = np.logical_or.accumulate(lost, axis=-1)
    full = score
    if mechanism == "unseen":
        full = score + lost * np.where(programme, FALL["programme"], FALL["comparison"])[..., None]
    return np.where(lost, np.nan, full), full, programme


def panel_of(score, programme, *, waves=WAVES, clusters=None, **columns):
    """A panel of one set; `columns` are further ones, (n, k)."""
    n = len(score)
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), len(waves)),
            "wave": np.tile(waves, n),
            "score": score.ravel(),
            "arm": np.repeat(np.where(programme, "programme", "comparison"), len(waves)),
            "town": np.repeat(np.arange(n) * (clusters or 1) // n, len(waves)),
        }
    ).assign(**{name: values.ravel() for name, values in columns.items()})
    return HealthPanel.from_frame(
        frame, person="id", wave="wave", outcome="score", arm="arm",
        cluster=None if clusters is None else "town",
    )  # fmt: skip


def truth_of(mechanism):
    """Mean difference of the arms at the last wave had all answered."""
    if mechanism != "unseen":
        return EFFECT[-1]
    return EFFECT[-1] + (1 - 0.8**2) * (FALL["programme"] - FALL["comparison"])


# The synthetic study: the answers to EQ-5D of its participants, arms by lot, and its switches of
# drop-out. They are turned the other way round in the comparison, which loses the healthier, so
# that the arms lose different persons.
STUDY = make_scenario(base=replace(make_scenario("randomised"), health_effect=(0.0, 0.0, 0.4)))
SWITCH = {
    "at_random_entirely": (),
    "given_previous": ("observed_drop_out",),
    "unseen": ("informative_drop_out",),
}


def study_scenario(mechanism, arm):
    """Scenario of an arm: the switch as it is in the programme, reversed in the comparison."""
    turned = make_scenario(*SWITCH[mechanism], base=STUDY)
    if arm:
        return turned
    return replace(
        turned,
        drop_out_observed=-turned.drop_out_observed,
        drop_out_unobserved=-turned.drop_out_unobserved,
    )


FORM = {False: 0, True: 2}  # an information package, joint work


def draw_study(rng, mechanism, n, *, form=None):
    """Health index (n, 5) with and without gaps, sums of levels (n, 5), and arm (n,)."""
    programme = rng.random(n) < 0.5
    shock = rng.normal(size=(n, 1))
    months = [shock]
    memory = STUDY.shock_memory
    for _ in range(max(STUDY_WAVES)):
        months.append(memory * months[-1] + np.sqrt(1 - memory**2) * rng.normal(size=(n, 1)))
    shock = np.hstack(months)
    course = SimpleNamespace(
        shock=shock, state=shock, start=np.zeros(n, dtype=int), length=np.full(n, 8),
        form=np.where(programme, FORM[True], FORM[False]) if form is None else np.full(n, form),
    )  # fmt: skip
    people = SimpleNamespace(frailty=rng.normal(size=n))
    severity = answers.draw_severity(STUDY, people, course, np.arange(n), rng)
    level = answers.draw_levels(SWEDEN, severity, rng)
    there = np.empty((n, len(STUDY_WAVES)), dtype=bool)
    for arm in (True, False):
        rows, scenario = programme == arm, study_scenario(mechanism, arm)
        there[rows] = answers.answering(
            SWEDEN, scenario, level[rows], severity[rows], course.length[rows], rng
        )[:, : len(STUDY_WAVES)]
    level = level[:, : len(STUDY_WAVES)]
    index = answers.index_of(level, SWEDEN.value_set)
    return np.where(there, index, np.nan), index, level.sum(axis=2), programme


@cache
def study_truth(n=400_000, seed=7):
    """Mean difference at the last wave, the same persons in both arms, and its error."""
    both = [
        draw_study(np.random.default_rng(seed), "at_random_entirely", n, form=form)[1][:, -1]
        for form in (FORM[True], FORM[False])
    ]
    difference = both[0] - both[1]
    return float(difference.mean()), float(difference.std() / np.sqrt(n))


@cache
def study_delta(mechanism="unseen", n=400_000, seed=8):
    """How far off the draws of an imputation are on average, by arm and wave."""
    seen, full, _, programme = draw_study(np.random.default_rng(seed), mechanism, n)
    grid = build_grid(panel_of(seen, programme, waves=STUDY_WAVES))
    drawn = draw_scores(
        grid, m=2, covariates=(), method="normal", by_arm=True, cycles=1, seed=seed
    )[0]
    assert np.array_equal(grid.stratum == 1, programme)
    gap = np.isnan(seen)
    return {
        arm: {
            int(wave): float((full - drawn)[rows & gap[:, at], at].mean())
            for at, wave in enumerate(STUDY_WAVES)
            if at
        }
        for arm, rows in (("comparison", ~programme), ("programme", programme))
    }
