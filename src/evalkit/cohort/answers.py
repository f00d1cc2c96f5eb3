"""Health answers by wave: which answer belongs to which planned month."""

import numpy as np
import pandas as pd

from evalkit.cohort.months import month_number
from evalkit.errors import CohortError
from evalkit.records import schema
from evalkit.study import Health

BASELINE_LATEST_DAYS = 14  # a baseline is answered at most two weeks after the start
END = "end"


def answers_by_wave(
    health: pd.DataFrame, persons: pd.Series, start: pd.Series, protocol: Health
) -> pd.DataFrame:
    """Put the answers of persons to the waves of the protocol, one row a person and wave.

    An answer belongs to a wave when its date lies within the protocol's window (in months) around
    the planned month; the baseline is closed 14 days after the start, whatever the window. The
    nearest wave wins for an answer, and the nearest answer wins for a wave, the earlier one of two
    equally near. Without a date, of the answer or of the start, the planned month counts. Answers
    planned for the `end` of a package are never a wave.

    Parameters
    ----------
    health : DataFrame
        The table of the records.
    persons, start : Series, n rows
        Ids, and the date at which each person started.

    Returns
    -------
    DataFrame
        `row` (position of the person), `wave`, `instrument` and one numeric column an item.

    Raises
    ------
    CohortError
        If no answer of these persons is from the protocol's instrument.
    """
    row = pd.Index(persons).get_indexer(health[schema.PERSON_ID])
    mine = row >= 0
    chosen = mine & (health[schema.INSTRUMENT] == protocol.instrument).to_numpy()
    if mine.any() and not chosen.any():
        raise CohortError(
            f"health: none of {int(mine.sum())} rows of those analysed is from the instrument "
            f"{protocol.instrument} that the study file names (health.instrument)"
        )
    rows = health[chosen].assign(row=row[chosen])
    rows = rows[rows[schema.OCCASION] != END].reset_index(drop=True)
    begun = start.reset_index(drop=True).take(rows["row"]).reset_index(drop=True)
    planned = pd.to_numeric(rows[schema.OCCASION]).to_numpy(dtype=float)
    wave, distance = _nearest_wave(rows[schema.DATE], begun, planned, protocol)
    rows = rows.assign(wave=wave, distance=distance)[distance < np.inf]
    key = ["row", "wave", schema.INSTRUMENT]
    nearest = rows.sort_values([*key, "distance", schema.DATE], kind="stable")
    answer = nearest.drop_duplicates(key)[[*key, schema.OCCASION, schema.DATE]]
    kept = rows.merge(answer, on=[*key, schema.OCCASION, schema.DATE])
    wide = kept.pivot_table(
        index=key, columns=schema.ITEM, values=schema.VALUE, aggfunc="first", dropna=True
    )
    wide = wide.reset_index().rename_axis(columns=None)
    return wide.astype({"wave": int}) if len(wide) else pd.DataFrame(columns=key)


def _nearest_wave(
    date: pd.Series, start: pd.Series, planned: np.ndarray, protocol: Health
) -> tuple[np.ndarray, np.ndarray]:
    """Wave of each answer and its distance in months; infinite where it belongs to none."""
    waves = np.array(protocol.waves, dtype=float)
    undated = (date.isna() | start.isna()).to_numpy()
    # Whole months apart, and days as parts of the longest month: the same day of the month k
    # months later is k months away, whatever the length of the months between.
    elapsed = (month_number(date) - month_number(start)).astype(float)
    elapsed += ((date.dt.day - start.dt.day) / 31).to_numpy()
    elapsed[undated] = planned[undated]
    low, high = protocol.window_months
    apart = elapsed[:, None] - waves
    inside = (apart >= low) & (apart <= high)
    days = (date - start).dt.days.to_numpy(dtype=float)
    days[undated] = 0.0
    baseline = np.flatnonzero(waves == 0)
    inside[:, baseline] &= (days <= BASELINE_LATEST_DAYS)[:, None]
    distance = np.where(inside, np.abs(apart), np.inf)
    nearest = distance.argmin(axis=1)
    return waves[nearest], distance[np.arange(len(distance)), nearest]
