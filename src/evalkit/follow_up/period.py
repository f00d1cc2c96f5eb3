"""The period that key figures are about."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.samples import Participations
from evalkit.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, both within the period, and how many years it is."""

    first: np.datetime64
    last: np.datetime64
    years: float


def read_period(sample: Participations, period: int | tuple[str, str] | None) -> Period:
    """A year, two months, or from the first start to the data cut, which no period goes beyond.

    Raises
    ------
    ParameterError
        If it is no year and no two months in order, or begins after the data cut.
    """
    first, last = _days(sample, period)
    last = min(last, sample.data_cut)
    if first > last:
        raise ParameterError("period: begins after its end, or after the data cut")
    months = (last.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(int) + 1
    return Period(first, last, months / 12)


def _days(sample: Participations, period) -> tuple[np.datetime64, np.datetime64]:
    if period is None:
        start = sample.start.min() if len(sample) else sample.data_cut
        return start, sample.data_cut
    if isinstance(period, int | np.integer):
        period = (f"{period}-01", f"{period}-12")
    try:
        first, last = (pd.Period(month, freq="M") for month in period)
    except (TypeError, ValueError):
        raise ParameterError(
            "period: must be a year such as 2024, or a first and a last month `YYYY-MM`"
        ) from None
    return tuple(
        np.datetime64(day.date()) for day in (first.to_timestamp(), last.to_timestamp("D", "end"))
    )
