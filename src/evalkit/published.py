"""A published analysis as a case: its numbers as printed, and what it is about.

A case is one YAML file beside the notebook of the same name. Its numbers are kept as text, so that
the digits that were printed decide how closely a number must be met.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from evalkit.errors import ParameterError, StudyError
from evalkit.share import shared_folder
from evalkit.study import Labels, Words, parse_study
from evalkit.study.yaml_file import read_yaml

FOLDER = "notebooks/published"
NUMBER_COLUMNS = (
    "number", "name", "unit", "table", "place", "published", "value", "tolerance", "read",
    "derived", "source", "where", "column", "scale", "because", "computed", "impossible",
)  # fmt: skip


def _in_every_language(value: Any) -> Any:
    """A text given once stands for all languages."""
    return dict.fromkeys(("sv", "fi", "en"), value) if isinstance(value, str) else value


Named = Annotated[Words, BeforeValidator(_in_every_language)]
Digits = Annotated[str, Field(pattern=r"^[-−+]?\d[\d   ]*(\.\d+)?$|^[-−+]?\.\d+$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublishedNumber(_Part):
    """One number as it was printed, and where the recomputed one is found.

    Attributes
    ----------
    id : str
    name : Words
        What the number is, as a reader sees it.
    unit : Words
        What it is counted in; by default the unit of the case.
    table : Words
        Where it stands in the source.
    value : str
        As printed; empty where it was not printed.
    of, where, column : str, dict, str
        Result of the notebook, keys of its row, and column, that hold the recomputed number. A
        result that is a plain number needs neither row nor column.
    scale : {"", "exp", "percent", "minus"}
        How the recomputed number is turned into the printed one.
    tolerance : str
        Instead of half a unit of the last printed digit.
    read : {"document", "secondary", "memory"}
        How sure the printed value is: read in the document, in a document that quotes it, or known
        from memory only.
    derived : bool
        Follows from other published numbers of the same source, so that meeting it proves nothing.
    because : Words
        Why the recomputed number deviates; then `computed` says what it is.
    computed : str
        The recomputed number, as known.
    impossible : Words
        Why there is no recomputed number.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    name: Named
    unit: Named | None = None
    table: Named = Words()
    value: Digits | Literal[""] = ""
    of: str = ""
    where: dict[str, str] = {}
    column: str = "estimate"
    scale: Literal["", "exp", "percent", "minus"] = ""
    tolerance: Digits | Literal[""] = ""
    read: Literal["", "document", "secondary", "memory"] = ""
    derived: bool = False
    because: Named | None = None
    computed: Digits | Literal[""] = ""
    impossible: Named | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "PublishedNumber":
        if self.impossible is None and not (self.value and self.of):
            raise ValueError(f"{self.id}: needs `value` and `of`, or `impossible`")
        if self.because is not None and not self.computed:
            raise ValueError(f"{self.id}: a deviation needs `computed`, so that it cannot drift")
        return self


class Story(_Part):
    """What a reader is told of a case, in the languages of the reports.

    `axis` and `time` are titles of the axes of its figures, with their units.
    """

    question: Named
    data: Named
    model: Named
    teaches: Named
    axis: Named | None = None
    time: Named | None = None


class PublishedCase(_Part):
    """A published analysis: where it is printed, what it is about, and its numbers.

    `unit` is that of every number that gives none of its own.

    A text given once stands for all languages: titles, names and formulas are as they are printed.
    """

    title: Named
    source: Named
    address: str = ""
    data: Named
    licence: Named
    data_cut: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    kind: Literal["real", "own", "arithmetic", "synthetic", "illustration"]
    read: Literal["document", "secondary", "memory"]
    unit: Named = Words()
    story: Story
    numbers: tuple[PublishedNumber, ...]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case as a notebook opens it.

    Attributes
    ----------
    name : str
        Name of its file.
    labels : Labels
        For `open_text`.
    story : dict
        Question, data, model and lesson, source and licence, by language.
    numbers : DataFrame
        One row a number, for `against_published`.
    """

    name: str
    labels: Labels
    story: Mapping[str, Mapping[str, str]]
    numbers: pd.DataFrame

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """What each number is, by its id and by language."""
        return dict(zip(self.numbers["number"], self.numbers["name"], strict=True))

    @property
    def units(self) -> dict[str, dict[str, str]]:
        """What each number is counted in, by its id and by language; empty where it has no unit."""
        return dict(zip(self.numbers["number"], self.numbers["unit"], strict=True))

    @property
    def told(self) -> dict[str, Mapping[str, Mapping[str, str]]]:
        """Everything that the table of the verdicts tells beside the numbers."""
        return {"names": self.names, "units": self.units, "reasons": self.reasons,
                "places": self.places}  # fmt: skip

    @property
    def reasons(self) -> dict[str, dict[str, str]]:
        """Why a number deviates or cannot be computed, by its id and by language."""
        return dict(zip(self.numbers["number"], self.numbers["because"], strict=True))

    @property
    def places(self) -> dict[str, dict[str, str]]:
        """Where each number is printed, by its id and by language."""
        return dict(zip(self.numbers["number"], self.numbers["place"], strict=True))

    def points_of(self, source: str) -> list[tuple[float, float]]:
        """Published values of a result at the times where they were printed."""
        return [
            (float(row.where["time"]), float(row.value))
            for row in self.numbers.itertuples()
            if row.source == source and "time" in row.where
        ]


def read_case(path: Path) -> PublishedCase:
    """Read and check the file of a case.

    Raises
    ------
    StudyError
        If the file is missing, is not YAML, gives a key twice or breaks the schema; every fault of
        the schema in one message.
    """
    if not path.is_file():
        raise StudyError(f"{path.name}: no such file of a published case")
    try:
        case = PublishedCase.model_validate(read_yaml(path))
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise StudyError(f"{path.name}: {len(faults)} faults: " + "; ".join(faults)) from None
    ids = [number.id for number in case.numbers]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise StudyError(f"{path.name}: numbers named twice: {', '.join(twice)}")
    return case


def find_case(name: str) -> Path:
    """File of a case: by the name of a shipped one, or by its path.

    Raises
    ------
    ParameterError
        If there is no such case.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        return path
    known = shipped_cases()
    if name in known:
        return shared_folder(FOLDER) / f"{name}.yaml"
    raise ParameterError(
        f"{name}: no such published case; give the path of its YAML file, or one of "
        f"{', '.join(known)}"
    )


