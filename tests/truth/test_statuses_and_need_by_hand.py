"""Statuses, transitions, benefits and need of areas: by hand, as fractions; published numbers."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import BenefitSpells, Persons, Statuses, TargetGroup
from evalkit.cohort.target_group import target_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up import (
    area_context,
    benefit_change,
    benefit_vector,
    full_year_equivalents,
    margin_bounds,
    need_by_area,
    need_steps,
    register_need,
    started_or_increased,
    status_change,
    support_after,
    support_measure,
    support_totals,
    transitions,
)

# person, occupation before and after, sources before and after; None after: still in.
SIX = (
    ("a", "other", "work", "sick;aid", ""),
    ("b", "other", "other", "sick", "sick"),
    ("c", "job_seeker", "study", "aid", "aid"),
    ("d", "work", "work", "aid", ""),
    ("e", "work", "job_seeker", "sick;aid", "aid"),
    ("f", "other", None, "aid", None),
)


def six(extents=None) -> Statuses:
    rows = []
    for person, before, after, first, second in SIX:
        rows.append((person, "start", before, first))
        if after is not None:
            rows.append((person, "end", after, second))
    frame = pd.DataFrame(
        rows, columns=["person_id", "occasion", "occupation", "support_sources"]
    ).assign(package_id="p", extent_percent=np.nan)
    for (person, occasion), extent in (extents or {}).items():
        here = (frame["person_id"] == person) & (frame["occasion"] == occasion)
        frame.loc[here, "extent_percent"] = extent
    return Statuses.from_frame(frame, date=None)


def row_of(result, **keys) -> pd.Series:
    frame = result.tidy()
    for name, value in keys.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_work_or_study_of_five_leavers_and_one_still_in():
    row = row_of(status_change(six()), category="work_or_study")

    assert (row["n_start"], row["n_leaver"], row["n_still_in"]) == (6, 5, 1)
    assert row["share_before"] == float(Fraction(2, 5))
    assert row["share_after"] == float(Fraction(3, 5))
    assert row["change_n"] == 1
    assert row["change"] == pytest.approx(float(100 * Fraction(1, 5)))
    assert row["change_percent"] == pytest.approx(float(100 * Fraction(1, 2)))
    assert (row["n_entered"], row["n_left"]) == (2, 1)
    assert row["p_value"] == 1.0


def test_bounds_over_all_starters_leave_the_one_still_in_open():
    row = row_of(status_change(six()), category="work_or_study")

    assert row["bound_low"] == float(Fraction(3, 6))
    assert row["bound_high"] == float(Fraction(4, 6))


def test_unit_of_the_change_is_always_stored():
    units = set(status_change(six()).tidy()["unit"])

    assert units == {"persons; percentage points; per cent of the share before"}


def test_any_support_is_support_by_any_source():
    row = row_of(status_change(six()), category="any_support")

    assert (row["n_before"], row["n_after"]) == (5, 3)


def test_occupations_before_add_up_to_all_leavers():
    rows = status_change(six()).tidy()
    parts = rows[(rows["measure"] == "occupation") & (rows["category"] != "work_or_study")]

    assert parts["n_before"].sum() == 5
    assert parts["n_after"].sum() == 5
    assert parts["n_entered"].sum() == parts["n_left"].sum() == 3


def test_transitions_count_each_leaver_once():
    table = transitions(six()).tidy().pivot(index="before", columns="after", values="n")

    assert table.loc["other", "work"] == 1
    assert table.loc["other", "other"] == 1
    assert table.loc["work", "job_seeker"] == 1
    assert table.loc["all", "all"] == 5
    assert table.loc["all", "work"] == 2


def test_share_of_those_with_the_state_before():
    row = row_of(transitions(six()), before="other", after="work")

    assert row["share_of_before"] == float(Fraction(1, 2))
    assert row["share"] == float(Fraction(1, 5))


def test_the_main_source_is_the_first_of_the_order():
    by_sick = transitions(six(), measure="support", order=["sick", "aid"])
    by_aid = transitions(six(), measure="support", order=["aid", "sick"])

    assert row_of(by_sick, before="sick", after="all")["n"] == 3
    assert row_of(by_aid, before="sick", after="all")["n"] == 1
    assert row_of(by_sick, before="all", after="none")["n"] == 2


def test_a_main_source_needs_an_order_of_all_sources():
    with pytest.raises(ParameterError, match="There are aid, sick"):
        transitions(six(), measure="support")
    with pytest.raises(ParameterError, match="leaves out the sources sick"):
        transitions(six(), measure="support", order=["aid"])


def test_support_given_support_counts_every_source():
    table = support_after(six())

    assert row_of(table, before="sick", after="all")["n"] == 3
    assert row_of(table, before="sick", after="aid")["share_of_before"] == float(Fraction(1, 3))
    assert row_of(table, before="aid", after="none")["share_of_before"] == float(Fraction(2, 4))
    assert not table.summary["exclusive"]


def test_who_began_and_who_does_more():
    extents = {("d", "start"): 25, ("d", "end"): 50, ("a", "end"): 100, ("c", "end"): 50}
    shares = started_or_increased(six(extents))

    counts = shares.tidy().set_index("quantity")["n"]
    assert counts[["work_or_study", "not_work_or_study"]].tolist() == [3, 2]
    assert counts[["started", "increased", "started_or_increased"]].tolist() == [2, 1, 3]


def test_an_unknown_extent_is_neither_more_nor_less():
    counts = started_or_increased(six({("d", "start"): 25})).tidy().set_index("quantity")["n"]

    assert counts[["increased", "unchanged", "decreased", "extent_unknown"]].tolist() == [
        0,
        0,
        0,
        1,
    ]


def test_quantities_of_those_in_work_or_study_add_up():
    counts = started_or_increased(six()).tidy().set_index("quantity")["n"]
    parts = counts[["started_or_increased", "unchanged", "decreased", "extent_unknown"]]

    assert parts.sum() == counts["work_or_study"]


def test_bounds_of_the_published_7633():
    rows = margin_bounds(7633, 0.13, 0.33).tidy().set_index("quantity")

    assert rows.loc["entered", ["low", "high"]].astype(float).round().tolist() == [1527, 2519]
    assert rows.loc["left", ["low", "high"]].astype(float).round().tolist() == [0, 992]
    assert rows["unit"].tolist() == ["persons"] * 4 + ["percentage points"]


def benefit_sample(*rows, n=2) -> BenefitSpells:
    columns = ["person_id", "benefit", "start", "end", "degree"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))
    who = pd.DataFrame({"person_id": [f"p{k}" for k in range(n)], "index_month": "2022-01"})
    people = Persons.from_frame(who, person="person_id")
    return BenefitSpells.from_frame(frame, people=people, country="SE", data_cut="2024-12")


HALF_A_MONTH = ("p0", "sickness_benefit", "2022-01-01", "2022-01-31", 50)
ALL_THE_TIME = ("p1", "social_assistance", "2020-01-01", None, 100)


def test_a_month_on_half_benefit_is_half_an_equivalent():
    rows = benefit_vector(benefit_sample(HALF_A_MONTH, ALL_THE_TIME), occasions=[0, 12])

    sick = row_of(rows, benefit="sickness_benefit", occasion=0)
    total = row_of(rows, benefit="total", occasion=0)
    assert sick["equivalents"] == float(Fraction(1, 2))
    assert sick["equivalents_per_100"] == 25
    assert total["equivalents"] == float(Fraction(3, 2))
    assert (total["n_with"], total["share"]) == (2, 1.0)


def test_benefits_add_up_to_the_total_at_every_month():
    rows = benefit_vector(benefit_sample(HALF_A_MONTH, ALL_THE_TIME)).tidy()
    parts = rows[rows["benefit"] != "total"].groupby("occasion")["equivalents"].sum()
    total = rows[rows["benefit"] == "total"].set_index("occasion")["equivalents"]

    assert parts.tolist() == pytest.approx(total.tolist())


def test_parental_benefit_is_not_in_the_vector():
    rows = benefit_vector(
        benefit_sample(ALL_THE_TIME, ("p0", "parental_benefit", "2022-01-01", None, 100))
    ).tidy()

    assert set(rows["benefit"]) == {"social_assistance", "total"}


def substituted(sick_after: int, aid_after: int) -> pd.Series:
    """Ten persons: sickness benefit before for all; after for some, and assistance for others."""
    rows = [(f"p{k}", "sickness_benefit", "2021-01-01", "2021-12-31", 100) for k in range(10)]
    rows += [(f"p{k}", "sickness_benefit", "2023-01-01", "2023-12-31", 100)
             for k in range(sick_after)]  # fmt: skip
    rows += [(f"p{9 - k}", "social_assistance", "2023-01-01", "2023-12-31", 100)
             for k in range(aid_after)]  # fmt: skip
    return row_of(benefit_change(benefit_sample(*rows, n=10)), benefit="total")


def test_a_fall_that_is_four_fifths_offset_is_a_substitution():
    row = substituted(5, 4)

    assert row["offset_share"] == pytest.approx(float(Fraction(4, 5)))
    assert row["alert"] == 1


def test_a_fall_that_is_three_fifths_offset_is_none():
    row = substituted(5, 3)

    assert row["offset_share"] == pytest.approx(float(Fraction(3, 5)))
    assert row["alert"] == 0


def test_without_a_fall_there_is_nothing_to_offset():
    row = substituted(10, 4)

    assert np.isnan(row["offset_share"])
    assert np.isnan(row["alert"])


def test_a_fall_that_is_too_small_gives_no_alert():
    rows = [("p0", "sickness_benefit", "2021-01-01", "2021-12-31", 100)]
    row = row_of(benefit_change(benefit_sample(*rows), smallest_fall=60.0), benefit="total")

    assert row["change"] == -50
    assert np.isnan(row["alert"])


def test_a_part_of_the_vector_gives_no_alert():
    rows = [("p0", "sickness_benefit", "2021-01-01", "2021-12-31", 100)]
    change = benefit_change(benefit_sample(*rows), benefits=["sickness_benefit"])

    assert change.tidy()["alert"].isna().all()


def test_sick_days_before_and_after_with_a_paired_interval():
    rows = [("p0", "sickness_benefit", "2021-12-01", "2021-12-31", 50),
            ("p1", "sickness_benefit", "2021-12-11", "2021-12-31", 100),
            ("p2", "sickness_benefit", "2023-01-01", "2023-01-05", 100)]  # fmt: skip
    change = benefit_change(
        benefit_sample(*rows, n=3), quantity="days", benefits=["sickness_benefit"]
    )

    row = row_of(change, benefit="sickness_benefit")
    peer = stats.ttest_rel([0, 0, 5], [31, 21, 0]).confidence_interval()
    assert (row["before"], row["after"]) == pytest.approx((52 / 3, 5 / 3))
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((peer.low, peer.high))
    assert row["unit"] == "days per person"


def test_two_persons_at_half_benefit_for_a_year_are_one_equivalent():
    spells = pd.DataFrame({
        "person_id": ["a", "b"], "benefit": "sickness_benefit", "municipality": "0114",
        "start": pd.to_datetime("2023-01-01"), "end": pd.to_datetime("2023-12-31"), "degree": 50,
    })  # fmt: skip

    totals = support_totals(spells, country="SE", data_cut="2023-12")

    assert totals["equivalents"].tolist() == [1.0]
    assert full_year_equivalents([365, 365], 50) == 1.0


def test_a_leap_year_in_full_is_a_day_more_than_one():
    spells = pd.DataFrame({
        "person_id": ["a"], "benefit": "sickness_benefit", "municipality": "0114",
        "start": pd.to_datetime("2024-01-01"), "end": pd.to_datetime([None]), "degree": 100,
    })  # fmt: skip

    by_scb = support_totals(spells, country="SE", data_cut="2024-12")["equivalents"]
    by_366 = support_totals(spells, country="SE", data_cut="2024-12", days_in_year=366)

    assert by_scb.tolist() == [float(Fraction(366, 365))]
    assert by_366["equivalents"].tolist() == [1.0]


def test_two_half_years_of_unemployment_are_one():
    spells = pd.DataFrame({
        "person_id": ["a", "b"], "benefit": "unemployment_insurance", "municipality": "0114",
        "start": pd.to_datetime(["2023-01-01", "2023-07-02"]),
        "end": pd.to_datetime(["2023-07-01", "2023-12-31"]), "degree": 100,
    })  # fmt: skip

    totals = support_totals(spells, country="SE", data_cut="2023-12")

    assert totals[["n", "equivalents"]].to_numpy().tolist() == [
        [2, float(Fraction(182 + 183, 365))]
    ]


TOTALS = pd.DataFrame({
    "area": "0114", "year": 2023,
    "component": ["sickness_benefit", "disability_pension", "unemployment_insurance",
                  "activity_support", "social_assistance"],
    "equivalents": [40.0, 60.0, 20.0, 30.0, 0.0], "amount": [4e6, 9e6, 2e6, 3e6, 0.0],
})  # fmt: skip
PEOPLE = pd.DataFrame({"area": ["0114"], "year": [2023], "population_working_age": [1000]})


def test_components_add_up_to_groups_and_to_all():
    rows = support_measure(TOTALS, country="SE", population=PEOPLE)

    ill = row_of(rows, group="ill_health", measure="total", quantity="equivalents")
    everything = row_of(rows, group="all", quantity="amount")
    assert (ill["value"], ill["per_inhabitant"]) == (100, 10)
    assert everything["value"] == 18_000
    assert everything["per_inhabitant"] == float(Fraction(18_000, 1000))


def test_a_zero_in_economic_assistance_is_marked_with_the_sum_over_it():
    rows = support_measure(TOTALS, country="SE").tidy()
    marked = rows[rows["may_be_missing"].astype(bool)]

    assert set(marked["group"]) == {"economic", "all"}


def test_a_zero_elsewhere_is_a_zero():
    totals = TOTALS.assign(equivalents=[0.0, 60.0, 20.0, 30.0, 5.0], amount=1.0)

    assert not support_measure(totals, country="SE").tidy()["may_be_missing"].any()


def test_households_on_assistance_of_a_town_of_117_000():
    """KAOSAM: 117 000 inhabitants, about 1 000 households a month."""
    years = pd.DataFrame({
        "municipality": ["1281"], "year": [2018], "population_working_age": [117_000],
        "households_on_assistance": [1000],
    })  # fmt: skip

    row = row_of(
        area_context(years, measures=["households_on_assistance"]),
        measure="households_on_assistance",
    )

    assert row["per_inhabitant"] == pytest.approx(float(100 * Fraction(1000, 117_000)))


def areas(covered) -> pd.DataFrame:
    return pd.DataFrame({
        "municipality": ["a", "b"], "federation": "f", "population": 100_000.0,
        "covered": covered, "period": "2000",
    })  # fmt: skip


def test_coverage_at_five_per_cent_is_at_most_34_to_38():
    rows = need_by_area(areas([1700, 1900]), shares=[0.05]).tidy()
    coverage = rows[rows["quantity"] == "coverage"]

    assert coverage["high"].round(2).tolist() == [0.34, 0.38]
    assert coverage["low"].tolist() == [0.0, 0.0]


def test_coverage_over_the_band_is_at_most_24_to_54():
    rows = need_by_area(areas([1700, 1900])).tidy()
    coverage = rows[rows["quantity"] == "coverage"]["high"]

    assert (coverage.min().round(2), coverage.max().round(2)) == (0.24, 0.54)


def test_covered_per_need_passes_one_where_coverage_cannot():
    rows = need_by_area(areas([7000, 1900]), shares=[0.05]).tidy()
    first = rows[rows["stratum"] == "a"].set_index("quantity")["high"]

    assert first["covered_per_need"] == pytest.approx(float(Fraction(7, 5)))
    assert first["coverage"] == 1.0


def test_areas_of_a_federation_are_summed_up():
    row = row_of(
        need_by_area(areas([1700, 1900]), by="federation", shares=[0.05]),
        quantity="covered_per_need",
    )

    assert row["high"] == pytest.approx(float(Fraction(3600, 10_000)))


def group(of_population=True, covered=("p0",)) -> TargetGroup:
    """Four persons: long support and two actors; short; one actor only; no support."""
    persons = pd.DataFrame({"person_id": [f"p{k}" for k in range(4)], "birth_year": 1980})
    rows = [("p0", "sickness_benefit", "2022-01-01"), ("p0", "social_assistance", "2022-01-01"),
            ("p1", "sickness_benefit", "2023-09-01"), ("p1", "social_assistance", "2023-09-01"),
            ("p2", "sickness_benefit", "2022-01-01")]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["person_id", "benefit", "start"]).assign(
        end=pd.NaT, degree=100
    )
    frame["start"] = pd.to_datetime(frame["start"])
    return target_group(
        frame, persons, country="SE", month="2023-12", of_population=of_population, covered=covered
    )


def test_steps_from_four_persons_to_one_in_need():
    steps = need_steps(group()).tidy().set_index("step")["n_low"].astype(int).to_dict()

    assert steps == {"population": 4, "on_support": 3, "long_support": 2, "several_actors": 1,
                     "strict": 1, "covered": 1, "unmet": 0, "broad": 2}  # fmt: skip


def test_those_who_want_help_are_a_range_of_the_unmet():
    row = row_of(need_steps(group(covered=[]), wanting=(0.25, 0.75)), step="expressed_unmet")

    assert (row["n_low"], row["n_high"]) == (0.25, 0.75)


def test_records_of_participants_say_nothing_about_need():
    steps = need_steps(group(of_population=False), wanting=0.5)

    assert set(steps.tidy()["step"]).isdisjoint({"population", "covered", "unmet"})
    assert steps.summary["basis"] == "records"
    with pytest.raises(EstimationError, match="cannot be derived from participants"):
        register_need(group(of_population=False))


def test_need_of_the_register_is_the_strict_group_over_the_population():
    assert register_need(group()) == float(Fraction(1, 4))


def test_shares_of_need_outside_the_possible_are_refused():
    with pytest.raises(ParameterError, match="wanting"):
        need_steps(group(), wanting=1.5)
    with pytest.raises(ParameterError, match="same twelve months"):
        need_by_area(areas([1, 2]).assign(period=["2000", "2001"]))
    with pytest.raises(EstimationError, match="no area has a known population"):
        need_by_area(areas([1, 2]).assign(population=np.nan))
