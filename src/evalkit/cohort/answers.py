"""Health answers by wave: which answer belongs to which planned month."""

import numpy as np
import pandas as pd

from evalkit.cohort.months import month_number
from evalkit.errors import CohortError
from evalkit.records import schema
from evalkit.study import Health

CHUNK = 1_000_000  # answers that are put to their waves at once
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
    rows = health.loc[chosen, [schema.OCCASION, schema.DATE, schema.ITEM, schema.VALUE]]
    rows = rows.assign(row=row[chosen].astype(np.int32))
    del health  # a nation's answers are long
    rows = rows[rows[schema.OCCASION] != END].reset_index(drop=True)
    begun = start.reset_index(drop=True).take(rows["row"]).reset_index(drop=True)
    planned = pd.to_numeric(rows[schema.OCCASION]).to_numpy(dtype=float)
    dates = rows[schema.DATE]
    found = [
        _nearest_wave(dates[at], begun[at], planned[at], protocol)
        for at in (slice(low, low + CHUNK) for low in range(0, max(len(rows), 1), CHUNK))
    ]
    wave, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    rows = rows.assign(wave=wave, distance=distance)[distance < np.inf]
    wide = _one_row_a_wave(rows[_is_nearest(rows)])
    wide.insert(2, schema.INSTRUMENT, protocol.instrument)
    return wide


def _is_nearest(rows: pd.DataFrame) -> np.ndarray:
    """Rows of the answer of each person and wave that is nearest, the earlier of two."""
    occasion = pd.factorize(rows[schema.OCCASION])[0].astype(np.int32)
    marks = rows[["row", "wave", "distance", schema.DATE]].assign(occasion=occasion)
    group = marks.groupby(["row", "wave"]).ngroup().to_numpy()
    nearest = marks.sort_values(["row", "wave", "distance", schema.DATE], kind="stable")
    nearest = nearest.drop_duplicates(["row", "wave"])
    same_day = (
        marks[schema.DATE].to_numpy(dtype=np.int64)
        == (nearest[schema.DATE].to_numpy(dtype=np.int64)[group])
    )
    return same_day & (occasion == nearest["occasion"].to_numpy()[group])


def _one_row_a_wave(rows: pd.DataFrame) -> pd.DataFrame:
    """Items as columns, one row a person and wave; without those that have no answer at all."""
    rows = rows[rows[schema.VALUE].notna()]
    keys = rows[["row", "wave"]].astype({"wave": int})
    group = keys.groupby(["row", "wave"]).ngroup().to_numpy()
    item, items = pd.factorize(rows[schema.ITEM], sort=True)
    values = np.full((group.max(initial=-1) + 1, len(items)), np.nan)
    # The first of several answers stays.
    values[group[::-1], item[::-1]] = rows[schema.VALUE].to_numpy(dtype=float)[::-1]
    wide = keys.drop_duplicates().sort_values(["row", "wave"], ignore_index=True)
    return pd.concat([wide, pd.DataFrame(values, columns=list(items))], axis=1)


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
