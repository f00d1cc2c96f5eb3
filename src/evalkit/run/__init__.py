"""Plan, slices, workers, audit, publication: everything around the notebooks."""

from evalkit.run.runner import Progress, Summary, run_reports
from evalkit.run.shared import Shared, open_shared
from evalkit.run.units import Unit, open_unit

__all__ = ["Progress", "Shared", "Summary", "Unit", "open_shared", "open_unit", "run_reports"]
