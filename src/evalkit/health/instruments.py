"""Instruments other than EQ-5D: one scheme that says what their items and scores are."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.codes import read_codes
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import HealthMeasures

NUMBERS = ("n_item", "item_low", "item_high", "low", "high")
FORMATIVE = "formative scale: its items need not agree, so that alpha says nothing"
ONE_ITEM = "one item"
NO_VARIANCE = "all sums are equal"


def instruments() -> pd.DataFrame:
    """List the instruments that can be scored, one row each scale.

    Returns
    -------
    DataFrame
        `instrument`, `scale`, `name`, `items` (the names of its items in the records), `n_item`,
        `item_low`, `item_high` (range of an answer), `low`, `high` (range of the score; missing
        where no source confirms it), `direction` (`higher` is better, or `unconfirmed`), `scoring`
        (`given`: the score itself is recorded; `sum` of the items), `measurement` (`reflective`,
        `formative`, or `single`), `source`, `confirmed` (whether range, direction and scoring are)
        and `note`, which says what is UNCONFIRMED.

    Examples
    --------
    >>> scales = instruments().set_index(["instrument", "scale"])
    >>> scales.loc[("IPS-25", "fidelity"), ["low", "high"]].tolist()
    [25.0, 125.0]
    """
    table = read_codes("instruments.csv")
    numbers = {name: pd.to_numeric(table[name]) for name in NUMBERS}
    table = table.assign(**numbers, confirmed=table["confirmed"] == "1")
    named = [_item_names(row) for row in table.itertuples()]
    return table.assign(items=named)


def score_instrument(
    answers: pd.DataFrame,
    *,
    instrument: str,
    scales: Sequence[str] | None = None,
    item_range: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Score an instrument: one column for each of its scales.

    No bands, cut-offs or rescaled scores are made: none is confirmed by a source at hand.

    Parameters
    ----------
    answers : DataFrame, n rows
        One numeric column for each item, named as `instruments()` says; NaN where not answered.
    instrument : str
        For example `Kykyviisari`, `IPS-25`, `WAS`, `EQ-VAS`, `SF-36`.
    scales : sequence of str, optional
        Scales to score; all of the instrument by default.
    item_range : (float, float), optional
        Lowest and highest possible answer, as your form has it; needed where the scheme has none
        (Kykyviisari), and only there.

    Returns
    -------
    DataFrame, n rows
        One column a scale, on the index of `answers`; a score with a missing item is missing.

    Raises
    ------
    EstimationError
        If an item is missing as a column, not numeric, outside its range, or not a whole number
        where answers are summed; all items at once, with counts and positions.
    ParameterError
        If the instrument or a scale is not known, or a range is needed or not.

    Examples
    --------
    >>> answers = pd.DataFrame({"was": [7, 10, np.nan]})
    >>> score_instrument(answers, instrument="WAS")["was"].tolist()
    [7.0, 10.0, nan]
    """
    chosen = _scales(instrument, scales)
    faults, scores = [], {}
    for row in chosen.to_dict("records"):
        bounds = _bounds(row, item_range)
        values, wrong = _items(answers, row, bounds)
        faults += wrong
        if not wrong:
            scores[row["scale"]] = values.sum(axis=1) if row["scoring"] == "sum" else values[:, 0]
    if faults:
        raise EstimationError("; ".join(dict.fromkeys(faults)))
    return pd.DataFrame(scores, index=answers.index)


def cronbach_alpha(
    answers: pd.DataFrame,
    *,
    instrument: str,
    scales: Sequence[str] | None = None,
    item_range: tuple[float, float] | None = None,
    conf_level: float = 0.95,
) -> HealthMeasures:
    """Cronbach's alpha of the summed scales of an instrument, one row of answers a person.

    Parameters
    ----------
    answers, instrument, scales, item_range
        As for `score_instrument`; rows with a missing item are left out of that scale.
    conf_level : float

    Returns
    -------
    HealthMeasures
        `item` is the scale, `quantity` is `alpha`. It is missing, with the `reason`, for a
        formative scale (section E of Kykyviisari), a single item, and equal sums.

    Raises
    ------
    EstimationError, ParameterError
        As for `score_instrument`; also if a scale has fewer than two complete rows.

    Notes
    -----
    alpha = k/(k-1) (1 - sum of item variances / variance of the sum). Feldt's interval:
    1 - (1 - alpha) F with n - 1 and (n - 1)(k - 1) degrees of freedom.

    References
    ----------
    Feldt (1965), Psychometrika 30. Section E is formative: PLoS One 2024, e0300182.

    Examples
    --------
    >>> answers = pd.DataFrame({"g1": [1, 2, 3, 4], "g2": [1, 3, 3, 5]})
    >>> result = cronbach_alpha(answers, instrument="Kykyviisari", scales=["G"], item_range=(1, 5))
    >>> round(float(result.tidy()["estimate"][0]), 3)
    0.96
    """
    if not 0 < conf_level < 1:
        raise ParameterError(f"conf_level: {conf_level} is not between 0 and 1")
    chosen = _scales(instrument, scales)
    rows = []
    for row in chosen.to_dict("records"):
        score_instrument(answers, instrument=instrument, scales=[row["scale"]],
                         item_range=item_range)  # fmt: skip
        values, _ = _items(answers, row, _bounds(row, item_range))
        values = values[~np.isnan(values).any(axis=1)]
        if len(values) < 2:
            raise EstimationError(
                f"{row['scale']}: {len(values)} of {len(answers)} rows are complete, alpha needs "
                "two or more"
            )
        estimate, low, high, reason = _alpha(values, row["measurement"], conf_level)
        rows.append({"stratum": "", "wave": 0, "item": row["scale"], "quantity": "alpha",
                     "estimate": estimate, "conf_low": low, "conf_high": high, "n": len(values),
                     "reason": reason})  # fmt: skip
    frame = pd.DataFrame(rows)
    return HealthMeasures(
        rows=frame,
        summary={"n": int(frame["n"].max()), "n_stratum": 1, "n_wave": 1, "instrument": instrument,
                 "conf_level": conf_level, "method": "Feldt", "label": "description"},
        support={"n": frame["n"]},
        provenance=provenance(
            "cronbach_alpha", digest_frame(answers)[:16], instrument=instrument,
            scales=tuple(chosen["scale"]), item_range=item_range, conf_level=conf_level,
        ),
    )  # fmt: skip


