"""Money at the door: parties hidden whole, with what they would follow from; no month by few."""

import re

import numpy as np
import pandas as pd
import pytest
from made_results import SAMPLE

from evalkit import results
from evalkit.provenance import provenance
from evalkit.release import load_profile, release
from evalkit.release.parties import hidden_parties
from evalkit.release.store import stored_text

STRICT = load_profile("strict10")
MUNI, REGION, FIRM, OWN = "municipality", "region", "employer", "individual"
KINDS = {
    results.NetPresentValue: "net_present_value",
    results.BreakEven: "break_even_by_horizon",
    results.LedgerBalances: "ledger_balances",
    results.PayOffCurve: "pay_off_curve",
}


def hiding(*blocks):
    plan = pd.DataFrame({"level": "unit", "code": "x", "block": list(blocks)})
    return STRICT.for_unit(plan, "unit", "x")


def present_value(n, public="", profile=STRICT, costs=None):
    """Parties with so many persons each, two horizons; sums as the largest of their parties."""
    names = list(n)
    sums = {"society": max(n.values())}
    among = [name for name in public.split(", ") if name in n]
    if among:
        sums = {"public": max(n[name] for name in among), **sums}
    parties = [*names, *sums]
    behind = np.repeat([*n.values(), *sums.values()], 2)
    cost = costs or {}
    value = results.NetPresentValue(
        rows={"party": np.repeat(np.array(parties, dtype=object), 2),
              "horizon_years": [1.0, 5.0] * len(parties), "discount_rate": 0.03,
              "cost": np.repeat([cost.get(name, 1.0) for name in parties], 2),
              "gain": np.arange(2.0 * len(parties)), "net": 1.0, "reason": ["never"] * len(behind)}
        | {"discount_rate": [0.03] * len(behind), "net": np.arange(2.0 * len(parties))},
        summary={"n": 100, "public": ", ".join(among), "currency": "SEK"},
        support={"n": behind}, provenance=provenance("net_present_value", SAMPLE),
    )  # fmt: skip
    return release(value, profile)


def gone(released):
    frame = released.tidy()
    return set(frame["party"][frame["suppressed"]])


@pytest.mark.parametrize(
    ("n", "public", "expected"),
    [
        ({MUNI: 50, REGION: 20, FIRM: 30}, f"{MUNI}, {REGION}", set()),
        ({"a": 50, "b": 3, "c": 30}, "", {"b", "c"}),  # the smallest other goes with it
        # One of the same sum, on either side of the public sector.
        ({MUNI: 50, REGION: 3, FIRM: 30, OWN: 40}, f"{MUNI}, {REGION}", {MUNI, REGION}),
        ({MUNI: 50, REGION: 30, FIRM: 3, OWN: 40}, f"{MUNI}, {REGION}", {FIRM, OWN}),
        # Alone outside the sum, or alone in it: then the sum goes too.
        ({MUNI: 50, REGION: 30, FIRM: 3}, f"{MUNI}, {REGION}", {FIRM, "public", REGION}),
        ({REGION: 3, FIRM: 50, OWN: 30}, REGION, {REGION, "public", OWN}),
        # Where others are called public, both that sum and the usual one are kept safe.
        ({"a": 50, "b": 3, "c": 30, "d": 40}, "a, b", {"a", "b", "c", "d"}),
        ({"a": 3}, "", {"a", "society"}),
    ],
)
def test_a_small_party_goes_with_others_of_each_sum(n, public, expected):
    assert gone(present_value(n, public)) == expected


@pytest.mark.parametrize("n", [{MUNI: 50, REGION: 3, FIRM: 30, OWN: 40}, {MUNI: 50, FIRM: 3},
                               {MUNI: 50, REGION: 30, FIRM: 3, OWN: 40}])  # fmt: skip
def test_the_pay_off_hides_the_same_parties_as_the_present_values(n):
    """Otherwise what goes with a small party in one table would stand in the other."""
    everyone = [*n, "society"]
    money = results.PayOff(
        rows={"party": everyone, "cost": [1.0] * len(everyone), "reason": [""] * len(everyone)},
        summary={"n": 100}, support={"n": [*n.values(), 50]},
        provenance=provenance("pay_off", SAMPLE),
    )  # fmt: skip

    assert gone(release(money, STRICT)) == gone(present_value(n, f"{MUNI}, {REGION}")) - {"public"}


def test_a_party_is_hidden_in_every_horizon_with_its_reason():
    frame = present_value({"a": 50, "b": 3, "c": 30}).tidy()

    hidden = frame[frame["party"].isin(["b", "c"])]
    assert hidden["suppressed"].all() and (hidden["reason"] == "").all()
    assert hidden[["cost", "gain", "net"]].isna().all(axis=None)
    assert frame.loc[frame["party"] == "a", "net"].tolist() == [0.0, 1.0]


def test_what_goes_with_a_payer_is_a_payer():
    found = present_value({"a": 50, "b": 3, "c": 30}, costs={"c": 0.0})

    assert gone(found) == {"a", "b"}


