"""Hazard models beside R, lifelines, statsmodels and comprisk: same persons, same run, one table.

    python benchmarks/survival/hazards.py            # 10 000 and 100 000 persons
    python benchmarks/survival/hazards.py 1000000    # a million, without peers that take hours

Seconds are processor time of one thread (so that a busy machine changes ratios little), from data
or sample to estimates and errors, formula included: median of three. Making evalkit's sample has a
row of its own. R is run by Rscript if it is there, and comprisk (no dependency) if it is installed;
a line says what is left out.
"""

import gc
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import evalkit as ek

COVARIATES = [f"x{number}" for number in range(10)]
FORMULA = " + ".join(COVARIATES)
MONTHS = 60
FORCED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
LARGE = 100_000  # above it, only peers that end within minutes
LIMIT = {"expanded": 100_000, "slow": 10_000, "cluster": 10_000}

R_SCRIPT = """
suppressMessages({library(survival)})
args <- commandArgs(TRUE)
d <- read.csv(args[1]); runs <- as.integer(args[2]); wanted <- args[-(1:2)]
x <- paste0("x", 0:9, collapse = "+")
control <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50, timefix = FALSE)
f <- function(left) as.formula(paste(left, "~", x))
d$outcome <- factor(d$cause, c("none", "work", "died"))
d$row <- seq_len(nrow(d))
run <- list(
  cox = function() coxph(f("Surv(time, work)"), d, control = control),
  `cox, clustered` = function() {
    coxph(f("Surv(time, work)"), d, cluster = cluster, control = control)
  },
  fine_gray = function() {
    long <- finegray(f("Surv(time, outcome)"), d, etype = "work", id = row, timefix = FALSE)
    coxph(f("Surv(fgstart, fgstop, fgstatus)"), long, weights = fgwt, ties = "breslow",
          control = control, robust = FALSE)
  },
  proportional_hazards_test = function() {
    cox.zph(coxph(f("Surv(time, work)"), d, control = control))
  },
  concordance = function() concordance(coxph(f("Surv(time, work)"), d, control = control))
)
for (name in wanted) {
  taken <- sapply(seq_len(runs), function(i) sum(system.time(run[[name]]())[1:2]))
  cat(name, median(taken), sep = "\\t", fill = TRUE)
}
"""


