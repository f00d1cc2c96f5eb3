"""Zip archives of office documents whose bytes depend on their content alone."""

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

EARLIEST = 315532800  # zip archives know no time before 1980


def read_members(archive: bytes) -> dict[str, bytes]:
    """Members of a zip archive by name, in their order."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def write_members(members: Mapping[str, bytes], *, epoch: int) -> bytes:
    """Write a zip archive in the order given, every member dated to `epoch`."""
    moment = datetime.fromtimestamp(max(epoch, EARLIEST), UTC)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the same on every system
            entry.external_attr = 0o600 << 16
            opened.writestr(entry, content)
    return stream.getvalue()
