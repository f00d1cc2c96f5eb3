"""Weights that let those who answered stand for those who stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.grid import Grid, build_grid, own_columns, start_columns
from evalkit.panel.logit import Logit, fit_logit
from evalkit.panel.remade import remade

Given = Literal["previous", "baseline"]
WEIGHT = "response_weight"  # column of the weighted panel; read by `weight_diagnostics`
OPTIONS = "response_options"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Step:
    """Who answered a wave among those at risk of not doing so, in one stratum.

    Attributes
    ----------
    wave : int
        Position of the wave.
    at_risk : ndarray of int, shape (m,)
        Persons of the grid.
    yes : ndarray of bool, shape (m,)
    columns : ndarray of float, shape (m, p)
    model : Logit or None
        None where everybody answered.
    share : float
        Share who answered.
    """

    wave: int
    at_risk: np.ndarray
    yes: np.ndarray
    columns: np.ndarray
    model: Logit | None
    share: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Response:
    """Fitted models of answering, and the weights that they give.

    Attributes
    ----------
    used : ndarray of bool, shape (n, k)
        Answers that have a weight: all but those after a gap, where weights are products.
    weight : ndarray of float, shape (n, k)
        0 where not used.
    is_truncated : ndarray of bool, shape (n, k)
    """

    grid: Grid
    steps: tuple[Step, ...]
    used: np.ndarray
    weight: np.ndarray
    is_truncated: np.ndarray
    given: Given
    stabilised: bool

    def steps_of(self, wave: int) -> list[Step]:
        """Models that make the weight of a wave."""
        return [
            step
            for step in self.steps
            if (step.wave <= wave if self.given == "previous" else step.wave == wave)
        ]


def attrition_weights(
    panel: HealthPanel,
    *,
    covariates: Sequence[str] = (),
    history: Sequence[str] = (),
    given: Given = "previous",
    by_arm: bool = True,
    stabilised: bool = False,
    truncate: float | None = None,
    baseline: int = 0,
    last_due: str | None = None,
    wave: int | None = None,
) -> HealthPanel:
    """Weight each answer by one over its probability, so that leavers are stood for by their likes.

    The answers of those who stay are those of healthier, or of more ill, persons than started.
    Where what decides was written down before they left, weights mend that; where it was not,
    nothing in the answers can (`pattern_mixture`, `manski_bounds`).

    Parameters
    ----------
    panel : HealthPanel
        With or without arm. A wave without row, or with a missing score, is not answered.
    covariates : sequence of str
        Terms of the model of answering, as a formula would have them, with values at baseline;
        `baseline_score` is the score then.
    history : sequence of str
        Numeric columns whose values at the wave before count too, beside the score itself.
    given : {"previous", "baseline"}
        Answering depends on the wave before, and the weight is a product along the waves: whoever
        misses a wave has left, and later answers get weight 0. Or it depends on the baseline
        alone, each wave by itself; answers after a gap count.
    by_arm : bool
        One model for each arm, so that arms may lose different persons.
    stabilised : bool
        Multiply by the share of the arm who answered.
    truncate : float, optional
        Quantile of the weights of a wave above which they are cut off, such as 0.99. The estimate
        is then a compromise between weighted and unweighted. Off by default.
    baseline : int
        Wave at which all have weight 1; persons without a score then get weight 0.
    last_due : str, optional
        Column with the last planned month at which a person could answer (alive, not abroad, before
        the data cut). Waves after it are not waves that they failed to answer.
    wave : int, optional
        Keep this wave and the baseline only, with the weight of the wave on both rows. This is what
        `fixed_effects` needs.

    Returns
    -------
    HealthPanel
        The same rows with their weights times those of answering, and the latter as a covariate
        `response_weight`. For `wave_means` and `ancova`; for `fixed_effects` with `wave`.

    Raises
    ------
    EstimationError
        If nobody has a score at baseline; if a covariate does not exist or is missing; if the
        covariates tell with certainty who answers; if case weights differ between a person's rows.
    ParameterError
        If an option is none of those above.

    Notes
    -----
    With `given="previous"` the weight at wave k is the product over j <= k of 1/p_j, p_j the
    probability of answering at j among those who answered all waves before, by logistic regression
    on the score then; with `given="baseline"` it is 1/p_k. Estimators take weights as known. For a
    correct model that makes errors too large rather than too small; `weighted_ancova` counts what
    it costs to estimate them. Within persons, weights that differ between waves also shift the
    person's own mean, so that fixed effects on several weighted waves estimate nothing definite.

    References
    ----------
    Robins JM, Rotnitzky A, Zhao LP (1995), doi 10.1080/01621459.1995.10476493. Seaman SR, White IR
    (2013), doi 10.1177/0962280210395740.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(8), 2), "wave": [0, 6] * 8,
    ...     "index": [0.4, 0.5, 0.4, None, 0.4, None, 0.4, None, 0.8, 0.9, 0.8, 0.9, 0.8, 0.9,
    ...               0.8, None],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> weighted = attrition_weights(panel)
    >>> weighted.weight[weighted.wave == 6].round(3)
    array([4.   , 0.   , 0.   , 0.   , 1.333, 1.333, 1.333, 0.   ])
    """
    response = fit_response(
        panel, covariates=covariates, history=history, given=given, by_arm=by_arm,
        stabilised=stabilised, truncate=truncate, baseline=baseline, last_due=last_due,
    )  # fmt: skip
    grid = response.grid
    if wave is not None and wave not in grid.waves[1:]:
        raise ParameterError(f"wave: {wave!r} is none of {', '.join(map(str, grid.waves[1:]))}")
    kept, factor = (
        _all_rows(panel, response) if wave is None else _pairs(response, grid.waves.tolist(), wave)
    )
    options = f"{given}, stabilised {stabilised}, truncate {truncate}"
    return remade(
        panel, kept, weight=panel.weight[kept] * factor,
        columns={WEIGHT: factor, OPTIONS: options},
    )  # fmt: skip


def _all_rows(panel: HealthPanel, response: Response) -> tuple[np.ndarray, np.ndarray]:
    """All rows and their weight of answering; 0 before the baseline and without an answer."""
    factor = np.zeros(len(panel))
    used = response.used
    factor[response.grid.row[used]] = response.weight[used]
    return np.arange(len(panel)), factor


def _pairs(response: Response, waves: list[int], wave: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows at baseline and at a wave of those who answered it, with the weight of the wave."""
    position = waves.index(wave)
    row, used = response.grid.row, response.used[:, position]
    kept = row[used][:, [0, position]].ravel()
    order = np.argsort(kept)
    return kept[order], np.repeat(response.weight[used, position], 2)[order]


