import numpy as np
import pandas as pd
import pytest
from cohort_records import MUNICIPALITIES, frame, study, tables

from evalkit.cohort import build_cohort, health_panel, open_samples, part_of
from evalkit.cohort.open import SOURCES
from evalkit.errors import CohortError

AFTER = {"a": "SSS...SSSSSS", "b": "SSSSSSSSSSSS", "c": "SSOOOOOOOOOO", "d": "S..........."}
PACKAGE = {"a": "joint", "b": "info", "c": "coord", "d": "info"}
PLACE = {"a": "0114", "b": "0114", "c": "0115", "d": "0115"}
HEALTH = {"instrument": "EQ-5D-5L", "value_set": "SE-2020-TTO"}


def protocol(**changes):
    return study(health=HEALTH, **changes)


def built():
    given = tables({
        name: {"layers": ("S" * 12 + after, "A" * 13), "start": "2021-01-20",
               "package": PACKAGE[name], "municipality": PLACE[name], "birth_year": 1970}
        for name, after in AFTER.items()
    })  # fmt: skip
    given["municipality_years"] = frame("municipality_years", [
        {"municipality": code, "year": 2021, "population_working_age": 1000}
        for code in MUNICIPALITIES["municipality"]
    ])  # fmt: skip
    given["health"] = frame("health", [
        {"person_id": name, "occasion": wave, "instrument": "EQ-5D-5L", "item": item, "value": 2}
        for name in AFTER for wave in ("0", "6") for item in ("mo", "sc", "ua", "pd", "ad")
    ])  # fmt: skip
    return build_cohort(given, protocol())


def scores(persons="abcd"):
    return pd.DataFrame(
        [(name, wave, 0.5) for name in persons for wave in (0, 6)],
        columns=["person_id", "wave", "outcome"],
    )


def test_exits_have_the_causes_of_the_study_in_its_order():
    sample = open_samples(built(), protocol()).exits
    assert sample.causes == (
        "self_support", "died", "emigrated", "disability_pension", "old_age_pension",
    )  # fmt: skip
    assert list(sample.code) == [1, 0, 5, 1]
    assert list(sample.duration) == [3, 9, 2, 1]
    assert list(sample.covariates["arm"]) == ["programme", "comparison", "programme", "comparison"]
    assert sample.time_unit == "months" and sample.cluster is None
    assert open_samples(built(), protocol()).states.cluster is None


def test_a_cluster_is_the_column_that_is_named_or_that_of_the_study():
    named = open_samples(built(), protocol(), cluster="municipality")
    of_study = open_samples(built(), protocol(cluster="person_id"))
    assert list(named.exits.cluster) == list(named.states.cluster) == [0, 0, 1, 1]
    assert list(of_study.exits.cluster) == list(of_study.states.cluster) == [0, 1, 2, 3]


def test_all_samples_are_about_the_same_persons():
    unit = open_samples(built(), protocol(), scores=scores())
    assert len(unit.exits) == len(unit.states) == len(unit.people) == 4
    assert list(unit.states.covariates["person_id"]) == list(AFTER)
    assert unit.occasions.sources == tuple(SOURCES)
    assert len(unit.health) == len(unit.answers) == 8
    assert unit.flow.glance()["n_end"][0] == 4
    # Two of the four got information only, which is the comparison and no coverage.
    assert (unit.area.population, unit.area.covered, unit.area.period) == (3000, 2, "2021")


def test_a_unit_has_its_own_rows_in_every_sample():
    unit = open_samples(part_of(built(), ["0115"]), protocol(), scores=scores())
    assert list(unit.people.covariates["person_id"]) == ["c", "d"]
    assert list(unit.exits.duration) == [2, 1]
    assert sorted(set(unit.health.covariates["person_id"])) == ["c", "d"]
    assert unit.area.population == 1000 and unit.flow.glance()["n_start"][0] == 2


def test_a_unit_without_persons_opens_empty():
    unit = open_samples(part_of(built(), ["0116"]), protocol(), scores=scores())
    assert len(unit.exits) == len(unit.people) == len(unit.health) == 0
    assert len(unit.states) == len(unit.occasions) == 0
    assert unit.exits.causes[0] == "self_support"
    assert unit.flow.glance()["n_end"][0] == 0 and unit.area.covered == 0


def test_a_health_panel_knows_what_persons_were_like_at_start():
    panel = health_panel(scores("ab"), built())
    assert list(panel.covariates["age"]) == [51] * 4
    assert set(panel.covariates["arm"]) == {"programme", "comparison"}
    assert "time" not in panel.covariates and "cause" not in panel.covariates


def test_scores_need_their_columns_and_one_row_a_wave():
    with pytest.raises(CohortError, match="scores: no such column: outcome"):
        health_panel(scores().drop(columns="outcome"), built())
    with pytest.raises(CohortError, match="repeated for one person"):
        health_panel(pd.concat([scores(), scores()]), built())


def test_states_in_another_order_than_people_are_refused():
    made = built()
    turned = type(made)(**{
        **{name: getattr(made, name) for name in made.__slots__},
        "states": made.states.iloc[::-1].reset_index(drop=True),
    })  # fmt: skip
    with pytest.raises(CohortError, match="4 rows are not in the order of people"):
        open_samples(turned, protocol())


def test_months_that_nobody_of_a_unit_reaches_are_left_out():
    made = built()
    wider = made.states.assign(m012=np.int8(-1), m013=np.int8(-1))
    turned = type(made)(**{
        **{name: getattr(made, name) for name in made.__slots__}, "states": wider,
    })  # fmt: skip
    assert open_samples(turned, protocol()).states.state.shape == (4, 12)


def test_an_events_study_keeps_its_unit_and_its_entry():
    events = frame("events", [
        {"person_id": "a", "arm": "programme", "entry": 2, "time": 12.5, "cause": "linked"},
        {"person_id": "b", "arm": "comparison", "entry": 0, "time": 365, "cause": "censored"},
    ])  # fmt: skip
    trial = study(
        country="other", outcome={"source": "events", "cause": "linked", "time_unit": "days"},
        arms={"comparison": "given"}, competing=[],
    )  # fmt: skip
    unit = open_samples(build_cohort({"events": events}, trial), trial)
    assert unit.exits.causes == ("linked",) and unit.exits.time_unit == "days"
    assert list(unit.exits.entry) == [2, 0]
    assert unit.states is None and unit.occasions is None and unit.area is None
    assert list(unit.flow.tidy()["reason"]) == ["no_arm", "no_outcome", "analysed"]
