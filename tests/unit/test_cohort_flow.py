import numpy as np
import pandas as pd
import pytest
from cohort_records import study

from evalkit.cohort.flow import EVENT_STEPS, first_reason, flow_steps, flow_table
from evalkit.errors import CohortError


def steps(**counts: int) -> pd.DataFrame:
    reasons = [name for name, count in counts.items() for _ in range(count)]
    return pd.DataFrame({"person_id": [str(row) for row in range(len(reasons))], "reason": reasons})


def test_every_rule_has_a_row_and_what_is_left_adds_up():
    flow = flow_table(steps(young=2, analysed=5, short=1), order=("young", "few", "short"))
    table = flow.tidy()
    assert list(table["reason"]) == ["young", "few", "short", "analysed"]
    assert list(table["step"]) == [1, 2, 3, 4]
    assert list(table["n_before"]) == [8, 6, 6, 5]
    assert list(table["n_removed"]) == [2, 0, 1, 0]
    assert list(table["n_after"]) == [6, 6, 5, 5]
    assert flow.glance().iloc[0].to_dict() == {"n_start": 8, "n_end": 5}


def test_the_door_is_told_how_many_left_and_how_many_stayed():
    flow = flow_table(steps(young=2, analysed=5), order=("young",))
    assert [list(flow.support[name]) for name in ("n", "k", "complement")] == [
        [7, 5],
        [2, 0],
        [5, 5],
    ]


def test_a_flow_without_persons_has_the_same_rows():
    table = flow_table(steps(), order=("young",)).tidy()
    assert list(table["reason"]) == ["young", "analysed"]
    assert (table[["n_before", "n_removed", "n_after"]] == 0).all(axis=None)


def test_persons_who_left_at_no_rule_are_an_error():
    with pytest.raises(CohortError, match="2 of 3 persons"):
        flow_table(steps(tall=2, analysed=1), order=("young",))


def test_a_person_leaves_at_the_first_rule_that_fails():
    failures = {"a": np.array([False, True, False]), "b": np.array([True, True, False])}
    assert list(first_reason(failures)) == ["b", "a", "analysed"]


def test_the_rules_of_a_flow_follow_from_the_study():
    assert flow_steps(study())[0] == "no_package"
    assert "other_package" not in flow_steps(study())
    assert flow_steps(study(arms={"comparison": "none"}))[1] == "other_package"
    assert flow_steps(study(outcome={"source": "events"})) == EVENT_STEPS
