"""The explorer: move a lever or an assumption on a page and see at once what becomes of the answer.

``page()`` puts it into a notebook; ``roi explore`` opens it as a page of its own. Names are imported when they are
first used, because ipywidgets comes with the extra ``explorer``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.doorway import doorway

if TYPE_CHECKING:
    from sim.explore.page import page

__all__ = ["page"]

__getattr__, __dir__ = doorway(__name__, globals(), {"page": "sim.explore.page"})
