"""Transitions: what became of those who were in a state before; support given support before."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.cohort.samples import Statuses, rows_by_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.status_change import OCCUPATIONS, paired_statuses
from evalkit.provenance import provenance
from evalkit.results import Transitions

ALL, NONE = "all", "none"


def transitions(
    statuses: Statuses,
    *,
    measure: Literal["occupation", "support"] = "occupation",
    by: str | Sequence[str] | None = None,
    before: str = "start",
    after: str = "end",
    order: Sequence[str] | None = None,
) -> Transitions:
    """Count who went from which state to which, each person in one cell. A description.

    Parameters
    ----------
    statuses : Statuses
    measure : {"occupation", "support"}
        Occupation, or the main source of support: the first of `order` that the person has.
    by : str or list of str, optional
        Columns that make strata. A person counts once in each, with the first participation.
    before, after : {"start", "end", "follow_up"}
    order : sequence of str, optional
        All sources, the one that names a person with several first; needed for support. Last-resort
        support is often a supplement and then stands last.

    Returns
    -------
    Transitions
        One row a pair of states, and the margins, where the other state is `all`. `n_before` and
        `n_after` are the margins of the row's states; `share` is of all pairs, `share_of_before`
        of those with that state before.

    Raises
    ------
    EstimationError
        If nobody has both statuses.
    ParameterError
        If `measure` is unknown, `after` does not come later than `before`, or `order` is missing
        for support, or leaves out a source.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "person_id": ["a", "a", "b", "b"], "package_id": "p",
    ...     "occasion": ["start", "end"] * 2, "occupation": ["other", "work", "other", "other"]})
    >>> sample = Statuses.from_frame(frame, date=None, extent=None, support=None)
    >>> rows = transitions(sample).tidy()
    >>> rows.loc[(rows["before"] == "other") & (rows["n"] > 0), ["after", "n", "share_of_before"]]
       after  n  share_of_before
    2    all  2              1.0
    7   work  1              0.5
    8  other  1              0.5
    """
    if measure not in ("occupation", "support"):
        raise ParameterError("transitions: measure must be occupation or support")
    pairs = paired_statuses(statuses, by, before, after, "transitions")
    names = _states(statuses, measure, order)
    one = _codes(pairs.first, names, measure)
    two = np.where(pairs.has_second, _codes(pairs.second, names, measure), -1)
    known = (one >= 0) & (two >= 0)
    if not known.any():
        raise EstimationError(f"transitions: nobody's {measure} is known both before and after")
    table = np.zeros((len(pairs.labels), len(names), len(names)), dtype=np.int64)
    np.add.at(table, (pairs.stratum[known], one[known], two[known]), 1)
    used = (table.sum(axis=(0, 2)) + table.sum(axis=(0, 1))) > 0
    kept = [name for name, some in zip(names, used, strict=True) if some]
    return _result(
        table[:, used][:, :, used], pairs.labels, kept, kept, exclusive=True, measure=measure,
        arguments={"by": by, "before": before, "after": after, "order": order},
        function="transitions", digest=statuses.digest,
    )  # fmt: skip


def support_after(
    statuses: Statuses,
    *,
    by: str | Sequence[str] | None = None,
    before: str = "start",
    after: str = "end",
) -> Transitions:
    """Count, of those with a source of support before, who has which sources after. A description.

    A person with several sources is in several rows and columns, so that they do not add up;
    `none`, no public support, goes with no other.

    Parameters
    ----------
    statuses : Statuses
    by : str or list of str, optional
        Columns that make strata. A person counts once in each, with the first participation.
    before, after : {"start", "end", "follow_up"}

    Returns
    -------
    Transitions
        As `transitions`, with `exclusive` false.

    Raises
    ------
    EstimationError
        If nobody's support is known both before and after.
    ParameterError
        If `after` does not come later than `before`.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "person_id": ["a", "a", "b", "b"], "package_id": "p",
    ...     "occasion": ["start", "end"] * 2, "occupation": "other",
    ...     "support_sources": ["sickness;assistance", "sickness", "sickness", ""]})
    >>> sample = Statuses.from_frame(frame, date=None, extent=None)
    >>> rows = support_after(sample).tidy()
    >>> rows.loc[rows["before"] == "sickness", ["after", "n", "share_of_before"]]
             after  n  share_of_before
    2          all  2              1.0
    10  assistance  0              0.0
    11    sickness  1              0.5
    12        none  1              0.5
    """
    pairs = paired_statuses(statuses, by, before, after, "support_after")
    known = pairs.first["support_known"].to_numpy(dtype=bool) & pairs.has_second
    known &= pairs.second["support_known"].to_numpy(dtype=bool)
    if not known.any() or not statuses.sources:
        raise EstimationError("support_after: nobody's support is known both before and after")
    names = [*statuses.sources, NONE]
    one, two = (_flags(frame, statuses.sources) for frame in (pairs.first, pairs.second))
    table, margins = [], []
    for here in rows_by_group(np.where(known, pairs.stratum, -1), len(pairs.labels)):
        table.append(one[here].T.astype(np.int64) @ two[here])
        margins.append((one[here].sum(axis=0), two[here].sum(axis=0), len(here)))
    return _result(
        np.array(table), pairs.labels, names, names, exclusive=False, measure="support",
        arguments={"by": by, "before": before, "after": after}, function="support_after",
        digest=statuses.digest, margins=margins,
    )  # fmt: skip


def _states(statuses: Statuses, measure: str, order: Sequence[str] | None) -> list[str]:
    if measure == "occupation":
        return list(OCCUPATIONS)
    if order is None:
        raise ParameterError(
            "order: which source names a person with several? There are "
            f"{', '.join(statuses.sources) or 'none'}"
        )
    chosen = list(order)
    left_out = sorted(set(statuses.sources) - set(chosen))
    if left_out:
        raise ParameterError(f"order: leaves out the sources {', '.join(left_out)}")
    return [*(name for name in chosen if name in statuses.sources), NONE]


def _codes(frame: pd.DataFrame, names: list[str], measure: str) -> np.ndarray:
    """Position of each row's state; -1 where it is not known."""
    if measure == "occupation":
        return pd.Categorical(frame["occupation"], categories=names).codes.astype(np.int64)
    flags = frame[names[:-1]].to_numpy(dtype=bool)
    first = np.where(flags.any(axis=1), flags.argmax(axis=1), len(names) - 1)
    return np.where(frame["support_known"].to_numpy(dtype=bool), first, -1)


