"""Flows by party and month, for each arm and person, as the pay-off needs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from evalkit.economics.entries import ACCOUNTS, balances, entries, society
from evalkit.economics.largest import LARGEST, shares_of_two, two_largest
from evalkit.economics.parties import SOCIETY, require_no_sums
from evalkit.errors import EstimationError

MONTH = "month_from_start"
ABOUT = "_n_about"  # persons that a row of sums is about, where the rows are of a ledger


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
    n_shared : ndarray of float, shape (n_cell,)
        Persons that such flows are about: the whole arm, or those of a row of a ledger's sums.
    n_behind : ndarray of int, shape (2, n_party)
        Persons behind the outlays of each party, and behind its other flows, society last; the
        whole arm where flows are of no person in particular.
    sums : ndarray of float, shape (persons with a row, 2, n_party)
        Outlays and gains of each person by party, without society.
    cluster : ndarray of int, shape (persons with a row,), or None
        Codes of the clusters, the same in all arms.
    """

    n_person: int
    of_person: sparse.csr_array
    shared: np.ndarray
    n_shared: np.ndarray
    n_behind: np.ndarray
    sums: np.ndarray
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
    """Flows of the arms over one set of parties and months 0, 1, ..., `last`.

    Attributes
    ----------
    n_month : int
        Months followed: `last`, and month 0 too where anything but an intervention flows in it.
    """

    arms: Mapping[str, ArmFlows]
    parties: tuple[str, ...]
    last: int
    n_month: int
    n_before: int
    n_cluster: int | None = None

    @property
    def n_person(self) -> int:
        """Persons of all arms."""
        return sum(arm.n_person for arm in self.arms.values())

    @property
    def n_behind(self) -> np.ndarray:
        """Persons behind each party, society last; of two arms the smaller number.

        Outlays and gains are shown apart, so it is the smaller number of those that there are.
        """
        return self.n_behind_sum([[place] for place in range(len(self.parties))])

    def n_behind_sum(self, groups: Sequence[Sequence[int]]) -> np.ndarray:
        """Persons behind sums over groups of parties: at least as many as the largest party's."""
        arms = [arm.n_behind for arm in self.arms.values()]
        most = np.array([[arm[:, list(group)].max(axis=1) for group in groups] for arm in arms])
        if not len(groups):
            return np.array([])
        none, some = most.max(axis=-1), np.where(most > 0, most, np.inf).min(axis=-1)
        return np.where(none == 0, 0, some).min(axis=0)

    def support(self, groups: Sequence[Sequence[int]] = ()) -> dict[str, np.ndarray]:
        """Persons behind each party and society, and how much the two persons with most hold.

        Of the arms, and of outlays and gains, those in which the two have the largest share. Sums
        over `groups` of parties come before society.
        """
        parties = range(len(self.parties) - 1)
        every = [*([place] for place in parties), *groups, list(parties)]
        found = [
            two_largest(np.stack([arm.sums[..., list(group)].sum(axis=-1) for group in every], -1))
            for arm in self.arms.values()
        ]
        size = np.concatenate(found, axis=1)  # (3, arms and kinds, group)
        worst = shares_of_two(*size).argmax(axis=0)
        chosen = np.take_along_axis(size, worst[None, None], axis=1)[:, 0]
        n = np.concatenate([self.n_behind[:-1], self.n_behind_sum(groups), self.n_behind[-1:]])
        return {"n": n, **dict(zip(LARGEST, chosen, strict=True))}

    @property
    def has_person(self) -> bool:
        """Whether any flow is of a person."""
        return any(arm.of_person.nnz for arm in self.arms.values())

    def persons_by_month(self) -> np.ndarray:
        """Persons with a flow of each party in each month, (2, party, month), society last.

        Of two arms the smaller number, then the larger: of a flow that one arm alone has the
        smaller is 0, and it is not a flow of nobody. The whole arm where a flow is of no person in
        particular. What was before the start is taken off every month after it, so the larger
        number is not below that of persons with a flow before. Where all outlays are of month 0 a
        table of costs tells them from what else came then, so there it is the smaller number.
        """
        by_arm = np.array([self.persons_of(arm) for arm in self.arms.values()])
        by_arm[..., 0] = [self._of_either_kind(arm)[:, 0] for arm in self.arms.values()]
        larger = by_arm.max(axis=0)
        larger[:, 1:] = np.maximum(larger[:, 1:], self.persons_before()[:, None])
        return np.stack([by_arm.min(axis=0), larger])

    def _of_either_kind(self, arm: ArmFlows) -> np.ndarray:
        """Persons with an outlay or with another flow: the smaller number of those that are."""
        outlay, other = (self.persons_of(arm, (kind,)) for kind in (0, 1))
        return np.where((outlay > 0) & (other > 0), np.minimum(outlay, other), outlay + other)

    def persons_before(self) -> np.ndarray:
        """Persons with a flow of each party before the start, society last; 0 with two arms."""
        n_party, found = len(self.parties) - 1, np.zeros(len(self.parties))
        for arm in self.arms.values() if self.n_before else ():
            own = (arm.of_person[:, -n_party:] != 0).tocoo()
            held = np.bincount(own.col[own.data != 0], minlength=n_party)
            of_nobody = np.where(arm.shared[-n_party:] != 0, arm.n_shared[-n_party:], 0)
            found[:-1] = np.where(held == 0, of_nobody, held)
            found[-1] = max(len(np.unique(own.row[own.data != 0])), of_nobody.max(initial=0))
        return found

    def persons_of(self, arm: ArmFlows, kinds: Sequence[int] = (0, 1)) -> np.ndarray:
        """Persons of one arm with an outlay (0) or another flow (1), (party, month)."""
        n_party, n_month = len(self.parties) - 1, self.last + 1
        block = n_party * n_month
        own = [slice(kind * block, (kind + 1) * block) for kind in kinds]
        both = sum((arm.of_person[:, cells] != 0 for cells in own[1:]),
                   start=arm.of_person[:, own[0]] != 0)  # fmt: skip
        entry = both.tocoo()
        held = np.zeros((n_party + 1, n_month))
        held[:-1] = np.bincount(entry.col[entry.data != 0], minlength=block).reshape(
            n_party, n_month
        )
        pairs = np.unique(
            entry.row[entry.data != 0] * n_month + entry.col[entry.data != 0] % n_month
        )
        held[-1] = np.bincount(pairs % n_month, minlength=n_month)
        shared = np.any([arm.shared[cells] != 0 for cells in own], axis=0)
        about = np.max([arm.n_shared[cells] for cells in own], axis=0)
        of_nobody = np.zeros_like(held)
        of_nobody[:-1] = np.where(shared, about, 0).reshape(n_party, n_month)
        of_nobody[-1] = of_nobody[:-1].max(axis=0, initial=0)
        return np.where(held == 0, of_nobody, held)

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
    n_month = last + _flows_at_start(rows)
    span = last, n_month, months_before
    flows = {
        arm: _arm_flows(rows[rows["arm"] == arm], arm, parties, span, n_person) for arm in arms
    }
    return Flows(flows, (*parties, SOCIETY), last, n_month, months_before, n_cluster)


