"""Which rows about organisations are hidden: key figures, targets, process times, areas.

Key figures of one stratum are made of a few counts, and all strata add up to the row of all. A
price gives away the count that money was divided by, since budgets are public; so every number is
hidden with the counts it is made of.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.release.addresses import family, part
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of, weak_support

ALL = ""  # the stratum of all together
BASE = "took_part"
# Which blocks of counts each quantity is made of; those that are not here are about no persons.
MADE_OF = {
    "took_part": (BASE,),
    "cost_per_participation": (BASE,),
    "started": ("started",),
    "fulfilment": ("started",),
    "left": ("left",),
    "in_package": ("left",),
    "left_per_start": ("left", "started"),
    "median_days": ("left",),
    "mean_days_left": ("left",),
    "cost_per_leaver": ("left",),
    "reached_outcome": ("left", "outcome"),
    "outcome_share": ("left", "outcome"),
    "cost_per_outcome": ("left", "outcome"),
    "took_part_persons": ("persons",),
    "cost_per_person": ("persons",),
    "started_persons": ("persons", "started", "details"),
    "left_persons": ("persons", "left", "details"),
    "in_package_persons": ("persons", "left", "details"),
    "anonymous": ("anonymous",),
}
ADDING = (BASE, "started", "left", "outcome", "anonymous")  # over strata to all together
BLOCKS = (*ADDING, "persons", "details")


def by_figure(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide key figures with the counts that they are made of, and what would give these away."""
    value = "actual" if "actual" in frame else "estimate"
    counts = counts_of(frame.rename(columns={value: "estimate"}))
    told, weak = _blocks_shown(counts, profile)
    strata, quantities = frame["stratum"].tolist(), frame["quantity"].tolist()
    made = [(BASE, *MADE_OF[name]) if name in MADE_OF else () for name in quantities]
    name = family(result.provenance.function)
    planned_block = {(stratum, block): profile.hides(name, stratum, block)
                     for stratum in counts for block in BLOCKS}  # fmt: skip
    keys = list(zip(strata, made, strict=True))
    primary = np.array([any(weak[s, block] for block in blocks) for s, blocks in keys], dtype=bool)
    planned = [any(planned_block[s, block] for block in blocks) for s, blocks in keys]
    shown = [all(told[s, block] for block in blocks) for s, blocks in keys]
    is_median = (frame["quantity"] == "median_days").to_numpy()
    primary |= is_median & weak_support(result, profile)
    addresses = list(zip([name] * len(frame), strata, quantities, strict=True))
    decision = decision_of(addresses, primary, profile)
    # What is about no persons is shown, also in a stratum that is hidden as a whole.
    decision.planned = np.array(planned, dtype=bool)
    decision.secondary = ~np.array(shown, dtype=bool) & ~primary & ~decision.planned
    persons_hidden = [not told[s, "persons"] or planned_block[s, "persons"] for s in strata]
    decision.cells["n"] = np.array(persons_hidden, dtype=bool)
    if "conf_low" in frame:
        decision.cells |= _limits(result, is_median, profile)
    decision.texts = ("reason", "met") if "met" in frame else ("reason",)
    return decision


