"""Probabilistic sensitivity analysis: parameters drawn, and a model of the user's computed."""

from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

import numpy as np

from evalkit.economics.strategy_draws import StrategyDraws
from evalkit.errors import ParameterError

Parameters = Mapping[str, Mapping[str, object]]
Model = Callable[[Mapping[str, np.ndarray]], Mapping[str, tuple[np.ndarray, np.ndarray]]]


def draw_parameters(parameters: Parameters, *, n_draw: int, seed: int) -> dict[str, np.ndarray]:
    """Draw uncertain parameters, each from a stream of its own.

    Parameters
    ----------
    parameters : mapping
        By name, a mapping with `distribution` and what it needs:

        - `gamma` (costs, and other amounts from 0): `mean`, `std_error`
        - `beta` (utilities and probabilities): `mean` and `std_error`, or the counts `yes` and `no`
        - `normal` (decrements of utility, differences): `mean`, `std_error`
        - `dirichlet` (shares that add up to 1): `counts`; drawn with one column a share
        - `fixed`: `value`
    n_draw : int
    seed : int
        A parameter is drawn by the seed and its name: adding another one changes none of the rest.

    Returns
    -------
    dict of str to ndarray
        Of shape (n_draw,); of a Dirichlet (n_draw, number of counts).

    Raises
    ------
    ParameterError
        If a distribution is unknown, lacks a number, or has an impossible one, by the parameter's
        name.

    Notes
    -----
    Gamma: shape (mean/se)^2, scale se^2/mean. Beta: with v = mean (1 - mean)/se^2 - 1, a = v mean,
    b = v (1 - mean). An error of 0 gives the mean in every draw.

    References
    ----------
    Briggs A, Sculpher M, Claxton K (2006), Decision Modelling for Health Economic Evaluation.

    Examples
    --------
    >>> drawn = draw_parameters(
    ...     {"cost": {"distribution": "gamma", "mean": 900, "std_error": 90}}, n_draw=1000, seed=1
    ... )
    >>> bool(abs(drawn["cost"].mean() - 900) < 10)
    True
    """
    if n_draw < 1:
        raise ParameterError("n_draw: at least 1")
    return {
        name: _drawn(name, dict(spec), n_draw, np.random.default_rng([seed, crc32(name.encode())]))
        for name, spec in parameters.items()
    }


def probabilistic_sensitivity(
    parameters: Parameters,
    model: Model,
    *,
    n_draw: int = 5000,
    seed: int = 20261,
    currency: str,
    price_year: float = np.nan,
    horizon_months: float = np.nan,
) -> StrategyDraws:
    """Compute costs and effects of every strategy for many draws of the parameters at once.

    Parameters
    ----------
    parameters : mapping
        As for `draw_parameters`.
    model : callable
        Takes the draws by name (arrays of length n_draw) and returns, for each strategy by name,
        its cost and its effect per person, each an array of that length or one number.
    n_draw, seed : int
    currency : str
    price_year, horizon_months : float
        Of the model, for what is said beside the result.

    Returns
    -------
    StrategyDraws
        For `acceptability` and `information_value`.

    Raises
    ------
    ParameterError
        As `draw_parameters`, or if the model returns another shape.
    EstimationError
        If a cost or an effect is missing or infinite, or there is one strategy only.

    Examples
    --------
    >>> def model(draw):
    ...     return {
    ...         "support": (draw["price"], 0.70 + draw["gain"]),
    ...         "usual": (0.0, 0.70),
    ...     }
    >>> probabilistic_sensitivity(
    ...     {
    ...         "price": {"distribution": "gamma", "mean": 2000, "std_error": 200},
    ...         "gain": {"distribution": "normal", "mean": 0.05, "std_error": 0.02},
    ...     },
    ...     model, n_draw=1000, seed=1, currency="EUR",
    ... )
    <StrategyDraws: 1000 draws of support, usual, EUR>
    """
    drawn = draw_parameters(parameters, n_draw=n_draw, seed=seed)
    answers = model(drawn)
    columns = {
        name: [_column(name, value, n_draw) for value in pair] for name, pair in answers.items()
    }
    wrong = [name for name, pair in columns.items() if len(pair) != 2]
    if wrong:
        raise ParameterError(f"model: {', '.join(wrong)}: give a cost and an effect")
    return StrategyDraws.from_arrays(
        list(columns),
        np.column_stack([pair[0] for pair in columns.values()]),
        np.column_stack([pair[1] for pair in columns.values()]),
        currency=currency, source="parameters", price_year=price_year,
        horizon_months=horizon_months,
    )  # fmt: skip


def _column(name: str, value: object, n_draw: int) -> np.ndarray:
    array = np.asarray(value, dtype=float)
    if array.shape not in ((), (n_draw,)):
        raise ParameterError(f"model: {name}: {array.shape} in place of ({n_draw},)")
    return np.broadcast_to(array, (n_draw,))


def _drawn(name: str, spec: dict, n: int, rng: np.random.Generator) -> np.ndarray:
    kind = spec.pop("distribution", None)
    if kind == "fixed":
        (value,) = _numbers(name, spec, ("value",))
        return np.full(n, value)
    if kind == "dirichlet":
        counts = np.asarray(_numbers(name, spec, ("counts",))[0], dtype=float)
        if counts.ndim != 1 or len(counts) < 2 or not (counts > 0).all():
            raise ParameterError(f"{name}: needs two counts or more, all above 0")
        return rng.dirichlet(counts, n)
    if kind == "beta" and {"yes", "no"} <= set(spec):
        yes, no = _numbers(name, spec, ("yes", "no"))
        if not (yes > 0 and no > 0):
            raise ParameterError(f"{name}: needs counts above 0 of both yes and no")
        return rng.beta(yes, no, n)
    if kind not in ("gamma", "beta", "normal"):
        raise ParameterError(
            f"{name}: distribution {kind!r} is not one of gamma, beta, normal, dirichlet, fixed"
        )
    mean, error = _numbers(name, spec, ("mean", "std_error"))
    if not error >= 0:
        raise ParameterError(f"{name}: std_error must be 0 or more")
    if kind == "normal":
        return rng.normal(mean, error, n)
    if not mean > 0 or (kind == "beta" and not mean < 1):
        raise ParameterError(f"{name}: the mean of a {kind} lies above 0, of a beta also below 1")
    if error == 0:
        return np.full(n, float(mean))
    if kind == "gamma":
        return rng.gamma((mean / error) ** 2, error**2 / mean, n)
    size = mean * (1 - mean) / error**2 - 1
    if not size > 0:
        raise ParameterError(f"{name}: no beta has such a large std_error around this mean")
    return rng.beta(size * mean, size * (1 - mean), n)


def _numbers(name: str, spec: dict, wanted: Sequence[str]) -> list:
    if set(spec) != set(wanted):
        raise ParameterError(
            f"{name}: needs {', '.join(wanted)} beside its distribution, "
            f"has {', '.join(sorted(spec)) or 'nothing'}"
        )
    return [spec[key] for key in wanted]
