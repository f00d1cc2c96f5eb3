"""What earlier runs left that nobody needs: of units that are gone, of runs that were killed."""

import shutil
from contextlib import suppress
from pathlib import Path

from evalkit.run.layout import Layout
from evalkit.run.parcels import PARCEL
from evalkit.run.prepared import read_prepared
from evalkit.run.stage import STAGE
from evalkit.study import Study

# What a killed run was about to put in place, beside it: a parcel, a file.
UNFINISHED = (f"{PARCEL}*", ".*.new", "records/.*.new")


def drop_stale(layout: Layout, study: Study) -> None:
    """Take off the site what the study no longer has, and clean the study's work folder.

    For a run that has the lock of the site. What belongs to a unit of the study stays, whatever
    its language.

    Parameters
    ----------
    layout : Layout
    study : Study
        As it was prepared.
    """
    units = {unit.name for unit in read_prepared(layout.folder).units}
    planned = {(unit, language) for unit in units for language in study.report.languages}
    for folder in layout.pages.glob("*/*"):
        if folder.is_dir() and (folder.parent.name, folder.name) not in planned:
            shutil.rmtree(folder)
            layout.record(folder.parent.name, folder.name).unlink(missing_ok=True)
    for kind in ("executed", "quarantine"):
        for folder in (layout.folder / kind).glob("*"):
            if folder.name not in units | {STAGE}:
                _remove(folder)
    for pattern in UNFINISHED:
        for path in layout.folder.glob(pattern):
            _remove(path)
    for path in layout.pages.glob("*/*/.*.new"):
        _remove(path)


def _remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it, as far as that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
