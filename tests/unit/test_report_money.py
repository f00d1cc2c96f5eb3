"""Figures, tables and words of money: drawn from what was released, whole in three languages."""

import re
import struct
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand

from evalkit import results
from evalkit.errors import DisclosureError, ParameterError
from evalkit.provenance import provenance
from evalkit.report import figures, tables, words
from evalkit.report.figures import money, money_break_even, money_curve, money_tornado
from evalkit.report.names import actor_name, sentence_case
from evalkit.report.text import open_text

LANGUAGES = ("sv", "fi", "en")
WIDTH = 975
PARTIES = ("municipality", "region", "social_insurance", "employer", "public", "individual",
           "society")  # fmt: skip
PUBLIC = "municipality, region, social_insurance"


def speak(language="en", **options):
    return open_text(hand.labels(**options), language)


def few_employers(frame):
    return frame["party"].isin(["employer", "individual"])


HIDDEN = {"hide": few_employers}


def never(party, years):
    """Reason, share: the region never, the municipality late, employers have no outlay."""
    if party in ("employer", "individual"):
        return "no outlay", np.nan
    if party == "region":
        return "never", np.inf
    share = {"municipality": 3.2, "social_insurance": 1.4}.get(party, 1.7) / years
    return ("" if share <= 1 else f"not within {years:g} years"), share


def break_even(**options):
    rows = []
    for party in PARTIES:
        for years in (1.0, 3.0, 5.0, 10.0):
            reason, share = never(party, years)
            rows.append({
                "party": party, "horizon_years": years, "cost": 15_000.0, "gain": 9_000.0,
                "break_even_share": share, "conf_low": 0.8 * share,
                "conf_high": np.inf if party == "municipality" else 1.2 * share, "reason": reason,
            })  # fmt: skip
    summary = {"n": 214, "currency": "SEK", "price_year": 2024, "label": "description",
               "public": PUBLIC}  # fmt: skip
    return hand.released("BreakEven", rows, summary, **options)


def present_value(**options):
    rows = [
        {"party": party, "horizon_years": years, "discount_rate": rate, "cost": 15_000.0,
         "gain": 4_000.0 * years, "net": (4_000.0 * years - 15_000) * (1 - 2 * (party == "region")),
         "benefit_cost": 1.2, "annuity": 800.0, "break_even_share": 0.8, "reason": ""}
        for party in PARTIES for years in (1.0, 5.0) for rate in (0.0, 0.03)
    ]  # fmt: skip
    summary = {"n": 214, "currency": "SEK", "price_year": 2024, "public": PUBLIC,
               "label": "assumed", "write_off_years": 3.0}  # fmt: skip
    return hand.released("NetPresentValue", rows, summary, **options)


def curve(label="description", *, band=0.0, **options):
    """Sums that go on evenly; with a `band`, so much on each side from month 6 on."""
    slope = {"municipality": 0.5, "region": -0.05, "social_insurance": 1.2, "employer": 0.2,
             "individual": 0.3, "public": 1.7, "society": 1.9}  # fmt: skip
    cost = {"municipality": 15, "region": 15, "social_insurance": 30, "public": 60, "society": 60}
    rows = []
    for party in PARTIES:
        paid = cost.get(party, 0)
        back = paid / slope[party] if slope[party] > 0 else np.inf
        reason = "no outlay" if not paid else "never" if back == np.inf else ""
        for month in (0, 6, 12, 18, 24, 36, 48, 60):
            rows.append({"party": party, "month": month, "net": np.nan,
                         "cumulative": (at := 1_000 * (slope[party] * month - paid)),
                         "cumulative_low": at - band if band and month else np.nan,
                         "cumulative_high": at + band if band and month else np.nan,
                         "pay_off_months": np.ceil(back) if paid else np.nan,
                         "first_crossing": np.ceil(back) if paid else np.nan,
                         "reason": reason})  # fmt: skip
    summary = {"n": 214, "horizon_years": 5, "discount_rate": 0.03, "currency": "SEK",
               "price_year": 2024, "public": PUBLIC, "label": label,
               "method": "contrast, 36 months followed, then hold"}  # fmt: skip
    return hand.released("PayOffCurve", rows, summary, **options)


