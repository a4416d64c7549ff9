"""The app of a study, served in a thread of its own while a test talks with it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from socket import socket

import uvicorn

from careloom.app.door import Door
from careloom.app.server import make_app
from careloom.app.words import Desk
from careloom.catalogue import load_catalogue


@dataclass
class Served:
    """An app that listens: its door, and every address it told, the newest last."""

    door: Door
    told: list[str]

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.door.port}/"

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """One request as it is written here, nothing added but what http.client must: status, headers, text."""
        connection = HTTPConnection("127.0.0.1", self.door.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection.putrequest(method, path, skip_host="Host" in sent, skip_accept_encoding=True)
        for name, value in {**sent, **({"Content-Length": str(len(body))} if body is not None else {})}.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        found = (
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read().decode(errors="replace"),
        )
        connection.close()
        return found

    def come_in(self) -> str:
        """Come in by the newest address, and return the cookie."""
        status, headers, _ = self.ask("/" + self.told[-1].rpartition("/")[2])
        assert status == 303
        return headers["set-cookie"].partition(";")[0]


@contextmanager
def serving(study_file: Path, idle_seconds: float = 600) -> Iterator[Served]:
    """Serve the app of a study file on a free port."""
    told: list[str] = []
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        door = Door(listening.getsockname()[1], idle_seconds, told.append)
        app = make_app(Desk(study_file, load_catalogue()), door)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.02)
            door.invite()
            yield Served(door, told)
        finally:
            server.should_exit = True
            thread.join(30)
