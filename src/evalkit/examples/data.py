"""Public data of published analyses, loaded from packages that the user installs.

Nothing of the data is part of evalkit: each loader reads what its package brings, and gives the
frame with the columns that the source has, plus those that the published model needs.
"""

import contextlib
import io
from collections.abc import Callable

import pandas as pd

from evalkit.errors import ParameterError

LOADERS: dict[str, Callable[[], pd.DataFrame]] = {}


def example_data(name: str) -> pd.DataFrame:
    """Load the public data of a published analysis (extra `[examples]`).

    Parameters
    ----------
    name : str
        Name of the data; an unknown one lists those that there are.

    Returns
    -------
    DataFrame
        One row as the source has it: a person, or a person and wave.

    Raises
    ------
    ParameterError
        If there are no data of that name, or the package that brings them is not installed.

    Examples
    --------
    >>> len(example_data("rossi"))
    432
    """
    if name not in LOADERS:
        raise ParameterError(
            f"{name}: no such example data; there are {', '.join(sorted(LOADERS))}"
        )
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # some packages print a description
            return LOADERS[name]()
    except ModuleNotFoundError as error:
        raise ParameterError(
            f"{name}: needs the package {error.name}; install it with "
            "`pip install 'evalkit[examples]'`"
        ) from None


def _loader(function: Callable[[], pd.DataFrame]) -> Callable[[], pd.DataFrame]:
    LOADERS[function.__name__] = function
    return function


@_loader
def rossi() -> pd.DataFrame:
    """432 men released from prison, some with financial aid, followed for a year."""
    from lifelines.datasets import load_rossi

    return load_rossi().assign(event=lambda frame: frame["arrest"].astype(bool))
