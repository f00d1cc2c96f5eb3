"""The door: disclosure control, and what has passed it."""

from evalkit.release.door import is_rounded, release
from evalkit.release.profiles import Profile, load_profile, profile_names
from evalkit.release.released import Released, require_released
from evalkit.release.secondary import secondary_suppression
from evalkit.release.store import read_released, stored_text, write_released

__all__ = [
    "Profile",
    "Released",
    "is_rounded",
    "load_profile",
    "profile_names",
    "read_released",
    "release",
    "require_released",
    "secondary_suppression",
    "stored_text",
    "write_released",
]