def bars(quantity="break_even_share", base=0.44, **options):
    values = [
        ("horizon_years", 1, 5, 1.32, 0.26, "years"), ("package", 0.7, 1.5, 0.31, 0.66, "factor"),
        ("share_due", 0.0, 1.0, np.inf, 0.44, "share"), ("work", 0.8, 1.2, 0.55, 0.36, "factor"),
        ("benefits", 0.9, 1.1, 0.44, 0.44, "factor"), ("care", 0.5, 2.0, 0.47, 0.52, "factor"),
        ("discount_rate", 0.0, 0.035, 0.44, 0.44, "share"),
    ]  # fmt: skip
    scale = 1.0 if quantity == "break_even_share" else 20_000.0
    rows = [
        {"parameter": name, "low": low, "high": high, "at_low": scale * first if np.isfinite(first)
         else scale, "at_high": scale * last, "unit": unit}
        if quantity == "net" else
        {"parameter": name, "low": low, "high": high, "at_low": first, "at_high": last,
         "unit": unit}
        for name, low, high, first, last, unit in values
    ]  # fmt: skip
    summary = {"n": 214, "quantity": quantity, "party": "society", "base": scale * base,
               "horizon_years": 3, "discount_rate": 0.03, "currency": "SEK",
               "label": "assumed"}  # fmt: skip
    return hand.released("Sensitivity", rows, summary, **options)


def balances(**options):
    rows = [{"party": party, "kind": kind, "received": 5e6, "paid": 8e6, "balance": -3e6}
            for party in PARTIES for kind in ("intervention", "transfer", "all")]  # fmt: skip
    summary = {"n": 214, "currency": "SEK", "price_year": 2024, "public": PUBLIC}
    return hand.released("LedgerBalances", rows, summary, **options)


def cases(share=0.5, **options):
    rows = [
        {"party": party, "cost": 50_000.0, "gain": 90_000.0, "net": 40_000.0,
         "pay_off_months": 6.7, "break_even_share": share, "gain_low": 60_000.0,
         "gain_high": 120_000.0, "pay_off_low": 5.0, "pay_off_high": np.inf, "total_gain": 1e7,
         "reason": "never" if party == "region" else ""}
        for party in ("municipality", "region", "society")
    ]  # fmt: skip
    summary = {"n": np.nan, "n_case": 5, "n_extrapolated": 24, "horizon_years": 1}
    return hand.released("TypeCases", rows, summary, **options)


def draw_all(text, **options):
    return {
        "break_even": money_break_even.draw_break_even(break_even(**options), text),
        "curve": money_curve.draw_pay_off_curve(curve(**options), text),
        "perspectives": money.draw_perspectives(present_value(**options), text, years=5, rate=0.03),
        "tornado": money_tornado.draw_tornado(bars(), text),
        "net": money_tornado.draw_tornado(bars("net"), text),
    }


def make_all(text, **options):
    return [
        figures.break_even(break_even(**options), text),
        figures.pay_off_curve(curve(**options), text),
        figures.perspectives(present_value(**options), text),
        figures.tornado(bars(), text),
    ]


def tables_all(text, **options):
    return [
        tables.break_even(break_even(**options), text),
        tables.net_present_value(present_value(**options), text),
        tables.ledger_balances(balances(**options), text),
        tables.type_cases(cases(), text, currency="SEK"),
    ]


@pytest.mark.parametrize(
    ("language", "options"), [(language, {}) for language in LANGUAGES] + [("fi", HIDDEN)]
)
def test_no_word_is_cut_and_no_two_overlap(language, options, drawn_words):
    wrong = []
    for name, figure in draw_all(speak(language), **options).items():
        boxes = [(word, box.padded(-1)) for word, box in drawn_words(figure, arrows=False)]
        assert len(boxes) > 5
        wrong += [
            (name, word) for word, box in boxes
            if box.x0 < -2 or box.x1 > figure.bbox.width + 2 or box.y0 < -2
            or box.y1 > figure.bbox.height + 2
        ]  # fmt: skip
        wrong += [
            (name, first, second)
            for number, (first, box) in enumerate(boxes)
            for second, other in boxes[:number]
            if box.overlaps(other)
        ]

    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_its_picture_alternative_text_source_and_data(language):
    source = {"sv": "Källa: ", "fi": "Lähde: ", "en": "Source: "}[language]
    for part in make_all(speak(language)):
        ((file, png),) = part.images.items()
        assert re.search(
            rf'!\[\]\(figures/{file}\){{fig-alt="[^"]{{40,}}" style="--mm: \d+"}}', part.markdown
        )
        assert source in part.markdown and "\n| " in part.markdown
        assert 0.4 * WIDTH < struct.unpack(">I", png[16:20])[0] <= WIDTH


