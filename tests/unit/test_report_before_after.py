"""Need, and before and after, on the page: artists, numbers in tables, sentences."""

import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand
from test_report_findings import title

from evalkit.errors import DisclosureError, ParameterError
from evalkit.report import figures, tables, words
from evalkit.report.benefit_offset import offset_range
from evalkit.report.figures.alluvial import draw_alluvial
from evalkit.report.figures.areas import draw_need_by_area
from evalkit.report.figures.benefits import draw_benefits
from evalkit.report.figures.leavers import draw_leavers, leaver_rows
from evalkit.report.figures.waterfall import draw_waterfall
from evalkit.report.text import open_text

LANGUAGES = ("sv", "fi", "en")
STATES = ("work", "subsidised_work", "study", "job_seeker", "other")
SHARES = np.array([
    [0.04, 0.01, 0.0, 0.01, 0.01], [0.02, 0.03, 0.0, 0.02, 0.01], [0.01, 0.0, 0.01, 0.01, 0.01],
    [0.09, 0.05, 0.02, 0.10, 0.10], [0.08, 0.05, 0.02, 0.10, 0.20],
])  # fmt: skip
N = 1000


def speak(language="en", **options):
    return open_text(hand.labels(**options), language)


def transitions(hide=None):
    rows = []
    names = [*STATES, "all"]
    table = np.block([[SHARES, SHARES.sum(1)[:, None]], [SHARES.sum(0)[None], SHARES.sum()]])
    for i, before in enumerate(names):
        for j, after in enumerate(names):
            share = table[i, j]
            rows.append({"stratum": "", "before": before, "after": after, "n": share * N,
                         "n_before": table[i, -1] * N, "n_after": table[-1, j] * N,
                         "share": share, "share_of_before": share / table[i, -1]})  # fmt: skip
    summary = {"n": N, "measure": "occupation", "exclusive": True, "before": "start",
               "after": "end"}  # fmt: skip
    return hand.released("Transitions", rows, summary, hide=hide, function="transitions")


def few_study(frame):
    return (frame["before"] == "study") | (frame["after"] == "study")


def change(hide=None, still_in=20.0):
    rows = []
    for measure, category, before, after in (
        ("occupation", "work", 0.10, 0.20), ("occupation", "subsidised_work", 0.05, 0.08),
        ("occupation", "study", 0.03, 0.05), ("occupation", "job_seeker", 0.40, 0.30),
        ("occupation", "other", 0.42, 0.37), ("occupation", "work_or_study", 0.18, 0.33),
        ("support", "sickness_benefit", 0.5, 0.3), ("support", "any_support", 0.9, 0.7),
    ):  # fmt: skip
        rows.append({
            "stratum": "", "measure": measure, "category": category, "n_start": N + still_in,
            "n_leaver": N, "n_still_in": still_in, "n_before": before * N, "n_after": after * N,
            "share_before": before, "share_after": after, "change_n": (after - before) * N,
            "change": 100 * (after - before), "conf_low": 100 * (after - before) - 3,
            "conf_high": 100 * (after - before) + 3,
            "change_percent": 100 * (after - before) / before, "p_value": 0.01,
            "n_entered": 120, "n_left": 20, "bound_low": after - 0.01, "bound_high": after + 0.01,
            "unit": "persons; percentage points; per cent of the share before",
        })  # fmt: skip
    summary = {"n": N, "n_start": N + still_in, "n_still_in": still_in, "before": "start",
               "after": "end"}  # fmt: skip
    return hand.released("StatusChange", rows, summary, hide=hide, function="status_change")


