"""Recommendations as a self-assessment: what an organisation says of each, open ones shown."""

import pandas as pd

from evalkit.codes import read_codes
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import SelfAssessment

STATUSES = ("done", "partly", "not_done", "not_relevant")
OPEN = "open"


def recommendations(status: pd.DataFrame, *, country: str = "FI") -> SelfAssessment:
    """List the recommendations of a country with the status that an organisation gives each.

    Parameters
    ----------
    status : DataFrame
        `recommendation` (a code of `codes/data/recommendations.csv`), `status` (`done`, `partly`,
        `not_done`, `not_relevant`; empty where it is open) and, if wanted, `source`: where the
        status can be checked. Recommendations without a row are open.
    country : str
        Only FI has a list.

    Returns
    -------
    SelfAssessment
        All recommendations in their order. What nobody has answered is `open`, never left out.

    Raises
    ------
    EstimationError
        If a recommendation is unknown or has two rows.
    ParameterError
        If a column is missing, a status is unknown, or the country has no list.

    References
    ----------
    Ministry of Social Affairs and Health, THL and the Finnish Institute of Occupational Health,
    press release of 2 May 2023: recommendations on support of work ability.

    Examples
    --------
    >>> status = pd.DataFrame({"recommendation": ["strategy"], "status": ["done"]})
    >>> recommendations(status).tidy()["status"].tolist()
    ['done', 'open', 'open', 'open', 'open']
    """
    book = read_codes("recommendations.csv")
    codes = book.loc[book["country"] == country, "code"].tolist()
    if not codes:
        raise ParameterError(f"country: no list of recommendations for `{country}`; only for FI")
    given = _checked(status, codes)
    told = given["status"].reindex(codes).fillna(OPEN)
    sources = given["source"].reindex(codes).fillna("")
    missing = [float("nan")] * len(codes)
    return SelfAssessment(
        rows={"recommendation": codes, "status": told.tolist(), "source": sources.tolist()},
        summary={
            "country": country,
            "n_recommendation": len(codes),
            **{f"n_{name}": int((told == name).sum()) for name in (*STATUSES, OPEN)},
            "label": "self-assessment",
        },
        support={"n": missing},
        provenance=provenance(
            "recommendations", digest_frame(given.reset_index())[:16], country=country
        ),
    )


def _checked(status: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    missing = [name for name in ("recommendation", "status") if name not in status]
    if missing:
        raise ParameterError(f"status: no column {', '.join(missing)}")
    unknown = int((~status["recommendation"].isin(codes)).sum())
    if unknown:
        raise EstimationError(
            f"recommendation: {unknown} of {len(status)} are unknown; known: {', '.join(codes)}"
        )
    again = int(status["recommendation"].duplicated().sum())
    if again:
        raise EstimationError(f"recommendation: {again} of {len(status)} have two rows")
    told = status["status"].replace("", None)
    wrong = int((told.notna() & ~told.isin([*STATUSES, OPEN])).sum())
    if wrong:
        raise ParameterError(
            f"status: {wrong} of {len(status)} are none of {', '.join(STATUSES)}; leave open ones "
            "empty"
        )
    source = status["source"] if "source" in status else pd.Series("", status.index)
    given = pd.DataFrame(
        {"status": told.astype(object), "source": source.fillna("").astype(object)}
    )
    return given.set_index(pd.Index(status["recommendation"], name="recommendation"))
