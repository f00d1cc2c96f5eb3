"""What is drawn, tabulated and said of costs and health."""

import re
from dataclasses import replace

import numpy as np
import pytest
import released_by_hand as hand
from matplotlib.patches import Polygon
from scipy import stats

from evalkit.errors import DisclosureError
from evalkit.report import figures, tables, tables_frame, words
from evalkit.report.figures.acceptability import draw_acceptability, draw_information_value
from evalkit.report.figures.cost_utility import draw_net_benefit, draw_plane
from evalkit.report.text import open_text
from evalkit.results import CostUtility

LANGUAGES = ("sv", "fi", "en")
QUADRANT = {
    (1, 1): "more_effect_more_cost", (1, -1): "more_effect_less_cost",
    (-1, 1): "less_effect_more_cost", (-1, -1): "less_effect_less_cost",
}  # fmt: skip


def speak(language="en", **options):
    return open_text(hand.labels(**options), language)


def cost_utility(cost=15_100.0, effect=0.054, n=412, **options):
    rows = []
    for adjustment in ("unadjusted", "adjusted"):
        for measure, value, error, unit in (
            ("cost", cost, 7_000.0, "SEK per person"),
            ("effect", effect, 0.014, "QALYs per person"),
        ):
            for term, scale, mean in (
                ("programme", "arm", 10 * value), ("comparison", "arm", 9 * value),
                ("programme - comparison", "difference", value),
            ):  # fmt: skip
                rows.append({
                    "stratum": "", "adjustment": adjustment, "measure": measure, "term": term,
                    "scale": scale, "estimate": mean, "std_error": error,
                    "conf_low": mean - 2 * error, "conf_high": mean + 2 * error, "n": 200,
                    "unit": unit, "reason": "",
                })  # fmt: skip
    has_ratio = cost * effect > 0
    rows.append({
        "stratum": "", "adjustment": "adjusted", "measure": "icer",
        "term": "programme - comparison", "scale": "ratio",
        "estimate": cost / effect if has_ratio else np.nan, "unit": "SEK per QALY", "reason": "",
    })  # fmt: skip
    summary = {
        "n": n, "quadrant": QUADRANT[int(np.sign(effect)), int(np.sign(cost))],
        "correlation": -0.3, "horizon_months": 24, "currency": "SEK", "label": "description",
    }  # fmt: skip
    return hand.released("CostUtility", rows, summary, **options)


def net_benefit(low=-30_000.0, slope=0.054, **options):
    prices = np.arange(0, 1_000_001, 100_000)
    rows = [
        {"willingness_to_pay": price, "estimate": slope * price + low,
         "std_error": 7_000.0, "conf_low": slope * price + low - 14_000,
         "conf_high": slope * price + low + 14_000, "boot_low": slope * price + low - 13_000,
         "boot_high": slope * price + low + 13_000, "unit": "SEK per person"}
        for price in prices.astype(float)
    ]  # fmt: skip
    summary = {"n": 412, "horizon_months": 24, "currency": "SEK"}
    return hand.released("NetBenefit", rows, summary, **options)


def acceptability(strategies=("programme", "comparison"), source="bootstrap", **options):
    rows = []
    for price in np.linspace(0, 1e6, 11):
        first = price / 1e6
        shares = [first] + [(1 - first) / (len(strategies) - 1)] * (len(strategies) - 1)
        rows += [
            {"willingness_to_pay": price, "strategy": name, "probability": share,
             "net_benefit": share, "is_best": share == max(shares)}
            for name, share in zip(strategies, shares, strict=True)
        ]  # fmt: skip
    summary = {"n": 412 if source == "bootstrap" else np.nan, "source": source, "currency": "SEK"}
    return hand.released("Acceptability", rows, summary, **options)


def information_value(**options):
    rows = [
        {"willingness_to_pay": price, "estimate": 3000 - abs(price - 3e5) / 400,
         "population_value": np.nan, "unit": "SEK per person"}
        for price in np.linspace(0, 1e6, 11)
    ]  # fmt: skip
    return hand.released("InformationValue", rows, {"n": 412, "currency": "SEK"}, **options)


def everything(frame):
    return np.ones(len(frame), dtype=bool)


def costs_only(frame):
    return frame["measure"].isin(["cost", "icer"])


PARTS = [
    (figures.plane, cost_utility), (figures.net_benefit, net_benefit),
    (figures.acceptability, acceptability), (figures.information_value, information_value),
    (tables.cost_utility, cost_utility), (tables.net_benefit, net_benefit),
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("part", "made"), PARTS)
def test_parts_speak_every_language_and_have_alternative_text(part, made, language):
    page = part(made(), speak(language))

    assert not re.search(r"\bnan\b|-0\b|\{\w+\}(?!\})", page.markdown.replace("{.", ""))
    assert all(picture[:4] == b"\x89PNG" for picture in page.images.values())
    assert ('fig-alt="' in page.markdown) == bool(page.images)


