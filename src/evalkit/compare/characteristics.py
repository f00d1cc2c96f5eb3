"""The baseline table: who they were when they started, by arm."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.cohort.samples import Persons
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import Characteristics

MISSING = "missing"


def characteristics(
    persons: Persons, *, by: str | Sequence[str] = "arm", variables: Sequence[str]
) -> Characteristics:
    """Describe persons by stratum: levels with n and share, numbers with mean and deviation.

    Parameters
    ----------
    persons : Persons
        One row a person; its weights are used for shares, means and deviations, never for n.
    by : str or list of str
        Columns that make strata; the last is the one that is compared, within the others.
    variables : sequence of str
        Columns to describe. Text, categories and booleans are described by level (booleans as
        `yes` and `no`), with missing values as a level of their own; numbers by mean and standard
        deviation of those that are not missing.

    Returns
    -------
    Characteristics
        One row a stratum, variable and level; `level` is empty for a number.
        `standardised_difference` compares the first two strata (within the same `by` columns
        before the last) and stands in the rows of the first.

    Raises
    ------
    ParameterError
        If a variable is no column of the sample.
    EstimationError
        If the sample is empty.

    Notes
    -----
    For means d = (m1 - m2) / sqrt((s1^2 + s2^2) / 2), for the share of a level
    d = (p1 - p2) / sqrt((p1 (1 - p1) + p2 (1 - p2)) / 2); 0 where both strata agree and vary not.

    References
    ----------
    Austin (2009), Statistics in Medicine 28, 3083-3107.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"id": [1, 2, 3, 4], "arm": ["programme"] * 2 + ["comparison"] * 2,
    ...      "sex": ["woman", "man", "woman", "woman"]}
    ... )
    >>> sample = Persons.from_frame(frame, person="id", arm="arm")
    >>> table = characteristics(sample, variables=["sex"]).tidy()
    >>> table[["stratum", "level", "n", "share", "standardised_difference"]]
          stratum  level  n  share  standardised_difference
    0   programme    man  1    0.5                 1.414214
    1   programme  woman  1    0.5                -1.414214
    2  comparison    man  0    0.0                      NaN
    3  comparison  woman  2    1.0                      NaN
    """
    absent = [name for name in variables if name not in persons.covariates.columns]
    if absent or not len(variables):
        raise ParameterError(f"characteristics: no such variable: {', '.join(absent) or 'none'}")
    if not len(persons):
        raise EstimationError("characteristics: the sample has no persons")
    code, labels = persons.groups(by)
    tables = []
    for name in variables:
        values = persons.covariates[name]
        describe = _numbers if _is_number(values) else _levels
        tables.append(describe(values, code, labels, persons.weight).assign(variable=name))
    table = pd.concat(tables, ignore_index=True)
    order = table["code"].to_numpy().argsort(kind="stable")
    table = _compared(table.iloc[order].reset_index(drop=True), labels)
    size = np.bincount(code, minlength=len(labels))[table["code"]]
    is_level = table["share"].notna().to_numpy()
    n = table["n"].to_numpy(dtype=float)
    return Characteristics(
        rows=table[list(Characteristics.TIDY)],
        summary={"n": len(persons), "n_stratum": len(labels), "n_variable": len(variables)},
        support={
            "n": np.where(is_level, size, n),
            "k": np.where(is_level, n, np.nan),
            "complement": np.where(is_level, size - n, np.nan),
        },
        provenance=provenance("characteristics", persons.digest, by=by, variables=tuple(variables)),
    )


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _levels(values: pd.Series, code, labels, weight) -> pd.DataFrame:
    """Counts and weighted shares of every level in every stratum."""
    if pd.api.types.is_bool_dtype(values):
        values = values.map({True: "yes", False: "no"}).astype(object)
    if isinstance(values.dtype, pd.CategoricalDtype):
        known = [level for level in values.cat.categories if (values == level).any()]
    else:
        known = sorted(values.dropna().unique())
    position = pd.Categorical(values, categories=known).codes
    names = [str(level) for level in known] + ([MISSING] if (position < 0).any() else [])
    position = np.where(position < 0, len(known), position)
    shape = (len(labels), len(names))
    cell = np.ravel_multi_index((code, position), shape)
    n = np.bincount(cell, minlength=np.prod(shape)).reshape(shape)
    total = np.bincount(cell, weight, minlength=np.prod(shape)).reshape(shape)
    share = total / total.sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "code": np.repeat(np.arange(len(labels)), len(names)),
            "stratum": np.repeat(np.array(labels, dtype=object), len(names)),
            "level": names * len(labels),
            "n": n.ravel(),
            "share": share.ravel(),
            "mean": np.nan,
            "std_dev": np.nan,
            "variance": (share * (1 - share)).ravel(),
        }
    )


def _numbers(values: pd.Series, code, labels, weight) -> pd.DataFrame:
    """Weighted mean and standard deviation in every stratum."""
    number = values.to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(number)
    group, x, w = code[known], number[known], weight[known]
    n_group = len(labels)
    n = np.bincount(group, minlength=n_group)
    total = np.bincount(group, w, minlength=n_group)
    mean = _ratio(np.bincount(group, w * x, minlength=n_group), total)
    squares = np.bincount(group, w * (x - mean[group]) ** 2, minlength=n_group)
    # Reliability weights: with equal weights the divisor is the familiar n - 1.
    lost = _ratio(np.bincount(group, w**2, minlength=n_group), total)
    variance = np.where(n > 1, _ratio(squares, total - lost), np.nan)
    return pd.DataFrame(
        {
            "code": np.arange(n_group),
            "stratum": np.array(labels, dtype=object),
            "level": "",
            "n": n,
            "share": np.nan,
            "mean": mean,
            "std_dev": np.sqrt(variance),
            "variance": variance,
        }
    )


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    empty = np.full(len(numerator), np.nan)
    return np.divide(numerator, denominator, out=empty, where=denominator > 0)


def _compared(table: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Add the standardised difference between the first two strata of each set of strata."""
    within = [label.rpartition(", ")[0] for label in labels]
    partner = {}
    for prefix in dict.fromkeys(within):
        members = [number for number, name in enumerate(within) if name == prefix]
        if len(members) > 1:
            partner[members[0]] = members[1]
    value = table["share"].fillna(table["mean"])
    cells = table.assign(value=value)[["code", "variable", "level", "value", "variance"]]
    first = cells.assign(other=cells["code"].map(partner))
    joined = first.merge(
        cells.rename(columns={"code": "other"}),
        on=["other", "variable", "level"],
        how="left",
        suffixes=("", "_other"),
    )
    apart = (joined["value"] - joined["value_other"]).to_numpy()
    spread = np.sqrt((joined["variance"] + joined["variance_other"]).to_numpy() / 2)
    difference = np.divide(apart, spread, out=np.full(len(apart), np.nan), where=spread > 0)
    difference[(apart == 0) & (spread == 0)] = 0.0
    return table.assign(standardised_difference=difference)
