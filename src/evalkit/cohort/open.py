"""Open a cohort, or the part of it that a unit owns, as samples."""

from dataclasses import dataclass

import pandas as pd

from evalkit.cohort.areas import area_count
from evalkit.cohort.flow import flow_steps, flow_table
from evalkit.cohort.months import MONTH_STATES, SOURCES
from evalkit.cohort.samples import (
    AreaCount,
    HealthPanel,
    Occasions,
    Persons,
    StateHistory,
    TimeToEvent,
)
from evalkit.cohort.tables import CohortTables
from evalkit.cohort.timelines import ANY_SUPPORT
from evalkit.errors import CohortError
from evalkit.records import schema
from evalkit.results import Flow
from evalkit.study import Study

SOURCE_COLUMNS = (ANY_SUPPORT, *SOURCES)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Samples:
    """A cohort as samples, one for each family of estimators.

    Attributes
    ----------
    exits : TimeToEvent
        Causes: the outcome, then the competing ones of the study file in its order.
    states : StateHistory or None
        None where the outcome comes from an events table.
    occasions : Occasions or None
    people : Persons
    health : HealthPanel or None
        None until scores are given.
    answers : DataFrame
        One row a person and wave, to be scored.
    flow : Flow
    area : AreaCount or None
        Sum over the municipalities.
    costs, definitions : DataFrame
    impossible : dict of str to str
        Definitions that the study wants to show and the records do not allow, with the id of the
        reason (`no_statuses_table`).
    """

    exits: TimeToEvent
    states: StateHistory | None
    occasions: Occasions | None
    people: Persons
    health: HealthPanel | None
    answers: pd.DataFrame
    flow: Flow
    area: AreaCount | None
    costs: pd.DataFrame
    definitions: pd.DataFrame
    impossible: dict[str, str]

    def __repr__(self) -> str:
        return f"<Samples: {len(self.people)} persons>"


def open_samples(
    tables: CohortTables,
    study: Study,
    *,
    scores: pd.DataFrame | None = None,
    cluster: str | None = None,
) -> Samples:
    """Turn the tables of a cohort, or of a part of it, into samples.

    Parameters
    ----------
    tables : CohortTables
        As built, or the part of some municipalities. May be without persons.
    study : Study
    scores : DataFrame, optional
        `person_id`, `wave`, `outcome`; see `health_panel`. Rows of other persons are left out.
    cluster : str, optional
        Column of `people` that is the unit of dependence; by default the study's.

    Raises
    ------
    CohortError
        If a table breaks the rules of its sample.
    """
    people = tables.people
    cluster = cluster or study.cluster
    entered = schema.ENTRY in people and bool((people[schema.ENTRY] > 0).any())
    return Samples(
        exits=TimeToEvent.from_frame(
            people.astype({"time": float}), duration="time", cause="cause",
            censored=schema.CENSORED, entry=schema.ENTRY if entered else None, cluster=cluster,
            person=schema.PERSON_ID, arm=schema.ARM, time_unit=study.outcome.time_unit,
            causes=(study.outcome.cause, *study.competing),
        ),
        states=_states(tables, cluster),
        occasions=_occasions(tables),
        people=Persons.from_frame(people, person=schema.PERSON_ID, arm=schema.ARM),
        health=None if scores is None else health_panel(scores, tables, cluster=cluster),
        answers=tables.answers,
        flow=flow_table(tables.steps, order=flow_steps(study)),
        area=area_count(tables.areas),
        costs=tables.costs,
        definitions=tables.definitions,
        impossible=tables.impossible.set_index("definition")["reason"].to_dict(),
    )  # fmt: skip


def health_panel(
    scores: pd.DataFrame, tables: CohortTables, *, cluster: str | None = None
) -> HealthPanel:
    """Health scores of the persons of a cohort as a panel, with what they were like at start.

    The answers of the same person and wave come along, a column an item.

    Parameters
    ----------
    scores : DataFrame
        One row a person and wave: `person_id`, `wave` (planned month), `outcome`.

    Raises
    ------
    CohortError
        If a column is missing or a person has two rows for one wave.
    """
    needed = [schema.PERSON_ID, "wave", "outcome"]
    missing = [name for name in needed if name not in scores]
    if missing:
        raise CohortError(f"scores: no such column: {', '.join(missing)}")
    unit = [schema.PERSON_ID, schema.MUNICIPALITY, schema.ARM]
    arms = tables.answers[unit].drop_duplicates(schema.PERSON_ID)
    added = [name for name in tables.people if name not in (*unit, "time", "cause", schema.ENTRY)]
    who = arms.merge(tables.people[[schema.PERSON_ID, *added]], on=schema.PERSON_ID, how="left")
    taken = {*needed, *who, schema.INSTRUMENT}
    items = [name for name in tables.answers if name not in taken]
    answers = tables.answers[[schema.PERSON_ID, "wave", *items]]
    frame = scores[needed].merge(who, on=schema.PERSON_ID, how="inner")
    frame = frame.merge(answers, on=[schema.PERSON_ID, "wave"], how="left")
    return HealthPanel.from_frame(
        frame.astype({"outcome": float}), person=schema.PERSON_ID, wave="wave", outcome="outcome",
        arm=schema.ARM, cluster=cluster,
    )  # fmt: skip


def _states(tables: CohortTables, cluster: str | None) -> StateHistory | None:
    months = [name for name in tables.states if name[:1] == "m" and name[1:].isdigit()]
    if not months:
        return None
    same = tables.states[schema.PERSON_ID].to_numpy() == tables.people[schema.PERSON_ID].to_numpy()
    if not same.all():
        raise CohortError(f"states: {int((~same).sum())} rows are not in the order of people")
    matrix = tables.states[months].to_numpy()
    seen = (matrix >= 0).any(axis=0)
    n_month = max(int(seen.sum()), 1)
    return StateHistory.from_matrix(
        matrix[:, :n_month], MONTH_STATES, tables.people, cluster=cluster
    )


def _occasions(tables: CohortTables) -> Occasions | None:
    if "occasion" not in tables.occasions:
        return None
    # Any support at all is a condition of taking part: its share before the start says nothing.
    flags = tables.occasions.astype(dict.fromkeys(SOURCE_COLUMNS, bool))
    return Occasions.from_frame(
        flags, person=schema.PERSON_ID, occasion="occasion", sources=SOURCES, arm=schema.ARM
    )