def test_blocks_of_the_plan_hide_a_party_and_its_cover():
    found = present_value({"a": 50, "b": 30, "c": 40}, profile=hiding("pay_off//a"))

    assert gone(found) == {"a", "b"}
    few = hiding("pay_off//society")
    assert present_value({"a": 50, "b": 30}, profile=few).is_withheld


def test_no_hidden_party_follows_from_the_shown_sums():
    rng = np.random.default_rng(8)
    for _ in range(500):
        leaves = [f"p{place}" for place in range(rng.integers(1, 7))]
        n = pd.Series(rng.integers(0, 40, len(leaves)).astype(float), leaves)
        public = {name for name in leaves if rng.random() < 0.5}
        pays = {name for name in leaves if rng.random() < 0.5}
        if public:
            n["public"] = n[sorted(public)].max()
        n["society"] = n[leaves].max()
        few = set(n.index[STRICT.too_few(n)])
        few |= {name for name in leaves if rng.random() < 0.1}  # for another unit's sake

        hidden = hidden_parties(n, few, pays, public, STRICT)

        assert few <= hidden
        if "society" in hidden:
            continue
        sets = [set(leaves)]
        if public and "public" not in hidden:
            sets += [public, set(leaves) - public]
        for members in sets:
            left = members & hidden
            assert len(left) != 1
            assert not left or not STRICT.too_few(n[sorted(left)]).all() or left == set(leaves)


def balances(n, profile=STRICT):
    """Rows of (party, kind) with so many persons each."""
    value = results.LedgerBalances(
        rows={"party": [key[0] for key in n], "kind": [key[1] for key in n],
              "received": [0.0] * len(n), "paid": [5.0] * len(n), "balance": [-5.0] * len(n)},
        summary={"n": 100, "society": -5.0, "public": ""}, support={"n": list(n.values())},
        provenance=provenance("ledger_balances", SAMPLE),
    )  # fmt: skip
    return release(value, profile)


def test_a_party_with_a_small_kind_is_hidden_in_all_kinds():
    rows = {("a", "tax"): 40, ("a", "transfer"): 4, ("a", "all"): 40, ("b", "all"): 50,
            ("b", "transfer"): 50, ("c", "all"): 45, ("c", "transfer"): 45,
            ("society", "all"): 60, ("society", "transfer"): 60}  # fmt: skip

    released = balances(rows)

    assert gone(released) == {"a"} | {"c"}
    assert released.summary["society"] == -5.0


def test_a_kind_that_few_have_at_all_hides_everything():
    rows = {("a", "all"): 40, ("a", "tax"): 4, ("b", "all"): 50, ("society", "all"): 60,
            ("society", "tax"): 4}  # fmt: skip

    released = balances(rows)

    assert released.is_withheld
    assert np.isnan(released.summary["society"])


def curve(k, n=None, complement=None, profile=STRICT, horizon=24, **options):
    """Parties with so many persons in each month."""
    parties = list(dict.fromkeys([*k, "society"]))
    months = horizon + 1
    by_month = np.array([np.broadcast_to(np.asarray(k.get(p, 100), float), months)
                         for p in parties])  # fmt: skip
    behind = [(n or {}).get(party, 100) for party in parties]
    support = {"n": np.repeat(behind, months), "k": by_month.ravel()}
    if complement is not None:
        support["complement"] = np.tile(np.asarray(complement, dtype=float), len(parties))
    value = results.PayOffCurve(
        rows={"party": np.repeat(np.array(parties, dtype=object), months),
              "month": np.tile(np.arange(months), len(parties)),
              "net": np.ones(months * len(parties)),
              "cumulative": np.tile(np.arange(months) - 5.0, len(parties)),
              # Of each party and month a number that stands nowhere else.
              "cumulative_low": -1e6 - np.arange(months * len(parties)),
              "cumulative_high": 1e6 + np.arange(months * len(parties)),
              "pay_off_months": [5.0] * months * len(parties),
              "first_crossing": [5.0] * months * len(parties),
              "reason": [""] * months * len(parties)},
        summary={"n": 100, "public": "", "horizon_years": 2}, support=support,
        provenance=provenance("pay_off_curve", SAMPLE),
    )  # fmt: skip
    return release(value, profile)


def shown_months(released, party="society"):
    """Months that a party shows; limits are hidden, and left out of what is stored, with sums."""
    frame = released.tidy()
    for limit in ("cumulative_low", "cumulative_high"):
        assert (frame[limit].isna() == frame["cumulative"].isna()).all()
    stored = re.findall(r"\b10\d{5}\b", stored_text(released))
    assert len(stored) == 2 * frame["cumulative"].notna().sum()
    own = frame[(frame["party"] == party) & ~frame["suppressed"]]
    return own["month"].tolist()


