"""The local web app: pages over the same tables and functions as the commands; it renders, and works nothing out."""

from careloom.app.server import serve

__all__ = ["serve"]
