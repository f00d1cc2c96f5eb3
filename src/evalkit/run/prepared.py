"""What stands in a study's work folder: its units, and the cohort as tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

import pandas as pd
from pyarrow.parquet import ParquetFile
from pydantic import ValidationError

from evalkit.cohort import CohortTables
from evalkit.errors import CohortError, ParameterError
from evalkit.run.layout import unit_name
from evalkit.run.plan import UnitPlan, read_json
from evalkit.study import Study, Words

FEW_BYTES = 4_000_000  # below it threads take longer to start than they save


@dataclass(frozen=True, slots=True)
class Prepared:
    """A study whose cohort stands in its work folder."""

    study: Study
    units: tuple[UnitPlan, ...]
    key: str
    was_kept: bool


def read_prepared(folder: Path) -> Prepared:
    """What `prepare` left in a study's work folder, taken as it stands.

    Raises
    ------
    CohortError
        If nothing was prepared there, or another version of evalkit did it.
    """
    with _known(folder) as known:
        units = tuple(_unit_from(item) for item in known["units"])
        return Prepared(Study.model_validate(known["study"]), units, known["key"], True)


def read_unit(folder: Path, wanted: str) -> UnitPlan:
    """One unit of a prepared study by its name or bare code, without making all the others.

    Raises
    ------
    CohortError
        If nothing was prepared there, or another version of evalkit wrote the unit.
    ParameterError
        If the study has no such unit.
    """
    with _known(folder) as known:
        for item in known["units"]:
            if wanted in (item["code"], unit_name(item["level"], item["code"])):
                return _unit_from(item)
        first = [unit_name(item["level"], item["code"]) for item in known["units"][:12]]
    raise ParameterError(f"unit {wanted!r}: no such unit; there are {', '.join(first)}")


@contextmanager
def _known(folder: Path) -> Iterator[dict]:
    known = read_json(folder / "prepared.json")
    if known is None:
        raise CohortError(f"{folder.name}: not prepared yet; run `evalkit report` first")
    try:
        yield known
    except (KeyError, TypeError, ValidationError):
        raise CohortError(
            f"{folder.name}: another version of evalkit prepared this study; run `evalkit report` "
            "with its study file again, or delete its folders on the site and beside it"
        ) from None


def read_cohort(folder: Path) -> CohortTables:
    """Cohort tables of a whole study or of one unit's slice; a table without a file is None."""
    paths = {field.name: folder / f"{field.name}.parquet" for field in fields(CohortTables)}
    # Tables without a default are those that every cohort has.
    always = {field.name for field in fields(CohortTables) if field.default is MISSING}
    return CohortTables(
        **{
            name: read_table(path)
            for name, path in paths.items()
            if name in always or path.is_file()
        }
    )


def read_table(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """One parquet file, or some of its columns.

    Arrow opens the file itself. `pandas.read_parquet` hands it a file of Python's, which a thread
    of Arrow's may be the last to let go of: a process that ends just then aborts or hangs.
    """
    is_large = path.stat().st_size > FEW_BYTES
    table = ParquetFile(path).read(columns=columns, use_threads=is_large)
    return table.to_pandas(use_threads=is_large)


def _unit_from(item: dict) -> UnitPlan:
    return UnitPlan(item["level"], item["code"], Words(**item["place"]), Words(**item["parent"]))
