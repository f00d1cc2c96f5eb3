"""Targets of plans and contracts beside what came of them."""

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import KeyFigures, Targets

DIRECTIONS = ("at_least", "at_most")
COLUMNS = ("stratum", "quantity", "target")


def targets(figures: KeyFigures, goals: pd.DataFrame) -> Targets:
    """Put targets beside key figures. Always a description.

    Parameters
    ----------
    figures : KeyFigures
    goals : DataFrame
        One row a target: `stratum` (empty for all together), `quantity` (a quantity of the key
        figures), `target` in the unit of that quantity (a share in percent), and, where it is not
        `at_least`, `direction` (`at_least` or `at_most`).

    Returns
    -------
    Targets
        The key figures in their order, with `target`, `difference` (actual less target, in
        `unit`), `fulfilment` in percent of the target, and `met` (`yes`, `no`; empty where there
        is no target, or no actual number).

    Raises
    ------
    EstimationError
        If a target names a stratum or a quantity that the key figures lack, or occurs twice.
    ParameterError
        If a column is missing, a target is not a positive number, or a direction is unknown.

    Notes
    -----
    Fulfilment is 100 x actual / target, also where less is better: 120 % of a highest cost is
    then a target missed.

    Examples
    --------
    >>> from evalkit.cohort.samples import Participations
    >>> from evalkit.follow_up import key_figures
    >>> frame = pd.DataFrame({
    ...     "person_id": ["a", "b", "c"], "package_id": "p", "exit_reason": None, "end": None,
    ...     "start": ["2024-01-01", "2024-02-01", "2024-10-01"],
    ... })
    >>> figures = key_figures(Participations.from_frame(frame, data_cut="2024-12"))
    >>> goals = pd.DataFrame({"stratum": [""], "quantity": ["started"], "target": [4]})
    >>> table = targets(figures, goals).tidy().dropna(subset="target")
    >>> table[["quantity", "target", "actual", "fulfilment", "met"]]
      quantity  target  actual  fulfilment met
    2  started     4.0     3.0        75.0  no
    """
    given = _checked(goals)
    rows = figures.tidy()
    key = pd.MultiIndex.from_frame(rows[["stratum", "quantity"]])
    place = key.get_indexer(pd.MultiIndex.from_frame(given[["stratum", "quantity"]]))
    if (place < 0).any():
        raise EstimationError(
            f"goals: {int((place < 0).sum())} of {len(given)} targets name a stratum or a quantity "
            "that the key figures do not have; see their columns `stratum` and `quantity`"
        )
    target, direction = np.full(len(rows), np.nan), np.full(len(rows), "", dtype=object)
    target[place], direction[place] = given["target"], given["direction"]
    actual = rows["estimate"].to_numpy(dtype=float)
    return Targets(
        rows={
            "stratum": rows["stratum"],
            "quantity": rows["quantity"],
            "direction": direction,
            "target": target,
            "actual": actual,
            "difference": actual - target,
            "fulfilment": 100 * actual / target,
            "met": _met(actual, target, direction),
            "unit": rows["unit"],
            "n": rows["n"],
            "reason": rows["reason"],
        },
        summary={
            "n_target": len(given),
            "label": "description",
            **{name: figures.summary[name] for name in ("first_day", "last_day", "currency")},
        },
        support=figures.support,
        provenance=provenance(
            "targets", figures.provenance.sample, figures=figures.provenance.id,
            goals=digest_frame(given)[:16],
        ),
    )  # fmt: skip


def _met(actual: np.ndarray, target: np.ndarray, direction: np.ndarray) -> np.ndarray:
    known = np.isfinite(actual) & np.isfinite(target)
    reached = np.where(direction == "at_most", actual <= target, actual >= target)
    return np.where(known, np.where(reached, "yes", "no"), "").astype(object)


def _checked(goals: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in COLUMNS if name not in goals]
    if missing:
        raise ParameterError(f"goals: no column {', '.join(missing)}")
    given = goals.reset_index(drop=True)
    if "direction" not in given:
        given = given.assign(direction=DIRECTIONS[0])
    given = given[[*COLUMNS, "direction"]].assign(
        stratum=given["stratum"].fillna("").astype(object),
        direction=given["direction"].fillna(DIRECTIONS[0]).astype(object),
        target=pd.to_numeric(given["target"], errors="coerce").astype(float),
    )
    wrong = int((~(given["target"] > 0) | ~np.isfinite(given["target"])).sum())
    if wrong:
        raise ParameterError(f"target: {wrong} of {len(given)} are not positive numbers")
    unknown = int((~given["direction"].isin(DIRECTIONS)).sum())
    if unknown:
        raise ParameterError(
            f"direction: {unknown} of {len(given)} are none of {', '.join(DIRECTIONS)}"
        )
    again = int(given.duplicated(["stratum", "quantity"]).sum())
    if again:
        raise EstimationError(f"goals: {again} of {len(given)} targets occur twice")
    return given
