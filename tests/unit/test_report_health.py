"""Figures and tables of health: what is drawn, in three languages, shown and withheld."""

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand

from evalkit import health
from evalkit.cohort.samples import HealthPanel
from evalkit.errors import DisclosureError
from evalkit.release import release
from evalkit.report import figures, style, tables
from evalkit.report.figures import health_answers, health_bars, health_numbers
from evalkit.report.text import open_text

LANGUAGES = ("sv", "fi", "en")
PROFILES = ("strict10", "public")
FIVE = {"instrument": "EQ-5D-5L"}
DIMENSIONS = ["mo", "sc", "ua", "pd", "ad"]
SHIFT = (0.0, -0.8, 0.2, 0.6, 0.7)


def speak(language="en"):
    return open_text(hand.labels(), language)


@cache
def results(n=400):
    """Every description of made-up answers that get a little better."""
    rng = np.random.default_rng(2)
    person = rng.normal(size=n)
    waves = []
    for wave in (0, 6, 12):
        frame = pd.DataFrame({"id": range(n), "wave": wave})
        for name, shift in zip(DIMENSIONS, SHIFT, strict=True):
            level = 2.2 + shift + 0.7 * person - 0.02 * wave + rng.normal(0, 0.7, n)
            frame[name] = np.clip(np.round(level), 1, 5).astype(int)
        waves.append(frame)
    frame = pd.concat(waves, ignore_index=True)
    frame["arm"] = np.where(frame["id"] % 2, "programme", "comparison")
    frame["index"] = health.eq5d_index(frame, value_set="SE-2020-TTO")
    panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm="arm")
    important = health.minimal_important_difference("SE-2020-TTO")
    sets = ["SE-2020-TTO", "SE-2022-TTO", "SE-2014-TTO-CW"]
    return {
        "paretian": health.paretian_change(panel, by="arm", no_problems=True, **FIVE),
        "paretian_of_all": health.paretian_change(panel, **FIVE),
        "health_profile": health.dimension_table(panel, by="arm", **FIVE),
        "profile_grid": health.health_profile_grid(panel, value_set="SE-2020-TTO", by="arm"),
        "level_sums": health.level_sum_table(panel, by="arm", **FIVE),
        "frequent_profiles": health.frequent_profiles(panel, by="arm", n_profile=6, **FIVE),
        "ceiling": health.ceiling_share(panel, by="arm", **FIVE),
        "health_change": health.health_change(panel, by="arm", important=important),
        "superiority": health.probability_of_superiority(panel, by="arm", **FIVE),
        "evenness": health.shannon_indices(panel, by="arm", **FIVE),
        "two_value_sets": health.value_set_comparison(panel, by="arm", value_sets=sets),
        "alpha": health.cronbach_alpha(
            frame.rename(columns={"mo": "g1", "sc": "g2"}), instrument="Kykyviisari",
            scales=["G"], item_range=(1, 5),
        ),
    }  # fmt: skip


def released(name, profile="strict10"):
    return release(results()[name], profile)


FIGURES = {
    name: getattr(figures, name.removesuffix("_of_all")) for name in results() if name != "alpha"
}


def draw(name, text, profile):
    room = health_answers if hasattr(health_answers, f"draw_{name.removesuffix('_of_all')}") else (
        health_numbers
    )  # fmt: skip
    return getattr(room, f"draw_{name.removesuffix('_of_all')}")(released(name, profile), text)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FIGURES)
def test_no_word_is_cut_or_overlaps_another(name, language, profile, drawn_words):
    figure = draw(name, speak(language), profile)

    words = drawn_words(figure)

    cut = [word for word, box in words if box.x0 < -1 or box.x1 > figure.bbox.width + 1
           or box.y0 < -1 or box.y1 > figure.bbox.height + 1]  # fmt: skip
    boxes = [(word, box.padded(-1)) for word, box in words]
    overlapping = [(one, two) for number, (one, box) in enumerate(boxes)
                   for two, other in boxes[:number] if box.overlaps(other)]  # fmt: skip
    assert (cut, overlapping) == ([], [])
    assert len(words) > 5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_its_words_and_its_data(name, language):
    part = FIGURES[name](released(name, "public"), speak(language))

    assert re.search(r'fig-alt="[^"]{25,}"', part.markdown)
    assert '::: {.callout-note collapse="true"}' in part.markdown
    assert not re.search(r"\bnan\b|[-\N{MINUS SIGN}]0\b(?![.,])|\b0[.,]0\s?%", part.markdown)
    assert len(part.images) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", results())
def test_every_result_has_a_table(name, language):
    value = released(name, "public")
    table = tables.health_shares if value.kind == "HealthShares" else tables.health_measures

    markdown = table(value, speak(language)).markdown

    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len(rows) == len(value.tidy()) + 2
    assert len({row.count(" | ") for row in rows[:1] + rows[2:]}) == 1


def with_id(axes, name):
    return [artist for artist in axes.get_children() if artist.get_gid() == name]


def test_bars_of_change_are_the_released_shares():
    value = released("paretian_of_all", "public")

    (axes,) = health_answers.draw_paretian(value, speak()).axes

    rows = value.tidy().query("wave == 12 and level == 'improved'")
    drawn = [bar.get_width() for bar in with_id(axes, "improved")]
    np.testing.assert_allclose(drawn, rows["share"])


def test_hidden_classes_of_change_are_hatched_together():
    value = released("paretian_of_all")
    frame = value.tidy().query("wave == 12 and item == 'profile'")

    (axes,) = health_answers.draw_paretian(value, speak()).axes

    hidden = with_id(axes, "hidden")[0]
    assert frame["suppressed"].any()
    assert hidden.get_width() == pytest.approx(1 - frame["share"].sum())
    assert hidden.get_hatch()


