"""What the made-up world is like: every parameter of the process, and the switches on it."""

from dataclasses import dataclass, replace

from evalkit.errors import ParameterError

STATES = (
    "work", "subsidised_work", "study", "sickness", "temporary_disability", "unemployment",
    "programme", "last_resort", "parental", "disability", "old_age_pension", "emigrated", "died",
)  # fmt: skip
(
    WORK, SUBSIDISED, STUDY, SICKNESS, TEMPORARY, UNEMPLOYMENT, PROGRAMME, LAST_RESORT, PARENTAL,
    DISABILITY, OLD_AGE, EMIGRATED, DIED,
) = range(len(STATES))  # fmt: skip
SELF_SUPPORT = (WORK, SUBSIDISED, STUDY)
SUPPORT = (SICKNESS, TEMPORARY, UNEMPLOYMENT, PROGRAMME, LAST_RESORT)
FORMS = ("information", "coordination", "joint_work")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Parameters of the monthly process. Hazards are on the log scale a month unless said.

    Notes
    -----
    A person on support leaves for self-support in a month with probability
    1 - exp(-exp(eta)), where

        eta = exit[state] + duration log(1 + d) + season + trend year + policy [after the break]
              + municipality + age (age - 42) / 10 + female + tertiary + foreign
              + frailty a + shock z + effect(t),

    d the months in the state, a ~ N(0, 1) a constant that no table shows, and z a transitory shock,
    z_m = rho z_(m-1) + sqrt(1 - rho^2) e_m. A person who supports themself returns to support with
    probability 1 - exp(-exp(eta')), eta' = relapse + relapse_early exp(-d / 6) - 0.5 (frailty a +
    shock z) + relapse_effect(t).

    The package's log hazard ratio is `lock_in` from the month after its start to its end, and after
    that (effect + effect_sickness) exp(-(t - length - 1) / fade_months), where `effect_sickness`
    counts for who was on sickness benefit at the start of a coordinated package; with `fade_months`
    None it is that sum from the first month on. `relapse_effect` holds from the month after the
    start and fades likewise after the package. While a coordinated package lasts, moves between
    benefits are exp(substitution) times as frequent. A coordinated package starts rather than an
    information package with probability expit(choice + ...), which the truth knows.
    """

    name: str = "standard"
    n_month: int = 60
    first_month: str = "2020-01"

    # who is there at the beginning
    initial: tuple[tuple[str, float], ...] = (
        ("work", 0.50), ("subsidised_work", 0.02), ("study", 0.05), ("sickness", 0.115),
        ("temporary_disability", 0.045), ("unemployment", 0.10), ("programme", 0.05),
        ("last_resort", 0.075), ("disability", 0.045),
    )  # fmt: skip
    share_of_population: float = 0.43

    # leaving support
    exit_sickness: float = -3.05
    exit_temporary: float = -4.80
    exit_unemployment: float = -2.15
    exit_programme: float = -2.45
    exit_last_resort: float = -2.65
    duration: float = -0.30
    season: float = 0.12
    trend: float = -0.02
    policy: float = 0.10
    policy_month: int = 30
    municipality: float = 0.12
    age: float = -0.18
    female: float = -0.10
    tertiary: float = 0.25
    foreign: float = -0.15
    frailty: float = 0.30
    shock: float = -0.35
    shock_memory: float = 0.80

    # coming back, moving between benefits
    relapse: float = -4.35
    relapse_early: float = 1.9
    transfer: float = -3.3
    substitution: float = 0.9

    # monthly probabilities at age 42
    disability_from_sickness: float = 0.0022
    disability_from_temporary: float = 0.0150
    disability_from_other: float = 0.0004
    died: float = 0.0004
    emigrated: float = 0.0005
    old_age_from_63: float = 0.02
    parental: float = 0.0022
    parental_end: float = 0.14

    # starting a package
    first_start: int = 13
    last_start: int = 59
    start: float = -3.68
    start_not_long: float = -2.6
    start_one_actor: float = -1.2
    start_shock: float = 0.55
    start_frailty: float = -0.10
    start_sickness: float = 0.35

    # which package
    randomised: bool = False
    choice: float = -0.10
    choice_tertiary: float = 0.50
    choice_age: float = -0.25
    choice_sickness: float = 0.55
    choice_frailty: float = 0.25
    choice_shock: float = 0.35
    choice_not_joined: float = -1.0

    # what packages do
    effect: tuple[float, float, float] = (0.05, 0.35, 0.60)
    effect_sickness: float = 0.15
    lock_in: tuple[float, float, float] = (0.0, -0.10, -0.20)
    fade_months: float | None = 24.0
    relapse_effect: tuple[float, float, float] = (0.0, -0.15, -0.25)
    length: tuple[tuple[int, int], ...] = ((2, 7), (4, 10), (6, 14))

    # health answers
    health_frailty: float = 0.45
    health_shock: float = 0.60
    health_effect: tuple[float, float, float] = (0.0, 0.10, 0.20)
    drop_out: float = 0.10
    drop_out_observed: float = 0.0
    drop_out_unobserved: float = 0.0

    @property
    def exit(self) -> tuple[float, ...]:
        """Intercept of leaving each support state, in the order of `SUPPORT`."""
        return (
            self.exit_sickness, self.exit_temporary, self.exit_unemployment, self.exit_programme,
            self.exit_last_resort,
        )  # fmt: skip


SMALL = Scenario(
    name="small",
    n_month=72,
    first_month="2020-01",
    initial=(
        ("work", 0.06), ("subsidised_work", 0.01), ("study", 0.02), ("sickness", 0.34),
        ("temporary_disability", 0.12), ("unemployment", 0.15), ("programme", 0.11),
        ("last_resort", 0.15), ("disability", 0.04),
    ),
    share_of_population=0.12,
    relapse=-4.0,
    first_start=14,
    last_start=45,
    start=-1.75,
    start_not_long=-3.2,
    start_one_actor=-3.4,
    effect=(0.05, 0.55, 0.80),
    randomised=True,
)  # fmt: skip

_NO_EFFECT = {
    "effect": (0.0, 0.0, 0.0), "effect_sickness": 0.0, "lock_in": (0.0, 0.0, 0.0),
    "relapse_effect": (0.0, 0.0, 0.0), "substitution": 0.0, "health_effect": (0.0, 0.0, 0.0),
}  # fmt: skip
SWITCHES: dict[str, dict[str, object]] = {
    "no_effect": _NO_EFFECT,
    "lasting_effect": {
        "fade_months": None, "lock_in": (0.0, 0.0, 0.0), "effect_sickness": 0.0,
        "relapse_effect": (0.0, 0.0, 0.0),
    },
    "no_confounding": {
        "choice_tertiary": 0.0, "choice_age": 0.0, "choice_sickness": 0.0, "choice_frailty": 0.0,
        "choice_shock": 0.0, "choice_not_joined": 0.0,
    },
    "no_unobserved_confounding": {"choice_frailty": 0.0, "choice_shock": 0.0},
    "randomised": {"randomised": True},
    "no_dip": {"start_shock": 0.0, "choice_shock": 0.0},
    "strong_dip": {"start_shock": 1.0},
    "no_relapse": {"relapse": -20.0, "relapse_early": 0.0},
    "much_relapse": {"relapse": -3.2},
    "much_competition": {
        "disability_from_sickness": 0.02, "disability_from_temporary": 0.03,
        "disability_from_other": 0.015,
    },
    "immortal_time": {"length": ((10, 16), (10, 16), (10, 16)), "lock_in": (-0.9, -0.9, -0.9)},
    "no_drop_out": {"drop_out": 0.0},
    "observed_drop_out": {"drop_out_observed": 0.9},
    "informative_drop_out": {"drop_out_unobserved": 0.9},
    "no_frailty": {"frailty": 0.0, "shock": 0.0},
    "no_trend_or_break": {"policy": 0.0, "trend": 0.0},
    "no_season": {"season": 0.0},
    "equal_municipalities": {"municipality": 0.0},
}  # fmt: skip


def make_scenario(*switches: str, base: Scenario | None = None) -> Scenario:
    """A scenario with named switches turned, the later ones overruling the earlier.

    Raises
    ------
    ParameterError
        If a switch is unknown.

    Examples
    --------
    >>> make_scenario("no_effect").effect
    (0.0, 0.0, 0.0)
    """
    unknown = [name for name in switches if name not in SWITCHES]
    if unknown:
        raise ParameterError(
            f"scenario: no switch {', '.join(unknown)}; give the option once for each of "
            f"{', '.join(SWITCHES)}"
        )
    made = base or Scenario()
    for name in switches:
        made = replace(made, **SWITCHES[name])
    return replace(made, name=" ".join(switches)) if switches else made
