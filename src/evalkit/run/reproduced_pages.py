"""The page that sums up the published analyses, as a site lists it."""

from pathlib import Path

from evalkit.report.site import IndexEntry
from evalkit.study import Labels, parse_study

LANGUAGES = ("sv", "fi", "en")
SUMMARY = "summary"
TITLE = {
    "sv": "Publicerade analyser, räknade igen",
    "fi": "Julkaistut analyysit uudelleen laskettuina",
    "en": "Published analyses, computed again",
}


def summary_labels() -> Labels:
    """Labels of the page that sums up all cases."""
    source = {
        "sv": "källorna på varje analys sida",
        "fi": "kunkin analyysin sivulla mainitut lähteet",
        "en": "the sources named on the page of each analysis",
    }
    raw = {
        "title": TITLE, "country": "other", "data_cut": "2025-12",
        "data": {"public": "true", "source": source}, "assignment": "observational",
        "useful_size": {"incidence": "0.05", "months": "1"}, "disclosure": "public",
    }  # fmt: skip
    study = parse_study(raw, root=Path("."), name="published")
    return Labels(study=study, level="study", code="study")


def published_pages(site: Path) -> dict[str, str]:
    """Address of the summary page by language, relative to the site; empty where there is none."""
    pages = {language: f"published/{SUMMARY}/{language}/report.html" for language in LANGUAGES}
    return {language: page for language, page in pages.items() if (site / page).is_file()}


def published_entries(site: Path) -> list[IndexEntry]:
    """The summary page as the index of the site lists it; empty where nothing was reproduced."""
    labels = summary_labels()
    return [IndexEntry(labels, language, page) for language, page in published_pages(site).items()]
