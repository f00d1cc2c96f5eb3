"""Addresses of what is shown: family, stratum, position.

Functions of one sample form a family, because what one of them hides another could give away.
"""

import re
from collections.abc import Iterator

FAMILIES = {
    "kaplan_meier": "exits",
    "cumulative_incidence": "exits",
    "incidence_at": "exits",
    "restricted_mean": "exits",
    "time_lost": "exits",
    "nelson_aalen": "exits",
    "exit_rates": "exits",
    "median_time": "exits",
    "follow_up_time": "exits",
    "confidence_bands": "exits",
    "competing_gap": "exits",
    "stacked_incidence": "exits",
    "occupation": "states",
    "time_in_state": "states",
    "state_at": "states",
    "expected_months": "states",
    "standardised_incidence": "exits",
    "standardised_curve": "exits",
    "characteristics": "people",
    "before_after": "occasions",
    "status_change": "statuses",
    "transitions": "statuses",
    "support_after": "statuses",
    "started_or_increased": "statuses",
    "benefit_vector": "benefits",
    "benefit_change": "benefits",
    "need_steps": "target_group",
    "key_figures": "packages",
    "targets": "packages",
    "process_times": "processes",
    "wave_means": "health",
    "ancova": "health",
    "fixed_effects": "health",
    "pooled": "health",
    "random_effects": "health",
    "between_effects": "health",
    "first_difference": "health",
    "mundlak": "health",
    "mundlak_test": "health",
    "hausman_test": "health",
    "mixed_effects": "health",
    "unit_intercepts": "health",
    "gee": "health",
    "tobit": "health",
    "two_part": "health",
    "event_study": "health",
    "pre_trend_test": "health",
    "honest_bounds": "health",
    "difference_in_differences": "health",
    "staggered_effects": "health",
    "pre_start_dip": "health",
    "regression_to_the_mean": "health",
    "wild_cluster_bootstrap": "health",
    "weighted_ancova": "health",
    "pool": "health",
    "pattern_mixture": "health",
    "tipping_point": "health",
    "response_table": "health",
    "weight_diagnostics": "health",
    "manski_bounds": "health",
    "health_change": "health",
    "value_set_comparison": "health",
    "dimension_table": "answers",
    "level_sum_table": "answers",
    "frequent_profiles": "answers",
    "ceiling_share": "answers",
    "paretian_change": "answers",
    "health_profile_grid": "answers",
    "probability_of_superiority": "answers",
    "shannon_indices": "answers",
    "cronbach_alpha": "answers",
    "collaboration_quality": "responses",
    "joint_work_time": "responses",
    "indicators": "responses",
    "collaboration_trend": "responses",
    "survey_change": "response_pairs",
    "scale_reliability": "responses",
    "agreement_table": "agreement",
    "collaboration_forms": "labels",
    "theme_table": "labels",
    "net_benefit": "cost_utility",
    "acceptability": "cost_utility",
    "information_value": "cost_utility",
    "pay_off": "pay_off",
    "net_present_value": "pay_off",
    "break_even_by_horizon": "pay_off",
    "pay_off_curve": "pay_off",
    "dynamic_pay_off": "pay_off",
    "sensitivity": "pay_off",
    "ledger_balances": "ledger",
}
WAVE = re.compile(r"wave\[(?:T\.)?(-?\d+)(?:\.0)?\]")


def family(function: str) -> str:
    """Family of a public function; its own name where it shares its sample with no other."""
    return FAMILIES.get(function, function)


def part(value: object) -> str:
    """One part of an address; whole numbers without a decimal point."""
    if isinstance(value, str):
        return value
    number = float(value)
    return str(int(number)) if number.is_integer() else f"{number:g}"


def block(*parts: object) -> str:
    """Address of a block, for example `exits/programme/24/self_support`."""
    return "/".join(part(value) for value in parts)


def prefixes(*parts: object) -> Iterator[str]:
    """The address and all that it belongs to, down to family and stratum."""
    words = [part(value) for value in parts]
    return ("/".join(words[:length]) for length in range(min(2, len(words)), len(words) + 1))


def in_table(code: str, address: str) -> str:
    """Address of a unit's block in a table of many units, where strata begin with the code.

    Examples
    --------
    >>> in_table("0114", "exits/programme/24/self_support")
    'exits/0114, programme/24/self_support'
    """
    name, stratum, *rest = address.split("/")
    return "/".join([name, f"{code}, {stratum}" if stratum else code, *rest])


def arms_of(term: str, arms: list[str]) -> list[str]:
    """The arms that a term of a contrast rests on; all of them where it cannot be told."""
    if term in arms:
        return [term]
    for sign in (" - ", " / "):
        named = [name for name in term.split(sign) if name in arms]
        if len(named) == 2:
            return named
    return arms


def wave_of(term: str) -> str | None:
    """The wave that a term of a panel model belongs to."""
    found = WAVE.search(term)
    return found.group(1) if found else None


def split_area(stratum: str) -> tuple[str, str]:
    """The municipality and the rest of a stratum such as `0114, programme`."""
    area, _, rest = stratum.partition(", ")
    return area, rest
