"""Who takes part, what persons do before and after, and what that is calibrated to."""

from functools import cache

import numpy as np
import pytest

from evalkit.codes import benefits
from evalkit.records import schema as s
from evalkit.synthetic.countries import COUNTRIES
from evalkit.synthetic.months import last_month_present, layers_of
from evalkit.synthetic.participation import (
    COLLABORATION_FORMS,
    draw_participation,
    forms_table,
    needs_table,
    packages_table,
    participations_table,
    statuses_table,
)
from evalkit.synthetic.places import Place
from evalkit.synthetic.population import draw_people
from evalkit.synthetic.process import NEVER, simulate
from evalkit.synthetic.random_streams import stream
from evalkit.synthetic.scenario import FORMS, SELF_SUPPORT, Scenario

SEED, N = 5, 60_000
SCENARIO = Scenario()
PLACES = (
    Place("0114", "A", "A", "First", "North", "2016-01", 40_000),
    Place("0131", "B", "B", "Second", "", "", 20_000),
)
TABLES = (participations_table, statuses_table, needs_table, forms_table)


@cache
def world(code="SE", n=N):
    country = COUNTRIES[code]
    place = (np.arange(n) >= 2 * n // 3).astype(int)
    people = draw_people(country, SCENARIO, place, stream(SEED, "test people"))
    nothing, never = np.zeros(2), np.full(2, NEVER)
    course = simulate(country, SCENARIO, people, nothing, never, stream(SEED, "test months"))
    taken = draw_participation(country, SCENARIO, people, course, stream(SEED, "test packages"))
    return country, people, course, layers_of(country, people, course), taken


@cache
def tables(code="SE", n=N):
    country, people, course, layers, taken = world(code, n)
    ids = np.array([f"{country.prefix}{number:07d}" for number in range(n)])
    about = (country, SCENARIO, PLACES, people, course, layers, taken, ids)
    made = {make.__name__: make(*about, stream(SEED, make.__name__)) for make in TABLES}
    return made | {"packages_table": packages_table(country, PLACES, SCENARIO)}


def person_of(frame):
    return frame[s.PERSON_ID].str[2:].astype(int).to_numpy()


def leavers():
    """Statuses of those whose first package ended, with sex and whether in work or study."""
    _, people, _, _, taken = world()
    statuses = tables()["statuses_table"]
    person = person_of(statuses)
    ended = np.isin(person, taken.person[taken.is_first & ~np.isnat(taken.end)])
    active = statuses[s.OCCUPATION].isin(["work", "subsidised_work", "study"])
    frame = statuses.assign(active=active, female=people.female[person])
    return frame[ended & (frame[s.OCCASION] != "follow_up")]


@pytest.mark.parametrize(("occasion", "published"), [("start", 0.13), ("end", 0.33)])
def test_shares_in_work_or_study_are_those_published_for_the_leavers_of_2016(occasion, published):
    active = leavers().query("occasion == @occasion")["active"]
    error = np.sqrt(published * (1 - published) / len(active))
    assert len(active) > 5_000
    assert abs(active.mean() - published) < 4 * error


def test_men_are_six_points_above_women_at_the_end_as_published_for_2017():
    end = leavers().query("occasion == 'end'").groupby("female")["active"].agg(["mean", "size"])
    error = np.sqrt((end["mean"] * (1 - end["mean"]) / end["size"]).sum())
    assert abs(end.loc[False, "mean"] - end.loc[True, "mean"] - 0.06) < 4 * error


@pytest.mark.parametrize(("code", "n"), [("SE", N), ("FI", 6_000), ("SE", 40)])
def test_tables_have_the_columns_keys_and_codes_of_the_schema(code, n):
    for name, frame in tables(code, n).items():
        table = s.TABLES[name.removesuffix("_table")]
        assert list(frame.columns) == [column for column in table.names if column in frame]
        assert {column.name for column in table.columns if column.need == "always"} <= set(frame)
        if table.key:
            assert not frame.duplicated(list(table.key)).any()
        for column in table.columns:
            if column.allowed and column.name in frame:
                assert frame[column.name].isin(column.allowed).all()
    packages = tables(code, n)["packages_table"][s.PACKAGE_ID]
    assert packages.is_unique
    assert tables(code, n)["participations_table"][s.PACKAGE_ID].isin(packages).all()


def test_participations_are_those_of_the_course_within_the_time_that_persons_are_there():
    _, _, course, _, taken = world()
    first = taken.is_first
    assert (taken.person[first] == np.flatnonzero(course.start < NEVER)).all()
    assert (taken.form[first] == course.form[taken.person[first]]).all()
    origin = np.datetime64(SCENARIO.first_month, "M")
    start = (taken.start.astype("datetime64[M]") - origin).astype(int)
    assert (start[first] == course.start[taken.person[first]]).all()
    runs = np.isnat(taken.end)
    end = (taken.end[~runs].astype("datetime64[M]") - origin).astype(int)
    present = last_month_present(course)[taken.person]
    assert (end <= present[~runs]).all() and (start <= present).all()
    assert (taken.end[~runs] >= taken.start[~runs]).all()
    assert (present[runs] == SCENARIO.n_month - 1).all()
    planned = (course.start + course.length)[taken.person]
    assert (planned[runs & first] >= SCENARIO.n_month).all()
    assert (end[first[~runs]] == np.minimum(planned, present)[~runs & first]).all()


def test_later_packages_start_two_or_three_months_after_the_first_ended():
    _, _, course, _, taken = world()
    origin = np.datetime64(SCENARIO.first_month, "M")
    later = np.flatnonzero(~taken.is_first)
    start = (taken.start[later].astype("datetime64[M]") - origin).astype(int)
    person = taken.person[later]
    gap = start - course.start[person] - course.length[person]
    assert set(gap) == {2, 3}
    assert (taken.person[later - 1] == person).all() and taken.is_first[later - 1].all()
    could = (course.start + course.length)[taken.person[taken.is_first]] < SCENARIO.n_month - 3
    share = len(later) / could.sum()
    assert 0.04 < share < 0.06


def test_nobody_takes_part_in_the_structural_package():
    made = tables()
    structural = made["packages_table"].query("kind == 'structural'")
    assert (structural[s.COORDINATION] == "coordination").all()
    assert list(structural[s.FEDERATION]) == ["North", "Second"]
    assert not made["participations_table"][s.PACKAGE_ID].isin(structural[s.PACKAGE_ID]).any()


def test_packages_are_of_the_form_and_the_federation_of_the_person():
    _, people, _, _, taken = world()
    packages = tables()["packages_table"].set_index(s.PACKAGE_ID)
    mine = packages.loc[tables()["participations_table"][s.PACKAGE_ID]]
    assert (mine[s.COORDINATION] == np.array(FORMS)[taken.form]).all()
    assert (mine[s.FEDERATION] == np.array(["North", "Second"])[people.place[taken.person]]).all()


def test_statuses_agree_with_the_states_and_the_benefits_of_their_month():
    country, people, course, layers, _ = world()
    statuses = tables()["statuses_table"]
    person = person_of(statuses)
    month = statuses[s.DATE].to_numpy().astype("datetime64[M]")
    month = (month - np.datetime64(SCENARIO.first_month, "M")).astype(int)
    state = course.state[person, month]
    does = statuses[s.OCCUPATION].to_numpy()
    for code, name in enumerate(("work", "subsidised_work", "study")):
        assert (does[state == code] == name).all()
    free = np.isin(state, SELF_SUPPORT)
    extent = statuses[s.EXTENT_PERCENT].to_numpy()
    beside = np.isin(does, ["work", "subsidised_work", "study"]) & ~free
    assert set(extent[beside]) == {"25", "50"} and (extent[does == "job_seeker"] == "").all()
    assert not (beside & (state >= 8)).any()
    book = benefits(country.code)
    named = {code for text in set(statuses[s.SUPPORT_SOURCES]) for code in text.split(";") if code}
    assert named and book.loc[sorted(named), "public_support"].all()
    assert (statuses.loc[free, s.SUPPORT_SOURCES] == "").all()


def test_the_follow_up_is_a_year_after_the_end_and_within_the_records():
    statuses = tables()["statuses_table"]
    wide = statuses.pivot(index=s.PERSON_ID, columns=s.OCCASION, values=s.DATE)
    wide = wide.dropna(subset=["follow_up"]).astype("datetime64[s]")
    assert ((wide["follow_up"] - wide["end"]).dt.days == 365).all()
    assert wide["follow_up"].max().strftime("%Y-%m") <= "2024-12"


def test_a_participant_has_at_most_three_needs_psychological_ones_with_low_frailty():
    _, people, _, _, taken = world()
    needs = tables()["needs_table"]
    number = needs.groupby(s.PERSON_ID).size()
    assert number.max() == 3
    started = taken.person[taken.is_first]
    has = np.isin(started, person_of(needs[needs[s.NEED] == "psychological"]))
    low = people.frailty[started] < 0
    error = np.sqrt(0.25 / low.sum() + 0.25 / (~low).sum())
    assert has[low].mean() - has[~low].mean() > 4 * error


def test_more_forms_of_collaboration_with_more_coordination_and_the_plan_is_one_of_them():
    taken = world()[-1]
    made = tables()
    forms, participations = made["forms_table"], made["participations_table"]
    assert set(forms[s.FORM]) == set(COLLABORATION_FORMS)
    key = [s.PERSON_ID, s.PACKAGE_ID]
    merged = participations.merge(
        forms[forms[s.FORM] == "joint_plan"][key].drop_duplicates(), on=key, indicator=True
    )
    assert (merged[s.JOINT_PLAN] == 1).any()
    assert len(forms[forms[s.FORM] == "joint_plan"]) == participations[s.JOINT_PLAN].sum()
    number = np.zeros(len(taken.person))
    position = participations.groupby(key, sort=False)[s.JOINT_PLAN].size()
    number = forms.groupby(key).size().reindex(position.index, fill_value=0) / position
    form = participations.assign(form=taken.form).drop_duplicates(key)["form"].to_numpy()
    means = [number.to_numpy()[form == code].mean() for code in range(len(FORMS))]
    assert means[0] < means[1] < means[2]


def test_forms_are_dated_within_their_participation():
    made = tables()
    key = [s.PERSON_ID, s.PACKAGE_ID]
    spans = made["participations_table"].drop_duplicates(key, keep=False)
    joined = made["forms_table"].merge(spans, on=key, suffixes=("", "_of_package"))
    assert (joined[s.START] >= joined["start_of_package"]).all()
    assert ((joined[s.START] <= joined[s.END]) | (joined[s.END] == "")).all()
