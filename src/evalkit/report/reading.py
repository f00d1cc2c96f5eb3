"""Reading released results by what they say, never by position."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from evalkit.errors import ParameterError
from evalkit.release.released import Released, require_released
from evalkit.report.text import Text

FEW_PEOPLE = 50  # below it a municipality's estimates are not shown (statistics, section 3.3)
FEW_EXITS = 10
FEW_REASON = "too few persons for a number of its own"  # of a row of a table by municipality
ONE_SITE = "one site"  # reason of a row of a fidelity table
ARMS = ("programme", "comparison")


@dataclass(frozen=True, slots=True)
class Value:
    """One released number with its interval; missing where it is withheld."""

    estimate: float
    std_error: float
    low: float
    high: float
    reason: str = ""

    @property
    def shown(self) -> bool:
        """Whether the number and its interval may stand on the page."""
        return all(math.isfinite(number) for number in (self.estimate, self.low, self.high))


WITHHELD = Value(math.nan, math.nan, math.nan, math.nan)
UNCERTAIN = Value(math.nan, math.nan, math.nan, math.nan, FEW_REASON)


def released_frame(value: object, kind: str) -> pd.DataFrame:
    """Tidy rows of a released result of one kind.

    Raises
    ------
    DisclosureError
        If the value has not passed the door, or is of another kind.
    """
    return require_released(value, kind).tidy()


def contrast_value(contrast: Released, scale: str, term: str | None = None) -> Value:
    """Read a number of a released contrast; withheld where there is no such row.

    Without `term` the first row of the scale is taken: the difference, or the only arm.
    """
    rows = require_released(contrast, "Contrast").rows
    found = (rows["scale"] == scale) & (True if term is None else rows["term"] == term)
    return _value(rows, np.flatnonzero(found))


def first_arm(contrast: Released) -> Value:
    """Read the programme arm of a contrast, or the only group that there is."""
    terms = set(require_released(contrast, "Contrast").rows["term"])
    return contrast_value(contrast, "arm", "programme" if terms & set(ARMS) else None)


def term_value(fit: Released, term: str) -> Value:
    """Read a coefficient of a released model."""
    rows = require_released(fit, "ModelFit").rows
    return _value(rows, np.flatnonzero(rows["term"] == term))


def wave_term(fit: Released, wave: int) -> str:
    """The term of a wave: `wave[12]` of an ancova, `arm[programme]:wave[12]` of fixed effects."""
    name = f"wave[{wave}]"
    return next((term for term in fit.rows["term"] if str(term).endswith(name)), name)


def degrees_of_freedom(released: Released) -> float | None:
    """Degrees of freedom of the intervals; None where they are normal."""
    df = released.summary.get("df", math.nan)
    return float(df) if isinstance(df, int | float | np.number) and math.isfinite(df) else None


def horizon(released: Released, text: Text) -> int:
    """Horizon of a contrast, in the study's unit of time."""
    given = released.summary.get("horizon", math.nan)
    known = isinstance(given, int | float | np.number) and math.isfinite(given)
    return int(given) if known else text.labels.study.horizon_months


def contrast_label(released: Released, text: Text) -> str:
    """What a contrast may be called: `effect`, `adjusted` or `description`."""
    if text.labels.contrast_label == "effect":
        return "effect"
    return "adjusted" if released.summary.get("label") == "adjusted" else "description"


def arms_of(frame: pd.DataFrame, column: str = "stratum") -> list[str]:
    """Groups in a frame, programme first."""
    found = list(dict.fromkeys(frame[column]))
    return [arm for arm in ARMS if arm in found] + [arm for arm in found if arm not in ARMS]


def by_key(frame: pd.DataFrame, *keys: str, value: str) -> dict[tuple, object]:
    """Values of a column by what their rows are of, in the order of the rows.

    Raises
    ------
    ParameterError
        If two rows are of the same.
    """
    names = zip(*(frame[key] for key in keys), strict=True)
    known = dict(zip(names, frame[value], strict=True))
    if len(known) < len(frame):
        more = len(frame) - len(known)
        raise ParameterError(f"{value}: {more} rows have the {' and '.join(keys)} of another one")
    return known


@dataclass(frozen=True, slots=True)
class ArmCount:
    """How many persons an arm had, and how many of them had the exit; NaN where withheld."""

    n: float
    exits: float


def arm_counts(curve: Released, text: Text) -> dict[str, ArmCount]:
    """Persons and exits of each arm, from a released incidence curve.

    Where counts of exits are withheld because intervals are short, they follow from the share.
    """
    return dict(_counts_by_arm(curve, text.labels.study.outcome.cause))


@lru_cache(maxsize=32)  # every chapter asks how many there are
def _counts_by_arm(curve: Released, cause: str) -> Mapping[str, ArmCount]:
    frame = released_frame(curve, "IncidenceCurve")
    outcome = frame[frame["cause"] == cause]
    counts = {}
    for arm in arms_of(outcome):
        rows = outcome[outcome["stratum"] == arm].sort_values("time")
        n = float(rows["n_at_risk"].iloc[0])
        known = float(rows["n_event"].sum()) if rows["n_event"].notna().all() else math.nan
        share = rows["estimate"].dropna()
        implied = n * float(share.iloc[-1]) if len(share) else math.nan
        counts[arm] = ArmCount(n, known if math.isfinite(known) else implied)
    return counts


