import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import (
    AreaCount,
    HealthPanel,
    Occasions,
    Persons,
    StateHistory,
    TimeToEvent,
    group_rows,
)
from evalkit.errors import CohortError

EXITS = pd.DataFrame(
    {
        "months": [3, 5, 7],
        "since": [0, 1, 2],
        "exited": [True, False, True],
        "cause": ["work", "censored", "died"],
        "weight": [1.0, 2.0, 0.5],
        "place": ["b", "a", "b"],
        "group": ["treated", "control", "treated"],
    }
)
PANEL = pd.DataFrame({"id": ["b", "a", "a"], "month": [0, 6, 0], "score": [0.5, np.nan, 0.7]})


def exits(frame=EXITS, **options) -> TimeToEvent:
    return TimeToEvent.from_frame(frame, duration="months", **options)


def test_a_boolean_event_makes_one_cause_and_a_cause_column_several():
    assert list(exits(event="exited").code) == [1, 0, 1]
    sample = exits(cause="cause", censored="censored")
    assert sample.causes == ("died", "work")
    assert list(sample.code) == [2, 0, 1]
    ordered = exits(cause="cause", censored="censored", causes=("work", "retired", "died"))
    assert list(ordered.code) == [1, 0, 3]


def test_all_columns_stay_available_and_the_arm_gets_its_name():
    sample = exits(event="exited", arm="group", entry="since", weight="weight", cluster="place")
    assert set(EXITS.columns) | {"arm"} == set(sample.covariates.columns)
    assert list(sample.covariates["arm"]) == list(EXITS["group"])
    assert list(sample.cluster) == [1, 0, 1]
    assert sample.is_weighted and list(sample.weight) == [1.0, 2.0, 0.5]


def test_a_sample_is_frozen_and_keeps_its_own_copy():
    source = EXITS.copy()
    sample = exits(source, event="exited")
    source.loc[0, "months"] = 99
    assert sample.duration[0] == 3 and sample.covariates["months"][0] == 3
    with pytest.raises(ValueError, match="read-only"):
        sample.duration[0] = 1.0


def test_the_digest_follows_the_values():
    changed = EXITS.assign(months=[3, 5, 8])
    assert exits(event="exited").digest == exits(event="exited").digest
    assert exits(event="exited").digest != exits(changed, event="exited").digest
    assert exits(event="exited").digest != exits(event="exited", time_unit="weeks").digest


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"event": "gone"}, "no such column: event = 'gone'"),
        ({}, {}, "name either"),
        ({}, {"event": "exited", "cause": "cause"}, "name either"),
        ({}, {"cause": "cause"}, "which level means censored"),
        ({}, {"cause": "cause", "censored": "censored", "causes": ("work",)}, "1 causes are not"),
        ({"exited": [1, 2, 1]}, {"event": "exited"}, "1 of 3 rows are not"),
        ({"exited": [1.0, np.nan, 1.0]}, {"event": "exited"}, "1 of 3 rows are not"),
        ({"exited": ["1", "0", "1"]}, {"event": "exited"}, "3 of 3 rows are not"),
        ({"cause": ["work", None, "died"]}, {"cause": "cause", "censored": "x"}, "not a string"),
        (
            {"cause": ["work", ["died"], "died"]},
            {"cause": "cause", "censored": "x"},
            r"1 of 3 rows not a string \(positions 1\)",
        ),
        (
            {"cause": ["a", 1, True]},
            {"cause": "cause", "censored": "a"},
            "2 of 3 rows not a string",
        ),
        ({"months": [3, np.nan, 7]}, {"event": "exited"}, "1 of 3 rows missing or infinite"),
        ({"months": [3, -1, 7]}, {"event": "exited"}, "below 0"),
        ({"months": ["3", "1", "7"]}, {"event": "exited"}, "must be numeric"),
        ({"since": [0, 5, 2]}, {"event": "exited", "entry": "since"}, "not before the duration"),
        (
            {"place": ["a", None, "b"]},
            {"event": "exited", "cluster": "place"},
            "1 of 3 rows missing",
        ),
    ],
)
def test_what_cannot_be_read_without_guessing_is_refused(change, options, message):
    with pytest.raises(CohortError, match=message):
        exits(EXITS.assign(**change), **options)


def test_a_refusal_gives_positions_and_never_the_value():
    with pytest.raises(CohortError, match=r"positions 1") as caught:
        exits(EXITS.assign(months=[3.0, -4321.0, 7.0]), event="exited")
    assert "4321" not in str(caught.value)


