"""Fidelity of sites to a model: the profile of its items."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range
from evalkit.report.figures.row_dots import Dot, Row, draw_rows
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_collaboration import fidelity_name
from evalkit.report.parts import Part
from evalkit.report.reading import ONE_SITE, released_frame
from evalkit.report.text import Text


@drawn_part
def fidelity(
    fidelity, text: Text, *, names: Mapping[str, str] | None = None, name: str = "fidelity"
) -> Part:
    """Mean of every item over the sites, in the order of the scale.

    Parameters
    ----------
    fidelity : Released Fidelity
    names : mapping of str to str
        What the items are called, by id, in the report's language.
    """
    frame = released_frame(fidelity, "Fidelity")
    items = frame[frame["part"] == "item"]
    decimal = lambda value: text.number(value, 1)  # noqa: E731
    rows = [
        [
            escape(sentence_case(fidelity_name("item", row["item"], text, names))),
            shown(row["estimate"], decimal),
            text.say("one site")
            if row["reason"] == ONE_SITE
            else shown_range(row["conf_low"], row["conf_high"], lambda a, b: text.range(a, b, 1)),
            shown(row["n_site"], text.number),
        ]
        for row in items.to_dict("records")
    ]
    low, high = float(items["low"].iloc[0]), float(items["high"].iloc[0])
    mean = items["estimate"].mean()
    return picture(
        name, draw_fidelity(fidelity, text, names=names), [fidelity], text,
        finding=text.say("Every item of the fidelity scale, from {low} to {high}.",
                         low=text.number(low), high=text.number(high)),
        caption=text.say("Dot: mean of the sites; bar: 95 per cent interval over sites, where "
                         "there are several. Sites are rated, not people."),
        alt=text.say("Rows of dots from {low} to {high}, one for each item; on average {mean}.",
                     low=text.number(low), high=text.number(high), mean=decimal(mean)),
        n=float("nan"),
        header=[text.say("Item"), text.say("Mean"), text.say("Interval"), text.say("Sites")],
        rows=rows,
    )  # fmt: skip


def draw_fidelity(fidelity, text: Text, *, names: Mapping[str, str] | None = None) -> Figure:
    """Draw the items in the order of the scale."""
    frame = released_frame(fidelity, "Fidelity")
    items = frame[frame["part"] == "item"]
    low, high = int(items["low"].iloc[0]), int(items["high"].iloc[0])
    rows = [
        Row(
            sentence_case(fidelity_name("item", row["item"], text, names)),
            (Dot(row["estimate"], row["conf_low"], row["conf_high"]),),
            (shown(row["estimate"], lambda value: text.number(value, 1)),),
        )
        for row in items.to_dict("records")
    ]
    return draw_rows(
        rows, [""], text, limits=(low - 0.15, high + 0.15), ticks=range(low, high + 1),
        written=text.number,
        x_title=text.say("Points, {high} is the closest to the model", high=text.number(high)),
        right_title=text.say("Mean"), right=21,
    )  # fmt: skip
