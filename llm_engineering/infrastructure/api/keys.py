"""Who is let in, and how often: API keys, compared by their hashes in constant time, and a rate for each."""

import hmac
import time
from collections import OrderedDict

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from llm_engineering.application.api_keys import hash_of
from llm_engineering.infrastructure.api.errors import failed

OPEN_PATHS = frozenset({"/", "/docs", "/openapi.json", "/health", "/ready"})
"""They say nothing of anybody's data: the page, what describes the API, and what a load balancer asks."""
MOST_REMEMBERED = 10_000
"""Clients whose rate is remembered; the one unseen for longest is forgotten."""


class Keys:
    """ASGI middleware: answers 401 unless the request has one of the keys as `Authorization: Bearer KEY`."""

    def __init__(self, app: ASGIApp, hashes: frozenset[str]) -> None:
        """`hashes`: sha256 (hex) of each key; without any, everybody is let in."""
        self._app = app
        self._hashes = sorted(hashes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with `request.state.client` set, or answer 401."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else ""
        scope["state"]["client"] = address
        if self._hashes and not _is_open(scope):
            scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
            hashed = hash_of(key.strip()) if scheme.lower() == "bearer" and key.strip() else ""
            # All are compared, whatever the first ones say, so that time tells nothing.
            known = [hmac.compare_digest(hashed, known) for known in self._hashes]
            if not any(known):
                message = "The request has no valid API key; send one as Authorization: Bearer KEY."
                headers = {"WWW-Authenticate": "Bearer"}
                await failed(scope["path"], 401, message, "AccessDenied", headers)(scope, receive, send)
                return
            scope["state"]["client"] = hashed
        await self._app(scope, receive, send)


class Rates:
    """ASGI middleware: answers 429 to a client that asks more often than it may (a token bucket for each)."""

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        """`per_minute`: requests of one client, as many of them at once; 0 is without limit."""
        self._app = app
        self._per_minute = per_minute
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client → (requests left, when)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 429 with when to come again."""
        if scope["type"] == "http" and self._per_minute and not _is_open(scope):
            wait = self._wait(scope["state"]["client"], time.monotonic())
            if wait > 0:
                message = f"More than {self._per_minute} requests a minute; ask again in {wait:.0f} seconds."
                headers = {"Retry-After": f"{wait:.0f}"}
                await failed(scope["path"], 429, message, "RateLimit", headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _wait(self, client: str, now: float) -> float:
        """Whole seconds until the client may ask again; 0 takes one request from what it has left."""
        left, then = self._left.pop(client, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - then) * self._per_minute / 60)
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        if len(self._left) > MOST_REMEMBERED:
            self._left.popitem(last=False)
        return 0.0 if allowed else float(max(1, -int(-(1 - left) * 60 // self._per_minute)))


def _is_open(scope: Scope) -> bool:
    # A preflight request of a browser carries no key; it is answered without touching any data.
    return scope["path"] in OPEN_PATHS or scope["path"].startswith("/static/") or scope["method"] == "OPTIONS"
