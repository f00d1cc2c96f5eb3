"""What a run would make: units, and the keys that say whether a report is still good."""

import difflib
import errno
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from importlib.resources import files
from pathlib import Path

import pandas as pd

from evalkit.errors import CohortError, ParameterError
from evalkit.provenance import digest_files, digest_json
from evalkit.report.theme import theme_digest
from evalkit.run.layout import Layout, unit_name
from evalkit.share import shared_folder
from evalkit.study import Labels, Study, Words

TEMPLATES = {
    "municipality": "municipal_report.ipynb",
    "federation": "federation_report.ipynb",
    "county": "federation_report.ipynb",
    "national": "national_report.ipynb",
    "study": "study_report.ipynb",
}
AREA_COLUMN = {"municipality": "municipality", "federation": "federation", "county": "county"}
SHOWN_UNITS = 12  # in a message
SOURCE_KINDS = (".py", ".csv", ".yaml", ".ttf")


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """One unit of a study: whose rows it has and what it is called."""

    level: str
    code: str
    place: Words
    parent: Words

    @property
    def name(self) -> str:
        """Name in parameters and folders."""
        return unit_name(self.level, self.code)

    @property
    def told(self) -> str:
        """The name with the place that it is, for messages: `municipality-0114 (Lindala)`."""
        place = self.place.in_language("sv")
        return f"{self.name} ({place})" if place else self.name

    def labels(self, study: Study) -> Labels:
        """Names of the unit together with the protocol."""
        return Labels(
            study=study, level=self.level, code=self.code, place=self.place, parent=self.parent
        )

    def municipalities(self, areas: pd.DataFrame) -> list[str] | None:
        """Codes of the unit's municipalities; None for a nation or a study, which has them all."""
        column = AREA_COLUMN.get(self.level)
        if column is None:
            return None
        return list(areas.loc[areas[column] == self.code, "municipality"])


def plan_units(study: Study, areas: pd.DataFrame) -> list[UnitPlan]:
    """Units of the levels that the study asks for, areas in the order of their codes.

    Parameters
    ----------
    study : Study
    areas : DataFrame
        Columns municipality, name_sv, name_fi, name_en, federation, county (may be empty).

    Raises
    ------
    CohortError
        If two units would have one name, and so one folder.
    """
    units = [unit for level in study.report.levels for unit in _units_of(level, study, areas)]
    names = [unit.name for unit in units]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CohortError(
            f"{len(twice)} names of units mean two units each ({', '.join(twice)}): "
            "give the areas codes that differ in letters or digits"
        )
    return units


def _units_of(level: str, study: Study, areas: pd.DataFrame) -> Iterator[UnitPlan]:
    if level in ("national", "study"):
        yield UnitPlan(level, level, Words(), Words())
        return
    column = AREA_COLUMN[level]
    known = areas[areas[column].notna() & (areas[column] != "")]
    for code, rows in known.groupby(column, sort=True):
        first = rows.iloc[0]
        if level == "municipality":
            yield UnitPlan(level, str(code), _place(first), _same(_parent(first, study)))
        else:
            yield UnitPlan(level, str(code), _same(str(code)), Words())


def _place(row: pd.Series) -> Words:
    names = {key: row.get(f"name_{key}") for key in Words.model_fields}
    return Words(**{key: name for key, name in names.items() if isinstance(name, str) and name})


def _parent(row: pd.Series, study: Study) -> str:
    columns = ("county", "federation") if study.country == "FI" else ("federation", "county")
    found = [row.get(column) for column in columns]
    return next((name for name in found if isinstance(name, str) and name), "")


def _same(name: str) -> Words:
    return Words(sv=name or None, fi=name or None, en=name or None)


def template_path(level: str) -> Path:
    """The notebook of a level."""
    return shared_folder("notebooks") / TEMPLATES[level]


