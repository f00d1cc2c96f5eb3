"""What is said: the answer, its wording, and what is not said of few people."""

import re
from dataclasses import replace

import numpy as np
import pytest
import released_by_hand as hand

from evalkit.errors import DisclosureError
from evalkit.report import words, words_people
from evalkit.report.text import open_text
from evalkit.results import Contrast, IncidenceCurve
from evalkit.study import Labels

LANGUAGES = ("sv", "fi", "en")
INCIDENCE = {
    "sv": "någon gång inom två år börjat försörja sig själva i minst tre månader i rad",
    "fi": "oli jossain vaiheessa kahden vuoden kuluessa siirtynyt itsenäiseen toimeentuloon "
    "vähintään kolmeksi peräkkäiseksi kuukaudeksi",
    "en": "had at some time within two years begun to support themselves for at least three months "
    "in a row",
}
JARGON = re.compile(r"signifi|hazard|konfiden|confidence|luottamusv|p-v[aä]|p-arvo", re.IGNORECASE)


def speak(language="en", raw=None, **options):
    return open_text(hand.labels(raw, **options), language)


def every_part(text):
    curve, reached, months = hand.curve(), hand.contrast(), hand.months()
    status, means = hand.contrast((0.28, 0.24)), hand.wave_means()
    return [
        words.title(text),
        words.in_short(curve, reached, status, text),
        words.cards(curve, months, hand.ancova(), hand.pay_off(), text),
        words.limits(curve, reached, means, text),
        words.participants(hand.flow(), hand.characteristics(), text),
        words.need(hand.need(), text),
        words.before_after(hand.before_after(), text),
        words.self_support(reached, months, status, text),
        words.pace(hand.logrank(), hand.cox(), text),
        words.health(hand.ancova(), means, text, useful=0.037),
        words.pay_off(hand.pay_off(), text),
        words.municipalities(hand.by_municipality(), text),
        words.not_possible("health", "health", text),
        words.method(curve, reached, None, text=text),
    ]


def sentences(markdown):
    spoken = re.sub(r"\[[^\]]*\]\{\.label\}", "", markdown.split("{.lead}\n")[1].split(":::")[0])
    return [sentence for sentence in re.split(r"(?<=\.)\s+", spoken.strip()) if sentence]


def test_the_answer_is_the_share_the_status_the_comparison_and_how_sure():
    status = hand.contrast((0.28, 0.24))

    part = words.in_short(hand.curve(), hand.contrast(), status, speak())

    assert sentences(part.markdown) == [
        "Of 100 people who started, about 34 (30 to 38) had at some time within two years begun to "
        "support themselves for at least three months in a row.",
        "In month 24 itself, about 28 of 100 (24 to 32) were supporting themselves.",
        "In the comparison group about 27 of 100 had begun to do so, so the programme group had 7 "
        "more of 100 (1 to 13 more).",
        "The difference is clear but may be too small to matter.",
    ]
    assert "[effect under stated assumptions]{.label}" in part.markdown


@pytest.mark.parametrize("language", LANGUAGES)
def test_incidence_is_said_as_having_begun_at_some_time(language):
    part = words.in_short(hand.curve(), hand.contrast(), None, speak(language))

    assert INCIDENCE[language] in part.markdown


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_occupation_there_is_no_status_wording(language):
    text = speak(language)
    status = {"sv": "försörjde ungefär", "fi": "sai toimeentulonsa", "en": "were supporting"}[
        language
    ]

    without = words.in_short(hand.curve(), hand.contrast(), None, text).markdown
    chapter = words.self_support(hand.contrast(), hand.months(), None, text).markdown
    with_status = words.in_short(hand.curve(), hand.contrast(), hand.contrast(), text).markdown

    assert status not in without
    assert status not in chapter
    assert status in with_status


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_has_no_jargon(language):
    first_page = "".join(part.markdown for part in every_part(speak(language))[:4])

    assert JARGON.search(first_page) is None


def test_the_answer_has_at_most_four_sentences():
    part = words.in_short(hand.curve(), hand.contrast(), hand.contrast(), speak())

    assert len(sentences(part.markdown)) == 4


