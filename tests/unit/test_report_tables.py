"""Pipe tables: rounded once, withheld cells marked, text escaped."""

import re

import numpy as np
import pytest
import released_by_hand as hand

from evalkit.errors import DisclosureError
from evalkit.report import tables
from evalkit.report.markup import escape, pipe_table
from evalkit.report.text import open_text
from evalkit.results import Contrast

LANGUAGES = ("sv", "fi", "en")


def speak(language="en", raw=None, **options):
    return open_text(hand.labels(raw, **options), language)


def cells(part):
    rows = [line for line in part.markdown.splitlines() if line.startswith("|")]
    return [
        [cell.strip(" \N{NO-BREAK SPACE}") for cell in row.strip("|").split("|")]
        for row in [rows[0], *rows[2:]]
    ]


def every_table(text):
    reached = hand.contrast()
    return [
        tables.characteristics(hand.characteristics(), text),
        tables.before_after(hand.before_after(), text),
        tables.ancova(hand.ancova(), text, fixed_effects=hand.ancova()),
        tables.months(hand.months(), hand.months(), text),
        tables.pay_off(hand.pay_off(), text),
        tables.municipalities(hand.by_municipality(), text, names=hand.MUNICIPALITIES),
        tables.definitions([("SS-FORS", 3, reached), ("SS-INCOME", 3, None)], text),
        tables.rate_ratios(hand.cox(), text),
        tables.checks(hand.logrank(), text),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_has_a_caption_a_source_and_full_rows(language):
    for part in every_table(speak(language)):
        assert re.search(r"^: .+ \{#tbl-[a-z-]+\}$", part.markdown, re.MULTILINE)
        assert "{.source}" in part.markdown
        assert len({len(row) for row in cells(part)}) == 1
        assert part.images == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_table_shows_a_number_that_is_not_one(language):
    for part in every_table(speak(language)):
        assert not re.search(r"\bnan\b|\binf\b|\b0[.,]0\s?%|[-\N{MINUS SIGN}]0\b(?![.,])",
                             part.markdown)  # fmt: skip


def test_the_baseline_table_has_counts_shares_means_and_differences():
    assert cells(tables.characteristics(hand.characteristics(), speak())) == [
        [
            "Characteristic",
            "Programme group",
            "Comparison group",
            "Difference, standard deviations",
        ],
        ["**Sex**", "", "", ""],
        ["women", "120 (56%)", "96 (48%)", "0.15"],
        ["men", "94 (44%)", "102 (52%)", "0.15"],
        ["**Age, years**", "41.3 (11.2)", "41.3 (11.2)", "\N{MINUS SIGN}0.04"],
    ]


def test_a_withheld_cell_is_marked_and_the_mark_explained():
    hidden = hand.before_after(hide=lambda frame: frame["source"] == "disability")

    part = tables.before_after(hidden, speak())

    row = next(row for row in cells(part) if row[0] == "Disability benefit")
    assert row[2:] == ["\N{EN DASH}"] * 6
    assert "\N{EN DASH} means: not shown, to protect people or because they are" in part.markdown


def test_a_table_without_withheld_cells_explains_no_mark():
    assert "means: not shown" not in tables.before_after(hand.before_after(), speak()).markdown


def test_differences_are_signed_and_have_intervals():
    rows = cells(tables.months(hand.months(), speak()))

    assert rows[1:] == [
        ["Self-support: time in this state", "Programme group", "6.4", "5.3 to 7.5"],
        ["Self-support: time in this state", "Comparison group", "4.3", "3.2 to 5.4"],
        ["Self-support: time in this state", "Difference", "+2.1", "+0.5 to +3.7"],
    ]


def test_fixed_effects_stand_beside_ancova_wave_by_wave():
    fixed = hand.released(
        "ModelFit",
        [{"term": "arm[programme]:wave[12]", "estimate": 0.05, "conf_low": 0.01,
          "conf_high": 0.09}],
        {"n_person": 380},
    )  # fmt: skip

    rows = cells(tables.ancova(hand.ancova(), speak(), fixed_effects=fixed))

    assert rows[1][3:] == ["\N{EN DASH}", "\N{EN DASH}"]
    assert rows[2] == ["12", "+0.043", "+0.013 to +0.073", "+0.050", "+0.010 to +0.090"]


def test_pay_off_time_says_no_gain_no_outlay_and_half_open_intervals():
    rows = {row[0]: row[4] for row in cells(tables.pay_off(hand.pay_off(), speak()))[1:]}

    assert rows == {
        "Municipality": "32 (20 to 61)",
        "Region": "no gain",
        "Social Insurance Agency": "28 (19 months to never)",
        "Employment Service": "no outlay",
        "Society as a whole": "23 (16 to 44)",
    }


def test_a_cost_that_is_not_repaid_is_said_to_be_so():
    rows = cells(tables.pay_off(hand.pay_off(share=np.inf), speak()))

    assert {row[5] for row in rows[1:]} == {"not repaid"}


def test_a_definition_whose_table_is_missing_is_not_possible():
    grid = [("SS-FORS", 3, hand.contrast()), ("SS-INCOME", 6, None)]

    rows = cells(tables.definitions(grid, speak()))

    assert rows[1][1:] == ["3", "34%", "30% to 38%"]
    assert rows[2][1:] == ["6", "not possible", ""]


def test_rate_ratios_show_ratio_coefficient_and_error():
    rows = cells(tables.rate_ratios(hand.cox(), speak("en", hand.EVENTS, level="study")))

    assert rows[1] == ["Programme group", "5.23", "3.59 to 7.64", "1.6550", "0.1930"]
    assert rows[2][0] == "Age, years"


def test_the_log_rank_test_is_shown_with_its_statistic():
    assert cells(tables.checks(hand.logrank(), speak("sv")))[1] == [
        "log-rank-test", "84,79", "1", "under 0,001",
    ]  # fmt: skip


def test_names_from_data_are_escaped():
    names = {**hand.MUNICIPALITIES, "0114": "Lind|ala *x* <b>"}

    part = tables.municipalities(hand.by_municipality(), speak(), names=names)

    assert r"Lind\|ala \*x\* \<b\>" in part.markdown


def test_escape_joins_lines_and_leaves_plain_text_alone():
    assert escape("Norra Ån, 2024\n– x_y") == r"Norra Ån, 2024 – x\_y"


def test_a_table_without_rows_has_its_header():
    assert pipe_table(["a", "b"], []).startswith("| a")


def test_what_may_not_be_published_is_marked():
    part = tables.months(hand.months(publishable=False), speak("fi"))

    assert ": Ei julkaistavaksi." in part.markdown


@pytest.mark.parametrize(
    "tabulate",
    [tables.characteristics, tables.before_after, tables.ancova, tables.months, tables.pay_off,
     tables.rate_ratios, tables.checks],
)  # fmt: skip
def test_nothing_unreleased_can_be_tabulated(tabulate):
    raw = Contrast(rows={}, summary={}, support={"n": []}, provenance=hand.need().provenance)

    with pytest.raises(DisclosureError, match="has not passed the door"):
        tabulate(raw, speak())


def test_the_change_in_points_is_the_difference_of_the_shares_beside_it():
    part = tables.before_after(hand.before_after(), speak())

    row = next(line for line in part.markdown.splitlines() if line.startswith("| Sickness"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:6] == ["36%", "24%", "\N{MINUS SIGN}12", "\N{MINUS SIGN}19 to \N{MINUS SIGN}5"]
