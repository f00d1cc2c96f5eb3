"""EQ-5D values with a source: printed test vectors of every value set that is shipped."""

from fractions import Fraction

import pandas as pd
import pytest

from evalkit.health import eq5d_index, minimal_important_difference, value_sets

# Printed with four decimals, so half a unit of the last digit; the rest is floating point.
FOUR_DECIMALS = 0.5e-4 + 1e-9
THREE_DECIMALS = 0.5e-3 + 1e-9

# Values of these states, four decimals, from the coefficient tables of the publications.
STATES_3L = "11111 11121 11221 21222 11223 22222 21232 12321 33333"
STATES_5L = "11111 21111 22222 12345 21333 33333 44444 55555"
PRINTED = {
    "UK-1997-TTO": (STATES_3L, "1.0000 0.7960 0.7600 0.6200 0.2550 0.5160 0.0880 0.3290 -0.5940"),
    "SE-2014-TTO": (STATES_3L, "0.9694 0.9349 0.8337 0.7119 0.5827 0.6843 0.6127 0.7285 0.3402"),
    "DK-2009-TTO": (STATES_3L, "1.0000 0.8240 0.7760 0.6550 0.4090 0.5920 0.3210 0.6170 -0.6240"),
    "FI-VAS-3L": (STATES_3L, "1.0000 0.7310 0.6840 0.4660 0.4880 0.3680 0.4240 0.5020 -0.0110"),
    "EU-VAS-3L": (STATES_3L, "1.0000 0.7791 0.7527 0.5977 0.3949 0.4804 0.2982 0.3470 -0.0742"),
    "UK-VAS-3L": (STATES_3L, "1.0000 0.7610 0.7300 0.5960 0.3910 0.5030 0.2940 0.3720 -0.0730"),
    "DK-VAS-3L": (STATES_3L, "1.0000 0.6970 0.6330 0.4160 0.4510 0.3040 0.3380 0.4570 -0.1670"),
    "SE-2020-TTO": (STATES_5L, "0.9755 0.9468 0.8232 0.4972 0.7029 0.6153 0.3743 0.2433"),
    "SE-2022-TTO": (STATES_5L, "1.0000 0.9780 0.8960 0.2200 0.7610 0.7010 0.0730 -0.3140"),
    "DK-2021-TTO": (STATES_5L, "1.0000 0.9590 0.7710 -0.0740 0.6340 0.5710 -0.2510 -0.7580"),
    "NO-2024-TTO": (STATES_5L, "1.0000 0.9688 0.7791 0.1369 0.6385 0.5394 -0.1261 -0.4530"),
    "EN-2018-TTO": (STATES_5L, "1.0000 0.9420 0.7010 0.3220 0.6910 0.5930 -0.0940 -0.2850"),
    "UK-2026-TTO": (STATES_5L, "1.0000 0.9680 0.7840 0.1140 0.6900 0.6040 -0.2090 -0.5670"),
}

# State and value, three decimals, asserted by public implementations of the same sets. For the
# Danish state 32123 one implementation prints -.018; the published terms add up to -.017.
ASSERTED = {
    "UK-1997-TTO": ("11221 33221 12321 33333", "0.760 -0.037 0.329 -0.594"),
    "SE-2014-TTO": (
        "11111 11121 12321 12313 22223 32323 33233",
        "0.969 0.935 0.728 0.555 0.489 0.396 0.375",
    ),
    "DK-2009-TTO": ("12111 12121 32123 32323 33333", "0.823 0.761 -0.017 -0.161 -0.624"),
    "FI-VAS-3L": ("12111 12321 32131 32333 33333", "0.744 0.502 0.361 0.034 -0.011"),
    "DK-VAS-3L": ("11131 23323 33213 33333", "0.619 0.037 0.053 -0.167"),
    "EU-VAS-3L": ("11221 33112 31233 33333", "0.753 0.215 0.141 -0.074"),
    "UK-VAS-3L": ("11211 22222 32323 33333", "0.814 0.503 0.066 -0.073"),
    "SE-2020-TTO": (
        "12345 22335 34543 55555 11111 12111 11155",
        "0.497 0.528 0.503 0.243 0.976 0.950 0.542",
    ),
    "DK-2021-TTO": ("13224 55555", "0.439 -0.758"),
    "NO-2024-TTO": ("15432 22222 55555", "0.460 0.779 -0.453"),
    "EN-2018-TTO": ("23245 55555", "0.247 -0.285"),
}


def cases(table):
    return [
        (name, state, float(value))
        for name, (states, values) in table.items()
        for state, value in zip(states.split(), values.split(), strict=True)
    ]


def index_of(value_set, state, **options):
    return eq5d_index(pd.Series([state]), value_set=value_set, **options).iloc[0]


def test_every_shipped_value_set_has_printed_vectors():
    sets = value_sets()

    # Those with a base are crosswalks, see `test_eq5d_crosswalk.py`.
    assert set(PRINTED) == set(sets.loc[sets["based_on"] == "", "value_set"])


@pytest.mark.parametrize(("value_set", "state", "printed"), cases(PRINTED))
def test_index_equals_the_printed_digits(value_set, state, printed):
    assert index_of(value_set, state) == pytest.approx(printed, abs=FOUR_DECIMALS)


@pytest.mark.parametrize(("value_set", "state", "asserted"), cases(ASSERTED))
def test_index_equals_what_other_packages_assert(value_set, state, asserted):
    # The truncated .728 of state 12321 stands for .7285: the packages round half to even.
    assert index_of(value_set, state) == pytest.approx(asserted, abs=THREE_DECIMALS)


def test_british_index_of_a_mixed_profile_is_the_sum_of_its_terms():
    terms = [1, Fraction(-81, 1000), Fraction(-269, 1000), Fraction(-69, 1000)]
    terms += [Fraction(-36, 1000), Fraction(-386, 1000), Fraction(-71, 1000)]

    expected = float(sum(terms))

    assert index_of("UK-1997-TTO", "21232") == pytest.approx(expected, abs=1e-12)


def test_swedish_5l_adds_one_term_when_any_answer_is_at_level_five():
    expected = float(Fraction(9755 - 2339 - 23, 10_000))

    assert index_of("SE-2020-TTO", "11115") == pytest.approx(expected, abs=1e-12)


def test_full_health_one_changes_state_11111_only():
    states = pd.Series(["11111", "11112"])

    model = eq5d_index(states, value_set="SE-2014-TTO")
    one = eq5d_index(states, value_set="SE-2014-TTO", full_health="one")

    assert one.iloc[0] == 1.0
    assert one.iloc[1] == model.iloc[1]


@pytest.mark.parametrize(
    ("value_set", "size"),
    [
        ("SE-2014-TTO", 0.031),
        ("SE-2020-TTO", 0.037),
        ("SE-2022-TTO", 0.066),
        ("DK-2021-TTO", 0.088),
    ],
)
def test_one_twentieth_of_the_range_stands_in_where_nothing_is_published(value_set, size):
    difference = minimal_important_difference(value_set)

    assert difference.size == pytest.approx(size, abs=THREE_DECIMALS)
    assert difference.is_rule_of_thumb
    assert "1:20" in difference.source


def test_british_3l_set_has_the_published_difference_with_its_source():
    difference = minimal_important_difference("UK-1997-TTO")

    assert difference.size == 0.074
    assert not difference.is_rule_of_thumb
    assert "10.1007/s11136-004-7713-0" in difference.source
