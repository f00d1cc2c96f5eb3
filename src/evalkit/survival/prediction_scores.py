"""One number about predictions, and the table of several with their errors."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.provenance import provenance
from evalkit.results import PredictionScores
from evalkit.survival.intervals import critical_value
from evalkit.survival.inverse_weights import (
    Followed,
    error_of,
    followed,
    horizons_of,
    predicted_risks,
    units,
)

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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Predicted:
    """Persons with their predicted risks at each horizon.

    Attributes
    ----------
    cause : str or None
        As asked for.
    name : str
        Of the exit that was predicted.
    times : ndarray of float, shape (k,)
    risks : ndarray of float, shape (n, k)
    """

    sample: TimeToEvent
    persons: Followed
    cause: str | None
    name: str
    times: np.ndarray
    risks: np.ndarray

    def columns(self) -> list[tuple[np.ndarray, float]]:
        """The risks of each horizon, and the horizon."""
        return list(zip(self.risks.T, self.times, strict=True))


def predicted(sample: TimeToEvent, risk: object, horizon: object, cause: str | None) -> Predicted:
    """Check predictions; `followed`, `horizons_of` and `predicted_risks` say what is refused."""
    persons, name = followed(sample, cause)
    times = horizons_of(horizon)
    risks = predicted_risks(sample, persons, risk, len(times))
    return Predicted(sample, persons, cause, name, times, risks)


def digest_of(risks: np.ndarray) -> str:
    """What the provenance keeps of predictions: no risk of a person."""
    return f"{risks.shape}, mean {risks.mean():.12g}, of squares {(risks**2).mean():.12g}"


def scores_result(
    function: str, given: Predicted, scores: list[Score], conf_level: float
) -> PredictionScores:
    """Errors and intervals of scores, from the influence of each person."""
    sample, persons = given.sample, given.persons
    unit, df, n_cluster = units(sample, persons)
    critical = critical_value(conf_level, df)
    error = np.array([
        np.nan if score.influence is None else error_of(score.influence, unit) for score in scores
    ])  # fmt: skip
    value = np.array([score.estimate for score in scores])
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
            "n": len(persons), "n_event": int((persons.code == 1).sum()), "cause": given.name,
            "conf_level": conf_level, "method": "inverse weights", "time_unit": sample.time_unit,
            "n_cluster": n_cluster, "df": df,
        },
        support=_support(persons, np.array([score.time for score in scores])),
        provenance=provenance(
            function, sample.digest, risk=digest_of(given.risks), horizon=given.times.tolist(),
            cause=given.cause, conf_level=conf_level,
        ),
    )  # fmt: skip


def _support(persons: Followed, times: np.ndarray) -> dict[str, np.ndarray]:
    """Persons, cases and others by each time, (k,)."""
    until = persons.time <= times[:, None]
    cases = (until & (persons.code == 1)).sum(axis=1)
    # Who was censored before a horizon is neither a case nor one of the others.
    others = (~until | (persons.code == 2)).sum(axis=1)
    return {
        "n": np.full(len(times), float(len(persons))),
        "k": cases.astype(float),
        "complement": others.astype(float),
    }


def horizon_weights(persons: Followed, horizon: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who exited by the horizon, who was followed beyond it, and the weight of each, (n,)."""
    exited = (persons.time <= horizon) & (persons.code > 0)
    beyond = persons.time > horizon
    share = np.where(exited, persons.before, persons.after(horizon))
    weight = np.divide(exited | beyond, share, out=np.zeros(len(persons)), where=share > 0.0)
    return exited, beyond, weight


def with_censoring(persons: Followed, parts: np.ndarray, horizon: float) -> np.ndarray:
    """Influence of each person: its own part, and what it adds through the weights."""
    beyond = persons.time > horizon
    early = np.where(beyond, 0.0, parts)
    term = persons.censoring_term(early, horizon=horizon, rest=float(parts[beyond].sum()))
    return parts + persons.weight * term
