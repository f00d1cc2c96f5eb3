"""Data and reference values for tests/truth/test_staggered_against_csdid.py.

Run in this folder, in an environment of its own: pip install csdid==0.4.3; python staggered.py
Writes staggered_data.csv (made up, balanced as the reference wants it) and staggered.csv.
"""

import itertools
import warnings

import numpy as np
import pandas as pd
from csdid.att_gt import ATTgt

warnings.filterwarnings("ignore")


def made_up(seed: int = 20265) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    places = pd.DataFrame({"place": np.arange(24)})
    places["joined"] = np.repeat([0, 2021, 2022, 2023], 6)
    people = places.loc[rng.integers(0, 24, 360)].reset_index(drop=True)
    people["person"] = np.arange(len(people))
    people["age"] = np.round(rng.normal(44 - 0.004 * (people["joined"] - 2022).clip(-3, 3), 10), 1)
    people["weight"] = np.round(rng.uniform(0.4, 1.8, len(people)), 3)
    level = rng.normal(0.5, 0.1, len(people))
    rows = []
    for year in range(2019, 2024):
        now = people.assign(year=year)
        since = np.where(now["joined"] > 0, year - now["joined"] + 1, 0).clip(0)
        now["score"] = np.round(
            level + 0.01 * (year - 2019) + 0.0006 * (year - 2019) * (now["age"] - 44)
            + 0.02 * since + rng.normal(0, 0.06, len(now)), 4
        )  # fmt: skip
        rows.append(now)
    return pd.concat(rows).sort_values(["person", "year"], ignore_index=True)


def reference(data: pd.DataFrame) -> pd.DataFrame:
    rows = []
    models = itertools.product(
        ("nevertreated", "notyettreated"), ("score~1", "score~age"), ("dr", "reg", "ipw"),
        ("varying", "universal"), (None, "place"), (None, "weight"), (0, 1, 2),
    )  # fmt: skip
    for control, formula, method, base, cluster, weight, anticipation in models:
        if (formula == "score~1" and method != "dr") or (anticipation and (weight or cluster)):
            continue
        fit = ATTgt(
            yname="score", tname="year", idname="person", gname="joined", data=data.copy(),
            control_group=control, xformla=formula, weights_name=weight, clustervar=cluster,
            anticipation=anticipation,
        ).fit(est_method=method, base_period=base, bstrap=False)  # fmt: skip
        name = "|".join(
            [control, formula, method, base, str(cluster), str(weight), str(anticipation)]
        )
        found = fit.results
        rows += [
            (name, "group_time", g, t, a, s)
            for g, t, a, s in zip(found["group"], found["year"], found["att"], found["se"],
                                  strict=True)
        ]  # fmt: skip
        for kind in ("simple", "group", "dynamic", "calendar"):
            part = fit.aggte(typec=kind, bstrap=False, cband=False).atte
            overall = kind if kind == "simple" else f"{kind} mean"
            rows.append((name, overall, None, None, float(np.ravel(part["overall_att"])[0]),
                         float(np.ravel(part["overall_se"])[0])))  # fmt: skip
            if kind == "simple":
                continue
            for at, a, s in zip(np.ravel(part["egt"]), np.ravel(part["att_egt"]),
                                np.ravel(part["se_egt"]), strict=True):  # fmt: skip
                place = (at, None) if kind == "group" else (None, at)
                rows.append((name, kind, *place, float(a), float(s)))
    return pd.DataFrame(rows, columns=["model", "aggregation", "joined", "wave", "estimate",
                                       "std_error"])  # fmt: skip


if __name__ == "__main__":
    data = made_up()
    data.to_csv("staggered_data.csv", index=False)
    reference(data).to_csv("staggered.csv", index=False, float_format="%.12g")
