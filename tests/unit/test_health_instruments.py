"""Instruments by one scheme: what can be scored, what is refused, and what is not made up."""

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError, ParameterError
from evalkit.health import cronbach_alpha, instruments, score_instrument
from evalkit.health.instruments import FORMATIVE, NO_VARIANCE, ONE_ITEM

RANGE = (0, 4)


def kykyviisari(n=6, seed=1):
    table = instruments()
    items = table.loc[table["instrument"] == "Kykyviisari", "items"].explode()
    levels = np.random.default_rng(seed).integers(0, 5, (n, len(items)))
    return pd.DataFrame(levels, columns=list(items)).astype(float)


def fidelity(value=3):
    return pd.DataFrame({f"ips{number}": [value, 5, 1] for number in range(1, 26)})


def test_the_scheme_lists_every_scale_with_its_items():
    table = instruments().set_index(["instrument", "scale"])

    sizes = table.loc["Kykyviisari", "n_item"].to_dict()
    assert sizes == {"C": 12, "D": 9, "E": 11, "F": 10, "G": 2}
    assert table.loc[("Kykyviisari", "G"), "items"] == ("g1", "g2")
    assert (table["n_item"] == table["items"].map(len)).all()


def test_what_is_not_confirmed_says_so():
    table = instruments()

    assert (
        table.loc[~table["confirmed"] & (table["scoring"] == "sum"), "note"]
        .str.contains("UNCONFIRMED")
        .all()
    )
    assert set(table.loc[table["instrument"] == "Kykyviisari", "direction"]) == {"unconfirmed"}
    assert "UNCONFIRMED" in table.set_index("instrument").loc["IPS-25", "note"]


def test_scales_of_kykyviisari_are_sums_of_their_items():
    answers = kykyviisari()

    scores = score_instrument(answers, instrument="Kykyviisari", item_range=RANGE)

    assert list(scores) == ["C", "D", "E", "F", "G"]
    assert scores["G"].tolist() == (answers["g1"] + answers["g2"]).tolist()
    assert scores["E"].tolist() == answers.filter(regex=r"^e\d").sum(axis=1).tolist()


def test_a_missing_item_gives_a_missing_score_of_its_scale_only():
    answers = kykyviisari()
    answers.loc[2, "d3"] = np.nan

    scores = score_instrument(answers, instrument="Kykyviisari", item_range=RANGE)

    assert np.flatnonzero(scores.isna().to_numpy().any(axis=1)).tolist() == [2]
    assert scores.columns[scores.isna().any()].tolist() == ["D"]


def test_the_range_of_kykyviisari_must_be_given_and_that_of_others_must_not():
    with pytest.raises(ParameterError, match="not confirmed; give it"):
        score_instrument(kykyviisari(), instrument="Kykyviisari")
    with pytest.raises(ParameterError, match="leave the argument out"):
        score_instrument(fidelity(), instrument="IPS-25", item_range=(1, 5))
    with pytest.raises(ParameterError, match="comes first"):
        score_instrument(kykyviisari(), instrument="Kykyviisari", item_range=(4, 0))


def test_fidelity_goes_from_25_to_125():
    assert score_instrument(fidelity(), instrument="IPS-25")["fidelity"].tolist() == [75, 125, 25]


@pytest.mark.parametrize(
    ("instrument", "item", "good", "bad"),
    [("EQ-VAS", "vas", [0, 100, 55.5], 101), ("WAS", "was", [0, 10, 7], -1)],
)
def test_given_scores_are_checked_and_taken_as_they_are(instrument, item, good, bad):
    scores = score_instrument(pd.DataFrame({item: [*good, np.nan]}), instrument=instrument)

    assert scores[item].tolist()[:3] == good
    assert np.isnan(scores[item].iloc[3])
    with pytest.raises(EstimationError, match=rf"^{item}: 1 of 4 .*positions 1") as caught:
        score_instrument(pd.DataFrame({item: [1, bad, 2, 3]}), instrument=instrument)
    assert str(bad) not in str(caught.value)


def test_component_scores_have_no_range_but_must_be_finite():
    scores = pd.DataFrame({"pcs": [31.2, 55.0], "mcs": [-2.0, 70.5]})

    pd.testing.assert_frame_equal(score_instrument(scores, instrument="SF-36"), scores)
    with pytest.raises(EstimationError, match="mcs: 1 of 2 are infinite"):
        score_instrument(scores.assign(mcs=[np.inf, 1]), instrument="SF-12")


def test_faults_of_all_items_are_reported_at_once():
    answers = (
        fidelity().astype(float).assign(ips3=[6, 5, 1], ips4=["a", "b", "c"], ips5=[1.5, 5, 1])
    )

    with pytest.raises(EstimationError, match=r"ips3: 1 of 3.*ips4: answers must be.*ips5: 1 of 3"):
        score_instrument(answers, instrument="IPS-25")


def test_missing_columns_unknown_instruments_and_scales_are_named():
    with pytest.raises(EstimationError, match="no such column: was"):
        score_instrument(pd.DataFrame({"x": [1]}), instrument="WAS")
    with pytest.raises(ParameterError, match="Kykyviisari"):
        score_instrument(pd.DataFrame(), instrument="EQ-5D-5L")
    with pytest.raises(ParameterError, match="A is no scale of Kykyviisari; there are C, D"):
        score_instrument(kykyviisari(), instrument="Kykyviisari", scales=["A"])


def test_alpha_is_by_the_formula_and_missing_for_the_formative_scale():
    answers = kykyviisari(40)
    result = cronbach_alpha(answers, instrument="Kykyviisari", item_range=RANGE)
    rows = result.tidy().set_index("item")
    d = answers.filter(regex=r"^d\d")
    expected = 9 / 8 * (1 - d.var().sum() / d.sum(axis=1).var())

    assert rows.loc["D", "estimate"] == pytest.approx(expected)
    assert rows.loc["D", "conf_low"] < expected < rows.loc["D", "conf_high"]
    assert np.isnan(rows.loc["E", "estimate"])
    assert rows.loc["E", "reason"] == FORMATIVE


def test_alpha_is_missing_with_a_reason_where_it_does_not_exist():
    equal = pd.DataFrame({"g1": [1, 2], "g2": [2, 1]})
    one = pd.DataFrame({"was": [3, 7]})

    same = cronbach_alpha(equal, instrument="Kykyviisari", scales=["G"], item_range=RANGE).tidy()
    single = cronbach_alpha(one, instrument="WAS").tidy()

    assert same["reason"].tolist() == [NO_VARIANCE]
    assert single["reason"].tolist() == [ONE_ITEM]
    with pytest.raises(EstimationError, match="1 of 2 rows are complete"):
        cronbach_alpha(equal.assign(g1=[1, np.nan]), instrument="Kykyviisari", scales=["G"],
                       item_range=RANGE)  # fmt: skip
