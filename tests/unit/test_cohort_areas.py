import pandas as pd
from cohort_records import MUNICIPALITIES, frame, study

from evalkit.cohort.areas import area_count, areas_frame

PERSONS = pd.DataFrame(
    {"person_id": list("abcde"), "municipality": ["0114", "0114", "0114", "0115", "0115"]}
)


def taken(*rows):
    return frame(
        "participations",
        [{"person_id": p, "package_id": "joint", "start": s, "end": e} for p, s, e in rows],
    )


YEARS = frame("municipality_years", [
    {"municipality": code, "year": year, "population_working_age": size + year}
    for code, size in (("0114", 1000), ("0115", 2000), ("0116", 3000))
    for year in (2019, 2020, 2021)
])  # fmt: skip
PACKAGES = frame("packages", [
    {"package_id": "joint", "name": "A", "kind": "individual", "coordination": "joint_work"},
    {"package_id": "plain", "name": "B", "kind": "individual", "coordination": "information"},
])  # fmt: skip
PARTICIPATIONS = taken(
    ("a", "2021-03-01", "2021-04-01"),
    ("a", "2021-06-01", None),  # twice in the year: one person
    ("b", "2020-02-01", None),  # still in the package
    ("c", "2020-02-01", "2020-12-31"),  # ended the day before
    ("d", "2021-12-31", None),
    ("e", "2022-01-01", None),  # the year after
)


def areas(tables=None, **changes) -> pd.DataFrame:
    given = {
        "municipalities": MUNICIPALITIES,
        "municipality_years": YEARS,
        "participations": PARTICIPATIONS,
        "packages": PACKAGES,
        **(tables or {}),
    }
    return areas_frame(given, PERSONS, study(**changes)).set_index("municipality")


def test_persons_with_a_package_in_the_year_are_counted_once_where_they_live():
    found = areas(data_cut="2021-12")
    assert list(found["covered"]) == [2, 1, 0]
    assert list(found["population"]) == [3021, 4021, 5021]
    assert set(found["period"]) == {"2021"}


def test_information_only_is_no_coverage_where_it_is_the_comparison():
    plain = {"participations": PARTICIPATIONS.assign(package_id="plain")}

    assert list(areas(plain, data_cut="2021-12")["covered"]) == [0, 0, 0]
    alone = areas(plain, data_cut="2021-12", arms={"comparison": "none"})
    assert list(alone["covered"]) == [2, 1, 0]


def test_the_year_is_the_last_that_the_records_cover_in_full():
    found = areas(data_cut="2021-11")
    assert set(found["period"]) == {"2020"}
    assert list(found["covered"]) == [2, 0, 0]


def test_the_year_is_one_in_which_persons_started():
    closed = {"participations": taken(("a", "2019-05-01", None))}
    assert set(areas(closed, data_cut="2021-12")["period"]) == {"2019"}


def test_areas_add_up_to_the_count_of_a_larger_one():
    count = area_count(areas(data_cut="2021-12").reset_index())
    assert (count.population, count.covered, count.period) == (3021 + 4021 + 5021, 3, "2021")


def test_a_missing_population_makes_the_sum_impossible():
    found = areas(
        {"municipality_years": YEARS[YEARS["municipality"] != "0115"]}, data_cut="2021-12"
    )
    assert area_count(found.reset_index()) is None
    assert area_count(found.loc[["0114"]].reset_index()).population == 3021


def test_without_municipalities_there_are_no_areas():
    given = {"municipality_years": YEARS, "participations": PARTICIPATIONS}
    found = areas_frame(given, PERSONS, study())
    assert len(found) == 0 and area_count(found) is None


def test_without_years_the_areas_stand_without_a_population():
    given = {"municipalities": MUNICIPALITIES, "participations": PARTICIPATIONS}
    found = areas_frame(given, PERSONS, study())
    assert list(found["municipality"]) == list(MUNICIPALITIES["municipality"])
    assert found["population"].isna().all() and area_count(found) is None


def test_without_a_year_in_common_there_is_no_population():
    found = areas(data_cut="2018-12")
    assert found["population"].isna().all() and area_count(found.reset_index()) is None
