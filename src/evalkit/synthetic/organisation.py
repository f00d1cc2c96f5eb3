"""What the organisations answer about working together, and which services municipalities have.

Items are numbered: the wording of questionnaires is not shipped. The eight criteria of quality and
the ten drivers of the climate are those of the FRISAM evaluation; which of the fifteen indicators
is which, and what they are called, is not said here, and neither is a cut-off of any scale.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evalkit.records import schema as s
from evalkit.synthetic.countries import SOURCE, Country
from evalkit.synthetic.places import Place, package_groups
from evalkit.synthetic.process import YEAR
from evalkit.synthetic.random_streams import normal, stream
from evalkit.synthetic.scenario import Scenario

QUALITY, CLIMATE, FIDELITY = "collaboration_quality", "climate", "ips_fidelity"
N_WAVE = 3  # the last years of the records
LEAST_ANSWERED, MOST_ANSWERED = 0.50, 0.70
# Cumulative shares of the answers 1 to 4 to an average item.
_THRESHOLDS = ndtri(np.array([0.06, 0.20, 0.48, 0.83]))


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A questionnaire to a group of respondents; `asked` persons in each federation and year."""

    instrument: str
    group: str
    items: int
    asked: int


QUESTIONNAIRES = (
    Questionnaire(QUALITY, "participant", 8, 14),
    Questionnaire(QUALITY, "staff", 8, 10),
    Questionnaire(CLIMATE, "staff", 10, 10),
    Questionnaire(CLIMATE, "manager", 10, 5),
    Questionnaire("indicators_ongoing", "participant", 15, 5),
    Questionnaire("indicators_end", "participant", 15, 5),
    Questionnaire("indicators_staff", "staff", 15, 3),
    Questionnaire("indicators_manager", "manager", 15, 2),
    Questionnaire("indicators_board", "board", 15, 2),
    Questionnaire("indicators_referrer", "referrer", 15, 2),
)

SERVICES = (
    ("rehabilitative_work", "long_term_unemployed", 0.92, "coordination"),
    ("rehabilitative_work", "below_work_capacity", 0.15, ""),
    ("job_coaching", "partially_work_able", 0.60, "joint_work"),
    ("job_coaching", "disabled", 0.75, "coordination"),
    ("work_ability_team", "partially_work_able", 0.45, "joint_work"),
    ("social_rehabilitation", "below_work_capacity", 0.50, "information"),
    ("social_rehabilitation", "substance_use", 0.30, ""),
    ("escort", "long_term_unemployed", 0.25, "information"),
    ("pay_subsidy_supplement", "long_term_unemployed", 0.35, ""),
)
UNKNOWN_SHARE = 0.12


def responses_table(
    country: Country, scenario: Scenario, places: tuple[Place, ...], seed: int
) -> pd.DataFrame:
    """Answers about working together from each federation in the last years, one row an item.

    Whoever did not answer has a single row without a value, so that non-response can be counted.
    Fidelity is rated once a year for each federation, by one rater, and is never missing.
    """
    rng = stream(seed, f"{country.code} responses")
    groups = package_groups(places)
    last_year = int(scenario.first_month[:4]) + scenario.n_month // YEAR - 1
    years = np.arange(last_year - N_WAVE + 1, last_year + 1)
    quality = 0.5 * normal(rng, (len(groups), 1)) + 0.1 * np.arange(N_WAVE)
    parts = [_answers(form, quality, rng) for form in QUESTIONNAIRES]
    parts.append(_fidelity(quality, rng))
    sizes = np.cumsum([0, *(part["respondent"].max() + 1 for part in parts)])
    rows = pd.concat(
        [
            part.assign(respondent=part["respondent"] + before)
            for part, before in zip(parts, sizes[:-1], strict=True)
        ],
        ignore_index=True,
    )
    value = rows[s.VALUE].to_numpy()
    table = pd.DataFrame({
        s.RESPONDENT_ID: _respondent_ids(country, rows["respondent"].to_numpy(), sizes[-1], rng),
        s.RESPONDENT_GROUP: rows[s.RESPONDENT_GROUP],
        s.FEDERATION: np.array(groups)[rows["federation"]],
        s.WAVE: years[rows["wave"]].astype(str),
        s.INSTRUMENT: rows[s.INSTRUMENT],
        s.ITEM: [f"item_{number:02d}" for number in rows["item"] + 1],
        s.VALUE: np.where(value > 0, value.astype(str), ""),
    })  # fmt: skip
    return table.sort_values(
        [s.WAVE, s.FEDERATION, s.RESPONDENT_ID, s.ITEM], kind="stable", ignore_index=True
    )


