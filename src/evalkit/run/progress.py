"""What a run tells about itself while it goes on."""

import sys
import time

from evalkit.run.worker import DONE, KEPT, Record

STAGES = {"reading": "reading records and building the cohort", "shared": "shared stage"}


class Progress:
    """What a run tells about itself. Silent as it stands; others override it."""

    def stage(self, study: str, name: str) -> None:
        """A stage of a study begins: `reading` or `shared`."""

    def begin(self, study: str, total: int, kept: int) -> None:
        """The units of a study begin: reports in all, and those still good."""

    def finished(self, record: Record) -> None:
        """One report is done, failed or refused."""

    def end(self) -> None:
        """All units have ended, or the run was stopped."""


class Pace:
    """How many reports are ready, how fast they come, and how long the rest will take."""

    def __init__(self, total: int, kept: int) -> None:
        self.total, self.ready, self.kept, self.failed = total, kept, kept, 0
        self.started = time.monotonic()

    def count(self, record: Record) -> None:
        """Count a report."""
        self.ready += 1
        self.failed += record.state not in (DONE, KEPT)

    @property
    def per_minute(self) -> float:
        """Reports made in a minute so far."""
        return 60 * (self.ready - self.kept) / max(time.monotonic() - self.started, 1e-9)

    @property
    def seconds_left(self) -> float:
        """Seconds that the rest will take at this pace."""
        return 60 * (self.total - self.ready) / max(self.per_minute, 1e-9)


class NotebookProgress(Progress):
    """A bar in JupyterLab."""

    def stage(self, study: str, name: str) -> None:
        """Print the stage."""
        print(f"{study}: {STAGES[name]}")

    def begin(self, study: str, total: int, kept: int) -> None:
        """Start a bar for the reports of a study."""
        self.end()
        self.bar = _bar(desc=study, total=total, initial=kept, unit="report")
        self.failed = 0

    def finished(self, record: Record) -> None:
        """Move the bar."""
        self.failed += record.state not in (DONE, KEPT)
        self.bar.set_postfix(failed=self.failed, refresh=False)
        self.bar.update()

    def end(self) -> None:
        """Leave the bar as it stands."""
        if getattr(self, "bar", None) is not None:
            self.bar.close()
            self.bar = None


def default_progress() -> Progress:
    """A bar in JupyterLab, nothing elsewhere."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return NotebookProgress() if getattr(shell, "kernel", None) is not None else Progress()


def _bar(**options: object):
    try:
        import ipywidgets  # noqa: F401  (without it the bar is one of text)
        from tqdm.notebook import tqdm
    except ImportError:
        from tqdm import tqdm
    return tqdm(**options)