def test_cells_that_are_hidden_are_hatched_and_have_no_number():
    figure = health_answers.draw_health_profile(released("health_profile"), speak())
    shown = health_answers.draw_health_profile(released("health_profile", "public"), speak())

    hidden = sum(len(with_id(axes, "hidden")) for axes in figure.axes)
    value = released("health_profile").tidy()
    assert hidden == value[value["wave"].isin([0, 12])]["suppressed"].sum() > 0
    assert sum(len(with_id(axes, "hidden")) for axes in shown.axes) == 0


def test_the_range_too_small_to_matter_is_that_of_the_value_set():
    (axes,) = health_numbers.draw_health_change(released("health_change"), speak()).axes

    (band,) = with_id(axes, "too small")
    assert band.get_width() == pytest.approx(2 * 0.7322 / 20)
    assert len(with_id(axes, "estimate")) == 4


@pytest.mark.parametrize(
    ("draw", "name"), [(figures.paretian, "paretian"), (figures.two_value_sets, "two_value_sets")]
)
def test_few_people_in_the_programme_group_hide_what_became_of_their_health(draw, name):
    value, few = released(name), "too few people took part"

    assert few in draw(value, speak(), exits=hand.curve(33)).markdown
    assert few not in draw(value, speak(), exits=hand.curve(214)).markdown
    assert few not in draw(value, speak()).markdown


def test_two_value_sets_stand_side_by_side_and_the_chosen_one_is_named():
    value = released("two_value_sets")

    (axes,) = health_numbers.draw_two_value_sets(value, speak()).axes

    assert len(with_id(axes, "estimate")) == 12
    assert "The study chose SE-2020-TTO." in figures.two_value_sets(value, speak()).markdown


def test_superiority_is_measured_from_one_half():
    (axes,) = health_numbers.draw_superiority(released("superiority", "public"), speak()).axes

    assert with_id(axes, "reference")[0].get_xdata()[0] == 0.5


def test_another_wave_can_be_asked_for():
    six = figures.paretian(released("paretian_of_all"), speak(), wave=6)

    assert "6 months after the start" in six.markdown


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_unreleased_is_drawn(name):
    with pytest.raises(DisclosureError, match="has not passed the door"):
        FIGURES[name](results()[name], speak())


def test_a_result_that_is_withheld_has_a_sentence():
    few = release(
        health.ceiling_share(
            HealthPanel.from_frame(
                pd.DataFrame({"id": range(5), "wave": 0, "state": "11111", "y": 0.0}),
                person="id", wave="wave", outcome="y",
            ),
            columns=["state"], **FIVE,
        ),
        "strict10",
    )  # fmt: skip

    assert figures.ceiling(few, speak()).images == {}
    assert "{.withheld}" in figures.ceiling(few, speak()).markdown


@pytest.mark.parametrize(
    ("shares", "bars"),
    [
        ((0.3, 0.3, 0.2, 0.1, 0.1),
         {"improved": 0.0, "no_problems": 0.3, "unchanged": 0.6, "mixed": 0.8, "worsened": 0.9}),
        ((0.3, np.nan, np.nan, 0.2, 0.1),
         {"improved": 0.0, "hidden": 0.3, "mixed": 0.7, "worsened": 0.9}),
        ((0.3, np.nan, 0.2, np.nan, 0.1),
         {"improved": 0.0, "unchanged": 0.3, "worsened": 0.5, "hidden": 0.6}),
        ((np.nan, 0.3, 0.2, 0.1, np.nan),
         {"no_problems": 0.0, "unchanged": 0.3, "mixed": 0.5, "hidden": 0.6}),
        ((0.3, 0.3, 0.2, 0.1, np.nan),
         {"improved": 0.0, "no_problems": 0.3, "unchanged": 0.6, "mixed": 0.8, "hidden": 0.9}),
    ],
)  # fmt: skip
def test_what_is_hidden_stands_between_the_parts_beside_it(shares, bars):
    _, (axes,) = style.panel(40)
    levels = health_bars.ORDER
    part = pd.Series(shares, index=pd.MultiIndex.from_product([["mobility"], levels]))

    health_bars.bar_in_parts(axes, 0, part, "mobility", levels, speak())

    assert {bar.get_gid(): round(bar.get_x(), 6) for bar in axes.patches} == bars
    assert max(bar.get_x() + bar.get_width() for bar in axes.patches) == pytest.approx(1)


def test_a_class_that_a_dimension_does_not_have_is_not_between_hidden_ones():
    _, (axes,) = style.panel(40)
    part = pd.Series({("mobility", "improved"): 0.6, ("mobility", "unchanged"): np.nan,
                      ("mobility", "worsened"): np.nan})  # fmt: skip

    health_bars.bar_in_parts(axes, 0, part, "mobility", health_bars.ORDER, speak())

    assert {bar.get_gid(): bar.get_x() for bar in axes.patches} == {"improved": 0.0, "hidden": 0.6}


def test_a_part_without_room_for_its_number_has_none():
    _, (axes,) = style.panel(40, left=0, right=0)  # 120 mm
    part = pd.Series([0.97, 0.03], index=[("mobility", "improved"), ("mobility", "worsened")])

    health_bars.bar_in_parts(axes, 0, part, "mobility", ["improved", "worsened"], speak())
    one = [words.get_text() for words in axes.texts]
    part[("mobility", "worsened")] = 0.02
    health_bars.bar_in_parts(axes, 1, part, "mobility", ["improved", "worsened"], speak())

    assert one == ["97", "3"]
    assert [words.get_text() for words in axes.texts][2:] == ["97"]