def services_table(country: Country, places: tuple[Place, ...], seed: int) -> pd.DataFrame:
    """Service profile of each municipality: what there is for whom, and how it is coordinated.

    Services for persons below the capacity for rehabilitative work, and with substance use, are
    rarer than the others.
    """
    n, kinds = len(places), len(SERVICES)
    rng = stream(seed, f"{country.code} services")
    services, targets, shares, coordination = (
        np.array(part) for part in zip(*SERVICES, strict=True)
    )
    there = rng.random((n, kinds)) < np.clip(shares + 0.12 * normal(rng, (n, 1)), 0, 1)
    unknown = rng.random((n, kinds)) < UNKNOWN_SHARE
    availability = np.where(unknown, "unknown", np.where(there, "yes", "no"))
    codes = np.array([place.code for place in places])
    return pd.DataFrame({
        s.MUNICIPALITY: np.repeat(codes, kinds),
        s.SERVICE: np.tile(services, n),
        s.TARGET_GROUP: np.tile(targets, n),
        s.AVAILABILITY: availability.ravel(),
        s.COORDINATION: np.where(availability == "yes", coordination, "").ravel(),
        s.SOURCE: SOURCE,
    })  # fmt: skip


def _answers(form: Questionnaire, quality: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of one questionnaire; `respondent` runs over everybody asked.

    The answer counts the thresholds below quality + difficulty + 0.6 respondent + 0.6 own.
    """
    federation, wave = (
        np.repeat(cell, form.asked) for cell in np.indices(quality.shape).reshape(2, -1)
    )
    share = LEAST_ANSWERED + (MOST_ANSWERED - LEAST_ANSWERED) * rng.random(quality.shape)
    answered = rng.random(len(wave)) < share[federation, wave]
    latent = (
        quality[federation, wave][:, None]
        + 0.3 * normal(rng, (1, form.items))
        + 0.6 * normal(rng, (len(wave), 1))
        + 0.6 * normal(rng, (len(wave), form.items))
    )
    value = _levels(latent) * answered[:, None]
    respondent, item = np.nonzero(answered[:, None] | (np.arange(form.items) == 0))
    return pd.DataFrame({
        "respondent": respondent, "federation": federation[respondent], "wave": wave[respondent],
        "item": item, s.RESPONDENT_GROUP: form.group, s.INSTRUMENT: form.instrument,
        s.VALUE: value[respondent, item],
    })  # fmt: skip


def _fidelity(quality: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """The 25 items of the IPS scale, which one rater gives each federation and year."""
    form = Questionnaire(FIDELITY, "staff", 25, 1)
    federation, wave = np.indices(quality.shape).reshape(2, -1)
    latent = quality.ravel()[:, None] + 0.4 * normal(rng, (1, form.items))
    value = _levels(latent + 0.8 * normal(rng, (len(wave), form.items)))
    respondent, item = np.indices(value.shape).reshape(2, -1)
    return pd.DataFrame({
        "respondent": respondent, "federation": federation[respondent], "wave": wave[respondent],
        "item": item, s.RESPONDENT_GROUP: form.group, s.INSTRUMENT: form.instrument,
        s.VALUE: value.ravel(),
    })  # fmt: skip


def _levels(latent: np.ndarray) -> np.ndarray:
    return 1 + (latent[..., None] > _THRESHOLDS).sum(axis=-1)


def _respondent_ids(
    country: Country, respondent: np.ndarray, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Running numbers dealt by lot, so that they say nothing of the questionnaire."""
    dealt = np.argsort(rng.random(n), kind="stable") + 1
    ids = np.array([f"{country.prefix}r{number:06d}" for number in range(n + 1)])
    return ids[dealt[respondent]]
