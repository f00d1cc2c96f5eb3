"""One number about predictions, and the table of several with their errors."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.provenance import Provenance
from evalkit.results import PredictionScores
from evalkit.survival.intervals import critical_value
from evalkit.survival.inverse_weights import Followed, error_of, units

MODEL, WITHOUT = "model", "without covariates"
BEYOND = "nobody under observation at the horizon"
NO_PAIRS = "no cases, or nobody to compare them with"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Score:
    """One number with the influence of each person on it, (n,), or a reason why it is missing."""

    measure: str
    prediction: str
    time: float
    estimate: float
    influence: np.ndarray | None = None
    reason: str = ""


def digest_of(risks: np.ndarray) -> str:
    """What the provenance keeps of predictions: no risk of a person."""
    return f"{risks.shape}, mean {risks.mean():.12g}, of squares {(risks**2).mean():.12g}"


def scores_result(
    sample: TimeToEvent,
    persons: Followed,
    scores: list[Score],
    cause: str,
    conf_level: float,
    made_by: Provenance,
) -> PredictionScores:
    """Errors and intervals of scores, from the influence of each person."""
    unit, df, n_cluster = units(sample, persons)
    critical = critical_value(conf_level, df)
    error = np.array([
        np.nan if score.influence is None else error_of(score.influence, unit) for score in scores
    ])  # fmt: skip
    value = np.array([score.estimate for score in scores])
    n = np.full(len(scores), float(len(persons)))
    cases = np.array([
        float(((persons.code == 1) & (persons.time <= score.time)).sum()) for score in scores
    ])  # fmt: skip
    return PredictionScores(
        rows={
            "measure": [score.measure for score in scores],
            "prediction": [score.prediction for score in scores],
            "time": [score.time for score in scores],
            "estimate": value,
            "std_error": error,
            "conf_low": np.maximum(value - critical * error, 0.0),
            "conf_high": np.minimum(value + critical * error, 1.0),
            "reason": [score.reason for score in scores],
        },
        summary={
            "n": len(persons),
            "n_event": int((persons.code == 1).sum()),
            "cause": cause,
            "conf_level": conf_level,
            "method": "inverse weights",
            "time_unit": sample.time_unit,
            "n_cluster": n_cluster,
            "df": df,
        },
        support={"n": n, "k": cases, "complement": n - cases},
        provenance=made_by,
    )
