"""Multiple imputation of missing scores, arm by arm."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.design import independent_columns
from evalkit.panel.grid import Grid, build_grid, own_columns, start_columns
from evalkit.panel.remade import remade

Method = Literal["normal", "predictive_mean"]
DONORS = 5  # as mice


def impute(
    panel: HealthPanel,
    *,
    m: int = 20,
    covariates: Sequence[str] = (),
    method: Method = "normal",
    by_arm: bool = True,
    baseline: int = 0,
    last_due: str | None = None,
    cycles: int = 10,
    seed: int = 1,
) -> tuple[HealthPanel, ...]:
    """Complete a panel several times with scores drawn as those of similar persons who answered.

    One completed panel looks more certain than the answers are. Analyse each, and `pool` the
    results. The draws assume that leavers are like those who stayed, given what is in the model;
    `pattern_mixture` moves them.

    Parameters
    ----------
    panel : HealthPanel
    m : int
        Number of completed panels. About as many as the per cent of persons with a gap.
    covariates : sequence of str
        Terms of the models beside the scores, with values at baseline. Whatever the analysis has
        belongs here, clusters too where they matter.
    method : {"normal", "predictive_mean"}
        Draws from a normal regression, or the score of one of five persons whose predictions are
        nearest. The first can leave the range of the score, and should not be cut off there: means
        would shift. The second only gives scores that somebody had.
    by_arm : bool
        One model for each arm, as a comparison needs.
    baseline : int
        First wave. Persons without a score then are in no completed panel.
    last_due : str, optional
        As in `attrition_weights`; later waves are not completed.
    cycles : int
        Rounds of regressions where persons come back after a gap. Without such gaps one pass
        through the waves is exact.
    seed : int

    Returns
    -------
    tuple of HealthPanel
        `m` panels, each with a row for every person with a score at baseline and every wave due.
        A row that the panel did not have keeps the columns that never change within a person; all
        others, answers among them, are empty there.

    Raises
    ------
    EstimationError
        If nobody has a score at baseline, a covariate does not exist or is missing, too few
        answered a wave in an arm, or case weights differ between a person's rows.
    ParameterError
        If an option is none of those above.

    Notes
    -----
    The regression of a wave on covariates and other waves (those before it where nobody comes
    back) is drawn with the usual vague prior: s^2 = RSS / chi2(n - p), b ~ N(b^, s^2 (X'X)^-1).

    References
    ----------
    Rubin DB (1987), doi 10.1002/9780470316696. van Buuren S, Groothuis-Oudshoorn K (2011),
    doi 10.18637/jss.v045.i03. White IR, Royston P, Wood AM (2011), doi 10.1002/sim.4067 (how many).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(6), 2), "wave": [0, 6] * 6,
    ...     "index": [0.4, 0.5, 0.5, 0.5, 0.6, 0.7, 0.7, 0.7, 0.8, 0.9, 0.6, None],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> [int(np.isnan(done.outcome).sum()) for done in impute(panel, m=3)]
    [0, 0, 0]
    """
    grid = build_grid(panel, baseline=baseline, last_due=last_due)
    scores = draw_scores(
        grid, m=m, covariates=covariates, method=method, by_arm=by_arm, cycles=cycles, seed=seed
    )
    return tuple(_completed(panel, grid, score) for score in scores)


def draw_scores(
    grid: Grid, *, m: int, covariates: Sequence[str], method: Method, by_arm: bool, cycles: int,
    seed: int,
) -> np.ndarray:  # fmt: skip
    """Completed scores, shape (m, n, k); see `impute`."""
    if method not in get_args(Method):
        raise ParameterError(f"method: {method!r} is not one of {', '.join(get_args(Method))}")
    if m < 2:
        raise ParameterError(f"m: {m} completed panels tell nothing about their spread; at least 2")
    fixed = start_columns(grid.start, covariates)
    scores = np.repeat(grid.score[None], m, axis=0)
    stratum = grid.stratum if by_arm else np.zeros_like(grid.stratum)
    rng = np.random.default_rng(seed)
    for number in np.unique(stratum):
        rows = np.flatnonzero(stratum == number)
        where = f", arm {grid.arms[number]}" if by_arm and len(grid.arms) > 1 else ""
        columns = own_columns(np.column_stack([np.ones(len(rows)), fixed[rows]]))
        part = scores[:, rows]
        if _is_monotone(grid.answered[rows]):
            _one_pass(part, columns, grid.waves, method, where, rng)
        else:
            _rounds(part, columns, grid.waves, method, where, cycles, rng)
        scores[:, rows] = part
    return np.where(grid.due, scores, np.nan)


def _is_monotone(answered: np.ndarray) -> bool:
    return bool(np.all(answered[:, 1:] <= answered[:, :-1]))


def _one_pass(scores, columns, waves, method, where, rng) -> None:
    """Complete wave after wave, each on all before it."""
    for position in range(1, scores.shape[2]):
        _complete(scores, range(position), position, np.isnan(scores[0, :, position]), columns,
                  waves, method, where, rng)  # fmt: skip


def _rounds(scores, columns, waves, method, where, cycles, rng) -> None:
    """Complete each wave on all others, round after round from draws of those who answered."""
    gaps = np.isnan(scores[0])
    positions = [at for at in range(1, scores.shape[2]) if gaps[:, at].any()]
    for at in positions:
        known = scores[0, ~gaps[:, at], at]
        if not len(known):
            raise _too_few(waves[at], where, 0, 0)
        scores[:, gaps[:, at], at] = rng.choice(known, (len(scores), int(gaps[:, at].sum())))
    for _ in range(cycles):
        for at in positions:
            others = [other for other in range(scores.shape[2]) if other != at]
            _complete(scores, others, at, gaps[:, at], columns, waves, method, where, rng)


def _complete(scores, others, position, gap, columns, waves, method, where, rng) -> None:
    """Draw the scores of one wave in all sets at once."""
    if not gap.any():
        return
    m = len(scores)
    fixed = np.broadcast_to(columns, (m, *columns.shape))
    x = np.concatenate([fixed, scores[:, :, list(others)]], axis=2)
    kept = independent_columns(x[0, ~gap])
    x = x[:, :, kept]
    known, y = x[:, ~gap], scores[:, ~gap, position]
    n, p = known.shape[1:]
    if n <= p:
        raise _too_few(waves[position], where, n, p)
    cross = np.linalg.inv(np.swapaxes(known, 1, 2) @ known)
    centre = (cross @ np.swapaxes(known, 1, 2) @ y[..., None])[..., 0]
    residual = y - (known @ centre[..., None])[..., 0]
    spread = np.sqrt(np.sum(residual**2, axis=1) / rng.chisquare(n - p, m))
    root = np.linalg.cholesky(cross)
    drawn = centre + spread[:, None] * (root @ rng.standard_normal((m, p, 1)))[..., 0]
    mean = (x[:, gap] @ drawn[..., None])[..., 0]
    if method == "normal":
        filled = mean + spread[:, None] * rng.standard_normal(mean.shape)
    else:
        fitted = (known @ centre[..., None])[..., 0]
        filled = np.array([_donor(*each, rng) for each in zip(fitted, y, mean, strict=True)])
    scores[:, gap, position] = filled


def _donor(
    fitted: np.ndarray, score: np.ndarray, wanted: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Score of one of the persons whose fitted values are nearest to each wanted one."""
    donors = min(DONORS, len(fitted))
    order = np.argsort(fitted, kind="stable")
    place = np.searchsorted(fitted[order], wanted)
    near = np.clip(place[:, None] + np.arange(-donors, donors), 0, len(fitted) - 1)
    distance = np.abs(fitted[order][near] - wanted[:, None])
    # At the ends one person stands in several places; all but the first are put last.
    distance[:, 1:][near[:, 1:] == near[:, :-1]] = np.inf
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :donors]
    chosen = nearest[np.arange(len(wanted)), rng.integers(0, donors, len(wanted))]
    return score[order][near[np.arange(len(wanted)), chosen]]


def _too_few(wave: int, where: str, n: int, p: int) -> EstimationError:
    return EstimationError(
        f"wave {wave}{where}: {n} persons answered, for {p} coefficients of the model that "
        "completes it. Use fewer covariates, by_arm=False, or leave the wave out."
    )


def _completed(panel: HealthPanel, grid: Grid, score: np.ndarray) -> HealthPanel:
    """A panel with a row for each person and wave due."""
    n, k = score.shape
    person, wave = np.repeat(np.arange(n), k), np.tile(np.arange(k), n)
    due = grid.due.ravel()
    person, wave = person[due], wave[due]
    own = grid.row[person, wave]
    return remade(
        panel, np.where(own >= 0, own, grid.row[person, 0]), wave=grid.waves[wave],
        outcome=score[person, wave], made_up=own < 0,
    )  # fmt: skip
