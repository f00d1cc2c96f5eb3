import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.eligibility import bridge, exclusions, long_support, payers


def history(*pictures: str) -> np.ndarray:
    return np.array([list(picture) for picture in pictures]) == "S"


@pytest.mark.parametrize(
    ("picture", "eligible"),
    [
        ("SSSSS", True),
        ("SS.SS", True),  # a break of one month is bridged
        ("S.S.S", True),  # and so is every other one
        ("S..SS", False),  # two months are not
        ("SSSS.", False),  # nothing earlier than the index month bridges the last one
        ("S.SSS", True),  # the break is the first month of the window, support before it
        (".SSSS", True),  # the month before the window is not asked for
        ("..SSS", False),
    ],
)
def test_support_in_each_of_the_last_four_months_with_short_breaks_bridged(picture, eligible):
    assert long_support(history(picture), 4)[0] == eligible


def test_bridging_leaves_the_history_itself_unchanged():
    before = history("S.SS")
    bridge(before)
    assert (before == history("S.SS")).all()


def test_payers_are_counted_once_within_the_window_and_for_public_support_only():
    spells = pd.DataFrame(
        [
            (0, -12, -12, "insurance", True),
            (0, -3, 4, "insurance", True),
            (0, -1, -1, "municipality", True),
            (0, 0, 3, "fund", True),  # starts in the index month
            (0, -30, -13, "service", True),  # ended before the window
            (1, -5, -5, "insurance", True),
            (1, -5, -5, "employer", False),  # no public support
        ],
        columns=["row", "first", "last", "actor", "public_support"],
    )
    assert list(payers(spells, 3, 12)) == [2, 1, 0]
    assert list(payers(spells, 3, 13)) == [3, 1, 0]


def excluded(**changes) -> dict[str, bool]:
    given = {
        "age": np.array([40.0]),
        "ages": (16, 64),
        "gone": np.array([10]),
        "history": history("SSSSSSSSSSSSSS"),
        "at_start": np.array([True]),
        "payer": np.array([2]),
        "months_of_support": 12,
        "min_actors": 2,
        **changes,
    }
    return {name: bool(failed[0]) for name, failed in exclusions(**given).items()}


def failing(**changes) -> list[str]:
    return [name for name, failed in excluded(**changes).items() if failed]


def test_who_satisfies_every_rule_is_not_excluded():
    assert failing() == []
    assert failing(age=np.array([16.0])) == failing(age=np.array([64.0])) == []


def test_each_rule_excludes_by_itself():
    assert failing(age=np.array([15.0])) == ["outside_ages"]
    assert failing(age=np.array([65.0])) == ["outside_ages"]
    assert failing(age=np.array([np.nan])) == ["outside_ages"]
    assert failing(gone=np.array([0])) == ["left_before_start"]
    assert failing(gone=np.array([1])) == []
    assert failing(at_start=np.array([False])) == ["not_on_support"]
    assert failing(history=history("SSSSSSSSSSS..S")) == ["too_short_support"]
    assert failing(history=history("SSSSSSSSSSSSS.")) == ["not_on_support", "too_short_support"]
    assert failing(payer=np.array([1])) == ["too_few_actors"]
    assert failing(payer=np.array([1]), min_actors=1) == []
