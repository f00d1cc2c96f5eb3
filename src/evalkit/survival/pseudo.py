"""Pseudo-observations: one number a person whose mean is the estimate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival.contrasts import not_observed, require_horizon
from evalkit.survival.curves import steps
from evalkit.survival.grouped import Grouped, group, is_repeated
from evalkit.survival.leave_one_out import leave_one_out
from evalkit.survival.risksets import require_cause, require_rows

Quantity = Literal["incidence", "restricted_mean", "time_lost"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PseudoObservations:
    """Pseudo-observations of the rows of a sample. They are about persons: `release` refuses them.

    Attributes
    ----------
    values : ndarray of float, shape (n,)
        In the order of the sample.
    quantity, cause, time_unit : str
    horizon : float
    """

    values: np.ndarray
    quantity: str
    cause: str
    horizon: float
    time_unit: str

    def __repr__(self) -> str:
        return f"<PseudoObservations: {self.quantity} at {self.horizon:g} {self.time_unit}>"


def pseudo_observations(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str | None = None,
    horizon: float,
    quantity: Quantity = "incidence",
) -> PseudoObservations:
    """Turn censored times into one number a person, by leaving each person out once.

    Without censoring it is what was seen: whether the person had exited by the horizon, or the
    months until then. With censoring it is n times the estimate less n - 1 times the estimate
    without the person, which any regression can take as outcome.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, without weights; delayed entry is allowed.
    by : str or sequence of str, optional
        Columns within whose groups the estimates are made. Censoring may then depend on them.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes; with `restricted_mean` only
        `"any"`.
    horizon : float
        Time, in the unit of the sample.
    quantity : {"incidence", "restricted_mean", "time_lost"}

    Returns
    -------
    PseudoObservations

    Raises
    ------
    EstimationError
        If the sample is empty, weighted, or has several rows of a person; if a group has fewer than
        two persons, nobody under observation at the horizon, or nobody at risk at some time before
        it; if `cause` is missing.
    ParameterError
        If `cause`, `horizon` or `quantity` is not allowed.

    Notes
    -----
    Exact, not an approximation by influence values: the curve without a person differs from the
    full one only by one less at risk between entry and exit, so that running products and sums of
    both give every estimate, in n log n. After leaving out the last person under observation the
    curve is carried on flat, as in R.

    References
    ----------
    Andersen, Klein and Rosthoj (2003), Biometrika 90:15-27.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True, False, True, True]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> pseudo_observations(sample, horizon=3).values.round(3).tolist()
    [1.0, 0.5, 1.5, -0.5]
    """
    require_rows(sample)
    if sample.is_weighted:
        raise EstimationError(
            "weight: leaving one out has no meaning with weights; adjusted_months gives the "
            "weights to the regression"
        )
    cause = checked_cause(sample, cause, horizon, quantity)
    values = pseudo_values(sample, by, cause, horizon, quantity)
    values.setflags(write=False)
    return PseudoObservations(values, quantity, cause, float(horizon), sample.time_unit)


def checked_cause(sample: TimeToEvent, cause: str | None, horizon: float, quantity: str) -> str:
    """The cause that is meant; refuses what is not allowed."""
    require_horizon(horizon)
    if quantity not in get_args(Quantity):
        raise ParameterError(
            f"quantity {quantity!r}: must be one of {', '.join(get_args(Quantity))}"
        )
    if cause is None and len(sample.causes) > 1:
        raise EstimationError(
            f"cause: the sample has {len(sample.causes)} causes ({', '.join(sample.causes)}); "
            'say which one is meant, or "any" for the first exit of any kind'
        )
    if cause not in (None, "any"):
        require_cause(sample, cause)
    if quantity == "restricted_mean" and cause not in (None, "any") and len(sample.causes) > 1:
        raise EstimationError(
            'cause: the mean time until one of several causes is undefined; use cause="any", or '
            "time_lost"
        )
    return cause if cause not in (None, "any") and quantity != "restricted_mean" else "any"


def pseudo_values(sample: TimeToEvent, by, cause: str, horizon: float, quantity: str) -> np.ndarray:
    """Pseudo-observations of the rows, (n,)."""
    if is_repeated(sample.person):
        raise EstimationError("person: pseudo-observations need one row a person")
    bare = replace(
        sample, weight=np.ones(len(sample)), cluster=None, person=None, is_weighted=False
    )
    number = 0 if cause == "any" else require_cause(sample, cause) - 1
    code = (sample.code > 0).astype(np.intp) if cause == "any" else sample.code
    groups = group(bare, by, code, 1 if cause == "any" else len(sample.causes))
    _require_observed(groups, horizon)
    time = groups.sets.time
    share = (time <= horizon).astype(float)
    worth = share if quantity == "incidence" else np.maximum(horizon - time, 0.0)
    total, without = leave_one_out(groups, number, worth)
    n = groups.n_person[groups.level].astype(float)
    values = n * total[groups.level] - (n - 1.0) * without
    # The area under survival is what the area above it, lost to any exit, leaves of the horizon.
    return horizon - values if quantity == "restricted_mean" else values


def _require_observed(groups: Grouped, horizon: float) -> None:
    sets, curve = groups.sets, steps(groups.sets)
    faults = [
        f"{label or 'sample'}: {reason}"
        for label, reason in zip(groups.labels, not_observed(groups, curve, horizon), strict=True)
        if reason
    ]
    few = int((groups.n_person < 2).sum())
    faults += [f"{few} groups of one person, who cannot be left out"] if few else []
    is_last = np.zeros(len(sets), dtype=bool)
    is_last[sets.first[1:] - 1] = True
    emptied = int(np.sum((sets.hazard >= 1.0) & ~is_last & (sets.time < horizon)))
    if emptied:
        faults.append(f"entry: at {emptied} times before the horizon nobody was left at risk")
    if faults:
        raise EstimationError("; ".join(faults))
