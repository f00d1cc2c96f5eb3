"""Figures, tables and words about organisations, from whole and from hidden data."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand

from evalkit.cohort.samples import Forms, Participations
from evalkit.errors import DisclosureError, ParameterError
from evalkit.follow_up import (
    financing,
    key_figures,
    minimum_detectable_share,
    process_times,
    recommendations,
    schemes_compared,
    service_gaps,
    service_index,
    service_outcome_link,
    service_profile,
    targets,
)
from evalkit.release import release
from evalkit.report import figures, tables, words
from evalkit.report.figures.financing import draw_financing
from evalkit.report.figures.key_figures import draw_key_figures, draw_targets, wrapped
from evalkit.report.figures.schemes import draw_two_schemes
from evalkit.report.figures.services import draw_services
from evalkit.report.text import open_text

LANGUAGES = ("sv", "fi", "en")
NAMES = {"p": "Gemensam väg", "q": "Samlad plan", "r": "Råd och vägledning"}
LONG_NAMES = {"007": "Kristinestad", "023": "Uusikaupunki", "112": "Mustasaaressa"}
PACKAGES = pd.DataFrame({
    "package_id": ["p", "q", "r"], "budget": [900_000.0, 455_000, 191_250], "currency": "SEK",
    "planned_participants": [50, 50, 30],
})  # fmt: skip
GOALS = pd.DataFrame({
    "stratum": ["p", "q", ""], "quantity": ["started", "started", "cost_per_participation"],
    "target": [50, 60, 20_000], "direction": ["at_least", "at_least", "at_most"],
})  # fmt: skip
MONEY = pd.DataFrame({
    "federation": ["Norra Ån"] * 4 + ["Södra Ljung"] * 3, "year": 2024, "currency": "SEK",
    "financier": ["social_insurance", "region", "municipality", "federation",
                  "social_insurance", "region", "municipality"],
    "kind": ["funds"] * 3 + ["administration"] + ["funds"] * 3,
    "budget": [900_000.0, 700_000, 400_000, 300_000, 500_000, 250_000, 250_000],
    "outcome": [900_000.0, 700_000, 400_000, 290_000, 500_000, 250_000, 250_000],
})  # fmt: skip
SERVICES = pd.DataFrame(
    [
        (place, service, group, availability, coordination)
        for place in ("007", "023", "112")
        for service, group, availability, coordination in (
            ("rehabilitative_work", "long_term_unemployed", "yes", "coordination"),
            ("job_coaching", "disabled", "no" if place == "023" else "yes", "joint_work"),
            ("escort", "substance_use", "no" if place != "112" else "unknown", None),
            ("work_ability_team", "partially_work_able", "yes", None),
        )
    ],
    columns=["municipality", "service", "target_group", "availability", "coordination"],
)


def people(n_few=5):
    """Three packages; one of them with few who started in the period."""
    parts = []
    for name, n in (("p", 60), ("q", 40), ("r", n_few)):
        parts.append(pd.DataFrame({
            "person_id": [f"{name}{number}" for number in range(n)], "package_id": name,
            "start": "2024-02-01",
            "end": ["2024-06-30"] * (n // 2) + [None] * (n - n // 2),
            "exit_reason": (["work_or_study"] * (n // 3) + ["completed"] * n)[: n // 2]
            + [None] * (n - n // 2),
        }))  # fmt: skip
    return Participations.from_frame(pd.concat(parts, ignore_index=True), data_cut="2024-12")


def volumes(profile="strict10", **options):
    return release(key_figures(people(), by="package_id", packages=PACKAGES, **options), profile)


def large():
    """Volumes of a country: thousands of participations, costs of more than a hundred thousand."""
    found = volumes("public")
    rows = {name: np.array(values) for name, values in found.rows.items()}
    people = np.isin(rows["quantity"], ["started", "planned", "took_part"])
    rows["estimate"] = np.where(people, 90 * rows["estimate"], 6 * rows["estimate"])
    return replace(found, rows=rows)


def plans():
    return Forms.from_frame(pd.DataFrame({
        "person_id": [f"p{number}" for number in range(35)], "package_id": "p",
        "start": ["2024-02-11"] * 20 + ["2024-04-11"] * 15, "form": "joint_plan",
    }))  # fmt: skip


def scheme_areas():
    return pd.DataFrame({
        "area": np.repeat(np.arange(12), 2), "period": [0, 1] * 12, "people": 500,
        "scheme": np.repeat(["FRISAM", "SOCSAM"], 12),
        "outcome": 20 + np.random.default_rng(1).normal(size=24),
    })  # fmt: skip


def made(name, profile="strict10"):
    result = {
        "targets": lambda: targets(
            key_figures(people(), by="package_id", packages=PACKAGES), GOALS),
        "times": lambda: process_times(people(), plans(), by="package_id", steps=["joint_plan"]),
        "financing": lambda: financing(MONEY, country="SE"),
        "no_law": lambda: financing(MONEY, country="FI"),
        "services": lambda: service_profile(SERVICES),
        "many": lambda: service_profile(pd.concat(
            [SERVICES.assign(municipality=SERVICES["municipality"] + f"{n}") for n in range(5)])),
        "gaps": lambda: service_gaps(service_profile(SERVICES)),
        "index": lambda: service_index(service_profile(SERVICES)),
        "answers": lambda: recommendations(
            pd.DataFrame({"recommendation": ["strategy"], "status": ["done"], "source": ["p. 3"]})),
        "schemes": lambda: schemes_compared(scheme_areas(), before=[0], after=[1],
                                            reference="FRISAM", population="people"),
        "detectable": lambda: minimum_detectable_share(coverage=0.018, effect=20, std_error=0.5),
        "link": link,
    }[name]()  # fmt: skip
    return release(result, profile)


def link():
    index = service_index(service_profile(pd.DataFrame(
        [(f"{place:02}", f"s{number}", "g", "yes" if number <= place else "no", None)
         for place in range(12) for number in range(12)],
        columns=list(SERVICES))))  # fmt: skip
    return service_outcome_link(index, pd.DataFrame(
        {"municipality": [f"{place:02}" for place in range(12)], "estimate": np.arange(12.0) ** 2}
    ))  # fmt: skip


def speak(language="en"):
    return open_text(hand.labels(level="federation"), language)


DRAWN = {
    "key_figures": lambda text: draw_key_figures(volumes(), text, names=NAMES),
    "key_figures_public": lambda text: draw_key_figures(volumes("public"), text, names=NAMES),
    "key_figures_large": lambda text: draw_key_figures(large(), text, names=NAMES),
    "targets": lambda text: draw_targets(made("targets"), text, names=NAMES),
    "targets_public": lambda text: draw_targets(made("targets", "public"), text, names=NAMES),
    "financing": lambda text: draw_financing(made("financing"), text),
    "no_law": lambda text: draw_financing(made("no_law"), text),
    "services": lambda text: draw_services(made("services"), text),
    "services_named": lambda text: draw_services(made("services"), text, names=LONG_NAMES),
    "many": lambda text: draw_services(made("many"), text),
    "schemes": lambda text: draw_two_schemes(made("schemes"), text),
}
PARTS = {
    "key_figures": lambda text: figures.key_figures(volumes(), text, names=NAMES),
    "targets": lambda text: figures.targets(made("targets"), text, names=NAMES),
    "financing": lambda text: figures.financing(made("financing"), text),
    "services": lambda text: figures.services(made("services"), text, names={"007": "Kivijoki"}),
    "many": lambda text: figures.services(made("many"), text),
}
TABLES = {
    "key_figures": lambda text: tables.key_figures(volumes(), text, names=NAMES),
    "targets": lambda text: tables.targets(made("targets"), text, names=NAMES),
    "process_times": lambda text: tables.process_times(made("times"), text, names=NAMES),
    "financing": lambda text: tables.financing(made("financing"), text),
    "service_gaps": lambda text: tables.service_gaps(made("gaps"), text),
    "service_index": lambda text: tables.service_index(made("index"), text),
    "service_link": lambda text: tables.service_link(made("link"), text),
    "recommendations": lambda text: tables.recommendations(made("answers"), text),
    "two_schemes": lambda text: tables.two_schemes(made("schemes"), text),
    "detectable": lambda text: tables.detectable_share(made("detectable"), text),
}
WORDS = {
    "key_figures": lambda text: words.key_figures(volumes(), text),
    "targets": lambda text: words.targets(made("targets"), text, names=NAMES),
    "process_times": lambda text: words.process_times(made("times"), text),
    "financing": lambda text: words.financing(made("financing"), text),
    "services": lambda text: words.services(made("gaps"), text),
    "recommendations": lambda text: words.recommendations(made("answers"), text),
    "two_schemes": lambda text: words.two_schemes(made("schemes"), made("detectable"), text),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DRAWN)
def test_no_word_is_cut_or_overlaps_another(name, language, drawn_words):
    figure = DRAWN[name](speak(language))

    written = drawn_words(figure)

    cut = [word for word, box in written if box.x0 < -1 or box.x1 > figure.bbox.width + 1
           or box.y0 < -1 or box.y1 > figure.bbox.height + 1]  # fmt: skip
    boxes = [(word, box.padded(-1)) for word, box in written]
    overlapping = [(one, two) for number, (one, box) in enumerate(boxes)
                   for two, other in boxes[:number] if box.overlaps(other)]  # fmt: skip
    assert (cut, overlapping) == ([], [])
    assert len(written) > 5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PARTS)
def test_every_figure_has_its_words_and_its_data(name, language):
    part = PARTS[name](speak(language))

    assert re.search(r'fig-alt="[^"]{25,}"', part.markdown)
    assert part.markdown.count("|") > 20
    assert not re.search(r"\bnan\b", part.markdown)
    assert len(part.images) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*TABLES, *WORDS])
def test_tables_and_words_are_whole_in_every_language(name, language):
    made_by = {**TABLES, **WORDS}[name]

    markdown = made_by(speak(language)).markdown

    assert markdown.strip()
    assert not re.search(r"\bnan\b|_|\{\w+\}", re.sub(r"\{[.#][\w-]+\}", "", markdown))


def drawn_values(figure, gid):
    return [artist for axes in figure.axes for artist in (*axes.lines, *axes.patches)
            if artist.get_gid() == gid]  # fmt: skip


def test_started_and_planned_are_drawn_as_they_are():
    figure = draw_key_figures(volumes("public"), speak(), names=NAMES)

    started, planned = (
        [float(dot.get_xdata()[0]) for dot in drawn_values(figure, gid)]
        for gid in ("started", "planned")
    )
    # February to December are eleven months of a yearly plan.
    assert started == [60, 40, 5]
    assert planned == pytest.approx([50 * 11 / 12, 50 * 11 / 12, 30 * 11 / 12])


def test_a_hidden_package_is_not_drawn_but_named():
    figure = draw_key_figures(volumes(), speak(), names=NAMES)

    assert len(drawn_values(figure, "started")) == 1
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == list(NAMES.values())


def test_the_law_is_drawn_across_the_share():
    figure = draw_financing(made("financing"), speak())

    bars, laws = drawn_values(figure, "share"), drawn_values(figure, "law")
    assert [bar.get_width() for bar in bars] == [45, 35, 20, 50, 25, 25]
    assert [line.get_xdata()[0] for line in laws] == [50, 25, 25, 50, 25, 25]
    assert drawn_values(draw_financing(made("no_law"), speak()), "law") == []


@pytest.mark.parametrize(
    ("language", "said"), [("sv", "Skillnad: +"), ("fi", "Ero: +"), ("en", "Difference: +")]
)
def test_the_figure_of_two_schemes_is_whole(language, said):
    part = figures.two_schemes(made("schemes"), speak(language))

    assert re.search(rf'fig-alt="[^"]*{re.escape(said)}', part.markdown)
    assert "SOCSAM" in part.markdown and "nan" not in part.markdown
    assert len(part.images) == 1


def test_the_difference_of_two_schemes_is_set_apart_on_a_scale_with_zero():
    (axes,) = draw_two_schemes(made("schemes"), speak()).axes

    lines = [line for line in axes.lines if line.get_gid() == "dot"]
    dots = [(line.get_marker(), x) for line in lines for x in line.get_xdata()]
    assert [marker for marker, _ in dots] == ["o", "o", "s"]
    estimates = [x for _, x in dots]
    assert estimates[2] == pytest.approx(estimates[1] - estimates[0])
    low, high = axes.get_xlim()
    assert low <= 0 <= high


def test_a_year_without_funds_is_refused():
    with pytest.raises(ParameterError, match="year: there are no funds in it"):
        figures.financing(made("financing"), speak(), year=1999)


@pytest.mark.parametrize("what", ["gaps", "index"])
def test_municipalities_of_tables_stand_in_the_alphabet_of_their_names(what):
    table = {"gaps": tables.service_gaps, "index": tables.service_index}[what]
    turned = {"007": "Ö", "023": "Å", "112": "A"}
    rows = table(made(what), speak("fi"), names=turned).markdown.splitlines()[2:]

    found = [row.split("|")[1].strip() for row in rows if row.startswith("| ")]
    known = [name for name in dict.fromkeys(found) if name in turned.values()]
    assert known == [name for name in "AÅÖ" if name in known] and len(known) > 1


def test_hatching_is_explained_only_where_a_target_is_not_to_be_passed():
    whole = made("targets", "public")
    words = "Hatched: a target that is not to be passed."
    least = {**whole.rows, "direction": np.full(len(whole.rows["direction"]), "at_least")}

    assert words in figures.targets(whole, speak(), names=NAMES).markdown
    assert words not in figures.targets(replace(whole, rows=least), speak(), names=NAMES).markdown


def test_each_cell_has_a_sign_and_gaps_a_frame():
    figure = draw_services(made("services"), speak())

    cells, gaps = drawn_values(figure, "cell"), drawn_values(figure, "gap")
    assert len(cells) + len(gaps) == 12
    assert len(gaps) == 3  # coaching in 023, escort in 007 and 023
    signs = [text.get_text() for text in figure.axes[0].texts]
    assert [signs.count(sign) for sign in ("2", "3", "+", "×", "?")] == [3, 2, 3, 3, 1]


def test_many_municipalities_are_counted():
    figure = draw_services(made("many"), speak())

    yes, no, unknown = (
        [bar.get_width() for bar in drawn_values(figure, answer)]
        for answer in ("yes", "no", "unknown")
    )
    assert (yes, no, unknown) == ([15, 10, 0, 15], [0, 5, 10, 0], [0, 0, 5, 0])


def test_targets_that_are_not_to_be_passed_are_hatched():
    figure = draw_targets(made("targets", "public"), speak())

    bars = drawn_values(figure, "fulfilment")
    assert [bar.get_hatch() for bar in bars] == [None, None, "////"]
    assert bars[0].get_width() == pytest.approx(120)


@pytest.mark.parametrize(
    ("detected", "sentence"),
    [
        ({"coverage": 0.01}, "no effect can be seen in whole areas"),
        ({"coverage": 0.02}, "too few do so for an effect of 20 points"),
        ({"coverage": 0.2}, "would be seen in whole areas"),
    ],
)
def test_it_is_said_whether_an_effect_could_be_seen(detected, sentence):
    result = minimum_detectable_share(effect=20, std_error=0.5, **detected)

    part = words.two_schemes(made("schemes"), release(result, "strict10"), speak())

    assert sentence in part.markdown


def test_shares_as_the_law_has_them_are_said_to_be_so():
    own = MONEY[MONEY["federation"] == "Södra Ljung"]

    part = words.financing(release(financing(own, country="SE"), "strict10"), speak())

    assert "are shared as the law says" in part.markdown
    assert "not shared as the law says" in WORDS["financing"](speak()).markdown
    assert "Largest financier" in words.financing(made("no_law"), speak()).markdown


def test_every_group_without_a_service_somewhere_is_named():
    said = words.services(made("gaps"), speak()).markdown

    assert (
        "Without any service in at least one of 3 municipalities: people who use substances; "
        "people with disabilities. For 1 group in a municipality it is not known." in said
    )


def test_missing_tables_are_said_to_be_missing():
    text = speak()

    assert "Not possible" in words.key_figures(None, text).markdown
    assert "Not possible" in words.services(None, text).markdown
    assert "Not possible" in words.two_schemes(None, None, text).markdown
    assert figures.key_figures(None, text) is None


def test_withheld_numbers_are_said_to_be_withheld():
    few = Participations.from_frame(people().covariates[:3], data_cut="2024-12")
    result = release(key_figures(few), "strict10")
    text = speak()

    assert "Not shown" in words.key_figures(result, text).markdown
    assert "Not shown" in figures.key_figures(result, text).markdown
    nobody = release(targets(key_figures(few), GOALS[:0]), "strict10")
    assert "Not shown" in words.targets(nobody, text).markdown


def test_only_what_has_passed_the_door_is_drawn():
    with pytest.raises(DisclosureError, match="has not passed the door"):
        figures.key_figures(key_figures(people()), speak())


def test_a_long_name_takes_two_lines():
    assert wrapped("one two three", 8) == "one two\nthree"
    assert wrapped("one two three four five six", 8) == "one two\nthree…"
