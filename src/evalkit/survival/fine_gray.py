"""The proportional subdistribution hazards model of Fine and Gray."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.results import ModelFit
from evalkit.survival.censoring_weights import (
    Observation,
    after,
    influence_of_weights,
    observation,
)
from evalkit.survival.hazard_fit import (
    Interval,
    counted,
    dependence_of,
    hazard_fit,
    refuse_options,
    sandwich,
)
from evalkit.survival.model_rows import BLOCK, Rows, model_rows
from evalkit.survival.newton import maximise
from evalkit.survival.partial_likelihood import Likelihood, cross_products, moments
from evalkit.survival.risksets import between_entry_and_exit, running, sum_at_risk

SubdistributionVcov = Literal["robust", "known_weights", "model"]
CensoringTies = Literal["shared", "after_exits"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Model:
    """Rows, their chance of observation, and the competing exits among them.

    Attributes
    ----------
    rows : Rows
    entry : ndarray of float, shape (n,)
    seen : Observation
    other : ndarray of int, shape (n_other,)
        Rows with a competing exit.
    place : ndarray of int, shape (n_other,)
        The first table row with events, as an index into `rows.at_event`, after each of these
        exits; k where the stratum has no later one.
    """

    rows: Rows
    entry: np.ndarray
    seen: Observation
    other: np.ndarray
    place: np.ndarray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sums:
    """Sums over the weighted risk sets at one coefficient vector.

    Attributes
    ----------
    linear, relative : ndarray of float, shape (n,)
    kept : ndarray of float, shape (n_other,)
        `relative` over W at the exit, of those with a competing exit.
    total : ndarray of float, shape (k,)
    at_risk : ndarray of float, shape (p, k)
    one : ndarray of float, shape (m,)
        Weighted events over `total`; 0 at table rows without events.
    """

    linear: np.ndarray
    relative: np.ndarray
    kept: np.ndarray
    total: np.ndarray
    at_risk: np.ndarray
    one: np.ndarray


def fine_gray(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str,
    strata: str | Sequence[str] | None = None,
    censoring_by: str | Sequence[str] | None = None,
    censoring_ties: CensoringTies = "shared",
    vcov: SubdistributionVcov = "robust",
    interval: Interval | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Estimate log subdistribution hazard ratios of one cause.

    The model is for the incidence itself: a ratio above 1 means a higher incidence at every time.
    Its size is no ratio of probabilities, and since those with another exit stay in the risk sets
    it is no rate among those still followed either.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person; late entry and weights are respected. Case weights do not enter the
        distribution of censoring, frequencies (see `collapse`) do.
    formula : str
        For example `"arm + age + C(education)"`; no intercept.
    cause : str
        The cause whose incidence is modelled.
    strata : str or sequence of str, optional
        Columns whose levels have baseline hazards and censoring distributions of their own.
    censoring_by : str or sequence of str, optional
        Columns whose levels have censoring distributions of their own; crr's `cengroup`.
    censoring_ties : {"shared", "after_exits"}
        Whether who exits at a time counts as at risk of being censored at it (cmprsk::crr), or not
        any more (survival::finegray). Only matters where exits and censorings share times.
    vcov : {"robust", "known_weights", "model"}
        Robust errors with or without the part that comes from estimating the distribution of
        censoring, or the inverse information, which is too small or too large by some percent.
        Both robust ones sum over the cluster, if there is one.
    interval : {"z", "t"}, optional
        By default t with clusters less one degrees of freedom if errors are clustered, else z.
    conf_level : float

    Returns
    -------
    ModelFit
        Terms are named as in `cox`; `ratios()` gives subdistribution hazard ratios.

    Raises
    ------
    EstimationError
        As `cox`; also if a person has several rows, or if the weights of a competing exit are not
        defined, since everybody under observation then had just come under it.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    The score is sum_i w_i (x_i - S1(t_i) / S0(t_i)) over the exits of the cause, where S0 and S1
    sum over those at risk and, with weight W(t) / W(s), over those who left by another cause at
    s < t; W(t) = G(t-) H(t-) with G for censoring and H for late entry (1 without it). Tied exits
    share their risk set (Breslow). No data are expanded: sums over competing exits are cumulated in
    time and multiplied by W(t). Without late entry, case weights and clusters this is cmprsk::crr,
    its variance included. With a sample of one cause it is Cox's model with Breslow's ties.

    The part of the robust error that comes from estimating W is crr's with `"shared"`: as for times
    that no two persons share. On 24 to 60 persons with ties the error is off the infinitesimal
    jackknife by up to 0.3 %, with strata and `censoring_by` 0.44 %, with late entry too 0.73 %,
    with 8 clusters 1.4 %, with clusters, late entry, strata and frequencies 3.7 %. With
    `"after_exits"`, where there is no program to follow, the whole error is the infinitesimal
    jackknife, exact under ties and with late entry.

    References
    ----------
    Fine and Gray (1999), J Am Stat Assoc 94:496-509. Geskus (2011), Biometrics 67:39-49 (late
    entry). Zhou, Fine, Latouche and Labopin (2012), Biostatistics 13:371-383 (clusters). R,
    cmprsk::crr and survival::finegray.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 2, 3, 4, 5, 6, 7], "old": [0, 1, 0, 1, 1, 0, 1, 0],
    ...                       "exit": ["work", "died", "work", "none"] * 2})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")
    >>> fit = fine_gray(sample, "old", cause="work", vcov="model")
    >>> fit.tidy()[["term", "estimate", "std_error"]].round(3)
      term  estimate  std_error
    0  old     -0.13      1.004
    """
    refuse_options(censoring_ties=(censoring_ties, CensoringTies), vcov=(vcov, SubdistributionVcov))
    refuse_options(interval=(interval, Interval), optional=True)
    _refuse_repeated(sample)
    rows = model_rows(sample, formula, cause=cause, strata=strata)
    group = sample.groups(censoring_by)[0][rows.kept]
    model = _model(rows, sample.entry[rows.kept], group, censoring_ties == "after_exits")
    beta, fit = maximise(
        lambda point: _likelihood(model, _sums(model, point)), rows.values, rows.design.terms
    )
    variance = np.linalg.inv(fit.information)
    dependence = dependence_of(sample, rows.kept, "model" if vcov == "model" else "robust")
    if dependence.is_robust:
        influence = _influence(model, fit.state, dependence.df, with_weights=vcov == "robust")
        variance = sandwich(_blocks(influence), variance, dependence.unit)
    return hazard_fit(
        sample, rows, beta, variance, dependence, interval=interval, conf_level=conf_level,
        summary={
            "formula": formula,
            "scale": "log subdistribution hazard ratio",
            "log_likelihood": fit.value,
            "vcov": vcov,
        },
        source=provenance(
            "fine_gray", sample.digest, formula=formula, cause=cause, strata=strata,
            censoring_by=censoring_by, censoring_ties=censoring_ties, vcov=vcov,
            interval=interval, conf_level=conf_level,
        ),
    )  # fmt: skip


