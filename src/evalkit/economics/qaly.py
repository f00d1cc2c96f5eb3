"""Quality-adjusted life years: the area under the utility curve, compared between arms."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel, StateHistory, group_rows
from evalkit.economics.two_outcomes import Joint, design_of, fit, usable_cluster
from evalkit.economics.utility_curves import Clock, Imputed, Missing, PersonQalys, person_qalys
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_json, provenance
from evalkit.results import QalyMeans

UNIT = "QALYs per person"
ARMS = ("programme", "comparison")
ADJUSTMENTS = ("unadjusted", "adjusted")
DIFFERENCE = "programme - comparison"
TOO_FEW = "too few persons"


def qaly(
    panel: HealthPanel,
    *,
    horizon_months: int = 24,
    missing: Missing | None = None,
    imputed: Imputed = None,
    died: str | StateHistory | None = None,
    date: str | None = None,
    start: str | None = None,
    days_in_year: float = 365.25,
    discount_rate: float = 0.03,
    covariates: Sequence[str] = (),
    by: str | Sequence[str] | None = None,
    baseline: int = 0,
    conf_level: float = 0.95,
) -> QalyMeans:
    """Compare quality-adjusted life years of the two arms, adjusted for utility at the start.

    Who feels worse at the start gathers fewer QALYs whatever is done. A difference between the arms
    at the start, even one that chance explains, therefore goes straight into the comparison; so the
    adjusted difference is the answer, and the plain one stands beside it.

    Parameters
    ----------
    panel : HealthPanel
        Utilities by wave, with arms `programme` and `comparison`.
    horizon_months : int
        A wave of the panel, to which the area reaches.
    missing : {"complete", "interpolate"}, optional
        What becomes of persons with gaps: left out; or gaps between two answers are bridged by a
        line (a sensitivity analysis; whoever lacks the last wave is left out). Nothing is ever
        carried forward. Without it and without `imputed` a gap is an error.
    imputed : sequence of HealthPanel, or callable
        The panel completed several times, or a function that does so (`impute`). Results are pooled
        by Rubin's rules.
    died : str or StateHistory, optional
        Column with the month of death counted from the start, or the sample of states with a state
        `died`. Utility is 0 from that month, and no answer is missing after it.
    date, start : str, optional
        Columns with the date of each answer and of the person's start. By default the planned
        months; without `start`, the date of the first answer.
    days_in_year : float
        Days that make a year between dates.
    discount_rate : float
        A year; what is gained within the first counts in full.
    covariates : sequence of str
        Columns to adjust for besides the utility at the start, with values at the start.
    by : str or list of str, optional
        Columns that make strata, each analysed by itself.
    baseline : int
        The wave at the start: years count from it, and the area reaches from it to the horizon.
    conf_level : float

    Returns
    -------
    QalyMeans
        For each stratum, unadjusted and adjusted: the mean of each arm and the difference
        programme - comparison, in QALYs per person. Adjusted means are those of persons with the
        average start of both arms. Where a stratum has too few persons, `reason` says so.

    Raises
    ------
    EstimationError
        If answers are missing and nothing says what to do; no wave is at the horizon; nobody is
        left; or there are fewer than two persons in an arm.
    ParameterError
        If an option or a column does not exist.

    Notes
    -----
    QALY = integral of u(t) (1 + r)^-floor(t) dt from `baseline` to the horizon, u linear between
    answers (the trapezoid rule), level from the start to the first and from the last to the
    horizon. Who dies has a line from the last answer to 0 at death. Regression: QALY on arm,
    utility at the start and covariates, HC2 errors, t(n - k): without adjustment these are Welch's.
    By cluster: t(G - 1).

    References
    ----------
    Manca A, Hawkins N, Sculpher MJ (2005), doi 10.1002/hec.944. Glick HA, Doshi JA, Sonnad SS,
    Polsky D (2014), Economic Evaluation in Clinical Trials.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(4), 3), "wave": [0, 6, 12] * 4,
    ...     "arm": np.repeat(["programme", "comparison"], 6),
    ...     "index": [0.4, 0.6, 0.8, 0.6, 0.8, 0.8, 0.5, 0.5, 0.5, 0.7, 0.7, 0.9],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm="arm")
    >>> table = qaly(panel, horizon_months=12).tidy()
    >>> table[table["adjustment"] == "unadjusted"][["term", "estimate"]].round(4)
                         term  estimate
    0               programme     0.675
    1              comparison     0.625
    2  programme - comparison     0.050
    """
    check_rate(discount_rate, days_in_year)
    years = (horizon_months - baseline) / 12
    clock = Clock(years, days_in_year, discount_rate, date, start)
    found = person_qalys(
        panel, horizon_months=horizon_months, baseline=baseline, missing=missing, imputed=imputed,
        died=died, clock=clock,
    )  # fmt: skip
    people = panel.covariates.iloc[found.first].reset_index(drop=True)
    if "arm" not in people.columns:
        raise EstimationError("arm: the panel has no arms; name the column (arm=)")
    cluster = None if panel.cluster is None else panel.cluster[found.first]
    code, labels = group_rows(people, by)
    parts = [
        _stratum(found, people, cluster, code == number, covariates, label, conf_level,
                 alone=by is None)
        for number, label in enumerate(labels)
    ]  # fmt: skip
    rows = pd.concat(parts, ignore_index=True)
    usable = None if cluster is None else len(np.unique(cluster))
    return QalyMeans(
        rows=rows[list(QalyMeans.TIDY)],
        summary={
            "n": len(people),
            "n_left_out": found.n_left_out,
            "horizon_months": horizon_months,
            "discount_rate": discount_rate,
            "missing": found.missing,
            "m": len(found.qaly),
            "conf_level": conf_level,
            "covariates": ", ".join(["baseline", *covariates]),
            "n_cluster": np.nan if usable is None else usable,
            "method": "area under the curve, least squares",
            "label": "description",
        },
        support={"n": rows["_smaller"]},
        provenance=provenance(
            "qaly", _digest(panel, imputed, died), horizon_months=horizon_months, missing=missing,
            imputed=getattr(imputed, "__name__", imputed is not None), died=died is not None,
            date=date, start=start, days_in_year=days_in_year, discount_rate=discount_rate,
            covariates=tuple(covariates), by=by, baseline=baseline, conf_level=conf_level,
        ),
    )  # fmt: skip


def check_rate(discount_rate: float, days_in_year: float = 365.25) -> None:
    """Refuse rates and years that make no sense."""
    if not discount_rate > -1 or not days_in_year > 0:
        raise ParameterError("qaly: needs a discount rate above -1 and days in a year above 0")


def _stratum(
    found: PersonQalys, people: pd.DataFrame, cluster: np.ndarray | None, rows: np.ndarray,
    covariates: Sequence[str], label: str, conf_level: float, *, alone: bool,
) -> pd.DataFrame:  # fmt: skip
    """Rows of one stratum; without numbers where it is too small, unless it is the only one."""
    arm = people["arm"].to_numpy()[rows]
    counts = [int((arm == name).sum()) for name in ARMS]
    try:
        terms = [
            _fitted(found, people, cluster, rows, covariates, adjusted=adjusted)
            for adjusted in (False, True)
        ]
    except EstimationError:
        if alone:
            raise
        terms = [None, None]
    return pd.concat(
        [
            _rows(joint, counts, label, name, conf_level)
            for name, joint in zip(ADJUSTMENTS, terms, strict=True)
        ]
    )


def _fitted(found, people, cluster, rows, covariates, *, adjusted: bool) -> dict[str, Joint]:
    part = people[rows].reset_index(drop=True)
    other = int((~part["arm"].isin(ARMS)).sum())
    if other:
        raise EstimationError(f"arm: {other} of {len(part)} persons are not in {' or '.join(ARMS)}")
    x = design_of(
        (part["arm"] == ARMS[0]).to_numpy(), part,
        found.baseline[rows] if adjusted else None, covariates if adjusted else (),
    )  # fmt: skip
    code = None if cluster is None else usable_cluster(cluster[rows])
    return fit(x, found.qaly[:, rows, None], cluster=code)


def _rows(
    terms: dict[str, Joint] | None, counts: Sequence[int], label: str, name: str, conf_level: float
) -> pd.DataFrame:
    if terms is None:
        numbers = np.full((3, 4), np.nan)
    else:
        numbers = np.array([terms[key].interval([1.0], conf_level) for key in terms])
    return pd.DataFrame(
        {
            "stratum": label,
            "adjustment": name,
            "term": [*ARMS, DIFFERENCE],
            "scale": ["arm", "arm", "difference"],
            **dict(zip(("estimate", "std_error", "conf_low", "conf_high"), numbers.T, strict=True)),
            "n": [*counts, sum(counts)],
            "unit": UNIT,
            "reason": "" if terms is not None else TOO_FEW,
            "_smaller": [*counts, min(counts)],
        }
    )


def _digest(panel: HealthPanel, imputed: Imputed, died: str | StateHistory | None) -> str:
    """Digest of everything that the numbers come from."""
    more = [] if imputed is None or callable(imputed) else [each.digest for each in imputed]
    more += [died.digest] if isinstance(died, StateHistory) else []
    return digest_json([panel.digest, *more])[:16] if more else panel.digest
