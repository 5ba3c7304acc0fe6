"""What happens around every request: it gets an id, is checked for host and size, and fails without a trace."""

import asyncio
import ipaddress
import json
import logging
import re
import time
import uuid
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_engineering.domain.errors import ServiceError
from llm_engineering.infrastructure.api.errors import BODY_SECONDS, failed, http_failure, unexpected
from llm_engineering.infrastructure.api.metrics import Metrics

log = logging.getLogger("llm_twin.service")
access_log = logging.getLogger("llm_twin.access")

STOPPED = "The service was stopped before the answer was finished; ask again later."
BODY_BYTES = 64 * 1024
HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]/@]+)(:\d{1,5})?")
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class RequestIds:
    """ASGI middleware: an id for each request, in `request.state.id`, in a header and in the log.

    Counts each request in the metrics, and writes one line of JSON for it to the logger
    "llm_twin.access": id, method, path, status, milliseconds, and what the endpoint put into
    `request.state.noted` (twin, tokens). Never what was asked or answered.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer 500 and log it when that fails before the response has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began = uuid.uuid4().hex[:16], time.monotonic()
        noted: dict[str, Any] = {}
        scope.setdefault("state", {}).update(id=request_id, noted=noted)
        path, status = scope["path"], 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            # Only a server that will not wait any longer cancels; its client is told so as the last thing.
            if status:
                raise
            await failed(path, 503, STOPPED, ServiceError.__name__)(scope, receive, send_with_id)
        except Exception:
            log.exception("request %s failed", request_id)
            if status:
                raise
            await unexpected(path, request_id)(scope, receive, send_with_id)
        finally:
            self._note(scope, request_id, status, time.monotonic() - began, noted)

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float, noted: dict[str, Any]) -> None:
        # The endpoint's own path, or one word for all others: what clients make up shall not fill the memory.
        path = getattr(scope.get("route"), "path", None) or "other"
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.request(method, path, status, seconds)
        line = {"id": request_id, "method": method, "path": path, "status": status, "ms": round(seconds * 1000, 1)}
        access_log.info("%s", json.dumps({**line, **noted}, ensure_ascii=False))


class Hosts:
    """ASGI middleware: refuses requests for other hosts than these.

    A web page whose own host name is made to point at 127.0.0.1 (DNS rebinding) would otherwise
    read the answers.
    """

    def __init__(self, app: ASGIApp, names: Sequence[str], addresses: bool) -> None:
        """`addresses`: whether an IP address is taken, too; no page can give itself one as its name."""
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 400."""
        if scope["type"] == "http":
            match = HOST.fullmatch(Headers(scope=scope).get("host", ""))
            if match is None or not self._is_ours(match["name"].lower()):
                message = f"The Host header names another host; this service is {', '.join(sorted(self._names))}."
                await failed(scope["path"], 400, message, "RequestError")(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_ours(self, name: str) -> bool:
        return name in self._names or (self._addresses and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class BodyLimit:
    """ASGI middleware: stops reading a body larger than BODY_BYTES (413), or slower than `seconds` (408)."""

    def __init__(self, app: ASGIApp, seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body watched; one that announces too much is not read at all."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced[:20]) > BODY_BYTES:
            await http_failure(413, scope["path"], scope["method"])(scope, receive, send)
            return
        await self._app(scope, self._watched(receive), send)

    def _watched(self, receive: Receive) -> Receive:
        received, until, is_whole = 0, time.monotonic() + self._seconds, False

        async def watched() -> Message:
            nonlocal received, is_whole
            if is_whole:  # what comes now is the news that the client has gone, some time
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), until - time.monotonic())
            except TimeoutError:
                raise HTTPException(408, headers={"Connection": "close"}) from None
            received += len(message.get("body", b""))
            if received > BODY_BYTES:
                raise HTTPException(413)
            is_whole = not message.get("more_body", False)
            return message

        return watched
