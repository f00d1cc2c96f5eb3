"""Parts made again from what they were made of, without estimating anything.

Every public function of words, figures and tables is a pure function of released values and a
text. `page_part` notes, on the part, which function made it from what. A run keeps these notes in
the executed notebook, with the released values beside it; when only a catalogue has changed, the
parts are made anew from them and the notebook is not run again.
"""

import importlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, wraps
from pathlib import Path

from evalkit.errors import ParameterError
from evalkit.provenance import digest_bytes
from evalkit.release import Released, read_released, stored_text
from evalkit.release.store import write_stored
from evalkit.report.parts import Part
from evalkit.report.text import Text, open_text
from evalkit.study import Labels

RELEASED_FOLDER = "released"
SPOKEN_LEVEL = 0.95  # of all intervals that captions and words speak of
PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class Recipe:
    """The function that made a part, and its arguments."""

    module: str
    function: str
    args: tuple
    kwargs: Mapping[str, object]


def page_part(function: Callable[..., Part | None]) -> Callable[..., Part | None]:
    """Let a function of released values and a text note, on its part, what it was called with.

    It refuses values whose intervals are not those that the words of pages speak of.
    """

    @wraps(function)
    def recorded(*args, **kwargs) -> Part | None:
        for released in _released_in((*args, *kwargs.values())):
            _require_spoken_level(released)
        part = function(*args, **kwargs)
        recipe = Recipe(function.__module__, function.__name__, args, kwargs)
        return None if part is None else replace(part, recipe=recipe)

    return recorded


def store_recipe(recipe: Recipe, folder: Path) -> dict:
    """Write the released values of a recipe into a folder; return the rest as plain data."""
    return {
        "module": recipe.module,
        "function": recipe.function,
        "args": [_pack(value, folder) for value in recipe.args],
        "kwargs": {name: _pack(value, folder) for name, value in recipe.kwargs.items()},
    }


def make_part(stored: dict, folder: Path, text: Text) -> Part:
    """Make the part of a stored recipe anew."""
    function = getattr(importlib.import_module(stored["module"]), stored["function"])
    args = [_unpack(value, folder, text) for value in stored["args"]]
    kwargs = {name: _unpack(value, folder, text) for name, value in stored["kwargs"].items()}
    return function(*args, **kwargs)


def replay_parts(notebook: Path, labels: Labels, language: str) -> None:
    """Make every displayed part of an executed notebook anew, in the catalogue as it is now.

    Parameters
    ----------
    notebook : Path
        Executed notebook in its work folder; it and its figures are rewritten.
    labels : Labels
    language : str
    """
    import nbformat  # takes its time to load, and no notebook needs it

    work = notebook.parent
    text = open_text(labels, language)
    executed = nbformat.read(notebook, as_version=4)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    for output in outputs:
        note = output.get("metadata", {}).get("evalkit", {})
        if "recipe" in note:
            part = make_part(note["recipe"], work / RELEASED_FOLDER, text)
            output["data"]["text/markdown"] = part.markdown
            for name, image in part.images.items():
                (work / "figures" / name).write_bytes(image)
    nbformat.write(executed, notebook)


def _released_in(values: Iterable) -> Iterator[Released]:
    for value in values:
        if isinstance(value, Released):
            yield value
        elif isinstance(value, tuple | list):
            yield from _released_in(value)
        elif isinstance(value, Mapping):
            yield from _released_in(value.values())


def _require_spoken_level(released: Released) -> None:
    """Refuse intervals of another level than captions say.

    Raises
    ------
    ParameterError
    """
    level = released.summary.get("conf_level", math.nan)  # missing where there is no interval
    if not math.isnan(level) and not math.isclose(level, SPOKEN_LEVEL):
        raise ParameterError(
            f"{released.kind}: its intervals are of {100 * level:g} per cent, and the words of "
            f"pages speak of {100 * SPOKEN_LEVEL:g}; estimate it with conf_level={SPOKEN_LEVEL} "
            "for a page, or make a figure of your own from tidy()"
        )


def _pack(value: object, folder: Path) -> object:
    if isinstance(value, Text):
        return {"is": "text"}
    if isinstance(value, Released):
        return {"is": "released", "name": _keep(value, folder)}
    if isinstance(value, tuple | list):
        return {"is": "list", "items": [_pack(item, folder) for item in value]}
    if isinstance(value, Mapping):
        items = {name: _pack(item, folder) for name, item in value.items()}
        return {"is": "mapping", "items": items}
    if isinstance(value, PLAIN):
        return {"is": "plain", "value": value}
    raise ParameterError(f"a page part cannot be made from a {type(value).__name__}")


def _keep(released: Released, folder: Path) -> str:
    """Write a released value under a name that its content decides."""
    folder.mkdir(parents=True, exist_ok=True)
    name, text = _stored(released)
    if not (folder / name).exists():
        write_stored(text, folder / name)
    return name


@lru_cache(maxsize=64)  # several parts are made of one value
def _stored(released: Released) -> tuple[str, str]:
    text = stored_text(released)
    return f"{digest_bytes(text.encode())[:16]}.json", text


def _unpack(value: dict, folder: Path, text: Text) -> object:
    match value["is"]:
        case "text":
            return text
        case "released":
            return read_released(folder / value["name"])
        case "list":
            return tuple(_unpack(item, folder, text) for item in value["items"])
        case "mapping":
            return {name: _unpack(item, folder, text) for name, item in value["items"].items()}
        case _:
            return value["value"]