@pytest.mark.parametrize(
    ("arms", "error", "said"),
    [
        ((0.34, 0.27), 0.03, "had 7 more of 100 (1 to 13 more)"),
        ((0.30, 0.27), 0.03, "had 3 more of 100 (from 3 fewer to 9 more)"),
        ((0.27, 0.34), 0.03, "had 7 fewer of 100 (1 to 13 fewer)"),
        ((0.27, 0.30), 0.03, "had 3 fewer of 100 (from 9 fewer to 3 more)"),
        ((0.30, 0.30), 0.03, "about as many (from 6 fewer to 6 more in the programme group)"),
    ],
)
def test_a_difference_is_said_in_persons_of_100_with_its_direction(arms, error, said):
    part = words.in_short(hand.curve(), hand.contrast(arms, error), None, speak())

    assert said in part.markdown


def test_a_difference_is_rounded_from_unrounded_numbers():
    reached = hand.contrast((0.3449, 0.2651), 0.001)

    part = words.in_short(hand.curve(), reached, None, speak())

    assert "about 34 (" in part.markdown
    assert "about 27 of 100" in part.markdown
    assert "had 8 more of 100" in part.markdown


def test_a_harm_is_named():
    part = words.in_short(hand.curve(), hand.contrast((0.20, 0.40)), None, speak())

    assert "large enough to matter. It went less well for the programme group." in part.markdown


def test_a_description_has_no_certainty_phrase():
    text = speak(assignment="observational")

    part = words.in_short(hand.curve(), hand.contrast(), None, text)

    assert "The difference may have other causes than the programme." in part.markdown
    assert "The difference is clear" not in part.markdown
    assert "[description]{.label}" in part.markdown


def test_below_50_people_the_share_is_in_per_cent():
    part = words.in_short(hand.curve(40), hand.contrast(), None, speak(level="study"))

    assert "34% of those who started (30% to 38%) had at some time" in part.markdown
    assert "Of 100" not in part.markdown


@pytest.mark.parametrize("few", [hand.curve(49), hand.curve(100, final=(0.05, 0.05))])
def test_a_municipality_with_few_people_or_exits_shows_no_estimate(few):
    text = speak()

    short = words.in_short(few, hand.contrast(), hand.contrast(), text).markdown
    cards = words.cards(few, hand.months(), hand.ancova(), hand.pay_off(), text).markdown
    chapter = words.self_support(hand.contrast(), hand.months(), None, text, curve=few).markdown

    assert "too few people took part" in short
    assert not re.search(r"\d+ of 100", short)
    assert cards.count("too few people took part") == 3
    assert "34%" not in chapter


def test_a_municipality_with_enough_people_and_exits_shows_its_estimate():
    part = words.in_short(hand.curve(50, final=(0.26, 0.2)), hand.contrast(), None, speak())

    assert "about 34" in part.markdown


def test_a_withheld_comparison_is_said_with_its_reason():
    hidden = hand.contrast(hide=lambda frame: frame["term"] != "programme")

    part = words.in_short(hand.curve(), hidden, None, speak())

    assert "about 34" in part.markdown
    assert "The comparison is not shown, because there are too few people" in part.markdown
    assert "about 27" not in part.markdown


def test_a_withheld_share_is_said_in_grey_with_its_reason():
    hidden = hand.contrast(hide=lambda frame: frame["scale"] != "")

    part = words.in_short(hand.curve(), hidden, None, speak())

    assert "[Not shown: so few people are behind this number" in part.markdown
    assert "]{.withheld}" in part.markdown


def test_a_withheld_card_says_why():
    months = hand.months(hide=lambda frame: frame["scale"] == "difference")

    part = words.cards(hand.curve(), months, None, None, speak())

    assert "[months in self-support]{.card-unit}\n\n[Not shown: so few people" in part.markdown


@pytest.mark.parametrize(
    ("alone", "said"),
    [(False, "number of people in the programme group"), (True, "number of people who started")],
)
def test_a_card_of_people_who_are_hidden_says_whose_number_is(alone, said):
    curve = hand.curve(hide=lambda frame: frame["stratum"] != "x")
    if alone:
        own = curve.rows["stratum"] == "programme"
        curve = replace(curve, rows={name: values[own] for name, values in curve.rows.items()})

    part = words.cards(curve, None, None, None, speak())

    assert f"[{said}]{{.card-unit}}\n\n[Not shown" in part.markdown


