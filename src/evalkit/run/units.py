"""What a notebook opens: one unit's own rows as samples, and the shared results read-only."""

import os
import typing
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from evalkit.cohort import (
    AreaCount,
    CohortTables,
    Forms,
    HealthPanel,
    Occasions,
    Participations,
    Persons,
    Responses,
    Samples,
    StateHistory,
    Statuses,
    TimeToEvent,
    health_panel,
    open_samples,
)
from evalkit.errors import (
    AssumptionWarning,
    EstimationError,
    SmallSampleWarning,
)
from evalkit.provenance import digest_frame, provenance
from evalkit.release import Profile, Released, load_profile, read_released, release
from evalkit.results import Flow
from evalkit.run.following import Following, followed
from evalkit.run.layout import SITE_VARIABLE, Layout, find_study, running_layout
from evalkit.run.plan import UnitPlan
from evalkit.run.prepared import read_cohort, read_table, read_unit
from evalkit.run.shared import PLAN, RELEASED, SCORES
from evalkit.study import Labels, Need, Study


@dataclass(frozen=True, eq=False, repr=False)
class Unit(Following):
    """One unit of a study, opened for reading.

    Attributes
    ----------
    labels : Labels
        Names of the unit and the protocol, for words and figures.
    profile : Profile
        Disclosure profile, with the cells that this unit must hide for others' sake.
    shared : mapping of str to Released
        Results of the shared stage that concern this unit.
    cautions : list of str
        Kinds of warnings that the estimates gave so far; the method chapter explains them.
    """

    labels: Labels
    profile: Profile
    shared: Mapping[str, Released]
    _samples: Samples
    _tables: CohortTables
    _scores: pd.DataFrame | None
    cautions: list[str] = field(default_factory=list)

    def release(
        self, estimator: Callable[..., object], sample: object, *args: object, **options: object
    ) -> Released | None:
        """Estimate from one of the unit's samples and let the result through the door.

        `unit.release(ek.ancova, unit.health)` is `release(ancova(unit.health), unit.profile)`;
        None where the records hold no such sample, so that the page can say what is missing; and
        a result without rows where so few persons stand behind it that there is no estimate.

        Parameters
        ----------
        estimator : callable
            A public estimator; its first argument is the sample.
        sample : object or None
            One of this unit's samples.
        *args, **options
            Passed on to the estimator; a further sample among them that is None is missing too.

        Raises
        ------
        EstimationError
            If there is no estimate although each arm has persons enough for one.
        """
        if sample is None or any(value is None for value in args):
            return None
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                result = estimator(sample, *args, **options)
            self._keep_warnings(caught)
        except EstimationError:
            if self._fewest(sample) >= max(FEWEST, self.profile.threshold):
                raise
            result = _without_rows(estimator, sample)
        return release(result, self.profile)

    def estimate(
        self, estimator: Callable[..., object], sample: object, *args: object, **options: object
    ) -> object | None:
        """Estimate without releasing, for what another estimate is made of; None without a sample.

        Only `release` lets a number onto a page.
        """
        if sample is None or any(value is None for value in args):
            return None
        return estimator(sample, *args, **options)

    def _keep_warnings(self, caught: list[warnings.WarningMessage]) -> None:
        """Keep evalkit's own warnings for the page; any other is shown as it came."""
        for item in caught:
            if issubclass(item.category, SmallSampleWarning | AssumptionWarning):
                self.cautions.append(item.category.__name__)
            else:
                warnings.warn_explicit(item.message, item.category, item.filename, item.lineno)

    def _fewest(self, sample: object) -> int:
        """Persons of the smaller arm; of a panel those who answered twice, as a change needs.

        Of samples that are not of arms everybody, of tables of places the rows.
        """
        if isinstance(sample, pd.DataFrame):
            if "month_from_start" not in sample:
                return len(sample)
            found = self.n_person
        elif not hasattr(sample, "covariates"):  # a result that another one is made of
            return FEWEST
        else:
            rows = sample.covariates
            if isinstance(sample, OF_EVERYBODY):
                who = "respondent_id" if "respondent_id" in rows else "person_id"
                return int(rows[who].nunique())
            if isinstance(sample, HealthPanel):
                answered = rows.dropna(subset="outcome")
                rows = answered[answered.duplicated("person_id")]
            found = rows.groupby("arm")["person_id"].nunique()
        return min(int(found.get(arm, 0)) for arm in ARMS)

    @property
    def study(self) -> Study:
        """The protocol."""
        return self.labels.study

    @property
    def _is_municipality(self) -> bool:
        return self.labels.level == "municipality"

    @property
    def answers_area(self) -> str:
        """Name of the federation or county whose answers a municipality shows; empty if its own."""
        if not self._is_municipality or self.responses is None:
            return ""
        rows = self.responses.covariates
        is_own = (rows["municipality"] != "").any()
        return "" if is_own or rows.empty else str(rows["federation"].iloc[0])

    @property
    def exits(self) -> TimeToEvent:
        """Time from start to self-support or a competing exit (or to the given event)."""
        return self._samples.exits

    @property
    def states(self) -> StateHistory | None:
        """State of every month from start; None for an outcome that is given as an event."""
        return self._samples.states

    @property
    def occasions(self) -> Occasions | None:
        """Sources of support at fixed months from start; None as for `states`."""
        return self._samples.occasions

    @property
    def people(self) -> Persons:
        """Who they were when they started."""
        return self._samples.people

    @property
    def flow(self) -> Flow:
        """Attrition from all persons to those analysed."""
        return self._samples.flow

    @property
    def area(self) -> AreaCount | None:
        """Population and covered persons; None where the population is not known."""
        return self._samples.area

    @property
    def costs(self) -> pd.DataFrame | None:
        """Ledger rows, with arm and month from start, of persons followed for the whole horizon.

        None where persons took part and the records hold no costs.
        """
        costs = self._samples.costs
        if costs.empty and len(self.people):
            return None
        return costs[costs["person_id"].isin(self._followed()["person_id"])].reset_index(drop=True)

    @property
    def period_costs(self) -> pd.DataFrame | None:
        """Costs from the start to the horizon, sums in arrears at the horizon in its last month."""
        costs = self.costs
        if costs is None:
            return None
        inside = costs[costs["month_from_start"] <= self.horizon]
        month = inside["month_from_start"].clip(upper=self.horizon - 1)
        return inside.assign(month_from_start=month)

    @property
    def n_person(self) -> dict[str, int]:
        """Persons of each arm who are followed for the whole horizon."""
        return self._followed()["arm"].value_counts().to_dict()

    @property
    def money_options(self) -> dict[str, object]:
        """Options of what is estimated from `costs`: persons, months followed, prices."""
        return {"n_person": self.n_person, "months": self.horizon, **self.prices}

    def _followed(self) -> pd.DataFrame:
        """Persons whose records cover the horizon, whatever happened to them."""
        return followed(self._tables.people, self.study)

    @property
    def value_set(self) -> str | None:
        """Value set of the health index; None where the study has no health index."""
        return self.study.health.value_set if self.study.health else None

    def primary(self, *, ancova: object | None, fixed_effects: object | None) -> object | None:
        """The health analysis that the study file names as its primary one, of the two given."""
        named = self.study.health.primary if self.study.health else "ancova"
        return fixed_effects if named == "fixed_effects" else ancova

    def useful_health(self, of_value_set: Callable[[str], object]) -> float | None:
        """Smallest useful difference in health; None where none is known.

        Parameters
        ----------
        of_value_set : callable
            `minimal_important_difference`: where the study file says `mid`, its `size`.
        """
        size = self.study.useful_size.index
        if size != "mid":
            return size
        return None if self.value_set is None else of_value_set(self.value_set).size

    @property
    def need(self) -> Need:
        """Assumed shares in need, from the study file."""
        return self.study.need

    @property
    def rate_formula(self) -> str:
        """Formula of a model of rates: arm and the covariates that the study file names."""
        return " + ".join(["arm", *self.study.adjustment.covariates])

    @cached_property
    def health(self) -> HealthPanel | None:
        """Health index by wave, scored in the shared stage; None where the study has none."""
        if self._scores is None:
            return None
        return health_panel(self._scores, self._tables, cluster=cluster_of(self.labels))

    def score(self, name: str) -> HealthPanel | None:
        """A health score that was given as a score, for example `unit.score("pcs")`, or None."""
        answers = self._samples.answers
        if name not in answers.columns:
            return None
        scores = answers[["person_id", "wave"]].assign(outcome=answers[name])
        return health_panel(scores, self._tables, cluster=cluster_of(self.labels))

    def place_names(self, language: str) -> dict[str, str]:
        """Names of the unit's municipalities by code, in a language."""
        areas = self._tables.areas
        names = (
            areas[f"name_{language}"].fillna("").where(lambda name: name != "", areas["name_sv"])
        )
        return dict(zip(areas["municipality"], names, strict=True))

    def __repr__(self) -> str:
        return f"<Unit {self.labels.level} {self.labels.code} of {self.study.name}>"


