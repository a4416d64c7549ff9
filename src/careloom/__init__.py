"""Careloom: what kinds of need come to children's services, what becomes of the children, and what it costs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from careloom.study.notebook import open_results

__all__ = ["__version__", "open_results"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Hand `open_results` on when it is asked for: every room imports this file, and none should load another by it."""
    if name == "open_results":
        from careloom.study.notebook import open_results

        return open_results
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
