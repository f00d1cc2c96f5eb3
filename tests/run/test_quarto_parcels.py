"""Whole runs with a stand-in for Quarto: one project for many reports, everything else as before.

The tests of this file share one study, in any order.
"""

import shutil
from pathlib import Path

import pytest
from checkouts import Checkout, make_checkout
from quarto_on_machine import calls, put_stand_in


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    return make_checkout(tmp_path_factory.mktemp("run"), languages="[fi]", formats="[html]")


@pytest.fixture(scope="module")
def machine(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    return put_stand_in(tmp_path_factory.mktemp("machine") / "bin")


@pytest.fixture
def asked(machine, monkeypatch):
    """Number of notebooks in each call of the stand-in since the test began."""
    program, variables = machine
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    log = program.with_name("calls.jsonl")
    log.unlink(missing_ok=True)

    def sizes() -> list[int]:
        made = calls(program) if log.is_file() else []
        return [len(call["notebooks"]) for call in made if call["arguments"][0] == "render"]

    return sizes


def states(checkout) -> dict[str, str]:
    return {name: line["state"] for name, line in checkout.manifest().items()}


@pytest.fixture
def made(checkout, asked):
    """The study's pages by Quarto, each test with a site of its own; notebooks run only once."""
    shutil.rmtree(checkout.site, ignore_errors=True)
    result = checkout.report("--workers", "1", "--renderer", "quarto")
    assert result.returncode == 0, result.stderr
    return checkout.pages()


def test_one_worker_renders_all_reports_as_one_project(checkout, made, asked):
    manifest = checkout.manifest()

    assert asked() == [6]
    assert {(line["state"], line["renderer"]) for line in manifest.values()} == {("done", "quarto")}
    assert all(line["seconds"]["render"] > 0 for line in manifest.values())


def test_a_run_with_nothing_changed_asks_quarto_for_no_page(checkout, made, asked):
    checkout.report("--renderer", "quarto")

    assert asked() == [6]
    assert set(states(checkout).values()) == {"kept"}


def test_pages_do_not_depend_on_the_parcels(checkout, made, asked):
    keys = {name: line["render_key"] for name, line in checkout.manifest().items()}
    shutil.rmtree(checkout.site)

    result = checkout.report("--workers", "2", "--renderer", "quarto")

    assert result.returncode == 0, result.stderr
    assert sorted(asked()[1:]) == [1, 2, 3]
    assert checkout.pages() == made
    assert {name: line["render_key"] for name, line in checkout.manifest().items()} == keys
    assert not any(line["executed"] for line in checkout.manifest().values())


def test_a_page_that_cannot_be_made_fails_alone_and_is_made_later(
    checkout, made, asked, monkeypatch
):
    shutil.rmtree(checkout.site)
    monkeypatch.setenv("STAND_IN_STUMBLES", "kuntoutus: Lehtola")

    result = checkout.report("--workers", "1", "--renderer", "quarto")

    assert result.returncode == 4
    assert asked()[1:] == [6, 1, 1, 1, 1, 1, 1]
    found = states(checkout)
    assert found.pop("municipality-023.fi") == "failed"
    assert set(found.values()) == {"done"}
    assert "a page that cannot be made" in str(checkout.manifest()["municipality-023.fi"]["error"])

    monkeypatch.delenv("STAND_IN_STUMBLES")
    assert checkout.report("--only-failed", "--renderer", "quarto").returncode == 0
    assert asked()[8:] == [1]
    assert checkout.pages() == made
