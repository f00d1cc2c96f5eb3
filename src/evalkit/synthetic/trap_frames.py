"""What two analyses of one trap look at: frames of those who start, from the months that passed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from evalkit.synthetic.countries import SWEDEN
from evalkit.synthetic.population import draw_people
from evalkit.synthetic.process import NEVER, simulate
from evalkit.synthetic.random_streams import between, normal, stream
from evalkit.synthetic.scenario import (
    DIED,
    DISABILITY,
    EMIGRATED,
    OLD_AGE,
    SELF_SUPPORT,
    Scenario,
)
from evalkit.synthetic.truth import first_sustained_exit

CUT, FOLLOWED = 44, 31
SUSTAINED = 6
CAUSES = {
    DISABILITY: "disability_pension", OLD_AGE: "old_age_pension", EMIGRATED: "emigrated",
    DIED: "died",
}  # fmt: skip

Frames = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True, slots=True, eq=False)
class Entrants:
    """Those who start an eligible package, month 0 being the month of the start.

    Attributes
    ----------
    state : ndarray of int8, shape (n, FOLLOWED)
        States of the process.
    gone : ndarray of int, shape (n,)
        Month of the first pension, death or move abroad; `NEVER` if none.
    cause : ndarray of str, shape (n,)
        Which of these it was.
    last : ndarray of int, shape (n,)
        Last month before the person's data cut, which is drawn by lot and so tells nothing of
        them.
    length : ndarray of int, shape (n,)
        Months that the package is planned to last.
    arm : ndarray of str, shape (n,)
    score : ndarray of float, shape (n, 2)
        Measured health at the start and twelve months later.
    lot : ndarray of float, shape (n,)
        Uniform draws.
    """

    state: np.ndarray
    gone: np.ndarray
    cause: np.ndarray
    last: np.ndarray
    length: np.ndarray
    arm: np.ndarray
    score: np.ndarray
    lot: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """Whether they support themselves in the month."""
        return np.isin(self.state, SELF_SUPPORT)

    @property
    def exit(self) -> np.ndarray:
        """First month of supporting oneself; `NEVER` if none."""
        return first_sustained_exit(self.state, 1)


def draw_entrants(scenario: Scenario, persons: int, seed: int) -> Entrants:
    """Let the months of a made-up population pass, and take those who start an eligible package."""
    place = np.zeros(persons, dtype=int)
    people = draw_people(SWEDEN, scenario, place, stream(seed, "people"))
    course = simulate(
        SWEDEN, scenario, people, np.zeros(1), np.zeros(1, dtype=int), stream(seed, "months")
    )
    row = np.flatnonzero(course.eligible)
    start, n = course.start[row], len(row)
    month = start[:, None] + np.arange(FOLLOWED)
    state = course.state[row[:, None], month]
    gone = _first(np.isin(state, list(CAUSES)))
    names = np.array([CAUSES.get(code, "") for code in range(state.max() + 1)], dtype=object)
    draws = stream(seed, "answers")
    score = (
        0.60
        + 0.08 * people.frailty[row, None]
        - 0.12 * course.shock[row[:, None], month[:, [0, 12]]]
        + 0.06 * normal(draws, (n, 2))
    )
    return Entrants(
        state=state,
        gone=gone,
        cause=names[state[np.arange(n), np.minimum(gone, FOLLOWED - 1)]],
        last=between(draws, n, 1, FOLLOWED),
        length=course.length[row],
        arm=np.where(course.form[row] > 0, "programme", "comparison").astype(object),
        score=score,
        lot=draws.random(n),
    )


def _first(is_so: np.ndarray) -> np.ndarray:
    """First month after the start in which it is so, `NEVER` where it never is."""
    later = is_so[:, 1:]
    return np.where(later.any(axis=1), later.argmax(axis=1) + 1, NEVER)


def _times(seen: Entrants, out: np.ndarray, last: np.ndarray) -> pd.DataFrame:
    """Time to the first exit of any kind, of those followed for a month at least."""
    time = np.minimum(np.minimum(out, seen.gone), last)
    cause = np.where(time == seen.gone, seen.cause, "censored")
    cause = np.where(time == out, "self_support", cause)
    frame = pd.DataFrame({"person": np.arange(len(time)), "time": time, "cause": cause,
                          "arm": seen.arm})  # fmt: skip
    return frame[last >= 1].reset_index(drop=True)


def _months(seen: Entrants, first: np.ndarray, row: np.ndarray, horizon: int) -> pd.DataFrame:
    """States of some persons in the months 0, ..., horizon counted from month `first` of each."""
    month = np.arange(horizon + 1)
    at = first[row, None] + month
    observed = at <= np.minimum(seen.last[row, None], FOLLOWED - 1)
    free = seen.free[row[:, None], np.minimum(at, FOLLOWED - 1)]
    person, column = np.nonzero(observed)
    return pd.DataFrame({
        "person": row[person], "month": month[column],
        "state": np.where(free[person, column], "self_support", "other"),
        "arm": seen.arm[row[person]],
    })  # fmt: skip


def _panel(seen: Entrants, arm: np.ndarray) -> pd.DataFrame:
    """Scores at the start and at month 12."""
    n = len(arm)
    return pd.DataFrame({
        "person": np.repeat(np.arange(n), 2), "wave": np.tile([0, 12], n),
        "score": seen.score.ravel(), "arm": np.repeat(arm, 2),
    })  # fmt: skip


def leavers_only(seen: Entrants) -> Frames:
    """The package ends as planned or when the person supports themself, whichever is first."""
    end = np.minimum(np.minimum(seen.length, seen.exit), seen.gone)
    start = np.zeros(len(end), dtype=int)
    followed = seen.last >= 12
    left, all_rows = np.flatnonzero(followed & (end <= 12)), np.flatnonzero(followed)
    return _months(seen, start, left, 12), _months(seen, start, all_rows, 12)


def time_zero_at_end(seen: Entrants) -> Frames:
    """Months counted from the planned end of the package, and from its start."""
    row = np.arange(len(seen.last))
    return _months(seen, seen.length, row, 12), _months(seen, np.zeros_like(row), row, 12)


def sustained_to_the_cut(seen: Entrants) -> Frames:
    """Everybody followed to the data cut, and to where an exit can still be confirmed."""
    begun = first_sustained_exit(seen.state, SUSTAINED)
    certain = seen.last - (SUSTAINED - 1)
    known = np.where(begun <= certain, begun, NEVER)
    return _times(seen, known, seen.last), _times(seen, begun, certain)


def one_minus_km(seen: Entrants) -> Frames:
    """Times to the first exit of any kind; both analyses look at the same."""
    frame = _times(seen, seen.exit, seen.last)
    return frame, frame


def status_off_incidence(seen: Entrants) -> Frames:
    """Times to the first exit, and the months themselves."""
    row = np.arange(len(seen.last))
    months = _months(seen, np.zeros_like(row), row, 24)
    return _times(seen, seen.exit, seen.last), months


def before_after_with_a_dip(seen: Entrants) -> Frames:
    """Scores of the programme group, and of both groups."""
    frame = _panel(seen, seen.arm)
    return frame[frame["arm"] == "programme"].reset_index(drop=True), frame


def status_blind_panel(seen: Entrants) -> Frames:
    """Who feels worse at the start is more often given the coordinated package."""
    first = seen.score[:, 0]
    chance = expit(-1.2 * (first - first.mean()) / first.std())
    frame = _panel(seen, np.where(seen.lot < chance, "programme", "comparison").astype(object))
    return frame, frame
