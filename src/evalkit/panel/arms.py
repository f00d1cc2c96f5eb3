"""The arm of each row of a panel: which level is the reference, and who belongs to which."""

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError

REFERENCE = "comparison"


def arm_levels(frame: pd.DataFrame) -> tuple[object, list]:
    """The reference level (`comparison`, else the first in order) and the other levels.

    Raises
    ------
    EstimationError
        If there is no column `arm`, if it has missing values, or if it has one level only.
    """
    if "arm" not in frame.columns:
        raise EstimationError("arm: the panel names no arm. Build it with from_frame(..., arm=...)")
    missing = int(frame["arm"].isna().sum())
    if missing:
        raise EstimationError(
            f"arm: missing in {missing} of {len(frame)} rows. Exclude them by rule"
        )
    levels = sorted(frame["arm"].unique(), key=str)
    if len(levels) < 2:
        raise EstimationError("arm: one level in these rows, a contrast needs two")
    reference = REFERENCE if REFERENCE in levels else levels[0]
    return reference, [level for level in levels if level != reference]


def smaller_arm(panel: HealthPanel, row: np.ndarray) -> int:
    """Persons among these rows, in the arm that has the fewest."""
    arm, levels = pd.factorize(panel.covariates["arm"])
    pairs = pd.unique(panel.person[row] * np.intp(len(levels)) + arm[row])
    return int(np.bincount(pairs % len(levels), minlength=len(levels)).min())
