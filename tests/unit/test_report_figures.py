"""What is drawn: asserted on the data of the artists, and on the words around the picture."""

import re
import struct
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand
from matplotlib.text import Annotation

from evalkit.errors import DisclosureError, ParameterError
from evalkit.provenance import provenance
from evalkit.report import figures, style
from evalkit.report.figures import (
    bars,
    curves,
    diagnostics,
    dots,
    forest,
    hazards,
    money,
    money_curve,
    places,
    stack_panels,
    stacks,
    waves,
)
from evalkit.report.figures.chronogram import draw_chronogram
from evalkit.report.figures.definitions import draw_definitions
from evalkit.report.names import exit_name, name_key, state_name
from evalkit.report.text import open_text
from evalkit.results import Contrast

LANGUAGES = ("sv", "fi", "en")
WIDTH = 975  # 172 mm at 144 dots an inch


def speak(language="en", raw=None, **options):
    return open_text(hand.labels(raw, **options), language)


def no_third(frame):
    return frame.index % 3 == 1


def late_comparison(frame):
    return (frame["time"] > 15) & (frame["stratum"] == "comparison")


def draw_all(text, **options):
    months = {"hide": lambda frame: frame["scale"] == "difference"} if options else {}
    stop = {"hide": late_comparison} if options else {}
    return {
        "flow": bars.draw_flow(hand.flow(**options), text),
        "need": bars.draw_need(hand.need(**options), text),
        "before_after": dots.draw_before_after(hand.before_after(**options), text),
        "months": dots.draw_months(hand.months(**months), text),
        "health": waves.draw_health(hand.wave_means(**options), text),
        "pay_off": money.draw_pay_off(hand.pay_off(**options), text),
        "municipalities": places.draw_municipalities(
            hand.by_municipality(**options), hand.contrast(), text, names=hand.MUNICIPALITIES
        ),
        "incidence": curves.draw_incidence(hand.curve(**stop), text),
        "exits": draw_exits(hand.curve(**stop), text),
        "occupation": draw_occupation(hand.occupation(**stop), text),
        "exit_rates": hazards.draw_exit_rates(hand.exit_rates(**stop), text),
        "monthly_rates": hazards.draw_exit_rates(hand.exit_rates(step=1, last=36), text),
        "ratios": forest.draw_ratios(hand.hazard_model(**options), text),
        "ratios_of_time": forest.draw_ratios(hand.hazard_model("log time", **options), text),
        "effects": diagnostics.draw_effects(hand.effect_curve(**options), text),
        "effects_at_ticks": diagnostics.draw_effects(hand.effect_curve(step=6, **options), text),
        "additive": diagnostics.draw_effects(hand.effect_curve(is_ratio=False, **options), text),
        "definitions": draw_definitions(hand.definition_grid(**options), text),
        "one_definition": draw_definitions(hand.definition_grid((6, 12, 18, 24), ("work",)), text),
        "chronogram": draw_chronogram(hand.occupation(**stop), text),
    }


def draw_exits(curve, text):
    names = {cause: exit_name(cause, text) for cause in hand.CAUSES}
    frame = curve.tidy().rename(columns={"cause": "layer"})
    return stack_panels.draw_stack(frame, list(hand.CAUSES), names, text)


def draw_occupation(curve, text):
    names = {state: state_name(state, text) for state in hand.STATES}
    frame = curve.tidy().rename(columns={"state": "layer"})
    return stack_panels.draw_stack(frame, list(hand.STATES), names, text)


