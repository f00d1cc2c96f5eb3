"""National indicators: every question of a questionnaire by group, federation and year."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.cohort.samples import Responses, group_rows
from evalkit.errors import ParameterError
from evalkit.follow_up.responses_index import from_ends, in_order, mean_rows
from evalkit.follow_up.scores import (
    INDEX,
    PERCENT,
    POINTS,
    answered,
    cells_of,
    n_answered,
    require_level,
    wilson,
)
from evalkit.provenance import provenance
from evalkit.results import ResponseScores

FEW_FEDERATIONS = "an interval over federations needs three"
SHARE, MEAN = "share_top", "mean"


def indicators(
    responses: Responses,
    *,
    scale: tuple[float, float],
    top: float | None = None,
    instrument: str | None = None,
    by: str | Sequence[str] | None = "respondent_group",
    federation: str | None = "federation",
    per_wave: bool = True,
    reverse: Sequence[str] = (),
    conf_level: float = 0.95,
) -> ResponseScores:
    """Mean and share of top answers to every question, for each federation and for all together.

    Federations differ in size, so there are two numbers for all: one in which every respondent
    counts alike and one in which every federation does. Questions go by their ids: what they are
    called is not shipped.

    Parameters
    ----------
    responses : Responses
    scale : (float, float)
        Lowest and highest possible answer.
    top : float, optional
        Lowest answer that counts as a top answer (after reversing); the highest one by default.
    instrument : str, optional
        Name of the questionnaire; needed where there are several.
    by : str or list of str, optional
        Columns that make strata.
    federation : str, optional
        Column of the federation; None for no numbers by federation.
    per_wave : bool
        Each year (wave) on its own.
    reverse : sequence of str
        Items whose highest answer is the worst.
    conf_level : float

    Returns
    -------
    ResponseScores
        Rows with `federation` are those of one federation; rows without, of all: `weighting` is
        `respondents` or `federations`. `n` answered of `n_asked`; of the mean of federations,
        `n_cluster` is how many there are.

    Raises
    ------
    CohortError, EstimationError
        As for `collaboration_quality`; also where a respondent's federation is missing.
    ParameterError
        If `top` is outside the scale.

    Notes
    -----
    Means are in points from 0 to 100 with Student's t over respondents; shares in per cent with
    Wilson's interval (t where a respondent answered in several waves that are taken together). The
    mean of federations has, from three on, the error of a mean of its G federations, t with G - 1
    degrees of freedom: it speaks of federations like these.

    References
    ----------
    Nationella nätverket för samordningsförbund: indicators of financial coordination, measured
    since 2017. The titles of the indicators are not confirmed, and not shipped.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"who": list("abcd"), "place": ["x", "x", "x", "y"], "item": "i1",
    ...      "answer": [5, 5, 1, 3]}
    ... )
    >>> sample = Responses.from_frame(
    ...     frame, respondent="who", item="item", value="answer", federation="place"
    ... )
    >>> table = indicators(sample, scale=(1, 5), by=None).tidy()
    >>> means = table[table["quantity"] == "mean"]
    >>> means[["federation", "weighting", "estimate", "n"]].round(1)
      federation    weighting  estimate    n
    0             respondents      62.5  4.0
    1             federations      58.3  4.0
    4          x  respondents      66.7  3.0
    6          y  respondents      50.0  1.0
    """
    require_level(conf_level)
    cut = scale[1] if top is None else top
    if not scale[0] < cut <= scale[1]:
        raise ParameterError(f"top: {cut:g} is not above {scale[0]:g} and at most {scale[1]:g}")
    given = answered(responses, instrument=instrument, scale=scale, reverse=reverse)
    people, points = given.people, given.points.drop(columns=INDEX)
    least = 100 * (cut - scale[0]) / (scale[1] - scale[0])
    parts = []
    if federation is not None:
        _require_federation(people, federation)
        named = people.assign(_federation=people[federation].astype(str))
        parts = _rows(named, points, by, per_wave, least, given.steps, conf_level, "_federation")
    parts += _rows(people, points, by, per_wave, least, given.steps, conf_level, None)
    rows = pd.concat(parts, ignore_index=True)
    if federation is not None:
        rows = pd.concat([rows, _federation_means(rows, conf_level)], ignore_index=True)
    rows = _sorted(rows, list(points))
    return ResponseScores(
        rows=rows.drop(columns=["k", "complement", "support", "persons"]),
        summary={
            "n": n_answered(people, points), 
            "n_stratum": rows["stratum"].nunique(), "n_wave": rows["wave"].nunique(),
            "n_item": points.shape[1], "instrument": people["instrument"].iloc[0],
            "scale_low": scale[0], "scale_high": scale[1], "top": cut, "cluster": "",
            "conf_level": conf_level, "label": "description",
            "method": "mean on 0-100, Student's t; share of top answers, Wilson",
        },
        support={"n": rows["support"], "k": rows["k"], "complement": rows["complement"]},
        provenance=provenance(
            "indicators", responses.digest, scale=scale, top=cut, instrument=instrument, by=by,
            federation=federation, per_wave=per_wave, reverse=tuple(reverse),
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _require_federation(people: pd.DataFrame, name: str) -> None:
    if name not in people:
        raise ParameterError(f"federation: the answers have no column {name!r}; give None")
    group_rows(people, name)  # refuses missing ones


def _rows(
    people, points, by, per_wave, least, steps, conf_level, federation: str | None
) -> list[pd.DataFrame]:
    """Means and top shares of every item, in strata or in strata by federation."""
    names = [by] if isinstance(by, str) else list(by or [])
    stratum, labels = group_rows(people, names or None)
    place, places = group_rows(people, federation)
    keyed = people.assign(
        _cell=pd.Categorical.from_codes(
            stratum * len(places) + place, np.arange(len(labels) * len(places)).astype(str)
        )
    )
    cells = cells_of(keyed, "_cell", per_wave, None)
    number = np.array(cells.stratum, dtype=int)
    parts = []
    for item in points:
        values = points[item].to_numpy(dtype=float)
        mean = mean_rows(item, MEAN, values, cells, POINTS, conf_level)
        mean[["conf_low", "conf_high"]] = mean[["conf_low", "conf_high"]].clip(0, 100)
        parts += [from_ends(mean, steps), _top_rows(item, values, cells, least, conf_level)]
    return [
        rows.assign(
            stratum=[labels[one // len(places)] for one in number],
            federation=[places[one % len(places)] for one in number],
            support=rows["persons"],
        )
        for rows in parts
    ]


def _top_rows(item, values, cells, least, conf_level: float) -> pd.DataFrame:
    """Share of top answers among those who answered, in per cent."""
    is_top = np.where(np.isfinite(values), 100.0 * (values >= least - 1e-9), np.nan)
    rows = mean_rows(item, SHARE, is_top, cells, PERCENT, conf_level)
    k = (rows["n"] * rows["estimate"].fillna(0) / 100).round()
    low, high = wilson(k.to_numpy(), rows["n"].to_numpy(), conf_level)
    alone = (rows["persons"] == rows["n"]).to_numpy()
    rows["conf_low"] = np.where(alone, 100 * low, rows["conf_low"].clip(0, 100))
    rows["conf_high"] = np.where(alone, 100 * high, rows["conf_high"].clip(0, 100))
    rows["reason"] = rows["reason"].where(rows["n"] == 0, "")
    return rows.assign(k=k, complement=rows["n"] - k)


def _federation_means(rows: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    """Mean of federations, each counting alike, with Student's t over them."""
    own = rows[(rows["federation"] != "") & (rows["n"] > 0)]
    keys = ["stratum", "wave", "item", "quantity"]
    found = own.groupby(keys, sort=False)
    table = found.agg(
        estimate=("estimate", "mean"), spread=("estimate", "std"), n_cluster=("estimate", "size"),
        n=("n", "sum"), n_asked=("n_asked", "sum"), unit=("unit", "first"),
        support=("support", "min"), k=("k", "min"), complement=("complement", "min"),
    ).reset_index()  # fmt: skip
    error = (table["spread"] / np.sqrt(table["n_cluster"])).where(table["n_cluster"] > 2)
    half = stats.t.ppf((1 + conf_level) / 2, np.maximum(table["n_cluster"] - 1, 1)) * error
    return table.assign(
        federation="", weighting="federations", std_error=error,
        conf_low=(table["estimate"] - half).clip(0, 100),
        conf_high=(table["estimate"] + half).clip(0, 100),
        non_response=1 - table["n"] / table["n_asked"],
        reason=np.where(table["n_cluster"] < 3, FEW_FEDERATIONS, ""),
    ).drop(columns="spread")  # fmt: skip


def _sorted(rows: pd.DataFrame, items: list[str]) -> pd.DataFrame:
    """Rows by stratum, wave and federation (all first), then items, means before shares."""
    order = rows.assign(_share=rows["quantity"] == SHARE, _units=rows["weighting"] != "respondents")
    order = order.sort_values(
        ["stratum", "wave", "federation", "_share", "_units"], kind="stable", ignore_index=True
    )
    cell = order["stratum"] + "\n" + order["wave"] + "\n" + order["federation"]
    joined = order.assign(stratum=cell, _own=order["stratum"])
    rows = in_order(joined, items)
    return rows.assign(stratum=rows["_own"]).drop(columns=["_own", "_share", "_units"])
