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
    at = np.flatnonzero(chosen & (health[schema.OCCASION] != END).to_numpy())
    occasion, occasions = pd.factorize(health[schema.OCCASION].to_numpy()[at])
    item, items = pd.factorize(health[schema.ITEM].to_numpy()[at], sort=True)
    date, value = (health[name].to_numpy()[at] for name in (schema.DATE, schema.VALUE))
    row = row[at]
    del health  # a nation's answers are long
    planned = np.append(pd.to_numeric(pd.Series(occasions)).to_numpy(dtype=float), np.nan)
    begun = start.to_numpy()
    found = [
        _nearest_wave(date[part], begun[row[part]], planned[occasion[part]], protocol)
        for part in (slice(low, low + CHUNK) for low in range(0, max(len(at), 1), CHUNK))
    ]
    wave, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    rows = pd.DataFrame({
        "row": row.astype(np.int32), "wave": wave, "distance": distance, "date": date,
        "occasion": occasion.astype(np.int32), "item": item.astype(np.int32), "value": value,
    })  # fmt: skip
    rows = rows[rows["distance"] < np.inf]
    wide = _one_row_a_wave(rows[_is_nearest(rows)], list(items))
    wide.insert(2, schema.INSTRUMENT, protocol.instrument)
    return wide


def _is_nearest(rows: pd.DataFrame) -> np.ndarray:
    """Rows of the answer of each person and wave that is nearest, the earlier of two."""
    group = rows.groupby(["row", "wave"]).ngroup().to_numpy()
    order = ["row", "wave", "distance", "date"]
    nearest = rows[[*order, "occasion"]].sort_values(order, kind="stable")
    nearest = nearest.drop_duplicates(["row", "wave"])
    date = nearest["date"].to_numpy(dtype=np.int64)[group]
    same_day = rows["date"].to_numpy(dtype=np.int64) == date
    return same_day & (rows["occasion"].to_numpy() == nearest["occasion"].to_numpy()[group])


def _one_row_a_wave(rows: pd.DataFrame, items: list[str]) -> pd.DataFrame:
    """Items as columns, one row a person and wave; without those that have no answer at all.

    Of several answers to one item the first counts.
    """
    rows = rows[(rows["value"].notna() & (rows["item"] >= 0)).to_numpy()]
    rows = rows.drop_duplicates(["row", "wave", "item"])
    keys = rows[["row", "wave"]].astype(int)
    group = keys.groupby(["row", "wave"]).ngroup().to_numpy()
    values = np.full((group.max(initial=-1) + 1, len(items)), np.nan)
    values[group, rows["item"].to_numpy()] = rows["value"].to_numpy(dtype=float)
    wide = keys.drop_duplicates().sort_values(["row", "wave"], ignore_index=True)
    answers = pd.DataFrame(values, columns=items)
    return pd.concat([wide, answers.dropna(axis=1, how="all")], axis=1)


def _nearest_wave(
    dates: np.ndarray, starts: np.ndarray, planned: np.ndarray, protocol: Health
) -> tuple[np.ndarray, np.ndarray]:
    """Wave of each answer and its distance in months; infinite where it belongs to none."""
    date, start = pd.Series(dates), pd.Series(starts)
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