def _flags(frame: pd.DataFrame, sources: tuple[str, ...]) -> np.ndarray:
    flags = frame[list(sources)].to_numpy(dtype=bool)
    return np.column_stack([flags, ~flags.any(axis=1)])


def _result(
    table, labels, first_names, second_names, *, exclusive, measure, arguments, function, digest,
    margins=None,
) -> Transitions:  # fmt: skip
    rows = []
    for stratum, cells in enumerate(table):
        one, two, n = margins[stratum] if margins else (
            cells.sum(axis=1), cells.sum(axis=0), int(cells.sum()))  # fmt: skip
        label = labels[stratum]
        rows.append((label, ALL, ALL, n, n, n, n))
        rows += [
            (label, a, ALL, int(k), int(k), n, n) for a, k in zip(first_names, one, strict=True)
        ]
        rows += [
            (label, ALL, b, int(k), n, int(k), n) for b, k in zip(second_names, two, strict=True)
        ]
        rows += [
            (label, a, b, int(cells[i, j]), int(one[i]), int(two[j]), n)
            for i, a in enumerate(first_names)
            for j, b in enumerate(second_names)
        ]
    stratum, before, after, *counts = zip(*rows, strict=True)
    n, n_before, n_after, total = (np.array(count) for count in counts)
    return Transitions(
        rows={
            "stratum": stratum,
            "before": before,
            "after": after,
            "n": n,
            "n_before": n_before,
            "n_after": n_after,
            "share": _share(n, total),
            "share_of_before": _share(n, n_before),
        },
        summary={
            "n": int(total[(np.array(before) == ALL) & (np.array(after) == ALL)].sum()),
            "measure": measure,
            "exclusive": exclusive,
            "before": arguments["before"],
            "after": arguments["after"],
            "label": "description",
        },
        support={"n": total, "k": n, "complement": n_before - n},
        provenance=provenance(function, digest, measure=measure, **arguments),
    )


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
