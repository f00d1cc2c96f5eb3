"""The door: what a disclosure profile lets through, and what it hides.

Nothing reaches a page but what `release` returns. Suppressed is missing, never 0.
"""

import numpy as np
import pandas as pd

from evalkit import results
from evalkit.errors import DisclosureError
from evalkit.release import (
    before_after_rows,
    collaboration_rows,
    cost_utility_rows,
    designs,
    effects,
    grids,
    health_rows,
    horizons,
    intercepts,
    label_rows,
    missing_answers,
    money_rows,
    need_rows,
    organisation_rows,
    rows,
    transition_rows,
)
from evalkit.release.addresses import block, family
from evalkit.release.curves import OTHER_UNIT, release_curve
from evalkit.release.parties import SOCIETY
from evalkit.release.profiles import Profile, load_profile
from evalkit.release.released import Released

CURVES = (
    results.SurvivalCurve,
    results.IncidenceCurve,
    results.RecurrentCurve,
    results.HazardCurve,
)
RULES = {
    results.OccupationCurve: rows.by_state,
    results.Quantiles: horizons.by_quantile,
    results.Contrast: rows.by_contrast,
    results.ModelFit: rows.by_model,
    results.Check: rows.by_test,
    results.Flow: rows.by_step,
    results.Characteristics: rows.by_level,
    results.BeforeAfter: rows.by_pair,
    results.NeedCoverage: rows.by_need,
    results.NeedSteps: need_rows.by_need_step,
    results.NeedByArea: need_rows.by_need_of_area,
    results.AreaMeasures: need_rows.by_area_measure,
    results.StatusChange: before_after_rows.by_status,
    results.Transitions: transition_rows.by_transition,
    results.StatusShares: before_after_rows.by_share,
    results.MarginBounds: before_after_rows.by_published,
    results.BenefitVector: before_after_rows.by_benefit,
    results.BenefitChange: before_after_rows.by_change,
    results.PayOff: rows.by_party,
    results.Ledger: rows.by_account,
    results.LedgerBalances: money_rows.by_balance,
    results.NetPresentValue: money_rows.by_present_value,
    results.BreakEven: money_rows.by_present_value,
    results.PayOffCurve: money_rows.by_curve,
    results.Sensitivity: money_rows.by_parameter,
    results.TypeCases: money_rows.by_type_case,
    results.WaveMeans: rows.by_wave,
    results.ResponseScores: collaboration_rows.by_score,
    results.ResponseMeasures: collaboration_rows.by_statistic,
    results.Agreement: collaboration_rows.by_agreement,
    results.AgreementTable: collaboration_rows.by_pair_of_answers,
    results.LabelShares: label_rows.by_label,
    results.SiteSummary: collaboration_rows.by_site,
    results.DoseResponse: collaboration_rows.by_dose,
    results.Fidelity: collaboration_rows.by_fidelity,
    results.UnitIntercepts: intercepts.by_unit,
    results.HealthShares: health_rows.by_answer,
    results.HealthMeasures: health_rows.by_measure,
    results.PredictionScores: horizons.by_score,
    results.Calibration: rows.by_group,
    results.Recovery: rows.by_method,
    results.Verdicts: rows.by_published,
    results.ResponseTable: missing_answers.by_answers,
    results.WeightDiagnostics: missing_answers.by_weights,
    results.PooledFit: rows.by_model,
    results.TippingCurve: missing_answers.by_shift,
    results.Bounds: missing_answers.by_bounds,
    results.TrendBounds: designs.by_limit,
    results.GroupTimeEffects: designs.by_joining,
    results.DefinitionGrid: grids.by_definition,
    results.StateMonths: grids.by_state_months,
    results.StateSequences: grids.by_sequence,
    results.QalyMeans: cost_utility_rows.by_qaly,
    results.CostUtility: cost_utility_rows.by_cost_utility,
    results.NetBenefit: cost_utility_rows.by_price,
    results.Acceptability: cost_utility_rows.by_price,
    results.InformationValue: cost_utility_rows.by_price,
    results.Checklist: cost_utility_rows.by_item,
    results.KeyFigures: organisation_rows.by_figure,
    results.Targets: organisation_rows.by_figure,
    results.ProcessTimes: organisation_rows.by_process,
    results.Financing: organisation_rows.by_organisation,
    results.ServiceProfile: organisation_rows.by_organisation,
    results.ServiceGaps: organisation_rows.by_organisation,
    results.ServiceIndex: organisation_rows.by_organisation,
    results.SelfAssessment: organisation_rows.by_organisation,
    results.AreaLink: organisation_rows.by_area_link,
    results.DetectableShare: organisation_rows.by_area_link,
}
EFFECTS = (results.EffectCurve,)
# Exits up to the last time that a released table tells; those after it are a number of their own.
TOLD = {
    results.EffectCurve: effects.exits_told,
    results.Quantiles: horizons.exits_told,
    results.PredictionScores: horizons.cases_told,
}
# Of persons still there, see `Decision`.
THINNED = (
    results.StatusChange, results.Transitions, results.StatusShares, results.BenefitVector,
    results.BenefitChange, results.BeforeAfter, results.WaveMeans, results.StateSequences,
    results.HealthShares,
    results.HealthMeasures, results.ResponseTable, results.WeightDiagnostics, results.Bounds,
    results.UnitIntercepts, results.ResponseScores, results.ResponseMeasures, results.Agreement,
    results.AgreementTable, results.DoseResponse, results.QalyMeans, results.CostUtility,
    results.NetBenefit, results.Acceptability, results.InformationValue,
)  # fmt: skip
THINNED_KINDS = frozenset(kind.__name__ for kind in THINNED)
PERSONS = ("n", "n_person", "n_start", "n_end")
COUNTED = (
    "n_event", "n_covered", "n_singleton", "n_left_out", "n_imputed", "n_misregistered",
)  # fmt: skip


