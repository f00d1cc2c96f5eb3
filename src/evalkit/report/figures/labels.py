"""Shares of people by label (forms, phases, needs, themes), and shares in several sites."""

import math

from matplotlib.figure import Figure

from evalkit.report.figures.collaboration import HUNDRED, MOST_GROUPS
from evalkit.report.figures.frame import (
    drawn_part,
    picture,
    shown,
    shown_range,
    summary_n,
)
from evalkit.report.figures.row_dots import Dot, Row, draw_rows, highest_first
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_collaboration import (
    SITE_PARTS,
    label_name,
    people_name,
    site_name,
)
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text


@drawn_part
def collaboration_forms(shares, text: Text, *, name: str = "forms") -> Part:
    """Share of people with each form of collaboration (phase, need), the most frequent first.

    Parameters
    ----------
    shares : Released LabelShares
    """
    what = str(shares.summary["what"])
    frame = released_frame(shares, "LabelShares")
    frame = frame[frame["item"] == "label"]
    order = highest_first(frame, "level", "share")
    rows = [
        [
            escape(sentence_case(label_name(row["level"], what, text))),
            escape(sentence_case(people_name(row["stratum"], text))),
            shown(row["share"], text.percent),
            shown_range(row["conf_low"], row["conf_high"], text.percent_range),
            shown(row["n_with"], text.number), shown(row["n"], text.number),
        ]
        for row in sorted(frame.to_dict("records"), key=lambda row: order.index(row["level"]))
    ]  # fmt: skip
    known = frame[frame["share"].notna()]
    spoken = [text.say("Rows of dots with intervals, in per cent of people.")]
    spoken += [
        text.say("{label}: {share}.", label=sentence_case(label_name(row["level"], what, text)),
                 share=text.percent(row["share"]))
        for row in known[known["stratum"] == frame["stratum"].iloc[0]].to_dict("records")
    ]  # fmt: skip
    return picture(
        name, draw_forms(shares, text), [shares], text, finding=forms_finding(what, text),
        caption=text.say("Dot: share of people; bar: 95 per cent interval. A person can have "
                         "several, so the shares can add up to more than 100 per cent."),
        alt=" ".join(spoken), n=summary_n(shares), rows=rows, text_columns=2,
        is_description=True,
        header=[forms_title(what, text), text.say("Group"), text.say("Share"),
                text.say("Interval"), text.say("With it"), text.say("People")],
    )  # fmt: skip


def forms_finding(what: str, text: Text) -> str:
    """Say what the shares are of."""
    known = {
        "form": text.say("Forms of collaboration that people met."),
        "phase": text.say("Phases of collaboration that people came to."),
        "need": text.say("Needs that people had."),
        "theme": text.say("Themes that people spoke of."),
    }
    return known.get(what, text.say("Shares of people."))


def forms_title(what: str, text: Text) -> str:
    """Title of the column of labels."""
    known = {
        "form": text.say("Form"), "phase": text.say("Phase"), "need": text.say("Need"),
        "theme": text.say("Theme"),
    }  # fmt: skip
    return known.get(what, text.say("What"))


def draw_forms(shares, text: Text) -> Figure:
    """Draw the labels of at most four groups."""
    what = str(shares.summary["what"])
    frame = released_frame(shares, "LabelShares")
    frame = frame[frame["item"] == "label"]
    groups = list(dict.fromkeys(frame["stratum"]))[:MOST_GROUPS]
    cells = frame.set_index(["level", "stratum"])
    rows = [
        Row(sentence_case(label_name(level, what, text)), tuple(
            Dot(100 * row["share"], 100 * row["conf_low"], 100 * row["conf_high"])
            for row in (cells.loc[(level, group)] for group in groups)
        ))
        for level in highest_first(frame, "level", "share")
    ]  # fmt: skip
    titles = [sentence_case(people_name(group, text)) for group in groups]
    limits, ticks = HUNDRED
    return draw_rows(rows, titles, text, limits=limits, ticks=ticks, written=text.number,
                     x_title=text.say("Per cent of people"), right=12)  # fmt: skip


@drawn_part
def sites(summary, text: Text, *, name: str = "sites") -> Part:
    """Share in every site, and what the sites have in common.

    Parameters
    ----------
    summary : Released SiteSummary
    """
    frame = released_frame(summary, "SiteSummary")
    rows = [
        [
            escape(sentence_case(site_name(row["part"], row["site"], text))),
            shown(row["share"], text.percent),
            shown_range(row["conf_low"], row["conf_high"], text.percent_range),
            shown(row["n"], text.number),
        ]
        for row in frame.to_dict("records")
    ]
    return picture(
        name, draw_sites(summary, text), [summary], text,
        finding=text.say("Share in every site, and in all."),
        caption=text.say("Dot: share; bar: 95 per cent interval; black: all sites together. The "
                         "mean of sites like these counts sites as a sample; the last bar is where "
                         "the share of a new site is to be expected."),
        alt=" ".join([text.say("Rows of dots with intervals, one for each site."), *(
            text.say("{label}: {share}.", label=cells[0], share=cells[1])
            for cells in rows if math.isfinite(frame["share"].iloc[rows.index(cells)])
        )]),
        n=summary_n(summary), rows=rows,
        header=[text.say("Site"), text.say("Share"), text.say("Interval"), text.say("People")],
    )  # fmt: skip


def draw_sites(summary, text: Text) -> Figure:
    """Draw sites, then what they have in common."""
    frame = released_frame(summary, "SiteSummary")
    rows = []
    for row in frame.to_dict("records"):
        rows.append(Row(
            sentence_case(site_name(row["part"], row["site"], text)),
            (Dot(100 * row["share"], 100 * row["conf_low"], 100 * row["conf_high"]),),
            apart=row["part"] in SITE_PARTS,
        ))  # fmt: skip
    limits, ticks = HUNDRED
    return draw_rows(rows, [""], text, limits=limits, ticks=ticks, written=text.number,
                     x_title=text.say("Per cent of people"), right=12)  # fmt: skip
