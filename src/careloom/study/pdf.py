"""`careloom pdf`: the report of the last run as a PDF, printed by the browser that is there; docs/decisions/0025."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from careloom.core import NotFoundError, OutputError
from careloom.study.file import Study
from careloom.study.look import check_results
from careloom.study.outputs import check_outside

COMMANDS = ("msedge", "microsoft-edge", "microsoft-edge-stable", "google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome")  # fmt: skip
ON_WINDOWS = ("Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe")
ON_A_MAC = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Microsoft Edge.app/Contents/MacOS/Microsoft Edge")
"""Where browsers lie that are in no search path."""
SECONDS = 300
"""A report of 150 authorities prints in well under a minute; a browser that hangs is not waited for longer."""
OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--no-pdf-header-footer",  # the page numbers are the report's own; the browser's would name the file's place
)


def print_report(study: Study, out: Path, browser: Path | None = None) -> None:
    """Print report.html of the study's results into a new PDF: A4, with page numbers, headings as tags, fonts within.

    browser : Edge, Chrome or Chromium; by default the one that is found

    Raises NotFoundError without results or a browser, and OutputError when the file is there already or cannot be made.
    """
    check_results(study)
    check_outside(out, study.out)
    report = study.out / "report.html"
    if not report.is_file():
        raise NotFoundError(f"{report}: there is no report here; make it with careloom run")
    if out.exists():
        raise OutputError(f"{out}: this is there already; name another file")
    program = str(browser) if browser else find_browser()
    with TemporaryDirectory() as scratch:
        made = Path(scratch) / "report.pdf"
        print_page(program, report, made, Path(scratch) / "profile")
        try:
            with out.open("xb") as file:
                file.write(made.read_bytes())
        except OSError as fault:
            raise OutputError(f"{out}: the PDF cannot be written there ({fault.strerror})") from None


def print_page(program: str, page: Path, made: Path, profile: Path) -> None:
    """Run the browser without a window and with a profile of its own. Raises OutputError when no PDF comes of it."""
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    asked = [f"--user-data-dir={profile}", f"--print-to-pdf={made}", page.resolve().as_uri()]
    try:
        subprocess.run([program, *OPTIONS, *as_root, *asked], capture_output=True, timeout=SECONDS, check=False)
    except OSError as fault:
        raise NotFoundError(f"{program}: this browser cannot be started ({fault.strerror})") from None
    except subprocess.TimeoutExpired:
        raise OutputError(f"{program}: it did not print the report within {SECONDS} seconds") from None
    if not made.is_file() or not made.stat().st_size:
        raise OutputError(f"{program}: it printed nothing; open report.html in a browser and print it from there")


def find_browser() -> str:
    """The first browser of a kind that can print without a window. Raises NotFoundError, saying what to do, when there is none."""
    found = next(filter(None, map(shutil.which, COMMANDS)), None) or next(
        (str(path) for path in places() if path.is_file()), None
    )
    if not found:
        raise NotFoundError(
            "no browser was found that can print: Edge, Chrome or Chromium; name its program with --browser, or open report.html in any browser and print it from there"
        )
    return found


def places() -> Iterator[Path]:
    for name in ("ProgramFiles(x86)", "ProgramFiles", "LOCALAPPDATA"):
        if name in os.environ:
            yield from (Path(os.environ[name]) / path for path in ON_WINDOWS)
    yield from (Path("/Applications") / path for path in ON_A_MAC)
