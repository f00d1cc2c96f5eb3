"""Released results on disk: one JSON file each, the same bytes for the same result."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np

from evalkit.errors import DisclosureError
from evalkit.provenance import Provenance
from evalkit.release.released import Released, require_released

FORMAT = "evalkit-released-1"


def write_released(released: Released, path: str | Path) -> Path:
    """Write a released result; the file appears whole or not at all.

    Raises
    ------
    DisclosureError
        If the value has not passed the door.
    """
    return write_stored(stored_text(released), path)


def write_stored(text: str, path: str | Path) -> Path:
    """Write what `stored_text` gave; the file appears whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(text.encode())
    partial.replace(path)
    return path


def stored_text(released: Released) -> str:
    """What `write_released` writes: all that is known of a released result, as JSON.

    Raises
    ------
    DisclosureError
        If the value has not passed the door.
    """
    value = require_released(released)
    document = {
        "format": FORMAT,
        "kind": value.kind,
        "profile": value.profile,
        "publishable": value.publishable,
        "provenance": asdict(value.provenance),
        "summary": {name: _plain(item) for name, item in value.summary.items()},
        "rows": {name: _column(array) for name, array in value.rows.items()},
        "log": [list(entry) for entry in value.log],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=True) + "\n"


def read_released(path: str | Path) -> Released:
    """Read what `write_released` wrote.

    Raises
    ------
    DisclosureError
        If the file is missing or is nothing that `write_released` wrote.
    """
    path = Path(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DisclosureError(f"{path.name}: not a stored released result") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DisclosureError(f"{path.name}: not a stored released result")
    origin = document["provenance"]
    arguments = tuple((name, value) for name, value in origin.pop("arguments"))
    return Released(
        kind=document["kind"],
        rows={
            name: np.array(column["values"], dtype=column["dtype"])
            for name, column in document["rows"].items()
        },
        summary=document["summary"],
        profile=document["profile"],
        publishable=document["publishable"],
        log=tuple((rule, address, reason) for rule, address, reason in document["log"]),
        provenance=Provenance(arguments=arguments, **origin),
    )


def _column(array: np.ndarray) -> dict:
    values = array.tolist()
    if array.dtype.kind == "O":
        values = [_plain(value) for value in values]
    return {"dtype": array.dtype.str, "values": values}


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