def vector(hide=None):
    values = {"sickness_benefit": (40, 45, 30, 20), "rehabilitation_benefit": (3, 4, 6, 5),
              "unemployment_insurance": (12, 10, 8, 6), "social_assistance": (60, 58, 40, 30),
              "total": (115, 117, 84, 61)}  # fmt: skip
    rows = [
        {"stratum": "programme", "benefit": benefit, "occasion": month, "n": N, "n_with": value * 9,
         "share": value / 120, "equivalents": value * 10, "equivalents_per_100": float(value),
         "unit": "x"}
        for benefit, series in values.items()
        for month, value in zip((-12, 0, 12, 24), series, strict=True)
    ]  # fmt: skip
    return hand.released("BenefitVector", rows, {"n": N}, hide=hide, function="benefit_vector")


def benefit_changes(alert=1.0, offset=0.85, quantity="equivalents", hide=None, whole=40.0):
    rows = [
        {"stratum": "programme", "benefit": benefit, "quantity": quantity, "n": N, "n_before": 300,
         "n_after": 200, "before": level, "after": level + gap, "change": gap, "conf_low": gap - 2,
         "conf_high": gap + 2, "change_percent": gap, "offset_share": share, "alert": alarm,
         "unit": "x"}
        for benefit, level, gap, share, alarm in (
            ("sickness_benefit", 40.0, -20.0, offset, alert),
            ("social_assistance", 40.0, 17.0, np.nan, np.nan),
            ("total", whole, -3.0, offset, alert),
        )
    ]  # fmt: skip
    summary = {"n": N, "window_before": "-12 to -1", "window_after": "12 to 23",
               "alert_share": 0.8}  # fmt: skip
    return hand.released("BenefitChange", rows, summary, hide=hide, function="benefit_change")


def of_benefit(*names):
    return lambda frame: frame["benefit"].isin(names)


def need_of_areas(hide=None):
    rows = []
    for area, covered in (("0114", 34), ("0131", 76)):
        for share in (0.035, 0.05, 0.07):
            need, part = 4000 * share, covered / 4000
            for quantity, low, high, n_low, n_high in (
                ("need", share, share, need, need),
                ("coverage", 0.0, min(part / share, 1), 0.0, covered),
                ("unmet", share - part, share, need - covered, need),
                ("covered_per_need", covered / need, covered / need, covered, covered),
            ):
                rows.append({"stratum": area, "need_share": share, "quantity": quantity, "low": low,
                             "high": high, "n_low": n_low, "n_high": n_high})  # fmt: skip
    return hand.released("NeedByArea", rows, {"population": 8000, "n_covered": 110}, hide=hide,
                         function="need_by_area")  # fmt: skip


def need_steps(basis="population", hide=None):
    first = "population" if basis == "population" else "in_records"
    rows = [
        {"stratum": "", "step": step, "n_low": low, "n_high": high, "share_low": low / 4000,
         "share_high": high / 4000}
        for step, low, high in (
            (first, 4000, 4000), ("on_support", 600, 600), ("long_support", 400, 400),
            ("several_actors", 250, 250), ("strict", 220, 220), ("unmet", 150, 150),
            ("expressed_unmet", 60, 90), ("broad", 350, 350),
        )
    ]  # fmt: skip
    summary = {"n": 4000, "basis": basis, "period": "2024-12"}
    return hand.released("NeedSteps", rows, summary, hide=hide, function="need_steps")


def drawings(text, hidden=False):
    third = (lambda frame: frame.index % 3 == 1) if hidden else None
    study = few_study if hidden else None
    return {
        "alluvial": draw_alluvial(transitions(study), text),
        "leavers": draw_leavers(change(third), text),
        "benefits": draw_benefits(vector(third), text),
        "areas": draw_need_by_area(
            need_of_areas((lambda frame: frame["stratum"] == "0131") if hidden else None), text,
            names=hand.MUNICIPALITIES,
        ),
        "waterfall": draw_waterfall(need_steps(hide=third), text),
        "waterfall_assumed": draw_waterfall(hand.need(), text),
    }  # fmt: skip


