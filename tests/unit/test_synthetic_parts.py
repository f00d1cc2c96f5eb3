"""A made-up nation in parts: the same bytes whoever draws them, and records that can be read."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from evalkit.cli import main
from evalkit.errors import ParameterError
from evalkit.records import read_records, record_files
from evalkit.study import read_study
from evalkit.synthetic import synthesise
from evalkit.synthetic.countries import FINLAND, SWEDEN
from evalkit.synthetic.files import count_rows
from evalkit.synthetic.months import layers_of, spells_of
from evalkit.synthetic.parts import OF_PERSONS, Part, Plan, make_tables, parts_of
from evalkit.synthetic.places import Place, nation_places
from evalkit.synthetic.population import draw_people
from evalkit.synthetic.process import Course, simulate
from evalkit.synthetic.random_streams import stream
from evalkit.synthetic.scenario import DIED, EMIGRATED, SICKNESS, SUPPORT, WORK, Scenario

SMALL_NATION = {"municipalities": 4, "persons": 400, "truth": False}


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module", params=["SE", "FI"])
def nation(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nation") / request.param
    written = synthesise(folder, country=request.param, **SMALL_NATION)
    return folder, written


def test_a_script_that_calls_it_unguarded_is_told_so_and_nothing_is_left(tmp_path):
    script = tmp_path / "make.py"
    script.write_text(
        "from evalkit.synthetic import synthesise\n"
        f"synthesise({str(tmp_path / 'study')!r}, workers=2, **{SMALL_NATION!r})\n"
    )

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)

    assert done.returncode == 1
    assert "EvalkitError: synthesise: one of 2 processes ended" in done.stderr
    assert "under 'if __name__" in done.stderr
    assert list(tmp_path.iterdir()) == [script]


def test_two_workers_and_a_second_run_write_the_same_bytes(nation, tmp_path):
    folder, _ = nation
    synthesise(tmp_path / "two", country=folder.name, workers=2, **SMALL_NATION)
    synthesise(tmp_path / "two", country=folder.name, **SMALL_NATION)

    assert contents(tmp_path / "two") == contents(folder)


@pytest.mark.slow
def test_two_workers_write_the_same_truth_as_one(tmp_path):
    nation = SMALL_NATION | {"truth": True}
    one = synthesise(tmp_path / "one", **nation)
    two = synthesise(tmp_path / "two", workers=2, **nation)

    assert "truth.json" in [path.name for path in one]
    assert [path.name for path in two] == [path.name for path in one]
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_every_file_is_told_and_nothing_else_is_left(nation):
    folder, written = nation

    assert sorted(path.relative_to(folder).as_posix() for path in written) == sorted(
        contents(folder)
    )
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_tables_that_grow_with_persons_have_one_file_a_municipality(nation):
    folder, _ = nation
    codes = pd.read_parquet(folder / "municipalities.parquet")["municipality"].tolist()

    for name in OF_PERSONS:
        parts = sorted(path.stem for path in (folder / f"{name}.parquet").iterdir())
        assert parts == codes
    for code in codes:
        persons = pd.read_parquet(folder / "persons.parquet" / f"{code}.parquet")
        assert set(persons["municipality"]) == {code}


def test_the_nation_is_read_without_a_fault(nation):
    folder, written = nation
    study = read_study(folder / "study.yaml")
    tables = read_records(study).tables

    assert len(tables["persons"]) == 400
    assert tables["persons"]["person_id"].is_unique
    assert sum(len(table) for table in tables.values()) == count_rows(written)
    assert tables["spells"]["start"].dtype == "datetime64[ns]"
    assert tables["spells"]["end"].isna().any() and tables["spells"]["end"].notna().any()
    assert sorted(record_files(study)) == sorted(f for f in written if f.suffix == ".parquet")
    assert ("services" in tables) == (study.country == "FI")


def test_a_switch_changes_the_records_and_the_study_file(tmp_path):
    synthesise(tmp_path, scenario=["randomised", "no_effect"], **SMALL_NATION)
    study = read_study(tmp_path / "study.yaml")

    assert study.assignment == "randomised"
    assert not study.adjustment.covariates


def test_the_study_file_of_a_nation_is_observational_with_its_last_month(tmp_path):
    synthesise(tmp_path, months=48, **SMALL_NATION)
    study = read_study(tmp_path / "study.yaml")

    assert study.assignment == "observational"
    assert study.data_cut == "2023-12"
    assert study.data.format == "parquet"
    assert study.adjustment.covariates == ("education", "age", "born_in_country")
    assert study.report.levels == ("municipality", "federation", "national")


def test_persons_of_a_large_place_are_drawn_in_parts():
    places = tuple(
        Place(code, code, code, "a", "", "", n) for code, n in (("01", 3), ("02", 7), ("03", 6))
    )

    assert list(parts_of(places, most=3)) == [
        Part("01", 0, 1, 3), Part("02-1", 1, 4, 3), Part("02-2", 1, 7, 3), Part("02-3", 1, 10, 1),
        Part("03-1", 2, 11, 3), Part("03-2", 2, 14, 3),
    ]  # fmt: skip


def test_a_part_does_not_depend_on_the_other_places():
    places = nation_places(SWEDEN, 4, 200, Scenario(), 3)
    plan = Plan(SWEDEN, Scenario(), places, 3)
    part = Part(places[2].code, 2, 50, 30)
    persons = make_tables(plan, part)["persons"]

    assert persons["person_id"].tolist() == [f"se{number:05d}" for number in range(50, 80)]
    later = make_tables(plan, Part(places[2].code, 2, 90, 30))["persons"]
    columns = persons.columns.drop("person_id")
    pd.testing.assert_frame_equal(persons[columns], later[columns])


@pytest.fixture(scope="module")
def lives():
    scenario = Scenario()
    people = draw_people(FINLAND, scenario, np.zeros(3000, dtype=int), stream(1, "people"))
    course = simulate(FINLAND, scenario, people, np.zeros(1), np.zeros(1, int), stream(1, "m"))
    return scenario, people, course


def test_the_same_benefit_never_stands_in_both_layers(lives):
    _, people, course = lives
    main, beside = layers_of(FINLAND, people, course)
    on_support = np.isin(course.state, SUPPORT)

    assert not ((main == beside) & (main > 0)).any()
    assert (beside[~on_support] == 0).all()
    assert (main[on_support] > 0).all()
    assert (main[(course.state == WORK) | (course.state >= EMIGRATED)] == 0).all()


def test_spells_cover_exactly_the_months_of_their_benefit(lives):
    scenario, people, course = lives
    layers = layers_of(FINLAND, people, course)
    spells = spells_of(FINLAND, scenario, people, layers, course, stream(1, "spells"))
    origin, n_month = np.datetime64(scenario.first_month, "M"), scenario.n_month
    first = (spells.start.astype("datetime64[M]") - origin).astype(int)
    end = np.where(np.isnat(spells.end), (origin + n_month).astype("datetime64[D]") - 1, spells.end)
    last = (end.astype("datetime64[M]") - origin).astype(int)
    covered = np.zeros((len(FINLAND.benefits), len(people), n_month), dtype=int)
    for month in range(n_month):
        here = (first <= month) & (month <= last)
        np.add.at(covered, (spells.benefit[here], spells.person[here], month), 1)
    for benefit in range(1, len(FINLAND.benefits)):
        stood = (layers[0] == benefit) | (layers[1] == benefit)
        assert (covered[benefit] == stood).all()
    assert (end >= spells.start).all()
    assert (np.isnat(spells.end) == (last == n_month - 1)).all()


def test_a_spell_that_lasted_before_the_first_month_starts_as_much_earlier():
    n_month = Scenario().n_month
    people = draw_people(SWEDEN, Scenario(), np.zeros(2, dtype=int), stream(2, "people"))
    people.state[:], people.duration[:] = (SICKNESS, WORK), 7
    state = np.full((2, n_month), SICKNESS, dtype=np.int8)
    nothing = np.zeros(2, dtype=int)
    course = Course(state, state, nothing, nothing, nothing, nothing, nothing)
    layers = layers_of(SWEDEN, people, course)
    spells = spells_of(SWEDEN, Scenario(), people, layers, course, stream(2, "spells"))

    assert set(spells.start[spells.person == 0].astype(str)) == {"2019-06-01"}
    assert set(spells.start[spells.person == 1].astype("datetime64[M]").astype(str)) == {"2020-01"}


def test_nobody_has_a_benefit_after_death(nation):
    tables = read_records(read_study(nation[0] / "study.yaml")).tables
    died = tables["persons"].set_index("person_id")["died_month"].dropna()
    spells = tables["spells"].query("person_id in @died.index")

    assert DIED > EMIGRATED
    assert len(died) > 0 and spells["end"].notna().all()
    ends = spells["end"].dt.strftime("%Y-%m")
    assert (ends < spells["person_id"].map(died)).all()


@pytest.mark.parametrize("options, message", [
    ({"municipalities": 4}, "give both"),
    ({"persons": 400}, "give both"),
    ({"municipalities": 4, "persons": 3}, "persons: must be at least"),
    ({"municipalities": 0, "persons": 3}, "municipalities: must be 1 to"),
    ({"municipalities": 4, "persons": 400, "months": 39}, "months: must be 40 to"),
    ({"months": 48}, "months: only for a nation"),
    ({"scenario": ["no_efect"]}, "no switch no_efect"),
    ({"workers": 0}, "workers: must be"),
    ({"country": "NO"}, "country: must be one of SE, FI"),
])  # fmt: skip
def test_wrong_choices_are_refused_before_anything_is_written(options, message, tmp_path):
    with pytest.raises(ParameterError, match=message):
        synthesise(tmp_path / "x", truth=False, **options)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(ParameterError, match="holds other files"):
        synthesise(tmp_path, **SMALL_NATION)
    assert contents(tmp_path) == {"notes.txt": b"mine"}
    (tmp_path / "study.yaml").write_text("title: mine")
    with pytest.raises(ParameterError, match="holds other files"):
        synthesise(tmp_path, **SMALL_NATION)


def test_a_former_study_is_replaced_and_what_stands_beside_it_is_kept(tmp_path):
    synthesise(tmp_path, country="FI", truth=False)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("page")
    synthesise(tmp_path, country="SE", **SMALL_NATION)

    assert not list(tmp_path.glob("*.csv"))
    assert not (tmp_path / "services.parquet").exists()
    assert (tmp_path / "site" / "index.html").read_text() == "page"


def test_a_failed_run_leaves_the_former_study_as_it_was(tmp_path, monkeypatch):
    folder = tmp_path / "study"
    synthesise(folder, **SMALL_NATION)
    before = contents(folder)

    def fail(*_, **__):
        raise RuntimeError("no space")

    monkeypatch.setattr("evalkit.synthetic.write.study_text", fail)
    with pytest.raises(RuntimeError):
        synthesise(folder, seed=3, **SMALL_NATION)
    assert contents(folder) == before
    assert list(tmp_path.iterdir()) == [folder]


def run(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["evalkit", "synthesise", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    output = capsys.readouterr()
    return ended.value.code, output.out, output.err


def test_the_command_ends_with_the_folder_and_what_it_holds(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "n"
    size = ("--municipalities", 3, "--persons", 60, "--months", 48)
    code, output, _ = run(
        monkeypatch, capsys, folder, *size, "--scenario", "no_effect", "--scenario", "no_dip",
        "--no-truth",
    )  # fmt: skip

    assert code == 0
    rows = count_rows([path for path in folder.rglob("*.parquet") if path.is_file()])
    assert output.endswith(f"{folder}: {len(contents(folder))} files written, {rows} rows\n")


@pytest.mark.parametrize("words", [
    ("--municipalities", 4), ("--municipalities", 4, "--persons", 3), ("--scenario", "x"),
    ("--municipalities", 4, "--persons", 40, "--months", 12), ("--seed", -1),
])  # fmt: skip
def test_a_wrong_option_is_one_message_and_exit_code_2(words, tmp_path, monkeypatch, capsys):
    code, _, message = run(monkeypatch, capsys, tmp_path / "x", "--no-truth", *words)

    assert code == 2
    assert "Traceback" not in message
    assert not list(tmp_path.iterdir())
