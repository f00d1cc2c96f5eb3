"""The parts of the study file: each key with its type and its default."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

Language = Literal["sv", "fi", "en"]
Level = Literal["municipality", "federation", "county", "national", "study"]
Definition = Literal["SS-FORS", "SS-SUS", "SS-WORKSTUDY", "SS-INCOME"]
ABSENT = ("", "null", "~", "none given")


def _absent_to_none(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().lower() in ABSENT else value


OptionalText = Annotated[str | None, BeforeValidator(_absent_to_none)]
OptionalNumber = Annotated[float | None, BeforeValidator(_absent_to_none)]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class Part(BaseModel):
    """A part of the protocol: frozen, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Part):
    """A name in the languages of the reports; at least one.

    `fi_genitive` and `fi_locative` (inessive or adessive, as the place takes) are the Finnish
    case forms of a place's name, for sentences that need them.
    """

    sv: str | None = None
    fi: str | None = None
    en: str | None = None
    fi_genitive: str | None = None
    fi_locative: str | None = None

    def in_language(self, language: str) -> str:
        """The name in a language, or in the first language that has one."""
        return getattr(self, language) or self.sv or self.fi or self.en or ""


def one_name(value: Any) -> Any:
    """A name given once stands for all languages."""
    value = _absent_to_none(value)
    return {"sv": value, "fi": value, "en": value} if isinstance(value, str) else value


def named(value: Words) -> Words:
    """The name, if it is there in any language."""
    if not (value.sv or value.fi or value.en):
        raise ValueError("needs a name in at least one language")
    return value


class Data(Part):
    """Where the records are, and whether anybody may see them."""

    path: str = "."
    format: Literal["auto", "csv", "parquet"] = "auto"
    mapping: OptionalText = None
    public: bool = False
    source: Annotated[Words | None, BeforeValidator(one_name)] = None
    licence: Annotated[Words | None, BeforeValidator(one_name)] = None


class Outcome(Part):
    """What is waited for: an exit computed from spells, or an event given in a table."""

    source: Literal["spells", "events"] = "spells"
    name: Words = Words(sv="egenförsörjning", fi="itsenäinen toimeentulo", en="self-support")
    cause: str = "self_support"
    time_unit: Literal["months", "days"] = "months"


class Population(Part):
    """Who is eligible, judged from the past only."""

    ages: tuple[int, int] = (16, 64)
    months_of_support: int = Field(12, ge=1)
    min_actors: int = Field(2, ge=1)
    min_share_of_month: OptionalNumber = None
    eligibility: tuple[str, ...] = ()


class Arms(Part):
    """The two arms, and where the comparison comes from."""

    programme: str = "coordinated"
    comparison: Literal["other_packages", "not_yet", "external", "given", "none"] = "other_packages"


class Shown(Part):
    """The definitions shown beside the primary one."""

    definitions: tuple[Definition, ...] = ("SS-FORS",)
    sustained_months: tuple[int, ...] = (1, 3, 6, 12)


class SelfSupport(Part):
    """The primary rule of self-support, named before results exist."""

    definition: Definition = "SS-FORS"
    sustained_months: int = Field(3, ge=1, le=24)
    dating: Literal["first", "confirmed"] = "first"
    parental: Literal["neutral", "none", "support"] = "neutral"
    income_threshold: float | None = Field(None, gt=0)
    shown: Shown = Shown()


class UsefulSize(Part):
    """The smallest difference that matters, on each scale."""

    incidence: float = Field(gt=0, lt=1)
    months: float = Field(gt=0)
    index: Literal["mid"] | Annotated[float, Field(gt=0)] = "mid"

    @model_validator(mode="before")
    @classmethod
    def _typed_index(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("index"), str) and data["index"] != "mid":
            return {**data, "index": float(data["index"])}
        return data


class Health(Part):
    """The health instrument, its value set, and the primary model."""

    instrument: Literal["EQ-5D-5L", "EQ-5D-3L", "SF-36"] = "EQ-5D-5L"
    value_set: OptionalText = None
    scores: tuple[str, ...] = ()
    sensitivity: tuple[str, ...] = ()
    primary: Literal["ancova", "fixed_effects"] = "ancova"
    waves: tuple[int, ...] = (0, 6, 12, 18, 24)
    window_months: tuple[int, int] = (-1, 3)


class Adjustment(Part):
    """How the arms are made comparable."""

    estimand: Literal["ATT", "ATO", "ATE"] = "ATT"
    method: Literal["ipw", "entropy", "matching", "aipw"] = "ipw"
    covariates: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    comparison_pool: Literal["nation", "federation"] = "nation"
    later_starters: Literal["intention", "per_protocol"] = "intention"


class Economics(Part):
    """Tariffs, discount rates and horizons of the pay-off."""

    tariffs: OptionalText = None
    discount_rate: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0, 0.03, 0.035, 0.05), min_length=1
    )
    horizons_years: tuple[Annotated[int, Field(ge=1)], ...] = Field((1, 3, 5, 10), min_length=1)
    currency: OptionalText = None
    price_year: int | None = None
    willingness_to_pay: tuple[Annotated[float, Field(ge=0)], ...] = ()


class Need(Part):
    """Assumed shares in need and wanting help, and whether records are of the population."""

    shares: tuple[float, ...] = (0.035, 0.05, 0.07)
    wanting: float = 0.5
    source: str = "FRISAM 2001"
    of_population: bool = False


class Collaboration(Part):
    """Questionnaires about working together: their scale, and the indicators that are shown."""

    scale: tuple[float, float] = (1, 5)
    indicators: str = "indicators_end"


class Statement(Part):
    """What the publisher's accessibility statement says of the publisher's own assessment."""

    status: Literal["full", "partial", "none"] | None = None
    method: Literal["self", "external"] | None = None
    assessed: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    limits: Annotated[Words | None, BeforeValidator(one_name)] = None


class Report(Part):
    """Which reports are made, and who answers for them."""

    levels: tuple[Level, ...] = ("municipality", "national")
    languages: tuple[Language, ...] = ("sv", "en")
    formats: tuple[Literal["html", "pdf", "docx"], ...] = ("html",)
    publisher: Annotated[Words | None, BeforeValidator(one_name)] = None
    contact: OptionalText = None
    statement: Statement = Statement()
