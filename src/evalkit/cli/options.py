"""What `evalkit report` can be told: one type for each argument, with its help."""

from pathlib import Path
from typing import Annotated

import typer

Studies = Annotated[
    list[str],
    typer.Argument(
        metavar="STUDY...",
        help="synthetic-se, synthetic-fi, or the path of a study file (or of its folder)",
    ),
]
Output = Annotated[
    Path | None, typer.Option(help="folder of the site; by default beside the study file")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="worker processes; by default all processors")
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="address of a dask scheduler (tcp://host:8786), or local; see docs/batch.md"),
]
Renderer = Annotated[str, typer.Option(help="auto, quarto or embedded")]
Only = Annotated[
    list[str] | None, typer.Option(help="only this unit (name or code); may be repeated")
]
OnlyFailed = Annotated[
    bool, typer.Option("--only-failed", help="only what failed or was refused the last time")
]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="stop at the first report that fails")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="say what would be made and why; make nothing")
]
Cold = Annotated[
    bool, typer.Option("--cold", help="an ordinary kernel for every notebook, for audits")
]
Timeout = Annotated[float, typer.Option(min=1, help="seconds for one notebook")]
Memory = Annotated[
    str | None, typer.Option(help="most memory of one notebook, as 500M or 4G (Linux)")
]
