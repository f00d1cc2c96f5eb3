"""Change of status from start to end, among those who have ended, beside those still in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.samples import Statuses, rows_by_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.before_after import frechet_bounds, paired_estimates
from evalkit.follow_up.scores import require_level
from evalkit.provenance import digest_json, provenance
from evalkit.results import MarginBounds, StatusChange

ORDER = ("start", "end", "follow_up")
WORK_OR_STUDY = ("work", "subsidised_work", "study")
OCCUPATIONS = (*WORK_OR_STUDY, "job_seeker", "other")
GROUP, ANY_SUPPORT = "work_or_study", "any_support"
KNOWN = {"occupation": "occupation_known", "support": "support_known"}
UNIT = "persons; percentage points; per cent of the share before"


def status_change(
    statuses: Statuses,
    *,
    by: str | Sequence[str] | None = None,
    before: str = "start",
    after: str = "end",
    conf_level: float = 0.95,
) -> StatusChange:
    """Compare occupation and support before and after, among those who have both. A description.

    This is the table of published follow-ups: of leavers only. Whoever is still in the programme
    is missing from it, so those are counted beside it, and the share after is bounded among all who
    started. `before_after`, at fixed months, is the comparison to lead with.

    Parameters
    ----------
    statuses : Statuses
    by : str or list of str, optional
        Columns that make strata, such as sex, age group, education, federation or package. A person
        with several participations counts with the first in each stratum.
    before, after : {"start", "end", "follow_up"}
    conf_level : float

    Returns
    -------
    StatusChange
        For each stratum the occupations, `work_or_study` (work, subsidised work or study), each
        source of support, and `any_support`. `n_start` persons have the status before; of them
        `n_leaver` have the one after too, and `n_still_in` have not. `change_n` is in persons,
        `change` with its interval in percentage points, `change_percent` relative to the share
        before. `n_entered`, `n_left` and the exact p-value of McNemar are of the pairs.
        `bound_low`, `bound_high`: the share after among all who started, if none or all of those
        still in come to have it.

    Raises
    ------
    EstimationError
        If nobody has both statuses.
    ParameterError
        If `after` does not come later than `before`, or the level is not between 0 and 1.

    Notes
    -----
    Interval and test as in `before_after`. With k of m leavers and s still in, the share among all
    starters lies in [k / (m + s), (k + s) / (m + s)]; that is a range, not an interval.

    References
    ----------
    Försäkringskassan 2017, follow-up of the coordination federations: 7 633 leavers, start to end.
    Newcombe (1998), Statistics in Medicine 17, 2635-2650.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "person_id": ["a", "a", "b", "b", "c"], "package_id": "p",
    ...     "occasion": ["start", "end", "start", "end", "start"],
    ...     "occupation": ["other", "work", "other", "other", "other"]})
    >>> sample = Statuses.from_frame(frame, date=None, extent=None, support=None)
    >>> rows = status_change(sample).tidy()
    >>> rows.loc[:0, ["category", "n_leaver", "n_still_in", "change", "bound_low"]].round(2)
      category  n_leaver  n_still_in  change  bound_low
    0     work         2           1    50.0       0.33
    """
    require_level(conf_level)
    pairs = paired_statuses(statuses, by, before, after, "status_change")
    cells = []
    for measure, names in (("occupation", [*OCCUPATIONS, GROUP]), ("support", _sources(statuses))):
        known_first, known_second = (
            frame[KNOWN[measure]].to_numpy(dtype=bool) for frame in (pairs.first, pairs.second)
        )
        has = {
            name: (_has(pairs.first, name, measure), _has(pairs.second, name, measure))
            for name in names
        }
        members = rows_by_group(np.where(known_first, pairs.stratum, -1), len(pairs.labels))
        for label, here in zip(pairs.labels, members, strict=True):
            both = here[pairs.has_second[here] & known_second[here]]
            for name, (one, two) in has.items():
                cells.append((label, measure, name, len(here), *_cross(one[both], two[both])))
    if not any(sum(cell[4:]) for cell in cells):
        raise EstimationError(
            f"status_change: nobody has both a status at {before} and one at {after}"
        )
    rows = _rows(cells, conf_level)
    n, n_start = rows["n_leaver"], rows["n_start"]
    return StatusChange(
        rows=rows,
        summary={
            "n": int((pairs.has_second & pairs.first["occupation_known"]).sum()),
            "n_start": int(pairs.first["occupation_known"].sum()),
            "n_still_in": int((~pairs.has_second & pairs.first["occupation_known"]).sum()),
            "before": before,
            "after": after,
            "conf_level": conf_level,
            "method": "leavers only; Newcombe 10, McNemar exact",
            "label": "description",
        },
        support={
            "n": np.minimum(n, n_start),
            "k": np.minimum(rows["n_before"], rows["n_after"]),
            "complement": n - np.maximum(rows["n_before"], rows["n_after"]),
        },
        provenance=provenance(
            "status_change", statuses.digest, by=by, before=before, after=after,
            conf_level=conf_level,
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class PairedStatuses:
    """Two statuses of one participation side by side, one row a person and stratum.

    Attributes
    ----------
    first, second : DataFrame, n rows
        Rows before and after; what stands in `second` counts only where `has_second`.
    has_second : ndarray of bool, shape (n,)
    stratum : ndarray of int, shape (n,)
    labels : tuple of str
    """

    first: pd.DataFrame
    second: pd.DataFrame
    has_second: np.ndarray
    stratum: np.ndarray
    labels: tuple[str, ...]


def paired_statuses(statuses: Statuses, by, before: str, after: str, name: str) -> PairedStatuses:
    """Rows with a status before, and those after of the same participation in the same order."""
    if {before, after} - set(ORDER) or ORDER.index(after) <= ORDER.index(before):
        raise ParameterError(
            f"{name}: before and after must be two of {', '.join(ORDER)}, in order"
        )
    frame = statuses.covariates
    known = frame["occupation"].notna() | frame["support_known"]
    frame = frame.assign(
        occupation_known=frame["occupation"].notna(),
        any_support=frame[list(statuses.sources)].any(axis=1),
    )
    at_first = (frame["occasion"] == before) & known
    if not at_first.any():
        raise EstimationError(f"{name}: nobody has a status at {before}")
    code, labels = statuses.groups(by)
    chosen = at_first.to_numpy() & statuses.first_of_each(code)
    first = frame[chosen].assign(_stratum=code[chosen])
    second = frame[(frame["occasion"] == after) & known]
    key = ["person_id", "package_id"]
    where = pd.MultiIndex.from_frame(second[key]).get_indexer(pd.MultiIndex.from_frame(first[key]))
    after_rows = second.iloc[np.maximum(where, 0)] if len(second) else first.iloc[:0]
    has_second = where >= 0
    if not has_second.any():
        raise EstimationError(f"{name}: nobody has both a status at {before} and one at {after}")
    return PairedStatuses(
        first.reset_index(drop=True), after_rows.reset_index(drop=True), has_second,
        first["_stratum"].to_numpy(), labels,
    )  # fmt: skip


def _sources(statuses: Statuses) -> list[str]:
    return [*statuses.sources, ANY_SUPPORT] if statuses.sources else []


def _has(frame: pd.DataFrame, name: str, measure: str) -> np.ndarray:
    """Whether each row is in a category."""
    if measure == "occupation":
        wanted = WORK_OR_STUDY if name == GROUP else (name,)
        return frame["occupation"].isin(wanted).to_numpy()
    return frame[name].to_numpy(dtype=bool)


def _cross(one: np.ndarray, two: np.ndarray) -> tuple[int, int, int, int]:
    return (
        int((one & two).sum()), int((one & ~two).sum()), int((~one & two).sum()),
        int((~one & ~two).sum()),
    )  # fmt: skip


def _rows(cells: list[tuple], conf_level: float) -> dict[str, object]:
    stratum, measure, category, n_start, *counts = zip(*cells, strict=True)
    both, left, entered, neither = (np.array(count) for count in counts)
    n_start = np.array(n_start)
    estimates = _estimates(both, left, entered, neither, conf_level)
    n, k = estimates.pop("n_pair"), estimates["n_after"]
    still_in = n_start - n
    started = np.where(n_start > 0, n_start, np.nan)
    return {
        "stratum": stratum,
        "measure": measure,
        "category": category,
        **estimates,
        "n_start": n_start,
        "n_leaver": n,
        "n_still_in": still_in,
        "change_n": entered - left,
        "bound_low": k / started,
        "bound_high": (k + still_in) / started,
        "unit": [UNIT] * len(n),
    }


def _estimates(both, left, entered, neither, conf_level: float) -> dict[str, np.ndarray]:
    """Estimates of the rows that have leavers; of the others only that they have none."""
    n = both + left + entered + neither
    some = n > 0
    made = paired_estimates(both[some], left[some], entered[some], neither[some], conf_level)
    made.pop("unit")
    counts = {"n_pair": n, "n_before": both + left, "n_after": both + entered,
              "n_entered": entered, "n_left": left}  # fmt: skip
    spread = {name: np.full(len(n), np.nan) for name in made if name not in counts}
    for name, values in spread.items():
        values[some] = made[name]
    return counts | spread


def margin_bounds(
    n: int, share_before: float, share_after: float, *, source: str = ""
) -> MarginBounds:
    """Bound who entered and left, where only two shares of the same persons are published.

    Parameters
    ----------
    n : int
        Persons; the same at both times.
    share_before, share_after : float
        Shares in the state, in [0, 1].
    source : str
        Where the shares were published.

    Returns
    -------
    MarginBounds
        `before`, `after`, `entered`, `left` in persons, and `change` in percentage points; what two
        shares leave open is a range. McNemar's test needs the pairs and is not given.

    Raises
    ------
    ParameterError
        If `n` is negative or a share lies outside [0, 1].

    Notes
    -----
    See `frechet_bounds`.

    Examples
    --------
    >>> margin_bounds(7633, 0.13, 0.33).tidy().round()[["quantity", "low", "high"]]
      quantity     low    high
    0   before   992.0   992.0
    1    after  2519.0  2519.0
    2  entered  1527.0  2519.0
    3     left     0.0   992.0
    4   change    20.0    20.0
    """
    moved = frechet_bounds(n, share_before, share_after)
    first, second = n * share_before, n * share_after
    points = 100 * (share_after - share_before)
    low = [first, second, *moved["low"], points]
    high = [first, second, *moved["high"], points]
    k, rest = min(first, second), n - max(first, second)
    return MarginBounds(
        rows={
            "quantity": ["before", "after", *moved["quantity"], "change"],
            "low": np.array(low, dtype=float),
            "high": np.array(high, dtype=float),
            "unit": ["persons"] * 4 + ["percentage points"],
        },
        summary={
            "n": n,
            "share_before": share_before,
            "share_after": share_after,
            "source": source,
            "label": "range",
        },
        support={"n": np.full(5, n), "k": np.full(5, k), "complement": np.full(5, rest)},
        provenance=provenance(
            "margin_bounds", digest_json([n, share_before, share_after])[:16], n=n,
            share_before=share_before, share_after=share_after, source=source,
        ),
    )  # fmt: skip
