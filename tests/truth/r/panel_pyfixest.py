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
            fit = pyfixest.feols(
                f"score ~ p6 + p12 + p24 + income | {effects}", frame,
                vcov={"CRV1": cluster}, weights=weights, fixef_tol=1e-14,
            )  # fmt: skip
            name = f"{effects} by {cluster}, CRV1" + (", weighted" if weights else "")
            table = pd.DataFrame({"estimate": fit.coef(), "std_error": fit.se()})
            for term, row in table.iterrows():
                numbers = [repr(float(row[column])) for column in table.columns]
                rows.append([name, TERMS[term], *numbers])

columns = ["model", "term", "estimate", "std_error"]
pd.DataFrame(np.array(rows), columns=columns).to_csv("panel_pyfixest.csv", index=False)