def test_cards_show_number_unit_and_interval():
    part = words.cards(hand.curve(), hand.months(), hand.ancova(), hand.pay_off(), speak("sv"))

    numbers = re.findall(r"\[([^\]]*)\]\{\.card-number\}", part.markdown)
    assert numbers == ["cirka 214", "+2,1", "+0,043", "38\N{NO-BREAK SPACE}%"]
    assert "osäkerhetsintervall: +0,5 till +3,7" in part.markdown


def test_pay_off_from_before_and_after_shows_the_break_even_share():
    text = speak()

    card = words.cards(hand.curve(), None, None, hand.pay_off(), text).markdown
    chapter = words.pay_off(hand.pay_off(), text).markdown

    assert "[38%]{.card-number}" in card
    assert "if at least 38% of the change is due to the programme" in chapter
    assert "[description]{.label}" in chapter


def test_pay_off_from_a_contrast_shows_the_time():
    contrast = hand.pay_off(method="contrast, 24 months followed")

    card = words.cards(hand.curve(), None, None, contrast, speak()).markdown

    assert "[23]{.card-number}" in card
    assert "interval: 16 to 44" in card


@pytest.mark.parametrize("share", [1.2, np.inf])
def test_a_cost_that_is_not_recovered_is_said_to_be_so(share):
    part = words.pay_off(hand.pay_off(share=share), speak())

    assert "does not recover the cost within 5 years, even if the whole change" in part.markdown


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_events_study_never_speaks_of_self_support(language):
    text = speak(language, hand.EVENTS, level="study")
    curve = hand.curve(causes=("linkage",), last=365, step=5)
    reached, days = hand.contrast(horizon=365), hand.months((120.0, 80.0), 14.0, horizon=365)
    parts = [
        words.in_short(curve, reached, None, text),
        words.cards(curve, days, None, None, text),
        words.limits(curve, reached, None, text),
        words.self_support(reached, days, None, text),
        words.pace(hand.logrank(), hand.cox(), text),
        words.method(curve, reached, text=text),
        words.not_possible("self_support", "too_few", text),
    ]
    spoken = "".join(part.markdown for part in parts).lower()
    forbidden = {"sv": "försörj", "fi": "toimeentulo", "en": "self-support|support themselves"}

    assert re.search(forbidden[language], spoken) is None
    assert text.outcome in spoken


def test_every_sentence_of_an_events_answer_names_the_outcome_or_is_the_fixed_phrase():
    text = speak("en", hand.EVENTS, level="study")
    curve = hand.curve(causes=("linkage",), last=365, step=5)

    part = words.in_short(curve, hand.contrast(horizon=365), None, text)

    share, comparison, sure = sentences(part.markdown)
    assert share.startswith("Linkage with primary care: ")
    assert "within 365 days" in share
    assert comparison.startswith("Linkage with primary care: ")
    assert sure == "The difference is clear but may be too small to matter."


def test_a_score_has_its_name_in_either_case():
    text = speak("en", hand.EVENTS, level="study")

    part = words.health(hand.ancova(20), hand.wave_means(score=True), text, score="PCS")

    assert "## How did health change: physical health score (PCS)?" in part.markdown
    assert "The difference is clear and large enough" not in part.markdown
    assert "Physical health score (PCS) 12 months after the start" in part.markdown


def test_changes_within_people_are_read_at_their_wave_and_said_to_be_changes():
    text = speak("en")
    within = hand.ancova(stem="arm[programme]:", function="fixed_effects")

    part = words.health(within, hand.wave_means(), text)
    card = words.cards(hand.curve(), None, within, None, text)

    assert "12 months after the start, programme group against comparison group: +0.04" in (
        part.markdown
    )
    assert "how much people changed in the two groups" in part.markdown
    assert "the same index at the start" not in part.markdown
    assert "+0.04" in card.markdown


