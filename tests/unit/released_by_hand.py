"""Released results made by hand, for tests of what is drawn, tabulated and said."""

import numpy as np
import pandas as pd

from evalkit import results
from evalkit.provenance import provenance
from evalkit.release.released import Released
from evalkit.report.reading import FEW_REASON
from evalkit.study import Labels, parse_study

TITLE = {
    "sv": "Samordnad rehabilitering",
    "fi": "Yhteensovitettu kuntoutus",
    "en": "Coordinated rehabilitation",
}
SPELLS = {
    "title": TITLE,
    "country": "SE",
    "data_cut": "2025-12",
    "assignment": "randomised",
    "useful_size": {"incidence": "0.05", "months": "1.0", "index": "mid"},
    "health": {"instrument": "EQ-5D-5L", "value_set": "SE-2020-TTO"},
}
EVENTS = {
    "title": {"en": "HELP trial", "sv": "HELP-studien", "fi": "HELP-tutkimus"},
    "country": "other",
    "data": {"public": "true", "source": "HELP trial"},
    "data_cut": "2001-12",
    "outcome": {
        "source": "events",
        "name": {
            "en": "linkage with primary care",
            "sv": "kontakt med primärvården",
            "fi": "hoitosuhde perusterveydenhuollossa",
        },
        "cause": "linkage",
        "time_unit": "days",
    },
    "arms": {"comparison": "given"},
    "assignment": "randomised",
    "horizon_months": "365",
    "useful_size": {"incidence": "0.10", "months": "30", "index": "5"},
    "health": {"instrument": "SF-36", "scores": ["pcs", "mcs"]},
    "disclosure": "public",
}
CAUSES = ("self_support", "disability_pension", "old_age_pension", "emigrated", "died")
STATES = (
    "self_support", "parental", "last_resort", "labour_market", "health_related",
    "old_age_pension", "disability_pension", "emigrated", "died",
)  # fmt: skip


def labels(raw=None, *, level="municipality", **changes) -> Labels:
    """Labels of Lindala in Norra Ån, or of a whole study."""
    study = parse_study({**(raw or SPELLS), **changes}, root=".", name="by-hand")
    if level in ("study", "national"):
        return Labels(study=study, level=level, code=level)
    return Labels(
        study=study, level=level, code="0114",
        place={"sv": "Lindala", "fi": "Lindala", "en": "Lindala"},
        parent={"sv": "Norra Ån", "fi": "Norra Ån", "en": "Norra Ån"},
    )  # fmt: skip


def released(
    kind, rows, summary=None, *, hide=None, publishable=True, profile="strict10", function="by_hand"
):
    """Release rows as they are; `hide(frame)` marks rows whose numbers become missing."""
    result_kind = getattr(results, kind)
    frame = pd.DataFrame(rows).reindex(columns=list(result_kind.TIDY))
    suppressed = np.zeros(len(frame), bool) if hide is None else np.asarray(hide(frame), bool)
    for column in frame.columns.difference(result_kind.KEYS):
        if frame[column].dtype.kind in "iuf":
            frame[column] = frame[column].astype(float).mask(suppressed)
    columns = {name: frame[name].to_numpy() for name in frame} | {"suppressed": suppressed}
    made = {name: np.nan for name in result_kind.GLANCE} | (summary or {})
    return Released(
        kind=kind, rows=columns, summary=made, profile=profile, publishable=publishable, log=(),
        provenance=provenance(function, "0" * 16, kind=kind, n=len(frame)),
    )  # fmt: skip


def curve(n=214, *, final=(0.34, 0.27), hide=None, causes=CAUSES, last=24, step=3, **options):
    """Incidence by arm: the outcome towards `final`, small competing exits."""
    rows = []
    for arm, total, end in (("programme", n, final[0]), ("comparison", n - 16, final[1])):
        for number, cause in enumerate(causes):
            share = end if number == 0 else 0.05 / number
            for time in range(0, last + 1, step):
                estimate = share * (time / last) ** 0.8
                error = 0.0 if time == 0 else 0.03 * (100 / total) ** 0.5
                rows.append({
                    "stratum": arm, "cause": cause, "time": float(time), "estimate": estimate,
                    "std_error": error, "conf_low": max(estimate - 1.96 * error, 0),
                    "conf_high": estimate + 1.96 * error,
                    "n_at_risk": round(total * (1 - 1.3 * share * time / last)),
                    "n_event": round(total * share * step / last) if time else 0,
                    "n_censored": 1,
                })  # fmt: skip
    summary = {"n": 2 * n - 16, "n_cause": len(causes), "conf_level": 0.95, "time_unit": "months"}
    return released("IncidenceCurve", rows, summary, hide=hide, **options)


