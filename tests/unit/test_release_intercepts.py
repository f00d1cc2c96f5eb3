"""Random intercepts of units at the door: small units, and those that the others give away."""

from dataclasses import replace

import pytest

from evalkit.provenance import provenance
from evalkit.release import load_profile, release
from evalkit.results import ModelFit, UnitIntercepts

SAMPLE = "0" * 16


def intercepts(sizes):
    """Made-up intercepts of units with so many persons."""
    names = list(sizes)
    return UnitIntercepts(
        rows={
            "unit": names,
            "estimate": [0.1 * number for number in range(len(names))],
            "std_error": [0.05] * len(names),
            "n": list(sizes.values()),
        },
        summary={"n": sum(sizes.values()), "n_unit": len(names), "unit": "municipality"},
        support={"n": list(sizes.values())},
        provenance=provenance("unit_intercepts", SAMPLE),
    )


def shown(sizes, profile="strict10"):
    frame = release(intercepts(sizes), profile).tidy()
    return frame.loc[~frame["suppressed"], "unit"].tolist()


def test_large_units_are_all_shown():
    assert shown({"a": 40, "b": 50, "c": 60}) == ["a", "b", "c"]


def test_one_small_unit_takes_the_smallest_other_with_it_because_intercepts_add_up_to_zero():
    assert shown({"a": 4, "b": 50, "c": 40, "d": 60}) == ["b", "d"]


def test_two_small_units_of_enough_persons_together_hide_no_third():
    assert shown({"a": 8, "b": 7, "c": 40, "d": 60}) == ["c", "d"]


def test_two_small_units_of_too_few_persons_hide_a_third():
    assert shown({"a": 3, "b": 2, "c": 40, "d": 60}) == ["d"]


def test_small_units_alone_are_all_hidden():
    assert shown({"a": 3, "b": 2}) == []


def test_hidden_units_have_no_numbers():
    frame = release(intercepts({"a": 4, "b": 50, "c": 40}), "strict10").tidy().set_index("unit")

    assert frame.loc["a", ["estimate", "std_error", "n"]].isna().all()
    assert frame.loc["c", ["estimate", "std_error", "n"]].isna().all()


def test_a_unit_hidden_elsewhere_is_hidden_here_and_not_alone():
    profile = load_profile("strict10")
    planned = replace(profile, hide=frozenset({"health/b, programme/12"}))

    assert shown({"a": 40, "b": 50, "c": 60}, planned) == ["c"]


@pytest.mark.parametrize(
    "function",
    ["pooled", "random_effects", "between_effects", "first_difference", "mundlak", "mixed_effects",
     "gee", "tobit", "two_part"],
)  # fmt: skip
def test_models_follow_what_is_hidden_of_a_wave(function):
    fit = ModelFit(
        rows={"term": ["arm[programme]:wave[6]", "mean[wave[12]]"], "estimate": [0.1, 0.2]},
        summary={"n_person": 200},
        support={"n": [100, 100]},
        provenance=provenance(function, SAMPLE),
    )
    planned = replace(load_profile("strict10"), hide=frozenset({"health/programme/12"}))

    assert release(fit, planned).tidy()["suppressed"].tolist() == [False, True]
