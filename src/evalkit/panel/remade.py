"""Panels made of the rows of another: some of them, some twice, some that nobody answered."""

from dataclasses import replace

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel
from evalkit.provenance import digest_frame

ANSWERS = ("mo", "sc", "ua", "pd", "ad")  # items of EQ-5D by their names in the records


def remade(
    panel: HealthPanel,
    row: np.ndarray,
    *,
    wave: np.ndarray | None = None,
    outcome: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    made_up: np.ndarray | None = None,
    columns: dict[str, object] | None = None,
) -> HealthPanel:
    """Take rows of a panel, with other waves, scores or weights.

    Parameters
    ----------
    row : ndarray of int, shape (n,)
        Row of the panel that each new row is taken from, ordered by person and wave.
    wave, outcome, weight : ndarray, shape (n,)
        By default those of the rows.
    made_up : ndarray of bool, shape (n,)
        Rows whose score is nobody's answer. They keep what is the same in all rows of every
        person; a value of another wave would be taken for an answer.
    columns : dict of str to array or scalar
        Covariates to add.
    """
    covariates = panel.covariates.iloc[row].reset_index(drop=True)
    if made_up is not None and made_up.any():
        blank = {name: _blanked(covariates[name], made_up) for name in _of_one_wave(panel)}
        covariates = covariates.assign(**blank)
    wave = panel.wave[row] if wave is None else wave
    weighted = panel.weight[row] if weight is None else weight
    changed = {} if outcome is None else {panel.name: outcome} | {"outcome": outcome}
    covariates = covariates.assign(**changed, **(columns or {})).assign(wave=wave)
    return replace(
        panel,
        person=frozen(panel.person[row]),
        wave=frozen(wave),
        outcome=frozen(panel.outcome[row] if outcome is None else outcome),
        weight=frozen(weighted),
        cluster=None if panel.cluster is None else frozen(panel.cluster[row]),
        covariates=covariates,
        is_weighted=panel.is_weighted or weight is not None,
        digest=digest_frame(covariates, _weight=weighted)[:16],
    )


def frozen(values: np.ndarray) -> np.ndarray:
    """Copy into a read-only array."""
    values = np.array(values)
    values.setflags(write=False)
    return values


def _of_one_wave(panel: HealthPanel) -> list[str]:
    """Columns that differ between the rows of some person, and the answers in any case."""
    own = [name for name in panel.covariates if name not in ("wave", "outcome", panel.name)]
    same = panel.person[1:] == panel.person[:-1]
    return [name for name in own if name in ANSWERS or _changes(panel.covariates[name], same)]


def _changes(column: pd.Series, same: np.ndarray) -> bool:
    code = pd.factorize(column)[0]
    return bool((code[1:] != code[:-1])[same].any())


def _blanked(column: pd.Series, rows: np.ndarray) -> pd.Series:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "b":
        column = column.astype(float)
    return column.mask(rows)