def is_rounded(released: Released) -> bool:
    """Whether the number of persons behind a released result is rounded."""
    return released.kind in THINNED_KINDS and load_profile(released.profile).rounding > 1


def release(result: object, profile: str | Profile) -> Released:
    """Apply a disclosure profile to a result.

    Parameters
    ----------
    result : any result of evalkit, or Released
    profile : str or Profile
        A name, or a profile with the blocks that `secondary_suppression` hides in this unit
        (`profile.for_unit(plan, level, code)`).

    Returns
    -------
    Released
        The result's columns and, last, `suppressed`. In a suppressed row every number is missing
        and the keys stay. Curves have fewer rows than the result: time 0, the times that are
        shown with their exact values, and those ticks (months 0, 6, 12, ...) that are not shown,
        as suppressed rows; `n_event` counts persons since the last shown time, `n_at_risk` is
        rounded, and `n_censored` is always missing. Counts of persons that drop-out has thinned
        (who answered, or was seen again) are rounded in every kind; those at the start are not.
        `HealthMeasures` has no means before and after of those who answered twice, only their
        change. In `BeforeAfter`, persons who entered and left, the interval and the p-value can
        be missing in a row that is otherwise shown; so can the standardised difference in
        `Characteristics`, and the limits in `Quantiles`.

    Raises
    ------
    DisclosureError
        If `result` is no result, or was released under another profile.

    Notes
    -----
    A number rests on n persons, of whom k have the attribute. It is hidden if n is below the
    threshold, or if k or n - k is (0 counts as below where the profile says so). Of months until
    or since an exit k are those who exited by the horizon, of a model's term those of either group
    who did, of a mean number of events also those with a second. Arms of a contrast need n persons
    under observation at the horizon. In the glance `n_event` is missing where, less what is shown,
    it would tell of few. What would follow from the shown cells by subtraction is hidden too:
    within a table here, between a municipality, its federation and the nation by the profile's
    blocks.

    References
    ----------
    AI-SDC/ACRO, `acro/default.yaml` (thresholds; steps of survival tables are delayed until
    enough events have come). OpenSAFELY, docs.opensafely.org/outputs/sdc.

    Examples
    --------
    >>> from evalkit.provenance import provenance
    >>> from evalkit.results import WaveMeans
    >>> means = WaveMeans(
    ...     rows={"stratum": ["", ""], "wave": [0, 6], "estimate": [0.5, 0.7], "n": [40, 3]},
    ...     summary={"n": 40},
    ...     support={"n": [40, 3]},
    ...     provenance=provenance("wave_means", "0" * 16),
    ... )
    >>> release(means, "strict10").tidy()[["wave", "estimate", "n", "suppressed"]]
       wave  estimate     n  suppressed
    0     0       0.5  40.0       False
    1     6       NaN   NaN        True
    """
    rule = load_profile(profile) if isinstance(profile, str) else profile
    if isinstance(result, Released):
        return _released_again(result, rule)
    if not isinstance(result, (*CURVES, *EFFECTS, *RULES)):
        raise DisclosureError(f"{type(result).__name__} is no result that the door knows")
    if rule.hides_nothing or not len(result.support["n"]):
        hidden = np.zeros(len(next(iter(result.rows.values()))), dtype=bool)
        columns, log, told = {**result.rows, "suppressed": hidden}, [], {}
    elif isinstance(result, CURVES):
        columns, log, told = _without_hidden(*release_curve(result, rule), type(result).KEYS)
    elif isinstance(result, EFFECTS):
        given = effects.release_effects(result, rule)
        columns, log, told = _without_hidden(*given, type(result).KEYS)
    else:
        columns, log, told = _decided(result, rule)
    return Released(
        kind=type(result).__name__,
        rows={name: columns[name] for name in (*type(result).TIDY, "suppressed")},
        summary=_summary(result, pd.DataFrame(columns), rule) | told,
        profile=rule.name,
        publishable=rule.publishable,
        log=tuple(log),
        provenance=result.provenance,
    )