def with_id(axes, name):
    return [artist for artist in axes.get_children() if artist.get_gid() == name]


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_cut_or_lies_over_another(language, hidden, drawn_words):
    for name, figure in drawings(speak(language), hidden).items():
        boxes = drawn_words(figure)
        width, height = figure.canvas.get_width_height()
        room = mpl.transforms.Bbox.from_extents(-1, -1, width + 1, height + 1)
        cut = [
            word for word, box in boxes if not (room.contains(*box.min) and room.contains(*box.max))
        ]
        over = [
            (one, two)
            for number, (one, first) in enumerate(boxes)
            for two, second in boxes[number + 1 :]
            if first.padded(-1).overlaps(second.padded(-1))
        ]
        assert (name, cut, over) == (name, [], [])


def test_every_shown_flow_is_a_band_and_nothing_else():
    whole = draw_alluvial(transitions(), speak()).axes[0]
    part = draw_alluvial(transitions(few_study), speak()).axes[0]

    assert len(with_id(whole, "flow")) == int((SHARES > 0).sum())
    kept = np.delete(np.delete(SHARES, 2, axis=0), 2, axis=1)
    assert len(with_id(part, "flow")) == int((kept > 0).sum())


def test_hidden_flows_are_a_hatched_band_of_their_own_size():
    axes = draw_alluvial(transitions(few_study), speak()).axes[0]
    hidden = with_id(axes, "hidden")

    left = sum(band.get_height() for band in hidden if band.get_x() < 0.5)
    kept = np.delete(np.delete(SHARES, 2, axis=0), 2, axis=1)
    assert all(band.get_hatch() for band in hidden)
    assert left == pytest.approx(1 - kept.sum(), abs=2e-3)


def test_without_any_shown_flow_there_is_a_sentence():
    part = figures.alluvial(transitions(lambda frame: frame["after"] != "all"), speak())

    assert not part.images
    assert "recognised" in part.markdown


def test_a_table_of_people_in_several_cells_is_not_drawn():
    released = hand.released(
        "Transitions", transitions().tidy().drop(columns="suppressed"), {"exclusive": False}
    )

    with pytest.raises(ParameterError, match="people are in several cells"):
        figures.alluvial(released, speak())


def test_open_ends_of_the_waterfall_are_hatched():
    axes = draw_waterfall(need_steps(), speak()).axes[0]

    ranges = with_id(axes, "range")
    assert [bar.get_width() for bar in ranges] == [30]
    assert all(bar.get_hatch() for bar in ranges)
    assert with_id(axes, "at least")[0].get_width() == 600


def test_the_strip_of_everybody_shows_which_part_is_enlarged():
    strip = draw_waterfall(need_steps(), speak()).axes[1]

    assert with_id(strip, "everybody")[0].get_width() == 4000
    assert with_id(strip, "enlarged")[0].get_width() == pytest.approx(600 * 1.04)


def test_people_in_records_are_never_called_the_population():
    for language, population in zip(
        LANGUAGES, ("arbetsför", "yöikäis", "working age"), strict=True
    ):
        part = figures.waterfall(need_steps("records"), speak(language))
        assert population not in part.markdown


def test_the_dot_of_an_area_is_the_most_that_coverage_can_be_at_the_middle_share():
    axes = draw_need_by_area(need_of_areas(), speak(), names={}).axes[0]

    dots = [line.get_xdata()[0] for line in with_id(axes, "at most")]
    assert dots == pytest.approx([34 / 200, 76 / 200])
    assert [bar.get_width() for bar in with_id(axes, "range")] == pytest.approx(
        [34 / 140, 76 / 140]
    )


def test_benefits_have_one_scale_and_the_total_its_own():
    figure = draw_benefits(vector(), speak())

    tops = [axes.get_ylim()[1] for axes in figure.axes]
    assert len(set(tops[1:])) == 1
    assert tops[0] > tops[1]


def test_benefits_of_which_only_the_total_is_shown_are_not_drawn():
    part = figures.benefits(vector(lambda row: row["benefit"] != "total"), speak())

    assert part.images == {}
    assert "{.withheld}" in part.markdown


