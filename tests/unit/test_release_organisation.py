"""The door for organisations: small counts, prices, differences, and units inside units.

The strongest test plays the reader who has all pages: municipalities, federations, the nation, each
by package and all together. What the shown numbers determine is worked out by linear algebra.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import Forms, Participations
from evalkit.errors import EstimationError
from evalkit.follow_up import (
    financing,
    key_figures,
    minimum_detectable_share,
    process_times,
    recommendations,
    schemes_compared,
    service_gaps,
    service_index,
    service_outcome_link,
    service_profile,
    targets,
)
from evalkit.release import load_profile, release, secondary_suppression

RULE = load_profile("strict10")
PERIOD = ("2023-01", "2024-03")
MUNICIPALITIES = [f"{number:04}" for number in range(6)]
FEDERATION = {code: "F1" if code < "0003" else "F2" for code in MUNICIPALITIES}
AREAS = pd.DataFrame({"municipality": MUNICIPALITIES, "federation": FEDERATION.values()})


def stays(package, counts, **more):
    """Rows of one package: counts of those who ended with and without the outcome, and who stay."""
    reached, other, running = counts
    n = reached + other + running
    return pd.DataFrame({
        "person_id": [f"{package}{more.get('tag', '')}{number}" for number in range(n)],
        "package_id": package, "start": "2023-02-01",
        "end": ["2023-06-30"] * reached + ["2023-09-30"] * other + [None] * running,
        "exit_reason": ["work_or_study"] * reached + ["completed"] * other + [None] * running,
    })  # fmt: skip


def figures(*parts, **options):
    sample = Participations.from_frame(pd.concat(parts), data_cut="2024-12")
    return key_figures(sample, by="package_id", period=PERIOD, **options)


def shown(result, profile=RULE, value="estimate"):
    table = release(result, profile).tidy()
    return table.pivot(index="stratum", columns="quantity", values=value)


PACKAGES = pd.DataFrame({
    "package_id": ["p", "q", "r"], "budget": [900.0, 800, 700], "currency": "SEK",
    "planned_participants": [10, 20, 30],
})  # fmt: skip


def test_a_price_is_hidden_with_the_count_that_it_would_give_away():
    table = shown(figures(stays("p", (4, 30, 20)), stays("q", (20, 20, 20)),
                          packages=PACKAGES))  # fmt: skip

    hidden = ["reached_outcome", "outcome_share", "cost_per_outcome"]
    assert table.loc["p", hidden].isna().all()
    assert table.loc["p", ["budget", "planned", "cost_per_leaver", "left"]].notna().all()
    assert table.loc["p", "fulfilment"] > 0
    # Of the sum of both p is what is left: q goes with it, and then the sum may be shown.
    assert table.loc["q", hidden].isna().all()
    assert table.loc["", hidden].notna().all()


def test_everything_of_a_small_package_is_hidden_but_what_is_public():
    table = shown(figures(stays("p", (3, 3, 3)), stays("q", (20, 20, 20)), stays("r", (15, 15, 15)),
                          packages=PACKAGES))  # fmt: skip

    public = ["budget", "planned"]
    assert table.loc["p", public].notna().all()
    assert table.loc["p"].drop(public).isna().all()
    assert table.loc["r"].drop(public).isna().all()
    assert table.loc["", "took_part"] == 114


def test_that_all_have_left_is_a_secret_and_that_all_started_is_none():
    table = shown(figures(stays("p", (20, 20, 0)), stays("q", (20, 20, 20)),
                          stays("r", (20, 20, 40))))  # fmt: skip

    assert table.loc["p", ["left", "in_package", "left_per_start", "mean_days_left"]].isna().all()
    assert table["started"].notna().all()


def test_few_who_took_part_twice_hide_the_persons():
    twice = stays("p", (20, 20, 20)).assign(
        person_id=lambda rows: rows["person_id"].mask(rows.index < 3, "p9"),
        start=lambda rows: pd.to_datetime("2023-02-01") + pd.to_timedelta(rows.index, "D"),
    )
    single = figures(twice, stays("q", (20, 20, 20)))

    table, n = shown(single), shown(single, value="n")

    assert table.loc["p", ["took_part_persons", "left_persons"]].isna().all()
    assert np.isnan(n.loc["p", "took_part"])
    assert table.loc["p", "took_part"] == 60
    assert table.loc["q", "took_part_persons"] == n.loc["q", "left"] == 60
    assert np.isnan(table.loc["", "took_part_persons"])


def test_few_who_took_part_in_both_packages_hide_the_persons_of_all():
    other = stays("q", (20, 20, 20)).assign(
        person_id=lambda rows: [f"p{n}" if n < 4 else f"q{n}" for n in rows.index]
    )

    table = shown(figures(stays("p", (20, 20, 20)), other))

    assert table.loc[["p", "q"], "took_part_persons"].tolist() == [60, 60]
    assert np.isnan(table.loc["", "took_part_persons"])
    # Of three packages with one hidden the number in several is not known.
    several = figures(stays("p", (20, 20, 20)), other, stays("r", (3, 3, 3)))
    assert np.isnan(shown(several).loc["r", "took_part"])


def spread(n_ended, n_running):
    """Ends nine days apart."""
    rows = stays("p", (0, n_ended, n_running))
    days = pd.to_datetime("2023-03-01") + pd.to_timedelta(9 * rows.index, "D")
    return rows.assign(end=pd.Series(days, rows.index).where(rows["exit_reason"].notna()))


def test_limits_of_a_median_need_enough_on_both_sides():
    """Of 23 stays the median comes after 12 ends, its lower limit after fewer than ten."""
    table = release(figures(spread(13, 10)), RULE).tidy()

    row = table[table["quantity"] == "median_days"].iloc[-1]
    assert np.isfinite(row["estimate"])
    assert np.isnan(row["conf_low"])
    many = release(figures(spread(31, 30)), RULE).tidy()
    assert many[many["quantity"] == "median_days"]["conf_low"].notna().all()


def test_reasons_of_hidden_rows_are_blank():
    result = figures(stays("p", (0, 30, 30)), stays("q", (20, 20, 20)), packages=PACKAGES)
    row = release(result, RULE).tidy().set_index(["stratum", "quantity"]).loc[
        ("p", "cost_per_outcome")
    ]  # fmt: skip

    assert (row["reason"], bool(row["suppressed"])) == ("", True)
    told = result.tidy().set_index(["stratum", "quantity"]).loc[("p", "cost_per_outcome")]
    assert told["reason"] == "nobody_reached_it"


def test_few_misregistrations_are_not_told():
    days = pd.date_range("2023-01-01", periods=5)
    mistaken = stays("p", (5, 0, 0)).assign(
        exit_reason="felregistrering", person_id="x", start=days
    )
    result = figures(stays("p", (20, 20, 20)), mistaken)

    assert result.summary["n_misregistered"] == 5
    assert np.isnan(release(result, RULE).summary["n_misregistered"])


def test_targets_hide_what_key_figures_hide():
    result = figures(stays("p", (4, 30, 20)), stays("q", (20, 20, 20)), stays("r", (3, 3, 3)))
    goals = pd.DataFrame({"stratum": ["p", "q", "r"], "quantity": "reached_outcome",
                          "target": [8, 10, 12]})  # fmt: skip

    rows = release(targets(result, goals), RULE).tidy()

    own = release(result, RULE).tidy()
    assert (rows["actual"].isna() == own["estimate"].isna()).all()
    asked = rows[rows["direction"] != ""]
    assert asked["fulfilment"].isna().all()
    assert asked["met"].tolist() == ["", "", ""]


def test_an_internal_profile_hides_nothing():
    result = figures(stays("p", (1, 2, 3)))

    assert not release(result, "internal").tidy()["suppressed"].any()


def world(seed):
    rng, rows, number = np.random.default_rng(seed), [], 0
    for code in MUNICIPALITIES:
        for package in range(3):
            n = 0 if rng.random() < 0.15 else int(rng.lognormal(3.4, 1.0))
            start = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
            end = pd.Series(start + pd.to_timedelta(rng.integers(0, 300, n), "D"))
            rows.append(pd.DataFrame({
                "person_id": [f"x{number + place}" for place in range(n)], "start": start,
                "package_id": f"{FEDERATION[code]}p{package}", "municipality": code,
                "end": end.where(rng.random(n) > 0.35), "federation": FEDERATION[code],
                "exit_reason": rng.choice(["work_or_study", "completed"], n, p=[0.3, 0.7]),
            }))  # fmt: skip
            number += n
    return pd.concat(rows, ignore_index=True)


# Four unknown counts of each municipality and package, and how others are made of them.
MADE_OF = {"took_part": (1, 1, 1, 0), "left": (1, 1, 0, 0), "in_package": (0, 0, 1, 0),
           "reached_outcome": (1, 0, 0, 0), "started": (0, 0, 0, 1)}  # fmt: skip
SECRETS = {**MADE_OF, "_other": (0, 1, 0, 0), "_before": (1, 1, 1, -1)}


def given_away(frame, plan):
    """Small counts of any unit that all shown numbers together determine."""
    cells = list(frame.groupby(["municipality", "package_id"]).size().index)
    known, secret = [], []
    for level, code, own in pages(frame):
        by = "federation" if level == "national" else "package_id"
        rule = RULE.for_unit(plan, level, code)
        if level == "national":
            table = RULE.for_table_of(plan, "federation")
            rule = replace(rule, hide=rule.hide | table.hide)
        try:
            sample = Participations.from_frame(own, data_cut="2024-12")
            result = key_figures(sample, by=by, period=PERIOD)
        except EstimationError:
            continue
        told, true = shown(result, rule), shown(result, "internal")
        for stratum in true.index:
            inside = [
                (area, package) for area, package in cells
                if area in set(own["municipality"]) and package.startswith(stratum)
            ]  # fmt: skip
            vector = np.array([[cell in inside] for cell in cells], dtype=float)
            counts = true.loc[stratum].to_dict()
            counts["_other"] = counts["left"] - counts["reached_outcome"]
            counts["_before"] = counts["took_part"] - counts["started"]
            known += [(vector * parts).ravel() for name, parts in MADE_OF.items()
                      if np.isfinite(told.loc[stratum, name])]  # fmt: skip
            secret += [(vector * parts).ravel() for name, parts in SECRETS.items()
                       if counts["took_part"] and is_small(name, counts[name])]  # fmt: skip
    directions = np.linalg.svd(np.array(known))[2][: np.linalg.matrix_rank(np.array(known))]
    wanted = np.array(secret)
    apart = np.linalg.norm(wanted - wanted @ directions.T @ directions, axis=1)
    return len(known), len(secret), int((apart < 1e-8).sum())


def is_small(name, count):
    return count < 10 and not (name in ("started", "_before") and count == 0)


def pages(frame):
    for level in ("municipality", "federation"):
        for code, own in frame.groupby(level):
            yield level, code, own
    yield "national", "national", frame


def plan_of(frame):
    sample = Participations.from_frame(frame, data_cut="2024-12")
    return secondary_suppression(
        [key_figures(sample, by=by, period=PERIOD)
         for by in (["municipality", "package_id"], "municipality")],
        areas=AREAS, profile=RULE,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 4, 5])
def test_no_small_count_follows_from_all_pages_together(seed):
    frame = world(seed)

    n_shown, n_secret, n_found = given_away(frame, plan_of(frame))
    _, _, without = given_away(frame, plan_of(frame)[:0])

    assert n_found == 0
    assert n_shown > 40 and n_secret > 40  # neither all hidden, nor nothing to hide
    assert without > 0  # the plan is what protects


def process(counts, tag=""):
    """Participations of which so many had a plan after 10 days, after 60, and never."""
    early, late, never = counts
    frame = stays("p", (0, early + late + never, 0), tag=tag)
    days = ["2023-02-11"] * early + ["2023-04-02"] * late
    plans = pd.DataFrame({"person_id": frame["person_id"][: early + late], "package_id": "p",
                          "start": days, "form": "joint_plan"})  # fmt: skip
    return frame, plans


def times(counts):
    frame, plans = process(counts)
    sample = Participations.from_frame(frame, data_cut="2024-12")
    result = process_times(sample, Forms.from_frame(plans), steps=["joint_plan"])
    return release(result, RULE).tidy().set_index("quantity")["estimate"]


def test_process_times_of_too_few_or_of_nearly_all_are_hidden():
    assert times((20, 20, 20)).notna().all()
    assert times((4, 0, 40)).isna().all()
    assert times((30, 15, 4)).loc[["share_within_90", "median_days"]].isna().all()


def test_two_shares_that_differ_by_few_are_not_both_shown():
    found = times((20, 5, 30))

    assert np.isnan(found["share_within_30"])
    assert np.isfinite(found["share_within_90"])


def test_a_hidden_stratum_of_process_times_takes_another_with_it():
    parts = [process((20, 15, 20)), process((3, 3, 30), "b"), process((18, 15, 20), "c")]
    frames = [frame.assign(package_id=name) for (frame, _), name in zip(parts, "pqr", strict=True)]
    plans = [plan.assign(package_id=name) for (_, plan), name in zip(parts, "pqr", strict=True)]
    sample = Participations.from_frame(pd.concat(frames), data_cut="2024-12")

    result = process_times(sample, Forms.from_frame(pd.concat(plans)), by="package_id",
                           steps=["joint_plan"], within=[30])  # fmt: skip

    rows = release(result, RULE).tidy()
    shares = rows[rows["quantity"] == "share_within_30"].set_index("stratum")["estimate"]
    assert shares[["q", "r"]].isna().all()
    assert shares[["p", ""]].notna().all()


def test_process_times_are_planned_across_levels():
    parts = [process((n, n, n), tag=code)
             for n, code in zip((4, 20, 30, 15, 20, 30), MUNICIPALITIES, strict=True)]  # fmt: skip
    frame = pd.concat([rows.assign(municipality=code, federation=FEDERATION[code])
                       for (rows, _), code in zip(parts, MUNICIPALITIES, strict=True)])  # fmt: skip
    plans = pd.concat([rows for _, rows in parts])
    sample = Participations.from_frame(frame, data_cut="2024-12")
    result = process_times(sample, Forms.from_frame(plans), by="municipality")

    plan = secondary_suppression([result], areas=AREAS, profile=RULE)

    hidden = plan[plan["block"] == "processes//joint_plan/share_within_30"]
    # 0000 has too few; beside its federation's number 0001, the next smallest, goes with it.
    assert hidden["code"].tolist() == ["0000", "0001"]


SERVICES = pd.DataFrame({
    "municipality": [f"{number:04}" for number in range(12)] * 2,
    "service": ["s"] * 12 + ["t"] * 12, "target_group": "g",
    "availability": ["yes", "no"] * 6 + ["yes"] * 12, "coordination": None,
})  # fmt: skip


def test_what_is_about_no_person_is_shown():
    money = pd.DataFrame({"federation": "F", "year": 2024, "financier": ["region"], "kind": "funds",
                          "budget": 3.0, "outcome": 3.0, "currency": "SEK"})  # fmt: skip
    profile = service_profile(SERVICES)
    status = pd.DataFrame({"recommendation": ["strategy"], "status": ["done"]})
    made = [financing(money, country="SE"), profile, service_gaps(profile), service_index(profile),
            recommendations(status)]  # fmt: skip

    assert not any(release(result, RULE).tidy()["suppressed"].any() for result in made)


def test_a_link_that_the_smallest_municipality_is_in_is_hidden():
    outcomes = pd.DataFrame({"municipality": SERVICES["municipality"][:12],
                             "estimate": np.arange(12.0), "n": [60] * 11 + [9]})  # fmt: skip
    index = service_index(service_profile(SERVICES))

    assert release(service_outcome_link(index, outcomes), RULE).is_withheld
    enough = outcomes.assign(n=60, k=20, complement=40)
    assert not release(service_outcome_link(index, enough), RULE).is_withheld
    few_left = enough.assign(complement=[40] * 11 + [3])
    assert release(service_outcome_link(index, few_left), RULE).is_withheld


def test_schemes_of_too_few_persons_are_hidden():
    frame = pd.DataFrame({
        "area": np.repeat(np.arange(12), 2), "period": [0, 1] * 12,
        "scheme": np.repeat(["A", "B"], 12), "outcome": np.arange(24.0) ** 1.1, "people": 1,
    })  # fmt: skip
    options = {"before": [0], "after": [1], "reference": "A", "population": "people"}
    few = schemes_compared(frame, **options)
    enough = schemes_compared(frame.assign(people=50), **options)

    assert release(few, RULE).is_withheld
    assert not release(enough, RULE).is_withheld
    share = {"coverage": 0.1, "effect": 10}
    assert release(minimum_detectable_share(few, **share), RULE).is_withheld
    assert not release(minimum_detectable_share(enough, **share), RULE).is_withheld
    assert np.isnan(release(minimum_detectable_share(few, **share), RULE).tidy()["power"]).all()
