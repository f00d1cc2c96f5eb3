"""Which rows of a result other than a curve are hidden, one rule for each kind.

Each rule takes a result, its tidy frame and a profile, and gives a `Decision`.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evalkit.release.addresses import arms_of, block, family, part, wave_of
from evalkit.release.curves import cause_of
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.parties import hidden_parties
from evalkit.release.profiles import Profile
from evalkit.release.sequences import open_points
from evalkit.release.tables import protect_table

FEW = "rests on too few persons"
OTHER_CELL = "would give away a hidden number of the same table"
INTERCEPT = "intercept"
EVER = ("time_in_state",)  # k were ever there; that all were is no secret


@dataclass(slots=True)
class Decision:
    """What happens to each row.

    Attributes
    ----------
    address : list of str, one a row
    primary, secondary, planned : ndarray of bool, one a row
        Hidden for the row's own numbers, for another row's, for another unit's.
    cells : dict of str to ndarray of bool
        Cells to hide in rows that are shown, by column.
    keep : ndarray of bool or None
        Rows to list at all.
    rounded : tuple of str
        Columns of counts that are rounded. Those who are missing from them have died, left the
        country or not answered; less the number who started, an exact count tells how many.
    texts : tuple of str
        Columns of texts that tell of the numbers; empty in hidden rows.
    replaced : dict of str to ndarray
        Columns with coarser numbers in place of the result's own, by column.
    glance : dict of str to object
        Entries of the glance that must say something else, or nothing.
    """

    address: list[str]
    primary: np.ndarray
    secondary: np.ndarray
    planned: np.ndarray
    cells: dict[str, np.ndarray] = field(default_factory=dict)
    keep: np.ndarray | None = None
    rounded: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    replaced: dict[str, np.ndarray] = field(default_factory=dict)
    glance: dict[str, object] = field(default_factory=dict)

    @property
    def suppressed(self) -> np.ndarray:
        """Whether each row is hidden, for whatever reason."""
        return self.primary | self.secondary | self.planned


def decision_of(addresses: list[tuple], primary: np.ndarray, profile: Profile) -> Decision:
    """A decision that hides the given rows, and those that the unit's plan hides."""
    planned = np.array([profile.hides(*parts) for parts in addresses], dtype=bool)
    return Decision(
        [block(*parts) for parts in addresses], primary, np.zeros(len(primary), bool), planned
    )


def weak_support(result, profile: Profile) -> np.ndarray:
    """Rows whose persons, or those with or without the attribute, are too few."""
    n, k, complement = (result.support[name] for name in ("n", "k", "complement"))
    return profile.too_few(n) | profile.fails(k) | profile.fails(complement)


