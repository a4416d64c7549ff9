"""A page for each room: the names it hands on, with their signatures and docstrings."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from make_catalogue import fenced

import careloom
from website.pages import Page, made_page

PART = "Rooms of the code"
SAMPLE = 300
"""The longest value of a constant that is shown, in characters."""


def api_pages() -> Iterator[Page]:
    """Make a page for each room of the code that hands names on; raise AttributeError where it hands on what it has not."""
    for found in sorted(pkgutil.iter_modules(careloom.__path__), key=lambda each: each.name):
        if found.ispkg:
            room = importlib.import_module(f"careloom.{found.name}")
            names = {name: getattr(room, name) for name in room.__all__}
            yield made_page(f"code/{found.name}", PART, say_room(found.name, inspect.getdoc(room) or "", names))


def own_words(each: object) -> str:
    """A docstring; the one that dataclasses make up is none."""
    words = inspect.getdoc(each) or ""
    is_made_up = dataclasses.is_dataclass(each) and words.startswith(f"{getattr(each, '__name__', '')}(")
    return "" if is_made_up else words


def say_room(name: str, about: str, names: dict[str, object]) -> list[str]:
    lines = [f"# careloom.{name}", "", *fenced(about, "words"), f"`from careloom.{name} import ...`", ""]
    for each, value in names.items():
        lines += [f"## {each}", "", *say_name(each, value)]
    return lines


def say_name(name: str, value: object) -> list[str]:
    """A class or function with its signature, docstring and public methods; of anything else its value."""
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        shown = repr(value)
        return fenced(f"{name} = {shown}" if len(shown) <= SAMPLE else f"{name}: {type(value).__name__}", "python")
    lines = [
        *fenced(f"{name}{signature(value)}", "words"),
        *(fenced(own_words(value), "words") if own_words(value) else []),
    ]
    for method, function in public_methods(value):
        lines += [f"### {name}.{method}", "", *fenced(f"{method}{signature(function)}", "words")]
        lines += fenced(own_words(function), "words") if own_words(function) else []
    return lines


def signature(of: object) -> str:
    try:
        return str(inspect.signature(of))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "(...)"


def public_methods(value: object) -> list[tuple[str, object]]:
    if not inspect.isclass(value):
        return []
    return [(name, each) for name, each in vars(value).items() if inspect.isfunction(each) and not name.startswith("_")]
