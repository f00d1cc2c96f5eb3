"""Tables of health descriptions: shares of answers, and numbers with their intervals."""

from collections.abc import Mapping

from evalkit.report.figures.frame import drawn_part, shown, shown_range
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.names_health import item_name, level_name, quantity_title
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text

SHARES = ("share_improved", "share_worsened", "share_between")
SIGNED = ("mean_change", "change_in_important")


@drawn_part
def health_shares(shares, text: Text, *, name: str = "health-shares") -> Part:
    """Shares of answers, profiles or classes of change, with intervals.

    Parameters
    ----------
    shares : Released HealthShares
        Of `dimension_table`, `level_sum_table`, `frequent_profiles`, `ceiling_share`,
        `paretian_change` or `health_profile_grid`.
    """
    rows = [
        share_cells(row, text) for row in released_frame(shares, "HealthShares").to_dict("records")
    ]
    caption = text.say("Answers about health: share of those who answered.")
    return table_part(name, share_header(text), rows, caption, [shares], text, text_columns=3,
                      keys=4)  # fmt: skip


@drawn_part
def health_measures(measures, text: Text, *, name: str = "health-measures") -> Part:
    """Numbers about health, with intervals.

    Parameters
    ----------
    measures : Released HealthMeasures
        Of `health_change`, `value_set_comparison`, `probability_of_superiority`,
        `shannon_indices` or `cronbach_alpha`.
    """
    frame = released_frame(measures, "HealthMeasures")
    rows = [measure_cells(row, text) for row in frame.to_dict("records")]
    caption = text.say("Numbers about health, with their intervals.")
    return table_part(name, measure_header(text), rows, caption, [measures], text, text_columns=4,
                      keys=4)  # fmt: skip


def share_header(text: Text) -> list[str]:
    """Header of rows of `share_cells`."""
    return [text.say("Group"), text.say("What"), text.say("Level"), text.say("Months"),
            text.say("Share"), text.say("Interval"), text.say("People"),
            text.say("Answers")]  # fmt: skip


def share_cells(row: Mapping[str, object], text: Text) -> list[str]:
    """Cells of one released share."""
    return [
        escape(sentence_case(arm_name(row["stratum"], text))),
        escape(sentence_case(item_name(row["item"], text))),
        escape(sentence_case(level_name(row["level"], text))),
        text.number(row["wave"]),
        shown(row["share"], text.percent),
        shown_range(row["conf_low"], row["conf_high"], text.percent_range),
        shown(row["n_with"], text.number),
        shown(row["n"], text.number),
    ]


def measure_header(text: Text) -> list[str]:
    """Header of rows of `measure_cells`."""
    return [text.say("Group"), text.say("What"), text.say("Quantity"), text.say("Months"),
            text.say("Value"), text.say("Interval"), text.say("Answers")]  # fmt: skip


def measure_cells(row: Mapping[str, object], text: Text) -> list[str]:
    """Cells of one released number."""
    quantity = row["quantity"]
    if quantity in SHARES:
        value = shown(row["estimate"], text.percent)
        interval = shown_range(row["conf_low"], row["conf_high"], text.percent_range)
    else:
        points = text.is_score and quantity.startswith("mean_")
        decimals = 1 if points or quantity == "change_in_important" else 3
        signed = quantity in SIGNED
        value = shown(row["estimate"], lambda x: text.number(x, decimals, signed=signed))
        interval = shown_range(row["conf_low"], row["conf_high"],
                               lambda a, b: text.range(a, b, decimals, signed=signed))  # fmt: skip
    return [
        escape(sentence_case(arm_name(row["stratum"], text))),
        escape(sentence_case(item_name(row["item"], text))),
        escape(quantity_title(quantity, text)),
        text.number(row["wave"]),
        value,
        interval,
        shown(row["n"], text.number),
    ]
