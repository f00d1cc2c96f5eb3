"""Where the notebooks, the theme and the synthetic studies are: checkout first, then package."""

from pathlib import Path

from evalkit.errors import ParameterError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


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
    roots = [_PACKAGE / "_share"]
    if (_CHECKOUT / "pyproject.toml").is_file() and _PACKAGE.parent.name == "src":
        roots.insert(0, _CHECKOUT)
    for root in roots:
        if (root / name).is_dir():
            return root / name
    raise ParameterError(f"{name}: not part of this installation of evalkit; install it again")
