"""The rows of a panel that enter a model: complete, coded from 0, with their clusters."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.arms import arm_levels, smaller_arm
from evalkit.panel.clusters import cluster_column, numbered
from evalkit.panel.design import Design
from evalkit.panel.within import Effects


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows that enter a fit.

    Attributes
    ----------
    row : ndarray of int, shape (n,)
        Positions in the panel, in its order: by person, then wave.
    person, wave : ndarray of int, shape (n,)
        Codes from 0.
    start : ndarray of int, shape (n_person,)
        Position among the rows of the first row of each person.
    n_wave : int
    weight : ndarray of float, shape (n,), or None
        None if the panel has no weights.
    n_singleton : int
        Rows left out because an effect of their own would fit them.
    """

    row: np.ndarray
    person: np.ndarray
    wave: np.ndarray
    start: np.ndarray
    n_wave: int
    weight: np.ndarray | None
    n_singleton: int

    def __len__(self) -> int:
        return len(self.row)

    @property
    def n_person(self) -> int:
        """Number of persons."""
        return len(self.start)

    def own_effects(self) -> Effects:
        """Effects of persons, for columns that hold these rows only."""
        return Effects(n=len(self), start=self.start, weight=self.weight)

    def effects(self, panel: HealthPanel, *, person: bool, wave: bool) -> Effects:
        """What the within kernel is to remove from columns of the whole panel."""
        return Effects(
            n=len(self),
            row=None if len(self) == len(panel) else self.row,
            start=self.start if person else None,
            wave=self.wave if wave else None,
            n_wave=self.n_wave if wave else 0,
            weight=self.weight,
        )


def analysed_rows(
    panel: HealthPanel, design: Design, *, person_effects: bool = False, wave_effects: bool = False
) -> Rows:
    """Complete rows, without persons (and waves) of a single row where their effect fits it.

    Raises
    ------
    EstimationError
        If no row is left, or no person has two.
    """
    used = ~np.isnan(panel.outcome)
    if panel.is_weighted:
        used &= panel.weight > 0
    for name in design.columns:
        values = design.columns[name].to_numpy()
        if values.dtype.kind == "f":
            used &= ~np.isnan(values)
    row = np.flatnonzero(used)
    n_complete = len(row)
    row, wave, n_wave = without_singletons(panel, row, person_effects, wave_effects)
    if person_effects and n_wave < 2:
        raise EstimationError(
            f"wave: no person has the outcome at two waves ({n_complete} of {len(panel)} rows "
            "complete); effects of persons need two. Use wave_means or ancova."
        )
    if not len(row):
        raise EstimationError(
            f"formula: none of {len(panel)} rows has the outcome, all terms and a weight"
        )
    start = first_rows(panel.person[row])
    return Rows(
        row=row,
        person=np.repeat(np.arange(len(start)), np.diff(start, append=len(row))),
        wave=wave,
        start=start,
        n_wave=n_wave,
        weight=panel.weight[row] if panel.is_weighted else None,
        n_singleton=n_complete - len(row),
    )


def without_singletons(
    panel: HealthPanel, row: np.ndarray, person_effects: bool, wave_effects: bool
) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows that no effect fits alone, with the codes of their waves and how many there are."""
    while True:
        n_before = len(row)
        if person_effects:
            size = np.diff(first_rows(panel.person[row]), append=n_before)
            if (size == 1).any():
                row = row[np.repeat(size > 1, size)]
        wave, n_wave = numbered(panel.wave[row])
        if wave_effects:
            alone = np.bincount(wave, minlength=n_wave) == 1
            if alone.any():
                row = row[~alone[wave]]
        if len(row) == n_before or not (person_effects or wave_effects):
            return row, wave, n_wave


def subset(rows: Rows, used: np.ndarray) -> Rows:
    """Some of the rows, given by their positions in order."""
    wave, n_wave = numbered(rows.wave[used])
    person = rows.person[used]
    return Rows(
        row=rows.row[used],
        person=numbered(person)[0],
        wave=wave,
        start=first_rows(person),
        n_wave=n_wave,
        weight=None if rows.weight is None else rows.weight[used],
        n_singleton=rows.n_singleton,
    )


def first_rows(code: np.ndarray) -> np.ndarray:
    """Where each run of equal codes starts."""
    if not len(code):
        return np.zeros(0, dtype=np.intp)
    return np.concatenate([[0], np.flatnonzero(code[1:] != code[:-1]) + 1])


def cluster_codes(panel: HealthPanel, rows: Rows, cluster: str | None) -> np.ndarray:
    """Codes from 0 of the cluster of each row used; the person where there is none.

    Raises
    ------
    ParameterError, EstimationError
        As `cluster_column`.
    """
    code = cluster_column(panel, cluster)
    return rows.person if code is None else numbered(code[rows.row])[0]


def is_nested(rows: Rows, cluster: np.ndarray) -> bool:
    """Whether every person lies in one cluster."""
    inside = cluster[1:] == cluster[:-1]
    inside[rows.start[1:] - 1] = True
    return bool(inside.all())


def code_is_nested(code: np.ndarray, cluster: np.ndarray) -> bool:
    """Whether every level of an effect lies in one cluster."""
    if cluster.max() > code.max():
        return False
    last = np.empty(int(code.max()) + 1, dtype=cluster.dtype)
    last[code] = cluster
    return bool((last[code] == cluster).all())


def arms_meet(panel: HealthPanel, design: Design, rows: Rows) -> np.ndarray:
    """Which columns can be told apart: at the wave of an arm's column there are both arms."""
    met = np.ones(design.columns.shape[1], dtype=bool)
    if not design.contrasts_arms:
        return met
    reference, _ = arm_levels(panel.covariates)
    is_reference = (panel.covariates["arm"] == reference).to_numpy()[rows.row]
    for number, (name, wave) in enumerate(zip(design.columns, design.column_waves, strict=True)):
        if wave is not None and name.startswith("arm["):
            here = panel.wave[rows.row] == wave
            value = design.columns[name].to_numpy()[rows.row]
            met[number] = is_reference[here].any() and value[here].any()
    if not met.any():
        raise EstimationError(
            "arm: at no wave after the reference are there persons of both arms who also answered "
            "at another wave"
        )
    return met


def persons_behind(panel: HealthPanel, design: Design, rows: Rows, n_term: int) -> list[int]:
    """Persons behind each term: of the smaller arm, at the term's wave where it has one.

    Terms beyond those of the design (an intercept, a variance) rest on all rows.
    """
    waves = [*design.waves, *[None] * (n_term - len(design.waves))]
    if not design.has_arm:
        return [rows.n_person] * len(waves)
    at = panel.wave[rows.row]
    counts = {
        wave: smaller_arm(panel, rows.row if wave is None else rows.row[at == wave])
        for wave in set(waves)
    }
    return [counts[wave] for wave in waves]
