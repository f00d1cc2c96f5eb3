"""Sample of benefits received: every spell of every person, on the clock from the start."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.codes import benefits
from evalkit.cohort.checks import frozen, refuse, require_columns
from evalkit.cohort.grouping import group_rows
from evalkit.cohort.histories import Occasions, Persons
from evalkit.cohort.months import NEVER, month_number
from evalkit.errors import CohortError
from evalkit.provenance import digest_bytes, digest_frame
from evalkit.records import schema

INDEX_MONTH = "index_month"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BenefitSpells:
    """Spells of benefits with their degree, of persons with an index month.

    Attributes
    ----------
    row, benefit : ndarray of int, shape (n_spell,)
        Person and benefit of each spell.
    first, last : ndarray of datetime64[D], shape (n_spell,)
        First and last day.
    degree : ndarray of float, shape (n_spell,)
        In per cent, above 0.
    benefits : tuple of str
        Codes of the country's code book, in its order.
    public : ndarray of bool, shape (n_benefit,)
        Whether the benefit is public support.
    index_month : ndarray of int, shape (n,)
        Number of the calendar month that is month 0.
    seen_until : ndarray of int, shape (n,)
        Last month on the clock in which the person was in the country and the records reach.
    covariates : DataFrame, n rows
    digest : str
    """

    row: np.ndarray
    benefit: np.ndarray
    first: np.ndarray
    last: np.ndarray
    degree: np.ndarray
    benefits: tuple[str, ...]
    public: np.ndarray
    index_month: np.ndarray
    seen_until: np.ndarray
    covariates: pd.DataFrame
    digest: str

    @classmethod
    def from_frame(
        cls,
        spells: pd.DataFrame,
        *,
        people: Persons,
        country: str,
        data_cut: str,
        occasions: Occasions | None = None,
    ) -> "BenefitSpells":
        """Put the spells of some people on their clocks.

        Parameters
        ----------
        spells : DataFrame
            `person_id`, `benefit`, `start`, `end` (missing: still running), `degree` (per cent;
            missing: full). Spells of other people are left out.
        people : Persons
            With `person_id` and `index_month` (`YYYY-MM`).
        country : {"SE", "FI"}
        data_cut : str
            Last month `YYYY-MM` that the records cover; running spells end there.
        occasions : Occasions, optional
            Who was observed at which months. Somebody who is missing at a month that the records
            reach has died or left the country: nobody's support has ended by that.

        Raises
        ------
        CohortError
            If a column is missing, or benefit codes are not in the code book.
        """
        require_columns(
            spells, person=schema.PERSON_ID, benefit=schema.BENEFIT, start=schema.START,
            end=schema.END, degree=schema.DEGREE,
        )  # fmt: skip
        who = people.covariates
        require_columns(who, person=schema.PERSON_ID, index_month=INDEX_MONTH)
        book = benefits(country)
        number = book.index.get_indexer(spells[schema.BENEFIT])
        refuse(number < 0, schema.BENEFIT, "not in the code book of the country")
        cut = int(month_number(data_cut))
        last_day = np.datetime64(data_cut, "M").astype("datetime64[M]") + 1 - np.timedelta64(1, "D")
        row = pd.Index(who[schema.PERSON_ID]).get_indexer(spells[schema.PERSON_ID])
        degree = pd.to_numeric(spells[schema.DEGREE]).fillna(100.0).to_numpy(dtype=float)
        first = pd.to_datetime(spells[schema.START]).to_numpy().astype("datetime64[D]")
        end = pd.to_datetime(spells[schema.END]).to_numpy().astype("datetime64[D]")
        last = np.where(np.isnat(end) | (end > last_day), last_day, end)
        kept = (row >= 0) & (degree > 0) & (first <= last)
        begin = month_number(who[INDEX_MONTH])
        refuse(begin == NEVER, INDEX_MONTH, "missing")
        seen = _seen_until(cut - begin, who, occasions)
        arrays = (row[kept], number[kept], first[kept], last[kept], degree[kept])
        meaning = [array.tobytes() for array in (*arrays, begin, seen)]
        return cls(
            *(frozen(array, copy=False) for array in arrays),
            benefits=tuple(book.index),
            public=frozen(book["public_support"].to_numpy(dtype=bool)),
            index_month=frozen(begin),
            seen_until=frozen(seen),
            covariates=who.copy(),
            digest=digest_bytes(digest_frame(who).encode(), *meaning)[:16],
        )

    def paid(self, window: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Days with each benefit in a window of months on the clock, whole and by degree.

        Parameters
        ----------
        window : (int, int)
            First and last month, counted from the index month 0; the ends are included.

        Returns
        -------
        days, degree_days : ndarray of float, shape (n, n_benefit)
            Days with the benefit, at most as many as the window has; days times degree / 100.
        """
        low, high = window
        if high < low:
            raise CohortError("window: the last month is before the first")
        begin, end = self._day(low), self._day(high + 1)
        first = np.maximum(self.first.astype(np.int64), begin[self.row])
        length = np.minimum(self.last.astype(np.int64) + 1, end[self.row]) - first
        inside = length > 0
        row, benefit, length = self.row[inside], self.benefit[inside], length[inside]
        shape = (len(self.index_month), len(self.benefits))
        days, weighted = np.zeros(shape), np.zeros(shape)
        np.add.at(days, (row, benefit), length)
        np.add.at(weighted, (row, benefit), length * self.degree[inside] / 100)
        return np.minimum(days, (end - begin)[:, None]), weighted

    def days_in(self, window: tuple[int, int]) -> np.ndarray:
        """Days of the window, for each person."""
        return self._day(window[1] + 1) - self._day(window[0])

    def _day(self, month: int) -> np.ndarray:
        """First day of a month on the clock, in days since 1970."""
        calendar = (self.index_month + month - 1970 * 12).astype("datetime64[M]")
        return calendar.astype("datetime64[D]").astype(np.int64)

    def __len__(self) -> int:
        return len(self.covariates)

    def __repr__(self) -> str:
        return f"<BenefitSpells: {len(self.row)} spells of {len(self)} persons>"

    def groups(self, by) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


def _seen_until(reach: np.ndarray, who: pd.DataFrame, occasions: Occasions | None) -> np.ndarray:
    """Last month seen: the data cut, or the last occasion before one at which nobody was there."""
    if occasions is None:
        return reach.astype(np.int64)
    frame = occasions.covariates
    months = np.sort(frame["occasion"].unique())
    seen = np.zeros((len(who), len(months)), dtype=bool)
    row = pd.Index(who[schema.PERSON_ID]).get_indexer(frame[schema.PERSON_ID])
    column = np.searchsorted(months, frame["occasion"].to_numpy())
    seen[row[row >= 0], column[row >= 0]] = True
    missed = ~seen & (months <= reach[:, None])
    until = reach.astype(np.int64).copy()
    for place in range(len(months) - 1, -1, -1):
        before = months[place - 1] if place else months[0] - 1
        until[missed[:, place]] = before
    return until
