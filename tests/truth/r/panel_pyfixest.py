"""Fixed effects by pyfixest: reference values for tests/truth/test_panel_models_against_r.py.

Run in this folder, in an environment of its own: python panel_pyfixest.py
Reads panel_data.csv (of panel.R), writes panel_pyfixest.csv. pyfixest 0.60.0.
"""

import numpy as np
import pandas as pd
import pyfixest

TERMS = {f"p{wave}": f"arm[programme]:wave[{wave}]" for wave in (6, 12, 24)} | {"income": "income"}

frame = pd.read_csv("panel_data.csv")
for wave in (6, 12, 24):
    frame[f"p{wave}"] = ((frame["arm"] == "programme") & (frame["wave"] == wave)).astype(float)
# Persons who move, so that the two clusterings cross.
frame["place"] = (frame["person"] + frame["wave"] // 6) % 9
rows = []
for effects in ("person", "person + wave"):
    for cluster in ("person", "municipality", "person + place"):
        for weights in (None, "weight"):
            for kind in ("CRV1", "CRV3"):
                if kind == "CRV3" and (weights or "+" in cluster):
                    continue
                fit = pyfixest.feols(
                    f"score ~ p6 + p12 + p24 + income | {effects}", frame,
                    vcov={kind: cluster}, weights=weights, fixef_tol=1e-14,
                )  # fmt: skip
                name = f"{effects} by {cluster}, {kind}" + (", weighted" if weights else "")
                table = pd.DataFrame({"estimate": fit.coef(), "std_error": fit.se()})
                for term, row in table.iterrows():
                    rows.append([name, TERMS[term], repr(float(row["estimate"])),
                                 repr(float(row["std_error"]))])  # fmt: skip

columns = ["model", "term", "estimate", "std_error"]
pd.DataFrame(np.array(rows), columns=columns).to_csv("panel_pyfixest.csv", index=False)