def _flows_at_start(rows: pd.DataFrame) -> bool:
    """Whether month 0 has flows of its own, besides what the programme costs."""
    return bool(((rows["month"] == 0) & (rows["kind"] != "intervention")).any())


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
    rows: pd.DataFrame, arm: str, parties: tuple[str, ...], span: tuple[int, int, int],
    n_person: Mapping[str, int] | None,
) -> ArmFlows:  # fmt: skip
    last, n_month, n_before = span
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
    about = np.full(len(rows), np.nan) if ABOUT not in rows else rows[ABOUT].to_numpy(dtype=float)
    n_shared = np.zeros(n_cell)
    if not len(distinct) and ABOUT not in rows:
        n_shared[-len(parties) :] = count  # nobody is named: flows are about the whole arm
    known = np.where(np.isnan(about), count, about)[of_row][used]
    np.maximum.at(n_shared, cell[~own], known[~own])
    party = pd.Index(parties).get_indexer(sides["party"])[used]
    of_first = np.unique(code, return_index=True)[1][-len(distinct) :] if len(distinct) else []
    own_cells = sparse.csr_array(
        (amount[own], (holder[own], cell[own])), shape=(len(distinct), n_cell)
    )
    return ArmFlows(
        n_person=count,
        of_person=own_cells,
        shared=np.bincount(cell[~own], amount[~own], minlength=n_cell),
        n_shared=n_shared,
        n_behind=_behind(holder, party, cell, n_shared, len(parties), last),
        sums=_sums(own_cells, len(parties), last, n_month / n_before if n_before else 0.0),
        cluster=rows["_cluster"].to_numpy()[of_first] if "_cluster" in rows.columns else None,
    )


def _behind(holder, party, cell, n_shared: np.ndarray, n_party: int, last: int) -> np.ndarray:
    """Persons with an outlay of each party, and with another flow, society last, (2, n_party)."""
    found = np.zeros((2, n_party + 1))
    own, n_holder, block = holder >= 0, holder.max(initial=0) + 1, n_party * (last + 1)
    outlays, gains, before = np.split(n_shared, [block, 2 * block])
    about = [outlays.reshape(n_party, -1), np.column_stack([gains.reshape(n_party, -1), before])]
    for place, kind in enumerate((cell < block, cell >= block)):
        here = own & kind
        pair = np.unique(party[here] * n_holder + holder[here])
        with_flow = np.bincount(pair // n_holder, minlength=n_party)
        found[place] = np.append(with_flow, len(np.unique(holder[here])))
        of_nobody = np.append(about[place].max(axis=1), about[place].max(initial=0))
        found[place] = np.where(found[place] == 0, of_nobody, found[place])
    return found


def _sums(of_person: sparse.csr_array, n_party: int, last: int, before: float) -> np.ndarray:
    """Outlays and gains of each person by party, (person, 2, party)."""
    n_month, place = last + 1, np.arange(of_person.shape[1])
    block = n_party * n_month
    party = np.where(place < 2 * block, place // n_month % n_party, place - 2 * block)
    kind = place // block
    # A gain is what came after the start less as many months of what was before.
    weight = np.where(kind < 2, 1.0, -before)
    of_party = sparse.csr_array(
        (weight, (place, (kind > 0) * n_party + party)), shape=(len(place), 2 * n_party)
    )
    return (of_person @ of_party).toarray().reshape(of_person.shape[0], 2, n_party)


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
