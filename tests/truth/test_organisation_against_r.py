"""Key figures, areas and schemes against R: tests/truth/r/organisation.R wrote organisation.csv."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import Participations
from evalkit.errors import SmallSampleWarning
from evalkit.follow_up import (
    key_figures,
    minimum_detectable_share,
    schemes_compared,
    service_index,
    service_outcome_link,
    service_profile,
)
from evalkit.follow_up.days import median_days

TABLE = pd.read_csv(Path(__file__).parent / "r" / "organisation.csv", skipinitialspace=True)
VALUE = TABLE.set_index(["topic", "name"])["value"]
DAYS = np.array([12, 40, 40, 75, 90, 90, 120, 200, 200, 210, 260, 300, 340, 365, 15, 33.0])
ENDED = np.array([1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 0], dtype=bool)
ENTRY = np.array([0, 0, 10, 30, 0, 50, 0, 0, 60, 100, 0, 0, 200, 0, 5, 0.0])
RTOL_R = 1e-12
RTOL_SOLVER = 1e-9  # R's uniroot stops at 1e-12 of a size near 3


@pytest.mark.parametrize(("name", "keep"), [("late", ENTRY >= 0), ("whole", ENTRY == 0)])
def test_the_median_of_days_is_that_of_survfit(name, keep):
    found = median_days(DAYS[keep], ENDED[keep], ENTRY[keep], conf_level=0.95)

    expected = [VALUE["days", f"{name}_{part}"] for part in ("median", "low", "high")]
    np.testing.assert_equal([found.estimate, found.low, found.high], expected)


def test_key_figures_take_the_same_days_from_dates():
    last, first = pd.Timestamp("2024-12-31"), pd.Timestamp("2024-01-01")
    keep = ENTRY == 0
    length = pd.Series(pd.to_timedelta(DAYS - 1, "D"))
    start = (last - length).mask(ENDED, first)
    frame = pd.DataFrame({
        "person_id": np.arange(16), "package_id": "p", "start": start,
        "end": (start + length).where(ENDED), "exit_reason": None,
    })[keep]  # fmt: skip

    sample = Participations.from_frame(frame, data_cut="2024-12")
    row = key_figures(sample).tidy().set_index("quantity").loc["median_days"]

    assert row["estimate"] == VALUE["days", "whole_median"]
    assert row["conf_low"] == VALUE["days", "whole_low"]
    assert np.isnan(row["conf_high"])


def index_of(values):
    """An index with these values: of a hundred services so many exist."""
    rows = [(f"{place}", f"s{number}", "yes" if number < value else "no")
            for place, value in enumerate(values) for number in range(100)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["municipality", "service", "availability"])
    return service_index(service_profile(frame.assign(target_group="all", coordination=None)))


def test_the_link_of_areas_is_that_of_cor_test_and_lm():
    outcomes = pd.DataFrame(
        {"municipality": [str(n) for n in range(6)], "estimate": [20.5, 31, 25, 40, 38, 22]}
    )

    with pytest.warns(SmallSampleWarning, match="6 municipalities"):
        link = service_outcome_link(index_of([33, 50, 67, 89, 100, 20]), outcomes)

    rows = link.tidy().set_index("quantity")
    found = [*rows.loc["spearman", ["estimate", "p_value"]],
             *rows.loc["slope", ["estimate", "std_error", "conf_low", "conf_high"]]]  # fmt: skip
    names = ["spearman", "spearman_p", "slope", "slope_error", "slope_low", "slope_high"]
    np.testing.assert_allclose(found, [VALUE["link", name] for name in names], rtol=RTOL_R)


def changes(change, other):
    n = len(change)
    return pd.DataFrame({
        "area": np.repeat(np.arange(n), 2), "period": [0, 1] * n,
        "scheme": np.repeat(np.where(other, "SOCSAM", "FRISAM"), 2),
        "outcome": np.column_stack([np.full(n, 20.0), 20.0 + np.array(change)]).ravel(),
    })  # fmt: skip


@pytest.mark.parametrize("p_value", ["t", "permutation"])
def test_two_schemes_are_least_squares_with_clustered_errors(p_value):
    frame = changes([1, 2, 0, 4, 3, 2, 0.5, 2.5], [0, 0, 0, 1, 1, 1, 0, 1])

    found = schemes_compared(frame, before=[0], after=[1], reference="FRISAM", p_value=p_value)

    row = found.tidy().iloc[2]
    names = ["estimate", "error", "high", f"p_{p_value}"]
    np.testing.assert_allclose(
        row[["estimate", "std_error", "conf_high", "p_value"]].astype(float),
        [VALUE["schemes", name] for name in names],
        rtol=RTOL_R,
    )


@pytest.mark.parametrize("df", [5, 13, 40])
def test_the_detectable_effect_is_the_noncentral_one(df):
    found = minimum_detectable_share(coverage=0.5, effect=2, std_error=0.5, df=df).tidy().iloc[0]

    assert found["detectable_system"] == pytest.approx(
        0.5 * VALUE["detectable", f"size_{df}"], rel=RTOL_SOLVER
    )
    assert found["power"] == pytest.approx(VALUE["detectable", f"power_2_{df}"], rel=RTOL_SOLVER)
