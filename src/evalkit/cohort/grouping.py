"""Groups of rows: the one place where the levels of `by` get their order and their labels."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.cohort.checks import refuse, require_columns


def group_rows(
    frame: pd.DataFrame, by: str | Sequence[str] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number the groups that columns make: codes (n,) and labels, `", "` between several columns.

    Labels are in the order of the columns' categories, else sorted, except that an `arm` column
    puts `programme` before `comparison`. Without `by` there is one group with an empty label.

    Raises
    ------
    CohortError
        If a column is missing or has missing values.
    """
    if by is None:
        return np.zeros(len(frame), dtype=np.intp), ("",)
    names = [by] if isinstance(by, str) else list(by)
    require_columns(frame, **{f"by ({name})": name for name in names})
    if not len(frame):
        return np.zeros(0, dtype=np.intp), ()
    columns = []
    for name in names:
        refuse(frame[name].isna().to_numpy(), name, "missing")
        categories = _ordered_levels(frame[name])
        columns.append(pd.Categorical(frame[name], categories=categories))
    table = pd.DataFrame(dict(enumerate(columns)))
    sizes = table.groupby(list(table.columns), observed=True, sort=True).ngroup()
    first = table.loc[~sizes.duplicated()].assign(code=sizes[~sizes.duplicated()])
    labels = first.sort_values("code").drop(columns="code").astype(str).agg(", ".join, axis=1)
    return sizes.to_numpy(dtype=np.intp), tuple(labels)


def _ordered_levels(column: pd.Series) -> list:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    levels = sorted(column.unique())
    arms = [level for level in ("programme", "comparison") if level in levels]
    return arms + [level for level in levels if level not in arms]
