"""Key figures, financing and schemes by hand, by identities, and from simulated areas."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cohort.samples import HealthPanel, Participations
from evalkit.errors import EstimationError
from evalkit.follow_up import (
    financing,
    implied_funds,
    key_figures,
    minimum_detectable_share,
    schemes_compared,
)
from evalkit.panel import difference_in_differences

RTOL = 1e-12

# Data cut 30 June. Days count both ends: a has stayed 31 + 29 = 60 days, then 30.
BY_HAND = pd.DataFrame(
    [
        ("a", "p", "2024-01-01", "2024-02-29", "completed"),
        ("a", "p", "2024-06-01", None, None),
        ("b", "p", "2023-12-02", "2024-01-10", "work_or_study"),
        ("c", "p", "2024-03-01", "2024-03-30", "work_or_study"),
        ("d", "q", "2024-05-02", None, None),
        ("d", "p", "2023-01-01", "2023-12-31", "completed"),
        (None, "q", "2024-04-01", "2024-04-30", "interrupted"),
        ("e", "q", "2024-02-01", "2024-02-02", "felregistrering"),
    ],
    columns=["person_id", "package_id", "start", "end", "exit_reason"],
)
PACKAGES = pd.DataFrame({
    "package_id": ["p", "q"], "budget": [120_000, 30_000], "outcome": [90_000, 33_000],
    "planned_participants": [6, 4], "currency": "SEK", "price_year": 2024,
})  # fmt: skip


def by_hand(**options):
    sample = Participations.from_frame(BY_HAND, data_cut="2024-06")
    figures = key_figures(sample, period=("2024-01", "2024-06"), **options)
    return figures.tidy().pivot(index="quantity", columns="stratum", values="estimate")


def test_volume_counts_participations_and_persons():
    """In the period: a twice, b (began before), c, d in q, one anonymous; e was a mistake."""
    found = by_hand()[""]

    names = ["took_part", "started", "left", "in_package", "anonymous"]
    assert found[names].tolist() == [6, 5, 4, 2, 1]
    persons = ["took_part_persons", "started_persons", "left_persons", "in_package_persons"]
    assert found[persons].tolist() == [5, 4, 4, 2]
    assert found["left_per_start"] == float(Fraction(4, 5))
    assert found["reached_outcome"] == 2
    assert found["outcome_share"] == 100 * Fraction(2, 4)


def test_days_count_both_ends_and_running_stays_are_censored():
    """Ends after 30, 30, 40, 60 days; 30 and 60 run.

    b is seen from day 30 on, hence not at risk on day 30: 5 at risk there (two end), 2 of b and
    the two longest at 40 with 1 end: S = 3/5, 3/5 * 2/3 = 2/5 < 1/2 at 40.
    """
    found = by_hand()[""]

    assert found["mean_days_left"] == Fraction(60 + 40 + 30 + 30, 4)
    assert found["median_days"] == 40


def test_costs_divide_what_was_spent():
    found = by_hand(by="package_id", packages=PACKAGES, plan_covers="period")

    assert found.loc["cost_per_participation"].tolist() == [
        Fraction(123_000, 6), Fraction(90_000, 4), Fraction(33_000, 2),
    ]  # fmt: skip
    assert found.loc["cost_per_person", "p"] == Fraction(90_000, 3)
    assert found.loc["cost_per_outcome", "p"] == Fraction(90_000, 2)
    assert np.isnan(found.loc["cost_per_outcome", "q"])
    assert found.loc["budget_used"].tolist() == [82.0, 75.0, pytest.approx(110.0)]
    assert found.loc["fulfilment", "q"] == 50.0


def test_plans_of_a_year_are_for_the_part_of_it_in_the_period():
    found = by_hand(by="package_id", packages=PACKAGES)

    assert found.loc["planned"].tolist() == [5.0, 3.0, 2.0]
    assert found.loc["budget", "p"] == 60_000


def test_the_published_cost_per_leaver_is_only_a_division():
    """126 MSEK spent and 3 036 leavers in Västra Götaland 2012: about 41 500 kr."""
    n = 3_036
    frame = pd.DataFrame({
        "person_id": np.arange(n), "package_id": "p", "start": "2012-01-01", "end": "2012-06-30",
        "exit_reason": "completed",
    })  # fmt: skip
    packages = pd.DataFrame({"package_id": ["p"], "budget": [144e6], "outcome": [126e6],
                             "currency": "SEK"})  # fmt: skip

    sample = Participations.from_frame(frame, data_cut="2012-12")
    found = key_figures(sample, period=2012, packages=packages).tidy().set_index("quantity")

    assert found.loc["cost_per_leaver", "estimate"] == pytest.approx(126e6 / 3_036, rel=RTOL)
    assert round(found.loc["cost_per_leaver", "estimate"], -2) == 41_500


@st.composite
def participations(draw):
    n = draw(st.integers(1, 25))
    start = draw(st.lists(st.integers(0, 500), min_size=n, max_size=n))
    length = draw(st.lists(st.integers(0, 400), min_size=n, max_size=n))
    frame = pd.DataFrame({
        "person_id": draw(st.lists(st.sampled_from([*"abcdefgh", None]), min_size=n, max_size=n)),
        "package_id": draw(st.lists(st.sampled_from("pqr"), min_size=n, max_size=n)),
        "start": pd.Timestamp("2023-01-01") + pd.to_timedelta(start, "D"),
        "exit_reason": draw(st.lists(st.sampled_from(["work_or_study", "completed", None]),
                                     min_size=n, max_size=n)),
    })  # fmt: skip
    end = frame["start"] + pd.to_timedelta(length, "D")
    frame["end"] = end.where(np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))))
    twice = frame.duplicated(["person_id", "package_id", "start"]) & frame["person_id"].notna()
    return frame[~twice]


@settings(max_examples=60, deadline=None)
@given(participations())
def test_identities_of_counts_hold_in_every_stratum(frame):
    sample = Participations.from_frame(frame, data_cut="2024-06")
    try:
        rows = key_figures(sample, by="package_id", period=("2023-06", "2024-03")).tidy()
    except EstimationError:
        return
    table = rows.pivot(index="stratum", columns="quantity", values="estimate")

    assert (table["took_part"] == table["left"] + table["in_package"]).all()
    assert (table["started"] <= table["took_part"]).all()
    adding = ["took_part", "started", "left", "in_package", "reached_outcome", "anonymous"]
    assert (table.loc[table.index != "", adding].sum() == table.loc["", adding]).all()
    for name in ("took_part", "started", "left", "in_package"):
        assert (table[f"{name}_persons"] <= table[name]).all()
    parts = table.loc[table.index != "", "took_part_persons"]
    assert parts.max() <= table.loc["", "took_part_persons"] <= parts.sum()


def test_both_readings_of_the_national_funds():
    """339 MSEK from the state in 2016: 678 by law, 508.5 if a quarter is of the state's share."""
    found = implied_funds(339).set_index(["reading", "financier"])["amount"]

    assert found["law", "all"] == 339 / Fraction(1, 2)
    assert found["law", "region"] == found["law", "municipality"] == Fraction(678, 4)
    assert found["of_state", "all"] == 339 * (1 + Fraction(1, 4) + Fraction(1, 4))
    assert found["of_state", "social_insurance"] == found["law", "social_insurance"] == 339


