"""Which rows of results about drop-out are hidden: answers, weights, shifts, bounds."""

import numpy as np
import pandas as pd

from evalkit.release.addresses import family
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of, weak_support


def by_answers(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide shares of too few, and waves between which too few stopped answering.

    At the first wave that all have answered by definition, that nobody is missing is no secret.
    Where one stratum of a wave is hidden, so is the smallest other one, since they add up.
    """
    name = family(result.provenance.function)
    keys = zip(frame["stratum"], frame["wave"], strict=True)
    decision = decision_of(
        [(name, *key) for key in keys], _few_answers(result, frame, profile), profile
    )
    answered = frame["n_answered"].to_numpy(dtype=float)
    decision.secondary = _steps(frame, answered, decision.suppressed, profile)
    decision.secondary |= _only_hidden(frame, answered, decision.suppressed)
    decision.rounded = ("n", "n_answered", "n_expected")
    return decision


def _few_answers(result, frame: pd.DataFrame, profile: Profile) -> np.ndarray:
    weak = weak_support(result, profile)
    first = (frame["wave"] == frame["wave"].min()).to_numpy()
    if np.array_equal(result.support["n"][first], result.support["k"][first]):
        weak = np.where(first, profile.too_few(result.support["n"]), weak)
    # Who is no longer due has died or left the country.
    gone = (frame["n_expected"] - frame["n"]).to_numpy(dtype=float)
    return weak | (profile.fails(gone) & (gone > 0))


def _steps(frame, answered, hidden, profile: Profile) -> np.ndarray:
    """Waves hidden because a shown one of the stratum has nearly, not exactly, as many answers."""
    found = np.zeros(len(frame), dtype=bool)
    for _, rows in frame.groupby("stratum", sort=False):
        place = rows.index.to_numpy()
        shown: list[int] = []
        for row in place[[0, *range(len(place) - 1, 0, -1)]]:
            gaps = np.abs(answered[row] - answered[shown])
            if hidden[row] or np.any(profile.fails(gaps) & (gaps > 0)):
                found[row] = not hidden[row]
            else:
                shown.append(row)
    return found


def _only_hidden(frame, answered, hidden) -> np.ndarray:
    """The smallest other stratum of a wave of which a single one is hidden."""
    found = np.zeros(len(frame), dtype=bool)
    for _, rows in frame.groupby("wave"):
        place = rows.index.to_numpy()
        if hidden[place].sum() == 1 and len(place) > 1:
            left = place[~hidden[place]]
            found[left[np.argmin(answered[left])]] = True
    return found


def by_weights(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide weights of too few, or where too few did not answer: their mean tells how many.

    The smallest and the largest one are those of single persons. The effective number is that of
    the answers where all weights are the same, so it is rounded like them.
    """
    name = family(result.provenance.function)
    keys = zip(frame["stratum"], frame["wave"], strict=True)
    weak = weak_support(result, profile)
    first = (frame["wave"] == frame["wave"].min()).to_numpy()
    if not np.any(result.support["complement"][first] > 0):
        weak = np.where(first, profile.too_few(result.support["n"]), weak)
    decision = decision_of([(name, *key) for key in keys], weak, profile)
    answered = frame["n"].to_numpy(dtype=float)
    decision.secondary = _steps(frame, answered, decision.suppressed, profile)
    decision.secondary |= _only_hidden(frame, answered, decision.suppressed)
    everywhere = np.ones(len(frame), dtype=bool)
    for column in ("smallest", "largest", "largest_share"):
        decision.cells[column] = everywhere
    decision.cells["n_unused"] = profile.fails(frame["n_unused"])
    decision.rounded = ("n", "effective_n")
    return decision


def by_shift(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide all shifts where one arm, or those moved, or those not moved, are too few."""
    name, wave = family(result.provenance.function), result.summary["wave"]
    weak = np.full(len(frame), bool(weak_support(result, profile).any()))
    keys = zip(frame["term"], frame["delta"], strict=True)
    return decision_of([(name, "", wave, *key) for key in keys], weak, profile)


def tips(result, frame: pd.DataFrame) -> dict[str, float]:
    """Where the conclusion tips, and how many were moved, which are hidden with the curve."""
    names = ("tipping_estimate", "tipping_interval", "is_clear", "n_imputed")
    hidden = bool(frame["suppressed"].any())
    return {name: np.nan if hidden else result.summary[name] for name in names}


def by_bounds(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide bounds of too few: their width tells how many did not answer."""
    name, wave = family(result.provenance.function), result.summary["wave"]
    weak = weak_support(result, profile)
    is_arm = (frame["scale"] == "arm").to_numpy()
    addresses = [(name, term, wave) for term in frame["term"]]
    decision = decision_of(addresses, weak, profile)
    hidden = decision.suppressed
    if hidden[is_arm].any() and not is_arm.all():
        decision.secondary = ~is_arm & ~hidden
    decision.rounded = ("n", "n_answered")
    return decision
