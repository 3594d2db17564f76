"""What all explorers share: an anywidget with a readable form for viewers that run no widgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget

HERE = Path(__file__).parent


class Explorer(anywidget.AnyWidget):
    """Base of the explorers. Subclasses set ``_esm``, ``_css`` and :meth:`as_html`."""

    def as_html(self) -> str:
        """The explorer's content without interaction, as HTML."""
        raise NotImplementedError

    def as_text(self) -> str:
        """The explorer in one or two lines of plain text."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/html": self.as_html(), "text/plain": self.as_text()}, metadata
