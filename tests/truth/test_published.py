"""Published numbers: how closely they must be met, and what is said of each."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import evalkit as ek
from evalkit.published import as_number, find_case, half_unit, open_published, read_case
from evalkit.published import shipped_cases as names_of_cases

SHIPPED = names_of_cases()
MINIMAL = {
    "title": "A case", "source": "Nobody (2000)", "data": "none", "licence": "none",
    "data_cut": "2000-12", "kind": "arithmetic", "read": "document",
    "story": {"question": "Why?", "data": "None.", "model": "a = b", "teaches": "Nothing."},
}  # fmt: skip


def case_of(tmp_path: Path, *numbers: dict) -> ek.open_published:
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({**MINIMAL, "numbers": list(numbers)}), encoding="utf-8")
    return open_published(str(path))


def number(value="2.50", **more) -> dict:
    return {"id": "a", "name": "A", "value": value, "of": "result", **more}


def verdict_of(case, result) -> str:
    return ek.against_published(case.numbers, result=result).tidy()["verdict"][0]


@pytest.mark.parametrize(
    ("value", "computed", "verdict"),
    [
        ("2.50", 2.5049, "reproduced"),
        ("2.50", 2.505, "reproduced"),
        ("2.50", 2.5051, "drifted"),
        ("2.5", 2.5499, "reproduced"),
        ("-0.379", -0.3794, "reproduced"),
        ("-0.379", 0.379, "drifted"),
        ("113 333", 113_333.4, "reproduced"),
        ("113 333", 113_334.0, "drifted"),
    ],
)
def test_the_printed_digits_decide(tmp_path, value, computed, verdict):
    assert verdict_of(case_of(tmp_path, number(value)), computed) == verdict


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, "reproduced"),
        ({"read": "secondary"}, "reproduced"),
        ({"read": "memory"}, "from_memory"),
        ({"derived": "true"}, "consistent"),
        ({"because": "another sample", "computed": "2.5"}, "deviates"),
        ({"because": "another sample", "computed": "2.6"}, "drifted"),
        ({"tolerance": "0.2", "value": "2.7"}, "reproduced"),
    ],
)
def test_every_verdict_fires(tmp_path, more, verdict):
    assert verdict_of(case_of(tmp_path, {**number(), **more}), 2.5) == verdict


def test_an_impossible_number_needs_no_result(tmp_path):
    case = case_of(tmp_path, {"id": "a", "name": "A", "impossible": "the cost was lost"})

    found = ek.against_published(case.numbers)

    assert found.tidy()["verdict"].tolist() == ["impossible"]
    assert found.glance()[["n", "n_impossible", "n_reproduced"]].iloc[0].tolist() == [1, 1, 0]


def test_a_number_is_found_by_row_and_column_and_put_on_its_scale(tmp_path):
    frame = pd.DataFrame(
        {"t": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "e": [1, 1, 0, 1, 1, 1], "x": [0, 1, 1, 0, 1, 0]}
    )
    fit = ek.cox(ek.TimeToEvent.from_frame(frame, duration="t", event="e"), "x")
    ratio = float(np.exp(fit.rows["estimate"][0]))
    case = case_of(tmp_path, number(f"{ratio:.4f}", where={"term": "x"}, scale="exp"))

    found = ek.against_published(case.numbers, result=fit)

    assert found.tidy()["verdict"].tolist() == ["reproduced"]
    assert found.support["n"].tolist() == fit.support["n"].tolist()


@pytest.mark.parametrize("where", [{"term": "y"}, {"nothing": "x"}, {}])
def test_a_number_that_cannot_be_found_is_an_error(tmp_path, where):
    frame = pd.DataFrame({"t": [1.0, 2.0, 3.0, 4.0], "e": [1, 1, 0, 1], "x": [0, 1, 1, 0]})
    frame["z"] = [1, 0, 1, 0]
    fit = ek.cox(ek.TimeToEvent.from_frame(frame, duration="t", event="e"), "x + z")
    case = case_of(tmp_path, number("1.0", where=where))

    with pytest.raises(ek.EstimationError, match="a: "):
        ek.against_published(case.numbers, result=fit)


def test_results_and_numbers_must_fit_each_other(tmp_path):
    case = case_of(tmp_path, number())

    with pytest.raises(ek.ParameterError, match="not given: result; results that no number"):
        ek.against_published(case.numbers, other=1.0)


def test_a_number_of_no_known_persons_passes_the_door_only_where_nothing_is_hidden(tmp_path):
    found = ek.against_published(case_of(tmp_path, number()).numbers, result=2.5)

    assert not ek.release(found, "public").rows["suppressed"].any()
    hidden = ek.release(found, "strict10").tidy()
    assert hidden["suppressed"].all()
    assert hidden["computed"].isna().all() and hidden["verdict"].tolist() == [""]


FAULTS = [
    ({"numbers": [{"id": "a", "name": "A"}]}, "needs `value` and `of`"),
    ({"numbers": [number(because="why")]}, "needs `computed`"),
    ({"numbers": [number(), number()]}, "named twice: a"),
    ({"numbers": [number("about 3")]}, "value"),
    ({"kind": "imagined", "numbers": [number()]}, "kind"),
    ({"licens": "x", "numbers": [number()]}, "licens"),
]


@pytest.mark.parametrize(("more", "message"), FAULTS)
def test_a_faulty_case_is_refused(tmp_path, more, message):
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({**MINIMAL, **more}), encoding="utf-8")

    with pytest.raises(ek.StudyError, match=message):
        read_case(path)


def test_an_unknown_case_names_the_shipped_ones():
    with pytest.raises(ek.ParameterError, match="rossi"):
        find_case("nothing")


@given(st.integers(-(10**7), 10**7), st.integers(0, 6))
def test_half_a_unit_is_half_the_distance_to_the_next_printed_number(whole, decimals):
    printed = f"{whole / 10**decimals:.{decimals}f}"
    above = f"{(whole + 1) / 10**decimals:.{decimals}f}"

    assert half_unit(printed) == pytest.approx((as_number(above) - as_number(printed)) / 2)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_case_is_told_in_three_languages(name):
    case = read_case(find_case(name))

    told = [case.title, *(getattr(case.story, part) for part in ("question", "data", "teaches"))]
    told += [number.name for number in case.numbers]
    told += [number.because or number.impossible for number in case.numbers]
    told = [words for words in told if words is not None]
    assert told and all(words.sv and words.fi and words.en for words in told)
    assert find_case(name).with_suffix(".ipynb").is_file()
