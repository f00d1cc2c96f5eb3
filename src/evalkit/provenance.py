"""Where a number comes from: content digests, and the record that every result carries."""

import hashlib
import json
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
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.hexdigest()


def digest_json(value: object) -> str:
    """SHA-256 of a value of plain types, independent of the order of mapping keys."""
    return digest_bytes(json.dumps(value, sort_keys=True, default=str).encode())


def digest_frame(frame: pd.DataFrame) -> str:
    """SHA-256 of a frame's columns, types and values in row order; the index is ignored."""
    hashed = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    schema = [[str(name), str(kind)] for name, kind in frame.dtypes.items()]
    return digest_bytes(digest_json(schema).encode(), np.ascontiguousarray(hashed).tobytes())


def digest_files(paths: Iterable[Path], root: Path) -> str:
    """SHA-256 of files by relative name and content, independent of the order given."""
    listed = sorted((path.relative_to(root).as_posix(), path) for path in paths)
    return digest_bytes(
        *(part for name, path in listed for part in (name.encode(), path.read_bytes()))
    )
