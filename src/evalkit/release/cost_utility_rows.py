"""Which rows of costs and effects are hidden: money of few persons, and what follows from it."""

import numpy as np
import pandas as pd

from evalkit import results
from evalkit.release.addresses import family
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of

MONEY = ("cost", "icer")
KINDS = (
    results.QalyMeans, results.CostUtility, results.NetBenefit, results.Acceptability,
    results.InformationValue,
)  # fmt: skip


def by_qaly(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide a stratum of which either arm has too few persons."""
    return _by_stratum(result, frame, profile, ["adjustment", "term"], ())


def by_cost_utility(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide a stratum of which either arm has too few persons; costs also where too few have any.

    Costs of an arm of whom nearly all cost nothing are those of the few who did, and what the two
    arms differ by tells them too.
    """
    return _by_stratum(result, frame, profile, ["adjustment", "measure", "term"], MONEY)


def by_price(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide all prices of a QALY where either arm has too few persons, or too few with any cost.

    At a price of 0 the net benefit is the difference in cost, and two prices tell that in effect.
    Draws of parameters rest on nobody.
    """
    name, n = family(result.provenance.function), result.support["n"]
    keys = [frame[key] for key in type(result).KEYS]
    addresses = [(name, "", *parts) for parts in zip(*keys, strict=True)]
    weak = profile.too_few(n) | profile.fails(result.support["k"])
    weak |= profile.dominated(result.support)
    decision = decision_of(addresses, weak, profile)
    decision.planned &= np.isfinite(n)
    return decision


def by_item(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide nothing: a checklist tells how the analysis was done, of nobody."""
    addresses = [("checklist", "", item) for item in frame["item"]]
    return Decision(
        ["/".join(map(str, address)) for address in addresses],
        *(np.zeros(len(frame), dtype=bool) for _ in range(3)),
    )


def told(result, frame: pd.DataFrame, profile: Profile) -> dict[str, object]:
    """Of the glance what hidden rows would follow from, and rounded counts.

    Without clusters the degrees of freedom are the persons less a few.
    """
    made: dict[str, object] = {}
    if "n_left_out" in result.summary:
        left_out = result.summary["n_left_out"]
        made["n_left_out"] = float(profile.round_count(left_out))
        if profile.fails(left_out):
            made["n_left_out"] = np.nan
    if "df" in result.summary and np.isnan(result.summary["n_cluster"]):
        made["df"] = float(profile.round_count(result.summary["df"]))
    if frame["suppressed"].any():
        hidden = {"n": np.nan, "df": np.nan, "correlation": np.nan, "quadrant": ""}
        made |= {name: value for name, value in hidden.items() if name in result.summary}
    return made


def _by_stratum(
    result, frame: pd.DataFrame, profile: Profile, names: list[str], money: tuple[str, ...]
) -> Decision:
    n, k = result.support["n"], result.support["k"]
    few = pd.Series(profile.too_few(n)).groupby(frame["stratum"].to_numpy()).transform("any")
    weak = few.to_numpy(dtype=bool)
    if money:
        is_money = frame["measure"].isin(money).to_numpy()
        poor = pd.Series((profile.fails(k) | profile.dominated(result.support)) & is_money)
        poor = poor.groupby(frame["stratum"].to_numpy()).transform("any").to_numpy(dtype=bool)
        weak = weak | (poor & is_money)
    name = family(result.provenance.function)
    keys = [frame[key] for key in ("stratum", *names)]
    decision = decision_of([(name, *parts) for parts in zip(*keys, strict=True)], weak, profile)
    # Who is counted in one row of a stratum is counted in all of them.
    hidden = pd.Series(decision.planned).groupby(frame["stratum"].to_numpy()).transform("any")
    decision.planned = hidden.to_numpy(dtype=bool)
    decision.rounded = ("n",)
    decision.texts = ("reason",)
    return decision
