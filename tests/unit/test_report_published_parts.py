"""Parts of a page about published numbers, where there is little to show."""

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.published import open_published


@pytest.fixture(scope="module")
def boris():
    study = open_published("boris")
    return study, ek.against_published(study.numbers, case=study.name)


def told(study) -> dict:
    return {"names": study.names, "reasons": study.reasons, "places": study.places}


def test_numbers_that_cannot_be_computed_are_told_with_their_reason(boris):
    study, found = boris
    text = ek.open_text(study.labels, "en")

    part = ek.tables.verdicts(ek.release(found, "public"), text, **told(study))

    assert part.markdown.count("cannot be reproduced: not read") == 3


def test_where_every_number_is_hidden_no_verdict_is_told():
    study = open_published("financing_2016")
    text = ek.open_text(study.labels, "en")
    found = ek.against_published(study.numbers[:1], case=study.name, by_law=678.0)

    shown = ek.tables.verdicts(ek.release(found, "public"), text, **told(study))
    hidden = ek.tables.verdicts(ek.release(found, "strict10"), text, **told(study))

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
