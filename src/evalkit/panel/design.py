"""Columns of a panel model from its formula, with the baseline wave as reference."""

import re
from dataclasses import dataclass
from itertools import combinations

import formulaic
import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel, listed
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.arms import arm_levels

WAVE = "C(wave)"
POST = "post"
COLLINEAR = 1e-9  # share of a column that columns before it must leave to count as its own
LEVEL = re.compile(r"^(?:C\()?(?P<name>[^\[\]()]+)\)?\[(?:T\.)?(?P<level>.+)\]$")


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """What a formula asks for.

    Attributes
    ----------
    columns : DataFrame, one row a row of the panel
        Regressors by the name of their term; NaN where a covariate is missing.
    report : ndarray of float, shape (n_term, n_column)
        Each term reported as a combination of coefficients: the identity, except that `arm:post`
        is the mean of its waves.
    terms : tuple of str
        Names of the terms reported.
    waves : tuple of (int or None)
        The wave that a term belongs to, where it belongs to one.
    column_waves : tuple of (int or None)
        The same for each column.
    contrasts_arms : bool
        Whether the formula has an interaction of the arm.
    has_arm : bool
        Whether it has the arm at all.
    """

    columns: pd.DataFrame
    report: np.ndarray
    terms: tuple[str, ...]
    waves: tuple[int | None, ...]
    column_waves: tuple[int | None, ...]
    contrasts_arms: bool
    has_arm: bool


def build_design(panel: HealthPanel, formula: str, *, person_effects: bool) -> Design:
    """Build the columns of a formula such as `"arm:C(wave) + age:C(wave)"`.

    In an interaction of the arm its reference level has no column, whether or not the other
    factor stands alone too.

    The reference wave is 0, or the first one where there is no wave 0; the reference arm is
    `comparison`. `arm:post` stands for the waves after the reference, each with its own
    coefficient, and reports their plain mean; a column `post` of the panel is used as it is.

    Raises
    ------
    EstimationError
        If a term cannot be built, or is `arm` alone beside person effects.
    """
    baseline, asked = reference_wave(panel), _terms(formula, panel)
    blocks, combinations, waves, column_waves = [], [], [], []
    for term in asked:
        if term == "arm" and person_effects:
            raise EstimationError(
                "arm: person effects absorb it, because the arm is fixed at baseline. "
                "Use arm:post (mean over follow-up waves) or arm:C(wave) (wave by wave)."
            )
        block, of_wave = _block(panel, term, baseline)
        column_waves += of_wave
        if term == f"arm:{POST}" and POST not in panel.covariates.columns:
            shares, names, of_wave = _mean_over_waves(block)
        else:
            shares, names = np.eye(block.shape[1]), list(block.columns)
        blocks.append(block)
        combinations.append(pd.DataFrame(shares, index=names, columns=block.columns))
        waves += of_wave
    names = [name for block in blocks for name in block.columns]
    repeated = [name for number, name in enumerate(names) if name in names[:number]]
    if repeated:
        raise EstimationError(f"formula: {', '.join(repeated)} is there twice")
    # Built from a dict, columns stay views of the panel; pandas.concat would copy them.
    arrays = {name: block[name].to_numpy() for block in blocks for name in block.columns}
    columns = pd.DataFrame(arrays, copy=False)
    report = pd.concat(combinations).fillna(0.0)[columns.columns]
    return Design(
        columns=columns,
        report=report.to_numpy(),
        terms=tuple(report.index),
        waves=tuple(waves),
        column_waves=tuple(column_waves),
        contrasts_arms=any(term.startswith("arm:") for term in asked),
        has_arm=any(term.split(":")[0] == "arm" for term in asked),
    )


def reference_wave(panel: HealthPanel) -> int:
    """Wave 0, or the first wave where there is none."""
    require_panel(panel)
    if not len(panel):
        raise EstimationError("the panel has no rows")
    return 0 if (panel.wave == 0).any() else int(panel.wave.min())


def require_panel(panel: object) -> None:
    """Refuse anything but a panel, such as the frame that one is built from."""
    if not isinstance(panel, HealthPanel):
        raise ParameterError(
            f"a HealthPanel is needed, got {type(panel).__name__}: build it with "
            "HealthPanel.from_frame"
        )


def independent_columns(columns: np.ndarray, length: np.ndarray | None = None) -> np.ndarray:
    """Which columns are no combination of those before them (boolean, one entry a column).

    `length` is the length that a column is measured by, by default its own.
    """
    length = np.linalg.norm(columns, axis=0) if length is None else length
    basis = np.empty((len(columns), 0))
    independent = np.zeros(columns.shape[1], dtype=bool)
    for number, column in enumerate(columns.T):
        left = column - basis @ (basis.T @ column)
        left = left - basis @ (basis.T @ left)  # once more: rounding of the first pass
        remains = np.linalg.norm(left)
        if remains > COLLINEAR * length[number]:
            independent[number] = True
            basis = np.column_stack([basis, left / remains])
    return independent


def has_wave_main_effect(formula: str, panel: HealthPanel) -> bool:
    """Whether the formula itself lets the comparison arm change from wave to wave."""
    return WAVE in _terms(formula, panel) or POST in _terms(formula, panel)


