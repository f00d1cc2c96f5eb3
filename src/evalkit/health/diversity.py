"""How evenly answers to EQ-5D spread over levels and states: Shannon's indices."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.health.describe import PROFILE
from evalkit.health.means import Groups, check_level, groups_of, mean_rows
from evalkit.health.pairs import smallest_class
from evalkit.health.profiles import answer_levels
from evalkit.health.states import DIMENSIONS
from evalkit.health.value_sets import levels_of
from evalkit.provenance import provenance
from evalkit.results import HealthMeasures

LISTED = 10  # profiles that a table of frequent profiles lists


def shannon_indices(
    panel: HealthPanel,
    *,
    instrument: str,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] = DIMENSIONS,
    conf_level: float = 0.95,
) -> HealthMeasures:
    """Shannon's index H' and evenness J' of each dimension and of the whole profile, by wave.

    They say how much of an instrument's room for answers is used, not how good health is: H' is 0
    where all give one answer, and largest where all answers are equally frequent.

    Parameters
    ----------
    panel : HealthPanel
        With the five answers among its covariates; its outcome is not used.
    instrument : {"EQ-5D-3L", "EQ-5D-5L"}
    by : str or sequence of str, optional
        Columns that make strata.
    columns : sequence of str
        The five columns in the order of the instrument, or one column of profile codes.
    conf_level : float

    Returns
    -------
    HealthMeasures
        One row a stratum, wave, `item` (each dimension, then `profile`) and `quantity`:
        `shannon_index` in bits, `shannon_evenness` between 0 and 1. Among complete profiles.

    Raises
    ------
    EstimationError
        If an answer is no level of the instrument, or no profile is complete.
    ParameterError
        If the instrument is not known.

    Notes
    -----
    H' = - sum p log2 p over the L levels of a dimension (L^5 states of a profile),
    J' = H' / log2 L.
    The error is that of the mean of -log2 p over persons (delta method), by cluster where there
    are clusters; it does not correct that H' is too small in small samples.

    References
    ----------
    Shannon (1948), Bell System Technical Journal 27. Janssen MF, Birnie E, Bonsel GJ (2007),
    Quality of Life Research 16, doi 10.1007/s11136-006-9160-6.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 2], "wave": 0, "state": ["11111", "21111"], "score": 0.0})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score")
    >>> shannon_indices(panel, instrument="EQ-5D-3L", columns=["state"]).tidy()[
    ...     ["item", "quantity", "estimate"]
    ... ].round(3).head(2)
      item          quantity  estimate
    0   mo     shannon_index     1.000
    1   mo  shannon_evenness     0.631
    """
    check_level(conf_level)
    top = levels_of(instrument)
    levels = answer_levels(panel.covariates, columns, instrument)
    rows = np.flatnonzero((levels > 0).all(axis=1) & (panel.weight > 0))
    if not rows.size:
        raise EstimationError(f"no profile is complete in {len(panel)} rows")
    groups = groups_of(panel, rows, by, panel.wave[rows])
    levels = levels[rows] - 1
    state = levels @ top ** np.arange(len(DIMENSIONS) - 1, -1, -1)
    blocks = []
    for name, answer in zip((*DIMENSIONS, PROFILE), (*levels.T, state), strict=True):
        possible = top ** len(DIMENSIONS) if name == PROFILE else top
        blocks.append(_block(groups, name, answer, possible, conf_level))
    found = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    k, complement = found.pop("_k"), found.pop("_complement")
    return HealthMeasures(
        rows=found,
        summary={
            "n": groups.n_person,
            "n_stratum": len({stratum for stratum, _ in groups.labels}),
            "n_wave": len({wave for _, wave in groups.labels}),
            "instrument": instrument,
            "conf_level": conf_level,
            "method": "logarithm to base 2",
            "label": "description",
        },
        support={"n": found["n"], "k": k, "complement": complement},
        provenance=provenance(
            "shannon_indices", panel.digest, instrument=instrument, by=by, columns=tuple(columns),
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _block(groups: Groups, item: str, answer: np.ndarray, possible: int, conf_level: float) -> dict:
    key = groups.cell.astype(np.int64) * possible + answer
    _, place = np.unique(key, return_inverse=True)
    n_cell = len(groups.labels)
    total = np.bincount(groups.cell, groups.weight, n_cell)
    share = (np.bincount(place, groups.weight)[place]) / total[groups.cell]
    index = mean_rows(groups, -np.log2(share), conf_level)
    # Adding 0 turns the -0 of a single answer into 0.
    numbers = np.array([index[name] for name in index]) + 0.0
    numbers[2] = np.maximum(numbers[2], 0.0)
    most = np.log2(possible)
    numbers[3] = np.minimum(numbers[3], most)
    stratum, wave = zip(*groups.labels, strict=True)
    least = _least(groups, item, answer, possible)
    both = np.stack([numbers, numbers / most], axis=-1).reshape(len(index), -1)
    return {
        "stratum": np.repeat(np.array(stratum, dtype=object), 2),
        "wave": np.repeat(wave, 2),
        "item": np.full(2 * n_cell, item, dtype=object),
        "quantity": np.array(["shannon_index", "shannon_evenness"] * n_cell, dtype=object),
        **dict(zip(index, both, strict=True)),
        "n": np.repeat(groups.size, 2),
        "reason": np.full(2 * n_cell, "", dtype=object),
        "_k": np.repeat(least[0], 2),
        "_complement": np.repeat(least[1], 2),
    }


def _least(groups: Groups, item: str, answer: np.ndarray, possible: int) -> np.ndarray:
    """Persons that the index could give away, given the counts that a table may show.

    Of a dimension those at the rarest level. Of profiles those outside the most frequent ones
    that a table lists: over so many states one number says nothing of a single one.
    """
    least = []
    for cell in range(len(groups.labels)):
        found = answer[groups.cell == cell]
        if item != PROFILE:
            least.append(smallest_class(np.bincount(found, minlength=possible)))
            continue
        count = np.sort(np.unique(found, return_counts=True)[1])[::-1]
        least.append([count[LISTED:].sum() if len(count) > LISTED else count.min()] * 2)
    return np.array(least).T
