"""Hazard models of whole months: a binomial for each month at risk."""

from typing import Literal

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import ModelFit
from evalkit.survival.discrete_random import RandomIntercept, estimate_random
from evalkit.survival.hazard_fit import Interval, refuse_options
from evalkit.survival.person_time_fit import UsableRows, Vcov, choices_of, estimate, usable_rows
from evalkit.survival.person_time_likelihood import complementary_log_log, logit

LinkName = Literal["cloglog", "logit"]
Baseline = Literal["months", "spline"]

LINKS = {
    "cloglog": (complementary_log_log, "log hazard ratio"),
    "logit": (logit, "log odds ratio of the hazard"),
}
KNOTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # quantiles of the months of events


def discrete_time(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | None = None,
    link: LinkName = "cloglog",
    baseline: Baseline = "months",
    random_intercept: str | None = None,
    n_node: int = 7,
    vcov: Vcov | None = None,
    interval: Interval | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Estimate ratios of monthly hazards.

    Where time is known in whole months, the probability of an exit in a month, given that there was
    none before, is modelled as it stands, without an approximation for ties. With the
    complementary log-log link the coefficients are those of a proportional hazards model in
    continuous time that is observed in months.

    Parameters
    ----------
    sample : TimeToEvent
        Durations and entries in whole units of time. A row is at risk in entry + 1, ..., duration.
    formula : str
        For example `"arm + age + C(education)"`; no intercept.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes; the others end follow-up.
    link : {"cloglog", "logit"}
        Coefficients are log hazard ratios, or log ratios of the odds of an exit in the month.
    baseline : {"months", "spline"}
        A level for each month, or a natural cubic spline of the month with knots at the quarters of
        the months of events.
    random_intercept : str, optional
        A column, such as the municipality, each level of which has a normal intercept of its own;
        or `"cluster"` for the cluster of the sample.
    n_node : int
        Points of the adaptive Gauss-Hermite quadrature over each intercept; 1 is Laplace's
        approximation. Not used without a random intercept.
    vcov : {"model", "robust"}, optional
        By default robust if the sample has weights or a cluster, else from the model. Robust sums
        over the cluster, else the person, else the row. With a random intercept from the model
        only.
    interval : {"z", "t"}, optional
        By default t with clusters less one degrees of freedom if errors are clustered, else z.
    conf_level : float

    Returns
    -------
    ModelFit
        The terms of the formula; the baseline is not reported, see `exit_rates`. `ratios()` gives
        hazard (or odds) ratios: programme over comparison, above 1 a faster exit. With a random
        intercept ratios compare persons of the same level, and the last row, `sd(column)`, is the
        standard deviation of the intercepts: its ratio is that of a level one deviation above the
        middle one. `n_cluster` in the glance is the number of levels.

    Raises
    ------
    EstimationError
        If times are not whole, or an event is at time 0; if there are no events; if a term does not
        vary or is a combination of others among those at risk; if a ratio is not finite
        (separation); if there are fewer than two clusters or levels of the random intercept; if a
        sample with a random intercept has weights, or clusters other than its levels. The message
        names the column or term.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    For month t with n_t at risk, log L = sum of d log p + (n_t - d) log(1 - p), with
    p = 1 - exp(-exp(a_t + x beta)) or logit(p) = a_t + x beta. With a level for each month, months
    in which none or all of those at risk exit have an infinite level; they add nothing to the
    likelihood of beta and are left out. Errors are from the expected information, as in R's glm;
    robust errors have no small-sample factor.

    With a random intercept L is the product over levels g of the integral of that likelihood with
    a_t + x beta + s z over a standard normal z. Errors are then from the observed information. The
    interval of s is symmetric on the logarithm; s has no p-value. Where levels
    differ no more than by chance s is 0 without an error, the other rows are those without a
    random intercept, and an `AssumptionWarning` says so.

    References
    ----------
    Prentice and Gloeckler (1978), Biometrics 34:57-67. Pinheiro and Bates (1995), J Comput Graph
    Stat 4:12-35. R, stats::glm and lme4::glmer on person-months.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"months": [1, 1, 2, 2, 3, 3, 3, 3], "exited": [True] * 6 + [False] * 2,
    ...      "arm": ["programme", "comparison"] * 3 + ["comparison"] * 2}
    ... )
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")
    >>> discrete_time(sample, "arm").tidy()[["term", "estimate", "std_error"]].round(3)
                 term  estimate  std_error
    0  arm[programme]     1.124      0.856
    """
    choices = choices_of(vcov, interval, conf_level)
    refuse_options(link=(link, LinkName), baseline=(baseline, Baseline))
    if n_node < 1 or n_node != int(n_node):
        raise ParameterError(f"n_node: must be a whole number above 0, is {n_node}")
    rows = usable_rows(sample, formula, cause)
    _require_whole(sample)
    months, basis, start = _periods(rows, baseline)
    function, scale = LINKS[link]
    options = {
        "amounts": _amounts(months), "choices": choices,
        "summary": {"scale": scale, "formula": formula},
        "provenance": provenance(
            "discrete_time", sample.digest, formula=formula, cause=cause, link=link,
            baseline=baseline, random_intercept=random_intercept, n_node=n_node, vcov=vcov,
            interval=interval, conf_level=conf_level,
        ),
    }  # fmt: skip
    if random_intercept is None:
        return estimate(sample, rows, basis, start, function, **options)
    return estimate_random(
        sample, rows, basis, start, function,
        intercept=RandomIntercept(random_intercept, int(n_node)), **options,
    )  # fmt: skip


def _periods(rows: UsableRows, baseline: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Months that tell something, the columns of the baseline in them, and where to start."""
    last = int(rows.exit.max())
    at_risk, events = _monthly_counts(rows, last)
    months = np.arange(1, last + 1)
    if baseline == "months":
        months = months[(events > 0.0) & (events < at_risk * (1.0 - 1e-12))]
        if not len(months):
            raise EstimationError(
                "duration: in every month none or all of those at risk exit, so that nothing can "
                "be compared"
            )
    basis = np.eye(len(months)) if baseline == "months" else _spline_basis(months, rows)
    share = events.sum() / at_risk.sum()
    level = np.log(share / (1.0 - share)) if share < 1.0 else 0.0
    return months, basis, np.linalg.lstsq(basis, np.full(len(months), level), rcond=None)[0]