def first_count(curve: Released, text: Text) -> ArmCount | None:
    """Count of the programme arm, or of the only group; None where nobody is in it."""
    counts = arm_counts(curve, text)
    first = "programme" if set(counts) & set(ARMS) else next(iter(counts), "")
    return counts.get(first)


def starters(people: Released, arm: str) -> float:
    """Persons of a group that the shown levels of a characteristic add up to; else NaN."""
    frame = released_frame(people, "Characteristics")
    rows = frame[(frame["stratum"] == arm) & frame["level"].fillna("").ne("")]
    for _, levels in rows.groupby("variable", sort=False):
        if levels["n"].notna().all() and math.isclose(levels["share"].sum(), 1.0, abs_tol=1e-6):
            return float(levels["n"].sum())
    return math.nan


def is_without_rows(released: Released) -> bool:
    """Whether there was no estimate to release: so few persons are behind it."""
    return not len(require_released(released).rows["suppressed"])


def require_outcome(curve: Released, text: Text) -> None:
    """Refuse a curve that has rows, but none of the outcome that the text speaks of.

    Raises
    ------
    ParameterError
        If so. That nobody reached the outcome is no such case: its rows are there all the same.
    """
    causes = list(dict.fromkeys(released_frame(curve, "IncidenceCurve")["cause"]))
    outcome = text.labels.study.outcome.cause
    if causes and outcome not in causes:
        raise ParameterError(
            f"curve: its causes are {', '.join(map(str, causes))}, and none is {outcome}, the "
            "outcome (outcome.cause) of the study that the text speaks of"
        )


def is_too_few(curve: Released, text: Text) -> bool:
    """Whether a municipality has too few participants or exits for estimates of its own."""
    first = first_count(curve, text)
    if first is None:
        return True
    if text.labels.level != "municipality":
        return False
    return not (first.n >= FEW_PEOPLE and first.exits >= FEW_EXITS)


def few_persons(released: Released, text: Text, exits: Released | None = None) -> bool:
    """Whether a municipality's result rests on fewer persons than an estimate of its own needs.

    With the curve of exits by arm its programme group is counted, as the first page does.
    """
    if is_without_rows(released) or (exits is not None and is_too_few(exits, text)):
        return True
    n = released.summary.get("n_person", released.summary.get("n", math.nan))
    return text.labels.level == "municipality" and not n >= FEW_PEOPLE


def pay_off_label(pay_off: Released, text: Text) -> str:
    """What a pay-off may be called: that of a contrast where it is one, else a description."""
    return contrast_label(pay_off, text) if is_compared(pay_off) else "description"


def is_compared(money: Released) -> bool:
    """Whether a gain is measured against the other group, and not against the time before."""
    return str(money.summary.get("method", "")).startswith("contrast")


def is_share_uncertain(share: float, low: float, high: float) -> bool:
    """Whether a share up to 1 is needed but the interval goes beyond it, or the other way round."""
    return math.isfinite(low) and (low <= 1 if share > 1 else not high <= 1)


def told_horizon(frame: pd.DataFrame, party: str) -> pd.Series | None:
    """Row of break-even shares of a party that a sentence tells; None where none is shown.

    Of the horizons in whole years the shortest within which the cost can come back; the longest if
    it never does.
    """
    rows = frame[(frame["party"] == party) & ~frame["suppressed"]]
    rows = rows[rows["break_even_share"].notna() & (rows["horizon_years"] % 1 == 0)]
    rows = rows.sort_values("horizon_years")
    possible = rows[rows["break_even_share"] <= 1]
    if len(possible):
        return possible.iloc[0]
    return rows.iloc[-1] if len(rows) else None


def is_pay_off_uncertain(row: pd.Series, years: float) -> bool:
    """Whether the interval of a pay-off time holds both that it is within some years and not."""
    limit = 12 * years
    low, high = float(row["pay_off_low"]) / limit, float(row["pay_off_high"]) / limit
    return is_share_uncertain(float(row["break_even_share"]), low, high)


def money_decimals(frame: pd.DataFrame) -> int:
    """Decimals of thousands: none, or one where all amounts are small."""
    amounts = [frame[name].to_numpy(dtype=float) for name in ("cost", "gain", "net")]
    largest = np.nanmax(np.abs(amounts), initial=0.0, where=np.isfinite(amounts))
    return 0 if largest >= 50_000 else 1


def society_row(pay_off: Released) -> pd.Series:
    """Row of society, which is the last one."""
    frame = released_frame(pay_off, "PayOff")
    society = frame[frame["party"] == "society"]
    return (society if len(society) else frame).iloc[-1]


def useful_index(text: Text, useful: float | None) -> float:
    """Smallest useful change of the health score: as given, else the study's number, else NaN."""
    given = text.labels.study.useful_size.index
    if useful is not None:
        return float(useful)
    return math.nan if given == "mid" else float(given)


def require_all_released(*values: object) -> None:
    """Refuse anything that has not passed the door; None stands for a table that is missing.

    Raises
    ------
    DisclosureError
        If a value is neither None nor released.
    """
    for value in values:
        if value is not None:
            require_released(value)


def _value(rows: Mapping[str, np.ndarray], found: np.ndarray) -> Value:
    """The first of the found rows; withheld where there is none."""
    if not found.size or rows["suppressed"][found[0]]:
        return WITHHELD
    numbers = ("estimate", "std_error", "conf_low", "conf_high")
    reason = rows["reason"][found[0]] if "reason" in rows else ""
    return Value(
        *(float(rows[name][found[0]]) for name in numbers),
        reason if isinstance(reason, str) else "",
    )
