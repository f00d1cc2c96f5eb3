"""Results about health scores and answers, and about answers that are missing."""

from evalkit.results.contract import result_kind


@result_kind(
    keys="stratum wave",
    tidy="stratum wave estimate std_error conf_low conf_high n",
    glance="n n_stratum n_wave conf_level outcome",
    counts="n",
)
class WaveMeans:
    """Mean of a health score at each wave among those who answered."""


@result_kind(
    keys="stratum wave item level",
    tidy="stratum wave item level n n_with share conf_low conf_high",
    glance="n n_stratum n_wave instrument value_set before conf_level method label",
    counts="n n_with",
)
class HealthShares:
    """Shares of persons by what they answered, or by how their answers changed since `before`.

    `item` is what is described (a dimension, the profile, the level sum, a grid), `level` its
    category; `n` answered, `n_with` are at that level.
    """


@result_kind(
    keys="stratum wave item quantity",
    tidy="stratum wave item quantity estimate std_error conf_low conf_high n reason",
    glance=(
        "n n_stratum n_wave instrument value_set before important important_source conf_level "
        "method label"
    ),
    counts="n",
)
class HealthMeasures:
    """Numbers about health scores or answers by wave: `item` is what they are of.

    `quantity` is what is measured, such as `mean_change`; `important` in the glance is the smallest
    difference that matters, with its source.
    """


@result_kind(
    keys="unit",
    tidy="unit estimate std_error conf_low conf_high n",
    glance=("n n_unit unit sd_unit sd_person sd_residual conf_level method outcome label formula"),
    counts="n",
)
class UnitIntercepts:
    """How far each unit lies from the mean of all, shrunken by what is known of it."""


@result_kind(
    keys="stratum wave",
    tidy="stratum wave estimate conf_low conf_high n n_answered n_expected",
    glance="n n_stratum n_wave baseline conf_level method outcome",
    counts="n n_answered",
)
class ResponseTable:
    """Share of those due at each wave who answered, by stratum; `n` were due.

    `n_expected` were due at some wave: what `n` is less by has died, left or is not yet due.
    """


@result_kind(
    keys="stratum wave",
    tidy="stratum wave n n_unused mean smallest largest largest_share effective_n",
    glance="n n_stratum n_wave given stabilised truncate label",
    counts="n n_unused",
)
class WeightDiagnostics:
    """Weights of those who answered at each wave: their range, and how many persons they leave.

    `effective_n` is (sum w)^2 / sum w^2; `n_unused` answered and have weight 0.
    """


@result_kind(
    keys="term",
    tidy=(
        "term estimate std_error statistic p_value conf_low conf_high df within between "
        "increase fraction_missing"
    ),
    glance=(
        "n_person n_row n_event m scale vcov converged conf_level n_cluster df interval estimand "
        "label method formula"
    ),
)
class PooledFit:
    """Estimates of several completed data sets in one, with what their spread adds to the error.

    `within` and `between` are variances, `increase` the relative increase in variance due to
    missing answers, `fraction_missing` the fraction of information that is missing.
    """


@result_kind(
    keys="term delta",
    tidy="term delta estimate std_error conf_low conf_high p_value",
    glance=(
        "n n_imputed wave shifted tipping_estimate tipping_interval is_clear m conf_level label "
        "method outcome"
    ),
)
class TippingCurve:
    """A contrast for each number of points that unanswered scores are taken to lie off.

    `tipping_estimate` is the shift at which the estimate is 0, `tipping_interval` the one nearest
    to 0 at which the interval begins, or ceases, to hold 0; missing where the grid has none.
    """


@result_kind(
    keys="term scale",
    tidy="term scale low high conf_low conf_high n n_answered",
    glance="n wave score_low score_high conf_level method label n_cluster outcome",
    counts="n n_answered",
)
class Bounds:
    """What a mean or a difference can be, whatever those who did not answer would have said.

    `low` and `high` are a range of what is possible, not an interval; `conf_low` and `conf_high`
    add the sampling error.
    """


@result_kind(
    keys="restriction limit",
    tidy="restriction limit low high conf_low conf_high reason",
    glance=("n waves reference breakdown conf_level n_cluster df vcov method label outcome"),
)
class TrendBounds:
    """What an effect can be if trends were off by at most each limit.

    `low` and `high` are a range of what is possible, not an interval; `conf_low` and `conf_high`
    add the sampling error. `breakdown` is the largest limit at which these leave out 0.
    """


@result_kind(
    keys="aggregation joined wave",
    tidy=(
        "aggregation joined wave estimate std_error conf_low conf_high band_low band_high p_value "
        "n reason"
    ),
    glance=(
        "n_person n_row n_group n_wave control method base conf_level n_cluster df critical "
        "n_draw n_left_out estimand label outcome"
    ),
    counts="n",
)
class GroupTimeEffects:
    """Effects by when persons joined and by wave, and their summaries.

    `aggregation` is `group_time`, `simple`, `group`, `dynamic`, `calendar`, or the mean of one of
    the last three (`group mean`, ...). `wave` counts from joining in `dynamic`. `n` persons joined;
    the band holds for all rows of one aggregation together.
    """
