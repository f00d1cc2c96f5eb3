"""Two estimates beside the truth: what is read from a result, what is refused, shown and said."""

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand

import evalkit as ek
from evalkit.errors import EstimationError, ParameterError
from evalkit.report import figures, style, tables, words
from evalkit.report.figures.recovery import draw_recovery
from evalkit.report.recovery import TRAPS
from evalkit.report.text import open_text
from evalkit.synthetic.traps import PLANS, trap_labels

LANGUAGES = ("sv", "fi", "en")


def exits(n=40, gone=10, **columns):
    """`n` persons: every second exits in month 1, `gone` others by a pension in month 2."""
    cause = ["self_support"] * (n // 2) + ["pension"] * gone + ["none"] * (n - n // 2 - gone)
    time = [1] * (n // 2) + [2] * gone + [6] * (n - n // 2 - gone)
    frame = pd.DataFrame({"time": time, "cause": cause, **columns})
    return ek.TimeToEvent.from_frame(frame, duration="time", cause="cause", censored="none")


def share(sample=None, **options):
    return ek.incidence_at(sample or exits(), cause="self_support", horizon=6, **options)


def curve(sample=None):
    return ek.kaplan_meier(sample or exits(), cause="pension", hypothetical=True)


def found(**options):
    given = {"naive": curve(), "right": share(), "truth": 0.4, "horizon": 6}
    return ek.against_truth(**given | options)


def by_hand(trap="one_minus_km", unit="share", values=(0.48, 0.39), truth=0.38, **options):
    rows = [
        {"method": method, "estimate": value, "std_error": 0.01, "conf_low": value - 0.02,
         "conf_high": value + 0.02, "bias": value - truth, "n": 500}
        for method, value in zip(("naive", "right"), values, strict=True)
    ]  # fmt: skip
    summary = {"trap": trap, "unit": unit, "horizon": 24, "truth": truth, "truth_error": 0.002,
               "n": 500}  # fmt: skip
    return hand.released("Recovery", rows, summary, **options)


def speak(language="en"):
    return open_text(trap_labels(), language)


def test_a_contrast_of_one_group_is_its_share():
    row = found().tidy().set_index("method").loc["right"]

    assert row["estimate"] == pytest.approx(0.5)
    assert row["bias"] == pytest.approx(0.1)
    assert row["conf_low"] < 0.5 < row["conf_high"]
    assert row["n"] == 40


def test_a_curve_is_the_share_who_have_exited_by_the_horizon():
    row = found().tidy().set_index("method").loc["naive"]

    # 10 of the 20 who are left in month 2, the others taken out of the risk set.
    assert row["estimate"] == pytest.approx(0.5)
    assert row["conf_low"] < 0.5 < row["conf_high"]
    assert row["std_error"] == pytest.approx(np.sqrt(0.5 * 0.5 / 20))


def test_a_curve_is_read_at_the_horizon_and_not_at_its_end():
    early = found(naive=curve(), horizon=1).tidy().set_index("method")

    assert early.loc["naive", "estimate"] == 0.0


def test_a_contrast_of_two_arms_is_their_difference():
    sample = exits(arm=["programme"] * 10 + ["comparison"] * 30)
    contrast = share(sample, by="arm")

    row = found(right=contrast).tidy().set_index("method").loc["right"]

    assert row["estimate"] == pytest.approx(1 - 1 / 3)
    assert row["n"] == 40


def test_a_model_with_one_term_is_its_coefficient():
    rng = np.random.default_rng(1)
    panel = pd.DataFrame({"id": np.repeat(np.arange(60), 2), "wave": [0, 12] * 60,
                          "index": rng.random(120),
                          "arm": np.repeat(["programme", "comparison"], 60)})  # fmt: skip
    fit = ek.ancova(
        ek.HealthPanel.from_frame(panel, person="id", wave="wave", outcome="index", arm="arm")
    )

    both = found(naive=fit, right=fit, truth=0.0, unit="index").tidy()

    assert both["estimate"].tolist() == [fit.rows["estimate"][0]] * 2
    assert both["n"].tolist() == [60, 60]


def test_the_summary_names_the_trap_and_the_truth():
    summary = found(trap="one_minus_km", truth_error=0.01).glance().iloc[0]

    assert summary[["trap", "unit", "truth", "truth_error", "n"]].tolist() == [
        "one_minus_km", "share", 0.4, 0.01, 40,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"unit": "months"}, {"horizon": 0}, {"truth": np.nan}, {"truth_error": -1.0}]
)
def test_what_is_not_allowed_is_refused(wrong):
    with pytest.raises(ParameterError):
        found(**wrong)


