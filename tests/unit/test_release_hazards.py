"""Hazards, quantiles, stacked curves and gaps at the door."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import DisclosureError
from evalkit.release import load_profile, release
from evalkit.survival import (
    adjusted_months,
    competing_gap,
    confidence_bands,
    cumulative_incidence,
    exit_rates,
    follow_up_time,
    kaplan_meier,
    median_time,
    nelson_aalen,
    stacked_incidence,
)


def sample(n, seed=3, hazards=(0.05, 0.01)):
    rng = np.random.default_rng(seed)
    times = rng.geometric(np.array(hazards), (n, 2))
    end = rng.integers(20, 37, n)
    months = np.minimum(times.min(axis=1), end)
    exits = np.where(
        times.min(axis=1) > end, "none", np.array(["work", "died"])[times.argmin(axis=1)]
    )
    frame = pd.DataFrame(
        {"months": months, "exit": exits, "arm": rng.choice(["programme", "comparison"], n),
         "age": rng.normal(40, 8, n)}
    )  # fmt: skip
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", arm="arm"
    )


def shown(released, **chosen):
    frame = released.tidy()
    frame = frame[~frame["suppressed"].astype(bool)]
    keep = np.logical_and.reduce([frame[name] == value for name, value in chosen.items()])
    return frame[keep] if chosen else frame


def hidden_blocks(*blocks):
    plan = pd.DataFrame({"level": "unit", "code": "x", "block": list(blocks)})
    return load_profile("strict10").for_unit(plan, "unit", "x")


def test_rates_and_hazards_are_shown_where_the_curve_is():
    rows = sample(400)
    times = shown(release(kaplan_meier(rows, cause="any"), "strict10"))["time"].tolist()

    assert len(times) > 5
    assert shown(release(nelson_aalen(rows, cause="any"), "strict10"))["time"].tolist() == times
    rates = shown(release(exit_rates(rows, cause="any"), "strict10"))
    assert [0.0, *rates["time"]] == times


def test_joined_rates_are_exits_over_the_time_between_shown_months():
    rows = sample(150)
    raw = exit_rates(rows, cause="any").tidy()

    released = shown(release(exit_rates(rows, cause="any"), "strict10"))

    ends = released["time"].to_numpy()
    months = pd.cut(raw["time"], [0, *ends]).cat.codes
    inside = raw[months >= 0].groupby(months[months >= 0])
    assert (np.diff(ends, prepend=0) > 1).any()
    np.testing.assert_allclose(
        released["estimate"], inside["n_event"].sum() / inside["exposure"].sum()
    )
    assert released["n_event"].tolist() == inside["n_event"].sum().tolist()
    joined = np.diff(ends, prepend=0) > 1
    assert released.loc[joined, ["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert released.loc[~joined, "conf_high"].notna().all()


def test_time_under_observation_and_few_exits_stay_inside():
    released = release(exit_rates(sample(150), cause="any"), "strict10").tidy()

    assert released["exposure"].isna().all()
    assert released["n_censored"].isna().all()
    assert (released["n_event"].dropna() >= 10).all()


def test_rates_of_another_width_do_not_pass():
    with pytest.raises(DisclosureError, match="width"):
        release(exit_rates(sample(400), cause="any", width=3), "strict10")


def test_rates_of_another_width_pass_where_nothing_is_hidden():
    released = release(exit_rates(sample(400), cause="any", width=3), "public")

    assert released.rows["exposure"].min() > 0


def test_a_stacked_curve_shows_a_month_for_all_causes_or_for_none():
    rows = sample(400)
    released = release(stacked_incidence(rows, by="arm"), "strict10")
    alone = release(cumulative_incidence(rows, by="arm"), "strict10")

    by_cause = [
        set(shown(released, stratum="programme", cause=cause)["time"])
        for cause in ("work", "died", "no_exit")
    ]
    assert by_cause[0] == by_cause[1] == by_cause[2]
    assert by_cause[0] < set(shown(alone, stratum="programme", cause="work")["time"])


def test_a_stacked_curve_with_a_rare_cause_is_hidden_as_a_whole():
    released = release(stacked_incidence(sample(400, hazards=(0.05, 0.0003))), "strict10")

    assert released.is_withheld


def test_the_block_of_a_cause_hides_its_gap():
    rows = sample(400)
    result = competing_gap(rows, cause="work")

    everywhere = set(release(result, "strict10").tidy().query("not suppressed")["cause"])
    hidden = release(result, hidden_blocks("exits//12/work")).tidy()

    assert everywhere == {"work", "1 - Kaplan-Meier", "gap"}
    assert hidden.query("time == 12")["suppressed"].all()


def test_a_median_needs_ten_before_and_ten_after():
    assert not release(median_time(sample(100), cause="any"), "strict10").is_withheld
    assert release(median_time(sample(15), cause="any"), "strict10").is_withheld
    assert release(median_time(sample(100), cause="any", q=0.05), "strict10").is_withheld


def test_the_reason_of_a_hidden_median_is_empty():
    result = median_time(sample(12, hazards=(0.001, 0.001)), cause="any")

    assert result.rows["reason"].tolist() == ["not reached within the follow-up"]
    assert release(result, "strict10").rows["reason"].tolist() == [""]


def test_a_hidden_group_has_no_median():
    released = release(
        median_time(sample(300), by="arm", cause="any"), hidden_blocks("exits/programme")
    )

    assert shown(released)["stratum"].tolist() == ["comparison"]


def test_follow_up_bands_and_models_pass():
    rows = sample(400)

    assert not release(follow_up_time(rows), "strict10").is_withheld
    assert not release(confidence_bands(rows, cause="any"), "strict10").is_withheld
    model = adjusted_months(rows, "arm + age", cause="any", horizon=12)
    assert not release(model, "strict10").is_withheld
