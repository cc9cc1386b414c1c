"""The plots of a report as inline SVG: the main figures, risk-coverage, reliability, causes.

Drawn by matplotlib's SVG backend without pyplot, so that nothing global is left behind. Text stays text. Ink is drawn
in a colour that is then replaced by `currentColor`: the plot takes the colour of the page around it, light or dark.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from api.experiments.causes import CAUSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = "#010203"
# Okabe & Ito 2008, told apart by colour-blind readers too; those that are seen on white and on black.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
# Of a group of questions: its name, colour and mark.
_MARKS = {"all": ("all questions", _INK, "o"), "en": ("English", COLOURS[0], "s"), "ru": ("Russian", COLOURS[1], "D")}
_DASHES = ("-", "--", "-.", ":")
_STYLE: Any = {  # matplotlib types each key by name
    "svg.fonttype": "none", "svg.hashsalt": "lectern", "text.parse_math": False,
    "font.family": "sans-serif", "font.size": 10,
    "text.color": _INK, "axes.edgecolor": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "grid.color": "#80808055",
}  # fmt: skip


def glance(estimates: Mapping[str, Mapping[str, Mapping[str, Any]]], arms: list[str], names: Sequence[str]) -> str:
    """The figures called `names` side by side: for each arm a mark with its interval, of all questions and of each
    language."""
    groups = [group for group in _MARKS if group in estimates]
    apart = 0.5 / max(1, len(groups) - 1)  # between the marks of an arm

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for name, axes in zip(names, panels, strict=True):
            for n, group in enumerate(groups):
                label, colour, mark = _MARKS[group]
                of_arms = estimates[group]
                cells = [(at, of_arms[arm][name]) for at, arm in enumerate(arms) if name in of_arms[arm]]
                places = [at + apart * (n - (len(groups) - 1) / 2) for at, _ in cells]
                axes.plot(
                    [cell["mean"] for _, cell in cells], places, mark, color=colour, markersize=5,
                    label=label if name == names[0] else "",
                )  # fmt: skip
                for place, (_, cell) in zip(places, cells, strict=True):
                    if cell["low"] is not None:
                        axes.plot([cell["low"], cell["high"]], [place, place], color=colour, linewidth=1.6)
            axes.set_title(name, fontsize=10, loc="left")
            axes.set_xlim(-0.02, 1.02)
            axes.set_xticks((0, 0.25, 0.5, 0.75, 1), ("0", "", "0.5", "", "1"))
            axes.grid(True, axis="x")
        panels[0].set_yticks(range(len(arms)), arms)
        panels[0].set_ylim(len(arms) - 0.5, -0.5)

    return _svg(draw, 9.6, 1.1 + 0.55 * len(arms), columns=len(groups))


def risk_coverage(calibrations: Mapping[str, Any], arms: list[str]) -> str:
    """Share wrong among the surest answers over the share of answers given, a line for each arm."""

    def draw(axes: Axes) -> None:
        for n, arm in enumerate(arms):
            if arm in calibrations:
                curve = calibrations[arm]["curve"]
                label = f"{arm} (AURC {calibrations[arm]['aurc']:.3f})"
                axes.plot([c for c, _ in curve], [r for _, r in curve], label=label, **_line(n))
        axes.set_xlabel("coverage: share of its answers, surest first")
        axes.set_ylabel("risk: share wrong")

    return _svg(_in_unit(draw), 5.4, 3.8)


def reliability(calibrations: Mapping[str, Any], arms: list[str]) -> str:
    """Share right over confidence by bins; the diagonal is a confidence that can be believed."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.8, alpha=0.5)
        for n, arm in enumerate(arms):
            if arm in calibrations:
                bins = calibrations[arm]["bins"]
                label = f"{arm} (ECE {calibrations[arm]['ece']:.3f})"
                axes.plot(
                    [b["confidence"] for b in bins], [b["right"] for b in bins], marker="o", label=label, **_line(n)
                )
        axes.set_xlabel("confidence")
        axes.set_ylabel("share right")

    return _svg(_in_unit(draw), 5.4, 3.8)


def causes(counted: Mapping[str, Mapping[str, int]], arms: list[str]) -> str:
    """Wrong answers of each arm by cause, bars side by side."""
    shown = [arm for arm in arms if arm in counted]

    def draw(figure: Figure) -> None:
        axes, left = figure.add_subplot(), [0] * len(shown)
        for n, cause in enumerate(CAUSES):
            numbers = [counted[arm].get(cause, 0) for arm in shown]
            axes.barh(range(len(shown)), numbers, left=left, color=COLOURS[n], label=cause, height=0.6)
            left = [one + other for one, other in zip(left, numbers, strict=True)]
        axes.set_yticks(range(len(shown)), shown)
        axes.invert_yaxis()
        axes.set_xlabel("wrong answers")
        axes.grid(True, axis="x")

    return _svg(draw, 8.2, 1.5 + 0.45 * len(shown), columns=3)


def _line(n: int) -> dict[str, Any]:
    """Arms are told apart by dashes too, once the colours are used up or cannot be seen."""
    return {"color": COLOURS[n % len(COLOURS)], "linestyle": _DASHES[n % len(_DASHES)], "linewidth": 1.8}


def _in_unit(draw: Callable[[Axes], None]) -> Callable[[Figure], None]:
    """Draws on the only axes of a figure, both from 0 to 1."""

    def whole(figure: Figure) -> None:
        axes = figure.add_subplot()
        draw(axes)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.grid(True)

    return whole


def _svg(draw: Callable[[Figure], None], width_inches: float, height_inches: float, *, columns: int = 1) -> str:
    """What `draw` draws, as an <svg> element. columns: of its legend."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
        draw(figure)
        figure.legend(loc="outside upper left", frameon=False, ncols=columns, fontsize=9)
        text = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))  # no metadata: it names vocabularies by URL
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    svg = text.getvalue()
    # XML declaration and document type have no place inside HTML.
    return svg[svg.index("<svg") :].replace(_INK, "currentColor")