def shipped_cases() -> list[str]:
    """Names of the cases that travel with evalkit, in the order of their names."""
    return sorted(path.stem for path in shared_folder(FOLDER).glob("*.yaml"))


def open_published(name: str) -> OpenCase:
    """Open a published case for its notebook.

    Parameters
    ----------
    name : str
        Name of a shipped case, or path of the YAML file of one's own.

    Raises
    ------
    ParameterError
        If there is no such case.
    StudyError
        If its file breaks the schema.

    Examples
    --------
    >>> case = open_published("rossi")
    >>> case.numbers.loc[0, ["number", "published", "table"]].tolist()
    ['fin', '-0.37942', 'coefficients, Efron']
    """
    path = find_case(name)
    case = read_case(path)
    return OpenCase(path.stem, case_labels(case, path.stem), _story(case), numbers_frame(case))


def case_labels(case: PublishedCase, name: str) -> Labels:
    """Labels of the page of a case."""
    source = case.data.model_dump(exclude_none=True)
    raw = {
        "title": case.title.model_dump(exclude_none=True), "country": "other",
        "data_cut": case.data_cut, "data": {"public": "true", "source": source},
        "assignment": "observational", "useful_size": {"incidence": "0.05", "months": "1"},
        "disclosure": "public",
    }  # fmt: skip
    study = parse_study(raw, root=Path("."), name=name, file=f"{name}.yaml")
    return Labels(study=study, level="study", code="study")


def numbers_frame(case: PublishedCase) -> pd.DataFrame:
    """One row a number: columns as `NUMBER_COLUMNS`.

    `name`, `unit`, `place` and `because` are texts by language; `table` is the place in one.
    """
    rows = [_row(number, case) for number in case.numbers]
    return pd.DataFrame(rows, columns=list(NUMBER_COLUMNS))


def _row(number: PublishedNumber, case: PublishedCase) -> dict[str, Any]:
    reason = number.impossible or number.because
    return {
        "number": number.id,
        "name": number.name.model_dump(exclude_none=True),
        "unit": (number.unit or case.unit).model_dump(exclude_none=True),
        "table": number.table.in_language("en"),
        "place": number.table.model_dump(exclude_none=True),
        "published": number.value,
        "value": as_number(number.value),
        "tolerance": as_number(number.tolerance) if number.tolerance else half_unit(number.value),
        "read": number.read or case.read,
        "derived": number.derived,
        "source": number.of,
        "where": dict(number.where),
        "column": number.column,
        "scale": number.scale,
        "because": reason.model_dump(exclude_none=True) if reason else {},
        "computed": number.computed,
        "impossible": number.impossible is not None,
    }


def _story(case: PublishedCase) -> dict[str, dict[str, str]]:
    parts = {name: getattr(case.story, name) for name in Story.model_fields}
    told = {
        name: words.model_dump(exclude_none=True) if words else {} for name, words in parts.items()
    }
    return {
        **told,
        "source": {**case.source.model_dump(exclude_none=True), "address": case.address},
        "licence": case.licence.model_dump(exclude_none=True),
        "kind": {"en": case.kind},
    }


def as_number(printed: str) -> float:
    """The number that was printed; spaces within it are left out; NaN where nothing was."""
    plain = "".join(printed.split()).replace("\N{MINUS SIGN}", "-")
    return float(plain) if plain else float("nan")


def half_unit(printed: str) -> float:
    """Half a unit of the last printed digit.

    Examples
    --------
    >>> half_unit("-0.379"), half_unit("113 333"), half_unit("0.50")
    (0.0005, 0.5, 0.005)
    """
    plain = "".join(printed.split())
    decimals = len(plain.partition(".")[2])
    return 0.5 * 10.0**-decimals if plain else float("nan")
