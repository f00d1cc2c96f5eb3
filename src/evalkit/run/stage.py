"""The shared stage as a step of a run: started by path, kept by key, cut into the slices."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.cohort import RowsByPlace
from evalkit.provenance import digest_files, digest_frame, digest_json
from evalkit.release import read_released, write_released
from evalkit.release.addresses import split_area
from evalkit.run.engine import Limits
from evalkit.run.execute import DEFAULT_LIMITS, run_notebook
from evalkit.run.layout import Layout
from evalkit.run.plan import UnitPlan, read_json, slice_digest, source_digest, write_json
from evalkit.run.prepared import read_prepared, read_table
from evalkit.run.shared import PLAN, RELEASED, SCORES
from evalkit.share import shared_folder
from evalkit.study import Study

TEMPLATE = "shared_stage.ipynb"
STAGE = "shared"  # the folder of its executed notebook, beside those of the units
NATIONAL, REGIONAL = ("national", "study"), ("federation", "county")


def run_shared_stage(
    name: str,
    study: Study,
    layout: Layout,
    *,
    limits: Limits = DEFAULT_LIMITS,
    cold: bool = False,
) -> bool:
    """Run the shared stage unless its results stand for the same cohort; True if it ran.

    Raises
    ------
    NotebookError
        If a cell of the stage's notebook fails, or it uses more than it may.
    """
    prepared = read_prepared(layout.folder)
    template, key = shared_folder("notebooks") / TEMPLATE, stage_key(prepared.key)
    known = read_json(layout.folder / "shared.json")
    if known and known.get("key") == key:
        return False
    if not _needs_stage(prepared.units):
        _keep_key(key, prepared.units, layout)
        return False
    (layout.folder / "shared.json").unlink(missing_ok=True)
    shutil.rmtree(layout.shared, ignore_errors=True)
    layout.shared.mkdir(parents=True)
    work = layout.folder / "executed" / STAGE
    run_notebook(template, work, {"study": name}, site=layout.site, limits=limits, cold=cold)
    kept = _Kept.read(layout)
    for unit in prepared.units:
        _cut(unit, kept, layout)
    _keep_key(key, prepared.units, layout)
    return True


def stage_key(prepared: str) -> str:
    """Key of the shared results of a cohort that has a key itself."""
    template = shared_folder("notebooks") / TEMPLATE
    return digest_json([prepared, digest_files([template], template.parent), source_digest()])


def _keep_key(key: str, units: tuple[UnitPlan, ...], layout: Layout) -> None:
    """Say that the slices are complete, and what they are, so that damage to one is seen."""
    slices = {unit.name: slice_digest(layout, unit.name) for unit in units}
    write_json(layout.folder / "shared.json", {"key": key, "slices": slices})


def _needs_stage(units: tuple[UnitPlan, ...]) -> bool:
    return any(unit.level != "study" for unit in units)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the stage kept of all units, sorted out by unit once."""

    scores: pd.DataFrame | None
    places: RowsByPlace | None
    hidden: dict[tuple[str, str], pd.DataFrame] | None
    columns: pd.DataFrame | None
    areas: pd.DataFrame

    @classmethod
    def read(cls, layout: Layout) -> "_Kept":
        scores, plan = (
            read_table(layout.shared / name) if (layout.shared / name).is_file() else None
            for name in (SCORES, PLAN)
        )
        return cls(
            scores=scores,
            places=None if scores is None else RowsByPlace.of(scores),
            hidden=None if plan is None else dict(iter(plan.groupby(["level", "code"]))),
            columns=None if plan is None else plan.iloc[:0],
            areas=read_table(layout.cohort / "areas.parquet"),
        )


def _cut(unit: UnitPlan, kept: _Kept, layout: Layout) -> None:
    """Give a unit its part of the scores, the plan, and the released tables it reads."""
    target = layout.slices(unit.name)
    if kept.scores is not None:
        people = read_table(target / "people.parquet", columns=["person_id"])
        own, there = kept.scores, unit.municipalities(kept.areas)
        own = own if there is None else own.take(kept.places.of_places(there))
        own = own[own["person_id"].isin(people["person_id"])].drop(columns="municipality")
        own.reset_index(drop=True).to_parquet(target / SCORES, index=False)
    if kept.hidden is not None:
        own = kept.hidden.get((unit.level, unit.code), kept.columns)
        own.reset_index(drop=True).to_parquet(target / PLAN, index=False)
    shutil.rmtree(target / RELEASED, ignore_errors=True)
    if (layout.shared / RELEASED).is_dir():
        if unit.level in NATIONAL:
            shutil.copytree(layout.shared / RELEASED, target / RELEASED)
        elif unit.level in REGIONAL:
            areas = read_table(target / "areas.parquet", columns=["municipality"])
            _cut_released(layout.shared / RELEASED, target / RELEASED, set(areas["municipality"]))


def _cut_released(source: Path, target: Path, municipalities: set[str]) -> None:
    """Give a region the rows of its own municipalities, and tables that are not of any whole."""
    target.mkdir()
    for path in sorted(source.glob("*.json")):
        whole = read_released(path)
        first = np.array([split_area(str(key))[0] for key in next(iter(whole.rows.values()))])
        own = np.isin(first, list(municipalities))
        if not own.any():
            shutil.copy(path, target / path.name)
            continue
        rows = {name: values[own] for name, values in whole.rows.items()}
        log = tuple(entry for entry in whole.log if _area_of(entry[1]) in municipalities)
        counts = {name: float("nan") for name in whole.summary if name.split("_")[0] == "n"}
        part = replace(
            whole,
            rows=rows,
            summary=dict(whole.summary) | counts,
            log=log,
            provenance=replace(whole.provenance, sample=digest_frame(pd.DataFrame(rows))[:16]),
        )
        write_released(part, target / path.name)


def _area_of(address: str) -> str:
    """Municipality of an address such as `exits/0114, programme/24`."""
    parts = address.split("/")
    return split_area(parts[1])[0] if len(parts) > 1 else ""
