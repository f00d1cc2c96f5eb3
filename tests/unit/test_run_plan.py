"""Units and their names, keys, and what is refused or removed before pages are published."""

import errno
from pathlib import Path

import pandas as pd
import pytest

from evalkit.errors import CohortError, ParameterError, RecordsError, StudyError
from evalkit.run import runner
from evalkit.run.layout import unit_name
from evalkit.run.plan import (
    move_file,
    plan_units,
    read_json,
    render_key,
    select_units,
    write_json,
)
from evalkit.run.runner import check_runnable, read_manifest, run_reports
from evalkit.study import Study, parse_study

MINIMAL = {
    "title": {"en": "A study"},
    "country": "SE",
    "data_cut": "2025-12",
    "useful_size": {"incidence": "0.05", "months": "1.0"},
    "report": {"levels": ["municipality", "federation", "national"], "languages": ["sv"]},
}
AREAS = pd.DataFrame(
    {
        "municipality": ["0114", "0131"],
        "name_sv": ["Lindala", "Norrvik"],
        "name_fi": ["", ""],
        "name_en": ["", ""],
        "federation": ["Åre", "Öre"],
        "county": ["", ""],
    }
)


def study(**changes) -> Study:
    return parse_study({**MINIMAL, **changes}, root=Path("."), name="a")


def test_units_are_the_areas_of_each_level_and_the_nation():
    names = [unit.name for unit in plan_units(study(), AREAS)]

    assert names == [
        "municipality-0114",
        "municipality-0131",
        "federation-are",
        "federation-ore",
        "national",
    ]


def test_letters_outside_ascii_do_not_make_two_units_one():
    assert unit_name("federation", "Åre") != unit_name("federation", "Öre")
    assert unit_name("municipality", "0114") == "municipality-0114"


def test_two_areas_of_one_name_are_refused_before_anything_is_written():
    with pytest.raises(CohortError, match="federation-are"):
        plan_units(study(), AREAS.assign(federation=["Åre", "Are"]))


def test_a_unit_is_selected_by_name_or_code_and_an_unknown_one_refused():
    units = plan_units(study(), AREAS)

    assert [unit.name for unit in select_units(units, ["0114", "national"])] == [
        "municipality-0114",
        "national",
    ]
    with pytest.raises(ParameterError, match="no unit 9999") as refused:
        select_units(units, ["9999"])
    assert "municipality-0114 (Lindala), municipality-0131 (Norrvik)" in str(refused.value)
    assert "did you mean" not in str(refused.value)


def test_a_unit_asked_for_by_the_name_of_its_place_is_told_with_its_code():
    with pytest.raises(ParameterError, match=r"did you mean municipality-0131 \(Norrvik\)\?"):
        select_units(plan_units(study(), AREAS), ["norrvik"])


def test_the_render_key_depends_on_each_of_its_parts():
    keys = {
        render_key(executed, renderer, language, formats)
        for executed, renderer, language, formats in [
            ("a", "embedded 1", "sv", ("html",)),
            ("b", "embedded 1", "sv", ("html",)),
            ("a", "embedded 2", "sv", ("html",)),
            ("a", "embedded 1", "fi", ("html",)),
            ("a", "embedded 1", "sv", ("html", "pdf")),
        ]
    }

    assert len(keys) == 5


def test_json_is_whole_or_absent(tmp_path):
    write_json(tmp_path / "a" / "b.json", {"key": "å"})
    (tmp_path / "broken.json").write_text("{")

    assert read_json(tmp_path / "a" / "b.json") == {"key": "å"}
    assert read_json(tmp_path / "broken.json") is None
    assert read_json(tmp_path / "none.json") is None
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.json"]


def test_a_file_moves_to_another_file_system_whole(tmp_path, monkeypatch):
    source, target = tmp_path / "work" / "page", tmp_path / "site" / "page"
    for folder in (source.parent, target.parent):
        folder.mkdir()
    source.write_text("new")
    target.write_text("old")
    rename = Path.replace

    def across(path: Path, to: Path) -> Path:
        if path.parent != to.parent:
            raise OSError(errno.EXDEV, "another file system")
        return rename(path, to)

    monkeypatch.setattr(Path, "replace", across)
    move_file(source, target)

    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["page"]


def test_what_this_version_cannot_do_is_refused_before_the_run():
    check_runnable(study())
    with pytest.raises(StudyError, match="study file of a, key disclosure: .*strict11.*`strict10`"):
        check_runnable(study(disclosure="strict11"))
    for planned in ("not_yet", "external"):
        with pytest.raises(StudyError, match=f"arms.comparison: `{planned}` is planned"):
            check_runnable(study(arms={"comparison": planned}))
    check_runnable(study(arms={"comparison": "none"}))
    with pytest.raises(StudyError, match="html is missing"):
        check_runnable(study(report={"formats": ["pdf", "docx"]}))


def test_a_site_without_manifest_has_no_lines(tmp_path):
    assert read_manifest(tmp_path) == []


def test_faulty_records_of_one_study_do_not_hide_the_one_before_it(tmp_path, monkeypatch):
    closed = []

    def run(source, *_):
        if source == "faulty":
            raise RecordsError("persons: no column person_id")
        return runner._Outcome()

    monkeypatch.setattr(runner, "source_name", lambda name, _: name)
    monkeypatch.setattr(runner, "layout_of", lambda *_: None)
    monkeypatch.setattr(runner, "_run_study", run)
    monkeypatch.setattr(runner, "_close", lambda _, outcomes, __: closed.append(len(outcomes)))
    two = [("good", study()), ("faulty", study())]
    monkeypatch.setattr(runner, "find_studies", lambda *_: (two, tmp_path / "site"))

    with pytest.raises(RecordsError):
        run_reports(["good", "faulty"])

    assert closed == [1]
