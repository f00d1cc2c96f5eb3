"""Scoring of EQ-5D answers: columns, profile codes, crosswalk, a set of one's own, descriptions.

There is no package in Python to stand beside it. Seconds are of processor time of one thread, the
median of three; asked for are 5 million profiles in less than one. By hand:

    python benchmarks/health/eq5d.py 5000000
"""

import resource
import statistics
import sys
import time

import numpy as np
import pandas as pd

import evalkit as ek

DIMENSIONS = ["mo", "sc", "ua", "pd", "ad"]
REPEATS = 3


def answers(n: int, *, seed: int = 1) -> pd.DataFrame:
    """Levels drawn at random, five whole-number columns."""
    levels = np.random.default_rng(seed).integers(1, 6, (5, n), dtype=np.int8)
    return pd.DataFrame(dict(zip(DIMENSIONS, levels, strict=True)))


def codes(frame: pd.DataFrame) -> pd.Series:
    """Profile codes as they come from a file: equal texts are one object."""
    states = np.array(ek.state_table("EQ-5D-5L")["state"], dtype=object)
    place = np.zeros(len(frame), dtype=np.int64)
    for name in DIMENSIONS:
        place = place * 5 + frame[name].to_numpy() - 1
    return pd.Series(states[place])


def seconds(action) -> float:
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def main(sizes: list[int]) -> None:
    print("| task | profiles | seconds |\n|---|--:|--:|")
    for n in sizes:
        frame = answers(n)
        with_gaps = frame.astype(float).mask(np.random.default_rng(2).random((n, 5)) < 0.02)
        texts = codes(frame)
        tasks = {
            "eq5d_index, columns": lambda f=frame: ek.eq5d_index(f, value_set="SE-2020-TTO"),
            "eq5d_index, columns with missing answers": lambda f=with_gaps: ek.eq5d_index(
                f, value_set="SE-2020-TTO"
            ),
            "eq5d_index, profile codes": lambda t=texts: ek.eq5d_index(t, value_set="SE-2020-TTO"),
            "crosswalk, columns": lambda f=frame: ek.crosswalk(f, value_set="UK-1997-TTO"),
        }
        for name, task in tasks.items():
            print(f"| {name} | {n} | {seconds(task):.2f} |", flush=True)
        del with_gaps, texts
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nlargest memory of the process, data included: {peak:.0f} MiB")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [5_000_000])
