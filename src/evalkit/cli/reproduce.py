"""What `evalkit reproduce` prints."""

import typer

from evalkit.run.reproduce import CaseRecord, Reproduced
from evalkit.run.reproduced_pages import published_pages

COUNTS = (
    ("n_reproduced", "reproduced"),
    ("n_deviates", "deviating"),
    ("n_impossible", "impossible"),
    ("n_consistent", "consistent"),
    ("n_from_memory", "from memory"),
)


def print_case(record: CaseRecord) -> None:
    """One line a case, as it ends."""
    if record.error:
        typer.echo(f"{record.name}: failed: {record.error}", err=True)
        return
    typer.echo(f"{record.name}: {_counts(record.counts)}")
    if record.drifted:
        typer.echo(f"{record.name}: has drifted: {', '.join(record.drifted)}", err=True)


def print_reproduced(found: Reproduced) -> None:
    """The sum over all cases, and where the pages are."""
    total = {name: found.count(name) for name, _ in COUNTS}
    failed = sum(bool(record.error) for record in found.records)
    drifted = sum(len(record.drifted) for record in found.records)
    typer.echo(
        f"{_analyses(len(found.records))}, {found.count('n')} numbers: {_counts(total)}; "
        f"{drifted} drifted, {_analyses(failed)} failed"
    )
    for page in list(published_pages(found.site).values())[:1]:
        typer.echo(f"Summary: {found.site / page}")


def _analyses(n: int) -> str:
    return "1 analysis" if n == 1 else f"{n} analyses"


def _counts(counts: dict[str, int]) -> str:
    shown = [f"{counts.get(name, 0)} {word}" for name, word in COUNTS if counts.get(name)]
    return ", ".join(shown) or "no numbers"
