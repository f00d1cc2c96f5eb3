"""The full benefit vector: every benefit at fixed months, its change, and what replaces what."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student

from evalkit.cohort.samples import BenefitSpells, rows_by_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.scores import require_level
from evalkit.provenance import provenance
from evalkit.results import BenefitChange, BenefitVector

OCCASIONS = (-12, 0, 12, 24)
TOTAL = "total"
ALERT_SHARE = 0.80  # a fall that is offset to this share is a substitution (domain, section 8)
SMALLEST_FALL = 1.0  # full-year equivalents per 100 persons; evalkit's own choice
UNITS = {
    "equivalents": "full-year equivalents per 100 persons",
    "days": "days per person",
}


def benefit_vector(
    spells: BenefitSpells,
    *,
    by: str | Sequence[str] | None = None,
    occasions: Sequence[int] = OCCASIONS,
    arm: str | None = None,
) -> BenefitVector:
    """Show every benefit at fixed months from start, and all together. Always a description.

    One benefit that falls says nothing while another may rise: so all stand beside each other.

    Parameters
    ----------
    spells : BenefitSpells
    by : str or list of str, optional
        Columns that make strata.
    occasions : sequence of int
        Months from start. Only persons observed in all of them count, so that the months are about
        the same persons.
    arm : str, optional
        Limit to one arm.

    Returns
    -------
    BenefitVector
        One row a stratum, benefit and month; benefits that are public support and that somebody
        had, then `total`. `n_with` of `n` persons had it on any day of the month (`share`);
        `equivalents` are the persons who could have lived on it in full, and
        `equivalents_per_100` the same per 100 persons.

    Raises
    ------
    EstimationError
        If nobody was observed in all the months.
    ParameterError
        If there are no occasions.

    Notes
    -----
    Equivalents of a month are the sum over persons of days x degree / 100, over the days of the
    month: half a month of full benefit and a month of half benefit both count 0.5.
    """
    if not len(occasions):
        raise ParameterError("benefit_vector: needs at least one month")
    months = sorted(occasions)
    seen = _chosen(spells, arm, months[-1])
    if not seen.any():
        raise EstimationError(
            f"benefit_vector: nobody was observed from month {months[0]} to {months[-1]}"
        )
    code, labels = spells.groups(by)
    held, equivalent = [], []
    for month in months:
        days, degree_days = spells.paid((month, month))
        held.append(days > 0)
        equivalent.append(degree_days / spells.days_in((month, month))[:, None])
    used = _used(spells, [flags[seen] for flags in held])
    rows = []
    for label, here in zip(labels, _members(seen, code, len(labels)), strict=True):
        if not len(here):
            continue
        own = [(flags[here], amount[here]) for flags, amount in zip(held, equivalent, strict=True)]
        for benefit in [*used, None]:
            columns = used if benefit is None else [benefit]
            name = TOTAL if benefit is None else spells.benefits[benefit]
            rows += [
                (label, name, month, len(here), int(flags[:, columns].any(1).sum()),
                 float(amount[:, columns].sum()))
                for month, (flags, amount) in zip(months, own, strict=True)
            ]  # fmt: skip
    stratum, benefit, occasion, n, n_with, total = zip(*rows, strict=True)
    n, n_with, total = np.array(n), np.array(n_with), np.array(total)
    return BenefitVector(
        rows={
            "stratum": stratum, "benefit": benefit, "occasion": np.array(occasion), "n": n,
            "n_with": n_with, "share": n_with / n, "equivalents": total,
            "equivalents_per_100": 100 * total / n, "unit": [UNITS["equivalents"]] * len(n),
        },
        summary={
            "n": int(seen.sum()), "n_benefit": len(used),
            "occasions": ", ".join(map(str, months)), "label": "description",
        },
        support={"n": n, "k": n_with, "complement": n - n_with},
        provenance=provenance(
            "benefit_vector", spells.digest, by=by, occasions=tuple(months), arm=arm
        ),
    )  # fmt: skip


def benefit_change(
    spells: BenefitSpells,
    *,
    by: str | Sequence[str] | None = None,
    quantity: Literal["equivalents", "days"] = "equivalents",
    before: tuple[int, int] = (-12, -1),
    after: tuple[int, int] = (12, 23),
    benefits: Sequence[str] | None = None,
    arm: str | None = None,
    alert_share: float = ALERT_SHARE,
    smallest_fall: float = SMALLEST_FALL,
    conf_level: float = 0.95,
) -> BenefitChange:
    """Compare what was received in two windows of months, and say whether rises offset falls.

    Always a description. With `quantity="days"` and the sickness benefits it is the table of
    sick-leave days before and after.

    Parameters
    ----------
    spells : BenefitSpells
    by : str or list of str, optional
        Columns that make strata.
    quantity : {"equivalents", "days"}
        Full-year equivalents per 100 persons, by degree; or whole days per person, part days too.
    before, after : (int, int)
        First and last month of each window, both included; month 0 is the start. Only persons
        observed to the end of `after` count.
    benefits : sequence of str, optional
        Codes; by default all that are public support. The alert needs all of them.
    arm : str, optional
        Limit to one arm.
    alert_share : float
        Share of the falls that rises must reach for the alert.
    smallest_fall : float
        Falls that sum to less, per 100 persons in full-year equivalents, give no alert.
    conf_level : float

    Returns
    -------
    BenefitChange
        One row a stratum and benefit, and `total`; `before`, `after` and `change` in `unit`, with
        an interval for the mean change within persons. In the rows of benefits that fell and in
        `total`: `offset_share`, what all rises are of all falls, and `alert`.

    Raises
    ------
    EstimationError
        If nobody was observed to the end of the later window.
    ParameterError
        If the windows overlap, a benefit is not in the code book, or the level is not between 0
        and 1.

    Notes
    -----
    With d the change of each benefit, offset is the sum of d > 0 over the sum of -d < 0. Rises
    belong to no fall in particular, so each fall is offset to the same share. A total that is
    hardly lower although a benefit fell is substitution, not self-support. Intervals are t(n - 1)
    of the change of each person.
    """
    require_level(conf_level)
    if before[1] >= after[0] or before[1] < before[0] or after[1] < after[0]:
        raise ParameterError("benefit_change: `before` must end before `after` begins")
    chosen = _positions(spells, benefits)
    seen = _chosen(spells, arm, after[1])
    if not seen.any():
        raise EstimationError(f"benefit_change: nobody was observed to month {after[1]}")
    code, labels = spells.groups(by)
    first, held_first = _amounts(spells, before, quantity)
    second, held_second = _amounts(spells, after, quantity)
    used = [at for at in chosen if (held_first | held_second)[seen][:, at].any()]
    rows = []
    for label, here in zip(labels, _members(seen, code, len(labels)), strict=True):
        if len(here):
            parts = (first[here], second[here], held_first[here], held_second[here])
            found = _changes(label, spells, used, parts, quantity, conf_level)
            rows += _with_alert(found, benefits, quantity, alert_share, smallest_fall)
    frame = pd.DataFrame(rows).assign(quantity=quantity, unit=UNITS[quantity])
    n, least = frame["n"], np.minimum(frame["n_before"], frame["n_after"])
    return BenefitChange(
        rows={name: frame[name].to_numpy() for name in BenefitChange.TIDY},
        summary={
            "n": int(seen.sum()), "window_before": _window(before), "window_after": _window(after),
            "smallest_fall": smallest_fall, "alert_share": alert_share, "conf_level": conf_level,
            "method": "paired t", "label": "description",
        },
        support={
            "n": n, "k": least, "complement": n - np.maximum(frame["n_before"], frame["n_after"]),
        },
        provenance=provenance(
            "benefit_change", spells.digest, by=by, quantity=quantity, before=before, after=after,
            benefits=benefits, arm=arm, alert_share=alert_share, smallest_fall=smallest_fall,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _chosen(spells: BenefitSpells, arm: str | None, last: int) -> np.ndarray:
    """Persons of the arm who were observed to a month."""
    seen = spells.seen_until >= last
    if arm is None:
        return seen
    if "arm" not in spells.covariates:
        raise ParameterError("arm: the people have no arm")
    return seen & (spells.covariates["arm"] == arm).to_numpy()


def _members(seen: np.ndarray, code: np.ndarray, n_stratum: int) -> list[np.ndarray]:
    """Positions of the persons of each stratum who were seen."""
    return rows_by_group(np.where(seen, code, -1), n_stratum)


def _used(spells: BenefitSpells, held: list[np.ndarray]) -> list[int]:
    """Benefits of public support that somebody had."""
    some = np.any([flags.any(axis=0) for flags in held], axis=0)
    return np.flatnonzero(some & spells.public).tolist()


def _positions(spells: BenefitSpells, benefits: Sequence[str] | None) -> list[int]:
    if benefits is None:
        return np.flatnonzero(spells.public).tolist()
    unknown = [name for name in benefits if name not in spells.benefits]
    if unknown:
        raise ParameterError(f"benefits: not in the code book: {', '.join(unknown)}")
    return [spells.benefits.index(name) for name in benefits]


def _amounts(spells: BenefitSpells, window, quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """Quantity of each person and benefit in a window, and who had the benefit at all."""
    days, degree_days = spells.paid(window)
    if quantity == "days":
        return days, days > 0
    if quantity != "equivalents":
        raise ParameterError("quantity: must be equivalents or days")
    return 100 * degree_days / spells.days_in(window)[:, None], days > 0


def _changes(label, spells, used, parts, quantity, conf_level: float) -> list[dict]:
    first, second, held_first, held_second = parts
    rows = []
    for benefit in [*used, None]:
        columns = used if benefit is None else [benefit]
        one, two = first[:, columns].sum(axis=1), second[:, columns].sum(axis=1)
        rows.append({
            "stratum": label,
            "benefit": TOTAL if benefit is None else spells.benefits[benefit],
            "n": len(one),
            "n_before": int(held_first[:, columns].any(axis=1).sum()),
            "n_after": int(held_second[:, columns].any(axis=1).sum()),
            **_mean_change(one, two, conf_level),
        })  # fmt: skip
    return rows


def _mean_change(one: np.ndarray, two: np.ndarray, conf_level: float) -> dict[str, float]:
    n, gap = len(one), two - one
    before, after, change = float(one.mean()), float(two.mean()), float(gap.mean())
    half = np.nan
    if n > 1:
        half = student.ppf((1 + conf_level) / 2, n - 1) * float(gap.std(ddof=1)) / n**0.5
    return {
        "before": before,
        "after": after,
        "change": change,
        "conf_low": change - half,
        "conf_high": change + half,
        "change_percent": 100 * change / before if before > 0 else np.nan,
    }


def _with_alert(rows: list[dict], benefits, quantity, alert_share, smallest: float) -> list[dict]:
    """Add the share of the falls that rises offset, and whether that is a substitution."""
    changes = np.array([row["change"] for row in rows[:-1]])
    falls, rises = float(-changes[changes < 0].sum()), float(changes[changes > 0].sum())
    # Part of the vector cannot tell what replaces what.
    whole = benefits is None and quantity == "equivalents"
    enough = whole and falls >= smallest and falls > 0
    offset = rises / falls if enough else np.nan
    alert = float(offset >= alert_share) if enough else np.nan
    for row in rows:
        has = row["change"] < 0 or row["benefit"] == TOTAL
        row |= {"offset_share": offset if has else np.nan, "alert": alert if has else np.nan}
    return rows


def _window(window: tuple[int, int]) -> str:
    return f"{window[0]} to {window[1]}"
