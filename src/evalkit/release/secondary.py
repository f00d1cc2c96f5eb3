"""Secondary suppression between levels: municipality, federation or county, nation.

A municipality's hidden number follows from its federation's and its neighbours' by subtraction.
So what each unit may show is planned once, for all units of a study together.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from evalkit import results as kinds
from evalkit.errors import ParameterError
from evalkit.release import curves
from evalkit.release.addresses import block, family, split_area
from evalkit.release.before_after_plan import STATUS_BLOCKS
from evalkit.release.cost_utility_plan import COST_UTILITY_BLOCKS
from evalkit.release.follow_up_plan import BLOCKS
from evalkit.release.health_rows import CHANGE, CHANGES, PAIRS, SHARES, UNLISTED
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.organisation_plan import OTHER_BLOCKS
from evalkit.release.pair_blocks import change_blocks
from evalkit.release.profiles import Profile, load_profile
from evalkit.release.sequences import protect_points
from evalkit.release.tables import protect_blocks, protect_table
from evalkit.release.unit_plan import unit_blocks

COLUMNS = ["level", "code", "block"]
CURVES = (kinds.SurvivalCurve, kinds.IncidenceCurve)
BY_STRATUM = ("exits", "states", "people", "health")  # families of the same persons by arm


def secondary_suppression(
    results: Sequence[object],
    *,
    areas: pd.DataFrame,
    profile: str | Profile,
    levels: Sequence[str] = ("municipality", "federation", "national"),
    unit_results: Mapping[str, Sequence[object]] | None = None,
) -> pd.DataFrame:
    """Plan which blocks each unit hides, so that no hidden number follows from shown ones.

    Parameters
    ----------
    results : sequence of results
        Curves, occupations, baseline tables, before-after tables, wave means, shares of answers
        and changes of health, each estimated once for the whole study with
        `by=["municipality", ...]`, so that its strata read `0114, programme`. What a unit
        shows besides (contrasts, months, models) follows the blocks of its family; strata that are
        not given here are not protected across levels.
    areas : DataFrame
        One row a municipality: `municipality`, and a column for each further level except
        `national` and `study`; empty where a municipality belongs to none.
    levels : sequence of str
        Levels that are published, smallest first.
    unit_results : mapping of str to sequence of results, optional
        Results without strata, by municipality: flows, ranges of need, pay-off, and its curve.

    Returns
    -------
    DataFrame
        Columns `level`, `code`, `block`: what `Profile.for_unit` hides there, for the unit's own
        numbers or for another's. Empty where one level is published, or nothing is hidden.

    Raises
    ------
    ParameterError
        If a stratum names no municipality of `areas`, a result is of a kind that has no blocks,
        or flows differ in their steps.

    Notes
    -----
    Blocks are `exits/stratum/time/cause`, `states/stratum/time/state`,
    `people/stratum/variable/level`, `occasions/stratum/source` (and `.../pairs`: who entered and
    left), `health/stratum/wave`, `answers/stratum/wave/item/level`,
    `pairs/stratum/wave/item/change` (and `.../shares`: of important changes), `flow/step`,
    `need/covered`, `statuses/stratum/measure/category` (and `.../pairs`),
    `qaly/stratum`, `cost_utility/stratum`, `pay_off//party` (also `public` and `society`),
    `pay_off/curve` (and `.../month`), `packages/stratum` (and `.../started`, `left`,
    `outcome`, `anonymous`, `persons`), `processes/stratum/step/quantity`; `family/stratum` stands
    for all. Key figures are to be given by municipality alone and by municipality and package.
    Under a shown unit, municipalities are hidden until what is left has enough persons; if all are,
    the unit itself is hidden. Units of the same municipalities hide the same. Numbers at risk are
    rounded at every level instead. States are planned at the profile's ticks only, so horizons
    should be ticks (`dataclasses.replace(profile, ticks=...)`). Any exit is shown where all causes
    are.
    """
    rule = load_profile(profile) if isinstance(profile, str) else profile
    if rule.hides_nothing or len(levels) < 2:
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    counted = {split_area(name)[0] for item in results for name in item.rows.get("stratum", ())}
    plan = _Plan(Hierarchy.from_areas(areas, levels), rule, counted | set(unit_results or ()))
    unknown = {type(item).__name__ for item in results if not isinstance(item, tuple(plan.rules))}
    if unknown:
        raise ParameterError(f"no blocks for results of kind {', '.join(sorted(unknown))}")
    plan.strata(results)
    for kind, rule_of_kind in plan.rules.items():
        for result in results:
            if isinstance(result, kind):
                rule_of_kind(result)
    for units, shown, name in unit_blocks(unit_results or {}, plan.hierarchy, rule):
        plan.hide(units, shown, name)
    return plan.frame()


class _Plan:
    """The plan under construction: which node hides which block."""

    def __init__(self, published: Hierarchy, profile: Profile, counted: set[str]):
        self.published, self.profile = published, profile
        own = np.isin(published.leaves, list(counted))
        self.hierarchy, self.twins = published.without_twins(own)
        self.hidden: dict[tuple[int, str], None] = {}
        self.exits: dict[tuple, np.ndarray] = {}
        # Exits before states: who died is hidden in both or in neither.
        self.rules = {
            kinds.IncidenceCurve: self.curve,
            kinds.SurvivalCurve: self.curve,
            kinds.OccupationCurve: self.occupation,
            kinds.Characteristics: self.characteristics,
            kinds.BeforeAfter: self.before_after,
            kinds.WaveMeans: self.wave_means,
            kinds.HealthShares: self.health_shares,
            kinds.HealthMeasures: self.pairs,
        }
        more = OTHER_BLOCKS | BLOCKS | STATUS_BLOCKS | COST_UTILITY_BLOCKS
        self.rules |= {kind: partial(self.other, blocks) for kind, blocks in more.items()}

    def frame(self) -> pd.DataFrame:
        """The plan as a table."""
        level, code = self.published.level, self.published.code
        rows = [
            (level[twin], code[twin], name)
            for node, name in self.hidden
            for twin in self.twins[node]
        ]
        return pd.DataFrame(rows, columns=COLUMNS, dtype=object)

    def strata(self, results: Sequence[object]) -> None:
        """Plan the strata that each unit may show at all.

        A unit's flow tells how many there are in all, so that all arms but one tell of the last.
        """
        found = [
            _with_area(result).assign(count=result.support["n"])
            for result in results
            if isinstance(result, (*CURVES, kinds.Characteristics))
        ]
        if not found:
            return
        rows = pd.concat(found).groupby(["area", "rest"], sort=False)["count"].max().reset_index()
        table, leaves = self._table(rows, "rest")
        if table.shape[1] < 2:
            return
        hierarchy = self.hierarchy.restrict(leaves)
        counts = table.to_numpy(dtype=float)
        _, shown = protect_table(counts, hierarchy, fails=self.profile.fails)
        for position, rest in enumerate(table.columns):
            for name in BY_STRATUM:
                self.hide(hierarchy, shown[:, position], block(name, rest))

    def curve(self, result) -> None:
        """Plan the times of every cause, and of any exit."""
        unit = str(result.summary["time_unit"])
        found: dict[str, dict[str, dict]] = {}
        for stratum, cause, rows, n in curves.curves_of(result):
            area, rest = split_area(stratum)
            found.setdefault(rest, {}).setdefault(cause, {})[area] = (rows, n)
        for rest, causes in found.items():
            everyone = [
                rows["time"].max() for areas in causes.values() for rows, _ in areas.values()
            ]
            time = curves.candidate_times(max(everyone), unit)
            leaves, grids = self._grids(causes, time)
            for cause, grid in grids.items():
                self._plan_curve((rest, cause), leaves, grid, time, unit)
            if "any" not in causes:
                self._plan_any(rest, leaves, list(grids.values()), list(grids), time, unit)

    def _grids(self, causes: dict, time: np.ndarray):
        areas = sorted({area for found in causes.values() for area in found})
        leaves = self._leaves(areas)
        grids = {}
        for cause, found in causes.items():
            counts = np.zeros((len(self.hierarchy.leaves), len(time) + 1))
            at_risk = np.zeros((len(self.hierarchy.leaves), len(time)))
            for area, (rows, n) in found.items():
                grid = curves.read_grid(rows, n, time)
                leaf = self.hierarchy.leaves.index(area)
                counts[leaf], at_risk[leaf] = grid.counts, grid.at_risk
            grids[cause] = (counts[leaves], at_risk[leaves])
        return leaves, grids

    def _plan_curve(self, name, leaves, grid, time, unit, allowed=True) -> None:
        rest, cause = name
        counts, at_risk = grid
        hierarchy = self.hierarchy.restrict(leaves)
        enough = ~self.profile.too_few(hierarchy.member @ at_risk) & allowed
        base = len(time)
        shown = protect_points(
            counts,
            hierarchy,
            [base, *curves.important_first(time, unit)],
            fails=self.profile.fails,
            allowed=np.column_stack([enough, np.ones(len(enough), dtype=bool)]),
            essential=np.append(curves.essential_times(time, unit), True),
            base=base,
        )
        self.hide(hierarchy, shown[:, base], block("exits", rest))
        self.exits[name] = (time, shown[:, :base])
        for position, at in enumerate(time):
            told = shown[:, position] | ~shown[:, base]
            self.hide(hierarchy, told, block("exits", rest, at, cause))

    def _plan_any(self, rest, leaves, grids, causes, time, unit) -> None:
        """Any exit is shown where all causes are: less the shown ones it tells of the hidden."""
        counts = sum(grid[0] for grid in grids)
        counts[:, -1] = grids[0][0][:, -1]
        allowed = np.all([self.exits[rest, cause][1] for cause in causes], axis=0)
        self._plan_curve((rest, "any"), leaves, (counts, grids[0][1]), time, unit, allowed)

    def occupation(self, result) -> None:
        """Plan every state at every tick."""
        name = family(result.provenance.function)
        frame = _with_area(result)
        counted = frame["k"].fillna((frame["n_observed"] * frame["estimate"]).round())
        frame = frame.assign(count=counted)
        for (rest, at), rows in frame[frame["time"].isin(self.profile.ticks)].groupby(
            ["rest", "time"], sort=True
        ):
            table, leaves = self._table(rows, "state")
            if at == 0:
                persons = table.sum(axis=1).to_numpy()[:, None]
                self._plan_block(persons, leaves, block(name, rest))
                continue
            self._plan_table(table, leaves, (name, rest, at), self._as_exits(rest, at, table))

    def _as_exits(self, rest: str, at: float, table: pd.DataFrame) -> np.ndarray:
        """Which states may be shown as far as exits of the same name go."""
        allowed = np.ones((len(self.hierarchy.level), table.shape[1]), dtype=bool)
        for position, state in enumerate(table.columns):
            time, shown = self.exits.get((rest, state), (np.array([]), None))
            found = np.flatnonzero(time == at)
            if found.size and state not in self.profile.keep:
                allowed[:, position] = shown[:, found[0]]
        return allowed

    def characteristics(self, result) -> None:
        """Plan the levels of every variable, or the persons behind its mean."""
        frame = _with_area(result).assign(count=lambda table: table["n"])
        for (rest, variable), rows in frame.groupby(["rest", "variable"], sort=False):
            table, leaves = self._table(rows, "level")
            if rows["share"].notna().any():
                self._plan_table(table, leaves, ("people", rest, variable), None)
            else:
                self._plan_block(table, leaves, block("people", rest, variable))

    def before_after(self, result) -> None:
        """Plan the shares of every source, and who entered and left."""
        frame = _with_area(result)
        frame = frame.assign(
            never=frame["n_pair"] - frame["n_before"] - frame["n_entered"],
            always=frame["n_before"] - frame["n_left"],
            not_before=frame["n_pair"] - frame["n_before"],
            not_after=frame["n_pair"] - frame["n_after"],
        )
        # All sources show the same persons, so who may be counted at all is decided once.
        base: dict[str, np.ndarray] = {}
        for (rest, source), rows in frame.groupby(["rest", "source"], sort=False):
            table = rows.set_index("area")
            leaves = self._leaves(table.index[table["n_pair"] > 0])
            table = table.reindex(np.array(self.hierarchy.leaves)[leaves])
            if rest not in base:
                base[rest] = self._plan_block(table[["n_pair"]], leaves, block("occasions", rest))
            margins = table[["n_pair", "n_before", "n_after", "not_before", "not_after"]]
            name = block("occasions", rest, source)
            shown = self._plan_block(margins, leaves, name, base[rest])
            pairs = table[["n_pair", "n_entered", "n_left", "always", "never"]]
            self._plan_block(pairs, leaves, block(name, "pairs"), shown)

    def wave_means(self, result) -> None:
        """Plan every wave by the persons who answered."""
        frame = _with_area(result)
        frame = frame.assign(count=frame["n"])
        for (rest, wave), rows in frame.groupby(["rest", "wave"], sort=False):
            table, leaves = self._table(rows.assign(all="all"), "all")
            self._plan_block(table, leaves, block("health", rest, wave))

    def health_shares(self, result) -> None:
        """Plan the levels of every item and wave; those without a row are one more level."""
        if result.provenance.function == "frequent_profiles":
            raise ParameterError(
                "no blocks for frequent_profiles: each municipality lists other profiles; publish "
                "them at one level only"
            )
        name = family(result.provenance.function)
        frame = _with_area(result).assign(count=lambda table: table["n_with"])
        for (rest, wave, item), rows in frame.groupby(["rest", "wave", "item"], sort=False):
            table, leaves = self._table(rows, "level")
            n = rows.groupby("area", sort=False)["n"].max().reindex(table.index)
            unlisted = n - table.sum(axis=1)
            if unlisted.any():
                table = table.assign(**{UNLISTED: unlisted})
            self._plan_table(table, leaves, (name, rest, wave, item), None)

    def pairs(self, result) -> None:
        """Plan changes by who answered twice, and shares of them by their classes."""
        if result.provenance.function not in ("health_change", "value_set_comparison"):
            raise ParameterError(
                f"no blocks for {result.provenance.function}: it follows the levels of "
                "`paretian_change` and `dimension_table`"
            )
        frame = _with_area(result).assign(
            complement=result.support["complement"].astype(float),
            count=lambda table: (table["n"] * table["estimate"]).round(),
        )
        change = frame[frame["quantity"] == CHANGES[0]]
        for (rest, item), rows in change.groupby(["rest", "item"], sort=False):
            self._leaves(rows["area"])
            for wave, units, shown in change_blocks(rows, self.hierarchy, self.profile):
                self.hide(units, shown, block(PAIRS, rest, wave, item, CHANGE))
        shares = frame[frame["quantity"].str.startswith("share_")]
        for (rest, wave, item), rows in shares.groupby(["rest", "wave", "item"], sort=False):
            table, leaves = self._table(rows, "quantity")
            counts = np.column_stack([table.sum(axis=1), table])
            self._plan_block(counts, leaves, block(PAIRS, rest, wave, item, SHARES))

    def other(self, blocks, result) -> None:
        """Plan what a module of its own yields: units, which of them may show, the address."""
        for units, shown, name in blocks(result, _with_area(result), self.hierarchy, self.profile):
            self.hide(units, shown, name)

    def _plan_block(self, counts, leaves, name, allowed=None) -> np.ndarray:
        hierarchy = self.hierarchy.restrict(leaves)
        table = np.asarray(counts, dtype=float)
        shown = protect_blocks(table, hierarchy, fails=self.profile.fails, allowed=allowed)
        self.hide(hierarchy, shown, name)
        return shown

    def _plan_table(self, table: pd.DataFrame, leaves, name: tuple, allowed) -> None:
        hierarchy = self.hierarchy.restrict(leaves)
        base, shown = protect_table(
            table.to_numpy(dtype=float),
            hierarchy,
            fails=self.profile.fails,
            keep=table.columns.isin(self.profile.keep),
            allowed=allowed,
        )
        self.hide(hierarchy, base, block(*name))
        for position, category in enumerate(table.columns):
            self.hide(hierarchy, shown[:, position] | ~base, block(*name, category))

    def _table(self, rows: pd.DataFrame, category: str) -> tuple[pd.DataFrame, np.ndarray]:
        """Counts by municipality and category; municipalities without persons are left out."""
        table = rows.pivot_table(
            index="area", columns=category, values="count", aggfunc="sum", fill_value=0, sort=False
        )
        leaves = self._leaves(table.index[table.sum(axis=1) > 0])
        return table.reindex(np.array(self.hierarchy.leaves)[leaves]), leaves

    def _leaves(self, areas) -> np.ndarray:
        unknown = sorted(set(areas) - set(self.hierarchy.leaves))
        if unknown:
            raise ParameterError(f"{len(unknown)} strata name no municipality of `areas`")
        return np.isin(self.hierarchy.leaves, list(areas))

    def hide(self, hierarchy: Hierarchy, shown: np.ndarray, name: str) -> None:
        """Note a block for every unit that has persons and may not show it."""
        for node in np.flatnonzero(~shown & hierarchy.member.any(axis=1)):
            self.hidden[int(node), name] = None


def _with_area(result) -> pd.DataFrame:
    """Tidy rows with the municipality and the rest of their stratum, and their support `k`."""
    frame = result.tidy()
    pairs = [split_area(stratum) for stratum in frame["stratum"]]
    return frame.assign(
        area=[area for area, _ in pairs],
        rest=[rest for _, rest in pairs],
        k=result.support["k"].astype(float),
    )
