"""Outcome by quality of collaboration, with a possible change of direction."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.cohort.samples import Persons
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.scores import require_level
from evalkit.provenance import provenance
from evalkit.results import DoseResponse

CURVES = ("quadratic", "spline")
POINTS_OF_CURVE = 41
GRID = 2_001
FEWEST = 10  # persons in a bin


@dataclass(frozen=True, slots=True)
class Curve:
    """A fitted curve f(x) = b' basis(x) with the covariance of b."""

    kind: str
    knots: np.ndarray
    centre: float
    size: float
    beta: np.ndarray
    covariance: np.ndarray
    df: float

    def value(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Height of the curve and its standard error."""
        return self._along(_basis(x, self))

    def slope(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Slope of the curve and its standard error."""
        return self._along(_slopes(x, self))

    def _along(self, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        variance = np.einsum("ij,jk,ik->i", basis, self.covariance, basis)
        return basis @ self.beta, np.sqrt(np.maximum(variance, 0))


def dose_response(
    persons: Persons,
    *,
    dose: str,
    outcome: str,
    unit: str | None = None,
    cluster: str | None = None,
    curve: Literal["quadratic", "spline"] = "quadratic",
    n_bin: int = 5,
    reference: float | None = None,
    conf_level: float = 0.95,
) -> DoseResponse:
    """Relate an outcome to the quality of collaboration, and ask whether the direction changes.

    Always a description: who meets a collaboration of high quality differs in other ways too.

    Parameters
    ----------
    persons : Persons
        One row a person.
    dose : str
        Column of the quality, such as an index from 0 to 100.
    outcome : str
        Numeric or boolean column, such as self-support within a year or a change in an index.
    unit : str, optional
        Column of the package (or another group): the dose is its mean in the package then, and the
        relation is one between packages, which need not hold between persons (ecological).
    cluster : str, optional
        Column over which errors are taken; `unit` where there is one, else the person.
    curve : {"quadratic", "spline"}
        A parabola, or a restricted cubic spline with three knots (straight at both ends).
    n_bin : int
        Groups of persons by dose, as equal as ties allow.
    reference : float, optional
        Outcome that marks good from bad, such as 0 for a change: where the curve passes it.
    conf_level : float

    Returns
    -------
    DoseResponse
        `bin`: mean outcome at the mean dose of each group; `curve`: the fitted curve between the
        means of the lowest and the highest group. The glance has the slopes at both ends, `shape`,
        and, where it turns, the turning point with its interval.

    Raises
    ------
    EstimationError
        If rows miss the dose or the outcome entirely, the dose takes fewer than four values, or
        there are fewer than five clusters.
    ParameterError
        If a column or an option is not known.

    Notes
    -----
    The curve `turns` where its slopes at both ends differ in sign and each is clear by itself: the
    larger one-sided p-value (`p_turn`) is below (1 - conf_level)/2. So the interval of the turning
    point, all x at which the slope cannot be told from 0 (Fieller's for the parabola), lies within
    the range whenever a turn is claimed. A significant square alone is no turn. `rises` and `falls`
    say that a straight line is clear and no turn is. Errors are clustered, with the factor
    G/(G - 1) (n - 1)/(n - 3); Student's t with G - 3 degrees of freedom over persons, else G - 1.
    The interval takes the form of the curve for true: a spline fitted to a parabola that turns at
    45 turns at 46.7, whatever the number of persons.

    References
    ----------
    Lind and Mehlum (2010), Oxford Bulletin of Economics and Statistics 72; Fieller (1954), Journal
    of the Royal Statistical Society B 16. FRISAM (2001): without participation, a negative effect.

    Examples
    --------
    >>> x = np.linspace(0, 100, 60)
    >>> frame = pd.DataFrame(
    ...     {"id": range(60), "quality": x, "y": -((x - 40) ** 2) + 100 * np.cos(np.arange(60))}
    ... )
    >>> result = dose_response(Persons.from_frame(frame, person="id"), dose="quality", outcome="y")
    >>> result.glance()[["shape", "turning_point"]].round(0)
       shape  turning_point
    0  turns           40.0
    """
    require_level(conf_level)
    if curve not in CURVES:
        raise ParameterError(f"curve: {curve!r} is not one of {', '.join(CURVES)}")
    x, y, who, units = _rows(persons.covariates, dose, outcome, unit, cluster)
    is_person = unit is None and cluster is None
    bins = _bins(x, y, units, who, n_bin, conf_level)
    low, high = float(bins["x"].iloc[0]), float(bins["x"].iloc[-1])
    fitted = _fit(x, y, who, curve, is_person)
    at = np.linspace(low, high, POINTS_OF_CURVE)
    value, error = fitted.value(at)
    t = stats.t.ppf((1 + conf_level) / 2, fitted.df)
    line = pd.DataFrame({
        "part": "curve", "x": at, "estimate": value, "std_error": error,
        "conf_low": value - t * error, "conf_high": value + t * error, "n": len(x),
        "n_unit": len(np.unique(units)), "k": np.nan, "complement": np.nan,
    })  # fmt: skip
    rows = pd.concat([bins, line], ignore_index=True)
    return DoseResponse(
        rows=rows.drop(columns=["k", "complement"]),
        summary={
            "n": len(x), "n_unit": len(np.unique(units)) if unit else np.nan, "dose": dose,
            "outcome": outcome, "level": unit or "person", "curve": curve,
            "df": fitted.df, "conf_level": conf_level, "label": "description",
            "reference": np.nan if reference is None else float(reference),
            "method": "least squares, clustered errors; Lind-Mehlum, Fieller",
            **_shape(fitted, x, y, who, is_person, (low, high), conf_level),
            **_crossing(fitted, (low, high), reference, t),
        },
        support={"n": rows["n"], "k": rows["k"], "complement": rows["complement"]},
        provenance=provenance(
            "dose_response", persons.digest, dose=dose, outcome=outcome, unit=unit,
            cluster=cluster, curve=curve, n_bin=n_bin, reference=reference, conf_level=conf_level,
        ),
    )  # fmt: skip


def _rows(frame, dose, outcome, unit, cluster):
    """Dose, outcome, cluster and unit of the persons who have both."""
    named = [name for name in (dose, outcome, unit, cluster) if name]
    missing = [name for name in named if name not in frame]
    if missing:
        raise ParameterError(f"persons: no column {', '.join(missing)}")
    for name in (dose, outcome):
        if frame[name].dtype.kind not in "biuf":
            raise ParameterError(f"{name}: must be numeric or boolean, is {frame[name].dtype}")
    kept = frame.dropna(subset=named)
    if not len(kept):
        raise EstimationError(f"dose_response: none of {len(frame)} rows has {' and '.join(named)}")
    y = kept[outcome].to_numpy(dtype=float)
    x = kept[dose].astype(float)
    units = pd.factorize(kept[unit])[0] if unit else np.arange(len(kept))
    if unit:
        x = x.groupby(units).transform("mean")
    who = pd.factorize(kept[cluster])[0] if cluster else units
    x = x.to_numpy()
    if len(np.unique(x)) < 4:
        raise EstimationError(
            f"dose_response: {dose} takes {len(np.unique(x))} values; a curve that can turn needs "
            "four at least"
        )
    if len(np.unique(who)) < 5:
        raise EstimationError(
            f"dose_response: {len(np.unique(who))} clusters; a curve with an error needs five"
        )
    return x, y, who, units


def _bins(x, y, units, who, n_bin: int, conf_level: float) -> pd.DataFrame:
    """Mean outcome of groups by dose; ties stay together, and groups of few are joined.

    Errors are over the clusters `who`; `n_unit` counts the units.
    """
    if n_bin < 2:
        raise ParameterError("n_bin: two groups at least")
    edges = np.unique(np.quantile(x, np.linspace(0, 1, n_bin + 1)[1:-1], method="lower"))
    code = np.searchsorted(edges, x, side="left")
    code = _joined(code)
    found = []
    for number in np.unique(code):
        own = code == number
        n, mean = int(own.sum()), y[own].mean()
        count = len(np.unique(who[own]))
        score = np.bincount(pd.factorize(who[own])[0], y[own] - mean)
        error = np.sqrt(count / (count - 1) * (score @ score)) / n if count > 1 else np.nan
        half = stats.t.ppf((1 + conf_level) / 2, max(count - 1, 1)) * error
        binary = np.isin(y, (0, 1)).all()
        found.append({
            "part": "bin", "x": x[own].mean(), "estimate": mean, "std_error": error,
            "conf_low": mean - half, "conf_high": mean + half, "n": n,
            "n_unit": len(np.unique(units[own])),
            "k": y[own].sum() if binary else np.nan,
            "complement": n - y[own].sum() if binary else np.nan,
        })  # fmt: skip
    return pd.DataFrame(found)


def _joined(code: np.ndarray) -> np.ndarray:
    """Groups of fewer than ten persons joined with the next, the last one with the one before."""
    size = np.bincount(code)
    target, current, held = np.zeros(len(size), dtype=int), 0, 0
    for number, count in enumerate(size):
        target[number] = current
        held += count
        if held >= FEWEST:
            current, held = current + 1, 0
    if held and current:
        target[target == current] = current - 1
    return target[code]


def _fit(x, y, who, kind: str, is_person: bool) -> Curve:
    centre, size = x.mean(), x.std() or 1.0
    knots = np.quantile((x - centre) / size, [0.1, 0.5, 0.9])
    if kind == "spline" and len(np.unique(knots)) < 3:
        raise EstimationError("dose_response: the dose is too often the same for a spline")
    blank = Curve(kind, knots, centre, size, np.zeros(3), np.zeros((3, 3)), 1.0)
    beta, covariance, df = _least_squares(_basis(x, blank), y, who, is_person)
    return Curve(kind, knots, centre, size, beta, covariance, df)


def _least_squares(design, y, who, is_person: bool):
    """Coefficients, clustered covariance and degrees of freedom."""
    n, p = design.shape
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ (design.T @ y)
    residual = y - design @ beta
    number = pd.factorize(who)[0]
    n_cluster = number.max() + 1
    score = np.zeros((n_cluster, p))
    np.add.at(score, number, design * residual[:, None])
    factor = n_cluster / (n_cluster - 1) * (n - 1) / (n - p)
    df = n_cluster - (p if is_person else 1)
    return beta, factor * bread @ (score.T @ score) @ bread, float(df)


def _basis(x: np.ndarray, curve: Curve) -> np.ndarray:
    z = (np.asarray(x, dtype=float) - curve.centre) / curve.size
    bend = z**2 if curve.kind == "quadratic" else _spline(z, curve.knots, 3)
    return np.column_stack([np.ones_like(z), z, bend])


def _slopes(x: np.ndarray, curve: Curve) -> np.ndarray:
    z = (np.asarray(x, dtype=float) - curve.centre) / curve.size
    bend = 2 * z if curve.kind == "quadratic" else 3 * _spline(z, curve.knots, 2)
    return np.column_stack([np.zeros_like(z), np.ones_like(z), bend]) / curve.size


def _spline(z: np.ndarray, knots: np.ndarray, power: int) -> np.ndarray:
    """Restricted cubic term with three knots, or a third of its slope with power 2."""
    first, middle, last = knots
    part = [np.maximum(z - knot, 0.0) ** power for knot in knots]
    width = last - middle
    shape = part[0] - part[1] * (last - first) / width + part[2] * (middle - first) / width
    return shape / (last - first) ** 2


def _shape(fitted: Curve, x, y, who, is_person, ends, conf_level: float) -> dict:
    """Slopes at both ends, whether the curve turns, and where."""
    slope, error = fitted.slope(np.array(ends))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = stats.t.sf(np.abs(slope / error), fitted.df)
    tail = (1 - conf_level) / 2
    turns = slope[0] * slope[1] < 0
    found = {
        "slope_low": slope[0], "slope_high": slope[1],
        "p_turn": float(p.max()) if turns else np.nan, "shape": "unclear",
        "turning_point": np.nan, "turning_low": np.nan, "turning_high": np.nan,
    }  # fmt: skip
    t = stats.t.ppf(1 - tail, fitted.df)
    if turns and p.max() < tail:
        root, low, high = _zero(fitted.slope, ends, 0.0, t)
        return found | {"shape": "turns", "turning_point": root, "turning_low": low,
                        "turning_high": high}  # fmt: skip
    z = (x - x.mean()) / x.std()
    beta, covariance, df = _least_squares(np.column_stack([np.ones_like(z), z]), y, who, is_person)
    if abs(beta[1]) > stats.t.ppf(1 - tail, df) * np.sqrt(covariance[1, 1]):
        found["shape"] = "rises" if beta[1] > 0 else "falls"
    return found


def _crossing(fitted: Curve, ends, reference: float | None, t: float) -> dict:
    """Where the curve passes the reference, if it clearly does so once within the range."""
    names = ("crossing", "crossing_low", "crossing_high")
    blank = dict.fromkeys(names, np.nan)
    if reference is None:
        return blank
    value, error = fitted.value(np.array(ends))
    apart = value - reference
    if apart[0] * apart[1] >= 0 or (np.abs(apart) <= t * error).any():
        return blank
    return dict(zip(names, _zero(fitted.value, ends, reference, t), strict=True))


def _zero(function, ends, level: float, t: float) -> tuple[float, float, float]:
    """Where a function passes a level, and all x that cannot be told from there."""
    grid = np.linspace(*ends, GRID)
    value, error = function(grid)
    apart = value - level
    at = int(np.flatnonzero(np.sign(apart[:-1]) != np.sign(apart[1:]))[0])
    share = apart[at] / (apart[at] - apart[at + 1])
    inside = grid[np.abs(apart) <= t * error]
    root = grid[at] + share * (grid[at + 1] - grid[at])
    return float(root), float(inside.min(initial=root)), float(inside.max(initial=root))