def make_all(text, **options):
    stop = {"hide": late_comparison} if options else {}
    names = {"names": hand.MUNICIPALITIES}
    return [
        figures.flow(hand.flow(**options), text),
        figures.need(hand.need(**options), text),
        figures.before_after(hand.before_after(**options), text),
        figures.months(hand.months(), text),
        figures.health(hand.wave_means(**options), text),
        figures.pay_off(hand.pay_off(**options), text),
        figures.municipalities(hand.by_municipality(**options), hand.contrast(), text, **names),
        figures.incidence(hand.curve(**stop), text),
        figures.exits(hand.curve(**stop), text),
        figures.occupation(hand.occupation(**stop), text),
        figures.exit_rates(hand.exit_rates(**stop), text),
        figures.ratios(hand.hazard_model(**options), text),
        figures.effects(hand.effect_curve(**options), text),
        figures.effects(hand.effect_curve(is_ratio=False, **options), text, name="additive"),
        figures.definitions(hand.definition_grid(**options), text),
        figures.chronogram(hand.occupation(**stop), text),
    ]


def line(axes, label):
    return next(line for line in axes.lines if line.get_label() == label)


def with_id(axes, name):
    return [artist for artist in axes.get_children() if artist.get_gid() == name]


@pytest.mark.parametrize("options", [{}, {"hide": no_third}])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_cut_at_the_edge_of_a_figure(language, options, drawn_words):
    cut = [
        (name, word)
        for name, figure in draw_all(speak(language), **options).items()
        for word, box in drawn_words(figure)
        if box.x0 < -1 or box.x1 > figure.bbox.width + 1
        or box.y0 < -1 or box.y1 > figure.bbox.height + 1
    ]  # fmt: skip

    assert cut == []


@pytest.mark.parametrize("options", [{}, {"hide": no_third}])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_words_overlap(language, options, drawn_words):
    overlapping = []
    for name, figure in draw_all(speak(language), **options).items():
        boxes = [(word, box.padded(-1)) for word, box in drawn_words(figure)]
        assert len(boxes) > 5
        overlapping += [
            (name, first, second)
            for number, (first, box) in enumerate(boxes)
            for second, other in boxes[:number]
            if box.overlaps(other)
        ]

    assert overlapping == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_its_picture_alternative_text_caption_source_and_data(language):
    source = {"sv": "Källa: ", "fi": "Lähde: ", "en": "Source: "}[language]
    for part in make_all(speak(language)):
        ((file, png),) = part.images.items()
        assert re.search(
            rf'^::: {{#{file[:-4]}}}\n!\[\]\(figures/{file}\){{fig-alt="[^"]{{25,}}" '
            r'style="--mm: \d+"}\n\n\*\*[^\n]+',
            part.markdown,
        )
        assert source in part.markdown
        assert '::: {.callout-note collapse="true"}' in part.markdown
        assert "\n| " in part.markdown
        assert 0.4 * WIDTH < struct.unpack(">I", png[16:20])[0] <= WIDTH


@pytest.mark.parametrize("options", [{}, {"hide": no_third}])
def test_no_missing_number_is_written(options):
    for part in make_all(speak(), **options):
        assert not re.search(r"\bnan\b|[-\N{MINUS SIGN}]0\b(?![.,])|\b0[.,]0\s?%", part.markdown)


def test_a_picture_has_the_same_bytes_every_time_and_names_no_software():
    first, second = (figures.months(hand.months(), speak()).images for _ in range(2))

    assert first == second
    assert b"Software" not in first["fig-months.png"]
    assert b"Creation" not in first["fig-months.png"]


def test_drawing_leaves_the_settings_of_matplotlib_alone():
    before = dict(mpl.rcParams)

    figures.months(hand.months(), speak())

    assert dict(mpl.rcParams) == before


def test_an_error_while_drawing_leaves_the_settings_of_matplotlib_alone():
    before = dict(mpl.rcParams)

    with pytest.raises(ZeroDivisionError), style.style():
        assert mpl.rcParams["font.family"] == [style.FAMILY]
        raise ZeroDivisionError

    assert dict(mpl.rcParams) == before


def test_a_stack_with_two_shares_for_one_time_is_refused():
    frame = hand.occupation().tidy().rename(columns={"state": "layer"})
    names = {state: state for state in hand.STATES}

    with pytest.raises(ParameterError, match="programme"):
        stack_panels.draw_stack(pd.concat([frame, frame]), list(hand.STATES), names, speak())


