"""From records to a cohort: the one place where the steps stand in their order."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from evalkit.codes import benefits
from evalkit.cohort.answers import answers_by_wave
from evalkit.cohort.areas import COLUMNS as AREA_COLUMNS
from evalkit.cohort.areas import areas_frame
from evalkit.cohort.definitions import definitions_frame, exits_under
from evalkit.cohort.eligibility import exclusions, payers
from evalkit.cohort.flow import ANALYSED, first_reason
from evalkit.cohort.following import following_tables
from evalkit.cohort.months import ABSORBING, NEVER, month_number, month_text
from evalkit.cohort.refusals import (
    MADE,
    refuse_clash,
    require_cohort,
    require_currency,
    require_possible,
    require_tables,
)
from evalkit.cohort.starts import PLACE, age_at, at_start, first_packages, with_places
from evalkit.cohort.tables import CohortTables
from evalkit.cohort.timelines import (
    HISTORY_MONTHS,
    Timelines,
    occasions_frame,
    sources_before,
    states_frame,
    timelines,
)
from evalkit.records import schema
from evalkit.study import Study

OUTCOME = tuple(name for name in schema.TABLES[schema.EVENTS].names if name != schema.PERSON_ID)
UNIT = (schema.PERSON_ID, *PLACE, schema.ARM)


def build_cohort(tables: Mapping[str, pd.DataFrame], study: Study) -> CohortTables:
    """Build the cohort of a study: who is analysed, from when, in which arm, until what.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Records in the types of `evalkit.records.schema`; tables that a study lacks are absent.
    study : Study
        The protocol.

    Returns
    -------
    CohortTables

    Raises
    ------
    CohortError
        If a table that the outcome needs is missing; if nobody is eligible; if an arm has nobody;
        if an exit is from an absorbing state that the study does not list as competing; if the
        kind of comparison or the primary definition is not possible.
    """
    return CohortTables(**dict(cohort_tables(tables, study)))


def cohort_tables(
    tables: Mapping[str, pd.DataFrame], study: Study
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The tables of a cohort one after the other, so that only one need be held.

    Parameters and errors are those of `build_cohort`.

    Yields
    ------
    str, DataFrame
        Field of `CohortTables` and its table, `areas` first, `packages` before `participations`;
        those that the study lacks are not among them.
    """
    if study.outcome.source == "events":
        return _from_events(tables, study)
    return _from_spells(tables, study)


def _from_spells(
    tables: Mapping[str, pd.DataFrame], study: Study
) -> Iterator[tuple[str, pd.DataFrame]]:
    required = (schema.PERSONS, schema.SPELLS, schema.PACKAGES, schema.PARTICIPATIONS)
    require_tables(tables, required, study)
    impossible = require_possible(tables, study)
    persons = with_places(tables[schema.PERSONS], tables.get(schema.MUNICIPALITIES))
    refuse_clash(persons)
    analysed, months, steps = _analysed(tables, study, persons)
    yield "areas", areas_frame(tables, persons, study)
    yield "steps", steps
    # Everybody's, and not needed any more; a nation's are long.
    del steps
    persons = persons[[schema.PERSON_ID, *PLACE]]
    unit = analysed[list(UNIT)]
    yield "people", _people(analysed, months)
    states = states_frame(months, parental_rule=study.self_support.parental)
    yield "states", pd.concat([unit, states], axis=1)
    yield "occasions", _attach(unit, occasions_frame(months))
    yield (
        "definitions",
        _attach(unit, definitions_frame(tables, study, analysed[schema.PERSON_ID], months)),
    )
    yield "impossible", _impossible(impossible, persons)
    yield "answers", _answers(tables, study, unit, analysed[schema.START])
    yield "costs", _costs(tables, study, unit, months.index_month)
    yield from following_tables(tables, persons, analysed)


