"""Answers over time: the slope over waves, and change within those who answered twice."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.cohort.samples import Responses, group_rows, rows_by_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.scores import (
    INDEX,
    PERCENT,
    POINTS,
    RESPONDENT,
    WAVE,
    answered,
    cells_of,
    n_answered,
    reasons,
    require_level,
    wilson,
)
from evalkit.provenance import provenance
from evalkit.results import ResponseMeasures

ONE_WAVE, NO_DF = "one wave", "too few respondents for an interval"


def collaboration_trend(
    responses: Responses,
    *,
    scale: tuple[float, float],
    instrument: str | None = None,
    by: str | Sequence[str] | None = None,
    reverse: Sequence[str] = (),
    least: float = 0.5,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ResponseMeasures:
    """Slope of every item and of the index over waves. A description: never an effect.

    Those who answer differ from wave to wave, and so may what they are asked about.

    Parameters
    ----------
    responses, scale, instrument, by, reverse, least, cluster, conf_level
        As for `collaboration_quality`. Waves must be numbers, such as years.

    Returns
    -------
    ResponseMeasures
        `quantity` is `slope`, in points (0-100) for each unit of the wave, among the `n` who
        answered. Missing, with a `reason`, where a stratum has one wave only.

    Raises
    ------
    EstimationError
        If a wave is no number, or as for `collaboration_quality`.

    Notes
    -----
    Ordinary least squares of the points on the wave; the error is clustered on respondents (or on
    `cluster`), with the factor G/(G - 1) (n - 1)/(n - 2), and Student's t with G - 2 degrees of
    freedom over respondents, G - 1 over other clusters. The same as `sandwich::vcovCL(type =
    "HC1")` in R.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"who": list("abcdef"), "year": [2022, 2022, 2023, 2023, 2024, 2024], "item": "i1",
    ...      "answer": [2, 3, 3, 4, 4, 5]}
    ... )
    >>> sample = Responses.from_frame(
    ...     frame, respondent="who", item="item", value="answer", wave="year"
    ... )
    >>> collaboration_trend(sample, scale=(1, 5)).tidy()[["item", "estimate"]].round(1)
        item  estimate
    0     i1      25.0
    1  index      25.0
    """
    require_level(conf_level)
    given = answered(responses, instrument=instrument, scale=scale, reverse=reverse, least=least)
    wave = pd.to_numeric(given.people[WAVE], errors="coerce").to_numpy(dtype=float)
    if np.isnan(wave).any():
        raise EstimationError(
            f"wave: {int(np.isnan(wave).sum())} of {len(wave)} rows have a wave that is no number; "
            "a slope over waves needs numbers, such as years"
        )
    cells = cells_of(given.people, by, False, cluster)
    parts = [
        _slope(given.points[item].to_numpy(dtype=float)[rows], wave[rows], cells.cluster[rows],
               cluster is None, conf_level) | {"stratum": label, "item": item}
        for label, rows in zip(
            cells.stratum, rows_by_group(cells.code, len(cells.stratum)), strict=True
        )
        for item in given.points
    ]  # fmt: skip
    rows = pd.DataFrame(parts)
    return ResponseMeasures(
        rows=rows.drop(columns="support").assign(quantity="slope", unit="points per wave"),
        summary={
            "n": n_answered(given.people, given.points), "n_stratum": len(cells.stratum),
            "n_item": given.points.shape[1] - 1, "instrument": given.people["instrument"].iloc[0],
            "scale_low": scale[0], "scale_high": scale[1],
            "before": min(given.people[WAVE]), "after": max(given.people[WAVE]),
            "cluster": cluster or "", "conf_level": conf_level,
            "method": "least squares on the wave, clustered errors", "label": "description",
        },
        support={"n": rows["support"]},
        provenance=provenance(
            "collaboration_trend", responses.digest, scale=scale, instrument=instrument, by=by,
            reverse=tuple(reverse), least=least, cluster=cluster, conf_level=conf_level,
        ),
    )  # fmt: skip


def _slope(values, wave, cluster, is_person: bool, conf_level: float) -> dict:
    """Slope of one item in one stratum; `support` is the number in the smallest wave."""
    known = np.isfinite(values)
    y, x, who = values[known], wave[known], pd.factorize(cluster[known])[0]
    n, n_cluster = len(y), len(np.unique(who))
    smallest = int(pd.Series(x).value_counts().min()) if n else 0
    row = {"estimate": np.nan, "std_error": np.nan, "conf_low": np.nan, "conf_high": np.nan, "n": n,
           "n_cluster": np.nan if is_person else n_cluster, "support": smallest,
           "reason": ""}  # fmt: skip
    if n == 0 or len(np.unique(x)) < 2:
        return row | {"reason": reasons(np.array([n]))[0] or ONE_WAVE}
    centred = x - x.mean()
    slope = centred @ y / (centred @ centred)
    df = n_cluster - (2 if is_person else 1)
    if df < 1 or n < 3:
        return row | {"estimate": slope, "reason": NO_DF}
    residual = y - y.mean() - slope * centred
    score = np.bincount(who, centred * residual)
    factor = n_cluster / (n_cluster - 1) * (n - 1) / (n - 2)
    error = np.sqrt(factor * (score @ score)) / (centred @ centred)
    half = stats.t.ppf((1 + conf_level) / 2, df) * error
    return row | {"estimate": slope, "std_error": error, "conf_low": slope - half,
                  "conf_high": slope + half}  # fmt: skip


def survey_change(
    responses: Responses,
    *,
    before: str | int,
    after: str | int,
    scale: tuple[float, float],
    instrument: str | None = None,
    group: str | None = None,
    by: str | Sequence[str] | None = None,
    reverse: Sequence[str] = (),
    least: float = 0.5,
    conf_level: float = 0.95,
) -> ResponseMeasures:
    """Change of every item within the respondents who answered at two waves. A description.

    Parameters
    ----------
    responses, scale, instrument, by, reverse, least, conf_level
        As for `collaboration_quality`; strata are those of the respondent at `before`.
    before, after : str or int
        Waves, such as `start` and `end`, or years.
    group : str, optional
        Respondents of one group only, such as `participant`.

    Returns
    -------
    ResponseMeasures
        For each stratum and item: `mean_change` in points (0-100), and `share_up` and
        `share_down` in per cent, among the `n` who answered that item at both waves; of the
        index the change alone.

    Raises
    ------
    EstimationError
        If nobody answered at both waves.
    ParameterError
        If both waves are the same.

    Notes
    -----
    The change has Student's t of the paired differences, shares have Wilson's interval. Change in
    those who answered twice says nothing of those who did not, nor of what caused it.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"who": list("aabbcc"), "when": ["start", "end"] * 3, "item": "i1",
    ...      "answer": [2, 4, 3, 4, 3, 3]}
    ... )
    >>> sample = Responses.from_frame(
    ...     frame, respondent="who", item="item", value="answer", wave="when"
    ... )
    >>> table = survey_change(sample, before="start", after="end", scale=(1, 5)).tidy()
    >>> table.loc[table["item"] == "i1", ["quantity", "estimate", "n"]].round(1)
          quantity  estimate  n
    0  mean_change      25.0  3
    1     share_up      66.7  3
    2   share_down       0.0  3
    """
    require_level(conf_level)
    first, second = str(before), str(after)
    if first == second:
        raise ParameterError("survey_change: `before` and `after` are the same wave")
    given = answered(
        responses, instrument=instrument, scale=scale, reverse=reverse, least=least, group=group
    )
    people, points = _two_waves(given, first, second)
    code, labels = group_rows(people, by)
    parts = [
        part | {"stratum": label, "item": item}
        for label, rows in zip(labels, rows_by_group(code, len(labels)), strict=True)
        for item in given.points
        for part in _change(points[0][item][rows], points[1][item][rows], conf_level)
        if item != INDEX or part["quantity"] == "mean_change"
    ]
    rows = pd.DataFrame(parts)
    return ResponseMeasures(
        rows=rows.drop(columns=["k", "complement"]),
        summary={
            "n": int(rows["n"].max()), "n_stratum": len(labels),
            "n_item": given.points.shape[1] - 1, "instrument": given.people["instrument"].iloc[0],
            "scale_low": scale[0], "scale_high": scale[1], "before": first, "after": second,
            "cluster": "", "conf_level": conf_level, "method": "paired t; Wilson",
            "label": "description",
        },
        support={"n": rows["n"], "k": rows["k"], "complement": rows["complement"]},
        provenance=provenance(
            "survey_change", responses.digest, before=first, after=second, scale=scale,
            instrument=instrument, group=group, by=by, reverse=tuple(reverse), least=least,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _two_waves(given, first: str, second: str):
    """Respondents of either wave, and their answers at both as arrays by item; NaN where none."""
    people = given.people.reset_index(drop=True)
    at = {wave: people.index[people[WAVE] == wave] for wave in (first, second)}
    rows = people.loc[at[first].append(at[second])].drop_duplicates(RESPONDENT)
    found = []
    for wave in (first, second):
        points = given.points.loc[at[wave]].set_axis(people.loc[at[wave], RESPONDENT], axis=0)
        points = points.reindex(rows[RESPONDENT])
        found.append({item: points[item].to_numpy(dtype=float) for item in given.points})
    both = [np.isfinite(found[0][item]) & np.isfinite(found[1][item]) for item in given.points]
    if not np.any(both):
        raise EstimationError(f"survey_change: nobody answered at both waves {first} and {second}")
    return rows.reset_index(drop=True), found


def _change(before: np.ndarray, after: np.ndarray, conf_level: float) -> list[dict]:
    """Mean change and shares up and down of one item; those who answered once are `k`."""
    pair = np.isfinite(before) & np.isfinite(after)
    once = int((np.isfinite(before) ^ np.isfinite(after)).sum())
    change = (after - before)[pair]
    n = len(change)
    mean = change.mean() if n else np.nan
    error = change.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    half = stats.t.ppf((1 + conf_level) / 2, max(n - 1, 1)) * error
    base = {"n": n, "reason": reasons(np.array([n]))[0]}
    rows = [base | {"quantity": "mean_change", "estimate": mean, "std_error": error,
                    "conf_low": mean - half, "conf_high": mean + half, "unit": POINTS,
                    "k": once or np.nan, "complement": np.nan}]  # fmt: skip
    for quantity, count in (("share_up", (change > 1e-9).sum()),
                            ("share_down", (change < -1e-9).sum())):  # fmt: skip
        low, high = wilson(np.array([float(count)]), np.array([float(n)]), conf_level)
        rows.append(base | {
            "quantity": quantity, "estimate": 100 * count / n if n else np.nan,
            "std_error": np.nan, "conf_low": 100 * low[0], "conf_high": 100 * high[0],
            "unit": PERCENT, "k": int(count), "complement": n - int(count),
            "reason": reasons(np.array([n]))[0] if n == 0 else "",
        })  # fmt: skip
    return rows
