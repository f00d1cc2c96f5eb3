"""Agreement of two parties who judge the same thing, such as participant and caseworker."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.cohort.samples import Responses, group_rows
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.scores import WAVE, require_level, wilson
from evalkit.provenance import provenance
from evalkit.results import Agreement, AgreementTable

GROUP, ITEM, VALUE, INSTRUMENT = "respondent_group", "item", "value", "instrument"
NO_SPREAD = "both give one and the same answer throughout"
QUANTITIES = ("kappa", "kappa_linear", "kappa_quadratic")
MOST_LEVELS = 11


@dataclass(frozen=True, slots=True)
class Pairs:
    """Answers of both parties to each item, one row a pair.

    Attributes
    ----------
    frame : DataFrame
        `stratum`, `item`, `first`, `second` (positions on the scale from 0).
    labels : tuple of str
        Strata in order.
    levels : list of str
        Answers of the scale.
    """

    frame: pd.DataFrame
    labels: tuple[str, ...]
    levels: list[str]
    instrument: str


def agreement(
    responses: Responses,
    *,
    pair: str,
    scale: tuple[int, int],
    first: str = "participant",
    second: str = "staff",
    instrument: str | None = None,
    by: str | Sequence[str] | None = None,
    n_draw: int = 1_999,
    conf_level: float = 0.95,
    seed: int = 20261,
) -> Agreement:
    """Weighted kappa and share alike of two groups of respondents, pair by pair.

    Parameters
    ----------
    responses : Responses
    pair : str
        Column that says who belongs together: the id of a case or, less close, `package_id`.
        Where a group has several respondents in a pair, their lower median stands for them.
    scale : (int, int)
        Lowest and highest answer; whole numbers, all of which are levels.
    first, second : str
        Groups of respondents.
    instrument, by
        As for `collaboration_quality`; strata are those of the first group.
    n_draw : int
        Bootstrap draws over pairs; 0 for none.
    conf_level : float
    seed : int

    Returns
    -------
    Agreement
        For each stratum and item: `share_alike` (per cent, Wilson's interval), `mean_difference`
        (second less first, in steps of the scale) and `kappa`, `kappa_linear`,
        `kappa_quadratic` with the error of Fleiss, Cohen and Everitt and the percentile interval
        of a bootstrap. A kappa is missing where both give one and the same answer throughout.

    Raises
    ------
    EstimationError
        If no pair has answers of both groups, or answers are not whole numbers on the scale.
    ParameterError
        If the scale has fewer than 2 or more than 11 levels, or there is no column `pair`.

    Notes
    -----
    kappa = (po - pe)/(1 - pe) with weights 1 - |i - j|/(k - 1), 1 - (i - j)^2/(k - 1)^2, or 1 for
    equal answers only. Kappa depends on how common the answers are: with nearly all answers alike
    it can be low although nearly all agree. So the share alike stands beside it.

    References
    ----------
    Cohen (1968), Psychological Bulletin 70; Fleiss, Cohen and Everitt (1969), the same, 72.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"who": list("abcdef"), "case": [1, 1, 2, 2, 3, 3], "item": "i1",
    ...      "role": ["participant", "staff"] * 3, "answer": [1, 1, 2, 3, 3, 3]}
    ... )
    >>> sample = Responses.from_frame(
    ...     frame, respondent="who", item="item", value="answer", group="role"
    ... )
    >>> table = agreement(sample, pair="case", scale=(1, 3), n_draw=0).tidy()
    >>> table[["quantity", "estimate", "n"]].round(3)
              quantity  estimate  n
    0      share_alike    66.667  3
    1  mean_difference     0.333  3
    2            kappa     0.500  3
    3     kappa_linear     0.667  3
    4  kappa_quadratic     0.800  3
    """
    require_level(conf_level)
    pairs = _pairs(responses, pair, scale, first, second, instrument, by)
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame([
        row | {"stratum": label, "item": item}
        for label, item, table in _tables(pairs)
        for row in _of_table(table, n_draw, conf_level, rng)
    ])  # fmt: skip
    return Agreement(
        rows=rows.drop(columns=["k", "complement"]),
        summary=_summary(pairs, first, second, pair) | {
            "n_draw": n_draw, "conf_level": conf_level,
            "method": "Fleiss-Cohen-Everitt; bootstrap over pairs",
        },
        support={"n": rows["n"], "k": rows["k"], "complement": rows["complement"]},
        provenance=provenance(
            "agreement", responses.digest, seed=seed, pair=pair, scale=scale, first=first,
            second=second, instrument=instrument, by=by, n_draw=n_draw, conf_level=conf_level,
        ),
    )  # fmt: skip


def agreement_table(
    responses: Responses,
    *,
    pair: str,
    scale: tuple[int, int],
    first: str = "participant",
    second: str = "staff",
    instrument: str | None = None,
    by: str | Sequence[str] | None = None,
) -> AgreementTable:
    """Count pairs by the answers of both parties: the square table behind `agreement`.

    Parameters
    ----------
    responses, pair, scale, first, second, instrument, by
        As for `agreement`.

    Returns
    -------
    AgreementTable
        One row a stratum, item, answer of the first and answer of the second group; `n_with` of
        `n_pair` pairs.

    Raises
    ------
    EstimationError, ParameterError
        As for `agreement`.
    """
    pairs = _pairs(responses, pair, scale, first, second, instrument, by)
    rows = pd.DataFrame([
        {"stratum": label, "item": item, "first": one, "second": other, "n_pair": table.sum(),
         "n_with": table[row, column], "share": table[row, column] / table.sum()}
        for label, item, table in _tables(pairs)
        for row, one in enumerate(pairs.levels)
        for column, other in enumerate(pairs.levels)
    ])  # fmt: skip
    return AgreementTable(
        rows=rows,
        summary=_summary(pairs, first, second, pair) | {"method": "pairs"},
        support={"n": rows["n_pair"], "k": rows["n_with"],
                 "complement": rows["n_pair"] - rows["n_with"]},
        provenance=provenance(
            "agreement_table", responses.digest, pair=pair, scale=scale, first=first,
            second=second, instrument=instrument, by=by,
        ),
    )  # fmt: skip


def _summary(pairs: Pairs, first: str, second: str, pair: str) -> dict:
    sizes = pairs.frame.groupby(["stratum", "item"]).size()
    return {
        "n": int(sizes.groupby(level="stratum").max().sum()), "n_stratum": len(pairs.labels),
        "n_item": pairs.frame["item"].nunique(), "instrument": pairs.instrument, "first": first,
        "second": second, "pair": pair, "n_level": len(pairs.levels), "label": "description",
    }  # fmt: skip


def _pairs(responses, pair, scale, first, second, instrument, by) -> Pairs:
    levels = _levels(scale)
    people, _ = responses.questionnaire(instrument)
    named = people[INSTRUMENT].iloc[0]
    frame = responses.covariates[responses.covariates[INSTRUMENT] == named]
    if pair not in frame:
        raise ParameterError(f"pair: the answers have no column {pair!r}")
    if frame[pair].isna().all():
        raise EstimationError(
            f"pair: no answer has a {pair}: the records have no such column, or it is empty; it "
            "says whose answers are about the same thing"
        )
    frame = frame[frame[VALUE].notna() & frame[pair].notna()]
    position = frame[VALUE] - scale[0]
    wrong = (position != position.round()) | ~position.between(0, len(levels) - 1)
    if wrong.any():
        raise EstimationError(
            f"scale: {int(wrong.sum())} of {len(frame)} answers are no whole numbers from "
            f"{scale[0]} to {scale[1]}"
        )
    frame = frame.assign(_position=position.astype(int))
    keys = [pair, WAVE, ITEM]
    sides = [_medians(frame[frame[GROUP] == group], keys) for group in (first, second)]
    both = sides[0].join(sides[1], how="inner", lsuffix="_1", rsuffix="_2").reset_index()
    if both.empty:
        raise EstimationError(
            f"agreement: no {pair} has answers of both {first} and {second} to one item"
        )
    of_first = frame[frame[GROUP] == first].drop_duplicates([pair, WAVE])
    strata, labels = group_rows(of_first, by)
    stratum = pd.Series(strata, pd.MultiIndex.from_frame(of_first[[pair, WAVE]]))
    number = stratum.reindex(pd.MultiIndex.from_frame(both[[pair, WAVE]])).to_numpy()
    made = pd.DataFrame({"stratum": number, "item": both[ITEM], "first": both["_position_1"],
                         "second": both["_position_2"]})  # fmt: skip
    return Pairs(made, labels, levels, named)


def _levels(scale: tuple[int, int]) -> list[str]:
    low, high = scale
    if int(low) != low or int(high) != high or not 1 <= high - low < MOST_LEVELS:
        raise ParameterError(f"scale: needs 2 to {MOST_LEVELS} whole-numbered levels, not {scale}")
    return [str(level) for level in range(int(low), int(high) + 1)]


def _medians(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Lower median of the answers of each group of rows: an answer that was given."""
    found = frame.groupby(keys)["_position"].quantile(0.5, interpolation="lower")
    return found.astype(int).to_frame()


