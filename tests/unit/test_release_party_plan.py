"""Who pays and gains, in every municipality, federation and the nation: solved by an adversary.

The adversary holds all pages of all units, and knows how many persons each number is a mean of, so
that shown numbers are sums over municipalities and parties. What is a sum of multiples of shown
ones is known; nothing known may rest on few.
"""

from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from made_results import SAMPLE, tree

from evalkit import results
from evalkit.codes import PUBLIC_PARTIES
from evalkit.provenance import provenance
from evalkit.release import load_profile, release, secondary_suppression
from evalkit.release.party_plan import cells_of

LEVELS = ("municipality", "federation", "national")
NAMES = ("region", "state", "municipality", "individual", "employer")


def table(kind, function, n, pays, largest=None):
    """A table of parties on so many persons each, in one unit."""
    names = list(n)
    rows = [*names, "society"]
    outlays = max(n[name] for name in pays if name in n)
    behind = [*n.values(), outlays]
    cost = [float(name in pays) for name in names]
    public = [name for name in names if name in PUBLIC_PARTIES]
    if kind is not results.PayOff and public:
        rows.insert(-1, "public")
        paid = [n[name] for name in public if name in pays]
        behind.insert(-1, max(paid or (n[name] for name in public)))
        cost.append(1.0)
    values = {"party": rows, "cost": [*cost, 1.0], "reason": [""] * len(rows)}
    if kind is results.BreakEven:
        values["horizon_years"] = [1.0] * len(rows)
    more = {} if largest is None else largest
    return kind(
        rows=values,
        summary={"n": 2 * max(n.values())}
        | ({"society": 1.0} if kind is results.PayOff else {"public": ", ".join(public)}),
        support={"n": behind, **more},
        provenance=provenance(function, SAMPLE),
    )


def persons(counts, member):
    """Persons of each party in a unit; parties that nobody has are not listed."""
    summed = counts[member].sum(axis=0)
    return {name: int(n) for name, n in zip(NAMES, summed, strict=False) if n >= 0}


def pages(counts, pays, federations, planned=True):
    """Shown sums of every unit as masks over municipalities and parties."""
    areas = tree(list(federations))
    by_unit = {
        f"m{leaf}": [table(results.PayOff, "pay_off", persons(counts, [leaf]), pays)]
        for leaf in range(len(counts))
    }
    plan = secondary_suppression(
        [], areas=areas, profile="strict10", levels=LEVELS, unit_results=by_unit
    )
    if not planned:
        plan = plan.iloc[:0]
    units = [("municipality", f"m{leaf}", [leaf]) for leaf in range(len(counts))]
    units += [("federation", name, [at for at, own in enumerate(federations) if own == name])
              for name in dict.fromkeys(federations)]  # fmt: skip
    units.append(("national", "national", list(range(len(counts)))))
    shown = []
    for level, code, member in units:
        profile = load_profile("strict10").for_unit(plan, level, code)
        n = persons(counts, member)
        for kind, name in ((results.PayOff, "pay_off"),
                           (results.BreakEven, "break_even_by_horizon")):  # fmt: skip
            frame = release(table(kind, name, n, pays), profile).tidy()
            for party in frame["party"][~frame["suppressed"]]:
                mask = np.zeros(counts.shape, dtype=bool)
                if party == "society":
                    mask[member] = True
                elif party == "public":
                    mask[np.ix_(member, np.isin(NAMES[: counts.shape[1]], PUBLIC_PARTIES))] = True
                else:
                    mask[member, NAMES.index(party)] = True
                shown.append(mask)
    return shown


