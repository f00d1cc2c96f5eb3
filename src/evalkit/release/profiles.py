"""Disclosure profiles: dated rules with a source, read from `profiles/*.yaml`."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
import yaml

from evalkit.errors import ParameterError
from evalkit.release.addresses import in_table, prefixes

ROUNDING = 1e-9
MONTH_TICKS = (0, 6, 12, 18, 24, 36, 48, 60)


@dataclass(frozen=True, slots=True)
class Profile:
    """What may be shown.

    Attributes
    ----------
    name : str
    threshold : int
        Fewest persons that a shown number may rest on; 0 hides nothing.
    zeros_disclosive : bool
        Whether a count of 0 (and so a share of 0 or 100 %) is hidden like 1, 2, ...
    rounding : int
        Base of rounding for counts that follow-up has thinned: numbers at risk, persons seen again,
        answers. 1 does not round.
    publishable : bool
        False: pages are marked "not for publication", and the audit refuses them.
    hide : frozenset of str
        Addresses of blocks to hide besides, from `secondary_suppression`; an address hides
        everything that it is the beginning of.
    ticks : tuple of int
        Months at which curves and tables are shown first.
    keep : tuple of str
        States and causes that are sacrificed last when a second cell has to be hidden.
    two_largest : float
        Share of a sum of money above which the two persons with most in it may not hold. At 0.9 no
        sum passes of which all others have less than a tenth of the largest (10 % rule).
    title, source, verified_on : str
        What the rule is, who says so, and when that was last checked.
    """

    name: str
    threshold: int
    zeros_disclosive: bool
    rounding: int
    publishable: bool
    hide: frozenset[str] = frozenset()
    ticks: tuple[int, ...] = MONTH_TICKS
    keep: tuple[str, ...] = ("self_support",)
    two_largest: float = 0.9
    title: str = ""
    source: str = ""
    verified_on: str = ""

    @property
    def hides_nothing(self) -> bool:
        """Whether every number passes as it is."""
        return self.threshold == 0 and not self.hide

    def fails(self, count: object) -> np.ndarray:
        """Whether each count is too small to be shown; missing counts pass."""
        number = np.asarray(count, dtype=float)
        small = number < self.threshold
        return small if self.zeros_disclosive else small & (number != 0)

    def too_few(self, n: object) -> np.ndarray:
        """Whether each number of persons is too small to rest a number on; missing ones are not."""
        return np.asarray(n, dtype=float) < self.threshold

    def dominated(self, support: Mapping[str, np.ndarray]) -> np.ndarray:
        """Whether two persons hold too much of each sum of money; where nobody knows, not."""
        if "gross" not in support:
            return np.zeros(len(support["n"]), dtype=bool)
        first, second, gross = (
            np.nan_to_num(np.asarray(support[name], dtype=float))
            for name in ("first", "second", "gross")
        )
        return (gross > 0) & (first + second > (self.two_largest + ROUNDING) * gross)

    def hides(self, *parts: object) -> bool:
        """Whether the block at this address, or one that it belongs to, is to be hidden."""
        return bool(self.hide) and any(prefix in self.hide for prefix in prefixes(*parts))

    def round_count(self, number: np.ndarray) -> np.ndarray:
        """Counts to the nearest multiple of `rounding`, halves upwards; missing ones stay."""
        return np.floor(np.asarray(number, dtype=float) / self.rounding + 0.5) * self.rounding

    def for_unit(self, plan: pd.DataFrame, level: str, code: str) -> "Profile":
        """The profile of one unit: with the blocks that the plan hides there."""
        own = plan[(plan["level"] == level) & (plan["code"] == code)]
        return replace(self, hide=frozenset(own["block"]))

    def for_table_of(self, plan: pd.DataFrame, level: str = "municipality") -> "Profile":
        """The profile of one table of all units of a level, with strata such as `0114, programme`.

        What a unit hides on its own page, such a table must hide too.
        """
        own = plan[plan["level"] == level]
        blocks = zip(own["code"], own["block"], strict=True)
        return replace(self, hide=frozenset(in_table(code, block) for code, block in blocks))


def profile_names() -> tuple[str, ...]:
    """Names of all profiles, sorted."""
    folder = files("evalkit.release").joinpath("profiles")
    return tuple(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".yaml")))


@cache
def load_profile(name: str) -> Profile:
    """Read a disclosure profile by name.

    Raises
    ------
    ParameterError
        If there is none of that name; the message names the nearest.

    Examples
    --------
    >>> load_profile("strict10").threshold
    10
    """
    names = profile_names()
    if name not in names:
        near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.4)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(names)}"
        raise ParameterError(f"disclosure profile `{name}` is unknown; {hint}")
    path = files("evalkit.release").joinpath("profiles", f"{name}.yaml")
    return Profile(name=name, **yaml.safe_load(path.read_text(encoding="utf-8")))
