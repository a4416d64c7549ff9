"""The long work: `careloom run` as a process of its own, whose steps are heard and which can be stopped."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread

STEP = re.compile(r"^ *(\d{1,3})% (\S.*)$")
"""How `careloom run` says a step where nobody watches a screen; see cli/progress.py."""
MOST_LINES = 200
SECONDS_TO_STOP = 10


@dataclass(frozen=True)
class Heard:
    """What is known of a run: its steps so far and the percentage done, what it said besides, and its exit code once it ended."""

    steps: tuple[str, ...] = ()
    percent: int = 0
    said: tuple[str, ...] = ()
    code: int | None = None
    is_cancelled: bool = False

    @property
    def is_going_on(self) -> bool:
        return self.code is None


@dataclass
class Running:
    """The run of one study file: none yet, one that goes on, or the last one."""

    study_file: Path
    _process: subprocess.Popen[str] | None = None
    _steps: list[str] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)
    _percent: int = 0
    _is_cancelled: bool = False
    _hearing: Thread | None = None
    _lock: Lock = field(default_factory=Lock)

    def start(self) -> None:
        """Start `careloom run`, unless one goes on already."""
        with self._lock:
            if self._process and self._process.poll() is None:
                return
            self._steps, self._said, self._percent, self._is_cancelled = [], [], 0, False
            self._process = subprocess.Popen(
                [sys.executable, "-m", "careloom", "run", str(self.study_file)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "PYTHONUTF8": "1", "NO_COLOR": "1"},
                start_new_session=True,  # Ctrl-C in the terminal stops the app, which then stops the run
            )
            self._hearing = Thread(target=self._hear, args=(self._process,), daemon=True)
            self._hearing.start()

    def _hear(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if found := STEP.match(line.rstrip()):
                self._percent = int(found[1])
                self._steps.append(found[2])
            elif line.strip():
                self._said = [*self._said[1 - MOST_LINES :], line.strip()]
        process.wait()

    @property
    def heard(self) -> Heard | None:
        """What is known of the run; None when there was none since the app was started."""
        if self._process is None or self._hearing is None:
            return None
        # it has ended once all that it said was heard, which may be a moment later
        code = None if self._hearing.is_alive() else self._process.poll()
        return Heard(tuple(self._steps), self._percent, tuple(self._said), code, self._is_cancelled)

    def cancel(self) -> None:
        """Stop the run as Ctrl-C would; earlier results stay as they are. One that does not stop in time is ended."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        self._is_cancelled = True
        if os.name == "nt":
            process.terminate()
        else:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._hearing:
            self._hearing.join(SECONDS_TO_STOP)
