"""What stands in a study's work folder: its units, and the cohort as tables."""

from dataclasses import MISSING, dataclass, fields
from pathlib import Path

import pandas as pd
from pyarrow.parquet import ParquetFile
from pydantic import ValidationError

from evalkit.cohort import CohortTables
from evalkit.errors import CohortError
from evalkit.run.plan import UnitPlan, read_json
from evalkit.study import Study, Words


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
    known = read_json(folder / "prepared.json")
    if known is None:
        raise CohortError(f"{folder.name}: not prepared yet; run `evalkit report` first")
    try:
        units = tuple(_unit_from(item) for item in known["units"])
        return Prepared(Study.model_validate(known["study"]), units, known["key"], True)
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
            name: _read_table(path)
            for name, path in paths.items()
            if name in always or path.is_file()
        }
    )


def _read_table(path: Path) -> pd.DataFrame:
    """One parquet file; without the search for parts of a data set, which takes as long again."""
    return ParquetFile(path).read().to_pandas()


def _unit_from(item: dict) -> UnitPlan:
    return UnitPlan(item["level"], item["code"], Words(**item["place"]), Words(**item["parent"]))
