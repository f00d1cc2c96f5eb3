"""The attrition flow: who was left after each rule, from all persons to those analysed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.errors import CohortError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import Flow
from evalkit.study import Study

ANALYSED = "analysed"

SPELL_STEPS = (
    "no_package",
    "other_package",
    "outside_ages",
    "left_before_start",
    "not_on_support",
    "too_short_support",
    "too_few_actors",
    "too_short_follow_up",
)
EVENT_STEPS = ("no_arm", "no_outcome")


def flow_steps(study: Study) -> tuple[str, ...]:
    """Ids of the exclusions of a study, in the order in which they are applied."""
    if study.outcome.source == "events":
        return EVENT_STEPS
    # With two arms every first package belongs to one of them.
    two_arms = study.arms.comparison != "none"
    return tuple(name for name in SPELL_STEPS if not (two_arms and name == "other_package"))


def first_reason(failures: Mapping[str, np.ndarray]) -> np.ndarray:
    """Name of the first rule that each person fails, `analysed` without one.

    Examples
    --------
    >>> failures = {"young": np.array([True, False]), "short": np.array([True, True])}
    >>> list(first_reason(failures))
    ['young', 'short']
    """
    reason = np.full(len(next(iter(failures.values()))), ANALYSED, dtype=object)
    for name, failed in reversed(failures.items()):
        reason[failed] = name
    return reason


def flow_table(steps: pd.DataFrame, *, order: tuple[str, ...]) -> Flow:
    """Count the persons whom each rule removed.

    Parameters
    ----------
    steps : DataFrame
        One row a person, with `reason`: the rule at which the person left, or `analysed`.
    order : tuple of str
        The rules, as `flow_steps` gives them. A rule that removed nobody has a row too.

    Returns
    -------
    Flow
        One row a rule and a last row `analysed`, which removes nobody.

    Raises
    ------
    CohortError
        If persons left at a rule that is not in `order`.
    """
    names = (*order, ANALYSED)
    unknown = ~steps["reason"].isin(names)
    if unknown.any():
        raise CohortError(f"steps: {int(unknown.sum())} of {len(steps)} persons left at no rule")
    removed = np.array([int((steps["reason"] == name).sum()) for name in order] + [0])
    after = len(steps) - np.cumsum(removed)
    before = after + removed
    return Flow(
        rows={
            "step": np.arange(1, len(names) + 1),
            "reason": names,
            "n_before": before,
            "n_removed": removed,
            "n_after": after,
        },
        summary={"n_start": len(steps), "n_end": int(after[-1])},
        support={"n": before, "k": removed, "complement": after},
        provenance=provenance("flow", digest_frame(steps)[:16], order=order),
    )
