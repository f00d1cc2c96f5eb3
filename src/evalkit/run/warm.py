"""What every warm process has when it begins: imports, fonts and one empty figure, nothing else.

The parent of the warm processes imports this module once. It loads the public names as a notebook
would, by name, and calls none of them: no estimator runs and no study is opened. What a fresh
process has (warnings filters, matplotlib's settings, random state) is as it was.
"""

import errno
import gc
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import reduction, spawn

_START = time.perf_counter()
KERNEL = (
    "IPython.core.completer",
    "IPython.core.interactiveshell",
    "ipykernel.compiler",
    "ipykernel.displayhook",
    "ipykernel.kernelbase",
    "ipykernel.zmqshell",
)
# What a first cell would otherwise wait for, besides the public names.
MODULES = (
    "matplotlib_inline.backend_inline",
    "matplotlib.backends.backend_agg",
    "papermill",
    "nbformat.v4",
    "pyarrow.parquet",
    "seaborn",
    "lifelines",
    "linearmodels",
    "statsmodels.formula.api",
    "babel.numbers",
    "babel.dates",
    "tabulate",
    "evalkit.run.cells",
    "evalkit.run.worker",
)


def _import_all() -> None:
    for name in MODULES:
        import_module(name)
    package = import_module("evalkit")
    for name in package.__all__:
        getattr(package, name)


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Let `import name` fail within, as where it is not installed."""
    sys.modules[name] = None
    try:
        yield
    finally:
        del sys.modules[name]


def _draw_nothing() -> None:
    """Load the fonts and the code that draws, by a figure without anything in it."""
    style = import_module("evalkit.report.style")
    figure, _ = style.panel(20)
    style.to_png(figure)


def _outlive_askers() -> None:
    """Let this process go on when one that asks it for another is killed in the middle of asking.

    multiprocessing's parent ends then with an EOFError, and so does the new process, with a
    traceback for nobody.
    """
    receive, begin = reduction.recvfds, spawn._main

    def recvfds(sock, size):
        try:
            return receive(sock, size)
        except EOFError:
            raise ConnectionAbortedError(errno.ECONNABORTED, "the asker is gone") from None

    def main(*args):
        try:
            return begin(*args)
        except EOFError:
            return 1

    reduction.recvfds, spawn._main = recvfds, main


def _warm_up() -> float:
    """Do all of it; return the seconds that it took."""
    _outlive_askers()
    for name in KERNEL:  # a kernel has these before its first cell, their filters included
        import_module(name)
    # statsmodels imports polars where it is installed; its threads would not outlive a fork.
    with warnings.catch_warnings(), _without("polars"):
        pyplot = import_module("matplotlib.pyplot")
        with pyplot.rc_context():
            _import_all()
            _draw_nothing()
    # pandas fits tables to the terminal where it is imported outside a kernel.
    import_module("pandas").set_option("display.max_columns", 20)
    gc.collect()
    gc.freeze()  # a collection in a child need not touch, and so copy, what the parent holds
    return round(time.perf_counter() - _START, 3)


IMPORT_SECONDS = _warm_up()