def _require_whole(sample: TimeToEvent) -> None:
    for name, times in (("duration", sample.duration), ("entry", sample.entry)):
        n_broken = int((times != np.rint(times)).sum())
        if n_broken:
            raise EstimationError(
                f"{name}: {n_broken} of {len(times)} rows are not whole {sample.time_unit}; use "
                "cox for continuous time"
            )


def _monthly_counts(rows: UsableRows, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Weight at risk, and of events, in months 1, ..., last."""
    leaving = np.bincount(rows.exit.astype(np.intp), rows.weight, minlength=last + 1)
    entering = np.bincount(rows.entry.astype(np.intp), rows.weight, minlength=last + 1)
    at_risk = (leaving - entering)[::-1].cumsum()[::-1][1:]
    exits = rows.exit[rows.event].astype(np.intp)
    return at_risk, np.bincount(exits, rows.weight[rows.event], minlength=last + 1)[1:]


def _amounts(months: np.ndarray):
    def of(entry: np.ndarray, exit_: np.ndarray, event: np.ndarray):
        at_risk = (entry[:, None] < months) & (months <= exit_[:, None])
        return at_risk.astype(float), ((exit_[:, None] == months) & event[:, None]).astype(float)

    return of


def _spline_basis(months: np.ndarray, rows: UsableRows) -> np.ndarray:
    """Constant, line and curved columns of a natural cubic spline, months scaled to 0-1."""
    knots = np.unique(np.quantile(rows.exit[rows.event], KNOTS))
    if len(knots) < 2:
        return np.ones((len(months), 1))
    low, width = knots[0], knots[-1] - knots[0]
    at, knots = (months - low) / width, (knots - low) / width
    return np.column_stack([np.ones(len(at)), at, *natural_curves(at, knots)])


def natural_curves(at: np.ndarray, knots: np.ndarray) -> list[np.ndarray]:
    """Columns that with a constant and a line span the natural cubic splines on `knots` (k,).

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, eq. 5.4-5.5.
    """

    def cubed(knot: float) -> np.ndarray:
        return np.maximum(at - knot, 0.0) ** 3

    def slope(knot: float) -> np.ndarray:
        return (cubed(knot) - cubed(knots[-1])) / (knots[-1] - knot)

    return [slope(knot) - slope(knots[-2]) for knot in knots[:-2]]