def by_contrast(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide arms that are too few, and every difference or ratio that rests on one of them.

    Arms are also too few where too few are under observation at the horizon: there curves end too.
    """
    at = (result.summary["horizon"], cause_of(result.provenance))
    name = family(result.provenance.function)
    weak = weak_support(result, profile)
    if result.summary["quantity"] in EVER:
        weak = profile.too_few(result.support["n"]) | profile.fails(result.support["k"])
    weak = weak | profile.too_few(result.support.get("at_horizon", np.nan))
    is_arm = (frame["scale"] == "arm").to_numpy()
    arms = frame["term"][is_arm].tolist()
    planned = {arm: profile.hides(name, arm, *at) for arm in arms}
    hidden = {arm: bool(weak[is_arm & (frame["term"] == arm)].any()) for arm in arms}
    rests_on = [arms_of(term, arms) for term in frame["term"]]
    primary = weak | np.array([any(hidden[arm] for arm in used) for used in rests_on], dtype=bool)
    decision = decision_of([(name, term, *at) for term in frame["term"]], primary, profile)
    decision.planned |= np.array([any(planned[arm] for arm in used) for used in rests_on], bool)
    decision.texts = ("reason",)
    return decision


def by_state(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide states with too few persons at each tick, and one more where they would follow."""
    name = family(result.provenance.function)
    kept = frame["time"].isin(profile.ticks).to_numpy()
    # Rows between the ticks are dropped as they are, so nothing in them needs protection.
    ticks, given = frame[kept], result.support["k"][kept].astype(float)
    n = ticks["n_observed"].to_numpy(dtype=float)
    k = np.where(np.isnan(given), np.round(n * ticks["estimate"].to_numpy(dtype=float)), given)
    shown = _shown_in_tables([ticks["stratum"], ticks["time"]], ticks["state"], k, profile)
    # In the index month everybody is on support: that is the rule of eligibility, no one's secret.
    start = (ticks["time"] == 0).to_numpy() & ~profile.too_few(n)
    small = profile.too_few(n) | profile.fails(k) | profile.fails(n - k)
    addresses = list(
        zip([name] * len(ticks), ticks["stratum"], ticks["time"], ticks["state"], strict=True)
    )
    decision = decision_of(addresses, small & ~start, profile)
    decision.secondary = ~shown & ~small & ~start
    return _spread(decision, kept)


def _spread(decision: Decision, kept: np.ndarray) -> Decision:
    """A decision about the kept rows as one about all, of which the others are not listed."""

    def whole(values, other) -> np.ndarray:
        every = np.full(len(kept), other)
        every[kept] = values
        return every

    masks = ("primary", "secondary", "planned")
    return replace(
        decision, address=list(whole(decision.address, None)), keep=kept,
        **{name: whole(getattr(decision, name), False) for name in masks},
    )  # fmt: skip


def by_level(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide levels with too few persons, and one more of the variable where they would follow."""
    name = family(result.provenance.function)
    n = frame["n"].to_numpy(dtype=float)
    is_level = frame["share"].notna().to_numpy()
    primary, shown = profile.too_few(n), np.ones(len(frame), dtype=bool)
    keys = [frame["stratum"][is_level], frame["variable"][is_level]]
    shown[is_level] = _shown_in_tables(keys, frame["level"][is_level], n[is_level], profile)
    small = profile.fails(n) | profile.fails(result.support["complement"])
    primary = np.where(is_level, small | profile.too_few(result.support["n"]), primary)
    addresses = list(
        zip([name] * len(frame), frame["stratum"], frame["variable"], frame["level"], strict=True)
    )
    decision = decision_of(addresses, primary, profile)
    decision.secondary = ~shown & ~primary
    decision.cells["standardised_difference"] = _counterpart_hidden(frame, decision.suppressed)
    return decision


def _counterpart_hidden(frame: pd.DataFrame, hidden: np.ndarray) -> np.ndarray:
    """Rows whose variable and level are hidden in some stratum: the difference would tell."""
    any_hidden = pd.Series(hidden).groupby([frame["variable"], frame["level"]]).transform("any")
    return any_hidden.to_numpy(dtype=bool)


def _shown_in_tables(keys, category: pd.Series, counts: np.ndarray, profile: Profile) -> np.ndarray:
    """Cells that each table on its own may show; a table is one combination of `keys`."""
    shown = np.zeros(len(counts), dtype=bool)
    keep, cells = category.isin(profile.keep).to_numpy(), np.nan_to_num(counts)[None, :]
    for at in category.groupby(keys, sort=False).indices.values():
        _, kept = protect_table(
            cells[:, at], Hierarchy.single(), fails=profile.fails, keep=keep[at]
        )
        shown[at] = kept[0]
    return shown


def by_pair(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide shares that rest on too few; hide who entered and left where either is too few.

    The interval and the p-value follow from the two, so they go with them.
    """
    name = family(result.provenance.function)
    n, before, after, entered, left = (
        frame[column].to_numpy(dtype=float)
        for column in ("n_pair", "n_before", "n_after", "n_entered", "n_left")
    )
    small = profile.too_few(n)
    for count in (before, after, n - before, n - after):
        small = small | profile.fails(count)
    addresses = [
        (name, stratum, source)
        for stratum, source in zip(frame["stratum"], frame["source"], strict=True)
    ]
    decision = decision_of(addresses, small, profile)
    pairs = np.array([profile.hides(*parts, "pairs") for parts in addresses], dtype=bool)
    for count in (entered, left, before - left, n - before - entered):
        pairs = pairs | profile.fails(count)
    for column in ("n_entered", "n_left", "conf_low", "conf_high", "p_value"):
        decision.cells[column] = pairs
    decision.rounded = ("n_pair", "n_before", "n_after", "n_entered", "n_left")
    return decision


def by_step(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide steps that removed too few, with the neighbours that they would follow from.

    The points are the numbers before and after each step, counted from the end: a step is shown
    where both its points are. A rule that removed nobody is no secret.
    """
    points = flow_points(frame)
    names = ["start", *(part(step) for step in frame["step"])][::-1]
    allowed = np.array([not profile.hides("flow", name) for name in names], dtype=bool)
    shown = open_points(
        points,
        flow_order(len(points)),
        fails=lambda gap: profile.fails(gap) & (np.asarray(gap) != 0),
        allowed=allowed & ~profile.too_few(points),
    )[::-1]
    hidden = ~(shown[:-1] & shown[1:])
    removed = profile.fails(frame["n_removed"]) & (frame["n_removed"] != 0).to_numpy()
    decision = decision_of([("flow", step) for step in frame["step"]], hidden & removed, profile)
    decision.planned = hidden & ~(allowed[::-1][:-1] & allowed[::-1][1:])
    decision.secondary = hidden & ~decision.primary & ~decision.planned
    return decision


def flow_points(frame: pd.DataFrame) -> np.ndarray:
    """Numbers left after the last step, after the one before, ..., before the first."""
    before = frame["n_before"].to_numpy(dtype=float)[:1]
    return np.concatenate([before, frame["n_after"].to_numpy(dtype=float)])[::-1]


def flow_order(n_point: int) -> list[int]:
    """Points of a flow by importance: the end, the start, then from the end backwards."""
    return [0, n_point - 1, *range(1, n_point - 1)] if n_point > 1 else list(range(n_point))


def by_model(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide a model on too few persons, events or degrees of freedom, and waves hidden elsewhere.

    Of a shown model a term is hidden where either of its groups has too few persons or events; so
    is the intercept then, the level of a group that with the hidden difference tells the other's.
    """
    name = family(result.provenance.function)
    n_person, n_event = result.summary["n_person"], result.summary["n_event"]
    weak = bool(profile.too_few(n_person) | profile.fails(n_event))
    weak |= bool(profile.too_few(_number(n_person) - len(frame)))
    waves = [wave_of(term) for term in frame["term"]]
    addresses = [(name, "", term) for term in frame["term"]]
    primary = weak | weak_support(result, profile)
    decision = decision_of(addresses, primary, profile)
    if primary.any():
        decision.secondary = (frame["term"] == INTERCEPT).to_numpy() & ~primary
    if name == "health":
        blocks = [address.split("/") for address in profile.hide if address.startswith("health/")]
        hidden = {parts[2] for parts in blocks if len(parts) > 2}
        # Every wave is compared with the first, and a stratum hidden as a whole is in all waves.
        everything = "0" in hidden or any(len(parts) == 2 for parts in blocks)
        decision.planned |= np.array([everything or wave in hidden for wave in waves], dtype=bool)
    return decision


def by_group(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide all groups of a calibration where one is too small, since they add up."""
    addresses = [(result.provenance.function, "", part(group)) for group in frame["group"]]
    decision = decision_of(addresses, weak_support(result, profile), profile)
    if decision.suppressed.any():
        decision.secondary = ~decision.suppressed
    decision.rounded = ("n", "n_event")
    return decision


def by_wave(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide means of too few who answered."""
    name = family(result.provenance.function)
    addresses = [(name, *key) for key in zip(frame["stratum"], frame["wave"], strict=True)]
    weak = profile.too_few(frame["n"]) | profile.too_few(result.support["n"])
    decision = decision_of(addresses, weak, profile)
    decision.rounded = ("n",)
    return decision


def by_method(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide both estimates where one rests on too few: they are about the same persons."""
    addresses = [("recovery", "", method) for method in frame["method"]]
    decision = decision_of(addresses, weak_support(result, profile), profile)
    if decision.suppressed.any():
        decision.secondary = ~decision.suppressed
    return decision


def by_published(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide numbers computed from too few; those of no known number of persons count as such."""
    addresses = [("published", "", number) for number in frame["number"]]
    unknown = np.isnan(result.support["n"]) & np.isfinite(frame["computed"].to_numpy(dtype=float))
    decision = decision_of(addresses, weak_support(result, profile) | unknown, profile)
    decision.texts = ("verdict",)
    return decision


def by_need(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide everything where too few were covered: ranges of need alone are no result."""
    weak = bool(profile.fails(result.summary["n_covered"]))
    addresses = [("need", "covered", part(value)) for value in frame["quantity"]]
    return decision_of(addresses, np.full(len(frame), weak), profile)


def by_test(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide a test on too few persons or events."""
    few = profile.too_few(result.summary["n"]) | profile.fails(result.summary["n_event"])
    addresses = [(result.provenance.function, "", term) for term in frame["term"]]
    return decision_of(addresses, bool(few) | profile.too_few(result.support["n"]), profile)


def by_account(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide accounts of too few persons; if one row is hidden, all are, since they add up."""
    decision = _accounts(result, frame, profile)
    if decision.suppressed.any():
        decision.secondary = ~decision.suppressed
    return decision


def by_party(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide parties of too few persons, and those that they would follow from.

    All parties add up to society, and in other tables the public ones to public finance; so the
    same are hidden as there.
    """
    decision = _accounts(result, frame, profile)
    decision.texts = ("reason",)
    party = frame["party"].to_numpy()
    n = persons_of_parties(result, profile)
    pays = set(party[frame["cost"].to_numpy(dtype=float) != 0.0])
    hidden = set(party[decision.suppressed])
    gone = hidden_parties(n, hidden, pays, set(), profile) if hidden else hidden
    decision.secondary = np.isin(party, list(gone)) & ~decision.suppressed
    return decision


def persons_of_parties(result, profile: Profile) -> pd.Series:
    """Persons behind each party of a pay-off; none where two of them hold most of it."""
    n = np.where(profile.dominated(result.support), 0.0, result.support["n"].astype(float))
    return pd.Series(n, result.rows["party"])


def _accounts(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    few = profile.too_few(result.summary["n"]) | profile.too_few(result.support["n"])
    few = few | profile.dominated(result.support)
    keys = frame[list(type(result).KEYS)].astype(str).agg("/".join, axis=1)
    addresses = [(result.provenance.function, "", key) for key in keys]
    return decision_of(addresses, np.broadcast_to(few, len(frame)).copy(), profile)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float | np.number) else float("nan")
