"""Answers on a scale from 0 to 100, and means of them with errors over clusters."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.cohort.samples import Responses, group_rows
from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning

RESPONDENT, WAVE, FEDERATION = "respondent_id", "wave", "federation"
INDEX, QUESTIONNAIRE = "index", "questionnaire"
POINTS, PERCENT = "points", "percent"
NOBODY, ONE = "nobody answered", "one respondent"
FEW_CLUSTERS = 6  # below it, intervals leave differences between clusters out
STEPS = 4  # of a scale, by which means near its ends are judged


@dataclass(frozen=True, slots=True)
class Answered:
    """A questionnaire in wide form, on a scale from 0 to 100.

    Attributes
    ----------
    people : DataFrame, n rows
        One row a respondent and wave asked.
    points : DataFrame, n rows
        One column an item, and last `index`; NaN where there is no answer.
    steps : float
        Steps of the scale, at most four.
    """

    people: pd.DataFrame
    points: pd.DataFrame
    steps: float


def answered(
    responses: Responses, *, instrument: str | None, scale: tuple[float, float],
    reverse: Sequence[str] = (), least: float = 0.5, group: str | None = None,
) -> Answered:  # fmt: skip
    """Put answers on a scale from 0 to 100, and add the index of each respondent."""
    if not 0 < least <= 1:
        raise ParameterError(f"least: {least} is not above 0 and at most 1")
    people, answers = responses.questionnaire(instrument, group)
    points = on_hundred(answers, scale, reverse)
    known = points.notna().mean(axis=1)
    index = points.mean(axis=1).where((known >= least) & (known > 0))
    return Answered(people, points.assign(**{INDEX: index}), float(min(scale[1] - scale[0], STEPS)))


def on_hundred(
    answers: pd.DataFrame, scale: tuple[float, float], reverse: Sequence[str] = ()
) -> pd.DataFrame:
    """Answers from `scale` (lowest, highest) to 0-100; those of `reverse` the other way round.

    Raises
    ------
    EstimationError
        If answers lie outside the scale: how many of which item, never the answer.
    ParameterError
        If the scale is not rising, or an item of `reverse` is none of the questionnaire's.
    """
    low, high = scale
    if not low < high:
        raise ParameterError(f"scale: the lowest answer {low} is not below the highest {high}")
    unknown = sorted(set(reverse) - set(answers.columns))
    if unknown:
        raise ParameterError(
            f"reverse: no item {', '.join(unknown)}; there are {', '.join(answers.columns)}"
        )
    outside = ((answers < low) | (answers > high)).sum()
    wrong = outside[outside > 0]
    if len(wrong):
        told = ", ".join(f"{item} ({count})" for item, count in wrong.items())
        raise EstimationError(
            f"scale: answers outside {low:g} to {high:g}: {told}. Correct the records, or give the "
            "scale of the questionnaire."
        )
    points = 100 * (answers - low) / (high - low)
    return points.assign(**{item: 100 - points[item] for item in reverse})


@dataclass(frozen=True, slots=True)
class Cells:
    """Groups of rows (stratum by wave), and the clusters that errors are taken over.

    Where waves are taken together a respondent can have several rows in a cell.
    """

    code: np.ndarray
    stratum: list[str]
    wave: list[str]
    cluster: np.ndarray
    is_person: bool
    person: np.ndarray

    def persons(self, chosen: np.ndarray) -> np.ndarray:
        """Respondents with a chosen row in each cell, each counted once."""
        pairs = np.unique(np.column_stack([self.code[chosen], self.person[chosen]]), axis=0)
        return np.bincount(pairs[:, 0], minlength=len(self.stratum)).astype(float)


def cells_of(
    people: pd.DataFrame, by: str | Sequence[str] | None, per_wave: bool, cluster: str | None
) -> Cells:
    """Cells of the rows: strata by `by`, and waves where they are apart.

    Raises
    ------
    EstimationError
        If `cluster` has one value only.
    """
    stratum, labels = group_rows(people, by)
    wave, waves = group_rows(people, WAVE) if per_wave else (np.zeros(len(people), int), ("",))
    pair = stratum * len(waves) + wave
    found, code = np.unique(pair, return_inverse=True)
    number = pd.factorize(people[cluster or RESPONDENT])[0]
    if cluster is not None:
        _check_clusters(people[cluster], cluster)
    return Cells(
        code, [labels[one // len(waves)] for one in found],
        [waves[one % len(waves)] for one in found], number, cluster is None,
        pd.factorize(people[RESPONDENT])[0],
    )  # fmt: skip


def _check_clusters(column: pd.Series, name: str) -> None:
    if column.isna().any():
        raise EstimationError(f"cluster: {int(column.isna().sum())} rows have no {name}")
    if column.nunique() < 2:
        raise EstimationError(
            f"cluster: {name} has {column.nunique()} value; an interval over clusters needs two "
            "at least. Leave cluster out, and say that differences between them are not included."
        )


@dataclass(frozen=True, slots=True)
class Means:
    """Mean of each cell with its error; NaN where it is not defined."""

    n: np.ndarray
    n_cluster: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    df: np.ndarray

    def interval(self, conf_level: float) -> tuple[np.ndarray, np.ndarray]:
        """Limits by Student's t."""
        with np.errstate(invalid="ignore"):
            half = stats.t.ppf((1 + conf_level) / 2, np.maximum(self.df, 1)) * self.error
        return self.mean - half, self.mean + half


