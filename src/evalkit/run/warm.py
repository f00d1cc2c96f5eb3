"""What every warm process has when it begins: imports, fonts, words, code books, and one figure
of nothing.

The parent of the warm processes imports this module once. It loads the public names as a notebook
would, by name, and calls none of them: no estimator runs and no study is opened. What a fresh
process has (warnings filters, matplotlib's settings, random state) is as it was; jsonschema has no
check of addresses in other scripts, which costs two seconds and which no notebook asks for.
"""

import errno
import gc
import time
import warnings
from datetime import date
from importlib import import_module
from multiprocessing import reduction, spawn

from evalkit.run.imports import load_nbformat, without

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
    "pandas.core.reshape.reshape",
    "pyarrow.pandas_compat",
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
CODE_BOOKS = ("benefits.csv", "instruments.csv", "value_sets.csv")


def _import_all() -> None:
    for name in MODULES:
        import_module(name)
    package = import_module("evalkit")
    for name in package.__all__:
        getattr(package, name)


def _draw_a_little() -> None:
    """Load fonts and what draws, by a figure of nothing: bars, lines, a band, each weight."""
    style = import_module("evalkit.report.style")
    with style.style():
        figure, (axes,) = style.panel(40)
        axes.bar([0, 1], [1, 2])
        axes.barh([0, 1], [1, 2])
        axes.plot([0, 1], [1, 2], marker="o")
        axes.fill_between([0, 1], [0, 1], [1, 2])
        axes.set_xticks([0, 1], ["0", "1"])
        axes.set_yticks([0, 1], ["0", "1"])
        axes.set_xlabel("0")
        style.light_grid(axes, "y")
        for look in ({"weight": 600}, {"style": "italic"}, {}):
            style.note(axes, "0", 1, 1, **look)
    style.to_png(figure)


def _read_code_books() -> None:
    """Load the code books that every study uses."""
    codes = import_module("evalkit.codes")
    for name in CODE_BOOKS:
        codes.read_codes(name)


def _read_words() -> None:
    """Load the words of the languages of a report, and how they write numbers and dates."""
    numbers, dates = import_module("babel.numbers"), import_module("babel.dates")
    text = import_module("evalkit.report.text")
    for language in text.LANGUAGES:
        text.catalogue(language)
        numbers.format_decimal(0.5, locale=language)
        numbers.format_percent(0.5, locale=language)
        dates.format_date(date(2000, 1, 1), locale=language)


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
    load_nbformat()
    for name in KERNEL:  # a kernel has these before its first cell, their filters included
        import_module(name)
    # statsmodels imports polars where it is installed; its threads would not outlive a fork.
    with warnings.catch_warnings(), without("polars"):
        pyplot = import_module("matplotlib.pyplot")
        with pyplot.rc_context():
            _import_all()
            _draw_a_little()
    _read_code_books()
    _read_words()
    # pandas fits tables to the terminal where it is imported outside a kernel.
    import_module("pandas").set_option("display.max_columns", 20)
    gc.collect()
    gc.freeze()  # a collection in a child need not touch, and so copy, what the parent holds
    return round(time.perf_counter() - _START, 3)


IMPORT_SECONDS = _warm_up()
