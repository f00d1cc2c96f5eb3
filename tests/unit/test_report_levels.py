"""Words of pages speak of 95 per cent: intervals of another level do not reach them."""

import math

import numpy as np
import pytest

from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.release.released import Released
from evalkit.report.parts import Part
from evalkit.report.replay import page_part


def released(**summary):
    rows = {"time": np.array([1.0]), "suppressed": np.array([False])}
    return Released(
        "IncidenceCurve", rows, summary, "strict10", True, (), provenance("f", "0" * 16)
    )


@page_part
def words(*values, **named):
    return Part("words")


@pytest.mark.parametrize(
    "given",
    [
        lambda value: words(value),
        lambda value: words("x", [released(conf_level=0.95), value]),
        lambda value: words({"a": (value,)}),
        lambda value: words(other=value),
    ],
)
def test_intervals_of_another_level_are_refused_wherever_they_stand(given):
    with pytest.raises(ParameterError, match="IncidenceCurve: its intervals are of 90 per cent"):
        given(released(conf_level=0.9))


@pytest.mark.parametrize("summary", [{"conf_level": 0.95}, {"conf_level": math.nan}, {}])
def test_intervals_of_95_per_cent_and_results_without_any_are_spoken_of(summary):
    value = released(**summary)

    assert words("x", value, [value], named={"a": value}).markdown == "words"
