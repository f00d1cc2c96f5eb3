"""The study files of the synthetic studies."""

from evalkit.synthetic.countries import DATA_CUT, PRICE_YEAR, WAVES, Country

_LANGUAGES = {"SE": "[sv, en]", "FI": "[fi, sv]"}
_TITLES = {
    "SE": (
        "Samordnad rehabilitering i Sverige, påhittad studie",
        "Yhteensovitettu kuntoutus Ruotsissa, keksitty tutkimus",
        "Coordinated rehabilitation in Sweden, a made-up study",
    ),
    "FI": (
        "Samordnad rehabilitering i Finland, påhittad studie",
        "Yhteensovitettu kuntoutus Suomessa, keksitty tutkimus",
        "Coordinated rehabilitation in Finland, a made-up study",
    ),
}
_SENSITIVITY = {"SE": "[SE-2022-TTO]", "FI": "[SE-2014-TTO]"}

_TEMPLATE = """\
# A made-up study: no person, place, price or package in it exists.
title:
  sv: {title_sv}
  fi: {title_fi}
  en: {title_en}
country: {country}
data:
  path: .
  public: true
  source: {{sv: påhittade uppgifter, fi: keksityt tiedot, en: made-up data}}
data_cut: "{data_cut}"
outcome:
  source: spells
  name: {{sv: egenförsörjning, fi: itsenäinen toimeentulo, en: self-support}}
population: {{ages: [16, 64], months_of_support: 12, min_actors: 2}}
arms: {{programme: coordinated, comparison: other_packages}}
assignment: randomised
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
economics: {{tariffs: tariffs.csv, currency: {currency}, price_year: {price_year}}}
disclosure: strict10
report:
  levels: [municipality, national]
  languages: {languages}
  formats: [html]
seed: {seed}
"""


def study_text(country: Country, seed: int) -> str:
    """The study file of a synthetic country as YAML."""
    title_sv, title_fi, title_en = _TITLES[country.code]
    return _TEMPLATE.format(
        country=country.code,
        title_sv=title_sv,
        title_fi=title_fi,
        title_en=title_en,
        data_cut=DATA_CUT,
        instrument=country.instrument,
        value_set=country.value_set,
        sensitivity=_SENSITIVITY[country.code],
        waves=", ".join(str(wave) for wave in WAVES),
        currency=country.currency,
        price_year=PRICE_YEAR,
        languages=_LANGUAGES[country.code],
        seed=seed,
    )
