"""Results made from plain counts, for tests of the door."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit import results
from evalkit.provenance import provenance

SAMPLE = "0123456789abcdef"


def incidence(
    counts: Mapping[tuple[str, str], Sequence[int]],
    persons: Mapping[str, int],
    at_risk: Mapping[str, Sequence[float]] | None = None,
    *,
    function: str = "cumulative_incidence",
    time_unit: str = "months",
) -> results.IncidenceCurve:
    """Curves from events in months 1, 2, ... by (stratum, cause), without censoring."""
    frames = []
    for (stratum, cause), events in counts.items():
        n = persons[stratum]
        everyone = np.sum([row for key, row in counts.items() if key[0] == stratum], axis=0)
        left = n - np.concatenate([[0], np.cumsum(everyone)[:-1]])
        risk = left if at_risk is None else np.asarray(at_risk[stratum])
        cumulative = np.concatenate([[0], np.cumsum(events)])
        frames.append(
            pd.DataFrame(
                {
                    "stratum": stratum,
                    "cause": cause,
                    "time": np.arange(len(cumulative), dtype=float),
                    "estimate": cumulative / max(n, 1),
                    "std_error": 0.01,
                    "conf_low": cumulative / max(n, 1) - 0.01,
                    "conf_high": cumulative / max(n, 1) + 0.01,
                    "n_at_risk": np.concatenate([[n], risk]),
                    "n_event": np.concatenate([[0], events]),
                    "n_censored": 1,
                    "_n": n,
                }
            )
        )
    frame = pd.concat(frames, ignore_index=True)
    return results.IncidenceCurve(
        rows=frame.drop(columns="_n"),
        summary={
            "n": sum(persons.values()),
            "n_event": int(frame["n_event"].sum()),
            "n_stratum": len(persons),
            "last_time": frame["time"].max(),
            "time_unit": time_unit,
        },
        support={"n": frame["_n"]},
        provenance=provenance(function, SAMPLE),
    )


def survival(events: Sequence[int], n: int, *, cause=None, stratum="") -> results.SurvivalCurve:
    """A curve from events in months 1, 2, ..., without censoring."""
    gone = np.concatenate([[0], np.cumsum(events)])
    return results.SurvivalCurve(
        rows={
            "stratum": [stratum] * len(gone),
            "time": np.arange(len(gone), dtype=float),
            "estimate": 1 - gone / n,
            "n_at_risk": np.concatenate([[n], n - gone[:-1]]),
            "n_event": np.concatenate([[0], events]),
            "n_censored": np.zeros(len(gone)),
        },
        summary={"n": n, "n_event": int(gone[-1]), "n_stratum": 1, "time_unit": "months"},
        support={"n": np.full(len(gone), n)},
        provenance=provenance("kaplan_meier", SAMPLE, cause=cause),
    )


def contrast(
    function: str, *, n=(50, 50), k=(None, None), complement=(None, None), place="", **arguments
) -> results.Contrast:
    """Two arms, of a place if one is named, their difference and ratio."""
    support = {
        name: [*values, *[_least(values)] * 2]
        for name, values in (("n", n), ("k", k), ("complement", complement))
    }
    arms = [f"{place}, {arm}" if place else arm for arm in ("programme", "comparison")]
    terms = [*arms, " - ".join(arms), " / ".join(arms)]
    return results.Contrast(
        rows={
            "term": terms,
            "scale": ["arm", "arm", "difference", "ratio"],
            "estimate": [0.4, 0.3, 0.1, 1.3],
            "std_error": [0.1] * 4,
            "reason": [""] * 4,
        },
        summary={
            "n": sum(n),
            "quantity": function,
            "horizon": float(arguments.get("horizon", 24)),
            "unit": "share",
        },
        support={name: np.array(values, dtype=float) for name, values in support.items()},
        provenance=provenance(function, SAMPLE, **arguments),
    )


def _least(values):
    return np.nan if None in values else min(values)


def occupation(
    counts: Mapping[tuple[str, float], Mapping[str, int]],
) -> results.OccupationCurve:
    """States by (stratum, month), everyone observed."""
    rows = [
        (stratum, state, float(month), count, sum(states.values()))
        for (stratum, month), states in counts.items()
        for state, count in states.items()
    ]
    stratum, state, month, k, n = (np.array(column) for column in zip(*rows, strict=True))
    return results.OccupationCurve(
        rows={
            "stratum": stratum,
            "state": state,
            "time": month,
            "estimate": k / n,
            "n_observed": n,
        },
        summary={"n": int(n.max()), "last_time": month.max(), "time_unit": "months"},
        support={"n": n, "k": k, "complement": n - k},
        provenance=provenance("occupation", SAMPLE),
    )


def baseline(
    levels: Mapping[tuple[str, str], Mapping[str, int]],
    numbers: Mapping[tuple[str, str], int] | None = None,
) -> results.Characteristics:
    """A baseline table from counts by (stratum, variable) and level, and n of numbers."""
    rows = [
        (stratum, variable, level, n, n / sum(table.values()), np.nan, sum(table.values()), n)
        for (stratum, variable), table in levels.items()
        for level, n in table.items()
    ]
    rows += [
        (stratum, variable, "", n, np.nan, 40.0, n, np.nan)
        for (stratum, variable), n in (numbers or {}).items()
    ]
    columns = ["stratum", "variable", "level", "n", "share", "mean", "_n", "_k"]
    frame = pd.DataFrame(rows, columns=columns)
    return results.Characteristics(
        rows=frame.drop(columns=["_n", "_k"]).assign(standardised_difference=0.1),
        summary={"n": int(frame.groupby("stratum")["_n"].max().sum())},
        support={"n": frame["_n"], "k": frame["_k"], "complement": frame["_n"] - frame["_k"]},
        provenance=provenance("characteristics", SAMPLE),
    )


def paired(cells: Mapping[tuple[str, str], tuple[int, int, int, int]]) -> results.BeforeAfter:
    """Before and after from (both, left, entered, neither) by (stratum, source)."""
    both, left, entered, neither = np.array(list(cells.values())).T
    n = both + left + entered + neither
    return results.BeforeAfter(
        rows={
            "stratum": [stratum for stratum, _ in cells],
            "source": [source for _, source in cells],
            "n_pair": n,
            "n_before": both + left,
            "n_after": both + entered,
            "share_before": (both + left) / n,
            "share_after": (both + entered) / n,
            "change": 100 * (entered - left) / n,
            "conf_low": -1.0 + 0 * n,
            "conf_high": 1.0 + 0 * n,
            "p_value": 0.5 + 0 * n,
            "n_entered": entered,
            "n_left": left,
            "unit": ["percentage points"] * len(n),
        },
        summary={"n": int(n.max())},
        support={"n": n},
        provenance=provenance("before_after", SAMPLE),
    )


def flow(start: int, removed: Sequence[int]) -> results.Flow:
    """Attrition from so many persons by steps a, b, c, ..."""
    after = start - np.cumsum(removed)
    before = np.concatenate([[start], after[:-1]])
    return results.Flow(
        rows={
            "step": list("abcdefgh")[: len(after)],
            "reason": ["rule"] * len(after),
            "n_before": before,
            "n_removed": list(removed),
            "n_after": after,
        },
        summary={"n_start": start, "n_end": int(after[-1])},
        support={"n": before},
        provenance=provenance("flow", SAMPLE),
    )


def need(population: int, covered: int) -> results.NeedCoverage:
    """A range of coverage."""
    return results.NeedCoverage(
        rows={"need_share": [0.05], "quantity": ["coverage"], "low": [0.0], "high": [0.3]},
        summary={"population": population, "n_covered": covered},
        support={"n": [population], "k": [covered]},
        provenance=provenance("need_and_coverage", SAMPLE),
    )


def wave_means(n: Mapping[tuple[str, int], int]) -> results.WaveMeans:
    """Means of so many who answered by (stratum, wave)."""
    return results.WaveMeans(
        rows={
            "stratum": [stratum for stratum, _ in n],
            "wave": [wave for _, wave in n],
            "estimate": [0.5] * len(n),
            "n": list(n.values()),
        },
        summary={"n": max(n.values()), "outcome": "index"},
        support={"n": list(n.values())},
        provenance=provenance("wave_means", SAMPLE),
    )


def model(function="ancova", *, terms=("wave[6]", "wave[12]"), n_person=100, n=None, **summary):
    """A fitted model with the given terms."""
    size = [n_person] * len(terms) if n is None else n
    return results.ModelFit(
        rows={"term": list(terms), "estimate": [0.1] * len(terms)},
        summary={"n_person": n_person, **summary},
        support={"n": size},
        provenance=provenance(function, SAMPLE),
    )


def tree(federations: Sequence[str | None]) -> pd.DataFrame:
    """Municipalities m0, m1, ... in the given federations."""
    codes = [f"m{number}" for number in range(len(federations))]
    return pd.DataFrame({"municipality": codes, "federation": list(federations)})
