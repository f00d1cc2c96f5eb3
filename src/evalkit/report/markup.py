"""Markdown in the subset that both renderers read."""

import re
from collections.abc import Sequence

from tabulate import tabulate

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$@^~])")
BREAKING = re.compile(r"[^\S\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]+")


def escape(plain: str) -> str:
    """Escape what markdown would read as markup, and join lines: for names from data and users.

    A space that does not break stays one.
    """
    return SPECIAL.sub(r"\\\1", BREAKING.sub(" ", str(plain).strip()))


def span(content: str, name: str) -> str:
    """Mark words with a class that the templates know."""
    return f"[{content}]{{.{name}}}"


def div(content: str, name: str, *, colons: int = 3) -> str:
    """Wrap blocks in a classed div."""
    fence = ":" * colons
    return f"{fence} {{.{name}}}\n{content}\n{fence}"


def callout(title: str, content: str) -> str:
    """Fold blocks away under a title."""
    return f'::: {{.callout-note collapse="true"}}\n## {title}\n\n{content}\n:::'


def only_html(content: str) -> str:
    """Keep blocks to the page: neither PDF nor Word shows them."""
    return f'::::: {{.content-visible when-format="html"}}\n{content}\n:::::'


def paragraphs(*blocks: str) -> str:
    """Join the blocks that are not empty."""
    return "\n\n".join(block for block in blocks if block)


def pipe_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    name: str = "",
    text_columns: int = 1,
) -> str:
    """Write a pipe table: the first `text_columns` columns to the left, numbers to the right."""
    align = ["left"] * text_columns + ["right"] * (len(header) - text_columns)
    written = tabulate(
        [list(row) for row in rows],
        headers=list(header),
        tablefmt="pipe",
        colalign=align if rows else None,
        disable_numparse=True,
    )
    return f"{written}\n\n: {caption} {{#tbl-{name}}}" if caption else written


def figure(name: str, alt: str, caption: str, width_mm: float) -> str:
    """Write a figure of one image with its alternative text, caption and width as drawn."""
    spoken = alt.replace("\\", "").replace('"', "\N{RIGHT DOUBLE QUOTATION MARK}")
    image = f'![](figures/fig-{name}.png){{fig-alt="{spoken}" style="--mm: {width_mm:.0f}"}}'
    return f"::: {{#fig-{name}}}\n{image}\n\n{caption}\n:::"
