"""Progress in a terminal, and the same as plain lines where there is none."""

import sys
import time

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from evalkit.run.runner import Progress, Summary
from evalkit.run.worker import DONE, FAILED, KEPT, REFUSED, Record

STAGES = {
    "reading": "reading records and building the cohort",
    "shared": "shared stage",
}


class TerminalProgress(Progress):
    """A bar with counts and remaining time."""

    def __init__(self) -> None:
        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        self.task: TaskID | None = None

    def stage(self, study: str, name: str) -> None:
        """Print the stage."""
        self.bar.console.print(f"{study}: {STAGES[name]}")

    def begin(self, study: str, total: int, kept: int) -> None:
        """Start a bar for the reports of a study."""
        self.bar.start()
        self.task = self.bar.add_task(f"{study}: reports", total=total, completed=kept)

    def finished(self, record: Record) -> None:
        """Move the bar; failures are printed at once."""
        self.bar.advance(self.task)
        if record.state != DONE:
            self.bar.console.print(f"  {describe(record)}")

    def end(self) -> None:
        """Leave the bars as they stand."""
        self.bar.stop()


class PlainProgress(Progress):
    """One line a report, with the remaining time, for logs."""

    def stage(self, study: str, name: str) -> None:
        """Print the stage."""
        typer.echo(f"{study}: {STAGES[name]}")

    def begin(self, study: str, total: int, kept: int) -> None:
        """Print how many reports there are and how many are good already."""
        self.started, self.total, self.done, self.kept = time.monotonic(), total, kept, kept
        typer.echo(f"{study}: {total} reports, {kept} of them good already")

    def finished(self, record: Record) -> None:
        """Print a line for the report."""
        self.done += 1
        made = self.done - self.kept
        left = (time.monotonic() - self.started) / made * (self.total - self.done)
        typer.echo(f"  {self.done}/{self.total} {describe(record)}, about {left:.0f} s left")


def make_progress() -> Progress:
    """Progress that fits where the output goes."""
    return TerminalProgress() if sys.stdout.isatty() else PlainProgress()


def describe(record: Record) -> str:
    """A report's name and state, with the class of its error."""
    name = f"{record.unit} [{record.language}] {record.state}"
    if not record.error:
        return name
    cell = f" in cell {record.error['cell']}" if "cell" in record.error else ""
    message = f": {record.error['message']}" if "message" in record.error else ""
    return f"{name}: {record.error['class']}{cell}{message}"


def print_summary(summary: Summary) -> None:
    """Counts by state, every failure, and where the index is."""
    states = {DONE: "made", KEPT: "good already", FAILED: "failed", REFUSED: "refused"}
    counts = [f"{summary.count(state)} {word}" for state, word in states.items()]
    typer.echo(f"{len(summary.records)} reports: {', '.join(counts)}")
    for record in summary.records:
        if record.error:
            typer.echo(f"  {record.study} {describe(record)}")
    index = summary.site / "index.html"
    if index.is_file():
        typer.echo(f"Index: {index}")
