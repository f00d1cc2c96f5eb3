"""Which rows of health descriptions are hidden: shares of answers, and numbers made of them."""

import numpy as np
import pandas as pd

from evalkit.release.addresses import block, family, part
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, weak_support
from evalkit.release.tables import protect_table

HEALTH = "health"  # blocks of waves that too few answered
PROFILE, NO_PROBLEMS, OTHER = "profile", "11111", "other"
# Told by other tables of the same answers too: a level sum of 5 is no problems.
LAST_TO_GO = {"level_sum": ("5",)}
PAIRS = "pairs"  # blocks of numbers about those who answered twice
LEVELS = ("mean_before", "mean_after")
CHANGES = ("mean_change", "change_in_important")
SPREAD = ("shannon_index", "shannon_evenness")
UNLISTED = "_unlisted"  # persons of a table whose level has no row
CHANGE, SHARES = "change", "shares"


def by_answer(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide levels that too few have, or have not, and one more of the table where they follow.

    A profile that too few have is not listed at all: its code alone would tell of them.
    """
    name = family(result.provenance.function)
    primary = weak_support(result, profile)
    keys = ["stratum", "wave", "item"]
    named = (frame[key] for key in (*keys, "level"))
    addresses = list(zip([name] * len(frame), *named, strict=True))
    planned = _planned(addresses, frame, profile)
    shown = np.zeros(len(frame), dtype=bool)
    allowed = ~(primary | planned)
    count, n = (frame[column].to_numpy(dtype=float) for column in ("n_with", "n"))
    keep = _last_to_go(frame, profile)
    for at in frame.groupby(keys, sort=False).indices.values():
        if allowed[at].any():
            shown[at] = _summing(count[at], n[at[0]], keep[at], allowed[at], profile)
    decision = Decision(
        ["/".join(map(part, address)) for address in addresses],
        primary, ~shown & ~primary & ~planned, planned,
    )  # fmt: skip
    is_code = (frame["item"] == PROFILE) & frame["level"].str.isdigit()
    listed = ~is_code | (frame["level"] == NO_PROBLEMS)
    decision.keep = listed.to_numpy() | ~decision.suppressed
    decision.rounded = ("n", "n_with")
    return decision


def _last_to_go(frame: pd.DataFrame, profile: Profile) -> np.ndarray:
    """Rows that are hidden last of their table."""
    keep = frame["level"].isin((*profile.keep, NO_PROBLEMS, OTHER)).to_numpy()
    for item, levels in LAST_TO_GO.items():
        own = frame["level"].isin((*profile.keep, *levels)).to_numpy()
        keep = np.where((frame["item"] == item).to_numpy(), own, keep)
    return keep


def _summing(
    count: np.ndarray, n: float, keep: np.ndarray, allowed: np.ndarray, profile: Profile
) -> np.ndarray:
    """Levels of one table that can be shown together; those without a row are one more level."""
    n_level, rest = len(count), n - count.sum()
    if rest > 0:
        count, allowed = np.append(count, rest), np.append(allowed, False)
        keep = np.append(keep, True)
    _, shown = protect_table(
        count[None, :], Hierarchy.single(), fails=profile.fails, keep=keep,
        allowed=allowed[None, :],
    )  # fmt: skip
    return shown[0][:n_level]


def by_measure(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide numbers about too few, or from which the count of a hidden class could be worked out.

    Means of those who answered twice are not listed: less the means of all who answered, they are
    the answers of those who did so once. The change alone leaves them mixed; `support` has how
    many they are.
    """
    name = family(result.provenance.function)
    addresses = list(zip([name] * len(frame), frame["stratum"], frame["wave"], frame["item"],
                         frame["quantity"], strict=True))  # fmt: skip
    decision = Decision(
        ["/".join(map(part, address)) for address in addresses],
        weak_support(result, profile),
        np.zeros(len(frame), dtype=bool),
        _planned(addresses, frame, profile) | _planned_measures(name, frame, profile),
    )
    decision.keep = ~frame["quantity"].isin(LEVELS).to_numpy()
    decision.rounded = ("n",)
    decision.texts = ("reason",)
    return decision


def _planned(addresses: list[tuple], frame: pd.DataFrame, profile: Profile) -> np.ndarray:
    """Rows hidden for another unit's sake, also those of a wave that is hidden as a whole."""
    waves = zip(frame["stratum"], frame["wave"], strict=True)
    return np.array(
        [
            profile.hides(*address) or profile.hides(HEALTH, *wave)
            for address, wave in zip(addresses, waves, strict=True)
        ],
        dtype=bool,
    )


def pairs_block(quantity: str) -> str:
    """Last part of the address of the block that a number of pairs is planned in."""
    return CHANGE if quantity in CHANGES else SHARES


def _planned_measures(name: str, frame: pd.DataFrame, profile: Profile) -> np.ndarray:
    """Numbers of pairs hidden for another unit's sake, and numbers made of a level that is."""
    keys = zip(frame["stratum"], frame["wave"], frame["item"], frame["quantity"], strict=True)
    levels: dict[str, list[str]] = {}
    for address in profile.hide:
        table, _, level = address.rpartition("/")
        levels.setdefault(table, []).append(level)
    return np.array(
        [
            profile.hides(PAIRS, *key, pairs_block(quantity))
            or any(_made_of(quantity, level) for level in levels.get(block(name, *key), ()))
            for *key, quantity in keys
        ],
        dtype=bool,
    )


def _made_of(quantity: str, level: str) -> bool:
    """Whether a number is made of this level: spread of answers, superiority of changes."""
    is_answer = level.isdigit() or level in (OTHER, UNLISTED)
    return is_answer if quantity in SPREAD else not is_answer