def _without_hidden(
    frame: pd.DataFrame, log: list, keys: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], list, dict]:
    """Rows of curves, without the numbers of those that are suppressed."""
    columns = {name: values.to_numpy() for name, values in frame.items()}
    return _blank(columns, columns["suppressed"].astype(bool), keys), log, {}


def _decided(result, rule: Profile) -> tuple[dict[str, np.ndarray], list, dict]:
    frame = result.tidy()
    decision = RULES[type(result)](result, frame, rule)
    hidden = decision.suppressed
    replaced = {name: np.asarray(values) for name, values in decision.replaced.items()}
    columns = {**result.rows, **replaced}
    for name, mask in decision.cells.items():
        columns[name] = np.where(mask & ~hidden, np.nan, columns[name].astype(float))
    for name in decision.rounded:
        columns[name] = rule.round_count(columns[name])
    columns = _blank(columns, hidden, type(result).KEYS) | {"suppressed": hidden}
    for name in decision.texts:
        columns[name] = np.where(hidden, "", columns[name].astype(object))
    few = f"{rows.FEW}: threshold {rule.threshold}"
    told = (
        ("primary", decision.primary, few),
        ("planned", decision.planned & ~decision.primary, OTHER_UNIT),
        ("secondary", decision.secondary & ~decision.primary & ~decision.planned, rows.OTHER_CELL),
    )
    listed = np.ones(len(frame), dtype=bool) if decision.keep is None else decision.keep
    log = [
        (name, decision.address[row], reason)
        for name, mask, reason in told
        for row in np.flatnonzero(mask & listed)
    ]
    return {name: values[listed] for name, values in columns.items()}, log, decision.glance