def test_a_group_of_all_participants_alone_has_no_column():
    arm = vector()
    everybody = replace(arm, rows={**arm.rows, "stratum": np.full(len(arm.rows["n"]), "")})

    def header(part):
        line = next(line for line in part.markdown.splitlines() if line.startswith("| Benefit"))
        return [cell.strip() for cell in line.strip("|").split("|")]

    of_an_arm, of_all = (figures.benefits(value, speak()) for value in (arm, everybody))
    assert header(of_an_arm)[:2] == ["Benefit", "Group"]
    assert header(of_all) == [name for name in header(of_an_arm) if name != "Group"]
    assert "All participants" not in of_all.markdown


def test_the_table_of_leavers_names_every_unit():
    part = tables.leavers(change(), speak())

    header = part.markdown.splitlines()[0]
    assert "Change, people" in header
    assert "Change, percentage points" in header
    assert "Change, per cent of before" in header
    assert "Leavers only" in part.markdown


def test_the_table_of_leavers_has_the_interval_beside_its_change_and_no_empty_column():
    header, _, first, *_ = tables.leavers(change(), speak()).markdown.splitlines()

    assert "+15 (+12 to +18)" in first
    assert "After, range for all who started" in header
    whole = change()
    bare = replace(whole, rows={**whole.rows, "bound_low": np.full(8, np.nan)})
    assert "range for all" not in tables.leavers(bare, speak()).markdown


def test_a_change_without_an_interval_has_a_dash_for_it_that_a_note_explains():
    whole = change()
    limits = {name: np.full(8, np.nan) for name in ("conf_low", "conf_high")}
    bare = tables.leavers(replace(whole, rows={**whole.rows, **limits}), speak()).markdown

    assert "+15 (–)" in bare and "– means: not shown" in bare
    assert "– means" not in tables.leavers(whole, speak()).markdown


def test_rounded_numbers_beside_their_change_are_said_to_be_rounded_each_on_its_own():
    note = "each on its own, so a change can be another"

    assert note in tables.leavers(replace(change(), profile="strict10"), speak()).markdown
    assert note not in tables.leavers(replace(change(), profile="public"), speak()).markdown


def test_support_of_leavers_stands_as_in_the_code_book_whatever_its_order():
    def turned(order):
        whole = change()
        rows = {name: np.asarray(values)[order] for name, values in whole.rows.items()}
        return list(leaver_rows(replace(whole, rows=rows), speak())["category"])

    given = ["work_or_study", "work", "subsidised_work", "study", "job_seeker", "other"]
    assert turned(np.arange(8)) == [*given, "sickness_benefit", "any_support"]
    assert turned([7, 6, *range(6)]) == [*given, "sickness_benefit", "any_support"]


def test_the_sentence_of_leavers_counts_those_still_in():
    part = words.leavers(change(), speak())

    assert "### Leavers only" in part.markdown
    assert "18% worked or studied at the start and 33% at the end" in part.markdown
    assert "20 people who started are still in" in part.markdown
    assert "{.label}" in part.markdown


def test_leavers_without_a_table_of_statuses_say_so():
    assert "occupation" in words.leavers(None, speak()).markdown


@pytest.mark.parametrize(
    ("alert", "offset", "sentence"),
    [
        (1.0, 0.85, "others rose by 85% of that. One benefit took another's place"),
        (1.0, np.nan, "others rose by 85% of that. One benefit took another's place"),
        (0.0, 0.30, "rises of others come to 30% of that."),
        (np.nan, np.nan, "no benefit fell so much"),
    ],
)
def test_the_alert_speaks_where_it_fires_and_only_there(alert, offset, sentence):
    spoken = words.substitution(benefit_changes(alert, offset), speak()).markdown

    assert sentence in spoken
    assert ("took another's place" in spoken) == (alert == 1)


