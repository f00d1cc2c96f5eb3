"""The page that sums up the published analyses, as a site lists it."""

from pathlib import Path

from evalkit.report.names import name_key
from evalkit.report.published import in_language
from evalkit.report.site import IndexEntry
from evalkit.run.plan import read_json
from evalkit.study import Labels, parse_study

LANGUAGES = ("sv", "fi", "en")
SUMMARY = "summary"
MADE = "2025-12"  # date of the files of the page, which itself says that each analysis has its own
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
        "title": TITLE, "country": "other", "data_cut": MADE,
        "data": {"public": "true", "source": source}, "assignment": "observational",
        "useful_size": {"incidence": "0.05", "months": "1"}, "disclosure": "public",
        "report": {"languages": list(LANGUAGES)},
    }  # fmt: skip
    study = parse_study(raw, root=Path("."), name="published")
    return Labels(study=study, level="study", code="study")


def published_work(site: Path) -> Path:
    """Where the published analyses of a site are worked on."""
    return site.with_name(f"{site.name}.work") / "published"


def published_verdicts(site: Path) -> dict[str, dict]:
    """What is kept of each analysis of a site: its title by language, and its released verdicts."""
    kept = sorted((published_work(site) / "verdicts").glob("*.json"))
    return {path.stem: read_json(path) for path in kept}


def published_pages(site: Path) -> dict[str, str]:
    """Address of the summary page by language, relative to the site; empty where there is none."""
    pages = {language: _page(SUMMARY, language) for language in LANGUAGES}
    return {language: page for language, page in pages.items() if (site / page).is_file()}


def published_entries(site: Path) -> list[IndexEntry]:
    """The summary page and its analyses, as the index of the site lists them; empty without."""
    labels = summary_labels()
    titles = {name: entry["title"] for name, entry in published_verdicts(site).items()}
    return [
        IndexEntry(labels, language, page, analyses=_analyses(site, titles, language))
        for language, page in published_pages(site).items()
    ]


def _analyses(site: Path, titles: dict[str, dict], language: str) -> tuple[tuple[str, str], ...]:
    listed = [
        (in_language(title, language), _page(name, language))
        for name, title in titles.items()
        if (site / _page(name, language)).is_file()
    ]
    return tuple(sorted(listed, key=lambda analysis: name_key(analysis[0])))


def _page(name: str, language: str) -> str:
    return f"published/{name}/{language}/report.html"
