"""Results: frozen values with the same columns for the same question, always.

Every kind of result has three parts. `rows` holds one entry for each thing estimated;
`summary` holds one entry for the whole; `support` holds, for each row, how many persons stand
behind it, which is what the door (`evalkit.release`) decides by. `tidy()` and `glance()` show
the first two as data frames; nothing shows rows of persons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from evalkit.provenance import Provenance

SUPPORT = ("n", "k", "complement")
# By the limits of a time, which are times of exits too; under observation at a horizon.
MORE_SUPPORT = ("k_low", "k_high", "at_horizon")


def frozen_columns(
    columns: Mapping[str, object] | pd.DataFrame, names: tuple[str, ...]
) -> Mapping[str, np.ndarray]:
    """Copy columns in the given order into read-only arrays of one length; a missing one is NaN.

    Raises
    ------
    ValueError
        If a column is not among `names`, or if the columns differ in length.
    """
    given = dict(columns.items())
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ValueError(f"columns outside the contract: {', '.join(unknown)}")
    arrays = {name: _frozen(given[name]) for name in names if name in given}
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) > 1:
        raise ValueError(f"columns differ in length: {sorted(lengths)}")
    if len(arrays) < len(names):
        empty = _frozen(np.full(next(iter(lengths), 0), np.nan))
        arrays = {name: arrays.get(name, empty) for name in names}
    return MappingProxyType({name: arrays[name] for name in names})


def _frozen(values: object) -> np.ndarray:
    # An array that nobody can write to, also not through another view, needs no copy.
    if type(values) is np.ndarray and values.base is None and not values.flags.writeable:
        return values
    array = np.array(values, copy=True)
    if array.dtype.kind in "US":
        array = array.astype(object)
    array.setflags(write=False)
    return array


def result_kind(*, keys: str, tidy: str, glance: str, counts: str = ""):
    """Make a class a result with the given columns, each a string of names apart by spaces.

    Parameters
    ----------
    keys : str
        The leading columns of `tidy` that name a row (a cell's address at the door).
    tidy, glance : str
        All columns, in order.
    counts : str
        The columns of `tidy` that count persons and add up over municipalities.
    """

    def decorate(cls: type) -> type:
        cls.__annotations__ = {
            "rows": Mapping,
            "summary": Mapping,
            "support": Mapping,
            "provenance": Provenance,
        }
        cls.KEYS, cls.TIDY = tuple(keys.split()), tuple(tidy.split())
        cls.GLANCE, cls.COUNTS = tuple(glance.split()), tuple(counts.split())
        cls.__post_init__, cls.tidy, cls.glance = _post_init, _tidy, _glance
        cls.__repr__, cls._repr_html_ = _describe, None
        return dataclass(frozen=True, eq=False, repr=False)(cls)

    return decorate


def _post_init(self) -> None:
    rows = frozen_columns(self.rows, self.TIDY)
    n_row = len(next(iter(rows.values())))
    names = (*SUPPORT, *(name for name in MORE_SUPPORT if name in self.support))
    support = frozen_columns(self.support, names) if len(self.support) else None
    if support is None or len(support["n"]) != n_row:
        raise ValueError(f"{type(self).__name__}: support needs one entry for each of {n_row} rows")
    unknown = sorted(set(self.summary) - set(self.GLANCE))
    if unknown:
        raise ValueError(f"summary entries outside the contract: {', '.join(unknown)}")
    summary = {name: self.summary.get(name, np.nan) for name in self.GLANCE}
    object.__setattr__(self, "rows", rows)
    object.__setattr__(self, "support", support)
    object.__setattr__(self, "summary", MappingProxyType(summary))


def _tidy(self) -> pd.DataFrame:
    """One row for each thing estimated; a new frame at every call."""
    return pd.DataFrame({name: values.copy() for name, values in self.rows.items()})


def _glance(self) -> pd.DataFrame:
    """Exactly one row about the whole."""
    return pd.DataFrame({name: [value] for name, value in self.summary.items()})


def _describe(self) -> str:
    n_row = len(next(iter(self.rows.values())))
    return f"<{type(self).__name__}: {n_row} rows, {self.provenance.function} {self.provenance.id}>"


@result_kind(
    keys="stratum time",
    tidy="stratum time estimate std_error conf_low conf_high n_at_risk n_event n_censored",
    glance="n n_event n_stratum last_time conf_level method time_unit",
    counts="n_at_risk n_event n_censored",
)
class SurvivalCurve:
    """Probability of no exit by `time`, for each stratum; the first row of a stratum is time 0.

    `n_event` and `n_censored` count persons at exactly `time`.
    """


@result_kind(
    keys="stratum cause time",
    tidy="stratum cause time estimate std_error conf_low conf_high n_at_risk n_event n_censored",
    glance="n n_event n_stratum n_cause last_time conf_level method time_unit",
    counts="n_at_risk n_event n_censored",
)
class IncidenceCurve:
    """Cumulative incidence of each cause by `time`; the first row of a curve is time 0."""


@result_kind(
    keys="stratum time",
    tidy=(
        "stratum time estimate std_error conf_low conf_high n_at_risk n_event n_censored exposure"
    ),
    glance="n n_event n_stratum last_time conf_level method time_unit quantity width",
    counts="n_at_risk n_event n_censored",
)
class HazardCurve:
    """Cumulative hazard by `time`, or exits per unit of time in the interval that ends at `time`.

    `quantity` in the glance says which: `cumulative_hazard` or `exit_rate`.
    """


@result_kind(
    keys="stratum quantile",
    tidy="stratum quantile estimate conf_low conf_high reason",
    glance="n n_event n_stratum quantity conf_level method time_unit",
)
class Quantiles:
    """Times by which given shares have exited. One that is not reached is missing, with why."""


@result_kind(
    keys="stratum time",
    tidy="stratum time estimate std_error conf_low conf_high n_at_risk n_event n_censored",
    glance="n n_event n_stratum last_time conf_level method time_unit",
    counts="n_at_risk n_event n_censored",
)
class RecurrentCurve:
    """Mean number of events by `time`; the first row of a stratum is time 0.

    `n_event` counts the persons whose first event comes at exactly `time`, and support `k` those
    whose second does, which is what the door decides by; `estimate` counts all events.
    """


@result_kind(
    keys="stratum state time",
    tidy="stratum state time estimate std_error conf_low conf_high n_observed",
    glance="n n_stratum n_state last_time conf_level method time_unit",
    counts="n_observed",
)
class OccupationCurve:
    """Probability of being in each state in month `time`, relapse included."""


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
    keys="definition sustained_months horizon term scale",
    tidy=(
        "definition sustained_months horizon term scale estimate std_error conf_low conf_high "
        "p_value reason"
    ),
    glance="n cause conf_level method time_unit n_cluster df",
)
class DefinitionGrid:
    """The share with an exit under each definition, by each horizon, as in `Contrast`.

    All cells have one end of follow-up.
    """


@result_kind(
    keys="state term scale",
    tidy="state term scale estimate std_error conf_low conf_high p_value reason",
    glance="n horizon unit conf_level method n_state n_cluster df",
)
class StateMonths:
    """Mean months in each state within a horizon, as in `Contrast`; states add up to it."""


@result_kind(
    keys="stratum quantity item time",
    tidy="stratum quantity item time estimate n n_with",
    glance="n n_left_out horizon n_stratum n_state time_unit",
    counts="n n_with",
)
class StateSequences:
    """Summaries of monthly sequences of states among persons observed for as many months.

    `quantity` is `months`, `spells`, `transition`, `entropy` or `sequence`; `item` names the state,
    the move or the sequence; `n_with` counts the persons who were there, or made it.
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
    keys="step",
    tidy="step reason n_before n_removed n_after",
    glance="n_start n_end",
    counts="n_before n_removed n_after",
)
class Flow:
    """Attrition: who was left after each rule, from all persons to those analysed."""