def test_a_table_of_shares_has_no_row_for_a_tick_before_the_first_time():
    wide = pd.DataFrame({"self_support": [0.1, 0.2, 0.3]}, index=[3.0, 4.0, 12.0])

    assert stacks._at_ticks(wide, speak()).index.tolist() == [4.0, 12.0]


def test_incidence_draws_what_was_released():
    curve = hand.curve()

    (axes,) = curves.draw_incidence(curve, speak()).axes

    frame = curve.tidy()
    rows = frame[(frame["stratum"] == "comparison") & (frame["cause"] == "self_support")]
    drawn = line(axes, "comparison")
    np.testing.assert_allclose(drawn.get_xdata(), rows["time"])
    np.testing.assert_allclose(drawn.get_ydata(), rows["estimate"])
    assert drawn.get_linestyle() == "--"
    assert line(axes, "programme").get_color() == style.PROGRAMME
    assert axes.get_ylim()[0] == 0
    assert axes.get_legend() is None


def test_a_dense_curve_is_drawn_in_steps_and_a_sparse_one_as_dots():
    text = speak("en", hand.EVENTS, level="study")
    dense = hand.curve(causes=("linkage",), last=365, step=5)

    (steps,) = curves.draw_incidence(dense, text).axes
    (joined,) = curves.draw_incidence(hand.curve(), speak()).axes

    assert line(steps, "programme").get_drawstyle() == "steps-post"
    assert line(joined, "programme").get_drawstyle() == "default"
    assert [drawn.get_marker() for drawn in joined.lines].count("o") == 2


def test_numbers_at_risk_stand_under_the_ticks():
    (axes,) = curves.draw_incidence(hand.curve(), speak()).axes

    shown = {
        artist.xy[0]: artist.get_text()
        for artist in axes.findobj(Annotation)
        if (artist.get_gid() or "").startswith("at-risk programme")
    }
    assert list(axes.get_xticks()) == [0, 6, 12, 18, 24]
    assert shown == {0: "214", 6: "190", 12: "167", 18: "143", 24: "119"}


def test_number_at_risk_between_published_times_is_that_of_the_next_time():
    curve = hand.curve(step=4)
    rows = curves.outcome_rows(curve, speak())
    rows = rows[rows["stratum"] == "programme"]

    assert curves.at_risk(rows, 6) == rows.loc[rows["time"] == 8, "n_at_risk"].iloc[0]
    assert np.isnan(curves.at_risk(rows, 36))


def test_a_curve_stops_where_it_is_withheld_and_its_label_says_when():
    (axes,) = curves.draw_incidence(hand.curve(hide=late_comparison), speak()).axes

    assert line(axes, "comparison").get_xdata()[-1] == 15
    assert any("19%, month 15" in word.get_text() for word in axes.texts)


def test_the_time_axis_ends_at_36_months():
    (axes,) = curves.draw_incidence(hand.curve(last=60, step=12), speak()).axes

    assert max(line(axes, "programme").get_xdata()) == 36


def test_stacked_columns_hold_the_released_shares_and_skip_what_is_withheld():
    curve = hand.curve(hide=lambda frame: (frame["cause"] == "died") & (frame["time"] == 24))

    figure = draw_exits(curve, speak())

    first = figure.axes[0]
    heights = {bar.get_label(): [patch.get_height() for patch in bar] for bar in first.containers}
    assert heights["self_support"][-1] == pytest.approx(0.34)
    assert heights["died"][-1] == 0
    assert first.containers[0][0].get_facecolor() == mpl.colors.to_rgba(style.PROGRAMME)
    assert first.containers[1][0].get_facecolor() == mpl.colors.to_rgba(style.OCHRE)


