"""The title of a figure says what it shows, where every number that it needs is shown."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand
from test_report_organisation import made, volumes

from evalkit.errors import ParameterError
from evalkit.report import figures, tables
from evalkit.report.figures.findings import incidence_finding
from evalkit.report.figures.money import draw_pay_off
from evalkit.report.figures.stack_panels import NOTHING_SHOWN, draw_stack
from evalkit.report.text import open_text


def speak(language="en", raw=None, **options):
    return open_text(hand.labels(raw, **options), language)


def said(part):
    return " ".join(part.markdown.split())


def title(part):
    return re.search(r"\*\*(.+?)\*\*", said(part))[1]


def some(column, *names):
    return lambda frame: frame[column].isin(names)


def benefits(*, hide=None, after=80.0, arms=("programme",)):
    rows = [
        {"stratum": arm, "occasion": month, "benefit": benefit, "equivalents_per_100": value}
        for arm in arms
        for benefit, values in (("total", (90.0, after)), ("sickness", (50.0, 30.0)))
        for month, value in zip((-12, 24), values, strict=True)
    ]
    return hand.released("BenefitVector", rows, {"n": 200}, hide=hide)


def questions(*, hide=None, means=(71.0, 40.0)):
    rows = [
        {"stratum": "", "federation": "", "wave": "", "item": item, "quantity": "mean",
         "estimate": mean, "conf_low": mean - 5, "conf_high": mean + 5, "n": 40.0,
         "non_response": 0.1}
        for item, mean in zip(("item_01", "item_02", "index"), (*means, 55.0), strict=True)
    ]  # fmt: skip
    return hand.released("ResponseScores", rows, {"n": 40, "instrument": "quality"}, hide=hide)


CLASSES = ("improved", "worsened", "mixed", "unchanged")


def profiles(*, hide=None, arms=("programme", "comparison")):
    shares = {"programme": (0.45, 0.23, 0.20, 0.12), "comparison": (0.40, 0.30, 0.20, 0.10)}
    rows = [
        {"stratum": arm, "wave": 24, "item": item, "level": level, "share": share, "n": 300.0,
         "conf_low": share - 0.05, "conf_high": share + 0.05, "n_with": 300 * share}
        for arm in arms
        for item in ("profile", "mobility")
        for level, share in zip(CLASSES, shares[arm], strict=True)
    ]  # fmt: skip
    return hand.released("HealthShares", rows, {"n": 600}, hide=hide)


# Figure, its title, what it is about, and rows whose hiding leaves no title but that.
MADE = {
    "incidence": (
        lambda **hidden: figures.incidence(hand.curve(**hidden), speak()),
        "Within 24 months, 34% of the programme group had begun to support themselves, and 27% of "
        "the comparison group.",
        "Share who had at some time begun to support themselves",
        lambda frame: (frame["stratum"] == "comparison") & (frame["time"] > 0),
    ),
    "occupation": (
        lambda **hidden: figures.occupation(hand.occupation(**hidden), speak()),
        "In month 24, 30% of the programme group supported themselves, and 22% of the comparison "
        "group.",
        "What people lived on, month by month.",
        some("state", "self_support"),
    ),
    "exits": (
        lambda **hidden: figures.exits(hand.curve(**hidden), speak(level="national")),
        "Exits within 24 months in the programme group: self-support 34%",
        "All exits: ",
        lambda frame: (frame["cause"] == "self_support") & (frame["time"] > 0),
    ),
    "sources": (
        lambda **hidden: figures.before_after(hand.before_after(**hidden), speak()),
        "from 41% to 28%.",
        "Sources of support, before and after.",
        some("source", "disability"),
    ),
    "benefits": (
        lambda **hidden: figures.benefits(benefits(**hidden), speak()),
        "All benefits together, per 100 people: 90.0 (12 months before the start) and 80.0 (24 "
        "months after the start).",
        "All benefits beside each other",
        some("benefit", "total"),
    ),
    "collaboration": (
        lambda **hidden: figures.collaboration_items(questions(**hidden), speak()),
        "(71), lowest ",
        "every question from 0 to 100.",
        some("item", "item_02"),
    ),
}  # fmt: skip
# Of these the caption does not repeat what they are about.
REPEATED = {
    "health": (
        lambda **hidden: figures.health(hand.wave_means(**hidden), speak()),
        "Health index in month 24: 0.70 in the programme group and 0.66 in the comparison group.",
        "Health index, by month since the start.",
        some("stratum", "comparison"),
    ),
    "pay-off": (
        lambda **hidden: figures.pay_off(hand.pay_off(**hidden), speak()),
        "Gain less cost per person, society as a whole: SEK 12,500 thousand.",
        "Who pays and who gains.",
        some("party", "society"),
    ),
    "flow": (
        lambda **hidden: figures.flow(hand.flow(**hidden), speak()),
        "412 of 812 people in the records are followed.",
        "From the people in the records to those who are followed.",
        some("step", 8),
    ),
}  # fmt: skip
ASSUMED = {
    "need": (
        lambda **hidden: figures.need(hand.need(**hidden), speak()),
        "Under the assumptions, 700 to 1,400 people are in need; 340 took part in all.",
        "Need, and how much of it is met.",
        some("quantity", "need"),
    ),
    "dimensions": (
        lambda **hidden: figures.paretian(profiles(**hidden), speak()),
        "By month 24, 45% of the programme group were better in some dimension and worse in none, "
        "23% the reverse; of the comparison group 40% and 30%.",
        "Change in each dimension of health.",
        lambda frame: (frame["level"] == "worsened") & (frame["stratum"] == "comparison"),
    ),
    "waterfall": (
        lambda **hidden: figures.waterfall(hand.need(**hidden), speak()),
        "Under the assumptions 180 to 700 people are in need and want to take part, but did not.",
        "From everybody of working age to unmet need.",
        some("quantity", "expressed_unmet"),
    ),
}
EVERY = {**MADE, **REPEATED, **ASSUMED}


@pytest.mark.parametrize("name", EVERY)
def test_a_title_says_what_the_figure_shows(name):
    make, finding, _, _ = EVERY[name]

    assert finding in title(make())


@pytest.mark.parametrize("name", {**MADE, **ASSUMED})
def test_below_such_a_title_stands_what_the_figure_is_about(name):
    make, _, topic, _ = EVERY[name]

    part = make()

    assert topic in said(part).split(f"**{title(part)}**")[1]


@pytest.mark.parametrize("name", REPEATED)
def test_what_the_title_says_is_not_said_again(name):
    make, _, topic, _ = REPEATED[name]

    assert topic not in said(make())


@pytest.mark.parametrize("name", EVERY)
def test_a_title_needs_every_number_that_it_rests_on(name):
    make, finding, topic, hide = EVERY[name]

    made_title = title(make(hide=hide))

    assert topic in made_title
    assert finding not in made_title


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
@pytest.mark.parametrize("share", [34, 27])
def test_numbers_of_a_title_stand_in_the_table(language, share):
    part = figures.incidence(hand.curve(), speak(language))

    assert str(share) in title(part)
    assert re.search(rf"\b{share}[.,]0", part.markdown.split("callout-note")[1])


def test_one_group_is_not_named():
    curve = hand.curve()
    alone = curve.rows["stratum"] == "programme"
    rows = {name: values[alone] for name, values in curve.rows.items()}

    part = figures.incidence(replace(curve, rows=rows), speak())

    assert title(part) == "Within 24 months, 34% had begun to support themselves."


def test_one_group_of_answers_is_not_named():
    part = figures.paretian(profiles(arms=("programme",)), speak())

    assert title(part) == (
        "By month 24, 45% were better in some dimension and worse in none, 23% the reverse."
    )


def test_a_title_of_exits_goes_no_further_than_the_others():
    part = figures.exits(hand.curve(last=36), speak(level="national"))

    assert title(part).startswith("Exits within 24 months in the programme group: ")


def test_a_title_goes_no_further_than_the_horizon_of_the_study():
    curve = hand.curve(last=36)

    part = figures.incidence(curve, speak())

    assert title(part).startswith("Within 24 months, ")


def test_a_title_of_months_takes_the_last_tick_at_which_both_groups_are_shown():
    late = lambda frame: (frame["stratum"] == "comparison") & (frame["time"] > 12)  # noqa: E731
    curve = hand.curve(hide=late)
    frame = curve.tidy()
    at = (frame["time"] == 12) & (frame["cause"] == "self_support")
    first, second = (round(100 * share) for share in frame.loc[at, "estimate"])

    made_title = title(figures.incidence(curve, speak()))

    assert made_title == (
        f"Within 12 months, {first}% of the programme group had begun to support themselves, and "
        f"{second}% of the comparison group."
    )


def test_two_numbers_for_one_time_are_refused():
    frame = hand.curve().tidy().query("cause == 'self_support'")

    assert incidence_finding(frame, speak())
    with pytest.raises(ParameterError, match="stratum and at of another"):
        incidence_finding(pd.concat([frame, frame]), speak())


def test_the_outcome_of_an_events_table_and_days_keep_the_topic():
    text = speak(raw=hand.EVENTS, level="study")
    curve = hand.curve(causes=("linkage",), last=365, step=5)

    assert "share who had reached it" in title(figures.incidence(curve, text))


def test_nothing_is_the_largest_change_where_nothing_changed():
    found = hand.before_after()
    rows = {**found.rows, "share_after": found.rows["share_before"]}

    part = figures.before_after(replace(found, rows=rows), speak())

    assert title(part) == "Sources of support, before and after."


def test_no_question_is_both_the_highest_and_the_lowest():
    part = figures.collaboration_items(questions(means=(50.2, 49.8)), speak())

    assert "every question from 0 to 100" in title(part)


def test_where_there_are_two_groups_the_title_names_the_one_it_is_of():
    part = figures.benefits(benefits(arms=("programme", "comparison")), speak())

    assert "per 100 people of the programme group: 90.0 " in title(part)


def test_participations_are_counted_beside_those_planned():
    shown = title(figures.key_figures(volumes("public"), speak()))

    assert re.fullmatch(r"105 participations started; planned: \d+\.", shown)


def test_hidden_participations_are_not_counted():
    found = volumes()
    whole = found.rows["stratum"] == ""
    estimates = np.where(whole, np.nan, found.rows["estimate"])

    part = figures.key_figures(replace(found, rows={**found.rows, "estimate": estimates}), speak())

    assert "How many started" in title(part)


def test_targets_that_were_reached_are_counted():
    reached = title(figures.targets(made("targets", "public"), speak()))

    assert re.fullmatch(r"Targets reached: \d of 3\.", reached)


def with_intervals():
    found = hand.pay_off()
    net = found.rows["net"]
    return replace(found, rows={**found.rows, "net_low": net - 9e5, "net_high": net + 8e5})


def test_bars_of_money_have_their_interval():
    (axes,) = draw_pay_off(with_intervals(), speak()).axes

    lines = [line for line in axes.lines if line.get_gid() == "interval"]
    nets = with_intervals().rows["net"]
    assert [tuple(line.get_xdata()) for line in lines] == [(x - 9e5, x + 8e5) for x in nets]
    low, high = axes.get_xlim()
    assert low < min(nets) - 9e5 and high > max(nets) + 8e5


def test_numbers_of_bars_with_intervals_stand_in_a_column_and_others_at_their_bar():
    (beside,), (at_end,) = (
        draw_pay_off(found, speak()).axes for found in (with_intervals(), hand.pay_off())
    )

    column = {note.xy[0] for note in beside.texts if note.get_text() in ("+4,300", "−1,150")}
    ends = {note.xy[0] for note in at_end.texts if note.get_text() in ("+4,300", "−1,150")}
    assert column == {1}
    assert ends == {4_300_000, -1_150_000}


@pytest.mark.parametrize("make", [figures.pay_off, tables.pay_off])
def test_tables_of_money_have_intervals_where_there_are_any(make):
    with_one, without = (
        make(found, speak()).markdown for found in (with_intervals(), hand.pay_off())
    )

    assert "3,400 to 5,100" in with_one
    assert "Interval" not in without


def test_an_interval_of_money_is_explained_only_where_it_is_drawn():
    with_one = figures.pay_off(with_intervals(), speak()).markdown
    without = figures.pay_off(hand.pay_off(), speak()).markdown

    assert "Thin line: interval." in with_one
    assert "(interval 11,600 to 13,300)" in title(figures.pay_off(with_intervals(), speak()))
    assert "Thin line" not in without


def test_a_layer_that_is_missing_from_a_column_has_a_dash_above_it():
    hide = lambda frame: (frame["cause"] == "disability_pension") & (frame["time"] == 24)  # noqa: E731
    curve = hand.curve(hide=hide, causes=("self_support", "disability_pension"))
    frame = curve.tidy().rename(columns={"cause": "layer"})
    order = ["self_support", "disability_pension"]

    drawn = draw_stack(frame, order, {name: name for name in order}, speak())

    marks = [note for axes in drawn.axes for note in axes.texts if note.get_gid() == NOTHING_SHOWN]
    assert sorted(round(mark.xy[1], 2) for mark in marks) == [0.27, 0.34]
    assert {mark.xy[0] for mark in marks} == {24}
