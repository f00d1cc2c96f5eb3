"""Personal identity numbers must not be in the records: they are recognised and refused."""

import re

import numpy as np
import pandas as pd

_SWEDISH = re.compile(r"(?:19|20)?(\d{2})(\d{2})(\d{2})([-+]?)(\d{4})")
_FINNISH = re.compile(r"(\d{2})(\d{2})(\d{2})[-+A-FU-Y](\d{3})([0-9A-FHJ-NPR-Y])")
_FINNISH_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"

# About 3 in 1 000 random numbers of ten digits pass for a Swedish identity number by chance.
CHANCE = 0.02


def identity_numbers(ids: pd.Series) -> np.ndarray:
    """Which ids are valid Swedish or Finnish personal identity numbers.

    Parameters
    ----------
    ids : Series of str

    Returns
    -------
    ndarray of bool, shape (n,)
        All False where so few pass that running numbers would pass as often by chance.

    Notes
    -----
    Swedish: date of birth (day + 60 in a coordination number), number, check digit (Luhn).
    Finnish: date of birth, sign of the century, number, remainder by 31.

    Examples
    --------
    >>> identity_numbers(pd.Series(["SE-0001", "SE-0002"])).tolist()
    [False, False]
    """
    found = np.array([_is_finnish(str(i)) or _is_swedish(str(i)) for i in ids], dtype=bool)
    return found if found.mean() > CHANCE else np.zeros(len(ids), dtype=bool)


def _is_swedish(text: str) -> bool:
    match = _SWEDISH.fullmatch(text)
    if match is None:
        return False
    year, month, day, _, number = match.groups()
    digits = [int(digit) for digit in year + month + day + number]
    doubled = [digit * (2 - position % 2) for position, digit in enumerate(digits)]
    luhn = sum(value // 10 + value % 10 for value in doubled) % 10 == 0
    return luhn and _is_date(int(month), int(day) % 60)


def _is_finnish(text: str) -> bool:
    match = _FINNISH.fullmatch(text.upper())
    if match is None:
        return False
    day, month, year, number, check = match.groups()
    return check == _FINNISH_CHECK[int(day + month + year + number) % 31] and _is_date(
        int(month), int(day)
    )


def _is_date(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31