def test_columns_of_many_months_stand_at_the_ticks(drawn_words):
    curve = hand.curve(step=1, hide=lambda frame: (frame["cause"] == "died") & (frame["time"] > 9))

    figure = draw_exits(curve, speak())

    months = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert months == ["0", "6", "12", "18", "24"]
    assert len(drawn_words(figure)) > 10


def test_months_that_are_all_published_are_areas():
    figure = draw_exits(hand.curve(step=1), speak())

    assert figure.axes[0].containers == []
    assert len(figure.axes[0].collections) == len(hand.CAUSES)


def test_a_layer_that_is_withheld_throughout_is_named_and_not_drawn():
    curve = hand.curve(hide=lambda frame: frame["cause"] == "died")

    part = figures.exits(curve, speak())

    assert "Not shown, too few people: died." in part.markdown
    assert "| Died" not in part.markdown


def test_months_marks_zero_and_the_useful_size():
    (axes,) = dots.draw_months(hand.months(), speak()).axes

    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((-1.0, 1.0))
    dot = next(drawn for drawn in axes.lines if drawn.get_marker() == "o")
    assert list(dot.get_xdata()) == pytest.approx([2.1])


def test_before_is_hollow_and_after_filled():
    (axes,) = dots.draw_before_after(hand.before_after(), speak()).axes

    before, after = with_id(axes, "before"), with_id(axes, "after")
    assert [dot.get_xdata()[0] for dot in before] == [0.36, 0.05, 0.22, 0.31, 0.41]
    assert [dot.get_xdata()[0] for dot in after] == [0.24, 0.09, 0.17, 0.19, 0.28]
    assert before[0].get_markerfacecolor() == style.PAPER
    assert after[0].get_markerfacecolor() == style.PROGRAMME


def test_the_strip_of_participants_shows_left_and_left_out():
    (axes,) = bars.draw_flow(hand.flow(), speak()).axes

    left = [patch.get_width() for patch in axes.patches if patch.get_gid() == "left"]
    out = [patch.get_width() for patch in axes.patches if patch.get_gid() == "left out"]
    assert left == [812, 812, 758, 746, 618, 487, 427, 412, 412]
    assert out == [54, 12, 128, 131, 60, 15]
    beside = [note.get_text() for note in axes.texts]
    assert beside[:3] == ["812", "812", "0"]  # in the records; left, left out
    assert beside[-3:] == ["412", "Left out", "Remaining"]


def test_the_open_end_of_a_need_is_hatched():
    (axes,) = bars.draw_need(hand.need(), speak()).axes

    open_ends = [patch for patch in axes.patches if patch.get_gid() == "range"]
    assert len(open_ends) == 9
    assert all(patch.get_hatch() for patch in open_ends)
    assert open_ends[0].get_width() == pytest.approx(340)


def test_arms_of_health_are_apart_and_differ_in_line_and_marker():
    (axes,) = waves.draw_health(hand.wave_means(), speak()).axes

    programme, comparison = line(axes, "programme"), line(axes, "comparison")
    assert list(comparison.get_xdata() - programme.get_xdata()) == pytest.approx([0.7] * 5)
    assert programme.get_linestyle() == "-" != comparison.get_linestyle()


def test_bars_of_pay_off_go_both_ways_and_society_is_last():
    (axes,) = money.draw_pay_off(hand.pay_off(), speak()).axes

    net = [patch.get_width() for patch in axes.patches if patch.get_gid() == "net"]
    assert net == [2_100_000, -1_150_000, 4_300_000, -1_100_000, 12_500_000]
    assert axes.get_yticklabels()[-1].get_text() == "Society as a whole"


