"""Questionnaires about working together: by hand, identities, refusals."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cohort.samples import Persons, Responses
from evalkit.errors import CohortError, EstimationError, ParameterError, SmallSampleWarning
from evalkit.follow_up import (
    agreement,
    agreement_table,
    collaboration_forms,
    collaboration_quality,
    collaboration_trend,
    dose_response,
    fidelity,
    indicators,
    joint_work_time,
    scale_reliability,
    site_summary,
    survey_change,
    theme_table,
)


def sample(rows, columns="who item answer", **roles) -> Responses:
    names = columns.split()
    frame = pd.DataFrame(rows, columns=names)
    known = {"group": "group", "year": "wave", "place": "federation", "package": "package"}
    roles = {known[name]: name for name in names if name in known} | roles
    return Responses.from_frame(frame, respondent="who", item="item", value="answer", **roles)


def row(result, **keys):
    frame = result.tidy()
    for key, value in keys.items():
        frame = frame[frame[key] == value]
    assert len(frame) == 1, frame
    return frame.iloc[0]


THREE = [
    ("a", "i1", 5), ("a", "i2", 3), ("a", "i3", 1),
    ("b", "i1", 3), ("b", "i2", None), ("b", "i3", 2),
    ("c", "i1", 4), ("c", "i2", None), ("c", "i3", None),
    ("d", "i1", None), ("d", "i2", None), ("d", "i3", None),
]  # fmt: skip


def test_items_and_index_are_those_worked_out_by_hand():
    table = collaboration_quality(sample(THREE), scale=(1, 5))

    first = row(table, item="i1")
    assert (first["n"], first["n_asked"], first["non_response"]) == (3, 4, 0.25)
    assert first["estimate"] == 75
    # a: (100 + 50 + 0)/3, b: (50 + 25)/2; c answered one of three, less than half.
    index = (Fraction(150, 3) + Fraction(75, 2)) / 2
    assert row(table, item="index")["estimate"] == pytest.approx(float(index))
    assert row(table, item="index")["n"] == 2
    assert row(table, item="questionnaire")["estimate"] == 75


def test_whoever_answered_too_little_has_no_index_unless_less_is_asked_for():
    table = collaboration_quality(sample(THREE), scale=(1, 5), least=1 / 3)

    assert row(table, item="index")["n"] == 3


def test_interval_is_students_t_over_respondents():
    table = collaboration_quality(sample([("a", "i", 1), ("b", "i", 3), ("c", "i", 5)]),
                                  scale=(1, 5))  # fmt: skip
    found = row(table, item="i")

    error = 50 / np.sqrt(3)
    assert found["std_error"] == pytest.approx(error)
    assert found["conf_high"] == pytest.approx(min(100, 50 + 4.302652729911275 * error))
    assert found["conf_low"] == 0  # cut at the end of the scale


def test_a_reversed_item_is_turned_round():
    table = collaboration_quality(sample(THREE), scale=(1, 5), reverse=["i1"])

    assert row(table, item="i1")["estimate"] == 25


def test_one_respondent_has_a_mean_without_an_interval_and_nobody_has_none():
    rows = [("a", "i1", 5), ("a", "i2", None), ("b", "i1", None), ("b", "i2", None)]
    table = collaboration_quality(sample(rows), scale=(1, 5))

    alone, none = row(table, item="i1"), row(table, item="i2")
    assert (alone["estimate"], alone["reason"]) == (100, "one respondent")
    assert np.isnan(alone["conf_low"])
    assert np.isnan(none["estimate"]) and none["reason"] == "nobody answered"


def test_few_clusters_give_an_interval_over_respondents_and_a_warning():
    rows = [(f"r{n}", "i", 1 + n % 5, "xy"[n % 2]) for n in range(20)]
    given = sample(rows, "who item answer package")

    with pytest.warns(SmallSampleWarning, match="over respondents"):
        few = row(collaboration_quality(given, scale=(1, 5), cluster="package_id"), item="i")
    plain = row(collaboration_quality(given, scale=(1, 5)), item="i")

    assert few["std_error"] == pytest.approx(plain["std_error"])
    assert few["n_cluster"] == 2


def test_one_cluster_is_refused_by_name():
    given = sample([("a", "i", 1, "x"), ("b", "i", 2, "x")], "who item answer package")

    with pytest.raises(EstimationError, match="package_id has 1 value"):
        collaboration_quality(given, scale=(1, 5), cluster="package_id")


def test_answers_outside_the_scale_are_counted_never_shown():
    with pytest.raises(EstimationError) as caught:
        collaboration_quality(sample([("a", "i", 77), ("b", "i", 3)]), scale=(1, 5))

    assert "i (1)" in str(caught.value) and "77" not in str(caught.value)


@pytest.mark.parametrize(
    ("keywords", "named"),
    [({"scale": (5, 1)}, "scale"), ({"scale": (1, 5), "least": 0}, "least"),
     ({"scale": (1, 5), "reverse": ["zz"]}, "reverse"),
     ({"scale": (1, 5), "conf_level": 1}, "conf_level")],
)  # fmt: skip
def test_options_that_cannot_be_are_refused(keywords, named):
    with pytest.raises(ParameterError, match=named):
        collaboration_quality(sample(THREE), **keywords)


def test_several_questionnaires_must_be_named():
    frame = pd.DataFrame({"who": ["a", "b"], "item": "i", "answer": [1, 2], "form": ["x", "y"]})
    given = Responses.from_frame(
        frame, respondent="who", item="item", value="answer", instrument="form"
    )

    with pytest.raises(CohortError, match="x, y"):
        collaboration_quality(given, scale=(1, 5))
    with pytest.raises(CohortError, match="no answers to 'z'"):
        collaboration_quality(given, scale=(1, 5), instrument="z")


def test_two_answers_of_one_person_to_one_item_are_refused():
    with pytest.raises(CohortError, match="repeated for one respondent"):
        sample([("a", "i", 1), ("a", "i", 2)])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=20), st.integers(2, 9))
def test_points_do_not_depend_on_the_numbers_that_stand_for_the_answers(answers, step):
    plain = sample([(str(n), "i", answer) for n, answer in enumerate(answers)])
    other = sample([(str(n), "i", 3 + step * answer) for n, answer in enumerate(answers)])

    one = collaboration_quality(plain, scale=(1, 5)).tidy()
    two = collaboration_quality(other, scale=(3 + step, 3 + 5 * step)).tidy()

    columns = ["estimate", "std_error", "n"]
    np.testing.assert_allclose(one[columns].astype(float), two[columns].astype(float), atol=1e-9)


def test_hours_are_means_in_hours():
    rows = [("a", "hours", 4, "2023"), ("b", "hours", 8, "2023"), ("c", "hours", 3, "2024")]
    table = joint_work_time(sample(rows, "who item answer year"), item="hours")

    assert table.tidy()["estimate"].tolist() == [6, 3]
    assert set(table.tidy()["unit"]) == {"hours"}
    with pytest.raises(EstimationError, match="below 0"):
        joint_work_time(sample([("a", "hours", -1)]), item="hours")


def test_every_respondent_or_every_federation_counts_alike():
    rows = [(f"x{n}", "i", 5, "x") for n in range(9)] + [("y0", "i", 1, "y")]
    table = indicators(sample(rows, "who item answer place"), scale=(1, 5), by=None)

    means = table.tidy().query("quantity == 'mean' and federation == ''").set_index("weighting")
    assert means["estimate"].to_dict() == {"respondents": 90, "federations": 50}
    shares = table.tidy().query("quantity == 'share_top' and federation == ''")
    assert shares["estimate"].tolist() == [90, 50]


def test_top_answers_begin_where_it_is_said():
    rows = [("a", "i", 5, "x"), ("b", "i", 4, "x"), ("c", "i", 3, "x")]
    given = sample(rows, "who item answer place")

    found = [row(indicators(given, scale=(1, 5), top=top, by=None, federation=None),
                 quantity="share_top")["estimate"] for top in (5, 4, 3)]  # fmt: skip

    np.testing.assert_allclose(found, [100 / 3, 200 / 3, 100])
    with pytest.raises(ParameterError, match="top"):
        indicators(given, scale=(1, 5), top=1)


def test_pooled_indicators_are_the_mean_of_federations_weighted_by_their_answers():
    rng = np.random.default_rng(3)
    rows = [(f"r{n}", f"i{k}", int(rng.integers(1, 6)), "xyz"[n % 3], str(2023 + n % 2))
            for n in range(40) for k in (1, 2)]  # fmt: skip
    table = indicators(sample(rows, "who item answer place year"), scale=(1, 5), by=None).tidy()

    for _, part in table.groupby(["wave", "item", "quantity"]):
        own = part[part["federation"] != ""]
        pooled = part[(part["federation"] == "") & (part["weighting"] == "respondents")].iloc[0]
        assert (own["n"] @ own["estimate"]) / own["n"].sum() == pytest.approx(pooled["estimate"])


def test_slope_of_a_straight_line_is_exact():
    rows = [(f"r{n}{year}", "i", 1 + year - 2021, year)
            for n in range(4) for year in (2021, 2022, 2023)]  # fmt: skip
    table = collaboration_trend(sample(rows, "who item answer year"), scale=(1, 5))

    assert row(table, item="i")["estimate"] == pytest.approx(25)
    assert row(table, item="i")["std_error"] == pytest.approx(0, abs=1e-9)


def test_one_wave_has_no_slope_and_a_wave_that_is_no_number_is_refused():
    alone = collaboration_trend(sample([("a", "i", 1, 2021), ("b", "i", 2, 2021)],
                                       "who item answer year"), scale=(1, 5))  # fmt: skip

    assert row(alone, item="i")["reason"] == "one wave"
    with pytest.raises(EstimationError, match="1 of 2 rows have a wave that is no number"):
        collaboration_trend(sample([("a", "i", 1, "start"), ("b", "i", 2, "2021")],
                                   "who item answer year"), scale=(1, 5))  # fmt: skip


def test_change_is_within_those_who_answered_twice():
    rows = [("a", "i", 2, "start"), ("a", "i", 4, "end"), ("b", "i", 5, "start"),
            ("b", "i", 4, "end"), ("c", "i", 1, "start"), ("d", "i", 5, "end")]  # fmt: skip
    table = survey_change(sample(rows, "who item answer year"), before="start", after="end",
                          scale=(1, 5))  # fmt: skip

    change = row(table, item="i", quantity="mean_change")
    assert (change["estimate"], change["n"]) == (12.5, 2)
    assert row(table, item="i", quantity="share_up")["estimate"] == 50
    assert table.support["k"][0] == 2  # c and d answered once


def test_change_needs_somebody_who_answered_twice():
    rows = [("a", "i", 2, "start"), ("b", "i", 4, "end")]

    with pytest.raises(EstimationError, match="nobody answered at both waves"):
        survey_change(sample(rows, "who item answer year"), before="start", after="end",
                      scale=(1, 5))  # fmt: skip
    with pytest.raises(ParameterError, match="same wave"):
        survey_change(sample(rows, "who item answer year"), before="end", after="end",
                      scale=(1, 5))  # fmt: skip


def ten(items=3):
    rng = np.random.default_rng(4)
    base = rng.integers(1, 6, 30)
    return [(f"r{n}", f"i{k}", int(np.clip(base[n] + rng.integers(-1, 2), 1, 5)))
            for n in range(30) for k in range(items)]  # fmt: skip


def test_a_formative_scale_is_refused_with_the_reason():
    with pytest.raises(EstimationError, match="need not agree"):
        scale_reliability(sample(ten()), scale=(1, 5), measurement="formative")
    rows = [(who, f"e{item[1:]}", answer) for who, item, answer in ten(4) if item != "i0"]
    frame = pd.DataFrame(rows, columns=["who", "item", "answer"]).assign(form="Kykyviisari")
    section = Responses.from_frame(
        frame, respondent="who", item="item", value="answer", instrument="form"
    )
    with pytest.raises(EstimationError, match="Kykyviisari is formative"):
        scale_reliability(section, scale=(1, 5))


def test_identical_items_have_alpha_and_omega_near_one():
    rows = [(f"r{n}", f"i{k}", 1 + n % 5) for n in range(20) for k in range(4)]
    table = scale_reliability(sample(rows), scale=(1, 5), n_draw=0)

    assert row(table, item="scale", quantity="alpha")["estimate"] == pytest.approx(1)
    assert row(table, item="scale", quantity="omega")["estimate"] > 0.99


def test_two_items_have_no_omega_and_an_item_without_variance_no_alpha():
    two = scale_reliability(sample(ten(2)), scale=(1, 5), n_draw=0)
    flat = scale_reliability(sample([(f"r{n}", f"i{k}", 3) for n in range(9) for k in range(3)]),
                             scale=(1, 5), n_draw=0)  # fmt: skip

    assert "three items" in row(two, quantity="omega")["reason"]
    assert "same answer" in row(flat, quantity="alpha")["reason"]


def test_interval_of_omega_holds_it_and_repeats():
    one, two = (scale_reliability(sample(ten(5)), scale=(1, 5), n_draw=200) for _ in range(2))
    found = row(one, quantity="omega")

    assert found["conf_low"] < found["estimate"] < found["conf_high"] + 0.02
    assert found["conf_low"] == row(two, quantity="omega")["conf_low"]


def judged(pairs):
    rows = []
    for case, (one, other) in enumerate(pairs):
        rows += [
            (f"p{case}", "i", one, "participant", case),
            (f"s{case}", "i", other, "staff", case),
        ]
    return sample(rows, "who item answer group case")


def test_kappas_of_a_small_table_by_hand():
    table = agreement(judged([(1, 1), (2, 3), (3, 3)]), pair="case", scale=(1, 3), n_draw=0)

    # Alike 2/3, 5/6, 11/12; by chance 1/3, 1/2, 7/12.
    assert row(table, quantity="kappa")["estimate"] == pytest.approx(1 / 2)
    assert row(table, quantity="kappa_linear")["estimate"] == pytest.approx(2 / 3)
    assert row(table, quantity="kappa_quadratic")["estimate"] == pytest.approx(4 / 5)
    assert row(table, quantity="mean_difference")["estimate"] == pytest.approx(1 / 3)


def test_all_alike_has_kappa_one_and_one_answer_throughout_has_none():
    alike = agreement(judged([(1, 1), (2, 2), (3, 3)]), pair="case", scale=(1, 3), n_draw=0)
    single = agreement(judged([(2, 2)] * 4), pair="case", scale=(1, 3), n_draw=50)

    assert row(alike, quantity="kappa_linear")["estimate"] == pytest.approx(1)
    assert row(single, quantity="share_alike")["estimate"] == 100
    assert np.isnan(row(single, quantity="kappa")["estimate"])
    assert "one and the same answer" in row(single, quantity="kappa")["reason"]


def test_several_respondents_of_a_pair_stand_by_their_lower_median():
    rows = [("p1", "i", 1, "participant", 7), ("p2", "i", 2, "participant", 7),
            ("p3", "i", 4, "participant", 7), ("p4", "i", 5, "participant", 7),
            ("s1", "i", 2, "staff", 7)]  # fmt: skip
    table = agreement_table(sample(rows, "who item answer group case"), pair="case", scale=(1, 5))

    assert table.tidy().query("n_with == 1")[["first", "second"]].to_numpy().tolist() == [
        ["2", "2"]
    ]


def test_agreement_refuses_what_cannot_be_paired():
    with pytest.raises(EstimationError, match="no case has answers of both"):
        agreement(sample([("a", "i", 1, "participant", 1)], "who item answer group case"),
                  pair="case", scale=(1, 3))  # fmt: skip
    nothing = sample([("a", "i", 1, "participant", np.nan)], "who item answer group case")
    with pytest.raises(EstimationError, match="have no such column, or it is empty"):
        agreement(nothing, pair="case", scale=(1, 3))
    with pytest.raises(EstimationError, match="1 of 2 answers are no whole numbers"):
        agreement(judged([(1.5, 2)]), pair="case", scale=(1, 3))
    with pytest.raises(ParameterError, match="no column 'dyad'"):
        agreement(judged([(1, 1)]), pair="dyad", scale=(1, 3))
    with pytest.raises(ParameterError, match="2 to 11"):
        agreement(judged([(1, 1)]), pair="case", scale=(0, 100))


def people(n):
    return Persons.from_frame(pd.DataFrame({"person_id": [f"p{k}" for k in range(n)]}),
                              person="person_id")  # fmt: skip


def test_forms_are_counted_once_a_person_and_strangers_are_left_out():
    forms = pd.DataFrame({"person_id": ["p0", "p0", "p0", "p1", "zz"],
                          "form": ["plan", "plan", "talk", "talk", "plan"]})  # fmt: skip
    table = collaboration_forms(people(4), forms).tidy().set_index(["item", "level"])["n_with"]

    assert table["label"].to_dict() == {"plan": 1, "talk": 2}
    assert table["number"].to_dict() == {"0": 2, "1": 1, "2": 1}
    assert table["combination"].to_dict() == {"none": 2, "plan + talk": 1, "talk": 1}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from("abcde")), max_size=40))
def test_numbers_and_combinations_add_up_to_all_persons(rows):
    frame = pd.DataFrame(rows, columns=["who", "form"]).astype({"form": object})
    frame["person_id"] = [f"p{who}" for who in frame["who"]]
    table = collaboration_forms(people(8), frame, known=list("abcde")).tidy()

    sums = table.groupby("item")["n_with"].sum()
    assert sums["number"] == 8 and sums["combination"] == 8
    assert sums["label"] == frame.drop_duplicates(["person_id", "form"]).shape[0]


def test_a_label_that_is_not_known_is_refused():
    forms = pd.DataFrame({"person_id": ["p0"], "form": ["sixth"]})

    with pytest.raises(EstimationError, match="1 labels are not among `known`: sixth"):
        collaboration_forms(people(2), forms, known=["plan"])


def test_themes_are_shares_of_those_interviewed_in_each_project():
    coded = pd.DataFrame({"who": ["a", "a", "b", "c"], "theme": ["time", "trust", "trust", None],
                          "project": ["n", "n", "n", "s"]})  # fmt: skip
    table = theme_table(coded, person="who", theme="theme", project="project").tidy()

    assert table["share"].tolist() == [0.5, 1.0, 0.0, 0.0]
    with pytest.raises(EstimationError, match="1 persons are in more than one"):
        theme_table(pd.concat([coded, coded.tail(1).assign(project="n")]), person="who",
                    theme="theme", project="project")  # fmt: skip


def test_sites_that_are_alike_have_no_spread_and_one_site_has_no_mean_of_sites():
    frame = pd.DataFrame({"site": np.repeat(list("abc"), 20), "work": [True, False] * 30})
    alike = site_summary(Persons.from_frame(frame.assign(id=range(60)), person="id"), site="site",
                         outcome="work")  # fmt: skip
    one = site_summary(Persons.from_frame(frame.head(20).assign(id=range(20)), person="id"),
                       site="site", outcome="work")  # fmt: skip

    assert alike.summary["tau2"] == 0
    assert row(alike, part="random effects")["share"] == pytest.approx(0.5)
    assert row(one, part="random effects")["reason"] == "one site"
    assert np.isnan(row(one, part="site mean")["conf_low"])


SIX_TWICE = [(who, "i1", answer, year) for year in (2023, 2024)
             for who, answer in zip("abcdef", (1, 2, 3, 4, 5, 3), strict=True)]  # fmt: skip


def test_who_answers_in_two_waves_is_one_person():
    result = collaboration_quality(sample(SIX_TWICE, "who item answer year"), scale=(1, 5))

    assert result.support["n"].tolist() == [6, 6, 6]
    assert result.summary["n"] == 6
    answered = row(result, item="questionnaire")
    z2 = 1.959963984540054**2
    # Wilson's lower limit of 6 of 6, and not of 12 of 12.
    assert answered["conf_low"] == pytest.approx(100 / (1 + z2 / 6))


def test_indicators_of_several_waves_count_respondents_once():
    rows = [(*answer, "x") for answer in SIX_TWICE]
    found = indicators(
        sample(rows, "who item answer year place"), scale=(1, 5), by=None, per_wave=False
    )

    assert set(found.support["n"]) == {6}
    assert found.summary["n"] == 6


def test_hours_of_several_waves_count_respondents_once():
    found = joint_work_time(sample(SIX_TWICE, "who item answer year"), item="i1", per_wave=False)

    assert found.support["n"].tolist() == [6]


def test_groups_by_dose_have_errors_over_the_clusters_that_are_asked_for():
    """Fifty pairs of twins: a group of 25 pairs has the error of 25 numbers."""
    y = np.sin(np.arange(50))
    twins = pd.DataFrame({
        "id": range(100), "quality": np.repeat(np.arange(50.0), 2), "y": np.repeat(y, 2),
        "pair": np.repeat(np.arange(50), 2),
    })  # fmt: skip

    found = dose_response(
        Persons.from_frame(twins, person="id"), dose="quality", outcome="y", cluster="pair",
        n_bin=2,
    ).tidy().query("part == 'bin'")  # fmt: skip

    expected = [half.std(ddof=1) / 25**0.5 for half in (y[:25], y[25:])]
    assert found["std_error"].tolist() == pytest.approx(expected)
    assert found["n_unit"].tolist() == [50, 50]


def test_sites_whose_outcome_rests_on_nobody_known_are_refused():
    rows = [(site, f"item_{number:02d}", 4, site) for site in "wxyz" for number in range(1, 26)]
    ratings = sample(rows, "who item answer place")

    with pytest.raises(ParameterError, match="n_person: 2 of 4 sites"):
        fidelity(ratings, outcome=dict.fromkeys("wxyz", 0.3), n_person={"w": 30, "x": 30})
