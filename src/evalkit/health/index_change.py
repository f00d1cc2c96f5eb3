"""Change of a health index within persons, and how much of it depends on the value set."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import ParameterError
from evalkit.health.means import Groups, check_level, groups_of, mean_rows, share_rows
from evalkit.health.own_value_set import ValueSet
from evalkit.health.pairs import pairs_of, persons_apart, smallest_class
from evalkit.health.profiles import profile_states
from evalkit.health.states import DIMENSIONS
from evalkit.health.value_sets import (
    MinimalImportantDifference,
    instrument_of,
    minimal_important_difference,
    state_values,
    value_set_name,
)
from evalkit.provenance import provenance
from evalkit.results import HealthMeasures

ROUNDING = 1e-9  # index points: a change of exactly the important size counts as one


def health_change(
    panel: HealthPanel,
    *,
    before: int = 0,
    after: int | None = None,
    important: MinimalImportantDifference | float | None = None,
    by: str | Sequence[str] | None = None,
    conf_level: float = 0.95,
) -> HealthMeasures:
    """Describe the change of a health score within the same persons.

    Not a comparison: people enter when their health is low, so that part of a gain would have come
    without help (regression to the mean). Arms are compared by `ancova` and `fixed_effects`.

    Parameters
    ----------
    panel : HealthPanel
        Its outcome is the score, for example from `eq5d_index`.
    before, after : int
        Planned months; without `after` every wave later than `before`, each compared with it.
    important : MinimalImportantDifference or float, optional
        Smallest change that matters, in points of the score: from `minimal_important_difference`
        of the value set that made the score, or a number of one's own. Without it no shares.
    by : str or sequence of str, optional
        Columns that make strata, as they are at the later wave.
    conf_level : float

    Returns
    -------
    HealthMeasures
        By stratum and later wave, among persons with a score at both: `mean_before`,
        `mean_after`, `mean_change` with t intervals; with `important` also `share_improved` (gain
        of at least that size), `share_worsened` and `share_between` with Wilson intervals.

    Raises
    ------
    EstimationError
        If nobody has a score at both waves.
    ParameterError
        If `after` is not later than `before`, or `important` is not above 0.

    References
    ----------
    Devlin, Parkin and Janssen (2020), chapter 4, doi 10.1007/978-3-030-47622-9.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 1, 2, 2], "wave": [0, 6, 0, 6],
    ...                       "index": [0.5, 0.7, 0.6, 0.6]})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> change = health_change(panel, important=0.08).tidy().set_index("quantity")
    >>> change.loc[["mean_change", "share_improved"], "estimate"].round(3).tolist()
    [0.1, 0.5]
    """
    check_level(conf_level)
    size, source = _important(important)
    answered = ~np.isnan(panel.outcome) & (panel.weight > 0)
    pairs = pairs_of(panel, answered, before, after)
    groups = groups_of(panel, pairs.later, by, pairs.wave)
    apart = persons_apart(panel, answered, pairs, groups, by, before)
    first, later = panel.outcome[pairs.first], panel.outcome[pairs.later]
    means = {"mean_before": first, "mean_after": later, "mean_change": later - first}
    blocks = [_mean_block(groups, apart, panel.name, name, value, conf_level)
              for name, value in means.items()]  # fmt: skip
    if np.isfinite(size):
        blocks += _share_blocks(groups, panel.name, later - first, size, conf_level)
    return _measures(
        "health_change", panel, groups, blocks,
        {"before": before, "important": size, "important_source": source,
         "conf_level": conf_level, "method": "paired differences"},
        before=before, after=after, important=size, by=by, conf_level=conf_level,
    )  # fmt: skip


def value_set_comparison(
    panel: HealthPanel,
    *,
    value_sets: Sequence[str | ValueSet],
    before: int = 0,
    after: int | None = None,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] = DIMENSIONS,
    conf_level: float = 0.95,
) -> HealthMeasures:
    """Show the mean change of the index under two or more value sets side by side.

    Sets differ in range and in what they value, so that index points of two sets are different
    units. Beside each change stands how many times the smallest important difference of its own
    set it is.

    Parameters
    ----------
    panel : HealthPanel
        With the five answers among its covariates; its outcome is not used.
    value_sets : sequence of str or ValueSet
        At least two, all of one instrument; the study's own first.
    before, after, by, conf_level
        As for `health_change`.
    columns : sequence of str
        The five columns in the order of the instrument, or one column of profile codes.

    Returns
    -------
    HealthMeasures
        By stratum and later wave, `item` the value set: `mean_before`, `mean_after`,
        `mean_change`, and `change_in_important` (the change over 1 important difference).

    Raises
    ------
    EstimationError
        If an answer is no level of the instrument, or nobody answered at both waves.
    ParameterError
        If fewer than two sets are given, or sets of two instruments.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 1], "wave": [0, 6], "state": ["21232", "11111"],
    ...                       "score": 0.0})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score")
    >>> both = value_set_comparison(panel, value_sets=["SE-2014-TTO", "UK-1997-TTO"],
    ...                             columns=["state"]).tidy()
    >>> both.loc[both["quantity"] == "mean_change", ["item", "estimate"]].round(4)
              item  estimate
    2  SE-2014-TTO    0.3567
    6  UK-1997-TTO    0.9120
    """
    check_level(conf_level)
    names = [value_set_name(one) for one in value_sets]
    instruments = {instrument_of(one) for one in value_sets}
    if len(set(names)) < 2 or len(instruments) > 1:
        raise ParameterError(
            f"value_sets: at least two of one instrument are compared, given "
            f"{', '.join(names) or 'none'} of {', '.join(sorted(instruments)) or 'none'}"
        )
    (instrument,) = instruments
    state = profile_states(panel.covariates, columns, instrument)
    index = [np.append(state_values(one, "model"), np.nan)[state] for one in value_sets]
    answered = ~np.isnan(index[0]) & (panel.weight > 0)
    pairs = pairs_of(panel, answered, before, after)
    groups = groups_of(panel, pairs.later, by, pairs.wave)
    apart = persons_apart(panel, answered, pairs, groups, by, before)
    blocks = []
    for one, name, values in zip(value_sets, names, index, strict=True):
        first, later = values[pairs.first], values[pairs.later]
        size = minimal_important_difference(one).size
        means = {
            "mean_before": first, "mean_after": later, "mean_change": later - first,
            "change_in_important": (later - first) / size,
        }  # fmt: skip
        blocks += [_mean_block(groups, apart, name, quantity, value, conf_level)
                   for quantity, value in means.items()]  # fmt: skip
    return _measures(
        "value_set_comparison", panel, groups, blocks,
        {"instrument": instrument, "value_set": names[0], "before": before,
         "conf_level": conf_level, "method": "paired differences"},
        value_sets=tuple(names), before=before, after=after, by=by, columns=tuple(columns),
        conf_level=conf_level,
    )  # fmt: skip


def _important(given: MinimalImportantDifference | float | None) -> tuple[float, str]:
    if given is None:
        return np.nan, ""
    is_named = isinstance(given, MinimalImportantDifference)
    size = given.size if is_named else float(given)
    if not size > 0:
        raise ParameterError(f"important: {size} is not above 0")
    return size, f"{given.value_set}: {given.source}" if is_named else "given"


def _mean_block(groups: Groups, apart: tuple, item: str, quantity: str, value, conf_level) -> dict:
    return _block(groups, item, quantity, mean_rows(groups, value, conf_level), apart)


def _share_blocks(groups: Groups, item: str, change: np.ndarray, size: float, conf_level) -> list:
    """Shares above, below and between; the three add up, so they stand or fall together."""
    up, down = change >= size - ROUNDING, change <= -size + ROUNDING
    classes = {"share_improved": up, "share_worsened": down, "share_between": ~(up | down)}
    n_cell = len(groups.labels)
    counts = [np.bincount(groups.cell[inside], minlength=n_cell) for inside in classes.values()]
    blocks = []
    for quantity, inside in classes.items():
        rows = share_rows(groups, inside, conf_level)
        rows["estimate"] = rows.pop("share")
        rows["std_error"] = np.full(n_cell, np.nan)
        blocks.append(_block(groups, item, quantity, rows, smallest_class(counts)))
    return blocks


def _block(groups: Groups, item: str, quantity: str, rows: dict, told: tuple) -> dict:
    n_cell = len(groups.labels)
    stratum, wave = zip(*groups.labels, strict=True)
    return {
        "stratum": np.array(stratum, dtype=object),
        "wave": np.array(wave),
        "item": np.full(n_cell, item, dtype=object),
        "quantity": np.full(n_cell, quantity, dtype=object),
        **rows,
        "n": groups.size,
        "reason": np.full(n_cell, "", dtype=object),
        "_k": told[0],
        "_complement": told[1],
    }


def _measures(function, panel, groups, blocks, summary, **arguments) -> HealthMeasures:
    rows = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    order = np.lexsort((np.arange(len(rows["n"])), rows["wave"], rows["stratum"].astype(str)))
    rows = {name: values[order] for name, values in rows.items()}
    k, complement = rows.pop("_k"), rows.pop("_complement")
    return HealthMeasures(
        rows=rows,
        summary={
            "n": groups.n_person,
            "n_stratum": len({stratum for stratum, _ in groups.labels}),
            "n_wave": len({wave for _, wave in groups.labels}),
            "label": "description",
            **summary,
        },
        support={"n": rows["n"], "k": k, "complement": complement},
        provenance=provenance(function, panel.digest, **arguments),
    )
