"""The made-up nation resembles published aggregates, each named with its source.

One large draw of the Swedish process. Tolerances are of two kinds: the printed range where the
source prints one, else a stated distance around the printed value of about 3.5 Monte-Carlo errors
of this draw. Shares at start and end of a package are checked where the tables are made
(test_synthetic_participation.py).

What cannot be met together: the follow-up of 2016 has 33 % in work or study at the end, that of
2017 has 31 %; 33 % is taken as the level, the six points between men and women from 2017. Seven of
ten sick-listed participants were women; here it is 56 %, because one set of hazards for women and
men cannot give that, the small difference at the end and the even split of other benefits at once.
The count of sick days is from 2018, need and coverage are from around 2000.
"""

from functools import cache

import numpy as np
import pytest

from evalkit.synthetic.countries import SWEDEN
from evalkit.synthetic.population import draw_people
from evalkit.synthetic.process import NEVER, simulate
from evalkit.synthetic.random_streams import stream
from evalkit.synthetic.scenario import (
    DISABILITY,
    SICKNESS,
    SUBSIDISED,
    TEMPORARY,
    WORK,
    Scenario,
)
from evalkit.synthetic.truth import count_need, need_shares

N = 100_000


@cache
def nation():
    scenario = Scenario()
    people = draw_people(SWEDEN, scenario, np.zeros(N, dtype=int), stream(3, "calibration people"))
    nothing = np.zeros(1), np.zeros(1, dtype=int)
    course = simulate(SWEDEN, scenario, people, *nothing, stream(3, "calibration months"))
    return scenario, people, course


def need_by_year():
    scenario, people, course = nation()
    return need_shares(count_need(SWEDEN, scenario, people, course), scenario)


def test_five_percent_of_the_population_are_in_need():
    """National estimate 5 %, local counts 3.5 to 7 % (FRISAM, final report, 2001)."""
    shares = [year["need"]["value"] for year in need_by_year().values()]
    assert all(0.035 < share < 0.07 for share in shares)
    assert np.mean(shares[1:]) == pytest.approx(0.05, abs=0.003)


def test_coverage_is_that_of_1999_and_2000():
    """1.7 to 1.9 % of the population in collaboration (FRISAM, final report, 2001)."""
    shares = [year["covered"]["value"] for year in need_by_year().values()]
    assert 0.017 < np.mean(shares[1:]) < 0.019


def test_not_all_who_are_covered_are_in_need():
    for year in need_by_year().values():
        assert 0 < year["covered_in_need"]["value"] < year["covered"]["value"]
        assert year["unmet_need"]["value"] == pytest.approx(
            year["need"]["value"] - year["covered_in_need"]["value"], abs=2e-6
        )


def test_the_sick_listed_have_been_ill_for_811_days_at_the_start():
    """Mean of participants with sickness benefit, 2018 (Swedish employment service, 2019)."""
    _, people, course = nation()
    person = np.flatnonzero(course.eligible)
    person = person[course.state[person, course.start[person]] == SICKNESS]
    earlier = np.arange(course.state.shape[1]) <= course.start[person, None]
    broken = (course.state[person] != SICKNESS) & earlier
    last = np.where(broken.any(axis=1), 59 - broken[:, ::-1].argmax(axis=1), -1)
    before = people.duration[person] * (people.state[person] == SICKNESS)
    assert people.female[person].mean() == pytest.approx(0.56, abs=0.025)
    months = course.start[person] - last + np.where(last < 0, before, 0)
    days = months * 365.25 / 12
    assert days.std() / np.sqrt(len(days)) < 13
    assert days.mean() == pytest.approx(811, abs=45)


def test_a_quarter_return_to_work_within_four_years_of_a_temporary_disability_pension():
    """Cumulative incidence 25 % at four years (Laaksonen and Gould 2014, Finland)."""
    _, _, course = nation()
    state = course.state
    entered = (state[:, 1:12] == TEMPORARY) & (state[:, :11] != TEMPORARY)
    person = np.flatnonzero(entered.any(axis=1))
    first = 1 + entered[person].argmax(axis=1)
    ahead = state[person[:, None], first[:, None] + np.arange(1, 49)]
    works = np.isin(ahead, (WORK, SUBSIDISED))
    gone = ahead >= DISABILITY
    when = np.where(works.any(axis=1), works.argmax(axis=1), NEVER)
    ended = np.where(gone.any(axis=1), gone.argmax(axis=1), NEVER)
    assert len(person) > 1000
    assert np.mean(when < ended) == pytest.approx(0.25, abs=0.035)