def contrast(arms=(0.34, 0.27), error=0.031, quantity="incidence", horizon=24, **options):
    """A number an arm, and their difference."""
    arm_error = error / 2**0.5
    rows = [
        {"term": term, "scale": "arm", "estimate": value, "std_error": arm_error,
         "conf_low": value - 1.96 * arm_error, "conf_high": value + 1.96 * arm_error}
        for term, value in zip(("programme", "comparison"), arms, strict=True)
    ]  # fmt: skip
    difference = arms[0] - arms[1]
    rows.append({
        "term": "programme - comparison", "scale": "difference", "estimate": difference,
        "std_error": error, "conf_low": difference - 1.96 * error,
        "conf_high": difference + 1.96 * error, "reason": "",
    })  # fmt: skip
    summary = {
        "n": 412,
        "quantity": quantity,
        "horizon": horizon,
        "unit": "months",
        "conf_level": 0.95,
        "label": "description",
    }
    return released("Contrast", rows, summary, **options)


def months(arms=(6.4, 4.3), error=0.8, **options):
    """Months in self-support."""
    return contrast(arms, error, quantity="time_in_state", **options)


def occupation(**options):
    """State shares by arm and month, which sum to 1."""
    rows = []
    for arm, end in (("programme", 0.30), ("comparison", 0.22)):
        for time in range(0, 25, 3):
            grown = end * time / 24
            rest = (1 - grown) * np.array([0.04, 0.22, 0.3, 0.36, 0.01, 0.04, 0.02, 0.01])
            for state, share in zip(STATES, [grown, *rest], strict=True):
                rows.append({
                    "stratum": arm, "state": state, "time": float(time), "estimate": share,
                    "std_error": 0.02, "conf_low": share, "conf_high": share, "n_observed": 200,
                })  # fmt: skip
    return released("OccupationCurve", rows, {"n": 412, "conf_level": 0.95}, **options)


def flow(**options):
    """Attrition from 812 to 412."""
    steps = [("no_package", 0), ("outside_ages", 54), ("left_before_start", 12),
             ("not_on_support", 128), ("too_short_support", 131), ("too_few_actors", 60),
             ("too_short_follow_up", 15), ("analysed", 0)]  # fmt: skip
    left, rows = 812, []
    for number, (reason, removed) in enumerate(steps, start=1):
        rows.append({"step": number, "reason": reason, "n_before": left, "n_removed": removed,
                     "n_after": left - removed})  # fmt: skip
        left -= removed
    return released("Flow", rows, {"n_start": 812, "n_end": left}, **options)


def characteristics(**options):
    """Sex and age by arm."""
    rows = []
    for arm, women, total in (("programme", 120, 214), ("comparison", 96, 198)):
        for level, n in (("woman", women), ("man", total - women)):
            rows.append({"stratum": arm, "variable": "sex", "level": level, "n": n,
                         "share": n / total, "standardised_difference": 0.15})  # fmt: skip
        rows.append({"stratum": arm, "variable": "age", "level": "", "n": total, "mean": 41.3,
                     "std_dev": 11.2, "standardised_difference": -0.04})  # fmt: skip
    return released("Characteristics", rows, {"n": 412, "n_stratum": 2}, **options)


def before_after(**options):
    """Five sources before and after."""
    shares = {"sickness": (0.36, 0.24), "disability": (0.05, 0.09), "unemployment": (0.22, 0.17),
              "programme": (0.31, 0.19), "last_resort": (0.41, 0.28)}  # fmt: skip
    rows = [
        {"stratum": "programme", "source": source, "n_pair": 214, "n_before": round(214 * before),
         "n_after": round(214 * after), "share_before": before, "share_after": after,
         "change": 100 * (after - before), "conf_low": 100 * (after - before) - 7,
         "conf_high": 100 * (after - before) + 7, "n_entered": 21, "n_left": 40,
         "unit": "percentage points"}
        for source, (before, after) in shares.items()
    ]  # fmt: skip
    summary = {"n": 214, "before": 0, "after": 24, "conf_level": 0.95, "label": "description"}
    return released("BeforeAfter", rows, summary, **options)


