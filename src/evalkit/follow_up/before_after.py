"""Before and after: what the same persons received at two fixed months from start."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binom

from evalkit.cohort.samples import Occasions, group_rows, rows_by_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.scores import require_level, wilson
from evalkit.provenance import provenance
from evalkit.results import BeforeAfter


def before_after(
    occasions: Occasions,
    *,
    by: str | Sequence[str] | None = None,
    before: int = 0,
    after: int = 24,
    conf_level: float = 0.95,
) -> BeforeAfter:
    """Compare shares at two fixed months among all who started. Always a description.

    Months count from the start, not from the end, because whoever is still in the programme would
    be missing from a comparison of leavers.

    Parameters
    ----------
    occasions : Occasions
        One row a person and occasion, with a boolean column for each source.
    by : str or list of str, optional
        Columns that make strata; the person's value at `before` counts.
    before, after : int
        Months from start.
    conf_level : float

    Returns
    -------
    BeforeAfter
        One row a stratum and source, among persons observed at both months (`n_pair`). `change`
        and its interval are in percentage points (`unit` says so); `change_percent` is the change
        relative to the share before, missing where that is 0. `n_entered` had the source after
        and not before, `n_left` the other way round. `p_value` is McNemar's exact test.

    Raises
    ------
    EstimationError
        If nobody was observed at one of the months, or at both.
    ParameterError
        If `after` is not later than `before`, or the level is not between 0 and 1.

    Notes
    -----
    The interval is Newcombe's for a difference of paired proportions (his method 10): Wilson
    intervals of the two shares, combined with the correlation phi of the pairs, whose numerator
    is reduced by n/2 where it is positive, and never below 0 then. The exact p-value is twice the
    smaller tail of a binomial with entered + left trials and probability 1/2, at most 1.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 2635-2650. McNemar (1947), Psychometrika 12.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"id": [1, 1, 2, 2], "month": [0, 24, 0, 24], "work": [False, True, True, True]}
    ... )
    >>> sample = Occasions.from_frame(frame, person="id", occasion="month", sources=["work"])
    >>> table = before_after(sample).tidy()
    >>> table[["source", "n_pair", "n_before", "n_after", "change", "n_entered", "n_left"]]
      source  n_pair  n_before  n_after  change  n_entered  n_left
    0   work       2         1        2    50.0          1       0
    """
    require_level(conf_level)
    if after <= before:
        raise ParameterError("before_after: `after` must be later than `before`")
    first, second = _pairs(occasions, before, after)
    code, labels = group_rows(first, by)
    has = {
        source: [frame[source].to_numpy(dtype=bool) for frame in (first, second)]
        for source in occasions.sources
    }
    cells = [
        (label, source, *_cells(one[here], two[here]))
        for label, here in zip(labels, rows_by_group(code, len(labels)), strict=True)
        for source, (one, two) in has.items()
    ]
    stratum, source, both, left, entered, neither = zip(*cells, strict=True)
    counts = [np.array(cell) for cell in (both, left, entered, neither)]
    rows = {"stratum": stratum, "source": source, **paired_estimates(*counts, conf_level)}
    n_pair, n_before, n_after = rows["n_pair"], rows["n_before"], rows["n_after"]
    return BeforeAfter(
        rows=rows,
        summary={
            "n": len(first),
            "n_source": len(occasions.sources),
            "before": before,
            "after": after,
            "conf_level": conf_level,
            "method": "Newcombe 10, McNemar exact",
            "label": "description",
        },
        support={
            "n": n_pair,
            "k": np.minimum(n_before, n_after),
            "complement": n_pair - np.maximum(n_before, n_after),
        },
        provenance=provenance(
            "before_after",
            occasions.digest,
            by=by,
            before=before,
            after=after,
            conf_level=conf_level,
        ),
    )


def frechet_bounds(n: float, share_before: float, share_after: float) -> pd.DataFrame:
    """Bound how many entered and left a state, where only the two shares are published.

    Parameters
    ----------
    n : float
        Persons; the same at both times.
    share_before, share_after : float
        Shares in the state, in [0, 1].

    Returns
    -------
    DataFrame
        `quantity` (`entered`, `left`), `low`, `high` in persons, not rounded.

    Raises
    ------
    ParameterError
        If `n` is negative or a share lies outside [0, 1].

    Notes
    -----
    With B before and A after, those in the state at both times lie in [max(0, A + B - n),
    min(A, B)]; entered is A less that, left is B less that.

    Examples
    --------
    7 633 persons, 13 % before and 33 % after:

    >>> frechet_bounds(7633, 0.13, 0.33).round()
      quantity     low    high
    0  entered  1527.0  2519.0
    1     left     0.0   992.0
    """
    if n < 0 or not (0 <= share_before <= 1 and 0 <= share_after <= 1):
        raise ParameterError("frechet_bounds: n must be at least 0 and shares between 0 and 1")
    first, second = n * share_before, n * share_after
    fewest, most = max(0.0, first + second - n), min(first, second)
    return pd.DataFrame(
        {
            "quantity": ["entered", "left"],
            "low": [second - most, first - most],
            "high": [second - fewest, first - fewest],
        }
    )


def _pairs(occasions: Occasions, before: int, after: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows at the two months of the persons who have both, in the same order."""
    frame = occasions.covariates
    at = {month: frame[frame["occasion"] == month] for month in (before, after)}
    empty = [str(month) for month, rows in at.items() if rows.empty]
    if empty:
        raise EstimationError(
            f"before_after: nobody was observed at month {' or '.join(empty)} from start; "
            f"months in the sample: {', '.join(map(str, sorted(frame['occasion'].unique())))}"
        )
    first = at[before].set_index("person_id")
    second = at[after].set_index("person_id")
    shared = first.index[first.index.isin(second.index)]
    if not len(shared):
        raise EstimationError(
            f"before_after: nobody was observed at both months {before} and {after} from start"
        )
    return first.loc[shared].reset_index(), second.loc[shared].reset_index()


