"""Code books and value sets: dated CSV data, read once.

`benefits.csv` says of every benefit which state of the month it makes, who pays it, whether it is
public support, and from which degree it absorbs (permanent full disability pension, old-age
pension). `confirmed` is 0 where the payer still has to be confirmed by an expert of the field.
"""

from functools import cache
from importlib.resources import files

import pandas as pd

FLAGS = ("public_support", "parental", "absorbing", "confirmed")
# Payers of what the code book of benefits calls public support, and bodies that they finance.
PUBLIC_PARTIES = (
    "employment_authority", "employment_service", "federation", "kela", "municipalities",
    "municipality", "pension_insurer", "region", "social_insurance", "state", "student_aid",
    "unemployment_fund", "wellbeing_county",
)  # fmt: skip


@cache
def _table(name: str) -> pd.DataFrame:
    path = files("evalkit.codes").joinpath("data", name)
    with path.open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False, comment="#")


def read_codes(name: str) -> pd.DataFrame:
    """A code book of the folder `codes/data` as text, for example `read_codes("benefits.csv")`."""
    return _table(name).copy()


def benefits(country: str) -> pd.DataFrame:
    """Code book of benefits of a country, indexed by `code`; flags boolean, `min_degree` numeric.

    Columns: state, actor, component, group, public_support, parental, absorbing, min_degree (NaN:
    absorbs at any degree), confirmed, name_sv, name_fi, name_en. Empty for country `other`.
    """
    return _benefits(country).copy()


@cache
def _benefits(country: str) -> pd.DataFrame:
    table = _table("benefits.csv")
    table = table[table["country"] == country].drop(columns="country").set_index("code")
    for flag in FLAGS:
        table[flag] = table[flag] == "1"
    return table.assign(min_degree=pd.to_numeric(table["min_degree"]))
