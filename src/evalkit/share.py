"""Where the notebooks, the theme and the synthetic studies are: checkout first, then package."""

from pathlib import Path

from evalkit.errors import ParameterError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def is_checkout() -> bool:
    """Whether evalkit runs from a checkout of its repository rather than from a package."""
    return (_CHECKOUT / "pyproject.toml").is_file() and _PACKAGE.parent.name == "src"


def shared_folder(name: str) -> Path:
    """Find a folder that travels with evalkit.

    Parameters
    ----------
    name : str
        Path from the root of the repository, for example `"notebooks"` or `"reports/theme"`.

    Returns
    -------
    Path
        The folder in the checkout where evalkit runs from one, else its copy in the package.

    Raises
    ------
    ParameterError
        If neither has the folder.

    Examples
    --------
    >>> shared_folder("reports/theme").name
    'theme'
    """
    roots = [*([_CHECKOUT] if is_checkout() else []), _PACKAGE / "_share"]
    for root in roots:
        if (root / name).is_dir():
            return root / name
    raise ParameterError(f"{name}: not part of this installation of evalkit; install it again")