def test_months_in_self_support_are_net_of_relapse_and_signed():
    part = words.self_support(hand.contrast(), hand.months(), hand.contrast((0.28, 0.2)), speak())

    assert "programme group against comparison group: +2.1 on average (+0.5 to +3.7)" in (
        part.markdown
    )
    assert "some who had begun were back on support" in part.markdown


def test_relapse_is_not_claimed_where_status_is_not_below_incidence():
    part = words.self_support(hand.contrast(), None, hand.contrast((0.40, 0.2)), speak())

    assert "back on support" not in part.markdown


def test_the_limits_are_three_and_computed():
    part = words.limits(hand.curve(), hand.contrast(), hand.wave_means(), speak())

    bullets = re.findall(r"^- (.*)$", part.markdown, re.MULTILINE)
    assert len(bullets) == 3
    assert "by about 4 of 100" in bullets[0]
    assert "drawn by lot" in bullets[1]
    assert bullets[2].startswith("82% of those who answered")
    late = words.limits(hand.curve(), hand.contrast(), hand.wave_means(), speak(), wave=24)
    other = words.limits(hand.curve(), hand.contrast(), hand.wave_means(), speak(), wave=7)
    assert "63% of those who answered" in late.markdown
    assert "63% of those who answered" in other.markdown  # the last there is


def test_a_month_at_which_a_group_is_hidden_does_not_tell_how_many_answered_again():
    def one_group(frame):
        return (frame["stratum"] == "comparison") & (frame["wave"] == 12)

    made = hand.wave_means(hide=one_group)
    said = words.limits(hand.curve(), hand.contrast(), made, speak()).markdown

    assert "63% of those who answered" in said and "after 24 months" in said


def test_the_title_names_places_in_the_nominative():
    assert words.heading(speak("fi")) == "Yhteensovitettu kuntoutus: Lindala"
    assert words.heading(speak("sv")) == "Samordnad rehabilitering i Lindala"
    assert "yhteistoimintaliitto: Norra Ån" in words.title(speak("fi")).markdown


def test_the_line_under_the_title_says_where_the_records_come_from():
    assert "source: HELP trial" in words.title(speak(raw=hand.EVENTS)).markdown
    assert "source:" not in words.title(speak()).markdown


def test_where_nothing_is_shown_there_is_nothing_to_learn_to_read():
    def said(answer):
        return words_people.chapter("How?", answer, "Dots.", speak()).markdown

    nothing = "[Not shown: few.]{.withheld}"

    assert said(f"{nothing} [description]{{.label}}") == f"## How?\n\n{nothing}"
    assert said(f"{nothing}\n\nOthers: 3.").endswith("Others: 3.")
    assert "Dots." in said("Three. [description]{.label}")


@pytest.mark.parametrize(
    ("country", "level", "name", "titles"),
    [
        ("SE", "federation", "Norra Ån", {
            "sv": "Samordnad rehabilitering i samordningsförbundet Norra Ån",
            "fi": "Yhteensovitettu kuntoutus: yhteistoimintaliitto Norra Ån",
            "en": "Coordinated rehabilitation in the Norra Ån coordination federation"}),
        ("SE", "federation", "Samordningsförbundet Ljung", {
            "sv": "Samordnad rehabilitering i Samordningsförbundet Ljung",
            "fi": "Yhteensovitettu kuntoutus: Samordningsförbundet Ljung"}),
        ("SE", "county", "Norrdalens län", {
            "sv": "Samordnad rehabilitering i Norrdalens län",
            "en": "Coordinated rehabilitation in Norrdalens län"}),
        ("FI", "county", "Pohjanranta", {
            "sv": "Samordnad rehabilitering i välfärdsområdet Pohjanranta",
            "fi": "Yhteensovitettu kuntoutus: hyvinvointialue Pohjanranta",
            "en": "Coordinated rehabilitation in the wellbeing services county of Pohjanranta"}),
        ("FI", "county", "Rannan hyvinvointialue", {
            "fi": "Yhteensovitettu kuntoutus: Rannan hyvinvointialue"}),
    ],
)  # fmt: skip
def test_the_title_says_what_kind_of_area_a_name_stands_for(country, level, name, titles):
    study = hand.labels(country=country).study
    labels = Labels(study=study, level=level, code="1", place={"sv": name})

    found = {language: words.heading(open_text(labels, language)) for language in titles}
    assert found == titles


