"""Full-year equivalents: how many persons a number of days could support for a year."""

import numpy as np

from evalkit.errors import ParameterError


def full_year_equivalents(days, degree=100.0, *, days_in_year: int = 365) -> float:
    """Count persons who could be supported a full year at full benefit.

    Parameters
    ----------
    days : array-like of float, shape (n,)
        Paid days of each spell within the year.
    degree : array-like of float, shape (n,) or scalar
        Degree of benefit in percent, above 0 and at most 100.
    days_in_year : int
        SCB divides by 365 in leap years too.

    Returns
    -------
    float
        Persons.

    Raises
    ------
    ParameterError
        If a number of days is negative or missing, or a degree lies outside (0, 100].

    Notes
    -----
    Sum over spells of days x degree / 100, divided by `days_in_year`.

    References
    ----------
    SCB, description of full-year equivalents (antal helårsekvivalenter), HE0000.

    Examples
    --------
    Two persons on half benefit all year:

    >>> full_year_equivalents([365, 365], [50, 50])
    1.0
    """
    paid = np.asarray(days, dtype=float)
    share = np.broadcast_to(np.asarray(degree, dtype=float), paid.shape)
    wrong_days, wrong_degree = ~(paid >= 0), ~((share > 0) & (share <= 100))
    if wrong_days.any():
        raise ParameterError(
            f"days: {int(wrong_days.sum())} of {paid.size} are negative or missing"
        )
    if wrong_degree.any():
        raise ParameterError(
            f"degree: {int(wrong_degree.sum())} of {share.size} lie outside (0, 100] percent"
        )
    return float((paid * share).sum() / 100 / days_in_year)