def _cells(one: np.ndarray, two: np.ndarray) -> tuple[int, int, int, int]:
    """Persons with the source at both months, only before, only after, at neither."""
    return (
        int((one & two).sum()),
        int((one & ~two).sum()),
        int((~one & two).sum()),
        int((~one & ~two).sum()),
    )


def paired_estimates(both, left, entered, neither, conf_level: float) -> dict[str, object]:
    """Shares, change and its test from the four cells of pairs; without pairs they are missing."""
    n = both + left + entered + neither
    share_before, share_after = (both + left) / n, (both + entered) / n
    change = (entered - left) / n
    low, high = _newcombe(both, left, entered, neither, conf_level)
    has_before = share_before > 0
    relative = np.full(len(n), np.nan)
    relative[has_before] = 100 * change[has_before] / share_before[has_before]
    return {
        "n_pair": n,
        "n_before": both + left,
        "n_after": both + entered,
        "share_before": share_before,
        "share_after": share_after,
        "change": 100 * change,
        "conf_low": 100 * low,
        "conf_high": 100 * high,
        "change_percent": relative,
        "p_value": _mcnemar(entered, left),
        "n_entered": entered,
        "n_left": left,
        "unit": ["percentage points"] * len(n),
    }


def _mcnemar(entered: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Two-sided exact p-value; 1 where nobody changed."""
    smaller, changed = np.minimum(entered, left), entered + left
    return np.minimum(1.0, 2 * binom.cdf(smaller, changed, 0.5))


def _newcombe(both, left, entered, neither, conf_level: float) -> tuple[np.ndarray, np.ndarray]:
    """Newcombe's interval for after minus before; see the notes of `before_after`."""
    n = both + left + entered + neither
    after, before = (both + entered) / n, (both + left) / n
    after_low, after_high = wilson(both + entered, n, conf_level)
    before_low, before_high = wilson(both + left, n, conf_level)
    cross = both * neither - left * entered
    cross = np.where(cross > 0, np.maximum(cross - n / 2, 0), cross)
    scale = (both + left) * (entered + neither) * (both + entered) * (left + neither)
    phi = np.divide(cross, np.sqrt(scale), out=np.zeros(len(n)), where=scale > 0)
    low = _combined(after - after_low, before_high - before, phi)
    high = _combined(before - before_low, after_high - after, phi)
    return after - before - low, after - before + high


def _combined(first: np.ndarray, second: np.ndarray, phi: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(first**2 - 2 * phi * first * second + second**2, 0))
