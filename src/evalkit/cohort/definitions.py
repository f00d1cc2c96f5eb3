"""Definitions of self-support: the named rules of a study, and which its tables allow."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.cohort.exits import Exits, sustained_exit
from evalkit.cohort.months import NEVER, month_number
from evalkit.cohort.starts import size_of
from evalkit.cohort.timelines import Timelines
from evalkit.records import schema
from evalkit.study import Study

TABLE_OF_DEFINITION = {
    "SS-FORS": schema.SPELLS,
    "SS-SUS": schema.SPELLS,
    "SS-WORKSTUDY": schema.STATUSES,
    "SS-INCOME": schema.INCOMES,
}
EARNED = ("wage", "salary", "earned", "self_employment")
AT_WORK_OR_STUDY = ("work", "subsidised_work", "study")


def impossible_definitions(tables: Mapping[str, pd.DataFrame], study: Study) -> dict[str, str]:
    """Definitions that the study wants to show and the records do not allow, each with a reason.

    Returns
    -------
    dict of str to str
        From the definition's id to `no_<table>_table`, or `no_threshold` for SS-INCOME where
        the study gives no `income_threshold`: no official one is known.
    """
    wanted = dict.fromkeys((study.self_support.definition, *study.self_support.shown.definitions))
    reasons = {}
    for name in wanted:
        if not size_of(tables, TABLE_OF_DEFINITION[name]):
            reasons[name] = f"no_{TABLE_OF_DEFINITION[name]}_table"
        elif name == "SS-INCOME" and study.self_support.income_threshold is None:
            reasons[name] = "no_threshold"
    return reasons


def exits_under(
    definition: str,
    tables: Mapping[str, pd.DataFrame],
    study: Study,
    persons: pd.Series,
    months: Timelines,
    *,
    k: int,
    end: np.ndarray | None = None,
) -> Exits:
    """Apply a definition of self-support to persons.

    Parameters
    ----------
    definition : str
        `SS-FORS`: no public support, old-age pension competes. `SS-SUS`: the rule of the old
        register, old-age pension and parental benefit are no public support. `SS-INCOME`: earned
        income a month at or above the study's `income_threshold`. `SS-WORKSTUDY`: first recorded
        status in work, subsidised work or study after the start; follow-up ends at the last
        recorded status, and `k` is not used.
    persons : Series of str, shape (n,)
        Persons of `months`.
    k, end
        See `sustained_exit`.
    """
    rule = study.self_support
    cause = study.outcome.cause
    if definition == "SS-WORKSTUDY":
        return _recorded_status(tables[schema.STATUSES], persons, months, end, cause)
    support, parental_rule, absorbed = months.ahead, rule.parental, dict(months.absorbed)
    if definition == "SS-SUS":
        parental_rule = "none"
        absorbed.pop("old_age_pension")
    elif definition == "SS-INCOME":
        support = ~_enough_income(tables[schema.INCOMES], study, persons, months)
    return sustained_exit(
        support, months.parental, absorbed, k=k, last=months.last, end=end,
        dating=rule.dating, parental_rule=parental_rule, name=cause,
    )  # fmt: skip


def definitions_frame(
    tables: Mapping[str, pd.DataFrame], study: Study, persons: pd.Series, months: Timelines
) -> pd.DataFrame:
    """Exits under every definition and length that the study shows, all with one end of follow-up.

    The end is that of the largest length, so that the cells of one figure are about the same
    persons and months. Persons whose follow-up is then empty have no row.

    Returns
    -------
    DataFrame
        `row` (position of the person), `definition`, `sustained_months`, `time`, `cause`.
    """
    rule = study.self_support
    lengths = sorted({*rule.shown.sustained_months, rule.sustained_months})
    confirmed = rule.dating == "confirmed"
    end = months.last if confirmed else months.last - (lengths[-1] - 1)
    impossible = impossible_definitions(tables, study)
    frames = []
    for definition in dict.fromkeys((rule.definition, *rule.shown.definitions)):
        if definition in impossible:
            continue
        for k in [1] if definition == "SS-WORKSTUDY" else lengths:
            common = None if confirmed else end
            found = exits_under(definition, tables, study, persons, months, k=k, end=common)
            row = np.flatnonzero((found.duration > 0) & (end > 0))
            frames.append(
                pd.DataFrame(
                    {
                        "row": row,
                        "definition": definition,
                        "sustained_months": k,
                        "time": found.duration[row],
                        "cause": found.cause[row],
                    }
                )
            )
    empty = pd.DataFrame(columns=["row", "definition", "sustained_months", "time", "cause"])
    return pd.concat(frames, ignore_index=True) if frames else empty


def _enough_income(incomes, study, persons, months) -> np.ndarray:
    """Months, from the index month on, with earned income at or above the study's threshold."""
    row = pd.Index(persons).get_indexer(incomes[schema.PERSON_ID])
    earned = (row >= 0) & incomes[schema.KIND].isin(EARNED).to_numpy()
    row, number = row[earned], month_number(incomes[schema.MONTH])[earned]
    month = number - months.index_month[row]
    total = np.zeros(months.ahead.shape)
    inside = (month >= 0) & (month < total.shape[1])
    amount = incomes[schema.AMOUNT].to_numpy(dtype=float)[earned]
    np.add.at(total, (row[inside], month[inside]), amount[inside])
    return total >= study.self_support.income_threshold


def _recorded_status(statuses, persons, months, end, cause) -> Exits:
    """First status in work or study after the index month; none after the last known status."""
    row = pd.Index(persons).get_indexer(statuses[schema.PERSON_ID])
    known = statuses[[schema.OCCUPATION, schema.DATE]].notna().all(axis=1).to_numpy()
    known &= (row >= 0) & (statuses[schema.OCCASION] != "start").to_numpy()
    row, chosen = row[known], statuses[known]
    month = month_number(chosen[schema.DATE]) - months.index_month[row]
    late = month >= 1
    row, month, chosen = row[late], month[late], chosen[late]
    latest = np.zeros(len(persons), dtype=np.int64)
    np.maximum.at(latest, row, month)
    first = np.full(len(persons), NEVER, dtype=np.int64)
    active = chosen[schema.OCCUPATION].isin(AT_WORK_OR_STUDY).to_numpy()
    np.minimum.at(first, row[active], month[active])
    gone = np.minimum.reduce(list(months.absorbed.values()))
    stop = np.minimum(latest, months.last if end is None else end)
    first[first >= gone] = NEVER
    found = np.full(len(persons), "censored", dtype=object)
    for name, reached in reversed(months.absorbed.items()):
        found[(reached == gone) & (gone <= stop)] = name
    found[first <= stop] = cause
    return Exits(np.minimum(np.minimum(first, gone), stop), found)
