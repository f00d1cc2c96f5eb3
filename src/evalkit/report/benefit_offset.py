"""How far rises of benefits offset falls, as far as the shown amounts tell."""

import math

import pandas as pd

from evalkit.report.text import Text

TOTAL = "total"


def offset_range(rows: pd.DataFrame) -> tuple[float, float] | None:
    """Least and greatest share of the falls that rises can have offset; None where open.

    Where benefits are hidden, all together tell what the hidden ones had in sum, before and after:
    they can neither have fallen by more than they had before nor have risen to more than after.

    Parameters
    ----------
    rows : DataFrame
        One stratum of a released `BenefitChange` in full-year equivalents.

    Examples
    --------
    >>> offset_range(pd.DataFrame({
    ...     "benefit": ["a", "b", "total"], "before": [40.0, math.nan, 50.0],
    ...     "after": [20.0, math.nan, 35.0], "change": [-20.0, math.nan, -15.0],
    ...     "offset_share": math.nan}))
    (0.25, 0.5)
    """
    is_total = (rows["benefit"] == TOTAL).to_numpy()
    if not is_total.any():
        return None
    total, parts = rows[is_total].iloc[0], rows[~is_total]
    if math.isfinite(total["offset_share"]):
        return float(total["offset_share"]), float(total["offset_share"])
    known = parts[parts["change"].notna()]
    change = float(total["change"]) - float(known["change"].sum())  # of the hidden ones together
    after = max(float(total["after"]) - float(known["after"].sum()), 0.0)
    rise = float(known["change"].clip(lower=0).sum())
    fall = float(-known["change"].clip(upper=0).sum())
    if not math.isfinite(change) or not math.isfinite(after):
        return None
    least = max(change, 0.0)
    ends = [(rise + more, fall + more - change) for more in (least, max(after, least))]
    if min(below for _, below in ends) <= 0:
        return None
    low, high = sorted(above / below for above, below in ends)
    return low, high


def offset_words(found: tuple[float, float], text: Text) -> str:
    """Write one share, or the range of what it can be."""
    low, high = found
    return text.percent(low) if low == high else text.percent_range(low, high)
