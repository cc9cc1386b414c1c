"""The plots of a report as inline SVG: risk-coverage, reliability, causes.

Drawn by matplotlib's SVG backend without pyplot, so that nothing global is left behind. Text stays text. Ink is drawn
in a colour that is then replaced by `currentColor`: the plot takes the colour of the page around it, light or dark.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from api.experiments.causes import CAUSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK = "#010203"
# Okabe & Ito 2008, told apart by colour-blind readers too; those that are seen on white and on black.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
_DASHES = ("-", "--", "-.", ":")
_STYLE: Any = {  # matplotlib types each key by name
    "svg.fonttype": "none", "svg.hashsalt": "lectern", "text.parse_math": False,
    "font.family": "sans-serif", "font.size": 10,
    "text.color": _INK, "axes.edgecolor": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
    "axes.spines.top": False, "axes.spines.right": False, "grid.color": "#80808055",
}  # fmt: skip


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

    return _svg(draw, 5.4, 3.8)


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

    return _svg(draw, 5.4, 3.8)


def causes(counted: Mapping[str, Mapping[str, int]], arms: list[str]) -> str:
    """Wrong answers of each arm by cause, bars side by side."""
    shown = [arm for arm in arms if arm in counted]

    def draw(axes: Axes) -> None:
        left = [0] * len(shown)
        for n, cause in enumerate(CAUSES):
            numbers = [counted[arm].get(cause, 0) for arm in shown]
            axes.barh(range(len(shown)), numbers, left=left, color=COLOURS[n], label=cause, height=0.6)
            left = [one + other for one, other in zip(left, numbers, strict=True)]
        axes.set_yticks(range(len(shown)), shown)
        axes.invert_yaxis()
        axes.set_xlabel("wrong answers")

    return _svg(draw, 8.2, 1.5 + 0.45 * len(shown), unit=False)


def _line(n: int) -> dict[str, Any]:
    """Arms are told apart by dashes too, once the colours are used up or cannot be seen."""
    return {"color": COLOURS[n % len(COLOURS)], "linestyle": _DASHES[n % len(_DASHES)], "linewidth": 1.8}


def _svg(draw: Callable[[Axes], None], width_inches: float, height_inches: float, *, unit: bool = True) -> str:
    """What `draw` draws, as an <svg> element. unit: both axes run from 0 to 1."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        if unit:
            axes.set_xlim(0, 1)
            axes.set_ylim(0, 1)
        axes.grid(True, axis="both" if unit else "x")
        axes.set_axisbelow(True)
        figure.legend(loc="outside upper left", frameon=False, ncols=1 if unit else 3, fontsize=9)
        text = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))  # no metadata: it names vocabularies by URL
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    svg = text.getvalue()
    # XML declaration and document type have no place inside HTML.
    return svg[svg.index("<svg") :].replace(_INK, "currentColor")