@pytest.mark.parametrize("options", [{}, {"hide": few_employers}])
def test_no_missing_number_is_written(options):
    text = speak()
    for part in [*make_all(text, **options), *tables_all(text, **options)]:
        assert not re.search(r"\b(nan|inf)\b", part.markdown)


@pytest.mark.parametrize("options", [{}, {"hide": few_employers}])
def test_hidden_parties_have_a_mark_and_no_number(options):
    for part in [*make_all(speak(), **options)[:3], *tables_all(speak(), **options)[:3]]:
        lines = part.markdown.splitlines()
        rows = [line for line in lines if line.startswith(("| Employers", "[Not in the table"))]
        assert rows and "Employers" in rows[0]
        numbers = [re.search(r"\d\.\d(?!%)|\d,\d{3}|no outlay", row) for row in rows]
        assert not any(numbers) if options else all(numbers)


def test_a_picture_has_the_same_bytes_every_time():
    first, second = (figures.break_even(break_even(), speak()).images for _ in range(2))

    assert first == second


@pytest.mark.parametrize("make", [figures.break_even, figures.pay_off_curve, figures.tornado,
                                  figures.perspectives, tables.net_present_value,
                                  tables.ledger_balances])  # fmt: skip
def test_only_what_was_released_is_shown(make):
    raw = results.LedgerBalances(
        rows={"party": ["a"], "kind": ["all"]}, summary={}, support={"n": [50]},
        provenance=provenance("ledger_balances", "0" * 16),
    )  # fmt: skip
    with pytest.raises(DisclosureError):
        make(raw, speak())
    assert make(None, speak()) is None


def with_id(axes, name):
    return [artist for artist in axes.get_children() if artist.get_gid() == name]


def test_who_never_gets_the_cost_back_has_no_mark_on_the_line():
    (axes,) = money_curve.draw_pay_off_curve(curve(), speak()).axes

    marks = sorted(line.get_xdata()[0] for line in with_id(axes, "cost back"))
    assert marks == [25, 30, 32]
    written = " ".join(word.get_text() for word in axes.texts)
    assert "Region\nno gain" in written
    assert "Employers" not in written  # who has no outlay has no pay-off


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "by month 36"), ("sv", "senast månad 36"), ("fi", "viimeistään 36. kuukautena")],
)
def test_a_month_after_others_that_are_not_shown_is_called_the_latest(language, said):
    text = speak(language)
    (axes,) = money_curve.draw_pay_off_curve(curve(), text).axes

    written = [word.get_text() for word in axes.texts]
    assert [word for word in written if "36" in word] == [
        f"{sentence_case(actor_name('public', text))}\n{said}"
    ]
    known = [len(line.get_xdata()) for line in with_id(axes, "known")]
    assert sorted(known) == [8, 8, 8, 8, 8]  # all shown months, since one is called by one of them


def test_the_widest_sum_alone_has_a_band_from_where_it_varies():
    (axes,) = money_curve.draw_pay_off_curve(curve(band=9_000), speak()).axes

    (band,) = with_id(axes, "interval")
    corners = {(month, round(amount)) for month, amount in band.get_paths()[0].vertices}
    assert {(0, -60_000), (60, 45_000), (60, 63_000)} <= corners
    assert with_id(money_curve.draw_pay_off_curve(curve(), speak()).axes[0], "interval") == []


def test_the_public_sum_has_the_band_where_society_is_hidden():
    hidden = curve(band=9_000, hide=lambda frame: frame["party"] == "society")
    (axes,) = money_curve.draw_pay_off_curve(hidden, speak()).axes

    (band,) = with_id(axes, "interval")
    assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(1_000 * 42 + 9_000)
    assert "each month by itself: public sector as a whole." in (
        figures.pay_off_curve(hidden, speak()).markdown
    )


def test_a_table_of_the_curve_has_intervals_where_there_are_any():
    with_band, without = (
        figures.pay_off_curve(curve(**options), speak()).markdown
        for options in ({"band": 9_000}, {})
    )

    assert "Interval, month 60" in with_band and "45 to 63" in with_band
    assert "Interval" not in without and "Band" not in without


