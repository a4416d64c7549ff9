"""Who may come in: the token works once, the cookie only while it is used, and nobody comes from elsewhere."""

import re

import pytest

from careloom.app.door import Door

PORT = 45678


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def door(clock: Clock, told: list[str]) -> Door:
    made = Door(PORT, idle_seconds=60, say=told.append, clock=clock)
    made.invite()
    return made


def token_in(address: str) -> str:
    found = re.fullmatch(rf"http://127\.0\.0\.1:{PORT}/\?token=([\w-]{{43}})", address)
    assert found, address
    return found[1]


def test_a_token_works_once() -> None:
    told: list[str] = []
    made = door(Clock(), told)
    assert made.enter("not it") is None
    assert made.enter("") is None
    session = made.enter(token_in(told[0]))
    assert session
    assert made.knows(f"other=1; {made.cookie}={session}")
    assert made.enter(token_in(told[0])) is None
    assert made.knows(f"{made.cookie}={session}")  # whoever tries it again does not throw the first one out


def test_no_two_doors_have_the_same_words() -> None:
    told: list[str] = []
    one, two = (door(Clock(), told) for _ in range(2))
    assert len({*map(token_in, told), one.csrf, two.csrf}) == 4


@pytest.mark.parametrize(
    "cookies", ["", "careloom_45678=", "careloom_45678=wrong", "careloom_1=x", 'careloom_45678="', "é=ü"]
)
def test_without_the_cookie_nobody_is_known(cookies: str) -> None:
    told: list[str] = []
    made = door(Clock(), told)
    assert not made.knows(cookies)  # nobody came in yet
    made.enter(token_in(told[0]))
    assert not made.knows(cookies)


def test_it_locks_when_it_is_not_used_and_tells_a_new_address() -> None:
    told: list[str] = []
    clock, put_away = Clock(), []
    made = door(clock, told)
    made.on_lock.append(lambda: put_away.append("done"))
    session = made.enter(token_in(told[0]))
    before = made.csrf
    for clock.now in (59.0, 118.0):
        assert made.knows(f"{made.cookie}={session}")  # each use gives another minute
    clock.now = 178.5
    assert not made.knows(f"{made.cookie}={session}")
    assert put_away == ["done"]
    assert len(told) == 2
    assert made.enter(token_in(told[1])) not in (None, session)
    assert made.csrf != before  # forms from before are no longer taken


def test_a_page_that_asks_for_itself_again_is_no_use() -> None:
    told: list[str] = []
    clock = Clock()
    made = door(clock, told)
    cookie = f"{made.cookie}={made.enter(token_in(told[0]))}"
    for clock.now in (30.0, 59.0):
        assert made.knows(cookie, is_use=False)
    clock.now = 61.0
    assert not made.knows(cookie, is_use=False)


OURS = {"host": f"127.0.0.1:{PORT}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "127.0.0.1"},
        {"host": f"127.0.0.1:{PORT + 1}"},
        {"host": f"careloom.example:{PORT}"},
        {"host": f"127.0.0.1:{PORT}.example"},
        {"host": f"192.168.0.1:{PORT}"},
        OURS | {"origin": "http://careloom.example"},
        OURS | {"origin": f"http://127.0.0.1:{PORT + 1}"},
        OURS | {"origin": f"https://127.0.0.1:{PORT}"},
        OURS | {"origin": "null"},
        OURS | {"origin": ""},
        OURS | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        OURS | {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    ],
)
def test_who_comes_from_elsewhere_is_refused(headers: dict[str, str]) -> None:
    assert door(Clock(), []).why_not(headers)


@pytest.mark.parametrize(
    "headers",
    [
        OURS,
        {"host": f"localhost:{PORT}"},
        OURS | {"origin": f"http://127.0.0.1:{PORT}", "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate"},
        OURS | {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
    ],
)
def test_ones_own_pages_and_nobodys_are_not(headers: dict[str, str]) -> None:
    assert door(Clock(), []).why_not(headers) is None


def test_a_form_carries_a_word_of_its_own() -> None:
    made = door(Clock(), [])
    assert made.is_own_form({"csrf": made.csrf})
    assert not made.is_own_form({"csrf": made.csrf[:-1]})
    assert not made.is_own_form({"csrf": ""})
    assert not made.is_own_form({})
