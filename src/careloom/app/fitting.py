"""The long work of a model: fitted in a process of its own, whose steps are heard and which can be stopped at once."""

import multiprocessing
import signal
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread

from careloom.core import CareloomError
from careloom.study import Told, catalogue_of, read_study
from careloom.study.fit_anew import AskedOfFit, fit_anew

SECONDS_TO_STOP = 10
STOPPED = "The fit was stopped."
ENDED = "The fit ended without an answer: it may have needed more memory than there is."


@dataclass(frozen=True)
class Fitted:
    """Where a fit is: what was asked, its step and the percentage done; at its end what it tells (`told`), or why it tells nothing."""

    asked: AskedOfFit
    step: str = "starting"
    percent: int = 0
    told: Told | None = None
    trouble: str = ""

    @property
    def is_going_on(self) -> bool:
        return self.told is None and not self.trouble


class Fitting:
    """The fit of one study: none yet, one that goes on, or the last one. A new one takes the place of the one before."""

    def __init__(self, study_file: Path) -> None:
        self.study_file = study_file
        self.now: Fitted | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._lock = Lock()

    def start(self, asked: AskedOfFit) -> None:
        """Start to fit; one that goes on is stopped."""
        self.cancel()
        with self._lock:
            context = multiprocessing.get_context("spawn")
            hears, says = context.Pipe(duplex=False)
            self.now = Fitted(asked)
            self._process = context.Process(target=work, args=(self.study_file, asked, says), daemon=True)
            self._process.start()
            says.close()
            Thread(target=self._hear, args=(self._process, hears, self.now), daemon=True).start()

    def _hear(self, process: multiprocessing.process.BaseProcess, hears: Connection, now: Fitted) -> None:
        """Take in what the process says until it ends, unless another has taken its place."""
        said: object = None
        while True:
            try:
                said = hears.recv()
            except (EOFError, OSError):
                break
            now = heard(now, said)
            self._become(process, now)
        if now.is_going_on:
            self._become(process, replace(now, trouble=ENDED))

    def _become(self, process: multiprocessing.process.BaseProcess, now: Fitted) -> None:
        with self._lock:
            if process is self._process:
                self.now = now

    def cancel(self) -> None:
        """Stop what goes on; the results of the study are not touched by it."""
        with self._lock:
            process, self._process = self._process, None
            if self.now and self.now.is_going_on:
                self.now = replace(self.now, trouble=STOPPED)
        if process is not None and process.is_alive():
            process.terminate()
            process.join(SECONDS_TO_STOP)


def heard(now: Fitted, said: object) -> Fitted:
    """Where a fit is once it has said something: a step with the share done, what it tells, or why it tells nothing."""
    if isinstance(said, tuple):
        return replace(now, step=said[0], percent=round(100 * said[1]))
    return replace(now, told=said) if isinstance(said, Told) else replace(now, trouble=str(said))


def work(study_file: Path, asked: AskedOfFit, says: Connection) -> None:
    """Fit, in the other process, and say how far it is and what came of it; a fault of Careloom's own by its kind alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal stops the app, which then stops this
    try:
        catalogue = catalogue_of(study_file)
        study = read_study(study_file, catalogue)
        says.send(fit_anew(study, catalogue, asked, on_step=lambda step, share: says.send((step, share))))
    except CareloomError as fault:
        says.send(str(fault))
    except Exception as fault:
        says.send(
            f"A fault in Careloom itself: {type(fault).__name__}. Its text is not shown, as it might hold personal data."
        )
