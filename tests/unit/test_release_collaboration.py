"""Answers about working together pass the door without small numbers; none can be worked out."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import Persons, Responses
from evalkit.follow_up import (
    agreement,
    agreement_table,
    collaboration_forms,
    collaboration_quality,
    collaboration_trend,
    dose_response,
    fidelity,
    indicators,
    scale_reliability,
    site_summary,
    survey_change,
)
from evalkit.release import release, secondary_suppression

LEVELS = (1, 2, 3, 4, 5)


def answers(sizes, *, column="group", items=2, asked=0, same=None):
    """Respondents by group (or federation, or wave) who answered; `asked` more did not."""
    rows = []
    for name, n in sizes.items():
        for k in range(n):
            for item in range(items):
                value = same or LEVELS[(k * 7 + item) % 5]
                rows.append((f"{name}{k}", name, f"i{item}", value))
        rows += [(f"{name}silent{k}", name, "i0", None) for k in range(asked)]
    frame = pd.DataFrame(rows, columns=["who", column, "item", "answer"])
    return Responses.from_frame(
        frame, respondent="who", item="item", value="answer",
        **{{"group": "group", "federation": "federation", "wave": "wave"}[column]: column},
    )  # fmt: skip


def quality(sample, **keywords):
    return release(collaboration_quality(sample, scale=(1, 5), **keywords), "strict10").tidy()


def test_a_board_of_a_few_is_hidden_and_the_others_are_not():
    frame = quality(answers({"board": 7, "staff": 30}), by="respondent_group")

    hidden = frame.groupby("stratum")["suppressed"].agg(["all", "any"])
    assert hidden.loc["board", "all"] and not hidden.loc["staff", "any"]
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "n", "n_asked", "non_response"]
    assert frame.loc[frame["stratum"] == "board", numbers].isna().all().all()


def test_the_total_does_not_tell_how_many_a_hidden_group_has():
    result = collaboration_quality(answers({"board": 7, "staff": 30}), scale=(1, 5),
                                   by="respondent_group")  # fmt: skip

    assert np.isnan(release(result, "strict10").summary["n"])


def test_counts_are_rounded_shares_are_made_of_rounded_counts_and_means_are_whole():
    frame = quality(answers({"": 33}, asked=8))
    item = frame[frame["item"] == "i0"].iloc[0]

    assert (item["n"], item["n_asked"]) == (35, 40)
    assert item["non_response"] == 1 - 35 / 40
    means = frame.loc[frame["quantity"] == "mean", ["estimate", "conf_low", "conf_high"]]
    assert (means == means.round()).all().all()
    assert frame["std_error"].isna().all()


def test_the_mean_does_not_tell_how_many_answered():
    def means(n):
        sample = answers({"": n}, items=1)
        result = collaboration_quality(sample, scale=(1, 5))
        return result.tidy()["estimate"].iloc[1], quality(sample)["estimate"].iloc[1]

    exact, shown = zip(*(means(n) for n in range(26, 35)), strict=True)

    # Exact means are those of one number of persons, nearly always; whole ones of several.
    assert len(set(exact)) >= 7
    assert len(set(shown)) <= 3


@pytest.mark.parametrize("same", [1, 5])
def test_a_mean_at_the_end_of_the_scale_is_hidden_since_all_gave_that_answer(same):
    frame = quality(answers({"": 40}, same=same))

    assert frame.loc[frame["quantity"] == "mean", "suppressed"].all()


def test_a_mean_near_the_end_is_hidden_while_few_steps_are_missing():
    def top_but(few):
        rows = [(f"r{k}", "i", 4 if k < few else 5) for k in range(60)]
        frame = pd.DataFrame(rows, columns=["who", "item", "answer"])
        sample = Responses.from_frame(frame, respondent="who", item="item", value="answer")
        return bool(quality(sample).set_index("item").loc["i", "suppressed"])

    assert top_but(9) and not top_but(10)


def test_federations_less_the_shown_ones_never_leave_a_few():
    sizes = {"north": 25, "south": 18, "west": 12, "tiny": 4}
    result = indicators(answers(sizes, column="federation"), scale=(1, 5), by=None, per_wave=False)
    raw = result.tidy()
    frame = release(result, "strict10").tidy()

    for (item, quantity), rows in frame.groupby(["item", "quantity"]):
        exact = raw[(raw["item"] == item) & (raw["quantity"] == quantity)]
        own = rows["federation"] != ""
        pooled = ~own & (rows["weighting"] == "respondents")
        alike = ~own & (rows["weighting"] == "federations")
        left = exact.loc[rows.index[own & rows["suppressed"]], "n"].sum()
        assert rows.loc[pooled, "suppressed"].all() or left >= 10
        assert rows.loc[alike, "suppressed"].all()
        assert (own & rows["suppressed"]).sum() >= 2
        if quantity == "mean":
            assert not rows.loc[rows["federation"] == "north", "suppressed"].any()


def test_where_all_federations_are_large_enough_both_means_of_all_are_shown():
    sizes = {"north": 40, "south": 38}
    frame = release(indicators(answers(sizes, column="federation"), scale=(1, 5), by=None,
                               per_wave=False), "strict10").tidy()  # fmt: skip

    assert not frame.loc[frame["quantity"] == "mean", "suppressed"].any()


def test_a_hidden_wave_does_not_follow_from_all_waves_together():
    sizes = {"2021": 30, "2022": 14, "2023": 6}
    sample = answers(sizes, column="wave", items=1)
    each = quality(sample, per_wave=True)

    hidden = set(each.loc[each["suppressed"] & (each["item"] == "i0"), "wave"])
    assert hidden == {"2022", "2023"}
    assert not quality(sample).loc[lambda rows: rows["item"] == "i0", "suppressed"].any()


def test_a_slope_over_a_wave_of_few_is_hidden():
    def slope(sizes):
        result = collaboration_trend(answers(sizes, column="wave"), scale=(1, 5))
        return release(result, "strict10").tidy()["suppressed"].all()

    assert slope({"2021": 30, "2022": 30, "2023": 6})
    assert not slope({"2021": 30, "2022": 30, "2023": 30})


def test_reliability_of_few_is_hidden():
    few = scale_reliability(answers({"": 9}, items=3), scale=(1, 5), n_draw=0)
    many = scale_reliability(answers({"": 40}, items=3), scale=(1, 5), n_draw=0)

    assert release(few, "strict10").tidy()["suppressed"].all()
    assert not release(many, "strict10").tidy()["suppressed"].any()


def change(up, down, same, once=0):
    rows = []
    for k, (first, later) in enumerate([(2, 4)] * up + [(4, 2)] * down + [(3, 3)] * same):
        rows += [(f"r{k}", "i", first, "start"), (f"r{k}", "i", later, "end")]
    rows += [(f"once{k}", "i", 5, "start") for k in range(once)]
    frame = pd.DataFrame(rows, columns=["who", "item", "answer", "when"])
    sample = Responses.from_frame(frame, respondent="who", item="item", value="answer", wave="when")
    result = survey_change(sample, before="start", after="end", scale=(1, 5))
    frame = release(result, "strict10").tidy()
    return frame[frame["item"] == "i"].set_index("quantity")["suppressed"].to_dict()


def test_shares_up_down_and_unchanged_go_together():
    assert change(20, 15, 12) == {"mean_change": False, "share_up": False, "share_down": False}
    assert change(20, 4, 12) == {"mean_change": False, "share_up": True, "share_down": True}
    assert change(20, 15, 3) == {"mean_change": False, "share_up": True, "share_down": True}


def test_a_change_that_tells_of_the_few_who_answered_once_is_hidden():
    assert change(20, 15, 12, once=3)["mean_change"]
    assert not change(20, 15, 12, once=14)["mean_change"]


def judged(counts):
    rows, case = [], 0
    for (one, other), n in counts.items():
        for _ in range(n):
            rows += [
                (f"p{case}", "i", one, "participant", case),
                (f"s{case}", "i", other, "staff", case),
            ]
            case += 1
    frame = pd.DataFrame(rows, columns=["who", "item", "answer", "group", "case"])
    return Responses.from_frame(frame, respondent="who", item="item", value="answer", group="group")


def test_agreement_of_nearly_all_is_hidden_with_its_kappas():
    most = agreement(
        judged({(1, 1): 30, (2, 2): 30, (1, 2): 4}), pair="case", scale=(1, 3), n_draw=0
    )
    some = agreement(
        judged({(1, 1): 30, (2, 2): 30, (1, 2): 14}), pair="case", scale=(1, 3), n_draw=0
    )

    assert release(most, "strict10").tidy()["suppressed"].all()
    assert not release(some, "strict10").tidy()["suppressed"].any()


def test_hidden_squares_never_follow_from_the_pairs_that_are_alike_or_from_all():
    rng = np.random.default_rng(2)
    for _ in range(30):
        counts = {key: int(rng.integers(0, 25)) for key in product((1, 2, 3), repeat=2)}
        result = agreement_table(judged(counts), pair="case", scale=(1, 3))
        frame = release(result, "strict10").tidy()
        exact = result.tidy()["n_with"]
        alike = frame["first"] == frame["second"]
        for group in (alike, ~alike, alike | ~alike):
            left = exact[group & frame["suppressed"]].sum()
            assert left >= 10 or not (group & frame["suppressed"]).any()


def forms(counts, **keywords):
    rows, people = [], []
    for labels, n in counts.items():
        for _ in range(n):
            people.append(f"p{len(people)}")
            rows += [(people[-1], label) for label in labels.split("+") if label]
    sample = Persons.from_frame(pd.DataFrame({"person_id": people}), person="person_id")
    frame = pd.DataFrame(rows, columns=["person_id", "form"])
    return collaboration_forms(sample, frame, known=["plan", "talk", "visit"], **keywords)


def universe():
    return ["+".join(one) for size in range(4) for one in
            [[name for name, there in zip(("plan", "talk", "visit"), bits, strict=True) if there]
             for bits in product((0, 1), repeat=3) if sum(bits) == size]]  # fmt: skip


def vectors(frame):
    """What each shown row counts, over all eight sets of labels."""
    sets = [set(filter(None, one.split("+"))) for one in universe()]
    found = []
    for item, level in zip(frame["item"], frame["level"], strict=True):
        if item == "label":
            found.append([level in one for one in sets])
        elif item == "number":
            found.append([len(one) == int(level) for one in sets])
        else:
            wanted = set() if level == "none" else set(level.split(" + "))
            found.append([one == wanted for one in sets])
    return np.array(found, dtype=float).reshape(-1, len(sets))


def test_no_set_of_few_can_be_worked_out_of_labels_numbers_and_sets():
    rng = np.random.default_rng(5)
    for _ in range(60):
        counts = {one: int(rng.choice([0, 1, 3, 6, 12, 25, 40])) for one in universe()}
        if sum(counts.values()) < 10:
            continue
        frame = release(forms(counts), "strict10").tidy()
        known = np.vstack([np.ones(8), vectors(frame[~frame["suppressed"]])])
        size = np.array(list(counts.values()))
        for position in range(8):
            one = np.eye(8)[position]
            parts = np.linalg.lstsq(known.T, one, rcond=None)[0]
            if np.abs(known.T @ parts - one).max() < 1e-9:
                assert size[position] >= 10


def test_a_set_of_few_is_not_even_listed_and_labels_are_the_last_to_go():
    frame = release(forms({"plan": 30, "talk": 30, "plan+talk": 20, "visit": 25, "": 15,
                           "plan+talk+visit": 3}), "strict10").tidy()  # fmt: skip

    assert not frame.loc[frame["item"] == "label", "suppressed"].any()
    assert "plan + talk + visit" not in set(frame["level"])


def pilots(sizes):
    rows = [(name, k < yes) for name, (yes, n) in sizes.items() for k in range(n)]
    frame = pd.DataFrame(rows, columns=["site", "work"]).assign(id=range(len(rows)))
    return site_summary(Persons.from_frame(frame, person="id"), site="site", outcome="work")


def test_a_site_of_few_takes_the_means_of_sites_and_another_site_with_it():
    sizes = {"a": (20, 50), "b": (25, 60), "c": (15, 40), "d": (2, 12)}
    made = release(pilots(sizes), "strict10")
    frame = made.tidy()

    sites = frame[frame["part"] == "site"].set_index("site")["suppressed"]
    assert sites["d"] and sites.sum() >= 2
    rest = frame.set_index("part")["suppressed"]
    assert rest["site mean"] and rest["random effects"] and not rest["pooled"]
    assert frame["weight"].isna().all()
    assert np.isnan(made.summary["tau2"]) and np.isnan(made.summary["q"])


def test_sites_that_are_all_large_enough_are_all_shown():
    sizes = {"a": (20, 50), "b": (25, 60), "c": (15, 40)}

    assert not release(pilots(sizes), "strict10").tidy()["suppressed"].any()


def test_groups_by_quality_go_together_and_the_curve_stays():
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 100, 120)
    frame = pd.DataFrame({"id": range(120), "x": x, "y": rng.random(120) < 0.08 + 0.5 * (x > 60)})
    result = dose_response(Persons.from_frame(frame, person="id"), dose="x", outcome="y")
    shown = release(result, "strict10").tidy()

    assert shown.loc[shown["part"] == "bin", "suppressed"].all()
    assert not shown.loc[shown["part"] == "curve", "suppressed"].any()


def rated(persons):
    rows = [(site, f"item_{number:02d}", 1 + (number + place) % 5)
            for place, site in enumerate("abcde") for number in range(1, 26)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["site", "item", "answer"])
    sample = Responses.from_frame(
        frame, respondent="site", item="item", value="answer", federation="site"
    )
    outcome = {"a": 0.2, "b": 0.3, "c": 0.5, "d": 0.3, "e": 0.4}
    result = fidelity(sample, outcome=outcome, n_person=dict.fromkeys("abcde", persons))
    return release(result, "strict10").tidy().set_index("part")["suppressed"]


def test_ratings_of_sites_are_shown_and_outcomes_of_few_persons_are_not():
    few, many = rated(7), rated(30)

    assert not few["item"].any() and not few["total"]
    assert few["slope"] and few["correlation"]
    assert not many.any()


def test_a_federation_of_few_is_planned_away_together_with_what_would_tell_of_it():
    sizes = {"north": 30, "south": 14, "tiny": 4}
    sample = answers(sizes, column="federation", items=1)
    result = collaboration_quality(sample, scale=(1, 5), by="federation")
    areas = pd.DataFrame({"municipality": list(sizes), "federation": list(sizes)})

    plan = secondary_suppression(
        [result], areas=areas, profile="strict10", levels=("federation", "national")
    )

    blocks = plan[plan["block"].str.contains("/i0")]
    assert set(blocks["code"]) == {"tiny", "south"}
    assert "national" not in set(blocks["code"])


def test_forms_of_a_municipality_are_planned_with_and_without_each():
    rows = [("a", 30, 20), ("b", 40, 25), ("c", 25, 4)]
    people = pd.DataFrame([(f"{place}{k}", place, k < yes) for place, n, yes in rows
                           for k in range(n)], columns=["person_id", "place", "has"])  # fmt: skip
    sample = Persons.from_frame(people, person="person_id")
    found = people[people["has"]].assign(form="plan")
    areas = pd.DataFrame({"municipality": list("abc")})

    def plan(**keywords):
        result = collaboration_forms(sample, found, by="place", **keywords)
        return secondary_suppression([result], areas=areas, profile="strict10",
                                     levels=("municipality", "national"))  # fmt: skip

    hidden = plan(combinations=False)
    labels = hidden[hidden["block"] == "labels//label/plan"]
    assert "c" in set(labels["code"]) and len(labels) == 2
