"""Figures of the panel: trajectories, areas in order, tipping points."""

import re

import numpy as np
import pytest
import released_by_hand as hand

from evalkit.errors import DisclosureError, ParameterError
from evalkit.provenance import provenance
from evalkit.report import figures
from evalkit.report.figures.caterpillar import caterpillar_rows, draw_caterpillar
from evalkit.report.figures.tipping import draw_tipping
from evalkit.report.figures.trajectories import draw_trajectories
from evalkit.report.text import open_text
from evalkit.results import TippingCurve

LANGUAGES = ("sv", "fi", "en")


def speak(language="en", raw=None, **options):
    return open_text(hand.labels(raw, **options), language)


def intercepts(n=18, **options):
    rng = np.random.default_rng(3)
    rows = [
        {"unit": f"{100 + number:04d}", "estimate": value, "std_error": error,
         "conf_low": value - 2 * error, "conf_high": value + 2 * error, "n": 40 + number}
        for number, (value, error) in enumerate(
            zip(rng.normal(0, 0.02, n), rng.uniform(0.006, 0.016, n), strict=True))
    ]  # fmt: skip
    return hand.released("UnitIntercepts", rows, {"n": 1200, "n_unit": n}, **options)


def tipping(centre=0.03, tip=-0.04, is_clear=True, shifted="programme", **options):
    deltas = np.linspace(-0.2, 0.2, 41)
    rows = [
        {"term": "wave[24]", "delta": delta, "estimate": centre + 0.3 * delta, "std_error": 0.012,
         "conf_low": centre + 0.3 * delta - 0.024, "conf_high": centre + 0.3 * delta + 0.024,
         "p_value": 0.1}
        for delta in deltas
    ]  # fmt: skip
    summary = {"n": 420, "n_imputed": 90, "wave": 24, "shifted": shifted, "is_clear": is_clear,
               "tipping_estimate": -centre / 0.3, "tipping_interval": tip, "m": 20}  # fmt: skip
    return hand.released("TippingCurve", rows, summary, **options)


def weighted():
    frame = hand.wave_means().tidy().drop(columns="suppressed")
    frame["estimate"] -= 0.1 * frame["wave"] / 24
    return hand.released("WaveMeans", frame.to_dict("records"), {"n": 390})


def some_hidden(frame):
    return frame.index % 6 == 4


def draw_all(text):
    return {
        "trajectories": draw_trajectories(hand.wave_means(), text),
        "weighted": draw_trajectories(hand.wave_means(), text, weighted=weighted()),
        "withheld": draw_trajectories(hand.wave_means(hide=some_hidden), text),
        "areas": draw_caterpillar(intercepts(), text, names={"0114": "Lindala"}),
        "areas withheld": draw_caterpillar(intercepts(hide=some_hidden), text),
        "nation": draw_caterpillar(intercepts(200), text),
        "one area": draw_caterpillar(intercepts(1), text),
        "tipping": draw_tipping(tipping(), text),
        "unclear": draw_tipping(tipping(0.01, 0.05, False, "both"), text),
        "at the edge": draw_tipping(tipping(0.055, -0.195), text),
        "no tip": draw_tipping(tipping(0.2, np.nan), text),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_cut_and_no_two_overlap(language, drawn_words):
    wrong = []
    for name, figure in draw_all(speak(language)).items():
        words = drawn_words(figure)
        assert len(words) > 5
        for number, (word, box) in enumerate(words):
            if box.x0 < -1 or box.x1 > figure.bbox.width + 1 or box.y0 < -1 or (
                box.y1 > figure.bbox.height + 1
            ):  # fmt: skip
                wrong.append((name, word, "cut"))
            wrong += [
                (name, word, other)
                for other, place in words[:number]
                if box.padded(-1).overlaps(place.padded(-1))
            ]

    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_has_its_alternative_text_source_and_data(language):
    text = speak(language)
    parts = [
        figures.trajectories(hand.wave_means(), text, weighted=weighted()),
        figures.caterpillar(intercepts(), text),
        figures.tipping(tipping(), text),
        figures.tipping(tipping(0.2, np.nan), text),
    ]
    for part in parts:
        assert re.search(r'fig-alt="[^"]{40,}"', part.markdown)
        assert "{.source}" in part.markdown and "\n| " in part.markdown
        assert not re.search(r"\bnan\b", part.markdown)


def test_the_lines_are_the_means_and_the_hollow_dots_the_weighted_ones():
    (axes,) = draw_trajectories(hand.wave_means(), speak(), weighted=weighted()).axes

    frame = hand.wave_means().tidy()
    line = next(line for line in axes.lines if line.get_label() == "programme")
    rows = frame[frame["stratum"] == "programme"]
    np.testing.assert_allclose(line.get_ydata(), rows["estimate"])
    hollow = [drawn for drawn in axes.lines if drawn.get_gid() == "weighted"]
    np.testing.assert_allclose(hollow[0].get_ydata(), rows["estimate"] - 0.1 * rows["wave"] / 24)
    low, high = axes.get_ylim()
    assert low < min(drawn.get_ydata().min() for drawn in hollow)


def test_areas_rise_and_what_is_withheld_stands_last():
    rows = caterpillar_rows(intercepts(hide=some_hidden), None)

    known = rows["estimate"].dropna()
    assert known.is_monotonic_increasing and rows["estimate"].isna().tolist()[-3:] == [True] * 3
    assert "0114" in rows["name"].tolist()


def test_where_there_are_many_areas_only_ones_own_is_named():
    (axes,) = draw_caterpillar(intercepts(200), speak(), names={"0114": "Lindala"}).axes

    assert list(axes.get_yticks()) == []
    assert [word.get_text() for word in axes.texts if word.get_text() == "Lindala"] == ["Lindala"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "stops being clear at \N{MINUS SIGN}0.040 points"),
        ({"tip": 0.05, "is_clear": False}, "becomes clear at +0.050 points only"),
        ({"tip": np.nan}, "stays clear at all numbers"),
        ({"tip": np.nan, "is_clear": False}, "stays unclear at all numbers"),
    ],
)
def test_the_finding_says_where_the_conclusion_tips(options, sentence):
    assert sentence in figures.tipping(tipping(**options), speak()).markdown


def test_a_withheld_curve_gives_a_sentence_and_no_tip():
    part = figures.tipping(tipping(hide=lambda frame: frame["delta"] < 9), speak())

    assert part.images == {} and "0.040" not in part.markdown


def test_only_released_values_are_drawn():
    raw = TippingCurve(
        rows={"term": ["wave[6]"], "delta": [0.0]}, summary={}, support={"n": [50]},
        provenance=provenance("tipping_point", "0" * 16),
    )  # fmt: skip
    with pytest.raises(DisclosureError):
        figures.tipping(raw, speak())
    with pytest.raises(DisclosureError):
        figures.trajectories(hand.wave_means(), speak(), weighted=raw)


def test_five_groups_are_too_many():
    rows = [{"stratum": name, "wave": 0, "estimate": 0.5, "n": 99} for name in "abcde"]
    with pytest.raises(ParameterError, match="5 strata"):
        draw_trajectories(hand.released("WaveMeans", rows, {"n": 495}), speak())
