"""Parts of a page about published numbers, where there is little to show."""

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.published import open_published
from evalkit.report.published import NBSP, as_formula, in_language


@pytest.fixture(scope="module")
def boris():
    study = open_published("boris")
    return study, ek.against_published(study.numbers, case=study.name)


def test_numbers_that_cannot_be_computed_are_told_with_their_reason(boris):
    study, found = boris
    text = ek.open_text(study.labels, "en")

    part = ek.tables.verdicts(ek.release(found, "public"), text, **study.told)

    assert part.markdown.count("cannot be reproduced: not read") == 3
    assert "Verdict" in part.markdown
    assert "Computed again" not in part.markdown  # a column that would be empty


def test_a_number_stands_with_its_unit():
    study = open_published("financing_2016")
    text = ek.open_text(study.labels, "sv")
    found = ek.against_published(study.numbers[:1], case=study.name, by_law=678.0)

    part = ek.tables.verdicts(ek.release(found, "public"), text, **study.told)

    assert "Alla tillsammans, enligt lagen, miljoner kronor |" in part.markdown


def test_the_unit_of_a_case_is_that_of_every_number_without_its_own():
    units = open_published("rossi").units

    assert units["fin"]["en"] == units["prio_se"]["en"] == "log hazard ratio"
    assert units["n_event"]["en"] == "men"


def test_thousands_and_formulas_do_not_break():
    assert in_language({"sv": "1 445 män år 2008 120"}, "sv") == f"1{NBSP}445 män år 2008 120"
    assert as_formula("A − max(0, B − n), med y") == f"A −{NBSP}max(0,{NBSP}B{NBSP}−{NBSP}n), med y"


def test_where_every_number_is_hidden_no_verdict_is_told():
    study = open_published("financing_2016")
    text = ek.open_text(study.labels, "en")
    found = ek.against_published(study.numbers[:1], case=study.name, by_law=678.0)

    shown = ek.tables.verdicts(ek.release(found, "public"), text, **study.told)
    hidden = ek.tables.verdicts(ek.release(found, "strict10"), text, **study.told)

    assert "678" in shown.markdown
    assert "678" not in hidden.markdown and "|" not in hidden.markdown


@pytest.mark.parametrize(("last", "end"), [(None, 36), (48, 48)])
def test_a_chronogram_ends_where_it_is_told_to(boris, last, end):
    text = ek.open_text(boris[0].labels, "en")
    months = np.tile(np.arange(49) // 12 % 2, (30, 1))
    people = pd.DataFrame({"person": range(30)})
    history = ek.StateHistory.from_matrix(months, ["support", "work"], people)

    part = ek.figures.chronogram(ek.release(ek.occupation(history), "public"), text, last=last)

    times = [line.split("|")[1].strip() for line in part.markdown.splitlines() if "|" in line]
    assert str(end) in times
    assert str(60) not in times
