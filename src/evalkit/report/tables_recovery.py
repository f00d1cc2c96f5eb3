"""The table of a naive and a right estimate beside the truth."""

import math

from evalkit.report.figures.frame import drawn_part, shown, shown_range
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.parts import Part
from evalkit.report.recovery import read_recovery, truth_number, unit_title
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text


@drawn_part
def recovery(*recoveries_and_text, name: str = "recovery") -> Part:
    """Naive and right estimates of several traps, each with the truth and its bias.

    Parameters
    ----------
    *recoveries_and_text : Released Recovery, ..., Text
    """
    *given, text = recoveries_and_text
    rows = [row for released in given for row in _rows(released, text)]
    header = [text.say("Trap"), text.say("Analysis"), text.say("Unit"), text.say("Estimate"),
              text.say("Interval"), text.say("Truth"), text.say("Off the truth by")]  # fmt: skip
    caption = text.say("What two analyses say, and the truth that the records were made from.")
    # Each trap has people of its own, so that no one number is behind the table.
    return table_part(name, header, rows, caption, given, text, n=math.nan, text_columns=3)


def _rows(released, text: Text) -> list[list[str]]:
    found = read_recovery(released, text)
    decimals = found.decimals
    return [
        [
            escape(found.title) if method == "naive" else "",
            escape(sentence_case(found.names[method])),
            unit_title(found, text),
            shown(row["estimate"], lambda value: text.number(value, decimals)),
            shown_range(
                row["conf_low"], row["conf_high"],
                lambda low, high: text.range(low, high, decimals),
            ),
            truth_number(found, text),
            shown(row["bias"], lambda value: text.number(value, decimals, signed=True)),
        ]
        for method, row in found.frame.iterrows()
    ]  # fmt: skip
