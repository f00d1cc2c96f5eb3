"""Which random intercepts of units are hidden."""

import numpy as np
import pandas as pd

from evalkit.release.addresses import family, part, split_area
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of


def by_unit(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide units of too few persons, and the smallest others that would give them away.

    Predicted intercepts add up to 0 and persons to all of them, so that a single hidden unit
    follows from the rest: two at least are hidden, with persons enough together.
    """
    name = family(result.provenance.function)
    units = [part(unit) for unit in frame["unit"]]
    listed = [address.split("/") for address in profile.hide if address.startswith(f"{name}/")]
    elsewhere = {split_area(parts[1])[0] for parts in listed if len(parts) > 1}
    n = frame["n"].to_numpy(dtype=float)
    primary = np.asarray(profile.too_few(n)) | np.asarray(profile.too_few(result.support["n"]))
    decision = decision_of([(name, unit) for unit in units], primary, profile)
    decision.planned |= np.array([unit in elsewhere for unit in units], dtype=bool)
    if decision.suppressed.any():
        for row in np.argsort(n, kind="stable"):
            hidden = decision.suppressed
            if hidden.sum() > 1 and not profile.too_few(n[hidden].sum()):
                break
            decision.secondary[row] = not hidden[row]
    decision.rounded = ("n",)
    return decision
