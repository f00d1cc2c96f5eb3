"""Quality and climate of collaboration: items and their index from 0 to 100."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.cohort.samples import Responses
from evalkit.errors import EstimationError
from evalkit.follow_up.scores import (
    INDEX,
    PERCENT,
    POINTS,
    QUESTIONNAIRE,
    Answered,
    Cells,
    answered,
    cell_means,
    cells_of,
    n_answered,
    reasons,
    require_level,
    wilson,
)
from evalkit.provenance import provenance
from evalkit.results import ResponseScores

METHOD = "mean of items on 0-100; Student's t"


def collaboration_quality(
    responses: Responses,
    *,
    scale: tuple[float, float],
    instrument: str | None = None,
    by: str | Sequence[str] | None = None,
    per_wave: bool = False,
    reverse: Sequence[str] = (),
    least: float = 0.5,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ResponseScores:
    """Score the quality or the climate of collaboration, item by item and as an index.

    Parameters
    ----------
    responses : Responses
    scale : (float, float)
        Lowest and highest possible answer. The scale is the questionnaire's, never what happens
        to have been answered.
    instrument : str, optional
        Name of the questionnaire; needed where the answers are to several.
    by : str or list of str, optional
        Columns that make strata: `respondent_group`, `federation`, `municipality`, `package_id`.
    per_wave : bool
        Each wave on its own; otherwise all together.
    reverse : sequence of str
        Items whose highest answer is the worst.
    least : float
        Share of the items that a respondent must have answered to have an index.
    cluster : str, optional
        Column over which the error is taken, such as `package_id` or `federation`; by default the
        respondent.
    conf_level : float

    Returns
    -------
    ResponseScores
        For each stratum and wave: `questionnaire` with the share of those asked who answered
        anything (per cent), each item, and `index`. Means are in points from 0 to 100;
        `n_asked` were asked, `n` answered, `non_response` is the share who did not; with waves
        together each wave of a respondent counts there. The support, and `n` of the glance, count
        respondents once.

    Raises
    ------
    CohortError
        If there is no such questionnaire, or none is named and there are several.
    EstimationError
        If answers lie outside the scale, or `cluster` has a single value.
    ParameterError
        If the scale, `least`, `reverse` or the level cannot be.

    Warns
    -----
    SmallSampleWarning
        If a stratum has fewer than six clusters: its interval is over respondents then, and leaves
        differences between clusters out.

    Notes
    -----
    A respondent's index is the mean of the items answered, if their share is `least` at least, and
    missing otherwise; the index is the mean of respondents' indices. Intervals are Student's t with
    one less than the number of respondents (clusters) degrees of freedom; the share who answered
    has Wilson's. Respondents are those who answered: nothing is said of the others.

    References
    ----------
    Socialstyrelsen (2001), final report on FRISAM: eight criteria of quality, ten drivers of the
    climate. The wording of questionnaires is not shipped.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"who": ["a", "a", "b", "b", "c"], "item": ["i1", "i2", "i1", "i2", "i1"],
    ...      "answer": [5, 3, 3, 3, None]}
    ... )
    >>> sample = Responses.from_frame(frame, respondent="who", item="item", value="answer")
    >>> table = collaboration_quality(sample, scale=(1, 5)).tidy()
    >>> table[["item", "estimate", "n", "n_asked"]].round(1)
                item  estimate    n  n_asked
    0  questionnaire      66.7  2.0        3
    1             i1      75.0  2.0        3
    2             i2      50.0  2.0        3
    3          index      62.5  2.0        3
    """
    require_level(conf_level)
    given = answered(responses, instrument=instrument, scale=scale, reverse=reverse, least=least)
    cells = cells_of(given.people, by, per_wave, cluster)
    rows = pd.concat(
        [_answered_rows(given, cells, conf_level), _score_rows(given, cells, conf_level)]
    )
    rows = in_order(rows, list(given.points.columns))
    return ResponseScores(
        rows=rows.drop(columns=["k", "complement", "persons"]),
        summary={
            "n": n_answered(given.people, given.points),
            "n_stratum": len(set(cells.stratum)),
            "n_wave": len(set(cells.wave)),
            "n_item": given.points.shape[1] - 1,
            "instrument": given.people["instrument"].iloc[0],
            "scale_low": scale[0],
            "scale_high": scale[1],
            "least": least,
            "cluster": cluster or "",
            "conf_level": conf_level,
            "method": METHOD,
            "label": "description",
        },
        support={"n": rows["persons"], "k": rows["k"], "complement": rows["complement"]},
        provenance=provenance(
            "collaboration_quality", responses.digest, instrument=instrument, scale=scale, by=by,
            per_wave=per_wave, reverse=tuple(reverse), least=least, cluster=cluster,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def joint_work_time(
    responses: Responses,
    *,
    item: str,
    instrument: str | None = None,
    by: str | Sequence[str] | None = None,
    per_wave: bool = True,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ResponseScores:
    """Mean hours that staff spend on working together, as they state them.

    Parameters
    ----------
    responses, instrument, by, per_wave, cluster, conf_level
        As for `collaboration_quality`.
    item : str
        Id of the question whose answer is a number of hours.

    Returns
    -------
    ResponseScores
        One row a stratum and wave; `unit` is hours.

    Raises
    ------
    EstimationError
        If nobody was asked this item, or hours are negative.

    Examples
    --------
    >>> frame = pd.DataFrame({"who": ["a", "b"], "item": ["hours"] * 2, "answer": [4, 6]})
    >>> sample = Responses.from_frame(frame, respondent="who", item="item", value="answer")
    >>> joint_work_time(sample, item="hours").tidy()[["estimate", "unit"]]
       estimate   unit
    0       5.0  hours
    """
    require_level(conf_level)
    people, answers = responses.questionnaire(instrument)
    if item not in answers:
        raise EstimationError(
            f"item: {item!r} is not asked; there are {', '.join(answers.columns)}"
        )
    hours = answers[item].to_numpy(dtype=float)
    if (hours < 0).any():
        raise EstimationError(f"{item}: {int((hours < 0).sum())} of {len(hours)} are below 0 hours")
    cells = cells_of(people, by, per_wave, cluster)
    rows = mean_rows(item, "mean", hours, cells, "hours", conf_level)
    persons = rows.pop("persons")
    return ResponseScores(
        rows=rows,
        summary={
            "n": n_answered(people, answers[[item]]), 
            "n_stratum": len(set(cells.stratum)), "n_wave": len(set(cells.wave)), "n_item": 1,
            "instrument": people["instrument"].iloc[0], "cluster": cluster or "",
            "conf_level": conf_level, "method": "mean; Student's t", "label": "description",
        },
        support={"n": persons},
        provenance=provenance(
            "joint_work_time", responses.digest, item=item, instrument=instrument, by=by,
            per_wave=per_wave, cluster=cluster, conf_level=conf_level,
        ),
    )  # fmt: skip


def mean_rows(
    item: str, quantity: str, values: np.ndarray, cells: Cells, unit: str, conf_level: float
) -> pd.DataFrame:
    """Rows of the mean of one item, one a cell; `persons` are the respondents who answered it."""
    means = cell_means(values, cells)
    persons = cells.persons(np.isfinite(values))
    asked = np.bincount(cells.code, minlength=len(cells.stratum))
    low, high = means.interval(conf_level)
    return pd.DataFrame({
        "stratum": cells.stratum, "federation": "", "wave": cells.wave, "item": item,
        "quantity": quantity, "weighting": "respondents", "estimate": means.mean,
        "std_error": means.error, "conf_low": low, "conf_high": high, "n": means.n,
        "n_asked": asked, "n_cluster": means.n_cluster, "non_response": 1 - means.n / asked,
        "unit": unit, "reason": reasons(means.n), "persons": persons,
    })  # fmt: skip


def _score_rows(given: Answered, cells: Cells, conf_level: float) -> pd.DataFrame:
    """Rows of all items and of the index, with how far the answers are from either end."""
    rows = pd.concat([
        mean_rows(item, "mean", points.to_numpy(dtype=float), cells, POINTS, conf_level)
        for item, points in given.points.items()
    ])  # fmt: skip
    limits = {name: np.clip(rows[name], 0, 100) for name in ("conf_low", "conf_high")}
    return from_ends(rows.assign(**limits), given.steps)


def from_ends(rows: pd.DataFrame, steps: float) -> pd.DataFrame:
    """Add how many steps all answers together are above the lowest and below the highest."""
    above = rows["n"] * rows["estimate"].fillna(0) / 100 * steps
    return rows.assign(k=above.round(6), complement=(rows["n"] * steps - above).round(6))


def _answered_rows(given: Answered, cells: Cells, conf_level: float) -> pd.DataFrame:
    """Rows of the share of those asked who answered anything.

    Its interval is that of so many persons as were asked: one asked in two waves is no two.
    """
    n_cell = len(cells.stratum)
    any_answer = given.points.notna().any(axis=1).to_numpy()
    asked = np.bincount(cells.code, minlength=n_cell)
    n = np.bincount(cells.code, any_answer, n_cell)
    persons = cells.persons(np.ones(len(any_answer), dtype=bool))
    low, high = wilson(n / asked * persons, persons, conf_level)
    silent = asked - n
    return pd.DataFrame({
        "stratum": cells.stratum, "federation": "", "wave": cells.wave, "item": QUESTIONNAIRE,
        "quantity": "share_answered", "weighting": "respondents", "estimate": 100 * n / asked,
        "conf_low": 100 * low, "conf_high": 100 * high, "n": n, "n_asked": asked,
        "non_response": silent / asked, "unit": PERCENT, "reason": "",
        "k": np.nan, "complement": np.nan, "persons": cells.persons(any_answer),
    })  # fmt: skip


def in_order(rows: pd.DataFrame, items: list[str]) -> pd.DataFrame:
    """Rows by stratum and wave as they came, then items in their order, the index last."""
    place = {item: position for position, item in enumerate([QUESTIONNAIRE, *items])}
    place[INDEX] = len(place)
    rows = rows.reset_index(drop=True)
    cell = pd.factorize(rows["stratum"] + "\n" + rows["wave"])[0]
    return rows.iloc[np.lexsort((rows["item"].map(place), cell))].reset_index(drop=True)
