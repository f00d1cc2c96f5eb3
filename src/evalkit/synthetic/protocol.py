"""The study files of the synthetic studies."""

import numpy as np

from evalkit.synthetic.countries import PRICE_YEAR, WAVES, Country
from evalkit.synthetic.scenario import Scenario

HEADER = "# A made-up study: no person, place, price or package in it exists.\n"
_LANGUAGES = {"SE": "[sv, en]", "FI": "[fi, sv]"}
_TITLES = {
    "SE": (
        "Samordnad rehabilitering i Sverige (påhittad studie)",
        "Yhteensovitettu kuntoutus Ruotsissa (keksitty tutkimus)",
        "Coordinated rehabilitation in Sweden (a made-up study)",
    ),
    "FI": (
        "Samordnad rehabilitering i Finland (påhittad studie)",
        "Yhteensovitettu kuntoutus Suomessa (keksitty tutkimus)",
        "Coordinated rehabilitation in Finland (a made-up study)",
    ),
}
_REGION = {"SE": "federation", "FI": "county"}
_SENSITIVITY = {"SE": "[SE-2022-TTO]", "FI": "[SE-2014-TTO]"}

_TEMPLATE = """\
title:
  sv: {title_sv}
  fi: {title_fi}
  en: {title_en}
country: {country}
data:
  path: .{data_format}
  public: true
  source: {{sv: påhittade uppgifter, fi: keksityt tiedot, en: made-up data}}
  licence: MIT
data_cut: "{data_cut}"
outcome:
  source: spells
  name: {{sv: egenförsörjning, fi: itsenäinen toimeentulo, en: self-support}}
population: {{ages: [16, 64], months_of_support: 12, min_actors: 2}}
arms: {{programme: coordinated, comparison: other_packages}}
assignment: {assignment}
self_support:
  definition: SS-FORS
  sustained_months: 3
  dating: first
  parental: neutral
  shown: {{definitions: [SS-FORS, SS-SUS], sustained_months: [1, 3, 6, 12]}}
competing: [died, emigrated, disability_pension, old_age_pension]
horizon_months: 24
useful_size: {{incidence: 0.05, months: 1.0, index: mid}}
health:
  instrument: {instrument}
  value_set: {value_set}
  sensitivity: {sensitivity}
  primary: ancova
  waves: [{waves}]
  window_months: [-1, 3]
{adjustment}economics: {{tariffs: tariffs.{suffix}, currency: {currency}, price_year: {price_year}}}
disclosure: strict10
report:
  levels: {levels}
  languages: {languages}
  formats: [html, pdf, docx]
seed: {seed}
"""
_ADJUSTMENT = "adjustment: {covariates: [education, age, born_in_country]}\n"


def study_text(country: Country, scenario: Scenario, seed: int, *, nation: bool) -> str:
    """The study file of a synthetic country as YAML: of a small study, or of a whole nation."""
    title_sv, title_fi, title_en = _TITLES[country.code]
    last = np.datetime64(scenario.first_month, "M") + scenario.n_month - 1
    return HEADER + _TEMPLATE.format(
        country=country.code,
        title_sv=title_sv,
        title_fi=title_fi,
        title_en=title_en,
        data_format="\n  format: parquet" if nation else "",
        suffix="parquet" if nation else "csv",
        data_cut=last,
        assignment="randomised" if scenario.randomised else "observational",
        adjustment="" if scenario.randomised else _ADJUSTMENT,
        instrument=country.instrument,
        value_set=country.value_set,
        sensitivity=_SENSITIVITY[country.code],
        waves=", ".join(str(wave) for wave in WAVES),
        currency=country.currency,
        price_year=PRICE_YEAR,
        levels=f"[municipality, {_REGION[country.code]}, national]",
        languages=_LANGUAGES[country.code],
        seed=seed,
    )
