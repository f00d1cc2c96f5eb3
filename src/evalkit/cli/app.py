"""Commands of evalkit: each does one thing and ends with the exit code that design fixes."""

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from evalkit.cli import options
from evalkit.errors import EvalkitError, ParameterError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "Evaluate coordinated rehabilitation: from records to published reports, one for every "
        "municipality.\n\n"
        "New here? `evalkit report synthetic-se` makes the reports of a made-up Swedish study. "
        "With data of your own: write a study file, then `evalkit check study.yaml`, then "
        "`evalkit report study.yaml`."
    ),
)
EXIT_INTERRUPTED = 130


@app.command()
def report(
    studies: options.Studies,
    output: options.Output = None,
    workers: options.Workers = None,
    scheduler: options.Scheduler = None,
    renderer: options.Renderer = "auto",
    only: options.Only = None,
    only_failed: options.OnlyFailed = False,
    fail_fast: options.FailFast = False,
    dry_run: options.DryRun = False,
    cold: options.Cold = False,
    timeout: options.Timeout = 1800,
    memory: options.Memory = None,
) -> None:
    """Make the reports of one or more studies; what is good already is not made again."""
    from evalkit.run.imports import load_nbformat

    load_nbformat()  # before the others ask for it
    from evalkit.cli.progress import make_progress, print_plan, print_summary
    from evalkit.run.reasons import plan_reports
    from evalkit.run.runner import run_reports

    if dry_run:
        print_plan(
            plan_reports(
                studies, output=output, renderer=renderer, only=only, only_failed=only_failed
            )
        )
        return

    progress = make_progress()
    try:
        summary = run_reports(
            studies,
            output=output,
            workers=workers,
            scheduler=scheduler,
            renderer=renderer,
            only=only,
            only_failed=only_failed,
            fail_fast=fail_fast,
            cold=cold,
            timeout=timeout,
            memory=_bytes(memory),
            progress=progress,
        )
    except KeyboardInterrupt:
        progress.end()
        typer.echo("Interrupted. What is finished is kept; run again to go on.", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    print_summary(summary)
    raise typer.Exit(summary.exit_code)


def _bytes(size: str | None) -> int | None:
    """Bytes of a size such as 500M or 4G."""
    if size is None:
        return None
    found = re.fullmatch(r"(\d+)\s*([KMGT]?)(i?B)?", size.strip(), re.I)
    if not found:
        raise ParameterError(f"--memory {size}: not a size; write for example 500M or 4G")
    return int(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " ")


@app.command()
def check(
    study: Annotated[str, typer.Argument(help="a study file, or a shipped study")],
) -> None:
    """Say whether the records are fit for the study, and which analyses they make impossible."""
    from evalkit.cli.check import print_check

    print_check(study)


@app.command()
def doctor() -> None:
    """Say what is installed, which renderer will be used and why, and what to do about it."""
    from evalkit.cli.doctor import print_doctor

    print_doctor()


@app.command()
def synthesise(
    folder: Annotated[Path, typer.Argument(help="folder to write the study into")],
    country: Annotated[str, typer.Option(help="SE or FI")] = "SE",
    seed: Annotated[int, typer.Option(min=0, help="seed of the random generator")] = 20261,
    municipalities: Annotated[
        int | None, typer.Option(help="municipalities of a whole nation, with --persons")
    ] = None,
    persons: Annotated[
        int | None, typer.Option(help="persons of a whole nation, with --municipalities")
    ] = None,
    months: Annotated[int, typer.Option(help="months of a nation's records")] = 60,
    scenario: Annotated[
        list[str] | None, typer.Option(help="switch such as no_effect; may be repeated")
    ] = None,
    tariffs: Annotated[
        Path | None, typer.Option(help="tariff file with amounts of your own")
    ] = None,
    workers: options.Workers = None,
    truth: Annotated[bool, typer.Option(help="simulate the true values too")] = True,
) -> None:
    """Write a made-up study whose truth is known: records, study file and truth.json."""
    from evalkit.run.guard import processors
    from evalkit.synthetic import synthesise as write
    from evalkit.synthetic.files import count_rows

    files = write(
        folder,
        country=country,
        seed=seed,
        truth=truth,
        municipalities=municipalities,
        persons=persons,
        scenario=scenario or (),
        tariffs=tariffs,
        workers=workers or processors(),
        months=months,
    )
    typer.echo(f"{folder}: {len(files)} files written, {count_rows(files)} rows")


@app.command()
def example(
    name: Annotated[str, typer.Argument(help="help: a randomised trial of coordinated care")],
    folder: Annotated[Path, typer.Argument(help="empty folder to write the study into")],
) -> None:
    """Write a public study with real data, ready for `evalkit report` (extra \\[examples])."""
    from evalkit.examples import write_example

    write_example(name, folder)
    study = folder / "study.yaml"
    typer.echo(f"{study}: written; next: evalkit report {shlex.quote(str(study))}")


@app.command()
def reproduce(
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CASE...]",
            help="shipped cases, or the YAML file of a case of your own; by default all shipped",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="folder of the site")] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="sv, fi or en; may be repeated; by default all")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="worker processes")] = None,
    renderer: Annotated[str, typer.Option(help="auto, quarto or embedded")] = "auto",
) -> None:
    """Compute published analyses again and say of each number whether it is met."""
    from evalkit.run.imports import load_nbformat

    load_nbformat()  # before the others ask for it
    from evalkit.cli.reproduce import print_case, print_reproduced
    from evalkit.run.reproduce import reproduce as run
    from evalkit.run.reproduced_pages import LANGUAGES

    found = run(
        cases or (),
        output=output,
        languages=language or LANGUAGES,
        workers=workers,
        renderer=renderer,
        told=print_case,
    )
    print_reproduced(found)
    raise typer.Exit(found.exit_code)


@app.command()
def value_sets(
    output: Annotated[Path, typer.Option(help="folder to write the tables into")],
) -> None:
    """Write the index of every EQ-5D state (243 and 3 125) under every value set, as CSV."""
    from evalkit.health import write_state_tables

    for path in write_state_tables(output):
        typer.echo(f"{path}: written")


@app.command()
def schema() -> None:
    """Print the JSON schema of the study file, for editors."""
    from evalkit.study import study_schema

    typer.echo(json.dumps(study_schema(), indent=2, ensure_ascii=False))


def main() -> None:
    """Run a command; errors that evalkit raises on purpose are one message and an exit code."""
    try:
        app(prog_name="evalkit")
    except EvalkitError as error:
        typer.echo(f"evalkit: {error}", err=True)
        sys.exit(error.exit_code)