def _refuse_repeated(sample: TimeToEvent) -> None:
    if sample.person is not None and len(np.unique(sample.person)) < len(sample):
        raise EstimationError(
            "person: some persons have several rows; the risk sets of a Fine-Gray model hold "
            "persons after their exit, when nothing is known of covariates that change"
        )


def _blocks(influence: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    for low in range(0, len(influence), BLOCK):
        rows = slice(low, low + BLOCK)
        yield rows, influence[rows].T


def _model(rows: Rows, entry: np.ndarray, group: np.ndarray, after_exits: bool) -> Model:
    seen = observation(rows, entry, group, after_exits)
    other = np.flatnonzero(rows.code == 2)
    exit_row = rows.sets.exit_row[other]
    place = np.searchsorted(rows.at_event, exit_row, side="right")
    end = np.searchsorted(rows.at_event, rows.sets.first)
    past = place == end[rows.sets.stratum[exit_row] + 1]
    return Model(rows, entry, seen, other, np.where(past, len(rows.at_event), place))


def _sums(model: Model, beta: np.ndarray) -> Sums:
    rows, seen = model.rows, model.seen
    linear = rows.values @ beta
    linear -= linear.max()
    relative = rows.weight * np.exp(linear)
    kept = relative[model.other] / seen.own[model.other]
    at = rows.at_event
    total = sum_at_risk(rows.sets, relative)[at]
    at_risk, _ = moments(rows, relative, False)
    for number in range(len(seen.share)):
        mine = seen.group[model.other] == number
        who, value, share = model.other[mine], kept[mine], seen.share[number][at]
        total += share * _cumulated(model, model.place[mine], value)
        for column, sums in zip(rows.values.T, at_risk, strict=True):
            sums += share * _cumulated(model, model.place[mine], value * column[who])
    one = np.zeros(len(rows.sets))
    one[at] = (rows.n_tied * rows.mean_weight)[at] / total
    return Sums(linear, relative, kept, total, at_risk, one)


def _cumulated(model: Model, place: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sum of values of competing exits before each table row with events, by stratum: (k,)."""
    at = model.rows.at_event
    sums = np.bincount(place, values, minlength=len(at) + 1)[:-1]
    bounds = np.unique(np.searchsorted(at, model.rows.sets.first)).tolist()
    for low, high in zip(bounds[:-1], bounds[1:], strict=True):
        np.cumsum(sums[low:high], out=sums[low:high])
    return sums


def _likelihood(model: Model, sums: Sums) -> Likelihood:
    rows, at = model.rows, model.rows.at_event
    weight = rows.weight * rows.events
    events = (rows.n_tied * rows.mean_weight)[at]
    compensator = _compensator(model, sums)
    information = cross_products(rows.values, compensator)
    information -= cross_products(sums.at_risk.T, sums.one[at] / sums.total)
    return Likelihood(
        float(weight @ sums.linear - events @ np.log(sums.total)),
        rows.values.T @ (weight - compensator),
        information,
        sums,
    )


def _compensator(model: Model, sums: Sums) -> np.ndarray:
    """Expected weighted events of each row, those after a competing exit included: (n,)."""
    out = sums.relative * between_entry_and_exit(model.rows.sets, sums.one)
    out[model.other] += sums.kept * _after_own_exit(model, sums.one)
    return out


def _after_own_exit(model: Model, values: np.ndarray) -> np.ndarray:
    """Sum of table values (m,) times W over the times after each competing exit: (n_other,)."""
    sets, group = model.rows.sets, model.seen.group[model.other]
    exit_row, out = sets.exit_row[model.other], np.empty(len(model.other))
    for number, share in enumerate(model.seen.share):
        mine = group == number
        out[mine] = after(sets, values * share)[exit_row[mine]]
    return out


def _influence(model: Model, sums: Sums, df: float, *, with_weights: bool) -> np.ndarray:
    """Weighted contribution of each row to the score, (n, p), see Notes of `fine_gray`.

    Row i contributes its own exit less what it bore, and, with weights, what it moves through the
    distribution of censoring: the score changes by q(u) when the hazard of censoring at u does.
    """
    rows, seen, at = model.rows, model.seen, model.rows.at_event
    sets, factor = rows.sets, counted(rows, df)
    jump = rows.events * rows.weight - _compensator(model, sums)
    out, table = np.empty(rows.values.shape, order="F"), np.zeros(len(sets))
    for number, column in enumerate(rows.values.T):
        mean = sums.at_risk[number] / sums.total
        table[at] = mean * sums.one[at]
        value = jump * column + sums.relative * between_entry_and_exit(sets, table)
        value[model.other] += sums.kept * _after_own_exit(model, table)
        table[at] = mean
        value -= rows.weight * rows.events * table[sets.exit_row]
        if with_weights:
            moved, by_entry = _moved(model, sums, column, mean)
            through = influence_of_weights(rows, model.entry, seen, moved, by_entry)
            value += through * rows.weight if rows.is_frequency else through
        out[:, number] = value * (factor / rows.weight)
    return out


def _moved(
    model: Model, sums: Sums, column: np.ndarray, mean: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """q of each group at each table row u, for censoring and for late entry: (n_group, m) both.

    W(t) / W(s) depends on what happens at u if s <= u < t. Of censoring on which exits share, crr
    takes exits s < u and risk sets at t >= u, and so does this.
    """
    sets, seen, at = model.rows.sets, model.seen, model.rows.at_event
    exact, mean_one = np.empty_like(seen.share), np.zeros(len(sets))
    moved = exact if seen.after_exits else np.empty_like(exact)
    mean_one[at] = mean * sums.one[at]
    for number, share in enumerate(seen.share):
        mine = seen.group[model.other] == number
        who, kept = model.other[mine], sums.kept[mine]
        exits = np.bincount(sets.exit_row[who], kept, minlength=len(sets))
        values = np.bincount(sets.exit_row[who], kept * column[who], minlength=len(sets))
        one, mean_of = share * sums.one, share * mean_one
        until = running(sets, values), running(sets, exits)
        later = after(sets, one), after(sets, mean_of)
        exact[number] = until[0] * later[0] - until[1] * later[1]
        if not seen.after_exits:
            moved[number] = (until[0] - values) * (later[0] + one)
            moved[number] -= (until[1] - exits) * (later[1] + mean_of)
    return moved, exact