def need(**options):
    """Need, coverage and unmet need in a population of 20 000, 340 covered."""
    rows, population, c = [], 20_000, 0.017
    for n in (0.035, 0.05, 0.07):
        ranges = {
            "need": (n, n),
            "coverage": (max(0, c + n - 1) / n, min(c, n) / n),
            "unmet": (n - min(c, n), n - max(0, c + n - 1)),
            "expressed_unmet": (0.5 * (n - min(c, n)), 0.5 * (n - max(0, c + n - 1))),
        }
        for quantity, (low, high) in ranges.items():
            of = n if quantity == "coverage" else 1
            counts = {"n_low": low * of * population, "n_high": high * of * population}
            rows.append({"need_share": n, "quantity": quantity, "low": low, "high": high, **counts})
    summary = {"population": population, "n_covered": 340, "period": "2024", "wanting": 0.5,
               "label": "description"}  # fmt: skip
    return released("NeedCoverage", rows, summary, **options)


def wave_means(score=False, **options):
    """Means of the health index (or of a score) at five waves."""
    scale, base = (20, 40) if score else (0.3, 0.55)
    rows = []
    for arm, gain, n in (("programme", 0.5, 200), ("comparison", 0.35, 190)):
        for wave in (0, 6, 12, 18, 24):
            mean = base + scale * gain * (wave / 24) ** 0.7
            rows.append({"stratum": arm, "wave": wave, "estimate": mean, "std_error": scale * 0.05,
                         "conf_low": mean - scale * 0.1, "conf_high": mean + scale * 0.1,
                         "n": n - 3 * wave})  # fmt: skip
    outcome = "pcs" if score else "health_index"
    return released("WaveMeans", rows, {"n": 390, "outcome": outcome}, **options)


def ancova(scale=1.0, *, stem="", **options):
    """Differences by wave."""
    rows = [
        {"term": f"{stem}wave[{wave}]", "estimate": scale * value, "std_error": scale * 0.015,
         "statistic": value / 0.015, "p_value": 0.01, "conf_low": scale * (value - 0.03),
         "conf_high": scale * (value + 0.03)}
        for wave, value in ((6, 0.021), (12, 0.043), (18, 0.05), (24, 0.047))
    ]  # fmt: skip
    summary = {"n_person": 380, "df": 370.0, "label": "description", "formula": "index ~ arm"}
    return released("ModelFit", rows, summary, **options)


def pay_off(share=0.38, method="before_after", **options):
    """Actors of a municipality."""
    rows = [
        {"party": party, "cost": cost, "gain": gain, "net": 5 * gain - cost,
         "pay_off_months": months, "pay_off_low": low, "pay_off_high": high,
         "break_even_share": share, "reason": reason}
        for party, cost, gain, months, low, high, reason in (
            ("municipality", 2_400_000.0, 900_000.0, 32.0, 20.0, 61.0, ""),
            ("region", 1_900_000.0, 150_000.0, np.inf, np.nan, np.nan, "never"),
            ("social_insurance", 3_700_000.0, 1_600_000.0, 28.0, 19.0, np.inf, ""),
            ("employment_service", 0.0, -220_000.0, np.nan, np.nan, np.nan, "no outlay"),
            ("society", 8_000_000.0, 4_100_000.0, 23.0, 16.0, 44.0, ""),
        )
    ]  # fmt: skip
    if share > 1:  # clearly not within the years
        rows[-1] |= {"pay_off_months": np.inf, "pay_off_low": 70.0, "pay_off_high": np.inf}
    summary = {"n": 214, "horizon_years": 5, "discount_rate": 0.03, "currency": "SEK",
               "price_year": 2024, "society": 1.0, "label": "description",
               "method": method}  # fmt: skip
    return released("PayOff", rows, summary, **options)


MUNICIPALITIES = {
    "0114": "Lindala", "0115": "Åby", "0116": "Österås", "0117": "Björkvik", "0118": "Älvnäs",
    "0119": "Granby", "0120": "Sjötorp", "0121": "Ekeby", "0122": "Hammarnäs", "0123": "Norrfors",
}  # fmt: skip


def by_municipality(few=(), **options):
    """Incidence of ten municipalities by arm; 0.22 to 0.40 in the programme, less beside it.

    Those of `few` have too few people for a number of their own.
    """
    rows = [
        {"term": f"{code}, {arm}", "scale": "arm", "estimate": start + 0.02 * number,
         "std_error": 0.04, "conf_low": start - 0.08 + 0.02 * number,
         "conf_high": start + 0.08 + 0.02 * number}
        for number, code in enumerate(MUNICIPALITIES)
        for arm, start in (("programme", 0.22), ("comparison", 0.12))
    ]  # fmt: skip
    gone = dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), np.nan)
    for row in rows:
        row |= {"reason": FEW_REASON, **gone} if row["term"][:4] in few else {"reason": ""}
    return released("Contrast", rows, {"n": 2100, "horizon": 24, "unit": "months"}, **options)


