"""The gallery: figures of a run on made-up children, made when the site is built and kept nowhere else.

They are taken from the report, so they have gone through disclosure control and carry the words that describe them.
"""

import re
from pathlib import Path

from careloom.catalogue import load_catalogue
from careloom.study import read_study, run_study
from careloom.synth import make_england
from website.pages import Page

FIGURE = re.compile(
    r"<figcaption>(?P<caption>.*?)</figcaption>\s*<div class=\"drawing\"[^>]*>\s*(?P<svg><svg.*?</svg>)", re.DOTALL
)
HEAD = """# Gallery

Figures of the report on a made-up authority of {children:,} children who do not exist, made when this site was built by

```text
careloom synth --out demo --children {children}
careloom run demo/study.toml
```

The whole report is one file: [report.html](report.html). Nothing here is about real children, and the prices are illustrative.
"""


def run_demonstration(folder: Path, children: int) -> str:
    """Run a study of so many made-up children in a folder, and return its report."""
    make_england(folder, children=children)
    catalogue = load_catalogue()
    finished = run_study(read_study(folder / "study.toml", catalogue), catalogue)
    return (finished.out / "report.html").read_text(encoding="utf-8")


def make_gallery(report: str, children: int) -> tuple[Page, dict[str, str]]:
    """Return the page of the figures of a report, and the text of each file beside it by its name."""
    lines, files = [HEAD.format(children=children)], {"report.html": report}
    for number, found in enumerate(FIGURE.finditer(report), start=1):
        name = f"figure_{number:02}.svg"
        caption = " ".join(re.sub(r"<[^>]*>", " ", found["caption"]).split()).replace("&#39;", "'")
        files[name] = found["svg"]
        lines += [f"## {caption}", "", f"![{caption}]({name})", ""]
    return Page("reference/gallery/index.md", "Gallery", "\n".join(lines)), files
