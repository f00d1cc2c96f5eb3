"""A small site made by hand: one report in each language with every construct, and its index."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from evalkit.report.embedded import render_html
from evalkit.report.page import front_matter
from evalkit.report.site import IndexEntry, write_index
from evalkit.report.text import open_text
from evalkit.study import Labels, Words, parse_study

SAMPLE = Path(__file__).parent / "sample"
LANGUAGES = ("sv", "fi", "en")
TITLES = {
    "sv": "Samordnad rehabilitering i Lindala",
    "fi": "Yhteensovitettu kuntoutus, kunta: Lindala",
    "en": "Coordinated rehabilitation in Lindala",
}
SUBTITLES = {
    "sv": "Utvärderingsrapport 2021–2025 · samordningsförbundet Norra Ån · utgåva 1",
    "fi": "Arviointiraportti 2021–2025 · Norra Ån · 1. julkaisu",
    "en": "Evaluation report 2021 to 2025 · federation Norra Ån · edition 1",
}
STUDY = {
    "title": {
        "sv": "Samordnad rehabilitering",
        "fi": "Yhteensovitettu kuntoutus",
        "en": "Coordinated rehabilitation",
    },
    "country": "SE",
    "data_cut": "2025-12",
    "useful_size": {"incidence": "0.05", "months": "1.0"},
    "report": {"languages": list(LANGUAGES)},
}


def labels() -> Labels:
    return Labels(
        study=parse_study(STUDY, root=Path("."), name="sample"),
        level="municipality",
        code="9999",
        place=Words(sv="Lindala"),
        parent=Words(sv="Norra Ån"),
    )


def write_site(folder: Path) -> list[Path]:
    """Write reports and index; return the pages."""
    work = folder / "work"
    draw(work / "figures")
    entries, pages = [], []
    for language in LANGUAGES:
        href = f"9999/{language}/report.html"
        (folder / href).parent.mkdir(parents=True)
        pages.append(write_report(work, folder / href, language))
        entries.append(IndexEntry(labels(), language, href))
    return write_index(folder, entries) + pages


def write_report(work: Path, target: Path, language: str) -> Path:
    front = front_matter(
        open_text(labels(), language),
        title=TITLES[language],
        subtitle=SUBTITLES[language],
        data_cut="2025-12",
        threshold=10,
    )
    body = (SAMPLE / f"{language}.md").read_text(encoding="utf-8")
    report = work / "report.md"
    report.write_text(f"{front.header(frame=True)}\n\n{body}", encoding="utf-8")
    return render_html(report, target, epoch=front.epoch)


def draw(folder: Path) -> None:
    """Draw two pictures of the size of a report's figures."""
    folder.mkdir(parents=True)
    months = np.arange(25)
    curve, axes = plt.subplots(figsize=(6.8, 3.4))
    axes.step(months, 34 * (1 - np.exp(-months / 14)), color="#0b5fa5")
    axes.step(months, 27 * (1 - np.exp(-months / 14)), color="#8a6d3b", linestyle="--")
    save(curve, folder / "fig-exits.png")
    dot, axes = plt.subplots(figsize=(6.8, 1.6))
    axes.errorbar([2.1], [0], xerr=[[1.7], [1.7]], fmt="o", color="#0b5fa5")
    save(dot, folder / "fig-months.png")


def save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=200, bbox_inches="tight")
    plt.close(figure)