def _analysed(
    tables: Mapping[str, pd.DataFrame], study: Study, persons: pd.DataFrame
) -> tuple[pd.DataFrame, Timelines, pd.DataFrame]:
    """The persons analysed with exits, their months, and the step at which all others left."""
    started, months = _followed(tables, study, persons)
    reason, exits = _reasons_and_exits(tables, study, started, months)
    steps = _steps(persons, started[schema.PERSON_ID], reason, absent="no_package")
    kept = reason == ANALYSED
    analysed = started[kept].assign(time=exits.duration[kept], cause=exits.cause[kept])
    analysed = analysed.reset_index(drop=True)
    require_cohort(analysed, steps, study)
    return analysed, months.keep(kept), steps


def _followed(
    tables: Mapping[str, pd.DataFrame], study: Study, persons: pd.DataFrame
) -> tuple[pd.DataFrame, Timelines]:
    """Everybody who started a package, and their months."""
    data_cut = int(month_number(study.data_cut))
    first = first_packages(
        tables[schema.PARTICIPATIONS], tables[schema.PACKAGES], data_cut=data_cut
    )
    started = persons.merge(first, on=schema.PERSON_ID, how="inner", validate="one_to_one")
    spells = tables[schema.SPELLS]
    spells = spells[spells[schema.PERSON_ID].isin(started[schema.PERSON_ID])]
    months = timelines(
        spells, benefits(study.country), started, started["index_month"].to_numpy(),
        data_cut=data_cut, min_share=study.population.min_share_of_month,
        history=max(HISTORY_MONTHS, study.population.months_of_support + 1),
    )  # fmt: skip
    return started, months


def _reasons_and_exits(tables, study, started, months):
    """Rule at which each starter leaves, and the exits under the primary definition."""
    rule, population = study.self_support, study.population
    exits = exits_under(
        rule.definition, tables, study, started[schema.PERSON_ID], months,
        k=rule.sustained_months,
    )  # fmt: skip
    failures = {"other_package": np.zeros(len(started), dtype=bool)}
    if study.arms.comparison == "none":
        failures["other_package"] = (started[schema.ARM] != schema.PROGRAMME).to_numpy()
    failures |= exclusions(
        age=age_at(months.index_month, started),
        ages=population.ages,
        gone=np.minimum.reduce([months.absorbed[name] for name in ABSORBING]),
        history=months.before,
        at_start=months.ahead[:, 0],
        payer=payers(months.spells, len(started), population.months_of_support),
        months_of_support=population.months_of_support,
        min_actors=population.min_actors,
    )
    failures["too_short_follow_up"] = exits.duration < 1
    return first_reason(failures), exits


def _people(analysed: pd.DataFrame, months: Timelines) -> pd.DataFrame:
    described = at_start(analysed.drop(columns=list(MADE)), months.index_month)
    front = analysed[[*UNIT, schema.PACKAGE_ID]].assign(index_month=month_text(months.index_month))
    return pd.concat(
        [
            front,
            described.drop(columns=[schema.PERSON_ID, *PLACE]),
            pd.Series(months.before[:, -HISTORY_MONTHS:].sum(axis=1), name="support_months"),
            sources_before(months),
            analysed[["time", "cause"]],
        ],
        axis=1,
    )