def test_a_curve_is_shown_at_ticks_only_and_never_by_the_month():
    released = curve({"a": 50, "b": 60})

    assert shown_months(released) == [0, 6, 12, 18, 24]
    assert released.tidy()["month"].unique().tolist() == [0, 6, 12, 18, 24]
    assert released.tidy()["net"].isna().all()
    assert released.tidy().loc[1, "cumulative"] == 1.0
    assert len(curve({"a": 50}, profile="internal").tidy()) == 50


def test_a_step_by_few_persons_is_not_shown_for_any_party():
    month = np.full(25, 50.0)
    month[7:13] = 3  # months 7 to 12 rest on three persons of one party

    released = curve({"a": month, "b": 60})

    assert shown_months(released) == [0, 6, 18, 24]
    assert shown_months(released, "b") == [0, 6, 18, 24]


def test_months_after_those_followed_are_no_news_of_anybody():
    month = np.full(25, 50.0)
    month[13:] = np.nan

    assert shown_months(curve({"a": month, "b": month, "society": month})) == [0, 6, 12, 18, 24]


def test_nobody_s_flow_hides_a_step_except_at_the_start():
    start = np.full(25, 50.0)
    start[0] = 0
    never = np.full(25, 50.0)
    never[7:] = 0

    assert shown_months(curve({"a": start, "b": 60})) == [0, 6, 12, 18, 24]
    assert shown_months(curve({"a": never, "b": 60})) == [0, 6]


def test_a_small_party_of_a_curve_goes_with_another():
    released = curve({"a": 50, "b": 3, "c": 60}, n={"a": 50, "b": 3, "c": 60})

    assert {"b", "a"} == gone(released)
    assert shown_months(released) == [0, 6, 12, 18, 24]


def test_a_curve_from_a_share_needs_enough_with_it_and_without():
    state = np.array([0, *range(4, 28)], dtype=float)  # 9 at month 6, 15 at month 12
    enough = curve({"a": state, "society": state}, complement=100 - state)
    full = curve({"a": 95 + 0 * state, "society": 95 + 0 * state}, complement=5 + 0 * state)

    assert shown_months(enough) == [0, 12, 18, 24]
    assert shown_months(full) == [0]


def test_a_curve_on_few_persons_is_withheld():
    assert curve({"a": 50}, n={"society": 9, "a": 9}).is_withheld


def bars(n, units=None, profile=STRICT, n_all=100):
    value = results.Sensitivity(
        rows={"parameter": list(n), "low": [0.5] * len(n), "high": [1.5] * len(n),
              "at_low": [0.2] * len(n), "at_high": [0.6] * len(n),
              "unit": units or ["factor"] * len(n)},
        summary={"n": n_all, "party": "society", "base": 0.4, "quantity": "break_even_share"},
        support={"n": list(n.values())}, provenance=provenance("sensitivity", SAMPLE),
    )  # fmt: skip
    return release(value, profile)


def parameters_hidden(released):
    frame = released.tidy()
    return set(frame["parameter"][frame["suppressed"]])


def test_an_item_of_few_persons_goes_with_the_smallest_other_one():
    assert parameters_hidden(bars({"a": 50, "b": 40})) == set()
    assert parameters_hidden(bars({"a": 50, "b": 4, "c": 40})) == {"b", "c"}
    rate = bars({"a": 50, "b": 4, "rate": 60}, units=["factor", "factor", "share"])
    assert parameters_hidden(rate) == {"a", "b"}
    assert rate.summary["base"] == 0.4


def test_the_base_case_of_few_persons_is_hidden_with_all_rows():
    for released in (
        bars({"a": 50, "rate": 9}, units=["factor", "share"]),
        bars({"a": 50}, n_all=9),
        bars({"a": 50, "b": 50}, profile=hiding("pay_off//society")),
    ):
        assert released.is_withheld and np.isnan(released.summary["base"])


@pytest.mark.parametrize(("n", "hidden"), [(np.nan, False), (30, False), (5, True)])
def test_type_cases_are_shown_unless_they_describe_few(n, hidden):
    value = results.TypeCases(
        rows={"party": ["state", "society"], "cost": [1.0, 1.0], "reason": ["never", "never"]},
        summary={"n": n, "n_case": 3, "n_extrapolated": 50}, support={"n": [n, n]},
        provenance=provenance("type_cases", SAMPLE),
    )  # fmt: skip

    released = release(value, STRICT)

    assert released.is_withheld == hidden
    assert ("never" in released.tidy()["reason"].tolist()) != hidden


@pytest.mark.parametrize("kind", KINDS)
def test_profiles_that_hide_nothing_pass_everything(kind):
    value = kind(
        rows={name: ["a"] if name in ("party", "kind", "reason") else [1.0] for name in kind.TIDY},
        summary={"n": 1, "public": ""}, support={"n": [1]},
        provenance=provenance(KINDS[kind], SAMPLE),
    )  # fmt: skip

    assert not release(value, "internal").is_withheld
    assert release(value, STRICT).is_withheld
