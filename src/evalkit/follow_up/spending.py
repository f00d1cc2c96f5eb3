"""Money and plans of packages, and which of them belong to a stratum."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.samples import Participations
from evalkit.errors import EstimationError
from evalkit.provenance import digest_frame


@dataclass(frozen=True, slots=True)
class Spending:
    """Money and plans of the packages of a stratum; NaN with a `reason` where not known."""

    budget: float
    spent: float
    planned: float
    currency: str
    price_year: float
    basis: str
    reason: str
    digest: str

    @property
    def cost(self) -> float:
        """What was spent, or the budget where that is not known."""
        return self.spent if self.basis == "spent" else self.budget


def with_packages(sample: Participations, packages: pd.DataFrame | None) -> pd.DataFrame:
    """Columns of the sample, those of its packages that it lacks, and the year of the start."""
    frame = sample.covariates.assign(start_year=sample.covariates["start"].dt.year.astype(str))
    if packages is None:
        return frame
    known = packages.drop_duplicates("package_id").set_index("package_id")
    absent = ~frame["package_id"].isin(known.index)
    if absent.any():
        raise EstimationError(
            f"packages: {int(absent.sum())} of {len(frame)} participations are in packages that "
            "the table of packages lacks; add their rows"
        )
    more = [name for name in known.columns if name not in frame]
    return frame.assign(**{name: frame["package_id"].map(known[name]) for name in more})


def spending_of(
    sample: Participations,
    packages: pd.DataFrame | None,
    groups: Sequence[np.ndarray],
    *,
    years: float,
) -> list[Spending]:
    """Money and plans of each group of participations.

    A package counts for a group if all its participations are in it.

    Parameters
    ----------
    groups : sequence of ndarray of bool, shape (n,)
    years : float
        By which budgets and plans are multiplied.

    Raises
    ------
    EstimationError
        If the packages of the sample have several currencies or price years.
    """
    if packages is None:
        nothing = Spending(np.nan, np.nan, np.nan, "", np.nan, "", "no_packages", "")
        return [nothing] * len(groups)
    table = packages.drop_duplicates("package_id").set_index("package_id")
    number, names = pd.factorize(sample.package)
    mine = table.reindex(names)
    known = mine["currency"].dropna().unique() if "currency" in mine else np.array([])
    if len(known) > 1:
        raise EstimationError(
            f"currency: {len(known)} different ones in the table of packages; convert the amounts"
        )
    _require_one_price_year(mine)
    has_spent = "outcome" in mine and mine["outcome"].notna().all()
    common = {
        "currency": str(known[0]) if len(known) else "",
        "price_year": _single(mine, "price_year"),
        "basis": "spent" if has_spent else "budget",
        "digest": digest_frame(packages)[:16],
    }
    size = np.bincount(number, minlength=len(names))
    found = []
    for chosen in groups:
        inside = np.bincount(number[chosen], minlength=len(names))
        whole = (inside == size) & (size > 0)
        if (inside > 0).sum() != whole.sum():
            found.append(Spending(np.nan, np.nan, np.nan, reason="packages_shared", **common))
            continue
        amounts = {name: _total(mine[whole], name) * years
                   for name in ("budget", "outcome", "planned_participants")}  # fmt: skip
        found.append(
            Spending(amounts["budget"], amounts["outcome"], amounts["planned_participants"],
                     reason="" if np.isfinite(amounts["budget"]) else "not_recorded", **common)
        )  # fmt: skip
    return found


def _require_one_price_year(rows: pd.DataFrame) -> None:
    n_year = rows["price_year"].nunique() if "price_year" in rows else 0
    if n_year > 1:
        raise EstimationError(
            f"price_year: {n_year} different ones in the table of packages; express the amounts in "
            "the prices of one year"
        )


def _total(rows: pd.DataFrame, name: str) -> float:
    """Sum of a column; NaN where it is missing for any package."""
    if name not in rows or not len(rows) or rows[name].isna().any():
        return np.nan
    return float(rows[name].astype(float).sum())


def _single(rows: pd.DataFrame, name: str) -> float:
    values = rows[name].dropna().unique() if name in rows else []
    return float(values[0]) if len(values) == 1 else np.nan
