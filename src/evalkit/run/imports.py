"""Imports that a program which makes reports is spared."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module


@contextmanager
def without(name: str) -> Iterator[None]:
    """Let `import name` fail within, as where it is not installed."""
    before = {name: sys.modules[name]} if name in sys.modules else {}
    sys.modules[name] = None
    try:
        yield
    finally:
        del sys.modules[name]
        sys.modules.update(before)


def load_nbformat() -> None:
    """Import nbformat in a sixth of the time, where nothing has imported it yet.

    nbformat imports jsonschema, and that a grammar of addresses in other scripts where one is
    installed, as with JupyterLab. Building the grammar takes two seconds, and no notebook has such
    an address in it. In this process, and what is forked from it, jsonschema does not check such
    addresses then.
    """
    with ExitStack() as spared:
        if "jsonschema" not in sys.modules:
            spared.enter_context(without("rfc3987_syntax"))
        import_module("nbformat")
