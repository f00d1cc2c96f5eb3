"""What hazard models share once they are estimated: units of dependence, errors, the result."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import ParameterError
from evalkit.provenance import Provenance
from evalkit.results import ModelFit
from evalkit.survival.design_matrix import DesignMatrix
from evalkit.survival.grouped import units_of_dependence
from evalkit.survival.intervals import critical_value, p_value
from evalkit.survival.model_rows import BLOCK, Rows, dense
from evalkit.survival.sides import term_support

Interval = Literal["z", "t"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Dependence:
    """What rows depend on each other.

    Attributes
    ----------
    unit : ndarray of int, shape (n,), or None
        Unit of robust errors; None where every row is its own.
    df : float
        Clusters less one, else infinity.
    n_cluster : float
        NaN without clusters.
    is_robust : bool
    """

    unit: np.ndarray | None
    df: float
    n_cluster: float
    is_robust: bool

    @property
    def summary(self) -> dict:
        """What `glance` says of it."""
        return {"vcov": "robust" if self.is_robust else "model", "n_cluster": self.n_cluster}


def refuse_options(*, optional: bool = False, **given) -> None:
    """Refuse arguments, given as (value, its Literal), that are not allowed; None if optional."""
    for name, (value, options) in given.items():
        if value not in get_args(options) and not (optional and value is None):
            raise ParameterError(f"{name} {value!r}: must be one of {', '.join(get_args(options))}")


def dependence_of(sample: TimeToEvent, kept: np.ndarray, vcov: str | None) -> Dependence:
    """Units of robust errors, of rows at positions `kept`: the cluster, else the person."""
    has_case_weights = sample.is_weighted and not sample.is_frequency
    is_robust = vcov == "robust" or (
        vcov is None and (has_case_weights or sample.cluster is not None)
    )
    if not is_robust:
        return Dependence(None, np.inf, np.nan, False)
    person = None if sample.person is None else dense(sample.person[kept])
    if sample.cluster is None:
        return Dependence(person, np.inf, np.nan, True)
    cluster = dense(sample.cluster[kept])
    n_cluster = int(cluster.max()) + 1
    one_level = np.zeros(n_cluster, dtype=np.intp)
    # Refuses and warns by the number of clusters, for which one row of each will do.
    _, df, _ = units_of_dependence(np.arange(n_cluster), None, one_level)
    return Dependence(cluster if np.isfinite(df) else person, df, float(n_cluster), True)


def degrees_of_freedom(dependence: Dependence, interval: Interval | None) -> float:
    """Those of the intervals asked for; infinity for intervals z.

    Raises
    ------
    ParameterError
        If t intervals are asked for where no clusters give their degrees of freedom.
    """
    if interval == "t" and np.isinf(dependence.df):
        raise ParameterError("interval 't': needs clustered errors, whose clusters give its df")
    return np.inf if interval == "z" else dependence.df


def counted(rows: Rows, df: float) -> np.ndarray:
    """What a row's residual is multiplied by before sums over units are squared: (n,).

    A frequency f is f units of their own, which add f squares; within a cluster they add up first.
    """
    return np.sqrt(rows.weight) if rows.is_frequency and np.isinf(df) else rows.weight


def sandwich(
    blocks: Iterable[tuple[slice, np.ndarray]], inverse: np.ndarray, unit: np.ndarray | None
) -> np.ndarray:
    """Robust variance (p, p) of what rows add to the score.

    Parameters
    ----------
    blocks : iterable of (slice, ndarray of float, shape (p, width))
        Rows, and their weighted contributions, a block at a time.
    inverse : ndarray of float, shape (p, p)
        Of the information.
    unit : ndarray of int, shape (n,), or None
        Codes 0, 1, ... of units whose contributions are added up first; without, each row is one.
    """
    if unit is None:
        return inverse @ sum(block @ block.T for _, block in blocks) @ inverse
    n_unit = int(unit.max()) + 1
    sums = np.zeros((len(inverse), n_unit))
    for rows, block in blocks:
        here, few = unit[rows], slice(None)
        if n_unit > BLOCK:
            few, here = np.unique(here, return_inverse=True)
        width = n_unit if isinstance(few, slice) else len(few)
        sums[:, few] += [np.bincount(here, values, minlength=width) for values in block]
    return inverse @ (sums @ sums.T) @ inverse


def hazard_fit(
    sample: TimeToEvent,
    rows: Rows,
    beta: np.ndarray,
    variance: np.ndarray,
    dependence: Dependence,
    *,
    interval: Interval | None,
    conf_level: float,
    summary: dict,
    source: Provenance,
) -> ModelFit:
    """The result of a hazard model.

    Parameters
    ----------
    beta, variance : ndarray of float, shapes (p,) and (p, p)
        On the scale of `rows.values`.
    summary : dict
        What `glance` says of this model, beside what it says of all.

    Raises
    ------
    ParameterError
        If t intervals are asked for without clustered errors.
    """
    df = degrees_of_freedom(dependence, interval)
    error = np.sqrt(np.diag(variance)) / rows.scale
    shared = {
        "n_person": n_person(sample, rows), "n_row": len(rows.kept), "n_event": rows.n_event,
        "converged": True, "conf_level": conf_level, "label": "description",
        "n_cluster": dependence.n_cluster, "df": df, "interval": "z" if np.isinf(df) else "t",
    }  # fmt: skip
    return ModelFit(
        rows=term_rows(rows.design.terms, beta / rows.scale, error, conf_level, df),
        summary=shared | summary,
        support=rows_support(sample, rows.design, rows.kept, rows.events),
        provenance=source,
    )


def term_rows(terms, estimate: np.ndarray, error: np.ndarray, level: float, df: float) -> dict:
    """Rows of a `ModelFit`: estimates, errors, tests and intervals; no test where an error is 0."""
    critical = critical_value(level, df)
    statistic = np.divide(
        estimate, error, out=np.full(len(estimate), np.nan), where=np.asarray(error) > 0.0
    )
    return {
        "term": np.asarray(terms, dtype=object),
        "estimate": estimate,
        "std_error": error,
        "statistic": statistic,
        "p_value": p_value(statistic, df),
        "conf_low": estimate - critical * error,
        "conf_high": estimate + critical * error,
    }


def rows_support(
    sample: TimeToEvent, design: DesignMatrix, kept: np.ndarray, events: np.ndarray
) -> dict[str, np.ndarray]:
    """Persons and exits behind each coefficient, see `term_support`.

    Parameters
    ----------
    design : DesignMatrix
        Of the rows that count, in the order of the sample.
    kept, events : ndarray of int and bool, shape (n,)
        Their positions in the sample, in any order, and whether they end in an exit.
    """
    inside, event = np.zeros(len(sample), dtype=bool), np.zeros(len(sample), dtype=bool)
    inside[kept], event[kept] = True, events
    return term_support(
        design,
        event[inside],
        person=None if sample.person is None else sample.person[inside],
        frequency=sample.weight[inside] if sample.is_frequency else None,
    )


def n_person(sample: TimeToEvent, rows: Rows) -> int:
    """Persons behind the rows, each as often as its frequency says."""
    count = rows.weight if rows.is_frequency else np.ones(len(rows.kept))
    if sample.person is None:
        return int(count.sum())
    first = np.unique(sample.person[rows.kept], return_index=True)[1]
    return int(count[first].sum())
