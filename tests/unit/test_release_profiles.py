"""Profiles: dated rules with a source."""

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import ParameterError
from evalkit.release import load_profile, profile_names
from evalkit.release.addresses import arms_of, block, wave_of

NAMES = ("dk5", "fi-kela4", "internal", "opensafely7", "public", "strict10")


def test_six_profiles_come_with_the_package():
    assert profile_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_has_a_source_and_a_date(name):
    profile = load_profile(name)

    assert profile.source
    assert pd.Timestamp(profile.verified_on) > pd.Timestamp("2025-01-01")


@pytest.mark.parametrize(
    ("name", "hidden", "shown"),
    [
        ("strict10", [0, 1, 9], [10, 11]),
        ("fi-kela4", [1, 3], [0, 4]),
        ("dk5", [1, 4], [0, 5]),
        ("opensafely7", [1, 7], [0, 8]),
        ("internal", [], [0, 1]),
        ("public", [], [0, 1]),
    ],
)
def test_counts_are_hidden_exactly_below_the_threshold(name, hidden, shown):
    profile = load_profile(name)

    assert profile.fails(hidden).all()
    assert not profile.fails(shown).any()


def test_nobody_at_all_is_always_too_few_to_rest_a_number_on():
    assert load_profile("fi-kela4").too_few(0)
    assert not load_profile("fi-kela4").fails(0)


def test_a_missing_count_is_not_judged():
    assert not load_profile("strict10").fails(np.nan)


def test_only_internal_is_not_for_publication():
    refused = [name for name in NAMES if not load_profile(name).publishable]

    assert refused == ["internal"]


def test_numbers_at_risk_go_to_the_nearest_five():
    rounded = load_profile("strict10").round_count(np.array([12, 13, 22.5]))

    assert rounded.tolist() == [10, 15, 25]


def test_an_unknown_name_brings_the_nearest():
    with pytest.raises(ParameterError, match="did you mean `strict10`"):
        load_profile("strikt10")


def test_a_name_like_no_other_brings_all():
    with pytest.raises(ParameterError, match="known: dk5, fi-kela4"):
        load_profile("zzz")


def test_a_unit_takes_its_own_blocks_from_the_plan():
    plan = pd.DataFrame(
        {
            "level": ["municipality", "municipality", "national"],
            "code": ["0114", "0115", "national"],
            "block": ["exits/programme/24", "health/programme/6", "flow/a"],
        }
    )

    profile = load_profile("strict10").for_unit(plan, "municipality", "0114")

    assert profile.hide == {"exits/programme/24"}
    assert profile.name == "strict10"


def test_a_table_of_units_takes_the_blocks_of_all_of_them():
    plan = pd.DataFrame(
        {
            "level": ["municipality", "municipality", "national"],
            "code": ["0114", "0115", "national"],
            "block": ["exits/programme/24/died", "occasions//work", "exits/programme/6"],
        }
    )

    profile = load_profile("strict10").for_table_of(plan)

    assert profile.hide == {"exits/0114, programme/24/died", "occasions/0115/work"}


def test_a_block_hides_all_that_it_is_the_beginning_of():
    plan = pd.DataFrame({"level": ["a"], "code": ["b"], "block": ["exits/programme/24"]})
    profile = load_profile("strict10").for_unit(plan, "a", "b")

    assert profile.hides("exits", "programme", 24.0, "died")
    assert not profile.hides("exits", "programme", 2.0, "died")
    assert not profile.hides("exits", "programme")


def test_addresses_write_whole_numbers_without_a_point():
    assert block("exits", "programme", 24.0, "died") == "exits/programme/24/died"
    assert block("health", "", 6) == "health//6"
    assert block("exits", "", 2.5) == "exits//2.5"


def test_a_term_that_names_no_two_arms_rests_on_all():
    arms = ["programme", "comparison"]

    assert arms_of("programme", arms) == ["programme"]
    assert arms_of("programme - comparison", arms) == arms
    assert arms_of("something else", arms) == arms


@pytest.mark.parametrize(
    ("term", "wave"),
    [("wave[6]", "6"), ("arm[programme]:wave[T.12]", "12"), ("arm[programme]:post", None)],
)
def test_terms_of_panel_models_tell_their_wave(term, wave):
    assert wave_of(term) == wave
