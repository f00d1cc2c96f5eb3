"""Columns changed by the values that occur in them: a register repeats few values very often."""

from collections.abc import Callable

import numpy as np
import pandas as pd


def by_level(
    column: pd.Series, change: Callable[[pd.Series], pd.Series], *, missing: object = np.nan
) -> pd.Series:
    """Apply a function of single entries once to each value that occurs, not to each row.

    Parameters
    ----------
    column : Series
        Missing entries become `missing`; the function does not see them.
    change : callable
        From a Series of the distinct values to as many new ones, each from its own value alone.

    Returns
    -------
    Series
        With the index of `column`. Rows of equal value share one object.

    Examples
    --------
    >>> list(by_level(pd.Series([" a", None, " a"]), lambda text: text.str.strip(), missing=""))
    ['a', '', 'a']
    """
    codes, levels = pd.factorize(column)
    changed = change(pd.Series(levels)).to_numpy()
    if (codes < 0).any():
        kind = np.result_type(changed.dtype, type(missing)) if changed.dtype.kind in "fiu" else "O"
        changed = np.append(changed.astype(kind), np.array([missing], dtype=kind))
    return pd.Series(changed[codes], index=column.index, name=column.name)
