"""The rule of a sustained exit on month histories drawn by hand.

Position 0 is the index month. S support, . free of support, P parental benefit, B support and
parental benefit, D permanent disability pension, O old-age pension, E emigrated, X died. The last
letter is the last month that the records cover.
"""

import numpy as np
import pytest

from evalkit.cohort.exits import sustained_exit
from evalkit.cohort.months import NEVER
from evalkit.errors import CohortError

ABSORBING = {"X": "died", "E": "emigrated", "D": "disability_pension", "O": "old_age_pension"}


def drawn(*pictures: str, **options):
    """Matrices of the pictures, and the exits that the rule finds in them."""
    width = max(len(picture) for picture in pictures)
    letters = np.array([list(picture.ljust(width, "?")) for picture in pictures])
    absorbed = {
        name: np.array([picture.find(letter) for picture in pictures])
        for letter, name in ABSORBING.items()
    }
    return sustained_exit(
        np.isin(letters, ["S", "B", "D"]),
        np.isin(letters, ["P", "B"]),
        {name: np.where(month < 0, NEVER, month) for name, month in absorbed.items()},
        last=np.array([len(picture) - 1 for picture in pictures]),
        **options,
    )


def outcome(picture: str, **options) -> tuple[int, str]:
    found = drawn(picture, **options)
    return int(found.duration[0]), str(found.cause[0])


@pytest.mark.parametrize(
    ("picture", "time", "cause"),
    [
        ("SSS...S.S", 3, "self_support"),  # relapse after the exit changes nothing
        ("SS..S...S", 5, "self_support"),  # two free months are not three
        ("SSSSSS...", 6, "self_support"),  # the third free month is the last of the records
        ("SSSSSSS..", 6, "censored"),  # a run that starts after the common end
        ("SSS.S.S..", 6, "censored"),
        ("....SSSSS", 1, "self_support"),  # the first possible exit is at 1
        ("...SSSSSS", 6, "censored"),  # the index month does not count towards a run
        ("SS...XXXX", 2, "self_support"),  # died after the run was complete
        ("SS..XXXXX", 4, "died"),  # died within the run
        ("SS..DDDDD", 4, "disability_pension"),
        ("SS..EEEEE", 4, "emigrated"),
        ("SSOOOOOOO", 2, "old_age_pension"),  # months of old-age pension are no run
        ("SSSSSSXXX", 6, "died"),  # in the last month of follow-up
        ("SSSSSSSXX", 6, "censored"),  # after it
        ("SOOOOOXXX", 1, "old_age_pension"),  # the first of two
        ("SSSSSSSSS", 6, "censored"),
    ],
)
def test_three_months_without_support_make_an_exit_dated_at_the_first(picture, time, cause):
    assert outcome(picture, k=3) == (time, cause)


@pytest.mark.parametrize(
    ("picture", "rule", "time", "cause"),
    [
        ("SS.PP..SS", "neutral", 2, "self_support"),  # free at 2, 5, 6: one run
        ("SS.PP..SS", "none", 2, "self_support"),  # free at 2, 3, 4
        ("SS.PP..SS", "support", 6, "censored"),  # free at 2, and at 5 and 6
        ("SPP...SSS", "neutral", 3, "self_support"),  # parental months do not start a run
        ("SPP...SSS", "none", 1, "self_support"),
        ("SPP...SSS", "support", 3, "self_support"),
        ("SS..PS...", "neutral", 6, "self_support"),  # support after parental months breaks
        ("SS.PB..SS", "neutral", 6, "censored"),  # support beside parental benefit breaks
        ("SS.PB..SS", "none", 6, "censored"),
        ("SSSSSS.P.", "neutral", 6, "censored"),  # not complete at the end of the records
        ("SSSSSS.P.", "none", 6, "self_support"),
        ("SS.PPXXXX", "neutral", 5, "died"),
    ],
)
def test_parental_months_are_neutral_free_or_support(picture, rule, time, cause):
    assert outcome(picture, k=3, parental_rule=rule) == (time, cause)


@pytest.mark.parametrize(
    ("picture", "k", "time", "cause"),
    [
        ("S.SSS", 1, 1, "self_support"),
        ("SSSS.", 1, 4, "self_support"),  # one month needs no confirmation
        ("SSSSS", 1, 4, "censored"),
        ("S.S..S...S....SSSSSS", 2, 3, "self_support"),
        ("S.S..S...S....SSSSSS", 3, 6, "self_support"),
        ("S.S..S...S....SSSSSS", 4, 10, "self_support"),
        ("S.S..S...S....SSSSSS", 5, 15, "censored"),
        ("SS..", 6, -2, "censored"),  # too short a record: nothing at risk
    ],
)
def test_the_length_decides_which_run_is_an_exit(picture, k, time, cause):
    assert outcome(picture, k=k) == (time, cause)


@pytest.mark.parametrize(
    ("picture", "time", "cause"),
    [
        ("SSS...SSS", 5, "self_support"),
        ("SSSSSS...", 8, "self_support"),
        ("SSSSSSS..", 8, "censored"),
        ("SS..XXXXX", 4, "died"),
        ("SSSSSSSSX", 8, "died"),  # follow-up lasts to the data cut
        ("SS.PP..SS", 6, "self_support"),
    ],
)
def test_confirmed_dating_takes_the_third_month_and_follows_to_the_data_cut(picture, time, cause):
    assert outcome(picture, k=3, dating="confirmed") == (time, cause)


def test_all_lengths_of_one_figure_share_the_end_of_the_longest():
    shared = np.array([8 - (6 - 1)])
    assert outcome("SSS...SSS", k=3, end=shared) == (3, "self_support")
    assert outcome("SSSS...SS", k=3, end=shared) == (3, "censored")
    assert outcome("SSS...XXX", k=3, end=shared) == (3, "self_support")
    assert outcome("SSSSXXXXX", k=3, end=shared) == (3, "censored")


def test_within_a_month_the_state_named_first_goes_first():
    support = np.array([[True, True, False, False, False, False]] * 2)
    months = np.array([3, 3]), np.array([3, 2])
    absorbed = dict(zip(("died", "old_age_pension"), months, strict=True))
    found = sustained_exit(support, ~support & False, absorbed, k=2, last=np.array([5, 5]))
    assert list(found.cause) == ["died", "old_age_pension"]
    assert list(found.duration) == [3, 2]


def test_persons_do_not_change_each_other():
    pictures = ["SS...XXXX", "SSSSSSSSSSSSSS", "S..", "SS.PP..SS", "OOOO", "...........S"]
    together = drawn(*pictures, k=3)
    alone = [outcome(picture, k=3) for picture in pictures]
    assert list(zip(together.duration, together.cause, strict=True)) == alone


def test_a_later_end_than_can_be_confirmed_is_refused():
    with pytest.raises(CohortError, match="1 of 1 persons"):
        outcome("SSS...SSS", k=3, end=np.array([7]))
    assert outcome("SSS...SSS", k=3, end=np.array([6])) == (3, "self_support")


def test_a_run_of_no_months_is_refused():
    with pytest.raises(CohortError, match="at least 1 month"):
        outcome("SSS", k=0)
