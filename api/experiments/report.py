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

from api.experiments import plots
from api.experiments.causes import CAUSES
from api.experiments.metrics import METRICS, NAMES

_FOLDER = Path(__file__).parent


def render(results: Mapping[str, Any]) -> str:
    """The report on what `results.json` holds."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"figure": figure, "percent": percent, "p": p_value}
    script, style = ((_FOLDER / f"report.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    arms = [arm["name"] for arm in results["experiment"]["arms"]]
    sure = results["calibration"]
    drawn = {
        "risk": Markup(plots.risk_coverage(sure, arms)) if sure else "",
        "reliability": Markup(plots.reliability(sure, arms)) if sure else "",
        "causes": {group: Markup(plots.causes(of, arms)) for group, of in results["causes"].items() if of},
    }
    return environment.get_template("report.html").render(
        r=results, arms=arms, names=NAMES, metrics=METRICS, causes=CAUSES, plots=drawn, style=Markup(style),
        script=Markup(script), script_hash=_policy_hash(script),
    )  # fmt: skip


def figure(cell: Mapping[str, float] | None) -> str:
    """`0.42 [0.35, 0.49]`, or a dash where the figure does not apply."""
    return f"{cell['mean']:.2f} [{cell['low']:.2f}, {cell['high']:.2f}]" if cell else "–"


def percent(value: float) -> str:
    """A share or a difference of shares in points, with its sign: `-12.3`."""
    return f"{100 * value:+.1f}"


def p_value(value: float) -> str:
    """`0.0123`, or `< 0.0001`."""
    return f"{value:.4f}" if value >= 0.0001 else "< 0.0001"


def _policy_hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
