"""How much the share depends on the definition: definitions by horizons, dots with intervals."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range, summary_n
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case, state_name
from evalkit.report.parts import Part
from evalkit.report.phrases import within
from evalkit.report.reading import arms_of, released_frame
from evalkit.report.text import Text
from evalkit.report.words_method import DEFINITIONS

ROW_MM = 6.0
NAMES_MM = 48  # room for the names of the rows
MOST_WORDS = 3  # panels that are wide enough for a horizon in words
SPACE = 0.17  # of a row, between the arms
MARKERS = {"programme": "o", "comparison": "s"}


@drawn_part
def definitions(grid, text: Text, *, name: str = "definitions") -> Part:
    """The share under every definition and horizon, dots with intervals, one panel a horizon.

    Parameters
    ----------
    grid : Released DefinitionGrid
        Of `exit_definitions`.
    """
    frame = grid_rows(grid, text)
    rows = [
        [
            escape(_label(row["definition"], text)),
            text.number(row["sustained"]),
            text.number(row["horizon"]),
            escape(sentence_case(arm_name(row["arm"], text))),
            shown(row["estimate"], text.percent),
            shown_range(row["conf_low"], row["conf_high"], text.percent_range),
        ]
        for row in frame.to_dict("records")
    ]
    return picture(
        name, draw_definitions(grid, text), [grid], text,
        finding=text.say("The share under other definitions of self-support."),
        caption=text.say("Dots: share; bars: 95 per cent intervals. The study's own definition "
                         "stands in bold."),
        alt=_alt(frame, text), n=summary_n(grid), rows=rows, text_columns=1, keys=4,
        header=[text.say("Definition"), text.say("Months in a row"), text.say("Horizon"),
                text.say("Group"), text.say("Share"), text.say("Interval")],
    )  # fmt: skip


def grid_rows(grid, text: Text) -> pd.DataFrame:
    """One row for each definition, number of months, horizon and arm."""
    frame = released_frame(grid, "DefinitionGrid")
    frame = frame[frame["scale"] == "arm"].reset_index(drop=True)
    return frame.rename(columns={"sustained_months": "sustained", "term": "arm"})


def _label(definition: str, text: Text) -> str:
    """What a definition of the protocol means; from a history it is the name of a state."""
    known = definition in DEFINITIONS
    return sentence_case(
        text.say(DEFINITIONS[definition]) if known else state_name(definition, text)
    )


def _is_own(key: tuple, text: Text) -> bool:
    """Whether a definition and number of months are the study's."""
    rule = text.labels.study.self_support
    own = key[0] == rule.definition or key[0] not in DEFINITIONS
    return own and key[1] == rule.sustained_months


def draw_definitions(grid, text: Text) -> Figure:
    """Draw one panel a horizon, one row a definition and number of months."""
    frame = grid_rows(grid, text)
    horizons = sorted(frame["horizon"].unique())
    places, headings = _places(frame)
    arms = arms_of(frame, "arm")
    n_row = max(places.values()) + 1
    with style.style():
        figure, panels = style.panel(
            32 + ROW_MM * n_row, left=NAMES_MM, right=6, top=20, bottom=12,
            columns=len(horizons), gap=7,
        )  # fmt: skip
        top = _top(frame)
        for number, (axes, at) in enumerate(zip(panels, horizons, strict=True)):
            part = frame[frame["horizon"] == at]
            axes.set_xlim(0, top)
            axes.set_ylim(n_row - 0.4, -0.6)
            many = len(horizons) > MOST_WORDS
            _dress(axes, text.say("month {time}", time=text.number(at)) if many
                   else within(int(at), text), top, text)  # fmt: skip
            for row in part.to_dict("records"):
                _draw_dot(axes, row, places, arms)
            _mark_hidden(axes, part, places, text)
            names = [
                text.plural("{n} month in a row", "{n} months in a row", sustained)
                for _, sustained in places
            ]
            axes.set_yticks(list(places.values()), names if number == 0 else [])
        for key, label in zip(places, panels[0].get_yticklabels(), strict=True):
            label.set_fontweight(600 if _is_own(key, text) else 400)
        _write_headings(panels[0], headings, text)
        _name_arms(panels[0], arms, text)
    return figure


def _places(frame: pd.DataFrame) -> tuple[dict, dict]:
    """The row of each definition and number of months, and of each heading over several of them."""
    pairs = zip(frame["definition"], frame["sustained"], strict=True)
    keys = list(dict.fromkeys((definition, int(sustained)) for definition, sustained in pairs))
    several = len({definition for definition, _ in keys}) > 1
    places, headings, at = {}, {}, 0.0
    for key in keys:
        if several and key[0] not in headings:
            headings[key[0]] = at
            at += 1.0
        places[key] = at
        at += 1.0
    return places, headings


