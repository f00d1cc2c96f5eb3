"""Months of the persons analysed: support, states and occasions on each person's clock."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.months import (
    NEVER,
    SOURCES,
    STATE_GROUPS,
    absorbing_months,
    received,
    spells_on_clock,
    state_of_month,
)
from evalkit.records import schema

HISTORY_MONTHS = 24
OCCASIONS = (-12, 0, 12, 24)
ANY_SUPPORT = "any_support"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Timelines:
    """What the records say about some persons, month by month.

    Attributes
    ----------
    index_month, last : ndarray of int, shape (n,)
        Month number of month 0, and the data cut on the person's clock.
    history : int
        Months before the index month in `support`.
    spells : DataFrame
        See `evalkit.cohort.months.spells_on_clock`.
    support : ndarray of bool, shape (n, history + 1 + max(last))
        Public support received.
    parental : ndarray of bool, shape (n, 1 + max(last))
        Parental benefit received, from the index month on.
    absorbed : dict of str to ndarray of int, shape (n,)
    """

    index_month: np.ndarray
    last: np.ndarray
    history: int
    min_share: float | None
    spells: pd.DataFrame
    support: np.ndarray
    parental: np.ndarray
    absorbed: Mapping[str, np.ndarray]

    @property
    def ahead(self) -> np.ndarray:
        """Public support from the index month on."""
        return self.support[:, self.history :]

    @property
    def before(self) -> np.ndarray:
        """Public support before the index month."""
        return self.support[:, : self.history]

    def months(self, chosen: pd.Series, window: tuple[int, int]) -> np.ndarray:
        """Months of the window in which the chosen spells were paid."""
        return received(
            self.spells[chosen], self.index_month, window=window, min_share=self.min_share
        )

    def keep(self, kept: np.ndarray) -> "Timelines":
        """Limit to the persons where `kept` is true."""
        position = np.cumsum(kept) - 1
        row = self.spells["row"].to_numpy()
        spells = self.spells[kept[row]].assign(row=position[row[kept[row]]])
        last = self.last[kept]
        n_month = int(last.max(initial=0)) + 1
        return Timelines(
            index_month=self.index_month[kept],
            last=last,
            history=self.history,
            min_share=self.min_share,
            spells=spells.reset_index(drop=True),
            support=self.support[kept][:, : self.history + n_month],
            parental=self.parental[kept][:, :n_month],
            absorbed={name: month[kept] for name, month in self.absorbed.items()},
        )


def timelines(
    spells: pd.DataFrame,
    book: pd.DataFrame,
    persons: pd.DataFrame,
    index_month: np.ndarray,
    *,
    data_cut: int,
    history: int,
    min_share: float | None,
) -> Timelines:
    """Follow persons from `history` months before their index month to the data cut.

    Parameters
    ----------
    persons : DataFrame, n rows
        With `person_id`, `died_month`, `emigrated_month`.
    index_month : ndarray of int, shape (n,)
        Month numbers, none after the data cut.
    min_share : float, optional
        See `evalkit.cohort.months.received`.
    """
    clocked = spells_on_clock(
        spells, book, persons[schema.PERSON_ID], index_month, data_cut=data_cut
    )
    last = data_cut - index_month
    ahead = (0, int(last.max(initial=0)))
    paid = {"index_month": index_month, "min_share": min_share}
    public = clocked[clocked["public_support"]]
    return Timelines(
        index_month=index_month,
        last=last,
        history=history,
        min_share=min_share,
        spells=clocked,
        support=received(public, window=(-history, ahead[1]), **paid),
        parental=received(clocked[clocked["parental"]], window=ahead, **paid),
        absorbed=absorbing_months(clocked, persons, index_month),
    )


def states_frame(months: Timelines, *, parental_rule: str) -> pd.DataFrame:
    """State of each month as columns m000, m001, ... of int8; see `MONTH_STATES`."""
    window = (0, months.parental.shape[1] - 1)
    group = months.spells["state"].map(STATE_GROUPS)
    groups = {
        name: months.parental if name == "parental" else months.months(group == name, window)
        for name in dict.fromkeys(STATE_GROUPS.values())
        if name != "self_support"
    }
    matrix = state_of_month(groups, months.absorbed, last=months.last, parental_rule=parental_rule)
    return pd.DataFrame(matrix, columns=[f"m{month:03d}" for month in range(matrix.shape[1])])


def sources_before(months: Timelines, window: tuple[int, int] = (-12, -1)) -> pd.DataFrame:
    """Whether each source of support was received in the months before: `sickness_before`, ..."""
    flags = {f"{name}_before": _source(months, name, window).any(axis=1) for name in SOURCES}
    return pd.DataFrame(flags)


def occasions_frame(months: Timelines) -> pd.DataFrame:
    """Sources of support at fixed months from start, one row a person and observed occasion.

    A month after the data cut is not observed, nor is one in or after death or emigration: who is
    not there has not left support for work. `row` is the position of the person.
    """
    gone = np.minimum(months.absorbed["died"], months.absorbed["emigrated"])
    seen_until = np.minimum(months.last, np.where(gone == NEVER, NEVER, gone - 1))
    window = (min(OCCASIONS), max(OCCASIONS))
    at = np.array(OCCASIONS)
    flags = {name: _source(months, name, window)[:, at - window[0]] for name in SOURCES}
    public = months.spells["public_support"]
    flags[ANY_SUPPORT] = months.months(public, window)[:, at - window[0]]
    row, column = np.nonzero(seen_until[:, None] >= at)
    taken = {name: flag[row, column] for name, flag in flags.items()}
    return pd.DataFrame({"row": row, "occasion": at[column], **taken})


def _source(months: Timelines, name: str, window: tuple[int, int]) -> np.ndarray:
    chosen = months.spells["public_support"] & (months.spells["state"] == name)
    return months.months(chosen, window)
