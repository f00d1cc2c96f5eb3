"""Results about organisations: key figures, targets, money, services, two schemes."""

from evalkit.results.contract import result_kind


@result_kind(
    keys="stratum quantity",
    tidy="stratum quantity estimate conf_low conf_high unit n reason",
    glance=(
        "n_package n_misregistered first_day last_day currency price_year cost "
        "plan_covers conf_level method label"
    ),
)
class KeyFigures:
    """Volume, throughput, time and cost, of each stratum and (stratum empty) of all together.

    Every stratum has every quantity, so that the columns of one are those of all; one that the
    records do not give is missing with a `reason`. `n` counts persons.
    """


@result_kind(
    keys="stratum quantity",
    tidy="stratum quantity direction target actual difference fulfilment met unit n reason",
    glance="n_target first_day last_day currency label",
)
class Targets:
    """Target against actual. `fulfilment` is in percent of the target, the rest in `unit`.

    All key figures that the actual numbers belong to are rows, those without a target too, since
    what may be shown of one depends on the others.
    """


@result_kind(
    keys="stratum step quantity",
    tidy="stratum step quantity estimate conf_low conf_high unit n n_reached reason",
    glance="origin first_day last_day conf_level method label",
)
class ProcessTimes:
    """Days from the start of a participation to a step, and who reached it within fixed days."""


@result_kind(
    keys="federation year kind financier",
    tidy=(
        "federation year kind financier budget outcome used_percent share_percent "
        "legal_share_percent deviation_points deviation currency reason"
    ),
    glance="n_federation first_year last_year law source label",
)
class Financing:
    """Money by federation, year, kind and financier; shares beside those of the law, if known."""


@result_kind(
    keys="municipality service target_group",
    tidy="municipality service target_group availability coordination level source",
    glance="n_municipality n_service n_target_group n_cell n_unknown top_level label",
)
class ServiceProfile:
    """Which service exists where and for whom, and how it is coordinated (`level`, 0 upwards)."""


@result_kind(
    keys="municipality target_group",
    tidy="municipality target_group n_service n_available n_not n_unknown gap",
    glance="n_municipality n_target_group n_gap n_unclear label",
)
class ServiceGaps:
    """Groups of persons for whom a municipality has no service: `gap` is yes, no or unknown."""


@result_kind(
    keys="municipality quantity",
    tidy="municipality quantity estimate low high unit n_known n_unknown",
    glance="n_municipality n_cell n_unknown top_level method label",
)
class ServiceIndex:
    """Availability and coordination of each municipality from 0 to 100, with their range."""


@result_kind(
    keys="quantity",
    tidy="quantity estimate std_error conf_low conf_high p_value unit n_area reason",
    glance="n n_area n_left_out exposure outcome unit conf_level df method label",
)
class AreaLink:
    """How a number of municipalities goes with another: about places, never about persons."""


@result_kind(
    keys="recommendation",
    tidy="recommendation status source",
    glance="country n_recommendation n_done n_partly n_not_done n_not_relevant n_open label",
)
class SelfAssessment:
    """What an organisation says of each recommendation; `open` where it says nothing."""


@result_kind(
    keys="coverage effect",
    tidy=(
        "coverage effect system_effect detectable_system detectable_effect detectable_coverage "
        "detected power unit"
    ),
    glance="std_error df n_cluster conf_level power label",
)
class DetectableShare:
    """Which effects on participants a comparison of whole areas could see. All in `unit`."""
