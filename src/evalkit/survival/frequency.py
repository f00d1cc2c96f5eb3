"""Registers collapsed to distinct rows, each with the number of persons that it stands for."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent, frozen
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_bytes, digest_frame, digest_json
from evalkit.survival.risksets import require_rows

OWN = ["_entry", "_duration", "_code", "_cluster"]


def collapse(sample: TimeToEvent, columns: Sequence[str]) -> TimeToEvent:
    """Join persons with the same times, exit, cluster and covariates into one row.

    A monthly register with a few categorical covariates becomes a table of some thousand rows.
    `cox`, `cause_specific`, `fine_gray`, `concordance`, `proportional_hazards_test` and `residuals`
    take it for the persons, and give exactly what they give from these, in a fraction of the time
    (`residuals` one for each row of the table). All other estimators refuse it.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person. Weights, if any, are frequencies and add up; rows of weight 0 are dropped.
    columns : sequence of str
        The covariates to keep. Everything in the formula and the strata must be among them.

    Returns
    -------
    TimeToEvent
        `weight` is the number of persons, `is_frequency` is true; rows are sorted by columns,
        entry, duration and cause.

    Raises
    ------
    EstimationError
        If the sample is empty, a person has several rows, or a weight is not a whole number, or
        all are 0.
    ParameterError
        If a column is not in the sample.

    Notes
    -----
    Case weights would not do: under Efron's ties R counts a row of weight 5 as one event, five
    persons as five tied events.

    References
    ----------
    Therneau and Grambsch (2000), Modeling Survival Data, section 3.3.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [3, 3, 3, 5], "exited": [True, True, False, False],
    ...                       "old": [0, 0, 1, 1]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> collapse(sample, ["old"]).weight.tolist()
    [2.0, 1.0, 1.0]
    """
    require_rows(sample, frequencies=True)
    columns = list(columns)
    missing = [name for name in columns if name not in sample.covariates]
    if missing:
        raise ParameterError(f"columns {', '.join(map(str, missing))}: not in the sample")
    if sample.person is not None and len(np.unique(sample.person)) < len(sample):
        raise EstimationError("person: some persons have several rows, which cannot be collapsed")
    faults = int((sample.weight != np.round(sample.weight)).sum())
    if faults:
        raise EstimationError(
            f"weight: {faults} of {len(sample)} weights are not whole numbers, so not frequencies"
        )
    cluster = np.zeros(len(sample), dtype=int) if sample.cluster is None else sample.cluster
    own = dict(zip(OWN, (sample.entry, sample.duration, sample.code, cluster), strict=True))
    table = sample.covariates[columns].assign(**own, _weight=sample.weight)
    grouped = table.groupby([*columns, *OWN], sort=True, dropna=False, observed=True)
    rows = grouped["_weight"].sum().loc[lambda weight: weight > 0.0].reset_index()
    if not len(rows):
        raise EstimationError(f"weight: all {len(sample)} rows have weight 0")
    meaning = digest_json({"causes": sample.causes, "time_unit": sample.time_unit})
    return TimeToEvent(
        duration=frozen(rows["_duration"]),
        entry=frozen(rows["_entry"]),
        code=frozen(rows["_code"]),
        causes=sample.causes,
        weight=frozen(rows["_weight"]),
        cluster=None if sample.cluster is None else frozen(rows["_cluster"]),
        person=None,
        covariates=rows[columns].copy(),
        time_unit=sample.time_unit,
        is_weighted=True,
        digest=digest_bytes(digest_frame(rows).encode(), meaning.encode())[:16],
        is_frequency=True,
    )
