"""Value sets of one's own, tables of all states, and answers of two instruments in one column."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cli import main
from evalkit.codes import read_codes
from evalkit.errors import EstimationError, ParameterError
from evalkit.health import (
    crosswalk,
    eq5d_index,
    minimal_important_difference,
    read_value_set,
    state_table,
    value_sets,
    write_state_tables,
)

SHIPPED = value_sets()


def terms_of(name="UK-1997-TTO"):
    table = read_codes("value_set_terms.csv")
    table = table[table["value_set"] == name]
    return table[["term", "coefficient"]].astype({"coefficient": float}).reset_index(drop=True)


def mine(frame, instrument="EQ-5D-3L"):
    return read_value_set(frame, name="mine", instrument=instrument, published="a test")


@pytest.mark.parametrize(
    "name", SHIPPED.loc[(SHIPPED["based_on"] == "") & SHIPPED["confirmed"], "value_set"]
)
def test_a_shipped_set_read_as_ones_own_gives_the_same_index(name):
    instrument = SHIPPED.set_index("value_set").loc[name, "instrument"]
    own = mine(terms_of(name), instrument)
    states = state_table(instrument)["state"]

    np.testing.assert_array_equal(
        eq5d_index(states, value_set=own), eq5d_index(states, value_set=name)
    )


def test_a_table_of_states_from_a_file_gives_its_values(tmp_path):
    table = state_table("EQ-5D-3L")[["state", "SE-2014-TTO"]].set_axis(["state", "value"], axis=1)
    path = tmp_path / "mine.csv"
    table.sample(frac=1, random_state=1).to_csv(path, index=False)

    own = read_value_set(path, name="mine", instrument="EQ-5D-3L", published="a test")

    np.testing.assert_allclose(
        eq5d_index(table["state"], value_set=own), table["value"], atol=1e-12
    )


def test_a_set_of_ones_own_is_taken_by_the_crosswalk_and_has_a_rule_of_thumb():
    own = mine(terms_of())

    crossed = crosswalk(pd.Series(["21111"]), value_set=own).iloc[0]
    difference = minimal_important_difference(own)

    assert crossed == crosswalk(pd.Series(["21111"]), value_set="UK-1997-TTO").iloc[0]
    assert difference.size == pytest.approx(1.594 / 20)
    assert difference.is_rule_of_thumb and difference.value_set == "mine"


def test_a_set_of_ones_own_is_frozen_and_shows_no_table():
    own = mine(terms_of())

    assert not own.values.flags.writeable
    assert repr(own) == "<ValueSet mine, EQ-5D-3L>"


FAULTY = {
    "missing and unknown terms": (
        lambda t: t.replace({"term": {"mo2": "mo9"}}),
        r"mine: 1 terms missing: mo2; 1 terms unknown to the instrument: mo9",
    ),
    "twice": (lambda t: pd.concat([t, t.iloc[[3]]]), "given twice: mo2"),
    "no number": (lambda t: t.assign(coefficient=["x", *t["coefficient"][1:]]), "1 of 13 numbers"),
    "sign": (lambda t: t.assign(coefficient=t["coefficient"].abs()), "above 0: mo2, mo3"),
    "columns": (lambda t: t.rename(columns={"term": "name"}), "neither `term, coefficient`"),
    "above full health": (
        lambda t: t.assign(coefficient=[1.5, *t["coefficient"][1:]]), "states are above 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTY)
def test_a_set_that_breaks_the_scheme_is_refused_with_what_is_wrong(fault):
    change, message = FAULTY[fault]

    with pytest.raises(ParameterError, match=message):
        mine(change(terms_of()))


def test_a_table_that_lacks_states_says_how_many_and_which():
    table = pd.DataFrame({"state": ["11111", "11114"], "value": [1.0, 0.5]})

    with pytest.raises(ParameterError, match=r"242 states missing: 11112, .*unknown .*: 11114"):
        mine(table)


def test_a_file_that_is_not_there_and_a_wrong_instrument_are_named(tmp_path):
    with pytest.raises(ParameterError, match="there is no file none.csv"):
        mine(tmp_path / "none.csv")
    with pytest.raises(ParameterError, match="EQ-5D-3L, EQ-5D-5L"):
        mine(terms_of(), "EQ-5D-Y")


def test_the_tables_of_all_states_are_written_for_both_instruments(tmp_path):
    paths = write_state_tables(tmp_path / "tables")

    three, five = (pd.read_csv(path, dtype={"state": str}) for path in paths[1:])
    assert [path.name for path in paths] == ["value_sets.csv", "eq-5d-3l.csv", "eq-5d-5l.csv"]
    assert (len(three), len(five)) == (243, 3125)
    assert set(three) | set(five) == {"state", *SHIPPED["value_set"]}
    row = five.set_index("state").loc["12345"]
    assert row["SE-2020-TTO"] == pytest.approx(0.4972)
    assert row["UK-1997-TTO-CW"] == pytest.approx(0.063, abs=6e-4)


def test_a_set_of_which_no_important_difference_is_known_says_so():
    assert "no published value is confirmed" in minimal_important_difference("SE-2020-TTO").source
    with pytest.raises(ParameterError, match="EQ-VAS"):
        minimal_important_difference("EQ-VAS")


def test_no_swedish_set_has_the_british_difference():
    swedish = SHIPPED.loc[SHIPPED["country"] == "SE", "value_set"]

    assert len(swedish) == 4
    assert all(minimal_important_difference(name).is_rule_of_thumb for name in swedish)
    assert max(minimal_important_difference(name).size for name in swedish) < 0.074


def test_finland_has_no_5l_set_of_its_own():
    finnish = SHIPPED[SHIPPED["country"] == "FI"].set_index("value_set")

    assert finnish["instrument"].to_dict() == {
        "FI-VAS-3L": "EQ-5D-3L", "FI-VAS-3L-CW": "EQ-5D-5L",
    }  # fmt: skip
    assert finnish.loc["FI-VAS-3L-CW", "method"] == "crosswalk"
    with pytest.raises(TypeError, match="value_set"):
        eq5d_index(pd.Series(["11111"]))


def test_rows_of_the_other_instrument_are_refused_by_count_and_position():
    answers = pd.DataFrame(
        {"mo": 1, "sc": 1, "ua": 2, "pd": 1, "ad": 1, "instrument": ["EQ-5D-5L", "EQ-5D-3L"]}
    )

    with pytest.raises(EstimationError, match=r"instrument: 1 of 2 rows .*EQ-5D-5L .*positions 1"):
        eq5d_index(answers, value_set="SE-2020-TTO")


def test_levels_of_the_5l_version_in_a_3l_column_are_called_so():
    answers = pd.DataFrame({"mo": [1, 4], "sc": 1, "ua": [2, 7], "pd": 1, "ad": 1})

    with pytest.raises(EstimationError) as caught:
        eq5d_index(answers, value_set="SE-2014-TTO")

    first, second = str(caught.value).split("; ")
    assert "both versions stand in one column" in first
    assert "both versions" not in second


def test_the_page_of_value_sets_lists_them_all():
    page = (Path(__file__).parents[2] / "docs" / "value-sets.md").read_text(encoding="utf-8")

    for row in SHIPPED.itertuples():
        assert f"| `{row.value_set}` | {row.instrument} | {row.country} | {row.method}" in page
        assert f"{row.lowest:.3f} to {row.highest:.3f}" in page


def test_the_command_writes_the_tables(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["evalkit", "value-sets", "--output", str(tmp_path)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0
    assert len(pd.read_csv(tmp_path / "eq-5d-5l.csv")) == 3125
    assert capsys.readouterr().out.count("written") == 3
