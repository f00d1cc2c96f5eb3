"""Need and coverage: ranges that follow from an assumed share in need."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from evalkit.cohort.samples import AreaCount
from evalkit.errors import ParameterError
from evalkit.provenance import digest_json, provenance
from evalkit.results import NeedCoverage


def need_and_coverage(
    area: AreaCount,
    *,
    shares: Sequence[float] = (0.035, 0.05, 0.07),
    wanting: float | tuple[float, float] = 0.5,
    source: str = "",
    label: Literal["assumed", "register"] = "assumed",
) -> NeedCoverage:
    """Give ranges of need, of its coverage, and of unmet need.

    Who is covered need not be in need, so coverage is known only within bounds. These are ranges
    of what is possible, not intervals of sampling error.

    Parameters
    ----------
    area : AreaCount
        Population and persons covered, both in the same twelve months.
    shares : sequence of float
        Shares of the population in need, each in (0, 1).
    wanting : float or (float, float)
        Share, or range of shares, of those in unmet need who want help.
    source : str
        Where the shares come from.
    label : {"assumed", "register"}
        National shares applied to an area are assumed; shares from the area's own registers are
        not.

    Returns
    -------
    NeedCoverage
        For each share in need: `need` (share of the population), `coverage` (share of those in
        need), `unmet` and `expressed_unmet` (shares of the population), with `n_low`, `n_high` in
        persons.

    Raises
    ------
    ParameterError
        If the population is not positive, more are covered than live there, or a share lies
        outside its range.

    Notes
    -----
    With c = covered / population and need share n, the covered in need lie in
    [max(0, c + n - 1), min(c, n)]. Coverage is that over n; unmet need is n less that; expressed
    unmet need is unmet need times the share wanting, worst with worst.

    References
    ----------
    Fréchet (1951), bounds of a joint distribution with given margins.

    Examples
    --------
    >>> ranges = need_and_coverage(AreaCount(100_000, 1_700, "2000"), shares=(0.05,)).tidy()
    >>> ranges[["quantity", "low", "high", "n_low", "n_high"]].round(4)
              quantity     low   high   n_low  n_high
    0             need  0.0500  0.050  5000.0  5000.0
    1         coverage  0.0000  0.340     0.0  1700.0
    2            unmet  0.0330  0.050  3300.0  5000.0
    3  expressed_unmet  0.0165  0.025  1650.0  2500.0
    """
    want_low, want_high = wanting if isinstance(wanting, tuple) else (wanting, wanting)
    _check(area, shares, want_low, want_high)
    covered = area.covered / area.population
    rows = []
    for need in shares:
        fewest, most = max(0.0, covered + need - 1), min(covered, need)
        unmet = (need - most, need - fewest)
        expressed = (want_low * unmet[0], want_high * unmet[1])
        rows += [
            (need, "need", need, need, need, need),
            (need, "coverage", fewest / need, most / need, fewest, most),
            (need, "unmet", *unmet, *unmet),
            (need, "expressed_unmet", *expressed, *expressed),
        ]
    share, quantity, low, high, n_low, n_high = zip(*rows, strict=True)
    n_row = len(rows)
    return NeedCoverage(
        rows={
            "need_share": share,
            "quantity": quantity,
            "low": low,
            "high": high,
            "n_low": np.array(n_low) * area.population,
            "n_high": np.array(n_high) * area.population,
        },
        summary={
            "population": area.population,
            "n_covered": area.covered,
            "period": area.period,
            "wanting": want_low if want_low == want_high else f"{want_low:g}-{want_high:g}",
            "source": source,
            "label": label,
        },
        support={
            "n": np.full(n_row, area.population),
            "k": np.full(n_row, area.covered),
            "complement": np.full(n_row, area.population - area.covered),
        },
        provenance=provenance(
            "need_and_coverage",
            area.digest or digest_json([area.population, area.covered, area.period])[:16],
            shares=tuple(shares),
            wanting=wanting,
            source=source,
            label=label,
        ),
    )


def _check(area: AreaCount, shares: Sequence[float], want_low: float, want_high: float) -> None:
    if area.population <= 0 or not 0 <= area.covered <= area.population:
        raise ParameterError("area: covered must lie between 0 and a positive population")
    if not len(shares) or not all(0 < share < 1 for share in shares):
        raise ParameterError("shares: each share in need must lie between 0 and 1")
    if not 0 <= want_low <= want_high <= 1:
        raise ParameterError("wanting: must be a share, or a range of shares, between 0 and 1")
