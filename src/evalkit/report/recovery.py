"""What the figure, the table and the words of a recovery share: names and written numbers."""

from dataclasses import dataclass

import pandas as pd

from evalkit.report.reading import released_frame
from evalkit.report.text import Text, mark

DECIMALS = {"share": 1, "points": 1, "index": 3}
# title; the naive way; the right way
TRAPS = {
    "leavers_only": (
        mark("Only those who have left"),
        mark("those who have left the package"),
        mark("all who started"),
    ),
    "time_zero_at_end": (
        mark("Time counted from the end of the package"),
        mark("counted from the end"),
        mark("counted from the start"),
    ),
    "sustained_to_the_cut": (
        mark("Followed to the last month of the records"),
        mark("followed to the last month"),
        mark("followed as long as an exit can be confirmed"),
    ),
    "one_minus_km": (
        mark("One minus Kaplan-Meier"),
        mark("other exits taken for an end of follow-up"),
        mark("other exits counted as exits"),
    ),
    "status_off_incidence": (
        mark("Where people are, read off who has ever begun"),
        mark("ever begun to support themselves"),
        mark("supporting themselves in that month"),
    ),
    "before_after_with_a_dip": (
        mark("Before and after, from a low point"),
        mark("change in the programme group"),
        mark("change less that of the comparison group"),
    ),
    "status_blind_panel": (
        mark("Change compared between groups that began unlike"),
        mark("change less that of the comparison group"),
        mark("compared at the same score at the start"),
    ),
}
UNKNOWN = mark("Two analyses and the truth"), mark("naive analysis"), mark("right analysis")


@dataclass(frozen=True, slots=True)
class Recovered:
    """A released recovery, its numbers as they are written: shares in per cent.

    Attributes
    ----------
    title : str
        Name of the trap.
    names : dict of str to str
        Name of each method.
    frame : DataFrame
        Rows by `method`, scaled and rounded; `bias` is the difference of what is written.
    truth : float
    decimals : int
    """

    title: str
    names: dict[str, str]
    frame: pd.DataFrame
    truth: float
    unit: str
    decimals: int


def read_recovery(released, text: Text) -> Recovered:
    """Read a released recovery."""
    frame, summary = released_frame(released, "Recovery").set_index("method"), released.summary
    unit = str(summary["unit"])
    scale, decimals = 1 if unit == "index" else 100, DECIMALS[unit]
    title, *names = (text.say(name) for name in TRAPS.get(str(summary["trap"]), UNKNOWN))
    numbers = ["estimate", "conf_low", "conf_high"]
    frame[numbers] = (scale * frame[numbers].astype(float)).round(decimals)
    truth = round(scale * float(summary["truth"]), decimals)
    frame["bias"] = (frame["estimate"] - truth).round(decimals)
    named = dict(zip(("naive", "right"), names, strict=True))
    return Recovered(title, named, frame, truth, unit, decimals)


def truth_number(found: Recovered, text: Text) -> str:
    """Write the truth; a plain 0 where the records were made without an effect."""
    return text.number(found.truth, found.decimals if found.truth else 0)


def with_unit(value: float, found: Recovered, text: Text, *, is_difference: bool = False) -> str:
    """Write a number of a recovery with its unit."""
    written = text.number(value, found.decimals)
    if found.unit == "index":
        return written
    if found.unit == "points" or is_difference:
        return text.say("{number} percentage points", number=written)
    return text.percent(value / 100, found.decimals)


def unit_title(found: Recovered, text: Text) -> str:
    """Title of the axis or column of the numbers."""
    return {
        "share": text.say("Per cent"),
        "points": text.say("Percentage points"),
        "index": text.say("Points of the health index"),
    }[found.unit]