def _from_events(
    tables: Mapping[str, pd.DataFrame], study: Study
) -> Iterator[tuple[str, pd.DataFrame]]:
    require_tables(tables, [schema.EVENTS], study)
    events = tables[schema.EVENTS].reset_index(drop=True)
    persons = tables.get(schema.PERSONS)
    if persons is None:
        persons = events[[schema.PERSON_ID]].reindex(columns=schema.TABLES[schema.PERSONS].names)
    persons = with_places(persons, tables.get(schema.MUNICIPALITIES))
    own = [name for name in persons if name != schema.PERSON_ID]
    events = events.drop(columns=[name for name in own if name in events and name not in OUTCOME])
    persons = persons.drop(columns=[name for name in own if name in OUTCOME])
    given = persons.merge(events, on=schema.PERSON_ID, how="inner", validate="one_to_one")
    no_outcome = (given[schema.TIME].isna() | given[schema.CAUSE].isna()).to_numpy()
    reason = first_reason({"no_arm": given[schema.ARM].isna().to_numpy(), "no_outcome": no_outcome})
    steps = _steps(persons, given[schema.PERSON_ID], reason, absent="no_arm")
    index_month = month_number(given[schema.INDEX_DATE])
    described = at_start(given.drop(columns=list(OUTCOME)), index_month)
    analysed = given[reason == ANALYSED].reset_index(drop=True)
    require_cohort(analysed, steps, study)
    yield "areas", pd.DataFrame(columns=list(AREA_COLUMNS))
    yield "steps", steps
    people = described.assign(
        arm=given[schema.ARM],
        entry=given[schema.ENTRY],
        time=given[schema.TIME],
        cause=given[schema.CAUSE],
    )
    with_arm = given[schema.ARM].notna()
    unit = given.loc[with_arm, list(UNIT)].reset_index(drop=True)
    yield "people", people[reason == ANALYSED].reset_index(drop=True)
    for name in ("states", "occasions", "definitions"):
        yield name, pd.DataFrame(columns=[*UNIT])
    yield "impossible", pd.DataFrame(columns=[schema.MUNICIPALITY, "definition", "reason"])
    yield "answers", _answers(tables, study, unit, given.loc[with_arm, schema.INDEX_DATE])
    yield "costs", _costs(tables, study, unit, index_month[with_arm])
    yield from following_tables(tables, persons, analysed)


def _steps(persons, followed: pd.Series, reason: np.ndarray, *, absent: str) -> pd.DataFrame:
    """Rule at which every person of the records left; `absent` for those not followed at all."""
    known = pd.Series(reason, index=followed.to_numpy())
    left = persons[schema.PERSON_ID].map(known).fillna(absent)
    return persons[[schema.PERSON_ID, *PLACE]].assign(reason=left.astype(object))


def _attach(unit: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Put who and where before rows that name persons by position."""
    who = unit.iloc[rows["row"].to_numpy(dtype=int)].reset_index(drop=True)
    return pd.concat([who, rows.drop(columns="row").reset_index(drop=True)], axis=1)


def _impossible(impossible: Mapping[str, str], persons: pd.DataFrame) -> pd.DataFrame:
    """Definitions that the records do not allow, once for every municipality."""
    found = pd.Series(impossible, dtype=object)
    reasons = found.rename_axis("definition").rename("reason").reset_index()
    return persons[[schema.MUNICIPALITY]].drop_duplicates().merge(reasons, how="cross")


def _answers(tables, study, unit: pd.DataFrame, start: pd.Series) -> pd.DataFrame:
    if study.health is None or schema.HEALTH not in tables:
        return unit.iloc[:0].assign(wave=pd.Series(dtype=int), instrument=pd.Series(dtype=object))
    ids = unit[schema.PERSON_ID]
    return _attach(unit, answers_by_wave(tables[schema.HEALTH], ids, start, study.health))


def _costs(tables, study: Study, unit: pd.DataFrame, index_month: np.ndarray) -> pd.DataFrame:
    """Rows of costs of the persons, months counted from start; those of type cases as they are."""
    costs = tables.get(schema.COSTS)
    if costs is None:
        names = [name for name in schema.TABLES[schema.COSTS].names if name not in UNIT]
        return pd.DataFrame(columns=[*UNIT, *names, "month_from_start"])
    require_currency(costs, study)
    row = pd.Index(unit[schema.PERSON_ID]).get_indexer(costs[schema.PERSON_ID])
    kept = (row >= 0) | costs[schema.PERSON_ID].isna().to_numpy()
    costs, row = costs[kept].reset_index(drop=True), row[kept]
    clock = np.append(np.where(index_month == NEVER, np.nan, index_month), np.nan)
    month = month_number(costs[schema.MONTH]) - clock[row]
    who = unit.reindex(np.where(row >= 0, row, -1)).reset_index(drop=True)
    rest = costs.drop(columns=[name for name in UNIT if name in costs])
    return pd.concat([who, rest.assign(month_from_start=month)], axis=1)
