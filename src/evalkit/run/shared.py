"""The shared stage: what needs more than one unit runs once, in a notebook started by path.

The stage scores health answers, decides secondary suppression, and keeps released tables. What
it keeps is cut into the slices, so that a unit's key changes only when its own part does.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evalkit.cohort import (
    CohortTables,
    HealthPanel,
    Occasions,
    Persons,
    Samples,
    StateHistory,
    TimeToEvent,
    health_panel,
    open_samples,
    part_of,
)
from evalkit.provenance import digest_files, digest_json
from evalkit.release import Profile, Released, load_profile, require_released, write_released
from evalkit.run.execute import run_notebook
from evalkit.run.layout import SITE_VARIABLE, Layout, find_study, running_layout
from evalkit.run.plan import UnitPlan, read_json, source_digest, write_json
from evalkit.run.prepare import prepare, read_cohort, read_prepared
from evalkit.share import shared_folder
from evalkit.study import Study

SCORES, PLAN, RELEASED = "scores.parquet", "suppression.parquet", "released"
TEMPLATE = "shared_stage.ipynb"
NATIONAL = ("national", "study", "federation", "county")
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
        return health_panel(scores, self._tables, cluster=self.study.cluster)

    @property
    def baseline_variables(self) -> list[str]:
        """Columns that describe people at the start, those that the records have."""
        return baseline_variables(self.study, self.people)

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
        """Levels that are published."""
        return self.study.report.levels

    def by_municipality(self, estimator: Callable[[object], object]) -> dict[str, list[object]]:
        """Flow of each municipality, and an estimate from its area where the study has areas."""
        found = {}
        for code in self.areas["municipality"]:
            own = open_samples(part_of(self._tables, [code]), self.study)
            found[code] = [own.flow, *([estimator(own.area)] if own.area is not None else [])]
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


def open_shared(study: str) -> Shared:
    """Open the whole of a study for the shared stage."""
    protocol = find_study(study)
    layout = running_layout(protocol)
    if SITE_VARIABLE not in os.environ:
        prepare(protocol, layout)
    tables = read_cohort(layout.cohort)
    layout.shared.mkdir(parents=True, exist_ok=True)
    return Shared(
        study=protocol,
        samples=open_samples(tables, protocol),
        areas=tables.areas,
        profile=load_profile(protocol.disclosure),
        _tables=tables,
        _folder=layout.shared,
    )


def run_shared_stage(name: str, study: Study, layout: Layout) -> bool:
    """Run the shared stage unless its results stand for the same cohort; True if it ran.

    Raises
    ------
    EstimationError
        If a cell of the stage's notebook fails.
    """
    prepared = read_prepared(layout.folder)
    template = shared_folder("notebooks") / TEMPLATE
    key = digest_json([prepared.key, digest_files([template], template.parent), source_digest()])
    known = read_json(layout.folder / "shared.json")
    if known and known["key"] == key:
        return False
    if not _needs_stage(prepared.units):
        write_json(layout.folder / "shared.json", {"key": key})
        return False
    shutil.rmtree(layout.shared, ignore_errors=True)
    layout.shared.mkdir(parents=True)
    work = layout.folder / "executed" / "shared"
    run_notebook(template, work, {"study": name}, site=layout.site)
    for unit in prepared.units:
        _cut(unit, layout)
    write_json(layout.folder / "shared.json", {"key": key})
    return True


def _needs_stage(units: tuple[UnitPlan, ...]) -> bool:
    return any(unit.level != "study" for unit in units)


def _cut(unit: UnitPlan, layout: Layout) -> None:
    """Give a unit its part of the scores, the plan, and the released tables it reads."""
    target = layout.slices(unit.name)
    if (layout.shared / SCORES).is_file():
        scores = pd.read_parquet(layout.shared / SCORES)
        people = pd.read_parquet(target / "people.parquet", columns=["person_id"])
        own = scores[scores["person_id"].isin(people["person_id"])].drop(columns="municipality")
        own.reset_index(drop=True).to_parquet(target / SCORES, index=False)
    if (layout.shared / PLAN).is_file():
        plan = pd.read_parquet(layout.shared / PLAN)
        own = plan[(plan["level"] == unit.level) & (plan["code"] == unit.code)]
        own.reset_index(drop=True).to_parquet(target / PLAN, index=False)
    shutil.rmtree(target / RELEASED, ignore_errors=True)
    if unit.level in NATIONAL and (layout.shared / RELEASED).is_dir():
        shutil.copytree(layout.shared / RELEASED, target / RELEASED)
