"""Set-up shared by all tests: no display, one BLAS thread."""

import gc
import os

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "Agg"

# Scripts that made the references; they need what only they use.
collect_ignore = ["truth/peers", "truth/r"]

# Files of a minute and more come first, so that no worker is left alone with one at the end.
LONG = ("test_reports.py", "test_real_pages.py", "test_odd_units.py", "test_why_method_matters.py",
        "test_traps.py", "test_synthetic_files.py")  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put the long files first; the order is random otherwise."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONG)))


def pytest_collection_finish():
    """Spare the collector the libraries and the tests themselves, which stay to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