def test_hidden_benefits_leave_a_range_of_what_rises_offset():
    part = benefit_changes(0.0, np.nan, hide=of_benefit("social_assistance"), whole=50.0)
    spoken = words.substitution(part, speak()).markdown
    table = tables.benefit_changes(part, speak()).markdown

    assert "rises of others come to 85% to" in spoken or "but others rose by 85% to" in spoken
    assert "The range is what the benefits that are not shown leave open." in spoken
    assert [line.split("|")[1].strip() for line in table.splitlines() if "85% to" in line] == [
        "All benefits together"
    ]
    exact = words.substitution(benefit_changes(0.0, 0.3), speak()).markdown
    assert "The range is" not in exact


def test_a_table_gives_no_share_of_falls_that_are_too_small():
    made = (benefit_changes(0.0, 0.3), benefit_changes(np.nan, np.nan))
    told, silent = (tables.benefit_changes(one, speak()).markdown for one in made)

    assert re.search(r"\d% \|$", told, re.M)
    assert not re.search(r"\d% \|$", silent, re.M)


@pytest.mark.parametrize(
    ("alert", "sentence"),
    [(0.0, "took the place of those that fell is not shown"), (1.0, "others rose by at least 80%")],
)
def test_no_share_is_told_where_even_the_total_is_hidden(alert, sentence):
    part = benefit_changes(alert, np.nan, hide=of_benefit("social_assistance", "total"))

    assert sentence in words.substitution(part, speak()).markdown
    assert "no benefit fell" not in words.substitution(part, speak()).markdown


def test_what_hidden_benefits_can_have_risen_by_is_bounded_by_what_they_were_after():
    rows = pd.DataFrame({
        "benefit": ["a", "b", "c", "total"], "before": [50.0, np.nan, np.nan, 60.0],
        "after": [30.0, np.nan, np.nan, 38.0], "offset_share": np.nan,
    })  # fmt: skip
    rows["change"] = rows["after"] - rows["before"]
    low, high = offset_range(rows)

    assert (low, high) == (0.0, 8 / 30)
    for rise in np.linspace(0, 8, 9):  # every split of 10 before and 8 after agrees with the range
        assert low <= rise / (20 + rise + 2) <= high
    assert offset_range(rows.assign(before=np.nan, change=np.nan)) is None


def test_days_are_told_with_their_interval():
    spoken = words.sick_days(benefit_changes(quantity="days"), speak()).markdown

    assert "40 before the start and 37 after it, a change of −3 (−5 to −1)" in spoken


def test_bounds_of_two_shares_are_called_a_range():
    rows = pd.DataFrame([
        ("before", 992.3, 992.3, "persons"), ("after", 2518.9, 2518.9, "persons"),
        ("entered", 1526.6, 2518.9, "persons"), ("left", 0.0, 992.3, "persons"),
        ("change", 20.0, 20.0, "percentage points"),
    ], columns=["quantity", "low", "high", "unit"])  # fmt: skip
    summary = {"n": 7633, "share_before": 0.13, "share_after": 0.33}
    bounds = hand.released("MarginBounds", rows, summary, function="margin_bounds")

    assert "between 1,527 and 2,519 people" in words.margins(bounds, speak()).markdown
    table = tables.margins(bounds, speak()).markdown
    assert "1,527 to 2,519" in table
    assert "percentage points" in table


def test_a_zero_that_may_be_missing_has_an_asterisk_and_its_note():
    rows = [{"stratum": "0114", "year": 2023, "group": "economic", "measure": "social_assistance",
             "quantity": "equivalents", "n": 20, "value": value, "per_inhabitant": 0.0,
             "may_be_missing": doubt, "unit": "x"}
            for value, doubt in ((0.0, 1.0), (5.0, 0.0))]  # fmt: skip
    doubtful = hand.released("AreaMeasures", rows[:1], function="support_measure")
    sure = hand.released("AreaMeasures", rows[1:], function="support_measure")

    assert "0.0\\*" in tables.area_measures(doubtful, speak()).markdown
    assert "asterisk" in tables.area_measures(doubtful, speak()).markdown
    assert "asterisk" not in tables.area_measures(sure, speak()).markdown


