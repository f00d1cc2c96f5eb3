import numpy as np
import pytest

from evalkit.errors import ParameterError
from evalkit.survival.intervals import critical_value, p_value, share_interval, survival_interval


def test_critical_value_is_wider_with_few_degrees_of_freedom():
    assert critical_value(0.95) == pytest.approx(1.959963985)
    assert critical_value(0.95, 4) == pytest.approx(2.776445105)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_outside_zero_and_one_is_refused(level):
    with pytest.raises(ParameterError, match="conf_level: must lie between 0 and 1"):
        critical_value(level)


def test_an_unknown_scale_is_refused_with_those_allowed():
    with pytest.raises(ParameterError, match="must be one of log-log, log, plain"):
        survival_interval(np.array([0.5]), np.array([0.1]), conf_type="logit", critical=2.0)


@pytest.mark.parametrize("conf_type", ["log-log", "log", "plain"])
def test_intervals_stay_between_zero_and_one(conf_type):
    low, high = survival_interval(
        np.array([0.01, 0.99]), np.array([0.3, 0.3]), conf_type=conf_type, critical=2.0
    )

    assert (low >= 0).all()
    assert (high <= 1).all()
    assert (low < high).all()


def test_a_share_of_zero_or_one_has_no_interval():
    low, high = share_interval(np.array([0.0, 1.0]), np.array([0.0, 0.0]), critical=2.0)

    assert np.isnan([*low, *high]).all()


def test_p_value_of_the_critical_value_is_one_minus_the_level():
    assert p_value(np.array([critical_value(0.9)]))[0] == pytest.approx(0.1)
    assert p_value(np.array([-critical_value(0.9, 7)]), 7)[0] == pytest.approx(0.1)
