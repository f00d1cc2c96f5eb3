"""Two-way fixed effects beside pyfixest and linearmodels: same rows, a process each, one table.

    python benchmarks/panel/fixed_effects.py             # 100 000 persons
    python benchmarks/panel/fixed_effects.py 1000000     # a million: 4 million rows, 6 GiB

Up to five waves of each person, a fifth of the answers missing, five covariates, errors by person
and by municipality. Seconds are processor time of one thread from the loaded panel (or frame) to
coefficients and errors, formula included: median of three, after one fit that compiles and loads.
Peak is the greatest memory of the process, data included. Peers that are not installed are left
out.
"""

import gc
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import pandas as pd

COVARIATES = [f"x{number}" for number in range(5)]
FORMULA = " + ".join(COVARIATES)
CLUSTERS = ("person", "municipality")
FORCED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
RUNS = 3


def register(n: int, *, seed: int = 1) -> pd.DataFrame:
    """Rows of n persons: score, covariates (the first with the level), wave and municipality."""
    rng = np.random.default_rng(seed)
    person, wave = np.nonzero(rng.random((n, 5)) < 0.8)
    level = rng.normal(0, 0.2, n)
    columns = {name: rng.normal(size=len(person)) for name in COVARIATES}
    columns["x0"] = columns["x0"] + level[person]
    score = 0.5 + level[person] + 0.01 * wave + rng.normal(0, 0.3, len(person))
    for number, name in enumerate(COVARIATES):
        score += 0.02 * number * columns[name]
    municipality = rng.integers(0, 290, n)[person]
    return pd.DataFrame(
        {"person": person, "wave": 6 * wave, "municipality": municipality, "score": score} | columns
    )


def by_evalkit(frame: pd.DataFrame):
    import evalkit as ek

    panel = ek.HealthPanel.from_frame(frame, person="person", wave="wave", outcome="score")
    del frame

    def fit(cluster: str):
        table = ek.fixed_effects(panel, FORMULA, wave_effects=True, cluster=cluster).tidy()
        return table["estimate"], table["std_error"]

    return fit


def by_pyfixest(frame: pd.DataFrame):
    import pyfixest

    def fit(cluster: str):
        model = pyfixest.feols(f"score ~ {FORMULA} | person + wave", frame, vcov={"CRV1": cluster})
        return model.coef(), model.se()

    return fit


def by_linearmodels(frame: pd.DataFrame):
    from linearmodels.panel import PanelOLS

    # Persons of a single row are dropped for all alike; evalkit and pyfixest drop them themselves.
    size = frame.groupby("person")["wave"].transform("size")
    indexed = frame[size > 1].set_index(["person", "wave"])
    people = pd.DataFrame({"person": indexed.index.get_level_values(0)}, index=indexed.index)

    def fit(cluster: str):
        formula = f"score ~ {FORMULA} + EntityEffects + TimeEffects"
        clusters = people if cluster == "person" else indexed[["municipality"]]
        result = PanelOLS.from_formula(formula, indexed).fit(
            cov_type="clustered", clusters=clusters, auto_df=False, count_effects=False,
            group_debias=True,
        )  # fmt: skip
        return result.params, result.std_errors

    return fit


ENGINES = {"evalkit": by_evalkit, "pyfixest": by_pyfixest, "linearmodels": by_linearmodels}


def run(engine: str, n: int) -> dict:
    """Seconds, memory and numbers of one engine in this process."""
    warm = ENGINES[engine](register(2_000))
    for cluster in CLUSTERS:
        warm(cluster)
    fit = ENGINES[engine](register(n))
    found = {}
    for cluster in CLUSTERS:
        taken = []
        for _ in range(RUNS):
            gc.collect()
            start = time.process_time()
            estimate, error = fit(cluster)
            taken.append(time.process_time() - start)
        found[cluster] = {
            "seconds": statistics.median(taken),
            "estimate": list(map(float, estimate)),
            "error": list(map(float, error)),
        }
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, **found}


def loading(n: int) -> dict:
    """Seconds that the sample takes from its frame, unlike the fits."""
    import evalkit as ek

    frame = register(n)
    columns = {"person": "person", "wave": "wave", "outcome": "score", "cluster": "municipality"}
    ek.HealthPanel.from_frame(frame.head(1_000), **columns)
    taken = []
    for _ in range(RUNS):
        start = time.process_time()
        ek.HealthPanel.from_frame(frame, **columns)
        taken.append(time.process_time() - start)
    return {"seconds": statistics.median(taken)}


def in_a_process(what: str, n: int) -> dict:
    kept = {name: value for name, value in os.environ.items() if name not in FORCED}
    done = subprocess.run(
        [sys.executable, __file__, what, str(n)],
        env=kept | dict.fromkeys(THREADS, "1"), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def compare(n: int) -> pd.DataFrame:
    present = [name for name in ENGINES if importlib.util.find_spec(name) is not None]
    found = {name: in_a_process(name, n) for name in present}
    ours = found["evalkit"]
    rows = []
    for cluster in CLUSTERS:
        for name, result in found.items():
            estimate, error = (np.array(result[cluster][key]) for key in ("estimate", "error"))
            apart = np.abs(estimate - ours[cluster]["estimate"]).max()
            wider = np.abs(error / ours[cluster]["error"] - 1).max()
            rows.append(
                {
                    "persons": n,
                    "errors by": cluster,
                    "engine": name,
                    "seconds": round(result[cluster]["seconds"], 2),
                    "/ evalkit": round(result[cluster]["seconds"] / ours[cluster]["seconds"], 1),
                    "peak MiB": round(result["peak"]),
                    "coefficients apart": f"{apart:.0e}",
                    "errors apart": f"{wider:.0e}",
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] in (*ENGINES, "loading"):
        what, n = sys.argv[1], int(sys.argv[2])
        print(json.dumps(loading(n) if what == "loading" else run(what, n)))
        return
    for n in [int(word) for word in sys.argv[1:]] or [100_000]:
        print(compare(n).to_markdown(index=False))
        seconds = in_a_process("loading", n)["seconds"]
        print(f"\nHealthPanel.from_frame, {n} persons: {seconds:.2f} s\n")


if __name__ == "__main__":
    main()
