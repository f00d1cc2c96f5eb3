"""A unit's estimates on their way through the door: missing, too few, or a failure to look into."""

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand

import evalkit as ek
from evalkit import results
from evalkit.cohort import HealthPanel, Persons
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.release import load_profile, read_released, release, write_released
from evalkit.results import Characteristics
from evalkit.run.units import Unit

KINDS = [
    kind
    for kind in vars(results).values()
    if hasattr(kind, "KEYS") and kind is not results.Flow  # a flow always has its steps
]


def unit(profile="strict10"):
    return Unit(
        labels=hand.labels(), profile=load_profile(profile), shared={}, _samples=None,
        _tables=None, _scores=None,
    )  # fmt: skip


def persons(n_programme, n_comparison):
    arm = ["programme"] * n_programme + ["comparison"] * n_comparison
    ids = [f"p{number}" for number in range(len(arm))]
    sex = [("female", "male")[number % 2] for number in range(len(arm))]
    frame = pd.DataFrame({"person_id": ids, "arm": arm, "sex": sex})
    return Persons.from_frame(frame, person="person_id", arm="arm")


def panel(n, waves):
    rows = [
        {"person_id": f"{arm}{number}", "arm": arm, "wave": wave, "score": 0.5 + 0.01 * number}
        for arm in ("programme", "comparison")
        for number in range(n)
        for wave in waves
    ]
    frame = pd.DataFrame(rows, columns=["person_id", "arm", "wave", "score"])
    frame = frame.astype({"wave": int, "score": float})
    return HealthPanel.from_frame(
        frame, person="person_id", wave="wave", outcome="score", arm="arm"
    )


def failing(sample) -> Characteristics:
    raise EstimationError("no estimate")


def test_a_missing_sample_gives_none():
    assert unit().release(failing, None) is None


def test_an_estimate_of_enough_persons_is_released():
    released = unit().release(ek.characteristics, persons(60, 60), by="arm", variables=["sex"])

    assert released.kind == "Characteristics"
    assert not released.is_withheld


@pytest.mark.parametrize(
    ("profile", "arms"),
    [("strict10", (12, 0)), ("strict10", (0, 0)), ("strict10", (9, 50)), ("public", (9, 50))],
)
def test_a_failure_with_few_persons_in_an_arm_is_a_result_without_rows(profile, arms):
    released = unit(profile).release(failing, persons(*arms))

    assert released.kind == "Characteristics"
    assert released.is_withheld
    assert len(released.tidy()) == 0


@pytest.mark.parametrize("profile", ["strict10", "public"])
def test_a_failure_with_enough_persons_in_both_arms_is_raised(profile):
    with pytest.raises(EstimationError, match="no estimate"):
        unit(profile).release(failing, persons(10, 10))


def test_a_change_of_those_who_answered_once_is_a_result_without_rows():
    for estimator, options in ((ek.ancova, []), (ek.fixed_effects, ["arm:C(wave)"])):
        released = unit().release(estimator, panel(30, [0]), *options)
        assert released.kind == "ModelFit"
        assert len(released.tidy()) == 0


def test_a_panel_without_rows_is_a_result_without_rows():
    for estimator, options in (
        (ek.ancova, {}),
        (ek.wave_means, {"by": "arm"}),
        (ek.fixed_effects, {"formula": "arm:C(wave)", "wave_effects": True}),
    ):
        assert len(unit().release(estimator, panel(0, [0]), **options).tidy()) == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("profile", ["strict10", "public"])
def test_a_result_without_rows_passes_the_door_and_is_kept(kind, profile, tmp_path):
    empty = kind(
        rows={name: np.array([], dtype=object) for name in kind.KEYS}, summary={},
        support={"n": []}, provenance=provenance("by_hand", "0" * 16),
    )  # fmt: skip

    released = release(empty, profile)
    write_released(released, tmp_path / "a.json")
    again = read_released(tmp_path / "a.json")

    assert released.is_withheld and again.is_withheld
    assert list(again.tidy().columns) == [*kind.TIDY, "suppressed"]
