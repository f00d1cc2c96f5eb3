"""Curves, incidences, log-rank and restricted means beside R, lifelines and statsmodels.

Same data, same run, same machine: the ratios count, not the seconds. Seconds are of processor time,
the median of three runs or more, so that other work on the machine disturbs little. Every engine
starts from its own table of the same persons; `evalkit` starts from a sample, `with sample` from
the pandas frame, so that checks, copies and digest are in it. R runs if `Rscript` is found. By
hand:

    python benchmarks/survival/curves.py 10000 100000 1000000
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff

import evalkit as ek

MONTHS, HORIZON = 60, 36
# Objects, so that equal texts are one object, as they are in a frame read from CSV or parquet.
CAUSES = np.array(["censored", "self_support", "other"], dtype=object)
ARMS = np.array(["comparison", "programme"], dtype=object)
PATIENCE = 120  # seconds that the calls of one estimator in R may take
REPEATS_IN_R = "3"
CALLS = 100_000  # persons that the calls of a run have in all
# Their time grows with the square of the number of distinct times; one call takes minutes.
SLOW = {("Aalen-Johansen", "R"): 10_000, ("Aalen-Johansen", "lifelines"): 10_000}

R_SCRIPT = """
suppressMessages(library(survival))
given <- commandArgs(TRUE); folder <- given[1]; n <- as.integer(given[2])
repeats <- as.integer(given[3]); skip <- given[4]
calls <- as.integer(given[6])  # the clock counts in milliseconds
read <- function(name, what, size) readBin(file.path(folder, name), what, n, size = size)
d <- data.frame(time = read("time", "double", 8), code = read("code", "integer", 4))
d$arm <- c("comparison", "programme")[read("arm", "integer", 4) + 1]
d$event <- d$code > 0; d$id <- seq_len(n)
d$state <- factor(d$code, 0:2, c("censored", "self_support", "other"))
run <- list(
  "Kaplan-Meier" = function() survfit(Surv(time, event) ~ 1, d),
  "Aalen-Johansen" = function() survfit(Surv(time, state) ~ 1, d, id = id),
  "log-rank" = function() survdiff(Surv(time, event) ~ arm, d),
  "restricted mean" = function() summary(survfit(Surv(time, event) ~ 1, d), rmean = 36)$table)
