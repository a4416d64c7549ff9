"""Files are read ahead in other processes, each heard by a thread; what waits of a file until it is asked for is bounded."""

import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Condition, Thread

from careloom.ingest.carried import FAILED, READY, SETUP, TASK, Message, receive, send

FILES_AHEAD = 4
"""For each process: files that may be read before they are asked for."""
MOST_HELD = 32_000_000
"""Bytes of one file that wait to be taken."""
Process = subprocess.Popen[bytes]


@dataclass
class Heard:
    """What was heard of one file and is not yet taken."""

    messages: deque[Message] = field(default_factory=deque)
    held: int = 0


class Ahead:
    """Processes that read the files at these places ahead; `task` gives what a process is told of the file at a place."""

    def __init__(
        self, processes: Sequence[Process], setup: bytes, places: Sequence[int], task: Callable[[int], bytes]
    ) -> None:
        self.processes, self.setup, self.task = processes, setup, task
        self.waiting = deque(places)
        self.heard: dict[int, Heard] = {}
        self.asked, self.ready, self.is_over = 0, 0, False
        self.changed = Condition()
        self.threads = [Thread(target=self._work, args=(process,), daemon=True) for process in processes]
        for thread in self.threads:
            thread.start()

    def of(self, place: int) -> Iterator[Message] | None:
        """Give what is heard of a file, to its last message; None when no process reads it. To be asked in the files' order."""
        with self.changed:
            self.asked = place
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self._waits(place) or not self.ready)
            if self._waits(place):
                self.waiting.popleft()
        return self._messages(place) if place in self.heard else None

    def _waits(self, place: int) -> bool:
        return bool(self.waiting) and self.waiting[0] == place

    def _messages(self, place: int) -> Iterator[Message]:
        heard, is_last = self.heard[place], False
        while not is_last:
            with self.changed:
                self.changed.wait_for(lambda: heard.messages)
                message = heard.messages.popleft()
                heard.held -= len(message.data)
                self.changed.notify_all()
            is_last = message.is_last
            yield message

    def close(self) -> None:
        """Stop the processes, whatever they are doing."""
        with self.changed:
            self.is_over = True
            self.changed.notify_all()
        for process in self.processes:
            process.kill()
        for thread in self.threads:
            thread.join()

    # --- in a thread for each process ---------------------------------------------------------------------------------

    def _work(self, process: Process) -> None:
        """Have a process read file after file until there are no more or it ends; its files are then read here."""
        assert process.stdin
        assert process.stdout
        is_ready = False
        try:
            send(process.stdin, SETUP, data=self.setup)
            is_ready = receive(process.stdout).kind == READY
            with self.changed:
                self.ready += is_ready
                self.changed.notify_all()
            while is_ready and (place := self._take()) is not None:
                self._have_read(process, place)
        except Exception:
            pass  # mostly that it ended; whatever it was, shows when its file is read here
        finally:
            with self.changed:
                self.ready -= is_ready
                self.changed.notify_all()
            process.kill()
            process.communicate()

    def _take(self) -> int | None:
        """Wait until a file may be read ahead, and take the first; None when there are no more."""
        most = FILES_AHEAD * len(self.processes)
        with self.changed:
            self.changed.wait_for(lambda: self.is_over or not self.waiting or self.waiting[0] - self.asked < most)
            if self.is_over or not self.waiting:
                return None
            place = self.waiting.popleft()
            self.heard[place] = Heard()
            self.changed.notify_all()
            return place

    def _have_read(self, process: Process, place: int) -> None:
        assert process.stdin
        assert process.stdout
        message = Message(FAILED)
        try:
            send(process.stdin, TASK, data=self.task(place))
            while not (said := receive(process.stdout)).is_last:
                self._put(place, said)
            message = said
        finally:
            self._put(place, message)

    def _put(self, place: int, message: Message) -> None:
        """Keep a message until it is taken, once there is room for it."""
        heard = self.heard[place]
        with self.changed:
            self.changed.wait_for(lambda: self.is_over or message.is_last or heard.held < MOST_HELD)
            heard.messages.append(message)
            heard.held += len(message.data)
            self.changed.notify_all()
