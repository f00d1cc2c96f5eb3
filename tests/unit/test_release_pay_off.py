"""Pay-off at the door: small parties are hidden, and none follows from society's sum."""

import numpy as np
import pandas as pd
import pytest
from made_results import SAMPLE

from evalkit import results
from evalkit.provenance import provenance
from evalkit.release import load_profile, release


def hidden_blocks(*blocks):
    plan = pd.DataFrame({"level": "unit", "code": "x", "block": list(blocks)})
    return load_profile("strict10").for_unit(plan, "unit", "x")


def paid(n, costs=None, n_society=50, profile="strict10"):
    """Parties a, b, ... on so many persons each, then society; the net of each is a power of 2."""
    net = 2.0 ** np.arange(len(n))
    costs = [1.0] * len(n) if costs is None else costs
    account = results.PayOff(
        rows={
            "party": [*"abcdef"[: len(n)], "society"],
            "cost": [*costs, sum(costs)],
            "net": [*net, net.sum()],
            "reason": ["never"] * (len(n) + 1),
        },
        summary={"n": 2 * n_society, "society": net.sum(), "currency": "SEK"},
        support={"n": [*n, n_society]},
        provenance=provenance("pay_off", SAMPLE),
    )
    return release(account, profile)


def names_hidden(released):
    frame = released.tidy()
    return "".join(frame["party"][frame["suppressed"]].replace("society", "+"))


@pytest.mark.parametrize(
    ("n", "gone"),
    [
        ([50, 10, 30, 12], ""),
        ([50, 2, 30, 12], "bd"),  # the smallest other one goes with it
        ([50, 9, 30, 9], "bcd"),  # the two can be the same 9 persons
        ([50, 0, 30, 30], "bc"),
        ([2, 9, 50], "abc"),
        ([2, 9], "ab"),  # together they are society, which is large enough
        ([9], "a+"),  # a single party is society
        ([10], ""),
    ],
)
def test_a_small_party_is_hidden_with_the_smallest_other_one(n, gone):
    assert names_hidden(paid(n)) == gone


def test_no_hidden_net_follows_from_the_shown_ones():
    rng = np.random.default_rng(5)
    for _ in range(200):
        n = rng.integers(0, 40, rng.integers(2, 7))
        frame = paid(n).tidy()
        left = 2.0 ** len(n) - 1 - frame["net"][frame["party"] != "society"].sum()
        gone = np.flatnonzero(frame["suppressed"][:-1])
        assert not frame["suppressed"].iloc[-1] and left == (2.0**gone).sum()
        assert len(gone) != 1 and set(np.flatnonzero(n < 10)) <= set(gone)
        # The sum of the hidden ones, which follows, rests on enough persons.
        assert not len(gone) or n[gone].max() >= 10 or len(gone) == len(n)


def test_what_goes_with_a_payer_of_interventions_is_another_payer():
    assert names_hidden(paid([50, 2, 30, 12], costs=[1.0, 1.0, 1.0, 0.0])) == "bc"
    assert names_hidden(paid([50, 2, 30, 12], costs=[1.0, 0.0, 1.0, 0.0])) == "bd"
    assert names_hidden(paid([50, 2, 30, 12], costs=[0.0, 1.0, 0.0, 0.0])) == "bd"


def test_the_reason_of_a_hidden_party_is_hidden_and_society_stays():
    released = paid([50, 2, 30, 12])

    assert released.tidy()["reason"].tolist() == ["never", "", "never", "", "never"]
    assert released.summary["society"] == released.tidy()["net"].iloc[-1] == 15.0
    assert [(kind, address) for kind, address, _ in released.log] == [
        ("primary", "pay_off//b"), ("secondary", "pay_off//d"),
    ]  # fmt: skip


def test_every_party_goes_with_a_small_society_or_a_hidden_one():
    small = paid([50, 2, 30], n_society=9)

    assert small.is_withheld and pd.isna(small.summary["society"])
    assert paid([50, 20], profile=hidden_blocks("pay_off//society")).is_withheld
    assert names_hidden(paid([50, 20, 30], profile=hidden_blocks("pay_off//a"))) == "ab"


def test_parties_of_few_persons_are_shown_where_nothing_is_hidden():
    assert names_hidden(paid([50, 2, 30], profile="internal")) == ""
