"""The target group: who has lived on public support for long and meets several authorities."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.codes import benefits
from evalkit.cohort.checks import refuse, require_columns
from evalkit.cohort.eligibility import bridge
from evalkit.cohort.grouping import group_rows
from evalkit.cohort.months import (
    NEVER,
    absorbing_months,
    month_number,
    received,
    spells_on_clock,
)
from evalkit.errors import CohortError
from evalkit.provenance import digest_bytes, digest_frame
from evalkit.records import schema

CONTACTS = ("social_insurance", "employment_service", "social_services")
SOCIAL_SERVICES = ("municipality", "wellbeing_county")
FLAGS = (
    "in_population", "on_support", "long_support", "several_actors", "pensioner", "broad", "strict",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TargetGroup:
    """Who is in the target group in one month, one row a person.

    Attributes
    ----------
    covariates : DataFrame
        The columns of the persons, and booleans: `in_population` (of the ages, alive and in the
        country), `on_support` in the month, `long_support` (more than twelve months),
        `several_actors` (contact with at least two of three), `pensioner` (permanent full
        disability pension, or old-age pension), `broad`, `strict`; `contact_...` for each actor;
        and `covered`, where it was given.
    month : str
    of_population : bool
        Whether the records are of everybody who lives there, or only of, say, participants. A
        need is only ever derived from the former.
    knows_covered : bool
    digest : str
    """

    covariates: pd.DataFrame
    month: str
    of_population: bool
    knows_covered: bool
    digest: str

    def __len__(self) -> int:
        return len(self.covariates)

    def __repr__(self) -> str:
        whose = "of the population" if self.of_population else "of the people in the records"
        return f"<TargetGroup: {len(self)} persons {whose}, {self.month}>"

    def groups(self, by) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)


def contacts_of_benefits(country: str) -> dict[str, str]:
    """The actor that somebody with a benefit meets, by the code book.

    Benefits in unemployment mean the employment service, whoever pays them; what municipalities or
    wellbeing services counties pay means the social services; the rest means social insurance.

    Examples
    --------
    >>> contacts = contacts_of_benefits("SE")
    >>> contacts["unemployment_insurance"], contacts["social_assistance"]
    ('employment_service', 'social_services')
    """
    book = benefits(country)
    book = book[book["public_support"]]
    contact = np.where(book["actor"].isin(SOCIAL_SERVICES), CONTACTS[2], CONTACTS[0])
    contact = np.where(book["group"] == "labour_market", CONTACTS[1], contact)
    return dict(zip(book.index, contact.tolist(), strict=True))


def target_group(
    spells: pd.DataFrame,
    persons: pd.DataFrame,
    *,
    country: str,
    month: str,
    of_population: bool,
    months_of_support: int = 12,
    min_actors: int = 2,
    ages: tuple[int, int] = (16, 64),
    covered: Iterable[str] | None = None,
    contacts: Mapping[str, str] | None = None,
) -> TargetGroup:
    """Mark who belongs to the target group in a month.

    Parameters
    ----------
    spells, persons : DataFrame
        Tables of the records; `persons` with `person_id`, `birth_year`, and, where known,
        `died_month` and `emigrated_month`.
    country : {"SE", "FI"}
        Whose code book says what is public support and who pays it.
    month : str
        `YYYY-MM`; the records cover it.
    of_population : bool
        Whether persons and spells are those of everybody in the area. The records of a study are
        usually those of participants only, which say nothing about need.
    months_of_support : int
        Support must have lasted longer than this: in the month and in each of so many before it.
        Breaks of one month are bridged.
    min_actors : int
        Of social insurance, employment service and social services, met in the same months.
    ages : (int, int)
        Lowest and highest age in years, by year of birth.
    covered : iterable of str, optional
        `person_id` of those who took part in coordinated rehabilitation in the same twelve months.
    contacts : mapping of str to str, optional
        The actor that each benefit means, by default `contacts_of_benefits`.

    Returns
    -------
    TargetGroup
        `broad`: public support in the month, and several actors; `strict`: long support too. In
        neither are people with a permanent full disability pension or an old-age pension.

    Raises
    ------
    CohortError
        If a column is missing, a person has two rows, benefit codes are not in the code book or
        name an actor that is none of the three, or a length is not positive.

    Examples
    --------
    >>> persons = pd.DataFrame({"person_id": ["a", "b"], "birth_year": [1980, 1990]})
    >>> spells = pd.DataFrame({
    ...     "person_id": ["a", "a", "b"],
    ...     "benefit": ["sickness_benefit", "social_assistance", "sickness_benefit"],
    ...     "start": pd.to_datetime(["2022-01-01", "2023-03-01", "2023-11-01"]),
    ...     "end": pd.to_datetime([None, None, None]), "degree": [100, 100, 50],
    ... })
    >>> group = target_group(
    ...     spells, persons, country="SE", month="2023-12", of_population=True)
    >>> group.covariates[["on_support", "long_support", "several_actors", "strict"]]
       on_support  long_support  several_actors  strict
    0        True          True            True    True
    1        True         False           False   False
    """
    require_columns(persons, person=schema.PERSON_ID, birth_year=schema.BIRTH_YEAR)
    refuse(persons.duplicated(schema.PERSON_ID).to_numpy(), "person", "with more than one row")
    if months_of_support < 1 or not 1 <= min_actors <= len(CONTACTS):
        raise CohortError("months_of_support and min_actors must be at least 1, actors at most 3")
    who = persons.reset_index(drop=True)
    at = int(month_number(month))
    clock = np.full(len(who), at)
    paid = spells_on_clock(spells, benefits(country), who[schema.PERSON_ID], clock, data_cut=at)
    met = _contacts(spells, contacts or contacts_of_benefits(country), who,
                    window=(at - months_of_support, at))  # fmt: skip
    public = paid[paid["public_support"]]
    window = (-months_of_support - 1, 0)
    support = received(public, clock, window=window)
    gone = _absorbed(paid, who, clock)
    age = at // 12 - who[schema.BIRTH_YEAR].to_numpy(dtype=float)
    found = {
        "in_population": (age >= ages[0]) & (age <= ages[1]) & ~gone["left"],
        "on_support": support[:, -1],
        "long_support": bridge(support)[:, 1:].all(axis=1) & support[:, -1],
        "several_actors": met["n"] >= min_actors,
        "pensioner": gone["pensioner"],
    }
    inside = found["in_population"] & found["on_support"] & ~found["pensioner"]
    found["broad"] = inside & found["several_actors"]
    found["strict"] = found["broad"] & found["long_support"]
    found |= {f"contact_{name}": met[name] for name in CONTACTS}
    if covered is not None:
        found["covered"] = who[schema.PERSON_ID].isin(set(covered)).to_numpy()
    kept = who.assign(**found)
    digest = digest_bytes(digest_frame(kept).encode(), month.encode())[:16]
    return TargetGroup(kept, month, of_population, covered is not None, digest)


def _contacts(
    spells, contacts: Mapping[str, str], who, *, window: tuple[int, int]
) -> dict[str, np.ndarray]:
    """Which actors each person met in the calendar months of the window, both ends included."""
    unknown = sorted(set(contacts.values()) - set(CONTACTS))
    if unknown:
        raise CohortError(f"contacts: {len(unknown)} actors are none of {', '.join(CONTACTS)}")
    row = pd.Index(who[schema.PERSON_ID]).get_indexer(spells[schema.PERSON_ID])
    begin = month_number(spells[schema.START])
    last = month_number(spells[schema.END])
    known = spells[schema.BENEFIT].isin(list(contacts)) & (pd.to_numeric(spells["degree"]) != 0)
    touched = known.to_numpy() & (row >= 0) & (begin <= window[1]) & (last >= window[0])
    actor = spells[schema.BENEFIT].map(contacts).to_numpy()
    met = {}
    for name in CONTACTS:
        met[name] = np.zeros(len(who), dtype=bool)
        met[name][row[touched & (actor == name)]] = True
    met["n"] = np.sum([met[name] for name in CONTACTS], axis=0)
    return met


def _absorbed(paid: pd.DataFrame, who: pd.DataFrame, clock: np.ndarray) -> dict[str, np.ndarray]:
    """Who had died or left the country, and who has a pension for good, by the month."""
    left = {name: pd.Series(np.nan, index=who.index, dtype=object) for name in (
        schema.DIED_MONTH, schema.EMIGRATED_MONTH) if name not in who}  # fmt: skip
    months = absorbing_months(paid, who.assign(**left), clock)
    reached = {name: (month <= 0) & (month != NEVER) for name, month in months.items()}
    return {
        "left": reached["died"] | reached["emigrated"],
        "pensioner": reached["disability_pension"] | reached["old_age_pension"],
    }