@pytest.mark.parametrize(("after", "size"), [(0.30, 11), (0.35, 7)])
def test_a_dot_under_another_is_a_ring_around_it(after, size):
    _, (axes,) = style.panel(40)
    row = pd.Series({"share_before": 0.30, "share_after": after})

    dots.draw_pair(axes, row, 0, speak())

    (before,), (over,) = (with_id(axes, name) for name in ("before", "after"))
    assert (before.get_markersize(), over.get_markersize()) == (size, 7)


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_municipalities_are_in_the_alphabet_of_their_names_in_every_language(language):
    figure = places.draw_municipalities(
        hand.by_municipality(), hand.contrast(), speak(language), names=hand.MUNICIPALITIES
    )

    (axes,) = figure.axes
    assert axes.get_yticklabels()[-1].get_text() == "Österås"
    assert sorted(["Öby", "Åby", "Zby", "Äby", "aby"], key=name_key) == [
        "aby", "Zby", "Åby", "Äby", "Öby"
    ]  # fmt: skip
    assert with_id(axes, "nation")[0].get_xdata()[0] == pytest.approx(0.34)
    assert len(with_id(axes, "municipality")) == 10


def test_a_municipality_with_few_people_has_a_sentence_and_no_picture():
    parts = [
        figures.incidence(hand.curve(49), speak()),
        figures.exits(hand.curve(49), speak()),
        figures.months(hand.months(), speak(), curve=hand.curve(49)),
    ]

    assert [part.images for part in parts] == [{}, {}, {}]
    assert all("too few people took part" in part.markdown for part in parts)


def test_what_may_not_be_published_is_marked_in_picture_and_caption():
    released = hand.months(publishable=False)

    part = figures.months(released, speak("sv"))

    assert "Får inte publiceras." in part.markdown
    assert part.images != figures.months(hand.months(), speak("sv")).images


def test_rates_of_exit_are_steps_from_one_published_time_to_the_next():
    rates = hand.exit_rates(hide=lambda frame: frame["time"] == 6)

    (axes,) = hazards.draw_exit_rates(rates, speak()).axes

    frame = rates.tidy()
    known = frame[(frame["stratum"] == "programme") & ~frame["suppressed"]]
    drawn = line(axes, "programme")
    assert drawn.get_drawstyle() == "steps-post"
    assert list(drawn.get_xdata()) == [0, *known["time"]]
    np.testing.assert_allclose(drawn.get_ydata()[:-1], known["estimate"])
    assert line(axes, "comparison").get_linestyle() == "--"
    assert [tick.get_text() for tick in axes.get_yticklabels()][:2] == ["0", "1"]


def test_intervals_of_rates_are_drawn_where_they_are_published():
    joined = hazards.draw_exit_rates(hand.exit_rates(), speak()).axes[0]
    monthly = hazards.draw_exit_rates(hand.exit_rates(step=1), speak()).axes[0]

    assert len(joined.collections) == 0
    assert len(monthly.collections) == 48


@pytest.mark.parametrize("draw", [figures.incidence, figures.exits])
def test_a_curve_without_the_outcome_of_the_study_is_refused(draw):
    mine = hand.curve(causes=("work", "disability_pension"))

    with pytest.raises(ParameterError, match="work, disability_pension.* none is self_support"):
        draw(mine, speak())


@pytest.mark.parametrize("draw", [figures.incidence, figures.exits])
def test_a_withheld_curve_keeps_its_sentence_whatever_its_causes(draw):
    mine = hand.curve(causes=("work",), hide=lambda frame: frame["time"] >= 0)

    assert "Not shown" in draw(mine, speak()).markdown


@pytest.mark.parametrize("quantity", ["restricted_mean", "incidence"])
def test_only_quantities_of_which_more_is_a_gain_are_months_gained(quantity):
    with pytest.raises(ParameterError, match=f"quantity is '{quantity}'.*time_lost"):
        figures.months(hand.contrast((6.4, 8.3), 0.8, quantity=quantity), speak())

    lost = hand.contrast((6.4, 4.3), 0.8, quantity="time_lost")
    assert "months since self-support began" in figures.months(lost, speak()).markdown
    assert "months of self-support" in figures.months(hand.months(), speak()).markdown