ARMS = ("programme", "comparison")
OF_EVERYBODY = (Participations, Statuses, Forms, Responses)
FEWEST = 10  # persons of an arm; with fewer, under any profile, an estimate may not exist


def _without_rows(estimator: Callable[..., object], sample: object) -> object:
    """A result of the estimator's kind that holds no estimate."""
    kind = typing.get_type_hints(estimator)["return"]
    is_frame = isinstance(sample, pd.DataFrame)
    digest = digest_frame(sample)[:16] if is_frame else sample.digest
    made = provenance(estimator.__name__, digest)
    keys = {name: np.array([], dtype=object) for name in kind.KEYS}
    return kind(rows=keys, summary={}, support={"n": []}, provenance=made)


def open_unit(study: str, unit: str) -> Unit:
    """Open one unit of a study.

    In a run the unit's slice stands ready. In JupyterLab the study is prepared at the first call
    (a few seconds) and kept beside its site.

    Parameters
    ----------
    study : str
        Name of a shipped study (`synthetic-se`, `synthetic-fi`) or path of a study file.
    unit : str
        Name of the unit, for example `municipality-0114`, `national`, or its bare code.

    Raises
    ------
    ParameterError
        If the study has no such unit.
    StudyError, RecordsError, CohortError
        If the study cannot be prepared.
    """
    protocol = find_study(study)
    layout = running_layout(protocol)
    if SITE_VARIABLE not in os.environ:
        _prepare_by_hand(study, protocol, layout)
    plan = read_unit(layout.folder, unit)
    folder = layout.slices(plan.name)
    tables = read_cohort(folder)
    labels = plan.labels(protocol)
    return Unit(
        labels=labels,
        profile=_profile(protocol, folder, plan),
        shared=_released(folder),
        _samples=open_samples(tables, protocol, cluster=cluster_of(labels)),
        _tables=tables,
        _scores=_scores(folder),
    )


