"""Costs and effects of persons in two arms: the sample that a cost-utility analysis takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.cohort.samples import frozen, group_rows
from evalkit.errors import EstimationError
from evalkit.provenance import digest_frame, digest_json

PROGRAMME, COMPARISON = "programme", "comparison"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CostsAndEffects:
    """One row a person: what was spent, and the health that was gained.

    Attributes
    ----------
    in_programme : ndarray of bool, shape (n,)
    cost : ndarray of float, shape (n,)
        Of the whole period, in `currency` of `price_year`; negative where more was saved.
    effect : ndarray of float, shape (m, n)
        QALYs; several sets where missing answers were imputed several times.
    baseline : ndarray of float, shape (n,), or None
        Utility at the start.
    cluster : ndarray of int, shape (n,), or None
    covariates : DataFrame, n rows
        All columns of the frame, and `person_id` and `arm` under these names.
    perspective, missing : str
        Whose costs they are; how missing answers were treated. Empty where not known.
    horizon_months, discount_rate : float
        NaN where not known.
    n_left_out : int
        Persons who are not in the sample because answers were missing.
    """

    in_programme: np.ndarray
    cost: np.ndarray
    effect: np.ndarray
    baseline: np.ndarray | None
    cluster: np.ndarray | None
    covariates: pd.DataFrame
    currency: str
    price_year: float
    perspective: str
    missing: str
    horizon_months: float
    discount_rate: float
    n_left_out: int
    digest: str

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        person: str,
        arm: str,
        cost: str,
        effect: str | Sequence[str],
        currency: str,
        baseline: str | None = None,
        cluster: str | None = None,
        price_year: float = np.nan,
        perspective: str = "",
        missing: str = "",
        horizon_months: float = np.nan,
        discount_rate: float = np.nan,
        n_left_out: int = 0,
    ) -> "CostsAndEffects":
        """Check a frame with one row a person and freeze it.

        Parameters
        ----------
        frame : DataFrame
        person, arm, cost, baseline, cluster : str
            Names of columns. Arms are `programme` and `comparison`.
        effect : str or list of str
            Column of effects, or one for each imputed set.
        currency : str
            Three letters.

        Raises
        ------
        EstimationError
            If a column is missing or not numeric, a value is missing or infinite, a person stands
            in two rows, or an arm has another name.

        Examples
        --------
        >>> frame = pd.DataFrame({
        ...     "id": [1, 2], "arm": ["programme", "comparison"], "cost": [900.0, 400.0],
        ...     "qaly": [1.5, 1.25],
        ... })
        >>> CostsAndEffects.from_frame(
        ...     frame, person="id", arm="arm", cost="cost", effect="qaly", currency="SEK"
        ... )
        <CostsAndEffects: 1 programme, 1 comparison, SEK>
        """
        effects = [effect] if isinstance(effect, str) else list(effect)
        _require(frame, person, arm, cost, effects, baseline, cluster)
        kept = frame.reset_index(drop=True).assign(
            person_id=frame[person].to_numpy(), arm=frame[arm].to_numpy()
        )
        numbers = {"cost": cost, "effect": effects, "baseline": baseline, "cluster": cluster}
        meaning = digest_json([numbers, currency, price_year, perspective, missing,
                               horizon_months, discount_rate, n_left_out])  # fmt: skip
        return cls(
            in_programme=frozen((kept["arm"] == PROGRAMME).to_numpy()),
            cost=frozen(kept[cost].to_numpy(dtype=float)),
            effect=frozen(kept[effects].to_numpy(dtype=float).T),
            baseline=None if baseline is None else frozen(kept[baseline].to_numpy(dtype=float)),
            cluster=None if cluster is None else frozen(pd.factorize(kept[cluster], sort=True)[0]),
            covariates=kept,
            currency=currency,
            price_year=price_year,
            perspective=perspective,
            missing=missing,
            horizon_months=horizon_months,
            discount_rate=discount_rate,
            n_left_out=n_left_out,
            digest=digest_json([digest_frame(kept), meaning])[:16],
        )

    def __len__(self) -> int:
        return len(self.cost)

    def __repr__(self) -> str:
        n = int(self.in_programme.sum())
        return f"<CostsAndEffects: {n} {PROGRAMME}, {len(self) - n} {COMPARISON}, {self.currency}>"

    def groups(self, by: str | Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Codes and labels of the groups that columns `by` make; see `group_rows`."""
        return group_rows(self.covariates, by)

    def part(self, rows: np.ndarray) -> "CostsAndEffects":
        """The same sample with some of its persons."""
        pick = lambda values: None if values is None else frozen(values[..., rows])  # noqa: E731
        return replace(
            self,
            in_programme=pick(self.in_programme),
            cost=pick(self.cost),
            effect=pick(self.effect),
            baseline=pick(self.baseline),
            cluster=pick(self.cluster),
            covariates=self.covariates.loc[rows].reset_index(drop=True),
        )


def _require(frame, person, arm, cost, effects, baseline, cluster) -> None:
    """Raise with every fault of the columns, by name and count."""
    named = [person, arm, cost, *effects, *(name for name in (baseline, cluster) if name)]
    absent = [name for name in named if name not in frame.columns]
    if absent or not effects:
        raise EstimationError(f"no such column: {', '.join(absent) or 'effect'}")
    faults = []
    for name in (cost, *effects, *([baseline] if baseline else [])):
        if frame[name].dtype.kind not in "biuf" and len(frame):
            faults.append(f"{name}: must be numeric, is {frame[name].dtype}")
        elif bad := int((~np.isfinite(frame[name].to_numpy(dtype=float))).sum()):
            faults.append(f"{name}: missing or infinite in {bad} of {len(frame)} rows")
    again = int(frame[person].duplicated().sum())
    if again:
        faults.append(f"{person}: {again} of {len(frame)} rows repeat a person")
    other = int((~frame[arm].isin([PROGRAMME, COMPARISON])).sum())
    if other:
        faults.append(f"{arm}: {other} of {len(frame)} rows are not {PROGRAMME} or {COMPARISON}")
    if cluster and frame[cluster].isna().any():
        faults.append(f"{cluster}: missing in {int(frame[cluster].isna().sum())} rows")
    if faults:
        raise EstimationError("costs and effects: " + "; ".join(faults))
