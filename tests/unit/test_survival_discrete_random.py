"""Hazard models of whole months with a random intercept: the integral, its edges, recovery."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError, SmallSampleWarning
from evalkit.release import release
from evalkit.survival import discrete_time
from evalkit.survival.person_time import person_time
from evalkit.survival.person_time_likelihood import complementary_log_log, logit
from evalkit.survival.quadrature import Mixture, log_likelihood, observed_information

EFFECT, SPREAD = 0.5, 0.6
LINKS = {"cloglog": complementary_log_log, "logit": logit}
LIMIT = 3.5  # Monte-Carlo errors


def people(rng, n_place=30, per_place=20, spread=SPREAD):
    n = n_place * per_place
    place = np.repeat(np.arange(n_place), per_place)
    arm, age = rng.random(n) < 0.5, rng.normal(size=n).round(1)
    linear = -2.7 + EFFECT * arm - 0.2 * age + (spread * rng.normal(size=n_place))[place]
    exits, end = rng.geometric(-np.expm1(-np.exp(linear))), rng.integers(6, 19, n)
    return pd.DataFrame({
        "months": np.minimum(exits, end), "exited": exits <= end, "age": age, "place": place,
        "arm": np.where(arm, "programme", "comparison"),
    })  # fmt: skip


FRAME = people(np.random.default_rng(5))


def sample_of(frame=FRAME, **columns):
    return TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm", **columns)


def fitted(frame=FRAME, formula="arm + age", **options):
    options = {"baseline": "spline", "random_intercept": "place"} | options
    return discrete_time(sample_of(frame), formula, **options)


# The likelihood of three groups, a constant hazard and one covariate, in full


def small(link, n_node):
    rng = np.random.default_rng(1)
    group = np.repeat([0, 1, 2], [5, 9, 12])
    values, exits = rng.normal(size=(26, 1)), rng.integers(1, 8, 26).astype(float)
    event, months = rng.random(26) < 0.6, np.arange(1.0, 8.0)

    def amounts(entry, exit_, event):
        at_risk = (months <= exit_[:, None]).astype(float)
        return at_risk, ((exit_[:, None] == months) & event[:, None]).astype(float)

    table = person_time(
        np.column_stack([values, group]), np.zeros(26), exits, event, np.ones(26),
        amounts=amounts, n_period=7,
    )  # fmt: skip
    mixture = Mixture(table, np.ones((7, 1)), LINKS[link], 3, n_node)
    return mixture, (values[:, 0], exits, event, group)


def by_integration(point, link, data):
    """Log-likelihood by the definition: each group's integral by adaptive Gauss-Kronrod."""
    values, exits, event, group = data
    level, beta, deviation = point

    def likelihood(z, which):
        linear = level + beta * values[which] + deviation * z
        rate = np.exp(linear) if link == "cloglog" else np.logaddexp(0.0, linear)
        stays, leaves = -rate * (exits - event)[which], np.log(-np.expm1(-rate))
        return np.exp((stays + event[which] * leaves).sum()) * stats.norm.pdf(z)

    parts = [
        integrate.quad(likelihood, -9, 9, (group == number,), epsabs=0, epsrel=1e-12, points=[0])[0]
        for number in range(3)
    ]
    return np.log(parts).sum()


POINT = np.array([-1.3, 0.4, 0.8])


@pytest.mark.parametrize("link", LINKS)
def test_the_likelihood_is_the_integral(link):
    mixture, data = small(link, 25)

    value = log_likelihood(mixture, POINT, np.zeros(3))[0]

    assert value == pytest.approx(by_integration(POINT, link, data), rel=1e-9)


@pytest.mark.parametrize("n_node", [1, 2, 7])
@pytest.mark.parametrize("link", LINKS)
def test_the_gradient_is_that_of_the_sum_whatever_its_nodes(link, n_node):
    mixture, _ = small(link, n_node)
    none = np.zeros(3)

    gradient = log_likelihood(mixture, POINT, none)[1]

    numeric = optimize.approx_fprime(
        POINT, lambda point: log_likelihood(mixture, point, none)[0], 1e-6
    )
    np.testing.assert_allclose(gradient, numeric, atol=1e-4)


