"""The shared stage: what needs more than one unit runs once, in a notebook started by path.

The stage scores health answers, decides secondary suppression, and keeps released tables. What
it keeps is cut into the slices, so that a unit's key changes only when its own part does.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evalkit.cohort import (
    CohortParts,
    CohortTables,
    HealthPanel,
    Occasions,
    Persons,
    Samples,
    StateHistory,
    TimeToEvent,
    area_count,
    flow_steps,
    flow_table,
    health_panel,
    open_samples,
)
from evalkit.release import Profile, Released, load_profile, require_released, write_released
from evalkit.run.layout import SITE_VARIABLE, find_study, running_layout
from evalkit.run.prepared import read_cohort
from evalkit.study import Study

LEVELS = ("municipality", "federation", "county", "national")
SCORES, PLAN, RELEASED = "scores.parquet", "suppression.parquet", "released"
BASELINE = ("sex", "age_group", "education", "origin", "support_months")


@dataclass(frozen=True, eq=False, repr=False)
class Shared:
    """The whole study, opened by the shared stage."""

    study: Study
    samples: Samples
    areas: pd.DataFrame
    profile: Profile
    _tables: CohortTables
    _folder: Path

    @property
    def answers(self) -> pd.DataFrame:
        """Health answers, one row a person and wave, items as columns."""
        return self.samples.answers

    @property
    def exits(self) -> TimeToEvent:
        """Time to the first exit of everybody."""
        return self.samples.exits

    @property
    def states(self) -> StateHistory | None:
        """State of every month of everybody; None for an outcome that is given as an event."""
        return self.samples.states

    @property
    def occasions(self) -> Occasions | None:
        """Sources of support of everybody; None as for `states`."""
        return self.samples.occasions

    @property
    def people(self) -> Persons:
        """Everybody at the start."""
        return self.samples.people

    @property
    def health(self) -> HealthPanel | None:
        """Health index of everybody, from the scores kept before; None where there are none."""
        if not (self._folder / SCORES).is_file():
            return None
        scores = pd.read_parquet(self._folder / SCORES)
        return health_panel(scores, self._tables)

    @property
    def baseline_variables(self) -> list[str]:
        """Columns that describe people at the start, those that the records have."""
        return baseline_variables(self.study, self.people)

    @property
    def instrument(self) -> str | None:
        """Instrument that health is measured by; None where the study has none."""
        return self.study.health.instrument if self.study.health else None

    @property
    def value_sets(self) -> tuple[str, ...]:
        """Value sets that the study file names: its own, then those of its sensitivity."""
        return value_sets_of(self.study)

    @property
    def valued_twice(self) -> HealthPanel | None:
        """The health panel where the study file names a second value set, else None."""
        return self.health if len(self.value_sets) > 1 else None

    @property
    def cause(self) -> str:
        """The exit that is waited for."""
        return self.study.outcome.cause

    @property
    def horizon(self) -> int:
        """Horizon of comparisons."""
        return self.study.horizon_months

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels that are published, smallest first; the national page shows municipalities too."""
        shown = {*self.study.report.levels, "municipality"}
        return tuple(level for level in LEVELS if level in shown)

    def by_municipality(self, estimator: Callable[[object], object]) -> dict[str, list[object]]:
        """Flow of each municipality, and an estimate from its area where the study has areas."""
        found, parts, order = {}, CohortParts.of(self._tables), flow_steps(self.study)
        for code in self.areas["municipality"]:
            own = parts.part([code])
            area = area_count(own.areas)
            found[code] = [flow_table(own.steps, order=order)]
            found[code] += [estimator(area)] if area is not None else []
        return found

    def estimate(
        self, estimator: Callable[..., object], sample: object, **options: object
    ) -> object | None:
        """Estimate from a sample; None where the records hold no such sample."""
        return None if sample is None else estimator(sample, **options)

    def keep_scores(self, scoring: Callable[..., object]) -> None:
        """Score `answers` by the study's value set and keep the index of every row.

        Nothing is kept where the study has no value set or the records no answers.

        Parameters
        ----------
        scoring : callable
            `eq5d_index`, or a function like it of answers and `value_set`.
        """
        health = self.study.health
        if health is None or health.value_set is None or self.answers.empty:
            return
        index = scoring(self.answers, value_set=health.value_set)
        if pd.isna(index).all():
            return
        scores = self.answers[["person_id", "municipality", "wave"]].assign(outcome=list(index))
        scores.to_parquet(self._folder / SCORES, index=False)

    def keep_plan(self, plan: pd.DataFrame) -> None:
        """Keep the plan of secondary suppression (columns level, code, block)."""
        plan.to_parquet(self._folder / PLAN, index=False)

    def keep(self, name: str, released: Released) -> None:
        """Keep a released table under a name; national and regional units read it."""
        folder = self._folder / RELEASED
        folder.mkdir(exist_ok=True)
        write_released(require_released(released), folder / f"{name}.json")

    def __repr__(self) -> str:
        return f"<Shared {self.study.name}: {len(self.areas)} municipalities>"


def baseline_variables(study: Study, people: Persons) -> list[str]:
    """Columns of people that describe them at the start, those that the records have."""
    wanted = (*BASELINE, *study.adjustment.covariates)
    return [name for name in dict.fromkeys(wanted) if name in people.covariates.columns]


def value_sets_of(study: Study) -> tuple[str, ...]:
    """Value sets that a study file names: its own, then those of its sensitivity."""
    health = study.health
    own = () if health is None or health.value_set is None else (health.value_set,)
    return (*own, *health.sensitivity) if own else ()


def open_shared(study: str) -> Shared:
    """Open the whole of a study for the shared stage."""
    protocol = find_study(study)
    layout = running_layout(protocol)
    if SITE_VARIABLE not in os.environ:
        from evalkit.run.prepare import prepare  # only in JupyterLab; it loads the readers

        prepare(protocol, layout)
    tables = read_cohort(layout.cohort)
    layout.shared.mkdir(parents=True, exist_ok=True)
    return Shared(
        study=protocol,
        # What is estimated here decides what is hidden, by counts; errors are never shown.
        samples=open_samples(tables, protocol.model_copy(update={"cluster": None})),
        areas=tables.areas,
        profile=load_profile(protocol.disclosure),
        _tables=tables,
        _folder=layout.shared,
    )
