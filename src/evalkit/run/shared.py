"""The shared stage: what needs more than one unit runs once, in a notebook started by path.

The stage scores health answers, decides secondary suppression, and keeps released tables. What
it keeps is cut into the slices, so that a unit's key changes only when its own part does.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from evalkit.cohort import (
    CohortTables,
    HealthPanel,
    Occasions,
    Persons,
    Places,
    Responses,
    Samples,
    StateHistory,
    TableParts,
    TimeToEvent,
    area_count,
    flow_steps,
    flow_table,
    health_panel,
    open_samples,
)
from evalkit.cohort.following import organisers
from evalkit.records.schema import ARMS
from evalkit.release import Profile, Released, load_profile, require_released, write_released
from evalkit.results import Contrast
from evalkit.run.following import Following, followed
from evalkit.run.layout import SITE_VARIABLE, find_study, running_layout
from evalkit.run.prepared import read_cohort, read_table
from evalkit.run.reliable import small_municipalities, without_small
from evalkit.study import Study

LEVELS = ("municipality", "federation", "county", "national")
SCORES, PLAN, RELEASED = "scores.parquet", "suppression.parquet", "released"


@dataclass(frozen=True, eq=False, repr=False)
class Shared(Following):
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
        scores = read_table(self._folder / SCORES)
        return health_panel(scores, self._tables)

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels that are published, smallest first; the national page shows municipalities too."""
        shown = {*self.study.report.levels, "municipality"}
        return tuple(level for level in LEVELS if level in shown)

    def by_municipality(
        self,
        need: Callable[[object], object],
        money: Callable[..., object] | None = None,
        curve: Callable[..., object] | None = None,
    ) -> dict[str, list[object]]:
        """Results of each municipality that have no strata, as its page shows them.

        Parameters
        ----------
        need, money, curve : callable
            `need_and_coverage`, `pay_off`, `pay_off_curve`; used where the study has areas and
            costs.

        Returns
        -------
        dict of str to list of results
            By municipality: its flow, and what could be estimated.
        """
        found, order = {}, flow_steps(self.study)
        steps, places = TableParts.of("steps", self._tables.steps), Places.of(self.areas)
        areas = TableParts.of("areas", self.areas)
        for code in self.areas["municipality"]:
            place = places.place([code])
            area = area_count(areas.part(place))
            found[code] = [flow_table(steps.part(place), order=order)]
            found[code] += [need(area)] if area is not None else []
        for estimator, options in ((money, {}), (curve, {"horizon_years": 2})):
            if estimator is not None:
                for code, result in self._money(estimator, n_bootstrap=0, **options):
                    found.setdefault(code, []).append(result)
        return found

    def _money(
        self, estimator: Callable[..., object], **options: object
    ) -> Iterator[tuple[str, object]]:
        """An estimate of money for each municipality with people with costs.

        Where all of them are in one arm there is no contrast, and no page shows any. They are in
        the numbers of the federation, and so in the plan: before and after their start.
        """
        people = followed(self._tables.people, self.study)
        costs = self._tables.costs
        costs = costs[costs["person_id"].isin(people["person_id"])]
        counts = people.groupby(["municipality", "arm"]).size().sort_values(ascending=False)
        for code, own in costs.groupby("municipality"):
            arms = counts.loc[[code]].droplevel(0)
            own = own.reset_index(drop=True)
            of_page = {"n_person": arms.to_dict(), "months": self.horizon, **self.prices}
            if set(own["arm"]) != set(ARMS):
                of_page |= {
                    "n_person": {ARMS[0]: int(arms[own["arm"].iloc[0]])}, "design": "before_after"
                }  # fmt: skip
                own = own.assign(arm=ARMS[0])
            yield code, estimator(own, **of_page, **options)

    @property
    def counted_areas(self) -> pd.DataFrame | None:
        """Areas with population and persons covered; None where a population is not known."""
        known = len(self.areas) and self.areas["population"].notna().all()
        return self.areas if known else None

    @property
    def all_areas(self) -> pd.DataFrame:
        """Areas, and those that numbers belong to without any municipality.

        A federation's answers that name no municipality, and people whose municipality is not
        known, count like a municipality of their own.
        """
        areas = self.areas
        names = organisers(areas)
        own = areas.assign(organiser=names).drop_duplicates("organiser")
        own = own[own["organiser"] != ""]
        more = own.assign(municipality=own["organiser"]).drop(columns="organiser")
        nowhere = pd.DataFrame({name: [""] for name in ("municipality", "federation", "county")})
        return pd.concat([areas, more, nowhere], ignore_index=True)

    @property
    def answers_by_area(self) -> Responses | None:
        """Answers with the `area` they are about: the municipality, else the federation.

        None where no answer names a municipality: then only whole federations show them.
        """
        sample = self.asked("collaboration_quality")
        if sample is None or not (sample.covariates["municipality"] != "").any():
            return None
        rows = sample.covariates
        area = rows["municipality"].where(rows["municipality"] != "", rows["federation"])
        return replace(sample, covariates=rows.assign(area=area))

    def estimate(
        self, estimator: Callable[..., object], sample: object, *args: object, **options: object
    ) -> object | None:
        """Estimate from a sample; None where the records hold no such sample, or one besides."""
        if sample is None or any(value is None for value in args):
            return None
        return estimator(sample, *args, **options)

    def reliable(self, shares: Contrast) -> Contrast:
        """A table by municipality without the numbers that its own page calls too uncertain.

        Parameters
        ----------
        shares : Contrast
            By municipality and arm. A municipality with too few people keeps its rows, with the
            reason in place of the numbers.
        """
        return without_small(shares, small_municipalities(self.exits, self.cause, self.profile))

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

    def keep(self, name: str, released: Released | None) -> None:
        """Keep a released table under a name; national and regional units read it.

        Of a table by municipality a region gets the rows of its own. None is not kept.
        """
        if released is None:
            return
        folder = self._folder / RELEASED
        folder.mkdir(exist_ok=True)
        write_released(require_released(released), folder / f"{name}.json")

    def __repr__(self) -> str:
        return f"<Shared {self.study.name}: {len(self.areas)} municipalities>"


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
