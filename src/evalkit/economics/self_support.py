"""The share in a state by month, from an occupation curve or from a frame."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.provenance import digest_frame
from evalkit.results import OccupationCurve

ARMS = ("programme", "comparison")
SLACK = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class MonthlyShare:
    """Share in the state in months 0, 1, ..., less the comparison's where there is one.

    Attributes
    ----------
    value, k : ndarray of float, shape (n_month,)
        The share; the persons in the state, of two arms the smaller number.
    n : float
        Persons behind the share; of two arms the smaller number.
    """

    value: np.ndarray
    k: np.ndarray
    n: float
    design: str
    sample: str


def monthly_share(
    curve: OccupationCurve | pd.DataFrame, *, state: str, comparison: bool, n_person: int | None
) -> MonthlyShare:
    """Read the share of each arm, and take the comparison's off.

    Raises
    ------
    EstimationError
        If there are no rows of the state or of the programme arm, months are not 0, 1, 2, ...,
        shares are missing or lie outside [0, 1], or a frame comes without `n_person`.
    """
    if isinstance(curve, OccupationCurve):
        sample, shares = curve.provenance.sample, _of_result(curve, state)
    else:
        sample, shares = digest_frame(curve)[:16], _of_frame(curve, n_person)
    found = {arm: _checked(rows, arm) for arm, rows in shares.groupby("arm", sort=False)}
    first = "programme" if "programme" in found else next(iter(found))
    if len(found) > 1 and set(found) != set(ARMS):
        raise EstimationError(f"arm: {len(found)} groups; a curve has the programme and comparison")
    used = [found[first]]
    if comparison and "comparison" in found and first == "programme":
        used.append(found["comparison"])
    last = min(len(rows) for rows in used)
    value = used[0]["probability"].to_numpy()[:last]
    if len(used) == 2:
        value = value - used[1]["probability"].to_numpy()[:last]
    return MonthlyShare(
        value=value,
        k=np.min([rows["k"].to_numpy()[:last] for rows in used], axis=0),
        n=float(min(rows["n"].min() for rows in used)),
        design="contrast" if len(used) == 2 else "no comparison",
        sample=sample,
    )


def _of_result(curve: OccupationCurve, state: str) -> pd.DataFrame:
    frame = curve.tidy().assign(k=curve.support["k"])
    rows = frame[frame["state"] == state].rename(
        columns={"stratum": "arm", "time": "month", "estimate": "probability", "n_observed": "n"}
    )
    if not len(rows):
        raise EstimationError(f"state: no rows of {state} in the curve")
    k = rows["k"].astype(float).fillna((rows["n"] * rows["probability"]).round())
    return rows[["arm", "month", "probability", "n"]].assign(k=k)


def _of_frame(frame: pd.DataFrame, n_person: int | None) -> pd.DataFrame:
    missing = [name for name in ("month", "probability") if name not in frame.columns]
    if missing:
        raise EstimationError(f"curve: no such column: {', '.join(missing)}")
    if n_person is None or not n_person > 0:
        raise EstimationError(
            "n_person: give the persons behind the curve; what may be shown depends on them"
        )
    rows = frame.assign(arm=frame["arm"] if "arm" in frame.columns else "", n=float(n_person))
    return rows.assign(k=(rows["n"] * pd.to_numeric(rows["probability"])).round())


def _checked(rows: pd.DataFrame, arm: str) -> pd.DataFrame:
    rows = rows.sort_values("month")
    share = pd.to_numeric(rows["probability"], errors="coerce").to_numpy(dtype=float)
    month = pd.to_numeric(rows["month"], errors="coerce").to_numpy(dtype=float)
    if not np.array_equal(month, np.arange(len(rows))) or len(rows) < 2:
        raise EstimationError(
            f"month: those of {arm or 'the curve'} are not 0, 1, 2, ...; {len(rows)} rows"
        )
    wrong = int((~((share >= -SLACK) & (share <= 1 + SLACK))).sum())
    if wrong:
        raise EstimationError(f"probability: {wrong} of {len(rows)} are missing or outside [0, 1]")
    return rows.assign(probability=share)
