"""Whole runs with real notebooks: resume, failure, and what a change makes run again.

The tests of this file share one study, in any order; each leaves the site complete, with an
executed copy behind every page.
"""

import shutil

import pandas as pd
import pytest


def states(run: dict[str, dict]) -> dict[str, str]:
    return {name: line["state"] for name, line in run.items()}


@pytest.fixture(scope="module")
def first(checkout):
    """A run that is killed after its first report, then the run that goes on."""
    checkout.kill_after_first_report()
    finished = {path.stem for path in checkout.finished()}
    result = checkout.report()
    return finished, result, checkout.manifest(), checkout.pages()


@pytest.fixture
def put_back(checkout, first, tmp_path):
    """What stands on the site and beside it is put back after the test."""
    folders = (checkout.site, checkout.study / "site.work")
    for folder in folders:
        shutil.copytree(folder, tmp_path / folder.name, symlinks=True)
    yield
    for folder in folders:
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / folder.name, folder, symlinks=True)


def test_a_killed_run_goes_on_where_it_stopped(first):
    finished, result, manifest, _ = first

    kept = {name for name, line in manifest.items() if line["state"] == "kept"}

    assert result.returncode == 0, result.stderr
    assert finished
    assert finished <= kept
    assert set(states(manifest).values()) == {"done", "kept"}


def test_a_resumed_run_is_byte_identical_to_one_without_a_kill(checkout, first):
    pages = first[3]
    shutil.rmtree(checkout.site)
    shutil.rmtree(checkout.study / "site.work")

    result = checkout.report("--workers", "1")

    assert result.returncode == 0, result.stderr
    assert checkout.pages() == pages


def test_a_run_with_nothing_changed_makes_nothing(checkout, first):
    result = checkout.report()

    assert "6 good already" in result.stdout
    assert set(states(checkout.manifest()).values()) == {"kept"}


def test_one_changed_row_reruns_the_reports_that_show_it(checkout, put_back):
    persons = checkout.study / "persons.csv"
    before = persons.read_text(encoding="utf-8")
    frame = pd.read_csv(persons, dtype=str)
    slices = next((checkout.study / "site.work").glob("*/slices/municipality-023"))
    analysed = pd.read_parquet(slices / "people.parquet")["person_id"]
    row = frame.index[frame["person_id"].isin(analysed)][0]
    frame.loc[row, "education"] = (
        "tertiary" if frame.loc[row, "education"] != "tertiary" else "primary"
    )
    frame.to_csv(persons, index=False)

    result = checkout.report()
    made = {name for name, state in states(checkout.manifest()).items() if state == "done"}
    persons.write_text(before, encoding="utf-8")

    assert result.returncode == 0, result.stderr
    assert made == {"municipality-023.fi", "county-pohjanranta.fi", "national.fi"}


def test_one_changed_translation_renders_again_and_executes_nothing(checkout, put_back):
    catalogue = checkout.root / "src/evalkit/report/locale/fi/evalkit.po"
    before = catalogue.read_text(encoding="utf-8")
    phrase = "Näin luet tämän"
    old = next(block for block in before.split("\n\n") if 'msgid "How to read this"' in block)
    new = old.split("msgstr")[0] + f'msgstr "{phrase}"'
    catalogue.write_text(before.replace(old, new), encoding="utf-8")

    result = checkout.report()
    manifest = checkout.manifest()
    pages = checkout.pages()
    catalogue.write_text(before, encoding="utf-8")

    assert result.returncode == 0, result.stderr
    assert {line["state"] for line in manifest.values()} == {"done"}
    assert not any(line["executed"] for line in manifest.values())
    reports = {name: page for name, page in pages.items() if name.endswith("report.html")}
    assert reports
    assert all(phrase.encode() in page for page in reports.values())


def test_one_failing_unit_stops_no_other(checkout, first):
    folder = next(checkout.site.glob("*/municipality-007"))
    shutil.rmtree(folder)
    folder.write_text("a file where the folder of the report goes")

    result = checkout.report()
    manifest = checkout.manifest()
    folder.unlink()

    assert result.returncode == 4
    assert manifest["municipality-007.fi"]["state"] == "failed"
    assert states(manifest)["national.fi"] == "kept"
    assert "municipality-007" in result.stdout
    assert checkout.report().returncode == 0
    assert checkout.manifest()["municipality-007.fi"]["state"] == "done"
    assert checkout.pages() == first[3]


def test_internal_is_built_but_refused(checkout, first):
    study = checkout.study / "study.yaml"
    before = study.read_text(encoding="utf-8")
    study.write_text(before.replace("disclosure: strict10", "disclosure: internal"), "utf-8")

    result = checkout.report("--only", "national", "--output", str(checkout.root / "other site"))
    study.write_text(before, encoding="utf-8")

    assert result.returncode == 5
    assert not list((checkout.root / "other site").rglob("report.html"))


def test_two_runs_on_one_site_do_not_meet(checkout, first):
    import fcntl

    lock = checkout.study / "site.work" / "lock"
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        result = checkout.report()

    assert result.returncode == 2
    assert "another run" in result.stderr


def test_an_unknown_unit_is_refused_before_anything_runs(checkout, first):
    result = checkout.report("--only", "municipality-999")

    assert result.returncode == 2
    assert "no unit municipality-999" in result.stderr