def fit_response(
    panel: HealthPanel, *, covariates: Sequence[str], history: Sequence[str], given: Given,
    by_arm: bool, stabilised: bool, truncate: float | None, baseline: int, last_due: str | None,
) -> Response:  # fmt: skip
    """Fit the models of answering of every wave and stratum; see `attrition_weights`."""
    if given not in get_args(Given):
        raise ParameterError(f"given: {given!r} is not one of {', '.join(get_args(Given))}")
    if truncate is not None and not 0.5 <= truncate < 1:
        raise ParameterError(f"truncate: {truncate!r} is no quantile from 0.5 to below 1")
    grid = build_grid(panel, baseline=baseline, last_due=last_due)
    fixed = start_columns(grid.start, covariates)
    varying = [grid.score, *(_history(panel, grid, name) for name in history)]
    answered = grid.answered & grid.due
    chain = np.logical_and.accumulate(answered, axis=1)
    used = chain if given == "previous" else answered
    stratum = grid.stratum if by_arm else np.zeros(len(grid.stratum), dtype=int)
    steps = []
    for position in range(1, len(grid.waves)):
        at_risk = grid.due[:, position] & (chain[:, position - 1] if given == "previous" else True)
        before = position - 1 if given == "previous" else 0
        for number in np.unique(stratum):
            rows = np.flatnonzero(at_risk & (stratum == number))
            columns = np.column_stack(
                [np.ones(len(rows)), *(values[rows, before] for values in varying), fixed[rows]]
            )
            where = f"wave {grid.waves[position]}"
            where += f", arm {grid.arms[number]}" if by_arm and len(grid.arms) > 1 else ""
            steps.append(_step(position, rows, used[rows, position], columns, where, history))
    weight, truncated = _weights(grid, steps, used, given, stabilised, truncate)
    return Response(grid, tuple(steps), used, weight, truncated, given, stabilised)


def _history(panel: HealthPanel, grid: Grid, name: str) -> np.ndarray:
    """Values of a column by person and wave."""
    if name not in panel.covariates.columns:
        raise EstimationError(f"history: the panel has no column {name!r}. Check its name.")
    values = pd.to_numeric(panel.covariates[name], errors="coerce").to_numpy(dtype=float)
    return np.where(grid.row >= 0, values[grid.row], np.nan)


def _step(
    position: int, rows: np.ndarray, yes: np.ndarray, columns: np.ndarray, where: str,
    history: Sequence[str],
) -> Step:  # fmt: skip
    missing = int(np.isnan(columns).any(axis=1).sum())
    if missing:
        raise EstimationError(
            f"{', '.join(history)}: missing for {missing} of {len(rows)} persons before {where}. "
            "Leave the column out, or give it a level of its own."
        )
    if yes.all() or not yes.any():
        return Step(position, rows, yes, columns[:, :0], None, float(yes.all()))
    own = own_columns(columns)
    return Step(position, rows, yes, own, fit_logit(yes, own, where=where), float(yes.mean()))


def _weights(
    grid: Grid, steps: list[Step], used: np.ndarray, given: Given, stabilised: bool,
    truncate: float | None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Weights of the answers used, and which of them were cut off."""
    ratio = np.ones(grid.score.shape)
    for step in steps:
        if step.model is not None:
            ratio[step.at_risk, step.wave] = 1 / step.model.probability
            if stabilised:
                ratio[step.at_risk, step.wave] *= _shares(grid, step)
    weight = np.cumprod(ratio, axis=1) if given == "previous" else ratio
    weight = np.where(used, weight, 0.0)
    truncated = np.zeros(weight.shape, dtype=bool)
    if truncate is not None:
        for position in range(1, weight.shape[1]):
            here = used[:, position]
            if here.any():
                most = np.quantile(weight[here, position], truncate)
                truncated[:, position] = here & (weight[:, position] > most)
                weight[truncated[:, position], position] = most
    return weight, truncated


def _shares(grid: Grid, step: Step) -> np.ndarray:
    """Share of the arm who answered, for each person at risk."""
    stratum = grid.stratum[step.at_risk]
    return (np.bincount(stratum, step.yes) / np.maximum(np.bincount(stratum), 1))[stratum]
