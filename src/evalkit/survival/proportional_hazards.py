"""Whether hazard ratios change over time: the score test of Grambsch and Therneau."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.results import Check, ModelFit
from evalkit.survival.cox import Ties
from evalkit.survival.fitted import FittedCox, fitted_cox
from evalkit.survival.hazard_fit import n_person, refuse_options
from evalkit.survival.model_rows import Rows
from evalkit.survival.partial_likelihood import derivatives

Transform = Literal["km", "identity", "log", "rank"]


def proportional_hazards_test(
    sample: TimeToEvent,
    model: str | ModelFit,
    *,
    transform: Transform = "km",
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
) -> Check:
    """Test whether log hazard ratios change with time, for each term and for all together.

    A small p-value says that one ratio for the whole time is too simple; a large one says little in
    a small sample. Look at the scaled Schoenfeld residuals for the shape.

    Parameters
    ----------
    sample : TimeToEvent
    model : str or ModelFit
        A formula, or a fit of `cox` on this sample, whose own cause, strata and ties hold.
    transform : {"km", "identity", "log", "rank"}
        The function g of time with which ratios may change: one minus Kaplan-Meier just before the
        time, the time, its logarithm, or its rank among all times.
    cause, strata, ties
        As in `cox`; only with a formula.

    Returns
    -------
    Check
        A row for each term of the formula (all levels of a factor together) and, last, `global`.

    Raises
    ------
    EstimationError
        As `cox`; with "log" also if an exit is at time 0; if all exits share one value of g.
    ParameterError
        If an argument is not allowed, or a fit is not of `cox` on this sample.

    Notes
    -----
    The exact score test of gamma = 0 in x beta + x g(t) gamma, with the information of beta and
    gamma together: R's `cox.zph` since survival 3.0, with weights, strata and late entry. Case
    weights do not enter g. The approximation in older programs, which assumes the same variance of
    the covariates at all times, differs.

    References
    ----------
    Grambsch and Therneau (1994), Biometrika 81:515-526. R, survival::cox.zph.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4, 5, 6], "exited": [True] * 6,
    ...                       "old": [1, 0, 1, 0, 0, 1]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> proportional_hazards_test(sample, "old").tidy()["term"].tolist()
    ['old', 'global']
    """
    refuse_options(transform=(transform, Transform))
    fitted = fitted_cox(sample, model, cause=cause, strata=strata, ties=ties)
    rows = fitted.rows
    names, statistic, df = _tests(
        fitted, _centred(rows, _time_function(rows, sample.entry[rows.kept], transform))
    )
    persons, missing = n_person(sample, rows), np.full(len(names), np.nan)
    return Check(
        rows={
            "term": np.array(names, dtype=object),
            "statistic": statistic,
            "df": df,
            "p_value": stats.chi2.sf(statistic, df),
        },
        summary={
            "test": f"proportional hazards, {transform}",
            "n": persons,
            "n_event": rows.n_event,
            "reference": "score test of Grambsch and Therneau",
        },
        support={"n": np.full(len(names), persons), "k": missing, "complement": missing},
        provenance=provenance(
            "proportional_hazards_test", sample.digest,
            model=model if isinstance(model, str) else model.provenance.id, transform=transform,
            cause=cause, strata=strata, ties=ties,
        ),
    )  # fmt: skip


def _tests(fitted: FittedCox, moved: np.ndarray) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, statistics and degrees of freedom, with g given at the table rows (m,)."""
    rows, state = fitted.rows, fitted.state
    at_exit, counted = moved[rows.sets.exit_row], rows.weight * rows.events
    score, crossed = derivatives(rows, state, state.sums.times(moved), counted * at_exit)
    _, own = derivatives(rows, state, state.sums.times(moved**2), counted * at_exit**2)
    left = own - crossed @ np.linalg.solve(fitted.information, crossed)
    sources = np.array(rows.design.sources, dtype=object)
    names = list(dict.fromkeys(rows.design.sources))
    groups = [np.flatnonzero(sources == name) for name in names]
    groups.append(np.arange(len(sources)))
    statistic = [
        float(score[of] @ np.linalg.solve(left[np.ix_(of, of)], score[of])) for of in groups
    ]
    df = np.array([len(of) for of in groups])
    return [*names, "global"], np.array(statistic), df


def _centred(rows: Rows, moved: np.ndarray) -> np.ndarray:
    """G less its mean over exits; the test does not depend on it, rounding errors do."""
    count = rows.n_tied
    centred = moved - (moved @ count) / count.sum()
    spread = np.abs(centred[rows.at_event]).max()
    if spread <= 1e-12 * max(np.abs(moved[rows.at_event]).max(), 1e-300):
        raise EstimationError(
            "duration: all exits are at the same time, so that no change over time can be tested"
        )
    return centred / spread


def _time_function(rows: Rows, entry: np.ndarray, transform: str) -> np.ndarray:
    """G at each table row, shape (m,); strata are pooled and, as in R, case weights not used."""
    time, sets = rows.sets.time, rows.sets
    count = rows.weight if rows.is_frequency else np.ones(len(rows.kept))
    if transform == "identity":
        return time
    if transform == "log":
        n_zero = int((time[rows.at_event] <= 0.0).sum())
        if n_zero:
            raise EstimationError(
                "duration: there are exits at time 0, whose logarithm does not exist; use another "
                "transform"
            )
        return np.log(np.where(time > 0.0, time, 1.0))
    times, place = np.unique(time, return_inverse=True)
    place_of_row = place[sets.exit_row]
    leaving = np.bincount(place_of_row, count, minlength=len(times))
    if transform == "rank":
        return (np.cumsum(leaving) - (leaving - 1.0) / 2.0)[place]
    return _not_surviving(rows, entry, times, place_of_row, count)[place]


def _not_surviving(rows: Rows, entry, times, place_of_row, count) -> np.ndarray:
    """One minus Kaplan-Meier of all strata together, just before each distinct time."""
    n = len(times)
    at_risk = np.cumsum(np.bincount(place_of_row, count, minlength=n)[::-1])[::-1]
    first = np.where(entry > 0.0, np.searchsorted(times, entry, side="right"), 0)
    entered = np.cumsum(np.bincount(first, count, minlength=n))
    at_risk -= count.sum() - entered
    events = np.bincount(place_of_row, count * rows.events, minlength=n)
    hazard = np.divide(events, at_risk, out=np.zeros(n), where=events > 0.0)
    return 1.0 - np.append(1.0, np.cumprod(1.0 - hazard)[:-1])