def told_of_few(counts, shown, among):
    """Sums over municipalities of one party that follow from the shown ones and rest on few."""
    if not shown:
        return []
    rows = np.array([mask[:, among].ravel() for mask in shown], dtype=float)
    _, length, directions = np.linalg.svd(rows, full_matrices=False)
    known = directions[length > 1e-9 * length[0]]
    size = len(counts)
    found = []
    sets = chain.from_iterable(combinations(range(size), r) for r in range(1, size + 1))
    for leaves in sets:
        for party in range(counts.shape[1]):
            n = counts[list(leaves), party].sum()
            if n >= 10 or not among[party]:
                continue
            wanted = np.zeros(counts.shape)
            wanted[list(leaves), party] = 1
            wanted = wanted[:, among].ravel()
            if np.abs(wanted - known.T @ (known @ wanted)).max() < 1e-8:
                found.append((leaves, NAMES[party]))
    return found


def attacked(counts, pays, federations, **options):
    shown = pages(counts, pays, federations, **options)
    every = np.ones(counts.shape[1], dtype=bool)
    paying = np.isin(NAMES[: counts.shape[1]], pays)
    return told_of_few(counts, shown, every) + (
        told_of_few(counts, shown, paying) if paying.any() else []
    )


LEAK = np.array([[40, 12, 4, 60], [40, 30, 50, 60], [40, 30, 50, 60]])


def test_a_cover_party_does_not_follow_from_the_federation():
    assert not attacked(LEAK, ("region",), "FFF")


def test_without_the_plan_it_does():
    assert ((0,), "municipality") in attacked(LEAK, ("region",), "FFF", planned=False)


@pytest.mark.parametrize("pays", [("region",), ("region", "municipality", "state")])
@pytest.mark.parametrize("federations", ["FFF", "FFGG", "FFFG", "FGH"])
def test_no_small_party_of_any_unit_follows_from_all_pages(federations, pays):
    rng = np.random.default_rng(len(federations) + len(pays))
    for _ in range(6):
        counts = rng.integers(0, 45, (len(federations), int(rng.integers(2, 6))))
        counts[rng.random(counts.shape) < 0.3] = rng.integers(0, 10)
        assert not attacked(counts, pays, federations), counts.tolist()


def test_where_all_parties_have_enough_persons_nothing_is_hidden():
    counts = np.full((4, 4), 10)

    assert len(pages(counts, ("region",), "FFGG")) == 7 * (5 + 6)


def test_a_municipality_with_one_small_party_costs_two_cells_of_two_municipalities():
    shown = pages(LEAK, ("region",), "FFF")
    own = {(mask.sum(), tuple(np.argwhere(mask)[0])) for mask in shown if mask.sum() == 1}

    assert len(own) == LEAK.size - 4


def held(first, second, gross, n=40):
    """A pay-off of three parties, one of which two persons hold so much of."""
    sizes = {"first": [1.0, 1.0, first, 1.0], "second": [1.0, 1.0, second, 1.0],
             "gross": [40.0, 40.0, gross, 99.0]}  # fmt: skip
    return table(
        results.PayOff, "pay_off", dict.fromkeys(("region", "state", "employer"), n), ("region",),
        sizes,
    )  # fmt: skip


def hidden(result):
    frame = release(result, "strict10").tidy()
    return frame["party"][frame["suppressed"]].tolist()


def test_a_party_of_which_two_persons_hold_most_is_hidden_with_another():
    assert hidden(held(80.0, 11.0, 100.0)) == ["region", "employer"]
    assert hidden(held(80.0, 10.0, 100.0)) == []


def test_one_dominated_municipality_does_not_follow_from_its_federation():
    dominated, even = held(80.0, 15.0, 100.0), held(1.0, 1.0, 40.0)
    plan = secondary_suppression(
        [], areas=tree(list("FFF")), profile="strict10", levels=LEVELS,
        unit_results={"m0": [dominated], "m1": [even], "m2": [even]},
    )  # fmt: skip

    assert set(plan["code"][plan["block"] == "pay_off//employer"]) >= {"m0", "m1"}


def test_dominance_of_a_sum_is_that_of_the_largest_in_any_municipality():
    cells = cells_of([held(80.0, 15.0, 100.0), held(1.0, 1.0, 9_000.0), held(1.0, 1.0, 2.0)])
    profile = load_profile("strict10")
    employer = cells.party == "employer"

    def small(*leaves):
        return cells.small((employer & np.isin(cells.leaf, leaves))[None], profile)[0]

    assert small(0) and not small(1) and small(2)
    assert small(0, 2) and not small(0, 1)


