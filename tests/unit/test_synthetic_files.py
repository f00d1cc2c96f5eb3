"""The committed synthetic studies: made again to the byte, in their schema, about nobody."""

import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from evalkit.codes import benefits
from evalkit.errors import ParameterError
from evalkit.records.schema import TABLES
from evalkit.study import read_study
from evalkit.synthetic import synthesise

COMMITTED = Path(__file__).parents[2] / "data" / "synthetic"
COUNTRIES = ("SE", "FI")
SWEDISH_NUMBER = re.compile(r"(?<![\d.])(?:\d{2})?(\d{6})[-+]?(\d{4})(?![\d.])")
FINNISH_NUMBER = re.compile(r"\b(\d{6})[-+ABCDEFUVWXY](\d{3})([0-9A-FHJ-NPR-Y])\b")
LEFT_OUT = {"responses": ("package_id", "municipality")}  # asked of a whole federation
ID_COLUMNS = {"person_id", "respondent_id"}
FINNISH_CONTROL = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def rows_of(country, table):
    lines = (COMMITTED / country / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    return [dict(zip(header, line.split(","), strict=True)) for line in lines[1:]]


def possible_date(digits, order):
    parts = {name: int(digits[2 * i : 2 * i + 2]) for i, name in enumerate(order)}
    return 1 <= parts["m"] <= 12 and 1 <= parts["d"] <= 31 or 61 <= parts["d"] <= 91


def swedish_numbers(text):
    """Strings that have a date, or a coordination number's date, and a right Luhn digit."""
    found = []
    for match in SWEDISH_NUMBER.finditer(text):
        digits = match[1] + match[2]
        doubled = (int(d) * (2 - i % 2) for i, d in enumerate(digits))
        if possible_date(match[1], "ymd") and sum(d // 10 + d % 10 for d in doubled) % 10 == 0:
            found.append(match[0])
    return found


def finnish_numbers(text):
    """Strings that have a date, a sign of the century and the right control character."""
    return [
        match[0]
        for match in FINNISH_NUMBER.finditer(text)
        if possible_date(match[1], "dmy")
        and FINNISH_CONTROL[int(match[1] + match[2]) % 31] == match[3]
    ]


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_committed_files_are_made_again_to_the_byte(country, tmp_path):
    written = synthesise(tmp_path, country=country)
    committed = sorted((COMMITTED / country).iterdir())
    assert sorted(path.name for path in written) == [path.name for path in committed]
    for path in committed:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_another_seed_makes_other_records_of_the_same_shape(tmp_path):
    synthesise(tmp_path, country="FI", seed=7, truth=False)
    for name in ("persons.csv", "spells.csv", "health.csv"):
        ours, theirs = (tmp_path / name).read_bytes(), (COMMITTED / "FI" / name).read_bytes()
        assert ours != theirs
        assert ours.split(b"\n")[0] == theirs.split(b"\n")[0]
    assert not (tmp_path / "truth.json").exists()


def test_a_country_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="country: must be one of SE, FI"):
        synthesise(tmp_path / "x", country="NO")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_tables_stay_under_four_megabytes(country):
    assert sum(path.stat().st_size for path in (COMMITTED / country).glob("*.csv")) < 4_000_000


@pytest.mark.parametrize("country", COUNTRIES)
def test_tables_have_the_columns_of_the_schema_in_its_order(country):
    for path in (COMMITTED / country).glob("*.csv"):
        header = path.read_text(encoding="utf-8").split("\n")[0].split(",")
        table = TABLES[path.stem]
        assert header == [name for name in table.names if name in header]
        left_out = set(table.names) - set(header)
        assert left_out <= {"name_fi_genitive", "name_fi_locative", *LEFT_OUT.get(path.stem, ())}


@pytest.mark.parametrize("country", COUNTRIES)
def test_lines_end_in_one_line_feed(country):
    for path in (COMMITTED / country).iterdir():
        content = path.read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n") and not content.endswith(b"\n\n")


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_study_file_is_a_protocol_for_these_records(country):
    study = read_study(COMMITTED / country / "study.yaml")
    assert study.assignment == "randomised"
    assert study.disclosure == "strict10"
    assert study.data.public and "made-up" in study.data.source.en
    assert study.country == country


def test_checks_of_identity_numbers_fire_on_published_specimens():
    assert swedish_numbers("a,19121212-1212,b") and swedish_numbers("121212-1212")
    assert not swedish_numbers("121212-1213")
    assert not swedish_numbers("129912-1212")
    assert finnish_numbers("x,131052-308T,y")
    assert not finnish_numbers("131052-308U")


@pytest.mark.parametrize("country", COUNTRIES)
def test_nothing_in_the_files_can_be_a_personal_identity_number(country):
    ids = [row["person_id"] for row in rows_of(country, "persons")]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(country.lower() + r"\d{5}", name) for name in ids)
    for path in (COMMITTED / country).glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        assert swedish_numbers(text) == [] and finnish_numbers(text) == [], path.name


