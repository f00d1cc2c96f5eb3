"""Curves and Cox models beside lifelines and statsmodels: same data, same run, median of three.

Run by hand or by `make bench`; never a test. Times are of one process on the machine at hand, so
the ratios count, not the seconds.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight

import evalkit as ek

COVARIATES = [f"x{number}" for number in range(10)]
MONTHS = 60


def register(n: int, *, monthly: bool, seed: int = 1) -> pd.DataFrame:
    """Persons with ten covariates, exits and censoring; whole months or continuous time."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 10)), columns=COVARIATES)
    rate = 0.02 * np.exp(0.2 * frame["x0"] - 0.1 * frame["x1"])
    exit_time = rng.exponential(1 / rate)
    end = rng.uniform(12, MONTHS, n)
    time_seen = np.minimum(exit_time, end)
    frame["time"] = np.ceil(time_seen) if monthly else time_seen
    frame["event"] = exit_time <= end
    return frame


def seconds(action: Callable[[], object]) -> float:
    """Median of three runs."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def compare(n: int, *, monthly: bool) -> pd.DataFrame:
    """Times of each estimator and its peers."""
    frame = register(n, monthly=monthly)
    sample = ek.TimeToEvent.from_frame(frame, duration="time", event="event")
    formula = " + ".join(COVARIATES)
    columns = [*COVARIATES, "time", "event"]
    runs = {
        ("Kaplan-Meier", "evalkit"): lambda: ek.kaplan_meier(sample),
        ("Kaplan-Meier", "lifelines"): lambda: KaplanMeierFitter().fit(
            frame["time"], frame["event"]
        ),
        ("Kaplan-Meier", "statsmodels"): lambda: SurvfuncRight(frame["time"], frame["event"]),
        ("Cox, Efron", "evalkit"): lambda: ek.cox(sample, formula),
        ("Cox, Efron", "lifelines"): lambda: CoxPHFitter().fit(frame[columns], "time", "event"),
        ("Cox, Efron", "statsmodels"): lambda: PHReg(
            frame["time"], frame[COVARIATES], status=frame["event"], ties="efron"
        ).fit(),
    }
    rows = [(*name, seconds(action)) for name, action in runs.items()]
    table = pd.DataFrame(rows, columns=["estimator", "engine", "seconds"])
    return table.assign(n=n, time="monthly" if monthly else "continuous")


def main() -> None:
    """Print the table for the numbers of persons given, by default 10 000 and 100 000."""
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 100_000]
    tables = [compare(n, monthly=monthly) for n in sizes for monthly in (True, False)]
    table = pd.concat(tables)
    wide = table.pivot(index=["estimator", "time", "n"], columns="engine", values="seconds")
    print(wide.round(4).to_string())


if __name__ == "__main__":
    main()
