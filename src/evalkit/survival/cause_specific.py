"""The set of cause-specific hazard models."""

from collections.abc import Sequence

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.results import ModelFit
from evalkit.survival.cox import Penalty, Ties, Vcov, cox
from evalkit.survival.hazard_fit import Interval
from evalkit.survival.risksets import require_cause, require_rows


def cause_specific(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    penalty: Penalty = 0.0,
    vcov: Vcov | None = None,
    interval: Interval | None = None,
    conf_level: float = 0.95,
) -> dict[str, ModelFit]:
    """Estimate log hazard ratios of each cause, the others ending the follow-up.

    Read them together: an incidence rises if its own rate does, or if the rates of the others fall.

    Parameters
    ----------
    sample : TimeToEvent
    formula : str
        The same for all causes.
    cause : str or sequence of str, optional
        By default all causes of the sample.
    strata, ties, penalty, vcov, interval, conf_level
        As in `cox`.

    Returns
    -------
    dict of str to ModelFit
        By cause, in the order given (or of the sample). Each is released on its own, so that a rare
        cause does not hide the others.

    Raises
    ------
    EstimationError
        As `cox`; the message begins with the cause.
    ParameterError
        If a cause is not one of the sample's, or an argument is not allowed.

    Notes
    -----
    Each model is `cox(sample, formula, cause=...)`. The partial likelihood of all causes together
    is the product of these, so that the models can be estimated one by one.

    References
    ----------
    Prentice et al. (1978), Biometrics 34:541-554. R, survival::coxph for each cause.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4, 5, 6], "exit": ["work", "died"] * 3,
    ...                       "old": [0, 1, 1, 0, 0, 1]})
    >>> sample = TimeToEvent.from_frame(
    ...     frame, duration="months", cause="exit", censored="none", causes=["work", "died"]
    ... )
    >>> fits = cause_specific(sample, "old")
    >>> {name: round(float(fit.tidy()["estimate"][0]), 3) for name, fit in fits.items()}
    {'work': -0.693, 'died': 0.144}
    """
    require_rows(sample, frequencies=True)
    chosen = [cause] if isinstance(cause, str) else list(cause or sample.causes)
    for name in chosen:
        require_cause(sample, name)
    return {
        name: _one(
            sample, formula, name, strata=strata, ties=ties, penalty=penalty, vcov=vcov,
            interval=interval, conf_level=conf_level,
        )
        for name in chosen
    }  # fmt: skip


def _one(sample: TimeToEvent, formula: str, cause: str, **options) -> ModelFit:
    try:
        return cox(sample, formula, cause=cause, **options)
    except EstimationError as error:
        raise EstimationError(f"{cause}: {error}") from error
