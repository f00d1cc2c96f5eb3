"""Answers to EQ-5D: heat map of dimensions, change by dimension, grid, level sums, profiles."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.findings import profile_finding, titled
from evalkit.report.figures.frame import drawn_part, picture, shown, summary_n, too_few_part
from evalkit.report.figures.health_bars import COLOURS, HATCHES, ORDER, bar_in_parts
from evalkit.report.figures.health_parts import (
    ROW_MM,
    DotAxis,
    draw_dots,
    draw_key,
    group_title,
    heat,
    last_wave,
    wave_title,
)
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.names import sentence_case
from evalkit.report.names_health import DIMENSIONS, item_name, level_name
from evalkit.report.parts import Part
from evalkit.report.reading import arms_of, by_key, few_persons, released_frame
from evalkit.report.tables_health import share_cells, share_header
from evalkit.report.text import Text

FIVE = tuple(DIMENSIONS)[:5]
MOST_PROFILES = 10


@drawn_part
def paretian(
    change, text: Text, *, wave: int | None = None, exits=None, name: str = "paretian"
) -> Part:
    """Change by dimension: bars of persons better, unchanged and worse, one panel a group.

    Parameters
    ----------
    change : Released HealthShares
        Of `paretian_change`.
    wave : int, optional
        By default the last wave with any number.
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no shares.
    """
    if exits is not None and few_persons(change, text, exits):
        return too_few_part(text)
    frame = _of_wave(change, wave)
    return _picture(
        name, draw_paretian(change, text, wave=wave), change, frame, text,
        **titled(
            profile_finding(frame, text), text.say("Change in each dimension of health."),
            text.say("Share of those who answered both times, {time}. People start when their "
                     "health is low: some would be better later without help too. "
                     "Hatched on white: not shown, to protect people.", time=_time(frame, text)),
        ),
        alt=text.say("Bars in parts by dimension: better, unchanged, worse."),
    )  # fmt: skip


def draw_paretian(change, text: Text, *, wave: int | None = None) -> Figure:
    """Draw one bar in parts for each dimension, the whole profile first."""
    frame = _of_wave(change, wave)
    arms, items = arms_of(frame), list(dict.fromkeys(frame["item"]))
    classes = [one for one in ORDER if one in set(frame["level"])]
    top = 11 + 9 * any(arms)
    with style.style():
        figure, panels = style.panel(
            top + 16 + ROW_MM * len(items), left=46, right=6, top=top, bottom=14,
            columns=len(arms), gap=8, least=32,
        )  # fmt: skip
        for number, (axes, arm) in enumerate(zip(panels, arms, strict=True)):
            part = by_key(frame[frame["stratum"] == arm], "item", "level", value="share")
            for place, item in enumerate(items):
                bar_in_parts(axes, place, part, item, classes, text)
            names = [sentence_case(item_name(item, text)) for item in items]
            axes.set_yticks(range(len(items)), names if number == 0 else [])
            axes.set_ylim(len(items) - 0.5, -0.5)
            _percent_axis(axes, 1.0, text)
            if arm:
                style.axis_title(axes, group_title(arm, text))
        drawn = set(frame.loc[frame["share"] > 0, "level"])
        entries = [(COLOURS[one], sentence_case(level_name(one, text)), HATCHES.get(one))
                   for one in classes if one in drawn]  # fmt: skip
        draw_key(figure, entries, 4.0)
    return figure


@drawn_part
def health_profile(table, text: Text, *, name: str = "health-profile") -> Part:
    """Heat map of the answers: dimensions by levels, first and last wave, one row a group.

    Parameters
    ----------
    table : Released HealthShares
        Of `dimension_table`.
    """
    frame = released_frame(table, "HealthShares")
    return _picture(
        name, draw_health_profile(table, text), table, frame, text,
        finding=text.say("How people answer about each dimension of health."),
        caption=text.say("Per cent of those who answered; level 1 is no problems, the highest "
                         "level the worst. Hatched: not shown, to protect people."),
        alt=text.say("Tables of shares by dimension and level, darker where more people are."),
    )  # fmt: skip


def draw_health_profile(table, text: Text) -> Figure:
    """Draw one table a group and wave, shares as colours and numbers."""
    frame = released_frame(table, "HealthShares")
    arms = arms_of(frame)
    waves = sorted(dict.fromkeys([int(frame["wave"].min()), last_wave(frame, "share", None)]))
    items = [item for item in FIVE if item in set(frame["item"])]
    levels = sorted(set(frame["level"]))
    with style.style():
        figure, panels = style.grid(
            len(arms) * len(waves), columns=len(waves), height=7.0 * len(items), left=44, right=4,
            top=13, bottom=9, gap=6,
        )  # fmt: skip
        for number, axes in enumerate(panels):
            arm, wave = arms[number // len(waves)], waves[number % len(waves)]
            rows = frame[(frame["stratum"] == arm) & (frame["wave"] == wave)]
            values = rows.pivot(index="item", columns="level", values="share")
            values = values.reindex(index=items, columns=levels).to_numpy(dtype=float)
            first = number % len(waves) == 0
            names = [sentence_case(item_name(item, text)) for item in items]
            heat(axes, values, lambda value: text.number(100 * value),
                 columns=[text.say("level {level}", level=level) for level in levels],
                 rows=names if first else [""] * len(items))  # fmt: skip
            title = wave_title(wave, text)
            style.axis_title(axes, f"{group_title(arm, text)}: {title[:1].lower()}{title[1:]}"
                             if arm else title)  # fmt: skip
    return figure


@drawn_part
def profile_grid(grid, text: Text, *, wave: int | None = None, name: str = "profile-grid") -> Part:
    """Health profile grid: bands of the state's rank before (rows) and after (columns).

    Parameters
    ----------
    grid : Released HealthShares
        Of `health_profile_grid`.
    wave : int, optional
        By default the last wave with any number.
    """
    frame = _of_wave(grid, wave)
    return _picture(
        name, draw_profile_grid(grid, text, wave=wave), grid, frame, text,
        finding=text.say("Where people were in all possible states, before and after."),
        caption=text.say(
            "Per cent of those who answered both times, {time}. States in bands by their value "
            "({value_set}); band 1 is best. Left of the diagonal: better. Hatched: not shown, to "
            "protect people.", time=_time(frame, text), value_set=str(grid.summary["value_set"])),
        alt=text.say("A table of bands before by bands after, darker where more people are."),
    )  # fmt: skip


def draw_profile_grid(grid, text: Text, *, wave: int | None = None) -> Figure:
    """Draw one table a group, the diagonal of no change outlined."""
    frame = _of_wave(grid, wave)
    frame = frame[frame["item"] == "grid"]
    arms = arms_of(frame)
    pairs = frame["level"].str.split(" > ", expand=True).astype(int)
    frame = frame.assign(first=pairs[0], later=pairs[1])
    n_band = int(frame["first"].max())
    with style.style():
        figure, panels = style.grid(
            len(arms), columns=max(len(arms), 2), height=9.0 * n_band, left=16, right=4, top=16,
            bottom=14, gap=16,
        )  # fmt: skip
        for axes, arm in zip(panels, arms, strict=True):
            rows = frame[frame["stratum"] == arm]
            values = rows.pivot(index="first", columns="later", values="share")
            bands = [text.number(band) for band in range(1, n_band + 1)]
            heat(axes, values.to_numpy(dtype=float), lambda value: text.number(100 * value),
                 columns=bands, rows=bands)  # fmt: skip
            for band in range(n_band):
                axes.plot([band, band + 1, band + 1, band, band],
                          [band, band, band + 1, band + 1, band], color=style.INK, linewidth=0.9,
                          gid="diagonal")  # fmt: skip
            axes.set_xlabel(text.say("Band after"))
            style.axis_title(axes, text.say("{group}: band before", group=group_title(arm, text)))
    return figure


@drawn_part
def level_sums(table, text: Text, *, name: str = "level-sums") -> Part:
    """Distribution of the sum of levels: columns by sum, first and last wave, one row a group.

    Parameters
    ----------
    table : Released HealthShares
        Of `level_sum_table`.
    """
    frame = released_frame(table, "HealthShares")
    return _picture(
        name, draw_level_sums(table, text), table, frame, text,
        finding=text.say("Sum of the levels of the five answers."),
        caption=text.say("5 is no problems at all. The sum weighs all answers alike and is no "
                         "index of health. A sum without a column is not shown, or nobody has it."),
        alt=text.say("Columns of shares by the sum of the levels."),
    )  # fmt: skip


def draw_level_sums(table, text: Text) -> Figure:
    """Draw one panel of columns a group and wave."""
    frame = released_frame(table, "HealthShares")
    frame = frame.assign(total=frame["level"].astype(int))
    arms = arms_of(frame)
    waves = sorted(dict.fromkeys([int(frame["wave"].min()), last_wave(frame, "share", None)]))
    top = float(np.nanmax([*frame["share"], 0.05])) * 1.08
    last = int(frame["total"].max())
    with style.style():
        figure, panels = style.grid(
            len(arms) * len(waves), columns=len(waves), height=26, left=10, right=4, top=14,
            bottom=13, gap=12,
        )  # fmt: skip
        for number, axes in enumerate(panels):
            arm, wave = arms[number // len(waves)], waves[number % len(waves)]
            rows = frame[(frame["stratum"] == arm) & (frame["wave"] == wave)].dropna(
                subset=["share"]
            )
            axes.bar(rows["total"], rows["share"], width=0.78, color=style.PROGRAMME, gid="share")
            axes.set_xlim(4.3, last + 0.7)
            axes.set_xticks(range(5, last + 1, 5 if last > 15 else 2))
            axes.set_ylim(0, top)
            ticks = [tick for tick in axes.get_yticks() if tick <= top]
            axes.set_yticks(ticks, [text.number(100 * tick) for tick in ticks])
            style.light_grid(axes, "y")
            axes.set_xlabel(text.say("Sum of the levels"))
            title = wave_title(wave, text)
            title = f"{group_title(arm, text)}: {title[:1].lower()}{title[1:]}" if arm else title
            style.axis_title(axes, text.say("{group}, per cent", group=title))
            if not len(rows):
                axes.text((5 + last) / 2, top / 2, text.say("not shown"), ha="center",
                          color=style.QUIET)  # fmt: skip
    return figure


@drawn_part
def frequent_profiles(
    table, text: Text, *, wave: int | None = None, name: str = "frequent-profiles"
) -> Part:
    """Most frequent profiles of a wave: a bar each, one panel a group.

    Parameters
    ----------
    table : Released HealthShares
        Of `frequent_profiles`.
    wave : int, optional
        By default the first wave.
    """
    frame = released_frame(table, "HealthShares")
    wave = int(frame["wave"].min()) if wave is None else wave
    frame = frame[frame["wave"] == wave]
    return _picture(
        name, draw_frequent_profiles(table, text, wave=wave), table, frame, text,
        finding=text.say("The most frequent profiles, {time}.", time=_time(frame, text)),
        caption=text.say("A profile has one digit for each dimension, in the order {dimensions}; "
                         "1 is no problems. Profiles of too few people are not listed.",
                         dimensions=text.list([item_name(item, text) for item in FIVE])),
        alt=text.say("Bars of shares, one for each profile."),
    )  # fmt: skip


def draw_frequent_profiles(table, text: Text, *, wave: int | None = None) -> Figure:
    """Draw the bars of one wave."""
    frame = released_frame(table, "HealthShares")
    frame = frame[frame["wave"] == (int(frame["wave"].min()) if wave is None else wave)]
    arms = arms_of(frame)
    longest = int(frame.groupby("stratum").size().max())
    top = float(np.nanmax([*frame["share"], 0.05])) * 1.25
    with style.style():
        figure, panels = style.panel(
            26 + 6.0 * longest, left=34, right=6, top=10, bottom=14, columns=len(arms), gap=38
        )
        for axes, arm in zip(panels, arms, strict=True):
            rows = frame[frame["stratum"] == arm].reset_index(drop=True)
            for place, row in rows.iterrows():
                _profile_bar(axes, place, row["share"], text)
            names = [sentence_case(level_name(level, text)) for level in rows["level"]]
            axes.set_yticks(range(len(rows)), names)
            axes.set_ylim(longest - 0.4, -0.6)
            _percent_axis(axes, top, text)
            if arm:
                style.axis_title(axes, group_title(arm, text))
    return figure


def _profile_bar(axes: Axes, place: int, share: float, text: Text) -> None:
    if not math.isfinite(share):
        write_hidden(axes, place, text, text.say("not shown"))
        return
    axes.barh(place, share, height=0.66, color=style.PROGRAMME, gid="share")
    axes.annotate(text.number(100 * share), (share, place), (4, 0), textcoords="offset points",
                  va="center")  # fmt: skip


@drawn_part
def ceiling(table, text: Text, *, name: str = "ceiling") -> Part:
    """Share with no problems in any dimension, by wave and group, with intervals.

    Parameters
    ----------
    table : Released HealthShares
        Of `ceiling_share`.
    """
    frame = released_frame(table, "HealthShares")
    return _picture(
        name, draw_ceiling(table, text), table, frame, text,
        finding=text.say("Share without problems in any dimension."),
        caption=text.say("Dots: share of those who answered; bars: 95 per cent intervals. Whoever "
                         "has no problems at the start cannot get better by these questions."),
        alt=text.say("Dots with intervals by month and group."),
    )  # fmt: skip


def draw_ceiling(table, text: Text) -> Figure:
    """Draw one row a wave, one dot a group."""
    frame = released_frame(table, "HealthShares")
    frame = frame.rename(columns={"wave": "row", "stratum": "series", "share": "estimate"})
    top = float(np.nanmax([*frame["conf_high"], 0.1]))
    axis = DotAxis(
        text.say("Per cent of those who answered"), lambda value: text.number(100 * value),
        limits=(0.0, min(1.0, 1.08 * top)),
    )  # fmt: skip
    rows = {wave: wave_title(wave, text) for wave in sorted(frame["row"].unique())}
    series = {arm: group_title(arm, text) for arm in arms_of(frame, "series")}
    return draw_dots(frame, rows, series, axis, text)


def _percent_axis(axes: Axes, top: float, text: Text) -> None:
    axes.set_xlim(0, top)
    step = 0.25 if top == 1 else 0.05 if top < 0.3 else 0.1 if top < 0.6 else 0.2
    ticks = np.arange(0, top + 1e-9, step)
    axes.set_xticks(ticks, [text.number(100 * tick) for tick in ticks])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    style.light_grid(axes, "x")
    axes.set_xlabel(text.say("Per cent"))


def _of_wave(released, wave: int | None) -> pd.DataFrame:
    frame = released_frame(released, "HealthShares")
    return frame[frame["wave"] == last_wave(frame, "share", wave)].reset_index(drop=True)


def _time(frame: pd.DataFrame, text: Text) -> str:
    title = wave_title(int(frame["wave"].iloc[0]), text)
    return title[:1].lower() + title[1:]


def _picture(name, drawn, released, frame, text: Text, *, finding, caption, alt) -> Part:
    """A figure with the table of its numbers; the alternative text ends with the largest ones."""
    return picture(
        name, drawn, [released], text, finding=finding, caption=caption,
        alt=f"{alt} {_spoken(frame, text)}".strip(), n=summary_n(released), keys=4,
        header=share_header(text), text_columns=3, is_description=True,
        rows=[share_cells(row, text) for row in frame.to_dict("records")],
    )  # fmt: skip


def _spoken(frame: pd.DataFrame, text: Text) -> str:
    known = frame[frame["share"].notna()].sort_values("share", ascending=False, kind="stable")
    return " ".join(
        text.say("{group}, {item}, {level}: {percent}.",
                 group=group_title(row["stratum"], text), item=item_name(row["item"], text),
                 level=level_name(row["level"], text),
                 percent=shown(row["share"], text.percent))
        for row in known.head(6).to_dict("records")
    )  # fmt: skip
