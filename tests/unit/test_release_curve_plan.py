"""The pay-off by month in every unit, with parties that few met: solved by an adversary.

The adversary holds the curves and the pay-off tables of all units. A step between two shown months
and a table are sums over municipalities, parties and steps. What is a sum of multiples of shown
ones is known; no known step of a party may rest on few.
"""

from itertools import chain, combinations, pairwise

import numpy as np
import pytest
from made_results import SAMPLE, tree

from evalkit import results
from evalkit.codes import PUBLIC_PARTIES
from evalkit.provenance import provenance
from evalkit.release import load_profile, release, secondary_suppression

LEVELS = ("municipality", "federation", "national")
NAMES = ("region", "state", "municipality", "individual", "employer")
STEPS = ((1, 6), (7, 12))  # months of the two steps, of which the ticks are 0, 6 and 12


def by_month(k, pays):
    """Persons with a flow of each party in each month, from those of its two steps."""
    months = np.zeros((len(k), 13))
    for step, (first, last) in enumerate(STEPS):
        months[:, first : last + 1] = k[:, step, None]
    months[:, 0] = np.where(np.isin(NAMES[: len(k)], pays), k.sum(axis=1), 0)
    return months


def with_sums(values):
    """Rows of the parties, of public ones together and of society: as many as the largest has."""
    public = np.isin(NAMES[: len(values)], PUBLIC_PARTIES)
    return np.concatenate([values, values[public].max(axis=0)[None], values.max(axis=0)[None]])


def made(k, pays):
    """Curve and table of one unit, with so many persons in each party and step."""
    names = [*NAMES[: len(k)], "public", "society"]
    month, n = with_sums(by_month(k, pays)), with_sums(k.sum(axis=1))
    is_paid = np.array([name in (*pays, "public", "society") for name in names])
    size = month.size
    curve = results.PayOffCurve(
        rows={"party": np.repeat(names, 13), "month": np.tile(np.arange(13), len(names)),
              "net": np.ones(size), "reason": [""] * size, "pay_off_months": np.full(size, 9.0),
              "first_crossing": np.full(size, 9.0),
              "cumulative": (np.arange(13.0)[None] - 9.0 * is_paid[:, None]).ravel()},
        summary={"n": 2 * n.max(), "horizon_years": 1, "public": ", ".join(
            name for name in names if name in PUBLIC_PARTIES)},
        support={"n": np.repeat(n, 13), "k": month.ravel()},
        provenance=provenance("pay_off_curve", SAMPLE),
    )  # fmt: skip
    keep = np.array(names) != "public"
    money = results.PayOff(
        rows={"party": np.array(names)[keep], "cost": is_paid[keep].astype(float),
              "reason": [""] * int(keep.sum())},
        summary={"n": 2 * n.max(), "society": 1.0}, support={"n": n[keep]},
        provenance=provenance("pay_off", SAMPLE),
    )  # fmt: skip
    return curve, money


def units_of(federations):
    leaves = range(len(federations))
    return [
        *(("municipality", f"m{leaf}", [leaf]) for leaf in leaves),
        *(("federation", name, [at for at in leaves if federations[at] == name])
          for name in dict.fromkeys(federations)),
        ("national", "national", list(leaves)),
    ]  # fmt: skip


def released(k, pays, federations, planned=True):
    """Shown months by party of the curve, and shown parties of the table, of every unit."""
    by_unit = {f"m{leaf}": list(made(own, pays)) for leaf, own in enumerate(k)}
    plan = secondary_suppression(
        [], areas=tree(list(federations)), profile="strict10", levels=LEVELS, unit_results=by_unit
    )
    plan = plan if planned else plan.iloc[:0]
    found = {}
    for level, code, member in units_of(federations):
        profile = load_profile("strict10").for_unit(plan, level, code)
        curve, money = (release(one, profile).tidy() for one in made(k[member].sum(axis=0), pays))
        curve, money = curve[~curve["suppressed"]], money[~money["suppressed"]]
        found[code] = (
            curve.groupby("party")["month"].apply(lambda own: own.astype(int).tolist()).to_dict(),
            money["party"].tolist(),
            member,
        )
    return found


