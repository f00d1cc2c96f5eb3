"""From the population to unmet need: a strip of all, and below it, enlarged, those in need."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.findings import titled
from evalkit.report.figures.frame import drawn_part, picture, shown_range
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.figures.range_bars import draw_ranges, range_words
from evalkit.report.markup import escape
from evalkit.report.names import quantity_name, sentence_case
from evalkit.report.names_before_after import step_name
from evalkit.report.parts import Part
from evalkit.report.reading import require_released
from evalkit.report.text import Text

ROW_MM = 8.0
POPULATION = ("population", "in_records")
ASSUMED = ("need", "coverage", "unmet", "expressed_unmet")


@drawn_part
def waterfall(need, text: Text, *, name: str = "waterfall") -> Part:
    """From population to unmet need; ends that are open are hatched.

    Parameters
    ----------
    need : Released NeedCoverage or NeedSteps
        Of assumed shares, all of them in one range; or of records of the whole population.
    """
    frame = waterfall_rows(need, text)
    of_records = bool(len(frame)) and frame["step"].iloc[0] == "in_records"
    rows = [
        [
            escape(row["name"]),
            shown_range(row["low"], row["high"], lambda a, b: range_words(a, b, text)),
        ]
        for row in frame.to_dict("records")
    ]
    spoken = [text.say("A bar of everybody, and below it bars of parts of them, enlarged.")]
    spoken += [
        text.say("{step}: {range} people.", step=row["name"],
                 range=range_words(row["low"], row["high"], text))
        for row in frame.to_dict("records")
        if math.isfinite(row["low"]) and math.isfinite(row["high"])
    ]  # fmt: skip
    topic = text.say("From everybody of working age to unmet need.")
    if of_records:
        topic = text.say("From the people in the records to the target group.")
    return picture(
        name, draw_waterfall(need, text), [need], text,
        **titled(_finding(need, frame, text), topic, _caption(need, of_records, text)),
        alt=" ".join(spoken), n=math.nan, rows=rows,
        header=[text.say("Step"), text.say("People")],
    )  # fmt: skip


def _finding(need, frame: pd.DataFrame, text: Text) -> str:
    """Say the last step, which the others lead to, where shares in need are assumed."""
    last = frame.iloc[-1]
    is_told = last["step"] == "expressed_unmet" and math.isfinite(last["low"] + last["high"])
    if need.kind != "NeedCoverage" or not is_told:
        return ""
    return text.say(
        "Under the assumptions {range} people are in need and want to take part, but did not.",
        range=range_words(last["low"], last["high"], text),
    )  # fmt: skip


def _caption(need, of_records: bool, text: Text) -> str:
    if of_records:
        return text.say(
            "The records are of the people who took part or were asked, not of everybody: they say "
            "nothing about how many in the area are in need."
        )
    if need.kind == "NeedCoverage":
        return text.say(
            "Solid: at least so many; hatched: range that the assumed shares in need leave open, "
            "not an interval of chance."
        )
    return text.say("Counted in the records of everybody who lives here; hatched: range of those "
                    "who want help.")  # fmt: skip


def waterfall_rows(need, text: Text) -> pd.DataFrame:
    """Steps with the fewest and the most people that each can have; missing where hidden."""
    frame = require_released(need).tidy()
    if need.kind == "NeedSteps":
        frame = frame[frame["stratum"] == frame["stratum"].iloc[0]]
        rows = [
            (row.step, step_name(row.step, text), row.n_low, row.n_high)
            for row in frame.itertuples()
            if row.step != "broad"
        ]
    else:
        population = float(need.summary["population"])
        rows = [("population", step_name("population", text), population, population)]
        for quantity in ASSUMED:
            part = frame[frame["quantity"] == quantity]
            low, high = part["n_low"].min(skipna=False), part["n_high"].max(skipna=False)
            rows.append((quantity, quantity_name(quantity, text), low, high))
    made = pd.DataFrame(rows, columns=["step", "name", "low", "high"])
    return made.assign(name=[sentence_case(name) for name in made["name"]])


def draw_waterfall(need, text: Text) -> Figure:
    """Draw the strip of all, and enlarged below it the steps."""
    frame = waterfall_rows(need, text)
    steps = frame[~frame["step"].isin(POPULATION)].reset_index(drop=True)
    first = frame[frame["step"].isin(POPULATION)]
    everybody = float(first["high"].iloc[0]) if len(first) else math.nan
    largest = float(steps["high"].max())
    low_part = 15 + ROW_MM * len(steps)
    height = low_part + 27
    with style.style():
        figure, (axes,) = style.panel(height, left=76, right=30, top=27, bottom=13)
        box = axes.get_position()
        around = (box.x0, (height - 13) / height, box.width, 6.5 / height)
        strip = figure.add_axes(around, axes_class=style.LightAxes)
        draw_ranges(axes, range(len(steps)), steps["low"], steps["high"], 0.62, text)
        axes.set_ylim(len(steps) - 0.4, -0.6)
        top = 1.04 * largest if math.isfinite(largest) and largest > 0 else 1.0
        axes.set_xlim(0, top)
        axes.set_yticks(range(len(steps)), list(steps["name"]))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(style.round_ticks(5, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(value)))
        style.light_grid(axes, "x")
        axes.set_xlabel(text.say("People"))
        _strip(strip, axes, everybody, top, first["name"].iloc[0] if len(first) else "", text)
    return figure


def _strip(strip: Axes, below: Axes, everybody: float, top: float, name: str, text: Text) -> None:
    """Everybody, and which part of them the bars below enlarge."""
    strip.set_yticks([0], [name])
    strip.tick_params(length=0)
    strip.set_xticks([])
    strip.set_ylim(-0.5, 0.5)
    for side in ("left", "bottom"):
        strip.spines[side].set_visible(False)
    if not math.isfinite(everybody) or everybody <= 0:
        strip.set_xlim(0, 1)
        write_hidden(strip, 0, text)
        return
    strip.set_xlim(0, everybody)
    strip.barh(0, everybody, height=1, color=style.RULE, gid="everybody")
    part = min(top, everybody)
    strip.barh(0, part, height=1, color=style.PROGRAMME, alpha=0.45, gid="enlarged")
    strip.annotate(text.number(everybody), (everybody, 0), (5, 0), textcoords="offset points",
                   va="center", annotation_clip=False)  # fmt: skip
    for here, there in ((0.0, 0.0), (part, top)):
        below.figure.add_artist(ConnectionPatch(
            (here, -0.5), (there, 1.0), "data", below.get_xaxis_transform(), axesA=strip,
            axesB=below, color=style.QUIET, linewidth=0.6, linestyle=(0, (3, 2)),
        ))  # fmt: skip
    style.note(strip, text.say("enlarged:"), -2, -7, ha="right", va="center", color=style.QUIET)