@pytest.mark.parametrize(
    ("arguments", "finding"),
    [
        ({"cause": "self_support"}, "**Self-support: ratios by characteristic.**"),
        (
            {"cause": "disability_pension"},
            "**Permanent disability pension: ratios by characteristic.**",
        ),
        ({"cause": "any"}, "**Any exit: ratios by characteristic.**"),
        ({"cause": "my_exit"}, r"**My exit: ratios by characteristic.**"),
        ({}, "**Ratios by characteristic.**"),
    ],
)
def test_ratios_name_the_exit_of_the_model(arguments, finding):
    made_by = provenance("cox", "0" * 16, **arguments)
    fit = replace(hand.hazard_model(), provenance=made_by)

    assert finding in figures.ratios(fit, speak()).markdown


def test_ratios_are_those_of_the_released_model():
    fit = hand.hazard_model(hide=lambda frame: frame["term"] == "age")

    (axes,) = forest.draw_ratios(fit, speak()).axes

    known = fit.tidy()[lambda rows: ~rows["suppressed"]]
    dots = [dot.get_xdata()[0] for dot in with_id(axes, "ratio")]
    np.testing.assert_allclose(dots, np.exp(known["estimate"]))
    assert axes.get_xscale() == "log"
    assert with_id(axes, "no difference")[0].get_xdata()[0] == 1
    assert any("1.36  (1.10 to 1.69)" in word.get_text() for word in axes.texts)


def test_an_interval_beyond_the_axis_ends_in_an_arrow():
    (axes,) = forest.draw_ratios(hand.hazard_model(), speak()).axes

    low, high = axes.get_xlim()
    assert low < 0.41 and high < 5
    assert [drawn.get_marker() for drawn in axes.lines].count("<") == 1
    assert any("(0.08 to 2.15)" in word.get_text() for word in axes.texts)


def test_the_sides_of_a_ratio_are_named_by_what_it_is_of():
    words = {
        scale: {word.get_text() for word in forest.draw_ratios(fit, speak()).axes[0].texts}
        for scale in ("log hazard ratio", "log time", "log subdistribution hazard ratio")
        if (fit := hand.hazard_model(scale))
    }

    assert {"Slower", "Faster"} <= words["log hazard ratio"]
    assert {"Sooner", "Later"} <= words["log time"]
    assert {"Fewer", "More"} <= words["log subdistribution hazard ratio"]


def test_terms_that_are_no_comparison_are_not_ratios():
    fit = hand.released(
        "ModelFit",
        [{"term": term, "estimate": 0.5, "conf_low": 0.4, "conf_high": 0.6}
         for term in ("intercept", "arm[programme]", "log(shape)")],
        {"n_person": 412, "scale": "log time"},
    )  # fmt: skip

    assert list(forest.ratio_rows(fit)["term"]) == ["arm[programme]"]


def test_effects_are_drawn_as_ratios_or_as_summed_rates_of_100():
    ratios, additive = hand.effect_curve(), hand.effect_curve(is_ratio=False)

    first = diagnostics.draw_effects(ratios, speak()).axes[0]
    intercept = diagnostics.draw_effects(additive, speak()).axes[0]

    rows = ratios.tidy()[lambda frame: frame["term"] == "arm[programme]"]
    np.testing.assert_allclose(with_id(first, "effect")[0].get_ydata(), np.exp(rows["estimate"]))
    assert first.get_yscale() == "log"
    rows = additive.tidy()[lambda frame: frame["term"] == "intercept"]
    np.testing.assert_allclose(with_id(intercept, "effect")[0].get_ydata(), 100 * rows["estimate"])
    assert with_id(intercept, "no effect")[0].get_ydata()[0] == 0


def test_a_term_that_is_withheld_has_a_panel_without_a_line():
    curve = hand.effect_curve(hide=lambda frame: frame["term"] == "age")

    panel = diagnostics.draw_effects(curve, speak()).axes[1]

    assert with_id(panel, "effect") == []
    assert "not shown" in {word.get_text() for word in panel.texts}
    assert "Age, years: not shown." in figures.effects(curve, speak()).markdown


