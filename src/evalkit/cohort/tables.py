"""The tables of a built cohort, and the part of them that belongs to some municipalities."""

from collections.abc import Collection
from dataclasses import dataclass, fields

import pandas as pd

from evalkit.records import schema


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CohortTables:
    """A cohort as data frames, ready to be stored and to be cut by municipality.

    Every frame has `municipality`; all but `areas` and `impossible` have `person_id`.

    Attributes
    ----------
    people : DataFrame
        One row a person analysed: place, `arm`, `package_id`, `index_month`, what the person was
        like at start, `support_months` (of the 24 before), `sickness_before` and the like (in the
        12 before), `time`, `cause`.
    states : DataFrame
        The persons of `people` in the same order; m000, m001, ... index `MONTH_STATES`.
    occasions : DataFrame
        One row a person and occasion (-12, 0, 12, 24), a boolean column for each source.
    answers : DataFrame
        One row a person and wave, a column for each item.
    steps : DataFrame
        One row for every person of the records: `reason` at which the person left the flow.
    costs : DataFrame
        Rows of costs of the persons analysed with `month_from_start`, and those of type cases.
    areas : DataFrame
        One row a municipality.
    definitions : DataFrame
        One row a person, definition and length, all with the same end of follow-up.
    impossible : DataFrame
        Definitions that the study wants to show and the records do not allow, with the `reason`.
    """

    people: pd.DataFrame
    states: pd.DataFrame
    occasions: pd.DataFrame
    answers: pd.DataFrame
    steps: pd.DataFrame
    costs: pd.DataFrame
    areas: pd.DataFrame
    definitions: pd.DataFrame
    impossible: pd.DataFrame

    def __repr__(self) -> str:
        return f"<CohortTables: {len(self.people)} of {len(self.steps)} persons>"


def part_of(tables: CohortTables, municipalities: Collection[str]) -> CohortTables:
    """The rows of some municipalities, in their order; costs of type cases belong to all."""
    parts = {}
    for field in fields(CohortTables):
        frame = getattr(tables, field.name)
        chosen = frame[schema.MUNICIPALITY].isin(municipalities)
        if field.name == "costs":
            chosen |= frame[schema.PERSON_ID].isna()
        parts[field.name] = frame[chosen].reset_index(drop=True)
    return CohortTables(**parts)
