"""The command line: one clear message, the right exit code, nothing half-written."""

import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from evalkit.cli import main
from evalkit.cli.check import not_reported
from evalkit.cli.progress import print_plan
from evalkit.run.layout import find_study
from evalkit.run.reasons import Planned
from evalkit.study.parts import Report, SelfSupport

SOURCE = Path(__file__).parents[2] / "data" / "synthetic" / "FI"
USAGE, DATA = 2, 3


@pytest.fixture
def study(tmp_path):
    return Path(shutil.copytree(SOURCE, tmp_path / "study"))


def run(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["evalkit", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    output = capsys.readouterr()
    return ended.value.code, output.out, output.err


def change(path: Path, column: str, row: int, value: str) -> None:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[row, column] = value
    frame.to_csv(path, index=False)


def drop_column(path: Path, column: str) -> None:
    pd.read_csv(path, dtype=str).drop(columns=column).to_csv(path, index=False)


def repeat_row(path: Path) -> None:
    frame = pd.read_csv(path, dtype=str)
    pd.concat([frame, frame.iloc[[0]]]).to_csv(path, index=False)


def latin_1(path: Path) -> None:
    path.write_bytes(path.read_text(encoding="utf-8").replace("Kivi", "Kvä").encode("latin-1"))


def eligibility(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    added = "min_actors: 2, eligibility: [participations.exit_reason]"
    path.write_text(text.replace("min_actors: 2", added), encoding="utf-8")


BAD_DATA = {
    "missing table": ("spells.csv", lambda path: path.unlink(), "spells"),
    "missing column": ("spells.csv", lambda path: drop_column(path, "benefit"), "benefit"),
    "unknown code": ("spells.csv", lambda path: change(path, "benefit", 4, "x9"), "benefit"),
    "end before start": ("spells.csv", lambda path: change(path, "end", 4, "1990-01-01"), "end"),
    "overlap": ("participations.csv", repeat_row, "participations"),
    "lost zero": ("persons.csv", lambda path: change(path, "municipality", 4, "7"), "municipality"),
    "unknown person": ("health.csv", lambda path: change(path, "person_id", 4, "zz77"), "health"),
    "empty file": ("health.csv", lambda path: path.write_bytes(b""), "health"),
    "latin-1": ("municipalities.csv", latin_1, "municipalities"),
    "side of a flow": ("costs.csv", lambda path: change(path, "payee", 0, "x9"), "resources"),
    "from the future": ("study.yaml", eligibility, "exit_reason"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_is_one_message_exit_code_3_and_nothing_written(case, study, monkeypatch, capsys):
    file, spoil, named = BAD_DATA[case]
    spoil(study / file)

    code, _, message = run(monkeypatch, capsys, "report", str(study / "study.yaml"))

    assert code == DATA
    assert named in message
    assert not (study / "site").exists()
    assert not list((study / "site.work").glob("*/prepared.json"))
    assert not list((study / "site.work").rglob("*.parquet"))
    assert "zz77" not in message
    assert "x9" not in message


def test_a_misspelt_key_is_exit_code_2(study, monkeypatch, capsys):
    path = study / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("horizon_months", "horizon_month"))

    code, _, message = run(monkeypatch, capsys, "report", str(path))

    assert code == USAGE
    assert "did you mean `horizon_months`" in message
    assert not (study / "site").exists()
    assert not (study / "site.work").exists()


def test_a_key_given_twice_is_exit_code_2(study, monkeypatch, capsys):
    path = study / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\ncountry: SE\n", encoding="utf-8")

    code, _, message = run(monkeypatch, capsys, "check", str(path))

    assert code == USAGE
    assert "key `country` stands at line" in message


def test_a_comparison_that_is_only_planned_is_exit_code_2_and_no_valid_protocol(
    study, monkeypatch, capsys
):
    path = study / "study.yaml"
    text = path.read_text(encoding="utf-8").replace("other_packages", "not_yet")
    path.write_text(text, encoding="utf-8")
    assert "not_yet" in text

    code, output, message = run(monkeypatch, capsys, "check", str(path))

    assert code == USAGE
    assert "arms.comparison: `not_yet` is planned and not available yet" in message
    assert "valid protocol" not in output


def test_check_warns_of_a_horizon_beyond_the_records(study, monkeypatch, capsys):
    path = study / "study.yaml"
    found = run(monkeypatch, capsys, "check", str(path))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("horizon_months: 24", "horizon_months: 240"), encoding="utf-8")

    warned = run(monkeypatch, capsys, "check", str(path))

    assert found[0] == warned[0] == 0
    assert "Warning" not in found[1]
    assert "Warning: horizon_months is 240, but nobody was followed longer than" in warned[1]


def test_a_dry_run_of_a_new_study_counts_no_report_that_it_cannot_know(study, monkeypatch, capsys):
    code, output, _ = run(monkeypatch, capsys, "report", str(study / "study.yaml"), "--dry-run")

    assert code == 0
    assert "how many reports there are is known once the records are read" in output
    assert "every report of 1 study to make; nothing was run" in output
    assert "1 to make" not in output
    assert not (study / "site").exists()


def test_a_plan_of_known_reports_is_counted(capsys):
    known = [Planned("a", f"municipality-{i}", "sv", i == 0, "because") for i in range(3)]

    print_plan(known)
    assert "2 to make, 1 good already; nothing was run" in capsys.readouterr().out
    print_plan([*known, Planned("b", "every unit", "", False, "new")])
    assert "2 to make, 1 good already, every report of 1 study to make" in capsys.readouterr().out


def test_check_says_what_reports_leave_out_and_at_which_level():
    study = find_study("synthetic-se")
    alone = study.model_copy(update={"report": Report(levels=("national",))})

    assert not_reported("working together", study) == ""
    assert not_reported("time to the outcome", alone) == ""
    assert "municipality or federation" in not_reported("working together", alone)
    assert "not part of a report yet" in not_reported("pay-off by tariffs", study)
    assert "not part of a report yet" in not_reported("earned income (SS-INCOME)", study)


def test_a_definition_that_a_study_leads_with_is_part_of_its_reports():
    rule = SelfSupport(definition="SS-SUS")
    study = find_study("synthetic-se").model_copy(update={"self_support": rule})

    assert not_reported("no public support at the end (SS-SUS)", study) == ""


def test_an_unknown_study_is_exit_code_2(monkeypatch, capsys):
    code, _, message = run(monkeypatch, capsys, "report", "synthetic-no")

    assert code == USAGE
    assert "synthetic-se" in message


def test_a_usage_error_is_exit_code_2(monkeypatch, capsys):
    assert run(monkeypatch, capsys, "report")[0] == USAGE
    assert run(monkeypatch, capsys, "reprot")[0] == USAGE


def test_an_unknown_renderer_is_exit_code_2(study, monkeypatch, capsys):
    code, _, message = run(
        monkeypatch, capsys, "report", str(study / "study.yaml"), "--renderer", "latex"
    )

    assert code == USAGE
    assert "latex" in message


def test_check_says_what_is_possible_and_what_is_not(study, monkeypatch, capsys):
    (study / "costs.csv").unlink()

    code, output, _ = run(monkeypatch, capsys, "check", str(study / "study.yaml"))

    assert code == 0
    assert "pay-off: impossible: no costs table" in output
    assert "health: possible" in output
    assert "analysed" in output


def test_doctor_names_the_renderer_and_why(monkeypatch, capsys):
    code, output, _ = run(monkeypatch, capsys, "doctor")

    assert code == 0
    assert "Renderer: " in output
    assert "because" in output


def test_help_shows_every_command(monkeypatch, capsys):
    code, output, _ = run(monkeypatch, capsys, "--help")

    assert code == 0
    assert all(word in output for word in ("report", "check", "doctor", "example", "[examples]"))


def test_schema_is_json(monkeypatch, capsys):
    code, output, _ = run(monkeypatch, capsys, "schema")

    assert code == 0
    assert output.startswith("{")
