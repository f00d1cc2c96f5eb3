"""Financing: shares of the funds by financier beside the shares of the law."""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from evalkit.errors import ParameterError
from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_organisation import financier_name
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

ROW_MM = 7.0


@drawn_part
def financing(
    financing, text: Text, *, year: int | None = None, name: str = "financing"
) -> Part | None:
    """Share of each financier in the funds of a year, with the law's share as a mark.

    Parameters
    ----------
    financing : Released Financing
    year : int, optional
        By default the last year.

    Raises
    ------
    ParameterError
        If there are no funds in that year.
    """
    frame, year = funds_of(financing, year)
    has_law = bool(frame["legal_share_percent"].notna().any())
    percent = lambda value: text.number(value, 1)  # noqa: E731
    points = lambda value: text.number(value, 1, signed=True)  # noqa: E731
    thousands = lambda value: text.number(value / 1000)  # noqa: E731
    header = [text.say("Federation"), text.say("Financier"),
              text.say("Amount, {unit}", unit=text.thousands(str(frame["currency"].iloc[0]))),
              text.say("Share, per cent")]  # fmt: skip
    header += [text.say("By law, per cent"), text.say("Deviation, points")] if has_law else []
    rows, spoken = [], [text.say("Bars of shares of the funds, one for each financier.")]
    for row in frame.to_dict("records"):
        financier = sentence_case(financier_name(row["financier"], text))
        cells = [escape(row["federation"]), escape(financier), shown(row["amount"], thousands),
                 shown(row["share_percent"], percent)]  # fmt: skip
        if has_law:
            cells += [shown(row["legal_share_percent"], percent),
                      shown(row["deviation_points"], points)]  # fmt: skip
        rows.append(cells)
        if math.isfinite(row["share_percent"]):
            spoken.append(text.say(
                "{federation}, {financier}: {percent}.", federation=row["federation"],
                financier=financier_name(row["financier"], text),
                percent=text.percent(row["share_percent"] / 100),
            ))  # fmt: skip
    caption = text.say("Funds of {year}.", year=str(year))
    if has_law:
        caption += " " + text.say("Bar: share of the funds; line across: the share by law.")
    else:
        caption += " " + text.say("Bar: share of the funds. No shares by law are known here.")
    return picture(
        name, draw_financing(financing, text, year=year), [financing], text,
        finding=text.say("Who finances the federation."), caption=caption, alt=" ".join(spoken),
        n=math.nan, header=header, rows=rows, text_columns=2,
    )  # fmt: skip


def funds_of(financing, year: int | None) -> tuple[pd.DataFrame, int]:
    """Rows of funds by financier in a year, with the amount that the share is of."""
    frame = released_frame(financing, "Financing")
    frame = frame[(frame["kind"] == "funds") & (frame["financier"] != "all")]
    years = frame["year"].astype(int)
    if not len(frame) or (year is not None and year not in set(years)):
        raise ParameterError("year: there are no funds in it")
    chosen = int(years.max()) if year is None else int(year)
    frame = frame[years == chosen].reset_index(drop=True)
    return frame.assign(amount=frame["outcome"].fillna(frame["budget"])), chosen


def draw_financing(financing, text: Text, *, year: int | None = None) -> Figure:
    """Draw a group of bars for each federation."""
    frame, _ = funds_of(financing, year)
    federations = list(dict.fromkeys(frame["federation"]))
    place, places, heads = 0.0, [], []
    for federation in federations:
        if len(federations) > 1:
            heads.append((place, federation))
            place += 1
        for _ in range(int((frame["federation"] == federation).sum())):
            places.append(place)
            place += 1
    with style.style():
        figure, (axes,) = style.panel(24 + ROW_MM * place, left=52, right=14, top=8, bottom=14)
        for at, (_, row) in zip(places, frame.iterrows(), strict=True):
            _share(axes, at, row, text)
        known = frame[["share_percent", "legal_share_percent"]].max().max()
        top = 10 * math.ceil(max(known if math.isfinite(known) else 0.0, 50) / 10) + 10
        axes.set_xlim(0, min(top, 110))
        axes.set_ylim(place - 0.4, -0.6)
        names = [sentence_case(financier_name(code, text)) for code in frame["financier"]]
        axes.set_yticks(places, names)
        for at, federation in heads:
            axes.annotate(federation, (0, at), (2, -2), textcoords="offset points", va="center",
                          weight=600)  # fmt: skip
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xticks(range(0, min(top, 100) + 1, 10 if top <= 60 else 20))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(value)))
        style.light_grid(axes, "x")
        axes.set_xlabel(text.say("Per cent of the funds"))
        if frame["legal_share_percent"].notna().any():
            mark = Line2D([], [], color=style.INK, linewidth=2, marker="|", markersize=9,
                          linestyle="none", label=text.say("Share by law"))  # fmt: skip
            axes.legend(handles=[mark], loc="lower right", bbox_to_anchor=(1.0, 1.0),
                        frameon=False, borderaxespad=0.2, handletextpad=0.2)  # fmt: skip
    return figure


def _share(axes, place: float, row: pd.Series, text: Text) -> None:
    share, law = row["share_percent"], row["legal_share_percent"]
    if math.isfinite(law):
        axes.plot([law, law], [place - 0.42, place + 0.42], color=style.INK, linewidth=2, zorder=3,
                  solid_capstyle="butt", gid="law")  # fmt: skip
    if not math.isfinite(share):
        axes.annotate(text.say("Not in the records"), (0, place), (4, 0), va="center",
                      textcoords="offset points", color=style.QUIET)  # fmt: skip
        return
    axes.barh(place, share, height=0.56, color=style.PROGRAMME, gid="share")
    end = share
    if math.isfinite(law) and abs(law - share) < 0.06 * 100 and law > share:
        end = law  # the number stands behind the mark
    axes.annotate(text.number(share, 1), (end, place), (5, 0), textcoords="offset points",
                  va="center", annotation_clip=False)  # fmt: skip