def test_hundreds_of_municipalities_are_planned_in_time():
    rng = np.random.default_rng(4)
    counts = rng.integers(0, 200, (120, 5))
    names = [f"f{at // 6}" for at in range(120)]
    areas = tree(names)
    paid = [table(results.PayOff, "pay_off", persons(counts, [leaf]), ("region",))
            for leaf in range(120)]  # fmt: skip
    by_unit = {f"m{leaf}": [item] for leaf, item in enumerate(paid)}
    plan = secondary_suppression(
        [], areas=areas, profile="strict10", levels=LEVELS, unit_results=by_unit
    )

    few = {f"m{leaf}" for leaf in range(120) if counts[leaf, 0] < 10}
    gone = plan[(plan["level"] == "municipality") & (plan["block"] == "pay_off//region")]
    assert few <= set(gone["code"]) and len(gone) < 90


def by_month(persons, months=25, parties=("region", "state")):
    """A curve of parties with a flow of so many persons in each month."""
    names = [*parties, "society"]
    k = np.tile(np.resize(np.asarray(persons, dtype=float), months), (len(names), 1))
    return results.PayOffCurve(
        rows={"party": np.repeat(names, months), "month": np.tile(np.arange(months), len(names)),
              "net": 1.0, "cumulative": np.tile(np.arange(months) - 9.0, len(names))}
        | {"net": np.ones(k.size), "pay_off_months": np.full(k.size, 10.0),
           "first_crossing": np.full(k.size, 10.0), "reason": [""] * k.size},
        summary={"n": 200, "horizon_years": 2, "discount_rate": 0.0, "public": "region, state"},
        support={"n": np.full(k.size, 90.0), "k": k.ravel()},
        provenance=provenance("pay_off_curve", SAMPLE),
    )  # fmt: skip


def few_between(first, last):
    """Ninety persons a month, but four from the first to the last of these months."""
    month = np.arange(25)
    return np.where((month >= first) & (month <= last), 4, 90)


def curves_planned(*persons):
    unit_results = {f"m{leaf}": [by_month(own)] for leaf, own in enumerate(persons)}
    plan = secondary_suppression(
        [], areas=tree(["F"] * len(persons)), profile="strict10", levels=LEVELS,
        unit_results=unit_results,
    )  # fmt: skip
    found = {}
    for level, code, own in [
        *(("municipality", f"m{leaf}", own) for leaf, own in enumerate(persons)),
        ("federation", "F", np.sum(persons, axis=0)),
    ]:
        frame = release(by_month(own), load_profile("strict10").for_unit(plan, level, code)).tidy()
        own = frame[(frame["party"] == "region") & ~frame["suppressed"]]
        found[code] = own["month"].astype(int).tolist()
    return found


def test_a_month_that_few_had_flows_in_does_not_follow_from_the_neighbours():
    even = np.full(25, 90)

    shown = curves_planned(few_between(7, 12), even, even * 2)

    assert shown["m0"] == shown["m1"] == []
    assert shown["m2"] == shown["F"] == [0, 6, 12, 18, 24]
    assert curves_planned(even, even)["m0"] == [0, 6, 12, 18, 24]


def test_a_month_that_few_had_flows_in_anywhere_is_listed_nowhere():
    shown = curves_planned(few_between(7, 12), few_between(7, 12))

    assert shown == dict.fromkeys(("m0", "m1", "F"), [0, 6, 18, 24])


