"""Results about published numbers: what they are when they are computed again."""

from evalkit.results.contract import result_kind

VERDICTS = ("reproduced", "deviates", "impossible", "consistent", "from_memory", "drifted")


@result_kind(
    keys="number",
    tidy="number published computed difference tolerance verdict read table",
    glance=(
        "case n n_reproduced n_deviates n_impossible n_consistent n_from_memory n_drifted label"
    ),
)
class Verdicts:
    """Published numbers, each beside the one computed again, and what is to be said of it.

    `published` is the text as printed; `difference` is computed less published. The verdict is
    `reproduced` (within the printed digits), `deviates` (by a known amount, for a known reason),
    `impossible` (cannot be computed), `consistent` (follows from other numbers of the same source,
    so that it proves nothing), `from_memory` (agrees with a value that nobody has looked up) or
    `drifted` (agrees neither with the printed value nor with what is known of the deviation).
    """