def _terms(formula: str, panel: HealthPanel) -> list[str]:
    """Terms of the right-hand side, the arm first and the wave last in an interaction."""
    left, tilde, right = formula.rpartition("~")
    if tilde and left.strip() not in {"outcome", panel.name}:
        raise EstimationError(f"formula: the outcome of this panel is {panel.name}, leave it out")
    terms = [re.sub(r"\s+", "", term) for term in right.split("+")]
    if not all(terms):
        raise EstimationError("formula: an empty term")
    for term in terms:
        if "*" in term:
            raise EstimationError(f"formula: instead of {term} write {_written_out(term)}")
    return [":".join(sorted(term.split(":"), key=_place)) for term in terms]


def _written_out(term: str) -> str:
    """`a*b` as main effects and interactions."""
    factors = sorted(term.split("*"), key=_place)
    sizes = range(1, len(factors) + 1)
    return " + ".join(":".join(some) for size in sizes for some in combinations(factors, size))


def _place(factor: str) -> int:
    return {"arm": 0, WAVE: 2, POST: 2}.get(factor, 1)


def _block(panel: HealthPanel, term: str, baseline: int) -> tuple[pd.DataFrame, list[int | None]]:
    """Columns of one term, and the wave of each."""
    frame = panel.covariates
    parts = term.split(":")
    own_post = POST in frame.columns
    if term == f"arm:{POST}" and not own_post:
        later = [wave for wave in np.unique(panel.wave) if wave > baseline]
        return _times_wave(panel, _factor(frame, "arm"), later)
    if WAVE in parts or (POST in parts and not own_post):
        others = [part for part in parts if part not in {WAVE, POST}]
        left = _product(frame, others) if others else pd.DataFrame(index=frame.index)
        if WAVE in parts:
            return _times_wave(panel, left, [w for w in np.unique(panel.wave) if w != baseline])
        post = (panel.wave > baseline).astype(float)
        if not others:
            return pd.DataFrame({POST: post}), [None]
        block = left.mul(post, axis=0).add_suffix(f":{POST}")
        return block, [None] * block.shape[1]
    block = _product(frame, parts)
    return block, [None] * block.shape[1]


def _product(frame: pd.DataFrame, parts: list[str]) -> pd.DataFrame:
    """Columns of a term without the wave; an interaction of the arm keeps its reference out."""
    if parts[0] != "arm" or len(parts) == 1:
        return _factor(frame, ":".join(parts))
    left, right = _factor(frame, "arm"), _factor(frame, ":".join(parts[1:]))
    return pd.DataFrame(
        {f"{arm}:{name}": left[arm] * right[name] for arm in left for name in right}
    )


def _times_wave(
    panel: HealthPanel, left: pd.DataFrame, waves: list[int]
) -> tuple[pd.DataFrame, list[int | None]]:
    """Each column of a factor in each wave; without a factor the waves themselves."""
    if not waves:
        raise EstimationError(
            f"wave: one wave only in {len(panel)} rows; a change needs two. Use ancova or "
            "wave_means where there is a single measurement."
        )
    columns, of_wave = {}, []
    for wave in waves:
        now = (panel.wave == wave).astype(float)
        if left.shape[1] == 0:
            columns[f"wave[{wave}]"] = now
        for name in left.columns:
            columns[f"{name}:wave[{wave}]"] = left[name].to_numpy() * now
        of_wave += [int(wave)] * max(left.shape[1], 1)
    return pd.DataFrame(columns), of_wave


def _mean_over_waves(block: pd.DataFrame) -> tuple[np.ndarray, list[str], list[int | None]]:
    """Weights that turn `arm[x]:wave[w]` into `arm[x]:post`, equal over waves."""
    stems = [name.rpartition(":")[0] for name in block.columns]
    names = list(dict.fromkeys(stems))
    shares = np.array([[float(stem == name) for stem in stems] for name in names])
    shares /= shares.sum(axis=1, keepdims=True)
    return shares, [f"{name}:{POST}" for name in names], [None] * len(names)


def _factor(frame: pd.DataFrame, term: str) -> pd.DataFrame:
    """Columns of a term that does not involve the wave; the first level is the reference."""
    if term == "arm":
        reference, others = arm_levels(frame)
        return pd.DataFrame(
            {f"arm[{level}]": (frame["arm"] == level).astype(float) for level in others}
        )
    if term.isidentifier() and term in frame.columns and is_plain_number(frame[term]):
        return frame[[term]]  # what formulaic would make of it, without a copy
    try:
        matrix = formulaic.model_matrix(f"1 + {term}", frame, na_action="ignore")
    except formulaic.errors.FormulaicError as error:
        raise EstimationError(
            f"formula: the term {term!r} cannot be built from the columns of the panel, which are "
            f"{listed(frame.columns)}"
        ) from error
    block = pd.DataFrame(matrix).drop(columns="Intercept", errors="ignore").astype(float)
    return block.rename(columns=_bare)


def is_plain_number(column: pd.Series) -> bool:
    """Whether a column holds numbers of numpy, booleans not included."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"


def _bare(name: str) -> str:
    """`C(sex)[T.f]` becomes `sex[f]`, part by part of an interaction."""
    parts = []
    for part in name.split(":"):
        match = LEVEL.match(part)
        parts.append(f"{match['name']}[{match['level']}]" if match else part)
    return ":".join(parts)
