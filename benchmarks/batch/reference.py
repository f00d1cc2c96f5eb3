"""A reference notebook as others write them: four seaborn figures, a Cox and a panel table."""

from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_notebook

IMPORTS = """
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from lifelines import CoxPHFitter, KaplanMeierFitter
from linearmodels.panel import PanelOLS
sns.set_theme()
people = pd.read_parquet(f"{data}/people.parquet", filters=[("place", "==", place)])
waves = pd.read_parquet(f"{data}/waves.parquet", filters=[("place", "==", place)])
"""
CELLS = (
    """
for name, part in people.groupby("arm"):
    KaplanMeierFitter(label=name).fit(part["time"], part["exited"]).plot_survival_function()
plt.show()
""",
    'sns.histplot(people, x="age", hue="arm", bins=20); plt.show()',
    'sns.lineplot(waves, x="wave", y="index", hue="arm"); plt.show()',
    'sns.boxplot(waves, x="wave", y="index", hue="arm"); plt.show()',
    """
model = people.assign(programme=people["arm"] == "programme")
CoxPHFitter().fit(
    model[["time", "exited", "programme", "age"]].astype(float), "time", "exited"
).summary
""",
    """
panel = waves.assign(after=(waves["arm"] == "programme") * (waves["wave"] > 0) * 1.0)
fit = PanelOLS.from_formula(
    "index ~ after + EntityEffects + TimeEffects", panel.set_index(["person", "wave"])
).fit(cov_type="clustered", cluster_entity=True)
fit.summary.tables[1]
""",
)


def write_reference(folder: Path, count: int) -> tuple[Path, list[dict[str, str]]]:
    """Write the notebook and data of `count` places; return it and the parameters of each."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(20261)
    n = 2_000 * count
    people = pd.DataFrame(
        {
            "person": np.arange(n),
            "place": np.repeat([f"{place:04d}" for place in range(count)], 2_000),
            "arm": rng.choice(["programme", "comparison"], n),
            "age": rng.integers(18, 65, n),
            "time": rng.integers(1, 37, n),
            "exited": rng.random(n) < 0.6,
        }
    )
    asked = people.groupby("place").head(725)
    waves = asked.loc[asked.index.repeat(4), ["person", "place", "arm"]]
    waves = waves.assign(
        wave=np.tile([0, 6, 12, 24], len(asked)), index=rng.normal(0.6, 0.2, len(waves))
    )
    people.to_parquet(folder / "people.parquet", row_group_size=2_000)
    waves.to_parquet(folder / "waves.parquet", row_group_size=2_900)
    first = new_code_cell('place: str = ""\ndata: str = ""', metadata={"tags": ["parameters"]})
    cells = [first, *(new_code_cell(source.strip()) for source in (IMPORTS, *CELLS))]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, folder / "reference.ipynb")
    each = [{"place": f"{place:04d}", "data": str(folder)} for place in range(count)]
    return folder / "reference.ipynb", each
