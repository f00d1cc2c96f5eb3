"""Who works or studies after, and how many of them began, or do more of it than before."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import Statuses, rows_by_group
from evalkit.errors import EstimationError
from evalkit.follow_up.scores import require_level, wilson
from evalkit.follow_up.status_change import WORK_OR_STUDY, paired_statuses
from evalkit.provenance import provenance
from evalkit.results import StatusShares

# Of all leavers; of those who work or study after, or do not; of those who started or do more.
PARENT = {
    "work_or_study": "leavers",
    "not_work_or_study": "leavers",
    "started_or_increased": "work_or_study",
    "unchanged": "work_or_study",
    "decreased": "work_or_study",
    "extent_unknown": "work_or_study",
    "started": "started_or_increased",
    "increased": "started_or_increased",
    "stopped": "not_work_or_study",
    "neither_before": "not_work_or_study",
}


def started_or_increased(
    statuses: Statuses,
    *,
    by: str | Sequence[str] | None = None,
    before: str = "start",
    after: str = "end",
    conf_level: float = 0.95,
) -> StatusShares:
    """Count who works or studies after, and of these who started or increased it. A description.

    Parameters
    ----------
    statuses : Statuses
        With `extent_percent`, where 100 is 40 hours a week.
    by : str or list of str, optional
        Columns that make strata. A person counts once in each, with the first participation.
    before, after : {"start", "end", "follow_up"}
    conf_level : float

    Returns
    -------
    StatusShares
        `n` persons of `n_of`, and the share with Wilson's interval. Of all with both statuses:
        `work_or_study` after, and not. Of those in work or study after: `started_or_increased`,
        `unchanged`, `decreased`, `extent_unknown` (in work or study both times, an extent missing).
        Of those who started or increased: `started` (neither before), `increased`. Of those in
        neither after: `stopped` (work or study before), `neither_before`.

    Raises
    ------
    EstimationError
        If nobody has both statuses.
    ParameterError
        If `after` does not come later than `before`, or the level is not between 0 and 1.

    References
    ----------
    Standard report of the register SUS: persons in work or study after, "of these how many
    started or increased the extent".

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "person_id": ["a", "a", "b", "b"], "package_id": "p",
    ...     "occasion": ["start", "end"] * 2, "occupation": ["other", "work", "work", "work"],
    ...     "extent_percent": [None, 50, 50, 75]})
    >>> sample = Statuses.from_frame(frame, date=None, support=None)
    >>> rows = started_or_increased(sample).tidy().set_index("quantity")["n"]
    >>> rows[["work_or_study", "started", "increased"]].tolist()
    [2, 1, 1]
    """
    require_level(conf_level)
    pairs = paired_statuses(statuses, by, before, after, "started_or_increased")
    known = pairs.first["occupation_known"].to_numpy() & pairs.has_second
    known &= pairs.second["occupation_known"].to_numpy()
    if not known.any():
        raise EstimationError("started_or_increased: nobody's occupation is known both times")
    kinds = _kinds(pairs)
    rows = []
    members = rows_by_group(np.where(known, pairs.stratum, -1), len(pairs.labels))
    for label, here in zip(pairs.labels, members, strict=True):
        count = {name: int(flag[here].sum()) for name, flag in kinds.items()}
        count["leavers"] = len(here)
        rows += [(label, name, count[name], count[PARENT[name]]) for name in PARENT]
    stratum, quantity, n, n_of = zip(*rows, strict=True)
    n, n_of = np.array(n), np.array(n_of)
    some = n_of > 0
    share, low, high = (np.full(len(n), np.nan) for _ in range(3))
    share[some] = n[some] / n_of[some]
    low[some], high[some] = wilson(n[some], n_of[some], conf_level)
    return StatusShares(
        rows={
            "stratum": stratum, "quantity": quantity, "n": n, "n_of": n_of, "share": share,
            "conf_low": low, "conf_high": high,
        },
        summary={
            "n": int(known.sum()), "before": before, "after": after, "conf_level": conf_level,
            "method": "Wilson", "label": "description",
        },
        support={"n": n_of, "k": n, "complement": n_of - n},
        provenance=provenance(
            "started_or_increased", statuses.digest, by=by, before=before, after=after,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _kinds(pairs) -> dict[str, np.ndarray]:
    """Which persons are in which category; the innermost ones share nobody."""
    one, two = (
        frame["occupation"].isin(WORK_OR_STUDY).to_numpy() for frame in (pairs.first, pairs.second)
    )
    less, more = (
        frame["extent_percent"].to_numpy(dtype=float) for frame in (pairs.first, pairs.second)
    )
    both = one & two
    started, increased = two & ~one, both & (more > less)
    return {
        "work_or_study": two,
        "not_work_or_study": ~two,
        "started_or_increased": started | increased,
        "unchanged": both & (more == less),
        "decreased": both & (more < less),
        "extent_unknown": both & (np.isnan(more) | np.isnan(less)),
        "started": started,
        "increased": increased,
        "stopped": one & ~two,
        "neither_before": ~one & ~two,
    }
