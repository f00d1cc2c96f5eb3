"""Concordance: how often, of two persons, the one with the higher predicted rate exits first."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.results import ModelFit
from evalkit.survival.cox import Ties
from evalkit.survival.fitted import fitted_cox
from evalkit.survival.hazard_fit import (
    Dependence,
    counted,
    dependence_of,
    n_person,
    rows_support,
    term_rows,
)
from evalkit.survival.model_rows import Rows
from evalkit.survival.sides import of_all_terms

TIED = 1e-12  # of the largest linear predictor; sums in another order differ by less


def concordance(
    sample: TimeToEvent,
    model: str | ModelFit,
    *,
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    conf_level: float = 0.95,
) -> ModelFit:
    """Share of comparable pairs in which the one with the higher linear predictor exits first.

    It says how well the model orders persons, not whether its probabilities are right.

    Parameters
    ----------
    sample : TimeToEvent
    model : str or ModelFit
        A formula, or a fit of `cox` on this sample, whose own cause, strata and ties hold.
    cause, strata, ties
        As in `cox`; only with a formula.
    conf_level : float

    Returns
    -------
    ModelFit
        One row, `concordance`; 0.5 is no better than chance, and the test is against it.

    Raises
    ------
    EstimationError
        As `cox`; if no two persons can be compared.
    ParameterError
        If an argument is not allowed, or a fit is not of `cox` on this sample.

    Notes
    -----
    (concordant + ties of the predictor / 2) / comparable. An exit is compared with everybody of the
    stratum who is at risk at its time and stays longer; exits at the same time are not compared, an
    exit and a censoring at the same time are. A pair counts with the product of its weights. The
    error is the infinitesimal jackknife, over clusters if there are any, for given predictions. The
    pairs are counted by bits of the predictor's rank, in n log n steps.

    References
    ----------
    Therneau and Watson (2017), Mayo Clinic technical report 85. R, survival::concordance.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True] * 4, "old": [1, 1, 0, 1]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> concordance(sample, "old").tidy()["estimate"].tolist()
    [0.5833333333333334]
    """
    fitted = fitted_cox(sample, model, cause=cause, strata=strata, ties=ties)
    rows = fitted.rows
    dependence = dependence_of(sample, rows.kept, "robust")
    value, error = _estimate(rows, rows.values @ fitted.beta, dependence)
    df, persons = dependence.df, n_person(sample, rows)
    fields = term_rows(["concordance"], np.array([value - 0.5]), error, conf_level, df)
    fields |= {name: fields[name] + 0.5 for name in ("estimate", "conf_low", "conf_high")}
    is_formula = isinstance(model, str)
    return ModelFit(
        rows=fields,
        summary={
            "n_person": persons,
            "n_row": len(rows.kept),
            "n_event": rows.n_event,
            "scale": "share of pairs",
            "vcov": "robust",
            "conf_level": conf_level,
            "n_cluster": dependence.n_cluster,
            "df": df,
            "interval": "z" if np.isinf(df) else "t",
            "label": "description",
            "formula": model if is_formula else model.summary["formula"],
        },
        support=of_all_terms(rows_support(sample, rows.design, rows.kept, rows.events)),
        provenance=provenance(
            "concordance", sample.digest, model=model if is_formula else model.provenance.id,
            cause=cause, strata=strata, ties=ties, conf_level=conf_level,
        ),
    )  # fmt: skip


def _estimate(
    rows: Rows, predictor: np.ndarray, dependence: Dependence
) -> tuple[float, np.ndarray]:
    """The concordance, and its error as (1,)."""
    value, influence = _concordance(rows, predictor)
    influence = influence * counted(rows, dependence.df)
    unit = dependence.unit
    sums = influence if unit is None else np.bincount(unit, influence)
    return value, np.sqrt([sums @ sums])


def _concordance(rows: Rows, predictor: np.ndarray) -> tuple[float, np.ndarray]:
    """The concordance and the influence of each row on it per unit of weight (n,)."""
    rank = _ranks(predictor)
    own = np.flatnonzero(rows.events)
    score, pairs = np.zeros(len(rank)), np.zeros(len(rank))
    lower, equal, total = _outliving(rows, rank, own)
    score[own], pairs[own] = lower + equal / 2.0, total
    comparable = float(rows.weight @ pairs)
    if comparable <= 0.0:
        raise EstimationError("duration: no exit has anybody at risk who stays longer")
    value = float(rows.weight @ score) / comparable
    lower, equal, total = _outlived(rows, rank, own)
    score += total - lower - equal / 2.0
    pairs += total
    return value, (score - value * pairs) / comparable


def _ranks(predictor: np.ndarray) -> np.ndarray:
    """Dense ranks; what equal covariates give to rounding is equal."""
    order = np.argsort(predictor)
    ordered = predictor[order]
    is_new = np.diff(ordered) > TIED * max(np.abs(ordered[[0, -1]]).max(), 1.0)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.concatenate([[0], np.cumsum(is_new)])
    return rank


def _outliving(rows: Rows, rank: np.ndarray, own: np.ndarray):
    """Weights of those whom each exit is compared with: of lower rank, of equal rank, of all."""
    sets = rows.sets
    exit_row = sets.exit_row
    end = np.searchsorted(exit_row, sets.first[sets.stratum[exit_row[own]] + 1])
    after_ties = np.searchsorted(exit_row, exit_row[own]) + sets.n_event[exit_row[own], 0]
    later = _counts(rank, rows.weight, after_ties, end, rank[own])
    if not sets.is_delayed:
        return later
    order = np.argsort(sets.entry_row, kind="stable")
    entry_row = sets.entry_row[order]
    low = np.searchsorted(entry_row, exit_row[own], side="right")
    high = np.searchsorted(entry_row, sets.first[sets.stratum[exit_row[own]] + 1])
    absent = _counts(rank[order], rows.weight[order], low, high, rank[own])
    return tuple(one - two for one, two in zip(later, absent, strict=True))


def _outlived(rows: Rows, rank: np.ndarray, own: np.ndarray):
    """Weights of the exits that each row is compared with: of lower rank, of equal, of all."""
    exits, exit_row = rows.sets.exit_row[own], rows.sets.exit_row
    first = rows.sets.first[rows.sets.stratum[exit_row]]
    low = np.searchsorted(exits, rows.sets.entry_row if rows.sets.is_delayed else first)
    # Exits of the same time come before a censoring, but not before an exit.
    high = np.where(
        rows.events, np.searchsorted(exits, exit_row), np.searchsorted(exits, exit_row, "right")
    )
    return _counts(rank[own], rows.weight[own], low, np.maximum(low, high), rank)


def _counts(rank: np.ndarray, weight: np.ndarray, low, high, wanted: np.ndarray):
    """Weight at positions from `low` to before `high`, of rank below, at and of any.

    A wavelet matrix: positions are split by the bits of their rank, highest first, zeros before
    ones, and the bounds of every query are carried along.
    """
    total = np.concatenate([[0.0], np.cumsum(weight)])
    of_any = total[high] - total[low]
    below = np.zeros(len(wanted))
    for bit in range(max(int(rank.max()).bit_length(), int(wanted.max()).bit_length()) - 1, -1, -1):
        is_one = (rank >> bit & 1).astype(bool)
        zeros = np.concatenate([[0], np.cumsum(~is_one)])
        light = np.concatenate([[0.0], np.cumsum(np.where(is_one, 0.0, weight))])
        goes_up = (wanted >> bit & 1).astype(bool)
        below += np.where(goes_up, light[high] - light[low], 0.0)
        low, high = (
            np.where(goes_up, zeros[-1] + bound - zeros[bound], zeros[bound])
            for bound in (low, high)
        )
        order = np.concatenate([np.flatnonzero(~is_one), np.flatnonzero(is_one)])
        rank, weight = rank[order], weight[order]
    total = np.concatenate([[0.0], np.cumsum(weight)])
    return below, total[high] - total[low], of_any
