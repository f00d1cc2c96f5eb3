"""Reference values for tests/truth/test_clusters_against_wildboottest.py.

Run in this folder, in an environment of its own: pip install wildboottest==0.3.2 pyfixest==0.60.0
statsmodels; python wild_bootstrap.py
Reads ../r/panel_data.csv, writes wild_bootstrap.csv.
"""

import warnings

import numpy as np
import pandas as pd
import pyfixest
import statsmodels.api as sm
from wildboottest.wildboottest import wildboottest

warnings.filterwarnings("ignore")
DRAWS = 99_999


def columns(data: pd.DataFrame, weighted: bool) -> pd.DataFrame:
    is_programme = data["arm"] == "programme"
    frame = pd.DataFrame(
        {f"p{w}": (is_programme & (data["wave"] == w)).astype(float) for w in (6, 12, 24)}
    )
    frame["income"] = data["income"]
    frame = pd.concat([
        frame, pd.get_dummies(data["wave"], prefix="w", dtype=float).iloc[:, 1:],
        pd.get_dummies(data["person"], prefix="i", dtype=float),
    ], axis=1)  # fmt: skip
    frame["score"] = data["score"]
    return frame.mul(np.sqrt(data["weight"]), axis=0) if weighted else frame


def main() -> None:
    data = pd.read_csv("../r/panel_data.csv")
    data = data[data.groupby("person")["wave"].transform("size") > 1].reset_index(drop=True)
    rows = []
    for places, weighted in ((12, False), (12, True), (8, False)):
        code = pd.factorize(data["municipality"], sort=True)[0]
        cluster = pd.Series(code % places)
        frame = columns(data, weighted)
        model = sm.OLS(frame["score"], frame.drop(columns="score"))
        for term in ("p12", "income"):
            for kind in ("rademacher", "webb"):
                found = wildboottest(model, param=term, cluster=cluster, B=DRAWS, weights_type=kind,
                                     impose_null=True, bootstrap_type="11", seed=1, show=False,
                                     parallel=False)  # fmt: skip
                rows.append((places, weighted, term, kind, found["statistic"].iloc[0],
                             found["p-value"].iloc[0]))  # fmt: skip
    out = pd.DataFrame(rows, columns=["clusters", "weighted", "term", "weights", "statistic",
                                      "p_value"])  # fmt: skip
    out.to_csv("wild_bootstrap.csv", index=False)
    jackknife = []
    data["place"] = pd.factorize(data["municipality"], sort=True)[0]
    data["band"] = 7 * data["person"] % 29
    for w in (6, 12, 24):
        data[f"p{w}"] = ((data["arm"] == "programme") & (data["wave"] == w)).astype(float)
    for cluster in ("place", "person"):
        fit = pyfixest.feols("score ~ p6 + p12 + p24 + income | person + wave", data,
                             vcov={"CRV3": cluster})  # fmt: skip
        plain = pyfixest.feols("score ~ p6 + p12 + p24 + income | person + wave", data,
                               vcov={"CRV1": cluster})  # fmt: skip
        both = pyfixest.feols("score ~ p6 + p12 + p24 + income | person + wave", data,
                              vcov={"CRV1": "place+band"})  # fmt: skip
        for kind, model in (("CR3 " + cluster, fit), ("CR1 " + cluster, plain),
                            ("two-way", both)):  # fmt: skip
            for term, error in model.se().items():
                jackknife.append((kind, term, model.coef()[term], error))
    frame = pd.DataFrame(jackknife, columns=["kind", "term", "estimate", "std_error"])
    frame.drop_duplicates(["kind", "term"]).to_csv("pyfixest.csv", index=False)


if __name__ == "__main__":
    main()
