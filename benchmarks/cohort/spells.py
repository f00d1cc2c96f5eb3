"""Spells to person-months and exits, beside pandas, polars and duckdb doing the same.

Ten spells a person over ten years, some overlapping. Each engine starts from the same columns in
its own kind of table (person, first and last day) and gives, on each person's own clock from an
index month, the months with support and the first exit that lasts three months. All must agree.
The engines take turns, so that other work on the machine meets all of them; each run is a process
of its own with one thread, and a peer that is not installed is left out. Run by hand or by `make
bench`; never a test.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import gc
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.cohort.exits import sustained_exit
from evalkit.cohort.months import cover, month_number

MONTHS, FIRST, SUSTAINED = 120, (2015 - 1970) * 12, 3


def register(n_spell: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Spells of persons 0, 1, ... in no order, and each person's index month (number)."""
    rng = np.random.default_rng(20261)
    n_person = n_spell // 10
    start = rng.integers(0, MONTHS * 30, n_spell)
    days = np.minimum(rng.exponential(80, n_spell).astype(int) + 1, MONTHS * 30 - start)
    origin = np.datetime64("2015-01-01")
    spells = pd.DataFrame(
        {
            "person": rng.integers(0, n_person, n_spell),
            "start": (origin + start).astype("datetime64[ns]"),
            "end": (origin + start + days).astype("datetime64[ns]"),
        }
    )
    return spells, FIRST + 1970 * 12 + rng.integers(0, MONTHS - 24, n_person)


def by_evalkit(spells: pd.DataFrame, index_month: np.ndarray) -> tuple[int, int, int]:
    row = spells["person"].to_numpy()
    clock = index_month[row]
    cut = FIRST + 1970 * 12 + MONTHS - 1
    first, last = month_number(spells["start"]), month_number(spells["end"])
    np.minimum(last, cut, out=last)
    first -= clock
    last -= clock
    end = cut - index_month
    window = (0, int(end.max()))
    support = cover(row, first, last, n_person=len(index_month), window=window)
    found = sustained_exit(support, np.zeros_like(support), {}, k=SUSTAINED, last=end)
    exited = found.cause == "self_support"
    return int(support.sum()), int(exited.sum()), int(found.duration[exited].sum())


def by_pandas(spells: pd.DataFrame, index_month: np.ndarray) -> tuple[int, int, int]:
    clock = pd.Series(index_month)
    end = FIRST + 1970 * 12 + MONTHS - 1 - clock
    month = {
        name: spells[name].dt.year * 12 + spells[name].dt.month - 1 - spells["person"].map(clock)
        for name in ("start", "end")
    }
    low, high = month["start"].clip(lower=0), np.minimum(month["end"], spells["person"].map(end))
    kept = high >= low
    length = (high - low + 1)[kept].to_numpy()
    person = np.repeat(spells["person"][kept].to_numpy(), length)
    offset = np.arange(length.sum()) - np.repeat(length.cumsum() - length, length)
    months = pd.DataFrame(
        {"person": person, "month": np.repeat(low[kept].to_numpy(), length) + offset}
    )
    months = months.drop_duplicates()
    edges = [
        months,
        pd.DataFrame({"person": clock.index, "month": 0}),
        pd.DataFrame({"person": clock.index, "month": end + 1}),
    ]
    every = pd.concat(edges).sort_values(["person", "month"])
    gap = every["month"] - every.groupby("person")["month"].shift()
    exits = every.assign(begun=every["month"] - gap + 1)[gap > SUSTAINED]
    begun = exits.groupby("person")["begun"].first()
    return len(months), len(begun), int(begun.sum())


def by_polars(spells, index_month):
    import polars as pl

    last_month = FIRST + 1970 * 12 + MONTHS - 1

    def number(name: str) -> pl.Expr:
        return pl.col(name).dt.year().cast(pl.Int64) * 12 + pl.col(name).dt.month() - 1

    people = index_month.lazy()
    months = (
        spells.lazy()
        .join(people, on="person")
        .with_columns(
            low=(number("start") - pl.col("clock")).clip(lower_bound=0),
            high=pl.min_horizontal(number("end"), last_month) - pl.col("clock"),
        )
        .filter(pl.col("high") >= pl.col("low"))
        .select("person", month=pl.int_ranges("low", pl.col("high") + 1))
        .explode("month")
        .unique()
    )
    edges = [
        months,
        people.select("person", month=pl.lit(0, dtype=pl.Int64)),
        people.select("person", month=last_month + 1 - pl.col("clock")),
    ]
    begun = (
        pl.concat(edges)
        .sort("person", "month")
        .with_columns(gap=pl.col("month").diff().over("person"))
        .filter(pl.col("gap") > SUSTAINED)
        .group_by("person")
        .agg(begun=(pl.col("month") - pl.col("gap") + 1).min())
        .select(pl.len().alias("n"), pl.col("begun").sum())
    )
    counted, exits = pl.collect_all([months.select(pl.len()), begun])
    return counted.item(), exits["n"][0], exits["begun"][0]


