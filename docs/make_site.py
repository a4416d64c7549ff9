"""Build the documentation as a site of plain pages, without a network: python docs/make_site.py [--out FOLDER].

Warnings are errors: a dead link, a heading skipped, a block of code of no kind, a comment that means nothing.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from website.api import api_pages
from website.build import make_site, write_site
from website.commands import command_pages
from website.gallery import make_gallery, run_demonstration
from website.pages import HOME, Page, written_pages
from website.reference import reference_pages

from careloom.catalogue import load_catalogue

CHILDREN = 6_000
"""As many as `make demo` has."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site; return 1, and write nothing, when there is a warning."""
    asked = read(arguments)
    pages, files = all_pages(), {}
    if asked.children:
        with tempfile.TemporaryDirectory() as folder:
            gallery, figures = make_gallery(run_demonstration(Path(folder), asked.children), asked.children)
        pages.append(gallery)
        files = {f"reference/gallery/{name}": text for name, text in figures.items()}
    site = make_site(pages, files)
    for warning in site.warnings:
        print(warning, file=sys.stderr)
    if site.warnings:
        print(f"{len(site.warnings)} warnings; nothing was written", file=sys.stderr)
        return 1
    print(f"{write_site(site, asked.out):,} files: {asked.out / 'index.html'}")
    return 0


def all_pages() -> list[Page]:
    """Every page but the gallery, the contents and the index."""
    return [*written_pages(), *reference_pages(load_catalogue()), *command_pages(), *api_pages()]


def read(arguments: Sequence[str] | None) -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--out", type=Path, default=HOME / "dist" / "docs", metavar="FOLDER")
    words.add_argument("--children", type=int, default=CHILDREN, help="in the gallery; 0 makes no gallery")
    return words.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
