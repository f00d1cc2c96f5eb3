"""Released results on disk."""

import numpy as np
import pandas as pd
import pytest
from made_results import contrast, incidence, wave_means

from evalkit.errors import DisclosureError
from evalkit.provenance import provenance
from evalkit.release import read_released, release, write_released
from evalkit.results import WaveMeans


@pytest.fixture
def released():
    return release(incidence({("", "self_support"): [1] * 24}, {"": 200}), "strict10")


def test_what_is_read_is_what_was_written(released, tmp_path):
    back = read_released(write_released(released, tmp_path / "deep" / "curve.json"))

    pd.testing.assert_frame_equal(back.tidy(), released.tidy())
    pd.testing.assert_frame_equal(back.glance(), released.glance())
    assert (back.kind, back.profile, back.publishable) == ("IncidenceCurve", "strict10", True)
    assert (back.log, back.provenance) == (released.log, released.provenance)


def test_a_result_without_strata_keeps_its_number_of_persons():
    means = WaveMeans(
        rows={"wave": [0, 6], "estimate": [0.5, 0.7], "n": [400, 3]}, summary={"n": 400},
        support={"n": [400, 3]}, provenance=provenance("wave_means", "0" * 16),
    )  # fmt: skip

    assert release(means, "strict10").summary["n"] == 400


def test_texts_and_missing_numbers_survive(tmp_path):
    released = release(contrast("time_lost", n=(9, 20), cause="died"), "strict10")

    back = read_released(write_released(released, tmp_path / "months.json"))

    assert back.tidy()["reason"].tolist() == [""] * 4
    assert np.isnan(back.rows["estimate"][0])
    assert back.provenance.id == released.provenance.id


def test_the_same_result_gives_the_same_bytes(released, tmp_path):
    first = write_released(released, tmp_path / "a.json").read_bytes()
    second = write_released(read_released(tmp_path / "a.json"), tmp_path / "b.json").read_bytes()

    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_what_has_not_passed_the_door_is_not_written(tmp_path):
    with pytest.raises(DisclosureError, match="has not passed the door"):
        write_released(wave_means({("", 0): 50}), tmp_path / "raw.json")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", [None, "not json", "[1]", '{"format": "other"}'])
def test_a_file_of_another_kind_is_refused(text, tmp_path):
    path = tmp_path / "file.json"
    path.write_text(text) if text is not None else None

    with pytest.raises(DisclosureError, match="file.json: not a stored released result"):
        read_released(path)
