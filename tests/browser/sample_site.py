"""A small site made by hand: a report in each language with every construct, and its index."""

import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import evalkit as ek
from evalkit.report.embedded import render_html
from evalkit.report.page import front_matter
from evalkit.report.site import IndexEntry, Overview, write_index
from evalkit.report.text import open_text
from evalkit.study import Labels, Words, parse_study

SAMPLE = Path(__file__).parent / "sample"
LANGUAGES = ("sv", "fi", "en")
# Persons of each arm; so few in the last that nothing of it is shown.
PLACES = {"9999": ("Lindala", 90), "9998": ("Åby", 70), "9997": ("Örnäs", 60), "9996": ("Tjärn", 4)}
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


def labels(code: str = "9999") -> Labels:
    return Labels(
        study=parse_study(STUDY, root=Path("."), name="sample"),
        level="municipality",
        code=code,
        place=Words(sv=PLACES[code][0]),
        parent=Words(sv="Norra Ån" if code > "9997" else "Södra Ljung"),
    )


def write_site(folder: Path) -> list[Path]:
    """Write reports and the pages around them; return the pages."""
    work = folder.with_name(f"{folder.name}.work")
    draw(work / "figures")
    entries, pages = [], []
    for language in LANGUAGES:
        for code in PLACES:
            href = f"sample/municipality-{code}/{language}/report.html"
            (folder / href).parent.mkdir(parents=True)
            if code == "9999":
                pages.append(write_report(work, folder / href, language))
            else:
                shutil.copy(pages[-1], folder / href)
            own = labels(code)
            parent = own.parent.in_language(language)
            entries.append(IndexEntry(own, language, href, federation=parent))
    return write_index(folder, entries, overviews=[overview()]) + pages


def overview() -> Overview:
    """The municipalities beside each other, from people made up."""
    rng = np.random.default_rng(7)
    rows = [
        {"municipality": code, "arm": arm}
        for code, (_, n) in PLACES.items()
        for arm in ("programme", "comparison")
        for _ in range(n)
    ]
    frame = pd.DataFrame(rows).assign(person=range(len(rows)))
    month = rng.geometric(np.where(frame["arm"] == "programme", 0.03, 0.02))
    frame["months"] = np.minimum(month, 30)
    frame["exit"] = np.where(month <= 30, "self_support", "censored")
    sample = ek.TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="censored", person="person", arm="arm"
    )
    chosen = {"cause": "self_support", "horizon": 24}
    table = ek.incidence_at(sample, by=["municipality", "arm"], **chosen)
    nation = ek.incidence_at(sample, by="arm", **chosen)
    return Overview("sample", ek.release(table, "strict10"), ek.release(nation, "strict10"))


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
