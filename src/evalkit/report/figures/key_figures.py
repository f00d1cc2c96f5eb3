"""Key figures by package: started beside planned, cost for each participation; targets."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.findings import titled
from evalkit.report.figures.frame import drawn_part, picture, shown
from evalkit.report.figures.number_axis import THOUSAND, number_axis
from evalkit.report.markup import escape
from evalkit.report.names_organisation import figure_name, stratum_name, unit_name
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

ROW_MM = 8.0
DRAWN = ("started", "planned", "cost_per_participation", "took_part")
SMALL_MONEY = 50_000  # below it thousands have a decimal
HIDDEN = {"textcoords": "offset points", "va": "center", "color": style.QUIET}


@drawn_part
def key_figures(
    figures, text: Text, *, names: Mapping[str, str] | None = None, name: str = "key-figures"
) -> Part:
    """Participations started beside those planned, and cost for each participation, by stratum.

    Parameters
    ----------
    figures : Released KeyFigures
    names : mapping of str to str, optional
        Names of the strata, for example of packages by their id.
    """
    table = wide(figures)
    has_plan, has_cost = _known(table, figures, "planned"), _has_money(figures)
    currency = str(figures.summary["currency"])
    thousands = _thousands(table, text)
    header = [text.say("Package or group"), text.say("Started")]
    header += [text.say("Planned")] if has_plan else []
    header += [text.say("Took part")]
    header += [text.say("Cost for each participation, {unit}", unit=text.thousands(currency))
               ] if has_cost else []  # fmt: skip
    rows, spoken = [], [text.say("Dots of participations started, one row for each package or "
                                 "group.")]  # fmt: skip
    for stratum, row in table.iterrows():
        label = stratum_name(stratum, text, names)
        cells = [escape(label), shown(row["started"], text.number)]
        cells += [shown(row["planned"], text.number)] if has_plan else []
        cells += [shown(row["took_part"], text.number)]
        cells += [shown(row["cost_per_participation"], thousands)] if has_cost else []
        rows.append(cells)
        spoken.append(_spoken(label, row, has_plan, text))
    caption = text.say("Filled dot: participations started; hollow dot: planned.")
    if not has_plan:
        caption = text.say("Dot: participations started.")
    if has_cost:
        caption += " " + _cost_caption(figures, text)
        counted = table["took_part"].notna() & table["cost_per_participation"].notna()
        caption += (
            " " + text.say("n: how many took part, also those who started before.")
            if counted.any()
            else ""
        )
    first, last = (text.day(str(figures.summary[name])) for name in ("first_day", "last_day"))
    caption += " " + text.say("Period: {first} to {last}.", first=first, last=last)
    return picture(
        name, draw_key_figures(figures, text, names=names), [figures], text,
        **titled(_started(table, text), text.say("How many started, and what it cost."), caption,
                 is_repeated=True),
        alt=" ".join(spoken), n=persons(figures), header=header, rows=rows,
    )  # fmt: skip


def _started(table: pd.DataFrame, text: Text) -> str:
    """Say how many participations started, all together, and how many were planned."""
    row = table.loc[""] if "" in table.index else {}
    started, planned = (float(row.get(name, math.nan)) for name in ("started", "planned"))
    if not (math.isfinite(started) and math.isfinite(planned)):
        return ""
    return text.plural(
        "{n} participation started; planned: {planned}.",
        "{n} participations started; planned: {planned}.", int(started),
        planned=text.number(planned),
    )  # fmt: skip


def wide(figures) -> pd.DataFrame:
    """Key figures with one row a stratum, all together last, and one column a quantity."""
    frame = released_frame(figures, "KeyFigures")
    table = frame.pivot(index="stratum", columns="quantity", values="estimate")
    return table.reindex(frame["stratum"].unique()).astype(float)


def persons(figures) -> float:
    """Persons who took part, all together; NaN where that is withheld."""
    frame = figures.tidy()
    n = frame.loc[frame["stratum"] == "", "n"].dropna()
    return float(n.iloc[0]) if len(n) else math.nan


def draw_key_figures(figures, text: Text, *, names: Mapping[str, str] | None = None) -> Figure:
    """Draw volumes, and costs beside them where they are known; all together is left out."""
    table = wide(figures)
    table = table[table.index != ""] if len(table) > 1 else table
    has_cost = _has_money(figures)
    with style.style():
        figure, axes = style.panel(24 + ROW_MM * len(table), left=48, right=18, top=8, bottom=14,
                                   columns=2 if has_cost else 1, gap=12, least=32)  # fmt: skip
        labels = [wrapped(stratum_name(stratum, text, names)) for stratum in table.index]
        _volumes(axes[0], table, labels, text, steps=3 if has_cost else 5)
        if has_cost:
            _costs(axes[1], table, str(figures.summary["currency"]), text)
        for panel in axes:
            panel.set_ylim(len(table) - 0.4, -0.6)
            panel.tick_params(axis="y", length=0)
            panel.spines["left"].set_visible(False)
    return figure


def wrapped(label: str, width: int = 30) -> str:
    """A label in at most two lines, cut where it is longer."""
    words, lines = label.split(" "), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 2:
        lines = [lines[0], lines[1][: width - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"]
    return "\n".join(lines)


def _known(table: pd.DataFrame, figures, quantity: str) -> bool:
    """Whether a quantity is in the records at all, be it shown or hidden."""
    frame = figures.tidy()
    return bool(table[quantity].notna().any()) and quantity in set(frame["quantity"])


def _has_money(figures) -> bool:
    """Whether there are budgets, so that a cost was worked out, be it shown or hidden."""
    frame = figures.tidy()
    return bool(frame.loc[frame["quantity"] == "budget", "estimate"].notna().any())


def _cost_caption(figures, text: Text) -> str:
    if figures.summary["cost"] == "spent":
        return text.say("Cost: money spent, divided by all participations of the period.")
    return text.say("Cost: the budget, divided by all participations of the period.")


def _spoken(label: str, row: Mapping[str, object], has_plan: bool, text: Text) -> str:
    if not math.isfinite(row["started"]):
        return text.say("{label}: not shown.", label=label)
    started = text.number(row["started"])
    if has_plan and math.isfinite(row["planned"]):
        return text.say("{label}: {started} started, {planned} planned.", label=label,
                        started=started, planned=text.number(row["planned"]))  # fmt: skip
    return text.say("{label}: {started} started.", label=label, started=started)


def _thousands(table: pd.DataFrame, text: Text):
    largest = np.nanmax(table["cost_per_participation"].to_numpy(), initial=0.0)
    decimals = 0 if largest >= SMALL_MONEY else 1
    return lambda value: text.number(value / 1000, decimals)


def _volumes(axes: Axes, table: pd.DataFrame, labels: list[str], text: Text, *, steps: int) -> None:
    for place, (_, row) in enumerate(table.iterrows()):
        started, planned = row["started"], row["planned"]
        if math.isfinite(started) and math.isfinite(planned):
            axes.plot([planned, started], [place, place], color=style.RULE, linewidth=2.2,
                      zorder=1)  # fmt: skip
        if math.isfinite(planned):
            axes.plot([planned], [place], "o", markersize=7, markerfacecolor=style.PAPER,
                      markeredgecolor=style.PROGRAMME, markeredgewidth=1.5,
                      gid="planned")  # fmt: skip
        if math.isfinite(started):
            axes.plot([started], [place], "o", markersize=7, color=style.PROGRAMME, gid="started")
            axes.annotate(text.number(started), (started, place), (0, 6), ha="center",
                          textcoords="offset points", va="bottom", weight=600,
                          color=style.PROGRAMME, annotation_clip=False)  # fmt: skip
        else:
            start = planned if math.isfinite(planned) else 0
            axes.annotate(text.say("Not shown"), (start, place), (8, 0), **HIDDEN)
    known = table[["started", "planned"]].to_numpy().ravel()
    axes.set_xlim(0, 1.12 * max(np.nanmax(known, initial=1.0), 1.0))
    axes.set_yticks(range(len(table)), labels, **style.NAMES)
    axes.xaxis.set_major_locator(style.round_ticks(steps, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(value)))
    style.light_grid(axes, "x")
    axes.set_xlabel(text.say("Participations"))


def _costs(axes: Axes, table: pd.DataFrame, currency: str, text: Text) -> None:
    written = _thousands(table, text)
    costs = table["cost_per_participation"].to_numpy()
    for place, (cost, n) in enumerate(zip(costs, table["took_part"], strict=True)):
        if not math.isfinite(cost):
            axes.annotate(text.say("Not shown"), (0, place), (4, 0), **HIDDEN)
            continue
        axes.barh(place, cost, height=0.5, color=style.GREYS[2], gid="cost")
        count = text.number(n) if math.isfinite(n) else ""
        words = (
            text.say("{cost} (n = {n})", cost=written(cost), n=count) if count else written(cost)
        )
        axes.annotate(words, (cost, place), (4, 0), textcoords="offset points", va="center",
                      annotation_clip=False)  # fmt: skip
    axes.set_xlim(0, 1.55 * max(np.nanmax(costs, initial=0.0), 1.0))
    axes.set_yticks(range(len(table)), [""] * len(table))
    number_axis(axes, text, "x", steps=3, per=THOUSAND)
    style.light_grid(axes, "x")
    axes.set_xlabel(text.say("Cost, {unit}", unit=text.thousands(currency)))


@drawn_part
def targets(
    targets, text: Text, *, names: Mapping[str, str] | None = None, name: str = "targets"
) -> Part:
    """Fulfilment of each target in per cent, with the target as a line at 100.

    Parameters
    ----------
    targets : Released Targets
    names : mapping of str to str, optional
        Names of the strata.
    """
    frame = with_target(targets)
    number = lambda value: text.number(value, decimals_of(value))  # noqa: E731
    rows, spoken = [], [text.say("Bars of what was reached in per cent of each target.")]
    for row in frame.to_dict("records"):
        label = target_name(row, text, names)
        numbers = [shown(row["target"], number), shown(row["actual"], number),
                   shown(row["fulfilment"], text.number)]  # fmt: skip
        kind = direction_name(row["direction"], text)
        rows.append([escape(label), kind, unit_name(row["unit"], text), *numbers])
        told = math.isfinite(row["fulfilment"])
        spoken.append(
            text.say("{label}: {percent} of the target.", label=label,
                     percent=text.percent(row["fulfilment"] / 100))
            if told else text.say("{label}: not shown.", label=label)
        )  # fmt: skip
    caption = text.say("Bar: what was reached, in per cent of the target; line: the target.")
    if (frame["fulfilment"].notna() & (frame["direction"] == "at_most")).any():
        caption += " " + text.say("Hatched: a target that is not to be passed.")
    return picture(
        name, draw_targets(targets, text, names=names), [targets], text,
        **titled(_met(frame, text), text.say("Targets, and what came of them."), caption,
                 is_repeated=True),
        alt=" ".join(spoken), n=math.nan, text_columns=3, rows=rows,
        header=[text.say("Target"), text.say("Kind"), text.say("Unit"), text.say("Target value"),
                text.say("Reached"), text.say("Per cent of the target")],
    )  # fmt: skip


def _met(frame: pd.DataFrame, text: Text) -> str:
    """Say how many of the targets were reached."""
    if frame.empty or frame["fulfilment"].isna().any():
        return ""
    met = int((frame["met"] == "yes").sum())
    return text.say("Targets reached: {met} of {all}.", met=text.number(met),
                    all=text.number(len(frame)))  # fmt: skip


def with_target(targets) -> pd.DataFrame:
    """Rows that have a target; of a hidden one nothing but its name and direction is known."""
    frame = released_frame(targets, "Targets")
    return frame[frame["direction"] != ""].reset_index(drop=True)


def target_name(row: Mapping[str, object], text: Text, names: Mapping[str, str] | None) -> str:
    """Name of a target: the stratum, unless it is all together, and the quantity."""
    quantity = figure_name(row["quantity"], text)
    if not row["stratum"]:
        return quantity
    return text.say("{label}: {quantity}", label=stratum_name(row["stratum"], text, names),
                    quantity=quantity[:1].lower() + quantity[1:])  # fmt: skip


def direction_name(direction: str, text: Text) -> str:
    """Say whether more or less is better."""
    return text.say("at most") if direction == "at_most" else text.say("at least")


def decimals_of(value: float) -> int:
    """Decimals of a number whose unit may be anything: none for whole and for large ones."""
    return 0 if abs(value) >= 100 or math.isclose(value, round(value), abs_tol=1e-9) else 1


def draw_targets(targets, text: Text, *, names: Mapping[str, str] | None = None) -> Figure:
    """Draw one bar a target and the line at 100 per cent."""
    frame = with_target(targets)
    with style.style():
        figure, (axes,) = style.panel(24 + (ROW_MM + 2) * max(len(frame), 1), left=54, right=34,
                                      top=8, bottom=14, least=44)  # fmt: skip
        for place, row in frame.iterrows():
            _bullet(axes, place, row, text)
        known = frame["fulfilment"].dropna().to_numpy(dtype=float)
        top = max(120.0, 1.05 * known.max(initial=0.0))
        axes.axvline(100, color=style.INK, linewidth=1.2, zorder=3)
        axes.annotate(text.say("Target"), (100, -0.6), (0, 3), textcoords="offset points",
                      ha="center", va="bottom", annotation_clip=False)  # fmt: skip
        axes.set_xlim(0, top)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        labels = [wrapped(target_name(row, text, names), 30) for row in frame.to_dict("records")]
        axes.set_yticks(range(len(frame)), labels, **style.NAMES)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(style.round_ticks(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(value)))
        style.light_grid(axes, "x")
        axes.set_xlabel(text.say("Per cent of the target"))
    return figure


def _bullet(axes: Axes, place: int, row: Mapping[str, object], text: Text) -> None:
    value = row["fulfilment"]
    if not math.isfinite(value):
        # Beside the axis: at its start the words would stand on the line of the target.
        beside = {"xycoords": ("axes fraction", "data"), "annotation_clip": False}
        axes.annotate(text.say("Not shown"), (1.0, place), (6, 0), **beside, **HIDDEN)
        return
    is_most = row["direction"] == "at_most"
    bar = {"facecolor": style.PAPER, "edgecolor": style.PROGRAMME, "hatch": "////"}
    axes.barh(place, value, height=0.5, gid="fulfilment",
              **(bar if is_most else {"color": style.PROGRAMME}))  # fmt: skip
    actual, target = (text.number(row[key], decimals_of(row[key])) for key in ("actual", "target"))
    words = (text.say("{actual}, at most {target}", actual=actual, target=target) if is_most
             else text.say("{actual}, target {target}", actual=actual, target=target))  # fmt: skip
    axes.annotate(words, (1.0, place), (6, 0), xycoords=("axes fraction", "data"),
                  textcoords="offset points", va="center", annotation_clip=False)  # fmt: skip
