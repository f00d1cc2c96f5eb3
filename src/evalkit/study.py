"""The study file: one YAML file that is the protocol, checked before anything runs.

Every scalar is read as text and typed by the schema, so that `0114` stays `0114` and `no` stays
`no`. Unknown keys are errors that name the nearest known key.
"""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from evalkit.codes import read_codes
from evalkit.errors import StudyError
from evalkit.provenance import digest_json

Language = Literal["sv", "fi", "en"]
Level = Literal["municipality", "federation", "county", "national", "study"]
Definition = Literal["SS-FORS", "SS-SUS", "SS-WORKSTUDY", "SS-INCOME"]
ABSENT = ("", "null", "~", "none given")


def _absent_to_none(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().lower() in ABSENT else value


OptionalText = Annotated[str | None, BeforeValidator(_absent_to_none)]
OptionalNumber = Annotated[float | None, BeforeValidator(_absent_to_none)]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
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


def _one_name(value: Any) -> Any:
    """A name given once stands for all languages."""
    value = _absent_to_none(value)
    return {"sv": value, "fi": value, "en": value} if isinstance(value, str) else value


def _named(value: Words) -> Words:
    if not (value.sv or value.fi or value.en):
        raise ValueError("needs a name in at least one language")
    return value


class Data(_Part):
    """Where the records are, and whether anybody may see them."""

    path: str = "."
    format: Literal["auto", "csv", "parquet"] = "auto"
    mapping: OptionalText = None
    public: bool = False
    source: Annotated[Words | None, BeforeValidator(_one_name)] = None
    licence: Annotated[Words | None, BeforeValidator(_one_name)] = None


class Outcome(_Part):
    """What is waited for: an exit computed from spells, or an event given in a table."""

    source: Literal["spells", "events"] = "spells"
    name: Words = Words(sv="egenförsörjning", fi="itsenäinen toimeentulo", en="self-support")
    cause: str = "self_support"
    time_unit: Literal["months", "days"] = "months"


class Population(_Part):
    """Who is eligible, judged from the past only."""

    ages: tuple[int, int] = (16, 64)
    months_of_support: int = Field(12, ge=1)
    min_actors: int = Field(2, ge=1)
    min_share_of_month: OptionalNumber = None
    eligibility: tuple[str, ...] = ()


class Arms(_Part):
    """The two arms, and where the comparison comes from."""

    programme: str = "coordinated"
    comparison: Literal["other_packages", "not_yet", "external", "given", "none"] = "other_packages"


class Shown(_Part):
    """The definitions shown beside the primary one."""

    definitions: tuple[Definition, ...] = ("SS-FORS",)
    sustained_months: tuple[int, ...] = (1, 3, 6, 12)


class SelfSupport(_Part):
    """The primary rule of self-support, named before results exist."""

    definition: Definition = "SS-FORS"
    sustained_months: int = Field(3, ge=1, le=24)
    dating: Literal["first", "confirmed"] = "first"
    parental: Literal["neutral", "none", "support"] = "neutral"
    income_threshold: float | None = Field(None, gt=0)
    shown: Shown = Shown()


class UsefulSize(_Part):
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


class Health(_Part):
    """The health instrument, its value set, and the primary model."""

    instrument: Literal["EQ-5D-5L", "EQ-5D-3L", "SF-36"] = "EQ-5D-5L"
    value_set: OptionalText = None
    scores: tuple[str, ...] = ()
    sensitivity: tuple[str, ...] = ()
    primary: Literal["ancova", "fixed_effects"] = "ancova"
    waves: tuple[int, ...] = (0, 6, 12, 18, 24)
    window_months: tuple[int, int] = (-1, 3)


class Adjustment(_Part):
    """How the arms are made comparable."""

    estimand: Literal["ATT", "ATO", "ATE"] = "ATT"
    method: Literal["ipw", "entropy", "matching", "aipw"] = "ipw"
    covariates: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    comparison_pool: Literal["nation", "federation"] = "nation"
    later_starters: Literal["intention", "per_protocol"] = "intention"


class Economics(_Part):
    """Tariffs, discount rates and horizons of the pay-off."""

    tariffs: OptionalText = None
    discount_rate: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0, 0.03, 0.035, 0.05), min_length=1
    )
    horizons_years: tuple[Annotated[int, Field(ge=1)], ...] = Field((1, 3, 5, 10), min_length=1)
    currency: OptionalText = None
    price_year: int | None = None
    willingness_to_pay: tuple[Annotated[float, Field(ge=0)], ...] = ()


