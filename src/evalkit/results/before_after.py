"""Results about before and after, and about need and support in areas."""

from evalkit.results.contract import result_kind


@result_kind(
    keys="stratum measure category",
    tidy=(
        "stratum measure category n_start n_leaver n_still_in n_before n_after "
        "share_before share_after change_n change conf_low conf_high change_percent p_value "
        "n_entered n_left bound_low bound_high unit"
    ),
    glance="n n_start n_still_in before after conf_level method label",
    counts="n_start n_leaver n_still_in n_before n_after n_entered n_left",
)
class StatusChange:
    """Occupation and support at start and end, leavers only; `change` is in percentage points.

    `bound_low` and `bound_high` hold the share after among all who started, whatever those still
    in come to do.
    """


@result_kind(
    keys="stratum before after",
    tidy="stratum before after n n_before n_after share share_of_before",
    glance="n measure exclusive before after label",
    counts="n n_before n_after",
)
class Transitions:
    """Persons by state before and state after; `exclusive` where each person is in one cell."""


@result_kind(
    keys="stratum quantity",
    tidy="stratum quantity n n_of share conf_low conf_high",
    glance="n before after conf_level method label",
    counts="n n_of",
)
class StatusShares:
    """Persons who work or study after, and how many of them began or increased it."""


@result_kind(
    keys="quantity",
    tidy="quantity low high unit",
    glance="n share_before share_after source label",
)
class MarginBounds:
    """What two published shares leave open about who entered and left; ranges, not intervals."""


@result_kind(
    keys="stratum benefit occasion",
    tidy="stratum benefit occasion n n_with share equivalents equivalents_per_100 unit",
    glance="n n_benefit occasions days_in_year label",
    counts="n n_with",
)
class BenefitVector:
    """Every benefit at fixed months from start, and all of them together (`total`)."""


@result_kind(
    keys="stratum benefit quantity",
    tidy=(
        "stratum benefit quantity n n_before n_after before after change conf_low conf_high "
        "change_percent offset_share alert unit"
    ),
    glance="n window_before window_after smallest_fall alert_share conf_level method label",
    counts="n n_before n_after",
)
class BenefitChange:
    """Change of every benefit between two windows of months, and whether rises offset the falls.

    `offset_share` is what all rises are of all falls; `alert` is 1 where that reaches the share
    at which a fall counts as substitution, 0 where it does not, missing where nothing fell enough.
    """


@result_kind(
    keys="stratum step",
    tidy="stratum step n_low n_high share_low share_high",
    glance="n population n_covered period basis label",
)
class NeedSteps:
    """From population to unmet need, counted in records; `basis` says whose records they are."""


@result_kind(
    keys="stratum need_share quantity",
    tidy="stratum need_share quantity low high n_low n_high",
    glance="n_area population n_covered period wanting source label",
)
class NeedByArea:
    """Ranges of need, coverage and unmet need of each area, for each assumed share in need."""


@result_kind(
    keys="stratum year group measure quantity",
    tidy="stratum year group measure quantity n value per_inhabitant may_be_missing unit",
    glance="n_area population first_year last_year source label",
)
class AreaMeasures:
    """Measures of an area and year: a component of support, a group of them, all, or context.

    `may_be_missing` marks what is 0, or adds up over a 0, that can stand for a missing delivery.
    """
