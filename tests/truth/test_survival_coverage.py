"""Coverage of 95 % intervals: curves, incidence, months, states, hazard models (docs/coverage.md).

Exits are at continuous times. Clusters share a frailty of the hazard of work: one in whose presence
everybody's own distribution stays what it is without clusters (`waits`), so that hazard ratios are
known, and a normal one of the log hazard, for exits and states. Early exits are missed where many
persons share few heavy-tailed frailties; for these a lower bound is asserted (`MISSED`). Truths
are closed formulas or integrals. `python FILE FAMILY 1` prints the figures of docs/coverage.md,
with `few` after it those for few clusters, and `bootstrap 0.3` those of a bootstrap of clusters.
"""

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, special

from evalkit.cohort.samples import StateHistory, TimeToEvent
from evalkit.errors import SmallSampleWarning
from evalkit.survival import (
    cox,
    cumulative_incidence,
    fine_gray,
    kaplan_meier,
    occupation,
    restricted_mean,
    time_in_state,
    time_lost,
)

SEED = 20265
LIMIT = 3.5  # Monte-Carlo errors
ALLOWANCE = {200: 0.015, 2000: 0.005}
REPETITIONS = {
    "exits": 10_000,
    "exits_normal": 10_000,
    "states": 10_000,
    "cox": 2_000,
    "fine_gray": 2_000,
}

WORK = {"programme": 0.05, "comparison": 0.03}  # exits a month
PENSION = 0.015
SHARES = (0.1, 0.25, 0.5)
HORIZON = 18
STABLE = 0.8  # index of the frailty; Kendall's tau within a cluster is one minus it
EFFECT = 0.4  # log hazard ratio
EVER = 0.66  # share of the comparison arm who would begin work at last, for Fine and Gray

ENTER = {"programme": 0.09, "comparison": 0.05}  # hazard of work a month
RELAPSE = 0.08
SPREAD = 0.5  # of the log hazard of work between clusters
MONTHS = (6, HORIZON)


