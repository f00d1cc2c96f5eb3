"""EQ-5D index: five answers, or one profile code, to one number."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.health.own_value_set import ValueSet
from evalkit.health.profiles import profile_states
from evalkit.health.states import DIMENSIONS
from evalkit.health.value_sets import (
    FullHealth,
    crosswalk_values,
    instrument_of,
    state_values,
)


def eq5d_index(
    answers: pd.DataFrame | pd.Series,
    *,
    value_set: str | ValueSet,
    columns: Sequence[str] = DIMENSIONS,
    full_health: FullHealth = "model",
) -> pd.Series:
    """Value EQ-5D answers by a published value set.

    There is no default value set: the sets differ by more than most programmes achieve, and the
    study file names one before results exist. A profile with a missing answer has no index; an
    answer is never replaced.

    Parameters
    ----------
    answers : DataFrame or Series, n rows
        Either five numeric columns of levels (1 to 3 or 1 to 5, NaN where missing), or profile
        codes such as `"21232"` (strings, missing allowed) as a Series or as one column.
    value_set : str or ValueSet
        Id from `value_sets()`, or a set of your own (`read_value_set`); it decides between three
        and five levels. Ids that end with `-CW` value 5L answers by a 3L set.
    columns : sequence of str
        The five columns in the order mobility, self-care, usual activities, pain/discomfort,
        anxiety/depression; or one column of profile codes.
    full_health : {"model", "one"}
        Value of state 11111. The Swedish experience-based models put it below 1 (0.9694, 0.9755);
        `"one"` sets that state alone to 1, as some implementations do.

    Returns
    -------
    Series of float, n rows
        Named `health_index`, on the index of `answers`; NaN where an answer is missing.

    Raises
    ------
    EstimationError
        If a column is missing or not numeric, if a level is not a whole number within the range
        of the instrument, or if a profile code is not five digits; all columns at once. Where the
        frame has a column `instrument`, also if a row is of another instrument than the value set.
    ParameterError
        If the value set or `full_health` is not known.

    Notes
    -----
    index = full health + (any answer above 1) a + (any answer at the top level) b + the sum over
    dimensions of the coefficient of the level answered, where level 1 has none.

    References
    ----------
    `value_sets()` names the publication of each set.

    Examples
    --------
    >>> answers = pd.DataFrame({"mo": [2, 1], "sc": 1, "ua": 2, "pd": 3, "ad": [2, np.nan]})
    >>> eq5d_index(answers, value_set="SE-2014-TTO").round(4).tolist()
    [0.6127, nan]
    >>> eq5d_index(pd.Series(["21232"]), value_set="SE-2014-TTO").round(4).tolist()
    [0.6127]
    """
    values = np.append(state_values(value_set, full_health), np.nan)
    state = profile_states(answers, columns, instrument_of(value_set))
    return pd.Series(values[state], index=answers.index, name="health_index")


def crosswalk(
    answers: pd.DataFrame | pd.Series,
    *,
    value_set: str | ValueSet,
    columns: Sequence[str] = DIMENSIONS,
    full_health: FullHealth = "model",
) -> pd.Series:
    """Value EQ-5D-5L answers by a value set of EQ-5D-3L.

    For countries without a 5L set, and for comparisons with older 3L studies. An index through
    the crosswalk and one by a 5L set cannot be compared.

    Parameters
    ----------
    answers : DataFrame or Series, n rows
        Five columns of levels 1 to 5, or profile codes, as for `eq5d_index`.
    value_set : str or ValueSet
        A set of EQ-5D-3L.
    columns : sequence of str
        As for `eq5d_index`.
    full_health : {"model", "one"}
        Value of the 3L state 11111.

    Returns
    -------
    Series of float, n rows
        Named `health_index`; NaN where an answer is missing.

    Raises
    ------
    EstimationError
        As for `eq5d_index`.
    ParameterError
        If the value set is not known or is not one of EQ-5D-3L.

    Notes
    -----
    The index of a 5L state is the expectation of the 3L value, with the published probability of
    each 3L level given the 5L level, the dimensions independent:
    sum over 243 states of prod_d P(3L level of d | 5L level of d) times the 3L value.

    References
    ----------
    van Hout B et al. (2012), Value in Health 15, doi 10.1016/j.jval.2012.02.008.

    Examples
    --------
    >>> crosswalk(pd.Series(["21111"]), value_set="UK-1997-TTO").round(3).tolist()
    [0.877]
    >>> crosswalk(pd.Series(["21111"]), value_set="FI-VAS-3L").round(4).tolist()
    [0.8223]
    """
    values = np.append(crosswalk_values(value_set, full_health), np.nan)
    state = profile_states(answers, columns, "EQ-5D-5L")
    return pd.Series(values[state], index=answers.index, name="health_index")