def test_funds_as_the_law_has_them_deviate_by_nothing():
    amounts = implied_funds(339).query("reading == 'law' and financier != 'all'")
    table = pd.DataFrame({
        "federation": "all", "year": 2016, "financier": amounts["financier"], "kind": "funds",
        "budget": amounts["amount"], "outcome": amounts["amount"], "currency": "SEK",
    })  # fmt: skip

    rows = financing(table, country="SE").tidy()

    assert rows["deviation_points"].abs().max() < 1e-12
    assert rows["deviation"].abs().max() < 1e-9


def areas(change, n_other):
    n = len(change)
    return pd.DataFrame({
        "area": np.repeat(np.arange(n), 2), "period": [0, 1] * n,
        "scheme": np.repeat(["programme"] * n_other + ["comparison"] * (n - n_other), 2),
        "outcome": np.column_stack([np.full(n, 30.0), 30.0 + np.array(change)]).ravel(),
    })  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-30, 30), min_size=6, max_size=15).filter(lambda d: len(set(d)) > 2))
def test_two_schemes_are_the_panel_room_s_difference_in_differences(change):
    """The same numbers as a panel whose persons are the areas, with the same few-cluster t."""
    frame = areas([value / 10 for value in change], 3)
    panel = HealthPanel.from_frame(frame, person="area", wave="period", outcome="outcome",
                                   arm="scheme")  # fmt: skip

    mine = schemes_compared(frame, before=[0], after=[1], reference="comparison", p_value="t")
    other = difference_in_differences(panel, method="two_by_two")

    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(mine.tidy()[columns], other.tidy()[columns], rtol=1e-9, atol=1e-12)


