"""A municipality with too few people has no number of its own in any table of many."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort import TimeToEvent
from evalkit.release import load_profile
from evalkit.report.reading import FEW_REASON
from evalkit.run.reliable import small_municipalities, without_small
from evalkit.survival import incidence_at

STRICT, PUBLIC = load_profile("strict10"), load_profile("public")


def sample(sizes: dict[str, tuple[int, int]]) -> TimeToEvent:
    """Municipalities with programme groups of (persons, exits), and as large others."""
    rows = [
        {"municipality": code, "arm": arm, "months": 10 if number < found else 30,
         "exit": "work" if number < found else "none"}
        for code, (n, found) in sizes.items()
        for arm in ("programme", "comparison")
        for number in range(n)
    ]  # fmt: skip
    return TimeToEvent.from_frame(
        pd.DataFrame(rows), duration="months", cause="exit", censored="none", arm="arm"
    )


@pytest.mark.parametrize(
    ("size", "profile", "is_small"),
    [
        ((33, 15), PUBLIC, True),
        ((49, 15), PUBLIC, True),
        ((50, 10), PUBLIC, False),
        ((50, 9), PUBLIC, True),
        ((48, 15), STRICT, False),  # its page says "about 50"
        ((47, 15), STRICT, True),
    ],
)
def test_a_municipality_is_small_as_on_its_own_page(size, profile, is_small):
    found = small_municipalities(sample({"0114": size, "0115": (90, 40)}), "work", profile)

    assert found == ({"0114"} if is_small else set())


def test_the_numbers_of_a_small_municipality_give_way_to_the_reason_and_no_others_change():
    exits = sample({"0114": (33, 15), "0115": (90, 40)})
    shares = incidence_at(exits, by=["municipality", "arm"], cause="work", horizon=24)

    before = shares.tidy()
    after = without_small(shares, {"0114"}).tidy()

    is_small = before["term"].str.startswith("0114").to_numpy()
    assert is_small.sum() == 4  # two arms, difference and ratio
    assert after.loc[is_small, ["estimate", "std_error", "conf_low", "conf_high"]].isna().all(None)
    assert set(after.loc[is_small, "reason"]) == {FEW_REASON}
    pd.testing.assert_frame_equal(after[~is_small], before[~is_small])


def test_without_a_small_municipality_the_table_is_as_it_was():
    exits = sample({"0114": (80, 15), "0115": (90, 40)})
    shares = incidence_at(exits, by=["municipality", "arm"], cause="work", horizon=24)

    pd.testing.assert_frame_equal(without_small(shares, set()).tidy(), shares.tidy())
    assert np.isfinite(shares.tidy()["estimate"]).all()
