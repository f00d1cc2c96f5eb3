"""The one way from a notebook to a page."""

import os
import re
from itertools import count
from pathlib import Path

from IPython.display import publish_display_data

from evalkit.errors import DisclosureError, ParameterError
from evalkit.release.released import Released
from evalkit.report.embedded import render_fragment
from evalkit.report.parts import Part
from evalkit.report.replay import RELEASED_FOLDER, store_recipe

IMAGE_NAME = re.compile(r"fig-[a-z0-9]+(-[a-z0-9]+)*\.png")
QUIET = r"\[[^\]\n]*\]\{\.quiet\}"
LONE_SENTENCE = re.compile(
    rf"(?:\*\*[^*\n]*\*\* )?(?:{QUIET} )?(\[[^\]\n]*\]\{{\.withheld\}})(?: {QUIET})?"
)


class _Page:
    """The page that this process makes: how many parts it has, and those since the last heading."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.numbers = count(1)
        self.chapter: list[str] = []


_page = _Page()


def begin_page() -> None:
    """Number parts from one again: another notebook begins in this process."""
    _page.begin()


def display(*parts: Part | None) -> None:
    """Show parts of a page: figures, tables and words that were made from released results.

    Under `evalkit report` a part becomes markdown for the renderer, its pictures files in
    `figures/`; the sentence that something is not shown stands once in a chapter. Elsewhere, as in
    JupyterLab, the picture with its alternative text and the table appear as a reader will see
    them.

    Parameters
    ----------
    *parts : Part or None
        What `figures.*`, `tables.*` and `words.*` return. None, which stands for a figure or a
        table of something that the records lack, is passed over.

    Raises
    ------
    DisclosureError
        If anything else is given.
    ParameterError
        If two different pictures of a report have one name.

    Examples
    --------
    >>> display(3)
    Traceback (most recent call last):
    evalkit.errors.DisclosureError: display shows parts of a page, not a value of type int: ...
    """
    given = [part for part in parts if part is not None]
    for part in given:
        _require_part(part)
    for part in given:
        if os.environ.get("EVALKIT_RUN") == "1":
            if not _is_repeated(part.markdown):
                _hand_over(part)
        else:
            publish_display_data({"text/html": render_fragment(part.markdown, part.images)})


def _require_part(value: object) -> None:
    if isinstance(value, Part):
        return
    if isinstance(value, Released):
        raise DisclosureError(
            f"a released {value.kind} is not yet a part of a page: give it to a function of "
            "figures, tables or words, and display what that returns"
        )
    raise DisclosureError(
        f"display shows parts of a page, not a value of type {type(value).__name__}: release the "
        "result and give it to a function of figures, tables or words"
    )


def _is_repeated(markdown: str) -> bool:
    """Whether this is only a sentence, that nothing is shown, which the chapter has already."""
    if markdown.startswith("## "):
        _page.chapter.clear()
    lone = LONE_SENTENCE.fullmatch(markdown)
    is_repeated = lone is not None and any(lone[1] in shown for shown in _page.chapter)
    _page.chapter.append(markdown)
    return is_repeated


def _hand_over(part: Part) -> None:
    for name, image in sorted(part.images.items()):
        _write_image(name, image)
    note = {"part": next(_page.numbers)}
    if part.recipe is not None:
        note["recipe"] = store_recipe(part.recipe, Path(RELEASED_FOLDER))
    publish_display_data({"text/markdown": part.markdown}, metadata={"evalkit": note})


def _write_image(name: str, image: bytes) -> None:
    if not IMAGE_NAME.fullmatch(name):
        raise ParameterError(f"picture {name}: its name must be fig-NAME.png in lower case")
    path = Path("figures") / name
    if path.is_file() and path.read_bytes() != image:
        raise ParameterError(f"picture {name}: two different pictures have this name")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(image)
