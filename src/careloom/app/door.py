"""Who may come in: a token that works once, a cookie for who came in by it, and a lock after some time without use.

The app listens on this machine alone, but other programs and other people's pages run there too. So every request must name this
address as its host (against names that are made to lead here), come from no other origin, and carry the cookie; every form
carries a word of its own besides.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from threading import Lock

CSRF = "csrf"
OWN_SITE = ("same-origin", "none")
"""What a browser says of a request by one's own page, or by nobody's page: Sec-Fetch-Site."""


def word() -> str:
    """A word that nobody can guess: 256 bits."""
    return secrets.token_urlsafe(32)


@dataclass
class Door:
    """The door of one app on `port`. `say` tells whoever started it an address to come in by; `clock` is in seconds."""

    port: int
    idle_seconds: float
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    on_lock: list[Callable[[], None]] = field(default_factory=list)
    """What is to be put away when the door locks."""
    csrf: str = field(default_factory=word)
    _token: str | None = None
    _session: str | None = None
    _used: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    @property
    def cookie(self) -> str:
        """The name of the cookie: browsers keep cookies by machine, not by port, so two apps need two names."""
        return f"careloom_{self.port}"

    def invite(self) -> None:
        """Make a new token, which works once, and tell its address."""
        self._token = word()
        self.say(f"http://127.0.0.1:{self.port}/?token={self._token}")

    def enter(self, token: str) -> str | None:
        """Return the value of a new cookie for who brings the token; None for any other, and for the token again."""
        with self._lock:
            if self._token is None or not secrets.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token, self._session, self.csrf = None, word(), word()
            self._used = self.clock()
            return self._session

    def knows(self, cookies: str, *, is_use: bool = True) -> bool:
        """Is this the cookie that was given, and not too long unused? A page that asks for itself again is no use."""
        with self._lock:
            if self._session is None or not secrets.compare_digest(
                cookie_of(cookies, self.cookie).encode(), self._session.encode()
            ):
                return False
            if self.clock() - self._used <= self.idle_seconds:
                self._used = self.clock() if is_use else self._used
                return True
        self.lock()
        return False

    def lock(self) -> None:
        """Forget who came in, put away what is open, and tell a new address."""
        self._session = None
        for put_away in self.on_lock:
            put_away()
        self.invite()

    def why_not(self, headers: Mapping[str, str]) -> str | None:
        """Why a request is refused whoever sends it: another host, or another origin. None when it is not."""
        hosts = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}
        if headers.get("host", "") not in hosts:
            return "This app answers to 127.0.0.1 only."
        origin = headers.get("origin")
        if origin is not None and origin not in {f"http://{host}" for host in hosts}:
            return "This app takes nothing from the pages of others."
        if headers.get("sec-fetch-site", "none") not in OWN_SITE and headers.get("sec-fetch-mode") != "navigate":
            return "This app gives nothing to the pages of others."
        return None

    def is_own_form(self, form: Mapping[str, str]) -> bool:
        return secrets.compare_digest(form.get(CSRF, "").encode(), self.csrf.encode())


def cookie_of(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found else ""
