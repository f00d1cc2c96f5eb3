"""Seven ways to get a wrong number from right records, each with the truth beside it.

Every trap lets the made-up months pass, takes those who start a package, and gives two frames of
the same persons: what the naive analysis looks at, and what the right one does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from evalkit.errors import ParameterError
from evalkit.study import Labels, parse_study
from evalkit.synthetic import trap_frames as frames
from evalkit.synthetic.scenario import Scenario, make_scenario
from evalkit.synthetic.trap_frames import CUT, FOLLOWED, Entrants, Frames, draw_entrants
from evalkit.synthetic.truth import first_sustained_exit

N_TRUTH, SEED_OF_TRUTH = 160_000, 71
# Everybody is on support at the beginning, so that many start; no hazard depends on the calendar.
BASE = make_scenario(
    "no_trend_or_break", "no_season", "equal_municipalities",
    base=Scenario(
        n_month=CUT + FOLLOWED, last_start=CUT - 1, start=-3.0,
        start_one_actor=0.0,
        initial=(("sickness", 0.30), ("temporary_disability", 0.15), ("unemployment", 0.25),
                 ("programme", 0.10), ("last_resort", 0.20)),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trap:
    """One trap: two frames, and the number that both analyses are after.

    Attributes
    ----------
    name, question : str
    naive, right : DataFrame
        Rows for the samples of evalkit. Times to exit: `person`, `time`, `cause` (`censored` where
        none), `arm`. Months: `person`, `month`, `state` (`self_support` or `other`), `arm`.
        Scores: `person`, `wave`, `score`, `arm`.
    truth, truth_error : float
        The value in a larger run of the same process, and its Monte-Carlo error; 0 and 0 where
        the process is made without an effect.
    unit : {"share", "points", "index"}
        A share, a difference of two shares, or points of a health index.
    horizon : int
        Months after the start.
    """

    name: str
    question: str
    naive: pd.DataFrame
    right: pd.DataFrame
    truth: float
    truth_error: float
    unit: str
    horizon: int

    @property
    def stated(self) -> dict[str, str | float]:
        """What `against_truth` is told of the trap."""
        return {"trap": self.name, "truth": self.truth, "truth_error": self.truth_error,
                "unit": self.unit, "horizon": self.horizon}  # fmt: skip

    def __repr__(self) -> str:
        return f"<Trap {self.name}: {self.question}>"


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """A trap before it is drawn; without `value` the truth is 0 because nothing has an effect."""

    question: str
    scenario: Scenario
    frames: Callable[[Entrants], Frames]
    value: Callable[[Entrants], np.ndarray] | None = None
    unit: str = "share"
    horizon: int = 24


def method_trap(name: str, *, persons: int = 20_000, seed: int = 1) -> Trap:
    """Draw a population in which a naive analysis goes wrong by a known amount.

    Parameters
    ----------
    name : str
        `leavers_only`, `time_zero_at_end`, `sustained_to_the_cut`, `one_minus_km`,
        `status_off_incidence`, `before_after_with_a_dip` or `status_blind_panel`.
    persons : int
        Size of the population; about a quarter start a package.
    seed : int
        Of the population. The truth has a seed of its own.

    Raises
    ------
    ParameterError
        If there is no trap of the name.

    Examples
    --------
    >>> trap = method_trap("status_blind_panel", persons=2_000)
    >>> trap.truth, list(trap.naive)
    (0.0, ['person', 'wave', 'score', 'arm'])
    """
    if name not in PLANS:
        raise ParameterError(f"trap: no {name!r}; there are {', '.join(PLANS)}")
    plan = PLANS[name]
    naive, right = plan.frames(draw_entrants(plan.scenario, persons, seed))
    truth, error = _truth(name)
    return Trap(name, plan.question, naive, right, truth, error, plan.unit, plan.horizon)


def trap_labels() -> Labels:
    """Labels of pages about made-up persons, for `open_text`."""
    title = {"sv": "Därför spelar metoden roll", "fi": "Miksi menetelmällä on väliä",
             "en": "Why the method matters"}  # fmt: skip
    source = {"sv": "påhittade personer", "fi": "keksityt henkilöt", "en": "made-up people"}
    raw = {
        "title": title, "country": "other", "data_cut": "2024-12",
        "data": {"public": "true", "source": source}, "assignment": "observational",
        "useful_size": {"incidence": "0.05", "months": "1"}, "disclosure": "public",
    }  # fmt: skip
    study = parse_study(raw, root=".", name="traps")
    return Labels(study=study, level="study", code="study")


@cache
def _truth(name: str) -> tuple[float, float]:
    plan = PLANS[name]
    if plan.value is None:
        return 0.0, 0.0
    value = plan.value(draw_entrants(plan.scenario, N_TRUTH, SEED_OF_TRUTH))
    return float(value.mean()), float(value.std() / np.sqrt(len(value)))


_NOTHING = make_scenario("no_effect", "randomised", base=BASE)
PLANS = {
    "leavers_only": _Plan(
        "What share support themselves a year after they started?",
        replace(make_scenario("no_effect", base=BASE), length=((10, 16),) * 3),
        frames.leavers_only,
        lambda seen: seen.free[:, 12],
        horizon=12,
    ),
    "time_zero_at_end": _Plan(
        "How many more support themselves after a long package than after a short one?",
        replace(_NOTHING, length=((1, 3), (12, 18), (12, 18))),
        frames.time_zero_at_end,
        unit="points",
        horizon=12,
    ),
    "sustained_to_the_cut": _Plan(
        "What share have begun to support themselves for six months in a row within two years?",
        replace(BASE, start=-4.2),
        frames.sustained_to_the_cut,
        lambda seen: first_sustained_exit(seen.state, frames.SUSTAINED) <= 24,
    ),
    "one_minus_km": _Plan(
        "What share have supported themselves at some time within two years?",
        make_scenario("much_competition", base=BASE),
        frames.one_minus_km,
        lambda seen: seen.exit <= 24,
    ),
    "status_off_incidence": _Plan(
        "What share support themselves two years after they started?",
        make_scenario("much_relapse", base=BASE),
        frames.status_off_incidence,
        lambda seen: seen.free[:, 24],
    ),
    "before_after_with_a_dip": _Plan(
        "How much better is health a year later because of the package?",
        make_scenario("strong_dip", base=_NOTHING),
        frames.before_after_with_a_dip,
        unit="index",
        horizon=12,
    ),
    "status_blind_panel": _Plan(
        "How much better is health a year later in the programme group than it would have been?",
        _NOTHING,
        frames.status_blind_panel,
        unit="index",
        horizon=12,
    ),
}