@pytest.mark.parametrize("kind", ["category", "string", "object"])
def test_causes_are_coded_alike_from_every_type_of_text(kind):
    causes = pd.Series(["work", "none", "died", "work"] * 1000).astype(kind)
    frame = pd.DataFrame({"months": 1.0, "cause": causes})
    sample = TimeToEvent.from_frame(frame, duration="months", cause="cause", censored="none")
    assert sample.causes == ("died", "work") and sample.code.dtype == np.int16
    assert list(sample.code[:4]) == [2, 0, 1, 2] and list(sample.code[-4:]) == [2, 0, 1, 2]


def test_an_event_of_numbers_is_read_as_one_of_booleans():
    for values in ([1, 0, 1], [1.0, 0.0, 1.0], pd.array([True, False, True], dtype="boolean")):
        assert list(exits(EXITS.assign(exited=values), event="exited").code) == [1, 0, 1]


def test_an_index_of_the_frame_is_left_behind_and_the_frame_unchanged():
    source = EXITS.set_axis([7, 7, 9])
    sample = exits(source, event="exited", arm="group")
    assert list(sample.covariates.index) == [0, 1, 2]
    assert "arm" not in source.columns and list(source.index) == [7, 7, 9]


def test_a_sample_may_be_without_rows():
    sample = exits(EXITS.iloc[:0], cause="cause", censored="censored", causes=("work",))
    assert len(sample) == 0 and sample.groups("group")[1] == ()


def test_a_panel_is_sorted_by_person_and_wave_and_keeps_missing_scores():
    panel = HealthPanel.from_frame(PANEL, person="id", wave="month", outcome="score")
    assert list(panel.person) == [0, 0, 1] and list(panel.wave) == [0, 6, 0]
    assert np.isnan(panel.outcome[1]) and panel.name == "score"
    assert {"wave", "outcome"} <= set(panel.covariates.columns)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"month": [0, 0, 0]}, "repeated for one person"),
        ({"month": [0, 0.5, 6]}, "not a whole number"),
        ({"score": ["0.5", "1", "0"]}, "must be numeric"),
    ],
)
def test_a_panel_refuses_repeated_waves_and_parts_of_months(change, message):
    with pytest.raises(CohortError, match=message):
        HealthPanel.from_frame(PANEL.assign(**change), person="id", wave="month", outcome="score")


def test_a_history_is_the_same_from_a_matrix_and_from_a_long_frame():
    people = pd.DataFrame({"id": ["a", "b"]})
    matrix = np.array([[0, 1, 1], [1, 0, -1]])
    made = StateHistory.from_matrix(matrix, ("off", "on"), people)
    long = pd.DataFrame(
        {
            "id": ["a", "a", "a", "b", "b"],
            "month": [0, 1, 2, 0, 1],
            "state": ["off", "on", "on", "on", "off"],
        }
    )
    pivoted = StateHistory.from_frame(long, person="id", month="month", state="state")
    assert (made.state == pivoted.state).all() and made.states == pivoted.states


def test_a_history_takes_its_cluster_from_a_column():
    people = pd.DataFrame({"id": ["a", "b", "c"], "place": ["north", "south", "north"]})
    matrix = np.array([[0, 1], [1, 0], [0, 0]])
    long = people.merge(pd.DataFrame({"month": [0, 1]}), how="cross")
    long["state"] = np.where(matrix.ravel() == 1, "on", "off")

    made = StateHistory.from_matrix(matrix, ("off", "on"), people, cluster="place")
    pivoted = StateHistory.from_frame(
        long, person="id", month="month", state="state", cluster="place"
    )

    assert list(made.cluster) == list(pivoted.cluster) == [0, 1, 0]
    assert not made.cluster.flags.writeable
    assert StateHistory.from_matrix(matrix, ("off", "on"), people).cluster is None
    for make in (
        lambda name: StateHistory.from_matrix(matrix, ("off", "on"), people, cluster=name),
        lambda name: StateHistory.from_frame(
            long, person="id", month="month", state="state", cluster=name
        ),
    ):
        with pytest.raises(CohortError, match="no such column: cluster = 'area'"):
            make("area")
    blank = people.assign(place=[None, "south", "north"])
    with pytest.raises(CohortError, match="place: 1 of 3 rows missing"):
        StateHistory.from_matrix(matrix, ("off", "on"), blank, cluster="place")


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[0, -1, 1]], "observed again after a gap"),
        ([[0, 2, 1]], "not a known state"),
        ([[0, 1], [0, 1]], "one row for each person"),
    ],
)
def test_a_history_refuses_gaps_and_unknown_states(matrix, message):
    with pytest.raises(CohortError, match=message):
        StateHistory.from_matrix(np.array(matrix), ("off", "on"), pd.DataFrame({"id": ["a"]}))


