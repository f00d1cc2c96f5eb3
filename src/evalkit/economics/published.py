"""Published totals beside the sum of their parts."""

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Residual:
    """What a published split leaves unallocated.

    Attributes
    ----------
    residual : float
        Total less the sum of the parts, as published.
    low, high : float
        Range that the rounding of the total and of every part leaves open.
    """

    residual: float
    low: float
    high: float

    @property
    def is_rounding(self) -> bool:
        """Whether rounding alone can explain the residual."""
        return self.low <= 0 <= self.high


def published_residual(
    total: float, parts: Mapping[str, float], *, half_unit: float = 0.05
) -> Residual:
    """Compare a published total with the sum of its parts; the rest is reported, never shared out.

    Parameters
    ----------
    total : float
        Published total.
    parts : mapping of str to float
        Published parts by party, in the same unit; negative where a party pays more.
    half_unit : float
        Half of the last printed digit: 0.05 for numbers with one decimal.

    Returns
    -------
    Residual

    Raises
    ------
    ParameterError
        If there are no parts, or the half unit is negative.

    Notes
    -----
    residual = total - sum of parts; its range is plus and minus half_unit x (1 + number of parts).

    Examples
    --------
    The published split of 13.6 million a year between five authorities:

    >>> split = {"state": 5.0, "municipalities": 1.1, "county councils": 2.6,
    ...          "social insurance": 4.0, "labour market board": -0.2}
    >>> found = published_residual(13.6, split)
    >>> round(found.residual, 1), round(found.low, 1), round(found.high, 1), found.is_rounding
    (1.1, 0.8, 1.4, False)
    """
    if not parts or half_unit < 0:
        raise ParameterError("published_residual: needs parts and a half unit of 0 or more")
    residual = total - sum(parts.values())
    width = half_unit * (1 + len(parts))
    return Residual(residual, residual - width, residual + width)


def published_ratio(
    total: float, divisor: float, *, half_unit: float = 0.05
) -> tuple[float, float, float]:
    """A number derived from a rounded total: as published, and its range by the rounding.

    Parameters
    ----------
    total : float
        Published total.
    divisor : float
        Exact number that it is divided by, above 0, such as persons.
    half_unit : float
        Half of the last printed digit of the total.

    Returns
    -------
    tuple of float
        Ratio, lower and upper end of its range.

    Raises
    ------
    ParameterError
        If the divisor is not above 0, or the half unit negative.

    Examples
    --------
    13.6 million for 120 persons:

    >>> [round(value) for value in published_ratio(13.6e6, 120, half_unit=0.05e6)]
    [113333, 112917, 113750]
    """
    if not divisor > 0 or half_unit < 0:
        raise ParameterError("published_ratio: needs a divisor above 0, a half unit of 0 or more")
    return total / divisor, (total - half_unit) / divisor, (total + half_unit) / divisor
