"""Samples of months and of persons: state histories, occasions, baseline rows, area counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.checks import codes, frozen, numbers, refuse, require_columns
from evalkit.cohort.grouping import group_rows
from evalkit.errors import CohortError
from evalkit.provenance import digest_frame


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StateHistory:
    """The state of each person in each month from the index month on.

    Attributes
    ----------
    state : ndarray of int8, shape (n, n_month)
        Index into `states`; -1 where the month is not observed. Column 0 is the index month.
        Observation is never resumed after a gap.
    states : tuple of str
    cluster : ndarray of int, shape (n,), or None
        Code of the cluster.
    covariates : DataFrame, n rows
        One row a person.
    """

    state: np.ndarray
    states: tuple[str, ...]
    cluster: np.ndarray | None
    covariates: pd.DataFrame
    time_unit: str
    digest: str

    @classmethod
    def from_matrix(
        cls, state: np.ndarray, states: Sequence[str], covariates: pd.DataFrame, *,
        cluster: str | None = None, time_unit: str = "months",
    ) -> "StateHistory":  # fmt: skip
        """Freeze a matrix of state codes, one row a person of `covariates`.

        `cluster` names a column of `covariates`.

        Raises
        ------
        CohortError
            If shapes differ, a code is out of range, observation resumes after a gap, or the
            cluster is no column or has missing values.
        """
        require_columns(covariates, cluster=cluster)
        matrix = np.array(state, dtype=np.int8)
        if matrix.ndim != 2 or len(matrix) != len(covariates):
            raise CohortError("state: needs one row for each person of the covariates")
        refuse(((matrix < -1) | (matrix >= len(states))).any(axis=1), "state", "not a known state")
        seen = matrix >= 0
        refuse((seen[:, 1:] & ~seen[:, :-1]).any(axis=1), "state", "observed again after a gap")
        kept = covariates.reset_index(drop=True).copy()
        digest = digest_frame(pd.concat([kept, pd.DataFrame(matrix).add_prefix("_m")], axis=1))
        return cls(
            frozen(matrix), tuple(states), codes(kept, cluster), kept, time_unit, digest[:16]
        )

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, person: str, month: str, state: str,
        states: Sequence[str] | None = None, arm: str | None = None, cluster: str | None = None,
    ) -> "StateHistory":  # fmt: skip
        """Pivot a long frame (one row a person and month, months 0, 1, ...) into a matrix.

        Other columns, `arm` and `cluster` too, are those of the first row of a person.

        Raises
        ------
        CohortError
            If a column is missing, a month is repeated, or a state is unknown.
        """
        require_columns(frame, person=person, month=month, state=state, arm=arm, cluster=cluster)
        refuse(frame.duplicated([person, month]).to_numpy(), "month", "repeated for one person")
        names = tuple(states) if states else tuple(sorted(frame[state].unique()))
        number = pd.Categorical(frame[state], categories=names).codes
        refuse(number < 0, "state", "not a known state")
        people = frame.drop_duplicates(person).drop(columns=[month, state])
        if arm is not None:
            people = people.assign(arm=people[arm])
        row = pd.Index(people[person]).get_indexer(frame[person])
        matrix = np.full((len(people), int(frame[month].max()) + 1), -1, dtype=np.int8)
        matrix[row, frame[month].to_numpy(dtype=int)] = number
        return cls.from_matrix(matrix, names, people, cluster=cluster)

    def __len__(self) -> int:
        return len(self.state)

    def __repr__(self) -> str:
        return f"<StateHistory: {len(self)} persons, {self.state.shape[1] - 1} months>"

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Persons:
    """One row a person: who they were when they started."""

    covariates: pd.DataFrame
    weight: np.ndarray
    digest: str

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, person: str, arm: str | None = None, weight: str | None = None
    ) -> "Persons":
        """Check that every person has one row, and freeze.

        Raises
        ------
        CohortError
            If a column is missing or a person has two rows.
        """
        require_columns(frame, person=person, arm=arm, weight=weight)
        refuse(frame.duplicated(person).to_numpy(), "person", "with more than one row")
        kept = frame.reset_index(drop=True).copy()
        if arm is not None:
            kept["arm"] = kept[arm]
        weights = numbers(frame, weight, at_least=0.0) if weight else np.ones(len(frame))
        return cls(kept, frozen(weights), digest_frame(kept)[:16])

    def __len__(self) -> int:
        return len(self.covariates)

    def __repr__(self) -> str:
        return f"<Persons: {len(self)}>"

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Occasions:
    """What each person received at fixed months from start: one row a person and occasion.

    Attributes
    ----------
    covariates : DataFrame
        Columns `person_id`, `occasion` (whole months from start), one boolean column for each
        name in `sources`, and covariates such as `arm`.
    sources : tuple of str
        Names of the boolean columns; a person may have several at once.
    """

    covariates: pd.DataFrame
    sources: tuple[str, ...]
    digest: str

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, person: str, occasion: str, sources: Sequence[str],
        arm: str | None = None,
    ) -> "Occasions":  # fmt: skip
        """Check and freeze.

        Raises
        ------
        CohortError
            If a column is missing, a source is not boolean, or an occasion is repeated.
        """
        named = {f"source {number}": name for number, name in enumerate(sources, start=1)}
        require_columns(frame, person=person, occasion=occasion, arm=arm, **named)
        refuse(
            frame.duplicated([person, occasion]).to_numpy(), "occasion", "repeated for one person"
        )
        wrong = [name for name in sources if frame[name].dtype != bool]
        if wrong:
            raise CohortError(f"{', '.join(wrong)}: must be boolean")
        kept = frame.reset_index(drop=True).copy()
        kept = kept.assign(person_id=kept[person], occasion=kept[occasion].astype(int))
        if arm is not None:
            kept["arm"] = kept[arm]
        return cls(kept, tuple(sources), digest_frame(kept)[:16])

    def __len__(self) -> int:
        return len(self.covariates)

    def __repr__(self) -> str:
        return f"<Occasions: {len(self)} rows, sources {', '.join(self.sources)}>"

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


@dataclass(frozen=True, slots=True)
class AreaCount:
    """A population and how many of it were covered in the same twelve months.

    Attributes
    ----------
    population : int
        Persons of working age in the area.
    covered : int
        Persons who took part in coordinated rehabilitation in the period.
    period : str
        The twelve months, for example `"2024"`.
    digest : str
    """

    population: int
    covered: int
    period: str
    digest: str = ""
