"""How sure a difference is: one of five fixed phrases, chosen by one rule."""

import math
from typing import Literal

from scipy import stats

from evalkit.report.text import Text

Verdict = Literal["useful", "too_small", "clear", "probable", "unknown", "withheld"]


def judge(estimate: float, std_error: float, *, useful: float, df: float | None = None) -> Verdict:
    """Choose the verdict on a difference.

    Parameters
    ----------
    estimate, std_error : float
        The difference, programme minus comparison, and its standard error.
    useful : float
        The smallest difference that matters, on the same scale; above 0.
    df : float, optional
        Degrees of freedom; normal where missing or infinite.

    Returns
    -------
    {"useful", "too_small", "clear", "probable", "unknown", "withheld"}
        The first that holds. A harm has the same verdict as a benefit of its size.

    Notes
    -----
    Under a flat prior, with s the sign of the estimate: A = P(s D > 0), B = P(s D > useful),
    C = P(|D| < useful). B >= 0.90 is `useful`, C >= 0.90 `too_small`, A >= 0.975 `clear`,
    A >= 0.90 `probable`. The limits are evalkit's own choice.

    Examples
    --------
    >>> judge(0.12, 0.03, useful=0.05)
    'useful'
    >>> judge(0.0, 0.01, useful=0.05)
    'too_small'
    """
    if not (math.isfinite(estimate) and math.isfinite(std_error)):
        return "withheld"
    size = abs(estimate)
    scale = max(std_error, 1e-300)  # an error of 0 leaves no doubt on which side D lies
    spread = stats.norm if df is None or not math.isfinite(df) else stats.t(df)
    above_zero = spread.cdf(size / scale)
    above_useful = spread.sf((useful - size) / scale)
    within = spread.cdf((useful - size) / scale) - spread.cdf((-useful - size) / scale)
    if above_useful >= 0.90:
        return "useful"
    if within >= 0.90:
        return "too_small"
    if above_zero >= 0.975:
        return "clear"
    return "probable" if above_zero >= 0.90 else "unknown"


def sign_verdict(estimate: float, std_error: float, low: float, high: float, df=None) -> Verdict:
    """How sure it is on which side of zero a number lies: `clear`, `probable` or `unknown`.

    It is `clear` only where the interval from `low` to `high` holds nothing of the other side, so
    that no sentence says what an interval beside it does not.

    Examples
    --------
    >>> sign_verdict(-9.1, 16.8, -42.0, 23.8)
    'unknown'
    """
    if low > 0 or high < 0:
        return "clear"
    return "probable" if judge(estimate, std_error, useful=0.0, df=df) == "useful" else "unknown"


def phrase(verdict: Verdict, text: Text, *, harm: bool = False) -> str:
    """Say the verdict in its fixed phrase; a clear or probable harm names its direction."""
    spoken = {
        "useful": text.say("The difference is clear and large enough to matter."),
        "too_small": text.say("Any difference is too small to matter."),
        "clear": text.say("The difference is clear but may be too small to matter."),
        "probable": text.say("There is probably a difference; its size is uncertain."),
        "unknown": text.say("It is not possible to say whether there is a difference."),
        "withheld": text.say(
            "The comparison is not shown, because there are too few people in one of the groups."
        ),
    }[verdict]
    if harm and verdict in ("useful", "clear", "probable"):
        direction = text.say("It went less well for the programme group.")
        return f"{spoken} {direction}"
    return spoken


def estimand_label(label: str, text: Text) -> str:
    """Say what a contrast may be called."""
    return {
        "description": text.say("description"),
        "adjusted": text.say("adjusted comparison"),
        "effect": text.say("effect under stated assumptions"),
    }[label]