def cell_means(values: np.ndarray, cells: Cells) -> Means:
    """Means over cells, with errors over their clusters; over persons where these are few.

    Notes
    -----
    The squared error is G/(G - 1) times the sum over G clusters of (sum of deviations)^2, over
    n^2: with one respondent a cluster, s^2/n. It has G - 1 degrees of freedom.
    """
    known = np.isfinite(values)
    y, code, cluster = values[known], cells.code[known], cells.cluster[known]
    n_cell = len(cells.stratum)
    n = np.bincount(code, minlength=n_cell).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(code, y, n_cell) / n
    own, own_error = _error(y - mean[code], code, np.arange(len(y)), n)
    count, error = _error(y - mean[code], code, cluster, n)
    few = (count < FEW_CLUSTERS) & (not cells.is_person)
    if (few & (n > 0)).any():
        warnings.warn(
            f"fewer than {FEW_CLUSTERS} clusters in {int((few & (n > 0)).sum())} groups: their "
            "intervals are over respondents; differences between clusters are not included",
            SmallSampleWarning, stacklevel=4,
        )  # fmt: skip
    error, used = np.where(few, own_error, error), np.where(few, own, count)
    return Means(n, np.where(cells.is_person, np.nan, count), mean, error, used - 1.0)


def _error(deviation, code, cluster, n) -> tuple[np.ndarray, np.ndarray]:
    """Number of clusters in each cell and the error of its mean over them."""
    width = int(cluster.max(initial=0)) + 1
    found, at = np.unique(code * width + cluster, return_inverse=True)
    cell = found // width
    count = np.bincount(cell, minlength=len(n)).astype(float)
    total = np.bincount(cell, np.bincount(at, deviation, len(found)) ** 2, len(n))
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(count / (count - 1) * total) / n
    return count, np.where(count > 1, error, np.nan)


def wilson(k: np.ndarray, n: np.ndarray, conf_level: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of shares, from 0 to 1; NaN where n is 0."""
    z = stats.norm.ppf((1 + conf_level) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = k / n
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)


def n_answered(people: pd.DataFrame, answers: pd.DataFrame) -> int:
    """Respondents who answered anything, each counted once."""
    return int(people.loc[answers.notna().any(axis=1).to_numpy(), RESPONDENT].nunique())


def reasons(n: np.ndarray) -> list[str]:
    """Why a mean or its interval is missing; empty where neither is."""
    return [NOBODY if count == 0 else ONE if count == 1 else "" for count in n]


def require_level(conf_level: float) -> None:
    """Refuse a level of confidence that is none."""
    if not 0 < conf_level < 1:
        raise ParameterError(f"conf_level: {conf_level} is not between 0 and 1")
