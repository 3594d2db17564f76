"""Widgets worth dragging. Everything heavy is computed before; moving a slider only looks up, in the browser.

>>> from coursekit.explorers import BatchExplorer, CostExplorer, StageExplorer
>>> CostExplorer()
"""

from typing import Any

__all__ = [
    "AnswersExplorer",
    "BatchExplorer",
    "ConfusionExplorer",
    "CostExplorer",
    "DetectionExplorer",
    "Entry",
    "IoUExplorer",
    "PlanExplorer",
    "PrevalenceExplorer",
    "SightExplorer",
    "StageExplorer",
    "ThresholdExplorer",
    "catalogue",
    "pareto_front",
]

_HOME = {
    "AnswersExplorer": "answers",
    "BatchExplorer": "batch",
    "ConfusionExplorer": "confusion",
    "CostExplorer": "cost",
    "DetectionExplorer": "detections",
    "IoUExplorer": "iou",
    "PlanExplorer": "plan",
    "PrevalenceExplorer": "prevalence",
    "SightExplorer": "sight",
    "StageExplorer": "stages",
    "ThresholdExplorer": "threshold",
}


def __getattr__(name: str) -> Any:
    """Load an explorer when it is first asked for."""
    import importlib

    if name in __all__:
        return getattr(importlib.import_module(f"coursekit.explorers.{_HOME.get(name, 'entries')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
