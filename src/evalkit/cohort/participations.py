"""Samples of taking part: who was in which package and when, and which forms of working they met.

One person may take part several times, in one package or in several. A participation is a row; how
many persons there are behind the rows is for the function that counts them to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.checks import frozen, refuse, require_columns
from evalkit.cohort.grouping import group_rows
from evalkit.errors import CohortError
from evalkit.provenance import digest_bytes, digest_frame
from evalkit.records import schema

MISREGISTERED = ("misregistered", "felregistrering")
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Participations:
    """Participations in packages, one row each.

    Attributes
    ----------
    person : ndarray of int, shape (n,)
        Code of the person; -1 where the participant is anonymous.
    start : ndarray of datetime64[D], shape (n,)
    end : ndarray of datetime64[D], shape (n,)
        Last day in the package; NaT where the participation still runs at the data cut.
    package : ndarray of str, shape (n,)
        Id of the package.
    exit_reason : ndarray of object, shape (n,)
        Why it ended; None where it still runs or is not known.
    covariates : DataFrame, n rows
        All columns of the frame, with `person_id`, `package_id`, `start`, `end`, `exit_reason`
        under these names, and `referred_by` and `joint_plan` where they were given.
    data_cut : datetime64[D]
        Last day that the records cover.
    n_misregistered : int
        Rows left out because their exit reason says that they were registered by mistake.
    digest : str
    """

    person: np.ndarray
    start: np.ndarray
    end: np.ndarray
    package: np.ndarray
    exit_reason: np.ndarray
    covariates: pd.DataFrame
    data_cut: np.datetime64
    n_misregistered: int
    digest: str

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        data_cut: str,
        person: str = schema.PERSON_ID,
        package: str = schema.PACKAGE_ID,
        start: str = schema.START,
        end: str = schema.END,
        exit_reason: str | None = schema.EXIT_REASON,
        misregistered: Sequence[str] = MISREGISTERED,
    ) -> "Participations":
        """Check a frame with one row a participation, and freeze it.

        What starts after the data cut is left out, and what ends after it still runs.

        Parameters
        ----------
        frame : DataFrame
            The rows.
        data_cut : str
            Last month (`YYYY-MM`) or last day (`YYYY-MM-DD`) that the records cover.
        person, package, start, end, exit_reason : str
            Names of columns. A missing person is an anonymous participant, a missing end a
            participation that still runs; without `exit_reason` nobody's reason is known.
        misregistered : sequence of str
            Exit reasons of rows that never were participations.

        Raises
        ------
        CohortError
            If a column is missing, a start or a package is missing, an end is before its start, or
            a person starts one package twice on one day.

        Examples
        --------
        >>> frame = pd.DataFrame(
        ...     {"person_id": ["a", "a"], "package_id": ["p", "q"],
        ...      "start": ["2024-01-10", "2024-05-02"], "end": ["2024-03-01", None],
        ...      "exit_reason": ["completed", None]}
        ... )
        >>> Participations.from_frame(frame, data_cut="2024-12")
        <Participations: 2 of 1 persons in 2 packages, until 2024-12-31>
        """
        require_columns(
            frame, person=person, package=package, start=start, end=end, exit_reason=exit_reason
        )
        last = _last_day(data_cut)
        kept = frame.reset_index(drop=True).copy()
        kept = kept.assign(person_id=kept[person], package_id=kept[package])
        kept = kept.assign(start=_days(kept, start), end=_days(kept, end))
        reason = kept[exit_reason] if exit_reason else pd.Series(None, kept.index, dtype=object)
        kept[schema.EXIT_REASON] = reason.astype(object).where(reason.notna(), None)
        _check(kept)
        mistaken = kept[schema.EXIT_REASON].isin(list(misregistered))
        kept = kept[~mistaken & (kept[schema.START] <= last)].reset_index(drop=True)
        runs = (kept[schema.END] > last) | kept[schema.END].isna()
        kept[schema.END] = kept[schema.END].mask(runs)
        kept[schema.EXIT_REASON] = kept[schema.EXIT_REASON].where(~runs, None)
        return cls(
            person=frozen(pd.factorize(kept[schema.PERSON_ID], sort=True)[0], copy=False),
            start=_day_array(kept[schema.START]),
            end=_day_array(kept[schema.END]),
            package=frozen(kept[schema.PACKAGE_ID].to_numpy(dtype=object)),
            exit_reason=frozen(kept[schema.EXIT_REASON].to_numpy(dtype=object)),
            covariates=kept,
            data_cut=last.to_datetime64().astype("datetime64[D]"),
            n_misregistered=int(mistaken.sum()),
            digest=digest_bytes(digest_frame(kept).encode(), str(last.date()).encode())[:16],
        )

    def __len__(self) -> int:
        return len(self.start)

    def __repr__(self) -> str:
        n_person = len(np.unique(self.person[self.person >= 0]))
        return (
            f"<Participations: {len(self)} of {n_person} persons in "
            f"{len(set(self.package))} packages, until {self.data_cut}>"
        )

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Forms:
    """Forms of working together that persons met in their packages: one row an occasion.

    Attributes
    ----------
    covariates : DataFrame
        All columns of the frame, with `person_id`, `package_id`, `start` and `form` under these
        names. A person may meet several forms, and one form several times.
    digest : str
    """

    covariates: pd.DataFrame
    digest: str

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        person: str = schema.PERSON_ID,
        package: str = schema.PACKAGE_ID,
        start: str = schema.START,
        form: str = schema.FORM,
    ) -> "Forms":
        """Check a frame with one row a person, package and occasion, and freeze it.

        Raises
        ------
        CohortError
            If a column is missing, or a person, a package, a date or a form is missing.

        Examples
        --------
        >>> frame = pd.DataFrame(
        ...     {"person_id": ["a"], "package_id": ["p"], "start": ["2024-01-20"],
        ...      "form": ["joint_plan"]}
        ... )
        >>> Forms.from_frame(frame)
        <Forms: 1 occasions of 1 persons, forms joint_plan>
        """
        require_columns(frame, person=person, package=package, start=start, form=form)
        kept = frame.reset_index(drop=True).copy()
        kept = kept.assign(
            person_id=kept[person], package_id=kept[package], start=_days(kept, start),
            form=kept[form],
        )  # fmt: skip
        for name in (schema.PERSON_ID, schema.PACKAGE_ID, schema.START, schema.FORM):
            refuse(kept[name].isna().to_numpy(), name, "missing")
        return cls(kept, digest_frame(kept)[:16])

    def __len__(self) -> int:
        return len(self.covariates)

    def __repr__(self) -> str:
        n_person = self.covariates[schema.PERSON_ID].nunique()
        forms = ", ".join(sorted(self.covariates[schema.FORM].unique()))
        return f"<Forms: {len(self)} occasions of {n_person} persons, forms {forms}>"

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


def _check(kept: pd.DataFrame) -> None:
    for name in (schema.PACKAGE_ID, schema.START):
        refuse(kept[name].isna().to_numpy(), name, "missing")
    early = (kept[schema.END] < kept[schema.START]).to_numpy()
    refuse(early, schema.END, "before the start")
    key = [schema.PERSON_ID, schema.PACKAGE_ID, schema.START]
    again = kept.duplicated(key).to_numpy() & kept[schema.PERSON_ID].notna().to_numpy()
    refuse(again, schema.START, "repeated for one person and package")


def _days(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column of dates; what is no date is refused by its position."""
    days = pd.to_datetime(frame[name], errors="coerce", format="ISO8601")
    refuse((days.isna() & frame[name].notna()).to_numpy(), name, "not a date")
    return days.dt.normalize()


def _day_array(days: pd.Series) -> np.ndarray:
    return frozen(days.to_numpy().astype("datetime64[D]"))


def _last_day(data_cut: str) -> pd.Timestamp:
    """Last day of a month `YYYY-MM`, or the day itself."""
    try:
        day = pd.Timestamp(data_cut)
    except ValueError:
        raise CohortError("data_cut: must be a month `YYYY-MM` or a day `YYYY-MM-DD`") from None
    return day + pd.offsets.MonthEnd(0) if len(str(data_cut)) == 7 else day
