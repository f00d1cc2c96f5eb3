"""Two estimates of one number beside the truth that made-up records were made from."""

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_json, provenance
from evalkit.results import Contrast, ModelFit, Recovery, SurvivalCurve

METHODS = ("naive", "right")
UNITS = ("share", "points", "index")


def against_truth(
    *,
    naive: Contrast | ModelFit | SurvivalCurve,
    right: Contrast | ModelFit | SurvivalCurve,
    truth: float,
    truth_error: float = 0.0,
    trap: str = "",
    unit: str = "share",
    horizon: float,
) -> Recovery:
    """Set a naive and a right estimate beside the truth.

    Parameters
    ----------
    naive, right : Contrast, ModelFit or SurvivalCurve
        Each about one number: a contrast of two arms, which is read as their difference, or of one
        group; a model with one term; a curve of one group, read as the share who have exited by
        the horizon.
    truth, truth_error : float
        The true value and its Monte-Carlo error.
    trap : str
        Name of the trap, for the words of the page.
    unit : {"share", "points", "index"}
        A share, a difference of two shares, or points of a health index.
    horizon : float
        Months after the start.

    Returns
    -------
    Recovery
        Two rows; `bias` is the estimate less the truth.

    Raises
    ------
    EstimationError
        If a result is about several numbers, or its number is missing.
    ParameterError
        If `unit`, `horizon` or `truth` is not allowed, or a result is of another kind.

    Examples
    --------
    >>> from evalkit.results import Contrast
    >>> def share(value):
    ...     return Contrast(
    ...         rows={"term": [""], "scale": ["arm"], "estimate": [value], "std_error": [0.02]},
    ...         summary={}, support={"n": [500]}, provenance=provenance("incidence_at", "0" * 16),
    ...     )
    >>> found = against_truth(naive=share(0.5), right=share(0.41), truth=0.4, horizon=24)
    >>> found.tidy()[["method", "estimate", "bias"]].round(2)
      method  estimate  bias
    0  naive      0.50  0.10
    1  right      0.41  0.01
    """
    if unit not in UNITS:
        raise ParameterError(f"unit: {unit!r} is none of {', '.join(UNITS)}")
    if not (np.isfinite(horizon) and horizon > 0 and np.isfinite(truth) and truth_error >= 0):
        raise ParameterError("against_truth: needs a positive horizon and a finite truth")
    found = pd.DataFrame([_number(result, horizon) for result in (naive, right)])
    return Recovery(
        rows={
            "method": METHODS,
            **found[["estimate", "std_error", "conf_low", "conf_high"]],
            "bias": found["estimate"] - truth,
            "n": found["persons"],
        },
        summary={
            "trap": trap,
            "unit": unit,
            "horizon": horizon,
            "truth": float(truth),
            "truth_error": float(truth_error),
            "n": found["persons"].max(),
        },
        support=found[["n", "k", "complement"]],
        provenance=provenance(
            "against_truth", digest_json([naive.provenance.id, right.provenance.id])[:16],
            trap=trap, unit=unit, horizon=horizon, truth=truth, truth_error=truth_error,
        ),
    )  # fmt: skip


def _number(result: Contrast | ModelFit | SurvivalCurve, horizon: float) -> dict[str, float]:
    """The one number that a result is about, and what stands behind it."""
    readers = {Contrast: _of_contrast, ModelFit: _of_model, SurvivalCurve: _of_curve}
    if type(result) not in readers:
        raise ParameterError(
            f"against_truth: {type(result).__name__} is not read; give a Contrast, a ModelFit or a "
            "SurvivalCurve"
        )
    number = readers[type(result)](result, horizon)
    if not np.isfinite(number["estimate"]):
        raise EstimationError(f"{result.provenance.function}: the estimate is missing")
    persons = result.summary.get("n_person", result.summary.get("n", np.nan))
    return {**number, "persons": float(persons)}


def _of_contrast(result: Contrast, horizon: float) -> dict[str, float]:
    """The only difference, or the only arm where there is none."""
    frame = _with_support(result)
    differences = frame[frame["scale"] == "difference"]
    return _only(differences if len(differences) else frame[frame["scale"] == "arm"], result)


def _of_model(result: ModelFit, horizon: float) -> dict[str, float]:
    return _only(_with_support(result), result)


def _of_curve(result: SurvivalCurve, horizon: float) -> dict[str, float]:
    """One minus the curve at its last time before the horizon, or at it."""
    frame = _with_support(result)
    n_stratum = frame["stratum"].nunique()
    if n_stratum != 1:
        _refuse(result, n_stratum)
    if frame["time"].max() < horizon:
        raise EstimationError(f"kaplan_meier: nobody is under observation at {horizon:g}")
    past = frame[frame["time"] <= horizon]
    row, n_event, n = past.iloc[-1], past["n_event"].sum(), past["n_at_risk"].max()
    return {
        "estimate": 1 - row["estimate"],
        "std_error": row["std_error"],
        "conf_low": 1 - row["conf_high"],
        "conf_high": 1 - row["conf_low"],
        "n": n,
        "k": n_event,
        "complement": n - n_event,
    }


def _with_support(result: Contrast | ModelFit | SurvivalCurve) -> pd.DataFrame:
    return result.tidy().assign(**result.support)


def _only(rows: pd.DataFrame, result: Contrast | ModelFit) -> dict[str, float]:
    if len(rows) != 1:
        _refuse(result, len(rows))
    names = ["estimate", "std_error", "conf_low", "conf_high", "n", "k", "complement"]
    return rows.iloc[0][names].astype(float).to_dict()


def _refuse(result: Contrast | ModelFit | SurvivalCurve, count: int) -> None:
    raise EstimationError(f"{result.provenance.function}: about {count} numbers, the truth is one")
