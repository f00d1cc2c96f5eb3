"""Parcels: what a report is made from, and what it becomes, as bytes for another machine."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

PARCEL = ".parcel-"  # what the name of a folder begins with in which one is unpacked


def pack(parts: Mapping[str, Path]) -> bytes:
    """Put files and folders, under the names given, into one parcel; missing ones are left out.

    Nothing of the machine goes along: no owner, no time.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as parcel:
        for name, path in parts.items():
            files = sorted(path.rglob("*")) if path.is_dir() else [path] * path.is_file()
            for file in files:
                if file.is_file():
                    inside = file.relative_to(path).as_posix() if path.is_dir() else ""
                    content = file.read_bytes()
                    entry = tarfile.TarInfo(f"{name}/{inside}".rstrip("/"))
                    entry.size = len(content)
                    parcel.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def unpack(parcel: bytes, folder: Path) -> None:
    """Lay the files of a parcel into a folder; one that points outside it is an error."""
    with tarfile.open(fileobj=io.BytesIO(parcel)) as content:
        content.extractall(folder, filter="data")
