"""The stage "timing outcomes" alone, of a study that was run: from what it kept, so that no other stage need be gone through.

    python benchmarks/survival/outcomes.py STUDY.toml

Prints seconds by the clock and core seconds of the whole and of all that the engine is asked, and the most memory held. Of births
the month is kept only: ages are reckoned from its first day, and figures may differ a little from the run's own. Nothing is written
but to a scratch folder that goes. Linux only.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine, open_kept
from careloom.ingest.load import load_codes
from careloom.study import read_study
from careloom.study.run import time_questions

READ = ("delivery", "person", "spell", "class_of", "episode_class", "pathway", "care_episode")
READ += ("assessment_pattern", "pattern_membership")


class Clocks:
    """Seconds by the clock and core seconds, added up over all calls of what it wraps."""

    def __init__(self) -> None:
        self.wall = self.core = 0.0

    def wrap(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*asked: Any, **named: Any) -> Any:
            wall, core = time.perf_counter(), time.process_time()
            try:
                return work(*asked, **named)
            finally:
                self.wall, self.core = self.wall + time.perf_counter() - wall, self.core + time.process_time() - core

        return timed


def main(file: Path) -> None:
    catalogue = load_catalogue()
    study = read_study(file, catalogue)
    with (
        tempfile.TemporaryDirectory() as scratch,
        closing(DuckDBEngine(scratch=Path(scratch), memory="8 GB")) as engine,
    ):
        with closing(open_kept(study.out / "study.duckdb")) as kept:
            for table in filter(kept.columns, READ):
                born = ", birth_month AS born_on" if table == "person" else ""
                for part in kept.parts(f"SELECT *{born} FROM {table}"):
                    engine.append(table, part)
        load_codes(engine, catalogue)
        whole, asked = Clocks(), Clocks()
        for name in ("make", "arrow", "rows", "load"):
            setattr(engine, name, asked.wrap(getattr(engine, name)))
        Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM, the most held, back to what is held now
        whole.wrap(time_questions)(study, catalogue, engine)
    (most,) = (line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    for what, clocks in (("timing outcomes", whole), ("of which the engine", asked)):
        print(f"{what}: {clocks.wall:.1f} s by the clock, {clocks.core:.1f} core s")
    print(f"at most {int(most) / 1e6:.2f} GB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
