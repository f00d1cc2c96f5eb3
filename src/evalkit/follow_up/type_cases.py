"""Type cases: a programme's account from a few described careers, with uncertain weights."""

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import TypeCases

SOCIETY = "society"
REQUIRED = ("type_case", "party", "cost", "gain")
ROUNDING = 1e-9
DRAWS_AT_ONCE = 1_000


def type_cases(
    frame: pd.DataFrame,
    *,
    concentration: float,
    n_person: float,
    horizon_years: float = 1,
    n_described: int | None = None,
    n_draw: int = 10_000,
    conf_level: float = 0.95,
    seed: int = 20261,
) -> TypeCases:
    """Account of a programme from weighted type cases, with the range that the weights leave open.

    Reports often describe a handful of typical careers and multiply them up. How many persons each
    stands for is a judgement; here it is one with a spread, so that nobody takes the sum for a
    measurement.

    Parameters
    ----------
    frame : DataFrame
        One row a type case and party: `type_case`, `party`, `cost` (of the programme, paid by the
        party, per person), `gain` (a year, per person; negative is a loss), `weight` (share or
        number of persons that the case stands for, the same in all rows of a case). A party
        without a row in a case has no cost and no gain there.
    concentration : float
        How many persons' worth of knowledge the weights hold: the number that was sorted into the
        cases, or less where the sorting was a guess. Larger is a narrower range.
    n_person : float
        Persons that the account is extrapolated to (`total_cost`, `total_gain`).
    horizon_years : float
        Of the net gain and the break-even share.
    n_described : int, optional
        Persons whom the cases describe, which decides whether they may be shown; None where the
        cases are constructed and describe nobody.
    n_draw : int
        Draws of the weights; 0 for no range.
    conf_level : float
        Share of the draws within the range.
    seed : int

    Returns
    -------
    TypeCases
        One row a party, `society` last: `cost`, `gain` (a year) and `net` (gain x years - cost) per
        person, static pay-off in months and break-even share, each with its range; totals; and
        `reason` (`no outlay`, `never`). The label is `assumed`.

    Raises
    ------
    EstimationError
        If columns are missing, a case has several weights, rows repeat a case and party, amounts
        are missing, costs are negative, or no weight is above 0.
    ParameterError
        If the concentration, the persons, the horizon or the draws are out of range.

    Notes
    -----
    Weights w = given weights / their sum; means are sums of w x amount. The range: weights drawn
    from a Dirichlet distribution with parameters w x concentration, whose mean is w and whose
    variance of a mean is (sum w x^2 - (sum w x)^2) / (concentration + 1). It holds only what is
    uncertain about the weights, nothing of the amounts: a range of assumptions, not an interval.
    Gains are not discounted; break-even share = cost / (gain x years).

    References
    ----------
    Gelman and others (2013) Bayesian Data Analysis, 3rd edition, section 3.4 and appendix A
    (Dirichlet distribution).

    Examples
    --------
    >>> cases = pd.DataFrame({
    ...     "type_case": ["young", "ill"], "party": "municipality", "cost": [40.0, 80.0],
    ...     "gain": [120.0, 40.0], "weight": [3, 1],
    ... })
    >>> found = type_cases(cases, concentration=24, n_person=24).tidy()
    >>> found[["party", "cost", "gain", "pay_off_months", "total_gain"]]
              party  cost   gain  pay_off_months  total_gain
    0  municipality  50.0  100.0             6.0      2400.0
    1       society  50.0  100.0             6.0      2400.0
    """
    _check(concentration, n_person, horizon_years, n_draw, conf_level)
    parties, weight, cost, gain = _cases(frame)
    mean = _account(weight[None, :], cost, gain, horizon_years)
    drawn = _drawn(weight, cost, gain, concentration, horizon_years, n_draw, seed)
    outlay = mean["cost"][0] > 0
    columns = {"party": parties, "reason": _reasons(mean["cost"][0], mean["gain"][0])}
    for name, short in _RANGES.items():
        shown = outlay if name in ("pay_off_months", "break_even_share") else np.ones_like(outlay)
        columns[name] = np.where(shown, mean[name][0], np.nan)
        low, high = _range(drawn.get(name), shown, conf_level)
        columns |= {f"{short}_low": low, f"{short}_high": high}
    columns |= {
        "total_cost": n_person * mean["cost"][0], "total_gain": n_person * mean["gain"][0]
    }  # fmt: skip
    return TypeCases(
        rows=columns,
        summary={
            "n": np.nan if n_described is None else n_described,
            "n_case": len(weight),
            "n_extrapolated": n_person,
            "concentration": concentration,
            "horizon_years": horizon_years,
            "conf_level": conf_level,
            "label": "assumed",
            "method": f"Dirichlet weights, {n_draw} draws",
        },
        support={"n": np.full(len(parties), np.nan if n_described is None else n_described)},
        provenance=provenance(
            "type_cases", digest_frame(frame)[:16], seed=seed, concentration=concentration,
            n_person=n_person, horizon_years=horizon_years, n_described=n_described,
            n_draw=n_draw, conf_level=conf_level,
        ),
    )  # fmt: skip


