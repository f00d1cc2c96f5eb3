"""Write a synthetic study: its tables, its study file and its truth, the same on every run."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from multiprocessing import current_process, get_context
from pathlib import Path

import pandas as pd

from evalkit.errors import EvalkitError, ParameterError
from evalkit.synthetic.countries import COUNTRIES, Country
from evalkit.synthetic.files import (
    STUDY_FILE,
    TRUTH_FILE,
    replaced,
    write_csv,
    write_parquet,
)
from evalkit.synthetic.money import with_tariffs
from evalkit.synthetic.parts import OF_PERSONS, Part, Plan, common_tables, make_tables, parts_of
from evalkit.synthetic.places import nation_places, study_places
from evalkit.synthetic.protocol import study_text
from evalkit.synthetic.scenario import SMALL, make_scenario
from evalkit.synthetic.truth import truth_text

MONTHS, FEWEST_MONTHS, MOST_MONTHS = 60, 40, 72
NATION_DIGITS = 7
Task = Callable[[], list[Path]]  # writes files and tells their names, relative to the folder
GUARD = "a script has to call it under 'if __name__ == \"__main__\":'"


def synthesise(
    folder: str | Path, *, country: str = "SE", seed: int = 20261, truth: bool = True,
    municipalities: int | None = None, persons: int | None = None,
    scenario: Sequence[str] = (), tariffs: str | Path | None = None, workers: int = 1,
    months: int = MONTHS,
) -> list[Path]:  # fmt: skip
    """Write a synthetic study of a country into a folder.

    Parameters
    ----------
    folder : path
        Made where it does not exist; a made-up study that it holds is replaced.
    country : {"SE", "FI"}
        Sweden: 10 municipalities, about 3 200 persons. Finland: 4 and 1 200.
    seed : int
        Everything is drawn from it; equal seeds give equal bytes.
    truth : bool
        Whether to simulate the true values too (a minute or two).
    municipalities, persons : int
        Size of a whole nation instead of the small study: observational, in parquet, the tables
        that grow with persons as folders with one file a municipality.
    scenario : sequence of str
        Switches of `evalkit.synthetic.scenario.SWITCHES`, the later overruling the earlier.
    tariffs : path
        Tariff file whose amounts replace the made-up ones.
    workers : int
        Processes that draw a nation and its true values; the bytes do not depend on it.
    months : int
        Months of a nation's records.

    Returns
    -------
    list of Path
        The files written, in order.

    Raises
    ------
    ParameterError
        If an argument is none of those allowed, or the folder holds other files.
    EvalkitError
        If one of several processes ends before its part is written.

    Notes
    -----
    Everything is made up: no person, place, price or package in it exists.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = synthesise(folder, country="FI", truth=False)
    >>> [path.name for path in written][:3]
    ['costs.csv', 'forms.csv', 'health.csv']
    """
    _check_choices(country, municipalities, persons, months, workers)
    if workers > 1 and getattr(current_process(), "_inheriting", False):
        # A process that is only starting has run the script that began it; it writes nothing.
        raise EvalkitError(f"synthesise: {GUARD}")
    folder, nation = Path(folder), municipalities is not None
    there = COUNTRIES[country]
    there = with_tariffs(there, tariffs) if tariffs is not None else there
    if nation:
        plan = _nation(there, seed, municipalities, persons, scenario, months)
    else:
        plan = small_plan(there, seed, scenario)
    with replaced(folder) as draft:
        (draft / STUDY_FILE).write_bytes(
            study_text(there, plan.scenario, seed, nation=nation).encode("utf-8")
        )
        others = [partial(_write_truth, plan, draft)] if truth else []
        if nation:
            files = _write_nation(plan, draft, others, workers)
        else:
            files = [*_write_small(plan, draft), *_one_by_one(others)]
    return [folder / file for file in sorted([*files, Path(STUDY_FILE)])]


def _check_choices(
    country: str, municipalities: int | None, persons: int | None, months: int, workers: int
) -> None:
    if country not in COUNTRIES:
        raise ParameterError(f"country: must be one of {', '.join(COUNTRIES)}")
    if (municipalities is None) != (persons is None):
        raise ParameterError("municipalities, persons: give both for a nation, or none of them")
    if municipalities is None and months != MONTHS:
        raise ParameterError("months: only for a nation, with municipalities and persons")
    if not FEWEST_MONTHS <= months <= MOST_MONTHS:
        raise ParameterError(f"months: must be {FEWEST_MONTHS} to {MOST_MONTHS}")
    if workers < 1:
        raise ParameterError("workers: must be at least 1")


def small_plan(country: Country, seed: int, switches: Sequence[str] = ()) -> Plan:
    """The small study of a country."""
    return Plan(country, make_scenario(*switches, base=SMALL), study_places(country), seed)


def _nation(
    country: Country, seed: int, municipalities: int, persons: int, switches: Sequence[str],
    months: int,
) -> Plan:  # fmt: skip
    scenario = replace(make_scenario(*switches), n_month=months, last_start=months - 1)
    places = nation_places(country, municipalities, persons, scenario, seed)
    return Plan(country, scenario, places, seed, NATION_DIGITS)


def _write_small(plan: Plan, draft: Path) -> list[Path]:
    """One CSV file a table; names relative to the folder."""
    parts = [make_tables(plan, part) for part in parts_of(plan.places)]
    tables = common_tables(plan)
    tables |= {name: pd.concat([part[name] for part in parts]) for name in OF_PERSONS}
    files = {Path(f"{name}.csv"): frame for name, frame in sorted(tables.items())}
    for file, frame in files.items():
        write_csv(frame, draft / file)
    return list(files)


def _write_nation(plan: Plan, draft: Path, others: list[Task], workers: int) -> list[Path]:
    """Parquet: a folder of parts for each table that grows with persons, a file for the others.

    `others` are tasks that the processes take first, since each lasts longer than any part.
    """
    files = []
    for name, frame in common_tables(plan).items():
        files.append(Path(f"{name}.parquet"))
        write_parquet(name, frame, draft / files[-1])
    for name in OF_PERSONS:
        (draft / f"{name}.parquet").mkdir()
    # The largest first, so that no process is left with one of them at the end.
    parts = sorted(parts_of(plan.places), key=lambda part: -part.n_person)
    tasks = [*others, *(partial(_write_part, plan, draft, part) for part in parts)]
    return files + (_one_by_one(tasks) if workers == 1 else _together(tasks, workers))


def _one_by_one(tasks: list[Task]) -> list[Path]:
    return [file for task in tasks for file in task()]


def _together(tasks: list[Task], workers: int) -> list[Path]:
    """Do the tasks in so many processes."""
    try:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            return [file for written in pool.map(_call, tasks) for file in written]
    except BrokenProcessPool:
        raise EvalkitError(
            f"synthesise: one of {workers} processes ended before its part was written, as if out "
            f"of memory or killed; {GUARD}. With workers=1 no other process is needed"
        ) from None


def _call(task: Task) -> list[Path]:
    return task()


def _write_part(plan: Plan, draft: Path, part: Part) -> list[Path]:
    files = []
    for name, frame in make_tables(plan, part).items():
        files.append(Path(f"{name}.parquet") / f"{part.name}.parquet")
        write_parquet(name, frame, draft / files[-1])
    return files


def _write_truth(plan: Plan, draft: Path) -> list[Path]:
    text = truth_text(plan.country, plan.scenario, plan.places, plan.seed)
    (draft / TRUTH_FILE).write_bytes(text.encode("utf-8"))
    return [Path(TRUTH_FILE)]
