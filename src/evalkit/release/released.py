"""What has passed the door: the only thing that figures, tables and words accept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from evalkit.errors import DisclosureError
from evalkit.provenance import Provenance


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Released:
    """A result after disclosure control. Made by `release` and by nothing else.

    Attributes
    ----------
    kind : str
        Name of the class of the result, for example `"IncidenceCurve"`.
    rows : mapping of str to ndarray
        The result's tidy columns and, last, `suppressed` (boolean). Suppressed is missing.
    summary : mapping
        The result's glance.
    profile : str
        Name of the disclosure profile that was applied.
    publishable : bool
        False for `internal`: such pages are marked and refused by the audit.
    log : tuple of (rule, address, reason)
        Every decision, never a value.
    """

    kind: str
    rows: Mapping[str, np.ndarray]
    summary: Mapping[str, object]
    profile: str
    publishable: bool
    log: tuple[tuple[str, str, str], ...]
    provenance: Provenance
    _frame: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        arrays = {name: np.array(values, copy=True) for name, values in self.rows.items()}
        for array in arrays.values():
            array.setflags(write=False)
        object.__setattr__(self, "rows", MappingProxyType(arrays))
        object.__setattr__(self, "summary", MappingProxyType(dict(self.summary)))
        object.__setattr__(self, "_frame", pd.DataFrame(arrays))  # a copy of it is cheap

    def tidy(self) -> pd.DataFrame:
        """Rows as a new frame, `suppressed` last."""
        return self._frame.copy()

    def glance(self) -> pd.DataFrame:
        """Exactly one row about the whole."""
        return pd.DataFrame({name: [value] for name, value in self.summary.items()})

    @property
    def is_withheld(self) -> bool:
        """Whether every row is suppressed."""
        return bool(np.all(self.rows["suppressed"]))

    def __repr__(self) -> str:
        return f"<Released {self.kind} under {self.profile}: {self.provenance.id}>"


def require_released(value: object, kind: str | None = None) -> Released:
    """Return a released value; refuse anything else.

    Raises
    ------
    DisclosureError
        If `value` has not passed the door, or is of another kind.
    """
    if not isinstance(value, Released):
        raise DisclosureError(
            f"{type(value).__name__} has not passed the door: call release(result, profile) first"
        )
    if kind is not None and value.kind != kind:
        raise DisclosureError(f"expected a released {kind}, got a released {value.kind}")
    return value
