"""How people answer: levels by dimension, sums of levels, common profiles, the ceiling."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.health.means import Groups, check_level, groups_of, share_rows
from evalkit.health.profiles import answer_levels
from evalkit.health.states import DIMENSIONS, FULL_HEALTH
from evalkit.health.value_sets import levels_of
from evalkit.provenance import provenance
from evalkit.results import HealthShares

PROFILE, LEVEL_SUM, OTHER = "profile", "level_sum", "other"


def dimension_table(
    panel: HealthPanel,
    *,
    instrument: str,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] = DIMENSIONS,
    conf_level: float = 0.95,
) -> HealthShares:
    """Describe the answers to each dimension of EQ-5D: the share at each level, by wave.

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
    HealthShares
        One row a stratum, wave, dimension (`item`) and level. `n` are those who answered the
        dimension; a missing answer leaves out that dimension only.

    Raises
    ------
    EstimationError
        If an answer is no level of the instrument, or no dimension is answered by anybody.
    ParameterError
        If the instrument is not known.

    Notes
    -----
    Wilson's interval; with weights or clusters on the number of independent persons that gives
    the linearised variance.

    References
    ----------
    Devlin N, Parkin D, Janssen B (2020), Methods for Analysing and Reporting EQ-5D Data, chapter
    2, doi 10.1007/978-3-030-47622-9.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 2], "wave": 0, "mo": [1, 2], "sc": 1, "ua": 1, "pd": 3,
    ...                       "ad": [2, None]})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="mo")
    >>> table = dimension_table(panel, instrument="EQ-5D-3L").tidy()
    >>> table.loc[table["item"] == "ad", ["level", "n", "n_with", "share"]]
       level  n  n_with  share
    12     1  1       0    0.0
    13     2  1       1    1.0
    14     3  1       0    0.0
    """
    top = levels_of(instrument)
    levels = answer_levels(panel.covariates, columns, instrument)
    blocks = []
    for name, level in zip(DIMENSIONS, levels.T, strict=True):
        rows = np.flatnonzero((level > 0) & (panel.weight > 0))
        if rows.size:
            groups = groups_of(panel, rows, by, panel.wave[rows])
            names = [str(step) for step in range(1, top + 1)]
            blocks.append(share_block(groups, name, level[rows] - 1, names, conf_level))
    if not blocks:
        raise EstimationError(f"no dimension is answered in {len(panel)} rows")
    return shares_of(
        "dimension_table", panel, blocks, instrument, by=by, columns=columns, conf_level=conf_level
    )


def level_sum_table(
    panel: HealthPanel,
    *,
    instrument: str,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] = DIMENSIONS,
    conf_level: float = 0.95,
) -> HealthShares:
    """Describe the sums of the five levels (level-sum score): how many have each, by wave.

    The sum is 5 in full health and 15 or 25 at worst. It weighs all dimensions and steps alike,
    is no index of health, and equal sums can be very different states.

    Parameters
    ----------
    panel, instrument, by, columns, conf_level
        As for `dimension_table`.

    Returns
    -------
    HealthShares
        One row a stratum, wave and sum (`item` is `level_sum`), among complete profiles.

    Raises
    ------
    EstimationError
        As for `dimension_table`, or if no profile is complete.

    References
    ----------
    Devlin, Parkin and Janssen (2020), section 2.4, doi 10.1007/978-3-030-47622-9.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 2], "wave": 0, "state": ["11111", "21232"], "score": 0.0})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score")
    >>> table = level_sum_table(panel, instrument="EQ-5D-3L", columns=["state"]).tidy()
    >>> table.loc[table["n_with"] > 0, ["level", "share"]]
      level  share
    0     5    0.5
    5    10    0.5
    """
    top = levels_of(instrument)
    levels, groups = complete_profiles(panel, columns, instrument, by)
    least, most = len(DIMENSIONS), len(DIMENSIONS) * top
    names = [str(total) for total in range(least, most + 1)]
    block = share_block(groups, LEVEL_SUM, levels.sum(axis=1) - least, names, conf_level)
    return shares_of(
        "level_sum_table", panel, [block], instrument, by=by, columns=columns,
        conf_level=conf_level,
    )  # fmt: skip


def frequent_profiles(
    panel: HealthPanel,
    *,
    instrument: str,
    n_profile: int = 10,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] = DIMENSIONS,
    conf_level: float = 0.95,
) -> HealthShares:
    """List the most frequent profiles of each wave, and how many have another one.

    Parameters
    ----------
    panel, instrument, by, columns, conf_level
        As for `dimension_table`.
    n_profile : int
        Profiles to list in each stratum and wave; of equally frequent ones the first in order.

    Returns
    -------
    HealthShares
        `item` is `profile`; `level` the profile, most frequent first, and last `other`.

    Raises
    ------
    EstimationError
        As for `dimension_table`, or if no profile is complete.
    ParameterError
        If `n_profile` is below 1.

    Notes
    -----
    The door does not even list a profile that too few have: its code alone would tell of them.

    References
    ----------
    Devlin, Parkin and Janssen (2020), section 2.2, doi 10.1007/978-3-030-47622-9.

    Examples
    --------
    >>> import pandas as pd
    >>> states = ["21111", "21111", "11111", "33333"]
    >>> frame = pd.DataFrame({"id": range(4), "wave": 0, "state": states, "score": 0.0})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score")
    >>> frequent_profiles(panel, instrument="EQ-5D-3L", columns=["state"], n_profile=2).tidy()[
    ...     ["level", "n_with"]
    ... ]
       level  n_with
    0  21111       2
    1  11111       1
    2  other       1
    """
    if n_profile < 1:
        raise ParameterError(f"n_profile: {n_profile} is below 1")
    levels, groups = complete_profiles(panel, columns, instrument, by)
    powers = 10 ** np.arange(len(DIMENSIONS) - 1, -1, -1)
    code = levels @ powers
    blocks = [
        _common(groups, cell, code, n_profile, conf_level) for cell in range(len(groups.labels))
    ]
    return shares_of(
        "frequent_profiles", panel, blocks, instrument, by=by, columns=columns,
        n_profile=n_profile, conf_level=conf_level,
    )  # fmt: skip


def _common(groups: Groups, cell: int, code: np.ndarray, n_profile: int, conf_level: float) -> dict:
    """The most frequent profiles of one stratum and wave, and the others together."""
    inside = groups.cell == cell
    states, number, count = np.unique(code[inside], return_inverse=True, return_counts=True)
    order = np.lexsort((states, -count))[:n_profile]
    place = np.full(len(states), len(order))
    place[order] = np.arange(len(order))
    names = [*(str(states[one]) for one in order), *([OTHER] if len(states) > n_profile else [])]
    part = Groups(
        cell=np.zeros(int(inside.sum()), dtype=int),
        labels=(groups.labels[cell],),
        weight=groups.weight[inside],
        unit=groups.unit[inside],
        is_clustered=groups.is_clustered,
        n_person=groups.n_person,
    )
    return share_block(part, PROFILE, place[number], names, conf_level)


def ceiling_share(
    panel: HealthPanel,
    *,
    instrument: str,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] = DIMENSIONS,
    conf_level: float = 0.95,
) -> HealthShares:
    """Share of persons at the ceiling of EQ-5D: no problems in any dimension, by wave.

    Whoever is at the ceiling at the start cannot improve by this instrument.

    Parameters
    ----------
    panel, instrument, by, columns, conf_level
        As for `dimension_table`.

    Returns
    -------
    HealthShares
        One row a stratum and wave: `item` is `profile`, `level` is 11111.

    Raises
    ------
    EstimationError
        As for `dimension_table`, or if no profile is complete.

    References
    ----------
    Devlin, Parkin and Janssen (2020), section 2.2, doi 10.1007/978-3-030-47622-9.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 2], "wave": 0, "state": ["11111", "21232"], "score": 0.0})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score")
    >>> float(ceiling_share(panel, instrument="EQ-5D-3L", columns=["state"]).tidy()["share"][0])
    0.5
    """
    levels, groups = complete_profiles(panel, columns, instrument, by)
    worse = (levels > 1).any(axis=1).astype(int)
    block = share_block(groups, PROFILE, worse, [FULL_HEALTH], conf_level)
    return shares_of(
        "ceiling_share", panel, [block], instrument, by=by, columns=columns, conf_level=conf_level
    )


def complete_profiles(
    panel: HealthPanel, columns: Sequence[str], instrument: str, by: object
) -> tuple[np.ndarray, Groups]:
    """Levels of the complete profiles (n, 5), and the groups that they are described in."""
    levels_of(instrument)
    levels = answer_levels(panel.covariates, columns, instrument)
    rows = np.flatnonzero((levels > 0).all(axis=1) & (panel.weight > 0))
    if not rows.size:
        raise EstimationError(f"no profile is complete in {len(panel)} rows")
    return levels[rows], groups_of(panel, rows, by, panel.wave[rows])


def share_block(
    groups: Groups, item: str, category: np.ndarray, names: Sequence[str], conf_level: float
) -> dict[str, np.ndarray]:
    """Rows of one item: the share of each category that has a name, by stratum and wave."""
    check_level(conf_level)
    n_cell, n_name = len(groups.labels), len(names)
    columns = [share_rows(groups, category == place, conf_level) for place in range(n_name)]
    counts = [np.bincount(groups.cell[category == place], minlength=n_cell)
              for place in range(n_name)]  # fmt: skip
    stratum, wave = zip(*groups.labels, strict=True)
    estimates = {
        name: np.column_stack([column[name] for column in columns]).ravel()
        for name in ("share", "conf_low", "conf_high")
    }
    return {
        "stratum": np.repeat(np.array(stratum, dtype=object), n_name),
        "wave": np.repeat(wave, n_name),
        "item": np.full(n_cell * n_name, item, dtype=object),
        "level": np.array(list(names) * n_cell, dtype=object),
        "n": np.repeat(groups.size, n_name),
        "n_with": np.column_stack(counts).ravel(),
        **estimates,
        "_person": np.full(n_cell * n_name, groups.n_person),
    }


def shares_of(
    function: str, panel: HealthPanel, blocks: Sequence[dict], instrument: str, *,
    before: float = np.nan, value_set: str = "", **arguments,
) -> HealthShares:  # fmt: skip
    """Join blocks into a result, strata and waves first; it is always a description."""
    rows = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    n_person = int(rows.pop("_person").max())
    arguments["columns"] = tuple(arguments["columns"])
    return HealthShares(
        rows=rows,
        summary={
            "n": n_person,
            "n_stratum": len(set(rows["stratum"])),
            "n_wave": len(set(rows["wave"])),
            "instrument": instrument,
            "value_set": value_set,
            "before": before,
            "conf_level": arguments["conf_level"],
            "method": "Wilson",
            "label": "description",
        },
        support={"n": rows["n"], "k": rows["n_with"], "complement": rows["n"] - rows["n_with"]},
        provenance=provenance(function, panel.digest, instrument=instrument, **arguments),
    )
