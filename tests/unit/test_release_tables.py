"""Tables that add up, by hand; and what only `Released` may do."""

import numpy as np
import pytest
from made_results import tree, wave_means

from evalkit.errors import DisclosureError
from evalkit.release import load_profile, release, require_released
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.tables import bridges, protect_table


def protect(counts, profile="dk5", levels=("municipality", "national"), **more):
    areas = tree(["F"] * len(counts))
    fails = load_profile(profile).fails
    return protect_table(np.array(counts), Hierarchy.from_areas(areas, levels), fails=fails, **more)


def test_a_table_of_large_cells_is_shown_whole():
    base, shown = protect([[20, 20, 20], [30, 30, 30]])

    assert base.all()
    assert shown.all()


def test_what_a_larger_unit_has_besides_its_parts_is_protected_though_all_units_show_large_cells():
    areas = tree(["", "F"])
    hierarchy = Hierarchy.from_areas(areas, ("federation", "national"))
    fails = load_profile("dk5").fails

    _, shown = protect_table(np.array([[8, 4, 41], [22, 17, 24]]), hierarchy, fails=fails)

    # The nation less the federation is the municipality in none, of whom 4 are few.
    assert not shown.all()
    assert not shown[:, 1].all()


def test_one_small_cell_makes_a_square_of_hidden_ones():
    _, shown = protect([[20, 25, 3], [30, 35, 30], [90, 90, 90]])

    assert shown.tolist() == [
        [False, True, False],
        [False, True, False],
        [True, True, True],
        [True, True, True],
    ]


def test_a_category_to_keep_is_not_the_one_that_goes_along():
    _, shown = protect([[20, 25, 3], [30, 35, 30], [90, 90, 90]], keep=np.array([1, 0, 0]))

    assert shown[:, 0].all()
    assert not shown[0, 1]


def test_a_sum_above_gives_way_where_a_municipality_has_nothing_left_to_hide():
    _, shown = protect([[20, 20, 3], [20, 20, 0]])

    assert shown.tolist() == [[False] * 3, [True] * 3, [False, True, False]]


def test_cells_that_others_forbid_stay_hidden():
    allowed = np.array([[False, True], [True, True], [True, True]])

    _, shown = protect([[20, 20], [30, 30]], allowed=allowed)

    assert not shown[0, 0]


def test_a_circle_has_no_bridge_and_a_path_has_only_bridges():
    circle = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")]

    assert bridges(circle) == []
    assert bridges(circle[:3]) == circle[:3]


def test_two_circles_joined_by_one_edge_have_it_as_bridge():
    joined = [(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 4)]

    assert bridges(joined) == [(3, 4)]


def test_a_result_that_was_not_released_is_refused():
    with pytest.raises(DisclosureError, match="WaveMeans has not passed the door"):
        require_released(wave_means({("", 0): 50}))


def test_a_released_result_of_another_kind_is_refused():
    released = release(wave_means({("", 0): 50}), "strict10")

    assert require_released(released, "WaveMeans") is released
    with pytest.raises(DisclosureError, match="expected a released Flow"):
        require_released(released, "Flow")


def test_a_released_result_tells_its_kind_and_profile_and_no_number():
    released = release(wave_means({("", 0): 50}), "strict10")

    assert repr(released).startswith("<Released WaveMeans under strict10: ")
    assert "50" not in repr(released).split(":")[0]


def test_columns_of_a_released_result_cannot_be_written():
    released = release(wave_means({("", 0): 50}), "strict10")

    with pytest.raises(ValueError, match="read-only"):
        released.rows["n"][0] = 1