def _blank(
    columns: dict[str, np.ndarray], hidden: np.ndarray, keys: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Make every number of the hidden rows missing; keys and texts stay."""
    if not hidden.any():
        return columns
    apart = {*keys, "suppressed"}
    return {
        name: np.where(hidden, np.nan, values.astype(float))
        if name not in apart and _is_number(values)
        else values
        for name, values in columns.items()
    }


def _is_number(values: np.ndarray) -> bool:
    if values.dtype.kind in "biufc":
        return True
    return any(isinstance(value, int | float | np.number) for value in values)


def _summary(result, frame: pd.DataFrame, rule: Profile) -> dict:
    """The glance, without counts that are too small or that give a hidden one away."""
    summary = dict(result.summary)
    if rule.hides_nothing:
        return summary
    for names, small in ((PERSONS, rule.too_few), (COUNTED, rule.fails)):
        for name in names:
            if name in summary and small(summary[name]):
                summary[name] = np.nan
    if "n" in summary and _group_hidden(result, rule):
        summary["n"] = np.nan
    if "n_row" in summary and "n_person" in summary:
        summary.update(_thinned_rows(summary, rule))
    if isinstance(result, THINNED):
        summary["n"] = float(rule.round_count(summary["n"]))
    if isinstance(result, CURVES):
        seen = frame["n_event"].sum()
        if seen != summary["n_event"]:
            summary["n_event"] = np.nan
        summary["last_time"] = frame.loc[~frame["suppressed"], "time"].max()
    if type(result) in TOLD and _total_tells(result, frame, rule):
        summary["n_event"] = np.nan
    if isinstance(result, results.OccupationCurve | results.EffectCurve):
        summary["last_time"] = frame.loc[~frame["suppressed"], "time"].max()
    if isinstance(result, results.Flow):
        summary.update(_flow_ends(result, frame, rule))
    if isinstance(result, cost_utility_rows.KINDS):
        summary.update(cost_utility_rows.told(result, frame, rule))
    if isinstance(result, results.Sensitivity):
        summary.update(money_rows.base_told(frame))
    if isinstance(result, results.TippingCurve):
        summary.update(missing_answers.tips(result, frame))
    if isinstance(result, results.ModelFit) and frame["suppressed"].any():
        summary["log_likelihood"] = np.nan
    if "society" in summary and _society_hidden(frame):
        summary["society"] = np.nan
    return summary


def _thinned_rows(summary: dict, rule: Profile) -> dict:
    """Rows and, where they are not of clusters, degrees of freedom: they tell who is missing."""
    names = ["n_row"] + (["df"] if np.isnan(summary.get("n_cluster", np.nan)) else [])
    return {name: float(rule.round_count(summary[name])) for name in names if name in summary}


def _total_tells(result, frame: pd.DataFrame, rule: Profile) -> bool:
    """Whether the total says that few exited after the last time that is told, or never did."""
    told, total = TOLD[type(result)](result, frame), result.summary["n_event"]
    n = result.summary["n_person" if isinstance(result, EFFECTS) else "n"]
    is_near = total != told and rule.too_few(total - told)
    return bool(np.isnan(told) or is_near or rule.fails(n - total))


def _group_hidden(result, rule: Profile) -> bool:
    """Whether the persons of one stratum or arm are too few, so that the total tells of them."""
    strata = result.rows.get("stratum")
    n = np.asarray(result.support["n"], dtype=float)
    if isinstance(result, results.Contrast):
        is_arm = result.rows["scale"] == "arm"
        strata, n = result.rows["term"][is_arm], n[is_arm]
    if strata is None or not len(strata):
        return False
    largest: dict[str, float] = {}
    for stratum, size in zip(strata, n, strict=True):
        if not pd.isna(stratum):  # as where a result has no strata
            largest[stratum] = np.fmax(size, largest.get(stratum, np.nan))
    name = family(result.provenance.function)
    return bool(rule.too_few(list(largest.values())).any()) or any(
        rule.hides(name, stratum) for stratum in largest
    )


def _society_hidden(frame: pd.DataFrame) -> bool:
    """Whether the row of society is hidden; where there is none, whether any row is."""
    hidden = frame["suppressed"]
    is_society = frame["party"] == SOCIETY if "party" in frame else hidden
    return bool(hidden[is_society].any() if is_society.any() else hidden.any())


def _flow_ends(result, frame: pd.DataFrame, rule: Profile) -> dict:
    """Numbers at the start and the end, where the points of the flow are shown."""
    removed = result.summary["n_start"] - result.summary["n_end"]
    start_told = not (rule.fails(removed) and removed != 0) and not rule.hides("flow", "start")
    last = block("flow", frame["step"].iloc[-1]) if len(frame) else ""
    ends = {}
    if not start_told:
        ends["n_start"] = np.nan
    if rule.too_few(result.summary["n_end"]) or last in rule.hide:
        ends["n_end"] = np.nan
    return ends


def _released_again(result: Released, rule: Profile) -> Released:
    if result.profile != rule.name:
        raise DisclosureError(
            f"a {result.kind} released under `{result.profile}` cannot be released under "
            f"`{rule.name}`: start from the result itself"
        )
    kind = next(kind for kind in (*CURVES, *EFFECTS, *RULES) if kind.__name__ == result.kind)
    shown = ~result.rows["suppressed"]
    name = family(result.provenance.function)
    keys = list(zip(*(result.rows[key][shown] for key in kind.KEYS), strict=True))
    told = [key for key in keys if rule.hide and rule.hides(name, *_in_address_order(kind, key))]
    if told:
        raise DisclosureError(
            f"{len(told)} rows of a released {result.kind} are hidden in this unit: "
            "release the result itself with the unit's profile"
        )
    return result


def _in_address_order(kind: type, key: tuple) -> tuple:
    """Keys of a row in the order of an address: stratum, time, then cause or state."""
    return (
        (key[0], key[2], key[1]) if kind.KEYS[1:] in (("cause", "time"), ("state", "time")) else key
    )
