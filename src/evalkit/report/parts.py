"""The one type between words, figures and tables on one side, and pages on the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a page: markdown in the page subset, and its images.

    Attributes
    ----------
    markdown : str
        Refers to images as `figures/NAME.png`.
    images : mapping of str to bytes
        File name to the bytes of a PNG.
    recipe : Recipe or None
        What the part was made from; set by `replay.page_part`.
    """

    markdown: str
    images: Mapping[str, bytes] = field(default_factory=dict)
    recipe: object | None = field(default=None, compare=False, repr=False)
