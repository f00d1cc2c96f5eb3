"""The crosswalk of van Hout and others: printed values, and all states of the published table.

The published values of the United Kingdom and Denmark are read from the file that the environment
variable EVALKIT_CROSSWALK_REFERENCE names (columns state, UK, Denmark; lines with # are comments);
the file is no part of the project.
"""

import os
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError, ParameterError
from evalkit.health import crosswalk, eq5d_index, state_table, value_sets

REFERENCE = "EVALKIT_CROSSWALK_REFERENCE"
ROUNDED_TABLE = 0.0006  # the table has three decimals, so half a unit and its own rounding
PRINTED = {  # three decimals for the United Kingdom and Denmark, four for Sweden and Finland
    "UK-1997-TTO": (
        "21111 11121 12345 33333 55555 11221 44441", "0.877 0.837 0.063 0.516 -0.594 0.795 0.226",
        ROUNDED_TABLE,
    ),
    "DK-2009-TTO": ("21111 12345 55555", "0.863 0.223 -0.624", ROUNDED_TABLE),
    "SE-2014-TTO": (
        "11111 21111 12345 33333 55555", "0.9694 0.9146 0.5374 0.6843 0.3402", 0.5e-4 + 1e-9,
    ),
    "FI-VAS-3L": ("21111 12345 33333 55555", "0.8223 0.3896 0.368 -0.011", 0.5e-4 + 1e-9),
}  # fmt: skip


def cases():
    return [
        (name, state, float(value), tolerance)
        for name, (states, values, tolerance) in PRINTED.items()
        for state, value in zip(states.split(), values.split(), strict=True)
    ]


@pytest.mark.parametrize(("value_set", "state", "printed", "tolerance"), cases())
def test_crosswalk_equals_the_printed_digits(value_set, state, printed, tolerance):
    index = crosswalk(pd.Series([state]), value_set=value_set).iloc[0]

    assert index == pytest.approx(printed, abs=tolerance)


def test_one_answer_at_level_two_is_a_mean_of_two_states():
    chance = Fraction("0.177347242921013")
    expected = chance * 1 + (1 - chance) * (1 - Fraction("0.081") - Fraction("0.069"))

    index = crosswalk(pd.Series(["21111"]), value_set="UK-1997-TTO").iloc[0]

    assert index == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("base", list(PRINTED))
def test_shipped_crosswalk_sets_are_the_crosswalk_of_their_base(base):
    states = state_table("EQ-5D-5L")["state"]

    own = eq5d_index(states, value_set=f"{base}-CW")

    np.testing.assert_array_equal(own, crosswalk(states, value_set=base))


def test_levels_that_both_versions_share_keep_their_value():
    """5L levels 1, 3 and 5 are 3L levels 1, 2 and 3 with certainty."""
    three = state_table("EQ-5D-3L")
    five = three["state"].str.translate(str.maketrans("123", "135"))

    values = crosswalk(five, value_set="SE-2014-TTO")

    np.testing.assert_allclose(values, three["SE-2014-TTO"], atol=1e-12)


def test_full_health_one_reaches_states_that_may_be_full_health():
    states = pd.Series(["11111", "31111"])

    model, one = (
        crosswalk(states, value_set="SE-2014-TTO", full_health=full) for full in ("model", "one")
    )

    assert one[0] == 1.0 and model[0] == pytest.approx(0.9694)
    assert one[1] == model[1]


def test_crosswalk_of_a_5l_set_is_refused_and_of_level_six_too():
    with pytest.raises(ParameterError, match="SE-2020-TTO is a set of EQ-5D-5L"):
        crosswalk(pd.Series(["11111"]), value_set="SE-2020-TTO")
    with pytest.raises(EstimationError, match="profile codes"):
        crosswalk(pd.Series(["11116"]), value_set="UK-1997-TTO")


@pytest.mark.skipif(REFERENCE not in os.environ, reason=f"{REFERENCE} is not set")
@pytest.mark.parametrize(
    ("column", "value_set"), [("UK", "UK-1997-TTO"), ("Denmark", "DK-2009-TTO")]
)
def test_crosswalk_of_all_3125_states_equals_the_published_table(column, value_set):
    table = pd.read_csv(os.environ[REFERENCE], comment="#", dtype={"state": str})

    index = crosswalk(table["state"], value_set=value_set)

    assert table["state"].nunique() == 5**5
    assert np.abs(index - table[column]).max() < ROUNDED_TABLE


def test_the_range_of_a_crosswalk_is_that_of_its_base():
    sets = value_sets().set_index("value_set")
    crossed = sets[sets["based_on"] != ""]

    base = sets.loc[crossed["based_on"], ["lowest", "highest"]].to_numpy()

    np.testing.assert_allclose(crossed[["lowest", "highest"]], base, atol=1e-12)
