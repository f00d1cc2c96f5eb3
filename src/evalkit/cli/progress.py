"""Progress in a terminal, and the same as plain lines where there is none."""

import sys

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

from evalkit.run.progress import STAGES, Pace, Progress
from evalkit.run.reasons import Planned
from evalkit.run.runner import FIRST_FAILURE, INTERRUPTED, NO_OUTPUT, NO_PROCESS, Summary
from evalkit.run.worker import DONE, FAILED, KEPT, REFUSED, Record

STOPPED = {
    INTERRUPTED: "the run was interrupted; what is finished is kept, run again to go on",
    FIRST_FAILURE: "the run stops at the first failure (--fail-fast)",
    NO_OUTPUT: "the output cannot be written; what is finished is kept, run again to go on",
    NO_PROCESS: (
        "no further process can be started; end other programs, or give fewer --workers; what is "
        "finished is kept, run again to go on"
    ),
    "": "their workers ended",
}


class TerminalProgress(Progress):
    """A bar with counts, failures, rate and remaining time."""

    def __init__(self) -> None:
        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        self.task: TaskID | None = None
        self.pace: Pace | None = None

    def stage(self, study: str, name: str) -> None:
        """Print the stage."""
        self.bar.console.print(f"{study}: {STAGES[name]}")

    def begin(self, study: str, total: int, kept: int) -> None:
        """Start a bar for the reports of a study."""
        self.bar.start()
        self.pace = Pace(total, kept)
        self.task = self.bar.add_task(f"{study}: reports", total=total, completed=kept, pace="")

    def finished(self, record: Record) -> None:
        """Move the bar; failures are printed at once."""
        self.pace.count(record)
        self.bar.update(self.task, advance=1, pace=_pace(self.pace))
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
        self.pace = Pace(total, kept)
        typer.echo(f"{study}: {total} reports, {kept} of them good already")

    def finished(self, record: Record) -> None:
        """Print a line for the report."""
        pace = self.pace
        pace.count(record)
        typer.echo(
            f"  {pace.ready}/{pace.total} {describe(record)}, {_pace(pace)}, "
            f"about {pace.seconds_left:.0f} s left"
        )


def _pace(pace: Pace) -> str:
    failed = f", {pace.failed} failed" if pace.failed else ""
    return f"{pace.per_minute:.0f} a minute{failed}"


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
    if summary.n_left:
        typer.echo(f"{summary.n_left} reports were not begun: {STOPPED[summary.stopped]}")
    index = summary.site / "index.html"
    if index.is_file():
        typer.echo(f"Index: {index}")


def print_plan(plans: list[Planned]) -> None:
    """What a run would make, each with its reason, and what it would keep."""
    for plan in plans:
        if not plan.is_kept:
            language = f" [{plan.language}]" if plan.language else ""
            typer.echo(f"  {plan.study} {plan.unit}{language}: {plan.reason}")
    kept = sum(plan.is_kept for plan in plans)
    whole = sum(not plan.language for plan in plans)
    counts = [f"{len(plans) - kept - whole} to make, {kept} good already"]
    if whole:
        studies = "1 study" if whole == 1 else f"{whole} studies"
        counts = [*counts[: len(plans) > whole], f"every report of {studies} to make"]
    typer.echo(f"{', '.join(counts)}; nothing was run")
