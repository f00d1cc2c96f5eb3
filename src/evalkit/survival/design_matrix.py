"""Columns of a model from a formula: treatment coding, evalkit's term names, nothing dropped."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError

from evalkit.errors import EstimationError

REFERENCE_ARM = "comparison"
SINGULAR = 1e-11  # share of a term's information that the terms before it leave


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DesignMatrix:
    """Covariates of a model, without intercept.

    Attributes
    ----------
    values : ndarray of float, shape (n, p)
    terms : tuple of str
        `arm[programme]` for a level, `age` for a number.
    n : ndarray of int, shape (p,)
        Persons behind each coefficient: the smaller of the two groups that a column of 0 and 1
        tells apart, else all persons.
    sources : tuple of str
        Term of the formula that each column comes from, for example `C(education)`.
    """

    values: np.ndarray
    terms: tuple[str, ...]
    n: np.ndarray
    sources: tuple[str, ...] = ()


def design_matrix(
    formula: str,
    covariates: pd.DataFrame,
    *,
    person: np.ndarray | None = None,
    frequency: np.ndarray | None = None,
) -> DesignMatrix:
    """Build the columns of a formula such as `"arm + age + C(education)"`.

    Levels are coded against the first one; of `arm` the reference is always `comparison`. `person`
    (n,) tells rows of one person apart from rows of several; without it every row is a person.
    `frequency` (n,) says for how many persons a row stands.

    Raises
    ------
    EstimationError
        If the formula cannot be read or names no column of the sample, if it has no terms, or if a
        covariate is missing in some rows.

    Examples
    --------
    >>> frame = pd.DataFrame({"arm": ["programme", "comparison"], "age": [30, 40]})
    >>> design_matrix("arm + age", frame).terms
    ('arm[programme]', 'age')
    """
    data = covariates
    if "arm" in data and REFERENCE_ARM in set(data["arm"]):
        others = [level for level in pd.unique(data["arm"].dropna()) if level != REFERENCE_ARM]
        levels = [REFERENCE_ARM, *sorted(others, key=str)]
        data = data.assign(arm=pd.Categorical(data["arm"], categories=levels))
    try:
        parsed = Formula(formula)
        _require_complete(parsed, data)
        plain = _plain_columns(parsed, data)
        if plain:
            return _of_numbers(data, plain, person, frequency)
        matrix = parsed.get_model_matrix(data, context={}, na_action="raise")
        sources = [
            str(term)
            for term, columns in matrix.model_spec.term_indices.items()
            for _ in columns
            if str(term) != "1"
        ]
        matrix = matrix.drop(columns="Intercept", errors="ignore")
    except (FormulaicError, AttributeError, NameError, SyntaxError, ValueError) as error:
        raise EstimationError(
            f"formula {formula!r}: cannot be built from this sample; its columns are "
            f"{', '.join(map(str, covariates.columns))}"
        ) from error
    if matrix.shape[1] == 0:
        raise EstimationError(f"formula {formula!r}: no terms to estimate")
    values = np.asarray(matrix, dtype=float)
    terms = tuple(name.replace("[T.", "[") for name in matrix.columns)
    _require_finite(values, terms)
    return DesignMatrix(values, terms, _persons_behind(values, person, frequency), tuple(sources))


def refuse_constant(design: DesignMatrix, spread: np.ndarray) -> None:
    """Refuse terms that do not vary.

    Parameters
    ----------
    spread : ndarray of float, shape (p,)
        Standard deviation of each column.

    Raises
    ------
    EstimationError
        If a column has no spread; the message names its term.
    """
    # In a column without spread any row shows its size.
    is_constant = spread <= 1e-12 * np.abs(design.values[0])
    faults = [term for term, fault in zip(design.terms, is_constant, strict=True) if fault]
    if faults:
        raise EstimationError(f"{', '.join(faults)}: does not vary in the sample; leave it out")


def refuse_collinear(information: np.ndarray, terms: Sequence[str]) -> None:
    """Refuse a term whose information the terms before it exhaust.

    Parameters
    ----------
    information : ndarray of float, shape (p, p)
        Of columns on a common scale.

    Raises
    ------
    EstimationError
        If a term adds nothing; the message names it.
    """
    size = np.diag(information)
    floor = SINGULAR * max(size.max(), np.finfo(float).tiny)
    left = information.astype(float).copy()
    faults = []
    for position, term in enumerate(terms):
        pivot = left[position, position]
        if not pivot > max(SINGULAR * size[position], floor):
            faults.append(term)
            left[position, :] = left[:, position] = 0.0
            continue
        column = left[:, position].copy()
        left -= np.outer(column, column) / pivot
    if faults:
        raise EstimationError(
            f"{', '.join(faults)}: does not vary among those at risk, or is a combination of the "
            "terms before it (of the strata, if there are any); leave it out"
        )


def _require_complete(parsed: Formula, data: pd.DataFrame) -> None:
    used = [name for name in sorted(parsed.required_variables) if name in data]
    missing = [(name, int(data[name].isna().sum())) for name in used]
    faults = [f"{name}: {count} of {len(data)} rows missing" for name, count in missing if count]
    if faults:
        raise EstimationError(
            f"{'; '.join(faults)}. Leave these rows out by a rule of the flow, or impute them"
        )


def _require_finite(values: np.ndarray, terms: Sequence[str]) -> None:
    columns = [number for number, total in enumerate(values.sum(axis=0)) if not np.isfinite(total)]
    counts = [int((~np.isfinite(values[:, number])).sum()) for number in columns]
    names = [terms[number] for number in columns]
    faults = [
        f"{name}: {n} of {len(values)} rows not finite"
        for name, n in zip(names, counts, strict=True)
    ]
    if faults:
        raise EstimationError(f"{'; '.join(faults)}. Leave these rows out by a rule of the flow")


def _plain_columns(parsed: Formula, data: pd.DataFrame) -> list[str]:
    """Names of the columns, if every term is a number of the sample; else none."""
    factors = [[str(factor.expr) for factor in term.factors] for term in parsed]
    names = [names[0] for names in factors if names != ["1"]]
    is_plain = all(len(names) == 1 for names in factors) and all(
        name in data and data[name].dtype.kind in "iuf" for name in names
    )
    return names if is_plain else []


def _of_numbers(data: pd.DataFrame, names: list[str], person, frequency) -> DesignMatrix:
    """Columns as they are; a formula of numbers only costs no more than their copy."""
    values = np.empty((len(data), len(names)), order="F")
    for number, name in enumerate(names):
        values[:, number] = data[name].to_numpy()
    _require_finite(values, names)
    behind = _persons_behind(values, person, frequency)
    return DesignMatrix(values, tuple(names), behind, tuple(names))


def _persons_behind(
    values: np.ndarray, person: np.ndarray | None, frequency: np.ndarray | None
) -> np.ndarray:
    everyone = None
    behind = []
    for column in values.T:
        is_one = column == 1.0
        # Most numbers are neither 0 nor 1, and the first few rows already show it.
        few = slice(None, 1000)
        if np.all(is_one[few] | (column[few] == 0.0)) and np.all(is_one | (column == 0.0)):
            behind.append(
                min(_count(is_one, person, frequency), _count(~is_one, person, frequency))
            )
            continue
        if everyone is None:
            everyone = _count(np.ones(len(column), dtype=bool), person, frequency)
        behind.append(everyone)
    return np.array(behind)


def _count(rows: np.ndarray, person: np.ndarray | None, frequency: np.ndarray | None) -> int:
    if person is None:
        return int(rows.sum() if frequency is None else frequency[rows].sum())
    if frequency is None:
        return len(np.unique(person[rows]))
    first = np.unique(person[rows], return_index=True)[1]
    return int(frequency[rows][first].sum())