def _tables(pairs: Pairs):
    """Label, item and square table of each stratum and item that has pairs."""
    size = len(pairs.levels)
    for number, label in enumerate(pairs.labels):
        of_stratum = pairs.frame[pairs.frame["stratum"] == number]
        for item, rows in of_stratum.groupby("item"):
            flat = rows["first"].to_numpy() * size + rows["second"].to_numpy()
            yield label, item, np.bincount(flat, minlength=size**2).reshape(size, size)


def _weights(size: int) -> np.ndarray:
    """Weights of agreement (3, size, size): of equal answers only, linear, quadratic."""
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / (size - 1)
    return np.array([apart == 0, 1 - apart, 1 - apart**2], dtype=float)


def weighted_kappas(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kappas and their errors: unweighted, linear, quadratic; NaN where all answers are alike.

    Parameters
    ----------
    table : ndarray, shape (..., k, k)

    Returns
    -------
    kappa, std_error : ndarray, shape (..., 3)

    Notes
    -----
    The variance is [sum p (w (1 - pe) - (row mean + column mean)(1 - po))^2 - (po pe - 2 pe +
    po)^2] / (n (1 - pe)^4), where row and column means are of the weights over the other margin.
    """
    n = table.sum(axis=(-2, -1), keepdims=True)
    p = (table / n)[..., None, :, :]
    weight = _weights(table.shape[-1])
    row, column = p.sum(axis=-1), p.sum(axis=-2)
    row_mean = np.einsum("...j,wij->...wi", column[..., 0, :], weight)
    column_mean = np.einsum("...i,wij->...wj", row[..., 0, :], weight)
    alike = (p * weight).sum(axis=(-2, -1))
    chance = np.einsum("...i,...wi->...w", row[..., 0, :], row_mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = (alike - chance) / (1 - chance)
        means = row_mean[..., :, None] + column_mean[..., None, :]
        inner = weight * (1 - chance)[..., None, None] - means * (1 - alike)[..., None, None]
        square = (p * inner**2).sum(axis=(-2, -1)) - (alike * chance - 2 * chance + alike) ** 2
        error = np.sqrt(np.maximum(square, 0) / n[..., 0]) / (1 - chance) ** 2
    none = 1 - chance < 1e-12
    return np.where(none, np.nan, kappa), np.where(none, np.nan, error)


def _of_table(table: np.ndarray, n_draw: int, conf_level: float, rng) -> list[dict]:
    n, size = int(table.sum()), len(table)
    empty = ("std_error", "conf_low", "conf_high", "boot_low", "boot_high", "k", "complement")
    base = dict.fromkeys(empty, np.nan) | {"n": n, "reason": ""}
    same = int(np.trace(table))
    low, high = wilson(np.array([same]), np.array([n]), conf_level)
    step = np.subtract.outer(np.arange(size), np.arange(size)).T
    mean = (table * step).sum() / n
    spread = ((table * (step - mean) ** 2).sum() / (n - 1)) ** 0.5 if n > 1 else np.nan
    half = stats.t.ppf((1 + conf_level) / 2, max(n - 1, 1)) * spread / np.sqrt(n)
    rows = [
        base | {"quantity": "share_alike", "estimate": 100 * same / n, "conf_low": 100 * low[0],
                "conf_high": 100 * high[0], "k": same, "complement": n - same},
        base | {"quantity": "mean_difference", "estimate": mean, "std_error": spread / np.sqrt(n),
                "conf_low": mean - half, "conf_high": mean + half},
    ]  # fmt: skip
    kappa, error = weighted_kappas(table.astype(float))
    z = stats.norm.ppf((1 + conf_level) / 2)
    limits = _drawn(table, n_draw, conf_level, rng)
    for position, quantity in enumerate(QUANTITIES):
        known = np.isfinite(kappa[position])
        rows.append(base | {
            "quantity": quantity, "estimate": kappa[position], "std_error": error[position],
            "conf_low": max(kappa[position] - z * error[position], -1.0) if known else np.nan,
            "conf_high": min(kappa[position] + z * error[position], 1.0) if known else np.nan,
            "boot_low": limits[0, position] if known else np.nan,
            "boot_high": limits[1, position] if known else np.nan,
            "reason": "" if known else NO_SPREAD,
        })  # fmt: skip
    return rows


def _drawn(table: np.ndarray, n_draw: int, conf_level: float, rng) -> np.ndarray:
    """Percentile limits (2, 3) of kappas over pairs drawn with replacement."""
    if n_draw == 0:
        return np.full((2, 3), np.nan)
    n = int(table.sum())
    drawn = rng.multinomial(n, table.ravel() / n, size=n_draw).reshape(n_draw, *table.shape)
    kappa, _ = weighted_kappas(drawn.astype(float))
    tail = (1 - conf_level) / 2
    limits = np.full((2, 3), np.nan)
    for position in range(3):
        found = kappa[np.isfinite(kappa[:, position]), position]
        if len(found):
            limits[:, position] = np.quantile(found, [tail, 1 - tail])
    return limits
