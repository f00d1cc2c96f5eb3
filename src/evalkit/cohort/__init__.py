"""Cohort: spells to months to exits; who is eligible, the attrition flow, and samples."""

from evalkit.cohort.areas import area_count
from evalkit.cohort.build import build_cohort, cohort_tables
from evalkit.cohort.definitions import impossible_definitions
from evalkit.cohort.exits import Exits, sustained_exit
from evalkit.cohort.flow import flow_steps, flow_table
from evalkit.cohort.months import MONTH_STATES
from evalkit.cohort.open import Samples, health_panel, open_samples
from evalkit.cohort.samples import (
    AreaCount,
    Forms,
    HealthPanel,
    Occasions,
    Participations,
    Persons,
    Responses,
    StateHistory,
    Statuses,
    TimeToEvent,
)
from evalkit.cohort.tables import (
    CohortTables,
    Place,
    Places,
    RowsByPlace,
    TableParts,
    part_of,
)

__all__ = [
    "MONTH_STATES",
    "AreaCount",
    "CohortTables",
    "Exits",
    "Forms",
    "HealthPanel",
    "Occasions",
    "Participations",
    "Persons",
    "Place",
    "Places",
    "Responses",
    "RowsByPlace",
    "Samples",
    "StateHistory",
    "Statuses",
    "TableParts",
    "TimeToEvent",
    "area_count",
    "build_cohort",
    "cohort_tables",
    "flow_steps",
    "flow_table",
    "health_panel",
    "impossible_definitions",
    "open_samples",
    "part_of",
    "sustained_exit",
]
