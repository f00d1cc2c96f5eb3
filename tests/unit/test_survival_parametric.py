import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import parametric_survival


def people(n=150):
    rng = np.random.default_rng(8)
    arm = rng.choice(["programme", "comparison"], n)
    months = 10 * rng.weibull(1.3, n) * np.where(arm == "programme", 0.7, 1.0)
    return pd.DataFrame(
        {
            "months": np.minimum(months, 20) + 0.5,
            "exited": months <= 20,
            "arm": arm,
            "entry": np.where(rng.random(n) < 0.5, 0.0, 0.4),
            "weight": rng.uniform(0.5, 2.0, n),
            "place": np.arange(n) % 9,
        }
    )


def sample_of(frame, **columns):
    return TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm", **columns)


@pytest.mark.parametrize(
    ("distribution", "last"),
    [("weibull", "log(shape)"), ("log-normal", "log(scale)"), ("log-logistic", "log(shape)")],
)
def test_terms_are_intercept_covariates_and_the_second_parameter(distribution, last):
    fit = parametric_survival(sample_of(people()), "arm", distribution=distribution)

    assert fit.tidy()["term"].tolist() == ["intercept", "arm[programme]", last]
    assert fit.glance()["scale"][0] == "log time"


def test_a_programme_that_shortens_times_has_a_ratio_below_one():
    ratios = parametric_survival(sample_of(people()), "arm").ratios().set_index("term")

    assert ratios.loc["arm[programme]", "estimate"] < 1.0


def test_delayed_entry_and_weights_change_the_fit():
    frame = people()
    plain = parametric_survival(sample_of(frame), "arm")

    delayed = parametric_survival(sample_of(frame, entry="entry"), "arm")
    weighted = parametric_survival(sample_of(frame, weight="weight"), "arm")

    assert delayed.tidy()["estimate"][0] < plain.tidy()["estimate"][0]
    assert weighted.glance()["vcov"][0] == "robust"
    assert plain.glance()["vcov"][0] == "model"


@pytest.mark.parametrize("distribution", ["weibull", "log-normal", "log-logistic"])
def test_rows_of_weight_zero_are_as_if_they_were_not_there(distribution):
    frame = people(50).assign(odd=np.arange(50) % 7)
    # A row without weight may hold what no model allows.
    frame.loc[:9, ["weight", "months", "odd"]] = 0.0, 0.0, np.nan
    options = {"distribution": distribution}

    fit = parametric_survival(sample_of(frame, weight="weight"), "arm + odd", **options)

    without = parametric_survival(sample_of(frame[10:], weight="weight"), "arm + odd", **options)
    pd.testing.assert_frame_equal(fit.tidy(), without.tidy())
    columns = ["n_person", "n_row", "n_event", "log_likelihood"]
    assert fit.glance()[columns].equals(without.glance()[columns])


def test_weights_of_zero_throughout_are_an_error():
    with pytest.raises(EstimationError, match="weight: all 150 rows have weight 0"):
        parametric_survival(sample_of(people().assign(weight=0.0), weight="weight"), "arm")


@pytest.mark.parametrize("failures", [0, 2, 4])
def test_a_rule_that_fails_by_rounding_is_followed_by_one_a_little_looser(failures, monkeypatch):
    from lifelines import LogNormalAFTFitter
    from lifelines.exceptions import ConvergenceError

    fit, asked = LogNormalAFTFitter.fit, []

    def failing(self, *args, **options):
        rule = options.get("fit_options", {}).get("gtol")
        asked.append(rule and float(f"{rule:.0e}"))
        if len(asked) <= failures:
            raise ConvergenceError("rounding")
        return fit(self, *args, **options)

    monkeypatch.setattr(LogNormalAFTFitter, "fit", failing)
    parametric_survival(sample_of(people()), "arm", distribution="log-normal")

    # After four of them lifelines' own rule decides.
    assert asked[: failures + 1] == [1e-10, 1e-9, 1e-8, 1e-7, None][: failures + 1]


def test_error_handling_of_numpy_is_left_as_it_was():
    before = np.geterr()

    parametric_survival(sample_of(people()), "arm", distribution="log-logistic")

    assert np.geterr() == before


def test_a_duration_of_zero_is_an_error_with_its_number():
    frame = people()
    frame.loc[[0, 5], "months"] = 0.0

    with pytest.raises(EstimationError, match="duration: 2 of 150 rows are 0"):
        parametric_survival(sample_of(frame), "arm")


def test_a_cluster_is_refused():
    with pytest.raises(EstimationError, match="cluster: parametric models have no clustered"):
        parametric_survival(sample_of(people(), cluster="place"), "arm")


def test_no_events_is_an_error():
    with pytest.raises(EstimationError, match="no events among 150 rows"):
        parametric_survival(sample_of(people().assign(exited=False)), "arm")


def test_an_unknown_distribution_is_refused_with_those_known():
    with pytest.raises(ParameterError, match="must be one of weibull, log-normal, log-logistic"):
        parametric_survival(sample_of(people()), "arm", distribution="gamma")


def test_a_term_that_is_a_combination_of_others_is_an_error():
    frame = people().assign(twin=lambda rows: (rows["arm"] == "programme").astype(float))

    with pytest.raises(EstimationError, match="^twin: does not vary among those at risk, or"):
        parametric_survival(sample_of(frame), "arm + twin")


def test_a_level_without_any_exit_is_named_as_separation():
    frame = people()
    frame = frame.assign(exited=frame["exited"] & (frame["arm"] == "comparison"))

    with pytest.raises(EstimationError, match=r"^arm\[programme\]: no finite time ratio"):
        parametric_survival(sample_of(frame), "arm")
