"""Samples: validated, frozen, made from records or from any data frame.

A sample is what an estimator takes. Its arrays are read-only, its rows are persons (or
person-occasions), and every column of the frame that it came from stays available as covariate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.benefit_spells import BenefitSpells
from evalkit.cohort.checks import (
    codes,
    event_causes,
    frozen,
    listed,
    numbers,
    refuse,
    require_columns,
    require_one_a_person,
)
from evalkit.cohort.grouping import group_rows, rows_by_group
from evalkit.cohort.histories import AreaCount, Occasions, Persons, StateHistory
from evalkit.cohort.participations import Forms, Participations
from evalkit.cohort.responses import Responses
from evalkit.cohort.statuses import Statuses
from evalkit.cohort.target_group import TargetGroup
from evalkit.errors import CohortError
from evalkit.provenance import digest_bytes, digest_frame, digest_json

__all__ = [
    "AreaCount",
    "BenefitSpells",
    "Forms",
    "HealthPanel",
    "Occasions",
    "Participations",
    "Persons",
    "Responses",
    "StateHistory",
    "Statuses",
    "TargetGroup",
    "TimeToEvent",
    "frozen",
    "group_rows",
    "listed",
    "rows_by_group",
]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TimeToEvent:
    """Time to the first of several exits, right-censored and possibly left-truncated.

    Attributes
    ----------
    duration : ndarray of float, shape (n,)
        Time at exit or censoring, in `time_unit`, on the same clock as `entry`. A row is at risk
        on (entry, duration].
    entry : ndarray of float, shape (n,)
        Time at which the row came under observation; 0 without left truncation.
    code : ndarray of int, shape (n,)
        0 = censored; j = `causes[j - 1]` ended the follow-up.
    causes : tuple of str
        Names of the causes, in a fixed order.
    weight : ndarray of float, shape (n,)
        Case weights, or frequencies; 1 without either.
    cluster, person : ndarray of int, shape (n,), or None
        Codes of the cluster and of the person.
    covariates : DataFrame, n rows
        All columns of the frame; `arm` is among them where one was named.
    is_weighted, is_frequency : bool
        Whether there are weights; whether each is the number of persons that the row stands for.
        `cox`, `cause_specific`, `fine_gray`, `concordance`, `proportional_hazards_test` and
        `residuals` take frequencies for the rows written out one by one, and `collapse` adds them
        up; all other estimators refuse them.
    """

    duration: np.ndarray
    entry: np.ndarray
    code: np.ndarray
    causes: tuple[str, ...]
    weight: np.ndarray
    cluster: np.ndarray | None
    person: np.ndarray | None
    covariates: pd.DataFrame
    time_unit: str
    is_weighted: bool
    digest: str
    is_frequency: bool = False

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        duration: str,
        event: str | None = None,
        cause: str | None = None,
        censored: str | None = None,
        entry: str | None = None,
        weight: str | None = None,
        frequency: str | None = None,
        cluster: str | None = None,
        person: str | None = None,
        arm: str | None = None,
        causes: Sequence[str] | None = None,
        time_unit: str = "months",
    ) -> "TimeToEvent":
        """Check a frame with one row a person (or person-interval) and freeze it.

        Parameters
        ----------
        frame : DataFrame
            The rows.
        duration, entry, weight : str
            Names of numeric columns.
        frequency : str
            Name of a column with the number of persons that each row stands for (see `collapse`);
            not together with `weight`.
        event : str
            Name of a column of booleans or of 0 and 1. Either this or `cause`.
        cause, censored : str
            Name of a column of strings, and the level in it that means censored.
        causes : sequence of str
            All causes that could occur, in order; by default those that do, in sorted order.
            To be given where nobody is censored, so that a misspelt `censored` is not taken for it.
        arm : str
            Column that becomes the covariate `arm`.

        Raises
        ------
        CohortError
            If a column is missing, not numeric, negative or NaN; if entry is not before duration;
            if a frequency is not a whole number, or comes together with weights; if the coding of
            events is anything but the two above; if no row has the level `censored`, `causes` are
            not given, and it is no category of the column either.

        Examples
        --------
        >>> frame = pd.DataFrame({"months": [3, 5], "exited": [True, False]})
        >>> TimeToEvent.from_frame(frame, duration="months", event="exited")
        <TimeToEvent: 2 rows, 1 events, causes event, months>
        """
        roles = {
            "duration": duration, "event": event, "cause": cause, "entry": entry, "weight": weight,
            "frequency": frequency, "cluster": cluster, "person": person, "arm": arm,
        }  # fmt: skip
        require_columns(frame, **roles)
        n = len(frame)
        length = numbers(frame, duration, at_least=0.0)
        start = numbers(frame, entry, at_least=0.0) if entry else np.zeros(n)
        refuse(entry is not None and start >= length, "entry", "not before the duration")
        code, names = event_causes(frame, event, cause, censored, causes)
        covariates = frame.copy()
        covariates.index = pd.RangeIndex(n)
        if arm is not None and arm != "arm":
            covariates["arm"] = covariates[arm]
        # What the arrays hold follows from the frame and from what its columns are taken for.
        meaning = digest_json(
            roles | {"censored": censored, "causes": names, "time_unit": time_unit}
        )
        return cls(
            duration=frozen(length),
            entry=frozen(start, copy=entry is not None),
            code=frozen(code, copy=False),
            causes=names,
            weight=_weights(frame, weight, frequency),
            cluster=codes(frame, cluster),
            person=codes(frame, person),
            covariates=covariates,
            time_unit=time_unit,
            is_weighted=weight is not None or frequency is not None,
            digest=digest_bytes(digest_frame(frame).encode(), meaning.encode())[:16],
            is_frequency=frequency is not None,
        )

    def __len__(self) -> int:
        return len(self.duration)

    def __repr__(self) -> str:
        n_event = int((self.code > 0).sum())
        return (
            f"<TimeToEvent: {len(self)} rows, {n_event} events, "
            f"causes {', '.join(self.causes)}, {self.time_unit}>"
        )

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HealthPanel:
    """A health score at planned waves, one row a person and wave.

    Attributes
    ----------
    person : ndarray of int, shape (n,)
        Code of the person.
    wave : ndarray of int, shape (n,)
        Planned month (any ordered integer).
    outcome : ndarray of float, shape (n,)
        The score; NaN where missing.
    weight : ndarray of float, shape (n,)
    cluster : ndarray of int, shape (n,), or None
    covariates : DataFrame, n rows
        All columns of the frame, and `arm`, `wave`, `outcome` under these names.
    name : str
        Name of the outcome column.
    """

    person: np.ndarray
    wave: np.ndarray
    outcome: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray | None
    covariates: pd.DataFrame
    name: str
    is_weighted: bool
    digest: str

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        person: str,
        wave: str,
        outcome: str,
        arm: str | None = None,
        weight: str | None = None,
        cluster: str | None = None,
    ) -> "HealthPanel":
        """Check a long frame and freeze it, sorted by person and wave.

        Raises
        ------
        CohortError
            If a column is missing, a wave is not a whole number, a person has two rows for one
            wave, or the arm changes between the rows of a person.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": ["a", "a"], "month": [0, 6], "index": [0.5, 0.7]})
        >>> HealthPanel.from_frame(frame, person="id", wave="month", outcome="index")
        <HealthPanel: 1 persons, waves 0, 6>
        """
        require_columns(
            frame, person=person, wave=wave, outcome=outcome, arm=arm, weight=weight,
            cluster=cluster,
        )  # fmt: skip
        months = numbers(frame, wave)
        refuse(months != np.round(months), "wave", "not a whole number")
        months, who = months.astype(int), codes(frame, person)
        order = _by_person_and_wave(who, months)
        again = (np.diff(who[order]) == 0) & (np.diff(months[order]) == 0)
        if again.any():
            refuse(frame.duplicated([person, wave]).to_numpy(), "wave", "repeated for one person")
        covariates = frame.take(order)
        covariates.index = pd.RangeIndex(len(frame))
        covariates["wave"] = months[order]
        covariates["outcome"] = numbers(covariates, outcome, allow_missing=True)
        if arm is not None:
            require_one_a_person(covariates, arm, who[order])
            covariates["arm"] = covariates[arm]
        n = len(covariates)
        return cls(
            person=frozen(who[order], copy=False),
            wave=frozen(covariates["wave"].to_numpy()),
            outcome=frozen(covariates["outcome"].to_numpy()),
            weight=frozen(numbers(covariates, weight, at_least=0.0) if weight else np.ones(n)),
            cluster=codes(covariates, cluster),
            covariates=covariates,
            name=outcome,
            is_weighted=weight is not None,
            digest=digest_frame(covariates)[:16],
        )

    def __len__(self) -> int:
        return len(self.outcome)

    def __repr__(self) -> str:
        waves = ", ".join(str(wave) for wave in np.unique(self.wave))
        return f"<HealthPanel: {len(np.unique(self.person))} persons, waves {waves}>"

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


def _by_person_and_wave(person: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """Positions of rows in the order of person, then wave; without sorting where they are in it."""
    step = np.diff(person)
    if ((step > 0) | ((step == 0) & (np.diff(wave) > 0))).all():
        return np.arange(len(person))
    return np.lexsort((wave, person))


def _weights(frame: pd.DataFrame, weight: str | None, frequency: str | None) -> np.ndarray:
    if weight is not None and frequency is not None:
        raise CohortError(f"{weight}, {frequency}: name either a `weight` or a `frequency`")
    if weight is None and frequency is None:
        return frozen(np.ones(len(frame)), copy=False)
    values = numbers(frame, weight or frequency, at_least=0.0)
    refuse(frequency is not None and values != np.round(values), frequency, "not a whole number")
    return frozen(values)
