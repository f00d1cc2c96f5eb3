"""No sentence says what the interval beside it does not; every time and amount has its unit."""

import numpy as np
import pytest
import released_by_hand as hand

from evalkit.report import figures, tables, words
from evalkit.report.certainty import sign_verdict
from evalkit.report.figures.curves import draw_incidence, has_gaps
from evalkit.report.text import open_text

BOTH = "did better in both"
OPPOSITE = "includes the opposite"
BOTH_OPEN = "Both answers are uncertain, since the intervals also include the opposite."


def speak(language="en", **options):
    return open_text(hand.labels(level="national", **options), language)


def flat(part):
    return " ".join(part.markdown.split())


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ((0.05, 0.02, 0.01, 0.09), "clear"),
        ((-0.05, 0.02, -0.09, -0.01), "clear"),
        ((0.03, 0.02, -0.01, 0.07), "probable"),
        ((0.01, 0.02, -0.03, 0.05), "unknown"),
        ((0.0, 0.02, -0.04, 0.04), "unknown"),
    ],
)
def test_a_sign_is_clear_only_where_the_interval_holds_no_other(numbers, verdict):
    assert sign_verdict(*numbers) == verdict


def utility(cost, error, effect=0.054):
    rows = [
        {"stratum": "", "adjustment": "adjusted", "measure": measure, "scale": "difference",
         "term": "programme - comparison", "estimate": value, "std_error": spread,
         "conf_low": value - 2 * spread, "conf_high": value + 2 * spread, "n": 200, "reason": "",
         "unit": unit}
        for measure, value, spread, unit in (
            ("cost", cost, error, "SEK per person"), ("effect", effect, 0.014, "QALYs per person"),
        )
    ]  # fmt: skip
    quadrant = "more_effect_less_cost" if effect > 0 else "less_effect_less_cost"
    summary = {"n": 412, "quadrant": quadrant, "horizon_months": 24, "currency": "SEK",
               "correlation": -0.3, "label": "description"}  # fmt: skip
    return hand.released("CostUtility", rows, summary)


@pytest.mark.parametrize(
    ("error", "said", "title"),
    [
        (4_000.0, f"the programme group {BOTH}", "More health, lower cost."),
        (6_000.0, f"probably {BOTH}", "More health, lower cost, but this is uncertain."),
        (16_800.0, "It is not possible to say which", "lower cost, but this is uncertain."),
    ],
)
def test_which_group_did_better_is_as_certain_as_both_intervals(error, said, title):
    made = utility(-9_100.0, error)

    answer = flat(words.cost_utility(made, speak()))

    assert said in answer
    assert (OPPOSITE in answer) == (error > 4_000)
    assert title in flat(figures.plane(made, speak()))


def pay_off(months, low, high, share, *, method="contrast", years=2):
    rows = [{"party": "society", "cost": 60_000.0, "gain": 4_000.0, "net": 1_000.0,
             "pay_off_months": months, "pay_off_low": low, "pay_off_high": high,
             "break_even_share": share, "reason": ""}]  # fmt: skip
    summary = {"n": 214, "horizon_years": years, "discount_rate": 0.03, "currency": "SEK",
               "price_year": 2024, "society": 1.0, "label": "description",
               "method": method}  # fmt: skip
    return hand.released("PayOff", rows, summary)


def card(made):
    return flat(words.cards(hand.curve(), None, None, made, speak()))


def test_a_pay_off_whose_interval_is_within_the_years_is_no_uncertain_one():
    answer = flat(words.pay_off(pay_off(15, 7, 20, 0.6), speak()))

    assert "in 15 months" in answer
    assert "The pace is the mean of all the months" in answer
    assert OPPOSITE not in answer


@pytest.mark.parametrize(
    ("high", "said"), [(220, "7 to 220 months"), (np.inf, "7 months to never")]
)
def test_a_pay_off_whose_interval_goes_beyond_the_years_says_so(high, said):
    made = pay_off(15, 7, high, 0.6)

    answer = flat(words.pay_off(made, speak()))

    assert "in 15 months" in answer
    assert "the interval reaches beyond the 2 years counted" in answer
    assert f"Interval: {said}." in answer
    assert f"interval: {said}" in card(made)
    assert "at the mean pace" in card(made)


def test_a_cost_that_may_come_back_is_not_said_never_to_come_back():
    made = pay_off(np.inf, 9, np.inf, np.inf)

    answer = flat(words.pay_off(made, speak()))

    assert "It is not possible to say whether society recovers the cost within 2 years." in answer
    assert "not repaid" not in card(made)
    assert "uncertain" in card(made)