@pytest.mark.parametrize(("part", "made"), PARTS)
def test_parts_without_numbers_are_a_sentence(part, made):
    page = part(made(hide=everything), speak())

    assert page.images == {} and "withheld" in page.markdown


@pytest.mark.parametrize(("part", "made"), PARTS)
def test_parts_take_only_what_has_passed_the_door(part, made):
    with pytest.raises(DisclosureError):
        part(CostUtility.__new__(CostUtility), speak())


@pytest.mark.parametrize(("part", "made"), PARTS[:4])
def test_a_municipality_with_few_people_shows_no_figure(part, made):
    few = made()
    object.__setattr__(few, "summary", dict(few.summary) | {"n": 30})

    assert part(few, speak()).images == {}


def test_a_model_of_no_persons_is_drawn_on_a_municipal_page_too():
    page = figures.acceptability(acceptability("abc", "parameters"), speak())

    assert len(page.images) == 1


def test_the_ellipse_holds_ninety_five_per_cent():
    figure = draw_plane(cost_utility(), speak())
    ellipse = next(patch for patch in figure.axes[0].patches if isinstance(patch, Polygon))

    covariance = np.array([[0.014**2, -0.3 * 0.014 * 7000], [-0.3 * 0.014 * 7000, 7000.0**2]])
    edge = ellipse.get_xy() - [0.054, 15_100]
    distance = np.einsum("ni,ij,nj->n", edge, np.linalg.inv(covariance), edge)
    assert distance == pytest.approx(stats.chi2.ppf(0.95, 2), rel=1e-3)


@pytest.mark.parametrize("signs", list(QUADRANT))
def test_the_plane_has_zero_and_all_four_quadrants_in_words_around_the_ellipse(signs):
    figure = draw_plane(cost_utility(15_100 * signs[1], 0.054 * signs[0]), speak())
    axes = figure.axes[0]

    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    named = [text for text in axes.texts if text.get_gid() == "quadrant"]
    assert left == -right and low == -high and len(named) == 4
    ellipse = next(patch for patch in axes.patches if isinstance(patch, Polygon))
    assert np.abs(ellipse.get_xy()).max(axis=0) == pytest.approx([right / 1.5, high / 1.5], 1e-3)


def test_the_net_benefit_line_has_its_band_and_zero():
    axes = draw_net_benefit(net_benefit(), speak()).axes[0]

    line = next(line for line in axes.lines if line.get_label() == "net benefit")
    assert line.get_ydata()[[0, -1]].tolist() == [-30_000, 24_000]
    assert len(axes.collections) == 1


def test_the_frontier_follows_the_best_on_average_and_styles_tell_curves_apart():
    axes = draw_acceptability(acceptability("abc", "parameters"), speak()).axes[0]

    frontier = [line for line in axes.lines if str(line.get_gid()).startswith("frontier")]
    curves = [line for line in axes.lines if not str(line.get_gid()).startswith("frontier")]
    assert len(frontier) >= 2
    assert len({str(line._dash_pattern) for line in curves}) == 3
    assert len({line.get_color() for line in curves}) == 3


def test_labels_of_curves_do_not_overlap():
    axes = draw_acceptability(acceptability("abcd", "parameters"), speak()).axes[0]

    heights = sorted(text.xy[1] for text in axes.texts if "\n" in text.get_text())
    assert len(heights) == 4 and np.diff(heights).min() > 0.12


def test_a_long_name_of_a_choice_takes_two_lines():
    found = acceptability(("programme", "individual placement and support"))
    (axes,) = draw_acceptability(found, speak()).axes

    assert "Individual placement\nand support\n0%" in [word.get_text() for word in axes.texts]


def test_the_value_of_certainty_starts_at_zero_and_names_its_top():
    axes = draw_information_value(information_value(), speak()).axes[0]

    assert axes.get_ylim()[0] == 0
    assert (
        "highest, 3.0, where that is 300"
        in figures.information_value(information_value(), speak()).markdown
    )


def said(released, language="en", **options):
    return words.cost_utility(released, speak(language), **options).markdown


@pytest.mark.parametrize(
    ("cost", "effect", "sentence"),
    [
        (15_100, 0.054, "more quality-adjusted life years within two years, +0.054 (+0.026 to"),
        (-15_100, 0.054, "and cost less, SEK −15.1 thousand (−29.1 to −1.1)."),
        (15_100, 0.054, "That is SEK 280 thousand for each quality-adjusted life year gained."),
        (-15_100, 0.054, "More health at a lower cost"),
        (15_100, -0.054, "Less health at a higher cost"),
        (-15_100, -0.054, "SEK 280 thousand saved for each quality-adjusted life year lost."),
    ],
)
def test_the_answer_is_a_sentence_for_each_quadrant(cost, effect, sentence):
    assert sentence in said(cost_utility(cost, effect))