def cox(**options):
    """Two coefficients."""
    rows = [
        {"term": "arm[T.programme]", "estimate": 1.655, "std_error": 0.193, "statistic": 8.6,
         "p_value": 1e-9, "conf_low": 1.277, "conf_high": 2.033},
        {"term": "age", "estimate": 0.0247, "std_error": 0.0103, "statistic": 2.4,
         "p_value": 0.016, "conf_low": 0.0045, "conf_high": 0.0449},
    ]  # fmt: skip
    return released("ModelFit", rows, {"n_person": 431, "n_event": 167}, **options)


def logrank(**options):
    """A test."""
    rows = [{"term": "arm", "statistic": 84.79, "df": 1.0, "p_value": 1e-19}]
    return released("Check", rows, {"test": "log-rank", "n": 431}, **options)


def exit_rates(*, last=24, step=3, **options):
    """Rates of exit by arm that rise and fall; joined intervals have no limits."""
    rows = []
    for arm, level in (("programme", 0.021), ("comparison", 0.014)):
        for time in range(step, last + 1, step):
            rate = level * (0.6 + 0.8 * np.sin(np.pi * min(time, 20) / 24))
            known = step == 1
            rows.append({
                "stratum": arm, "time": float(time), "estimate": rate,
                "std_error": 0.15 * rate if known else np.nan,
                "conf_low": 0.75 * rate if known else np.nan,
                "conf_high": 1.3 * rate if known else np.nan,
                "n_at_risk": 200 - 4 * time, "n_event": 12, "n_censored": 0,
            })  # fmt: skip
    summary = {"n": 412, "conf_level": 0.95, "time_unit": "months", "quantity": "exit_rate",
               "width": 1.0}  # fmt: skip
    return released("HazardCurve", rows, summary, **options)


def hazard_model(scale="log hazard ratio", **options):
    """Seven terms, one with a wide interval."""
    rows = [
        {"term": term, "estimate": estimate, "std_error": error,
         "conf_low": estimate - 1.96 * error, "conf_high": estimate + 1.96 * error}
        for term, estimate, error in (
            ("arm[programme]", 0.31, 0.11), ("age", -0.018, 0.005), ("C(sex)[woman]", 0.08, 0.1),
            ("education[secondary]", 0.22, 0.13), ("education[tertiary]", 0.51, 0.19),
            ("born_in_country", -0.12, 0.12), ("need_psychological", -0.9, 0.85),
        )
    ]  # fmt: skip
    return released("ModelFit", rows, {"n_person": 412, "n_event": 167, "scale": scale}, **options)


def effect_curve(*, step=1, is_ratio=True, terms=4, **options):
    """Log hazard ratios, or cumulative differences, by month."""
    names = ("arm[programme]", "age", "education[tertiary]", "need_psychological")[:terms]
    names = names if is_ratio else ("intercept", *names[: terms - 1])
    rows = []
    for number, term in enumerate(names):
        for time in range(0 if not is_ratio else step, 25, step):
            grown = time / 24
            slope = (0.6, -0.3, 0.1, 1.1)[number]
            value = slope * (1 - grown) if is_ratio else 0.25 * slope * grown**0.7
            error = 0.25 + 0.3 * (grown - 0.5) ** 2 if is_ratio else 0.05 * grown
            rows.append({"term": term, "time": float(time), "estimate": value, "std_error": error,
                         "conf_low": value - 1.96 * error, "conf_high": value + 1.96 * error,
                         "n_at_risk": 200, "n_event": 12})  # fmt: skip
    scale = "log hazard ratio" if is_ratio else "cumulative hazard difference"
    return released("EffectCurve", rows, {"n_person": 412, "scale": scale}, **options)


def definition_grid(horizons=(12, 24), definitions=("SS-FORS", "SS-SUS"), **options):
    """Definitions by months in a row by horizons; the longer the run, the fewer reach it."""
    rows = []
    for number, definition in enumerate(definitions):
        for sustained in (1, 3, 6, 12):
            for at in horizons:
                share = 0.42 * (at / 24) ** 0.6 * (1 - 0.035 * sustained) * (1 + 0.15 * number)
                for arm, value in (("programme", share), ("comparison", share - 0.06)):
                    rows.append({
                        "definition": definition, "sustained_months": sustained,
                        "horizon": float(at), "term": arm, "scale": "arm", "estimate": value,
                        "std_error": 0.03, "conf_low": value - 0.06, "conf_high": value + 0.06,
                        "reason": "",
                    })  # fmt: skip
    return released("DefinitionGrid", rows, {"n": 412, "conf_level": 0.95}, **options)
