"""Results: frozen values with the same columns for the same question, always.

Every kind of result has three parts. `rows` holds one entry for each thing estimated;
`summary` holds one entry for the whole; `support` holds, for each row, how many persons stand
behind it, which is what the door (`evalkit.release`) decides by. `tidy()` and `glance()` show
the first two as data frames; nothing shows rows of persons.
"""

from evalkit.results.contract import (
    MORE_SUPPORT,
    SUPPORT,
    frozen_columns,
    result_kind,
)
from evalkit.results.description import (
    BeforeAfter,
    Characteristics,
    Flow,
    Ledger,
    NeedCoverage,
    PayOff,
)
from evalkit.results.exits import (
    DefinitionGrid,
    HazardCurve,
    IncidenceCurve,
    OccupationCurve,
    Quantiles,
    RecurrentCurve,
    StateMonths,
    StateSequences,
    SurvivalCurve,
)
from evalkit.results.health import (
    Bounds,
    GroupTimeEffects,
    HealthMeasures,
    HealthShares,
    PooledFit,
    ResponseTable,
    TippingCurve,
    TrendBounds,
    UnitIntercepts,
    WaveMeans,
    WeightDiagnostics,
)
from evalkit.results.models import (
    Calibration,
    Check,
    Contrast,
    EffectCurve,
    ModelFit,
    PredictionScores,
    Recovery,
)
from evalkit.results.published import Verdicts

__all__ = [
    "BeforeAfter",
    "Bounds",
    "Calibration",
    "Characteristics",
    "Check",
    "Contrast",
    "DefinitionGrid",
    "EffectCurve",
    "Flow",
    "GroupTimeEffects",
    "HazardCurve",
    "HealthMeasures",
    "HealthShares",
    "IncidenceCurve",
    "Ledger",
    "MORE_SUPPORT",
    "ModelFit",
    "NeedCoverage",
    "OccupationCurve",
    "PayOff",
    "PooledFit",
    "PredictionScores",
    "Quantiles",
    "Recovery",
    "RecurrentCurve",
    "ResponseTable",
    "SUPPORT",
    "StateMonths",
    "StateSequences",
    "SurvivalCurve",
    "TippingCurve",
    "TrendBounds",
    "UnitIntercepts",
    "Verdicts",
    "WaveMeans",
    "WeightDiagnostics",
    "frozen_columns",
    "result_kind",
]
