"""What refuses a cohort: a protocol or records from which none can be built."""

from collections.abc import Iterable, Mapping

import pandas as pd

from evalkit.codes import benefits
from evalkit.cohort.definitions import impossible_definitions
from evalkit.cohort.months import ABSORBING
from evalkit.cohort.starts import size_of
from evalkit.errors import CohortError
from evalkit.records import schema
from evalkit.study import Study

# Columns that the cohort makes for everybody.
MADE = (schema.PACKAGE_ID, schema.START, schema.ARM, "index_month", "time", "cause")


def require_tables(tables: Mapping[str, pd.DataFrame], names: Iterable[str], study: Study) -> None:
    """Check that the tables are there that the outcome of the study cannot do without.

    Raises
    ------
    CohortError
        If one is missing or empty.
    """
    for name in names:
        if not size_of(tables, name):
            what = "empty" if name in tables else "missing"
            raise CohortError(
                f"{name}: the table is {what}; an outcome from {study.outcome.source} needs it"
            )


def require_currency(costs: pd.DataFrame, study: Study) -> None:
    """Amounts are never converted: they must be in the currency of the study.

    Raises
    ------
    CohortError
        If some are not.
    """
    currency = study.economics.currency
    other = int((costs[schema.CURRENCY] != currency).sum()) if currency else 0
    if other:
        raise CohortError(
            f"costs: {other} of {len(costs)} rows are not in {currency}, the economics.currency of "
            "the study file; convert them first"
        )


def refuse_clash(persons: pd.DataFrame) -> None:
    """Columns of a user's own must not have the names of those that the cohort makes.

    Raises
    ------
    CohortError
        If one has.
    """
    clash = [name for name in MADE if name in persons]
    if clash:
        raise CohortError(
            f"persons: {', '.join(clash)} are names of columns that the cohort makes; rename them "
            "in the file or with data.mapping"
        )


def require_possible(tables: Mapping[str, pd.DataFrame], study: Study) -> dict[str, str]:
    """Check the protocol against the records.

    Returns
    -------
    dict of str to str
        Definitions that the study shows besides its own and the records do not allow; see
        `impossible_definitions`.

    Raises
    ------
    CohortError
        If the comparison, a competing exit, the country or the study's own definition is not
        possible.
    """
    if study.arms.comparison not in ("other_packages", "none"):
        raise CohortError(
            f"arms.comparison: `{study.arms.comparison}` is not available; use other_packages, "
            "none, or an events table with given arms"
        )
    unknown = [name for name in study.competing if name not in ABSORBING]
    if unknown:
        raise CohortError(f"competing: {', '.join(unknown)} unknown; known: {', '.join(ABSORBING)}")
    if not len(benefits(study.country)):
        raise CohortError(f"country: no code book of benefits for `{study.country}`")
    impossible = impossible_definitions(tables, study)
    reason = impossible.get(study.self_support.definition)
    if reason:
        raise CohortError(
            f"self_support.definition: {study.self_support.definition} is not possible: "
            f"{reason.replace('_', ' ')}"
        )
    return impossible


def require_cohort(analysed: pd.DataFrame, steps: pd.DataFrame, study: Study) -> None:
    """Check that there is somebody in each arm, and that nobody's exit is left out.

    Raises
    ------
    CohortError
        If nobody is eligible, an arm has nobody, or an exit is not listed as competing.
    """
    if not len(analysed):
        left = ", ".join(
            f"{name} {count}" for name, count in steps["reason"].value_counts().items()
        )
        raise CohortError(f"cohort: nobody of {len(steps)} persons is eligible ({left})")
    wanted = schema.ARMS if study.arms.comparison != "none" else (schema.PROGRAMME,)
    counts = {name: int((analysed[schema.ARM] == name).sum()) for name in wanted}
    if not all(counts.values()):
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise CohortError(f"arms: an arm is without persons ({found}); see arms.comparison")
    causes = (study.outcome.cause, *study.competing, schema.CENSORED)
    other = ~analysed[schema.CAUSE].isin(causes)
    if other.any():
        raise CohortError(
            f"competing: {int(other.sum())} of {len(analysed)} persons exit to a state that the "
            "study does not list as competing; only the end of the records may censor"
        )
