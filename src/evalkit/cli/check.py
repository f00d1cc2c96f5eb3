"""`evalkit check`: is my data fit for this study, what is impossible, and why."""

import typer

from evalkit.cohort import build_cohort, open_samples
from evalkit.records import check_eligibility, read_records, what_is_possible
from evalkit.run.layout import find_study
from evalkit.run.runner import check_runnable
from evalkit.study import Study

NOT_REPORTED = (
    "no public support at the end (SS-SUS)",
    "work or study at the end (SS-WORKSTUDY)",
    "earned income (SS-INCOME)",
    "kinds of need",
    "pay-off by tariffs",
    "working together",
    "forms of collaboration",
    "services of the municipalities",
    "finances of the federations",
)


def print_check(name: str) -> None:
    """Read everything as a report would, and print what was found.

    Raises
    ------
    StudyError, RecordsError, CohortError
        With all faults, as a report would.
    """
    study = find_study(name)
    check_runnable(study)
    typer.echo(f"{study.name}: the study file is a valid protocol")
    records = read_records(study)
    sizes = ", ".join(f"{table} {len(frame):,}" for table, frame in records.tables.items())
    typer.echo(f"Tables and their rows: {sizes}".replace(",", " ").replace("  ", ", "))
    check_eligibility(study, records.tables)
    typer.echo("No eligibility column comes from after the start")
    _print_flow(study, records)
    typer.echo("Analyses:")
    for item in what_is_possible(study, records.tables):
        mark = "possible" if item.possible else f"impossible: {item.reason}"
        note = " (not part of a report yet)" if item.analysis in NOT_REPORTED else ""
        typer.echo(f"  {item.analysis}: {mark}{note}")


def _print_flow(study: Study, records: object) -> None:
    samples = open_samples(build_cohort(records.tables, study), study)
    typer.echo("Who is analysed (left out, and left):")
    for row in samples.flow.tidy().itertuples():
        reason = row.reason.replace("_", " ")
        typer.echo(f"  {-row.n_removed:>8} {row.n_after:>8}  {reason}")
