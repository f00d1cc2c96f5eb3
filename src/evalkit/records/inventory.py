"""What the tables of a study make possible, and what is missing for the rest."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from evalkit.records import schema as s
from evalkit.study import Study


class Possibility(NamedTuple):
    """One analysis: whether the records allow it, and where not, why not.

    `reason` is empty where it is possible, else a phrase for the catalogues of the reports, such
    as `no health table`.
    """

    analysis: str
    possible: bool
    reason: str


def what_is_possible(study: Study, tables: Mapping[str, pd.DataFrame]) -> list[Possibility]:
    """List every analysis with what the records lack for it.

    Parameters
    ----------
    study : Study
    tables : mapping of str to DataFrame
        Tables of `Records`.

    Returns
    -------
    list of Possibility

    Examples
    --------
    >>> from pathlib import Path
    >>> from evalkit.study import parse_study
    >>> raw = {"title": {"en": "A"}, "country": "SE", "data_cut": "2025-12",
    ...        "useful_size": {"incidence": "0.05", "months": "1"}}
    >>> study = parse_study(raw, root=Path("."), name="a")
    >>> what_is_possible(study, {})[0]
    Possibility(analysis='time to the outcome', possible=False, reason='no persons table')
    """
    spells = study.outcome.source == "spells"
    outcome = s.REQUIRED_TABLES[study.outcome.source]
    history = (s.PERSONS, s.SPELLS, s.PARTICIPATIONS)
    needed = {
        "time to the outcome": outcome,
        "months in each state": history,
        "before and after": history,
        "self-support by spells (SS-FORS)": history,
        "no public support at the end (SS-SUS)": history,
        "work or study at the end (SS-WORKSTUDY)": (s.STATUSES,),
        "earned income (SS-INCOME)": (s.INCOMES,),
        "health": (s.HEALTH,),
        "need and coverage": (s.MUNICIPALITY_YEARS, s.PARTICIPATIONS),
        "kinds of need": (s.NEEDS,),
        "pay-off": (s.COSTS,),
        "pay-off by tariffs": (s.SPELLS, s.TARIFFS),
        "working together": (s.RESPONSES,),
        "forms of collaboration": (s.FORMS,),
        "services of the municipalities": (s.SERVICES,),
        "finances of the federations": (s.FINANCES,),
    }
    listed = []
    for analysis, names in needed.items():
        missing = [f"no {name} table" for name in names if name not in tables]
        listed.append(Possibility(analysis, not missing, missing[0] if missing else ""))
    reasons = {"health": _no_health(study, tables)}
    if spells:
        reasons["time to the outcome"] = _no_comparison(study, tables)
    return [_also(item, reasons.get(item.analysis, "")) for item in listed]


def _also(item: Possibility, reason: str) -> Possibility:
    return Possibility(item.analysis, False, reason) if item.possible and reason else item


def _no_health(study: Study, tables: Mapping[str, pd.DataFrame]) -> str:
    if study.health is None:
        return "no health instrument in the study file"
    answers = tables.get(s.HEALTH)
    if answers is None or (answers[s.INSTRUMENT] == study.health.instrument).any():
        return ""
    return "no answers to the study's health instrument"


def _no_comparison(study: Study, tables: Mapping[str, pd.DataFrame]) -> str:
    if study.arms.comparison != "other_packages" or s.PACKAGES not in tables:
        return ""
    simple = (tables[s.PACKAGES][s.COORDINATION] == s.COORDINATIONS[0]).any()
    return "" if simple else "no package with exchange of information only to compare with"
