"""The command line."""

from evalkit.cli.app import main

__all__ = ["main"]
