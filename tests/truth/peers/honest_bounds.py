"""Reference values for tests/truth/test_designs_honest_bounds.py.

Run in this folder, in an environment of its own: pip install moderndid==0.2.0 (with cvxpy);
python honest_bounds.py. Writes honest_bounds.csv; the estimates are made up, the same in the test.
"""

import warnings

import numpy as np
import pandas as pd
from moderndid.didhonest import (
    compute_flci,
    compute_identified_set_sd,
    create_sensitivity_results_rm,
)

warnings.filterwarnings("ignore")
ESTIMATE = np.array([0.006, -0.002, 0.004, 0.02, 0.03, 0.025])
COVARIANCE = 4e-5 * (0.4 + 0.6 * np.eye(6)) + np.diag(np.arange(6) * 1e-5)
SHARES = {"first": [1.0, 0.0, 0.0], "mean": [1 / 3, 1 / 3, 1 / 3]}


def main() -> None:
    rows = []
    for name, share in SHARES.items():
        share = np.array(share)
        for limit in (0.001, 0.004, 0.02):
            found = compute_flci(ESTIMATE, COVARIANCE, limit, 3, 3, post_period_weights=share)
            rows.append(("interval", name, limit, *map(float, found.flci)))
        for limit in (0.02, 0.05):
            found = compute_identified_set_sd(limit, ESTIMATE, share.reshape(-1, 1), 3, 3)
            rows.append(("set", name, limit, found.id_lb, found.id_ub))
        found = create_sensitivity_results_rm(ESTIMATE, COVARIANCE, 3, 3, l_vec=share,
                                              m_bar_vec=[0.5, 1.0, 2.0])  # fmt: skip
        rows += [("relative", name, row["Mbar"], row["lb"], row["ub"]) for row in found.to_dicts()]
    frame = pd.DataFrame(rows, columns=["kind", "share", "limit", "low", "high"])
    frame.to_csv("honest_bounds.csv", index=False)


if __name__ == "__main__":
    main()
