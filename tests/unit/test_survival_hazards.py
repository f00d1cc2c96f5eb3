"""Fine-Gray models, cause-specific sets, frequencies, penalties, and checks of Cox models."""

import importlib
import inspect
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit import survival
from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import (
    CohortError,
    DisclosureError,
    EstimationError,
    ParameterError,
    SmallSampleWarning,
)
from evalkit.release import release
from evalkit.survival import (
    cause_specific,
    collapse,
    concordance,
    cox,
    fine_gray,
    kaplan_meier,
    proportional_hazards_test,
    residuals,
)

EXACT = 1e-10  # both sides are the same sums in another order
NUMERICAL = 1e-6  # central differences over 1 / 20 000: its square, and rounding times 20 000


def register(n=600, seed=3):
    """Monthly exits by two causes, with covariates of few values."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "arm": rng.choice(["programme", "comparison"], n),
            "band": rng.integers(0, 3, n),
            "site": rng.choice(["north", "south"], n),
            "place": rng.integers(0, 12, n),
        }
    )
    rate = 0.08 * np.exp(0.6 * (frame["arm"] == "programme") - 0.3 * frame["band"])
    times = np.column_stack([rng.exponential(1 / rate), rng.exponential(30, n)])
    end = rng.uniform(4, 16, n)
    frame["months"] = np.ceil(np.minimum(times.min(axis=1), end))
    names = np.array(["work", "died", "none"])
    frame["exit"] = names[np.column_stack([times, end]).argmin(axis=1)]
    return frame


def sample_of(frame, **columns):
    given = {"cause": "exit", "censored": "none", "causes": ["work", "died"], "arm": "arm"}
    return TimeToEvent.from_frame(frame, duration="months", **(given | columns))


def few(months, exits, x, **columns):
    frame = pd.DataFrame({"months": months, "exit": exits, "x": x, **columns})
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", causes=["work", "died"],
        **{name: name for name in columns},
    )  # fmt: skip


def assert_same_fit(one, two):
    columns = ["estimate", "std_error", "p_value"]
    np.testing.assert_allclose(one.tidy()[columns], two.tidy()[columns], rtol=0, atol=EXACT)


# Frequencies


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("cluster", [None, "place"])
@pytest.mark.parametrize("vcov", ["model", "robust"])
def test_a_collapsed_register_gives_the_fit_of_its_persons(ties, cluster, vcov):
    persons = sample_of(register(), cluster=cluster)
    options = {"cause": "work", "strata": "site", "ties": ties, "vcov": vcov}

    rows = collapse(persons, ["arm", "band", "site"])
    fit = cox(rows, "arm + band", **options)

    assert_same_fit(fit, cox(persons, "arm + band", **options))
    expected, found = cox(persons, "arm + band", **options).glance(), fit.glance()
    assert found["log_likelihood"][0] == pytest.approx(expected["log_likelihood"][0], rel=1e-13)
    assert found[["n_person", "n_event"]].equals(expected[["n_person", "n_event"]])
    assert fit.support["n"].tolist() == cox(persons, "arm + band", **options).support["n"].tolist()
    assert len(rows) < 0.6 * len(persons) or cluster


def as_case_weights(rows):
    """The rows of a collapsed sample, their frequencies taken for case weights."""
    return replace(rows, is_frequency=False)


def test_case_weights_are_not_frequencies_under_efron():
    persons = sample_of(register())
    rows = as_case_weights(collapse(persons, ["arm", "band"]))

    fit = cox(rows, "arm + band", cause="work", vcov="model")

    gap = fit.tidy()["estimate"] - cox(persons, "arm + band", cause="work").tidy()["estimate"]
    assert gap.abs().max() > 1e-4


def test_frequencies_are_model_based_by_default():
    rows = collapse(sample_of(register()), ["arm", "band"])

    assert cox(rows, "arm", cause="work").glance()["vcov"][0] == "model"
    assert cox(as_case_weights(rows), "arm", cause="work").glance()["vcov"][0] == "robust"


def test_a_frame_of_frequencies_is_the_collapsed_sample():
    rows = collapse(sample_of(register()), ["arm", "band"])
    frame = rows.covariates.assign(
        months=rows.duration, persons=rows.weight,
        exit=np.array(["none", "work", "died"])[rows.code],
    )  # fmt: skip

    sample = sample_of(frame, frequency="persons")

    assert sample.is_frequency and rows.is_frequency
    assert_same_fit(cox(sample, "arm + band", cause="work"), cox(rows, "arm + band", cause="work"))


@pytest.mark.parametrize("cluster", [None, "place"])
def test_fine_gray_of_a_collapsed_register_is_that_of_its_persons(cluster):
    persons = sample_of(register(), cluster=cluster)

    rows = collapse(persons, ["arm", "band", "site"])
    options = {"cause": "work", "censoring_by": "site"}
    fit = fine_gray(rows, "arm + band", **options)

    assert_same_fit(fit, fine_gray(persons, "arm + band", **options))


@pytest.mark.parametrize("check", [concordance, proportional_hazards_test])
def test_checks_of_a_collapsed_register_are_those_of_its_persons(check):
    persons = sample_of(register())

    rows = collapse(persons, ["arm", "band"])
    found = check(rows, "arm + band", cause="work").tidy()

    expected = check(persons, "arm + band", cause="work").tidy()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)


TAKES_FREQUENCIES = {
    "cause_specific", "collapse", "concordance", "cox", "fine_gray", "proportional_hazards_test",
    "residuals",
}  # fmt: skip
GIVEN = {"by": "arm", "arm": "arm", "formula": "arm + band", "model": "arm + band",
         "cause": "work", "horizon": 6.0, "times": [6.0], "recurrent": "work",
         "terminal": "died", "columns": ["arm", "band"]}  # fmt: skip


def of_time_to_event():
    """The public functions of the room whose first argument may be a sample of times."""
    functions = {name: getattr(survival, name) for name in survival.__all__}
    first = {
        name: next(iter(inspect.signature(function).parameters.values()))
        for name, function in functions.items()
    }
    return sorted(name for name in functions if "TimeToEvent" in str(first[name].annotation))


def call(name, sample):
    function, given = getattr(survival, name), GIVEN | {"risk": np.full(len(sample), 0.5)}
    _, *others = inspect.signature(function).parameters.values()
    needed = {one.name: given[one.name] for one in others if one.default is inspect.Parameter.empty}
    if "cause" in {one.name for one in others}:
        needed.setdefault("cause", "work" if name in TAKES_FREQUENCIES else "any")
    return function(sample, **needed)


@pytest.mark.parametrize("name", sorted(set(of_time_to_event()) - TAKES_FREQUENCIES))
def test_what_cannot_use_frequencies_refuses_them(name):
    rows = collapse(sample_of(register()), ["arm", "band"])

    with pytest.raises(EstimationError, match=r"weight: each row stands for several persons"):
        call(name, rows)


@pytest.mark.parametrize("name", sorted(TAKES_FREQUENCIES))
def test_what_can_use_frequencies_takes_them_by_itself(name):
    rows = collapse(sample_of(register()), ["arm", "band"])

    found = call(name, rows)

    if name == "residuals":
        events = (rows.code == 1) @ rows.weight
        assert found.values @ rows.weight == pytest.approx(0.0, abs=1e-9 * events)
    elif name == "collapse":
        assert found.weight.tolist() == rows.weight.tolist() and found.is_frequency
    else:
        expected = call(name, sample_of(register()))
        fits = (
            zip(found.values(), expected.values(), strict=True)
            if name == "cause_specific"
            else ([(found, expected)])
        )
        for one, two in fits:
            numbers = one.tidy().select_dtypes("number")
            pd.testing.assert_frame_equal(numbers, two.tidy()[numbers.columns], rtol=1e-9)


def test_collapsing_keeps_entries_clusters_and_earlier_frequencies():
    frame = pd.DataFrame(
        {"months": [3, 3, 3], "exit": ["work"] * 3, "x": [1, 1, 1], "place": [0, 0, 1],
         "start": [1, 1, 1], "persons": [2, 3, 4]}
    )  # fmt: skip
    sample = TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", cluster="place", entry="start",
        weight="persons", causes=["work"],
    )  # fmt: skip

    rows = collapse(sample, ["x"])

    assert rows.weight.tolist() == [5, 4]
    assert rows.cluster.tolist() == [0, 1]
    assert rows.entry.tolist() == [1, 1]
    assert rows.is_weighted and rows.is_frequency


def test_rows_of_weight_zero_are_not_in_the_table():
    frame = register(40).assign(persons=np.arange(40) % 2)

    rows = collapse(sample_of(frame, weight="persons"), ["arm", "band"])

    expected = collapse(sample_of(frame[frame["persons"] == 1]), ["arm", "band"])
    assert (rows.weight > 0.0).all()
    for name in ("duration", "code", "weight"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(expected, name))


def test_tables_in_other_units_of_time_have_other_digests():
    months, weeks = (
        replace(sample_of(register(40)), time_unit=unit) for unit in ("months", "weeks")
    )

    assert collapse(months, ["arm"]).digest != collapse(weeks, ["arm"]).digest


def test_what_takes_frequencies_is_said_the_same_everywhere():
    said = {
        "message": str(refusal_of_frequencies()), "collapse": collapse.__doc__,
        "sample": TimeToEvent.__doc__,
    }  # fmt: skip

    for name in TAKES_FREQUENCIES - {"collapse"}:
        assert [where for where, text in said.items() if name not in text] == []


def refusal_of_frequencies():
    with pytest.raises(EstimationError) as refused:
        survival.kaplan_meier(collapse(sample_of(register(40)), ["arm"]), cause="any")
    return refused.value


def test_what_cannot_be_collapsed_is_refused():
    frame = register(20).assign(person=[0, *range(19)], weight=0.5)

    with pytest.raises(ParameterError, match="columns height: not in the sample"):
        collapse(sample_of(frame), ["height"])
    with pytest.raises(EstimationError, match="person: some persons have several rows"):
        collapse(sample_of(frame, person="person"), ["arm"])
    with pytest.raises(EstimationError, match="weight: 20 of 20 weights are not whole numbers"):
        collapse(sample_of(frame, weight="weight"), ["arm"])


def test_frequencies_must_be_whole_the_only_weights_and_the_same_within_a_person():
    frame = register(40).assign(half=1.5, person=np.arange(40) // 2, twice=np.arange(40) % 2 + 1)

    with pytest.raises(CohortError, match="half: 40 of 40 rows not a whole number"):
        sample_of(frame, frequency="half")
    with pytest.raises(CohortError, match="half, twice: name either a `weight` or a `frequency`"):
        sample_of(frame, weight="half", frequency="twice")
    with pytest.raises(EstimationError, match="weight: the frequency changes between 20 rows"):
        cox(sample_of(frame, frequency="twice", person="person"), "arm", cause="work")


def test_a_frequency_counts_a_person_with_several_rows_once():
    frame = register(60).assign(person=np.arange(60), entry=0.0, persons=2)
    goes_on = frame["months"] > 3
    first = frame.assign(
        months=frame["months"].clip(upper=3), exit=frame["exit"].where(~goes_on, "none")
    )
    rows = pd.concat([first, frame[goes_on].assign(entry=3.0)])
    options = {"person": "person", "entry": "entry"}
    twice = pd.concat([rows, rows.assign(person=rows["person"] + 60)])

    fit = cox(
        sample_of(rows, frequency="persons", **options), "arm", cause="work", vcov="robust"
    )  # fmt: skip

    written_out = cox(sample_of(twice, **options), "arm", cause="work", vcov="robust")
    assert_same_fit(fit, written_out)
    assert fit.glance()["n_person"][0] == 120


# Rows of one person


def test_rows_that_follow_each_other_change_nothing():
    frame = register().assign(person=np.arange(600), entry=0.0)
    goes_on = frame["months"] > 4
    first = frame.assign(
        months=frame["months"].clip(upper=4), exit=frame["exit"].where(~goes_on, "none")
    )
    split = pd.concat([first, frame[goes_on].assign(entry=4.0)])

    fit = cox(sample_of(split, person="person", entry="entry"), "arm + band", cause="work")

    assert_same_fit(fit, cox(sample_of(frame), "arm + band", cause="work"))


def test_rows_of_a_person_that_overlap_are_refused_with_their_number():
    sample = few(
        [5, 8, 6, 7], ["none", "work", "work", "work"], [0, 1, 0, 1], entry=[0, 3, 0, 0],
        person=[1, 1, 2, 3],
    )  # fmt: skip

    with pytest.raises(EstimationError, match="entry: 1 of 4 rows start before an earlier row"):
        cox(sample, "x", cause="work")


def test_occasions_of_a_person_and_other_strata_are_no_overlap():
    occasions = few(
        [5, 8, 6, 7], ["none", "work", "work", "work"], [0, 1, 0, 1], entry=[0, 0, 0, 2],
        person=[1, 1, 2, 3],
    )  # fmt: skip
    strata = few(
        [5, 8, 6, 7, 9], ["work", "work", "work", "work", "work"], [0, 1, 1, 0, 1],
        entry=[0, 3, 0, 0, 0], person=[1, 1, 2, 3, 4], 
    )  # fmt: skip
    strata.covariates["kind"] = [0, 1, 0, 1, 1]

    assert len(cox(occasions, "x", cause="work", penalty=1).tidy()) == 1
    assert len(cox(strata, "x", cause="work", strata="kind", penalty=1).tidy()) == 1


# Penalty


def test_a_penalty_of_zero_is_none_and_a_large_one_leaves_nothing():
    sample = sample_of(register())
    plain = cox(sample, "arm + band", cause="work")

    none = cox(sample, "arm + band", cause="work", penalty=0)
    large = cox(sample, "arm + band", cause="work", penalty=1e9)

    pd.testing.assert_frame_equal(none.tidy(), plain.tidy())
    assert large.tidy()["estimate"].abs().max() < 1e-6


def test_a_penalty_on_one_term_leaves_the_others_almost_alone():
    sample = sample_of(register())

    fit = cox(sample, "arm + band", cause="work", penalty={"arm[programme]": 1e9}).tidy()

    alone = cox(sample, "band", cause="work").tidy()
    assert fit["estimate"][0] == pytest.approx(0, abs=1e-6)
    assert fit["estimate"][1] == pytest.approx(alone["estimate"][0], abs=1e-6)


def test_a_penalty_makes_a_separated_ratio_finite():
    frame = register()
    frame = frame.assign(exit=frame["exit"].where(frame["arm"] == "comparison", "none"))

    fit = cox(sample_of(frame), "arm", cause="work", penalty=1)

    assert fit.tidy()["estimate"][0] < -2


@pytest.mark.parametrize("penalty", [-1, np.nan, np.inf, {"arm[programme]": -1}])
def test_a_penalty_must_be_a_number_from_zero(penalty):
    with pytest.raises(ParameterError, match="penalty: must be 0 or more"):
        cox(sample_of(register()), "arm", cause="work", penalty=penalty)


def test_a_penalty_on_an_unknown_term_is_refused_with_the_terms():
    with pytest.raises(ParameterError, match=r"penalty arm: the model has the terms arm\[prog"):
        cox(sample_of(register()), "arm", cause="work", penalty={"arm": 1})


# Fine-Gray


def test_fine_gray_by_hand():
    """Risk sets of work at 1 and 4, x in brackets.

    time 1: A(1) works; A(1), B(1), C(0), D(0), E(1)              S0 = 2 + 3 r
    time 2: B(1) dies and stays. time 3: D(0) is censored, one of C, D, E, so that G falls to 2/3
    time 4: C(0) works; C(0), E(1), and B(1) with weight 2/3      S0 = 1 + 5/3 r
    Score: 1 - 3 r / (2 + 3 r) - 5 r / (3 + 5 r) = 0, so r^2 = 2/5, and the information is
    2 p (1 - p) with p = 3 r / (2 + 3 r).
    """
    sample = few([1, 2, 4, 3, 5], ["work", "died", "work", "none", "none"], [1, 1, 0, 0, 1])

    fit = fine_gray(sample, "x", cause="work", vcov="model")

    ratio = np.sqrt(2 / 5)
    share = 3 * ratio / (2 + 3 * ratio)
    row = fit.tidy().iloc[0]
    assert row["estimate"] == pytest.approx(np.log(ratio), rel=1e-12)
    assert row["std_error"] == pytest.approx(1 / np.sqrt(2 * share * (1 - share)), rel=1e-12)
    value = np.log(ratio) - np.log(2 + 3 * ratio) - np.log(1 + 5 / 3 * ratio)
    assert fit.glance()["log_likelihood"][0] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("ties", "weight"), [("shared", 3 / 4), ("after_exits", 2 / 3)])
def test_who_exits_is_or_is_not_at_risk_of_being_censored_then(ties, weight):
    """B(1) dies at 1; at 2 F(0) works and D(0) is censored, of 4 or, without F, of 3; C(0) works.

    With risk sets 2 + 2 r at time 1 (B dies, nothing enters), at 2: 4 at risk, C, D, F (0), E (1),
    and B; at 4: C(0), E(1), B(1) with weight G. Score: - r (1 + 1) / (3 + 2 r) - ... = 0 needs an
    event with x = 1: G(1) works at 1.
    """
    sample = few(
        [1, 1, 2, 2, 4, 5], ["work", "died", "work", "none", "work", "none"], [1, 1, 0, 0, 0, 1]
    )

    found = np.exp(
        fine_gray(sample, "x", cause="work", censoring_ties=ties, vcov="model").tidy()["estimate"][
            0
        ]
    )

    score = (
        1 - 3 * found / (3 + 3 * found) - 2 * found / (3 + 2 * found)
        - (1 + weight) * found / (1 + (1 + weight) * found)
    )  # fmt: skip
    assert score == pytest.approx(0, abs=1e-12)


def tied(seed, *, is_delayed):
    """40 persons at four times, where exits of both causes and censorings meet."""
    rng = np.random.default_rng(seed)
    months = rng.integers(1, 5, 40).astype(float)
    exits = rng.choice(["work", "died", "none"], 40)
    late = (rng.random(40) < 0.3) * is_delayed
    return pd.DataFrame(
        {"months": months, "exit": exits, "start": np.floor(late * rng.random(40) * months),
         "x": rng.normal(size=40), "z": rng.integers(0, 2, 40), "place": np.arange(40) % 8}
    )  # fmt: skip


def sample_of_tied(frame, **columns):
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", causes=["work", "died"],
        entry="start", **columns,
    )  # fmt: skip


def moved_by_each_person(frame, formula, **options):
    """What one more of each person, per person, does to the estimates, numerically: (n, p).

    Everybody is there 20 000 times, and one of them once more or once less.
    """
    times, rows = 20_000, []
    for person in range(len(frame)):
        fits = []
        for step in (1, -1):
            persons = times + step * (np.arange(len(frame)) == person)
            sample = sample_of_tied(frame.assign(persons=persons), frequency="persons")
            fits.append(fine_gray(sample, formula, cause="work", vcov="model", **options))
        more, less = (fit.tidy()["estimate"].to_numpy() for fit in fits)
        rows.append((more - less) / 2 * times)
    return pd.DataFrame(rows)


@pytest.mark.parametrize("is_delayed", [False, True])
@pytest.mark.parametrize("seed", [1, 3, 4])
@pytest.mark.parametrize("groups", [{}, {"censoring_by": "z"}, {"strata": "z"}])
def test_robust_errors_after_exits_are_the_numerical_jackknife(seed, is_delayed, groups):
    frame = tied(seed, is_delayed=is_delayed)
    formula = "x" if "strata" in groups else "x + z"
    options = {"cause": "work", "censoring_ties": "after_exits"} | groups
    moved = moved_by_each_person(frame, formula, censoring_ties="after_exits", **groups)

    for cluster, unit in ((None, frame.index), ("place", frame["place"])):
        fit = fine_gray(sample_of_tied(frame, cluster=cluster), formula, **options)

        expected = np.sqrt(np.square(moved.groupby(np.asarray(unit)).sum()).sum())
        np.testing.assert_allclose(fit.tidy()["std_error"], expected, rtol=NUMERICAL)


@pytest.mark.parametrize("vcov", ["model", "known_weights"])
def test_fine_gray_without_competing_exits_is_cox_with_breslows_ties(vcov):
    frame = register().assign(exit=lambda rows: rows["exit"].replace("died", "none"))
    sample = sample_of(frame)

    fit = fine_gray(sample, "arm + band", cause="work", vcov=vcov, strata="site")

    expected = cox(
        sample, "arm + band", cause="work", ties="breslow", strata="site",
        vcov="model" if vcov == "model" else "robust",
    )  # fmt: skip
    assert_same_fit(fit, expected)


def test_fine_gray_without_censoring_is_cox_with_competing_exits_at_the_end():
    frame = register().query("exit != 'none'").reset_index(drop=True)
    later = frame.assign(
        months=frame["months"].where(frame["exit"] == "work", 99),
        exit=frame["exit"].replace("died", "none"),
    )

    fit = fine_gray(sample_of(frame), "arm + band", cause="work")

    expected = cox(sample_of(later), "arm + band", cause="work", ties="breslow", vcov="robust")
    assert_same_fit(fit, expected)


def test_the_robust_error_of_fine_gray_is_near_the_jackknife():
    frame = register(150).assign(entry=lambda rows: np.where(rows.index % 3 == 0, 1.0, 0.0))
    frame = frame[frame["months"] > frame["entry"]].reset_index(drop=True)
    options = {"entry": "entry"}

    error = fine_gray(sample_of(frame, **options), "arm", cause="work").tidy()["std_error"][0]

    left_out = [
        fine_gray(sample_of(frame.drop(index=number), **options), "arm", cause="work")
        .tidy()["estimate"][0]
        for number in frame.index
    ]  # fmt: skip
    n = len(frame)
    jackknife = np.sqrt((n - 1) / n * np.square(np.array(left_out) - np.mean(left_out)).sum())
    assert error == pytest.approx(jackknife, rel=0.03)  # they differ by terms of order 1 / n


def test_clusters_of_one_person_give_the_error_of_persons():
    frame = register().assign(own=np.arange(600))

    fit = fine_gray(sample_of(frame, cluster="own"), "arm + band", cause="work", interval="z")

    assert_same_fit(fit, fine_gray(sample_of(frame), "arm + band", cause="work"))
    assert fit.glance()["n_cluster"][0] == 600


def test_fine_gray_refuses_persons_with_several_rows():
    sample = sample_of(register(10).assign(person=[0, 0, *range(8)]), person="person")

    with pytest.raises(EstimationError, match="person: some persons have several rows"):
        fine_gray(sample, "arm", cause="work")


def test_weights_that_rest_on_no_observation_are_refused():
    sample = few([2, 4, 6, 8], ["died", "work", "work", "none"], [0, 1, 0, 1], entry=[0, 3, 3, 3])

    with pytest.raises(EstimationError, match="entry: at the time of 1 competing exits"):
        fine_gray(sample, "x", cause="work")


@pytest.mark.parametrize(
    ("name", "value"),
    [("vcov", "hc3"), ("interval", "w"), ("censoring_ties", "first")],
)
def test_options_of_fine_gray_outside_the_list_are_refused(name, value):
    with pytest.raises(ParameterError, match=f"{name} '{value}': must be one of"):
        fine_gray(sample_of(register()), "arm", cause="work", **{name: value})


def test_t_intervals_of_fine_gray_need_clusters():
    with pytest.raises(ParameterError, match="interval 't': needs clustered errors"):
        fine_gray(sample_of(register()), "arm", cause="work", interval="t")


def test_few_clusters_give_fine_gray_errors_for_persons_and_a_warning():
    frame = register().assign(place=lambda rows: rows["place"] % 3)

    with pytest.warns(SmallSampleWarning, match="cluster: 3 clusters"):
        fit = fine_gray(sample_of(frame, cluster="place"), "arm", cause="work")

    assert_same_fit(fit, fine_gray(sample_of(frame), "arm", cause="work"))


# Cause-specific sets


def test_a_set_of_causes_holds_one_fit_each():
    sample = sample_of(register())

    fits = cause_specific(sample, "arm + band", ties="breslow")

    assert list(fits) == ["work", "died"]
    expected = cox(sample, "arm + band", cause="died", ties="breslow")
    pd.testing.assert_frame_equal(fits["died"].tidy(), expected.tidy())


def test_a_set_may_be_some_causes_in_an_order():
    sample = sample_of(register())

    assert list(cause_specific(sample, "arm", cause=["died", "work"])) == ["died", "work"]
    assert list(cause_specific(sample, "arm", cause="died")) == ["died"]
    with pytest.raises(ParameterError, match="cause moved: |cause 'moved'"):
        cause_specific(sample, "arm", cause="moved")


def test_a_cause_without_exits_is_named():
    frame = register().assign(exit=lambda rows: rows["exit"].replace("died", "none"))

    with pytest.raises(EstimationError, match="^died: no events among 600 rows"):
        cause_specific(sample_of(frame), "arm")


@pytest.mark.parametrize("unit", [{}, {"cluster": "place"}, {"person": "person"}])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("is_delayed", [False, True])
def test_fits_do_not_depend_on_how_many_rows_are_worked_on_at_once(
    monkeypatch, unit, ties, is_delayed
):
    frame = register(300).assign(
        person=np.arange(300) % 290, start=lambda rows: 0.5 * is_delayed * (rows.index % 2)
    )
    sample = sample_of(frame, entry="start", **unit)
    options = {"cause": "work", "strata": "site", "ties": ties, "vcov": "robust"}
    whole = cox(sample, "arm + band", **options)

    for room in ("model_rows", "partial_likelihood", "hazard_fit"):
        monkeypatch.setattr(importlib.import_module(f"evalkit.survival.{room}"), "BLOCK", 7)

    assert_same_fit(cox(sample, "arm + band", **options), whole)


# Residuals


def test_score_residuals_sum_to_zero_and_squared_dfbetas_to_the_robust_variance():
    frame = register().assign(weight=lambda rows: 0.5 + rows.index % 4)
    sample = sample_of(frame, weight="weight")
    fit = cox(sample, "arm + band", cause="work")

    score = residuals(sample, fit, kind="score").values
    dfbeta = residuals(sample, fit, kind="dfbeta").values

    np.testing.assert_allclose(sample.weight @ score, 0, atol=1e-8)
    error = np.sqrt(np.square(dfbeta).sum(axis=0))
    np.testing.assert_allclose(error, fit.tidy()["std_error"], rtol=1e-9)


def test_martingale_residuals_by_hand():
    """Exits at 1 and 2, a censoring at 3; at a ratio of 1 they bear 1/3, 1/3 + 1/2, 1/3 + 1/2."""
    sample = few([1, 2, 3], ["work", "work", "none"], [0, 1, 0])

    found = residuals(sample, cox(sample, "x", cause="work", penalty=1e12), kind="martingale")

    np.testing.assert_allclose(found.values, [1 - 1 / 3, 1 - 5 / 6, -5 / 6], atol=1e-9)
    assert found.row.tolist() == [0, 1, 2]
    assert found.time.tolist() == [1, 2, 3]


def test_schoenfeld_residuals_by_hand():
    """At a ratio of 1: 0 - 1/3 at time 1, 1 - 1/2 at time 2."""
    sample = few([2, 1, 3], ["work", "work", "none"], [1, 0, 0])

    found = residuals(sample, cox(sample, "x", cause="work", penalty=1e12), kind="schoenfeld")

    np.testing.assert_allclose(found.values[:, 0], [-1 / 3, 1 / 2], atol=1e-9)
    assert found.row.tolist() == [1, 0]


def test_rows_of_weight_zero_have_no_residual():
    frame = register(30).assign(weight=[0, *[1] * 29])

    found = residuals(sample_of(frame, weight="weight"), "arm", cause="work")

    assert found.row.tolist() == list(range(1, 30))


@pytest.mark.parametrize("kind", ["martingale", "dfbeta", "scaled_schoenfeld"])
def test_a_fit_brings_its_own_arguments(kind):
    sample = sample_of(register())
    given = {"cause": "work", "strata": ["site", "band"], "ties": "breslow"}

    by_fit = residuals(sample, cox(sample, "arm", **given), kind=kind)

    by_formula = residuals(sample, "arm", kind=kind, **given)
    np.testing.assert_allclose(by_fit.values, by_formula.values, atol=1e-7)


def test_fits_of_other_samples_or_models_are_refused():
    sample, other = sample_of(register()), sample_of(register(seed=4))
    fit = cox(sample, "arm", cause="work")

    with pytest.raises(ParameterError, match="another sample"):
        residuals(other, fit)
    with pytest.raises(ParameterError, match="a fit of fine_gray"):
        residuals(sample, fine_gray(sample, "arm", cause="work"))
    with pytest.raises(ParameterError, match="a fit brings its own cause"):
        residuals(sample, fit, cause="work")
    with pytest.raises(ParameterError, match="kind 'partial': must be one of"):
        residuals(sample, fit, kind="partial")


def test_residuals_never_pass_the_door_and_do_not_show_their_values():
    found = residuals(sample_of(register()), "arm", cause="work", kind="dfbeta")

    with pytest.raises(DisclosureError, match="Residuals is no result that the door knows"):
        release(found, "internal")
    assert repr(found) == "<Residuals: dfbeta, 600 rows, 1 terms>"


# Proportional hazards


def crossing(n=800):
    """The arm has a ratio of e before month 5 and of 1/e after it; `x` has a constant one."""
    rng = np.random.default_rng(8)
    arm, x = rng.integers(0, 2, n), rng.normal(size=n)
    early, late = 0.08 * np.exp(arm + 0.4 * x), 0.08 * np.exp(-1.0 * arm + 0.4 * x)
    budget = rng.exponential(1, n)
    months = np.where(budget < 5 * early, budget / early, 5 + (budget - 5 * early) / late)
    frame = pd.DataFrame({"months": np.minimum(months, 30), "arm": arm, "x": x})
    frame["exit"] = np.where(months < 30, "work", "none")
    return TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")


@pytest.mark.parametrize("transform", ["km", "identity", "log", "rank"])
def test_a_ratio_that_changes_is_found_and_a_constant_one_is_not(transform):
    check = proportional_hazards_test(crossing(), "arm + x", transform=transform)

    p_value = check.tidy().set_index("term")["p_value"]
    assert p_value["arm"] < 1e-4
    assert p_value["x"] > 0.05
    assert p_value["global"] < 1e-4


def test_levels_of_a_factor_are_tested_together():
    sample = sample_of(register().assign(band=lambda rows: rows["band"].astype(str)))

    check = proportional_hazards_test(sample, "arm + band", cause="work")

    assert check.tidy()[["term", "df"]].to_numpy().tolist() == [
        ["arm", 1], ["band", 2], ["global", 3],
    ]  # fmt: skip
    assert check.glance()[["n", "n_event"]].to_numpy().tolist() == [[600, (sample.code == 1).sum()]]


def test_a_logarithm_of_time_zero_is_refused():
    sample = few([0, 1, 2, 3], ["work"] * 4, [1, 0, 1, 0])

    with pytest.raises(EstimationError, match="duration: there are exits at time 0"):
        proportional_hazards_test(sample, "x", cause="work", transform="log")


# Concordance


def test_concordance_by_hand():
    """Exits at 1 (x = 1), 2 (x = 0), 3 (x = 1), the last at 4 (x = 0) censored; the sign is +.

    Pairs: 1-2 right, 1-3 tied, 1-4 right, 2-3 wrong, 2-4 tied, 3-4 right: (3 + 2/2) / 6.
    """
    sample = few([1, 2, 3, 4], ["work", "work", "work", "none"], [1, 0, 1, 0])

    fit = concordance(sample, "x", cause="work")

    assert fit.tidy()["estimate"][0] == pytest.approx(4 / 6)


def test_concordance_counts_late_entries_and_strata_like_all_pairs():
    rng = np.random.default_rng(2)
    n = 120
    frame = register(n).assign(
        entry=np.where(rng.random(n) < 0.5, rng.integers(0, 6, n), 0),
        weight=rng.integers(1, 4, n),
    )
    frame = frame[frame["months"] > frame["entry"]].reset_index(drop=True)
    sample = sample_of(frame, entry="entry", weight="weight")
    fit = cox(sample, "arm + band", cause="work", strata="site")
    linear = (frame["arm"] == "programme") * fit.rows["estimate"][0]
    linear = (linear + frame["band"] * fit.rows["estimate"][1]).round(9).to_numpy()

    found = concordance(sample, fit)

    time, event = frame["months"].to_numpy(), (frame["exit"] == "work").to_numpy()
    is_later = (time > time[:, None]) | ((time == time[:, None]) & ~event)
    pair = event[:, None] & is_later & (frame["entry"].to_numpy() < time[:, None])
    pair &= frame["site"].to_numpy() == frame["site"].to_numpy()[:, None]
    mass = pair * np.outer(frame["weight"], frame["weight"])
    score = (linear[:, None] > linear) + 0.5 * (linear[:, None] == linear)
    expected = (mass * score).sum() / mass.sum()
    assert found.tidy()["estimate"][0] == pytest.approx(expected, rel=1e-12)


# Degenerate samples

MODELS = {
    "cox": cox,
    "fine_gray": fine_gray,
    "cause_specific": cause_specific,
    "residuals": residuals,
    "proportional_hazards_test": proportional_hazards_test,
    "concordance": concordance,
}


@pytest.mark.parametrize("model", MODELS)
def test_samples_that_say_nothing_are_refused_by_name(model):
    estimate = MODELS[model]
    one = few([3], ["work"], [1])
    none = few([1, 2, 3], ["none"] * 3, [0, 1, 0])
    weightless = few([1, 2, 3], ["work"] * 3, [0, 1, 0], weight=[0, 0, 0])
    twins = few([1, 2, 3, 4], ["work"] * 4, [0, 1, 0, 1])
    twins.covariates["y"] = 2 * twins.covariates["x"] + 1
    endless = few([1, 2, 3, 4], ["work"] * 4, [0, 1, 0, np.inf])

    for sample, formula, message in [
        (one, "x", "x: does not vary"),
        (none, "x", "no events among 3 rows"),
        (weightless, "x", "weight: all 3 rows have weight 0"),
        (twins, "x + y", "y: does not vary among those at risk, or is a combination"),
        (endless, "x", "x: 1 of 4 rows not finite"),
    ]:
        with pytest.raises(EstimationError, match=message):
            estimate(sample, formula, cause="work")


@pytest.mark.parametrize("model", ["cox", "fine_gray", "concordance"])
def test_perfect_separation_is_named(model):
    sample = few([1, 2, 3, 4], ["work", "work", "died", "none"], [1, 1, 0, 0])

    with pytest.raises(EstimationError, match="^x: no finite hazard ratio"):
        MODELS[model](sample, "x", cause="work")


@pytest.mark.parametrize("model", [cox, fine_gray])
def test_exits_at_time_zero_share_one_risk_set(model):
    sample = few([0, 0, 0, 0], ["work"] * 4, [0, 1, 0, 1])

    row = model(sample, "x", cause="work", vcov="model").tidy().iloc[0]

    assert row["estimate"] == pytest.approx(0, abs=1e-12)
    assert row["std_error"] > 0


def test_an_error_of_zero_has_no_test():
    sample = few([0, 0, 0, 0], ["work"] * 4, [0, 1, 0, 1])

    row = cox(sample, "x", cause="work", ties="breslow", vcov="robust").tidy().iloc[0]

    assert row["std_error"] == 0
    assert np.isnan(row["p_value"])


def test_checks_of_exits_at_one_time_are_refused():
    sample = few([0, 0, 0, 0], ["work"] * 4, [0, 1, 0, 1])

    with pytest.raises(EstimationError, match="duration: all exits are at the same time"):
        proportional_hazards_test(sample, "x", cause="work")
    with pytest.raises(EstimationError, match="duration: no exit has anybody at risk who stays"):
        concordance(sample, "x", cause="work")


# The door


@pytest.mark.parametrize("model", ["cox", "fine_gray", "proportional_hazards_test", "concordance"])
def test_models_and_checks_pass_the_door_unless_they_rest_on_few(model):
    large, small = sample_of(register()), sample_of(register(16))

    shown = release(MODELS[model](large, "arm + band", cause="work"), "strict10").tidy()
    hidden = release(MODELS[model](small, "band", cause="work"), "strict10").tidy()

    assert not shown["suppressed"].any()
    assert hidden["suppressed"].all()


def test_a_curve_is_no_fit():
    sample = sample_of(register())
    curve = kaplan_meier(sample, cause="any")

    with pytest.raises((ParameterError, AttributeError, EstimationError)):
        residuals(sample, curve, cause="work")
