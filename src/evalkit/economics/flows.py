"""Flows by party and month, for each arm and person, as the pay-off needs them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from evalkit.economics.entries import ACCOUNTS, balances, entries, society
from evalkit.economics.parties import SOCIETY, require_no_sums
from evalkit.errors import EstimationError

MONTH = "month_from_start"


@dataclass(frozen=True, slots=True, eq=False)
class ArmFlows:
    """Flows of one arm, in cells: outlays by party and month, then gains, then gains before.

    Attributes
    ----------
    n_person : int
        All persons of the arm, with or without a row.
    of_person : sparse matrix, shape (persons with a row, n_cell)
    shared : ndarray of float, shape (n_cell,)
        Flows of no person in particular, such as the budget of a package.
    n_behind : ndarray of int, shape (n_party,)
        Persons behind the flows of each party, society last.
    cluster : ndarray of int, shape (persons with a row,), or None
        Codes of the clusters, the same in all arms.
    """

    n_person: int
    of_person: sparse.csr_array
    shared: np.ndarray
    n_behind: np.ndarray
    cluster: np.ndarray | None = None

    def mean(self, times: np.ndarray | None = None, *, by_cluster: bool = False) -> np.ndarray:
        """Flows per person; `times` says how often each person with a row was drawn.

        With `by_cluster` the persons drawn are as many as their clusters have.
        """
        if times is None:
            return (self.of_person.sum(axis=0) + self.shared) / self.n_person
        if not by_cluster:
            return (times @ self.of_person + self.shared) / self.n_person
        drawn = times.sum(axis=1, keepdims=True) * self.n_person / len(self.cluster)
        return times @ self.of_person / drawn + self.shared / self.n_person


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Flows of the arms over one set of parties and months 0, 1, ..., `last`."""

    arms: Mapping[str, ArmFlows]
    parties: tuple[str, ...]
    last: int
    n_before: int
    n_cluster: int | None = None

    @property
    def n_person(self) -> int:
        """Persons of all arms."""
        return sum(arm.n_person for arm in self.arms.values())

    @property
    def n_behind(self) -> np.ndarray:
        """Persons behind each party, society last; of two arms the smaller number."""
        return np.min([arm.n_behind for arm in self.arms.values()], axis=0)

    @property
    def has_person(self) -> bool:
        """Whether any flow is of a person."""
        return any(arm.of_person.nnz for arm in self.arms.values())

    def persons_by_month(self) -> np.ndarray:
        """Persons with a flow of each party in each month, (party, month), society last.

        Of two arms the smaller number; the whole arm where a flow is of no person in particular.
        """
        return np.min([self._persons(arm) for arm in self.arms.values()], axis=0)

    def _persons(self, arm: ArmFlows) -> np.ndarray:
        n_party, n_month = len(self.parties) - 1, self.last + 1
        block = n_party * n_month
        both = arm.of_person[:, :block] != 0
        both = both + (arm.of_person[:, block : 2 * block] != 0)
        entry = both.tocoo()
        held = np.zeros((n_party + 1, n_month))
        held[:-1] = np.bincount(entry.col[entry.data != 0], minlength=block).reshape(
            n_party, n_month
        )
        pairs = np.unique(
            entry.row[entry.data != 0] * n_month + entry.col[entry.data != 0] % n_month
        )
        held[-1] = np.bincount(pairs % n_month, minlength=n_month)
        shared = (arm.shared[:block] != 0) | (arm.shared[block : 2 * block] != 0)
        of_nobody = np.zeros_like(held, dtype=bool)
        of_nobody[:-1] = shared.reshape(n_party, n_month)
        of_nobody[-1] = of_nobody[:-1].any(axis=0)
        return np.where(of_nobody & (held == 0), arm.n_person, held)

    def split(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Outlays and gains (..., party, month), gains before start (..., party), society last."""
        n_party, n_month = len(self.parties) - 1, self.last + 1
        block = n_party * n_month
        shape = (*cells.shape[:-1], n_party, n_month)
        outlay, gain = cells[..., :block].reshape(shape), cells[..., block : 2 * block]
        gain, before = gain.reshape(shape), cells[..., 2 * block :]
        return (
            np.concatenate([outlay, outlay.sum(axis=-2, keepdims=True)], axis=-2),
            np.concatenate([gain, gain.sum(axis=-2, keepdims=True)], axis=-2),
            np.concatenate([before, before.sum(axis=-1, keepdims=True)], axis=-1),
        )


def collect_flows(
    rows: pd.DataFrame,
    *,
    arms: tuple[str, ...],
    n_person: Mapping[str, int] | None,
    months: int | None,
    months_before: int,
    cluster: str | None = None,
) -> Flows:
    """Sum checked rows into cells; `cluster` names the column of the unit of resampling.

    Raises
    ------
    EstimationError
        If months are not whole numbers, an arm has no rows or no known number of persons, or
        nothing follows the start.
    """
    rows = rows.assign(month=_months(rows))
    if "arm" in rows.columns:
        rows = rows[rows["arm"].isin(arms)]
    elif len(arms) > 1:
        raise EstimationError("arm: no such column; a contrast needs the arm of every row")
    rows = rows.assign(arm=rows["arm"] if "arm" in rows.columns else arms[0])
    if not len(rows):
        raise EstimationError(f"arm: no rows of {', '.join(arms)}")
    last = int(rows["month"].max()) if months is None else int(months)
    if last < 1:
        raise EstimationError("month: no rows after the start; a pay-off needs what followed")
    society(balances(entries(rows)))
    names = pd.unique(pd.concat([rows["payer"], rows["payee"]]))
    parties = tuple(sorted(set(names) - set(ACCOUNTS)))
    require_no_sums(parties)
    rows, n_cluster = _clusters(rows, cluster)
    flows = {
        arm: _arm_flows(rows[rows["arm"] == arm], arm, parties, last, months_before, n_person)
        for arm in arms
    }
    return Flows(flows, (*parties, SOCIETY), last, months_before, n_cluster)


def _clusters(rows: pd.DataFrame, cluster: str | None) -> tuple[pd.DataFrame, int | None]:
    """Rows with the code of their cluster, and the number of clusters.

    Raises
    ------
    EstimationError
        If there is no such column, a person has no cluster or several, or there is only one.
    """
    if cluster is None:
        return rows, None
    if cluster not in rows.columns or "person_id" not in rows.columns:
        raise EstimationError(f"{cluster}: no such column beside person_id; clusters hold persons")
    own = rows[rows["person_id"].notna()]
    several = int((own.groupby("person_id")[cluster].nunique(dropna=False) != 1).sum())
    unknown = int(own.loc[own[cluster].isna(), "person_id"].nunique())
    if several or unknown:
        raise EstimationError(
            f"{cluster}: {several + unknown} of {own['person_id'].nunique()} persons have none, or "
            "several; give each person one"
        )
    names = pd.Index(pd.unique(own[cluster]))
    if len(names) < 2:
        raise EstimationError(f"{cluster}: {len(names)} cluster; an interval needs several")
    return rows.assign(_cluster=names.get_indexer(rows[cluster])), len(names)


def _months(rows: pd.DataFrame) -> pd.Series:
    """Whole months after the start, from `month_from_start` where it is there, else `month`."""
    name = MONTH if MONTH in rows.columns else "month"
    months = pd.to_numeric(rows[name], errors="coerce")
    wrong = int((months.isna() | (months != months.round())).sum())
    if wrong:
        raise EstimationError(
            f"{name}: {wrong} of {len(rows)} rows are not whole months from start; count months "
            "from each person's start, and leave out rows that belong to no start"
        )
    return months.astype(int)


def _arm_flows(
    rows: pd.DataFrame, arm: str, parties: tuple[str, ...], last: int, n_before: int,
    n_person: Mapping[str, int] | None,
) -> ArmFlows:  # fmt: skip
    if not len(rows):
        raise EstimationError(f"arm: no rows of {arm}")
    person = rows["person_id"] if "person_id" in rows.columns else pd.Series(pd.NA, rows.index)
    code, distinct = pd.factorize(person)
    count = _n_person(rows, arm, len(distinct), n_person)
    sides = entries(rows.reset_index(drop=True))
    of_row = sides["row"].to_numpy()
    cell = _cells(sides, rows["month"].to_numpy()[of_row], parties, last, n_before)
    used = (cell >= 0) & (sides["amount"] != 0).to_numpy()
    n_cell = len(parties) * (2 * (last + 1) + 1)
    amount = np.where(sides["kind"] == "intervention", -1.0, 1.0) * sides["amount"]
    holder, amount, cell = code[of_row][used], amount.to_numpy()[used], cell[used]
    own = holder >= 0
    party = pd.Index(parties).get_indexer(sides["party"])[used]
    of_first = np.unique(code, return_index=True)[1][-len(distinct) :] if len(distinct) else []
    with_flow, of_nobody = _behind(holder, party, len(parties))
    return ArmFlows(
        n_person=count,
        of_person=sparse.csr_array(
            (amount[own], (holder[own], cell[own])), shape=(len(distinct), n_cell)
        ),
        shared=np.bincount(cell[~own], amount[~own], minlength=n_cell),
        n_behind=np.where(of_nobody | (len(distinct) == 0), count, with_flow),
        cluster=rows["_cluster"].to_numpy()[of_first] if "_cluster" in rows.columns else None,
    )


def _behind(holder: np.ndarray, party: np.ndarray, n_party: int) -> tuple[np.ndarray, np.ndarray]:
    """Persons with a flow of each party, society last; whether all its flows are of no person."""
    own = holder >= 0
    person, n_holder = holder[own], holder.max(initial=0) + 1
    pair = np.unique(party[own] * n_holder + person)
    with_flow = np.append(np.bincount(pair // n_holder, minlength=n_party), len(np.unique(person)))
    shared = np.bincount(party[~own], minlength=n_party) > 0
    return with_flow, np.append(shared, shared.any()) & (with_flow == 0)


def _cells(
    sides: pd.DataFrame, month: np.ndarray, parties: tuple[str, ...], last: int, n_before: int
) -> np.ndarray:
    """Cell of each side of a row; -1 for accounts and for months outside the windows."""
    party = pd.Index(parties).get_indexer(sides["party"])
    is_outlay = (sides["kind"] == "intervention").to_numpy()
    block = len(parties) * (last + 1)
    month = np.where(is_outlay, np.maximum(month, 0), month)  # paid for before the start
    after = np.where(is_outlay, 0, block) + party * (last + 1) + month
    cell = np.where((month >= 0) & (month <= last), after, -1)
    before = (month < 0) & (month >= -n_before) & ~is_outlay
    cell = np.where(before, 2 * block + party, cell)
    return np.where(party >= 0, cell, -1)


def _n_person(rows: pd.DataFrame, arm: str, n_seen: int, n_person: Mapping[str, int] | None) -> int:
    """Persons of an arm: as given, else from the column `n_person`, else those with a row."""
    if n_person is not None:
        if arm not in n_person:
            raise EstimationError(f"n_person: no number for {arm}")
        count = int(n_person[arm])
    elif "n_person" in rows.columns:
        if rows["n_person"].nunique(dropna=False) != 1:
            raise EstimationError(f"n_person: not one number for all rows of {arm}")
        count = int(rows["n_person"].iloc[0])
    else:
        count = n_seen
    if count < max(n_seen, 1):
        raise EstimationError(
            f"n_person: {count} persons given for {arm}, {n_seen} in its rows; flows are divided "
            "by all persons of the arm, those without a flow included"
        )
    return count
