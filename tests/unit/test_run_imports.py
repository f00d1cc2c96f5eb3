"""What a program is spared can be imported by everybody else."""

import subprocess
import sys

import pytest

from evalkit.run.imports import without

GRAMMAR = "rfc3987_syntax"


def test_within_a_module_is_not_there_and_afterwards_as_before():
    import json

    with without("json"), pytest.raises(ImportError):
        __import__("json")
    assert sys.modules["json"] is json

    with without("no_such_module"):
        pass
    assert "no_such_module" not in sys.modules


def test_an_error_within_leaves_nothing_behind():
    with pytest.raises(ZeroDivisionError), without("no_such_module"):
        raise ZeroDivisionError
    assert "no_such_module" not in sys.modules


def told_by(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nbformat_is_loaded_without_the_grammar_and_reads_notebooks():
    pytest.importorskip(GRAMMAR)
    program = (
        "import sys; from evalkit.run.imports import load_nbformat; load_nbformat();"
        f"print({GRAMMAR!r} in sys.modules);"
        "import nbformat; nbformat.validate(nbformat.v4.new_notebook());"
        f"import {GRAMMAR}; print({GRAMMAR}.is_valid_syntax('iri', 'http://å.se/'))"
    )

    assert told_by(program).split() == ["False", "True"]


def test_what_is_loaded_already_keeps_its_checks():
    pytest.importorskip(GRAMMAR)
    program = (
        "import jsonschema; from evalkit.run.imports import load_nbformat; load_nbformat();"
        "print('iri' in jsonschema.FormatChecker.checkers)"
    )

    assert told_by(program) == "True"


def test_what_was_kept_away_before_stays_away():
    sys.modules["no_such_module"] = None
    try:
        with without("no_such_module"):
            pass
        assert sys.modules["no_such_module"] is None
    finally:
        del sys.modules["no_such_module"]
