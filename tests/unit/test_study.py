"""The study file: typed from text, every fault in one message."""

from pathlib import Path

import pytest

from evalkit.errors import StudyError
from evalkit.study import Study, parse_study, read_study, study_schema

MINIMAL = {
    "title": {"en": "A study"},
    "country": "SE",
    "data_cut": "2025-12",
    "useful_size": {"incidence": "0.05", "months": "1.0", "index": "mid"},
}
FILE = """\
title: {en: A study}
country: SE
data_cut: 2025-12
useful_size: {incidence: 0.05, months: 1.0, index: mid}
"""


def parse(**changes) -> Study:
    return parse_study({**MINIMAL, **changes}, root=Path("."), name="a")


def write(folder, text):
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_scalars_are_text_until_the_schema_types_them(tmp_path):
    study = read_study(write(tmp_path, FILE + "cluster: no\nname: 0114\n"))

    assert study.cluster == "no"
    assert study.name == "0114"
    assert study.data_cut == "2025-12"
    assert study.useful_size.months == 1.0


def test_null_means_the_default():
    assert parse(cluster="null").cluster is None


@pytest.mark.parametrize(
    ("key", "nearest"), [("titel", "title"), ("horizon_month", "horizon_months")]
)
def test_an_unknown_key_names_the_nearest(key, nearest):
    with pytest.raises(StudyError, match=f"unknown key `{key}`; did you mean `{nearest}`"):
        parse(**{key: "x"})


def test_an_unknown_key_inside_a_part_is_named_with_its_path():
    with pytest.raises(StudyError, match="unknown key `report.langs`; did you mean `languages`"):
        parse(report={"langs": ["sv"]})


def test_every_fault_is_in_one_message():
    with pytest.raises(StudyError) as caught:
        parse(country="XX", data_cut="2025-13")

    assert "country" in str(caught.value)
    assert "data_cut" in str(caught.value)
    assert "2 faults" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arms": {"comparison": "given"}}, "needs outcome.source: events"),
        ({"disclosure": "public"}, "needs data.public"),
        ({"arms": {"comparison": "none"}, "assignment": "randomised"}, "needs a comparison"),
        ({"health": {"instrument": "EQ-5D-5L"}}, "there is no default"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(changes, message):
    with pytest.raises(StudyError, match=message):
        parse(**changes)


def test_a_missing_file_a_broken_file_and_a_latin_1_file_are_told_apart(tmp_path):
    with pytest.raises(StudyError, match="no such study file"):
        read_study(tmp_path / "study.yaml")
    with pytest.raises(StudyError, match="not valid YAML at line"):
        read_study(write(tmp_path, "title: [1\n"))
    (tmp_path / "study.yaml").write_bytes("title: försörjning".encode("latin-1"))
    with pytest.raises(StudyError, match="not UTF-8"):
        read_study(tmp_path / "study.yaml")


def test_the_digest_is_the_protocol_and_not_its_place_or_layout(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = read_study(write(tmp_path / "a", FILE + "name: x\n"))
    two = read_study(write(tmp_path / "b", "# comment\n" + FILE + "name: x\n"))
    three = read_study(write(tmp_path / "b", FILE + "name: x\nseed: 1\n"))

    assert one.digest == two.digest
    assert one.digest != three.digest


def test_a_source_given_once_stands_for_all_languages():
    study = parse(data={"source": "Register X"})

    assert [study.data.source.in_language(item) for item in ("sv", "fi", "en")] == [
        "Register X"
    ] * 3


def test_the_json_schema_has_every_key():
    assert set(study_schema()["properties"]) >= {"title", "country", "self_support", "report"}


@pytest.mark.parametrize("name", ["SE-2020-TTO", "SE-1999-TTO"])
def test_a_value_set_of_another_instrument_or_of_none_is_refused(name):
    with pytest.raises(StudyError, match=f"{name} is no value set of EQ-5D-3L"):
        parse(health={"instrument": "EQ-5D-3L", "value_set": name})


def test_a_value_set_of_the_instrument_is_accepted():
    health = {"instrument": "EQ-5D-3L", "value_set": "SE-2014-TTO", "sensitivity": ["FI-VAS-3L"]}

    assert parse(health=health).health.value_set == "SE-2014-TTO"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": {}}, "at least one language"),
        ({"population": {"ages": ["64", "16"]}}, "the lower age comes first"),
        ({"name": "a/b"}, "name"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(changes, message):
    with pytest.raises(StudyError, match=message):
        parse(**changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"report": {"languages": ["no"]}}, "report.languages.0: use one of sv, fi, en"),
        ({"horizon_months": "0"}, "horizon_months: must be greater than or equal to 1"),
        ({"data": {"public": "maybe"}}, "data.public: write true or false"),
        ({"need": {"shares": "much"}}, "need.shares: write a list"),
        ({"report": "html"}, "report: write keys of its own below it"),
    ],
)
def test_faults_are_told_in_one_tone(changes, told):
    with pytest.raises(StudyError) as refused:
        parse(**changes)

    assert told in str(refused.value)
    assert "Input" not in str(refused.value)
