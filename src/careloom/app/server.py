"""The web server: it listens on this machine alone, and lets nobody in but who was invited."""

import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from careloom.app.door import Door
from careloom.app.map import Map
from careloom.app.page import Looks
from careloom.app.words import Asked, Desk, Given, GoTo, Handler, Page
from careloom.core import CareloomError, NotFoundError
from careloom.study import catalogue_of

HOST = "127.0.0.1"
LONGEST_FORM = 64 * 1024
"""Bytes: a form of the app is shorter by far."""
MOST_FIELDS = 200
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OF_REPORT = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""A report brings its own style, and nothing else."""


def serve(study_file: Path, *, port: int, idle_minutes: float, say: Callable[[str], None]) -> None:
    """Serve the app until Ctrl-C. `port` 0 is any free one; `say` tells each address to come in by.

    Raises StudyError when the study file is wrong, and OSError when the port is taken.
    """
    desk = Desk(study_file, catalogue_of(study_file))
    desk.study  # noqa: B018 (a wrong study file should be told of here, not on the first page)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        door = Door(listening.getsockname()[1], idle_minutes * 60, say)
        app = make_app(desk, door)
        door.invite()
        settings = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, ws="none")
        uvicorn.Server(settings).run(sockets=[listening])


def make_app(desk: Desk, door: Door) -> Starlette:
    """Return the app: its pages behind the door."""
    looks, pages = Looks(desk, door), Map(desk)
    door.on_lock.append(pages.put_away)

    @asynccontextmanager
    async def until_closed(app: Starlette) -> AsyncIterator[None]:
        yield
        pages.close()

    async def style(request: Request) -> Response:
        return Response(looks.style, media_type="text/css")

    async def icon(request: Request) -> Response:
        return Response(looks.icon, media_type="image/svg+xml")

    routes = [Route("/style.css", style), Route("/icon.svg", icon)]
    routes += [
        Route(path, endpoint(handler, desk, looks, door), methods=["GET", "POST"])
        for path, handler in pages.handlers.items()
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, door=door, looks=looks)], lifespan=until_closed)
    app.add_exception_handler(404, lambda request, fault: looks.no_such_page())
    return app


class Guard:
    """Stands before every page: refuses, lets in by token, and puts the same headers on every answer."""

    def __init__(self, app: ASGIApp, door: Door, looks: Looks) -> None:
        self.app, self.door, self.looks = app, door, looks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Lifespan events go through; nothing else but http is answered."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = self.refusal(request) or self.entrance(request) or self.app
        await answer(scope, receive, with_headers(send))

    def refusal(self, request: Request) -> Response | None:
        why = self.door.why_not(request.headers)
        return self.looks.refused(why) if why else None

    def entrance(self, request: Request) -> Response | None:
        """Let in who brings the token, or has the cookie; None for the latter, who may go on."""
        if request.method == "GET" and request.url.path == "/" and "token" in request.query_params:
            session = self.door.enter(request.query_params["token"])
            if session is None:
                return self.looks.refused("This address was used before, or is not whole. An address works once.")
            entered = RedirectResponse("/", status_code=303)
            entered.set_cookie(self.door.cookie, session, httponly=True, samesite="strict", path="/")
            return entered
        is_use = "again" not in request.query_params
        if self.door.knows(request.headers.get("cookie", ""), is_use=is_use):
            return None
        return self.looks.refused("You have not come in yet, or the app was locked as nobody used it.")


def with_headers(send: Send) -> Send:
    """Send with the headers of every answer; one that an answer brings itself stands."""

    async def sending(message: Mapping[str, object]) -> None:
        if message["type"] == "http.response.start":
            brought: list[tuple[bytes, bytes]] = list(message.get("headers", []))  # type: ignore[call-overload]
            names = {name.lower() for name, _ in brought}
            more = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items() if k.lower().encode() not in names]
            message = {**message, "headers": [*brought, *more]}
        await send(dict(message))

    return sending


def endpoint(handler: Handler, desk: Desk, looks: Looks, door: Door) -> Callable[[Request], object]:
    """What the web asks of one page: read the form, ask the page in a thread of its own, and show what it answers."""

    async def answer(request: Request) -> Response:
        form = await read_form(request) if request.method == "POST" else {}
        if form is None or (request.method == "POST" and not door.is_own_form(form)):
            return looks.refused(
                "This form is not one of this app's, or is from before it was locked. Open the page again."
            )
        path = request.path_params.get("name", request.url.path)
        asked = Asked(path, dict(request.query_params), form, is_sent=request.method == "POST")
        return await run_in_threadpool(answered, handler, desk, looks, asked)

    return answer


def answered(handler: Handler, desk: Desk, looks: Looks, asked: Asked) -> Response:
    """Ask the page; what went wrong becomes a page that says so. A fault of Careloom's is named by its kind alone."""
    try:
        found = handler(desk, asked)
        if isinstance(found, Page):
            return looks.show(found)
    except CareloomError as fault:
        return looks.trouble(str(fault), 404 if isinstance(fault, NotFoundError) else 422)
    except Exception as fault:
        return looks.fault(fault)
    if isinstance(found, GoTo):
        return RedirectResponse(found.path, status_code=303)
    return given(found)


def given(found: Given) -> Response:
    """A file as it is; a report to look at, all others to keep."""
    if found.path.suffix == ".html":
        return FileResponse(found.path, headers={"Content-Security-Policy": OF_REPORT})
    return FileResponse(found.path, filename=found.path.name)


async def read_form(request: Request) -> dict[str, str] | None:
    """The fields of a form, the last of each name; None for what is none, or too long."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return None
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return None