class Need(_Part):
    """Assumed shares in need and wanting help, and whether records are of the population."""

    shares: tuple[float, ...] = (0.035, 0.05, 0.07)
    wanting: float = 0.5
    source: str = "FRISAM 2001"
    of_population: bool = False


class Collaboration(_Part):
    """Questionnaires about working together: their scale, and the indicators that are shown."""

    scale: tuple[float, float] = (1, 5)
    indicators: str = "indicators_end"


class Statement(_Part):
    """What the publisher's accessibility statement says of the publisher's own assessment."""

    status: Literal["full", "partial", "none"] | None = None
    method: Literal["self", "external"] | None = None
    assessed: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    limits: Annotated[Words | None, BeforeValidator(_one_name)] = None


class Report(_Part):
    """Which reports are made, and who answers for them."""

    levels: tuple[Level, ...] = ("municipality", "national")
    languages: tuple[Language, ...] = ("sv", "en")
    formats: tuple[Literal["html", "pdf", "docx"], ...] = ("html",)
    publisher: Annotated[Words | None, BeforeValidator(_one_name)] = None
    contact: OptionalText = None
    statement: Statement = Statement()


class Study(_Part):
    """The whole protocol. Made by `read_study`; `root` is the folder of the file."""

    name: str = Field("study", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    root: str = Field(".", exclude=True)
    title: Annotated[Words, AfterValidator(_named)]
    country: Literal["SE", "FI", "other"]
    data: Data = Data()
    data_cut: Month
    outcome: Outcome = Outcome()
    population: Population = Population()
    arms: Arms = Arms()
    assignment: Literal["observational", "randomised"] = "observational"
    self_support: SelfSupport = SelfSupport()
    competing: tuple[str, ...] = (
        "died",
        "emigrated",
        "disability_pension",
        "old_age_pension",
    )
    horizon_months: int = Field(24, ge=1)
    cluster: OptionalText = None
    useful_size: UsefulSize
    health: Health | None = None
    adjustment: Adjustment = Adjustment()
    economics: Economics = Economics()
    need: Need = Need()
    collaboration: Collaboration = Collaboration()
    disclosure: str = "strict10"
    report: Report = Report()
    edition: int = 1
    seed: int = 20261

    @model_validator(mode="after")
    def _consistent(self) -> "Study":
        if self.arms.comparison == "given" and self.outcome.source != "events":
            raise ValueError("arms.comparison: `given` needs outcome.source: events")
        if self.disclosure == "public" and not (self.data.public and self.data.source):
            raise ValueError("disclosure: `public` needs data.public: true and a data.source")
        if self.arms.comparison == "none" and self.assignment == "randomised":
            raise ValueError("assignment: `randomised` needs a comparison, arms.comparison is none")
        if self.population.ages[0] > self.population.ages[1]:
            raise ValueError("population.ages: the lower age comes first")
        if not self.collaboration.scale[0] < self.collaboration.scale[1]:
            raise ValueError("collaboration.scale: the lowest answer comes first")
        if self.health and self.health.instrument != "SF-36":
            self._check_value_sets(self.health)
        return self

    @staticmethod
    def _check_value_sets(health: Health) -> None:
        """A value set belongs to one instrument; the other's answers would give wrong indices."""
        if not health.value_set:
            raise ValueError("health.value_set: choose one, there is no default")
        table = read_codes("value_sets.csv")
        own = list(table.loc[table["instrument"] == health.instrument, "value_set"])
        for name in (health.value_set, *health.sensitivity):
            if name not in own:
                raise ValueError(
                    f"health.value_set: {name} is no value set of {health.instrument}; there are "
                    f"{', '.join(own)}"
                )

    @property
    def folder(self) -> Path:
        """Folder of the study file; data paths are relative to it."""
        return Path(self.root)

    @property
    def data_folder(self) -> Path:
        """Folder of the records."""
        return self.folder / self.data.path

    @property
    def digest(self) -> str:
        """Digest of the canonical protocol, independent of layout, comments and place."""
        return digest_json(self.model_dump(mode="json"))


def read_study(path: str | Path) -> Study:
    """Read and check a study file.

    Raises
    ------
    StudyError
        If the file is missing, is not YAML, or breaks the schema; every fault in one message.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(f"{path.name}: no such study file")
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except UnicodeDecodeError as error:
        raise StudyError(f"{path.name}: not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise StudyError(f"{path.name}: not valid YAML at line {line}") from None
    if not isinstance(raw, dict):
        raise StudyError(f"{path.name}: a study file is a mapping of keys; see the README")
    folder = path.resolve().parent.name  # "study.yaml" alone has no folder in its path
    return parse_study(raw, root=path.parent, name=folder, file=path.name)


def parse_study(raw: dict, *, root: Path, name: str, file: str = "study.yaml") -> Study:
    """Check a mapping of text scalars against the schema (see `read_study`)."""
    unknown = list(_unknown_keys(raw, Study))
    if unknown:
        raise StudyError(f"{file}: " + "; ".join(unknown))
    try:
        return Study.model_validate({"name": _slug(name), **_nulls(raw), "root": str(root)})
    except ValidationError as error:
        faults = [_plain(fault) for fault in error.errors(include_url=False, include_input=False)]
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise StudyError(f"{file}: {count}: " + "; ".join(faults)) from None


PLAIN_WORDS = {
    "float_parsing": "write a number",
    "int_parsing": "write a whole number",
    "missing": "is missing",
}


def _plain(fault: dict) -> str:
    """One fault of the schema in words for somebody who does not program."""
    place = ".".join(str(part) for part in fault["loc"])
    said = PLAIN_WORDS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    if fault["type"] == "string_pattern_mismatch":
        known = {"data_cut": "write year and month, such as 2025-12"}
        said = known.get(place, "write letters, digits, `-` and `_` only")
    return f"{place}: {said}" if place else said


def study_schema() -> dict:
    """JSON schema of the study file, for editors."""
    return Study.model_json_schema()


def _nulls(value: Any) -> Any:
    """Drop keys whose text is `null`, so that the schema's default stands."""
    if isinstance(value, dict):
        return {key: _nulls(item) for key, item in value.items() if item not in ("null", "~", "")}
    return value


def _unknown_keys(raw: dict, model: type[BaseModel], prefix: str = ""):
    for key, value in raw.items():
        field = model.model_fields.get(key)
        if field is None or key == "root":
            known = [name for name in model.model_fields if name != "root"]
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(known)}"
            yield f"unknown key `{prefix}{key}`; {hint}"
            continue
        inner = _inner_model(field.annotation)
        if inner is not None and isinstance(value, dict):
            yield from _unknown_keys(value, inner, f"{prefix}{key}.")


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    options = [annotation, *getattr(annotation, "__args__", ())]
    models = [item for item in options if isinstance(item, type) and issubclass(item, BaseModel)]
    return models[0] if models else None


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "study"


class Labels(_Part):
    """What a page says about itself: the protocol, and the names of the unit that it is about.

    Attributes
    ----------
    study : Study
    level : str
        `municipality`, `federation`, `county`, `national` or `study`.
    code : str
        Code of the unit, for example `0114`; `national` or `study` for those levels.
    place : Words
        Name of the unit; empty for a study.
    parent : Words
        Federation or county that the unit belongs to; empty where there is none.
    """

    study: Study
    level: Level
    code: str
    place: Words = Words()
    parent: Words = Words()

    @property
    def contrast_label(self) -> str:
        """`effect` (randomised) or `description`: what a contrast in this study may be called."""
        return "effect" if self.study.assignment == "randomised" else "description"
