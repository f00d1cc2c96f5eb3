"""A whole run of a study that lacks tables and has a municipality with hardly anybody."""

import re

import pandas as pd
import pytest
from checkouts import Checkout, make_checkout

TINY = "327"
COUNTY = "county-pohjanranta"
LACKING = (
    "health", "costs", "municipality_years", "statuses", "responses", "forms", "services",
)  # fmt: skip
UNITS = (f"municipality-{TINY}", COUNTY, "national")
HEADING = re.compile(r"<h2[^>]*>(.*?)</h2>(.*?)(?=<h2|</main|$)", re.S)


def leave_three_of_one_arm(study):
    """Let nobody of a municipality but three persons of the first package take part."""
    persons = pd.read_csv(study / "persons.csv", dtype=str, keep_default_na=False)
    path = study / "participations.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    here = rows["person_id"].isin(persons.loc[persons["municipality"] == TINY, "person_id"])
    first = here & (rows["package_id"] == rows["package_id"].iloc[0])
    kept = rows.loc[first, "person_id"].drop_duplicates().head(3)
    rows[~here | rows["person_id"].isin(kept)].to_csv(path, index=False)


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> Checkout:
    checkout = make_checkout(tmp_path_factory.mktemp("odd"), languages="[en]")
    leave_three_of_one_arm(checkout.study)
    for table in LACKING:
        (checkout.study / f"{table}.csv").unlink()
    result = checkout.report("--only", TINY, "--only", COUNTY, "--only", "national")
    assert result.returncode == 0, result.stdout + result.stderr
    return checkout


def page(checkout: Checkout, unit: str) -> str:
    name = next(name for name in checkout.pages() if unit in name and name.endswith("report.html"))
    return checkout.pages()[name].decode("utf-8")


def chapters(html: str) -> dict[str, str]:
    return {re.sub(r"<[^>]*>", "", head).strip(): body for head, body in HEADING.findall(html)}


@pytest.mark.parametrize("unit", UNITS)
def test_a_chapter_without_its_table_says_what_is_missing_and_shows_nothing(odd, unit):
    found = chapters(page(odd, unit))
    lacking = {
        "How many need it, and how many got it?": "the population of working age is not known",
        "How did health change?": "(answers about health)",
        "Who pays and who gains?": "(costs)",
    }

    for question, sentence in lacking.items():
        assert sentence in found[question]
        assert "<table" not in found[question]
        assert "<img" not in found[question]


SENTENCES = {
    f"municipality-{TINY}": {
        "How well do those involved work together?": "(answers about working together)",
        "Which forms of collaboration did people meet?": "(forms of working together)",
    },
    COUNTY: {
        "How many took part, for how long, and what did it cost?": "the records hold no funds",
        "What do the national indicators say?": "(answers about working together)",
        "How closely do the sites follow the model?": "(answers about working together)",
    },
    "national": {
        "Is the health gained worth what it costs?": "(costs)",
        "Which services are there, and who is left without?": "services of the municipalities",
    },
}


@pytest.mark.parametrize("unit", UNITS)
def test_each_level_says_which_of_its_own_tables_is_missing(odd, unit):
    found = chapters(page(odd, unit))

    for question, sentence in SENTENCES[unit].items():
        assert sentence in found[question]


def test_a_municipality_with_three_persons_has_sentences_in_place_of_estimates(odd):
    found = chapters(page(odd, f"municipality-{TINY}"))

    for question in ("In short", "How many come to support themselves, and when?"):
        assert "too few people took part" in found[question]
        assert "<table" not in found[question]
        assert "<img" not in found[question]


def test_the_nation_still_shows_its_estimates(odd):
    found = chapters(page(odd, "national"))

    assert "Of 100 people who started" in found["In short"]
    assert "<img" in found["How many come to support themselves, and when?"]


@pytest.mark.parametrize("unit", UNITS)
def test_no_page_holds_a_number_that_is_not_one(odd, unit):
    seen = re.sub(r"<(script|style).*?</\1>|data:[^\"]*|<[^>]*>", " ", page(odd, unit), flags=re.S)

    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", seen)
