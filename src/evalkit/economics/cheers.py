"""Reporting checklist of an economic evaluation, filled from what a run knows."""

from collections.abc import Mapping

import numpy as np

from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import Checklist, CostUtility

FILLED, IN_REPORT, NOT_APPLICABLE, OPEN = "filled", "in_report", "not_applicable", "open"
# Sections and topics in evalkit's own words; the numbers are those of the published list.
ITEMS = (
    (1, "title", "title"),
    (2, "abstract", "abstract"),
    (3, "introduction", "background"),
    (4, "methods", "analysis_plan"),
    (5, "methods", "population"),
    (6, "methods", "setting"),
    (7, "methods", "comparators"),
    (8, "methods", "perspective"),
    (9, "methods", "horizon"),
    (10, "methods", "discounting"),
    (11, "methods", "outcomes"),
    (12, "methods", "outcome_measurement"),
    (13, "methods", "outcome_valuation"),
    (14, "methods", "resources_and_costs"),
    (15, "methods", "currency"),
    (16, "methods", "model"),
    (17, "methods", "analysis"),
    (18, "methods", "heterogeneity"),
    (19, "methods", "distribution"),
    (20, "methods", "uncertainty"),
    (21, "methods", "engagement"),
    (22, "results", "parameters"),
    (23, "results", "main_results"),
    (24, "results", "effect_of_uncertainty"),
    (25, "results", "effect_of_engagement"),
    (26, "discussion", "findings"),
    (27, "other", "funding"),
    (28, "other", "conflicts"),
)
TOPICS = tuple(topic for _, _, topic in ITEMS)
CHECKLIST = "CHEERS 2022"


def cheers_checklist(result: CostUtility, *, answers: Mapping[str, str] | None = None) -> Checklist:
    """Fill the CHEERS 2022 checklist as far as the analysis knows, and leave the rest open.

    Parameters
    ----------
    result : CostUtility
        Of it the settings are read, never a number of persons or money; what the door let
        through of it will do. Without a row nothing is known.
    answers : mapping of str to str, optional
        Answers by topic, in the words that are to be printed. They go before those of the result.
        Topics: title, abstract, background, analysis_plan, population, setting, comparators,
        perspective, horizon, discounting, outcomes, outcome_measurement, outcome_valuation,
        resources_and_costs, currency, model, analysis, heterogeneity, distribution, uncertainty,
        engagement, parameters, main_results, effect_of_uncertainty, effect_of_engagement, findings,
        funding, conflicts.

    Returns
    -------
    Checklist
        28 rows: `item`, `section`, `topic`, `status` (`filled`: the answer stands here;
        `in_report`: other parts of the report hold it; `not_applicable`; `open`: nobody has
        answered yet), `answer` and its `origin`: `run` (a number or code that the report puts into
        words) or `given` (the words of `answers`).

    Raises
    ------
    ParameterError
        If a topic is none of those above, or an answer is empty.

    Notes
    -----
    Topics are evalkit's paraphrase of the 28 items, not their official wording: read the
    publication before you submit.

    References
    ----------
    Husereau D, Drummond M, Augustovski F, et al. (2022), doi 10.1007/s10198-021-01426-6.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.economics import CostsAndEffects, cost_utility
    >>> frame = pd.DataFrame({
    ...     "id": range(4), "arm": ["programme"] * 2 + ["comparison"] * 2,
    ...     "cost": [90.0, 110.0, 50.0, 70.0], "qaly": [1.5, 1.7, 1.2, 1.4],
    ... })
    >>> sample = CostsAndEffects.from_frame(
    ...     frame, person="id", arm="arm", cost="cost", effect="qaly", currency="SEK"
    ... )
    >>> filled = cheers_checklist(cost_utility(sample), answers={"funding": "None"})
    >>> filled.summary["n_open"]
    19
    """
    given = dict(answers or {})
    unknown = sorted(set(given) - set(TOPICS))
    empty = sorted(topic for topic, answer in given.items() if not str(answer).strip())
    if unknown or empty:
        raise ParameterError(
            "answers: "
            + "; ".join(
                [f"no such topic: {', '.join(unknown)}"] * bool(unknown)
                + [f"nothing is said of {', '.join(empty)}"] * bool(empty)
            )
        )
    known = _known(result.summary) if len(result.rows["measure"]) else {}
    known |= {topic: (FILLED, str(text)) for topic, text in given.items()}
    status, answer = zip(*(known.get(topic, (OPEN, "")) for topic in TOPICS), strict=True)
    number, section, topic = zip(*ITEMS, strict=True)
    return Checklist(
        rows={
            "item": np.array(number),
            "section": section,
            "topic": topic,
            "status": status,
            "answer": list(map(str, answer)),
            "origin": ["given" if name in given else "run" if name in known else ""
                       for name in topic],
        },
        summary={
            "checklist": CHECKLIST,
            "n_item": len(ITEMS),
            "n_open": status.count(OPEN),
            "source": "doi 10.1007/s10198-021-01426-6; own paraphrase",
            "label": "description",
        },
        support={"n": np.full(len(ITEMS), np.nan)},
        provenance=provenance("cheers_checklist", result.provenance.id, answers=sorted(given)),
    )  # fmt: skip


def _known(glance: Mapping[str, object]) -> dict[str, tuple[str, object]]:
    """Status and answer of the topics that an analysis of persons answers by itself."""
    horizon, rate, year = (
        glance[name] for name in ("horizon_months", "discount_rate", "price_year")
    )
    found = {
        "comparators": (FILLED, "arms"),
        "outcomes": (FILLED, "qaly"),
        "model": (NOT_APPLICABLE, "no_model"),
        "analysis": (FILLED, glance["covariates"] or "none"),
        "uncertainty": (FILLED, int(glance["n_bootstrap"])),
        "parameters": (IN_REPORT, ""),
        "main_results": (IN_REPORT, ""),
        "effect_of_uncertainty": (IN_REPORT, ""),
    }
    if glance["perspective"]:
        found["perspective"] = (FILLED, glance["perspective"])
        found["resources_and_costs"] = (IN_REPORT, "")
    if np.isfinite(horizon):
        found["horizon"] = (FILLED, f"{horizon:g}")
    if np.isfinite(rate):
        found["discounting"] = (FILLED, f"{rate:g}")
    if glance["missing"]:
        found["outcome_measurement"] = (FILLED, glance["missing"])
    if glance["currency"]:
        dated = np.isfinite(year)
        found["currency"] = (
            FILLED if dated else OPEN, f"{glance['currency']} {int(year)}" if dated else "",
        )  # fmt: skip
    return found
