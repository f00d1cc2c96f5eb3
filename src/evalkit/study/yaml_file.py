"""YAML of users: every scalar as text; what cannot be read, and a key given twice, by its line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from evalkit.errors import StudyError

KEY_NEEDS_COLON = "while scanning a simple key"
HINTS = {
    "could not find expected ':'": "is a colon missing after a key?",
    "mapping values are not allowed here": "put quotes around a text that contains a colon, and "
    "give all keys of one part the same indent",
    "cannot start any token": "indent with spaces, not with tabs, and put quotes around a text "
    "that starts with a sign",
    "while scanning a quoted scalar": "a quote that opens here is not closed",
    "while parsing a flow": "is a bracket not closed, or a comma missing?",
    "while parsing a block": "give all keys of one part the same indent",
}


def read_yaml(path: Path) -> Any:
    """Read a YAML file of a user with every scalar as text.

    Parameters
    ----------
    path : Path
        A file that is there.

    Raises
    ------
    StudyError
        If it is not UTF-8 or not YAML, or gives a key twice in one mapping: YAML would silently
        take the last. The message names lines, and all keys that are given twice.
    """
    try:
        loader = yaml.BaseLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        twice = list(_repeated(node, "", set())) if node is not None else []
        if twice:
            raise StudyError(f"{path.name}: " + "; ".join(twice))
        return loader.construct_document(node) if node is not None else None
    except UnicodeDecodeError as error:
        raise StudyError(f"{path.name}: not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise StudyError(f"{path.name}: not valid YAML{_where(error)}") from None


def _repeated(node: yaml.Node, prefix: str, seen: set[int]) -> Iterator[str]:
    """Keys that stand twice in one mapping, in the order of the file."""
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item, prefix, seen)
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in lines:
            places = f"line {lines[name]} and again at line {line}"
            yield f"key `{prefix}{name}` stands at {places}; keep one of them"
        lines.setdefault(name, line)
        yield from _repeated(value, f"{prefix}{name}.", seen)


def _where(error: yaml.YAMLError) -> str:
    """Line of what is not YAML, and what it usually is."""
    context = str(getattr(error, "context", None) or "")
    told = f"{context} {getattr(error, 'problem', None) or ''}"
    hint = next((f": {text}" for sign, text in HINTS.items() if sign in told), "")
    # A key without its colon is noticed on a later line; so is a quote that is not closed.
    begins = context.startswith((KEY_NEEDS_COLON, "while scanning a quoted scalar"))
    marks = ("context_mark", "problem_mark") if begins else ("problem_mark", "context_mark")
    found = next((mark for name in marks if (mark := getattr(error, name, None))), None)
    return f" at line {found.line + 1}{hint}" if found else hint
