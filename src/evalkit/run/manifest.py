"""What a site says of its reports: one line each, and where the time of the last run went."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from evalkit.run.plan import read_json, write_json, write_whole
from evalkit.run.worker import FAILED, REFUSED, Record

MANIFEST, TIMINGS = "manifest.jsonl", "timings.json"


def write_manifest(site: Path, study: str, records: Sequence[Record]) -> None:
    """One line a report; lines of other studies and of reports not in hand now stay."""
    lines = [asdict(record) for record in records if record.study == study]
    made = {_name(line) for line in lines}
    others = [
        line
        for line in read_manifest(site)
        if _name(line) not in made and (_has_page(site, line) or line["state"] in (FAILED, REFUSED))
    ]
    every = sorted(others + lines, key=_name)
    text = "".join(json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n" for line in every)
    write_whole(site / MANIFEST, text)


def read_manifest(site: Path) -> list[dict]:
    """Lines of a site's manifest; none where there is no manifest."""
    path = site / MANIFEST
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def failed_before(site: Path, study: str) -> set[tuple[str, str]]:
    """Unit and language of the reports that failed or were refused when they were last made."""
    return {
        (line["unit"], line["language"])
        for line in read_manifest(site)
        if line["study"] == study and line["state"] in (FAILED, REFUSED)
    }


def write_timings(
    site: Path, study: str, steps: Mapping[str, float], records: Sequence[Record]
) -> None:
    """Write where the time of the last run went, and how much memory its stages needed.

    Parameters
    ----------
    site : Path
    study : str
    steps : mapping
        Seconds of what is done once: `import`, `prepare`, `shared`, `reports`.
    records : sequence of Record
        Of the reports that were made; their seconds are added up over the reports.
    """
    seconds: Counter[str] = Counter()
    memory: defaultdict[str, int] = defaultdict(int)
    for record in records:
        seconds.update(record.seconds)
        for stage, peak in record.memory.items():
            memory[stage] = max(memory[stage], peak)
    known = read_json(site / TIMINGS) or {}
    known[study] = {
        "reports": len(records),
        "once_seconds": {name: round(took, 3) for name, took in steps.items()},
        "sum_seconds": {name: round(took, 3) for name, took in sorted(seconds.items())},
        "peak_bytes": dict(sorted(memory.items())),
    }
    write_json(site / TIMINGS, known)


def _name(line: Mapping[str, str]) -> tuple[str, str, str]:
    return line["study"], line["unit"], line["language"]


def _has_page(site: Path, line: Mapping[str, str]) -> bool:
    return (site / line["study"] / line["unit"] / line["language"]).is_dir()
