"""What happens around every request: it gets an id, is checked for host and size, and fails without a trace."""

import asyncio
import logging
import re
import uuid
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_engineering.domain.errors import ServiceError
from llm_engineering.infrastructure.api.errors import failed, http_failure, unexpected

log = logging.getLogger("llm_twin.service")

STOPPED = "The service was stopped before the answer was finished; ask again later."
BODY_BYTES = 64 * 1024
HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]/@]+)(:\d{1,5})?")


class RequestIds:
    """ASGI middleware: an id for each request, in `request.state.id`, in a header and in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer 500 and log it when that fails before the response has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex[:16]
        scope.setdefault("state", {})["id"] = request_id
        begun = False

        async def send_with_id(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            # Only a server that will not wait any longer cancels; its client is told so as the last thing.
            if begun:
                raise
            await failed(503, STOPPED, ServiceError.__name__)(scope, receive, send_with_id)
        except Exception:
            log.exception("request %s failed", request_id)
            if begun:
                raise
            await unexpected(request_id)(scope, receive, send_with_id)


class Hosts:
    """ASGI middleware: refuses requests for other hosts than these.

    A web page whose own host name is made to point at 127.0.0.1 (DNS rebinding) would otherwise
    read the answers.
    """

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 400."""
        if scope["type"] == "http":
            match = HOST.fullmatch(Headers(scope=scope).get("host", ""))
            if match is None or match["name"].lower() not in self._names:
                message = f"The Host header names another host; this service is {', '.join(sorted(self._names))}."
                await failed(400, message, "RequestError")(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """ASGI middleware: stops reading a body once it is larger than BODY_BYTES, and answers 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body counted; one that announces too much is not read at all."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced[:20]) > BODY_BYTES:
            await http_failure(413, scope["path"], scope["method"])(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > BODY_BYTES:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
