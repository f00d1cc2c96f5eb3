"""What differs between the two made-up countries: benefits, money, packages, instruments.

Every name and amount here is made up; benefits are those of the code book of the country.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A benefit that persons in a state may have, with a weight among those of the state.

    Open to ages `low` to `high`; with `foreign_only` to persons born abroad. A benefit may carry
    a degree, as in `disability_pension@50`; an empty one means none.
    """

    state: str
    benefit: str
    weight: float = 1.0
    low: int = 16
    high: int = 70
    foreign_only: bool = False


@dataclass(frozen=True, slots=True)
class Country:
    """Everything that the generator needs to know of a country."""

    code: str
    prefix: str
    main: tuple[Source, ...]
    beside: tuple[Source, ...]
    degrees_vary: tuple[str, ...]
    wage_subsidy: str
    amounts: dict[str, int]
    packages: tuple[tuple[str, str, str], ...]
    package_price: dict[str, int]
    financiers: dict[str, float]
    referrers: tuple[str, ...]
    production: int
    taxes: dict[str, float]
    currency: str
    instrument: str
    value_set: str
    level_shares: dict[str, tuple[float, ...]]

    @property
    def benefits(self) -> tuple[str, ...]:
        """Benefits with their degrees; the position is the code of a benefit in the generator."""
        return tuple(sorted({"", *(source.benefit for source in self.main + self.beside)}))


WAVES = (0, 6, 12, 18, 24)
PRICE_YEAR = 2024
SOURCE = "synthetic"

SWEDEN = Country(
    code="SE",
    prefix="se",
    main=(
        Source("sickness", "sickness_benefit", 0.8),
        Source("sickness", "rehabilitation_benefit", 0.2),
        Source("temporary_disability", "activity_compensation", 1.0, 16, 29),
        Source("temporary_disability", "disability_pension@50", 1.0, 30),
        Source("unemployment", "unemployment_insurance"),
        Source("programme", "activity_support", 0.7),
        Source("programme", "development_allowance", 0.5, 16, 24),
        Source("programme", "establishment_benefit", 0.6, foreign_only=True),
        Source("last_resort", "social_assistance"),
        Source("parental", "parental_benefit"),
        Source("disability", "disability_pension"),
        Source("old_age_pension", "old_age_pension"),
        Source("subsidised_work", "wage_subsidy"),
        Source("study", "study_support"),
    ),
    beside=(
        Source("sickness", "", 0.55),
        Source("sickness", "social_assistance", 0.25),
        Source("sickness", "activity_support", 0.20),
        Source("temporary_disability", "", 0.60),
        Source("temporary_disability", "social_assistance", 0.25),
        Source("temporary_disability", "activity_support", 0.15),
        Source("unemployment", "", 0.60),
        Source("unemployment", "social_assistance", 0.40),
        Source("programme", "", 0.50),
        Source("programme", "social_assistance", 0.50),
        Source("last_resort", "", 0.60),
        Source("last_resort", "activity_support", 0.40),
    ),
    degrees_vary=("sickness_benefit", "rehabilitation_benefit"),
    wage_subsidy="wage_subsidy",
    amounts={
        "sickness_benefit": 15600, "rehabilitation_benefit": 15200, "activity_compensation": 12400,
        "disability_pension": 14800, "unemployment_insurance": 14600, "activity_support": 11800,
        "development_allowance": 4200, "establishment_benefit": 6800, "social_assistance": 7400,
        "parental_benefit": 13200, "old_age_pension": 14200, "wage_subsidy": 10400,
        "study_support": 11200,
    },
    packages=(
        ("joint_work", "Gemensam väg", "rehabilitation"),
        ("coordination", "Samlad plan", "assessment"),
        ("information", "Råd och vägledning", "guidance"),
        ("structural", "Samsynsgruppen", "collaboration"),
    ),
    package_price={"joint_work": 3600, "coordination": 2600, "information": 1700},
    financiers={"social_insurance": 0.5, "region": 0.25, "municipality": 0.25},
    referrers=("employment_service", "social_insurance", "municipality", "region", "self"),
    production=38600,
    taxes={"municipality": 0.15, "region": 0.08, "state": 0.28},
    currency="SEK",
    instrument="EQ-5D-5L",
    value_set="SE-2020-TTO",
    level_shares={
        "mo": (0.55, 0.22, 0.14, 0.08, 0.01), "sc": (0.80, 0.12, 0.05, 0.025, 0.005),
        "ua": (0.33, 0.28, 0.22, 0.13, 0.04), "pd": (0.15, 0.25, 0.30, 0.24, 0.06),
        "ad": (0.14, 0.24, 0.30, 0.24, 0.08),
    },
)  # fmt: skip

FINLAND = Country(
    code="FI",
    prefix="fi",
    main=(
        Source("sickness", "sickness_allowance", 0.7),
        Source("sickness", "rehabilitation_allowance", 0.3),
        Source("temporary_disability", "rehabilitation_subsidy"),
        Source("unemployment", "earnings_related_allowance", 0.65),
        Source("unemployment", "basic_allowance", 0.35),
        Source("programme", "labour_market_subsidy"),
        Source("last_resort", "social_assistance"),
        Source("parental", "parental_allowance"),
        Source("disability", "disability_pension"),
        Source("old_age_pension", "old_age_pension"),
        Source("subsidised_work", "pay_subsidy"),
        Source("study", "study_grant"),
    ),
    beside=(
        Source("sickness", "", 0.50),
        Source("sickness", "preventive_assistance", 0.35),
        Source("sickness", "disability_pension@50", 0.15, 30),
        Source("temporary_disability", "", 0.60),
        Source("temporary_disability", "preventive_assistance", 0.40),
        Source("unemployment", "", 0.50),
        Source("unemployment", "preventive_assistance", 0.50),
        Source("programme", "", 0.35),
        Source("programme", "preventive_assistance", 0.65),
        Source("last_resort", "", 0.35),
        Source("last_resort", "preventive_assistance", 0.65),
    ),
    degrees_vary=("sickness_allowance",),
    wage_subsidy="pay_subsidy",
    amounts={
        "sickness_allowance": 1420, "rehabilitation_allowance": 1380,
        "rehabilitation_subsidy": 1310, "disability_pension": 1360,
        "earnings_related_allowance": 1480, "basic_allowance": 790, "labour_market_subsidy": 780,
        "social_assistance": 520, "preventive_assistance": 210, "parental_allowance": 1250,
        "old_age_pension": 1440, "pay_subsidy": 900, "study_grant": 640,
    },
    packages=(
        ("joint_work", "Yhteinen polku", "rehabilitation"),
        ("coordination", "Yhteinen suunnitelma", "assessment"),
        ("information", "Neuvonta ja ohjaus", "guidance"),
        ("structural", "Yhteistyöryhmä", "collaboration"),
    ),
    package_price={"joint_work": 360, "coordination": 260, "information": 170},
    financiers={"wellbeing_county": 0.5, "municipality": 0.5},
    referrers=("employment_authority", "kela", "wellbeing_county", "self"),
    production=3900,
    taxes={"municipality": 0.06, "state": 0.24, "pension_insurer": 0.19},
    currency="EUR",
    instrument="EQ-5D-3L",
    value_set="FI-VAS-3L",
    level_shares={
        "mo": (0.62, 0.37, 0.01), "sc": (0.84, 0.14, 0.02), "ua": (0.42, 0.49, 0.09),
        "pd": (0.22, 0.62, 0.16), "ad": (0.24, 0.58, 0.18),
    },
)  # fmt: skip

COUNTRIES = {"SE": SWEDEN, "FI": FINLAND}
