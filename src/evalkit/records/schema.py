"""Tables of a study: the only place where the names of columns stand as literals.

Records are delivered by `read_records` in these types: text, codes, months (`YYYY-MM`) and
occasions as strings (missing: NaN), dates as datetime64[ns] (missing: NaT), integers as int64,
numbers, flags (0 or 1) and integers that may be missing as float64. Every delivered table has
every column of its schema in this order, those that the file lacked empty, and after them the
extra columns of the file.
"""

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["text", "code", "integer", "number", "flag", "month", "date", "occasion"]
Need = Literal["always", "spells", "never"]

# Columns that several tables share.
PERSON_ID, PACKAGE_ID, MUNICIPALITY, FEDERATION = (
    "person_id", "package_id", "municipality", "federation",
)  # fmt: skip
START, END, DATE, MONTH, YEAR, OCCASION = "start", "end", "date", "month", "year", "occasion"
NAME, KIND, SOURCE, COORDINATION = "name", "kind", "source", "coordination"
AMOUNT, CURRENCY, PRICE_YEAR, BUDGET, OUTCOME = (
    "amount", "currency", "price_year", "budget", "outcome",
)  # fmt: skip
INSTRUMENT, ITEM, VALUE = "instrument", "item", "value"

# persons, needs
SEX, BIRTH_YEAR, EDUCATION, BORN_IN_COUNTRY, DIED_MONTH, EMIGRATED_MONTH, NEED = (
    "sex", "birth_year", "education", "born_in_country", "died_month", "emigrated_month", "need",
)  # fmt: skip
# spells, packages, participations, forms
BENEFIT, DEGREE, MONTHLY_AMOUNT = "benefit", "degree", "monthly_amount"
FOCUS, PLANNED_PARTICIPANTS = "focus", "planned_participants"
EXIT_REASON, REFERRED_BY, JOINT_PLAN, FORM = "exit_reason", "referred_by", "joint_plan", "form"
# events
ARM, INDEX_DATE, ENTRY, TIME, CAUSE, TIME_UNIT = (
    "arm", "index_date", "entry", "time", "cause", "time_unit",
)  # fmt: skip
# statuses, responses
OCCUPATION, EXTENT_PERCENT, SUPPORT_SOURCES = "occupation", "extent_percent", "support_sources"
RESPONDENT_ID, RESPONDENT_GROUP, WAVE = "respondent_id", "respondent_group", "wave"
# costs, tariffs, price_index, finances
TYPE_CASE, PAYER, PAYEE, INDEX, FINANCIER = "type_case", "payer", "payee", "index", "financier"
ACTOR, VALID_FROM, VALID_TO, DAY_FROM, DAY_TO, SHARE = (
    "actor", "valid_from", "valid_to", "day_from", "day_to", "share",
)  # fmt: skip
# municipalities, municipality_years, services
COUNTRY, COUNTY, JOINED_FEDERATION = "country", "county", "joined_federation"
NAME_SV, NAME_FI, NAME_EN = "name_sv", "name_fi", "name_en"
NAME_FI_GENITIVE, NAME_FI_LOCATIVE = "name_fi_genitive", "name_fi_locative"
POPULATION_WORKING_AGE = "population_working_age"
SERVICE, TARGET_GROUP, AVAILABILITY = "service", "target_group", "availability"

# Names of tables.
PERSONS, NEEDS, SPELLS, PACKAGES, PARTICIPATIONS, FORMS, EVENTS, STATUSES, INCOMES = (
    "persons", "needs", "spells", "packages", "participations", "forms", "events", "statuses",
    "incomes",
)  # fmt: skip
HEALTH, RESPONSES, COSTS, TARIFFS, PRICE_INDEX = (
    "health", "responses", "costs", "tariffs", "price_index",
)  # fmt: skip
MUNICIPALITIES, MUNICIPALITY_YEARS, SERVICES, FINANCES = (
    "municipalities", "municipality_years", "services", "finances",
)  # fmt: skip

# Codes.
SEXES = ("female", "male")
EDUCATIONS = ("primary", "secondary", "tertiary", "unknown")
NEEDS_OF_PERSONS = ("psychological", "physical", "work", "social")
PACKAGE_KINDS = ("individual", "structural")
COORDINATIONS = ("information", "coordination", "joint_work")
ARMS = ("programme", "comparison")
PROGRAMME, COMPARISON = ARMS
CENSORED = "censored"
TIME_UNITS = ("days", "months")
OCCASIONS = ("start", "end", "follow_up")
OCCUPATIONS = ("work", "subsidised_work", "study", "job_seeker", "other")
RESPONDENT_GROUPS = ("participant", "staff", "manager", "board", "referrer")
COST_KINDS = ("transfer", "real_resource", "production", "tax", "intervention")
FINANCE_KINDS = ("funds", "own_capital", "administration", "package")
COUNTRIES = ("SE", "FI", "other")

