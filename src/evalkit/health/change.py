"""How answers to EQ-5D change between two waves: Paretian classes, ranks, superiority."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import ParameterError
from evalkit.health.describe import PROFILE, share_block, shares_of
from evalkit.health.means import Groups, check_level, groups_of, mean_rows
from evalkit.health.own_value_set import ValueSet
from evalkit.health.pairs import pairs_of, smallest_class
from evalkit.health.profiles import answer_levels, profile_states
from evalkit.health.states import DIMENSIONS, N_LEVEL
from evalkit.health.value_sets import instrument_of, levels_of, state_values, value_set_name
from evalkit.provenance import provenance
from evalkit.results import HealthMeasures, HealthShares

IMPROVED, MIXED, WORSENED, SAME, NO_PROBLEMS = (
    "improved", "mixed", "worsened", "unchanged", "no_problems",
)  # fmt: skip
GRID, RANK = "grid", "rank"
TIED = 1e-9  # index points; sums of the same terms in another order differ by less


def paretian_change(
    panel: HealthPanel,
    *,
    instrument: str,
    before: int = 0,
    after: int | None = None,
    no_problems: bool = False,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] = DIMENSIONS,
    conf_level: float = 0.95,
) -> HealthShares:
    """Classify how each person's profile changed, without any value set.

    A profile has improved if at least one dimension is better and none worse, worsened the other
    way round, is mixed if some are better and some worse, and unchanged if all are the same.

    People enter a programme when their health is low, and some would be better later without it:
    an excess of improvement is a description, not an effect.

    Parameters
    ----------
    panel : HealthPanel
        With the five answers among its covariates; its outcome is not used.
    instrument : {"EQ-5D-3L", "EQ-5D-5L"}
    before, after : int
        Planned months; without `after` every wave later than `before`, each compared with it.
    no_problems : bool
        Keep apart, as `no_problems`, those who are at 11111 (in a dimension: at level 1) both
        times, who had no room to improve.
    by : str or sequence of str, optional
        Columns that make strata, as they are at the later wave.
    columns : sequence of str
        The five columns in the order of the instrument, or one column of profile codes.
    conf_level : float

    Returns
    -------
    HealthShares
        Among persons with complete profiles at both waves, one row a stratum, later wave, `item`
        (`profile` and each dimension) and class (`level`).

    Raises
    ------
    EstimationError
        If an answer is no level of the instrument, or nobody answered at both waves.
    ParameterError
        If `after` is not later than `before`, or the instrument is not known.

    References
    ----------
    Devlin NJ, Parkin D, Browne J (2010), Health Economics 19, doi 10.1002/hec.1608. Devlin,
    Parkin and Janssen (2020), chapter 2, doi 10.1007/978-3-030-47622-9.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 1, 2, 2], "wave": [0, 6, 0, 6],
    ...                       "state": ["21232", "11232", "11111", "11111"], "score": 0.0})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score")
    >>> change = paretian_change(panel, instrument="EQ-5D-3L", columns=["state"]).tidy()
    >>> change.loc[change["item"] == "profile", ["level", "n_with"]]
           level  n_with
    0   improved       1
    1      mixed       0
    2   worsened       0
    3  unchanged       1
    """
    first, later, groups = _compared(panel, instrument, columns, by, before, after)
    change = np.sign(first - later)  # 1 is better: a lower level
    better, worse = (change > 0).any(axis=1), (change < 0).any(axis=1)
    whole = np.select([better & ~worse, better & worse, worse], [0, 1, 2], 3)
    names = [IMPROVED, MIXED, WORSENED, SAME, *([NO_PROBLEMS] if no_problems else [])]
    well = (first == 1) & (later == 1)
    if no_problems:
        whole[well.all(axis=1)] = 4
    blocks = [share_block(groups, PROFILE, whole, names, conf_level)]
    del names[1]  # one dimension cannot be mixed
    for name, step, healthy in zip(DIMENSIONS, change.T, well.T, strict=True):
        kind = 1 - step
        kind = np.choose(kind, [0, 2, 1])
        kind[healthy & no_problems] = 3
        blocks.append(share_block(groups, name, kind, names, conf_level))
    return shares_of(
        "paretian_change", panel, blocks, instrument, before=before, by=by, columns=columns,
        after=after, no_problems=no_problems, conf_level=conf_level,
    )  # fmt: skip


def health_profile_grid(
    panel: HealthPanel,
    *,
    value_set: str | ValueSet,
    before: int = 0,
    after: int | None = None,
    n_band: int = 5,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] = DIMENSIONS,
    conf_level: float = 0.95,
) -> HealthShares:
    """Cross the rank of each person's profile before with that after, as counts in bands.

    The grid of the literature draws every person. Here persons are counted in bands of ranks, so
    that no single one can be seen.

    Parameters
    ----------
    panel : HealthPanel
        With the five answers among its covariates; its outcome is not used.
    value_set : str or ValueSet
        Ranks the states from best to worst; it also decides on the instrument.
    before, after : int
        As for `paretian_change`.
    n_band : int
        Bands with equally many ranks of the instrument's states, at least 2; band 1 is best.
    by, columns, conf_level
        As for `paretian_change`.

    Returns
    -------
    HealthShares
        Rows with `item` `grid` and levels such as `2 > 1` (band before, band after), every pair
        of bands; then with `item` `rank` and levels `improved`, `worsened`, `unchanged`, by the
        ranks themselves.

    Raises
    ------
    EstimationError
        As for `paretian_change`.
    ParameterError
        If the value set is not known, or `n_band` is below 2.

    Notes
    -----
    States of equal value share the mean of their ranks. A person of higher rank number after than
    before lies below the 45-degree line of the grid: worse by this value set.

    References
    ----------
    Devlin, Parkin and Browne (2010), doi 10.1002/hec.1608.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 1, 2, 2], "wave": [0, 6, 0, 6],
    ...                       "state": ["33333", "11111", "11111", "11111"], "score": 0.0})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score")
    >>> grid = health_profile_grid(panel, value_set="UK-1997-TTO", n_band=2, columns=["state"])
    >>> grid.tidy()[["item", "level", "n_with"]].query("n_with > 0")
       item      level  n_with
    0  grid      1 > 1       1
    2  grid      2 > 1       1
    4  rank   improved       1
    6  rank  unchanged       1
    """
    if n_band < 2:
        raise ParameterError(f"n_band: {n_band} is below 2")
    instrument = instrument_of(value_set)
    state = profile_states(panel.covariates, columns, instrument)
    known = state < N_LEVEL[instrument] ** len(DIMENSIONS)
    pairs = pairs_of(panel, known & (panel.weight > 0), before, after)
    groups = groups_of(panel, pairs.later, by, pairs.wave)
    values = np.round(state_values(value_set, "model") / TIED) * TIED
    rank = rankdata(-values)
    band = np.minimum(((rank - 0.5) * n_band / len(rank)).astype(int), n_band - 1)
    first, later = state[pairs.first], state[pairs.later]
    names = [f"{one} > {two}" for one in range(1, n_band + 1) for two in range(1, n_band + 1)]
    step = np.sign(rank[later] - rank[first]).astype(int)
    blocks = [
        share_block(groups, GRID, band[first] * n_band + band[later], names, conf_level),
        share_block(groups, RANK, np.choose(step + 1, [0, 2, 1]), [IMPROVED, WORSENED, SAME],
                    conf_level),
    ]  # fmt: skip
    return shares_of(
        "health_profile_grid", panel, blocks, instrument, before=before,
        value_set=value_set_name(value_set), by=by, columns=columns, after=after, n_band=n_band,
        of=value_set_name(value_set), conf_level=conf_level,
    )  # fmt: skip


def probability_of_superiority(
    panel: HealthPanel,
    *,
    instrument: str,
    before: int = 0,
    after: int | None = None,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] = DIMENSIONS,
    conf_level: float = 0.95,
) -> HealthMeasures:
    """Probability that an answer is better after than before, ties counted half.

    Above one half more persons got better than worse in the dimension; it needs no value set and
    takes answers as ordered only.

    Parameters
    ----------
    panel, instrument, before, after, by, columns, conf_level
        As for `paretian_change`.

    Returns
    -------
    HealthMeasures
        One row a stratum, later wave and dimension (`item`); `quantity` is
        `probability_of_superiority`, between 0 and 1.

    Raises
    ------
    EstimationError, ParameterError
        As for `paretian_change`.

    Notes
    -----
    PS = (improved + unchanged / 2) / n, the mean of 1, 1/2 and 0; its error is that of a mean, by
    cluster where there are clusters, with t. The interval is kept within 0 and 1.

    References
    ----------
    Janssen MF, Buchholz I, Golicki D, Bonsel GJ (2022), PharmacoEconomics 40, doi
    10.1007/s40273-022-01172-4 (used with EQ-5D). Devlin, Parkin and Janssen (2020), doi
    10.1007/978-3-030-47622-9.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 1, 2, 2], "wave": [0, 6, 0, 6],
    ...                       "state": ["21232", "11232", "11111", "11111"], "score": 0.0})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score")
    >>> ps = probability_of_superiority(panel, instrument="EQ-5D-3L", columns=["state"]).tidy()
    >>> ps[["item", "estimate"]].head(2)
      item  estimate
    0   mo      0.75
    1   sc      0.50
    """
    check_level(conf_level)
    first, later, groups = _compared(panel, instrument, columns, by, before, after)
    change = np.sign(first - later)
    blocks, least = [], []
    for name, step in zip(DIMENSIONS, change.T, strict=True):
        blocks.append(_measured(groups, name, (1 + step) / 2, conf_level))
        least.append(_classes(groups, step))
    rows = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    k, complement = np.concatenate(least, axis=1)
    return HealthMeasures(
        rows=rows,
        summary={
            "n": groups.n_person,
            "n_stratum": len({stratum for stratum, _ in groups.labels}),
            "n_wave": len({wave for _, wave in groups.labels}),
            "instrument": instrument,
            "before": before,
            "conf_level": conf_level,
            "method": "improved plus half of unchanged",
            "label": "description",
        },
        support={"n": rows["n"], "k": k, "complement": complement},
        provenance=provenance(
            "probability_of_superiority", panel.digest, instrument=instrument, before=before,
            after=after, by=by, columns=tuple(columns), conf_level=conf_level,
        ),
    )  # fmt: skip


def _compared(panel, instrument, columns, by, before, after):
    """Levels before and after (n, 5) of the persons with both profiles, and their groups."""
    levels_of(instrument)
    levels = answer_levels(panel.covariates, columns, instrument)
    answered = (levels > 0).all(axis=1) & (panel.weight > 0)
    pairs = pairs_of(panel, answered, before, after)
    groups = groups_of(panel, pairs.later, by, pairs.wave)
    return levels[pairs.first], levels[pairs.later], groups


def _measured(groups: Groups, item: str, value: np.ndarray, conf_level: float) -> dict:
    rows = mean_rows(groups, value, conf_level)
    n_cell = len(groups.labels)
    stratum, wave = zip(*groups.labels, strict=True)
    return {
        "stratum": np.array(stratum, dtype=object),
        "wave": np.array(wave),
        "item": np.full(n_cell, item, dtype=object),
        "quantity": np.full(n_cell, "probability_of_superiority", dtype=object),
        **rows,
        "conf_low": np.maximum(rows["conf_low"], 0.0),
        "conf_high": np.minimum(rows["conf_high"], 1.0),
        "n": groups.size,
        "reason": np.full(n_cell, "", dtype=object),
    }


def _classes(groups: Groups, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Persons of the smallest class: with the other two, the probability tells of it."""
    n_cell = len(groups.labels)
    counts = [np.bincount(groups.cell[step == one], minlength=n_cell) for one in (-1, 0, 1)]
    return smallest_class(counts)