def test_definitions_have_one_panel_a_horizon_and_one_row_each():
    grid = hand.definition_grid(
        definitions=("SS-FORS",), hide=lambda frame: frame["sustained_months"] == 12
    )

    panels = draw_definitions(grid, speak()).axes

    assert len(panels) == 2
    shares = [dot.get_xdata()[0] for dot in with_id(panels[1], "share")]
    assert shares[:2] == pytest.approx([0.42 * 0.965, 0.42 * 0.965 - 0.06])
    assert len(shares) == 6
    assert "not shown" in {word.get_text() for word in panels[0].texts}
    assert panels[0].get_xlim() == panels[1].get_xlim()


def test_the_own_definition_of_the_study_stands_in_bold():
    text = speak()
    rule = text.labels.study.self_support

    labels = draw_definitions(hand.definition_grid(), text).axes[0].get_yticklabels()

    bold = [label.get_text() for label in labels if label.get_fontweight() == 600]
    assert bold == [f"{rule.sustained_months} months in a row"]
    assert labels[[1, 3, 6, 12].index(rule.sustained_months)].get_fontweight() == 600


def test_a_chronogram_holds_everybody_at_every_time():
    figure = draw_chronogram(hand.occupation(), speak())

    first = figure.axes[0]
    heights = np.array([[patch.get_height() for patch in bar] for bar in first.containers])
    np.testing.assert_allclose(heights.sum(axis=0), 1.0)
    assert len(figure.axes) == 2
    assert first.containers[0][0].get_facecolor() == mpl.colors.to_rgba(style.PROGRAMME)
    numbers = {word.get_text() for word in first.texts}
    assert {"30", "36"} <= numbers


def test_a_chronogram_of_every_month_is_areas():
    rows = [
        {"stratum": "programme", "state": state, "time": float(time), "estimate": share}
        for time in range(25)
        for state, share in (("self_support", time / 48), ("last_resort", 1 - time / 48))
    ]
    curve = hand.released("OccupationCurve", rows, {"n": 214})

    (axes,) = draw_chronogram(curve, speak()).axes

    assert axes.containers == []
    assert len(axes.collections) == 2


@pytest.mark.parametrize(
    "name",
    ["täydentävä ja ehkäisevä toimeentulotuki", "supplementary and preventive social assistance"],
)
def test_long_names_of_layers_stand_in_two_lines_beside_the_last_column(name, drawn_words):
    frame = hand.curve().tidy().rename(columns={"cause": "layer"})
    names = dict.fromkeys(hand.CAUSES, name)
    figure = stack_panels.draw_stack(frame, list(hand.CAUSES), names, speak())

    written = [text.get_text() for text in figure.axes[-1].texts if "\n" in text.get_text()]
    assert {len(words.split("\n")) for words in written} == {2}
    assert len(written) == len(hand.CAUSES)
    assert figure.get_size_inches()[0] / style.MM < style.WIDTH_MM - 30
    assert_words_stand_apart(figure, drawn_words)


def test_a_line_from_a_name_begins_in_the_middle_of_its_layer_where_another_is_hidden():
    second, third = hand.STATES[1:3]
    curve = hand.occupation(
        hide=lambda frame: (frame["state"] == second) & (frame["time"] == frame["time"].max())
    )

    last = draw_occupation(curve, speak()).axes[-1]

    bars = {bar.get_label(): bar[-1] for bar in last.containers if bar.get_label() in hand.STATES}
    starts = [line.get_ydata()[0] for line in last.lines if len(line.get_ydata()) == 3]
    assert bars[second].get_height() == 0 and len(starts) == len(bars) - 1
    middle = bars[third].get_y() + bars[third].get_height() / 2
    assert min(abs(start - middle) for start in starts) < 1e-9