def flows(outlays, gains=40, amounts=1_000.0):
    """Ledger rows: so many persons have an intervention, and so many less support afterwards."""
    rows = []
    for arm in ("programme", "comparison"):
        for person in range(max(outlays, gains)):
            one = {"person_id": f"{arm}{person}", "arm": arm, "item": "x", "currency": "SEK",
                   "price_year": 2025}  # fmt: skip
            if person < outlays and arm == "programme":
                size = amounts[person] if np.ndim(amounts) else amounts
                rows.append(one | {"month": 0, "payer": "region", "payee": "resources",
                                   "kind": "intervention", "amount": size})  # fmt: skip
            if person < gains:
                rows.append(one | {"month": 6, "payer": "region", "payee": "individual",
                                   "kind": "transfer", "amount": 90.0})  # fmt: skip
    return pd.DataFrame(rows)


def withheld(frame, **options):
    from evalkit.economics import pay_off

    result = pay_off(frame, n_bootstrap=0, n_person={"programme": 40, "comparison": 40}, **options)
    return hidden(result)


def test_the_outlay_of_few_is_hidden_though_many_have_other_flows():
    assert "region" in withheld(flows(3)) and withheld(flows(12)) == []


def test_an_outlay_of_which_one_person_took_nearly_all_is_hidden():
    even, one = np.full(12, 100.0), np.array([50_000.0, *[100.0] * 11])

    assert withheld(flows(12, amounts=even)) == []
    assert "region" in withheld(flows(12, amounts=one))


def test_a_ledger_of_sums_does_not_make_few_persons_many():
    from evalkit.economics import ledger, pay_off

    few = flows(3).query("arm == 'programme'").drop(columns="arm")
    after = pay_off(ledger(few), design="before_after", n_person={"programme": 40}, months=12)

    assert after.support["n"].min() == 3
    assert "region" in hidden(after)


@pytest.mark.parametrize(("first", "gone"), [(50_000.0, True), (100.0, False)])
def test_dominance_in_every_table_of_money(first, gone):
    from evalkit import economics

    rows = flows(12, amounts=np.array([first, *[100.0] * 11]))
    count = {"n_person": {"programme": 40, "comparison": 40}}
    made = [
        economics.net_present_value(rows, **count), economics.pay_off_curve(rows, **count),
        economics.break_even_by_horizon(rows, design="contrast", n_bootstrap=0, **count),
        economics.ledger(rows), economics.ledger_balances(rows),
        economics.ledger_balances(economics.ledger(rows)),
        economics.sensitivity(rows, ranges={"x": (0.5, 1.5)}, party="region", **count),
    ]  # fmt: skip
    for result in made:
        frame = release(result, "strict10").tidy()
        if "kind" in frame.columns and "payer" in frame.columns:
            frame = frame[frame["kind"] == "intervention"]
        elif "party" in frame.columns:
            frame = frame[frame["party"] == "region"]
        assert frame["suppressed"].all() == gone, type(result).__name__


@pytest.mark.parametrize(("first", "gone"), [(50_000.0, True), (100.0, False)])
def test_dominance_in_costs_and_effects(first, gone):
    from evalkit import economics

    frame = pd.DataFrame({
        "id": range(60), "arm": ["programme"] * 30 + ["comparison"] * 30,
        "cost": [first, *[100.0 + at for at in range(29)], *[90.0 + at for at in range(30)]],
        "qaly": np.linspace(0.5, 0.9, 60),
    })  # fmt: skip
    sample = economics.CostsAndEffects.from_frame(
        frame, person="id", arm="arm", cost="cost", effect="qaly", currency="SEK"
    )
    compared = release(economics.cost_utility(sample, n_bootstrap=9), "strict10").tidy()
    prices = {"willingness_to_pay": [0.0, 1e5]}
    benefit = release(economics.net_benefit(sample, n_bootstrap=9, **prices), "strict10").tidy()
    likely = release(economics.acceptability(sample, n_bootstrap=9, **prices), "strict10").tidy()

    is_cost = compared["measure"] == "cost"
    assert compared["suppressed"][is_cost].all() == gone
    assert not compared["suppressed"][compared["measure"] == "effect"].any()
    assert benefit["suppressed"].all() == likely["suppressed"].all() == gone