DUCKDB = """
with people as (select person, clock, {last} - clock as high from index_month),
spans as (
  select person, greatest(year(s."start") * 12 + month(s."start") - 1 - clock, 0) as low,
         least(year(s."end") * 12 + month(s."end") - 1 - clock, high) as high
  from spells s join people using (person)),
months as materialized (
  select distinct person, unnest(range(low, high + 1)) as month from spans where high >= low),
edges as (
  select * from months union all select person, 0 from people
  union all select person, high + 1 from people),
gaps as (
  select person, month, lag(month) over (partition by person order by month) as before from edges),
exits as (select person, min(before + 1) as begun from gaps where month - before > {k} group by 1)
select (select count(*) from months), count(*), sum(begun) from exits
"""


def by_duckdb(connection, _) -> tuple[int, int, int]:
    last = FIRST + 1970 * 12 + MONTHS - 1
    found = connection.execute(DUCKDB.format(last=last, k=SUSTAINED)).fetchone()
    return tuple(int(value) for value in found)


def contestant(name: str, spells: pd.DataFrame, index_month: np.ndarray) -> tuple:
    """Function of an engine and its arguments, the tables loaded in its own form."""
    people = pd.DataFrame({"person": np.arange(len(index_month)), "clock": index_month})
    if name == "polars":
        import polars as pl

        return by_polars, pl.from_pandas(spells), pl.from_pandas(people)
    if name == "duckdb":
        import duckdb

        connection = duckdb.connect(config={"threads": 1})
        connection.execute("create table spells as select * from spells")
        connection.execute("create table index_month as select * from people")
        return by_duckdb, connection, None
    return by_evalkit if name == "evalkit" else by_pandas, spells, index_month


def run_one(name: str, n_spell: int) -> None:
    """Print result, processor seconds, and MiB at the peak above the process with its tables."""
    for size in (10_000, n_spell):  # the first loads what is loaded at first use
        function, *arguments = contestant(name, *register(size))
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak that the kernel remembers
        before, start = _memory("VmRSS"), time.process_time()
        result = function(*arguments)
        seconds = time.process_time() - start
    print(json.dumps([result, seconds, (_memory("VmHWM") - before) / 1024]))


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


def compare(n_spell: int, rounds: int) -> pd.DataFrame:
    """Median of the rounds by engine, each run a process of its own."""
    names = ["evalkit", "pandas"]
    names += [name for name in ("polars", "duckdb") if importlib.util.find_spec(name)]
    runs: dict[str, list] = {name: [] for name in names}
    for name in names * rounds:
        words = [sys.executable, __file__, str(n_spell), "--engine", name]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        runs[name].append(json.loads(done.stdout))
    results = {tuple(result) for found in runs.values() for result, *_ in found}
    if len(results) != 1:
        raise SystemExit(f"the engines disagree: {results}")
    rows = [
        {
            "engine": name,
            "seconds": statistics.median(seconds for _, seconds, _ in found),
            "MiB at the peak": round(max(peak for *_, peak in found)),
        }
        for name, found in runs.items()
    ]
    months, exits, _ = results.pop()
    print(f"{n_spell} spells of {n_spell // 10} persons: {months} person-months, {exits} exits\n")
    table = pd.DataFrame(rows)
    table.insert(2, "/ evalkit", (table["seconds"] / table["seconds"][0]).round(1))
    return table.round({"seconds": 2})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("spells", type=int, nargs="*", default=[3_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="300 000 spells, one round")
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.engine:
        run_one(chosen.engine, chosen.spells[0])
        return
    sizes, rounds = ([300_000], 1) if chosen.quick else (chosen.spells, chosen.rounds)
    for size in sizes:
        print(compare(size, rounds).to_markdown(index=False), end="\n\n")


if __name__ == "__main__":
    main()