@pytest.mark.parametrize("country", COUNTRIES)
def test_nothing_in_a_nation_can_be_a_personal_identity_number(country, tmp_path):
    """Neither by date and check digit nor by length: a number has ten or twelve digits, or in
    Finland six, a sign of the century, three and a control character."""
    files = synthesise(
        tmp_path / "nation", country=country, municipalities=3, persons=900, truth=False
    )
    ids = set()
    for path in files:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
            text = frame.to_csv(index=False)
            assert swedish_numbers(text) == [] and finnish_numbers(text) == [], path.name
            ids |= {str(name) for column in ID_COLUMNS & set(frame) for name in frame[column]}
    assert len(ids) > 900
    assert all(re.fullmatch(r"(se|fi|ser|fir)\d{6,7}", name) for name in ids)
    # The longest the ids can become: ten million persons are still too short for a number.
    assert not swedish_numbers(" ".join(re.sub(r"\D", "", name) for name in ids))


@pytest.mark.parametrize("country", COUNTRIES)
def test_spells_use_codes_of_the_country_and_never_overlap_within_a_benefit(country):
    known, last = set(benefits(country).index), {}
    for row in rows_of(country, "spells"):
        assert row["benefit"] in known
        end = row["end"] or "2025-12-31"
        assert row["start"] <= end <= "2025-12-31" and end >= "2020-01-01"
        key = row["person_id"], row["benefit"]
        assert last.get(key, "") < row["start"]
        last[key] = end


@pytest.mark.parametrize("country", COUNTRIES)
def test_participations_of_one_person_never_overlap_and_end_by_the_data_cut(country):
    last = {}
    for row in rows_of(country, "participations"):
        end = row["end"] or "2025-12-31"
        assert "2021-03-01" <= row["start"] <= end <= "2025-12-31"
        assert last.get(row["person_id"], "") < row["start"]
        last[row["person_id"]] = end


def test_swedish_codes_keep_their_leading_zeros_and_municipalities_are_uneven():
    codes = [row["municipality"] for row in rows_of("SE", "persons")]
    assert "0114" in codes and {len(code) for code in codes} == {4}
    home = {row["person_id"]: row["municipality"] for row in rows_of("SE", "persons")}
    started = {row["person_id"] for row in rows_of("SE", "participations")}
    sizes = sorted(Counter(home[person] for person in started).values())
    assert len(sizes) == 10 and sizes[0] < 25 and sizes[-1] > 300


def test_finnish_names_have_the_case_forms_that_sentences_need():
    forms = {
        row["name_fi"]: (row["name_fi_genitive"], row["name_fi_locative"])
        for row in rows_of("FI", "municipalities")
    }
    assert forms["Kivijoki"] == ("Kivijoen", "Kivijoella")
    assert forms["Metsälahti"] == ("Metsälahden", "Metsälahdessa")
    assert all(genitive.endswith("n") for genitive, _ in forms.values())


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_ledger_is_double_entry_between_two_parties(country):
    for row in rows_of(country, "costs"):
        assert row["payer"] and row["payee"] and row["payer"] != row["payee"]
        assert int(row["amount"]) > 0
        assert (row["kind"] == "intervention") == (row["payee"] == "resources")
        assert (row["kind"] == "production") == (row["payer"] == "production")


def test_federations_are_financed_by_a_half_and_two_quarters():
    funds = [row for row in rows_of("SE", "finances") if row["kind"] == "funds"]
    for key in {(row["federation"], row["year"]) for row in funds}:
        parts = [int(row["budget"]) for row in funds if (row["federation"], row["year"]) == key]
        assert sorted(parts) == pytest.approx(
            [sum(parts) / 4, sum(parts) / 4, sum(parts) / 2], abs=1
        )
