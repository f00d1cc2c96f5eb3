"""Fidelity of sites to a model: item profile, total, and outcome by total."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.codes import read_codes
from evalkit.cohort.samples import Responses
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.scores import require_level
from evalkit.provenance import digest_bytes, digest_json, provenance
from evalkit.results import Fidelity

SCHEME = "IPS-25"
ONE_SITE, TWO_SITES = "one site", "an interval needs three sites"
FEW_SITES = "fewer than three sites with an outcome"
NO_SPREAD = "all totals, or all outcomes, are alike"


def fidelity(
    responses: Responses,
    *,
    instrument: str | None = None,
    site: str = "federation",
    wave: str | int | None = None,
    outcome: Mapping[str, float] | pd.Series | None = None,
    n_person: Mapping[str, int] | None = None,
    bands: Mapping[str, float] | None = None,
    band_source: str = "",
    conf_level: float = 0.95,
) -> Fidelity:
    """Describe how closely sites follow individual placement and support (IPS-25).

    Parameters
    ----------
    responses : Responses
        Ratings of sites: 25 items from 1 to 5. Several ratings of a site in one wave are averaged.
    instrument : str, optional
        Name of the questionnaire, needed where there are several.
    site : str
        Column of the site.
    wave : str or int, optional
        Wave whose ratings are used; the last one by default.
    outcome : mapping of str to float, or Series by site, optional
        A number for each site, such as the share of its participants in work.
    n_person : mapping of str to int, optional
        How many persons each site's outcome rests on, which the door decides by; required with an
        outcome.
    bands : mapping of str to float, optional
        Names of bands and the lowest total of each. No bands are shipped, since no source at hand
        confirms them; `band_source` is required with them.
    conf_level : float

    Returns
    -------
    Fidelity
        `item`: mean of each item over sites (1-5); `total`: mean of the totals (25-125) of sites
        rated in full; with an outcome, the `slope` of the outcome on the total (for each point)
        and the `correlation`; with bands, `band`: how many sites are in each.

    Raises
    ------
    EstimationError
        If an item is missing as a whole, a rating lies outside 1 to 5, or no site is rated in full.
    ParameterError
        If there is no such wave or column; if bands come without their source, or an outcome
        without the persons behind it.

    Notes
    -----
    Sites are the units: Student's t over three sites at least, with one less degrees of freedom.
    The slope is by least squares over sites, with two less, and every site counts alike. The
    correlation has Fisher's interval. An association between sites need not be one between persons,
    and is no effect. Published for comparison: correlation 0.34 over 79 sites (Bond 2012).

    References
    ----------
    Bond, Peterson, Becker and Drake (2012), Psychiatric Services 63: the 25-item scale.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"who": np.repeat(["r1", "r2"], 25), "place": np.repeat(["x", "y"], 25),
    ...      "item": [f"item_{number:02d}" for number in range(1, 26)] * 2,
    ...      "answer": [4] * 25 + [3] * 25}
    ... )
    >>> sample = Responses.from_frame(
    ...     frame, respondent="who", item="item", value="answer", federation="place"
    ... )
    >>> table = fidelity(sample).tidy()
    >>> table.loc[table["part"] == "total", ["estimate", "low", "high", "n_site"]]
        estimate   low   high  n_site
    25      87.5  25.0  125.0       2
    """
    require_level(conf_level)
    if bands and not band_source:
        raise ParameterError("bands: give `band_source`, who says so; no bands are confirmed")
    if outcome is not None and n_person is None:
        raise ParameterError("n_person: say how many persons each site's outcome rests on")
    n_item, low, high = _scheme()
    sites, named, chosen = _sites(responses, instrument, site, wave, n_item, (low, high))
    totals = sites.sum(axis=1, skipna=False).dropna()
    if not len(totals):
        raise EstimationError(f"fidelity: none of {len(sites)} sites is rated in all items")
    rows = [
        _mean(sites[item].dropna(), conf_level)
        | {"part": "item", "item": item, "low": low, "high": high}
        for item in sites
    ]
    ends = {"low": n_item * low, "high": n_item * high}
    rows.append(_mean(totals, conf_level) | ends | {"part": "total", "item": ""})
    given = None if outcome is None else pd.Series(outcome, dtype=float)
    if given is not None:
        rows += _outcome_rows(totals, given, conf_level)
    rows += _bands(totals, bands or {})
    frame = pd.DataFrame(rows)
    scored = frame["part"].isin(["item", "total"])
    for name in ("conf_low", "conf_high"):
        within = frame[name].clip(frame["low"], frame["high"])
        frame[name] = frame[name].mask(scored, within)
    behind = np.nan if given is None else _fewest(totals, given, n_person)
    is_outcome = frame["part"].isin(["slope", "correlation"])
    return Fidelity(
        rows=frame,
        summary={
            "n_site": len(sites), "instrument": named, "n_item": n_item,
            "outcome": "" if given is None else str(given.name or "outcome"),
            "band": ", ".join(bands or {}), "band_source": band_source,
            "df": len(totals) - 1, "conf_level": conf_level,
            "method": f"{SCHEME}, wave {chosen}; t over sites" if chosen else
                      f"{SCHEME}; t over sites",
            "label": "description",
        },
        support={"n": np.where(is_outcome, behind, np.nan)},
        provenance=provenance(
            "fidelity", _digest(responses, given), instrument=instrument, site=site, wave=wave,
            bands=bands, band_source=band_source, conf_level=conf_level,
        ),
    )  # fmt: skip


def _scheme() -> tuple[int, float, float]:
    """Number of items, and lowest and highest rating, from the code book."""
    book = read_codes("instruments.csv")
    row = book[book["instrument"] == SCHEME].iloc[0]
    return int(row["n_item"]), float(row["item_low"]), float(row["item_high"])


def _digest(responses: Responses, outcome: pd.Series | None) -> str:
    told = "" if outcome is None else digest_json(outcome.to_dict())
    return digest_bytes(responses.digest.encode(), told.encode())[:16]


def _sites(responses, instrument, site, wave, n_item, bounds) -> tuple[pd.DataFrame, str, str]:
    """Ratings by site (rows) and item of one wave."""
    people, answers = responses.questionnaire(instrument)
    if site not in people:
        raise ParameterError(f"site: the ratings have no column {site!r}")
    waves = sorted(people["wave"].unique())
    chosen = waves[-1] if wave is None else str(wave)
    if chosen not in waves:
        raise ParameterError(f"wave: no ratings in {chosen!r}; there are {', '.join(waves)}")
    if answers.shape[1] != n_item:
        raise EstimationError(
            f"fidelity: {answers.shape[1]} items are rated; {SCHEME} has {n_item}"
        )
    outside = int(((answers < bounds[0]) | (answers > bounds[1])).sum().sum())
    if outside:
        raise EstimationError(
            f"fidelity: {outside} ratings are outside {bounds[0]:g} to {bounds[1]:g}"
        )
    own = (people["wave"] == chosen) & people[site].notna()
    ratings = answers[own].groupby(people.loc[own, site]).mean()
    return ratings, people["instrument"].iloc[0], chosen


def _mean(values: pd.Series, conf_level: float) -> dict:
    """Mean over sites with Student's t."""
    n = len(values)
    mean = values.mean() if n else np.nan
    error = values.std(ddof=1) / np.sqrt(n) if n > 2 else np.nan
    half = stats.t.ppf((1 + conf_level) / 2, max(n - 1, 1)) * error
    return {"estimate": mean, "std_error": error, "conf_low": mean - half,
            "conf_high": mean + half, "n_site": n,
            "reason": "" if n > 2 else TWO_SITES if n == 2 else ONE_SITE}  # fmt: skip


