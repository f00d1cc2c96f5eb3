"""How services of municipalities go with outcomes there: about places, never about persons."""

import math
import warnings
from itertools import permutations

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning
from evalkit.provenance import digest_frame, provenance
from evalkit.results import AreaLink, ServiceIndex

QUANTITIES = ("availability", "coordination")
EXACT = 7  # municipalities up to which all orders are gone through
DRAWS = 9_999
FEW = 10
STEP = 10.0  # index points that the slope is told for


def service_outcome_link(
    index: ServiceIndex,
    outcomes: pd.DataFrame,
    *,
    quantity: str = "availability",
    outcome: str = "outcome",
    unit: str = "points",
    conf_level: float = 0.95,
    seed: int = 20261,
) -> AreaLink:
    """Describe how an index of services goes with an outcome over municipalities.

    A description of places. Nothing follows about persons: that places with more services have
    better outcomes does not say that those who got a service did better (ecological fallacy).

    Parameters
    ----------
    index : ServiceIndex
    outcomes : DataFrame
        `municipality`, `estimate`, and, where persons are behind it, `n`, `k` and `complement`:
        how many, with the outcome and without. Best taken from a released table, so that nothing
        hidden goes in. Municipalities without a number, or without an index, are left out.
    quantity : {"availability", "coordination"}
    outcome, unit : str
        What the outcome is, and its unit; both go into the glance.
    conf_level : float
    seed : int
        For the permutations, where there are too many to go through.

    Returns
    -------
    AreaLink
        `spearman`: rank correlation with a permutation p-value, and no interval. `slope`: change of
        the outcome for 10 points more of the index, by least squares with equal weights, with a t
        interval on G - 2 degrees of freedom and the same kind of p-value.

    Raises
    ------
    EstimationError
        If fewer than four municipalities have both, or the index or the outcome does not vary.
    ParameterError
        If a column is missing, or the quantity is unknown.

    Warns
    -----
    SmallSampleWarning
        If there are fewer than ten municipalities.

    References
    ----------
    Robinson WS (1950), American Sociological Review 15, 351-357 (ecological correlation).

    Examples
    --------
    >>> from evalkit.follow_up import service_index, service_profile
    >>> table = pd.DataFrame({
    ...     "municipality": np.repeat([f"{code:03}" for code in range(10)], 10),
    ...     "service": [f"s{number}" for number in range(10)] * 10, "target_group": "all",
    ...     "availability": np.where(np.tri(10, dtype=bool), "yes", "no").ravel(),
    ...     "coordination": None,
    ... })
    >>> shares = pd.DataFrame({
    ...     "municipality": [f"{code:03}" for code in range(10)], "estimate": np.arange(10.0)})
    >>> link = service_outcome_link(service_index(service_profile(table)), shares).tidy()
    >>> link[["quantity", "estimate"]].round(3)
       quantity  estimate
    0  spearman       1.0
    1     slope       1.0
    """
    if quantity not in QUANTITIES:
        raise ParameterError(f"quantity: {quantity!r} is none of {', '.join(QUANTITIES)}")
    table, n_left_out = _joined(index, outcomes, quantity)
    n_area = len(table)
    x, y = table["index"].to_numpy() / STEP, table["estimate"].to_numpy(dtype=float)
    if n_area < FEW:
        warnings.warn(
            f"service_outcome_link: {n_area} municipalities only; a line through so few says "
            "little", SmallSampleWarning, stacklevel=2,
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    ranks = stats.rankdata(x), stats.rankdata(y)
    spearman = np.corrcoef(*ranks)[0, 1]
    slope, error = _slope(x, y)
    margin = stats.t.ppf((1 + conf_level) / 2, n_area - 2) * error
    nothing = math.nan
    rows = {
        "quantity": ["spearman", "slope"],
        "estimate": [spearman, slope],
        "std_error": [nothing, error],
        "conf_low": [nothing, slope - margin],
        "conf_high": [nothing, slope + margin],
        "p_value": [_permuted(*ranks, rng), _permuted(x, y, rng)],
        "unit": ["correlation", f"{unit} for 10 index points"],
        "n_area": [n_area, n_area],
        "reason": ["", ""],
    }
    # Every number is made of all municipalities: the smallest one decides what may be shown.
    fewest = {name: float(table[name].min()) if name in table else nothing
              for name in ("n", "k", "complement")}  # fmt: skip
    return AreaLink(
        rows=rows,
        summary={
            "n": float(table["n"].sum()) if "n" in table else nothing,
            "n_area": n_area, "n_left_out": n_left_out, "exposure": quantity, "outcome": outcome,
            "unit": unit, "conf_level": conf_level, "df": n_area - 2,
            "method": "permutation p; t interval, equal weights", "label": "description",
        },
        support={name: [value, value] for name, value in fewest.items()},
        provenance=provenance(
            "service_outcome_link", digest_frame(table)[:16], seed=seed, quantity=quantity,
            outcome=outcome, unit=unit, conf_level=conf_level,
        ),
    )  # fmt: skip


def _joined(index: ServiceIndex, outcomes: pd.DataFrame, quantity: str):
    missing = [name for name in ("municipality", "estimate") if name not in outcomes]
    if missing:
        raise ParameterError(f"outcomes: no column {', '.join(missing)}")
    own = index.tidy().query("quantity == @quantity")[["municipality", "estimate"]]
    own = own.rename(columns={"estimate": "index"})
    known = [name for name in ("n", "k", "complement") if name in outcomes]
    given = outcomes[["municipality", "estimate", *known]]
    table = own.merge(given, on="municipality", how="outer", validate="one_to_one")
    complete = table.dropna(subset=["index", "estimate"]).reset_index(drop=True)
    if len(complete) < 4:
        raise EstimationError(
            f"service_outcome_link: {len(complete)} of {len(table)} municipalities have both an "
            "index and an outcome; at least four are needed"
        )
    for name in ("index", "estimate"):
        if complete[name].nunique() < 2:
            raise EstimationError(f"service_outcome_link: the {name} is the same everywhere")
    return complete, len(table) - len(complete)


def _slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    apart = x - x.mean()
    slope = float(apart @ y / (apart @ apart))
    rest = y - y.mean() - slope * apart
    return slope, float(np.sqrt(rest @ rest / (len(x) - 2) / (apart @ apart)))


def _permuted(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    """Share of orders of `y` that go with `x` at least as strongly, this one included."""
    apart, own = x - x.mean(), y - y.mean()
    observed = abs(apart @ own)
    if len(x) <= EXACT:
        orders = np.array(list(permutations(range(len(x)))))
        return float(np.mean(np.abs(own[orders] @ apart) >= observed - 1e-12 * (1 + observed)))
    drawn = rng.permuted(np.broadcast_to(own, (DRAWS, len(own))), axis=1)
    at_least = np.abs(drawn @ apart) >= observed - 1e-12 * (1 + observed)
    return float((at_least.sum() + 1) / (DRAWS + 1))