_RANGES = {
    "cost": "cost", "gain": "gain", "net": "net", "pay_off_months": "pay_off",
    "break_even_share": "share",
}  # fmt: skip


def _check(concentration, n_person, horizon_years, n_draw, conf_level) -> None:
    if not (concentration > 0 and n_person > 0 and horizon_years > 0):
        raise ParameterError("type_cases: concentration, n_person and horizon must be above 0")
    if n_draw < 0 or not 0 < conf_level < 1:
        raise ParameterError("type_cases: needs 0 draws or more and a conf_level between 0 and 1")


def _cases(frame: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Parties, society last; weights of the cases; cost and gain (case, party)."""
    missing = [name for name in (*REQUIRED, "weight") if name not in frame.columns]
    if missing or not len(frame):
        raise EstimationError(
            f"type cases: no such column: {', '.join(missing)}" if missing else
            "type cases: no rows"
        )  # fmt: skip
    numbers = frame[["cost", "gain", "weight"]].apply(pd.to_numeric, errors="coerce")
    odd = ~np.isfinite(numbers).all(axis=1) | (numbers["cost"] < 0) | (numbers["weight"] < 0)
    odd |= frame["type_case"].isna() | frame["party"].isna()
    repeated = frame.duplicated(["type_case", "party"])
    several = int((numbers["weight"].groupby(frame["type_case"]).nunique() > 1).sum())
    if odd.any() or repeated.any() or several or (frame["party"] == SOCIETY).any():
        raise EstimationError(
            f"type cases: of {len(frame)} rows {int(odd.sum())} lack a name or an amount, or have "
            f"a negative cost or weight, {int(repeated.sum())} repeat a case and party; {several} "
            f"cases have several weights; {SOCIETY!r} is the sum and cannot be a party"
        )
    table = numbers.assign(case=frame["type_case"], party=frame["party"])
    weight = table.groupby("case", sort=True)["weight"].first()
    if not weight.sum() > 0:
        raise EstimationError(f"weight: none of {len(weight)} cases has a weight above 0")
    wide = table.pivot(index="case", columns="party", values=["cost", "gain"]).fillna(0.0)
    cost, gain = wide["cost"].to_numpy(), wide["gain"].to_numpy()
    add = lambda part: np.column_stack([part, part.sum(axis=1)])  # noqa: E731
    return (
        [*wide["cost"].columns, SOCIETY],
        (weight / weight.sum()).to_numpy(),
        add(cost),
        add(gain),
    )


def _account(weight: np.ndarray, cost, gain, years: float) -> dict[str, np.ndarray]:
    """Means under rows of weights: each (draw, party)."""
    paid, gained = weight @ cost, weight @ gain
    gross = weight @ np.abs(cost) + weight @ np.abs(gain)
    paid, gained = (np.where(np.abs(x) <= ROUNDING * gross, 0.0, x) for x in (paid, gained))
    share = np.divide(paid, gained * years, out=np.full(paid.shape, np.inf), where=gained > 0)
    share = np.where(paid > 0, share, 0.0)
    return {
        "cost": paid, "gain": gained, "net": gained * years - paid,
        "pay_off_months": 12 * years * share, "break_even_share": share,
    }  # fmt: skip


def _drawn(weight, cost, gain, concentration, years, n_draw, seed) -> dict[str, np.ndarray]:
    if not n_draw:
        return {}
    rng, used = np.random.default_rng(seed), weight > 0
    parts = []
    for start in range(0, n_draw, DRAWS_AT_ONCE):
        size = min(DRAWS_AT_ONCE, n_draw - start)
        drawn = rng.dirichlet(weight[used] * concentration, size)
        parts.append(_account(drawn, cost[used], gain[used], years))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _range(draws: np.ndarray | None, shown: np.ndarray, conf_level: float):
    if draws is None:
        return np.full(len(shown), np.nan), np.full(len(shown), np.nan)
    tail = (1 - conf_level) / 2
    ends = np.quantile(draws, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return tuple(np.where(shown, end, np.nan) for end in ends)


def _reasons(cost: np.ndarray, gain: np.ndarray) -> list[str]:
    return list(np.select([cost <= 0, gain <= 0], ["no outlay", "never"], default=""))