def counts_of(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Numbers of each stratum by quantity."""
    return {
        stratum: dict(zip(rows["quantity"], rows["estimate"].astype(float), strict=True))
        for stratum, rows in frame.groupby("stratum", sort=False)
    }


def block_counts(own: Mapping[str, float], block: str) -> tuple[list[float], list[float]]:
    """Counts of a block: those of which 0 tells something of persons, and those of which not.

    That nobody had started before, or that nobody took part twice, is no secret; that everybody
    has left is.
    """
    total, left, stays = own[BASE], own["left"], own["in_package"]
    persons = own["took_part_persons"]
    if block == BASE:
        return [total], []
    if block == "started":
        return [], [own["started"], total - own["started"]]
    if block == "left":
        return [left, stays], []
    if block == "outcome":
        return [own["reached_outcome"], left - own["reached_outcome"]], []
    if block == "persons":
        return [], [total - persons]
    if block == "anonymous":
        return [], [own["anonymous"]]
    started, gone, still = (own[f"{name}_persons"] for name in ("started", "left", "in_package"))
    return [], [
        own["started"] - started, left - gone, stays - still, persons - started, persons - gone,
        persons - still, gone + still - persons,
    ]  # fmt: skip


def _blocks_shown(counts: dict, profile: Profile) -> tuple[dict, dict]:
    """Which blocks each stratum may show, and which of them are too small by themselves."""
    weak = {
        (stratum, block): _fails(block_counts(own, block), profile)
        for stratum, own in counts.items()
        for block in BLOCKS
    }
    for stratum in counts:
        for block in BLOCKS[1:]:
            weak[stratum, block] |= weak[stratum, BASE]
    told = {key: not small for key, small in weak.items()}
    strata = [stratum for stratum in counts if stratum != ALL]
    for block in BLOCKS:
        if block != BASE:
            for stratum in counts:
                told[stratum, block] &= told[stratum, BASE]
        if ALL in counts and told[ALL, block]:
            if block in ADDING:
                _protect(counts, strata, told, block, profile)
            elif block == "persons" and strata:
                told[ALL, block] = not _in_several(counts, strata, told, profile)
    return told, weak


def _in_several(counts: dict, strata: list[str], told: dict, profile: Profile) -> bool:
    """Whether the persons of all strata, all shown, tell of too few who are in several."""
    if not all(told[stratum, "persons"] for stratum in strata):
        return False
    summed = sum(counts[stratum]["took_part_persons"] for stratum in strata)
    return _fails(([], [summed - counts[ALL]["took_part_persons"]]), profile)


def _protect(counts: dict, strata: list[str], told: dict, block: str, profile: Profile) -> None:
    """Hide further strata of a block until what is hidden of the sum is enough together."""
    while True:
        hidden = [stratum for stratum in strata if not told[stratum, block]]
        if not hidden:
            return
        parts = [block_counts(counts[stratum], block) for stratum in hidden]
        summed = tuple([sum(column) for column in zip(*side, strict=True)]
                       for side in zip(*parts, strict=True))  # fmt: skip
        if not _fails(summed, profile):
            return
        left = [stratum for stratum in strata if told[stratum, block]]
        if not left:
            told[ALL, block] = False
            return
        told[min(left, key=lambda stratum: (counts[stratum][BASE], stratum)), block] = False


def _fails(counts: tuple[Sequence[float], Sequence[float]], profile: Profile) -> bool:
    strict, lenient = (np.array(side, dtype=float) for side in counts)
    return bool(profile.fails(strict).any() or (profile.fails(lenient) & (lenient != 0)).any())


def _limits(result, is_median: np.ndarray, profile: Profile) -> dict[str, np.ndarray]:
    """Limits of a median that are at the end of too few stays, or after which too few are left."""
    low, high = (result.support[name].astype(float) for name in ("k_low", "k_high"))
    left = result.support["k"] + result.support["complement"] - high
    return {
        "conf_low": is_median & (np.isnan(low) | profile.fails(low)),
        "conf_high": is_median & (np.isnan(high) | profile.fails(left)),
    }


def by_process(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide process times of too few, and what is too near to another that is shown.

    Shares within more and more days, and of steps that contain each other, are counts of the same
    participations: the difference of two is a count too.
    """
    name = family(result.provenance.function)
    n, reached = (frame[column].to_numpy(dtype=float) for column in ("n", "n_reached"))
    small = weak_support(result, profile) | profile.fails(reached) | profile.fails(n - reached)
    keys = zip(frame["stratum"], frame["step"], frame["quantity"], strict=True)
    decision = decision_of([(name, *key) for key in keys], small, profile)
    shown = ~decision.suppressed
    for _, rows in frame.groupby("stratum", sort=False):
        _apart(rows.index.to_numpy(), n, reached, shown, profile)
    for _, rows in frame.groupby(["step", "quantity"], sort=False):
        _protect_rows(rows, n, reached, shown, profile)
    decision.secondary = ~shown & ~decision.primary & ~decision.planned
    decision.cells |= _limits(result, (frame["quantity"] == "median_days").to_numpy(), profile)
    decision.texts = ("reason",)
    return decision


def _apart(rows: np.ndarray, n, reached, shown: np.ndarray, profile: Profile) -> None:
    """Hide rows of one stratum whose counts differ by too few from those shown before."""
    kept: list[int] = []
    for row in sorted(rows, key=lambda at: (-n[at], -reached[at], at)):
        if not shown[row]:
            continue
        gaps = [abs(column[row] - column[other]) for other in kept for column in (n, reached)]
        if any(gap and profile.fails(gap) for gap in gaps):
            shown[row] = False
        else:
            kept.append(row)


def _protect_rows(rows: pd.DataFrame, n, reached, shown: np.ndarray, profile: Profile) -> None:
    """Hide one more stratum of a number while those hidden are too few together."""
    at = rows.index.to_numpy()
    is_all = (rows["stratum"] == ALL).to_numpy()
    if not is_all.any() or not shown[at[is_all]].all():
        return
    parts = at[~is_all]
    while parts.size and not shown[parts].all():
        hidden = parts[~shown[parts]]
        summed = np.array([n[hidden].sum(), reached[hidden].sum()])
        summed = np.append(summed, summed[0] - summed[1])
        if not profile.fails(summed).any():
            return
        left = parts[shown[parts]]
        if not left.size:
            shown[at[is_all]] = False
            return
        shown[left[np.argmin(n[left])]] = False


def by_organisation(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Show everything: accounts, services and plans of organisations are about no person."""
    name = family(result.provenance.function)
    keys = zip(*(frame[key] for key in type(result).KEYS), strict=True)
    addresses = [(name, *(part(value) for value in key)) for key in keys]
    return decision_of(addresses, np.zeros(len(frame), dtype=bool), profile)


def by_area_link(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide what is made of areas where too few persons are behind the smallest."""
    name = family(result.provenance.function)
    keys = zip(*(frame[key] for key in type(result).KEYS), strict=True)
    addresses = [(name, *map(part, key)) for key in keys]
    return decision_of(addresses, weak_support(result, profile), profile)
