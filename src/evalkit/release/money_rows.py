"""Which rows of money are hidden: perspectives, present values, curves, sensitivity, type cases.

All parties add up to society, and the public ones to public finance. Parties are hidden whole: in
every horizon, rate, kind and month.
"""

import numpy as np
import pandas as pd

from evalkit.release.addresses import block, family
from evalkit.release.parties import SUMS, hidden_parties
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of

YEAR = 12
CURVE = "curve"


def by_present_value(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide parties of too few persons, and those that they would follow from.

    A horizon before the last month followed is a month of the curve, with cost and gain apart. It
    is told where enough persons are behind every step of every party that is told, and of one of
    those that are hidden together; and nowhere where the unit's plan hides some of the curve.
    """
    decision = _whole_parties(result, frame, profile, _persons(result, frame, profile))
    k = result.support["k"].astype(float)
    early = ~np.isnan(k)
    if early.any() and not _enough_early(k, early, decision, frame, _public_codes(result), profile):
        decision.secondary |= early & ~decision.suppressed
    return decision


def _enough_early(
    k: np.ndarray, early: np.ndarray, decision: Decision, frame: pd.DataFrame, public: set[str],
    profile: Profile,
) -> bool:  # fmt: skip
    """Whether the steps between horizons rest on enough persons."""
    if any(address.startswith(block("pay_off", CURVE)) for address in profile.hide):
        return False
    fewest = pd.Series(k[early]).groupby(frame["party"].to_numpy()[early]).min()
    hidden = fewest.index.isin(frame["party"][decision.suppressed])
    is_public = fewest.index.isin(public)
    together = [hidden & is_public, hidden & ~is_public & ~fewest.index.isin(SUMS)]
    known = [*fewest[~hidden], *(fewest[own].max() for own in together if own.any())]
    return not profile.too_few(known).any()


def by_balance(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide parties with too few persons behind any kind of flow; all if a sum has too few."""
    few = profile.too_few(result.support["n"]) | profile.dominated(result.support)
    kinds = pd.Series(result.support["n"].astype(float)).groupby(frame["party"]).min()
    kinds[kinds.index.isin(frame["party"][few])] = 0.0
    if few[frame["party"].isin(SUMS).to_numpy()].any():
        kinds[:] = 0.0
    return _whole_parties(result, frame, profile, kinds)


def by_curve(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide parties of too few, and list only months between which enough persons had flows.

    A month is shown for all parties or for none. The step of every shown party from the last shown
    month must rest on enough persons: at least as many as had a flow in some month between. Those
    who pay decide which months are shown; another party with too few in a step between them is
    hidden with others that it does not follow from. Where the curve follows from a share of
    persons, those with and without it must be enough as well.
    """
    parties = list(dict.fromkeys(frame["party"]))
    n_month = len(frame) // max(len(parties), 1)
    k = result.support["k"].astype(float).reshape(len(parties), n_month)
    most = larger_arm(result.support).reshape(len(parties), n_month)
    complement = result.support["complement"].astype(float).reshape(len(parties), n_month)
    ticks = [at for at in listed_months(n_month, profile)
             if not profile.hides("pay_off", CURVE, at)]  # fmt: skip
    is_share = not np.isnan(complement).all()
    n = _persons(result, frame, profile)
    decision = _whole_parties(result, frame, profile, n)
    if is_share:
        shown = _enough_in_state(k[0], complement[0], ticks, profile)
    else:
        rows = _deciding(parties, set(frame["party"][~decision.suppressed]), paying(frame))
        shown = enough_between(k[rows], ticks, profile, most[rows])
        rare = {party for party, own, larger in zip(parties, k, most, strict=True)
                if enough_between(own[None], shown, profile, larger[None]) != shown}  # fmt: skip
        planned = {party for party in parties if profile.hides("pay_off", CURVE, party)}
        n = n.mask(n.index.isin(rare), 0.0)
        _hide_besides(decision, rare | planned, n, frame, _public_codes(result), profile)
    month = frame["month"].to_numpy()
    decision.keep = np.isin(month, ticks)
    decision.secondary = decision.secondary | (~np.isin(month, shown) & ~decision.suppressed)
    # The net gain of a single month is a step of its own; only the sum up to a month is shown.
    decision.cells["net"] = np.ones(len(frame), dtype=bool)
    if not shown:
        decision.secondary = ~decision.primary & ~decision.planned
    return decision


def _deciding(parties: list[str], told: set[str], pays: set[str]) -> list[int]:
    """Places of the parties that months are chosen by: of those told who pay, else all."""
    chosen = [place for place, party in enumerate(parties) if party in told & pays]
    return chosen or [place for place, party in enumerate(parties) if party in told]


def _hide_besides(
    decision: Decision, more: set[str], n: pd.Series, frame: pd.DataFrame, public: set[str],
    profile: Profile,
) -> None:  # fmt: skip
    """Hide more parties, and what they would follow from; what is hidden already stays so."""
    hidden = set(frame["party"][decision.suppressed]) | more
    gone = hidden_parties(n, hidden, paying(frame), public, profile)
    decision.secondary |= frame["party"].isin(gone).to_numpy() & ~decision.suppressed


def listed_months(n_month: int, profile: Profile) -> list[int]:
    """Months at which a curve of so many months is shown at all."""
    return [at for at in range(n_month) if at in profile.ticks or at % YEAR == 0]


def larger_arm(support) -> np.ndarray:
    """Persons of the larger arm by row of a curve; of the only one where nothing else is known."""
    return np.asarray(support.get("k_most", support["k"]), dtype=float)


def enough_between(
    k: np.ndarray, ticks: list[int], profile: Profile, larger: np.ndarray | None = None
) -> list[int]:
    """Ticks whose step from the last shown one rests on enough persons of every party.

    Months after those followed have no persons and no news: gains that are not observed. That
    nobody has had a flow with a party at the start is no secret. A table of all months less the
    last shown month is what came after it: few may not be behind that either, though nobody may.
    Persons are those of the smaller arm; `larger` tells flows of one arm from those of nobody.
    """
    some = k if larger is None else np.where(k == 0, larger, k)
    shown, last = [], -1
    for tick in ticks:
        step = k[:, last + 1 : tick + 1]
        most, seen = most_in(step if tick else some[:, :1]), ~np.isnan(step).all(axis=1)
        nobody_yet = (most == 0) if tick == 0 else np.zeros(len(most), dtype=bool)
        if not (profile.too_few(most) & seen & ~nobody_yet).any():
            shown.append(tick)
            last = tick
    while shown and _few_after(k[:, shown[-1] + 1 :], some[:, shown[-1] + 1 :], profile):
        shown.pop()
    return shown


def most_in(step: np.ndarray) -> np.ndarray:
    """Most persons with a flow of each party in a month of a step; 0 where none is followed."""
    return np.nan_to_num(step).max(axis=1, initial=0)


def _few_after(k: np.ndarray, some: np.ndarray, profile: Profile) -> bool:
    """Whether few of any party had a flow: of the smaller arm, or where it has none of either."""
    most, fewest = most_in(k), np.where(some > 0, some, np.inf).min(axis=1, initial=np.inf)
    return bool((profile.too_few(most) & ((most > 0) | profile.too_few(fewest))).any())


def _enough_in_state(
    k: np.ndarray, complement: np.ndarray, ticks: list[int], profile: Profile
) -> list[int]:
    """Ticks at which enough are in the state and enough are not; nobody is at the start."""
    return [
        tick
        for tick in ticks
        if tick == 0 or not (profile.fails(k[tick]) | profile.fails(complement[tick]))
    ]


def by_parameter(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide items of too few persons, with the smallest other one; all if the party is too few."""
    name = family(result.provenance.function)
    n = result.support["n"].astype(float)
    few = profile.too_few(n) | profile.dominated(result.support)
    party = str(result.summary["party"])
    of_party = n[(frame["unit"] != "factor").to_numpy()]
    everything = bool(profile.too_few(result.summary["n"]) | profile.too_few(of_party).any())
    everything |= bool(few[(frame["unit"] != "factor").to_numpy()].any())
    planned = profile.hides(name, "", party)
    addresses = [(name, "", party, parameter) for parameter in frame["parameter"]]
    decision = decision_of(addresses, few | everything, profile)
    decision.planned |= np.full(len(frame), planned)
    left = np.flatnonzero(~decision.suppressed & (frame["unit"] == "factor").to_numpy())
    if decision.suppressed.any() and left.size:
        # The last of the smallest: its bar is the narrowest, since the widest come first.
        decision.secondary[left[::-1][np.argmin(n[left][::-1])]] = True
    return decision


def base_told(frame: pd.DataFrame) -> dict:
    """The base case is told where any row is: they rest on the same persons."""
    return {"base": np.nan} if frame["suppressed"].all() else {}


def by_type_case(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide all where the cases describe too few persons; constructed cases describe nobody."""
    few = profile.too_few(result.summary["n"]) | profile.too_few(result.support["n"])
    name = family(result.provenance.function)
    addresses = [(name, "", party) for party in frame["party"]]
    decision = decision_of(addresses, np.broadcast_to(few, len(frame)).copy(), profile)
    decision.texts = ("reason",)
    return decision


def _persons(result, frame: pd.DataFrame, profile: Profile) -> pd.Series:
    """Persons behind each party; none where two hold most, or all together are too few."""
    n = pd.Series(result.support["n"].astype(float))
    n = n.mask(profile.dominated(result.support), 0.0).groupby(frame["party"].to_numpy()).min()
    return n * 0.0 if profile.too_few(result.summary["n"]) else n


def _whole_parties(result, frame: pd.DataFrame, profile: Profile, n: pd.Series) -> Decision:
    name = family(result.provenance.function)
    keys = [key for key in type(result).KEYS if key != "party"]
    addresses = [(name, "", *row) for row in frame[["party", *keys]].itertuples(index=False)]
    few = frame["party"].map(pd.Series(profile.too_few(n), n.index)).to_numpy(dtype=bool)
    decision = decision_of(addresses, few, profile)
    hidden = set(frame["party"][decision.suppressed])
    pays = paying(frame)
    gone = hidden_parties(n, hidden, pays, _public_codes(result), profile)
    decision.secondary = frame["party"].isin(gone).to_numpy() & ~decision.suppressed
    if "reason" in frame.columns:
        decision.texts = ("reason",)
    return decision


def paying(frame: pd.DataFrame) -> set[str]:
    """Parties that pay for interventions: what goes with one of them is another."""
    if "cost" in frame.columns:
        return set(frame.loc[frame["cost"] != 0, "party"])
    if "kind" in frame.columns:
        paid = (frame["kind"] == "intervention") & (frame["paid"] != 0)
        return set(frame.loc[paid, "party"])
    first = frame.groupby("party", sort=False)["cumulative"].first()
    return set(first.index[first < 0])


def _public_codes(result) -> set[str]:
    return set(filter(None, str(result.summary["public"]).split(", ")))
