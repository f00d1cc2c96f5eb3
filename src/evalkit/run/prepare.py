"""Records to slices: read once, build the cohort once, cut it into each unit's own rows."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from evalkit.cohort import Place, Places, TableParts, cohort_tables
from evalkit.provenance import digest_file, digest_files, digest_json
from evalkit.records import record_files, store_records
from evalkit.run.apart import call_apart
from evalkit.run.layout import Layout
from evalkit.run.plan import (
    UnitPlan,
    plan_units,
    read_json,
    slice_digest,
    source_digest,
    write_json,
)
from evalkit.run.prepared import Prepared, read_prepared
from evalkit.study import Study

SCRATCH = ".cohort-{}.new"


def prepare(study: Study, layout: Layout, *, apart: bool = False) -> Prepared:
    """Build the cohort and the slices of all units, unless they stand there for the same records.

    A cohort or slices that are not as they were left, for whatever reason, are built anew; with
    `apart` in a process of its own, since a nation's take memory that a run needs afterwards.

    Raises
    ------
    RecordsError, CohortError
        If the records are faulty or give no cohort. What stood there stays then.
    """
    inputs = prepare_inputs(study)
    known = read_json(layout.folder / "prepared.json")
    if known and known.get("key") == digest_json(inputs) and _stand(known, layout):
        return read_prepared(layout.folder)
    layout.folder.mkdir(parents=True, exist_ok=True)
    if apart:  # a run, which has the lock of the site: nobody uses what a killed one left here
        for left in layout.folder.glob(SCRATCH.format("*")):
            shutil.rmtree(left, ignore_errors=True)
    prefix, suffix = SCRATCH.format("|").split("|")
    # Made and removed by this process: one that builds apart may be killed.
    with tempfile.TemporaryDirectory(prefix=prefix, suffix=suffix, dir=layout.folder) as scratch:
        given = (study, layout, inputs, Path(scratch))
        if apart:
            return call_apart(_build, *given, what=f"{study.name}: building the cohort")
        return _build(*given)


def _build(study: Study, layout: Layout, inputs: dict[str, str], scratch: Path) -> Prepared:
    """Read the records, and write cohort and slices; what stood there stays until all is ready."""
    key, new = digest_json(inputs), replace(layout, work=scratch)
    units = _write_cohort(study, new)
    _put_in_place(new, layout)
    write_json(
        layout.folder / "prepared.json",
        {
            "key": key,
            "inputs": inputs,
            "cohort": _cohort_digest(layout),
            "study": study.model_dump(mode="json"),
            "units": [_unit_to(unit) for unit in units],
        },
    )
    return Prepared(study, tuple(units), key, False)


def prepare_inputs(study: Study) -> dict[str, str]:
    """Digests of what the cohort and the slices depend on, by name; nothing is parsed for them."""
    return {
        "records": _records_digest(study),
        "study": study.digest,
        "source": source_digest(),
    }


def _stand(known: dict, layout: Layout) -> bool:
    """Whether the cohort and every slice are as they were when complete; no slice may be yet."""
    if known.get("cohort") != _cohort_digest(layout):
        return False
    slices = (read_json(layout.folder / "shared.json") or {}).get("slices", {})
    return all(slice_digest(layout, unit) == digest for unit, digest in slices.items())


def _cohort_digest(layout: Layout) -> str:
    return digest_files(layout.cohort.glob("*.parquet"), layout.cohort)


def _write_cohort(study: Study, layout: Layout) -> list[UnitPlan]:
    """Write the cohort and the slices table by table; none is held longer than it is needed."""
    records = layout.work / "records"
    records.mkdir()
    (layout.folder / "slices").mkdir(parents=True)  # a study may have no unit
    places, packages = {}, None
    for name, frame in cohort_tables(store_records(study, records), study):
        if name == "areas":
            units = plan_units(study, frame)
            places = _places(units, frame)
        packages = frame if name == "packages" else packages
        _write_table(TableParts.of(name, frame, packages), places, layout)
        del frame  # or it would stand until the next one is made
    return units


def _places(units: list[UnitPlan], areas: pd.DataFrame) -> dict[str, Place | None]:
    """The municipalities of each unit; None for a nation or a study, which has all rows."""
    known = Places.of(areas)
    owned = {unit.name: unit.municipalities(areas) for unit in units}
    return {name: None if own is None else known.place(own) for name, own in owned.items()}


def _write_table(parts: TableParts, places: Mapping[str, Place | None], layout: Layout) -> None:
    for folder, place in ((layout.cohort, None), *_folders(places, layout)):
        folder.mkdir(parents=True, exist_ok=True)
        rows = parts.frame if place is None else parts.part(place)
        rows.to_parquet(folder / f"{parts.name}.parquet", index=False)


def _folders(
    places: Mapping[str, Place | None], layout: Layout
) -> Iterator[tuple[Path, Place | None]]:
    return ((layout.slices(unit), place) for unit, place in places.items())


def _put_in_place(new: Layout, layout: Layout) -> None:
    # Both keys go first: what they stand for is not there until all of it is there again.
    for key in ("prepared.json", "shared.json"):
        (layout.folder / key).unlink(missing_ok=True)
    for stale in (layout.cohort, layout.folder / "slices", layout.shared):
        if stale.exists():
            stale.replace(new.work / f"old {stale.name}")
    for name in ("cohort", "slices"):
        (new.folder / name).replace(layout.folder / name)


def _records_digest(study: Study) -> str:
    files = record_files(study)
    names = [Path(os.path.relpath(file, study.data_folder)).as_posix() for file in files]
    return digest_json([[name, digest_file(file)] for name, file in zip(names, files, strict=True)])


def _unit_to(unit: UnitPlan) -> dict:
    return {
        "level": unit.level,
        "code": unit.code,
        "place": unit.place.model_dump(),
        "parent": unit.parent.model_dump(),
    }
