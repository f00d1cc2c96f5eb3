"""The committed records against truth.json, counted from the files without any other room."""

import csv
import json
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev

import pytest

COMMITTED = Path(__file__).parents[2] / "data" / "synthetic"
COUNTRIES = ("SE", "FI")
NO_SUPPORT = {
    "parental_benefit", "parental_allowance", "old_age_pension", "wage_subsidy", "pay_subsidy",
    "study_support", "study_grant",
}  # fmt: skip
PAYERS = {
    "SE": {
        "sickness_benefit": 1, "rehabilitation_benefit": 1, "activity_compensation": 1,
        "disability_pension": 1, "unemployment_insurance": 2, "activity_support": 3,
        "development_allowance": 3, "establishment_benefit": 3, "social_assistance": 4,
    },
    "FI": {
        "sickness_allowance": 1, "rehabilitation_allowance": 1, "basic_allowance": 1,
        "labour_market_subsidy": 1, "social_assistance": 1, "rehabilitation_subsidy": 2,
        "disability_pension": 2, "earnings_related_allowance": 3, "preventive_assistance": 4,
    },
}  # fmt: skip
TOLERANCE = 3.5
END = 72


def rows_of(country, table):
    with (COMMITTED / country / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def number(text):
    return (int(text[:4]) - 2020) * 12 + int(text[5:7]) - 1


def truth_of(country):
    """Values of everybody: the studies are randomised, so ATT, ATO and ATE are one."""
    text = (COMMITTED / country / "truth.json").read_text(encoding="utf-8")
    return json.loads(text)["values"]["ATE"]


def months_of(country):
    """By person: months of support with their payers, of parental benefit, first absorbed month."""
    support, parental = defaultdict(lambda: defaultdict(set)), defaultdict(set)
    absorbed = defaultdict(lambda: END)
    for row in rows_of(country, "spells"):
        person, benefit = row["person_id"], row["benefit"]
        first, last = number(row["start"]), number(row["end"] or "2025-12")
        if benefit == "old_age_pension" or (benefit, row["degree"]) == (
            "disability_pension",
            "100",
        ):
            absorbed[person] = min(absorbed[person], first)
        for month in range(first, last + 1):  # months before 0 are history
            if benefit.startswith("parental"):
                parental[person].add(month)
            elif benefit not in NO_SUPPORT:
                support[person][month].add(PAYERS[country][benefit])
    for row in rows_of(country, "persons"):
        for gone in filter(None, (row["died_month"], row["emigrated_month"])):
            absorbed[row["person_id"]] = min(absorbed[row["person_id"]], number(gone))
    return support, parental, absorbed


def is_eligible(support, index, age):
    def covered(month):
        return month in support or (month - 1 in support and month + 1 in support and month < index)

    window = range(index - 12, index)
    payers = set().union(*(support.get(month, set()) for month in window))
    return (
        16 <= age <= 64
        and index - 1 in support
        and index in support
        and all(covered(month) for month in window)
        and len(payers) >= 2
    )


def exit_month(support, parental, absorbed, index, k=3):
    run = []
    for month in range(index + 1, absorbed):
        if month in support:
            run = []
        elif month not in parental:
            run.append(month)
            if len(run) == k:
                return run[0] - index
    return END


def first_packages(country):
    coordination = {row["package_id"]: row["coordination"] for row in rows_of(country, "packages")}
    first = {}
    for row in sorted(rows_of(country, "participations"), key=lambda row: row["start"]):
        arm = {"information": "comparison"}
        where = arm.get(coordination[row["package_id"]], "programme"), number(row["start"])
        first.setdefault(row["person_id"], where)
    return first


@pytest.fixture(scope="module", params=COUNTRIES)
def cohort(request):
    country = request.param
    support, parental, absorbed = months_of(country)
    born = {row["person_id"]: int(row["birth_year"]) for row in rows_of(country, "persons")}
    exits = {"programme": {}, "comparison": {}}
    for person, (arm, index) in first_packages(country).items():
        if is_eligible(support[person], index, 2020 + index // 12 - born[person]):
            exits[arm][person] = exit_month(
                support[person], parental[person], absorbed[person], index
            )
    return country, exits


def deviation(exits, truth, horizon):
    """Observed minus true incidence in sampling errors."""
    observed = mean(month <= horizon for month in exits.values())
    return (observed - truth) / (truth * (1 - truth) / len(exits)) ** 0.5


@pytest.mark.parametrize("horizon", [12, 24])
def test_incidence_lies_within_sampling_error_of_the_truth(cohort, horizon):
    country, exits = cohort
    true = truth_of(country)[f"incidence_k3_h{horizon}"]
    for arm in ("programme", "comparison"):
        assert abs(deviation(exits[arm], true[arm]["value"], horizon)) < TOLERANCE


def test_incidence_check_fires_on_another_horizon(cohort):
    country, exits = cohort
    true = truth_of(country)["incidence_k3_h12"]
    for arm in ("programme", "comparison"):
        assert abs(deviation(exits[arm], true[arm]["value"], 24)) > TOLERANCE


def test_the_arms_are_of_equal_size_and_some_starters_are_not_eligible(cohort):
    country, exits = cohort
    sizes = [len(part) for part in exits.values()]
    started = len({row["person_id"] for row in rows_of(country, "participations")})
    assert abs(sizes[0] - sizes[1]) < TOLERANCE * sum(sizes) ** 0.5
    assert 0.05 < 1 - sum(sizes) / started < 0.20


def test_truth_is_about_what_was_asked_for():
    for country in COUNTRIES:
        values = truth_of(country)
        exits = values["incidence_k3_h24"]
        assert 0.05 < exits["difference"]["value"] < 0.15
        assert exits["difference"]["mc_error"] < 0.003
        assert values["index_wave0"]["difference"]["value"] == 0
        assert 0.01 < values["index_wave12"]["difference"]["value"] < 0.05
        assert (
            values["index_wave24"]["difference"]["value"]
            < values["index_wave12"]["difference"]["value"]
        )
        for k, longer in ((1, 3), (3, 6), (6, 12)):
            assert (
                values[f"incidence_k{k}_h24"]["programme"]["value"]
                > values[f"incidence_k{longer}_h24"]["programme"]["value"]
            )


def test_the_three_estimands_agree_where_the_arms_were_drawn_by_lot():
    for country in COUNTRIES:
        text = (COMMITTED / country / "truth.json").read_text(encoding="utf-8")
        values = json.loads(text)["values"]
        everybody = values["ATE"]["incidence_k3_h24"]["difference"]
        for estimand in ("ATT", "ATO"):
            other = values[estimand]["incidence_k3_h24"]["difference"]
            error = (other["mc_error"] ** 2 + everybody["mc_error"] ** 2) ** 0.5
            assert abs(other["value"] - everybody["value"]) < TOLERANCE * error


def test_answers_lie_within_the_windows_of_their_waves_and_thin_out_by_a_tenth():
    for country in COUNTRIES:
        start = {person: index for person, (_, index) in first_packages(country).items()}
        waves = defaultdict(set)
        for row in rows_of(country, "health"):
            if row["occasion"] == "end" or not row["instrument"].startswith("EQ-5D"):
                continue
            wave, late = int(row["occasion"]), number(row["date"]) - start[row["person_id"]]
            assert -1 <= late - wave <= 3
            waves[wave].add(row["person_id"])
        sizes = [len(waves[wave]) for wave in (0, 6, 12, 18, 24)]
        assert sizes[0] == len(start)
        for before, after in zip(sizes, sizes[1:], strict=False):
            assert 0.80 < after / before < 0.93


def test_dimension_sums_fall_more_in_the_programme_arm():
    arm = {person: where[0] for person, where in first_packages("SE").items()}
    sums = defaultdict(int)
    for row in rows_of("SE", "health"):
        if row["item"] in ("mo", "sc", "ua", "pd", "ad"):
            sums[row["person_id"], row["occasion"]] += int(row["value"])
    change = defaultdict(list)
    for (person, wave), total in sums.items():
        if wave == "12":
            change[arm[person]].append(total - sums[person, "0"])
    coordinated, other = change["programme"], change["comparison"]
    error = (stdev(coordinated) ** 2 / len(coordinated) + stdev(other) ** 2 / len(other)) ** 0.5
    assert (mean(coordinated) - mean(other)) / error < -2


def test_participants_have_two_years_of_follow_up_and_a_year_of_history(cohort):
    country, exits = cohort
    support, _, _ = months_of(country)
    first = first_packages(country)
    for part in exits.values():
        for person in part:
            index = first[person][1]
            assert index + 24 + 2 < END
            assert sum(month in support[person] for month in range(index - 12, index)) >= 6
