"""Tables: pipe tables of released results. Numbers are rounded here, once."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.report.figures.dots import municipality_rows
from evalkit.report.figures.frame import (
    MISSING,
    shown,
    shown_range,
    source_line,
    summary_n,
    withheld_note,
)
from evalkit.report.markup import escape, paragraphs, pipe_table, span
from evalkit.report.names import actor_name, arm_name, code_name, sentence_case, state_name
from evalkit.report.parts import Part
from evalkit.report.phrases import horizon_within, score_name
from evalkit.report.reading import arms_of, first_arm, released_frame
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import DEFINITIONS
from evalkit.report.words_outcomes import p_value

RATIO_DIGITS = 2


@page_part
def characteristics(people, text: Text, *, name: str = "characteristics") -> Part:
    """Baseline table: number and share of each level, or mean and deviation, by group.

    Parameters
    ----------
    people : Released Characteristics
    """
    frame = released_frame(people, "Characteristics")
    arms = arms_of(frame)
    keyed = frame.assign(level=frame["level"].fillna("")).set_index(
        ["stratum", "variable", "level"]
    )
    rows, previous = [], None
    for variable, level in dict.fromkeys(
        (row.variable, row.level) for row in keyed.reset_index().itertuples()
    ):
        if level and variable != previous:
            rows.append([escape(sentence_case(code_name(variable, text))), *[""] * (len(arms) + 1)])
        label = code_name(str(level), text) if level else sentence_case(code_name(variable, text))
        indent = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}" if level else ""
        cells = [_person_cell(keyed, (arm, variable, level), text) for arm in arms]
        gap = _cell(keyed, (arms[0], variable, level), "standardised_difference")
        rows.append(
            [indent + escape(label), *cells, shown(gap, lambda value: text.number(value, 2))]
        )
        previous = variable
    header = [text.say("Characteristic"), *(sentence_case(arm_name(arm, text)) for arm in arms),
              text.say("Standardised difference")]  # fmt: skip
    caption = text.say("Who took part: number (share) or mean (standard deviation).")
    return _table(name, header, rows, caption, [people], text)


def _cell(keyed: pd.DataFrame, key: tuple, column: str) -> float:
    return float(keyed.at[key, column]) if key in keyed.index else math.nan


def _person_cell(keyed: pd.DataFrame, key: tuple, text: Text) -> str:
    n, share = _cell(keyed, key, "n"), _cell(keyed, key, "share")
    mean, deviation = _cell(keyed, key, "mean"), _cell(keyed, key, "std_dev")
    if math.isfinite(mean):
        spread = f" ({text.number(deviation, 1)})" if math.isfinite(deviation) else ""
        return f"{text.number(mean, 1)}{spread}"
    if math.isfinite(n) and math.isfinite(share):
        return f"{text.number(n)} ({text.percent(share)})"
    return MISSING


@page_part
def before_after(before_after, text: Text, *, name: str = "before-after") -> Part:
    """Shares before and after, change in points with interval, and who entered and left.

    Parameters
    ----------
    before_after : Released BeforeAfter
    """
    frame = released_frame(before_after, "BeforeAfter")
    points = lambda value: text.number(100 * value, 0, signed=True)  # noqa: E731
    rows = [
        [
            escape(sentence_case(state_name(row["source"], text))),
            escape(sentence_case(arm_name(row["stratum"], text))),
            shown(row["share_before"], text.percent),
            shown(row["share_after"], text.percent),
            shown(row["change"], points),
            shown_range(
                row["conf_low"],
                row["conf_high"],
                lambda low, high: text.range(100 * low, 100 * high, signed=True),
            ),
            shown(row["n_entered"], text.number),
            shown(row["n_left"], text.number),
        ]
        for _, row in frame.iterrows()
    ]
    header = [
        text.say("Source of support"), text.say("Group"), text.say("Before"), text.say("After"),
        text.say("Change, points"), text.say("Interval"), text.say("Began"), text.say("Ended"),
    ]  # fmt: skip
    caption = text.say("Sources of support before and after, all who started.")
    return _table(name, header, rows, caption, [before_after], text, text_columns=2)


@page_part
def ancova(
    ancova, text: Text, *, fixed_effects=None, score: str = "", name: str = "health-difference"
) -> Part:
    """Differences in health by wave, given the start, and those by fixed effects beside them.

    Parameters
    ----------
    ancova : Released ModelFit
        Terms `wave[6]`, ...
    fixed_effects : Released ModelFit or None
        Terms that hold `wave[6]`, ...
    """
    frame = released_frame(ancova, "ModelFit")
    others = None if fixed_effects is None else released_frame(fixed_effects, "ModelFit")
    decimals = 1 if text.is_score else 2
    rows = []
    for _, row in frame.iterrows():
        cells = [text.number(int(row["term"].removeprefix("wave[").rstrip("]")))]
        cells += _estimate_cells(row, decimals, text)
        if others is not None:
            match = others[others["term"].str.endswith(row["term"])]
            cells += _estimate_cells(match.iloc[0], decimals, text) if len(match) else [MISSING] * 2
        rows.append(cells)
    header = [text.say("Months since the start"), text.say("Difference"), text.say("Interval")]
    if others is not None:
        header += [text.say("Difference in change"), text.say("Interval")]
    caption = text.say(
        "{score}: programme group less comparison group.",
        score=escape(sentence_case(score_name(score, text))),
    )
    if others is not None:
        caption += " " + text.say(
            "First given the score at the start, then as change within people."
        )
    n = float(ancova.summary.get("n_person", math.nan))
    return _table(name, header, rows, caption, [ancova, fixed_effects], text, n=n, text_columns=0)


def _estimate_cells(row: pd.Series, decimals: int, text: Text) -> list[str]:
    return [
        shown(row["estimate"], lambda value: text.number(value, decimals, signed=True)),
        shown_range(
            row["conf_low"],
            row["conf_high"],
            lambda low, high: text.range(low, high, decimals, signed=True),
        ),
    ]


@page_part
def months(*contrasts_and_text, name: str = "months") -> Part:
    """Several contrasts in time, one row for each group and difference.

    Parameters
    ----------
    *contrasts_and_text : Released Contrast, ..., Text
        `time_in_state`, `time_lost` or `restricted_mean`, and last the text.
    """
    *contrasts, text = contrasts_and_text
    rows = []
    for contrast in contrasts:
        frame = released_frame(contrast, "Contrast")
        for _, row in frame[frame["scale"] != "ratio"].iterrows():
            is_arm = row["scale"] == "arm"
            label = arm_name(row["term"], text) if is_arm else text.say("Difference")
            rows.append([
                escape(_quantity(contrast, text)),
                escape(sentence_case(label)),
                shown(row["estimate"], lambda v, s=not is_arm: text.number(v, 1, signed=s)),
                shown_range(row["conf_low"], row["conf_high"],
                            lambda a, b, s=not is_arm: text.range(a, b, 1, signed=s)),
            ])  # fmt: skip
    unit = text.say("Days") if text.unit == "days" else text.say("Months")
    header = [text.say("Quantity"), text.say("Group"), unit, text.say("Interval")]
    caption = text.say("Time {within}, on average.", within=horizon_within(contrasts[0], text))
    return _table(name, header, rows, caption, contrasts, text, text_columns=2)


def _quantity(contrast, text: Text) -> str:
    kind = str(contrast.summary.get("quantity", ""))
    known = {
        "time_in_state": text.say("{outcome}: time in this state", outcome=text.outcome),
        "time_lost": text.say("{outcome}: time since it began", outcome=text.outcome),
        "restricted_mean": text.say("time until any exit"),
    }
    return sentence_case(known.get(kind, text.outcome))


@page_part
def pay_off(pay_off, text: Text, *, name: str = "pay-off") -> Part:
    """Cost, gain, pay-off time and break-even share of each actor.

    Parameters
    ----------
    pay_off : Released PayOff
    """
    frame = released_frame(pay_off, "PayOff")
    currency = str(pay_off.summary["currency"])
    money = lambda value: text.number(value / 1000)  # noqa: E731
    years = float(pay_off.summary["horizon_years"])
    rows = [
        [
            escape(sentence_case(actor_name(row["party"], text))),
            shown(row["cost"], money),
            shown(row["gain"], money),
            shown(row["net"], money),
            _pay_off_time(row, text),
            _break_even(row["break_even_share"], text),
        ]
        for _, row in frame.iterrows()
    ]
    header = [
        text.say("Actor"), text.say("Cost"), text.say("Gain a year"), text.say("Gain less cost"),
        text.say("Pay-off time, months"), text.say("Break-even share"),
    ]  # fmt: skip
    caption = text.plural(
        "Cost and gain within {n} year; a gain counts in full only if the programme caused it.",
        "Cost and gain within {n} years; a gain counts in full only if the programme caused it.",
        int(years),
    )
    unit = text.say("Amounts in thousand {currency}.", currency=currency)
    caption = f"{caption} {unit}"
    return _table(name, header, rows, caption, [pay_off], text)


def _pay_off_time(row: pd.Series, text: Text) -> str:
    reasons = {
        "no outlay": text.say("no outlay"),
        "no_outlay": text.say("no outlay"),
        "never": text.say("never"),
    }
    reason = row["reason"]
    if isinstance(reason, str) and reason in reasons:
        return reasons[reason]
    months = row["pay_off_months"]
    if np.isposinf(months):
        return reasons["never"]
    if not math.isfinite(months):
        return MISSING
    low, high = row["pay_off_low"], row["pay_off_high"]
    written = text.number(months)
    if math.isfinite(low) and math.isfinite(high):
        return f"{written} ({text.range(low, high)})"
    if math.isfinite(low) and np.isposinf(high):
        spoken = text.say("{low} months to never", low=text.number(low))
        return f"{written} ({spoken})"
    return written


def _break_even(share: float, text: Text) -> str:
    if np.isposinf(share) or share > 1:
        return text.say("not repaid")
    return shown(share, text.percent)


@page_part
def municipalities(by_municipality, text: Text, *, names, name="municipalities") -> Part:
    """Share with the outcome in each municipality, in alphabetical order.

    Parameters
    ----------
    by_municipality : Released Contrast
    names : mapping of str to str
        Names by code, in the report's language.
    """
    frame = municipality_rows(by_municipality, names, text)
    rows = [
        [
            escape(row["name"]),
            shown(row["estimate"], text.percent),
            shown_range(row["conf_low"], row["conf_high"], text.percent_range),
        ]
        for _, row in frame.iterrows()
    ]
    header = [text.say("Municipality"), text.say("Share"), text.say("Interval")]
    caption = text.say("Share who had reached it {within}, by municipality.",
                       within=horizon_within(by_municipality, text))  # fmt: skip
    return _table(name, header, rows, caption, [by_municipality], text)


@page_part
def definitions(cells: Sequence[tuple], text: Text, *, name: str = "definitions") -> Part:
    """The share under every definition of self-support, the primary one first.

    Parameters
    ----------
    cells : sequence of (str, int, Released Contrast or None)
        Definition, months in a row, and `incidence_at`; None where a table is missing.
    """
    rows = []
    for definition, sustained, contrast in cells:
        value = first_arm(contrast) if contrast is not None else None
        cells_shown = [MISSING, MISSING]
        if value is None:
            cells_shown = [text.say("not possible"), ""]
        elif value.shown:
            cells_shown = [
                text.percent(value.estimate), text.percent_range(value.low, value.high),
            ]  # fmt: skip
        label = f"{sentence_case(text.say(DEFINITIONS[definition]))} ({definition})"
        rows.append([escape(label), text.number(sustained), *cells_shown])
    header = [text.say("Definition"), text.say("Months in a row"), text.say("Share"),
              text.say("Interval")]  # fmt: skip
    shown_contrasts = [contrast for *_, contrast in cells if contrast is not None]
    caption = text.say("The share under other definitions of self-support.")
    return _table(name, header, rows, caption, shown_contrasts, text)


@page_part
def rate_ratios(cox, text: Text, *, name: str = "rate-ratios") -> Part:
    """Rate ratios of a Cox model, with the coefficients that they come from.

    Parameters
    ----------
    cox : Released ModelFit
        On the scale of the model.
    """
    frame = released_frame(cox, "ModelFit")
    coefficient = lambda value: text.number(value, 4)  # noqa: E731
    rows = [
        [
            escape(sentence_case(_term_name(row["term"], text))),
            shown(np.exp(row["estimate"]), lambda value: text.number(value, RATIO_DIGITS)),
            shown_range(
                np.exp(row["conf_low"]),
                np.exp(row["conf_high"]),
                lambda low, high: text.range(low, high, RATIO_DIGITS),
            ),
            shown(row["estimate"], coefficient),
            shown(row["std_error"], coefficient),
        ]
        for _, row in frame.iterrows()
    ]
    header = [text.say("Characteristic"), text.say("Rate ratio"), text.say("Interval"),
              text.say("Coefficient"), text.say("Standard error")]  # fmt: skip
    caption = text.say(
        "{outcome}: rate among those still followed, by characteristic (Cox model).",
        outcome=escape(sentence_case(text.outcome)),
    )
    n = float(cox.summary.get("n_person", math.nan))
    return _table(name, header, rows, caption, [cox], text, n=n)


def _term_name(term: str, text: Text) -> str:
    """Name of a model term: `arm[T.programme]` is the level, `age` the variable."""
    if "[" not in term:
        return code_name(term, text)
    variable, level = term.rstrip("]").split("[", 1)
    level = level.removeprefix("T.")
    name = arm_name(level, text) if variable == "arm" else code_name(level, text)
    return name if variable == "arm" else f"{code_name(variable, text)}: {name}"


@page_part
def checks(*checks_and_text, name: str = "checks") -> Part:
    """Tests with their statistic, degrees of freedom and p-value.

    Parameters
    ----------
    *checks_and_text : Released Check, ..., Text
    """
    *tests, text = checks_and_text
    rows = []
    for test in tests:
        for _, row in released_frame(test, "Check").iterrows():
            rows.append([
                escape(_test_name(str(test.summary["test"]), text)),
                shown(row["statistic"], lambda value: text.number(value, 2)),
                shown(row["df"], text.number),
                shown(row["p_value"], lambda value: p_value(value, text)),
            ])  # fmt: skip
    header = [text.say("Test"), text.say("Statistic"), text.say("Degrees of freedom"),
              text.say("p-value")]  # fmt: skip
    caption = text.say("Tests of equal pace in the groups.")
    return _table(name, header, rows, caption, tests, text)


def _test_name(test: str, text: Text) -> str:
    lowered = test.lower().replace("-", "").replace("_", "").replace(" ", "")
    return text.say("log-rank test") if "logrank" in lowered else test


def _table(name, header, rows, caption, released, text: Text, *, n=None, text_columns=1) -> Part:
    given = [value for value in released if value is not None]
    if not all(value.publishable for value in given):
        caption = f"{text.say('Not for publication')}. {caption}"
    n = summary_n(given[0]) if n is None and given else math.nan if n is None else n
    table = pipe_table(
        [escape(cell) for cell in header], rows, caption=caption, name=name,
        text_columns=text_columns,
    )  # fmt: skip
    note = span(withheld_note(text), "quiet") if any(MISSING in row for row in rows) else ""
    return Part(paragraphs(table, note, span(source_line(text, n), "source")))
