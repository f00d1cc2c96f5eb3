"""Results about working together: scores of questionnaires, agreement, forms, fidelity, doses."""

from evalkit.results.contract import result_kind


@result_kind(
    keys="stratum federation wave item quantity weighting",
    tidy=(
        "stratum federation wave item quantity weighting estimate std_error conf_low conf_high n "
        "n_asked n_cluster non_response unit reason"
    ),
    glance=(
        "n n_stratum n_wave n_item instrument scale_low scale_high least top cluster "
        "conf_level method label"
    ),
    counts="n n_asked",
)
class ResponseScores:
    """Means of items and of their index, or shares of top answers, among those who answered.

    `item` is the id of a question, or `index`; `quantity` is `mean` or `share_top`, both on a scale
    from 0 to 100 (`unit` says points or percent; hours for time). `weighting` says whether every
    respondent counts alike (`respondents`) or every federation (`federations`).
    """


@result_kind(
    keys="stratum item quantity",
    tidy="stratum item quantity estimate std_error conf_low conf_high n n_cluster unit reason",
    glance=(
        "n n_stratum n_item instrument scale_low scale_high before after cluster conf_level method "
        "label"
    ),
    counts="n",
)
class ResponseMeasures:
    """Numbers made of answers: reliability and loadings, slopes per wave, change within persons."""


@result_kind(
    keys="stratum item quantity",
    tidy=(
        "stratum item quantity estimate std_error conf_low conf_high boot_low boot_high n reason"
    ),
    glance="n n_stratum n_item instrument first second pair n_level n_draw conf_level method label",
    counts="n",
)
class Agreement:
    """How two parties who judge the same thing agree: share alike and weighted kappas."""


@result_kind(
    keys="stratum item first second",
    tidy="stratum item first second n_pair n_with share",
    glance="n n_stratum n_item instrument first second pair n_level method label",
    counts="n_with",
)
class AgreementTable:
    """Pairs by the answers of both parties: the square table behind an agreement."""


@result_kind(
    keys="stratum item level",
    tidy="stratum item level n n_with share conf_low conf_high",
    glance="n n_stratum n_level what conf_level method label",
    counts="n n_with",
)
class LabelShares:
    """Shares of persons by labels of which each may have several: forms, phases, needs, themes.

    `item` is `label` (each label on its own), `number` (how many a person has) or `combination`
    (labels joined by ` + `); the last two add up to all persons.
    """


@result_kind(
    keys="part site",
    tidy="part site n n_with share conf_low conf_high weight reason",
    glance="n n_site what tau2 i2 q df p_value conf_level method label",
    counts="n n_with",
)
class SiteSummary:
    """Shares of several sites and what they have in common.

    `part` is `site`, `pooled` (every person alike), `site mean` (every site alike), `random
    effects` (mean of the sites that these are a sample of) or `prediction` (a new site).
    """


@result_kind(
    keys="part x",
    tidy="part x estimate std_error conf_low conf_high n n_unit",
    glance=(
        "n n_unit dose outcome level curve shape turning_point turning_low turning_high p_turn "
        "reference crossing crossing_low crossing_high slope_low slope_high df unit conf_level "
        "method label"
    ),
    counts="n",
)
class DoseResponse:
    """An outcome by the quality of collaboration: `part` is `bin` or `curve`, `x` the quality.

    `shape` says what the curve shows: `turns` (its slope changes sign within the range, and
    clearly so at both ends), `rises`, `falls` or `unclear`; the turning point is given where it
    turns. `crossing` is the quality at which the fitted outcome passes `reference`.
    """


@result_kind(
    keys="part item",
    tidy="part item estimate std_error conf_low conf_high low high n_site reason",
    glance="n n_site instrument n_item outcome band band_source df conf_level method label",
    counts="",
)
class Fidelity:
    """How closely sites follow a model: `part` is `item`, `total`, `slope` or `correlation`.

    `low` and `high` are the lowest and the highest possible score; the slope is in units of the
    outcome for each point of the total.
    """