def _write_headings(axes: Axes, headings: dict, text: Text) -> None:
    """Write what each definition means over its rows, across all panels."""
    # Words that reach into the next panel stay above its paper.
    axes.set_zorder(3)
    axes.patch.set_visible(False)
    for definition, place in headings.items():
        axes.annotate(
            _label(definition, text), (0, place),
            xycoords=("axes fraction", "data"), xytext=(-(NAMES_MM - 3) * style.MM * 72, 0),
            textcoords="offset points", va="center", ha="left", weight=600, annotation_clip=False,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5}, zorder=5,
        )  # fmt: skip


def _draw_dot(axes: Axes, row: Mapping[str, object], places: dict, arms: list[str]) -> None:
    if not math.isfinite(row["estimate"]):
        return
    shift = (arms.index(row["arm"]) - (len(arms) - 1) / 2) * 2 * SPACE
    place = places[(row["definition"], row["sustained"])] + shift
    colour = style.ARM_COLOURS.get(row["arm"], style.PROGRAMME)
    if math.isfinite(row["conf_low"]) and math.isfinite(row["conf_high"]):
        axes.plot([row["conf_low"], row["conf_high"]], [place, place], color=colour, linewidth=1.4,
                  solid_capstyle="butt")  # fmt: skip
    axes.plot([row["estimate"]], [place], MARKERS.get(row["arm"], "o"), color=colour, markersize=5,
              gid="share")  # fmt: skip


def _mark_hidden(axes: Axes, part: pd.DataFrame, places: dict, text: Text) -> None:
    """Say where a definition has no share at a horizon, without crowding narrow panels."""
    for key, place in places.items():
        own = part[(part["definition"] == key[0]) & (part["sustained"] == key[1])]
        if not own["estimate"].notna().any():
            write_hidden(axes, place, text, text.say("not shown"))


def _top(frame: pd.DataFrame) -> float:
    ends = [*frame["conf_high"].dropna(), *frame["estimate"].dropna(), 0.09]
    return min(1.0, math.ceil(max(ends) * 10 + 0.2) / 10)


def _dress(axes: Axes, title: str, top: float, text: Text) -> None:
    step = 0.1 if top <= 0.3 else 0.2 if top <= 0.7 else 0.5
    ticks = np.arange(0, top + 1e-9, step)
    axes.set_xticks(ticks, [text.number(100 * tick) for tick in ticks])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(text.say("Per cent"), labelpad=2)
    style.light_grid(axes, "x")
    style.axis_title(axes, sentence_case(title))


def _name_arms(axes: Axes, arms: list[str], text: Text) -> None:
    """Name the arms above the panels, each beside its mark."""
    if arms == [""]:
        return
    height = axes.get_position().height * axes.figure.get_figheight() / style.MM + 12
    for number, arm in enumerate(arms):
        colour = style.ARM_COLOURS.get(arm, style.PROGRAMME)
        x = 1.5 + 44 * number
        width = axes.get_position().width * axes.figure.get_figwidth() / style.MM
        tall = axes.get_position().height * axes.figure.get_figheight() / style.MM
        axes.plot([(x - 1.5) / width], [height / tall], MARKERS.get(arm, "o"), color=colour,
                  markersize=5, clip_on=False, transform=axes.transAxes)  # fmt: skip
        style.note(axes, sentence_case(arm_name(arm, text)), x + 0.5, height, color=colour,
                   weight=600, va="center")  # fmt: skip


def _alt(frame: pd.DataFrame, text: Text) -> str:
    spoken = [text.say("Dots with intervals for each definition, one panel a time.")]
    keys = ["definition", "sustained", "horizon"]
    for (definition, sustained, at), part in frame.groupby(keys, sort=False):
        known = part[part["estimate"].notna()]
        if known.empty:
            continue
        shares = text.list([
            f"{arm_name(row['arm'], text)} {text.percent(row['estimate'])}"
            for row in known.to_dict("records")
        ])  # fmt: skip
        spoken.append(text.plural(
            "{definition}, {n} month in a row, {within}: {shares}.",
            "{definition}, {n} months in a row, {within}: {shares}.",
            int(sustained), definition=_label(definition, text), within=within(int(at), text),
            shares=shares,
        ))  # fmt: skip
    return " ".join(spoken)
