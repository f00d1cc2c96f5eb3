"""The pages around the reports: gathered from a run's folders, audited, put in place."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import released_by_hand as hand

from evalkit.errors import CohortError, DisclosureError
from evalkit.release import write_released
from evalkit.run.layout import Layout
from evalkit.run.publish import EDITIONS, publish_site
from evalkit.study import parse_study

CODES = ("0114", "0115")
NAMES = {"0114": "Lindala", "0115": "Åby"}


class Site:
    """The folders of a run without the run."""

    def __init__(self, folder: Path, name: str = "sample"):
        self.layout = Layout(folder / "site", folder / "site.work", name)

    def prepare(self, *, edition=1, names=NAMES, languages=("sv",), ids=("p1a2b3",)):
        raw = {**hand.SPELLS, "edition": str(edition), "report": {"languages": list(languages)}}
        study = parse_study(raw, root=Path("."), name=self.layout.study)
        place = {key: None for key in ("fi", "en", "fi_genitive", "fi_locative")}
        units = [
            {"level": "municipality", "code": code, "place": {**place, "sv": name},
             "parent": {**place, "sv": "Norra Ån"}}
            for code, name in names.items()
        ]  # fmt: skip
        self.layout.cohort.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"municipality": list(names), "county": "Län", "federation": "Norra Ån"}
                     ).to_parquet(self.layout.cohort / "areas.parquet")  # fmt: skip
        pd.DataFrame({"person_id": list(ids)}).to_parquet(self.layout.cohort / "steps.parquet")
        known = {"key": "k", "study": study.model_dump(mode="json"), "units": units}
        self.write(self.layout.folder / "prepared.json", known)

    def publish_report(self, code, numbers, language="sv"):
        unit = f"municipality-{code}"
        page = self.layout.page(unit, language) / "report.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("<html></html>")
        record = self.layout.record(unit, language)
        self.write(record, {"disclosure": {"numbers": numbers}})

    @staticmethod
    def write(path, value):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")

    def read(self, name):
        return (self.layout.site / name).read_text(encoding="utf-8")


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.prepare()
    for code in CODES:
        made.publish_report(code, "a")
    return made


def test_reports_are_listed_with_their_areas(site):
    pages = publish_site(site.layout.site)

    assert pages[0] == site.layout.site / "index.html"
    index = site.read("index.html")
    assert index.count('data-federation="Norra Ån"') == len(CODES)
    assert index.count('data-county="Län"') == len(CODES)


def test_the_released_table_is_shown_and_an_unpublishable_one_is_not(site):
    path = site.layout.shared / "released" / "municipalities.json"
    write_released(hand.by_municipality(), path)
    publish_site(site.layout.site)
    assert "dot-table" in site.read("index.html").split("</style>")[1]

    write_released(hand.by_municipality(publishable=False), path)
    publish_site(site.layout.site)
    assert "dot-table" not in site.read("index.html").split("</style>")[1]


def test_a_new_edition_is_compared_with_the_one_that_stood_there(site):
    publish_site(site.layout.site)
    assert "den första på den här webbplatsen" in site.read("changes-sv.html")

    site.prepare(edition=2, names={"0114": "Lindala", "0116": "Örnäs"})
    shutil.rmtree(site.layout.page("municipality-0115", "sv"))
    site.publish_report("0114", "b")
    site.publish_report("0116", "c")
    publish_site(site.layout.site)

    page = site.read("changes-sv.html")
    assert (
        "Utgåva 2 jämförd med utgåva 1: 1 rapport är ny, 1 rapport har andra siffror och "
        "1 rapport finns inte kvar." in page
    )
    assert "Åby" in page
    assert set(json.loads(site.read(EDITIONS))["sample"]) == {"1", "2"}


def test_the_same_edition_again_gives_the_same_bytes(site):
    def written():
        publish_site(site.layout.site)
        return {p.name: p.read_bytes() for p in site.layout.site.iterdir() if p.is_file()}

    assert written() == written()


def test_pages_of_a_language_that_is_gone_go_too(site):
    (site.layout.site / "index-fi.html").write_text("old")
    (site.layout.site / "notes.html").write_text("the publisher's own")

    publish_site(site.layout.site)

    assert not (site.layout.site / "index-fi.html").exists()
    assert (site.layout.site / "notes.html").exists()


@pytest.mark.parametrize(
    "older",
    [{"key": "k"}, {"key": "k", "study": {"names": "a"}, "units": []}, ["k"],
     {"key": "k", "study": {}, "units": [{"level": "municipality", "code": "0114"}]}],
    ids=["no study", "another study file", "a list", "another unit"],
)  # fmt: skip
def test_a_study_of_another_version_beside_is_told_of_and_the_pages_before_stay(site, older):
    publish_site(site.layout.site)
    before = site.read("index.html")
    site.write(site.layout.work / "old" / "prepared.json", older)

    with pytest.raises(CohortError, match="old: another version of evalkit prepared this study"):
        publish_site(site.layout.site)
    assert site.read("index.html") == before


def test_a_page_with_an_id_of_a_person_is_never_put_in_place(site):
    publish_site(site.layout.site)
    before = site.read("index.html")
    site.prepare(names={"0114": "p1a2b3", "0115": "Åby"})

    with pytest.raises(DisclosureError, match=r"index-sv\.html: ids of persons"):
        publish_site(site.layout.site)
    assert site.read("index.html") == before


def test_a_site_without_reports_gets_no_pages(tmp_path):
    made = Site(tmp_path)
    made.prepare()

    assert publish_site(made.layout.site) == []


def two_studies(folder):
    for name, language in (("a-finnish", "fi"), ("b-swedish", "sv")):
        made = Site(folder, name)
        made.prepare(languages=(language,))
        made.publish_report("0114", "a", language)
    return made


def test_the_index_begins_with_the_study_that_was_named_first(tmp_path):
    made = two_studies(tmp_path)

    publish_site(made.layout.site)
    assert '<html lang="fi"' in made.read("index.html")

    publish_site(made.layout.site, ["b-swedish", "a-finnish"])
    assert '<html lang="sv"' in made.read("index.html")


def test_a_later_run_of_one_study_leaves_the_order_of_the_site(tmp_path):
    made = two_studies(tmp_path)
    publish_site(made.layout.site, ["b-swedish", "a-finnish"])

    publish_site(made.layout.site, ["a-finnish"])

    assert '<html lang="sv"' in made.read("index.html")
    assert not (made.layout.site / "order.json").exists()