def test_records_of_participants_are_said_to_tell_nothing_about_need():
    spoken = words.target_group(need_steps("records"), speak()).markdown

    assert "says nothing about need in the area" in spoken
    assert "people of working age are in" not in spoken


def test_the_target_group_is_told_with_its_month_and_of_whom_it_is():
    shown = words.target_group(need_steps("records"), speak()).markdown
    hidden = words.target_group(
        need_steps("records", hide=lambda frame: frame["step"] == "in_records"), speak()
    ).markdown

    assert "In December 2024: of 4,000 people in the records" in shown
    assert "220 are in the target group (5.5%)" in shown
    assert "of the people in the records 220 are in the target group." in hidden
    assert "%" not in hidden


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_is_made_in_every_language(language):
    text = speak(language)
    parts = [
        figures.alluvial(transitions(), text), figures.leavers(change(), text),
        figures.benefits(vector(), text), figures.need_by_area(need_of_areas(), text),
        figures.waterfall(hand.need(), text), tables.leavers(change(), text),
        tables.leavers_by_group(change(), text), tables.transitions(transitions(), text),
        tables.transitions(transitions(), text, share=True), tables.need_steps(need_steps(), text),
        tables.benefit_changes(benefit_changes(), text),
        tables.need_by_area(need_of_areas(), text), words.need_by_area(need_of_areas(), text),
    ]  # fmt: skip

    assert all(part.markdown for part in parts)


@pytest.mark.parametrize(
    "show", [figures.alluvial, figures.leavers, figures.benefits, figures.waterfall,
             figures.need_by_area, tables.transitions, tables.leavers, words.leavers,
             words.substitution],
)  # fmt: skip
def test_only_what_has_passed_the_door_is_shown(show):
    with pytest.raises(DisclosureError):
        show(pd.DataFrame({"n": [1]}), speak())


def test_the_need_that_coverage_is_counted_for_is_said_with_it():
    text = open_text(hand.labels(level="national"), "en")
    said = " ".join(words.need_by_area(need_of_areas(), text).markdown.split())

    assert "If 5.0% of people of working age are in need, at most" in said
    hidden = need_of_areas(lambda frame: np.ones(len(frame), dtype=bool))
    assert "people of working age" not in words.need_by_area(hidden, text).markdown


def test_titles_of_leavers_say_who_works_or_studies_where_both_shares_are_shown():
    def hidden(frame):
        return frame["category"] == "work_or_study"

    shown = title(figures.leavers(change(), speak()))

    assert shown == "Leavers only: work or studies, from 18% to 33%."
    assert title(figures.leavers(change(hidden), speak())).startswith("Leavers only: what they did")


@pytest.mark.parametrize(
    ("least", "said"),
    [
        (0.000, "Largest group: other both at the start and at the end, 20%."),
        (0.035, "Largest group: other both at the start and at the end, 20%."),  # 0.19 is hidden
        (0.045, "Where people came from, and where they went."),  # 0.23 is hidden
    ],
)
def test_the_largest_group_is_named_where_nothing_hidden_can_be_larger(least, said):
    made = transitions(lambda frame: frame["share"].between(0, least, inclusive="right"))

    assert title(figures.alluvial(made, speak())) == said


def test_titles_of_one_group_are_not_given_to_the_first_of_two():
    def twice(made):
        both = pd.concat([made.tidy().assign(stratum=arm) for arm in ("programme", "comparison")])
        return replace(made, rows={name: both[name].to_numpy() for name in made.rows})

    assert title(figures.alluvial(twice(transitions()), speak())).startswith("Where people")
    assert title(figures.leavers(twice(change()), speak())).startswith(
        "Leavers only: what they did"
    )