def test_columns_of_days_have_room_for_their_numbers(drawn_words):
    days = [0, 90, 180, 270, 365, 545, 730]
    curve = hand.curve(last=6, step=1)
    frame = curve.tidy().rename(columns={"cause": "layer"})
    frame["time"] = frame["time"].map(dict(enumerate(days)).get)
    names = {cause: exit_name(cause, speak()) for cause in hand.CAUSES}

    figure = stack_panels.draw_stack(
        frame, list(hand.CAUSES), names, speak("en", hand.EVENTS, level="study")
    )

    labels = [0, 180, 365, 545, 730]
    assert [x.get_text() for x in figure.axes[0].get_xticklabels()] == list(map(str, labels))
    assert len(figure.axes[0].containers[0]) == len(days)
    assert_words_stand_apart(figure, drawn_words)


def test_a_stack_of_shares_that_are_all_zero_is_drawn_without_layers():
    frame = hand.curve(final=(0.0, 0.0), causes=("self_support",)).tidy()
    frame = frame.rename(columns={"cause": "layer"})

    figure = stack_panels.draw_stack(
        frame, ["self_support"], {"self_support": "self-support"}, speak()
    )

    assert all(axes.get_ylim() == (0, 0.1) for axes in figure.axes)


def assert_words_stand_apart(figure, drawn_words):
    boxes = [(word, box.padded(-1)) for word, box in drawn_words(figure)]
    assert len(boxes) > 10
    assert not [
        (first, second)
        for number, (first, box) in enumerate(boxes)
        for second, other in boxes[:number]
        if box.overlaps(other)
    ]
    assert all(box.x1 < figure.bbox.width + 1 for _, box in boxes)


def test_labels_are_spread_apart_in_order():
    assert style.spread([0.5, 0.5, 0.1], 0.1, 0, 1) == pytest.approx([0.5, 0.6, 0.1])
    assert style.spread([0.95, 0.99], 0.1, 0, 1) == pytest.approx([0.9, 1.0])
    assert style.spread([-0.2, 0.05], 0.1, 0, 1) == pytest.approx([0.0, 0.1])
    assert style.spread([], 0.1, 0, 1) == []


def test_a_label_of_two_lines_is_given_room_for_both():
    assert style.spread([0.5, 0.5, 0.1], 0.1, 0, 1, lines=[1, 2, 2]) == pytest.approx(
        [0.5, 0.65, 0.1]
    )
    # At the ends a label of two lines stands half a line further in.
    assert style.spread([0.99, 0.0], 0.1, 0, 1, lines=[2, 2]) == pytest.approx([0.95, 0.05])


def luminance(colour):
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in mpl.colors.to_rgb(colour)
    ]
    return float(np.dot([0.2126, 0.7152, 0.0722], parts))


def contrast_with_paper(colour):
    return (luminance(style.PAPER) + 0.05) / (luminance(colour) + 0.05)


WORDS = {style.INK, style.QUIET, style.PROGRAMME, style.WARNING}
BESIDE_LINES = {look[0] for look in (*money_curve.LOOKS, *money_curve.SUM_LOOKS.values())}


@pytest.mark.parametrize("colour", sorted(WORDS | BESIDE_LINES))
def test_text_has_contrast_enough(colour):
    assert contrast_with_paper(colour) >= 4.5


@pytest.mark.parametrize("colour", [*style.ARM_COLOURS.values(), style.THIRD, style.FOURTH])
def test_lines_have_contrast_enough(colour):
    assert contrast_with_paper(colour) >= 3


@pytest.mark.parametrize(
    "draw",
    [
        figures.incidence, figures.exits, figures.occupation, figures.months, figures.flow,
        figures.need, figures.before_after, figures.health, figures.pay_off, figures.exit_rates,
        figures.ratios, figures.effects, figures.chronogram, figures.definitions,
    ],
)  # fmt: skip
def test_nothing_unreleased_can_be_drawn(draw):
    raw = Contrast(rows={}, summary={}, support={"n": []}, provenance=hand.need().provenance)

    with pytest.raises(DisclosureError, match="has not passed the door"):
        draw(raw, speak())
