"""What differs between the two synthetic countries: places, benefits, money, instruments.

Every name, code and amount here is made up; benefits are those of the code book of the country.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A made-up municipality; `participants` is how many persons there start a package."""

    code: str
    name_sv: str
    name_fi: str
    county: str
    federation: str
    joined: str
    participants: int
    genitive: str = ""
    locative: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """A course of benefits: `first`, later `then`, and beside them for some months `beside`.

    Open to ages `low` to `high`; with `foreign_only` to persons born abroad. A benefit may carry
    a degree, as in `disability_pension@50`; an empty `beside` means none.
    """

    weight: float
    first: str
    then: str
    beside: str
    low: int = 16
    high: int = 70
    foreign_only: bool = False


@dataclass(frozen=True, slots=True)
class Country:
    """Everything that the generator needs to know of a country."""

    code: str
    prefix: str
    places: tuple[Place, ...]
    others: int
    tracks: tuple[Track, ...]
    single_actor: tuple[Track, ...]
    degrees_vary: tuple[str, ...]
    parental: str
    wage_subsidy: str
    study: str
    amounts: dict[str, int]
    packages: tuple[tuple[str, str, str], ...]
    package_months: dict[str, tuple[int, int]]
    package_price: dict[str, int]
    financiers: dict[str, float]
    referrers: tuple[str, ...]
    production: int
    taxes: dict[str, float]
    currency: str
    instrument: str
    value_set: str
    level_shares: dict[str, tuple[float, ...]]
    health_shift: tuple[float, ...]
    exit_intercept: float
    exit_log_ratio: float

    @property
    def benefits(self) -> tuple[str, ...]:
        """Benefits with their degrees; the position is the code of a benefit in the generator."""
        named = {""}
        for track in self.tracks + self.single_actor:
            named |= {track.first, track.then, track.beside}
        named |= {self.parental, self.wage_subsidy, self.study, "old_age_pension"}
        return tuple(sorted(named | {"disability_pension"}))


WAVES = (0, 6, 12, 18, 24)
FIRST_MONTH, DATA_CUT, N_MONTH = "2018-01", "2025-12", 96
FIRST_INDEX, N_INDEX = 36, 34
PRICE_YEAR = 2024
SOURCE = "synthetic"

_NORTH, _SOUTH = ("Norrdalens län", "Norra Ån", "2016-01"), ("Sunnanbergs län", "Södra Ljung", "")

SWEDEN = Country(
    code="SE",
    prefix="se",
    places=(
        Place("0114", "Lindala", "Lindala", *_NORTH, 260),
        Place("0131", "Norrvik", "Norrvik", *_NORTH, 420),
        Place("0137", "Ekhamra", "Ekhamra", *_NORTH, 120),
        Place("0145", "Sjöhaga", "Sjöhaga", *_NORTH, 60),
        Place("0149", "Åmossa", "Åmossa", *_NORTH, 14),
        Place("2611", "Granberga", "Granberga", *_SOUTH[:2], "2014-01", 330),
        Place("2614", "Tallmora", "Tallmora", *_SOUTH[:2], "2014-01", 190),
        Place("2622", "Kvarnholma", "Kvarnholma", *_SOUTH[:2], "2014-01", 150),
        Place("2631", "Örtäng", "Örtäng", *_SOUTH[:2], "2018-01", 90),
        Place("2640", "Ljungfors", "Ljungfors", *_SOUTH[:2], "2018-01", 32),
    ),
    others=2300,
    tracks=(
        Track(0.22, "sickness_benefit", "sickness_benefit", "social_assistance"),
        Track(0.12, "sickness_benefit", "rehabilitation_benefit", "activity_support"),
        Track(0.12, "sickness_benefit", "activity_support", "social_assistance"),
        Track(0.18, "unemployment_insurance", "activity_support", "social_assistance"),
        Track(0.16, "social_assistance", "social_assistance", "activity_support"),
        Track(0.25, "activity_compensation", "activity_compensation", "social_assistance", 19, 29),
        Track(0.12, "social_assistance", "social_assistance", "development_allowance", 16, 24),
        Track(
            0.40, "establishment_benefit", "activity_support", "social_assistance",
            foreign_only=True,
        ),
        Track(
            0.07, "disability_pension@50", "disability_pension@50", "unemployment_insurance", 30,
        ),
    ),
    single_actor=(
        Track(0.6, "sickness_benefit", "rehabilitation_benefit", ""),
        Track(0.4, "social_assistance", "social_assistance", ""),
    ),
    degrees_vary=("sickness_benefit", "rehabilitation_benefit"),
    parental="parental_benefit",
    wage_subsidy="wage_subsidy",
    study="study_support",
    amounts={
        "sickness_benefit": 15600, "rehabilitation_benefit": 15200, "activity_compensation": 12400,
        "disability_pension": 14800, "unemployment_insurance": 14600, "activity_support": 11800,
        "development_allowance": 4200, "establishment_benefit": 6800, "social_assistance": 7400,
        "parental_benefit": 13200, "old_age_pension": 14200, "wage_subsidy": 10400,
        "study_support": 11200,
    },
    packages=(
        ("joint_work", "Gemensam väg", "rehabilitation"),
        ("information", "Råd och vägledning", "guidance"),
        ("coordination", "Samsynsgruppen", "collaboration"),
    ),
    package_months={"joint_work": (5, 13), "information": (2, 7)},
    package_price={"joint_work": 3600, "information": 1700},
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
    health_shift=(0.0, 0.13, 0.20, 0.165, 0.135),
    exit_intercept=-4.14,
    exit_log_ratio=0.32,
)  # fmt: skip

