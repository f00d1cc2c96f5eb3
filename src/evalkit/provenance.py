"""Where a number comes from: content digests, and the record that every result carries."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd

try:
    VERSION = version("evalkit")
except PackageNotFoundError:  # a source tree that was never installed
    VERSION = "0"

BLOCK = 8192  # rows that are hashed at once; they fit into a processor's cache
PIECE = 1 << 20  # bytes of a file that are read at once
FEW = 4  # values up to which comparing with each is faster than a table of them
PROBED = 1000  # rows that tell whether a column of objects repeats a few of them


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a result came about. Holds no clock, so that equal runs give equal results.

    Attributes
    ----------
    function : str
        Public name of the function that made the result.
    sample : str
        Digest of the sample, 16 hexadecimal digits.
    arguments : tuple of (str, str)
        Arguments by name, as text.
    seed : int or None
        Seed of the random generator, where one was used.
    version : str
        Version of evalkit.
    """

    function: str
    sample: str
    arguments: tuple[tuple[str, str], ...] = ()
    seed: int | None = None
    version: str = VERSION

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that name this very computation."""
        return digest_json([self.function, self.sample, self.arguments, self.seed, self.version])[
            :12
        ]


def provenance(function: str, sample: str, *, seed: int | None = None, **arguments) -> Provenance:
    """Record a call: `provenance("kaplan_meier", sample.digest, by=by, conf_level=conf_level)`."""
    as_text = tuple((name, str(value)) for name, value in sorted(arguments.items()))
    return Provenance(function, sample, as_text, seed)


def digest_bytes(*parts: bytes) -> str:
    """SHA-256 of byte strings, each preceded by its length so that no two lists collide."""
    state = hashlib.sha256()
    for part in parts:
        _add(state, part)
    return state.hexdigest()


def _add(state: "hashlib._Hash", part: bytes) -> None:
    state.update(len(part).to_bytes(8, "big"))
    state.update(part)


def digest_file(path: Path) -> str:
    """`digest_bytes` of what a file holds, read in pieces."""
    state = hashlib.sha256()
    _add_file(state, path)
    return state.hexdigest()


def _add_file(state: "hashlib._Hash", path: Path) -> None:
    with path.open("rb") as handle:
        state.update(os.fstat(handle.fileno()).st_size.to_bytes(8, "big"))
        while piece := handle.read(PIECE):
            state.update(piece)


def digest_json(value: object) -> str:
    """SHA-256 of a value of plain types, independent of the order of mapping keys."""
    return digest_bytes(json.dumps(value, sort_keys=True, default=str).encode())


def digest_frame(frame: pd.DataFrame, **more: np.ndarray) -> str:
    """SHA-256 of a frame's columns, types and values in row order; the index is ignored.

    `more` are columns to be added, or put in the place of those of that name, as by `assign`.
    """
    columns = [(name, more.pop(name, column)) for name, column in frame.items()]
    columns += more.items()
    schema = [[str(name), str(values.dtype)] for name, values in columns]
    hashed = hash_rows([values for _, values in columns], len(frame))
    return digest_bytes(digest_json(schema).encode(), memoryview(hashed).cast("B"))


def hash_rows(columns: list, n: int) -> np.ndarray:
    """Hash each row over columns: the values of `pandas.util.hash_pandas_object`, (n,).

    Notes
    -----
    Rows go block by block through all columns, without a temporary of their length, and a column of
    repeated objects is hashed once for each object. That is about three times faster than pandas.
    """
    hashed = np.full(n if columns else 0, 0x345678, dtype=np.uint64)
    sources = [_hashed(values) for values in columns]
    for low in range(0, len(hashed), BLOCK):
        rows = slice(low, low + BLOCK)
        block, factor = hashed[rows], 1_000_003
        for left, (values, levels) in zip(range(len(columns), 0, -1), sources, strict=True):
            part = values[rows]
            block ^= _mixed(part) if levels is None else levels[part]
            block *= np.uint64(factor)
            factor += 82_520 + 2 * left
        block += np.uint64(97_531)
    return hashed


def factorised(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`pandas.factorize` of an array of objects (n,), told apart by their identity first.

    Text columns mostly repeat a few objects, and comparing addresses is faster than hashing text.
    """
    known = np.frombuffer(np.ascontiguousarray(values), dtype=np.intp) if len(values) else values
    addresses = pd.unique(known[:PROBED])
    if len(addresses) > min(PROBED, len(values)) // 2:
        return pd.factorize(values)
    codes = _among(known, addresses) if len(addresses) <= FEW else None
    if codes is None:
        codes, addresses = pd.factorize(known)
    example = np.full(len(addresses), -1)
    for rows in (codes[:PROBED], codes):
        if example.min(initial=0) < 0:
            example[rows] = np.arange(len(rows))
    levels = values[example]
    if all(type(level) is str for level in levels) and len(set(levels)) == len(levels):
        return codes, levels
    number, found = pd.factorize(levels)
    return (codes if len(found) == len(number) else number[codes]), found


def _among(values: np.ndarray, few: np.ndarray) -> np.ndarray | None:
    """Position of each value among a few; nothing if it is not always one of them."""
    codes, n_found = np.zeros(len(values), dtype=np.intp), 0
    for position, value in enumerate(few):
        here = values == value
        n_found += np.count_nonzero(here)
        if position:
            codes += here if position == 1 else here * position
    return codes if n_found == len(values) else None


def _hashed(values) -> tuple[np.ndarray, np.ndarray | None]:
    """Numbers to be mixed, and nothing; or positions, and the hashes to look up."""
    kind = values.dtype.kind if isinstance(values.dtype, np.dtype) else "of pandas"
    if kind in "biuf" and values.dtype.itemsize <= 8:
        return _of_few_values(np.asarray(values).view(f"u{values.dtype.itemsize}"))
    if kind != "O":
        return np.arange(len(values)), pd.util.hash_array(getattr(values, "array", values))
    codes, levels = factorised(np.asarray(values))
    hashes = pd.util.hash_array(np.asarray(levels, dtype=object), categorize=False)
    return codes, np.append(hashes, np.uint64(2**64 - 1))  # position -1 is a missing value


def _of_few_values(values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The same for unsigned integers: looked up where all are equal, or few can occur."""
    n_possible = 256**values.dtype.itemsize
    if n_possible < len(values):
        return values, _mixed(np.arange(n_possible))
    if len(values) and np.all(values == values[0]):
        return np.broadcast_to(np.intp(0), len(values)), _mixed(values[:1])
    return values, None


def _mixed(values: np.ndarray) -> np.ndarray:
    """Spread the bits of unsigned integers over 64 (the finaliser of splitmix64)."""
    mixed = values.astype(np.uint64)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def digest_files(paths: Iterable[Path], root: Path) -> str:
    """SHA-256 of files by relative name and content, independent of the order given."""
    state = hashlib.sha256()
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in paths):
        _add(state, name.encode())
        _add_file(state, path)
    return state.hexdigest()