def test_a_result_of_another_kind_is_refused():
    incidence = ek.cumulative_incidence(exits())

    with pytest.raises(ParameterError, match="IncidenceCurve is not read"):
        found(naive=incidence)


def test_a_result_about_several_numbers_is_refused():
    sample = exits(group=np.tile(["a", "b", "c", "d"], 10))

    with pytest.raises(EstimationError, match="incidence_at: about 3 numbers"):
        found(right=share(sample, by="group"))
    by_group = ek.kaplan_meier(sample, by="group", cause="any")
    with pytest.raises(EstimationError, match="kaplan_meier: about 4 numbers"):
        found(naive=by_group)


def test_a_curve_that_ends_before_the_horizon_is_refused():
    with pytest.raises(EstimationError, match="nobody is under observation at 12"):
        found(horizon=12)


def test_a_missing_estimate_is_refused():
    late = ek.incidence_at(exits(), cause="self_support", horizon=24)

    with pytest.raises(EstimationError, match="incidence_at: the estimate is missing"):
        found(right=late)


@pytest.mark.parametrize("profile", ["public", "internal"])
def test_the_door_lets_made_up_people_pass(profile):
    released = ek.release(found(), profile)

    assert released.kind == "Recovery"
    assert not released.rows["suppressed"].any()
    assert released.publishable == (profile == "public")


def test_the_door_shows_both_estimates_where_neither_rests_on_few():
    large = exits(n=400, gone=100)

    released = ek.release(found(naive=curve(large), right=share(large)), "strict10")

    assert not released.rows["suppressed"].any()


def test_the_door_hides_both_estimates_where_one_rests_on_few():
    few = exits(n=40, gone=5)

    released = ek.release(found(naive=curve(few)), "strict10")

    assert released.is_withheld
    assert np.isnan(released.rows["bias"]).all()
    assert [rule for rule, *_ in released.log] == ["primary", "secondary"]


def test_every_trap_has_names():
    assert set(TRAPS) == set(PLANS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("trap", [*TRAPS, "of_another_study"])
def test_a_figure_has_two_dots_and_a_line_for_the_truth(trap, language):
    figure = draw_recovery(by_hand(trap), speak(language))

    (axes,) = figure.axes
    dots = {line.get_gid(): line.get_xdata()[0] for line in axes.lines if line.get_gid()}
    assert dots == pytest.approx({"truth": 38.0, "naive": 48.0, "right": 39.0})
    with style.style():
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        boxes = [label.get_window_extent(renderer) for label in axes.get_yticklabels()]
    assert min(box.x0 for box in boxes) > 0


@pytest.mark.parametrize(
    ("unit", "truth", "written"), [("share", 0.38, "38.0"), ("points", 0.0, "0")]
)
def test_the_data_table_has_both_estimates_and_the_truth(unit, truth, written):
    part = figures.recovery(by_hand(unit=unit, truth=truth), speak())

    assert "| Other exits taken for an end of follow-up |" in part.markdown
    assert "46.0 to 50.0" in part.markdown
    assert f"a line for the truth at {written}." in part.markdown
    assert "Source: made-up people; 500 people." in part.markdown


def test_the_sentence_says_how_far_off_and_in_which_direction():
    high = words.recovery(by_hand(), speak()).markdown
    low = words.recovery(by_hand(values=(0.28, 0.39)), speak()).markdown

    assert high == (
        "The truth is 38.0%. Other exits taken for an end of follow-up: 48.0%, which is 10.0 "
        "percentage points too high. Other exits counted as exits: 39.0%."
    )
    assert "28.0%, which is 10.0 percentage points too low" in low


def test_without_an_effect_the_sentence_says_so():
    found = by_hand("status_blind_panel", "index", values=(0.101, 0.005), truth=0.0)

    assert words.recovery(found, speak("sv")).markdown == (
        "I verkligheten finns ingen skillnad. Förändring minus jämförelsegruppens: 0,101. Jämfört "
        "vid samma värde vid starten: 0,005."
    )


def test_the_table_shows_the_bias_of_what_is_written():
    part = tables.recovery(by_hand(values=(0.48049, 0.38951), truth=0.38051), speak())

    rows = [line.split("|")[1:-1] for line in part.markdown.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in rows[2]][3:] == ["48.0", "46.0 to 50.0", "38.1", "+9.9"]
    assert [cell.strip() for cell in rows[3]][3:] == ["39.0", "37.0 to 41.0", "38.1", "+0.9"]


def test_what_is_withheld_is_said_to_be_so():
    hidden = by_hand(hide=lambda frame: frame["method"] == "naive")

    assert "Not shown" in words.recovery(hidden, speak()).markdown
    assert "\N{EN DASH}" in tables.recovery(hidden, speak()).markdown
    assert draw_recovery(hidden, speak()).axes
