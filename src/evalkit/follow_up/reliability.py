"""Reliability of reflective scales: Cronbach's alpha, McDonald's omega, loadings of one factor."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.codes import read_codes
from evalkit.cohort.samples import Responses, rows_by_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.scores import cells_of, on_hundred, require_level
from evalkit.provenance import provenance
from evalkit.results import ResponseMeasures

SCALE = "scale"
MEASUREMENTS = ("reflective", "formative")
FORMATIVE = "its items make up the scale and need not agree"
NO_VARIANCE = "an item has the same answer from all"
FEW_ITEMS = "omega needs three items"
LARGEST = np.sqrt(0.995)  # a loading; R's psych keeps uniquenesses at 0.005 or more
SWEEPS, CLOSE = 5_000, 1e-12


def scale_reliability(
    responses: Responses,
    *,
    scale: tuple[float, float],
    measurement: Literal["reflective", "formative"] = "reflective",
    instrument: str | None = None,
    by: str | Sequence[str] | None = None,
    items: Sequence[str] | None = None,
    reverse: Sequence[str] = (),
    n_draw: int = 999,
    conf_level: float = 0.95,
    seed: int = 20261,
) -> ResponseMeasures:
    """Cronbach's alpha and McDonald's omega of a scale whose items reflect one thing.

    Parameters
    ----------
    responses, scale, instrument, by, reverse
        As for `collaboration_quality`.
    measurement : {"reflective", "formative"}
        Whether the items reflect one thing behind them, or make up the scale. Of a formative scale
        neither number says anything, and it is refused; section E of Kykyviisari is one.
    items : sequence of str, optional
        Items of the scale; all of the questionnaire by default.
    n_draw : int
        Bootstrap draws for the interval of omega; 0 for none.
    conf_level : float
    seed : int

    Returns
    -------
    ResponseMeasures
        For each stratum: `alpha` and `omega` of the `scale`, and the `loading` and the
        `item_rest` correlation of every item, among the `n` who answered all items.

    Raises
    ------
    EstimationError
        If the scale is formative, or fewer than three respondents answered all its items.
    ParameterError
        If an item is not known, or there are fewer than two.

    Notes
    -----
    alpha = k/(k - 1) (1 - sum of item variances / variance of the sum), with Feldt's interval.
    omega = (sum of loadings)^2 / ((sum of loadings)^2 + sum of (1 - loading^2)), with loadings of
    one factor fitted to the correlation matrix by minimal residuals; its interval is the percentile
    interval of a bootstrap over respondents. Omega is of standardised items, alpha of items as
    they are; so they can differ although all loadings are alike. Neither says that one factor fits.

    References
    ----------
    Cronbach (1951), Psychometrika 16; Feldt (1965), Psychometrika 30; McDonald (1999), Test theory;
    Harman and Jones (1966), Psychometrika 31. Section E: PLoS One 2024, e0300182.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"who": np.repeat(list("abcd"), 3), "item": ["i1", "i2", "i3"] * 4,
    ...      "answer": [1, 1, 2, 2, 3, 2, 3, 3, 5, 4, 5, 4]}
    ... )
    >>> sample = Responses.from_frame(frame, respondent="who", item="item", value="answer")
    >>> table = scale_reliability(sample, scale=(1, 5), n_draw=0).tidy()
    >>> table.loc[table["item"] == "scale", ["quantity", "estimate", "n"]].round(3)
      quantity  estimate  n
    0    alpha     0.892  4
    1    omega     0.904  4
    """
    require_level(conf_level)
    _require_reflective(measurement, instrument, responses, items)
    people, answers = responses.questionnaire(instrument)
    chosen = _chosen(answers, items)
    points = on_hundred(answers, scale, reverse)[chosen]
    complete = points.notna().all(axis=1).to_numpy()
    if complete.sum() < 3:
        raise EstimationError(
            f"scale_reliability: {int(complete.sum())} of {len(points)} answered all "
            f"{len(chosen)} items; three at least are needed"
        )
    cells = cells_of(people[complete].reset_index(drop=True), by, False, None)
    values = points.to_numpy(dtype=float)[complete]
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame([
        row | {"stratum": label, "n": len(here)}
        for label, here in zip(
            cells.stratum, rows_by_group(cells.code, len(cells.stratum)), strict=True
        )
        for row in _of_stratum(values[here], chosen, n_draw, conf_level, rng)
    ])  # fmt: skip
    return ResponseMeasures(
        rows=rows,
        summary={
            "n": int(complete.sum()), "n_stratum": len(cells.stratum), "n_item": len(chosen),
            "instrument": people["instrument"].iloc[0], "scale_low": scale[0],
            "scale_high": scale[1], "conf_level": conf_level,
            "method": "alpha: Feldt; omega: one factor by minimal residuals, bootstrap",
            "label": "description",
        },
        support={"n": rows["n"]},
        provenance=provenance(
            "scale_reliability", responses.digest, seed=seed, scale=scale, instrument=instrument,
            measurement=measurement, by=by, items=tuple(chosen), reverse=tuple(reverse),
            n_draw=n_draw, conf_level=conf_level,
        ),
    )  # fmt: skip


def one_factor(correlation: np.ndarray) -> np.ndarray:
    """Loadings of one factor by minimal residuals, for each of many correlation matrices.

    Parameters
    ----------
    correlation : ndarray, shape (m, k, k)

    Returns
    -------
    ndarray, shape (m, k)
        Signed so that their sum is not negative; at most sqrt(0.995) in size.

    Notes
    -----
    Harman and Jones: each loading in turn is the least-squares fit to its row of correlations given
    the others, until none moves by more than 1e-12.
    """
    off = correlation * (1 - np.eye(correlation.shape[-1]))
    values, vectors = np.linalg.eigh(correlation)
    loading = vectors[..., -1] * np.sqrt(np.maximum(values[..., -1:], 0))
    loading = np.clip(loading, -LARGEST, LARGEST)
    for _ in range(SWEEPS):
        before = loading.copy()
        for item in range(loading.shape[-1]):
            size = (loading**2).sum(axis=-1) - loading[..., item] ** 2
            fitted = (off[..., item, :] * loading).sum(axis=-1) / np.maximum(size, 1e-12)
            loading[..., item] = np.clip(fitted, -LARGEST, LARGEST)
        if np.abs(loading - before).max() < CLOSE:
            break
    sign = np.where(loading.sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    return sign * loading


def _require_reflective(measurement, instrument, responses, items) -> None:
    if measurement not in MEASUREMENTS:
        raise ParameterError(f"measurement: {measurement!r} is not {' or '.join(MEASUREMENTS)}")
    named = instrument or (responses.instruments[0] if len(responses.instruments) == 1 else "")
    book = read_codes("instruments.csv")
    book = book[(book["instrument"] == named) & (book["measurement"] == "formative")]
    asked = set(items or responses.covariates["item"])
    known = any(
        asked & {row.items, *(f"{row.items}{number}" for number in range(1, int(row.n_item) + 1))}
        for row in book.itertuples()
    )
    if measurement == "formative" or known:
        raise EstimationError(
            f"scale_reliability: {named or 'the scale'} is formative: {FORMATIVE}, so neither "
            "alpha nor omega says anything"
        )


def _chosen(answers: pd.DataFrame, items: Sequence[str] | None) -> list[str]:
    chosen = list(answers.columns if items is None else items)
    unknown = sorted(set(chosen) - set(answers.columns))
    if unknown:
        raise ParameterError(
            f"items: no item {', '.join(unknown)}; there are {', '.join(answers.columns)}"
        )
    if len(chosen) < 2:
        raise ParameterError("items: a scale has two items at least")
    return chosen


def _of_stratum(values, items, n_draw: int, conf_level: float, rng) -> list[dict]:
    """Rows of one stratum: alpha, omega, and what each item does in the scale."""
    blank = {"std_error": np.nan, "conf_low": np.nan, "conf_high": np.nan, "unit": "",
             "n_cluster": np.nan, "reason": ""}  # fmt: skip
    n, k = values.shape
    flat = n < 3 or (values.var(axis=0) < 1e-12).any()
    if flat:
        reason = NO_VARIANCE if n >= 3 else "fewer than three respondents"
        return [blank | {"item": SCALE, "quantity": name, "estimate": np.nan, "reason": reason}
                for name in ("alpha", "omega")]  # fmt: skip
    alpha, low, high = _alpha(values, conf_level)
    rows = [blank | {"item": SCALE, "quantity": "alpha", "estimate": alpha, "conf_low": low,
                     "conf_high": high}]  # fmt: skip
    correlation = np.corrcoef(values, rowvar=False)
    loading = one_factor(correlation[None])[0]
    if k < 3:
        rows.append(blank | {"item": SCALE, "quantity": "omega", "estimate": np.nan,
                             "reason": FEW_ITEMS})  # fmt: skip
    else:
        low, high = _bootstrap(values, n_draw, conf_level, rng)
        rows.append(blank | {"item": SCALE, "quantity": "omega", "estimate": omega(loading),
                             "conf_low": low, "conf_high": high})  # fmt: skip
    total = values.sum(axis=1)
    for position, item in enumerate(items):
        rest = total - values[:, position]
        corrected = np.corrcoef(values[:, position], rest)[0, 1] if rest.std() > 1e-9 else np.nan
        if k >= 3:
            rows.append(blank | {"item": item, "quantity": "loading",
                                 "estimate": loading[position]})  # fmt: skip
        rows.append(blank | {"item": item, "quantity": "item_rest", "estimate": corrected})
    return rows


def omega(loading: np.ndarray) -> np.ndarray:
    """McDonald's omega of standardised items from the loadings of one factor."""
    common = loading.sum(axis=-1) ** 2
    return common / (common + (1 - loading**2).sum(axis=-1))


def _alpha(values: np.ndarray, conf_level: float) -> tuple[float, float, float]:
    n, k = values.shape
    total = values.sum(axis=1).var(ddof=1)
    if total < 1e-12:
        return np.nan, np.nan, np.nan
    alpha = k / (k - 1) * (1 - values.var(axis=0, ddof=1).sum() / total)
    tail = (1 - conf_level) / 2
    low, high = 1 - (1 - alpha) * stats.f.ppf([1 - tail, tail], n - 1, (n - 1) * (k - 1))
    return alpha, low, high


def _bootstrap(values, n_draw: int, conf_level: float, rng) -> tuple[float, float]:
    """Percentile interval of omega; draws in which an item does not vary are left out."""
    if n_draw == 0:
        return np.nan, np.nan
    n = len(values)
    drawn = values[rng.integers(0, n, size=(n_draw, n))]
    centred = drawn - drawn.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1))
    varies = (spread > 1e-9).all(axis=1)
    z = centred[varies] / spread[varies][:, None, :]
    correlation = np.einsum("bni,bnj->bij", z, z) / n
    found = omega(one_factor(correlation))
    tail = (1 - conf_level) / 2
    return tuple(np.quantile(found, [tail, 1 - tail])) if len(found) else (np.nan, np.nan)
