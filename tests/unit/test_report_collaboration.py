"""Figures, tables and words about working together: what is drawn, said, and left out."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand

from evalkit.codes import read_codes
from evalkit.cohort.samples import Persons, Responses
from evalkit.errors import DisclosureError, ParameterError
from evalkit.follow_up import (
    agreement,
    agreement_table,
    collaboration_forms,
    collaboration_quality,
    collaboration_trend,
    dose_response,
    fidelity,
    indicators,
    scale_reliability,
    site_summary,
    survey_change,
    theme_table,
)
from evalkit.release import release
from evalkit.report import figures, tables, words
from evalkit.report.figures.agreement import draw_agreement
from evalkit.report.figures.collaboration import draw_items, draw_trend
from evalkit.report.figures.dose import draw_dose
from evalkit.report.figures.indicators import draw_indicators
from evalkit.report.figures.labels import draw_sites
from evalkit.report.figures.row_dots import Dot, Row, draw_rows, highest_first
from evalkit.report.names_collaboration import (
    FORMS,
    ITEMS,
    NEEDS,
    PHASES,
    fidelity_name,
    group_name,
    question_name,
)
from evalkit.report.text import open_text

LANGUAGES = ("sv", "fi", "en")


def speak(language="en"):
    return open_text(hand.labels(level="national"), language)


def long(n=60, seed=1):
    rng = np.random.default_rng(seed)
    rows = []
    for group in ("participant", "staff"):
        for case in range(n):
            base = rng.normal()
            for item in ("holistic_view", "enough_time", "item_07"):
                answer = int(np.clip(round(3.3 + base + 0.7 * rng.normal()), 1, 5))
                rows.append((f"{group}{case}", group, case, ("north", "south")[case % 2],
                             2021 + case % 3, item, answer))  # fmt: skip
    names = ["who", "group", "case", "place", "year", "item", "answer"]
    return pd.DataFrame(rows, columns=names)


def responses(frame):
    return Responses.from_frame(
        frame, respondent="who", item="item", value="answer", group="group", wave="year",
        federation="place",
    )  # fmt: skip


def people(n=200):
    rng = np.random.default_rng(3)
    quality = rng.uniform(10, 90, n)
    frame = pd.DataFrame({
        "person_id": [f"p{k}" for k in range(n)], "quality": quality,
        "y": 0.002 * (quality - 50) ** 2 + rng.normal(size=n),
        "site": rng.choice(list("abc"), n), "work": rng.random(n) < 0.4,
    })  # fmt: skip
    return Persons.from_frame(frame, person="person_id")


def forms(n=200):
    rng = np.random.default_rng(5)
    rows = [(f"p{k}", form) for k in range(n) for form in ("joint_plan", "multiparty_talk")
            if rng.random() < 0.5]  # fmt: skip
    return pd.DataFrame(rows, columns=["person_id", "form"])


def ratings():
    rows = [(site, f"item_{number:02d}", 1 + (number * place) % 5)
            for place, site in enumerate("abcd", start=1) for number in range(1, 26)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["site", "item", "answer"])
    return Responses.from_frame(
        frame, respondent="site", item="item", value="answer", federation="site"
    )


@pytest.fixture(scope="module")
def made():
    sample = responses(long())
    coded = forms().rename(columns={"form": "theme"}).assign(project="north")
    twice = long().assign(year=lambda frame: np.where(frame["case"] % 2, "start", "end"))
    twice["who"] = twice["group"] + (twice["case"] // 2).astype(str)
    results = {
        "items": collaboration_quality(sample, scale=(1, 5), by="respondent_group"),
        "waves": collaboration_quality(sample, scale=(1, 5), by="respondent_group", per_wave=True),
        "trend": collaboration_trend(sample, scale=(1, 5), by="respondent_group"),
        "reliability": scale_reliability(sample, scale=(1, 5), n_draw=50),
        "change": survey_change(responses(twice), before="start", after="end", scale=(1, 5)),
        "indicators": indicators(sample, scale=(1, 5), top=4, per_wave=False),
        "agreement": agreement(sample, pair="case", scale=(1, 5), n_draw=50),
        "square": agreement_table(sample, pair="case", scale=(1, 5)),
        "forms": collaboration_forms(people(), forms()),
        "themes": theme_table(coded, person="person_id", theme="theme", project="project"),
        "sites": site_summary(people(), site="site", outcome="work"),
        "dose": dose_response(people(), dose="quality", outcome="y"),
        "fidelity": fidelity(ratings()),
    }
    return results


def parts(made, text, profile="strict10"):
    shown = {name: release(result, profile) for name, result in made.items()}
    return {
        "items": figures.collaboration_items(shown["items"], text),
        "waves": figures.collaboration_trend(shown["waves"], text),
        "indicators": figures.indicators(shown["indicators"], text),
        "square": figures.agreement(shown["square"], text),
        "forms": figures.collaboration_forms(shown["forms"], text),
        "sites": figures.sites(shown["sites"], text),
        "dose": figures.dose_response(shown["dose"], text),
        "fidelity": figures.fidelity(shown["fidelity"], text),
        "t_scores": tables.response_scores(shown["items"], text),
        "t_indicators": tables.response_scores(shown["indicators"], text, name="indicator-scores"),
        "t_trend": tables.response_measures(shown["trend"], text),
        "t_reliability": tables.response_measures(shown["reliability"], text, name="reliability"),
        "t_change": tables.response_measures(shown["change"], text, name="survey-change"),
        "t_agreement": tables.agreement(shown["agreement"], text),
        "t_forms": tables.label_shares(shown["forms"], text),
        "t_themes": tables.themes(shown["themes"], text),
        "t_sites": tables.sites(shown["sites"], text),
        "t_dose": tables.dose_response(shown["dose"], text),
        "t_fidelity": tables.fidelity(shown["fidelity"], text),
        "w_items": words.collaboration(shown["items"], text, trend=shown["trend"]),
        "w_forms": words.collaboration_forms(shown["forms"], text),
        "w_indicators": words.indicators(shown["indicators"], text),
        "w_agreement": words.agreement(shown["agreement"], text),
        "w_dose": words.dose_response(shown["dose"], text),
        "w_fidelity": words.fidelity(shown["fidelity"], text),
    }


ENGLISH = re.compile(r"\b(the|people|answers|question|interval of|share of|those)\b")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_is_made_whole_and_in_its_language(made, language):
    for name, part in parts(made, speak(language)).items():
        assert not re.search(r"\bnan\b|\binf\b|-0\b|\{\w+\}(?!\n)", part.markdown), name
        if name[:2] not in ("t_", "w_"):
            assert len(part.images) == 1, name
            assert "fig-alt=" in part.markdown
        spoken = re.sub(r"\]\{\.\w+\}|::: \{.*\}|!\[\].*?\{fig-alt=", " ", part.markdown)
        assert language == "en" or not ENGLISH.search(spoken), name


@pytest.mark.parametrize(
    ("hidden", "order"), [((), ["b", "a", "c"]), (("programme", "b"), ["b", "a", "c"]),
                          (("programme", "a"), ["b", "c", "a"])]
)  # fmt: skip
def test_rows_stand_as_high_as_their_value_in_the_first_group(hidden, order):
    rows = pd.DataFrame(
        [("programme", "a", 0.5), ("programme", "b", 0.6), ("programme", "c", 0.4),
         ("comparison", "a", 0.3), ("comparison", "b", 0.9), ("comparison", "c", 0.8)],
        columns=["stratum", "level", "share"],
    )  # fmt: skip
    if hidden:
        own = (rows["stratum"] == hidden[0]) & (rows["level"] == hidden[1])
        rows.loc[own, "share"] = np.nan

    assert highest_first(rows, "level", "share") == order
    with pytest.raises(ParameterError, match="6 rows"):
        highest_first(pd.concat([rows, rows]), "level", "share")


def test_only_released_results_are_drawn_and_said(made):
    text = speak()
    functions = {
        figures.collaboration_items: "items", tables.sites: "sites", words.collaboration: "items",
        figures.agreement: "square",
    }  # fmt: skip
    for function, name in functions.items():
        with pytest.raises(DisclosureError):
            function(made[name], text)


def test_items_stand_from_the_highest_to_the_lowest_and_the_index_last(made):
    figure = draw_items(release(made["items"], "strict10"), speak())
    axes = figure.axes[0]

    names = [label.get_text() for label in axes.get_yticklabels()]
    means = made["items"].tidy().query("quantity == 'mean' and item != 'index'")
    # Means are released rounded; what is equal then stands as the questions do.
    first = means[means["stratum"] == means["stratum"].iloc[0]].set_index("item")["estimate"]
    order = first.round().sort_values(ascending=False, kind="stable").index
    assert names[-1] == "Index of all questions"
    assert names[:-1] == [question_name(item, speak())[0].upper() + question_name(item, speak())[1:]
                          for item in order]  # fmt: skip


def test_groups_differ_in_shape_too_and_a_hidden_group_says_so():
    rows = [Row("one", (Dot(40, 30, 50), Dot(np.nan, np.nan, np.nan)))]
    figure = draw_rows(rows, ["first", "second"], speak(), limits=(0, 100), ticks=(0, 100),
                       written=str, x_title="points")  # fmt: skip
    axes = figure.axes[0]

    assert {line.get_marker() for line in axes.lines if line.get_marker() != "None"} == {"o", "s"}
    assert "not shown" in [child.get_text() for child in axes.texts]


def test_a_row_that_is_hidden_as_a_whole_says_why():
    figure = draw_rows([Row("one", (Dot(np.nan, np.nan, np.nan),))], [""], speak(),
                       limits=(0, 100), ticks=(0, 100), written=str, x_title="points")  # fmt: skip

    assert "Not shown, to protect people." in [child.get_text() for child in figure.axes[0].texts]


def test_waves_are_in_order_and_groups_are_named_at_their_last_dot(made):
    axes = draw_trend(release(made["waves"], "strict10"), speak()).axes[0]

    assert [label.get_text() for label in axes.get_xticklabels()] == ["2021", "2022", "2023"]
    assert {"Participants", "Staff"} <= {child.get_text() for child in axes.texts}


def test_every_question_has_a_panel_with_federations_before_all(made):
    figure = draw_indicators(release(made["indicators"], "strict10"), speak())

    assert len(figure.axes) == 3
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["North", "South", "All, people alike", "All, federations alike"]


def test_hidden_squares_are_hatched_and_not_left_empty(made):
    released = release(made["square"], "strict10")
    axes = draw_agreement(released, speak()).axes[0]

    hatched = [patch for patch in axes.patches if patch.get_gid() == "hidden"]
    frame = released.tidy()
    one = frame[(frame["item"] == frame["item"].iloc[0])]
    assert len(hatched) == one["suppressed"].sum() > 0


def test_the_turning_point_is_marked_with_its_interval_only_where_there_is_one(made):
    turning = draw_dose(release(made["dose"], "strict10"), speak()).axes[0]
    noise = np.random.default_rng(2).normal(size=200)
    flat = Persons.from_frame(people().covariates.assign(y=noise), person="person_id")
    result = dose_response(flat, dose="quality", outcome="y")
    none = draw_dose(release(result, "strict10"), speak()).axes[0]

    assert [patch.get_gid() for patch in turning.patches] == ["turning point"]
    assert not none.patches
    assert (
        "not possible to say" in words.dose_response(release(result, "strict10"), speak()).markdown
    )


def test_a_curve_over_packages_says_that_packages_are_compared():
    frame = people().covariates.assign(package=lambda rows: (rows["quality"] // 8).astype(str))
    sample = Persons.from_frame(frame, person="person_id")
    result = dose_response(sample, dose="quality", outcome="y", unit="package")

    spoken = words.dose_response(release(result, "strict10"), speak()).markdown
    assert "what holds between packages need not hold between people" in spoken


def test_where_the_curve_passes_a_reference_is_said_only_where_it_clearly_does():
    noise = np.random.default_rng(4).normal(size=200)
    frame = people().covariates.assign(change=lambda rows: 0.05 * (rows["quality"] - 40) + noise)
    sample = Persons.from_frame(frame, person="person_id")
    spoken = {}
    for reference in (0.0, 50.0, None):
        result = dose_response(sample, dose="quality", outcome="change", reference=reference)
        spoken[reference] = words.dose_response(release(result, "strict10"), speak()).markdown

    assert re.search(r"passes 0\.0 where the quality is (3\d|4\d) \(", spoken[0.0])
    assert "passes" not in spoken[50.0] + spoken[None]


def test_words_of_few_answers_say_that_they_are_withheld():
    few = collaboration_quality(responses(long(6)), scale=(1, 5), by="respondent_group")

    spoken = words.collaboration(release(few, "strict10"), speak()).markdown
    assert "Not shown" in spoken and not re.search(r"\d+ points", spoken)


def test_a_missing_table_is_named():
    text = speak()

    assert "answers about working together" in words.collaboration(None, text).markdown
    assert "Not possible" in words.collaboration_forms(None, text).markdown
    assert figures.collaboration_items(None, text) is None


def test_no_band_is_named_unless_the_study_gives_it_with_its_source():
    text = speak()
    plain = words.fidelity(release(fidelity(ratings()), "strict10"), text).markdown
    bands = fidelity(ratings(), bands={"low": 25, "fair": 74}, band_source="the county's manual")
    named = words.fidelity(release(bands, "strict10"), text).markdown

    assert "no limits are confirmed" in plain
    assert "the county's manual" in named and "no limits" not in named


def test_names_from_the_study_are_used_and_ids_otherwise():
    text = speak("sv")

    assert question_name("item_07", text) == "fråga 7"
    assert question_name("item_07", text, {"item_07": "Egen rubrik"}) == "Egen rubrik"
    assert group_name("staff", text) == "personal"
    assert group_name("Norra Ån, staff", text) == "Norra Ån, personal"


def test_the_code_book_has_five_forms_and_every_code_has_a_name():
    book = read_codes("collaboration.csv")
    named = {"form": FORMS, "phase": PHASES, "need": NEEDS, "quality": ITEMS, "climate": ITEMS}

    assert book["kind"].value_counts().to_dict() == {
        "form": 5, "step": 3, "phase": 5, "need": 4, "quality": 8, "climate": 10,
    }  # fmt: skip
    for kind, names in named.items():
        assert set(book.loc[book["kind"] == kind, "code"]) <= set(names)


def test_what_all_sites_have_in_common_is_set_apart_in_another_shape(made):
    (axes,) = draw_sites(release(made["sites"], "strict10"), speak()).axes

    dots = [line for line in axes.lines if line.get_gid() == "dot"]
    marks = [line.get_marker() for line in dots for x in line.get_xdata()]
    names = [label.get_text() for label in axes.get_yticklabels()]
    places = axes.get_yticks()
    assert marks == ["o"] * 3 + ["s"] * 3  # a new site has an interval and no dot
    assert names[3:] == ["All people together", "Mean of the sites", "Mean of sites like these",
                         "A new site"]  # fmt: skip
    assert places[3] - places[2] > places[2] - places[1] + 1


def test_an_item_of_a_fidelity_scale_is_no_question():
    assert fidelity_name("item", "item_07", speak()) == "item 7"
    assert fidelity_name("item", "item_07", speak(), {"item_07": "Caseload"}) == "Caseload"


def test_questions_without_words_are_said_to_go_by_number_and_named_ones_are_not(made):
    scores = release(made["items"], "strict10")
    names = dict.fromkeys(scores.tidy()["item"], "Trust")

    assert "Questions go by number" in words.collaboration(scores, speak()).markdown
    assert "go by number" not in words.collaboration(scores, speak(), names=names).markdown


def test_one_share_of_pairs_is_no_range_and_two_are(made):
    square = release(made["agreement"], "strict10")
    rows = square.tidy()
    shares = (rows["quantity"] == "share_alike").to_numpy()
    for step, said in ((0.0, "in 48% of pairs."), (5.0, "depending on the question")):
        estimate = np.where(shares, 48.0 + step * np.cumsum(shares), rows["estimate"])
        shown = replace(square, rows={**square.rows, "estimate": estimate})
        assert said in words.agreement(shown, speak()).markdown
