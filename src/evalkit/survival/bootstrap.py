"""Covariance of standardised arms over samples drawn with replacement."""

import warnings
from dataclasses import replace

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError
from evalkit.survival.arm_hazards import fit_hazards
from evalkit.survival.g_formula import Target, standardised
from evalkit.survival.grouped import rows_of

LOST_DRAWS = 0.1  # share of draws that may fail


def drawn_covariance(
    sample: TimeToEvent,
    kept: np.ndarray,
    dependence: np.ndarray | None,
    formula,
    options: dict,
    target: Target,
    n_draw: int,
    seed: int | None,
) -> np.ndarray:
    """Covariance (n_arm, n_arm) of the estimates over `n_draw` samples.

    Parameters
    ----------
    kept : ndarray of int, shape (n,)
        Positions of the rows that count.
    dependence : ndarray of int, shape (n,), or None
        Code 0, 1, ... of what is drawn as a whole, for each of them; None draws rows.

    Raises
    ------
    EstimationError
        If more than a tenth of the draws have no estimate.
    """
    rng = np.random.default_rng(seed)
    # Who is drawn twice counts as two persons.
    people = replace(sample, cluster=None, person=None)
    unit = np.arange(len(kept)) if dependence is None else dependence
    order = np.argsort(unit, kind="stable")
    first = np.searchsorted(unit[order], np.arange(unit[order][-1] + 2))
    n_arm = len(sample.groups(options["arm"])[1])
    found = []
    for _ in range(n_draw):
        drawn = rng.integers(0, len(first) - 1, len(first) - 1)
        rows = kept[np.concatenate([order[first[one] : first[one + 1]] for one in drawn])]
        try:
            hazards = fit_hazards(rows_of(people, rows), formula, **options)
            estimate, _ = standardised(hazards, target, with_influence=False)
        except EstimationError:
            continue
        if len(estimate) == n_arm:
            found.append(estimate[:, 0])
    _tell_lost(n_draw - len(found), n_draw)
    return np.atleast_2d(np.cov(np.array(found), rowvar=False))


def _tell_lost(lost: int, n_draw: int) -> None:
    if lost > LOST_DRAWS * n_draw:
        raise EstimationError(
            f"{lost} of {n_draw} draws of the bootstrap have no estimate; use error='influence', "
            "or a formula with fewer terms"
        )
    if lost:
        warnings.warn(
            f"{lost} of {n_draw} draws of the bootstrap have no estimate and were left out",
            AssumptionWarning,
            stacklevel=4,
        )