@pytest.mark.parametrize("link", LINKS)
def test_the_information_is_minus_the_derivative_of_the_gradient(link):
    mixture, _ = small(link, 25)
    at = log_likelihood(mixture, POINT, np.zeros(3))[2]

    information = observed_information(mixture, POINT, at, 25)

    def gradient(point):
        return log_likelihood(mixture, point, at)[1]

    steps = 1e-5 * np.eye(3)
    numeric = [(gradient(POINT - step) - gradient(POINT + step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(information, numeric, rtol=1e-5)


def test_one_node_is_another_answer_and_many_are_one():
    laplace, seven, twenty = (fitted(n_node=n_node).tidy()["estimate"][2] for n_node in (1, 7, 20))

    assert seven == pytest.approx(twenty, rel=1e-4)
    assert abs(laplace - twenty) > 10 * abs(seven - twenty)


# What it says


def test_the_last_row_is_how_much_levels_differ():
    fit = fitted()

    rows = fit.tidy()
    assert rows["term"].tolist() == ["arm[programme]", "age", "sd(place)"]
    last = rows.iloc[2]
    assert last["conf_low"] * last["conf_high"] == pytest.approx(last["estimate"] ** 2)
    assert np.isnan(last["p_value"])
    assert fit.ratios()["estimate"][2] == pytest.approx(np.exp(last["estimate"]))
    assert fit.glance()[["n_cluster", "vcov", "interval"]].iloc[0].tolist() == [30, "model", "z"]
    assert fit.support["n"][2] == len(FRAME)
    assert release(fit, "strict10").tidy()["term"].tolist() == rows["term"].tolist()


def test_clusters_are_levels_whatever_their_names_and_order():
    named = FRAME.assign(place=[f"town {97 * place % 30}" for place in FRAME["place"]])
    shuffled = named.sample(frac=1, random_state=1)

    fit = discrete_time(
        sample_of(shuffled, cluster="place"), "arm + age", baseline="spline",
        random_intercept="cluster",
    )  # fmt: skip

    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(fit.tidy()[columns], fitted().tidy()[columns], rtol=1e-7)
    assert fit.tidy()["term"][2] == "sd(cluster)"


def test_rows_of_one_person_that_follow_each_other_change_nothing():
    frame = FRAME.assign(person=np.arange(len(FRAME)), entry=0)
    goes_on = frame["months"] > 4
    first = frame.assign(months=frame["months"].clip(upper=4), exited=frame["exited"] & ~goes_on)
    split = pd.concat([first, frame[goes_on].assign(entry=4)])

    fit = discrete_time(
        sample_of(split, entry="entry", person="person"), "arm + age", baseline="spline",
        random_intercept="place",
    )  # fmt: skip

    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(fit.tidy()[columns], fitted().tidy()[columns], rtol=1e-7)


@pytest.mark.parametrize("link", LINKS)
def test_levels_that_do_not_differ_give_the_model_without_them_and_say_so(link):
    frame = FRAME.assign(place=np.random.default_rng(3).permutation(FRAME["place"]))

    with pytest.warns(AssumptionWarning, match="place: the deviation .* is estimated as 0"):
        fit = fitted(frame, link=link)

    last = fit.tidy().iloc[2]
    assert last["estimate"] == 0
    assert last[["std_error", "conf_low", "conf_high"]].isna().all()
    without = fitted(frame, link=link, random_intercept=None)
    assert fit.summary["log_likelihood"] == without.summary["log_likelihood"]
    pd.testing.assert_series_equal(fit.tidy()["estimate"][:2], without.tidy()["estimate"])
    # Observed instead of expected information.
    np.testing.assert_allclose(fit.tidy()["std_error"][:2], without.tidy()["std_error"], rtol=0.02)


def test_ignoring_levels_that_differ_lowers_the_likelihood():
    assert fitted().summary["log_likelihood"] > (
        fitted(random_intercept=None).summary["log_likelihood"] + 5
    )


# What is refused


def test_few_levels_are_said():
    frame = FRAME.assign(place=FRAME["place"] % 3)

    with pytest.warns(SmallSampleWarning, match="place: 3 levels, fewer than 6"):
        fitted(frame, formula="arm")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"place": 1}, "place: 1 level, so that nothing can vary"),
        ({"place": [None, *range(1, len(FRAME))]}, f"place: 1 of {len(FRAME)} rows missing"),
    ],
)
def test_levels_that_cannot_be_used_are_refused(changes, message):
    with pytest.raises(EstimationError, match=message):
        fitted(FRAME.assign(**changes))


