"""Seconds, memory and bytes of a made-up nation, by number of persons, without and with the truth.

Run by hand or by `make bench`; never a test. Persons are drawn in parts by worker processes, so
the memory of the largest process counts, and hardly grows with the nation. The time of the truth
does not depend on the number of persons.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from evalkit.synthetic import synthesise
from evalkit.synthetic.files import count_rows

MUNICIPALITIES, WORKERS = 290, 2
PER_MIB = 1024 if sys.platform == "linux" else 1024**2


def peak_mib(who: int) -> float:
    """Largest resident memory so far, of this process or of the largest finished child."""
    return resource.getrusage(who).ru_maxrss / PER_MIB


def cpu_seconds() -> float:
    """Processor time so far, of this process and its finished children."""
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(spent.ru_utime + spent.ru_stime for spent in times)


def measure(persons: int, country: str, workers: int, truth: bool) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        start, used = time.perf_counter(), cpu_seconds()
        files = synthesise(
            Path(folder) / "nation",
            country=country,
            municipalities=MUNICIPALITIES,
            persons=persons,
            workers=workers,
            truth=truth,
        )
        seconds, used = time.perf_counter() - start, cpu_seconds() - used
        return {
            "country": country,
            "persons": persons,
            "workers": workers,
            "truth": truth,
            "seconds": round(seconds, 1),
            "processor seconds": round(used, 1),
            "parent MiB": round(peak_mib(resource.RUSAGE_SELF)),
            "largest child MiB": round(peak_mib(resource.RUSAGE_CHILDREN)),
            "files": len(files),
            "rows": count_rows(files),
            "megabytes": round(sum(file.stat().st_size for file in files) / 1e6, 1),
        }


def main() -> None:
    """Print the figures for the numbers of persons given, by default 300 000."""
    sizes = [int(word) for word in sys.argv[1:]] or [300_000]
    rows = [measure(persons, "SE", WORKERS, truth) for persons in sizes for truth in (False, True)]
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
