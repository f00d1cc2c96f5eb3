"""What stands on a page where a table is missing or too few took part: a sentence, never a gap."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import released_by_hand as hand
from report_notebooks import FIGURE, png

from evalkit.errors import DisclosureError
from evalkit.report import figures, tables, words
from evalkit.report.display import display
from evalkit.report.parts import Part
from evalkit.report.replay import make_part, store_recipe
from evalkit.report.text import open_text

LANGUAGES = ("sv", "fi", "en")
ALL = lambda frame: np.ones(len(frame), dtype=bool)  # noqa: E731
FEW = "Not shown: too few people took part for a reliable number."
FEW_ANSWERS = "Too few people answered about their health to say how they feel."
RECOGNISED = (
    "Not shown: so few people are behind this number, or one that follows from it, that they could "
    "be recognised."
)
NAMES = hand.MUNICIPALITIES
# Each draws or tabulates one value; the maker gives that value.
DRAWN = {
    "figures.incidence": (figures.incidence, hand.curve),
    "figures.flow": (figures.flow, hand.flow),
    "figures.need": (figures.need, hand.need),
    "figures.before_after": (figures.before_after, hand.before_after),
    "figures.exits": (figures.exits, hand.curve),
    "figures.months": (figures.months, hand.months),
    "figures.occupation": (figures.occupation, hand.occupation),
    "figures.health": (figures.health, hand.wave_means),
    "figures.pay_off": (figures.pay_off, hand.pay_off),
    "tables.characteristics": (tables.characteristics, hand.characteristics),
    "tables.before_after": (tables.before_after, hand.before_after),
    "tables.ancova": (tables.ancova, hand.ancova),
    "tables.pay_off": (tables.pay_off, hand.pay_off),
    "tables.months": (tables.months, hand.months),
    "tables.rate_ratios": (tables.rate_ratios, hand.cox),
    "tables.checks": (tables.checks, hand.logrank),
    "tables.municipalities": (
        lambda value, text: tables.municipalities(value, text, names=NAMES),
        hand.by_municipality,
    ),
    "figures.municipalities": (
        lambda value, text: figures.municipalities(value, hand.contrast(), text, names=NAMES),
        hand.by_municipality,
    ),
}
each_drawn = pytest.mark.parametrize(("make", "value"), DRAWN.values(), ids=DRAWN)
# Each says a chapter about its first value; then what is said where that value is None.
CHAPTERS = {
    "need": (words.need, "NeedCoverage", "the population of working age is not known"),
    "before_after": (words.before_after, "BeforeAfter", "(spells of support)"),
    "self_support": (
        lambda value, text: words.self_support(value, None, None, text),
        "Contrast",
        "(participation in packages)",
    ),
    "health": (
        lambda value, text: words.health(value, None, text),
        "ModelFit",
        "(answers about health)",
    ),
    "pay_off": (words.pay_off, "PayOff", "(costs)"),
    "pace": (lambda value, text: words.pace(value, None, text), "Check", "(events)"),
    "municipalities": (words.municipalities, "Contrast", "(municipalities)"),
}
each_chapter = pytest.mark.parametrize(("say", "kind", "lacking"), CHAPTERS.values(), ids=CHAPTERS)


def speak(language="en", raw=None, **options):
    return open_text(hand.labels(raw, **options), language)


def without_rows(kind):
    return hand.released(kind, [])


def withheld(sentence):
    return f"[{sentence}]{{.withheld}}"


def in_its_place(sentence, language="en", what=""):
    """What stands in the place of a figure or a table: what, why, and what it would take."""
    stands = speak(language).say("A figure or table would stand here.")
    least = " [A number takes at least 10 people behind it.]{.quiet}"
    named = f"**{what}** " if what else ""
    return f"{named}[{stands}]{{.quiet}} {withheld(sentence)}{least * (sentence == RECOGNISED)}"


@each_drawn
def test_a_figure_or_table_of_something_that_is_missing_is_none(make, value):
    assert make(None, speak()) is None


@each_drawn
def test_a_figure_or_table_of_no_estimate_is_a_sentence(make, value):
    part = make(without_rows(value().kind), speak(level="national"))

    assert part.markdown == in_its_place(FEW)
    assert part.images == {}


@each_drawn
def test_a_figure_or_table_of_which_every_row_is_withheld_is_a_sentence(make, value):
    part = make(value(hide=ALL), speak(level="national"))

    assert part.markdown == in_its_place(RECOGNISED)
    assert part.images == {}


@each_drawn
def test_a_figure_or_table_of_shown_rows_stands(make, value):
    part = make(value(), speak(level="national"))

    assert "|" in part.markdown
    assert ".withheld" not in part.markdown


@each_drawn
def test_a_figure_or_table_of_what_was_not_released_is_refused(make, value):
    with pytest.raises(DisclosureError, match="has not passed the door"):
        make({"estimate": [1]}, speak())


def test_a_table_whose_shown_rows_hold_no_number_is_a_sentence():
    people = hand.released(
        "Characteristics",
        [{"stratum": "programme", "variable": "sex", "level": level} for level in ("f", "m")],
        {"n": 80},
    )

    part = tables.characteristics(people, speak(level="national"))

    named = "Who took part: number (share) or mean (standard deviation)."
    assert part.markdown == in_its_place(RECOGNISED, what=named)


def test_without_a_comparison_group_there_is_no_figure_of_the_difference():
    alone = speak(arms={"comparison": "none"}, assignment="observational")

    assert figures.months(hand.months(), alone) is None


def test_a_withheld_model_leaves_no_column_beside_the_shown_one():
    part = tables.ancova(hand.ancova(), speak(), fixed_effects=without_rows("ModelFit"))

    assert "Difference in change" not in part.markdown


@each_chapter
def test_a_chapter_of_something_that_is_missing_says_what_is_missing(say, kind, lacking):
    heading, sentence = say(None, speak()).markdown.split("\n\n")

    assert heading.startswith("## ")
    assert sentence.startswith("[Not possible: ")
    assert lacking in sentence


@pytest.mark.parametrize("language", LANGUAGES)
@each_chapter
def test_a_chapter_without_an_estimate_says_that_few_took_part(say, kind, lacking, language):
    text = speak(language, level="national")
    few = {text.say(FEW), text.say(FEW_ANSWERS), text.say(words_of_need(text))}

    markdown = say(without_rows(kind), text).markdown

    assert markdown.startswith("## ")
    assert any(withheld(sentence) in markdown for sentence in few)
    assert "nan" not in markdown


def words_of_need(text):
    return "Not possible: the population of working age is not known."


def test_health_without_a_questionnaire_in_the_study_file_says_so():
    raw = {key: value for key, value in hand.SPELLS.items() if key != "health"}

    part = words.health(None, None, speak(raw=raw))

    assert "the study file names no questionnaire about health" in part.markdown


def not_compared(kind, function):
    """No estimate of a function that compares groups."""
    empty = without_rows(kind)
    return replace(empty, provenance=replace(empty.provenance, function=function))


def test_what_needs_a_comparison_group_says_that_there_is_none():
    alone = speak(arms={"comparison": "none"}, assignment="observational")
    fit, money = not_compared("ModelFit", "ancova"), not_compared("PayOff", "pay_off")
    said = withheld("Not possible: there is no comparison group.")

    assert words.health(fit, None, alone).markdown.endswith(said)
    assert words.pay_off(money, alone).markdown.endswith(said)
    assert tables.ancova(fit, alone).markdown.endswith(f"{{.quiet}} {said}")
    assert words.cards(hand.curve(), None, fit, money, alone).markdown.count(":::: {.card}") == 1
    assert said not in words.pay_off(money, speak()).markdown


def test_health_at_a_wave_that_nobody_has_reached_says_so():
    part = words.health(hand.ancova(), hand.wave_means(), speak(), wave=36)

    assert withheld(FEW_ANSWERS) in part.markdown


@pytest.mark.parametrize("level", ["municipality", "national"])
def test_the_first_page_of_a_unit_without_anybody_stands(level):
    curve, contrast = without_rows("IncidenceCurve"), without_rows("Contrast")
    fit, money = without_rows("ModelFit"), without_rows("PayOff")
    text = speak(level=level)

    short = words.in_short(curve, contrast, contrast, text).markdown
    cards = words.cards(curve, contrast, fit, money, text).markdown
    limits = words.limits(curve, contrast, without_rows("WaveMeans"), text).markdown

    assert short == f"## In short\n\n{withheld(FEW)}"
    assert cards.count(withheld(FEW)) == 4
    assert "card-number" not in cards
    assert "Too few people answered" in limits


def test_a_comparison_group_alone_is_never_shown_as_those_who_started():
    only = hand.curve(hide=None)
    rows = only.tidy()
    rows = rows[rows["stratum"] == "comparison"].drop(columns="suppressed")
    curve = hand.released("IncidenceCurve", rows, dict(only.summary))
    reached = hand.contrast().tidy()
    reached = hand.released("Contrast", reached[reached["term"] == "comparison"], {"n": 198})

    short = words.in_short(curve, reached, None, speak()).markdown
    cards = words.cards(curve, None, None, None, speak()).markdown

    assert short == f"## In short\n\n{withheld(FEW)}"
    assert "card-number" not in cards


def test_what_was_not_estimated_is_not_listed_as_computed():
    part = words.method(without_rows("Contrast"), None, text=speak())

    assert "#tbl-provenance" not in part.markdown
    assert "Disclosure rule: strict10." in part.markdown


@each_chapter
def test_a_chapter_of_something_missing_is_made_again_from_its_recipe(say, kind, lacking, tmp_path):
    swedish = speak("sv")
    part = say(None, speak("fi"))

    again = make_part(store_recipe(part.recipe, tmp_path), tmp_path, swedish)

    assert again.markdown == say(None, swedish).markdown
    assert again.markdown != part.markdown


def test_a_sentence_in_place_of_a_table_is_made_again_from_its_recipe(tmp_path):
    part = tables.ancova(without_rows("ModelFit"), speak("fi"), fixed_effects=None)

    again = make_part(store_recipe(part.recipe, tmp_path), tmp_path, speak("sv"))

    assert again.markdown == in_its_place(speak("sv").say(FEW), "sv")


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """Markdown of what a run would have on the page."""
    outputs = []
    # The package has a function of the module's name.
    module = sys.modules["evalkit.report.display"]
    monkeypatch.setattr(
        module,
        "publish_display_data",
        lambda data, metadata=None: outputs.append(data["text/markdown"]),
    )
    monkeypatch.setenv("EVALKIT_RUN", "1")
    monkeypatch.chdir(tmp_path)
    return outputs


def test_none_is_passed_over(shown):
    display(None)
    display(Part("a"), None, Part(FIGURE, {"fig-exits.png": png()}))

    assert shown == ["a", FIGURE]


def test_the_sentence_that_nothing_is_shown_stands_once_in_a_chapter(shown):
    chapter = f"## Health\n\n{withheld(FEW)}"

    display(Part(chapter), Part(withheld(FEW)), Part(withheld(RECOGNISED)), Part(withheld(FEW)))
    display(Part("## Money"), Part(withheld(FEW)))

    assert shown == [chapter, withheld(RECOGNISED), "## Money", withheld(FEW)]


def test_what_would_stand_there_is_said_once_and_not_below_the_same_sentence(shown):
    chapter = f"## Health\n\n{withheld(FEW)}"
    figure = Part(in_its_place(RECOGNISED))

    display(Part(chapter), Part(in_its_place(FEW)), figure, figure)

    assert shown == [chapter, in_its_place(RECOGNISED)]


def test_other_parts_may_stand_twice_in_a_chapter(shown):
    display(Part("## Money"), Part("a"), Part("a"))

    assert shown == ["## Money", "a", "a"]
