"""Results of contrasts, models, checks and predictions."""

import numpy as np
import pandas as pd

from evalkit.results.contract import result_kind


@result_kind(
    keys="term scale",
    tidy="term scale estimate std_error conf_low conf_high p_value reason",
    glance="n quantity horizon unit conf_level estimand label n_cluster df method",
)
class Contrast:
    """A number for each arm, then their differences and ratios (`scale`: arm, difference, ratio).

    Differences are always programme minus comparison. The error of a ratio is on the log scale.
    A quantity that cannot be estimated is missing, and `reason` says why.
    """


@result_kind(
    keys="term",
    tidy="term estimate std_error statistic p_value conf_low conf_high",
    glance=(
        "n_person n_row n_event log_likelihood scale vcov converged conf_level "
        "n_cluster n_singleton df interval estimand label formula"
    ),
)
class ModelFit:
    """Coefficients on the scale of the model; `ratios()` gives them on the ratio scale."""

    def ratios(self) -> pd.DataFrame:
        """Exponentiated estimates with their intervals; there is no error on this scale."""
        frame = self.tidy()[["term", "estimate", "conf_low", "conf_high", "p_value"]]
        return frame.assign(**np.exp(frame[["estimate", "conf_low", "conf_high"]]))


@result_kind(
    keys="term",
    tidy="term statistic df p_value",
    glance="test n n_event reference",
)
class Check:
    """A test of a hypothesis or an assumption."""


@result_kind(
    keys="term time",
    tidy="term time estimate std_error conf_low conf_high n_at_risk n_event",
    glance=(
        "n_person n_event last_time scale conf_level method vcov n_cluster df time_unit formula"
    ),
)
class EffectCurve:
    """The effect of each term of a model over time; `n_event` counts since the row before."""


@result_kind(
    keys="measure prediction time",
    tidy="measure prediction time estimate std_error conf_low conf_high reason",
    glance="n n_event cause conf_level method time_unit n_cluster df",
)
class PredictionScores:
    """How well predicted risks agree with what came: error, discrimination, by horizon.

    `prediction` is `model`, or `without covariates`, which gives everybody the same risk.
    """


@result_kind(
    keys="group",
    tidy="group n n_event predicted estimate std_error conf_low conf_high",
    glance="n n_event horizon cause conf_level method time_unit n_cluster df",
    counts="n n_event",
)
class Calibration:
    """Mean predicted risk and observed incidence at a horizon, in groups of rising risk."""


@result_kind(
    keys="method",
    tidy="method estimate std_error conf_low conf_high bias n",
    glance="trap unit horizon truth truth_error n",
    counts="n",
)
class Recovery:
    """A naive and a right estimate of one number beside its truth, in made-up records.

    `bias` is the estimate less the truth; the truth comes with its Monte-Carlo error.
    """
