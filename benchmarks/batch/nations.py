"""Synthetic nations of any size, whole or with the five required tables alone."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import yaml

from evalkit.synthetic import synthesise

LANGUAGE = "sv"
MOST = 290  # municipalities that one call of `synthesise` makes here
REQUIRED = ("persons", "spells", "packages", "participations", "municipalities")
OF_A_PART = ("person_id", "package_id", "federation")  # what two parts must not share


def make_nation(folder: Path, municipalities: int, persons: int) -> Path:
    """A nation with all tables, and reports of its municipalities in one language, as html."""
    _synthesise(folder, municipalities, persons)
    return _ask_for_pages(folder / "study.yaml")


def make_lean_nation(folder: Path, municipalities: int, persons: int) -> Path:
    """A nation with the required tables alone, of as many municipalities as are asked for.

    What `synthesise` does not make at once is put together from parts, each with codes of its own.
    """
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        parts = list(_parts(Path(scratch), municipalities, persons))
        shutil.copy(parts[0] / "study.yaml", folder)
        codes = {part: _codes(part) for part in parts}
        for table in REQUIRED:
            frames = [
                _own(pd.read_parquet(part / f"{table}.parquet"), part.name, codes[part])
                for part in parts
            ]
            pd.concat(frames).to_parquet(folder / f"{table}.parquet", index=False)
    return _ask_for_pages(folder / "study.yaml", without=("health", "economics"))


def _parts(scratch: Path, municipalities: int, persons: int) -> Iterator[Path]:
    for part, first in enumerate(range(0, municipalities, MOST)):
        count = min(MOST, municipalities - first)
        folder = scratch / str(part)
        _synthesise(folder, count, persons * count // municipalities, seed=part + 1)
        yield folder


def _own(frame: pd.DataFrame, part: str, codes: dict[str, str]) -> pd.DataFrame:
    """Tell the ids, names and codes of a part from those of another."""
    frame = frame.assign(**{name: frame[name] + f"-{part}" for name in OF_A_PART if name in frame})
    if "municipality" in frame:
        frame["municipality"] = frame["municipality"].map(codes)
    return frame


def _codes(part: Path) -> dict[str, str]:
    """Codes of four digits by the codes of a part, whose number is the first digit."""
    known = pd.read_parquet(part / "municipalities.parquet")["municipality"]
    return {code: f"{part.name}{number:03d}" for number, code in enumerate(sorted(known))}


def _synthesise(folder: Path, municipalities: int, persons: int, **options) -> None:
    synthesise(
        folder, municipalities=municipalities, persons=persons, truth=False,
        workers=os.cpu_count() or 1, **options,
    )  # fmt: skip


def _ask_for_pages(path: Path, without: tuple[str, ...] = ()) -> Path:
    study = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    study = {name: asked for name, asked in study.items() if name not in without}
    study["report"] = {"levels": ["municipality"], "languages": [LANGUAGE], "formats": ["html"]}
    path.write_text(yaml.safe_dump(study, allow_unicode=True), encoding="utf-8")
    return path