def register(n: int, *, monthly: bool, seed: int = 1) -> pd.DataFrame:
    """Persons with ten covariates, two exits, censoring and 98 clusters."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 10)), columns=COVARIATES)
    rates = np.column_stack([0.02 * np.exp(0.2 * frame["x0"] - 0.1 * frame["x1"]), [0.008] * n])
    exits, end = rng.exponential(1.0 / rates), rng.uniform(12, MONTHS, n)
    first = np.minimum(exits.min(axis=1), end)
    frame["time"] = np.ceil(first) if monthly else first
    names = np.array(["work", "died", "none"])
    frame["cause"] = names[np.column_stack([exits, end]).argmin(axis=1)]
    frame["work"] = frame["cause"] == "work"
    frame["cluster"] = rng.integers(0, 98, n)
    return frame


def seconds(action, runs: int) -> float:
    taken = []
    for _ in range(runs):
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def ours(frame: pd.DataFrame) -> dict:
    def sample(**columns):
        return ek.TimeToEvent.from_frame(
            frame, duration="time", cause="cause", censored="none", **columns
        )

    plain, clustered = sample(), sample(cluster="cluster")
    return {
        "sample": sample,
        "cox": lambda: ek.cox(plain, FORMULA, cause="work"),
        "cox, clustered": lambda: ek.cox(clustered, FORMULA, cause="work"),
        "fine_gray": lambda: ek.fine_gray(plain, FORMULA, cause="work"),
        "proportional_hazards_test": lambda: ek.proportional_hazards_test(
            plain, FORMULA, cause="work"
        ),
        "concordance": lambda: ek.concordance(plain, FORMULA, cause="work"),
    }


def by_python(frame: pd.DataFrame, *, monthly: bool) -> dict:
    from lifelines import CoxPHFitter
    from statsmodels.duration.hazard_regression import PHReg

    n = len(frame)
    data = frame[[*COVARIATES, "time", "work"]].astype(float)
    runs = {}
    if monthly or n <= LIMIT["slow"]:
        runs["cox", "lifelines"] = lambda: CoxPHFitter().fit(data, "time", "work")
    if n <= (LARGE if monthly else LIMIT["slow"]):
        runs["cox", "statsmodels"] = lambda: PHReg(
            data["time"], data[COVARIATES], status=data["work"], ties="efron"
        ).fit()
    if n <= LIMIT["cluster"]:
        grouped = data.assign(cluster=frame["cluster"])
        runs["cox, clustered", "lifelines"] = lambda: CoxPHFitter().fit(
            grouped, "time", "work", cluster_col="cluster"
        )
    return runs | by_comprisk(frame)


def by_comprisk(frame: pd.DataFrame) -> dict:
    """Its Fine-Gray model with robust errors, the distribution of censoring taken as known."""
    if importlib.util.find_spec("comprisk") is None:
        print("comprisk is not installed: it is left out")
        return {}
    from comprisk import FineGrayRegression

    values, time_seen = frame[COVARIATES].to_numpy(), frame["time"].to_numpy()
    code = frame["cause"].map({"none": 0, "work": 1, "died": 2}).to_numpy()
    model = FineGrayRegression(robust_se=True, gtol=1e-9, max_iter=50)
    return {("fine_gray", "comprisk"): lambda: model.fit(values, time=time_seen, event=code)}


def by_r(frame: pd.DataFrame, *, monthly: bool, runs: int) -> dict:
    """Seconds by model; none without R."""
    if shutil.which("Rscript") is None:
        print("Rscript is not on the path: R is left out")
        return {}
    n = len(frame)
    wanted = ["cox"]
    wanted += ["proportional_hazards_test", "concordance"] if n <= LARGE else []
    wanted += ["cox, clustered"] if n <= LIMIT["cluster"] else []
    wanted += ["fine_gray"] if n <= (LIMIT["expanded"] if monthly else LIMIT["slow"]) else []
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "data.csv", Path(folder) / "run.R"
        frame.assign(work=frame["work"].astype(int)).to_csv(data, index=False)
        script.write_text(R_SCRIPT)
        done = subprocess.run(
            ["Rscript", str(script), str(data), str(runs), *wanted],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    lines = [line.split("\t") for line in done.stdout.splitlines() if line]
    return {name: float(taken) for name, taken in lines}


def compare(n: int, *, monthly: bool) -> list[dict]:
    frame = register(n, monthly=monthly)
    runs = 3
    times = {(name, "evalkit"): seconds(action, 3) for name, action in ours(frame).items()}
    for key, action in by_python(frame, monthly=monthly).items():
        times[key] = seconds(action, runs)
    for name, taken in by_r(frame, monthly=monthly, runs=runs).items():
        times[name, "R"] = taken
    kind = "monthly" if monthly else "continuous"
    return [
        {"model": name, "persons": n, "time": kind, "engine": engine, "seconds": taken}
        for (name, engine), taken in times.items()
    ]


def peaks(n: int) -> dict[str, float]:
    """MiB that each model takes at its peak above the process with the samples loaded."""
    status = Path("/proc/self/clear_refs")
    if not status.exists():
        return {}
    for action in ours(register(1_000, monthly=True)).values():
        action()  # loads what is loaded at first use
    found = {}
    for kind in ("monthly", "continuous"):
        for name, action in ours(register(n, monthly=kind == "monthly")).items():
            gc.collect()
            status.write_text("5")  # resets the peak that the kernel remembers
            before = _memory("VmRSS")
            action()
            found[f"{name}, {kind}"] = (_memory("VmHWM") - before) / 1024
    return found


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


def markdown(rows: list[dict]) -> str:
    table = pd.DataFrame(rows).pivot(
        index=["model", "time", "persons"], columns="engine", values="seconds"
    )
    for engine in [name for name in table.columns if name != "evalkit"]:
        table[f"{engine} / evalkit"] = (table[engine] / table["evalkit"]).round(1)
    return table.reset_index().round(3).to_markdown(index=False)


def single_threaded() -> None:
    """Start again with one thread and the processor's own kernels, which numpy reads at import."""
    names = ("OPENBLAS", "OMP", "MKL", "NUMBA")
    wanted = dict.fromkeys([f"{name}_NUM_THREADS" for name in names], "1")
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        kept = {name: value for name, value in os.environ.items() if name not in FORCED}
        os.execve(sys.executable, [sys.executable, *sys.argv], kept | wanted)


def main() -> None:
    single_threaded()
    compare(2_000, monthly=True)  # loads what is loaded at first use
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 100_000]
    rows = [row for n in sizes for monthly in (True, False) for row in compare(n, monthly=monthly)]
    print(markdown(rows))
    print(f"\nMiB at the peak above the process with the sample, {max(sizes)} persons:\n")
    print(pd.Series(peaks(max(sizes)), name="MiB").round(0).to_markdown())


if __name__ == "__main__":
    main()
