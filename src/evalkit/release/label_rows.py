"""Which shares of labels are hidden, where a person may have several labels."""

import numpy as np
import pandas as pd

from evalkit.release.addresses import family
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of, weak_support
from evalkit.release.tables import protect_table

JOINED, NONE, MORE = " + ", "none", "4+"
LABEL, NUMBER, COMBINATION = "label", "number", "combination"
LAST = (COMBINATION, NUMBER, LABEL)  # in this order they go for another's sake
MOST_LABELS = 9  # 512 possible sets


def by_label(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide labels, numbers and sets that few have, and others that would tell of them.

    Persons with a label are the sum over the sets that hold it, so a hidden set follows from the
    label less the shown sets. A set that few have is not even listed: its name would tell of them.
    """
    name = family(result.provenance.function)
    addresses = [(name, row.stratum, row.item, row.level) for row in frame.itertuples()]
    decision = decision_of(addresses, weak_support(result, profile), profile)
    for _, rows in frame.groupby("stratum", sort=False):
        place = rows.index.to_numpy()
        shown = _Labels(rows.reset_index(drop=True), profile).shown(~decision.suppressed[place])
        decision.secondary[place] = ~shown & ~decision.suppressed[place]
    unlisted = (frame["item"] == COMBINATION).to_numpy() & decision.suppressed
    decision.keep = ~unlisted
    return decision


class _Labels:
    """One stratum: which rows may stand beside each other."""

    def __init__(self, rows: pd.DataFrame, profile: Profile):
        self.rows, self.profile = rows, profile
        self.count = rows["n_with"].to_numpy(dtype=float)
        self.n = float(rows["n"].iloc[0])
        self.item = rows["item"].to_numpy()
        names = rows.loc[rows["item"] == LABEL, "level"].tolist()
        self.vectors = _vectors(rows, names) if len(names) <= MOST_LABELS else None

    def shown(self, allowed: np.ndarray) -> np.ndarray:
        """Rows that may be shown, of those that are allowed by themselves."""
        shown = allowed.copy()
        for item in (NUMBER, COMBINATION):
            own = np.flatnonzero(self.item == item)
            if own.size:
                _, kept = protect_table(
                    self.count[own][None, :], Hierarchy.single(), fails=self.profile.fails,
                    allowed=shown[own][None, :],
                )  # fmt: skip
                shown[own] &= kept[0]
        if self.vectors is None:
            return shown & (self.item == LABEL)
        while (row := self._too_much(shown)) is not None:
            shown[row] = False
        return shown

    def _too_much(self, shown: np.ndarray) -> int | None:
        """A shown row to hide, because less it something small can be worked out."""
        sets = np.flatnonzero(shown & (self.item == COMBINATION))
        for vector, total in self._sums(shown):
            inside = [row for row in sets if (self.vectors[row] <= vector).all()]
            left = total - self.count[inside].sum()
            if inside and self.profile.fails(left):
                return min(inside, key=lambda row: (self.count[row], -row))
        return self._determined(shown)

    def _sums(self, shown: np.ndarray):
        """What is known of all sets together, with and without each label, and by number."""
        everybody = np.ones(self.vectors.shape[1])
        yield everybody, self.n
        for row in np.flatnonzero(shown & (self.item != COMBINATION)):
            yield self.vectors[row], self.count[row]
            yield everybody - self.vectors[row], self.n - self.count[row]

    def _determined(self, shown: np.ndarray) -> int | None:
        """A shown row by which a small hidden one is determined: sets first, labels last."""
        told = np.flatnonzero(shown)
        known = np.vstack([np.ones(self.vectors.shape[1]), self.vectors[told]]).T
        for row in np.flatnonzero(~shown & self._small()):
            parts, *_ = np.linalg.lstsq(known, self.vectors[row], rcond=None)
            used = told[np.abs(parts[1:]) > 1e-8]
            if used.size and np.abs(known @ parts - self.vectors[row]).max() < 1e-8:
                return int(min(used, key=lambda one: (LAST.index(self.item[one]), self.count[one])))
        return None

    def _small(self) -> np.ndarray:
        return self.profile.fails(self.count) | self.profile.fails(self.n - self.count)


def _vectors(rows: pd.DataFrame, names: list[str]) -> np.ndarray:
    """For each row, which of all possible sets of labels it counts."""
    sets = (np.arange(2 ** len(names))[:, None] >> np.arange(len(names))) & 1
    size = sets.sum(axis=1)
    found = []
    for item, level in zip(rows["item"], rows["level"], strict=True):
        if item == LABEL:
            found.append(sets[:, names.index(level)] == 1)
        elif item == NUMBER:
            found.append(size >= 4 if level == MORE else size == int(level))
        else:
            wanted = [] if level == NONE else level.split(JOINED)
            found.append((sets == np.isin(names, wanted)).all(axis=1))
    return np.array(found, dtype=float)
