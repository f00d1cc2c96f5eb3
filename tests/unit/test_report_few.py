"""A municipality with too few people has no estimate in any chapter, as on its first page."""

import pytest
import released_by_hand as hand

from evalkit.report import figures, tables, words
from evalkit.report.figures.places import draw_municipalities
from evalkit.report.text import open_text
from evalkit.report.words_people import municipalities

FEW = "Not shown: too few people took part for a reliable number."


def speak(language="en", **options):
    return open_text(hand.labels(**options), language)


def chapters(text, exits):
    money, change, means = hand.pay_off(method="contrast"), hand.ancova(), hand.wave_means()
    return {
        "health": words.health(change, means, text, useful=0.03, exits=exits),
        "health figure": figures.health(means, text, exits=exits),
        "health table": tables.ancova(change, text, exits=exits),
        "states": figures.occupation(hand.occupation(), text, exits=exits),
        "pay-off": words.pay_off(money, text, exits=exits),
        "pay-off figure": figures.pay_off(money, text, exits=exits),
    }


@pytest.mark.parametrize("exits", [33, 49])
def test_few_people_in_the_programme_group_hide_every_estimate(exits):
    for name, part in chapters(speak(), hand.curve(exits)).items():
        assert FEW in part.markdown, name
        assert not part.images, name


@pytest.mark.parametrize("level", ["municipality", "national"])
def test_enough_people_or_a_whole_country_show_them(level):
    exits = hand.curve(214 if level == "municipality" else 33)

    for name, part in chapters(speak(level=level), exits).items():
        assert FEW not in part.markdown, name


def test_the_first_page_and_the_chapters_agree():
    text, exits = speak(), hand.curve(33)
    money = hand.pay_off(method="contrast")

    cards = words.cards(exits, hand.months(), hand.ancova(), money, text)

    assert cards.markdown.count(FEW) == 3
    assert FEW in words.pay_off(money, text, exits=exits).markdown


def test_too_few_is_no_word_of_protection_in_a_table_of_municipalities():
    text = speak(level="national")

    assert FEW in municipalities(hand.by_municipality(few=list(hand.MUNICIPALITIES)), text).markdown
    assert FEW not in municipalities(hand.by_municipality(few=["0114"]), text).markdown
    assert FEW not in municipalities(hand.by_municipality(), text).markdown


@pytest.mark.parametrize("few", [[], ["0114"]])
def test_the_figure_of_municipalities_says_why_there_is_no_dot(few):
    made, nation = hand.by_municipality(few=few), hand.contrast()

    drawn = draw_municipalities(made, nation, speak(), names=hand.MUNICIPALITIES)

    said = [note.get_text() for note in drawn.axes[0].texts]
    assert said.count("Not shown") == len(few)
    page = figures.municipalities(made, nation, speak(), names=hand.MUNICIPALITIES).markdown
    assert ("Not shown: too few people for a number, or to protect people." in page) == bool(few)