def test_the_interval_of_the_table_is_the_last_that_is_shown():
    late = lambda frame: frame["month"] == 60  # noqa: E731
    part = figures.pay_off_curve(curve(band=9_000, hide=late), speak())

    assert "Interval, month 48" in part.markdown and "Interval, month 60" not in part.markdown


def test_a_month_next_to_the_one_shown_before_is_exact():
    frame = pd.DataFrame({
        "month": [0, 1, 2], "suppressed": False, "pay_off_months": 2.0, "reason": "",
    })  # fmt: skip

    assert money_curve.pay_off_words(frame, speak()) == "month 2"


def test_amounts_stand_with_the_table_and_not_with_the_figure_of_shares():
    for part in (
        figures.break_even(break_even(), speak()),
        tables.break_even(break_even(), speak()),
    ):
        caption = next(line for line in part.markdown.splitlines() if "must be due" in line)
        assert "SEK" not in caption.split("|")[0]
        assert "Cost, SEK thousand per person" in part.markdown


def test_lines_are_told_apart_without_colour():
    (axes,) = money_curve.draw_pay_off_curve(curve(), speak()).axes

    marks = [line.get_marker() for line in with_id(axes, "cost back")]
    assert len(set(marks)) == len(marks)


def test_shares_beyond_the_axis_are_written_and_not_drawn():
    (axes,) = money_break_even.draw_break_even(break_even(), speak()).axes

    drawn = [round(line.get_xdata()[0], 3) for line in with_id(axes, "share")]
    assert max(drawn) <= money_break_even.WIDEST
    written = [word.get_text() for word in axes.texts]
    assert "320%" in written and written.count("no gain") == 4


def test_a_tornado_bar_goes_from_the_result_at_low_to_that_at_high():
    (axes,) = money_tornado.draw_tornado(bars(), speak()).axes

    low, high = ([bar for bar in axes.patches if bar.get_gid() == side]
                 for side in ("at_low", "at_high"))  # fmt: skip
    assert low[0].get_x() + low[0].get_width() == pytest.approx(1.32)
    assert high[0].get_x() + high[0].get_width() == pytest.approx(0.26)
    assert all(bar.get_hatch() for bar in [*low, *high])
    assert any("no gain (0%)" in word.get_text() for word in axes.texts)


def test_a_hidden_base_shows_no_bar():
    hidden = bars(base=np.nan, hide=lambda frame: np.ones(len(frame), bool))

    part = figures.tornado(hidden, speak())

    assert not part.images and "44%" not in part.markdown


def test_perspectives_set_the_sums_apart_and_need_a_known_horizon():
    frame = money.at_horizon(present_value(), 5, 0.03)

    assert frame["party"].tolist() == [
        "municipality", "region", "social_insurance", "public", "employer", "individual",
        "society",
    ]  # fmt: skip
    with pytest.raises(ParameterError, match="no rows of 7 years"):
        figures.perspectives(present_value(), speak(), years=7)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Society recovers the cost within 3 years if at least 57% of the change is due"),
        ("sv", "Samhället får tillbaka kostnaden inom 3 år om minst 57"),
        ("fi", "Yhteiskunta saa kustannukset takaisin 3 vuoden kuluessa, jos muutoksesta"),
    ],
)
def test_the_headline_says_the_share_of_the_shortest_horizon_that_can_be(language, said):
    markdown = words.break_even(break_even(), speak(language)).markdown
    answer = markdown.split(":::")[0]

    assert said in answer
    late = {"en": "Society does not recover the cost within 1 year", "sv": "inom 1 år, även om",
            "fi": "ei saa kustannuksia takaisin 1 vuoden kuluessa"}[language]  # fmt: skip
    # The figure shows every horizon; the answer is one sentence for society, one for the public.
    assert late not in answer


def test_the_headline_hides_what_is_hidden():
    everything = break_even(hide=lambda frame: np.ones(len(frame), bool))
    society = break_even(hide=lambda frame: frame["party"] == "society")

    assert "57%" not in words.break_even(everything, speak()).markdown
    told = words.break_even(society, speak()).markdown
    assert "Society recovers" not in told and "The public sector as a whole recovers" in told
    assert words.break_even(None, speak()).markdown


