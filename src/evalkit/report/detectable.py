"""How small a difference a comparison could have seen, and how many people a smaller one takes."""

import math
from functools import lru_cache

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from evalkit.report.reading import Value, contrast_value, degrees_of_freedom
from evalkit.report.text import Text, mark

POWER, CONF_LEVEL = 0.80, 0.95
OF_PEOPLE = mark("With as many people as here, a difference would be seen in 8 of 10 studies if it "
                 "were at least {size}.")  # fmt: skip
OF_TIME = mark("A difference in the time gained would be seen in 8 of 10 studies if it were at "
               "least {size}.")  # fmt: skip


def smallest_detectable(std_error: float, df: float | None = None) -> float:
    """Work out the smallest true difference that a comparison sees with a probability of 0.80.

    Parameters
    ----------
    std_error : float
        Standard error of the difference.
    df : float, optional
        Degrees of freedom; normal where missing or infinite.

    Returns
    -------
    float
        On the scale of the difference, above 0; NaN where the error is missing or 0.

    Notes
    -----
    A difference d is seen if a two-sided test at 0.05 rejects zero: P(|T(d / se)| > t) = 0.80 with
    noncentral T; about 2.80 standard errors where the distribution is normal.

    References
    ----------
    Bloom HS (1995), Evaluation Review 19, 547-556 (minimum detectable effects).

    Examples
    --------
    >>> round(smallest_detectable(0.05), 4)
    0.1401
    """
    if not (math.isfinite(std_error) and std_error > 0):
        return math.nan
    return std_error * _errors_away(df)


@lru_cache(maxsize=256)  # of most comparisons the degrees of freedom are the same
def _errors_away(df: float | None) -> float:
    """Standard errors from zero at which a difference is seen with the power asked for."""
    high = 1.0
    while _seen(high, df) < POWER:
        high *= 2
    return brentq(lambda away: _seen(away, df) - POWER, 0.0, high, xtol=1e-12)


def people_needed(n: float, std_error: float, useful: float, df: float | None = None) -> float:
    """Work out how many people it takes to see a difference of `useful` as surely.

    The error is taken to fall with the square root of the number of people, their groups being as
    large beside each other as they are. Rounded up to two figures, so that it says no more than
    it knows; NaN where something is missing.

    Examples
    --------
    >>> people_needed(164, 0.0765, 0.05)
    3100.0
    """
    found = n * (smallest_detectable(std_error, df) / useful) ** 2
    if not math.isfinite(found):
        return math.nan
    step = 10.0 ** max(math.floor(math.log10(found)) - 1, 0)
    return math.ceil(found / step - 1e-9) * step


def detectable_share(contrast, text: Text) -> str:
    """Say it of a difference in shares, in persons of 100; empty where none is shown."""
    useful = text.labels.study.useful_size.incidence
    return _sentence(contrast, contrast_value(contrast, "difference"), useful, text, _of_hundred)


def people_for_share(text: Text) -> str:
    """Say how many people it can take to see a useful difference in shares, with data or without.

    The error of a difference in shares is largest where each is one half: then it is one over the
    root of the number of people in two equal groups.
    """
    useful = text.labels.study.useful_size.incidence
    if text.labels.study.arms.comparison == "none" or not (math.isfinite(useful) and useful > 0):
        return ""
    return text.say(
        "The smallest difference that matters is {useful}: to see it in 8 of 10 studies takes up "
        "to about {n} people in two equal groups, all of them followed to the end.",
        useful=_of_hundred(useful, text), n=text.number(people_needed(1.0, 1.0, useful)),
    )  # fmt: skip


def detectable_time(contrast, text: Text) -> str:
    """Say it of a difference in time; empty where none is shown."""
    useful = text.labels.study.useful_size.months
    return _sentence(contrast, contrast_value(contrast, "difference"), useful, text, _time,
                     OF_TIME)  # fmt: skip


def detectable_score(fit, value: Value, useful: float, text: Text) -> str:
    """Say it of a difference in health; empty where none is shown."""
    return _sentence(fit, value, useful, text, _points)


def _seen(away: float, df: float | None) -> float:
    """Probability that a difference so many errors from zero is told from zero."""
    tail = (1 - CONF_LEVEL) / 2
    if df is None or not math.isfinite(df):
        limit = stats.norm.isf(tail)
        return float(stats.norm.sf(limit - away) + stats.norm.cdf(-limit - away))
    limit = stats.t.isf(tail, df)
    opposite = stats.nct.cdf(-limit, df, away)  # not a number where it is next to nothing
    return float(stats.nct.sf(limit, df, away) + (opposite if math.isfinite(opposite) else 0.0))


def _sentence(
    released, value: Value, useful: float, text: Text, written, opening: str = OF_PEOPLE
) -> str:
    df = degrees_of_freedom(released)
    smallest = smallest_detectable(value.std_error, df) if value.shown else math.nan
    if not math.isfinite(smallest):
        return ""
    said = text.say(opening, size=written(smallest, text))
    if not (math.isfinite(useful) and useful > 0):
        return said
    if smallest <= useful:
        enough = text.say(
            "That is enough to see the smallest difference that matters ({useful}).",
            useful=written(useful, text),
        )
        return f"{said} {enough}"
    needed = people_needed(_people(released), value.std_error, useful, df)
    if not math.isfinite(needed):
        return said
    more = text.say(
        "The smallest difference that matters is {useful}: to see it as surely, about {n} people "
        "in both groups together would be needed.",
        useful=written(useful, text), n=text.number(needed),
    )  # fmt: skip
    return f"{said} {more}"


def _people(released) -> float:
    """People behind a released comparison; NaN where that is withheld."""
    for name in ("n_person", "n"):
        n = released.summary.get(name)
        if isinstance(n, int | float | np.number) and math.isfinite(n):
            return float(n)
    return math.nan


def _of_hundred(value: float, text: Text) -> str:
    return text.say("{number} of 100 people", number=text.number(100 * value))


def _time(value: float, text: Text) -> str:
    number = text.number(value, 1)
    if text.unit == "days":
        return text.say("{number} days", number=number)
    return text.say("{number} months", number=number)


def _points(value: float, text: Text) -> str:
    number = text.number(value, text.health_decimals)
    if text.is_score:
        return text.say("{number} points", number=number)
    return text.say("{number} on the index", number=number)
