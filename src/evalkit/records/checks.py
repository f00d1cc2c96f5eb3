"""Checks across columns, rows and tables; each gives the faults that it finds."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pandas as pd

from evalkit.codes import read_codes
from evalkit.records import schema as s
from evalkit.records.faults import Fault, row_fault
from evalkit.records.pseudonyms import identity_numbers
from evalkit.study import Study

Tables = Mapping[str, pd.DataFrame]

REFERENCES = (s.PERSON_ID, s.PACKAGE_ID, s.MUNICIPALITY)
OLDEST = 120  # years; an older person at the data cut is a wrong birth year


def check_table(
    name: str, frame: pd.DataFrame, homes: Mapping[str, tuple[str, pd.Series]], study: Study
) -> Iterator[tuple[int, Fault]]:
    """All faults between columns, rows and tables, in a table whose columns are typed.

    Parameters
    ----------
    name, frame : str, DataFrame
        Indexed by file row. Entries that broke their column's check are missing and pass here.
    homes : mapping of str to (str, Series)
        By column of ids: the table where each has its row, and the ids there.

    Yields
    ------
    int, Fault
        Place of the check among all, so that the faults of all tables can be told in one order.
    """
    checks: tuple[Callable[[Tables, Study], Iterator[list[Fault]]], ...] = (
        _identity_numbers, _repeated_keys,
        *(partial(_unknown_references, homes, column) for column in REFERENCES),
        _wrong_order, _overlapping_participations, _implausible_births, _unnamed_municipalities,
        _events, _answers, _ledger,
    )  # fmt: skip
    for place, check in enumerate(checks):
        for found in check({name: frame}, study):
            yield from ((place, fault) for fault in found)


def _identity_numbers(tables: Tables, study: Study) -> Iterator[list[Fault]]:
    for name, column in (
        (s.PERSONS, s.PERSON_ID), (s.EVENTS, s.PERSON_ID), (s.RESPONSES, s.RESPONDENT_ID)
    ):  # fmt: skip
        if name in tables:
            frame = tables[name]
            yield row_fault(
                name, column, frame.index[identity_numbers(frame[column])], len(frame),
                "looks like personal identity numbers",
                "Replace them by pseudonyms before the data come here.",
            )  # fmt: skip


def _repeated_keys(tables: Tables, study: Study) -> Iterator[list[Fault]]:
    for name, frame in tables.items():
        key = list(s.TABLES[name].key)
        if not key or _lacks_a_key(frame, s.TABLES[name], study):
            continue
        # Columns that may be missing still tell rows apart; the first must be there.
        repeated = frame.duplicated(key) & frame[key[0]].notna()
        yield row_fault(
            name, " + ".join(key), frame.index[repeated], len(frame),
            "the same key as an earlier row", "Keep one row for each key.",
        )  # fmt: skip


def _lacks_a_key(frame: pd.DataFrame, table: s.Table, study: Study) -> bool:
    """Whether a column of the key that must be there is not: told already, rows look alike."""
    needed = [name for name in table.key if table.column(name).required(study.outcome.source)]
    return bool(len(frame)) and bool(frame[needed].isna().all().any())


def _unknown_references(
    homes: Mapping[str, tuple[str, pd.Series]], column: str, tables: Tables, study: Study
) -> Iterator[list[Fault]]:
    if column not in homes:
        return
    home, known = homes[column]
    for name, frame in tables.items():
        if name == home or column not in s.TABLES[name].names:
            continue
        unknown = frame[column].notna() & ~frame[column].isin(known)
        yield row_fault(
            name, column, frame.index[unknown], len(frame), f"not in table {home}",
            f"Add the missing rows to {home}, or make both extracts from one selection.",
        )  # fmt: skip


def _wrong_order(tables: Tables, study: Study) -> Iterator[list[Fault]]:
    for name, start, end in (
        (s.SPELLS, s.START, s.END), (s.PARTICIPATIONS, s.START, s.END),
        (s.TARIFFS, s.VALID_FROM, s.VALID_TO), (s.TARIFFS, s.DAY_FROM, s.DAY_TO),
    ):  # fmt: skip
        if name in tables:
            frame = tables[name]
            yield row_fault(
                name, end, frame.index[frame[end] < frame[start]], len(frame),
                f"earlier than {start}", f"Correct {start} or {end}; the end is inclusive.",
            )  # fmt: skip


def _overlapping_participations(tables: Tables, study: Study) -> Iterator[list[Fault]]:
    if s.PARTICIPATIONS not in tables:
        return
    frame = tables[s.PARTICIPATIONS]
    key = [s.PERSON_ID, s.PACKAGE_ID]
    ordered = frame.dropna(subset=[*key, s.START]).sort_values([*key, s.START], kind="stable")
    ends = ordered[s.END].fillna(pd.Timestamp.max).groupby([ordered[k] for k in key]).cummax()
    before = ends.groupby([ordered[k] for k in key]).shift()
    # A package left and entered again on one day is no overlap.
    overlapping = ordered[s.START] < before
    repeated = ordered.duplicated([*key, s.START])
    yield row_fault(
        s.PARTICIPATIONS, s.START, ordered.index[overlapping & ~repeated], len(frame),
        "starts while the same person still takes part in the same package",
        "Join the rows to one participation, or end the first one.",
    )  # fmt: skip


def _implausible_births(tables: Tables, study: Study) -> Iterator[list[Fault]]:
    if s.PERSONS not in tables:
        return
    frame, year = tables[s.PERSONS], int(study.data_cut[:4])
    births = frame[s.BIRTH_YEAR]
    implausible = births.notna() & ~births.between(year - OLDEST, year)
    yield row_fault(
        s.PERSONS, s.BIRTH_YEAR, frame.index[implausible], len(frame),
        f"unborn at the data cut, or over {OLDEST} years old", "Correct the years.",
    )  # fmt: skip


def _unnamed_municipalities(tables: Tables, study: Study) -> Iterator[list[Fault]]:
    if s.MUNICIPALITIES not in tables:
        return
    frame = tables[s.MUNICIPALITIES]
    unnamed = frame[[s.NAME_SV, s.NAME_FI, s.NAME_EN]].isna().all(axis=1)
    yield row_fault(
        s.MUNICIPALITIES, s.NAME_SV, frame.index[unnamed], len(frame),
        "no name in any language", "Fill one of the name columns.",
    )  # fmt: skip


def _events(tables: Tables, study: Study) -> Iterator[list[Fault]]:
    if s.EVENTS not in tables:
        return
    frame = tables[s.EVENTS]
    n, time, cause = len(frame), frame[s.TIME], frame[s.CAUSE]
    causes = (study.outcome.cause, *study.competing, s.CENSORED)
    yield row_fault(
        s.EVENTS, s.CAUSE, frame.index[cause.notna() & ~cause.isin(causes)], n,
        "not a cause that the study file names", f"Use one of: {', '.join(causes)}.",
    )  # fmt: skip
    yield row_fault(
        s.EVENTS, s.TIME, frame.index[time.isna() != cause.isna()], n,
        "a time without a cause, or a cause without a time", "Fill both, or leave both empty.",
    )  # fmt: skip
    yield row_fault(
        s.EVENTS, s.TIME, frame.index[time <= frame[s.ENTRY]], n,
        "not after entry", "Correct time or entry; both run on one clock.",
    )  # fmt: skip
    unit = frame[s.TIME_UNIT]
    yield row_fault(
        s.EVENTS, s.TIME_UNIT, frame.index[unit.notna() & (unit != study.outcome.time_unit)], n,
        f"not the outcome.time_unit of the study file ({study.outcome.time_unit})",
        "Bring the times and the study file to one unit.",
    )  # fmt: skip


def _answers(tables: Tables, study: Study) -> Iterator[list[Fault]]:
    if s.HEALTH not in tables:
        return
    frame = tables[s.HEALTH]
    for instrument, levels in s.EQ5D_LEVELS.items():
        asked = (frame[s.INSTRUMENT] == instrument) & frame[s.ITEM].isin(s.EQ5D_ITEMS)
        possible = frame[s.VALUE].isin(range(1, levels + 1)) | frame[s.VALUE].isna()
        yield row_fault(
            s.HEALTH, s.VALUE, frame.index[asked & ~possible], len(frame),
            f"not an answer of {instrument}",
            f"Answers are levels 1 to {levels}; leave unanswered items empty.",
        )  # fmt: skip
    for row in read_codes("instruments.csv").to_dict("records"):
        if not row["item_low"]:
            continue
        # EQ VAS stands under its own name, or beside the five answers of either version.
        of = [row["instrument"], *(s.EQ5D_LEVELS if row["scale"] == "vas" else ())]
        asked = frame[s.INSTRUMENT].isin(of) & frame[s.ITEM].isin(_items(row))
        low, high = float(row["item_low"]), float(row["item_high"])
        possible = frame[s.VALUE].between(low, high) | frame[s.VALUE].isna()
        yield row_fault(
            s.HEALTH, s.VALUE, frame.index[asked & ~possible], len(frame),
            f"not an answer of {row['instrument']}",
            f"Answers are {low:g} to {high:g}; leave unanswered items empty.",
        )  # fmt: skip


def _items(row: Mapping[str, str]) -> list[str]:
    """Names of the items of a scale of the code book of instruments."""
    n = int(row["n_item"])
    return [row["items"]] if n == 1 else [f"{row['items']}{at}" for at in range(1, n + 1)]


def _ledger(tables: Tables, study: Study) -> Iterator[list[Fault]]:
    if s.COSTS not in tables:
        return
    frame = tables[s.COSTS]
    yield row_fault(
        s.COSTS, s.PAYEE, frame.index[frame[s.PAYER] == frame[s.PAYEE]], len(frame),
        "payer and payee are the same", "Name the other side of each entry.",
    )  # fmt: skip
    used = frame[s.KIND].isin(["real_resource", "intervention"]) & (frame[s.PAYEE] != "resources")
    yield row_fault(
        s.COSTS, s.PAYEE, frame.index[used], len(frame),
        "not `resources` for what uses them up",
        "Write `resources` as payee of kinds real_resource and intervention, in the mapping or in "
        "the file.",
    )  # fmt: skip
    made = (frame[s.KIND] == "production") & (frame[s.PAYER] != "production")
    yield row_fault(
        s.COSTS, s.PAYER, frame.index[made], len(frame),
        "not `production` for what is produced",
        "Write `production` as payer of kind production, in the mapping or in the file.",
    )  # fmt: skip
    currency = study.economics.currency
    other = frame[s.CURRENCY].notna() & (frame[s.CURRENCY] != currency) if currency else []
    yield row_fault(
        s.COSTS, s.CURRENCY, frame.index[other], len(frame),
        f"not the economics.currency of the study file ({currency})",
        "Convert the amounts first: evalkit never does.",
    )  # fmt: skip
    both_or_none = frame[s.PERSON_ID].notna() == frame[s.TYPE_CASE].notna()
    yield row_fault(
        s.COSTS, s.TYPE_CASE, frame.index[both_or_none], len(frame),
        "neither or both of person_id and type_case", "Fill exactly one of them.",
    )  # fmt: skip
