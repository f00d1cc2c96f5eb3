"""Municipalities that join at different times: effects by when they joined and by wave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import formulaic
import numpy as np
import pandas as pd
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.clusters import cluster_column, n_group, one_weight, usable_cluster
from evalkit.panel.group_time import Adjustment, Cell, Table, group_time_cells
from evalkit.panel.group_time_summaries import Summary, summaries
from evalkit.panel.regression import n_changing
from evalkit.provenance import provenance
from evalkit.results import GroupTimeEffects

Control = Literal["never", "not_yet"]
Base = Literal["varying", "universal"]

ESTIMAND = "mean effect on those who joined, under parallel trends with those not (yet) joined"
MISSING = "left out: cells without an estimate"
ZERO = 1e-12  # variance that rounding leaves where there is none


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Errors:
    """Errors and bands of a set of rows."""

    error: np.ndarray
    df: int
    critical: float


def staggered_effects(
    panel: HealthPanel,
    *,
    joined: str,
    control: Control = "never",
    method: Adjustment = "doubly_robust",
    covariates: Sequence[str] = (),
    anticipation: int = 0,
    base: Base = "varying",
    cluster: str | None = None,
    n_draw: int = 9_999,
    conf_level: float = 0.95,
    seed: int = 0,
) -> GroupTimeEffects:
    """Estimate the effect of joining, for each time of joining and each wave.

    Where municipalities join at different times, a model with person and wave effects compares
    later ones with those that joined before them, and can have the wrong sign when effects grow
    with time. Here each group is compared only with those who have not joined.

    Parameters
    ----------
    panel : HealthPanel
        `wave` is calendar time here (years, quarters or months by number), the same for all.
    joined : str
        Column with the wave from which the person's municipality has the programme; missing for
        never. One value a person.
    control : {"never", "not_yet"}
        Compared with those who never join, or with all who have not joined by the later of the two
        waves compared.
    method : {"doubly_robust", "outcome", "weighting"}
        How differences in `covariates` are removed: by a regression of the change among controls
        and by weights, either of which may be wrong; by one of the two alone. Without covariates
        all three are the same.
    covariates : sequence of str
        Terms, with values at the earlier of the two waves compared.
    anticipation : int
        Units of time before joining in which effects may begin already.
    base : {"varying", "universal"}
        Before joining, less `anticipation`, a wave is compared with the one before it, or with the
        last of them. From then on all waves are compared with that last one.
    cluster : str
        Column; by default the panel's cluster, else the person. Below six clusters errors are by
        person.
    n_draw : int
        Draws of the multiplier bootstrap for the bands.
    conf_level : float
    seed : int

    Returns
    -------
    GroupTimeEffects
        `aggregation` says of what: `group_time` (each group and wave); `simple` (mean over all
        groups and waves since joining, by size of the group); `group` (mean over waves since
        joining); `dynamic` (`wave` counts from joining, negative before); `calendar`;
        and the means of these three: `group mean` by size, `dynamic mean` and `calendar mean`
        plain, since joining. A row that cannot be estimated is missing and says why.

    Raises
    ------
    EstimationError
        If `joined` or the weight differs between a person's rows, nobody joins after the first
        wave, nobody can be compared with, or there is one wave or cluster only.
    ParameterError
        If an argument is unknown or out of range, or `joined` is no column of numbers.

    Warns
    -----
    SmallSampleWarning
        If there are fewer than six clusters.

    Notes
    -----
    ATT(g, t) is the change of group g from its last wave before joining to t, less the change of
    the controls between the same waves. Those who joined by the first wave have no wave before;
    they are left out and counted. Each cell uses the persons who answered at both of its waves
    (R's did uses those who answered at all). Errors come from influence functions, the estimated
    shares of groups included; with clusters they are summed by cluster, with the factor
    G/(G-1), and intervals have t(G - 1). Bands hold for all rows of one aggregation: the largest
    of the rows' statistics under multipliers drawn from the normal distribution, with the same
    degrees of freedom.

    References
    ----------
    Callaway B, Sant'Anna PHC (2021), doi 10.1016/j.jeconom.2020.12.001. Sant'Anna PHC, Zhao J
    (2020), doi 10.1016/j.jeconom.2020.06.003. Goodman-Bacon A (2021), doi
    10.1016/j.jeconom.2021.03.014 (what goes wrong with two effects).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"id": np.repeat(np.arange(90), 3), "year": [1, 2, 3] * 90})
    >>> frame["from"] = np.select([frame["id"] < 30, frame["id"] < 60], [2.0, 3.0], np.nan)
    >>> frame["index"] = 0.5 + 0.1 * (frame["year"] >= frame["from"]) + rng.normal(0, 0.01, 270)
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="year", outcome="index")
    >>> effects = staggered_effects(panel, joined="from").tidy()
    >>> effects.loc[effects["aggregation"] == "simple", "estimate"].round(2).item()
    0.1
    """
    _check(control, method, base, anticipation, n_draw)
    table, person, n_left_out = _table(panel, joined, covariates)
    if control == "never" and not np.isinf(table.joined).any():
        raise EstimationError(
            f"{joined}: everybody joins, nobody is left to compare with. Use control='not_yet'."
        )
    cells = group_time_cells(
        table, control=control, adjustment=method, anticipation=anticipation, base=base
    )
    _refuse_without_estimates(cells, joined)
    unit, by_cluster = _units(panel, person, cluster)
    rng = np.random.default_rng(seed)
    parts = [Summary("group_time", c.joined, c.wave, c.estimate, c.influence,
                     frozenset([c.joined]), 0) for c in cells]  # fmt: skip
    parts += summaries(cells, table)
    rows, critical = _rows(parts, cells, table, unit, by_cluster, n_draw, conf_level, rng)
    return GroupTimeEffects(
        rows=rows.drop(columns="support"),
        summary={
            "n_person": len(table.joined),
            "n_row": int((~np.isnan(table.score)).sum()),
            "n_group": n_group(table.joined[np.isfinite(table.joined)]),
            "n_wave": len(table.waves),
            "control": control,
            "method": method,
            "base": base,
            "conf_level": conf_level,
            "n_cluster": n_group(unit),
            "df": n_group(unit) - 1,
            "critical": critical,
            "n_draw": n_draw,
            "n_left_out": n_left_out,
            "estimand": ESTIMAND,
            "label": "description",
            "outcome": panel.name,
        },
        support={"n": rows["support"]},
        provenance=provenance(
            "staggered_effects", panel.digest, seed=seed, joined=joined, control=control,
            method=method, covariates=tuple(covariates), anticipation=anticipation, base=base,
            cluster=cluster, n_draw=n_draw, conf_level=conf_level,
        ),
    )  # fmt: skip


def _check(control: str, method: str, base: str, anticipation: int, n_draw: int) -> None:
    for name, value, allowed in (
        ("control", control, Control), ("method", method, Adjustment), ("base", base, Base),
    ):  # fmt: skip
        if value not in get_args(allowed):
            raise ParameterError(f"{name}: {value!r} is none of {', '.join(get_args(allowed))}")
    if anticipation < 0:
        raise ParameterError(f"anticipation: must be 0 or more, is {anticipation}")
    if n_draw < 99:
        raise ParameterError(f"n_draw: {n_draw} draws make no band, take 9999")


def _refuse_without_estimates(cells: Sequence, joined: str) -> None:
    if not any(not np.isnan(cell.estimate) and cell.influence.any() for cell in cells):
        raise EstimationError(
            f"{joined}: none of {len(cells)} cells of group and wave can be estimated"
            + (f" ({cells[0].reason})" if cells else "")
        )


def _table(
    panel: HealthPanel, joined: str, covariates: Sequence[str]
) -> tuple[Table, np.ndarray, int]:
    """The panel by person and wave, the code of each person, and how many are left out."""
    one_weight(panel)
    start = _joined(panel, joined)
    waves, wave = np.unique(panel.wave, return_inverse=True)
    if len(waves) < 2:
        raise EstimationError(f"wave: {len(waves)} wave in the panel, a change needs two")
    people, first, code = np.unique(panel.person, return_index=True, return_inverse=True)
    columns = _covariates(panel, covariates)
    score = np.full((len(people), len(waves)), np.nan)
    values = np.full((*score.shape, columns.shape[1]), np.nan)
    score[code, wave], values[code, wave] = panel.outcome, columns
    weight = panel.weight[first]
    kept = (start[first] > waves[0]) & (weight > 0) & ~np.isnan(score).all(axis=1)
    if not np.isfinite(start[first][kept]).any():
        raise EstimationError(
            f"{joined}: nobody of {len(people)} joins after the first wave, {waves[0]}, so that "
            "there is no change to compare"
        )
    table = Table(
        score[kept], values[kept], waves, start[first][kept], weight[kept] / weight[kept].mean()
    )
    return table, people[kept], int((start[first] <= waves[0]).sum())


def _joined(panel: HealthPanel, joined: str) -> np.ndarray:
    """Wave of joining of each row; infinite for never."""
    if joined not in panel.covariates.columns:
        raise ParameterError(f"joined: no such column: {joined!r}")
    column = panel.covariates[joined]
    if column.dtype.kind not in "iuf":
        raise ParameterError(f"{joined}: must be the number of a wave, is {column.dtype}")
    start = column.to_numpy(dtype=float, na_value=np.nan)
    start = np.where(np.isnan(start), np.inf, start)
    changing = n_changing(panel.person, start)
    if changing:
        raise EstimationError(
            f"{joined}: differs between the rows of {changing} persons. A person keeps the wave at "
            "which the first municipality joined."
        )
    return start


def _covariates(panel: HealthPanel, covariates: Sequence[str]) -> np.ndarray:
    formula = " + ".join(["1", *covariates])
    try:
        matrix = formulaic.model_matrix(formula, panel.covariates, na_action="ignore")
    except formulaic.errors.FormulaicError as error:
        raise EstimationError(
            f"covariates: {formula!r} cannot be built from the columns of the panel. "
            "Check their names."
        ) from error
    return pd.DataFrame(matrix).to_numpy(dtype=float)


def _units(panel: HealthPanel, person: np.ndarray, cluster: str | None) -> tuple[np.ndarray, bool]:
    """The unit of each person that errors are summed over, from 0."""
    code = cluster_column(panel, cluster)
    if code is not None:
        moving = n_changing(panel.person, code)
        if moving:
            raise EstimationError(
                f"{cluster or 'cluster'}: differs between the rows of {moving} persons. Give each "
                "person one."
            )
        of_person = np.zeros(int(panel.person.max()) + 1, dtype=int)
        of_person[panel.person] = code
        code = of_person[person]
    if usable_cluster(code, name=cluster or "cluster"):
        return np.unique(code, return_inverse=True)[1], True
    return np.arange(len(person)), False


def _rows(
    parts: list[Summary], cells: list[Cell], table: Table, unit: np.ndarray, by_cluster: bool,
    n_draw: int, conf_level: float, rng: np.random.Generator,
) -> tuple[pd.DataFrame, float]:  # fmt: skip
    """Tidy rows with intervals and bands, and the critical value of the band of group and wave."""
    names = np.array([part.aggregation for part in parts])
    estimate = np.array([part.estimate for part in parts])
    error, band = np.full(len(parts), np.nan), np.full(len(parts), np.nan)
    criticals = {}
    for name in dict.fromkeys(names):
        at = np.flatnonzero(names == name)
        influence = np.column_stack([parts[row].influence for row in at])
        found = _errors(influence, unit, by_cluster, n_draw, conf_level, rng)
        known = (found.error > 0) & ~np.isnan(estimate[at])
        error[at[known]], band[at[known]] = found.error[known], found.critical
        criticals[name] = found.critical
    df = n_group(unit) - 1
    margin = stats.t.ppf((1 + conf_level) / 2, df) * error
    n_joined, smaller = _persons(parts, cells, table)
    rows = pd.DataFrame({
        "aggregation": names,
        "joined": [part.joined for part in parts],
        "wave": [float(part.wave) for part in parts],
        "estimate": estimate,
        "std_error": error,
        "conf_low": estimate - margin,
        "conf_high": estimate + margin,
        "band_low": estimate - band * error,
        "band_high": estimate + band * error,
        "p_value": 2 * stats.t.sf(np.abs(estimate / error), df),
        "n": n_joined,
        "reason": [c.reason for c in cells]
        + [f"{MISSING} ({p.n_missing})" if p.n_missing else "" for p in parts[len(cells):]],
        "support": smaller,
    })  # fmt: skip
    return rows, criticals["group_time"]


def _persons(parts: list[Summary], cells: list[Cell], table: Table) -> tuple[list, list]:
    """Persons who joined behind each row, and the smaller of these and their controls."""
    n_cell = len(cells)
    size = {g: int((table.joined == g).sum()) for g in np.unique(table.joined)}
    joined = [cell.n_joined for cell in cells]
    joined += [sum(size[g] for g in part.groups) for part in parts[n_cell:]]
    smaller = [min(cell.n_joined, cell.n_control) for cell in cells]
    for part, n in zip(parts[n_cell:], joined[n_cell:], strict=True):
        controls = [c.n_control for c in cells if c.joined in part.groups and c.reason == ""]
        smaller.append(min([n, *controls]))
    return joined, smaller


def _errors(
    influence: np.ndarray, unit: np.ndarray, by_cluster: bool, n_draw: int, conf_level: float,
    rng: np.random.Generator,
) -> _Errors:  # fmt: skip
    """Errors of rows, and the value that all their statistics stay below with `conf_level`."""
    count = int(unit.max()) + 1
    sums = influence
    if by_cluster:
        sums = np.column_stack([np.bincount(unit, column) for column in influence.T])
    variance = sums.T @ sums / len(influence) ** 2
    if by_cluster:
        variance *= count / (count - 1)
    error = np.sqrt(np.diag(variance))
    held = error > ZERO * max(error.max(initial=0.0), 1e-300)
    if not held.any():
        return _Errors(error, count - 1, np.nan)
    # Normal multipliers make the draws normal with just this covariance.
    correlation = variance[np.ix_(held, held)] / np.outer(error[held], error[held])
    value, vector = np.linalg.eigh(correlation)
    draws = rng.standard_normal((n_draw, held.sum())) * np.sqrt(np.maximum(value, 0.0)) @ vector.T
    largest = np.abs(draws).max(axis=1) / np.sqrt(rng.chisquare(count - 1, n_draw) / (count - 1))
    least = stats.t.ppf((1 + conf_level) / 2, count - 1)
    return _Errors(error, count - 1, max(float(np.quantile(largest, conf_level)), float(least)))