def test_a_cost_that_does_not_come_back_is_said_so():
    made = pay_off(60, 40, np.inf, 2.5)

    assert "Society does not recover the cost within 2 years." in flat(words.pay_off(made, speak()))
    assert "not repaid" in card(made)


def shares(share, low, high, method):
    rows = [
        {"party": party, "horizon_years": 10.0, "cost": 60_000.0, "gain": 9_000.0,
         "break_even_share": share, "conf_low": low, "conf_high": high, "reason": ""}
        for party in ("public", "society")
    ]  # fmt: skip
    summary = {"n": 214, "currency": "SEK", "price_year": 2024, "label": "description",
               "public": "region", "method": method}  # fmt: skip
    return hand.released("BreakEven", rows, summary)


@pytest.mark.parametrize("method", ["contrast, 24 months", "before_after, 24 months"])
def test_a_share_is_as_certain_as_its_interval(method):
    say = lambda *values: flat(words.break_even(shares(*values, method), speak()))  # noqa: E731

    unknown = say(1.4, 0.09, np.inf)
    assert "not possible to say whether society recovers the cost within 10 years." in unknown
    assert "whether the public sector as a whole recovers the cost" in unknown
    assert "Interval of the share: 9% to the cost never coming back." in unknown
    assert "does not recover" not in unknown
    assert say(0.4, 0.09, 1.7).count(BOTH_OPEN) == 1
    assert OPPOSITE not in say(0.4, 0.09, 1.7)
    assert OPPOSITE not in (certain := say(0.4, 0.09, 0.7)) and BOTH_OPEN not in certain
    assert "does not recover the cost within 10 years" in say(1.4, 1.1, np.inf)


def test_what_is_uncertain_of_one_stands_beside_it():
    frame = shares(0.4, 0.09, 1.7, "contrast, 24 months").tidy()
    sure = frame["party"] == "public"
    frame.loc[sure, "conf_high"] = 0.7
    summary = {"n": 214, "currency": "SEK", "price_year": 2024, "label": "description",
               "public": "region", "method": "contrast, 24 months"}  # fmt: skip
    rows = frame[["party", "horizon_years", "cost", "gain", "break_even_share", "conf_low",
                  "conf_high", "reason"]]  # fmt: skip
    one = hand.released("BreakEven", rows.to_dict("records"), summary)
    alone = hand.released("BreakEven", rows[~sure].to_dict("records"), summary)

    for made in (one, alone):
        said = flat(words.break_even(made, speak()))
        assert said.count(OPPOSITE) == 1
        assert BOTH_OPEN not in said
        assert said.index(OPPOSITE) < said.index("Interval of the share")


def test_a_gain_over_the_other_group_is_no_change_since_the_start():
    text = speak()
    compared, change = (shares(0.4, 0.1, 0.7, how) for how in ("contrast, 24", "before_after, 24"))

    for made in (words.break_even, figures.break_even, tables.break_even):
        assert "due to the programme" not in flat(made(compared, text))
        assert "comparison group" in flat(made(compared, text))
        assert "due to the programme" in flat(made(change, text))
    assert "effect under stated assumptions" in flat(words.break_even(compared, text))
    assert "description" in flat(words.break_even(change, text))


def late(frame):
    return frame["time"].isin([9.0, 15.0])


def test_a_line_is_not_held_level_over_hidden_times():
    text = speak()

    def drawn(curve):
        (axes,) = draw_incidence(curve, text).axes
        (line,) = (line for line in axes.lines if line.get_label() == "programme")
        return line.get_drawstyle()

    assert drawn(hand.curve(step=1)) == "steps-post"
    assert drawn(hand.curve(step=1, hide=late)) == "default"
    assert "Dots: share at the times" in flat(
        figures.incidence(hand.curve(step=1, hide=late), text)
    )
    assert "Lines: share" in flat(figures.incidence(hand.curve(step=1), text))
    assert not has_gaps(hand.curve(step=1).tidy().iloc[:0])


def test_the_most_frequent_form_names_the_group_that_it_is_of():
    def say(stratum):
        rows = [
            {"stratum": stratum, "item": "label", "level": form, "share": share, "n_with": 20,
             "n": 33}
            for form, share in (("joint_activity", 0.67), ("joint_plan", 0.4))
        ]  # fmt: skip
        made = hand.released("LabelShares", rows, {"n": 77, "what": "form"})
        return flat(words.collaboration_forms(made, speak()))

    assert "in the programme group" in say("programme")
    assert "in the programme group" not in say("all")