def masks(found, shape):
    """Shown sums as masks over municipalities, parties and steps."""
    public = np.isin(NAMES[: shape[1]], PUBLIC_PARTIES)
    sums = {"public": public, "society": np.ones(shape[1], dtype=bool)}
    for curve, table, member in found.values():
        told = [(party, range(2)) for party in table]
        told += [
            (party, [at for at, (low, high) in enumerate(STEPS) if first < low and high <= last])
            for party, months in curve.items()
            for first, last in pairwise(months)
        ]
        for party, steps in told:
            mask = np.zeros(shape)
            of_party = sums.get(party, np.array(NAMES[: shape[1]]) == party)
            mask[np.ix_(member, of_party, list(steps))] = 1
            yield mask


def told_of_few(k, pays, federations, **options):
    """Steps, and both together, of a party in some municipalities that are known and of few."""
    shown = [mask.ravel() for mask in masks(released(k, pays, federations, **options), k.shape)]
    if not shown:
        return []
    _, length, directions = np.linalg.svd(np.array(shown), full_matrices=False)
    known = directions[length > 1e-9 * length[0]]
    sets = chain.from_iterable(combinations(range(len(k)), r) for r in range(1, len(k) + 1))
    wanted = [(leaves, party, steps) for leaves in map(list, sets) for party in range(k.shape[1])
              for steps in ([0], [1], [0, 1])]  # fmt: skip
    found = []
    for leaves, party, steps in wanted:
        one = np.zeros(k.shape)
        one[np.ix_(leaves, [party], steps)] = 1
        one = one.ravel()
        if k[np.ix_(leaves, [party], steps)].sum() < 10 and (
            np.abs(one - known.T @ (known @ one)).max() < 1e-8
        ):
            found.append((leaves, NAMES[party], steps))
    return found


def many(n_leaf=3):
    """Enough persons of five parties in both steps everywhere."""
    return np.full((n_leaf, 5, 2), 30)


def few_employers():
    """Of one municipality four persons had a flow with employers in the second step."""
    k = many()
    k[0] += np.arange(5)[:, None]
    k[0, 4, 1] = 4
    return k


PAYS = ("region", "municipality")


def test_who_pays_keeps_a_curve_though_few_meet_another_party():
    found = released(few_employers(), PAYS, "FFF")

    curve, table, _ = found["m0"]
    for name in (*PAYS, "state", "public", "society"):
        assert curve[name] == [0, 6, 12], name
    assert "employer" not in curve and "individual" not in curve  # society would tell it
    assert "employer" in table  # over all months enough


def test_where_enough_meet_every_party_nothing_is_hidden():
    for curve, _, _ in released(many(), PAYS, "FFF").values():
        assert curve == dict.fromkeys(sorted([*NAMES, "public", "society"]), [0, 6, 12])


def test_the_step_of_few_does_not_follow_from_the_neighbours():
    assert not told_of_few(few_employers(), PAYS, "FFF")


def test_without_the_plan_it_does():
    leak = told_of_few(few_employers(), PAYS, "FFF", planned=False)

    assert ([0], "employer", [1]) in leak


@pytest.mark.parametrize(("step", "shown"), [(0, [0, 12]), (1, [0])])
def test_a_payer_of_few_in_a_step_hides_the_month_and_not_the_payer(step, shown):
    """Of a last step it hides the month before it: the table less that one would tell the step."""
    k = many()
    k[:, 0, step] = 2  # six in all

    for curve, _, _ in released(k, PAYS, "FFF").values():
        assert curve["region"] == shown


@pytest.mark.parametrize("pays", [("region",), ("region", "municipality", "state")])
@pytest.mark.parametrize("federations", ["FFF", "FFGG", "FGH"])
def test_no_step_of_few_follows_from_all_pages(federations, pays):
    rng = np.random.default_rng(len(federations) + len(pays))
    for _ in range(8):
        k = rng.integers(0, 45, (len(federations), int(rng.integers(3, 6)), 2))
        rare = rng.random(k.shape) < 0.25
        k[rare] = rng.integers(0, 10, int(rare.sum()))
        assert not told_of_few(k, pays, federations), k.tolist()