@pytest.mark.parametrize("name", ["Helsingfors", "Åland"])
def test_an_area_outside_the_counties_is_not_called_one(name):
    study = hand.labels(country="FI").study
    labels = Labels(study=study, level="county", code="1", place={"sv": name})

    assert words.heading(open_text(labels, "sv")) == f"Samordnad rehabilitering i {name}"


def test_the_title_inflects_a_finnish_name_whose_case_is_given():
    place = {"sv": "Lundby", "fi": "Lehtola", "fi_locative": "Lehtolassa"}
    labels = Labels(study=hand.labels().study, level="municipality", code="023", place=place)

    assert words.heading(open_text(labels, "fi")) == "Yhteensovitettu kuntoutus Lehtolassa"
    assert words.heading(open_text(labels, "sv")) == "Samordnad rehabilitering i Lundby"


def test_a_missing_table_is_named_where_the_chapter_would_have_stood():
    part = words.not_possible("health", "health", speak())

    assert part.markdown == (
        "## How did health change?\n\n"
        "[Not possible: this is missing from the records (answers about health).]"
        "{.withheld}"
    )


def test_the_method_says_rule_horizon_competing_exits_and_what_is_withheld():
    hidden = hand.contrast(hide=lambda frame: frame["scale"] == "difference")

    part = words.method(hidden, text=speak())

    assert "no public support paid in the month (SS-FORS)" in part.markdown
    assert "lasted 3 months in a row" in part.markdown
    assert "Horizon in months: 24" in part.markdown
    assert "died, moved abroad, permanent disability pension and old-age pension" in part.markdown
    assert "strict10: 1 of 3 numbers in this report are withheld" in part.markdown
    assert "value set SE-2020-TTO" in part.markdown
    assert hidden.provenance.id in part.markdown


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_part_has_an_empty_chapter_or_a_number_that_is_not_one(language):
    for part in every_part(speak(language)):
        assert not re.search(
            r"\bnan\b|[-\N{MINUS SIGN}]0\b(?![.,])|None|\{\w+\}(?!\{)", part.markdown
        )
        assert not re.search(r"## [^\n]*\n+(## |:::$|$)", part.markdown)
        assert part.images == {}


@pytest.mark.parametrize(
    "say",
    [
        lambda raw, text: words.in_short(raw, hand.contrast(), None, text),
        lambda raw, text: words.cards(raw, None, None, None, text),
        lambda raw, text: words.limits(raw, hand.contrast(), None, text),
        lambda raw, text: words.participants(raw, None, text),
        lambda raw, text: words.need(raw, text),
        lambda raw, text: words.before_after(raw, text),
        lambda raw, text: words.self_support(raw, None, None, text),
        lambda raw, text: words.pace(raw, None, text),
        lambda raw, text: words.health(raw, hand.wave_means(), text),
        lambda raw, text: words.pay_off(raw, text),
        lambda raw, text: words.municipalities(raw, text),
        lambda raw, text: words.method(raw, text=text),
    ],
)
@pytest.mark.parametrize("kind", [Contrast, IncidenceCurve])
def test_nothing_unreleased_can_be_said(say, kind):
    raw = kind(rows={}, summary={}, support={"n": []}, provenance=hand.need().provenance)

    with pytest.raises(DisclosureError, match="has not passed the door"):
        say(raw, speak())


def test_municipalities_are_counted_once_and_only_the_programme_arm_is_described():
    part = words.municipalities(hand.by_municipality(), speak())

    assert "22% to 40%" in part.markdown
    assert "(10 of 10)" in part.markdown


def test_a_withheld_gain_in_time_says_what_is_withheld():
    hidden = hand.months(hide=lambda frame: frame["scale"] == "difference")

    said = words.self_support(hand.contrast(), hidden, None, speak()).markdown

    assert (
        "[The months in self-support within two years are not shown, because so few people are "
        "behind the number that they could be recognised.]{.withheld}" in said
    )
