"""Whole runs with a stand-in for Quarto: one project for many reports, everything else as before.

The tests of this file share one study, in any order; each leaves the site complete.
"""

import json
import shutil
from pathlib import Path

import pytest
from checkouts import Checkout, make_short_checkout
from quarto_on_machine import calls, put_stand_in


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    return make_short_checkout(tmp_path_factory.mktemp("run"), formats="[html]")


@pytest.fixture(scope="module", autouse=True)
def machine(tmp_path_factory):
    """Put the stand-in on the machine; the file of its calls."""
    program, variables = put_stand_in(tmp_path_factory.mktemp("machine") / "bin")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield program


def report(checkout: Checkout, *options: str) -> int:
    return checkout.report("--workers", "1", "--renderer", "quarto", *options).returncode


@pytest.fixture(scope="module")
def first(checkout, machine):
    """The first run, by one worker: what Quarto was asked for, manifest and pages."""
    assert report(checkout) == 0
    return sizes(machine), checkout.manifest(), checkout.pages()


@pytest.fixture
def pages(first) -> dict[str, bytes]:
    return first[2]


@pytest.fixture
def asked(first, machine):
    """Number of notebooks in each call of the stand-in since the test began."""
    before = len(sizes(machine))
    return lambda: sizes(machine)[before:]


def sizes(program: Path) -> list[int]:
    return [len(call["notebooks"]) for call in calls(program) if call["arguments"][0] == "render"]


def states(checkout) -> dict[str, str]:
    return {name: line["state"] for name, line in checkout.manifest().items()}


def test_one_worker_renders_all_reports_as_one_project(first):
    projects, manifest, _ = first

    assert projects == [5]
    assert {(line["state"], line["renderer"]) for line in manifest.values()} == {("done", "quarto")}
    assert all(line["seconds"]["render"] > 0 for line in manifest.values())


def test_a_run_with_nothing_changed_asks_quarto_for_no_page(checkout, pages, asked):
    assert report(checkout) == 0

    assert asked() == []
    assert set(states(checkout).values()) == {"kept"}


def test_pages_do_not_depend_on_the_batches(checkout, first, pages, asked):
    shutil.rmtree(checkout.site)

    assert report(checkout, "--workers", "2") == 0

    assert sorted(asked()) == [1, 1, 3]
    assert checkout.pages() == pages
    found = checkout.manifest()
    assert not any(line["executed"] for line in found.values())
    for key in ("execute_key", "render_key", "files"):
        assert {name: line[key] for name, line in found.items()} == {
            name: line[key] for name, line in first[1].items()
        }


def test_a_page_that_cannot_be_made_fails_alone_and_is_made_later(
    checkout, pages, asked, monkeypatch
):
    shutil.rmtree(checkout.site)
    monkeypatch.setenv("STAND_IN_STUMBLES", "kuntoutus Lehtolassa")

    assert report(checkout) == 4

    assert asked() == [5, 1, 1, 1, 1, 1]
    found = states(checkout)
    assert found.pop("municipality-023.fi") == "failed"
    assert set(found.values()) == {"done"}
    assert "a page that cannot be made" in str(checkout.manifest()["municipality-023.fi"]["error"])

    monkeypatch.delenv("STAND_IN_STUMBLES")
    assert report(checkout, "--only-failed") == 0
    assert asked()[6:] == [1]
    assert checkout.pages() == pages


def test_the_first_failure_stops_a_batch_if_asked_to(checkout, pages, monkeypatch):
    shutil.rmtree(checkout.site)
    shutil.rmtree(next(checkout.study.glob("site.work/*/executed/municipality-023")))
    monkeypatch.setenv("FAULTS", json.dumps({"municipality-023": "raise ValueError"}))

    assert report(checkout, "--fail-fast") == 4

    # What its worker had in hand beside it may have reached the disk before the run stopped.
    assert states(checkout) == {"municipality-023.fi": "failed"}

    monkeypatch.delenv("FAULTS")
    assert report(checkout) == 0
    executed = {name for name, line in checkout.manifest().items() if line["executed"]}
    assert executed == {"municipality-023.fi"}
    assert checkout.pages() == pages
