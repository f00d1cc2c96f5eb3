"""Which rows about working together are hidden: answers, agreement, labels, sites, doses.

Respondents are persons. Means of answers are given in whole points, since an exact mean of few
tells how many they are and, with the error, what each answered; errors are not given at all.
"""

import numpy as np
import pandas as pd

from evalkit.release.addresses import block, family
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of, weak_support
from evalkit.release.tables import protect_table

DECIMALS = {"points": 0, "percent": 0, "hours": 1, "points per wave": 1}
RATIO_DECIMALS = 2  # kappas, loadings, alpha, omega
LIMITS = ("estimate", "conf_low", "conf_high", "boot_low", "boot_high")
EACH, ALL_ALIKE = "federations", "respondents"


def by_score(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide means and shares of too few, or nearly all alike, and what would follow from the rest.

    Answers of all federations less those of the shown ones are those of the hidden ones; so are
    the answers of all waves, which another result may give.
    """
    name = family(result.provenance.function)
    addresses = [
        (name, ", ".join(filter(None, (row.federation, row.stratum))), row.wave, row.item,
         row.quantity)
        for row in frame.itertuples()
    ]  # fmt: skip
    decision = decision_of(addresses, weak_support(result, profile), profile)
    support = pd.DataFrame({part: result.support[part] for part in ("n", "k", "complement")})
    more = np.ones(1, dtype=bool)
    while more.any():
        more = _within_all(frame, support, decision.suppressed, profile)
        decision.secondary |= more
        more = more | _within_waves(frame, support, decision.suppressed, profile)
        decision.secondary |= more
    decision.replaced = _rounded(frame) | _response(frame, profile)
    decision.rounded = ("n", "n_asked")
    decision.texts = ("reason",)
    return decision


def _rounded(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Numbers to the precision that pages show them in, and no errors."""
    decimals = frame["unit"].map(DECIMALS).fillna(RATIO_DECIMALS).to_numpy(dtype=int)
    factor = 10.0**decimals
    found = {
        name: np.floor(frame[name].to_numpy(dtype=float) * factor + 0.5) / factor
        for name in LIMITS
        if name in frame
    }
    return found | {"std_error": np.full(len(frame), np.nan)}


def _response(frame: pd.DataFrame, profile: Profile) -> dict[str, np.ndarray]:
    """Shares who did not answer, and who did, from rounded counts."""
    n, asked = profile.round_count(frame["n"]), profile.round_count(frame["n_asked"])
    with np.errstate(invalid="ignore", divide="ignore"):
        silent = np.where(asked > 0, np.maximum(1 - n / asked, 0), np.nan)
    answered = (frame["quantity"] == "share_answered").to_numpy()
    told = _rounded(frame)["estimate"]
    share = np.floor(100 * (1 - silent) + 0.5)
    both = ("conf_low", "conf_high")
    limits = {name: np.where(answered, np.nan, _rounded(frame)[name]) for name in both}
    return {"non_response": silent, "estimate": np.where(answered, share, told), **limits}


def _within_all(frame, support, hidden: np.ndarray, profile: Profile) -> np.ndarray:
    """Federations and sums over them that would tell of a hidden federation."""
    found = np.zeros(len(frame), dtype=bool)
    if not (frame["federation"] != "").any():
        return found
    keys = ["stratum", "wave", "item", "quantity"]
    for _, rows in frame.groupby(keys, sort=False):
        place = rows.index.to_numpy()
        is_own = (rows["federation"] != "").to_numpy()
        own, alike = place[is_own], place[(rows["weighting"] == EACH).to_numpy()]
        pooled = place[~is_own & (rows["weighting"] == ALL_ALIKE).to_numpy()]
        some = own[support["n"].to_numpy()[own] > 0]
        lost = hidden[some] | found[some]
        if not lost.any():
            continue
        found[alike] = ~hidden[alike]  # two equations for the hidden ones with the pooled mean
        if len(pooled) and not hidden[pooled].all():
            more = _completed(some, lost, support, profile)
            found[more] = True
    return found & ~hidden


def _within_waves(frame, support, hidden: np.ndarray, profile: Profile) -> np.ndarray:
    """Waves that would tell of a hidden one, given the answers of all waves together."""
    found = np.zeros(len(frame), dtype=bool)
    keys = ["stratum", "federation", "item", "quantity", "weighting"]
    for _, rows in frame[frame["weighting"] == ALL_ALIKE].groupby(keys, sort=False):
        place = rows.index.to_numpy()
        place = place[support["n"].to_numpy()[place] > 0]
        if len(place) > 1 and hidden[place].any():
            found[_completed(place, hidden[place], support, profile)] = True
    return found & ~hidden


def _completed(place, lost, support, profile: Profile) -> np.ndarray:
    """Shown rows to hide besides, the smallest first, until the hidden ones are many together."""
    hidden, shown = list(place[lost]), list(place[~lost])
    shown.sort(key=lambda row: (support["n"].iloc[row], row))
    more = []
    while shown:
        sums = support.iloc[hidden].sum(min_count=1)
        if not (profile.too_few(sums["n"]) | profile.fails(sums[["k", "complement"]]).any()):
            break
        row = shown.pop(0)
        hidden.append(row)
        more.append(row)
    return np.array(more, dtype=int)


def by_statistic(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide numbers made of the answers of too few; shares up, down and unchanged go together."""
    name = family(result.provenance.function)
    addresses = [(name, row.stratum, row.item, row.quantity) for row in frame.itertuples()]
    decision = decision_of(addresses, weak_support(result, profile), profile)
    shares = frame["quantity"].isin(["share_up", "share_down"]).to_numpy()
    for _, rows in frame[shares].groupby(["stratum", "item"], sort=False):
        place = rows.index.to_numpy()
        same = result.support["n"][place[0]] - result.support["k"][place].sum()
        if decision.suppressed[place].any() or profile.fails(same):
            decision.secondary[place] = ~decision.suppressed[place]
    decision.replaced = _rounded(frame)
    decision.rounded = ("n",)
    decision.texts = ("reason",)
    return decision


def by_agreement(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide all numbers of an item where pairs, or those alike, or the others, are too few."""
    addresses = [("agreement", row.stratum, row.item) for row in frame.itertuples()]
    weak = pd.Series(weak_support(result, profile))
    weak = weak.groupby([frame["stratum"], frame["item"]], sort=False).transform("any")
    decision = decision_of(addresses, weak.to_numpy(dtype=bool), profile)
    units = frame["quantity"].map({"share_alike": "percent"}).fillna("")
    decision.replaced = _rounded(frame.assign(unit=units))
    decision.rounded = ("n",)
    decision.texts = ("reason",)
    return decision


def by_pair_of_answers(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide cells of a square table that are few, with others of the same known sums.

    How many pairs are alike is known, and how many there are.
    """
    keys = zip(frame["stratum"], frame["item"], frame["first"], frame["second"], strict=True)
    decision = decision_of(
        [("agreement", stratum, item, f"{one}-{other}") for stratum, item, one, other in keys],
        weak_support(result, profile), profile,
    )  # fmt: skip
    for _, rows in frame.groupby(["stratum", "item"], sort=False):
        place = rows.index.to_numpy()
        count = rows["n_with"].to_numpy(dtype=float)
        alike = (rows["first"] == rows["second"]).to_numpy()
        allowed = ~decision.suppressed[place]
        for group in (alike, ~alike, np.ones(len(place), dtype=bool)):
            _, kept = protect_table(
                count[group][None, :], Hierarchy.single(), fails=profile.fails,
                allowed=allowed[group][None, :],
            )  # fmt: skip
            allowed[np.flatnonzero(group)] &= kept[0]
        decision.secondary[place] = ~allowed & ~decision.suppressed[place]
    decision.rounded = ("n_pair", "n_with")
    with np.errstate(invalid="ignore", divide="ignore"):
        decision.replaced = {"share": np.floor(100 * frame["share"] + 0.5) / 100}
    return decision


def by_site(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide sites of few; then what is made of all sites, and sites that would tell of them."""
    addresses = [("sites", row.site, row.part) for row in frame.itertuples()]
    is_site = (frame["part"] == "site").to_numpy()
    pooled = (frame["part"] == "pooled").to_numpy()
    weak = weak_support(result, profile)
    total = frame.loc[pooled, ["n", "n_with"]].to_numpy(dtype=float)[0]
    few = profile.too_few(total[0]) | profile.fails(total[1]) | profile.fails(total[0] - total[1])
    weak = np.where(pooled, few, np.where(is_site, weak, False))
    decision = decision_of(addresses, np.asarray(weak, dtype=bool), profile)
    hidden = decision.suppressed & is_site
    if hidden.any():
        support = pd.DataFrame({part: result.support[part] for part in ("n", "k", "complement")})
        place = np.flatnonzero(is_site)
        decision.secondary[_completed(place, hidden[place], support, profile)] = True
        decision.secondary |= ~is_site & ~pooled
        decision.cells["weight"] = np.ones(len(frame), dtype=bool)
        decision.glance = dict.fromkeys(("tau2", "i2", "q", "p_value"), np.nan)
    decision.texts = ("reason",)
    return decision


def by_dose(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide all groups by quality where one is few, or nearly all alike; the curve with too few."""
    addresses = [("dose", row.part, row.x) for row in frame.itertuples()]
    is_bin = (frame["part"] == "bin").to_numpy()
    weak = weak_support(result, profile)
    weak = np.where(is_bin, weak[is_bin].any(), weak)
    decision = decision_of(addresses, np.asarray(weak, dtype=bool), profile)
    if decision.suppressed[~is_bin].any():
        names = ("turning_point", "turning_low", "turning_high", "p_turn", "crossing",
                 "crossing_low", "crossing_high", "slope_low", "slope_high")  # fmt: skip
        decision.glance = dict.fromkeys(names, np.nan) | {"shape": ""}
    decision.rounded = ("n",)
    return decision


def by_fidelity(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide the outcome of sites with too few persons; ratings are of sites, not of persons."""
    addresses = [("fidelity", row.part, row.item) for row in frame.itertuples()]
    decision = decision_of(addresses, profile.too_few(result.support["n"]), profile)
    decision.texts = ("reason",)
    return decision


def address_of(result, *parts: object) -> str:
    """Address of a block of a result of this module."""
    return block(family(result.provenance.function), *parts)
