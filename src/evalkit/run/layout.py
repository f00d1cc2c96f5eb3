"""Where a run reads and writes, and what its units are called.

The site holds audited pages only. Everything that holds rows of persons (slices, executed
notebooks, quarantine) lies in a work folder beside the site, never inside it.
"""

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import StudyError
from evalkit.share import is_checkout, shared_folder
from evalkit.study import Study, read_study

SITE_VARIABLE = "EVALKIT_SITE"
SHIPPED = {"synthetic-se": "SE", "synthetic-fi": "FI"}


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders of one study's run."""

    site: Path
    work: Path
    study: str

    @property
    def pages(self) -> Path:
        """Published pages of the study."""
        return self.site / self.study

    @property
    def folder(self) -> Path:
        """Work folder of the study."""
        return self.work / self.study

    @property
    def cohort(self) -> Path:
        """Cohort tables of the whole study, parquet."""
        return self.folder / "cohort"

    @property
    def shared(self) -> Path:
        """Shared results: scores, released tables, the suppression plan."""
        return self.folder / "shared"

    def slices(self, unit: str) -> Path:
        """Rows of one unit."""
        return self.folder / "slices" / unit

    def executed(self, unit: str, language: str) -> Path:
        """Isolated work directory of one notebook."""
        return self.folder / "executed" / unit / language

    def quarantine(self, unit: str, language: str) -> Path:
        """Where a page waits for the audit."""
        return self.folder / "quarantine" / unit / language

    def record(self, unit: str, language: str) -> Path:
        """What is known of a finished report: keys, files and their digests."""
        return self.folder / "records" / f"{unit}.{language}.json"

    def page(self, unit: str, language: str) -> Path:
        """Folder of the published report."""
        return self.pages / unit / language


def find_study(name: str) -> Study:
    """Read a study by the name of a shipped one, or by the path of a file or its folder.

    Raises
    ------
    StudyError
        If there is no such study, or its file breaks the schema.
    """
    if name in SHIPPED:
        study = read_study(shared_folder("data/synthetic") / SHIPPED[name] / "study.yaml")
        return study.model_copy(update={"name": name})
    path = Path(name)
    if path.is_dir():
        path = path / "study.yaml"
    if not path.is_file():
        raise StudyError(
            f"{name}: no such study. Give the path of a study file, or one of {', '.join(SHIPPED)}."
        )
    return read_study(path)


def is_shipped(study: Study) -> bool:
    """Whether a study is one of those that travel with evalkit."""
    shipped = shared_folder("data/synthetic")
    return any(study.folder.resolve() == (shipped / part).resolve() for part in SHIPPED.values())


def layout_of(study: Study, output: Path | None = None) -> Layout:
    """Folders of a study: `output`, else reports/_site if shipped, else beside its file."""
    if output is None and is_shipped(study):
        # An installed package is no place to write into.
        output = shared_folder("reports") / "_site" if is_checkout() else Path("evalkit-site")
    site = (output or study.folder / "site").resolve()
    return Layout(site, site.with_name(f"{site.name}.work"), study.name)


def running_layout(study: Study) -> Layout:
    """Layout of the run that this process belongs to, else the study's own."""
    site = os.environ.get(SITE_VARIABLE)
    return layout_of(study, Path(site) if site else None)


def unit_name(level: str, code: str) -> str:
    """Name of a unit in parameters and folders: `municipality-0114`, `national`, `study`."""
    if level in ("national", "study"):
        return level
    plain = unicodedata.normalize("NFKD", code).encode("ascii", "ignore").decode()
    return f"{level}-{re.sub(r'[^A-Za-z0-9]+', '-', plain).strip('-').lower()}"