for (name in setdiff(names(run), skip)) {
  taken <- tryCatch({
    setTimeLimit(elapsed = as.numeric(given[5]), transient = TRUE)
    median(sapply(seq_len(repeats), function(i) {
      sum(system.time(for (again in seq_len(calls)) run[[name]]())[1:2]) / calls
    }))
  }, error = function(e) NA)
  setTimeLimit()
  cat(name, taken, "\\n", sep = "\\t")
}
"""


def register(n: int, *, monthly: bool, seed: int = 1) -> pd.DataFrame:
    """Persons with two causes of exit and censoring; whole months or continuous time."""
    rng = np.random.default_rng(seed)
    exits = rng.exponential(1 / np.array([0.02, 0.008]), (n, 2))
    end = rng.uniform(12, MONTHS, n)
    first = np.minimum(exits.min(axis=1), end)
    code = np.where(exits.min(axis=1) <= end, exits.argmin(axis=1) + 1, 0)
    return pd.DataFrame(
        {"time": np.ceil(first) if monthly else first, "code": code, "cause": CAUSES[code],
         "event": code > 0, "arm": ARMS[rng.integers(0, 2, n)]}
    )  # fmt: skip


def seconds(action: Callable[[], object], repeats: int, n: int) -> float:
    """Processor time of a call in the median run, after one that is not counted.

    A run has as many calls as in R, so that short ones are timed alike.
    """
    action()
    taken, calls = [], max(1, CALLS // n)
    for _ in range(repeats):
        start = time.process_time()
        for _ in range(calls):
            action()
        taken.append((time.process_time() - start) / calls)
    return statistics.median(taken)


def any_exit(frame: pd.DataFrame) -> ek.TimeToEvent:
    return ek.TimeToEvent.from_frame(frame, duration="time", event="event", arm="arm")


def by_cause(frame: pd.DataFrame) -> ek.TimeToEvent:
    return ek.TimeToEvent.from_frame(
        frame, duration="time", cause="cause", censored="censored", arm="arm"
    )


ESTIMATORS = {
    "Kaplan-Meier": (any_exit, ek.kaplan_meier),
    "Aalen-Johansen": (by_cause, ek.cumulative_incidence),
    "log-rank": (any_exit, lambda sample: ek.logrank_test(sample, by="arm")),
    "restricted mean": (any_exit, lambda sample: ek.restricted_mean(sample, horizon=HORIZON)),
}
PEERS = {
    ("Kaplan-Meier", "lifelines"): lambda f: KaplanMeierFitter().fit(f["time"], f["event"]),
    ("Kaplan-Meier", "statsmodels"): lambda f: SurvfuncRight(f["time"], f["event"]),
    ("Aalen-Johansen", "lifelines"): lambda f: AalenJohansenFitter().fit(
        f["time"], f["code"], event_of_interest=1
    ),
    ("Aalen-Johansen", "statsmodels"): lambda f: CumIncidenceRight(f["time"], f["code"]),
    ("log-rank", "lifelines"): lambda f: multivariate_logrank_test(f["time"], f["arm"], f["event"]),
    ("log-rank", "statsmodels"): lambda f: survdiff(f["time"], f["event"], f["arm"]),
}


def is_slow(name: str, engine: str, n: int, *, monthly: bool) -> bool:
    limit = SLOW.get((name, engine), np.inf)
    return n > (100_000 if monthly and engine == "R" else limit)


def in_python(frame: pd.DataFrame, *, monthly: bool, repeats: int) -> dict:
    """Seconds by estimator and engine."""
    found, n = {}, len(frame)
    for name, (sampled, estimate) in ESTIMATORS.items():
        sample = sampled(frame)
        found[name, "evalkit"] = seconds(lambda s=sample, e=estimate: e(s), repeats, n)
        found[name, "with sample"] = seconds(
            lambda s=sampled, e=estimate: e(s(frame)), max(repeats // 2, 3), n
        )
    for (name, engine), call in PEERS.items():
        if not is_slow(name, engine, n, monthly=monthly):
            found[name, engine] = seconds(lambda c=call: c(frame), max(repeats // 2, 3), n)
    return found


def in_r(frame: pd.DataFrame, *, monthly: bool) -> dict:
    """Seconds by estimator in R; empty where there is no R."""
    program = shutil.which("Rscript")
    if program is None:
        return {}
    skip = "Aalen-Johansen" if is_slow("Aalen-Johansen", "R", len(frame), monthly=monthly) else ""
    with tempfile.TemporaryDirectory() as folder:
        frame["time"].to_numpy(dtype="<f8").tofile(Path(folder) / "time")
        frame["code"].to_numpy(dtype="<i4").tofile(Path(folder) / "code")
        (frame["arm"] == "programme").to_numpy(dtype="<i4").tofile(Path(folder) / "arm")
        script = Path(folder) / "run.R"
        script.write_text(R_SCRIPT, encoding="utf-8")
        printed = subprocess.run(
            [program, script, folder, str(len(frame)), REPEATS_IN_R, skip, str(PATIENCE),
             str(max(1, CALLS // len(frame)))],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    lines = [line.split("\t") for line in printed.splitlines()]
    return {(line[0], "R"): float(line[1].replace("NA", "nan")) for line in lines}


def compare(n: int, *, monthly: bool) -> pd.DataFrame:
    """One row an estimator, one column an engine, in seconds."""
    frame = register(n, monthly=monthly)
    repeats = 9 if n <= 100_000 else 5
    found = in_python(frame, monthly=monthly, repeats=repeats) | in_r(frame, monthly=monthly)
    table = pd.Series(found).unstack().reindex(index=list(ESTIMATORS))
    table = table.reindex(columns=["evalkit", "with sample", "R", "lifelines", "statsmodels"])
    table["R / evalkit"] = table["R"] / table["evalkit"]
    table["evalkit / statsmodels"] = table["evalkit"] / table["statsmodels"]
    table.insert(0, "n", n)
    table.insert(0, "time", "monthly" if monthly else "continuous")
    return table.rename_axis("estimator").reset_index()


def main() -> None:
    """Print a table for the numbers of persons given, by default 10 000 and 100 000."""
    warnings.simplefilter("ignore")  # lifelines tells that it moves ties apart at random
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 100_000]
    if shutil.which("Rscript") is None:
        print("R is not installed: its column is empty.")
    tables = [compare(n, monthly=monthly) for n in sizes for monthly in (True, False)]
    table = pd.concat(tables, ignore_index=True)
    print(table.to_markdown(index=False, floatfmt=".3g", missingval=""))


if __name__ == "__main__":
    main()