# Items of EQ-5D and the number of levels that an answer can have.
EQ5D_ITEMS = ("mo", "sc", "ua", "pd", "ad")
EQ5D_LEVELS = {"EQ-5D-3L": 3, "EQ-5D-5L": 5}

# Digits of a municipality code; any text where a country is not listed.
MUNICIPALITY_DIGITS = {"SE": 4, "FI": 3}

# The occasion of a table that is known at time zero.
BASELINE_OCCASION = {STATUSES: "start", HEALTH: "0"}

REQUIRED_TABLES = {
    "spells": (PERSONS, SPELLS, PACKAGES, PARTICIPATIONS, MUNICIPALITIES),
    "events": (EVENTS,),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : str
    kind : str
        `text`, `code` (one of `allowed`), `integer`, `number`, `flag` (0 or 1), `month`
        (`YYYY-MM`), `date` (`YYYY-MM-DD`), `occasion` (planned month or `end`).
    need : str
        In which studies the file must have the column: `always`, `spells` (studies whose outcome
        comes from spells) or `never`.
    nullable : bool
        Whether single values may be missing.
    allowed : tuple of str
        Codes; empty where any is allowed, or where a code book decides.
    low, high : float
        Smallest and largest number allowed.
    after : bool
        Known only after time zero, so never a ground for eligibility.
    """

    name: str
    kind: Kind
    need: Need = "always"
    nullable: bool = False
    allowed: tuple[str, ...] = ()
    low: float = -float("inf")
    high: float = float("inf")
    after: bool = False

    def required(self, outcome_source: str) -> bool:
        """Whether a study whose outcome comes from `spells` or `events` must have the column."""
        return self.need == "always" or (self.need == "spells" and outcome_source == "spells")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, and those that together may occur once only."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in the order of delivery."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        return {column.name: column for column in self.columns}[name]


def _text(name: str, **options) -> Column:
    return Column(name, "text", **options)


def _code(name: str, allowed: tuple[str, ...], **options) -> Column:
    return Column(name, "code", allowed=allowed, **options)


def _integer(name: str, low: float = 0, high: float = float("inf"), **options) -> Column:
    return Column(name, "integer", low=low, high=high, **options)


def _number(name: str, low: float = 0, high: float = float("inf"), **options) -> Column:
    return Column(name, "number", low=low, high=high, **options)


def _month(name: str, **options) -> Column:
    return Column(name, "month", **options)


def _date(name: str, **options) -> Column:
    return Column(name, "date", **options)


def _year(name: str, **options) -> Column:
    return _integer(name, 1900, 2100, **options)


def _optional(column: Column) -> Column:
    return replace(column, need="never", nullable=True)


def _later(column: Column) -> Column:
    return replace(column, after=True)


_PERSON, _PACKAGE = _text(PERSON_ID), _text(PACKAGE_ID)
_ANY = -float("inf")

_TABLES = (
    Table(PERSONS, (
        _PERSON,
        _code(SEX, SEXES, need="spells", nullable=True),
        _year(BIRTH_YEAR, need="spells", nullable=True),
        _text(MUNICIPALITY, need="spells", nullable=True),
        _optional(_code(EDUCATION, EDUCATIONS)),
        _optional(Column(BORN_IN_COUNTRY, "flag")),
        _later(_optional(_month(DIED_MONTH))),
        _later(_optional(_month(EMIGRATED_MONTH))),
    ), key=(PERSON_ID,)),
    Table(NEEDS, (_PERSON, _code(NEED, NEEDS_OF_PERSONS)), key=(PERSON_ID, NEED)),
    Table(SPELLS, (
        _PERSON,
        _text(BENEFIT),
        _date(START),
        _later(_date(END, nullable=True)),
        Column(DEGREE, "integer", allowed=("25", "50", "75", "100")),
        _optional(_number(MONTHLY_AMOUNT)),
    ), key=(PERSON_ID, BENEFIT, START, DEGREE)),
    Table(PACKAGES, (
        _PACKAGE,
        _text(NAME),
        _text(FEDERATION, nullable=True),
        _code(KIND, PACKAGE_KINDS),
        _optional(_text(FOCUS)),
        _code(COORDINATION, COORDINATIONS),
        _optional(_number(BUDGET)),
        _optional(_integer(PLANNED_PARTICIPANTS)),
        _optional(_text(CURRENCY)),
        _optional(_year(PRICE_YEAR)),
    ), key=(PACKAGE_ID,)),
    Table(PARTICIPATIONS, (
        _PERSON,
        _PACKAGE,
        _date(START),
        _later(_date(END, nullable=True)),
        _later(_optional(_text(EXIT_REASON))),
        _optional(_text(REFERRED_BY)),
        _later(_optional(Column(JOINT_PLAN, "flag"))),
    ), key=(PERSON_ID, PACKAGE_ID, START)),
    Table(FORMS, (_PERSON, _PACKAGE, _later(_date(START)), _later(_text(FORM)))),
    Table(EVENTS, (
        _PERSON,
        _code(ARM, ARMS, nullable=True),
        _optional(_date(INDEX_DATE)),
        _number(ENTRY),
        _later(_number(TIME, nullable=True)),
        _later(_text(CAUSE, nullable=True)),
        _code(TIME_UNIT, TIME_UNITS),
    ), key=(PERSON_ID,)),
    Table(STATUSES, (
        _PERSON,
        _PACKAGE,
        _code(OCCASION, OCCASIONS),
        _date(DATE, nullable=True),
        _code(OCCUPATION, OCCUPATIONS, nullable=True),
        _optional(_number(EXTENT_PERCENT, 0, 100)),
        _optional(_text(SUPPORT_SOURCES)),
    ), key=(PERSON_ID, PACKAGE_ID, OCCASION)),
    Table(INCOMES, (
        _PERSON, _month(MONTH), _text(KIND), _number(AMOUNT, _ANY), _text(CURRENCY),
    )),
    Table(HEALTH, (
        _PERSON,
        Column(OCCASION, "occasion"),
        _optional(_date(DATE)),
        _text(INSTRUMENT),
        _text(ITEM),
        _number(VALUE, _ANY, nullable=True),
    ), key=(PERSON_ID, OCCASION, INSTRUMENT, ITEM)),
    Table(RESPONSES, (
        _text(RESPONDENT_ID),
        _code(RESPONDENT_GROUP, RESPONDENT_GROUPS),
        _optional(_text(PACKAGE_ID)),
        _optional(_text(FEDERATION)),
        _optional(_text(MUNICIPALITY)),
        _text(WAVE),
        _text(INSTRUMENT),
        _text(ITEM),
        _later(_number(VALUE, _ANY, nullable=True)),
    ), key=(RESPONDENT_ID, WAVE, INSTRUMENT, ITEM)),
    Table(COSTS, (
        _optional(_text(PERSON_ID)),
        _optional(_text(TYPE_CASE)),
        _month(MONTH),
        _text(PAYER),
        _text(PAYEE),
        _text(ITEM),
        _code(KIND, COST_KINDS),
        _number(AMOUNT),
        _text(CURRENCY),
        _year(PRICE_YEAR),
        _text(SOURCE),
    )),
    Table(TARIFFS, (
        _text(ITEM),
        _text(ACTOR),
        _date(VALID_FROM),
        _date(VALID_TO, nullable=True),
        _optional(_integer(DAY_FROM)),
        _optional(_integer(DAY_TO)),
        _number(SHARE, 0, 1),
        _number(AMOUNT),
        _text(CURRENCY),
        _year(PRICE_YEAR),
        _text(SOURCE),
    ), key=(ITEM, ACTOR, VALID_FROM, DAY_FROM)),
    Table(PRICE_INDEX, (_year(YEAR), _number(INDEX), _text(SOURCE)), key=(YEAR,)),
    Table(MUNICIPALITIES, (
        _text(MUNICIPALITY),
        _code(COUNTRY, COUNTRIES),
        _optional(_text(NAME_SV)),
        _optional(_text(NAME_FI)),
        _optional(_text(NAME_EN)),
        _text(COUNTY, nullable=True),
        _text(FEDERATION, nullable=True),
        _optional(_month(JOINED_FEDERATION)),
        _optional(_text(NAME_FI_GENITIVE)),
        _optional(_text(NAME_FI_LOCATIVE)),
    ), key=(MUNICIPALITY,)),
    Table(MUNICIPALITY_YEARS, (
        _text(MUNICIPALITY), _year(YEAR), _integer(POPULATION_WORKING_AGE),
    ), key=(MUNICIPALITY, YEAR)),
    Table(SERVICES, (
        _text(MUNICIPALITY),
        _text(SERVICE),
        _text(TARGET_GROUP, nullable=True),
        _text(AVAILABILITY),
        _text(COORDINATION, nullable=True),
        _text(SOURCE),
    ), key=(MUNICIPALITY, SERVICE, TARGET_GROUP)),
    Table(FINANCES, (
        _text(FEDERATION),
        _year(YEAR),
        _text(FINANCIER),
        _code(KIND, FINANCE_KINDS),
        _number(BUDGET, _ANY, nullable=True),
        _number(OUTCOME, _ANY, nullable=True),
        _text(CURRENCY),
    ), key=(FEDERATION, YEAR, FINANCIER, KIND)),
)  # fmt: skip

TABLES: dict[str, Table] = {table.name: table for table in _TABLES}