def _outcome_rows(totals: pd.Series, outcome: pd.Series, conf_level: float) -> list[dict]:
    """Slope of the outcome on the total, and their correlation."""
    both = pd.concat([totals.rename("x"), outcome.rename("y")], axis=1, join="inner").dropna()
    n = len(both)
    x, y = both["x"] - both["x"].mean(), both["y"] - both["y"].mean()
    flat = n >= 3 and (x.abs().max() < 1e-9 or y.abs().max() < 1e-12)
    blank = {"item": "", "estimate": np.nan, "std_error": np.nan, "conf_low": np.nan,
             "conf_high": np.nan, "low": np.nan, "high": np.nan, "n_site": n,
             "reason": FEW_SITES if n < 3 else NO_SPREAD}  # fmt: skip
    if n < 3 or flat:
        return [blank | {"part": "slope"}, blank | {"part": "correlation"}]
    slope = (x @ y) / (x @ x)
    error = np.sqrt(((y - slope * x) @ (y - slope * x)) / (n - 2) / (x @ x))
    half = stats.t.ppf((1 + conf_level) / 2, n - 2) * error
    r = (x @ y) / np.sqrt((x @ x) * (y @ y))
    reach = stats.norm.ppf((1 + conf_level) / 2) / np.sqrt(n - 3) if n > 3 else np.nan
    inner = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    return [
        blank | {"part": "slope", "estimate": slope, "std_error": error, "conf_low": slope - half,
                 "conf_high": slope + half, "reason": ""},
        blank | {"part": "correlation", "estimate": r, "conf_low": np.tanh(inner - reach),
                 "conf_high": np.tanh(inner + reach), "low": -1.0, "high": 1.0,
                 "reason": "" if n > 3 else FEW_SITES},
    ]  # fmt: skip


def _fewest(totals: pd.Series, outcome: pd.Series, n_person: Mapping[str, int]) -> float:
    """Persons behind the outcome of the site that has fewest of them."""
    used = [name for name in totals.index if name in outcome.index]
    unknown = sum(name not in n_person for name in used)
    if unknown:
        raise ParameterError(
            f"n_person: {unknown} of {len(used)} sites with an outcome have no number of persons"
        )
    return min((n_person[name] for name in used), default=0)


def _bands(totals: pd.Series, bands: Mapping[str, float]) -> list[dict]:
    """How many sites are in each band, from its lowest total to that of the next."""
    order = sorted(bands.items(), key=lambda item: item[1])
    edges = [edge for _, edge in order] + [np.inf]
    return [
        {"part": "band", "item": name, "estimate": float(((totals >= edges[position])
         & (totals < edges[position + 1])).sum()), "low": edge, "n_site": len(totals),
         "reason": ""}
        for position, (name, edge) in enumerate(order)
    ]  # fmt: skip