def cluster_of(labels: Labels) -> str | None:
    """Column of the unit of dependence: that of assignment, else the municipality in a nation.

    A study that drew lots among persons has the person as unit of assignment, at every level.
    """
    study = labels.study
    if study.cluster or study.assignment == "randomised" or labels.level != "national":
        return study.cluster
    return "municipality"


def _prepare_by_hand(name: str, study: Study, layout: Layout) -> None:
    """What a run does before its notebooks; only JupyterLab needs it, so it is loaded here."""
    from evalkit.run.prepare import prepare
    from evalkit.run.stage import run_shared_stage

    prepare(study, layout)
    run_shared_stage(name, study, layout)


def _profile(study: Study, folder: Path, plan: UnitPlan) -> Profile:
    profile = load_profile(study.disclosure)
    path = folder / PLAN
    if not path.is_file():
        return profile
    return profile.for_unit(read_table(path), plan.level, plan.code)


def _released(folder: Path) -> Mapping[str, Released]:
    paths = sorted((folder / RELEASED).glob("*")) if (folder / RELEASED).is_dir() else []
    return MappingProxyType({path.stem: read_released(path) for path in paths})


def _scores(folder: Path) -> pd.DataFrame | None:
    path = folder / SCORES
    return read_table(path) if path.is_file() else None
