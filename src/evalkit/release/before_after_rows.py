"""Which rows about status and benefits before and after are hidden.

The same persons stand in several tables of one page: the occupations before and after, who went
from which to which, and who began or does more. What one table hides must not follow from another:
so the rules below share their decisions about occupations, and never count on a number as hidden
that another of these tables shows.
"""

import numpy as np
import pandas as pd

from evalkit.release.addresses import family
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of
from evalkit.release.tables import protect_table

OCCUPATION, GROUP = "occupation", "work_or_study"
PARTS = ("work", "subsidised_work", "study")
OTHERS = ("job_seeker", "other")
TOTAL = "total"
VALUES = ("equivalents", "equivalents_per_100")
STARTED, ENDED = "started", ("stopped", "neither_before")
STAYED = ("increased", "unchanged", "decreased", "extent_unknown")


def by_status(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide categories with too few before or after, and occupations that would follow from others.

    Who entered and left, with the interval and the test, goes where either is too few; the number
    of starters and the bounds go where too few are still in.
    """
    name = family(result.provenance.function)
    n, before, after, entered, left, still_in = (
        frame[column].to_numpy(dtype=float)
        for column in ("n_leaver", "n_before", "n_after", "n_entered", "n_left", "n_still_in")
    )
    small = profile.too_few(n)
    for count in (before, after, n - before, n - after):
        small = small | profile.fails(count)
    addresses = list(
        zip([name] * len(frame), frame["stratum"], frame["measure"], frame["category"], strict=True)
    )
    decision = decision_of(addresses, small, profile)
    shown = _statuses_shown(frame, ~decision.suppressed, (before, after, n), profile)
    decision.secondary = ~shown & ~decision.suppressed
    pairs = np.array([profile.hides(*parts, "pairs") for parts in addresses], dtype=bool)
    cells = (entered, left, before - left, n - before - entered)
    for count in cells:
        pairs = pairs | profile.fails(count)
    pairs = ~_over_strata(frame, ~pairs, cells, profile)
    for column in ("n_entered", "n_left", "conf_low", "conf_high", "p_value"):
        decision.cells[column] = pairs
    for column in ("n_start", "n_still_in", "bound_low", "bound_high"):
        decision.cells[column] = profile.fails(still_in)
    decision.glance = _still_in(result, profile)
    decision.rounded = (
        "n_start", "n_leaver", "n_still_in", "n_before", "n_after", "n_entered", "n_left",
        "change_n",
    )  # fmt: skip
    return decision


def _statuses_shown(frame: pd.DataFrame, allowed: np.ndarray, counts, profile) -> np.ndarray:
    """Rows that may be shown, within each stratum and where the strata add up to a known sum."""
    before, after, n = counts
    occupations = frame[frame["measure"] == OCCUPATION].groupby("stratum", sort=False)
    shown = allowed.copy()
    while True:
        kept = shown.copy()
        for _, rows in occupations:
            at = rows.index.to_numpy()
            category = rows["category"].to_numpy()
            shown[at] = occupations_shown(category, before[at], after[at], shown[at], profile)
        shown = _over_strata(frame, shown, (before, after, n - before, n - after), profile)
        if np.array_equal(kept, shown):
            return shown


def _over_strata(frame: pd.DataFrame, shown: np.ndarray, counts, profile: Profile) -> np.ndarray:
    """Hide a category in one more stratum where it is hidden in one: their sum may be known."""
    if frame["stratum"].nunique() < 2:
        return shown
    told = shown.copy()
    for _, rows in frame.groupby(["measure", "category"], sort=False):
        at = rows.index.to_numpy()
        for count in counts:
            _, kept = protect_table(
                np.nan_to_num(count[at])[None, :], Hierarchy.single(), fails=profile.fails,
                allowed=told[at][None, :],
            )  # fmt: skip
            told[at] &= kept[0]
    return told


def _still_in(result, profile: Profile) -> dict[str, float]:
    """Starters and those still in of the glance: missing where the latter are too few."""
    names = ("n_start", "n_still_in")
    if profile.fails(result.summary["n_still_in"]):
        return dict.fromkeys(names, np.nan)
    return {name: float(profile.round_count(result.summary[name])) for name in names}


def occupations_shown(
    category: np.ndarray, before: np.ndarray, after: np.ndarray, allowed: np.ndarray,
    profile: Profile,
) -> np.ndarray:  # fmt: skip
    """Which occupations one table may show, of those that may be by their own numbers.

    All in work or study, those who look for work, and the others add up; and so do the parts of the
    first. `StatusShares` tells how many work or study after, so that number is never what protects
    another one.
    """
    shown = allowed.copy()
    place = {name: position for position, name in enumerate(category)}
    others = [place[name] for name in OTHERS if name in place]
    parts = [place[name] for name in PARTS if name in place]
    group = place.get(GROUP)
    if group is not None and not shown[group]:
        shown[[group, *others, *parts]] = False
        return shown
    if not shown[others].all():
        shown[others] = False
    while True:
        kept = shown[parts].copy()
        for counts in (before, after):
            _, told = protect_table(
                counts[parts][None, :], Hierarchy.single(), fails=profile.fails,
                allowed=shown[parts][None, :],
            )  # fmt: skip
            shown[parts] &= told[0]
        if np.array_equal(kept, shown[parts]):
            return shown


def in_all_strata(frame: pd.DataFrame, keys: list[str], shown: np.ndarray) -> np.ndarray:
    """What every stratum may show: else one of them would follow from the sum of all."""
    groups = [frame[key] for key in keys]
    return pd.Series(shown, index=frame.index).groupby(groups).transform("all").to_numpy(bool)


def by_share(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide who began or does more where that, or the rest of those it is of, is too few."""
    name = family(result.provenance.function)
    shown = np.zeros(len(frame), dtype=bool)
    for _, rows in frame.groupby("stratum", sort=False):
        count = dict(zip(rows["quantity"], rows["n"].astype(float), strict=True))
        seen = _began(count, profile)
        shown[rows.index] = rows["quantity"].map(seen).to_numpy(dtype=bool)
    shown &= in_all_strata(frame, ["quantity"], shown)
    keys = zip(frame["stratum"], frame["quantity"], strict=True)
    small = profile.fails(frame["n"]) | profile.too_few(frame["n_of"])
    decision = decision_of([(name, *key) for key in keys], np.asarray(small), profile)
    decision.secondary = ~shown & ~decision.primary
    decision.rounded = ("n", "n_of")
    return decision


def _began(count: dict[str, float], profile: Profile) -> dict[str, bool]:
    """What may be shown of one stratum. Who started stands in the table of statuses too."""
    seen = dict.fromkeys(count, False)
    fails = profile.fails
    if fails(count[GROUP]) or fails(count["not_work_or_study"]):
        return seen
    seen[GROUP] = seen["not_work_or_study"] = True
    stayed = sum(count[name] for name in STAYED)
    flows = (count[STARTED], stayed, *(count[name] for name in ENDED))
    told = not any(fails(flow) for flow in flows)
    if told:
        seen |= dict.fromkeys((STARTED, *ENDED), True)
        cells = np.array([[count[name] for name in STAYED]])
        _, kept = protect_table(cells, Hierarchy.single(), fails=fails)
        seen |= dict(zip(STAYED, kept[0].tolist(), strict=True))
    seen["started_or_increased"] = seen[STARTED] and seen["increased"]
    return seen


def by_published(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide all bounds where one of the published shares is of too few."""
    n, k, complement = (result.support[name] for name in ("n", "k", "complement"))
    small = profile.too_few(n) | profile.fails(k) | profile.fails(complement)
    addresses = [(result.provenance.function, "", quantity) for quantity in frame["quantity"]]
    return decision_of(addresses, small, profile)


def by_benefit(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide benefits of too few, and the amount of one more, which add up to the total.

    That all have a benefit is hidden too, except that all are on support at the start: that is a
    rule of taking part.
    """
    name = family(result.provenance.function)
    n, k = (result.support[part].astype(float) for part in ("n", "k"))
    keys = zip(frame["stratum"], frame["benefit"], frame["occasion"], strict=True)
    decision = decision_of(
        [(name, *key) for key in keys], profile.too_few(n) | profile.fails(k), profile
    )
    decision.secondary = ~_benefits_shown(frame, ["occasion"], ~decision.suppressed, (k,), profile)
    decision.secondary &= ~decision.primary & ~decision.planned
    at_start = (frame["benefit"] == TOTAL) & (frame["occasion"] == 0)
    everybody = profile.fails(n - k) & ~(at_start.to_numpy() & (n == k))
    everybody |= _share_planned(decision, profile)
    for column in ("n_with", "share"):
        decision.cells[column] = everybody
    more = np.zeros(len(frame), dtype=bool)
    for _, rows in frame.groupby(["stratum", "occasion"], sort=False):
        more[_one_more(rows, decision.suppressed, k)] = True
    more = ~in_all_strata(frame, ["benefit", "occasion"], ~more)
    for column in VALUES:
        decision.cells[column] = more
    decision.rounded = ("n", "n_with")
    return decision


def by_change(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide benefits of too few before or after, and one more, since all add up to the total.

    With them goes the share of falls that rises offset: it would be a second equation. Whether the
    alert fires stays.
    """
    name = family(result.provenance.function)
    n, k = (result.support[part].astype(float) for part in ("n", "k"))
    keys = zip(frame["stratum"], frame["benefit"], frame["quantity"], strict=True)
    decision = decision_of(
        [(name, *key) for key in keys], profile.too_few(n) | profile.fails(k), profile
    )
    counts = (frame["n_before"].to_numpy(float), frame["n_after"].to_numpy(float))
    shown = _benefits_shown(frame, ["quantity"], ~decision.suppressed, counts, profile)
    some, more = np.zeros((2, len(frame)), dtype=bool)
    for _, rows in frame.groupby(["stratum", "quantity"], sort=False):
        at = rows.index.to_numpy()
        more[_one_more(rows, ~shown, k)] = True
        some[at] = not shown[at].all()
    more = ~in_all_strata(frame, ["benefit", "quantity"], ~more)
    decision.secondary = (~shown | more) & ~decision.primary & ~decision.planned
    decision.cells["offset_share"] = some
    everybody = profile.fails(result.support["complement"].astype(float))
    for column in ("n_before", "n_after"):
        decision.cells[column] = everybody | _share_planned(decision, profile)
    decision.rounded = ("n", "n_before", "n_after")
    return decision


def _share_planned(decision: Decision, profile: Profile) -> np.ndarray:
    """Rows in which the plan hides how many had the benefit."""
    return np.array([f"{address}/share" in profile.hide for address in decision.address], bool)


def _benefits_shown(frame: pd.DataFrame, keys, allowed, counts, profile) -> np.ndarray:
    """Benefits that may be shown where the strata add up to a known sum."""
    named = frame.assign(measure=frame[keys].astype(str).agg("/".join, axis=1))
    return _over_strata(named.assign(category=frame["benefit"]), allowed, counts, profile)


def _one_more(rows: pd.DataFrame, hidden: np.ndarray, k: np.ndarray) -> np.ndarray:
    """The benefit with fewest persons that is shown, where another one is hidden; else the total.

    Hidden amounts add up to what the total leaves; with an amount of enough persons among them
    that tells nothing of the few.
    """
    at = rows.index.to_numpy()
    is_total = (rows["benefit"] == TOTAL).to_numpy()
    parts, total = at[~is_total], at[is_total]
    if not hidden[parts].any() or hidden[total].all():
        return np.array([], dtype=int)
    left = parts[~hidden[parts]]
    return left[[np.argmin(k[left])]] if left.size else total
