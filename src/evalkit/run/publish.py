"""The pages around the reports of a site: gathered, audited, and put in place."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from evalkit.release import Released, read_released
from evalkit.report.page import FILES
from evalkit.report.reading import is_too_few
from evalkit.report.replay import RELEASED_FOLDER
from evalkit.report.site import IndexEntry, Overview, is_site_page, write_index
from evalkit.report.site_changes import Change, compare_editions, unit_key
from evalkit.report.text import open_text
from evalkit.run.audit import audit
from evalkit.run.layout import Layout
from evalkit.run.plan import UnitPlan, move_file, read_json, write_json
from evalkit.run.prepared import Prepared, read_prepared, read_table
from evalkit.run.reproduced_pages import published_entries
from evalkit.run.shared import RELEASED

EDITIONS = "editions.json"
ORDER = "order.json"
QUARANTINE = ".site"
TABLE = "municipalities.json"
AREAS = ("county", "federation")


def publish_site(site: Path, order: Sequence[str] = ()) -> list[Path]:
    """Write the pages around everything that is published on a site, of whatever study.

    Parameters
    ----------
    site : Path
    order : sequence of str
        Studies of this run as they were asked for; the index begins with the first, in its first
        language. A run of one study leaves the order that the site has.

    Returns
    -------
    list of Path
        The pages; none where nothing is published.

    Raises
    ------
    DisclosureError
        If the audit finds in a page what no page may hold; the pages before stay.
    """
    work = site.with_name(f"{site.name}.work")
    folders = _in_order(work, order)
    entries, overviews, changes, ids = [], [], [], set()
    editions = read_json(site / EDITIONS) or {}
    for folder in folders:
        prepared = read_prepared(folder)
        layout = Layout(site, work, prepared.study.name)
        own = _entries(prepared, layout)
        if not own:
            continue
        entries += own
        overviews += _overview(prepared, layout, own)
        changes.append(_change(editions, prepared, layout, own))
        steps = read_table(layout.cohort / "steps.parquet", columns=["person_id"])
        ids.update(steps["person_id"].astype(str))
    entries += published_entries(site)
    quarantine = work / QUARANTINE
    shutil.rmtree(quarantine, ignore_errors=True)
    quarantine.mkdir(parents=True)
    written = [
        page.name for page in write_index(quarantine, entries, overviews=overviews, changes=changes)
    ]
    audit(quarantine, ids)
    for stale in {path.name for path in site.glob("*")} - set(written):
        if is_site_page(stale):
            (site / stale).unlink()
    for name in written:
        move_file(quarantine / name, site / name)
    if entries:
        write_json(site / EDITIONS, editions)
    return [site / name for name in written]


def _in_order(work: Path, order: Sequence[str]) -> list[Path]:
    """Folders of the studies of a site, in the order of the last run of several of them."""
    known = (read_json(work / ORDER) or {}).get("studies", [])
    first, then = (known, order) if len(order) < 2 else (order, known)
    wanted = list(dict.fromkeys([*first, *then]))
    if wanted != known:
        write_json(work / ORDER, {"studies": wanted})
    folders = sorted(path.parent for path in work.glob("*/prepared.json"))
    ranks = {name: rank for rank, name in enumerate(wanted)}
    return sorted(folders, key=lambda folder: ranks.get(folder.name, len(ranks)))


def _entries(prepared: Prepared, layout: Layout) -> list[IndexEntry]:
    areas = _areas(layout)
    entries = []
    for unit in prepared.units:
        for language in prepared.study.report.languages:
            page = layout.page(unit.name, language) / "report.html"
            if page.is_file():
                href = page.relative_to(layout.site).as_posix()
                labels = unit.labels(prepared.study)
                beside = tuple(name for name in FILES if (page.parent / FILES[name]).is_file())
                entries.append(
                    IndexEntry(labels, language, href, formats=beside, **_areas_of(unit, areas))
                )
    return entries


def _areas(layout: Layout) -> pd.DataFrame:
    areas = read_table(layout.cohort / "areas.parquet")
    return areas.set_index("municipality").reindex(columns=list(AREAS)).fillna("")


def _areas_of(unit: UnitPlan, areas: pd.DataFrame) -> dict[str, str]:
    if unit.level in AREAS:
        inside = areas[areas[unit.level] == unit.code]
        found = {name: set(inside[name]) for name in AREAS}
        return {name: names.pop() if len(names) == 1 else "" for name, names in found.items()}
    if unit.level == "municipality" and unit.code in areas.index:
        return {name: str(areas.at[unit.code, name]) for name in AREAS}
    return {}


def _overview(prepared: Prepared, layout: Layout, own: list[IndexEntry]) -> Iterator[Overview]:
    """The released table of the municipalities, where the study has one that may be published."""
    path = layout.shared / RELEASED / TABLE
    if not path.is_file():
        return
    table = read_released(path)
    if not table.publishable or not len(table.rows["suppressed"]):
        return
    curves, small = {}, set()
    for unit in prepared.units:
        if unit.level == "municipality":
            curve = _shown(layout, unit.name, own, "cumulative_incidence")
            if curve is not None:
                curves[unit.code] = curve
                text = open_text(unit.labels(prepared.study), "en")
                small |= {unit.code} if is_too_few(curve, text) else set()
    nation = _shown(layout, "national", own, "incidence_at")
    yield Overview(prepared.study.name, table, nation, curves, frozenset(small))


def _shown(layout: Layout, unit: str, own: list[IndexEntry], function: str) -> Released | None:
    """What a published report shows of one estimator for its programme group."""
    languages = [entry.language for entry in own if f"/{unit}/" in entry.href]
    for language in languages[:1]:
        folder = layout.executed(unit, language) / RELEASED_FOLDER
        for path in sorted(folder.glob("*.json")):
            released = read_released(path)
            groups = released.rows.get("term", released.rows.get("stratum", ()))
            if released.provenance.function == function and "programme" in set(groups):
                return released
    return None


def _change(editions: dict, prepared: Prepared, layout: Layout, own: list[IndexEntry]) -> Change:
    """Note the edition that the site has now, and compare it with the one before."""
    units = {}
    for entry in own:
        unit = entry.href.split("/")[1]
        record = read_json(layout.record(unit, entry.language)) or {}
        numbers = record.get("disclosure", {}).get("numbers", "")
        units[unit_key(entry)] = {
            "numbers": numbers,
            "place": entry.labels.place.model_dump(exclude_none=True),
        }
    known = editions.setdefault(prepared.study.name, {})
    known[str(prepared.study.edition)] = units
    return compare_editions(prepared.study.name, {int(n): units for n, units in known.items()})
