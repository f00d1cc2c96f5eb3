"""`evalkit check`: is my data fit for this study, what is impossible, and why."""

import typer

from evalkit.cohort import build_cohort, open_samples
from evalkit.records import check_eligibility, read_records, what_is_possible
from evalkit.run.layout import find_study
from evalkit.run.runner import check_runnable
from evalkit.study import Study

NOT_REPORTED = ("kinds of need", "pay-off by tariffs")
BY_DEFINITION = {
    "SS-SUS": "no public support at the end (SS-SUS)",
    "SS-WORKSTUDY": "work or study at the end (SS-WORKSTUDY)",
    "SS-INCOME": "earned income (SS-INCOME)",
}
AREAS = ("federation", "county")
REPORTED_AT = {
    "working together": ("municipality", *AREAS),
    "forms of collaboration": ("municipality", *AREAS),
    "services of the municipalities": (*AREAS, "national"),
    "finances of the federations": AREAS,
}


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
        typer.echo(f"  {item.analysis}: {mark}{not_reported(item.analysis, study)}")


def not_reported(analysis: str, study: Study) -> str:
    """A note that no report of the study shows an analysis; empty where one does."""
    others = [name for code, name in BY_DEFINITION.items() if code != study.self_support.definition]
    if analysis in (*NOT_REPORTED, *others):
        return " (not part of a report yet)"
    levels = REPORTED_AT.get(analysis, study.report.levels)
    if set(levels) & set(study.report.levels):
        return ""
    return f" (in reports of level {' or '.join(levels)}; report.levels names none of these)"


def too_long_horizon(study: Study, longest: float) -> str:
    """A warning that nobody was followed as long as the horizon; empty where somebody was."""
    if longest >= study.horizon_months:
        return ""
    unit = study.outcome.time_unit
    return (
        f"Warning: horizon_months is {study.horizon_months}, but nobody was followed longer than "
        f"{longest:g} {unit}; what reports say at the horizon will be missing"
    )


def _print_flow(study: Study, records: object) -> None:
    samples = open_samples(build_cohort(records.tables, study), study)
    typer.echo("Who is analysed (left out, and left):")
    for row in samples.flow.tidy().itertuples():
        reason = row.reason.replace("_", " ")
        typer.echo(f"  {-row.n_removed:>8} {row.n_after:>8}  {reason}")
    warning = too_long_horizon(study, float(samples.exits.duration.max()))
    if warning:
        typer.echo(warning)
