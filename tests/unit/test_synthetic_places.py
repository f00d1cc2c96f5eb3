"""Places of made-up nations: names, codes, federations, and sizes that add up."""

import re
from collections import Counter, defaultdict

import numpy as np
import pytest

from evalkit.errors import ParameterError
from evalkit.synthetic.countries import COUNTRIES, FINLAND, SWEDEN
from evalkit.synthetic.place_names import REAL, PlaceName, federation_name
from evalkit.synthetic.places import (
    MOST_MUNICIPALITIES,
    apportion,
    joined_months,
    municipality_effects,
    nation_places,
    package_groups,
    study_places,
)
from evalkit.synthetic.process import NEVER
from evalkit.synthetic.scenario import Scenario, make_scenario

SCENARIO = Scenario()
GENITIVES = {
    "harju": "harjun", "joki": "joen", "järvi": "järven", "koski": "kosken", "kylä": "kylän",
    "lahti": "lahden", "lampi": "lammen", "mäki": "mäen", "niemi": "niemen", "ranta": "rannan",
    "saari": "saaren", "salmi": "salmen", "vaara": "vaaran",
}  # fmt: skip


@pytest.fixture(scope="module", params=["SE", "FI"])
def nation(request):
    country = COUNTRIES[request.param]
    return country, nation_places(country, 290, 300_000, SCENARIO, 20261)


@pytest.mark.parametrize("sizes", [(1, 1), (4, 4), (4, 400), (290, 300_000), (340, 3_000_000)])
@pytest.mark.parametrize("country", [SWEDEN, FINLAND], ids=["SE", "FI"])
def test_the_sizes_add_up_and_nobody_is_left_without_persons(country, sizes):
    places = nation_places(country, *sizes, SCENARIO, 5)

    assert len(places) == sizes[0]
    assert sum(place.residents for place in places) == sizes[1]
    assert min(place.residents for place in places) >= 1


def test_the_median_municipality_is_about_a_third_of_the_mean(nation):
    residents = np.array([place.residents for place in nation[1]])

    assert 0.30 < np.median(residents) / residents.mean() < 0.40
    assert residents.max() > 15 * residents.mean()


def test_codes_and_names_are_unique_and_codes_rise(nation):
    country, places = nation
    codes = [place.code for place in places]

    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"\d{4}" if country.code == "SE" else r"\d{3}", c) for c in codes)
    for names in ([place.name_sv for place in places], [place.name_fi for place in places]):
        assert len(set(names)) == len(places)
        assert not REAL & set(names)


def test_finnish_places_have_their_case_forms_and_swedish_ones_none():
    for place in nation_places(FINLAND, 290, 3000, SCENARIO, 1):
        ending = next(end for end in GENITIVES if place.name_fi.endswith(end))
        stem = place.name_fi.removesuffix(ending)
        assert place.genitive == stem + GENITIVES[ending]
        assert re.search(r"(ss|ll)[aä]$", place.locative)
        assert place.locative[:-3] == place.genitive[:-1]
        assert place.locative.endswith("a" if re.search("[aou]", ending) else "ä")
    assert all(not place.genitive for place in nation_places(SWEDEN, 9, 90, SCENARIO, 1))


def test_federations_hold_one_to_nine_municipalities_of_one_county(nation):
    country, places = nation
    members = Counter(place.federation for place in places if place.federation)
    counties = defaultdict(set)
    for place in places:
        counties[place.federation].add(place.county)

    assert len({place.county for place in places}) == 21
    assert max(members.values()) <= 9
    assert all(len(counties[name]) == 1 for name in members)
    assert 0.78 < sum(members.values()) / len(places) < 0.92
    assert set(members) | {p.county for p in places} >= set(package_groups(places))
    first = next(place for place in places if place.federation)
    name = PlaceName(first.name_sv, first.name_fi, first.genitive, first.locative)
    assert first.federation == federation_name(country.code, name)


def test_municipalities_join_before_within_and_never(nation):
    months = joined_months(nation[1], SCENARIO)
    federated = np.array([bool(place.federation) for place in nation[1]])

    assert ((months == NEVER) == ~federated).all()
    assert (months[federated] < SCENARIO.n_month).all()
    assert (months < 0).mean() > 0.3
    assert ((months > 0) & federated).mean() > 0.2


def test_months_of_joining_count_from_the_first_month():
    joined = {place.name_sv: place.joined for place in study_places(SWEDEN)}
    months = joined_months(study_places(SWEDEN), Scenario(first_month="2018-01"))

    assert joined["Örtäng"] == "2018-01" and joined["Granberga"] == "2014-01"
    assert months.tolist() == [-24] * 5 + [-48] * 3 + [0] * 2
    assert (joined_months(study_places(FINLAND), SCENARIO) == NEVER).all()


def test_effects_depend_on_the_seed_and_vanish_with_their_spread():
    places = study_places(SWEDEN)
    effects = municipality_effects(places, SCENARIO, SWEDEN, 1)

    assert effects.tolist() == municipality_effects(places, SCENARIO, SWEDEN, 1).tolist()
    assert effects.tolist() != municipality_effects(places, SCENARIO, SWEDEN, 2).tolist()
    equal = make_scenario("equal_municipalities")
    assert not municipality_effects(places, equal, SWEDEN, 1).any()


def test_another_seed_makes_another_nation():
    one, other = (nation_places(SWEDEN, 20, 900, SCENARIO, seed) for seed in (1, 2))

    assert one == nation_places(SWEDEN, 20, 900, SCENARIO, 1)
    assert [place.name_sv for place in one] != [place.name_sv for place in other]


def test_shares_are_apportioned_by_largest_remainders():
    # One each, and 7 more as 3.5, 2.1, 1.4: the halves go first.
    assert apportion(10, np.array([5.0, 3.0, 2.0])).tolist() == [5, 3, 2]
    assert apportion(3, np.array([9.0, 1.0, 1.0])).tolist() == [1, 1, 1]


@pytest.mark.parametrize("n", [0, -1, MOST_MUNICIPALITIES + 1])
def test_a_number_of_municipalities_that_cannot_be_is_refused(n):
    with pytest.raises(ParameterError, match="municipalities: must be 1 to"):
        nation_places(SWEDEN, n, 5000, SCENARIO, 1)


def test_fewer_persons_than_municipalities_are_refused():
    with pytest.raises(ParameterError, match="persons: must be at least"):
        nation_places(SWEDEN, 4, 3, SCENARIO, 1)
