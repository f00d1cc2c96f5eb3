"""Two schemes and what could be seen: p-values, few areas, refusals."""

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning
from evalkit.follow_up import minimum_detectable_share, schemes_compared


def areas(n=12, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "area": np.repeat([f"a{number:02}" for number in range(n)], 2), "period": [1999, 2000] * n,
        "scheme": np.repeat(np.where(np.arange(n) % 2, "SOCSAM", "FRISAM"), 2),
        "outcome": rng.normal(20, 2, 2 * n), "people": 1000,
    })  # fmt: skip


def compared(frame, **options):
    return schemes_compared(frame, before=[1999], after=[2000], reference="FRISAM", **options)


def test_few_areas_take_the_permutation_and_many_the_t():
    assert compared(areas(10)).summary["method"].startswith("permutation")
    assert compared(areas(12)).summary["method"] == "t"
    assert compared(areas(12), p_value="permutation").summary["method"].startswith("permutation")


def test_both_p_values_agree_where_areas_are_many():
    frame = areas(40)
    by_t, by_lot = (compared(frame, p_value=kind).tidy()["p_value"].iloc[2]
                    for kind in ("t", "permutation"))  # fmt: skip

    assert abs(by_t - by_lot) < 0.03


def test_the_same_seed_gives_the_same_p_value():
    frame = areas(40)

    assert (compared(frame, p_value="permutation").tidy()["p_value"].iloc[2]
            == compared(frame, p_value="permutation").tidy()["p_value"].iloc[2])  # fmt: skip


def test_areas_with_few_each_are_warned_of():
    with pytest.warns(SmallSampleWarning, match="4 areas only"):
        compared(areas(4))


def test_persons_behind_the_difference_are_those_of_the_smaller_scheme():
    found = compared(areas(13), population="people")

    assert found.support["n"].tolist() == [7000, 6000, 6000]
    assert found.summary["n"] == 13000
    assert np.isnan(compared(areas()).support["n"]).all()


def test_areas_that_all_change_alike_have_no_test():
    frame = areas().assign(outcome=lambda table: np.where(table["period"] == 2000, 21.0, 20.0))

    row = compared(frame).tidy().iloc[2]

    assert row["estimate"] == 0
    assert np.isnan(row["p_value"])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda f: f.assign(scheme="FRISAM"), EstimationError, "1 schemes, two are compared"),
        (lambda f: f[1:], EstimationError, "1 of 12 areas lack a period"),
        (lambda f: pd.concat([f, f[:1]]), EstimationError, "1 of 25 rows repeat"),
        (lambda f: f.assign(scheme=["FRISAM", "SOCSAM"] * 12), EstimationError, "within 12 areas"),
        (lambda f: f.assign(outcome=np.nan), EstimationError, "24 of 24 rows are missing"),
        (lambda f: f[f["area"].isin(["a00", "a01", "a02"])], EstimationError, "2 and 1 areas"),
        (lambda f: f.drop(columns="area"), ParameterError, "no column area"),
        (lambda f: f.replace("FRISAM", "BORIS"), ParameterError, "no area has the scheme"),
    ],
)
def test_refusals_of_two_schemes(change, error, message):
    with pytest.raises(error, match=message):
        compared(change(areas()))


def test_refusals_of_periods_and_of_p_values():
    with pytest.raises(ParameterError, match="none in both"):
        schemes_compared(areas(), before=[1999], after=[1999], reference="FRISAM")
    with pytest.raises(ParameterError, match="1 periods stand in no row"):
        schemes_compared(areas(), before=[1999], after=[2010], reference="FRISAM")
    with pytest.raises(ParameterError, match="p_value"):
        compared(areas(), p_value="z")


def test_error_and_degrees_of_freedom_come_from_the_comparison():
    comparison = compared(areas())

    found = minimum_detectable_share(comparison, coverage=0.02, effect=20)

    assert found.summary["std_error"] == comparison.tidy()["std_error"].iloc[2]
    assert (found.summary["df"], found.summary["n_cluster"]) == (11, 12)


def test_the_power_at_the_detectable_effect_is_the_wanted_one():
    given = {"std_error": 0.7, "df": 9, "power": 0.9}
    size = minimum_detectable_share(coverage=0.5, effect=1, **given).tidy()["detectable_effect"]

    again = minimum_detectable_share(coverage=0.5, effect=float(size.iloc[0]), **given).tidy()

    assert again["power"].iloc[0] == pytest.approx(0.9, abs=1e-9)
    assert again["detectable_coverage"].iloc[0] == pytest.approx(0.5, rel=1e-9)


def test_refusals_of_the_detectable_share():
    given = {"coverage": 0.02, "effect": 20}

    with pytest.raises(ParameterError, match="std_error: give a number"):
        minimum_detectable_share(**given)
    with pytest.raises(ParameterError, match="coverage: must lie in"):
        minimum_detectable_share(coverage=1.2, effect=20, std_error=1)
    with pytest.raises(ParameterError, match="power, conf_level"):
        minimum_detectable_share(**given, std_error=1, power=1.0)
    with pytest.raises(ParameterError, match="power: must be above"):
        minimum_detectable_share(**given, std_error=1, power=0.04)
    with pytest.raises(ParameterError, match="df: must be above 0"):
        minimum_detectable_share(**given, std_error=1, df=0)
    alike = areas().assign(outcome=20.0)
    with pytest.raises(EstimationError, match="no difference with an error above 0"):
        minimum_detectable_share(compared(alike), **given)
