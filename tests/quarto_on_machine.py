"""The stand-in for Quarto as a program of the machine, and what it was asked for."""

import json
import sys
from pathlib import Path

import pypandoc

from evalkit.share import shared_folder

SOURCE = Path(__file__).with_name("quarto_stand_in.py")


def put_stand_in(folder: Path) -> tuple[Path, dict[str, str]]:
    """Write the stand-in into an own folder; return the program and the variables it needs."""
    program = folder / "quarto"
    folder.mkdir()
    copy = program.with_name("stand_in.py")
    copy.write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    # Through a shell, since a first line that names the interpreter breaks at a space in its path.
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{copy}' \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    return program, {
        "QUARTO_PATH": str(program),
        "STAND_IN_THEME": str(shared_folder("reports/theme")),
        "STAND_IN_PANDOC": pypandoc.get_pandoc_path(),
    }


def calls(program: Path) -> list[dict]:
    """Every call: its arguments, the notebooks of its project, SOURCE_DATE_EPOCH."""
    lines = (program.parent / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