FINLAND = Country(
    code="FI",
    prefix="fi",
    places=(
        Place("007", "Stenå", "Kivijoki", "Pohjanranta", "", "", 260, "Kivijoen", "Kivijoella"),
        Place("023", "Lundby", "Lehtola", "Pohjanranta", "", "", 180, "Lehtolan", "Lehtolassa"),
        Place(
            "112", "Skogsviken", "Metsälahti", "Pohjanranta", "", "", 110,
            "Metsälahden", "Metsälahdessa",
        ),
        Place(
            "327", "Furuberg", "Honkavaara", "Pohjanranta", "", "", 50,
            "Honkavaaran", "Honkavaarassa",
        ),
    ),
    others=800,
    tracks=(
        Track(0.22, "sickness_allowance", "rehabilitation_allowance", "preventive_assistance"),
        Track(
            0.22, "earnings_related_allowance", "labour_market_subsidy", "preventive_assistance",
        ),
        Track(0.22, "labour_market_subsidy", "labour_market_subsidy", "preventive_assistance"),
        Track(0.14, "rehabilitation_subsidy", "rehabilitation_subsidy", "social_assistance"),
        Track(0.12, "basic_allowance", "labour_market_subsidy", "preventive_assistance"),
        Track(0.08, "disability_pension@50", "disability_pension@50", "basic_allowance", 30),
    ),
    single_actor=(
        Track(0.6, "labour_market_subsidy", "labour_market_subsidy", "social_assistance"),
        Track(0.4, "sickness_allowance", "rehabilitation_allowance", ""),
    ),
    degrees_vary=("sickness_allowance",),
    parental="parental_allowance",
    wage_subsidy="pay_subsidy",
    study="study_grant",
    amounts={
        "sickness_allowance": 1420, "rehabilitation_allowance": 1380,
        "rehabilitation_subsidy": 1310, "disability_pension": 1360,
        "earnings_related_allowance": 1480, "basic_allowance": 790, "labour_market_subsidy": 780,
        "social_assistance": 520, "preventive_assistance": 210, "parental_allowance": 1250,
        "old_age_pension": 1440, "pay_subsidy": 900, "study_grant": 640,
    },
    packages=(
        ("joint_work", "Yhteinen polku", "rehabilitation"),
        ("information", "Neuvonta ja ohjaus", "guidance"),
        ("coordination", "Yhteistyöryhmä", "collaboration"),
    ),
    package_months={"joint_work": (5, 13), "information": (2, 7)},
    package_price={"joint_work": 360, "information": 170},
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
    health_shift=(0.0, 0.13, 0.18, 0.15, 0.12),
    exit_intercept=-4.08,
    exit_log_ratio=0.32,
)  # fmt: skip

COUNTRIES = {"SE": SWEDEN, "FI": FINLAND}
