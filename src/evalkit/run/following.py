"""What a unit, or the whole study, opens besides the samples of its cohort."""

from functools import cached_property

import pandas as pd

from evalkit.cohort import (
    CohortTables,
    Forms,
    HealthPanel,
    Occasions,
    Participations,
    Persons,
    Responses,
    Statuses,
)
from evalkit.cohort.areas import took_part_in
from evalkit.cohort.months import month_number
from evalkit.cohort.samples import BenefitSpells, TargetGroup, frozen
from evalkit.cohort.target_group import target_group
from evalkit.provenance import digest_json
from evalkit.study import Study

BASE_RATE = 0.03
BASELINE = ("sex", "age_group", "education", "origin", "support_months")


def followed(people: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Persons whose records cover the horizon, whatever happened to them."""
    months = month_number(study.data_cut) - month_number(people["index_month"])
    return people[months >= study.horizon_months]


class Following:
    """Samples and tables of taking part, collaboration, services and money.

    Each is None where the study has no such table, and without rows where the unit has none.
    """

    study: Study
    people: Persons
    occasions: Occasions | None
    health: HealthPanel | None
    _tables: CohortTables
    _is_municipality: bool = False

    @property
    def cause(self) -> str:
        """The exit that is waited for."""
        return self.study.outcome.cause

    @property
    def value_sets(self) -> tuple[str, ...]:
        """Value sets that the study file names: its own, then those of its sensitivity."""
        return value_sets_of(self.study)

    @property
    def instrument(self) -> str | None:
        """Instrument that health is measured by; None where the study has none."""
        return self.study.health.instrument if self.study.health else None

    @property
    def valued_twice(self) -> HealthPanel | None:
        """The health panel where the study file names a second value set, else None."""
        return self.health if len(self.value_sets) > 1 else None

    @property
    def baseline_variables(self) -> list[str]:
        """Columns that describe people at the start, those that the records have."""
        return baseline_variables(self.study, self.people)

    @property
    def horizon(self) -> int:
        """Horizon of comparisons, in the time unit of the exits."""
        return self.study.horizon_months

    @cached_property
    def participations(self) -> Participations | None:
        """Participations of everybody who lives here, first or later, in any package."""
        frame = self._tables.participations
        if frame is None:
            return None
        lives_here = frame["person_id"].isin(self._tables.steps["person_id"])
        return Participations.from_frame(frame[lives_here], data_cut=self.study.data_cut)

    @cached_property
    def in_packages(self) -> Participations | None:
        """Participations of everybody in `packages`, wherever they live.

        None for a municipality, which sees its own people only.
        """
        frame, packages = self._tables.participations, self._tables.packages
        if frame is None or packages is None or self._is_municipality:
            return None
        own = frame["package_id"].isin(packages["package_id"])
        return Participations.from_frame(frame[own], data_cut=self.study.data_cut)

    @cached_property
    def benefit_spells(self) -> BenefitSpells | None:
        """Benefits received by those analysed, on the clock from their start."""
        frame = self._tables.spells_received
        if frame is None or self.occasions is None:
            return None
        return BenefitSpells.from_frame(
            frame,
            people=self.people,
            country=self.study.country,
            data_cut=self.study.data_cut,
            occasions=self.occasions,
        )

    @cached_property
    def statuses(self) -> Statuses | None:
        """Occupation and sources of support at the start, the end and the follow-up."""
        frame = self._tables.statuses
        return None if frame is None else Statuses.from_frame(frame, arm="arm")

    @cached_property
    def forms(self) -> Forms | None:
        """Forms of working together that people met."""
        frame = self._tables.forms
        return None if frame is None else Forms.from_frame(frame)

    @cached_property
    def responses(self) -> Responses | None:
        """Answers to questionnaires: a municipality's own, else those of its federation."""
        frame = self._tables.responses
        if frame is None:
            return None
        return Responses.from_frame(
            frame, respondent="respondent_id", item="item", value="value",
            instrument="instrument", group="respondent_group", wave="wave", package="package_id",
            federation="federation", municipality="municipality",
        )  # fmt: skip

    def asked(self, instrument: str, group: str | None = None) -> Responses | None:
        """Answers to one questionnaire, of one group of respondents or of all.

        None where the study has no answers, or nobody here was asked.
        """
        sample = self.responses
        if sample is None:
            return None
        rows = sample.covariates
        chosen = rows["instrument"] == instrument
        if group is not None:
            chosen &= rows["respondent_group"] == group
        if not chosen.any():
            return None
        digest = digest_json([sample.digest, instrument, group])[:16]
        return Responses(
            value=frozen(sample.value[chosen.to_numpy()]),
            covariates=rows[chosen].reset_index(drop=True),
            digest=digest,
        )

    @property
    def year(self) -> int | None:
        """Last full calendar year with intake, the year of coverage; None where it is not known."""
        periods = self._tables.areas["period"]
        return int(periods.iloc[0]) if len(periods) and periods.iloc[0] else None

    @cached_property
    def target_group(self) -> TargetGroup | None:
        """Who in the records belongs to the target group, at the end of the year of coverage."""
        persons, spells = self._tables.persons, self._tables.spells_received
        if persons is None or spells is None or self.occasions is None:
            return None
        population = self.study.population
        return target_group(
            spells,
            persons,
            country=self.study.country,
            month=f"{self.year}-12" if self.year else self.study.data_cut,
            of_population=self.study.need.of_population,
            months_of_support=population.months_of_support,
            min_actors=population.min_actors,
            ages=population.ages,
            covered=self._covered(self.year) if self.year else None,
        )

    def _covered(self, year: int) -> list[str]:
        """Persons in a coordinated package in a year, as the areas count them."""
        frame = self._tables.participations
        if frame is None:
            return []
        if self.study.arms.comparison == "other_packages":
            frame = frame[frame["coordination"] != "information"]
        return list(took_part_in(frame, year))

    @property
    def needs(self) -> pd.DataFrame | None:
        """Kinds of need of everybody, one row a person and kind."""
        return self._tables.needs

    @property
    def spells_received(self) -> pd.DataFrame | None:
        """Spells of support of everybody in the records, with place and arm."""
        return self._tables.spells_received

    @property
    def packages(self) -> pd.DataFrame | None:
        """Packages of the federation."""
        return self._tables.packages

    @property
    def package_names(self) -> dict[str, str]:
        """Names of the packages by their id."""
        packages = self._tables.packages
        if packages is None:
            return {}
        return dict(zip(packages["package_id"], packages["name"], strict=True))

    @property
    def goals(self) -> pd.DataFrame:
        """Targets of the packages for a year: how many were planned to start."""
        columns = ["stratum", "quantity", "target"]
        packages, sample = self._tables.packages, self.in_packages
        if packages is None or sample is None:
            return pd.DataFrame(columns=columns)
        met = packages["package_id"].isin(sample.package) & (packages["planned_participants"] > 0)
        own = packages[met]
        goals = own.assign(
            stratum=own["package_id"], quantity="started", target=own["planned_participants"]
        )
        return goals[columns].reset_index(drop=True)

    @property
    def finances(self) -> pd.DataFrame | None:
        """Budget and outcome of the federation, by year, financier and kind."""
        return self._tables.finances

    @property
    def services(self) -> pd.DataFrame | None:
        """Services of the municipalities."""
        return self._tables.services

    @property
    def area_years(self) -> pd.DataFrame | None:
        """Population of working age and what else is known of the municipalities, by year."""
        return self._tables.area_years

    @property
    def tariffs(self) -> pd.DataFrame | None:
        """Dated prices and shares, the same for all units."""
        return self._tables.tariffs

    @property
    def price_index(self) -> pd.DataFrame | None:
        """Level of prices by year, the same for all units."""
        return self._tables.price_index

    @property
    def willingness_to_pay(self) -> tuple[float, ...]:
        """What a quality-adjusted life year may be worth: the study's list, else a wide grid.

        There is no official limit to choose. The grid has eleven steps up to a million in
        currencies of the size of the Swedish krona, and to a hundred thousand in euro.
        """
        given = self.study.economics.willingness_to_pay
        if given:
            return given
        step = 10_000 if self.study.economics.currency in ("EUR", None) else 100_000
        return tuple(float(step * number) for number in range(11))

    @property
    def money_design(self) -> str:
        """What a gain is measured against: the other arm, or what was before the start."""
        return "before_after" if self.study.arms.comparison == "none" else "contrast"

    @property
    def horizons(self) -> tuple[int, ...]:
        """Horizons of the pay-off in years, from the study file."""
        return self.study.economics.horizons_years

    @property
    def discount_rates(self) -> tuple[float, ...]:
        """Discount rates, from the study file."""
        return self.study.economics.discount_rate

    @property
    def discount_rate(self) -> float:
        """The rate where one is shown: 3 % if the study file lists it, else the first listed."""
        return BASE_RATE if BASE_RATE in self.discount_rates else self.discount_rates[0]

    @property
    def prices(self) -> dict[str, object]:
        """Options that put amounts in the prices of one year: `price_index` and `price_year`."""
        return {"price_index": self.price_index, "price_year": self.price_year}

    @property
    def price_year(self) -> int | None:
        """Year in whose prices amounts are given; None for that of the records."""
        return self.study.economics.price_year


def baseline_variables(study: Study, people: Persons) -> list[str]:
    """Columns of people that describe them at the start, those that the records have."""
    wanted = (*BASELINE, *study.adjustment.covariates)
    return [name for name in dict.fromkeys(wanted) if name in people.covariates.columns]


def value_sets_of(study: Study) -> tuple[str, ...]:
    """Value sets that a study file names: its own, then those of its sensitivity."""
    health = study.health
    own = () if health is None or health.value_set is None else (health.value_set,)
    return (*own, *health.sensitivity) if own else ()