@cache
def source_digest() -> str:
    """Digest of the installed source and data of evalkit (not its catalogues), and of what it
    runs on: Python, and name and version of every installed distribution.
    """
    root = Path(str(files("evalkit")))
    sources = [
        path
        for path in root.rglob("*")
        if path.suffix in SOURCE_KINDS and "_share" not in path.relative_to(root).parts
    ]
    installed = sorted({f"{item.name}=={item.version}" for item in distributions()})
    return digest_json([digest_files(sources, root), installed, list(sys.version_info[:2])])


def catalogue_digest(language: str) -> str:
    """Digest of the catalogue of one language."""
    root = Path(str(files("evalkit"))) / "report" / "locale"
    return digest_files((root / language).rglob("*.po"), root)


def slice_digest(layout: Layout, unit: str) -> str:
    """Digest of a unit's own rows and of the shared results that it reads."""
    folder = layout.slices(unit)
    return digest_files((path for path in folder.rglob("*") if path.is_file()), folder)


def execute_inputs(
    study: Study, layout: Layout, unit: UnitPlan, language: str, rows: str | None = None
) -> dict[str, str]:
    """Digests of everything that the outputs of an executed notebook depend on, by name.

    `rows` is the digest of the unit's slice where it is known already.
    """
    template = template_path(unit.level)
    return {
        "template": digest_files([template], template.parent),
        "parameters": digest_json([study.name, unit.name, language]),
        "labels": digest_json(unit.labels(study).model_dump(mode="json")),
        "study": study.digest,
        "rows": rows or slice_digest(layout, unit.name),
        "source": source_digest(),
    }


def execute_key(study: Study, layout: Layout, unit: UnitPlan, language: str) -> str:
    """Key of an executed notebook: everything that its outputs depend on."""
    return digest_inputs(execute_inputs(study, layout, unit, language))


def digest_inputs(inputs: Mapping[str, str]) -> str:
    """Key of inputs that are given by their digests."""
    return digest_json(dict(inputs))


def render_inputs(renderer: str, language: str, formats: tuple[str, ...]) -> dict[str, str]:
    """Digests of what pages depend on besides the executed notebook, by name."""
    return {
        "renderer": renderer,
        "theme": theme_digest(),
        "catalogue": catalogue_digest(language),
        "formats": ", ".join(formats),
    }


def render_key(executed: str, renderer: str, language: str, formats: tuple[str, ...]) -> str:
    """Key of the rendered pages of one executed notebook."""
    return digest_inputs({"executed": executed, **render_inputs(renderer, language, formats)})


def select_units(units: list[UnitPlan], only: list[str] | None) -> list[UnitPlan]:
    """Keep the units named by name or code.

    Raises
    ------
    ParameterError
        If a name fits no unit.
    """
    if not only:
        return units
    unknown = [name for name in only if not any(name in (u.name, u.code) for u in units)]
    if unknown:
        near = _nearest(unknown[0], units)
        hint = f"did you mean {near.told}? " if near else ""
        more = ", ..." if len(units) > SHOWN_UNITS else ""
        listed = ", ".join(unit.told for unit in units[:SHOWN_UNITS]) + more
        raise ParameterError(f"--only: no unit {', '.join(unknown)}; {hint}units are {listed}")
    return [unit for unit in units if unit.name in only or unit.code in only]


def _nearest(wanted: str, units: list[UnitPlan]) -> UnitPlan | None:
    """The unit whose code, name, or name of the place in any language is most like a word."""
    known = {
        word.casefold(): unit
        for unit in reversed(units)
        for word in (unit.place.sv, unit.place.fi, unit.place.en, unit.name, unit.code)
        if word
    }
    near = difflib.get_close_matches(wanted.casefold(), known, n=1, cutoff=0.5)
    return known[near[0]] if near else None


def write_json(path: Path, value: object) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of it."""
    write_whole(path, json.dumps(value, sort_keys=True, ensure_ascii=False))


def write_whole(path: Path, text: str) -> None:
    """Write a text file in one step; what could not be written is not left behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def move_file(source: Path, target: Path) -> None:
    """Move a file in one step; from another file system by a copy beside its place."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}.new")
        shutil.copyfile(source, beside)
        beside.replace(target)


def read_json(path: Path) -> dict | None:
    """A JSON file's content, or None where there is none or it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