def test_the_system_effect_is_coverage_times_the_effect_on_each():
    """1.8 per cent take part: 20 points on each are 0.36 on the area."""
    found = minimum_detectable_share(coverage=[0.018, 0.5], effect=[20, 60], std_error=0.5).tidy()

    assert found["system_effect"].tolist() == pytest.approx([0.36, 1.08, 10.0, 30.0], rel=RTOL)
    # Normal: 1.959964 + 0.841621 errors of 0.5 points; a millionth less for the other tail.
    assert found["detectable_system"].tolist() == pytest.approx([1.4007926] * 4, rel=2e-6)
    assert found["detectable_effect"].iloc[0] == pytest.approx(1.4007926 / 0.018, rel=2e-6)
    assert found["detected"].tolist() == ["no", "no", "yes", "yes"]


def test_no_effect_can_be_seen_where_even_the_largest_is_too_small():
    found = minimum_detectable_share(coverage=[0.01, 0.02], effect=50, std_error=0.5).tidy()

    assert found["detected"].tolist() == ["never", "no"]


def test_an_effect_of_the_detectable_size_is_seen_as_often_as_said():
    """12 areas, each a change of its own with deviation 1; 4 000 repetitions, z of 3.5."""
    rng, n_area, n_run = np.random.default_rng(20261), 12, 4_000
    is_other = np.arange(n_area) < 6
    df = n_area - 2  # with the true deviation in the error and the pooled one in the test
    error = np.sqrt(1 / 6 + 1 / 6)
    asked = minimum_detectable_share(coverage=0.1, effect=1, std_error=error, df=df)
    effect = float(asked.tidy()["detectable_system"].iloc[0])
    d = rng.normal(size=(n_run, n_area)) + effect * is_other

    mean = d[:, is_other].mean(axis=1) - d[:, ~is_other].mean(axis=1)
    rest = np.where(is_other, d - d[:, is_other].mean(axis=1)[:, None],
                    d - d[:, ~is_other].mean(axis=1)[:, None])  # fmt: skip
    pooled = np.sqrt((rest**2).sum(axis=1) / (n_area - 2) * (1 / 6 + 1 / 6))
    seen = np.mean(np.abs(mean / pooled) > 2.2281388519649385)  # t(10), 0.975

    tolerance = 3.5 * np.sqrt(0.8 * 0.2 / n_run)
    assert abs(seen - 0.8) < tolerance
    # A planted twin: half of that effect is seen far less often.
    assert abs(float(np.mean(np.abs((mean - effect / 2) / pooled) > 2.228)) - 0.8) > 2 * tolerance


def test_the_difference_of_schemes_recovers_the_effect_times_coverage():
    """40 areas, a tenth of each takes part and gains 30 points: 3 points more than the others."""
    rng, n_run, n_area = np.random.default_rng(7), 100, 40
    found = []
    for _ in range(n_run):
        change = rng.normal(1.0, 1.5, n_area) + np.where(np.arange(n_area) < 20, 0.1 * 30, 0.0)
        frame = areas(change, 20)
        row = schemes_compared(frame, before=[0], after=[1], reference="comparison").tidy()
        found.append(row["estimate"].iloc[2])
    tolerance = 3.5 * np.std(found, ddof=1) / np.sqrt(n_run)

    assert abs(np.mean(found) - 3.0) < tolerance
    assert abs(np.mean(found) - 3.0 - 2 * tolerance) > tolerance
