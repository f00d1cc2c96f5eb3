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
    """

    values: np.ndarray
    terms: tuple[str, ...]
    n: np.ndarray


def design_matrix(
    formula: str, covariates: pd.DataFrame, *, person: np.ndarray | None = None
) -> DesignMatrix:
    """Build the columns of a formula such as `"arm + age + C(education)"`.

    Levels are coded against the first one; of `arm` the reference is always `comparison`. `person`
    (n,) tells rows of one person apart from rows of several; without it every row is a person.

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
        others = [level for level in pd.unique(data["arm"]) if level != REFERENCE_ARM]
        levels = [REFERENCE_ARM, *sorted(others, key=str)]
        data = data.assign(arm=pd.Categorical(data["arm"], categories=levels))
    try:
        parsed = Formula(formula)
        _require_complete(parsed, data)
        matrix = parsed.get_model_matrix(data, context={}, na_action="raise")
    except (FormulaicError, NameError, SyntaxError, ValueError) as error:
        raise EstimationError(
            f"formula {formula!r}: cannot be built from this sample; its columns are "
            f"{', '.join(map(str, covariates.columns))}"
        ) from error
    matrix = matrix.drop(columns="Intercept", errors="ignore")
    if matrix.shape[1] == 0:
        raise EstimationError(f"formula {formula!r}: no terms to estimate")
    values = np.asarray(matrix, dtype=float)
    terms = tuple(name.replace("[T.", "[") for name in matrix.columns)
    return DesignMatrix(values, terms, _persons_behind(values, person))


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
    is_constant = spread <= 1e-12 * np.abs(design.values).max(axis=0)
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


def _persons_behind(values: np.ndarray, person: np.ndarray | None) -> np.ndarray:
    return np.array([_smaller_group(column, person) for column in values.T])


def _smaller_group(column: np.ndarray, person: np.ndarray | None) -> int:
    is_one = column == 1.0
    if not np.all(is_one | (column == 0.0)):
        return _count(np.ones(len(column), dtype=bool), person)
    return min(_count(is_one, person), _count(~is_one, person))


def _count(rows: np.ndarray, person: np.ndarray | None) -> int:
    return int(rows.sum()) if person is None else len(np.unique(person[rows]))
