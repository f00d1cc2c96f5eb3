"""QALYs: what is refused, what is left out, what strata and imputed panels give."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.economics import qaly
from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning

WAVES = (0, 6, 12, 18, 24)


def frame_of(n=12, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "person_id": np.repeat([f"p{number}" for number in range(n)], 5),
        "wave": np.tile(WAVES, n),
        "arm": np.repeat(np.where(np.arange(n) % 2 == 0, "programme", "comparison"), 5),
        "place": np.repeat(np.where(np.arange(n) < 4, "a", "b"), 5),
        "score": rng.uniform(0.2, 0.9, 5 * n).round(3),
    })  # fmt: skip


def panel(frame, **options):
    return HealthPanel.from_frame(
        frame, person="person_id", wave="wave", outcome="score", arm="arm", **options
    )


def with_gaps(*rows):
    frame = frame_of()
    frame.loc[list(rows), "score"] = np.nan
    return frame


def test_a_gap_without_a_word_about_it_is_an_error_that_counts():
    with pytest.raises(EstimationError, match=r"2 of 12 persons lack an answer.*interpolate"):
        qaly(panel(with_gaps(2, 14)))


def test_a_panel_without_gaps_needs_no_word():
    assert qaly(panel(frame_of())).summary["missing"] == "none"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"missing": "locf"}, "missing: complete or interpolate"),
        ({"died": "gone"}, "died: no such column: gone"),
        ({"date": "when"}, "no such column: when"),
        ({"covariates": ["age"]}, "covariates: no such column: age"),
        ({"discount_rate": -1}, "discount rate above -1"),
        ({"days_in_year": 0}, "days in a year above 0"),
        ({"imputed": []}, "0 completed panels"),
    ],
)
def test_options_that_are_none_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        qaly(panel(frame_of()), **options)


def test_a_horizon_without_a_wave_is_an_error():
    with pytest.raises(EstimationError, match=r"waves 0 and 20; the panel has 0, 6, 12, 18, 24"):
        qaly(panel(frame_of()), horizon_months=20)


def test_nobody_with_all_answers_is_an_error():
    frame = frame_of().assign(score=lambda table: table["score"].where(table["wave"] != 12))

    with pytest.raises(EstimationError, match="none of 12 persons has the answers"):
        qaly(panel(frame), missing="complete")


def test_dates_in_another_order_than_the_waves_are_an_error_without_a_date_in_it():
    frame = frame_of().assign(
        date=lambda table: pd.Timestamp("2022-01-01") + pd.to_timedelta(30 * table["wave"], "D")
    )
    frame.loc[1, "date"] = pd.Timestamp("2025-01-01")

    with pytest.raises(EstimationError, match=r"date: the answers of 1 of 12 persons") as caught:
        qaly(panel(frame), date="date")
    assert "2025" not in str(caught.value)


def test_an_arm_of_one_person_is_an_error_and_in_a_stratum_a_reason():
    frame = frame_of(6).assign(place=lambda table: np.where(table["person_id"] < "p3", "a", "b"))

    with pytest.raises(EstimationError, match="1 in the smaller arm"):
        qaly(panel(frame[frame["place"] == "a"]))
    table = qaly(panel(frame), by="place").tidy()
    assert set(table["reason"]) == {"too few persons"}
    assert table["estimate"].isna().all()


def test_strata_are_what_their_persons_give_alone():
    frame = frame_of(24)
    both = qaly(panel(frame), by="place").tidy()
    alone = qaly(panel(frame[frame["place"] == "b"])).tidy()

    part = both[both["stratum"] == "b"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.drop(columns="stratum"), alone.drop(columns="stratum"))


def test_means_adjusted_for_an_equal_start_are_the_plain_ones():
    frame = frame_of()
    frame.loc[frame["wave"] == 0, "score"] = 0.5
    table = qaly(panel(frame)).tidy()

    plain, adjusted = (
        table[table["adjustment"] == name][["estimate", "std_error", "conf_low"]].to_numpy()
        for name in ("unadjusted", "adjusted")
    )
    assert plain == pytest.approx(adjusted)


def test_a_covariate_that_follows_from_the_start_changes_nothing():
    frame = frame_of()
    start = frame[frame["wave"] == 0].set_index("person_id")["score"]
    frame = frame.assign(twice=2 * frame["person_id"].map(start) + 1)

    one, two = qaly(panel(frame)), qaly(panel(frame), covariates=["twice"])

    assert one.tidy()["estimate"].to_numpy() == pytest.approx(two.tidy()["estimate"].to_numpy())


def test_few_clusters_give_errors_by_person_and_a_warning():
    frame = frame_of(24)

    with pytest.warns(SmallSampleWarning, match="2 are too few for errors by cluster"):
        result = qaly(panel(frame, cluster="place"))

    plain = qaly(panel(frame))
    assert result.tidy()["std_error"].tolist() == plain.tidy()["std_error"].tolist()


def completed(given, m=3):
    """A stand-in for imputation: the gaps filled with the person's other answers' mean."""
    frame = given.covariates.assign(score=given.outcome)
    filled = []
    for number in range(m):
        mean = frame.groupby("person_id")["score"].transform("mean") + 0.01 * number
        filled.append(panel(frame.assign(score=frame["score"].fillna(mean))))
    return tuple(filled)


def test_imputed_panels_keep_everybody_and_a_function_that_makes_them_is_the_same():
    given = panel(with_gaps(2, 14, 33))

    ready = qaly(given, imputed=completed(given))
    made = qaly(given, imputed=completed)

    assert ready.summary["n"] == 12 and ready.summary["m"] == 3
    assert ready.summary["missing"] == "imputed"
    pd.testing.assert_frame_equal(ready.tidy(), made.tidy())
    assert ready.tidy()["std_error"].notna().all()


def test_missing_and_imputed_together_are_refused():
    given = panel(with_gaps(2))

    with pytest.raises(ParameterError, match="none of them with imputed panels"):
        qaly(given, missing="complete", imputed=completed)


def test_who_has_died_lacks_no_answer():
    frame = with_gaps(3, 4).assign(died=np.nan)
    frame.loc[:4, "died"] = 15

    result = qaly(panel(frame), died="died")

    assert result.summary["n"] == 12 and result.summary["missing"] == "none"


def test_equal_calls_give_equal_provenance_and_other_data_another():
    one, two = qaly(panel(frame_of())), qaly(panel(frame_of()))
    other = qaly(panel(frame_of(seed=2)))

    assert one.provenance.id == two.provenance.id != other.provenance.id
