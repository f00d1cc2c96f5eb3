"""Municipalities with too few people for a number of their own, in a table of all of them."""

from dataclasses import replace

import numpy as np

from evalkit.cohort import TimeToEvent
from evalkit.records.schema import ARMS
from evalkit.release import Profile
from evalkit.report.reading import FEW_EXITS, FEW_PEOPLE, FEW_REASON
from evalkit.results import Contrast


def small_municipalities(exits: TimeToEvent, cause: str, profile: Profile) -> set[str]:
    """Codes of municipalities whose programme group has too few persons or exits.

    It is the rule of a municipality's own page, which counts persons as the profile rounds them.
    """
    code = exits.causes.index(cause) + 1 if cause in exits.causes else -1
    rows = exits.covariates.assign(_exit=exits.code == code)
    own = rows[rows["arm"] == ARMS[0]].groupby("municipality")
    persons, found = profile.round_count(own.size()), own["_exit"].sum()
    enough = (np.asarray(persons) >= FEW_PEOPLE) & (found.to_numpy() >= FEW_EXITS)
    return set(rows["municipality"]) - set(found.index[enough])


def without_small(shares: Contrast, small: set[str]) -> Contrast:
    """The table with no numbers, but with the reason, in the rows of some municipalities."""
    is_small = np.array([term.split(", ")[0] in small for term in shares.rows["term"]], dtype=bool)
    known = np.isfinite(shares.rows["estimate"].astype(float))
    rows = dict(shares.rows)
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value"):
        if name in rows:
            rows[name] = np.where(is_small, np.nan, rows[name].astype(float))
    reason = rows.get("reason", np.full(len(is_small), "")).astype(object)
    rows["reason"] = np.where(is_small & known, FEW_REASON, reason)
    return replace(shares, rows=rows)