def _item_names(row) -> tuple[str, ...]:
    if row.n_item == 1:
        return (row.items,)
    return tuple(f"{row.items}{number}" for number in range(1, int(row.n_item) + 1))


def _scales(instrument: str, scales: Sequence[str] | None) -> pd.DataFrame:
    table = instruments()
    known = list(dict.fromkeys(table["instrument"]))
    if instrument not in known:
        raise ParameterError(f"instrument: {instrument!r} is not one of {', '.join(known)}")
    table = table[table["instrument"] == instrument]
    unknown = sorted(set(scales or ()) - set(table["scale"]))
    if unknown:
        raise ParameterError(
            f"scales: {', '.join(unknown)} is no scale of {instrument}; there are "
            f"{', '.join(table['scale'])}"
        )
    return table if scales is None else table[table["scale"].isin(scales)]


def _bounds(row: Mapping, item_range: tuple[float, float] | None) -> tuple[float, float]:
    """Lowest and highest answer; where a given score has no range, everything finite."""
    own = (row["item_low"], row["item_high"])
    if np.isfinite(own).all():
        if item_range is not None:
            raise ParameterError(
                f"item_range: {row['instrument']} has the range {own[0]:g} to {own[1]:g}; leave "
                "the argument out"
            )
        return own
    if item_range is not None:
        if not item_range[0] < item_range[1]:
            raise ParameterError("item_range: the lowest answer comes first")
        return item_range
    if row["scoring"] == "given":
        return -np.inf, np.inf
    raise ParameterError(
        f"item_range: the range of an answer of {row['instrument']} is not confirmed; give it as "
        "your form has it, for example item_range=(0, 4)"
    )


def _items(answers: pd.DataFrame, row: Mapping, bounds: tuple) -> tuple[np.ndarray, list[str]]:
    """Answers to the items of a scale (n, n_item), and what is wrong with them."""
    missing = [name for name in row["items"] if name not in answers]
    if missing:
        return np.empty((0, 0)), [f"answers: no such column: {', '.join(missing)}"]
    values, faults = [], []
    for name in row["items"]:
        column = answers[name]
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            faults.append(f"{name}: answers must be numbers, the column is {column.dtype}")
            continue
        value = column.to_numpy(dtype=float, na_value=np.nan)
        wrong = (value < bounds[0]) | (value > bounds[1]) | np.isinf(value)
        if row["scoring"] == "sum":
            wrong |= ~np.isnan(value) & (value != np.round(value))
        if wrong.any():
            faults.append(_fault(name, wrong, bounds))
        values.append(value)
    return (np.column_stack(values) if values and not faults else np.empty((0, 0))), faults


def _fault(name: str, wrong: np.ndarray, bounds: tuple[float, float]) -> str:
    """Say which item is wrong, how often and where; never the value."""
    rows = np.flatnonzero(wrong)
    shown = ", ".join(str(row) for row in rows[:5]) + (", ..." if rows.size > 5 else "")
    what = f"no answers {bounds[0]:g} to {bounds[1]:g}" if np.isfinite(bounds[0]) else "infinite"
    return (
        f"{name}: {rows.size} of {wrong.size} are {what} (positions {shown}). Correct the records, "
        "or leave the answer empty."
    )


def _alpha(values: np.ndarray, measurement: str, conf_level: float) -> tuple:
    n, k = values.shape
    total = values.sum(axis=1).var(ddof=1)
    reason = FORMATIVE if measurement == "formative" else ONE_ITEM if k == 1 else ""
    reason = reason or (NO_VARIANCE if total == 0 else "")
    if reason:
        return np.nan, np.nan, np.nan, reason
    alpha = k / (k - 1) * (1 - values.var(axis=0, ddof=1).sum() / total)
    tail = (1 - conf_level) / 2
    quantiles = stats.f.ppf([1 - tail, tail], n - 1, (n - 1) * (k - 1))
    low, high = 1 - (1 - alpha) * quantiles
    return alpha, low, high, ""