def test_type_cases_are_said_to_be_assumed():
    for language, said in (("en", "assumed, not measured"), ("sv", "antaget, inte mätt"),
                           ("fi", "oletettu, ei mitattu")):  # fmt: skip
        assert said in words.type_cases(cases(), speak(language)).markdown
    hidden = cases(hide=lambda frame: np.ones(len(frame), bool))
    assert "50%" not in words.type_cases(hidden, speak()).markdown
    assert "not repaid" in tables.type_cases(cases(share=1.4), speak(), currency="SEK").markdown


def test_type_cases_of_one_party_are_not_called_society():
    alone = cases(hide=None)
    own = alone.tidy()["party"].isin(["municipality", "society"]).to_numpy()
    alone = replace(alone, rows={name: values[own] for name, values in alone.rows.items()})

    assert (
        "Municipality: the cost comes back within 1 year if"
        in words.type_cases(alone, speak()).markdown
    )
    assert "Society recovers" not in words.type_cases(alone, speak()).markdown
    assert "Society recovers" in words.type_cases(cases(), speak()).markdown


def test_later_amounts_are_said_to_count_less_only_where_they_do():
    paid = hand.pay_off()
    even = replace(paid, summary={**paid.summary, "discount_rate": 0.0})

    assert "Later amounts count less (3.0% a year)" in figures.pay_off(paid, speak()).markdown
    assert "count less" not in figures.pay_off(even, speak()).markdown


def test_an_arrow_has_a_tail_only_where_nothing_of_the_interval_is_within_the_axis():
    for low, count in ((2.0, True), (0.4, False)):
        frame = break_even()
        rows = {name: np.array(values) for name, values in frame.rows.items()}
        rows["break_even_share"] = np.full(len(rows["party"]), 3.0)
        rows["conf_low"], rows["conf_high"] = (np.full(len(rows["party"]), x) for x in (low, 9.0))
        drawn = money_break_even.draw_break_even(replace(frame, rows=rows), speak())
        tails = [line for line in drawn.axes[0].lines if line.get_gid() == "beyond the axis"]
        assert bool(tails) == count


@pytest.mark.parametrize(("share", "written"), [(10.0, "1,000%"), (10.2, "over 1,000%")])
def test_a_share_of_many_times_the_gain_is_written_as_over_ten_times(share, written):
    frame = break_even()
    rows = {name: np.array(values) for name, values in frame.rows.items()}
    rows["break_even_share"] = np.full(len(rows["party"]), share)
    rows["conf_low"], rows["conf_high"] = (np.full(len(rows["party"]), x) for x in (2.0, np.inf))

    (axes,) = money_break_even.draw_break_even(replace(frame, rows=rows), speak()).axes

    words = [text.get_text() for text in axes.texts]
    assert written in words
    assert ("over 1,000%" in words) == (share > 10)


def test_who_is_hidden_is_named_below_the_break_even_shares_and_has_no_row():
    few = break_even(hide=lambda frame: frame["party"] == "municipality")
    part = figures.break_even(few, speak()).markdown
    whole = figures.break_even(break_even(), speak()).markdown
    (axes,) = money_break_even.draw_break_even(few, speak()).axes

    assert "Not shown, to protect people: municipality." in part
    assert "Not shown, to protect people" not in whole
    assert "Municipality" not in [words.get_text() for words in axes.texts]


def test_a_share_is_written_alike_in_figure_and_table():
    late = break_even()
    rows = {name: np.array(values) for name, values in late.rows.items()}
    rows["break_even_share"] = np.full(len(rows["party"]), 28.62)

    part = figures.break_even(replace(late, rows=rows), speak()).markdown

    assert "over 1,000%" in part
    assert "2,862%" not in part


def test_amounts_held_after_the_months_followed_are_said_to_be_assumed():
    part = figures.pay_off_curve(curve("assumed"), speak())

    assert "the last year is assumed to go on" in part.markdown
    assert "Amounts a month are assumed" in part.markdown
    assert (
        "written off evenly over 3\N{NO-BREAK SPACE}years"
        in tables.net_present_value(present_value(), speak()).markdown
    )


def test_a_municipality_of_few_people_shows_no_figure():
    few = break_even()
    small = hand.released("BreakEven", few.tidy().drop(columns="suppressed"),
                          {**few.summary, "n": 30})  # fmt: skip

    assert not figures.break_even(small, speak()).images
    assert figures.break_even(small, speak(level="national")).images
    assert isinstance(few.tidy(), pd.DataFrame)
