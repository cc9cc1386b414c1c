"""`results.json` as one HTML file that needs nothing else: no network, no other file.

Whatever comes from documents, questions or a decoder is untrusted: jinja2 escapes all of it, and the page's own
security policy lets no script run but the one whose hash it names. Only the plots, which are made here, go in as they
are.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.counted import counted
from api.evaluate.table import NO_INTERVAL
from api.experiments import plots
from api.experiments.causes import CAUSES
from api.experiments.metrics import (
    COVERAGE,
    METRICS,
    NAMES,
    REFUSED_ANSWERABLE,
    REFUSED_UNANSWERABLE,
    RIGHT,
    SUPPORTED,
    WRONG,
)
from api.experiments.summary import TESTED
from retrieval.metrics import FEWEST_CLUSTERS

_FOLDER = Path(__file__).parent
# What is drawn first; and what the first table has, besides what the experiment expects something of.
_DRAWN = (WRONG, RIGHT, COVERAGE)
_MAIN = (*_DRAWN, REFUSED_ANSWERABLE, REFUSED_UNANSWERABLE, SUPPORTED)


def render(results: Mapping[str, Any]) -> str:
    """The report on what `results.json` holds."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"figure": figure, "percent": percent, "p": p_value, "counted": counted}
    environment.globals |= {"interval": interval, "judged": judged}
    script, style = _script(), (_FOLDER / "report.css").read_text(encoding="utf-8")
    arms = [arm["name"] for arm in results["experiment"]["arms"]]
    applies = {name for cells in results["estimates"].values() for cell in cells.values() for name in cell}
    shown = [name for name in NAMES if name in applies]
    expected = [name for one in results.get("expectations", []) for name in one.get("metrics", [])]
    main = [name for name in dict.fromkeys((*_MAIN, *expected)) if name in applies]
    forced = [
        arm["name"] for arm in results["experiment"]["arms"]
        if arm["mode"] == "closed_book" or arm.get("abstain") is False
    ]  # fmt: skip
    sure = results["calibration"]
    decoders = len({arm.get("weights") for arm in results["experiment"]["arms"]})
    between = results.get("between_languages", [])  # results of an earlier version have none
    drawn = {
        "glance": Markup(plots.glance(results["estimates"], arms, [name for name in _DRAWN if name in applies])),
        "risk": Markup(plots.risk_coverage(sure, arms)) if sure else "",
        "reliability": Markup(plots.reliability(sure, arms)) if sure else "",
        "causes": {group: Markup(plots.causes(of, arms)) for group, of in results["causes"].items() if of},
    }
    return environment.get_template("report.html").render(
        r=results, arms=arms, names=shown, main=main, apart_on=TESTED, forced=forced, metrics=METRICS, causes=CAUSES,
        plots=drawn, decoders=decoders, between=between,
        tests=len(results["comparisons"]) + sum("p_holm" in row for row in between), fewest=FEWEST_CLUSTERS,
        style=Markup(style), script=Markup(script), script_hash=script_hash(),
    )  # fmt: skip


def figure(cell: Mapping[str, Any] | None) -> str:
    """`0.42 [0.35, 0.49]`, `0.42` of too few notes (the report says of how few), or a dash where it does not apply."""
    if not cell:
        return "–"
    if cell["low"] is None:
        return f"{cell['mean']:.2f}"
    return f"{cell['mean']:.2f} {interval(cell['low'], cell['high'])}"


def interval(low: float | None, high: float | None, digits: int = 2) -> str:
    """`[0.35, 0.49]`, or why there is none."""
    return f"({NO_INTERVAL})" if low is None or high is None else f"[{low:.{digits}f}, {high:.{digits}f}]"


def judged(answer: Mapping[str, Any]) -> list[str]:
    """What a judge from outside said of an answer, where one was asked: `judge: right`, `judge: not supported`."""
    said = answer.get("judge") or {}
    return [f"judge: {'' if said[key] else 'not '}{key}" for key in ("right", "supported") if said.get(key) is not None]


def percent(value: float) -> str:
    """A share or a difference of shares in points, with its sign: `-12.3`."""
    return f"{100 * value:+.1f}"


def p_value(value: float) -> str:
    """`0.0123`, or `< 0.0001`."""
    return f"{value:.4f}" if value >= 0.0001 else "< 0.0001"


def between_languages(results: Mapping[str, Any]) -> list[str]:
    """Russian less English in words, a line for each arm; none where that was not compared."""
    found: dict[str, list[str]] = {}
    for row in results.get("between_languages", []):
        few = row["low"] is None
        bounds = interval(None, None) if few else f"[{percent(row['low'])}, {percent(row['high'])}]"
        points = f"{row['metric']} {percent(row['difference'])} points {bounds}"
        tested = f", p {p_value(row['p_holm'])} after Holm" if "p_holm" in row else ""
        found.setdefault(row["arm"], []).append(points + tested)
    return [f"Russian less English, {arm}: {'; '.join(said)}" for arm, said in found.items()]


def script_hash() -> str:
    """The report's own script as a content security policy names it: `sha256-...`."""
    return "sha256-" + base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()


def _script() -> str:
    return (_FOLDER / "report.js").read_text(encoding="utf-8")
