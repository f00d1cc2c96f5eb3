"""Two schemes: how much whole areas changed under each, and the difference."""

import math

import numpy as np
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range, summary_n
from evalkit.report.figures.row_dots import Dot, Row, draw_rows
from evalkit.report.markup import escape
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text


@drawn_part
def two_schemes(comparison, text: Text, *, name: str = "two-schemes-change") -> Part:
    """Change of areas under each scheme and, set apart, the difference.

    Parameters
    ----------
    comparison : Released Contrast
        From `schemes_compared`.
    """
    rows = scheme_rows(comparison, text)
    spoken = [text.say("Rows of dots with intervals: the change with each scheme, and the "
                       "difference.")]  # fmt: skip
    spoken += [text.say("{label}: {share}.", label=cells[0], share=cells[1]) for cells in rows]
    caption = scheme_caption(comparison, text)
    marks = text.say("Dot: mean change; bar: 95 per cent interval; black: the difference between "
                     "the schemes.")  # fmt: skip
    return picture(
        name, draw_two_schemes(comparison, text), [comparison], text,
        finding=text.say("Did areas with one scheme change more than areas with another?"),
        caption=f"{caption} {marks}", alt=" ".join(spoken), n=summary_n(comparison), rows=rows,
        header=[text.say("Scheme"), text.say("Change, percentage points"), text.say("Interval")],
    )  # fmt: skip


def scheme_rows(comparison, text: Text) -> list[list[str]]:
    """Name, change and interval of each scheme and of the difference, in words."""
    signed = lambda value: text.number(value, 1, signed=True)  # noqa: E731
    return [
        [
            escape(_name(row, text)), shown(row["estimate"], signed),
            shown_range(row["conf_low"], row["conf_high"],
                        lambda low, high: text.range(low, high, 1, signed=True)),
        ]
        for row in released_frame(comparison, "Contrast").to_dict("records")
    ]  # fmt: skip


def scheme_caption(comparison, text: Text) -> str:
    """What was compared, and in how many areas."""
    n_area = text.number(comparison.summary["n_cluster"])
    return text.say("Change of whole areas from before to after, {n_area} areas.", n_area=n_area)


def _name(row, text: Text) -> str:
    return str(row["term"]) if row["scale"] == "arm" else text.say("Difference")


def draw_two_schemes(comparison, text: Text) -> Figure:
    """Draw the schemes and the difference on one scale with zero in it."""
    frame = released_frame(comparison, "Contrast")
    rows = [
        Row(
            _name(row, text),
            (Dot(row["estimate"], row["conf_low"], row["conf_high"]),),
            (shown(row["estimate"], lambda value: text.number(value, 1, signed=True)),),
            apart=row["scale"] != "arm",
        )
        for row in frame.to_dict("records")
    ]
    ends = frame[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)
    low, high = (float(end([0.0, *ends[np.isfinite(ends)]])) for end in (np.min, np.max))
    ticks = style.round_ticks(6).tick_values(low, max(high, low + 1e-6))
    decimals = max(0, math.ceil(-math.log10(ticks[1] - ticks[0])))
    return draw_rows(
        rows, [""], text, limits=(ticks[0], ticks[-1]), ticks=ticks, line=0,
        written=lambda tick: text.number(tick, decimals, signed=True), right=18,
        x_title=text.say("Change, percentage points"),
    )  # fmt: skip