def normal_waits(rng, n, n_cluster):
    """Times with a unit hazard times the exponential of a normal cluster effect."""
    return rng.exponential(size=n) / np.exp(
        np.repeat(rng.normal(0.0, SPREAD, n_cluster), n // n_cluster)
    )


def waits(rng, n, n_cluster):
    """Unit exponential times, dependent within clusters of n / n_cluster rows in order.

    The cumulative hazard t^(1/a) W with positive stable W of index a (Kanter's formula) has the
    survival exp(-t) on average over W, whatever a.
    """
    times = rng.exponential(size=n)
    if n_cluster is None:
        return times
    angle = rng.uniform(0.0, np.pi, n_cluster)
    frailty = np.sin(STABLE * angle) / np.sin(angle) ** (1 / STABLE)
    rest = np.sin((1 - STABLE) * angle) / rng.exponential(size=n_cluster)
    frailty *= rest ** ((1 - STABLE) / STABLE)
    return (times / np.repeat(frailty, n // n_cluster)) ** STABLE


def sites(n, n_cluster):
    return np.arange(n) * (n_cluster or n) // n


def observed(rng, work, other, arm, n_cluster, *, told=True):
    """The first of two exits, followed up for 6 to 36 months."""
    n = len(work)
    end = rng.uniform(6.0, 36.0, n)
    first = np.minimum(work, other)
    frame = pd.DataFrame(
        {
            "months": np.minimum(first, end),
            "exit": np.where(first > end, "none", np.where(work < other, "work", "pension")),
            "arm": arm,
            "site": sites(n, n_cluster),
        }
    )
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", arm="arm",
        causes=["pension", "work"], cluster="site" if n_cluster and told else None,
    )  # fmt: skip


def arms_within(n):
    """Both arms in every cluster."""
    return np.where(np.arange(n) % 2 == 0, "programme", "comparison")


def arms_between(n, n_cluster):
    """Clusters assigned as a whole, every second one."""
    return np.where(sites(n, n_cluster) % 2 == 0, "programme", "comparison")


def draw_exits(rng, n, n_cluster, *, waits=waits, **options):
    arm = arms_within(n)
    work = waits(rng, n, n_cluster) / np.where(arm == "programme", *WORK.values())
    return observed(rng, work, rng.exponential(1 / PENSION, n), arm, n_cluster, **options)


def draw_cox(rng, n, n_cluster, **options):
    arm = arms_between(n, n_cluster)
    work = waits(rng, n, n_cluster) / (0.04 * np.exp(EFFECT * (arm == "programme")))
    return observed(rng, work, rng.exponential(1 / PENSION, n), arm, n_cluster, **options)


def draw_fine_gray(rng, n, n_cluster, **options):
    """Incidence 1 - (1 - EVER (1 - exp(-0.07 t)))^exp(effect); the others leave by pension."""
    arm = arms_between(n, n_cluster)
    share = -np.expm1(-waits(rng, n, n_cluster) / np.exp(EFFECT * (arm == "programme"))) / EVER
    work = np.where(share < 1.0, -np.log1p(-np.minimum(share, 0.999999999)) / 0.07, np.inf)
    pension = np.where(share < 1.0, np.inf, rng.exponential(1 / 0.06, n))
    return observed(rng, work, pension, arm, n_cluster, **options)


def draw_states(rng, n, n_cluster, *, told=True):
    """Support and work with relapse, up to the horizon; observation ends at 14 to 30 months."""
    arm = arms_within(n)
    spread = np.zeros(n)
    if n_cluster:
        spread = np.repeat(rng.normal(0.0, SPREAD, n_cluster), n // n_cluster)
    enter = -np.expm1(-np.where(arm == "programme", *ENTER.values()) * np.exp(spread))
    state, chance = np.zeros((n, HORIZON + 1), dtype=np.int8), rng.random((n, HORIZON + 1))
    for month in range(1, HORIZON + 1):
        stay = np.where(state[:, month - 1] == 1, 1 - RELAPSE, enter)
        state[:, month] = chance[:, month] < stay
    seen = np.where(np.arange(HORIZON + 1) > rng.integers(14, 31, n)[:, None], -1, state)
    people = pd.DataFrame({"arm": arm, "site": sites(n, n_cluster)})
    return StateHistory.from_matrix(
        seen, ["support", "work"], people, cluster="site" if n_cluster and told else None
    )


def normal_nodes(spread):
    """Points and weights that average over a normal effect; a single point without spread."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80 if spread else 1)
    return nodes * spread, weights / weights.sum()


def no_exit(arm, time, spread):
    nodes, weights = normal_nodes(spread)
    return np.exp(-(WORK[arm] * np.exp(nodes) + PENSION) * time) @ weights


def work_by(arm, time, spread):
    nodes, weights = normal_nodes(spread)
    rate = WORK[arm] * np.exp(nodes)
    return (rate / (rate + PENSION) * -np.expm1(-(rate + PENSION) * time)) @ weights


def area(curve, arm, spread):
    return integrate.quad(lambda time: curve(arm, time, spread), 0.0, HORIZON, epsabs=1e-11)[0]


def when(curve, share, spread):
    """The time at which a rising curve of the programme reaches a share."""
    return optimize.brentq(lambda time: curve("programme", time, spread) - share, 0.0, 100.0)


@cache
def times_of(spread):
    """When the shares of the programme have exited at all, and to work: two arrays."""
    exited = [when(lambda *at: 1.0 - no_exit(*at), share, spread) for share in SHARES]
    return np.array(exited), np.array([when(work_by, share, spread) for share in SHARES])


def truth_exits(_, spread=0.0):
    """Times on the curves of the programme, and months."""
    mean = {arm: area(no_exit, arm, spread) for arm in WORK}
    lost = {arm: area(work_by, arm, spread) for arm in WORK}
    return (
        {f"survival, F = {share}": 1 - share for share in SHARES}
        | {f"incidence, F = {share}": share for share in SHARES}
        | {
            "restricted mean": mean["programme"],
            "restricted mean, difference": mean["programme"] - mean["comparison"],
            "time lost": lost["programme"],
            "time lost, difference": lost["programme"] - lost["comparison"],
        }
    )


def truth_states(n_cluster):
    nodes, weights = normal_nodes(SPREAD if n_cluster else 0.0)
    share = {}
    for arm, hazard in ENTER.items():
        enter, path = -np.expm1(-hazard * np.exp(nodes)), [np.zeros_like(nodes)]
        for _ in range(HORIZON):
            path.append(path[-1] * (1 - RELAPSE) + (1 - path[-1]) * enter)
        share[arm] = np.array(path) @ weights
    months = {arm: path[:HORIZON].sum() for arm, path in share.items()}
    return {f"in work, month {month}": share["programme"][month] for month in MONTHS} | {
        "time in work": months["programme"],
        "time in work, difference": months["programme"] - months["comparison"],
    }


def limits_at(rows, times, **where):
    """Limits of one curve of the programme at these times, (k, 2)."""
    inside = rows["stratum"] == "programme"
    for name, value in where.items():
        inside &= rows[name] == value
    last = np.searchsorted(rows["time"][inside], times, side="right") - 1
    return np.column_stack([rows[name][inside][last] for name in ("conf_low", "conf_high")])


def limits_of(rows, lines):
    return np.column_stack([rows[name][lines] for name in ("conf_low", "conf_high")])


PROGRAMME_AND_DIFFERENCE = [0, 2]


def limits_exits(sample, level, spread=0.0):
    times_any, times_work = times_of(spread)
    options = {"by": "arm", "conf_level": level}
    months = options | {"horizon": HORIZON}
    return np.vstack(
        [
            limits_at(kaplan_meier(sample, cause="any", **options).rows, times_any),
            limits_at(cumulative_incidence(sample, **options).rows, times_work, cause="work"),
            limits_of(
                restricted_mean(sample, cause="any", **months).rows, PROGRAMME_AND_DIFFERENCE
            ),
            limits_of(time_lost(sample, cause="work", **months).rows, PROGRAMME_AND_DIFFERENCE),
        ]
    )


def limits_states(history, level):
    options = {"by": "arm", "conf_level": level}
    months = time_in_state(history, state="work", horizon=HORIZON, **options).rows
    curve = limits_at(occupation(history, **options).rows, MONTHS, state="work")
    return np.vstack([curve, limits_of(months, PROGRAMME_AND_DIFFERENCE)])


def limits_cox(sample, level):
    return limits_of(cox(sample, "arm", cause="work", conf_level=level).rows, [0])


def limits_fine_gray(sample, level):
    return limits_of(fine_gray(sample, "arm", cause="work", conf_level=level).rows, [0])


@dataclass(frozen=True)
class Family:
    draw: Callable
    limits: Callable
    truth: Callable


FAMILIES = {
    "exits": Family(draw_exits, limits_exits, truth_exits),
    "exits_normal": Family(
        partial(draw_exits, waits=normal_waits),
        partial(limits_exits, spread=SPREAD),
        partial(truth_exits, spread=SPREAD),
    ),
    "states": Family(draw_states, limits_states, truth_states),
    "cox": Family(draw_cox, limits_cox, lambda _: {"log hazard ratio": EFFECT}),
    "fine_gray": Family(draw_fine_gray, limits_fine_gray, lambda _: {"log ratio": EFFECT}),
}


def coverage(name, n, n_cluster, repetitions, *, levels=(0.95,), **options):
    """Share of intervals that hold the truth: one row a quantity, one column a level.

    An interval that is missing does not hold it.
    """
    family = FAMILIES[name]
    rng = np.random.default_rng([SEED, n, n_cluster or 0])
    truth = family.truth(n_cluster)
    value = np.array(list(truth.values()))
    held = np.zeros((len(levels), len(value)))
    for _ in range(repetitions):
        sample = family.draw(rng, n, n_cluster, **options)
        for one, level in zip(held, levels, strict=True):
            low, high = family.limits(sample, level).T
            one += (low <= value) & (value <= high)
    return pd.DataFrame(held.T / repetitions, index=list(truth), columns=list(levels))


def tolerance(n, repetitions):
    return LIMIT * np.sqrt(0.95 * 0.05 / repetitions) + ALLOWANCE[n]


def outside(shares, n, repetitions):
    return shares[abs(shares - 0.95) > tolerance(n, repetitions)].to_dict()


CELLS = [
    (name, n, n_cluster)
    for name in FAMILIES
    for n in ALLOWANCE
    for n_cluster in (None, 50)
    if n_cluster or name != "exits_normal"
]
# With 50 clusters of 40 persons and a heavy-tailed frailty a few clusters stand for most early
# exits; error and estimate then go together, and the interval is too short. The shares are
# 89.8, 93.3 and 90.8 % (docs/coverage.md): below what is nominal, but no lower than this.
MISSED = {
    ("exits", 2000, 50): ["survival, F = 0.1", "survival, F = 0.25", "incidence, F = 0.1"],
}
LOWEST_OF_MISSED = 0.88


@pytest.mark.slow
@pytest.mark.parametrize(("name", "n", "n_cluster"), CELLS)
def test_intervals_cover_the_truth(name, n, n_cluster):
    shares = coverage(name, n, n_cluster, REPETITIONS[name])[0.95]

    missed = MISSED.get((name, n, n_cluster), [])
    assert outside(shares.drop(missed), n, REPETITIONS[name]) == {}
    assert (shares[missed] >= LOWEST_OF_MISSED).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FAMILIES))
def test_intervals_that_ignore_the_clusters_do_not_cover(name):
    shares = coverage(name, 2000, 50, 1_000, told=False)[0.95]

    missed = outside(shares, 2000, 1_000)
    within_clusters = {quantity for quantity in shares.index if "difference" in quantity}
    assert set(missed) >= set(shares.index) - within_clusters


@pytest.mark.slow
def test_waits_within_clusters_are_unit_exponential_and_dependent():
    rng = np.random.default_rng(SEED)

    pairs = waits(rng, 200_000, 100_000).reshape(-1, 2)

    for quantile in (0.1, 1.0, 3.0):
        share = np.exp(-quantile)
        both = np.exp(-quantile * 2**STABLE)  # Gumbel and Hougaard: both later than t
        error = LIMIT * np.sqrt(share * (1 - share) / 100_000)
        assert abs((pairs[:, 0] > quantile).mean() - share) <= error
        assert abs((pairs > quantile).all(axis=1).mean() - both) <= error


def few_clusters(name, repetitions):
    """Coverage of z and t with 5, 10 and 20 clusters of 2 000 persons."""
    for n_cluster in (5, 10, 20):
        # The level at which the quantile of t is that of the normal distribution.
        level = 2 * special.stdtr(n_cluster - 1, special.ndtri(0.975)) - 1
        levels = (0.95,) if n_cluster < 6 else (level, 0.95)
        yield n_cluster, coverage(name, 2000, n_cluster, repetitions, levels=levels)


def bootstrap_limits(sample, rng, n_draw=199):
    """Percentile limits of the months, clusters drawn with replacement."""
    options = {"by": "arm", "horizon": HORIZON}
    people, n_cluster, drawn = replace(sample, cluster=None), sample.cluster.max() + 1, []
    for _ in range(n_draw):
        times = np.bincount(rng.integers(0, n_cluster, n_cluster), minlength=n_cluster)
        weighted = replace(people, weight=times[sample.cluster] * 1.0, is_weighted=True)
        until = restricted_mean(weighted, cause="any", **options).rows["estimate"]
        since = time_lost(weighted, cause="work", **options).rows["estimate"]
        drawn.append([*until[PROGRAMME_AND_DIFFERENCE], *since[PROGRAMME_AND_DIFFERENCE]])
    return np.quantile(drawn, [0.025, 0.975], axis=0)


def bootstrap_coverage(n_cluster, repetitions):
    """Share of bootstrap intervals of the months that hold the truth, normal frailty."""
    family = FAMILIES["exits_normal"]
    truth = pd.Series(family.truth(n_cluster))[-4:]
    rng = np.random.default_rng([SEED, n_cluster])
    held = np.zeros(len(truth))
    for _ in range(repetitions):
        low, high = bootstrap_limits(family.draw(rng, 2000, n_cluster), rng)
        held += (low <= truth.to_numpy()) & (truth.to_numpy() <= high)
    return pd.Series(held / repetitions, index=truth.index)


def print_tables(name, repetitions, *, few):
    if name == "bootstrap":
        warnings.simplefilter("ignore", SmallSampleWarning)
        for n_cluster in (5, 10, 20):
            shares = bootstrap_coverage(n_cluster, repetitions)
            print(f"bootstrap, {n_cluster} clusters, R = {repetitions}\n{shares}", flush=True)
        return
    if few:
        warnings.simplefilter("ignore", SmallSampleWarning)
        for n_cluster, shares in few_clusters(name, repetitions):
            print(f"{name}, {n_cluster} clusters, R = {repetitions}\n{shares}", flush=True)
        return
    for cell_name, n, n_cluster in CELLS:
        if cell_name == name:
            shares = coverage(name, n, n_cluster, repetitions)
            missed = outside(shares[0.95], n, repetitions)
            print(f"{name}, n = {n}, clusters {n_cluster}, R = {repetitions}\n{shares}")
            print(f"tolerance {tolerance(n, repetitions):.4f}, outside {missed}", flush=True)


if __name__ == "__main__":
    family_name, share_of_repetitions, *rest = sys.argv[1:]
    print_tables(
        family_name,
        int(REPETITIONS.get(family_name, 1_000) * float(share_of_repetitions)),
        few="few" in rest,
    )
