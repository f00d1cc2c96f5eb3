"""Writes survival_sets.csv: six small data sets on which R and evalkit are compared.

Run from this folder; equal seeds give equal files. Causes: 0 censored, 1 self_support, 2 pension,
3 died.
"""

import numpy as np
import pandas as pd

CAUSES = np.array(["censored", "self_support", "pension", "died"])


def drawn(n: int, rng: np.random.Generator, *, monthly: bool, hazards=(0.03, 0.012, 0.006)):
    frame = pd.DataFrame({
        "person": np.arange(n),
        "arm": np.where(rng.random(n) < 0.5, "programme", "comparison"),
        "age": np.round(rng.uniform(20, 62, n), 1),
        "score": np.round(rng.normal(size=n), 3),
        "sex": np.where(rng.random(n) < 0.55, "female", "male"),
        "region": np.array(["north", "middle", "south"])[rng.integers(0, 3, n)],
        "cluster": rng.integers(0, 14, n),
        "weight": np.round(rng.uniform(0.4, 2.5, n), 2),
    })  # fmt: skip
    linear = 0.5 * (frame["arm"] == "programme") - 0.02 * (frame["age"] - 40) + 0.2 * frame["score"]
    rates = np.array(hazards) * np.column_stack([np.exp(linear), np.ones(n), np.ones(n)])
    times = rng.exponential(1 / rates)
    end = rng.uniform(10, 40, n)
    first = np.minimum(times.min(axis=1), end)
    frame["cause"] = CAUSES[np.where(times.min(axis=1) <= end, times.argmin(axis=1) + 1, 0)]
    frame["time"] = np.ceil(first) if monthly else np.round(first, 6)
    frame["entry"] = 0.0
    return frame


def all_sets() -> pd.DataFrame:
    rng = np.random.default_rng(20261)
    monthly = drawn(400, rng, monthly=True)
    continuous = drawn(350, rng, monthly=False)
    late = drawn(400, rng, monthly=True)
    late["entry"] = np.where(
        rng.random(400) < 0.5, np.floor(late["time"] * rng.random(400) * 0.8), 0
    )
    strata = drawn(360, rng, monthly=True, hazards=(0.05, 0.02, 0.01))
    absent = drawn(300, rng, monthly=True)
    absent.loc[absent["cause"] == "died", "cause"] = "censored"
    absent.loc[(absent["cause"] == "pension") & (absent["arm"] == "programme"), "cause"] = (
        "censored"
    )
    single = drawn(60, rng, monthly=True)
    single["cause"] = "censored"
    single.loc[np.argsort(-single["time"].to_numpy())[20], "cause"] = "self_support"
    names = (
        "monthly",
        "continuous",
        "late_weighted_clustered",
        "strata",
        "cause_absent",
        "one_event",
    )
    parts = (monthly, continuous, late, strata, absent, single)
    return pd.concat([part.assign(set=name) for name, part in zip(names, parts, strict=True)])


if __name__ == "__main__":
    columns = ["set", "person", "entry", "time", "cause", "arm", "age", "score", "sex", "region",
               "cluster", "weight"]  # fmt: skip
    all_sets()[columns].to_csv("survival_sets.csv", index=False)
