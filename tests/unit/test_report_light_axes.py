"""Panels draw what matplotlib's own axes would draw, pixel by pixel."""

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from evalkit.report import style
from evalkit.report.light_axes import LightAxes


def named_ticks(axes):
    axes.set_xticks([0, 6, 12], ["0", "sex", "tolv"])
    axes.set_yticks([0, 0.5, 1], ["0", "50", "100"], va="center")
    style.light_grid(axes, "y")
    axes.set_xlabel("Månader", labelpad=2)
    axes.set_ylabel("Andel")


def found_ticks(axes):
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} kr"))
    axes.set_xlabel("Kronor", loc="left")
    style.light_grid(axes, "both")


def quiet_ticks(axes):
    axes.set_yticks([0, 1], ["Första raden", "Andra"])
    axes.tick_params(axis="y", length=0, labelcolor=style.QUIET, pad=6)
    axes.spines[["left", "bottom"]].set_visible(False)


def no_ticks(axes):
    axes.set_xticks([])
    axes.set_yticks([], [])
    axes.set_xlabel("Ingenting")


def ticks_outside_the_limits(axes):
    axes.set_xticks([0, 6, 12, 18], ["0", "6", "12", "18"])
    axes.set_xlim(0, 12)
    axes.invert_yaxis()


def a_scale_of_ratios(axes):
    axes.set_xscale("log")
    axes.set_xlim(0.1, 10)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks([0.1, 1, 10], ["0,1", "1", "10"])


def a_coloured_label(axes):
    axes.set_yticks([0, 1], ["Lindala", "Ån"], va="center")
    axes.get_yticklabels()[1].set_color(style.WARNING)
    axes.tick_params(axis="y", length=0)


def labels_above(axes):
    axes.set_xticks([0, 6], ["noll", "sex"])
    axes.xaxis.tick_top()


def a_title_above_labels(axes):
    labels_above(axes)
    axes.set_title("Titel")


def no_labels(axes):
    axes.tick_params(labelbottom=False, left=False)


def turned_labels(axes):
    axes.tick_params(axis="x", rotation=45)
    axes.tick_params(axis="y", direction="in")


def a_power_of_ten(axes):
    axes.set_ylim(0, 5e8)


def labels_of_found_ticks(axes):
    found_ticks(axes)
    assert axes.get_xticklabels()


def minor_ticks(axes):
    axes.minorticks_on()


def upright_bars(axes):
    axes.bar([0, 1, 2.5], [3, -1, 0], color=style.PROGRAMME, edgecolor=style.PAPER, label="a")
    axes.bar([0, 1, 2.5], [2, 0, 1], bottom=[3, 0, 0], width=0.4, color="red", hatch="////")


def lying_bars(axes):
    axes.barh(1, 7, height=0.62, color=style.RULE, gid="left")
    axes.barh([2, 3], [4, 1], left=[1, -2], facecolor=style.PAPER, edgecolor=style.HATCH, alpha=0.5)
    axes.barh([], [])
    axes.set_ylim(4, 0)


def bars_on_a_scale_of_ratios(axes):
    axes.barh([0.2, 0.7], [10, 90], left=[1, 10], color=style.OCHRE, linewidth=0.6)
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])


def bars_beyond_the_limits(axes):
    axes.bar([0, 5, 11], [9, 9, 9], width=3, color=style.GREYS[2])
    axes.set_xlim(1, 10)
    axes.set_ylim(0, 4)


def steps_and_marks(axes):
    axes.plot([0, 3, 9], [1, 2, 5], color=style.WARNING, drawstyle="steps-post", linewidth=1.7)
    axes.plot([4], [7], "o", color=style.OCHRE, markersize=9, clip_on=False)
    axes.plot([0, float("nan"), 20], [0, 1, -3], color=style.INK, linestyle=(0, (5, 2)))
    axes.plot([], [], color=style.INK)


def a_line_in_parts_of_the_panel(axes):
    axes.plot([0.9, 1.2], [4, 4], color=style.INK, clip_on=False,
              transform=axes.get_yaxis_transform())  # fmt: skip


