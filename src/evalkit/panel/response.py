"""Who answered, what the weights look like, and the score that death gives."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from evalkit.cohort.samples import HealthPanel, group_rows
from evalkit.errors import EstimationError
from evalkit.panel.attrition_weights import OPTIONS, WEIGHT
from evalkit.panel.grid import is_due, months_of
from evalkit.panel.remade import remade
from evalkit.provenance import provenance
from evalkit.results import ResponseTable, WeightDiagnostics


def response_table(
    panel: HealthPanel,
    *,
    by: str | Sequence[str] | None = None,
    baseline: int = 0,
    last_due: str | None = None,
    conf_level: float = 0.95,
) -> ResponseTable:
    """Count who answered at each wave, of those who were due.

    Parameters
    ----------
    panel : HealthPanel
        A person counts with any row, also without a score.
    by : str or sequence of str
        Columns that make the strata, such as `["arm", "sex"]`; their value at a person's first row.
    baseline : int
        Waves before it are left out.
    last_due : str, optional
        Column with the last planned month at which a person could answer. By default all are due
        at all waves, so that who has died counts as not answering.
    conf_level : float

    Returns
    -------
    ResponseTable
        One row a stratum and wave.

    Raises
    ------
    EstimationError
        If there is no row at or after the baseline.
    ParameterError
        If `last_due` is no column of numbers without gaps.

    Notes
    -----
    Share answered / due, Wilson's interval over persons.

    References
    ----------
    Wilson EB (1927), doi 10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": [1, 1, 2, 2], "wave": [0, 6, 0, 6],
    ...                       "index": [0.5, 0.7, 0.6, None]})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> response_table(panel).tidy()[["wave", "estimate", "n", "n_answered"]]
       wave  estimate  n  n_answered
    0     0       1.0  2           2
    1     6       0.5  2           1
    """
    waves = np.unique(panel.wave[panel.wave >= baseline])
    if not len(waves):
        raise EstimationError(f"wave: no row at or after the baseline in {len(panel)} rows")
    people, first, inverse = np.unique(panel.person, return_index=True, return_inverse=True)
    inside = (panel.wave >= baseline) & ~np.isnan(panel.outcome)
    answered = np.zeros((len(people), len(waves)), dtype=bool)
    answered[inverse[inside], np.searchsorted(waves, panel.wave[inside])] = True
    start = panel.covariates.iloc[first].reset_index(drop=True)
    due = is_due(start, waves, last_due) | answered
    stratum, labels = group_rows(start, by)
    n, k = (
        np.array([np.bincount(stratum, part, minlength=len(labels)) for part in table.T]).T
        for table in (due, answered)
    )
    count = np.bincount(stratum, minlength=len(labels))
    with np.errstate(invalid="ignore"):
        share = k / n
    low, high = proportion_confint(k.ravel(), np.maximum(n.ravel(), 1), 1 - conf_level, "wilson")
    empty = n.ravel() == 0
    n, k = n.ravel().astype(int), k.ravel().astype(int)
    return ResponseTable(
        rows={
            "stratum": np.repeat(np.array(labels, dtype=object), len(waves)),
            "wave": np.tile(waves, len(labels)),
            "estimate": share.ravel(),
            "conf_low": np.where(empty, np.nan, low),
            "conf_high": np.where(empty, np.nan, high),
            "n": n, "n_answered": k, "n_expected": np.repeat(count, len(waves)),
        },
        summary={
            "n": len(people), "n_stratum": len(labels), "n_wave": len(waves), "baseline": baseline,
            "conf_level": conf_level, "method": "Wilson", "outcome": panel.name,
        },
        support={"n": n, "k": k, "complement": n - k},
        provenance=provenance(
            "response_table", panel.digest, by=by, baseline=baseline, last_due=last_due,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def weight_diagnostics(
    weighted: HealthPanel, *, by: str | Sequence[str] | None = None
) -> WeightDiagnostics:
    """Describe the weights of `attrition_weights` at each wave.

    Parameters
    ----------
    weighted : HealthPanel
        As `attrition_weights` gives it.
    by : str or sequence of str
        Columns that make the strata.

    Returns
    -------
    WeightDiagnostics
        One row a stratum and wave with an answer that has a weight. `largest_share` is the largest
        weight's share of their sum.

    Raises
    ------
    EstimationError
        If the panel has no weights of answering, or no answer has one.

    Notes
    -----
    Effective number (sum w)^2 / sum w^2, of the weights of answering alone, without case weights.

    References
    ----------
    Kish L (1965), Survey Sampling, section 11.7.

    Examples
    --------
    >>> from evalkit.panel import attrition_weights
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(8), 2), "wave": [0, 6] * 8,
    ...     "index": [0.4, 0.5, 0.4, None, 0.4, None, 0.4, None, 0.8, 0.9, 0.8, 0.9, 0.8, 0.9,
    ...               0.8, None],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> table = weight_diagnostics(attrition_weights(panel)).tidy()
    >>> table[["wave", "n", "largest", "effective_n"]].round(1)
       wave  n  largest  effective_n
    0     0  8      1.0          8.0
    1     6  4      4.0          3.0
    """
    if WEIGHT not in weighted.covariates.columns:
        raise EstimationError(
            f"{WEIGHT}: the panel has no such column. Make it by attrition_weights."
        )
    frame = pd.DataFrame({
        "stratum": weighted.groups(by)[0],
        "wave": weighted.wave,
        "weight": weighted.covariates[WEIGHT].to_numpy(dtype=float),
    })[~np.isnan(weighted.outcome)]  # fmt: skip
    labels = weighted.groups(by)[1]
    used = frame[frame["weight"] > 0]
    if not len(used):
        raise EstimationError(f"{WEIGHT}: no answer has a weight")
    cells = used.assign(square=used["weight"] ** 2).groupby(["stratum", "wave"])
    table = cells.agg(
        n=("weight", "size"), mean=("weight", "mean"), smallest=("weight", "min"),
        largest=("weight", "max"), total=("weight", "sum"), square=("square", "sum"),
    )  # fmt: skip
    unused = frame[frame["weight"] == 0].groupby(["stratum", "wave"]).size()
    table["n_unused"] = unused.reindex(table.index, fill_value=0)
    started = table.groupby("stratum")["n"].transform("max").to_numpy()
    given, stabilised, truncate = weighted.covariates[OPTIONS].iloc[0].split(", ")
    table = table.reset_index()
    return WeightDiagnostics(
        rows={
            "stratum": [labels[number] for number in table["stratum"]],
            **{name: table[name] for name in
               ("wave", "n", "n_unused", "mean", "smallest", "largest")},
            "largest_share": table["largest"] / table["total"],
            "effective_n": table["total"] ** 2 / table["square"],
        },
        summary={
            "n": len(np.unique(weighted.person)),
            "n_stratum": table["stratum"].nunique(),
            "n_wave": table["wave"].nunique(),
            "given": given,
            "stabilised": stabilised.endswith("True"),
            "truncate": truncate.removeprefix("truncate "),
            "label": "description",
        },
        support={"n": table["n"], "k": table["n"], "complement": started - table["n"]},
        provenance=provenance("weight_diagnostics", weighted.digest, by=by),
    )  # fmt: skip


def death_as_score(
    panel: HealthPanel, *, died: str, score: float = 0.0, last_due: str | None = None
) -> HealthPanel:
    """Give the dead a score from their month of death, so that a mean is one of all who started.

    Means of those who are alive and answered rise when the most ill die. As a sensitivity analysis
    death gets a score of its own, 0 for a health index.

    Parameters
    ----------
    panel : HealthPanel
    died : str
        Column with the month of death, counted from the start; empty for who is alive. The value
        of a person's first row is used.
    score : float
    last_due : str, optional
        Column with the last planned month up to the data cut; later waves get no row.

    Returns
    -------
    HealthPanel
        With a row for each person who has died and each wave from that month on. Such a row has
        the columns that never change within a person; all others, answers among them, are empty.

    Raises
    ------
    ParameterError
        If a column does not exist.

    Notes
    -----
    The value of a wave w is `score` if the month of death is at most w.

    References
    ----------
    Diehr P, Patrick DL, Spertus J, et al. (2001), Medical Care 39, 670-680.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": [1, 1, 2], "wave": [0, 6, 0], "index": [0.5, 0.7, 0.2],
    ...                       "died": [None, None, 4]})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> death_as_score(panel, died="died").outcome
    array([0.5, 0.7, 0.2, 0. ])
    """
    people, first = np.unique(panel.person, return_index=True)
    waves = np.unique(panel.wave)
    start = panel.covariates.iloc[first]
    month = months_of(start, died, "died")
    is_dead = ~np.isnan(month)[:, None] & (waves >= month[:, None])
    if last_due is not None:
        is_dead &= waves <= months_of(start, last_due, "last_due")[:, None]
    known = panel.person * len(waves) + np.searchsorted(waves, panel.wave)
    person, at = np.nonzero(is_dead)
    key = people[person] * len(waves) + at
    dead, new = np.isin(known, key), ~np.isin(key, known)
    row = np.concatenate([np.arange(len(panel)), first[person[new]]])
    wave = np.concatenate([panel.wave, waves[at][new]])
    made_up = np.concatenate([dead, np.ones(int(new.sum()), dtype=bool)])
    order = np.lexsort((wave, panel.person[row]))
    row, wave, made_up = row[order], wave[order], made_up[order]
    outcome = np.where(made_up, float(score), panel.outcome[row])
    return remade(panel, row, wave=wave, outcome=outcome, made_up=made_up)
