"""Sample of statuses: what persons did, and what supported them, at start, end and follow-up.

A participation is a person in a package. A person in several packages has several; who counts
persons keeps one of them in each stratum (`first_of_each`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.cohort.checks import numbers, refuse, require_columns
from evalkit.cohort.grouping import group_rows
from evalkit.cohort.histories import Persons
from evalkit.errors import CohortError
from evalkit.provenance import digest_frame
from evalkit.records import schema

NO_SUPPORT = "none"  # the code that says that there is no public support
SEPARATOR = ";"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Statuses:
    """Occupation and sources of support at the start, the end and the follow-up of participations.

    Attributes
    ----------
    covariates : DataFrame
        One row a person, package and occasion: `person_id`, `package_id`, `occasion`, `date`,
        `occupation` (None where it is not known), `extent_percent` (NaN where it is not known),
        `support_known`, one boolean column for each name in `sources`, and all other columns.
    sources : tuple of str
        Codes of the sources of support, sorted; a person may have several at once, or none.
    digest : str
    """

    covariates: pd.DataFrame
    sources: tuple[str, ...]
    digest: str

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        person: str = schema.PERSON_ID,
        package: str = schema.PACKAGE_ID,
        occasion: str = schema.OCCASION,
        occupation: str = schema.OCCUPATION,
        date: str | None = schema.DATE,
        extent: str | None = schema.EXTENT_PERCENT,
        support: str | None = schema.SUPPORT_SOURCES,
        sources: Sequence[str] | None = None,
        separator: str = SEPARATOR,
        empty_is_none: bool = True,
        arm: str | None = None,
    ) -> "Statuses":
        """Check a frame with one row a person, package and occasion, and freeze it.

        Parameters
        ----------
        frame : DataFrame
            The rows.
        person, package, occasion, occupation, date, extent : str
            Names of columns. `occasion` is start, end or follow_up; `extent` in per cent of 40
            hours a week.
        support : str
            Name of a column of text with the codes of all sources, apart by `separator`. The code
            `none` says that there is no public support and stands alone.
        sources : sequence of str
            Codes that may occur; by default those that do. Give them where strata or units are to
            be compared.
        separator : str
        empty_is_none : bool
            Whether an empty text where the occupation is known means no public support, as in
            records that list what is paid; otherwise the sources of that row are not known.
        arm : str
            Column that becomes the covariate `arm`.

        Raises
        ------
        CohortError
            If a column is missing; a person, a package or an occasion is missing, unknown or
            repeated; an extent lies outside 0 to 100; `none` stands beside another source; a source
            is not among `sources`, or has the name of a column.

        Examples
        --------
        >>> frame = pd.DataFrame(
        ...     {"person_id": ["a", "a"], "package_id": ["p", "p"], "occasion": ["start", "end"],
        ...      "occupation": ["other", "work"], "support_sources": ["sickness;assistance", ""]}
        ... )
        >>> sample = Statuses.from_frame(frame, date=None, extent=None)
        >>> sample
        <Statuses: 2 rows of 1 persons, sources assistance, sickness>
        >>> sample.covariates[["occasion", "assistance", "sickness"]]
          occasion  assistance  sickness
        0    start        True      True
        1      end       False     False
        """
        require_columns(
            frame, person=person, package=package, occasion=occasion, occupation=occupation,
            date=date, extent=extent, support=support, arm=arm,
        )  # fmt: skip
        kept = frame.reset_index(drop=True).copy()
        kept = kept.assign(
            person_id=kept[person], package_id=kept[package], occasion=kept[occasion],
            occupation=kept[occupation].astype(object).where(kept[occupation].notna(), None),
            date=pd.to_datetime(kept[date]) if date else pd.NaT,
            extent_percent=numbers(kept, extent, allow_missing=True) if extent else np.nan,
        )  # fmt: skip
        if arm is not None:
            kept["arm"] = kept[arm]
        _check(kept)
        lists, row_of = _lists(kept, support, separator)
        codes = _codes(lists, sources)
        taken = [code for code in codes if code in kept.columns]
        if taken:
            raise CohortError(f"{support}: {len(taken)} sources have the name of a column")
        flags = {code: np.array([code in one for one in lists], bool)[row_of] for code in codes}
        known = np.array([bool(one) for one in lists], dtype=bool)[row_of]
        if support is not None and empty_is_none:
            known |= kept[schema.OCCUPATION].notna().to_numpy()
        flags = pd.DataFrame(flags, index=kept.index)
        kept = pd.concat([kept.assign(support_known=known), flags], axis=1)
        return cls(kept, codes, digest_frame(kept)[:16])

    def with_columns_of(self, people: Persons, names: Sequence[str]) -> "Statuses":
        """Add what persons were like when they started, such as `sex`, `age_group`, `education`.

        Persons who are not among `people` are left out.

        Raises
        ------
        CohortError
            If a column is missing.
        """
        require_columns(people.covariates, **{f"name {name}": name for name in names})
        who = people.covariates[[schema.PERSON_ID, *names]]
        rows = self.covariates.drop(columns=[name for name in names if name in self.covariates])
        joined = rows.merge(who, on=schema.PERSON_ID, how="inner")
        return replace(self, covariates=joined, digest=digest_frame(joined)[:16])

    def first_of_each(self, stratum: np.ndarray | None = None) -> np.ndarray:
        """Rows of the first participation of each person in each stratum.

        The first is the one with the earliest recorded start; without dates, the first in the
        frame.

        Parameters
        ----------
        stratum : ndarray of int, shape (n,), optional
            Codes of `groups`.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        frame = self.covariates[[schema.PERSON_ID, schema.PACKAGE_ID, schema.DATE]].assign(
            stratum=0 if stratum is None else stratum,
            begins=self.covariates[schema.OCCASION] != "start",
            place=np.arange(len(self.covariates)),
        )
        first = frame.sort_values(["begins", schema.DATE, "place"], kind="stable")
        first = first.drop_duplicates([schema.PERSON_ID, "stratum"])
        key = [schema.PERSON_ID, "stratum", schema.PACKAGE_ID]
        chosen = pd.MultiIndex.from_frame(first[key])
        return pd.MultiIndex.from_frame(frame[key]).isin(chosen)

    def __len__(self) -> int:
        return len(self.covariates)

    def __repr__(self) -> str:
        n_person = self.covariates[schema.PERSON_ID].nunique()
        return f"<Statuses: {len(self)} rows of {n_person} persons, sources {_named(self.sources)}>"

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


