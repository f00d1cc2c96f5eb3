"""Eligibility comes from the past only: columns known after time zero are refused."""

from collections.abc import Mapping

import pandas as pd

from evalkit.errors import CohortError, StudyError
from evalkit.records import schema as s
from evalkit.records.faults import Fault, row_fault
from evalkit.records.mapping import nearest
from evalkit.study import Study

REMEDY = "Choose a ground that is known when the person enters the study."


def check_eligibility(study: Study, tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse a protocol that selects people by what became known after their time zero.

    The study file names the columns as `table.column`, and where a table has occasions as
    `table.column@occasion`: `statuses.occupation@start`, `health.value@0`.

    Parameters
    ----------
    study : Study
        `study.population.eligibility` lists the columns.
    tables : mapping of str to DataFrame
        Tables of `Records`.

    Raises
    ------
    StudyError
        If a name is not a table and column of the schema or of the records.
    CohortError
        If a column is known only after time zero, or if rows at a baseline occasion are dated
        later than the month in which the person's participation starts.
    """
    by_row = {name: table.set_axis(table.index + 2) for name, table in tables.items()}
    refuse_future(study, by_row)


def refuse_future(study: Study, tables: Mapping[str, pd.DataFrame]) -> None:
    """As `check_eligibility`, for tables that are indexed by file row."""
    unknown = [text for name in study.population.eligibility for text in _unknown(name, tables)]
    if unknown:
        raise StudyError("population.eligibility: " + "; ".join(unknown))
    faults = [f for name in study.population.eligibility for f in _from_future(name, tables)]
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise CohortError(f"population.eligibility: dated after time zero\n{lines}")


def tables_of_eligibility(study: Study) -> set[str]:
    """Names of the tables that `refuse_future` looks into; none where the study names no column."""
    named = {_parts(name)[0] for name in study.population.eligibility}
    return named | {s.EVENTS, s.PARTICIPATIONS} if named else set()


def _parts(name: str) -> tuple[str, str, str]:
    table, _, rest = name.partition(".")
    column, _, occasion = rest.partition("@")
    return table, column, occasion


def _unknown(name: str, tables: Mapping[str, pd.DataFrame]):
    table, column, occasion = _parts(name)
    if table not in s.TABLES:
        yield f"`{name}`: no such table{nearest(table, s.TABLES)}; write table.column"
        return
    known = list(tables[table].columns) if table in tables else list(s.TABLES[table].names)
    if column not in known:
        yield f"`{name}`: no such column{nearest(column, known)}"
    elif s.OCCASION in s.TABLES[table].names and not occasion:
        baseline = s.BASELINE_OCCASION[table]
        yield f"`{name}`: name the occasion, as in `{name}@{baseline}`"


def _from_future(name: str, tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    table, column, occasion = _parts(name)
    definition = s.TABLES[table]
    if column in definition.names and definition.column(column).after:
        return [Fault(table, column, "known only after time zero", REMEDY)]
    if not occasion:
        return []
    if _is_later(table, occasion):
        what = "an occasion after time zero"
        return [Fault(table, column, what, REMEDY)]
    return _dated_late(table, column, occasion, tables)


def _is_later(table: str, occasion: str) -> bool:
    if table == s.HEALTH:
        return not occasion.lstrip("-").isdigit() or int(occasion) > 0
    return occasion != s.BASELINE_OCCASION[table]


def _dated_late(
    table: str, column: str, occasion: str, tables: Mapping[str, pd.DataFrame]
) -> list[Fault]:
    index_dates = _index_dates(tables)
    if table not in tables or index_dates is None:
        return []
    frame = tables[table]
    zero = frame[s.PERSON_ID].map(index_dates).dt.to_period("M")
    late = (frame[s.OCCASION] == occasion) & (frame[s.DATE].dt.to_period("M") > zero)
    what = "dated after the index month"
    return row_fault(table, column, frame.index[late], len(frame), what, REMEDY)


def _index_dates(tables: Mapping[str, pd.DataFrame]) -> pd.Series | None:
    """Date of time zero of each person, from the events or from the first participation."""
    if s.EVENTS in tables:
        return tables[s.EVENTS].set_index(s.PERSON_ID)[s.INDEX_DATE]
    if s.PARTICIPATIONS in tables:
        return tables[s.PARTICIPATIONS].groupby(s.PERSON_ID)[s.START].min()
    return None
