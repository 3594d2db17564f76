"""Accuracy against cost of every classification weight, with a budget to drag."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import Any, ClassVar

import traitlets

from coursekit.explorers.base import HERE, Explorer
from coursekit.explorers.entries import Entry, catalogue, pareto_front

AXES = {
    "gflops": {"label": "Work", "unit": "GFLOPs", "long": "billions of multiply-adds for one image"},
    "params": {"label": "Parameters", "unit": "million", "long": "millions of numbers to learn and to keep"},
    "mb": {"label": "File", "unit": "MB", "long": "megabytes to download and to store"},
}


class CostExplorer(Explorer):
    """Drag a budget; see the best weights that fit it, and the front that no other weights beat.

    Args:
        entries: what to show; all of torchvision's classification weights if not given.
        axis: ``"gflops"``, ``"params"`` or ``"mb"``.
    """

    _esm: ClassVar = HERE / "cost.js"
    _css: ClassVar = HERE / "explorer.css"
    entries: traitlets.List = traitlets.List().tag(sync=True)
    fronts: traitlets.Dict = traitlets.Dict().tag(sync=True)  # axis: indices of its Pareto front, cheapest first
    axes: traitlets.Dict = traitlets.Dict().tag(sync=True)
    axis = traitlets.Enum(tuple(AXES), default_value="gflops").tag(sync=True)

    def __init__(self, entries: list[Entry] | None = None, *, axis: str = "gflops", **kwargs: Any) -> None:
        chosen = catalogue() if entries is None else entries
        fronts = {name: pareto_front([getattr(e, name) for e in chosen], [e.acc1 for e in chosen]) for name in AXES}
        super().__init__(entries=[asdict(entry) for entry in chosen], fronts=fronts, axes=AXES, axis=axis, **kwargs)

    def front(self) -> list[dict[str, Any]]:
        """The entries on the front of the chosen axis, the cheapest first."""
        return [self.entries[index] for index in self.fronts[self.axis]]

    def as_html(self) -> str:
        rows = "".join(
            f"<tr><td><code>{escape(entry['weights'])}</code></td><td>{entry['acc1']:.1f}</td>"
            f"<td>{entry['gflops']:.2f}</td><td>{entry['params']:.1f}</td><td>{entry['mb']:.1f}</td></tr>"
            for entry in self.front()
        )
        return (
            f"<p>{escape(self.as_text())} Run the cell to drag a budget.</p><table><thead><tr><th>weights</th>"
            "<th>top-1, %</th><th>GFLOPs</th><th>parameters, million</th><th>file, MB</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    def as_text(self) -> str:
        return (
            f"Of {len(self.entries)} classification weights, {len(self.front())} are beaten by no other in "
            f"accuracy against {AXES[self.axis]['long']}."
        )
