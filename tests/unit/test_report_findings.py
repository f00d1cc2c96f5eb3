"""The title of a figure says what it shows, where every number that it needs is shown."""

import re
from dataclasses import replace

import numpy as np
import pytest
import released_by_hand as hand
from test_report_organisation import made, volumes

from evalkit.report import figures
from evalkit.report.figures.money import draw_pay_off
from evalkit.report.text import open_text


def speak(language="en", raw=None, **options):
    return open_text(hand.labels(raw, **options), language)


def title(part):
    return re.search(r"\*\*(.+?)\*\*", " ".join(part.markdown.split()))[1]


def some(column, *names):
    return lambda frame: frame[column].isin(names)


MADE = {
    "incidence": (
        lambda **hidden: figures.incidence(hand.curve(**hidden), speak()),
        "Had begun to support themselves within 24 months: programme group 34% and comparison "
        "group 27%.",
        "Share who had at some time begun to support themselves",
        some("stratum", "comparison"),
    ),
    "occupation": (
        lambda **hidden: figures.occupation(hand.occupation(**hidden), speak()),
        "Most common in month 24, programme group: ",
        "What people lived on, month by month.",
        lambda frame: frame["state"].isin(["self_support", "health_related", "labour_market"]),
    ),
    "exits": (
        lambda **hidden: figures.exits(hand.curve(**hidden), speak(level="national")),
        "Exits within 24 months, programme group: ",
        "All exits: ",
        lambda frame: (frame["time"] > 0) & (frame["stratum"] == "programme"),
    ),
    "sources": (
        lambda **hidden: figures.before_after(hand.before_after(**hidden), speak()),
        "from 41% to 28%.",
        "Sources of support, before and after.",
        some("source", "disability"),
    ),
    "health": (
        lambda **hidden: figures.health(hand.wave_means(**hidden), speak()),
        "Health index, month 24: programme group 0.70 and comparison group 0.66.",
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
    "waterfall": (
        lambda **hidden: figures.waterfall(hand.need(**hidden), speak()),
        "180 to 700 people.",
        "From everybody of working age to unmet need.",
        some("quantity", "expressed_unmet"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_a_title_says_what_the_figure_shows_and_the_caption_what_it_is_of(name):
    make, finding, topic, _ = MADE[name]

    part = make()

    assert finding in title(part)
    assert topic in " ".join(part.markdown.split()).split(f"**{title(part)}**")[1]


@pytest.mark.parametrize("name", MADE)
def test_a_title_needs_every_number_that_it_rests_on(name):
    make, finding, topic, hide = MADE[name]

    said = title(make(hide=hide))

    assert topic in said
    assert finding not in said


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_numbers_of_a_title_stand_in_the_table(language):
    part = figures.incidence(hand.curve(), speak(language))

    table = part.markdown.split("callout-note")[1]
    for share in (34, 27):
        assert str(share) in title(part)
        assert re.search(rf"\b{share}[.,]0", table)


def test_the_outcome_of_an_events_table_and_days_keep_the_topic():
    text = speak(raw=hand.EVENTS, level="study")
    curve = hand.curve(causes=("linkage",), last=365, step=5)

    assert "share who had reached it" in title(figures.incidence(curve, text))


def test_participations_and_targets_are_counted_where_all_are_shown():
    shown = title(figures.key_figures(volumes("public"), speak()))
    assert re.fullmatch(r"105 participations started; planned: \d+\.", shown)
    found = volumes()
    whole = found.rows["stratum"] == ""
    estimates = np.where(whole, np.nan, found.rows["estimate"])
    hidden = replace(found, rows={**found.rows, "estimate": estimates})
    assert "How many started" in title(figures.key_figures(hidden, speak()))
    reached = title(figures.targets(made("targets", "public"), speak()))
    assert re.fullmatch(r"Targets reached: \d of 3\.", reached)


def test_a_title_of_months_takes_the_last_tick_at_which_both_groups_are_shown():
    late = lambda frame: (frame["stratum"] == "comparison") & (frame["time"] > 12)  # noqa: E731
    curve = hand.curve(hide=late)

    frame = curve.tidy()
    at = (frame["time"] == 12) & (frame["cause"] == "self_support")
    shares = [round(100 * share) for share in frame.loc[at, "estimate"]]
    said = title(figures.incidence(curve, speak()))
    assert said == (
        "Had begun to support themselves within 12 months: programme group "
        f"{shares[0]}% and comparison group {shares[1]}%."
    )
    assert np.isfinite(frame.loc[at, "estimate"]).all()


def test_a_hidden_state_can_be_among_the_largest_only_if_the_rest_has_room_for_it():
    frame = hand.occupation().tidy()
    end = frame[(frame["time"] == 24) & (frame["stratum"] == "programme")]
    shares = end.set_index("state")["estimate"].sort_values(ascending=False)
    first, second, *_, last = shares.index

    small = title(figures.occupation(hand.occupation(hide=some("state", last)), speak()))
    large = title(figures.occupation(hand.occupation(hide=some("state", second)), speak()))

    assert small.count("%") == 3
    assert large.count("%") == 1
    assert f"{round(100 * shares[first])}%" in large


def with_intervals():
    found = hand.pay_off()
    net = found.rows["net"]
    return replace(found, rows={**found.rows, "net_low": net - 9e5, "net_high": net + 9e5})


def test_bars_of_money_have_their_interval_and_the_number_stands_beyond_it():
    (axes,) = draw_pay_off(with_intervals(), speak()).axes

    lines = [line for line in axes.lines if line.get_gid() == "interval"]
    numbers = {note.get_text(): note for note in axes.texts}
    nets = with_intervals().rows["net"]
    assert [tuple(line.get_xdata()) for line in lines] == [(x - 9e5, x + 9e5) for x in nets]
    assert numbers["+4,300"].xy[0] == 4_300_000 + 900_000
    assert numbers["−1,150"].xy[0] == -1_150_000 - 900_000
    low, high = axes.get_xlim()
    assert low < min(nets) - 9e5 and high > max(nets) + 9e5


def test_an_interval_of_money_is_explained_only_where_it_is_drawn():
    with_one = figures.pay_off(with_intervals(), speak()).markdown
    without = figures.pay_off(hand.pay_off(), speak()).markdown

    assert "Thin line: 95 per cent interval." in with_one
    assert "3,400 to 5,200" in with_one
    assert "Thin line" not in without
