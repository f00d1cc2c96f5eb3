"""Labels of which a person may have several: forms of collaboration, phases, needs, themes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.cohort.samples import Persons, group_rows, rows_by_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.scores import require_level, wilson
from evalkit.provenance import digest_bytes, digest_frame, provenance
from evalkit.results import LabelShares

PERSON = "person_id"
JOINED, NONE = " + ", "none"
MOST = 4  # labels from which the number is given as "4 or more"
MORE = "4+"


def collaboration_forms(
    persons: Persons,
    forms: object,
    *,
    label: str = "form",
    known: Sequence[str] | None = None,
    by: str | Sequence[str] | None = None,
    combinations: bool = True,
    conf_level: float = 0.95,
) -> LabelShares:
    """Share of persons with each form of collaboration, how many they have, and which together.

    Forms can be combined, so shares of forms add up to more than all. The same function counts
    phases and needs: whatever a person can have several of.

    Parameters
    ----------
    persons : Persons
        One row a person with a column `person_id`: all of whom could have had a form, also those
        with none.
    forms : Forms or DataFrame
        Rows of persons and labels; a sample's `covariates` or a frame with `person_id` and the
        column `label`. A label counts once a person; rows of other persons are left out.
    label : str
        Column of the label: `form`, `phase`, `need`.
    known : sequence of str, optional
        Labels in their order, also those that nobody has; by default those that occur, sorted.
    by : str or list of str, optional
        Columns of `persons` that make strata.
    combinations : bool
        Also the labels that persons have together.
    conf_level : float

    Returns
    -------
    LabelShares
        `item` is `label` (one row each), `number` (0, 1, 2, 3, 4+) or `combination`, each label
        set that occurs, joined by ` + `; `none` is nobody's label.

    Raises
    ------
    EstimationError
        If there are no persons, or a label occurs that is not among `known`.
    ParameterError
        If a column is missing.

    Notes
    -----
    Wilson's interval. A label that is not in the records is taken not to have occurred: records of
    forms are seldom complete, so shares are lower bounds.

    References
    ----------
    Socialstyrelsen (2001), final report on FRISAM, which speaks of six forms and names five.

    Examples
    --------
    >>> three = pd.DataFrame({"person_id": ["a", "b", "c"]})
    >>> people = Persons.from_frame(three, person="person_id")
    >>> forms = pd.DataFrame({"person_id": ["a", "a", "b"], "form": ["plan", "talk", "plan"]})
    >>> table = collaboration_forms(people, forms, combinations=False).tidy()
    >>> table[["item", "level", "n", "n_with"]]
         item level  n  n_with
    0   label  plan  3       2
    1   label  talk  3       1
    2  number     0  3       1
    3  number     1  3       1
    4  number     2  3       1
    """
    require_level(conf_level)
    frame = getattr(forms, "covariates", forms)
    _require(persons.covariates, [PERSON], "persons")
    _require(frame, [PERSON, label], "forms")
    if not len(persons):
        raise EstimationError("collaboration_forms: there are no persons")
    names, has = _has(persons.covariates[PERSON], frame, label, known)
    code, labels = group_rows(persons.covariates, by)
    rows = pd.DataFrame([
        row | {"stratum": stratum}
        for stratum, here in zip(labels, rows_by_group(code, len(labels)), strict=True)
        for row in _of_stratum(has[here], names, combinations)
    ])  # fmt: skip
    sample = digest_bytes(persons.digest.encode(), digest_frame(frame[[PERSON, label]]).encode())
    return _result(rows, label, len(labels), len(names), conf_level, provenance(
        "collaboration_forms", sample[:16], label=label, known=tuple(names), by=by,
        combinations=combinations, conf_level=conf_level,
    ))  # fmt: skip


def theme_table(
    coded: pd.DataFrame,
    *,
    person: str,
    theme: str,
    project: str | None = None,
    known: Sequence[str] | None = None,
    conf_level: float = 0.95,
) -> LabelShares:
    """Count who spoke of each theme in coded interviews, project by project.

    Parameters
    ----------
    coded : DataFrame
        One row a person interviewed and theme; a person without a theme has one row with none.
    person, theme, project : str
        Columns; without a project all are one.
    known : sequence of str, optional
        Themes in their order.
    conf_level : float

    Returns
    -------
    LabelShares
        `stratum` is the project, `item` is `label`, `level` the theme.

    Raises
    ------
    EstimationError
        If there are no rows, or a person is in two projects.
    ParameterError
        If a column is missing.

    Notes
    -----
    A share says how many spoke of a theme, not how much it mattered to them: whoever was not asked
    may not have spoken. Interviewed persons are seldom a random sample; the interval (Wilson's) is
    that of one.

    Examples
    --------
    >>> coded = pd.DataFrame(
    ...     {"who": ["a", "a", "b", "c"], "theme": ["time", "trust", "trust", None],
    ...      "project": ["north", "north", "north", "south"]}
    ... )
    >>> table = theme_table(coded, person="who", theme="theme", project="project").tidy()
    >>> table[["stratum", "level", "n", "n_with"]]
      stratum  level  n  n_with
    0   north   time  2       1
    1   north  trust  2       2
    2   south   time  1       0
    3   south  trust  1       0
    """
    require_level(conf_level)
    _require(coded, [name for name in (person, theme, project) if name], "coded")
    if not len(coded):
        raise EstimationError("theme_table: there are no rows")
    people = coded.drop_duplicates([person] + ([project] if project else []))
    people = people.reset_index(drop=True)
    if people[person].duplicated().any():
        raise EstimationError(
            f"theme_table: {int(people[person].duplicated().sum())} persons are in more than one "
            f"{project}; give each project its own ids"
        )
    named = coded.rename(columns={person: PERSON})
    names, has = _has(people[person], named, theme, known)
    code, labels = group_rows(people, project)
    rows = pd.DataFrame([
        row | {"stratum": stratum}
        for stratum, here in zip(labels, rows_by_group(code, len(labels)), strict=True)
        for row in _each(has[here], names)
    ])  # fmt: skip
    return _result(rows, "theme", len(labels), len(names), conf_level, provenance(
        "theme_table", digest_frame(coded)[:16], person=person, theme=theme, project=project,
        known=tuple(names), conf_level=conf_level,
    ))  # fmt: skip


def _require(frame: pd.DataFrame, names: list[str], what: str) -> None:
    missing = [name for name in names if name not in frame]
    if missing:
        raise ParameterError(f"{what}: no column {', '.join(missing)}")


def _has(
    persons: pd.Series, frame: pd.DataFrame, label: str, known: Sequence[str] | None
) -> tuple[list[str], np.ndarray]:
    """Labels in order, and who has which (n_person, n_label)."""
    rows = frame.loc[frame[label].notna(), [PERSON, label]]
    found = sorted(rows[label].astype(str).unique())
    names = list(known) if known is not None else found
    unknown = sorted(set(found) - set(names))
    if unknown:
        raise EstimationError(
            f"{label}: {len(unknown)} labels are not among `known`: {', '.join(unknown)}"
        )
    has = np.zeros((len(persons), len(names)), dtype=bool)
    row = pd.Index(persons).get_indexer(rows[PERSON])
    column = pd.Index(names).get_indexer(rows[label].astype(str))
    has[row[row >= 0], column[row >= 0]] = True
    return names, has


def _of_stratum(has: np.ndarray, names: list[str], combinations: bool) -> list[dict]:
    rows = _each(has, names)
    count, top = has.sum(axis=1), min(MOST, len(names))
    for number in range(top + 1):
        is_more = number == MOST
        n_with = int((count >= number).sum() if is_more else (count == number).sum())
        rows.append({"item": "number", "level": MORE if is_more else str(number), "n": len(has),
                     "n_with": n_with})  # fmt: skip
    return rows + (_sets(has, names) if combinations else [])


def _each(has: np.ndarray, names: list[str]) -> list[dict]:
    return [
        {"item": "label", "level": name, "n": len(has), "n_with": int(has[:, column].sum())}
        for column, name in enumerate(names)
    ]


def _sets(has: np.ndarray, names: list[str]) -> list[dict]:
    """Every set of labels that somebody has, the most frequent first."""
    sets, counts = np.unique(has, axis=0, return_counts=True)
    levels = [
        JOINED.join(name for name, there in zip(names, one, strict=True) if there) or NONE
        for one in sets
    ]
    order = sorted(range(len(sets)), key=lambda position: (-counts[position], levels[position]))
    return [
        {"item": "combination", "level": levels[position], "n": len(has),
         "n_with": int(counts[position])}
        for position in order
    ]  # fmt: skip


def _result(rows, what, n_stratum, n_label, conf_level, origin) -> LabelShares:
    n, k = rows["n"].to_numpy(dtype=float), rows["n_with"].to_numpy(dtype=float)
    low, high = wilson(k, n, conf_level)
    return LabelShares(
        rows=rows.assign(share=k / n, conf_low=low, conf_high=high),
        summary={
            "n": int(rows.groupby("stratum")["n"].max().sum()), "n_stratum": n_stratum,
            "n_level": n_label, "what": what, "conf_level": conf_level, "method": "Wilson",
            "label": "description",
        },
        support={"n": n, "k": k, "complement": n - k},
        provenance=origin,
    )  # fmt: skip