@pytest.mark.parametrize(
    ("prices", "sentence"),
    [
        ({"low": 20_000.0}, "At all amounts shown"),
        ({}, "Where such a year is worth SEK 900 thousand or more"),
        ({"slope": 0.02}, "At the highest amount shown it is not clear"),
        ({"hide": everything}, ""),
    ],
)
def test_the_price_from_which_on_the_gain_is_clear(prices, sentence):
    assert sentence in said(cost_utility(), net_benefit=net_benefit(**prices))


def test_a_cost_below_zero_is_explained_only_where_there_is_one():
    above = cost_utility()
    rows = above.tidy()
    of_arm = ((rows["measure"] == "cost") & (rows["scale"] == "arm")).to_numpy()
    estimate = np.where(of_arm, -9000.0, above.rows["estimate"])
    below = replace(above, rows={**above.rows, "estimate": estimate})

    assert "A cost below zero means" in tables.cost_utility(below, speak()).markdown
    assert "A cost below zero" not in tables.cost_utility(above, speak()).markdown


def test_a_description_says_that_other_causes_are_possible_and_an_effect_does_not():
    observed = open_text(hand.labels({**hand.SPELLS, "assignment": "observational"}), "en")
    warning = "The difference may have other causes than the programme."

    assert warning in words.cost_utility(cost_utility(), observed).markdown
    assert warning not in said(cost_utility())


def test_hidden_costs_say_so_and_missing_tables_too():
    assert "withheld" in said(cost_utility(hide=costs_only))
    assert "costs" in words.cost_utility(None, speak()).markdown


def test_hidden_costs_leave_health_in_the_table():
    table = tables.cost_utility(cost_utility(hide=costs_only), speak()).markdown

    assert "+0.054" in table and "+15.1" not in table and "\N{EN DASH} means" in table


def checklist(**changes):
    topics = ("title", "comparators", "perspective", "horizon", "discounting", "outcomes",
              "outcome_measurement", "currency", "model", "analysis", "uncertainty", "funding",
              "main_results")  # fmt: skip
    answers = {
        "comparators": "arms", "perspective": "municipality, region", "horizon": "24",
        "discounting": "0.03", "outcomes": "qaly", "outcome_measurement": "imputed",
        "currency": "SEK 2024", "model": "no_model", "analysis": "baseline, age",
        "uncertainty": "1999", "funding": "Us*", "main_results": "",
    } | changes  # fmt: skip
    status = {"title": "open", "main_results": "in_report"}
    rows = [
        {"item": number, "section": "methods", "topic": topic,
         "status": status.get(topic, "filled"), "answer": answers.get(topic, ""),
         "origin": "given" if topic == "funding" else "run"}
        for number, topic in enumerate(topics, start=1)
    ]  # fmt: skip
    return hand.released("Checklist", rows, {"checklist": "CHEERS 2022", "n_open": 1})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_checklist_puts_codes_into_words_and_open_items_stay_visible(language):
    table = tables.cheers(checklist(), speak(language)).markdown

    assert table.count("**") == 2
    assert not re.search(r"\b(arms|qaly|imputed|no_model|baseline|nan)\b", table)
    assert "Us\\*" in table and "10.1007/s10198-021-01426-6" in table


def test_a_table_says_of_no_choice_that_it_is_surely_the_best():
    found = acceptability()
    rows = {**found.rows, "probability": 0.998 * (found.rows["strategy"] == "programme") + 0.001}

    part = figures.acceptability(replace(found, rows=rows), speak()).markdown

    assert "over 99%" in part and "under 1%" in part
    assert "100%" not in part


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answers_of_a_checklist_are_no_counts_of_answers(language):
    text = speak(language)
    note = text.say(
        "Numbers of answers and of those still followed are rounded to the nearest {base}, so they "
        "can be above the number who started.", base=text.number(5),
    )  # fmt: skip
    few = replace(checklist(), profile="strict10")
    counts = tables_frame.table_part(
        "t", ["x", text.say("Answers")], [["a", "5"]], "Caption.", [few], text, n=np.nan
    )

    assert note not in tables.cheers(few, text).markdown
    assert note in counts.markdown


def test_the_checklist_can_be_folded_away_with_its_table():
    folded = tables.cheers(checklist(), speak(), folded=True).markdown
    table = tables.cheers(checklist(), speak()).markdown

    assert folded.startswith('::: {.callout-note collapse="true"}')
    assert table in folded


@pytest.mark.parametrize(
    ("change", "words_of_it"),
    [
        ({}, "Municipality and region."),
        ({}, "3.0% a year, from the second year."),
        ({}, "adjusted for: health index at the start and age, years."),
        ({"analysis": "none"}, "without adjustment"),
        ({"uncertainty": "0"}, "Intervals of 95 per cent. "),
        ({"outcome_measurement": "complete"}, "Only people who answered each time."),
        ({"perspective": "society"}, "Society as a whole."),
    ],
)
def test_answers_of_the_run_are_said_in_words(change, words_of_it):
    assert words_of_it in tables.cheers(checklist(**change), speak()).markdown
