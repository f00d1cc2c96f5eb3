"""Answers to questionnaires about working together: one row a respondent, wave and item."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.checks import frozen, listed, numbers, refuse, require_columns
from evalkit.cohort.grouping import group_rows
from evalkit.errors import CohortError
from evalkit.provenance import digest_frame
from evalkit.records import schema as s

ROLES = {
    "respondent": s.RESPONDENT_ID, "item": s.ITEM, "instrument": s.INSTRUMENT,
    "group": s.RESPONDENT_GROUP, "wave": s.WAVE, "package": s.PACKAGE_ID,
    "federation": s.FEDERATION, "municipality": s.MUNICIPALITY,
}  # fmt: skip
KEY = (s.RESPONDENT_ID, s.WAVE, s.INSTRUMENT, s.ITEM)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Responses:
    """Answers of respondents, one row each respondent, wave, instrument and item.

    Whoever was asked and did not answer has a row without a value, so that non-response can be
    counted: a respondent without any row was not asked.

    Attributes
    ----------
    value : ndarray of float, shape (n,)
        The answers; NaN where there is none.
    covariates : DataFrame, n rows
        All columns of the frame, and `respondent_id`, `item`, `instrument`, `respondent_group`,
        `wave`, `package_id`, `federation`, `municipality`, `value` under these names where named.
        Without an instrument, a group or a wave that column is an empty text.
    digest : str
    """

    value: np.ndarray
    covariates: pd.DataFrame
    digest: str

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, respondent: str, item: str, value: str,
        instrument: str | None = None, group: str | None = None, wave: str | None = None,
        package: str | None = None, federation: str | None = None, municipality: str | None = None,
    ) -> "Responses":  # fmt: skip
        """Check a long frame and freeze it.

        Raises
        ------
        CohortError
            If a column is missing, the respondent, item, instrument, group or wave of a row is
            missing, a value is not numeric or infinite, or a respondent has two values for one
            item of one wave.

        Examples
        --------
        >>> frame = pd.DataFrame({"who": ["a", "a"], "item": ["i1", "i2"], "answer": [4, None]})
        >>> Responses.from_frame(frame, respondent="who", item="item", value="answer")
        <Responses: 1 respondents, 2 items, 1 of 2 answers given>
        """
        given = {
            "respondent": respondent, "item": item, "instrument": instrument, "group": group,
            "wave": wave, "package": package, "federation": federation,
            "municipality": municipality,
        }  # fmt: skip
        require_columns(frame, value=value, **given)
        kept = frame.reset_index(drop=True).copy()
        answers = _answers(kept, value)
        for role, name in given.items():
            if name is not None:
                kept[ROLES[role]] = kept[name]
            elif role in ("instrument", "group", "wave"):
                kept[ROLES[role]] = ""
        for role in ("respondent", "item", "instrument", "group", "wave"):
            refuse(kept[ROLES[role]].isna().to_numpy(), ROLES[role], "missing")
        kept[s.WAVE] = _as_text(kept[s.WAVE])
        refuse(kept.duplicated(list(KEY)).to_numpy(), s.ITEM, "repeated for one respondent")
        kept[s.VALUE] = answers
        return cls(frozen(answers), kept, digest_frame(kept)[:16])

    def __len__(self) -> int:
        return len(self.value)

    def __repr__(self) -> str:
        people = self.covariates[s.RESPONDENT_ID].nunique()
        n_item = self.covariates[s.ITEM].nunique()
        given = int(np.isfinite(self.value).sum())
        return (
            f"<Responses: {people} respondents, {n_item} items, {given} of {len(self)} answers "
            "given>"
        )

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the questionnaires, sorted."""
        return tuple(sorted(self.covariates[s.INSTRUMENT].unique()))

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)

    def questionnaire(
        self, instrument: str | None = None, group: str | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Answers in wide form: one row for each respondent and wave asked, one column an item.

        Parameters
        ----------
        instrument : str, optional
            Needed where there are several.
        group : str, optional
            Respondents of one group only.

        Returns
        -------
        people, answers : DataFrame, DataFrame
            The columns of the rows' respondents, and the answers (NaN: none), in the same order;
            items sorted.

        Raises
        ------
        CohortError
            If there is no such questionnaire or group, or none is named and there are several.
        """
        names = self.instruments
        if instrument is None and len(names) != 1:
            raise CohortError(f"instrument: name one of {listed(names) or 'none'}")
        chosen = self.covariates[s.INSTRUMENT] == (names[0] if instrument is None else instrument)
        if not chosen.any():
            raise CohortError(
                f"instrument: no answers to {instrument!r}; there are {listed(names) or 'none'}"
            )
        if group is not None:
            of_group = chosen & (self.covariates[s.RESPONDENT_GROUP] == group)
            if not of_group.any():
                there = listed(sorted(self.covariates.loc[chosen, s.RESPONDENT_GROUP].unique()))
                raise CohortError(f"group: nobody of {group!r} was asked; there are {there}")
            chosen = of_group
        rows = self.covariates[chosen]
        people = rows.drop_duplicates([s.RESPONDENT_ID, s.WAVE]).reset_index(drop=True)
        wide = rows.pivot(index=[s.RESPONDENT_ID, s.WAVE], columns=s.ITEM, values=s.VALUE)
        wide = wide[sorted(wide.columns)].rename_axis(columns=None)
        order = pd.MultiIndex.from_frame(people[[s.RESPONDENT_ID, s.WAVE]])
        return people, wide.reindex(order).reset_index(drop=True)


def _answers(frame: pd.DataFrame, name: str) -> np.ndarray:
    if not len(frame) or frame[name].isna().all():  # of objects too, where nobody answered
        return np.full(len(frame), np.nan)
    answers = numbers(frame, name, allow_missing=True)
    refuse(np.isinf(answers), name, "infinite")
    return answers


def _as_text(wave: pd.Series) -> pd.Series:
    """Waves as text; whole numbers without a decimal point."""
    if wave.dtype.kind == "f" and (wave == wave.round()).all():
        wave = wave.astype(int)
    return wave.astype(str)
