"""Answers about working together, and services of municipalities."""

import numpy as np
import pandas as pd
import pytest

from evalkit.records import schema as s
from evalkit.records.pseudonyms import identity_numbers
from evalkit.synthetic.countries import COUNTRIES
from evalkit.synthetic.organisation import (
    LEAST_ANSWERED,
    MOST_ANSWERED,
    N_WAVE,
    QUESTIONNAIRES,
    SERVICES,
    responses_table,
    services_table,
)
from evalkit.synthetic.places import Place
from evalkit.synthetic.scenario import Scenario

SEED = 5
SCENARIO = Scenario()


def places_of(n_federation):
    return tuple(
        Place(f"{100 + number}", "A", "A", "First", f"F{number:03d}", "2016-01", 100)
        for number in range(n_federation)
    )


def responses(n_federation, code="SE"):
    return responses_table(COUNTRIES[code], SCENARIO, places_of(n_federation), SEED)


@pytest.mark.parametrize("code", ["SE", "FI"])
def test_answers_have_the_columns_keys_and_levels_of_the_schema(code):
    frame, table = responses(6, code), s.TABLES["responses"]
    assert list(frame.columns) == [column for column in table.names if column in frame]
    assert not frame.duplicated(list(table.key)).any()
    assert frame[s.RESPONDENT_GROUP].isin(s.RESPONDENT_GROUPS).all()
    assert set(frame[s.RESPONDENT_GROUP]) == set(s.RESPONDENT_GROUPS)
    assert set(frame[s.VALUE]) == {"", "1", "2", "3", "4", "5"}
    assert sorted(set(frame[s.WAVE])) == ["2022", "2023", "2024"]
    assert not identity_numbers(frame[s.RESPONDENT_ID].drop_duplicates()).any()
    items = frame.groupby(s.INSTRUMENT)[s.ITEM].nunique()
    assert items[["collaboration_quality", "climate", "ips_fidelity"]].tolist() == [8, 10, 25]
    assert (items.filter(like="indicators") == 15).all()


def test_the_answers_of_two_federations_are_few_and_their_number_grows_with_federations():
    frame = responses(2)
    assert 1_500 < len(frame) < 2_600
    assert len(frame.to_csv(index=False)) < 160_000
    assert 9 * len(frame) < len(responses(20)) < 11 * len(frame)


def test_a_respondent_belongs_to_one_federation_wave_group_and_instrument():
    asked = responses(6).groupby(s.RESPONDENT_ID)
    for column in (s.FEDERATION, s.WAVE, s.RESPONDENT_GROUP, s.INSTRUMENT):
        assert (asked[column].nunique() == 1).all()
    expected = 6 * N_WAVE * (1 + sum(form.asked for form in QUESTIONNAIRES))
    assert asked.ngroups == expected


def test_between_a_third_and_a_half_do_not_answer_and_say_so_in_one_row():
    frame = responses(60)
    frame = frame[frame[s.INSTRUMENT] != "ips_fidelity"]
    silent = (frame[s.VALUE] == "").groupby(frame[s.RESPONDENT_ID]).agg(["all", "any", "size"])
    assert (silent["all"] == silent["any"]).all() and (silent.loc[silent["all"], "size"] == 1).all()
    expected = 1 - (LEAST_ANSWERED + MOST_ANSWERED) / 2
    error = np.sqrt(0.25 / len(silent)) + (MOST_ANSWERED - LEAST_ANSWERED) / np.sqrt(12 * 60 * 3)
    assert abs(silent["all"].mean() - expected) < 4 * error


def test_answers_of_one_federation_are_alike_across_instruments():
    frame = responses(60)
    frame = frame[frame[s.VALUE] != ""].assign(value=pd.to_numeric(frame[s.VALUE]))
    wide = frame.groupby([s.FEDERATION, s.INSTRUMENT])[s.VALUE].mean().unstack()
    alike = np.corrcoef(wide["collaboration_quality"], wide["climate"])[0, 1]
    # Fisher's z of independent means stays below 4 / sqrt(57)
    assert np.arctanh(alike) > 4 / np.sqrt(57)


@pytest.mark.parametrize("code", ["SE", "FI"])
def test_services_have_the_columns_and_keys_of_the_schema(code):
    frame, table = services_table(COUNTRIES[code], places_of(50), SEED), s.TABLES["services"]
    assert list(frame.columns) == list(table.names)
    assert not frame.duplicated(list(table.key)).any()
    assert len(frame) == 50 * len(SERVICES)
    assert set(frame[s.AVAILABILITY]) == {"yes", "no", "unknown"}
    assert frame.loc[frame[s.AVAILABILITY] != "yes", s.COORDINATION].eq("").all()
    assert frame.loc[frame[s.COORDINATION] != "", s.COORDINATION].isin(s.COORDINATIONS).all()


def test_services_below_the_capacity_for_work_are_rarer():
    frame = services_table(COUNTRIES["FI"], places_of(200), SEED)
    there = (frame[s.AVAILABILITY] == "yes").groupby([frame[s.SERVICE], frame[s.TARGET_GROUP]])
    share = there.mean()["rehabilitative_work"]
    assert share["long_term_unemployed"] - share["below_work_capacity"] > 4 * np.sqrt(0.5 / 200)


def test_equal_seeds_give_equal_tables_and_other_seeds_others():
    places = places_of(3)
    country = COUNTRIES["SE"]
    pd.testing.assert_frame_equal(responses(3), responses(3))
    assert not responses(3).equals(responses_table(country, SCENARIO, places, SEED + 1))
    assert not services_table(country, places, 1).equals(services_table(country, places, 2))