def lines_beyond_the_limits(axes):
    axes.plot([-5, 20], [-1, 2], color=style.INK, linewidth=3)
    axes.plot([0, 12], [0.5, 0.5], "s", color=style.INK, markersize=14)
    axes.set_xlim(0, 12)


CASES = (
    upright_bars, lying_bars, bars_on_a_scale_of_ratios, bars_beyond_the_limits, steps_and_marks,
    a_line_in_parts_of_the_panel, lines_beyond_the_limits,
    named_ticks, found_ticks, quiet_ticks, no_ticks, ticks_outside_the_limits, a_scale_of_ratios,
    a_coloured_label, labels_above, a_title_above_labels, minor_ticks,
    no_labels, turned_labels, a_power_of_ten, labels_of_found_ticks,
)  # fmt: skip


def drawn(dress, kind, monkeypatch, lines=True):
    monkeypatch.setattr(style, "LightAxes", kind)
    with style.style():
        figure, (axes,) = style.panel(50)
        if lines:
            axes.plot([1, 6, 12], [0.1, 0.4, 0.9])
        dress(axes)
    return style.to_png(figure), axes


@pytest.mark.parametrize("dress", CASES, ids=lambda case: case.__name__)
def test_light_axes_draw_what_ordinary_ones_draw(dress, monkeypatch):
    light, axes = drawn(dress, LightAxes, monkeypatch)
    ordinary, _ = drawn(dress, Axes, monkeypatch)

    assert type(axes) is LightAxes
    assert light == ordinary


@pytest.mark.parametrize("dress", [named_ticks, found_ticks])
def test_an_axis_keeps_no_ticks_unless_it_is_asked_for_them(dress, monkeypatch):
    _, axes = drawn(dress, LightAxes, monkeypatch)

    assert (axes.xaxis.majorTicks, axes.yaxis.majorTicks) == ([], [])
    assert len(axes.get_xticklabels()) == len(axes.get_xticks())


@pytest.mark.parametrize("kind", [LightAxes, Axes])
def test_a_label_too_few_is_refused(kind, monkeypatch):
    with pytest.raises(ValueError, match="3"):
        drawn(lambda axes: axes.set_xticks([0, 6, 12], ["0", "6"]), kind, monkeypatch)


def test_limits_widen_to_ticks_as_they_do_elsewhere(monkeypatch):
    limits = [drawn(named_ticks, kind, monkeypatch)[1].get_xlim() for kind in (LightAxes, Axes)]

    assert limits[0] == limits[1]
    assert limits[0][0] < 1


@pytest.mark.parametrize("dress", [upright_bars, lying_bars, steps_and_marks])
def test_limits_go_to_the_ends_of_what_is_drawn_and_no_further(dress, monkeypatch):
    light, ordinary = (
        drawn(dress, kind, monkeypatch, lines=False)[1] for kind in (LightAxes, Axes)
    )

    assert light.dataLim.bounds == pytest.approx(ordinary.dataLim.bounds)
    assert light.axis() == pytest.approx(ordinary.axis())


def test_bars_are_found_as_elsewhere(monkeypatch):
    light, ordinary = (drawn(upright_bars, kind, monkeypatch)[1] for kind in (LightAxes, Axes))
    places = [[bar.get_bbox().bounds for bar in axes.patches] for axes in (light, ordinary)]

    assert places[0] == places[1]
    names = [[group.get_label() for group in axes.containers] for axes in (light, ordinary)]
    assert names[0] == names[1]
    assert len(light.lines) == len(ordinary.lines) == 1


def test_a_change_of_settings_reaches_the_ticks(monkeypatch):
    def larger(axes):
        named_ticks(axes)
        axes.tick_params(labelsize=12, length=9, width=2, colors="red")

    pictures = [drawn(larger, kind, monkeypatch)[0] for kind in (LightAxes, Axes)]

    assert pictures[0] == pictures[1]
    assert pictures[0] != drawn(named_ticks, LightAxes, monkeypatch)[0]


def test_settings_outside_stay_as_they_were(monkeypatch):
    before = dict(mpl.rcParams)
    drawn(named_ticks, LightAxes, monkeypatch)

    assert dict(mpl.rcParams) == before
