"""`evalkit reproduce`: a shipped case, one of one's own that drifts, and one that fails."""

import shutil
import subprocess
import sys

import nbformat
import pytest
import yaml
from checkouts import ROOT

from evalkit.errors import ParameterError
from evalkit.run.guard import lock
from evalkit.run.reproduce import reproduce
from evalkit.run.reproduced_pages import published_entries

SHIPPED = "financing_2016"
CASE = {
    "title": {"en": "Our own evaluation", "sv": "Vår utvärdering", "fi": "Oma arviointi"},
    "source": "Our report (2025), page 3", "data": "our own", "licence": "our own",
    "data_cut": "2025-12", "kind": "arithmetic", "read": "document",
    "story": {"question": "How many?", "data": "Ours.", "model": "a = b", "teaches": "Count."},
    "numbers": [
        {"id": "kept", "name": "That stands", "value": "34.5", "of": "share"},
        {"id": "moved", "name": "That moved", "value": "12.0", "of": "other"},
    ],
}  # fmt: skip
CELLS = (
    "import evalkit as ek\n\nstudy = ek.open_published(case)\n"
    "text = ek.open_text(study.labels, language)",
    "verdicts = ek.release(\n"
    "    ek.against_published(study.numbers, case=study.name, share=34.52, other=12.3),\n"
    "    study.labels.study.disclosure,\n)",
    "ek.display(ek.words.verdicts(verdicts, text))",
    "told = {'names': study.names, 'reasons': study.reasons}\n"
    "ek.display(ek.tables.verdicts(verdicts, text, **told))",
)


KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def write_case(folder, name: str, *cells: str, metadata=KERNEL):
    """A case of a user: its file, and a notebook with the given cells."""
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(CASE, allow_unicode=True), encoding="utf-8")
    first = nbformat.v4.new_code_cell(
        f'case: str = "{name}"\nlanguage: str = "en"', metadata={"tags": ["parameters"]}
    )
    notebook = nbformat.v4.new_notebook(
        cells=[first, *(nbformat.v4.new_code_cell(cell) for cell in cells)],
        metadata=metadata,
    )
    nbformat.write(notebook, path.with_suffix(".ipynb"))
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("egna mätningar")
    drifts = write_case(folder, "drifts", *CELLS)
    fails = write_case(folder, "fails", CELLS[0], "1 / 0")
    broken = write_case(folder, "broken", *CELLS, metadata={})
    site = folder / "site"
    old = site / "published" / "fails" / "en" / "report.html"  # of a run before it failed
    old.parent.mkdir(parents=True)
    old.write_text("old", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "evalkit", "reproduce", SHIPPED,
         str(drifts), str(fails), str(broken),
         "--output", str(site), "--language", "en", "--workers", "2"],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    yield site, done
    shutil.rmtree(site)


def page(site, name: str) -> str:
    return (site / "published" / name / "en" / "report.html").read_text(encoding="utf-8")


def test_a_shipped_case_has_its_page(run):
    site, done = run

    assert f"{SHIPPED}: 2 deviating, 1 impossible, 3 consistent" in done.stdout
    assert "508.5" in page(site, SHIPPED)
    assert not (site / "published" / SHIPPED / "sv").exists()


def test_a_number_of_ones_own_that_drifts_fails_the_run_and_the_page_says_so(run):
    site, done = run

    assert done.returncode == 4
    assert "drifts: has drifted: moved (printed 12.0, now computed 12.3)" in done.stderr
    assert "has changed: neither the published number nor the known deviation" in page(
        site, "drifts"
    )


def test_a_failing_notebook_is_listed_and_the_others_stand(run):
    site, done = run

    assert "fails: failed: cell 3: ZeroDivisionError" in done.stderr
    assert "broken: failed: " in done.stderr
    assert "1 drifted, 2 analyses failed" in done.stdout
    assert not (site / "published" / "fails").exists()


def test_the_summary_counts_the_cases_that_ran(run):
    site, _ = run
    summary = page(site, "summary")

    assert "Our own evaluation" in summary
    assert "8 numbers from 2 analyses" in summary
    (entry,) = published_entries(site)
    assert entry.href == "published/summary/en/report.html"
    assert published_entries(site.parent) == []


def test_the_index_and_the_summary_lead_to_each_case(run):
    site, _ = run
    (entry,) = published_entries(site)
    index = (site / "index-en.html").read_text(encoding="utf-8")

    assert [href for _, href in entry.analyses] == [
        "published/drifts/en/report.html", f"published/{SHIPPED}/en/report.html"
    ]  # fmt: skip
    for _, href in entry.analyses:
        assert f'href="{href}"' in index
        assert f'href="../../{href.removeprefix("published/")}"' in page(site, "summary")


def test_the_summary_names_no_month_of_its_own(run):
    site, _ = run

    assert "What time its records cover is said on the page" in page(site, "summary")
    assert "up to and including" not in page(site, "summary")
    assert "up to and including" in page(site, SHIPPED)


def test_it_does_not_meet_another_run_on_its_site(tmp_path):
    site = tmp_path / "site"

    with lock(site), pytest.raises(ParameterError, match="another run is writing this site"):
        reproduce([SHIPPED], output=site)

    assert not site.exists()