def test_persons_have_one_row_each():
    frame = pd.DataFrame({"id": ["a", "b"], "group": ["x", "y"]})
    assert list(Persons.from_frame(frame, person="id", arm="group").covariates["arm"]) == ["x", "y"]
    with pytest.raises(CohortError, match="more than one row"):
        Persons.from_frame(frame.assign(id="a"), person="id")


def test_occasions_have_boolean_sources_once_for_each_person():
    frame = pd.DataFrame({"id": ["a", "a"], "at": [0, 12], "sick": [True, False]})
    taken = Occasions.from_frame(frame, person="id", occasion="at", sources=("sick",))
    assert len(taken) == 2 and list(taken.covariates["person_id"]) == ["a", "a"]
    with pytest.raises(CohortError, match="must be boolean"):
        Occasions.from_frame(
            frame.assign(sick=[1, 0]), person="id", occasion="at", sources=("sick",)
        )
    with pytest.raises(CohortError, match="repeated"):
        Occasions.from_frame(frame.assign(at=0), person="id", occasion="at", sources=("sick",))


def test_what_a_sample_shows_of_itself_has_no_rows():
    samples = [
        exits(event="exited"),
        HealthPanel.from_frame(PANEL, person="id", wave="month", outcome="score"),
        Persons.from_frame(PANEL.iloc[:2], person="id"),
    ]
    assert [repr(sample) for sample in samples] == [
        "<TimeToEvent: 3 rows, 2 events, causes event, months>",
        "<HealthPanel: 2 persons, waves 0, 6>",
        "<Persons: 2>",
    ]
    assert AreaCount(100, 3, "2024").covered == 3


def test_groups_put_the_programme_first_and_join_several_columns():
    frame = pd.DataFrame(
        {"arm": ["comparison", "programme", "programme"], "place": ["0114", "0115", "0114"]}
    )
    codes, labels = group_rows(frame, "arm")
    assert labels == ("programme", "comparison") and list(codes) == [1, 0, 0]
    codes, labels = group_rows(frame, ["place", "arm"])
    assert labels == ("0114, programme", "0114, comparison", "0115, programme")
    assert list(codes) == [1, 2, 0]
    codes, labels = group_rows(frame, None)
    assert labels == ("",) and list(codes) == [0, 0, 0]


def test_groups_follow_the_order_of_categories():
    frame = pd.DataFrame({"age": pd.Categorical(["old", "young"], categories=["young", "old"])})
    assert group_rows(frame, "age")[1] == ("young", "old")


def test_groups_of_missing_values_or_columns_are_refused():
    frame = pd.DataFrame({"arm": ["programme", None]})
    with pytest.raises(CohortError, match="1 of 2 rows missing"):
        group_rows(frame, "arm")
    with pytest.raises(CohortError, match="no such column"):
        group_rows(frame, "age")


def test_a_misspelt_level_of_censoring_is_not_taken_for_nobody_censored():
    with pytest.raises(
        CohortError, match="censored='Censored'; .*'censored', 'died', 'work'.*caus"
    ):
        exits(cause="cause", censored="Censored")
    nobody = EXITS.assign(cause=["work", "work", "died"])
    with pytest.raises(CohortError, match="if nobody was censored, give causes="):
        exits(nobody, cause="cause", censored="censored")

    named = exits(nobody, cause="cause", censored="censored", causes=("died", "work"))
    levels = pd.Categorical(nobody["cause"], categories=["censored", "died", "work"])
    by_category = exits(nobody.assign(cause=levels), cause="cause", censored="censored")
    assert list(named.code) == list(by_category.code) == [2, 2, 1]
    assert named.causes == by_category.causes == ("died", "work")


def test_an_arm_that_changes_within_a_person_is_refused():
    frame = PANEL.assign(arm=["programme", "programme", "comparison"])
    columns = {"person": "id", "wave": "month", "outcome": "score"}
    with pytest.raises(CohortError, match="arm: changes between the rows of 1 persons"):
        HealthPanel.from_frame(frame, **columns, arm="arm")
    assert len(HealthPanel.from_frame(frame, **columns)) == 3
    gap = PANEL.assign(arm=["programme", None, "comparison"])
    assert len(HealthPanel.from_frame(gap, **columns, arm="arm")) == 3


def test_a_missing_column_is_told_with_those_there_are():
    with pytest.raises(CohortError, match="outcome = 'indx'; the columns are id, month, score$"):
        HealthPanel.from_frame(PANEL, person="id", wave="month", outcome="indx")
    wide = pd.DataFrame({f"c{number:02}": [1] for number in range(13)})
    with pytest.raises(CohortError, match=r"c11, \.\.\.$"):
        TimeToEvent.from_frame(wide, duration="gone", event="c01")