def _named(sources: tuple[str, ...]) -> str:
    return ", ".join(sources) or "not known"


def _check(kept: pd.DataFrame) -> None:
    key = [schema.PERSON_ID, schema.PACKAGE_ID, schema.OCCASION]
    for name in key:
        refuse(kept[name].isna().to_numpy(), name, "missing")
    unknown = ~kept[schema.OCCASION].isin(schema.OCCASIONS).to_numpy()
    refuse(unknown, schema.OCCASION, "neither start, end nor follow_up")
    refuse(kept.duplicated(key).to_numpy(), schema.OCCASION, "repeated for one person and package")
    extent = kept[schema.EXTENT_PERCENT].to_numpy(dtype=float)
    refuse((extent < 0) | (extent > 100), schema.EXTENT_PERCENT, "outside 0 to 100 per cent")


def _lists(
    kept: pd.DataFrame, support: str | None, separator: str
) -> tuple[list[list[str]], np.ndarray]:
    """Codes of each different text, and the position of each row's text among them."""
    if support is None:
        return [[]], np.zeros(len(kept), dtype=np.intp)
    text = kept[support].astype(object).where(kept[support].notna(), "").astype(str)
    row_of, texts = pd.factorize(text)
    lists = [[code.strip() for code in one.split(separator) if code.strip()] for one in texts]
    alone = np.array([NO_SUPPORT in one and len(set(one)) > 1 for one in lists], dtype=bool)
    wrong = alone[row_of] if len(lists) else np.zeros(0, dtype=bool)
    refuse(wrong, support, f"with `{NO_SUPPORT}` beside another source of support")
    return lists, row_of


def _codes(lists: list[list[str]], sources: Sequence[str] | None) -> tuple[str, ...]:
    found = {code for row in lists for code in row} - {NO_SUPPORT}
    if sources is None:
        return tuple(sorted(found))
    unknown = found - set(sources)
    if unknown:
        raise CohortError(f"support sources: {len(unknown)} codes are not among `sources`")
    return tuple(sources)
