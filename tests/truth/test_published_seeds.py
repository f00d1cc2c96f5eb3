"""Published numbers without public records: the arithmetic, and what made-up persons give back.

What a frame is drawn from is known, so that an estimator has to find it: over several seeds, within
3.5 errors of the mean over seeds.
"""

from fractions import Fraction

import numpy as np
import pytest
from case_cells import run_cells

import evalkit as ek
from evalkit.published import find_case, open_published, read_case, shipped_cases
from evalkit.synthetic import calibrated

CASES = [name for name in shipped_cases() if read_case(find_case(name)).kind != "real"]
# consistent, deviates, impossible; nothing of these cases may count as reproduced
COUNTS = {
    "boris": (0, 0, 3),
    "federations_2016": (11, 0, 2),
    "financing_2016": (3, 2, 1),
    "frisam_economy": (11, 1, 5),
    "frisam_need": (8, 0, 3),
    "grus": (4, 0, 3),
    "laaksonen_2014": (7, 0, 1),
    "leinonen_2019": (7, 0, 1),
    "oeyeflaten_2014": (1, 0, 4),
}
SEEDS = range(8)
ERRORS = 3.5


@pytest.fixture(scope="module", params=CASES)
def computed(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path_factory.mktemp(request.param))
        return request.param, run_cells(request.param)["verdicts"]


def test_no_number_without_public_records_counts_as_reproduced(computed):
    name, verdicts = computed
    counted = tuple(
        int(verdicts.summary[f"n_{verdict}"])
        for verdict in ("consistent", "deviates", "impossible", "reproduced", "drifted")
    )

    assert counted == (*COUNTS[name], 0, 0)


def printed(case: str, number: str) -> float:
    rows = open_published(case).numbers.set_index("number")
    return float(rows.loc[number, "value"])


MILLION = Fraction(10**6)
BY_HAND = [
    ("frisam_economy", "residual", Fraction("13.6") - Fraction("12.5")),
    ("frisam_economy", "residual_low", Fraction("13.55") - Fraction("12.75")),
    ("frisam_economy", "residual_high", Fraction("13.65") - Fraction("12.25")),
    ("frisam_economy", "gain", Fraction("13.6") * MILLION / 120),
    ("frisam_economy", "gain_low", Fraction("13.55") * MILLION / 120),
    ("frisam_economy", "gain_high", Fraction("13.65") * MILLION / 120),
    ("frisam_economy", "cost", Fraction("13.6") * MILLION / 120 / 2),
    ("frisam_economy", "share_two", Fraction(1, 4)),
    ("frisam_need", "coverage_least", 100 * Fraction("1.7") / 7),
    ("frisam_need", "coverage_most", 100 * Fraction("1.9") / Fraction("3.5")),
    ("federations_2016", "entered_low", 7633 * Fraction("0.20")),
    ("federations_2016", "entered_high", 7633 * Fraction("0.33")),
    ("federations_2016", "men_low", 100 * Fraction(2, 6)),
    ("federations_2016", "men_high", 100 * Fraction(4, 6)),
    ("financing_2016", "by_law", Fraction(339 * 2)),
    ("financing_2016", "by_blog", Fraction(339 * 3, 2)),
    ("grus", "from_return", 12 / Fraction("0.45")),
    ("leinonen_2019", "second", 2 * Fraction("8.9") - Fraction("11.8")),
    ("leinonen_2019", "third", 3 * Fraction("7.2") - 2 * Fraction("8.9")),
]


@pytest.mark.parametrize(("case", "number", "value"), BY_HAND)
def test_a_derived_number_follows_from_printed_ones(case, number, value):
    rows = open_published(case).numbers.set_index("number")
    half = rows.loc[number, "tolerance"]

    assert abs(printed(case, number) - float(value)) <= half * (1 + 1e-9)


def within_errors(found: np.ndarray, truth: float) -> bool:
    error = found.std(ddof=1) / np.sqrt(len(found))
    return bool(abs(found.mean() - truth) <= ERRORS * error)


