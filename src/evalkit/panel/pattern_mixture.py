"""What if those who stopped answering are worse off than the answers of their likes suggest?"""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.clusters import n_group
from evalkit.panel.grid import build_grid
from evalkit.panel.imputation import Method
from evalkit.panel.rubin import Pooled, pooled_fit
from evalkit.panel.shifted_waves import (
    Delta,
    draw,
    is_clustered,
    shifted_wave,
    shifts_of,
    smaller_arm_of,
)
from evalkit.provenance import provenance
from evalkit.results import PooledFit

ESTIMAND = "difference in mean outcome at the wave, given the outcome at baseline"


def pattern_mixture(
    panel: HealthPanel,
    *,
    delta: Delta,
    covariates: Sequence[str] = (),
    m: int = 20,
    method: Method = "normal",
    baseline: int = 0,
    last_due: str | None = None,
    seed: int = 1,
    conf_level: float = 0.95,
) -> PooledFit:
    """Compare the arms at each wave with imputed scores moved by `delta` points.

    Imputation takes those who left to be like those who stayed and looked the same. If they left
    because they got worse, they are not; `delta` says by how much. No data can tell its value: it
    comes from a judgement, a follow-up of leavers, or a range (`tipping_point`).

    Parameters
    ----------
    panel : HealthPanel
        With an arm of two levels.
    delta : float, or mapping of arm to float, or of arm to wave to float
        Points added to every imputed score, once, after all draws; negative is worse where more is
        better. An arm or wave that is not named is not moved. 0 is multiple imputation.
    covariates : sequence of str
        Terms of both the imputation and the comparison, with values at baseline.
    m, method, baseline, last_due, seed
        As in `impute`; always arm by arm.
    conf_level : float

    Returns
    -------
    PooledFit
        One term a wave, `wave[6]`, ...: programme minus comparison among all with a score at
        baseline who were due. Missing at a wave that cannot be estimated.

    Raises
    ------
    EstimationError
        As `impute`; if arms are not two.
    ParameterError
        If `delta` names an arm or wave that does not exist.

    Notes
    -----
    At each wave the regression and the error of `ancova` in every completed set (HC3, or by
    cluster), then Rubin's rules. With `delta=0` it is `pool` of `ancova` on `impute`, to rounding.

    References
    ----------
    Little RJA (1993), doi 10.1080/01621459.1993.10594302. Carpenter JR, Kenward MG (2013),
    doi 10.1002/9781119942283. National Research Council (2010), doi 10.17226/12955.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(60), 2), "wave": [0, 6] * 60,
    ...     "arm": np.repeat(["programme", "comparison"], 60),
    ...     "index": rng.normal(0.5, 0.1, 120).round(2),
    ... })
    >>> frame.loc[frame["wave"].eq(6) & (rng.random(120) < 0.3), "index"] = np.nan
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm="arm")
    >>> fits = [pattern_mixture(panel, delta={"programme": shift}) for shift in (0.0, -0.1)]
    >>> bool(fits[1].rows["estimate"][0] < fits[0].rows["estimate"][0])
    True
    """
    grid = build_grid(panel, baseline=baseline, last_due=last_due)
    shift = shifts_of(grid, delta)
    scores, columns = draw(grid, covariates, m, method, seed)
    clustered = is_clustered(grid)
    waves = [
        shifted_wave(grid, scores, columns, at, shift[:, at], clustered)
        for at in range(1, len(grid.waves))
    ]
    if all(wave is None for wave in waves):
        raise EstimationError(
            "arm: at no wave are there persons of both arms, more than the model has coefficients. "
            "Use fewer covariates."
        )
    parts = [_none() if wave is None else wave.pooled(np.ones(1)) for wave in waves]
    pooled = Pooled(*(
        np.concatenate([getattr(part, name) for part in parts]) for name in Pooled.__slots__
    ))  # fmt: skip
    smaller = [0 if wave is None else smaller_arm_of(grid, wave.rows) for wave in waves]
    return pooled_fit(
        [f"wave[{wave}]" for wave in grid.waves[1:]], pooled, m=m, conf_level=conf_level,
        support=smaller,
        summary={
            "n_person": len(grid.person),
            "n_row": sum(len(wave.rows) for wave in waves if wave is not None),
            "scale": "identity",
            "vcov": "cluster" if clustered else "HC3",
            "n_cluster": n_group(grid.cluster) if clustered else np.nan,
            "df": float(np.nanmin(pooled.df)),
            "estimand": ESTIMAND,
            "label": "description",
            "method": "imputation" if not np.any(shift) else "pattern mixture",
            "formula": f"{panel.name} ~ arm + baseline, unanswered scores moved by {delta!r}",
        },
        made=provenance(
            "pattern_mixture", panel.digest, seed=seed, delta=repr(delta),
            covariates=tuple(covariates), m=m, method=method, baseline=baseline, last_due=last_due,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _none() -> Pooled:
    return Pooled(*(np.full(1, np.nan) for _ in Pooled.__slots__))