@result_kind(
    keys="stratum variable level",
    tidy="stratum variable level n share mean std_dev standardised_difference",
    glance="n n_stratum n_variable",
    counts="n",
)
class Characteristics:
    """Baseline table: n and share of each level, or mean and deviation (`level` empty).

    `standardised_difference` compares the first two strata and stands in the rows of the first.
    """


@result_kind(
    keys="stratum source",
    tidy=(
        "stratum source n_pair n_before n_after share_before share_after change conf_low conf_high "
        "change_percent p_value n_entered n_left unit"
    ),
    glance="n n_source before after conf_level method label",
    counts="n_pair n_before n_after n_entered n_left",
)
class BeforeAfter:
    """Shares at two fixed months from start among all who started; `change` is in points."""


@result_kind(
    keys="need_share quantity",
    tidy="need_share quantity low high n_low n_high",
    glance="population n_covered period wanting source label",
    counts="",
)
class NeedCoverage:
    """Ranges of need, coverage and unmet need, one set for each assumed share in need."""


@result_kind(
    keys="party",
    tidy=(
        "party cost gain net pay_off_months pay_off_low pay_off_high "
        "dynamic_months dynamic_low dynamic_high first_crossing break_even_share reason"
    ),
    glance="n horizon_years discount_rate currency price_year society label method",
)
class PayOff:
    """Who pays and who gains: cost, yearly gain, net, pay-off time and break-even share."""


@result_kind(
    keys="month payer payee item",
    tidy="month payer payee item kind amount",
    glance="n n_row currency price_year society",
)
class Ledger:
    """Double-entry flows, summed over persons; society is the sum over all parties."""


@result_kind(
    keys="stratum wave",
    tidy="stratum wave estimate std_error conf_low conf_high n",
    glance="n n_stratum n_wave conf_level outcome",
    counts="n",
)
class WaveMeans:
    """Mean of a health score at each wave among those who answered."""


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