def test_weights_and_other_clusters_are_refused():
    frame = FRAME.assign(weight=2.0, other=np.arange(len(FRAME)) % 7)
    options = {"random_intercept": "place"}

    with pytest.raises(EstimationError, match="weight: a model with a random intercept"):
        discrete_time(sample_of(frame, weight="weight"), "arm", **options)
    with pytest.raises(EstimationError, match="clusters of the sample are not the levels of place"):
        discrete_time(sample_of(frame, cluster="other"), "arm", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"random_intercept": "town"}, "random_intercept 'town': no column of the sample"),
        ({"random_intercept": "cluster"}, "random_intercept 'cluster': no column of the sample"),
        ({"n_node": 0}, "n_node: must be a whole number above 0, is 0"),
        ({"n_node": 1.5}, "n_node: must be a whole number above 0, is 1.5"),
        ({"vcov": "robust"}, "random_intercept: errors come from the model"),
        ({"interval": "t"}, "random_intercept: errors come from the model"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        fitted(**options)


def test_a_term_that_separates_is_named():
    frame = FRAME.assign(late=~FRAME["exited"] * 1.0)

    with pytest.raises(EstimationError, match="^late: no finite ratio"):
        fitted(frame, formula="arm + late")


def test_levels_that_are_all_or_nothing_have_no_finite_deviation():
    place = np.repeat(np.arange(40), 20)
    exited = place % 2 == 0
    frame = pd.DataFrame({
        "months": 1.0, "exited": exited, "place": place, "arm": np.tile(["programme", "comparison"],
                                                                        400),
    })  # fmt: skip

    with pytest.raises(EstimationError, match="place: the likelihood has no maximum at a finite"):
        fitted(frame, formula="arm", baseline="months")


# Recovery


@pytest.fixture(scope="module")
def replications():
    rng = np.random.default_rng(20266)
    fits = [fitted(people(rng, 40, 15), n_node=5).tidy() for _ in range(60)]
    return np.array([fit["estimate"] for fit in fits])


def is_recovered(estimates, truth):
    error = estimates.std(ddof=1) / np.sqrt(len(estimates))
    return abs(estimates.mean() - truth) <= LIMIT * error


@pytest.mark.slow
def test_the_effect_within_levels_is_recovered(replications):
    assert is_recovered(replications[:, 0], EFFECT)


@pytest.mark.slow
def test_a_planted_bias_is_found(replications):
    effect = replications[:, 0]
    tolerance = LIMIT * effect.std(ddof=1) / np.sqrt(len(effect))

    assert not is_recovered(effect + 2 * tolerance, EFFECT)


@pytest.mark.slow
def test_the_deviation_is_recovered_but_for_the_bias_of_the_maximum_likelihood(replications):
    # A variance among G levels, their mean estimated too, is about 1/G too low.
    assert is_recovered(replications[:, 2], SPREAD * np.sqrt(1 - 1 / 40))


@pytest.mark.slow
def test_ignoring_the_levels_shrinks_the_effect():
    rng = np.random.default_rng(20266)
    naive = np.array([
        fitted(people(rng, 40, 15, spread=1.5), random_intercept=None).tidy()["estimate"][0]
        for _ in range(60)
    ])  # fmt: skip

    assert not is_recovered(naive, EFFECT)
    assert naive.mean() < EFFECT