def returns(seed: int) -> tuple[float, float, float, float]:
    frame = ek.calibrated_data("laaksonen_2014", seed=seed)
    columns = {"duration": "months", "cause": "exit", "censored": "still_on_pension"}
    sample = ek.TimeToEvent.from_frame(frame, **columns)
    fit = ek.fine_gray(sample, "employed + rehabilitation", cause="work")
    share = ek.incidence_at(sample, cause="work", horizon=48).rows["estimate"][0]
    waiting = ek.TimeToEvent.from_frame(
        frame.assign(work=frame["exit"] == "work"), duration="months", event="work"
    )
    naive = 1 - ek.kaplan_meier(waiting).rows["estimate"][-1]
    return share, *fit.rows["estimate"], naive


@pytest.fixture(scope="module")
def returned():
    return np.array([returns(seed) for seed in SEEDS])


def test_the_incidence_of_10_269_is_recovered_with_a_true_25_per_cent(returned):
    assert within_errors(returned[:, 0], 0.25)
    assert abs(returned[:, 0] - 0.25).max() < ERRORS * np.sqrt(0.25 * 0.75 / 10_269)


def test_the_ratios_of_the_returning_share_are_recovered(returned):
    assert within_errors(returned[:, 1], np.log(2.41))
    assert within_errors(returned[:, 2], np.log(2.10))


def test_one_minus_a_curve_that_censors_other_exits_does_not_recover_it(returned):
    assert returned[:, 3].min() > 1 / 3


def gains(seed: int) -> list[float]:
    panel = ek.HealthPanel.from_frame(
        ek.calibrated_data("leinonen_2019", seed=seed), person="person", wave="year",
        outcome="at_work", arm="arm", cluster="pair",
    )  # fmt: skip
    periods = (([-12], [12]), ([-24, -12], [12, 24]), ([-36, -24, -12], [12, 24, 36]))
    return [
        ek.difference_in_differences(panel, before=before, after=after).rows["estimate"][-1]
        for before, after in [*periods, ([-12], [36])]
    ]


def test_the_gains_of_growing_periods_are_recovered_and_the_third_year_alone_is_less():
    found = np.array([gains(seed) for seed in SEEDS[:5]])

    assert within_errors(found[:, 0], 11.8)
    assert within_errors(found[:, 1], 8.9)
    assert within_errors(found[:, 2], 7.2)
    assert within_errors(found[:, 3], 3.8)
    assert not within_errors(found[:, 3], 7.2)


def test_shares_in_seven_states_are_those_of_the_chain():
    months = ek.calibrated_data("oeyeflaten_2014", seed=3)
    history = ek.StateHistory.from_frame(
        months, person="person", month="month", state="state", states=calibrated.STATES
    )
    found = ek.occupation(history).tidy().query("time == 48").set_index("state")
    truth = calibrated.occupied(calibrated.monthly_moves())[48]

    apart = abs(found.loc[list(calibrated.STATES), "estimate"] - truth)
    assert (apart <= ERRORS * np.sqrt(truth * (1 - truth) / calibrated.N_PATIENTS)).all()
    assert truth.sum() == pytest.approx(1)


def test_people_move_as_often_as_is_printed():
    counts = [
        ek.calibrated_data("oeyeflaten_2014", seed=seed)
        .groupby("person")["state"].agg(lambda path: (path != path.shift()).sum() - 1).mean()
        for seed in SEEDS[:4]
    ]  # fmt: skip

    assert calibrated.expected_moves(calibrated.monthly_moves()) == pytest.approx(3.7)
    assert within_errors(np.array(counts), 3.7)


def test_twelve_people_leave_the_pay_off_time_open():
    money = ek.pay_off(
        ek.calibrated_data("grus"), design="before_after", months=12, horizon_years=3,
        beyond="hold", n_person={"programme": 12},
    ).tidy().set_index("party")  # fmt: skip

    society = money.loc["society"]
    assert society["pay_off_months"] == pytest.approx(12 / 0.45)
    assert society["pay_off_low"] < 18 and society["pay_off_high"] > 60
    assert money.loc["federation", "net"] < 0 < money.loc["region", "net"]


def test_a_seed_gives_the_same_persons_again_and_another_gives_others():
    one, same, other = (ek.calibrated_data("boris", seed=seed) for seed in (1, 1, 2))

    assert one.equals(same)
    assert not one.equals(other)


def test_an_unknown_study_names_those_that_there_are():
    with pytest.raises(ek.ParameterError, match="nobody: no calibrated data; there are boris"):
        ek.calibrated_data("nobody")
